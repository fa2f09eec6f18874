"""Sentences to faces at 16 px: what mismatched pairs, interpolated sentences and conditioning augmentation each do.

The text encoder is trained first, with a picture encoder, and then stays as it is.  All arms play for the same sentences, with
the same networks but for the condition, and as many steps.  They differ in

    GAN                      two kinds of pairs
    GAN-CLS                  a third: real pictures with others' sentences
    fakes, wrong sentences   a third kind that is none of the paper's: fakes with others' sentences, as many as above
    GAN-CLS + augmentation   GAN-CLS, and the condition is drawn from a cloud whose divergence from N(0, I) costs 0.01
    more noise               GAN-CLS with 64 random numbers beside the condition in place of 32, as many as with the cloud
    GAN-INT-CLS              GAN-CLS, and G plays for sentences half-way between two
    fakes, own sentences     a third kind in which no sentence is wrong: more fakes with their own.  In all games of three kinds
                             the first fakes count half as much as in GAN: this is what wrong sentences are compared with

Judges: the attribute classifier against what the sentence mentions; R-precision by a matcher that was trained on other pictures
from other weights; the Frechet distance; and, for sentences that many true faces fit, the spread of the pictures for one
sentence, of all of them and of those that show what it mentions, and how many *different* faces among them show it, over the
truth's number (``fitting``).  A deaf generator's faces differ and do not fit, a generator of one face fits and does not differ;
neither has many faces that do both.  The same is counted once more with the cloud's noise switched off, c = mu(e), and the same
latents (``without_cloud``); where there is no cloud it is the same number.  It is counted, too, with noise on sentence vectors
that no training has seen (``noisy``): as much, over what tells sentences apart, as the learnt clouds have.  Some pairs of
attribute values were never trained together, and two of the six wordings never read.

Source: Reed et al. 2016, sections 4.2 and 4.3; Zhang et al. 2017, section 3.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gancourse import data, metrics, scale
from gancourse.base import networks, trees
from gancourse.data import captions
from gancourse.data.images import ImageSet, resize, to_float
from gancourse.experiments.conditional import held_out
from gancourse.experiments.experiment import Experiment
from gancourse.gans.text import TextGAN
from gancourse.losses import penalties
from gancourse.metrics import text as judges
from gancourse.models import text
from gancourse.models.text import Matcher
from gancourse.training import Run

WORDS = len(captions.VOCABULARY)
NOISE = 1.05  # standard deviation, entries of a sentence's vector having 1: its variance over theirs is that of the learnt clouds


class Sentences:
    """Faces with sentences, the encoder that the players read with, and the judges."""

    def __init__(self, size: Mapping[str, Any], folder: Path) -> None:
        self.size = size
        faces = smaller(data.faces(32, size["n"], progress=False), size["side"])
        own, others = faces[: size["n"] // 2], faces[size["n"] // 2 :]
        self.faces = own[~new(own)]
        read, _ = about(self.faces, size["sentences"], seed=1)
        self.read = captions.tokens(read).view(len(self.faces), size["sentences"], -1)
        self.encoder = self._matcher(folder / "encoder.weights", self.faces, self.read, seed=1)
        told, _ = about(others, size["sentences"], seed=2)
        self.matcher = self._matcher(folder / "matcher.weights", others, captions.tokens(told).view(len(others), -1, 32), seed=2)
        self.texts = judges.sentence_vectors(self.encoder.text, self.read.flatten(0, 1)).view(
            len(self.faces), size["sentences"], -1
        )
        self.classifier = metrics.attribute_classifier("faces", size["side"])
        self.real = self.classifier.features(faces.images[: size["asked"]])
        self._ask(smaller(data.faces(32, size["unseen"], "test", progress=False), size["side"]), others)

    def _matcher(self, path: Path, faces: ImageSet, read: Tensor, seed: int) -> Matcher:
        side, width = self.size["side"], self.size["judge_width"]
        if path.exists():
            with networks.seeded(seed):
                matcher = Matcher(WORDS, side, width=width)
            matcher.load_state_dict(trees.load(path))
            return matcher.eval()
        matcher = judges.train_matcher(to_float(faces.images), read, WORDS, self.size["judge_steps"], seed=seed, width=width)
        trees.save(path, dict(matcher.state_dict()))
        return matcher

    def _ask(self, unseen: ImageSet, known: ImageSet) -> None:
        """What every training is asked for: known pairs of values in seen and unseen wordings, new ones, and sentences often."""
        n = self.size["asked"]
        usual, never = unseen[~new(unseen)], unseen[new(unseen)]
        self.usual = usual[:n]
        parts: dict[str, tuple[ImageSet, dict[str, Any]]] = {
            "agreement": (self.usual, {"seed": 3}),
            "unseen_wording": (usual[: n // 2], {"seed": 4, "wordings": "unseen"}),
            "held_out": (never[: n // 2], {"seed": 5, "mentioned": 1.0}),
        }
        self.parts, self.asked, self.truth, sentences = {}, {}, [], []
        for name, (faces, how) in parts.items():
            said, self.asked[name] = about(faces, 1, **how)
            self.parts[name] = len(faces)
            self.truth.append(to_float(faces.images))
            sentences.append(captions.tokens(said))
        self.sentences = sentences[0]
        said, self.often, true = self._fitting(known)
        self.truth.append(to_float(true))
        again = self.size["again"]
        self.parts["diversity"] = len(true)
        everything = torch.cat([*sentences, captions.tokens(said).repeat_interleave(again, 0)])
        self.all = judges.sentence_vectors(self.encoder.text, everything)
        self.true_spread, self.true_fitting = self._spread(self.truth[-1]), self._different(self.truth[-1])

    def _fitting(self, faces: ImageSet) -> tuple[list[str], Tensor, Tensor]:
        """Sentences of two or three attributes, what they ask for, and for each as many true faces as pictures are asked for."""
        again, found, true = self.size["again"], list[tuple[str, Tensor]](), list[Tensor]()
        assert faces.attributes is not None  # faces have them
        said, asked = about(faces[:400], 1, seed=6, mentioned=0.35)
        for each, wanted in zip(said, asked, strict=True):
            fits = ((faces.attributes == wanted) | (wanted < 0)).all(1)
            if fits.sum() >= again and len(found) < self.size["many"]:
                found.append((each, wanted))
                true.append(faces.images[fits][:again])
        return [each for each, _ in found], torch.stack([wanted for _, wanted in found]), torch.cat(true)

    def _spread(self, pictures: Tensor) -> Tensor:
        """The mean distance between two pictures of one sentence, in the classifier's features, for each sentence."""
        groups = self.classifier.features(pictures.clamp(-1, 1)).double().split(self.size["again"])
        return torch.stack([torch.pdist(group).mean() for group in groups])

    def _obedient_spread(self, pictures: Tensor) -> Tensor:
        """The same among the pictures that show all that their sentence mentions; 0 where fewer than two do."""
        again = self.size["again"]
        shown = judges.agreement(self.classifier.predict(pictures), self.often.repeat_interleave(again, 0)) == 1
        groups = zip(self.classifier.features(pictures).double().split(again), shown.split(again), strict=True)
        return torch.stack([torch.pdist(x[right]).mean() if right.sum() > 1 else x.new_zeros(()) for x, right in groups])

    def _different(self, pictures: Tensor) -> Tensor:
        """How many different faces, by the classifier's reading of all attributes, show all that their sentence mentions."""
        return self._counted(self.classifier.predict(pictures.clamp(-1, 1)))

    def _counted(self, read: Tensor, columns: list[int] | None = None) -> Tensor:
        """The same of what the classifier has read, by the attributes of ``columns``."""
        return judges.different(read, self.often, self.size["again"], columns)

    def game(self, arm: Mapping[str, Any], seed: int) -> tuple[TextGAN, captions.CaptionBatches]:
        side, width, device = self.size["side"], self.size["width"], scale.device()
        with networks.seeded(seed):
            noise_dim = arm.get("noise_dim", 32)
            generator = text.Generator(size=side, width=width, noise_dim=noise_dim, augmented="kl" in arm["game"])
            discriminator = text.Discriminator(size=side, width=width)
        penalty = penalties.r1(1.0, every=8)
        game = TextGAN(generator.to(device), discriminator.to(device), penalty=penalty, **arm["game"])
        return game, captions.CaptionBatches(self.faces, self.texts, self.size["batch_size"], seed=seed, device=device)

    def drawn(self, run: Run, final: bool = False) -> Tensor:
        pictures = run.gan.sample(len(self.all), 0, run.generator, texts=self.all)
        return torch.cat([pictures, *self._once_more(run)]).cpu()

    def _once_more(self, run: Run) -> tuple[Tensor, Tensor]:
        """The last part twice more, for the same latents: with eps = 0 where a condition is drawn; then with noise on e."""
        n, generator, e = self.parts["diversity"], run.generator, self.all[-self.parts["diversity"] :]
        z = run.gan.latents(len(self.all), torch.Generator().manual_seed(0))[-n:]
        without = torch.cat([z[:, : generator.noise_dim], torch.zeros_like(z[:, generator.noise_dim :])], 1)
        noisy = with_noise(e, NOISE)
        with networks.evaluating(generator):
            return generator(without, e.to(z.device)).float(), generator(without, noisy.to(z.device)).float()

    def pictures(self, run: Run) -> Tensor:
        return run.gan.sample(8, 0, run.generator, texts=self.all[:8])

    def judged(self, sample: Tensor) -> dict[str, float]:
        """All scores of pictures for the sentences that were asked, in their order."""
        sample = sample.clamp(-1, 1)
        sizes = {**self.parts, **dict.fromkeys(("without_cloud", "noisy"), self.parts["diversity"])}
        parts = dict(zip(sizes, sample.split(list(sizes.values())), strict=True))
        first = parts["agreement"]
        right = {
            name: judges.agreement(self.classifier.predict(parts[name]), asked).mean().item()
            for name, asked in self.asked.items()
        }
        seen, read = judges.vectors(self.matcher, first, self.sentences)
        return {
            **right,
            "r_precision": judges.r_precision(seen, read, min(99, len(first) - 1)),
            "frechet": metrics.frechet_distance(self.classifier.features(first), self.real),
            "diversity": (self._spread(parts["diversity"]) / self.true_spread).mean().item(),
            "obedient_diversity": (self._obedient_spread(parts["diversity"]) / self.true_spread).mean().item(),
            "fitting": (self._different(parts["diversity"]) / self.true_fitting).mean().item(),
            "without_cloud": (self._different(parts["without_cloud"]) / self.true_fitting).mean().item(),
            "noisy": (self._different(parts["noisy"]) / self.true_fitting).mean().item(),
        }

    def nulls(self) -> dict[str, Tensor]:
        truth, source = torch.cat(self.truth), torch.Generator().manual_seed(7)
        first = next(iter(ARMS.values()))
        found = {
            "truth": truth,
            "other faces": truth[torch.randperm(len(truth), generator=source)],
            "mean face": truth.mean(0, keepdim=True).expand(len(truth), -1, -1, -1),
            "noise": torch.rand(truth.shape, generator=source) * 2 - 1,
            "untrained": self.game(first, 0)[0].sample(len(truth), texts=self.all).cpu(),
        }
        return {name: torch.cat([sample, *[sample[-self.parts["diversity"] :]] * 2]) for name, sample in found.items()}

    def facts(self) -> dict[str, float]:
        return facts_of(self.faces)


def facts_of(faces: ImageSet) -> dict[str, float]:
    """What a record notes of faces with sentences."""
    pictures = to_float(faces.images)
    return {"faces": len(faces), "mean": pictures.mean().item(), "std": pictures.std().item(), "words": WORDS}


def with_noise(e: Tensor, times: float) -> Tensor:
    """Vectors [N, D] with Gaussian noise about ``times`` as long as 1, the same at each call."""
    return e + times * torch.randn(e.shape, generator=torch.Generator().manual_seed(8)) / e.shape[1] ** 0.5


def smaller(faces: ImageSet, side: int) -> ImageSet:
    """The same faces at ``side`` pixels."""
    return replace(faces, images=resize(faces.images, side))


def about(faces: ImageSet, n: int, **how: Any) -> tuple[list[str], Tensor]:
    """n sentences about each face, and what they ask for; ``how`` as in :func:`gancourse.data.captions.captions`."""
    assert faces.attributes is not None  # faces have them
    return captions.captions(faces.attributes, faces.attribute_names, n, **how)


def new(faces: ImageSet) -> Tensor:
    """Which faces show a pair of values that is never trained: bool [N]."""
    assert faces.attributes is not None  # faces have them
    return held_out(faces.attributes, faces.attribute_names)


ARMS: dict[str, dict[str, Any]] = {
    "GAN": {"game": {"mismatched": False}},
    "GAN-CLS": {"game": {}},
    "fakes, wrong sentences": {"game": {"wrong": "fake"}},
    "GAN-CLS + augmentation": {"game": {"kl": 0.01}},
    "more noise": {"game": {}, "noise_dim": 64},
    "GAN-INT-CLS": {"game": {"interpolated": 1.0}},
    "fakes, own sentences": {"game": {"wrong": "own"}},
}

EXPERIMENT = Experiment(
    name="text_to_image",
    title="Sentences to faces at 16 px: what makes the players listen",
    stage=Sentences,
    arms=ARMS,
    seeds=(0, 1, 2, 3, 4),
    full={
        "side": 16,
        "n": 10_000,
        "unseen": 2000,
        "sentences": 3,
        "asked": 400,
        "many": 16,
        "again": 12,
        "judge_steps": 800,
        "judge_width": 16,
        "width": 12,
        "batch_size": 32,
        "steps": 800,
        "measure_every": 200,
        "checkpoint_every": 200,
    },
    ci={
        "n": 480,
        "unseen": 240,
        "asked": 80,
        "many": 3,
        "again": 4,
        "judge_steps": 4,
        "judge_width": 4,
        "width": 4,
        "batch_size": 8,
        "steps": 20,
        "measure_every": 10,
        "checkpoint_every": 5,
    },
    fit={"lr": 1e-3, "betas": [0.0, 0.99], "ema": 0.99, "precision": "float32"},
    paper="Reed et al. 2016, figures 3 and 4; Zhang et al. 2017, table 3",
    expected={
        "S20.listens_early": "agreement with the sentence at a quarter of the training, GAN-CLS less GAN: at least 0.02",
        "S20.listens": "agreement with the sentence at the end, GAN-CLS less GAN: at least 0.01",
        "S20.which_pair": "agreement at the end, GAN-CLS less fakes with wrong sentences: at least 0.01",
        "S20.own": "a question: agreement at the end, fakes with their own sentences less GAN; it is a null of S20.listens, too",
        "S20.fakes": "a question: agreement at the end, fakes with wrong sentences less GAN",
        "S20.augmentation": "different faces that fit their sentence, over the truth's, with augmentation less without: at least "
        "0.05. Of the spread within a sentence no tolerance can be asked: noise passes it, and among obedient pictures faces of "
        "other sentences still do",
        "S20.cloud": "a question: the same measure of the augmented networks, with the cloud's noise less with it switched off",
        "S20.noise": "a question: the same measure, augmentation less more noise",
        "S20.learnt": "a question: different faces that fit, over the truth's, augmentation less GAN-CLS with as much noise on "
        "its sentences that nothing has learnt",
        "S20.interpolation": "a question: agreement for new pairs of values, GAN-INT-CLS less GAN-CLS",
    },
)
