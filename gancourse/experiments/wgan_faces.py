"""WGAN-GP and a clipped WGAN on faces at 32 px: what they draw, and whether the critic's loss tells how good it is.

All arms share the networks (the critic has no batch normalisation), first weights, order of pictures, critic steps and the
generator's rate.  A clipped critic has a rate of its own, for its weights have only 2c to move in.  In the third arm the
generator is begun anew twice, at moments of each seed's own (:mod:`gancourse.experiments.knocks`): along a run that only gets
better a clock tells as much as a loss.

At each look are measured, on as many unseen faces and on latents that stay the same,

    frechet   the Frechet distance of the averaged generator's samples, in the attribute classifier's features
    now       that of the generator as it stands, which is the one that the critic plays against
    said      what the critic says of the latter's samples, E f(x) - E f(G(z)) with unseen x
    estimate  the same difference as the training saw it, the mean over the last 50 steps: the paper's curve, smoothed

A pilot of at most 330 steps, 16 channels and batches of 32 chose: c = 0.01 of 0.01, 0.03 and 0.1 (30.6, 39.8, 54.1 after 60
steps); a clipped critic at 5e-5 and at 1e-4 was as far after 260 (33.1, 33.5).  For equal work one or two critic steps to one
of G were better than five (27.3, 29.8, 32.0).

Sources: Arjovsky, Chintala & Bottou 2017, figure 3; Gulrajani et al. 2017, Algorithm 1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse import data, scale
from gancourse.base import networks
from gancourse.data.images import to_float
from gancourse.experiments import knocks
from gancourse.experiments.experiment import Experiment, counted
from gancourse.experiments.records import Record
from gancourse.gans.gan import GAN
from gancourse.gans.wgan import WGAN, WGANGP
from gancourse.metrics import attribute_classifier, frechet_distance
from gancourse.models import convnet
from gancourse.training import Run

STATISTICS = ("frechet", "now", "said", "estimate")
PENALTY, CLIPPED, ANEW = "WGAN-GP", "WGAN, clipped", "WGAN-GP, begun anew"
RECENT = 50  # steps over which the training's own estimate is averaged


class BegunAnew(WGANGP):
    """WGAN-GP whose generator gets its first weights back after the generator's steps ``at``."""

    def __init__(self, generator: nn.Module, critic: nn.Module, at: Sequence[int], **options: Any) -> None:
        super().__init__(generator, critic, **options)
        self.at, self.t = list(at), 0
        self.first = [parameter.detach().clone() for parameter in generator.parameters()]

    @torch.no_grad()
    def after_generator_step(self) -> None:
        self.t += 1
        if self.t in self.at:
            for parameter, first in zip(self.generator.parameters(), self.first, strict=True):
                parameter.copy_(first)

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "t": self.t}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state)
        self.t = state["t"]


class Faces:
    """Faces to learn from, unseen ones to judge by."""

    def __init__(self, size: Mapping[str, Any], folder: Path) -> None:
        self.size = size
        self.images = data.faces(size["side"], size["n"], progress=False)
        self.truth = to_float(data.faces(size["side"], size["samples"], split="test", progress=False).images)
        self.judge = attribute_classifier("faces", size["side"])
        self.real = self.judge.features(self.truth)

    def game(self, arm: Mapping[str, Any], seed: int) -> tuple[GAN[Any], data.Batches]:
        size, device = self.size, scale.device()
        with networks.seeded(seed):
            generator = convnet.Generator(size["side"], size["latent_dim"], size["width"], size["max_width"]).to(device)
            critic = convnet.Discriminator(size["side"], size["width"], size["max_width"], spread=False).to(device)
        batches = data.Batches(self.images, size["batch_size"], seed=seed, device=device)
        if "clip" in arm:
            return WGAN(generator, critic, clip=arm["clip"]), batches
        at = knocks.moments(seed, size["steps"], size["measure_every"]) if arm.get("begun anew") else ()
        return BegunAnew(generator, critic, at), batches

    def drawn(self, run: Run, final: bool = False) -> Tensor:
        """STATISTICS of a run: [4]."""
        n, gan = len(self.truth), run.gan
        averaged, present = run.sample(n, seed=1), gan.sample(n, seed=1)
        with torch.no_grad():
            real, fake = (gan.discriminator(x.to(gan.device)).double().mean().item() for x in (self.truth, present))
        estimates = run.history.get("estimate", np.full(1, math.nan))[-RECENT:]
        values = [self._far(averaged), self._far(present), real - fake, float(estimates.mean())]
        return torch.tensor(values, dtype=torch.float64)

    def _far(self, pictures: Tensor) -> float:
        return frechet_distance(self.judge.features(pictures.clamp(-1, 1).cpu()), self.real)

    def pictures(self, run: Run) -> Tensor:
        return run.sample(self.size["shown"], seed=4)

    def judged(self, sample: Tensor) -> dict[str, float]:
        return dict(zip(STATISTICS, sample.tolist(), strict=True))

    def nulls(self) -> dict[str, Tensor]:
        """STATISTICS of pictures that no training made; a critic has nothing to say of them."""
        n, source = len(self.truth), torch.Generator().manual_seed(2)
        others = to_float(self.images.images[:n])
        untrained = self.game({}, 0)[0].sample(n, seed=1).cpu()
        rows = {
            "other faces": others,
            "other faces, blurred": F.interpolate(F.avg_pool2d(others, 2), scale_factor=2, mode="bilinear"),
            "each pixel from a face of its own": scattered(others, source),
            "mean face": others.mean(0, keepdim=True).expand_as(others),
            "noise": torch.rand(others.shape, generator=source) * 2 - 1,
            "untrained": untrained,
        }
        far = {name: self._far(pictures) for name, pictures in rows.items()}
        return {name: torch.tensor([value, value, math.nan, math.nan], dtype=torch.float64) for name, value in far.items()}

    def facts(self) -> dict[str, float]:
        return counted(self.images.images.float())


def scattered(pictures: Tensor, source: torch.Generator) -> Tensor:
    """As many pictures, each place of each from a picture of its own: [N, C, H, W], every pixel's distribution as before."""
    n, _, height, width = pictures.shape
    order = torch.rand(n, height * width, generator=source).argsort(0)[:, None]  # a permutation for each place
    flat = pictures.flatten(2)
    return flat.gather(0, order.expand_as(flat)).view_as(pictures)


def looks(record: Record, arm: str, score: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A score of the critic's, the present generator's distance, and the steps, at the looks that count: [K, T], [K, T], [T].

    Where the generator is begun anew these are the looks from three tenths of the run on, else all but the first, at step 0.
    """
    sizes = record.content["settings"]["size"]
    left_out = max(1, knocks.counted(sizes["steps"], sizes["measure_every"])) if arm == ANEW else 1
    (steps, says), (_, far) = record.curve(score)[arm], record.curve("now")[arm]
    return says[:, left_out:], far[:, left_out:], steps[left_out:]


EVERY, LOOKS, BATCH_SIZE = 300, 15, 64  # steps from look to look, looks after the first step; a run has EVERY * LOOKS steps

EXPERIMENT = Experiment(
    name="wgan_faces",
    title="WGAN-GP and a clipped WGAN, faces at 32 px",
    stage=Faces,
    arms={
        PENALTY: {},
        # the paper's c; its rate is 5e-5 where the critic takes five steps to one of G, here it takes two
        CLIPPED: {"clip": 0.01, "fit": {"lr": [1e-3, 1e-4]}},
        ANEW: {"begun anew": True},
    },
    seeds=(0, 1, 2),
    full={
        "side": 32,
        "n": 20_000,
        "samples": 400,
        "latent_dim": 64,
        "width": 24,
        "max_width": 256,
        "shown": 24,
        "batch_size": BATCH_SIZE,
        "steps": EVERY * LOOKS,
        "measure_every": EVERY,
        "checkpoint_every": 5 * EVERY,
        "frames": [EVERY, 3 * EVERY, EVERY * LOOKS],
    },
    ci={
        "n": 120,
        "samples": 80,
        "latent_dim": 8,
        "width": 4,
        "max_width": 16,
        "shown": 4,
        "batch_size": 8,
        "steps": 20,
        "measure_every": 10,
        "checkpoint_every": 10,
        "frames": [10, 20],
    },
    fit={"k": 2, "lr": [1e-3, 1e-3], "betas": [0.0, 0.9], "ema": 0.998, "schedule": "flat_linear", "precision": "float32"},
    paper="Arjovsky et al. 2017, figure 3; Gulrajani et al. 2017, Algorithm 1",
    expected={
        "S12.faces": "WGAN-GP's Frechet distance at the end over the untrained generator's, the mean: at most 0.14.  On these "
        "400 faces, measured before, blurred faces have 0.146, pictures with each pixel from a face of its own 0.52, noise 0.60",
        "C18.faces": "a question, for three trainings give no verdict: Spearman's correlation of said with now where the "
        "generator is begun anew, over the looks from three tenths of the run on; nulls: a clock (minus the step), what is said "
        "in the next seed's run.  Expected: at least 0.6, and above both nulls in each of the three",
        "C18.faces_estimate": "a question: the same of the training's own estimate, smoothed as the paper's curves are",
        "C18.faces_alone": "a question: said with now in the undisturbed runs of WGAN-GP and of the clipped WGAN, from the first "
        "look on, beside a clock, which is expected to do as well",
        "S12.clipped": "a question: the clipped WGAN's Frechet distance at the end over WGAN-GP's, seed by seed.  Expected: "
        "above 1, without batch normalisation and after two critic steps to one of G",
    },
)
