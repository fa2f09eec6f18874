"""Sentences to faces at 32 px: in two stages, or in one that is paid as many operations?

Both arms play GAN-CLS in two phases, the second at 32 px with the same discriminator for as many steps:

    two stages   stage I plays at 16 px and is frozen; stage II enlarges its pictures and reads the sentence again
    one stage    one generator plays at 32 px from the beginning, and plays on

The first phases differ in steps so that they cost the same, and stage II has the width with which a step of the second phase
costs what it costs with one stage: :func:`operations` counts both players, forwards and backwards, and a test asks that the arms
agree within a twentieth.  Each seed has an encoder of its own, trained at 16 px, and a first phase of its own.

Judges see 32 px: the attribute classifier (``agreement``, ``frechet``), the gradient energy over the truth's (``edges``; blur has
less than 1, noise more), and the mean squared difference of a picture's 8 x 8 patches from the nearest of the training faces at
the same place, over that of unseen true faces (``patches``).  The pictures of the first phase, stage I's
enlarged, are judged as well (``frechet_first`` and so on).

Source: Zhang et al. 2017 (StackGAN), sections 3.3 and 3.4.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from gancourse import data, metrics, scale
from gancourse.base import networks, trees
from gancourse.data import captions
from gancourse.data.images import to_float
from gancourse.experiments.experiment import Experiment
from gancourse.experiments.text_to_image import about
from gancourse.experiments.text_words import Words
from gancourse.gans.text import TextGAN
from gancourse.losses import penalties
from gancourse.metrics import text as judges
from gancourse.metrics.pairs import gradient_energy
from gancourse.metrics.patches import patch_distances
from gancourse.models import text
from gancourse.models.layers.resample import enlarged
from gancourse.training import Run, fit

LARGE = 32


class Second(TextGAN):
    """GAN-CLS in its second phase, which remembers the averaged generator of the first."""

    before: text.Generator


class Stages(Words):
    """Faces at 16 and at 32 px with sentences that say all values equally often, encoders, first phases, and the judges."""

    def __init__(self, size: Mapping[str, Any], folder: Path) -> None:
        super().__init__(size, folder)
        self.large = data.faces(LARGE, size["n"], progress=False)
        self.true = to_float(data.faces(LARGE, size["asked"], "test", progress=False).images)
        self.real = self.classifier.features(self.large.images[: size["asked"]])
        self.edges, self.far = gradient_energy(self.true).mean(), self._patches(self.true)

    def captions_of(self, seed: int) -> Tensor:
        """The captions that a training reads, int64 [N, sentences, longest]."""
        said, _ = about(self.faces, self.size["sentences"], seed=seed)
        return captions.tokens(said, self.size["longest"]).view(len(self.faces), self.size["sentences"], -1)

    def game(self, arm: Mapping[str, Any], seed: int) -> tuple[Second, captions.CaptionBatches]:
        first, batches = self.players(LARGE, seed)
        state = self.first(arm["first"], seed)
        generator: nn.Module = first.generator
        if arm["first"] == LARGE:
            generator.load_state_dict(state["generator"])
            first.discriminator.load_state_dict(state["discriminator"])
        else:
            with networks.seeded(seed):
                stage_two = text.Refiner(size=arm["first"], width=self.size["refiner_width"])
            generator = text.Stacked(self._averaged(arm["first"], seed), stage_two).to(scale.device())
        game = Second(generator, first.discriminator, penalty=penalties.r1(1.0, every=8))
        game.before = self._averaged(arm["first"], seed)
        return game, batches

    def _averaged(self, side: int, seed: int) -> text.Generator:
        """The averaged generator of the first phase."""
        generator = self._fresh(side, seed)[0]
        generator.load_state_dict(self.first(side, seed)["averaged"])
        return generator

    def _fresh(self, side: int, seed: int) -> tuple[text.Generator, text.Discriminator]:
        """Both networks of one stage at ``side`` px, with the seed's encoder for a reader."""
        width, device, reader = self.size["width"], scale.device(), self.encoder(seed)
        with networks.seeded(seed):
            generator, discriminator = text.Generator(size=side, width=width), text.Discriminator(size=side, width=width)
        generator.reader = reader
        return generator.to(device), discriminator.to(device)

    def players(self, side: int, seed: int) -> tuple[TextGAN, captions.CaptionBatches]:
        """GAN-CLS in one stage at ``side`` px, fresh, and its batches."""
        generator, discriminator = self._fresh(side, seed)
        read = self.captions_of(seed)
        vectors = judges.sentence_vectors(self.encoder(seed), read.flatten(0, 1)).unflatten(0, read.shape[:2])
        game = TextGAN(generator, discriminator, penalty=penalties.r1(1.0, every=8))
        faces = self.large if side == LARGE else self.faces
        return game, captions.CaptionBatches(faces, vectors, self.size["batch_size"], seed=seed, device=scale.device())

    def first(self, side: int, seed: int) -> dict[str, Any]:
        """Both players after the first phase, and the averaged generator; another training of the seed finds them."""
        path = self.folder / f"first-{side}-{seed}.weights"
        if not path.exists():
            game, batches = self.players(side, seed)
            run = fit(game, batches, self.size["first_steps"][str(side)], seed=seed, progress=False, **EXPERIMENT.fit)
            parts = {"generator": game.generator, "discriminator": game.discriminator, "averaged": run.generator}
            trees.save(path, {name: dict(part.state_dict()) for name, part in parts.items()})
        return trees.load(path)

    def drawn(self, run: Run, final: bool = False) -> Tensor:
        before = run.gan.before
        vectors = judges.sentence_vectors(before.reader, self.sentences)
        own = run.gan.sample(len(vectors), 0, run.generator, texts=vectors).cpu()
        if not final:
            return own
        first = run.gan.sample(len(vectors), 0, before, texts=vectors).cpu()
        return torch.cat([own, first if before.size == LARGE else enlarged(first)])

    def pictures(self, run: Run) -> Tensor:
        return self.drawn(run)[:8]

    def judged(self, sample: Tensor) -> dict[str, float]:
        """What the pictures show of their sentences, and how far they are from true faces: as a set, in edges, in patches."""
        own, *first = sample.clamp(-1, 1).split(len(self.asked))
        scores = self._scores(own)
        earlier = self._scores(first[0]) if first else dict.fromkeys(scores, math.nan)
        return scores | {f"{name}_first": value for name, value in earlier.items()}

    def _scores(self, sample: Tensor) -> dict[str, float]:
        return {
            "agreement": judges.agreement(self.classifier.predict(sample), self.asked).mean().item(),
            "frechet": metrics.frechet_distance(self.classifier.features(sample), self.real),
            "edges": (gradient_energy(sample).mean() / self.edges).item(),
            "patches": self._patches(sample) / self.far,
        }

    def _patches(self, sample: Tensor) -> float:
        some = self.size["patched"]
        return patch_distances(sample[:some], self.large.images[: 4 * some]).mean().item()

    def nulls(self) -> dict[str, Tensor]:
        source = torch.Generator().manual_seed(7)
        found = {
            "truth": self.true,
            "truth at 16 px, enlarged": enlarged(to_float(self.test.images)),
            "other faces": self.true.roll(1, 0),
            "mean face": self.true.mean(0, keepdim=True).expand_as(self.true),
            "noise": torch.rand(self.true.shape, generator=source) * 2 - 1,
        }
        return {name: torch.cat([x, x]) for name, x in found.items()}


def operations(game: TextGAN, x: Tensor, e: Tensor) -> int:
    """Multiplications and additions of one round of both players on pictures x and sentence vectors e, penalties left out."""
    batch = game.play(x, torch.Generator().manual_seed(0), e, step=1)  # a penalty every 8 steps is not due at step 1
    with FlopCounterMode(display=False) as fakes:
        game.generator(batch.z, batch.second)
    with FlopCounterMode(display=False) as losses:
        game.discriminator_loss(batch).backward()
        game.generator_loss(batch).backward()
    return int(fakes.get_total_flops() + losses.get_total_flops())


ARMS: dict[str, dict[str, Any]] = {"two stages": {"first": 16}, "one stage": {"first": LARGE}}

EXPERIMENT = Experiment(
    name="text_stages",
    title="Sentences to faces at 32 px: two stages, or one that is paid as many operations",
    stage=Stages,
    arms=ARMS,
    seeds=(1, 2, 3),
    full={
        "side": 16,
        "n": 4000,
        "asked": 400,
        "patched": 200,
        "sentences": 3,
        "longest": 26,
        "encoder_steps": 300,
        "judge_width": 12,
        "width": 12,
        "refiner_width": 20,
        "first_steps": {"16": 300, "32": 48},
        "batch_size": 32,
        "steps": 150,
        "measure_every": 75,
        "checkpoint_every": 75,
    },
    ci={
        "n": 240,
        "asked": 100,
        "patched": 20,
        "encoder_steps": 4,
        "judge_width": 4,
        "width": 4,
        "refiner_width": 4,
        "first_steps": {"16": 4, "32": 2},
        "batch_size": 8,
        "steps": 20,
        "measure_every": 10,
        "checkpoint_every": 5,
    },
    fit={"lr": 1e-3, "betas": [0.0, 0.99], "ema": 0.99, "precision": "float32"},
    paper="Zhang et al. 2017, sections 3.3 and 3.4",
    expected={
        "S20.sharpens": "stage II adds what stage I lacks: the share of the Frechet distance of stage I's enlarged pictures that "
        "it takes away: at least 0.1; nulls: enlarged, noise, the mean face. A live run over one stage I had 0.26 before. Two "
        "trainings whose stage II began with noise in place of an enlargement had 0.22, before its last layer began at 0",
        "S20.two_stages": "a question: the Frechet distance at the end, two stages less one stage",
        "S20.two_stages_agreement": "a question: agreement with the sentence at the end, two stages less one stage",
        "S20.two_stages_patches": "a question: distance of patches from true ones over the truth's, two stages less one stage",
    },
)
