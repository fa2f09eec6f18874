"""Digits by label, three ways to tell a discriminator what was asked for, five times as long as a lecture has.

Perceptrons draw MNIST's digits at 16 px.  All arms share the generator, which is told its label by a one-hot code, the body of
the discriminator, whose last weights begin with deviation 0.01, relativistic pairs, R1, optimiser, data and their order.  They
differ in the label's way into the discriminator, and AC-GAN adds a class loss for both players:

    one-hot codes   the code stands beside the picture (Mirza & Osindero 2014)
    AC-GAN          D guesses the label, with the weight 1 for both players (Odena et al. 2017)
    projection      the logit gains an inner product of the label's vector and the picture's features (Miyato & Koyama 2018)

Measured of the averaged generator, in the features of a classifier of real digits (:func:`marks`):

    asked               the share of samples in which the classifier reads the digit that was asked for
    variety             mean distance of two samples asked for one digit, over that of real digits
    of_those_as_asked   the same without the samples in which another digit is read
    distance            the Frechet distance of all samples to all digits
    within              that distance for each digit alone, averaged

Source: Miyato & Koyama 2018, section 3 and table 1; Gong et al. 2019 (low diversity within AC-GAN's classes).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse import data, scale
from gancourse.base import check, networks
from gancourse.experiments.experiment import Experiment, counted
from gancourse.gans.conditional import ACGAN, ConditionalGAN
from gancourse.losses import penalties
from gancourse.metrics import attribute_classifier, frechet_distance
from gancourse.metrics.conditional import diversity_within, frechet_within
from gancourse.models import mlp
from gancourse.models.classifier import AttributeClassifier
from gancourse.models.conditional import AuxiliaryDiscriminator, ConcatDiscriminator, ConcatGenerator, ProjectionDiscriminator
from gancourse.training import Run

SIDE, LATENT_DIM, DIGITS, HIDDEN = 16, 64, 10, (128, 128)
SHOWN = 4  # columns of the record's pictures: latents, one for each column
WAYS = ("one-hot codes", "AC-GAN", "projection")


def marks(
    judge: AttributeClassifier, features: Tensor, asked_for: Tensor, real_features: Tensor, real_labels: Tensor
) -> dict[str, float]:
    """Obedience, variety and distance of samples that were asked for, by a judge of one attribute.

    features [N, D] and asked_for [N] of the samples, real_features [M, D] and real_labels [M] of the data, all by ``judge``.
    Digits of which fewer than two samples are read as asked have no ``of_those_as_asked``; it is nan where no digit has one.
    Errors are those of :mod:`gancourse.metrics.conditional`, whose numbers these are.
    """
    with torch.no_grad():
        read = judge.heads(F.relu(features)).argmax(1)  # what judge.predict(images) says, without a second pass
    obeyed = read == asked_for
    often = torch.bincount(asked_for[obeyed], minlength=DIGITS) >= 2  # digits that have a variety
    kept, known = obeyed & often[asked_for], often[real_labels]
    by_digit = frechet_within(features, asked_for, real_features, real_labels)
    return {
        "asked": obeyed.double().mean().item(),
        "variety": diversity_within(features, asked_for, real_features, real_labels),
        "of_those_as_asked": diversity_within(features[kept], asked_for[kept], real_features[known], real_labels[known])
        if often.any()
        else math.nan,
        "distance": frechet_distance(features, real_features),
        "within": sum(by_digit.values()) / len(by_digit),
    }


def game(way: str, seed: int) -> ConditionalGAN:
    """Fresh players on the scale's device, whose discriminator hears of the label in one of the three ``WAYS``."""
    check.one_of("way", way, WAYS)
    with networks.seeded(seed):
        generator = ConcatGenerator(mlp.Generator(LATENT_DIM + DIGITS, (1, SIDE, SIDE), hidden=HIDDEN, out="tanh"), DIGITS)
        body = mlp.Discriminator((1, SIDE, SIDE), hidden=HIDDEN)
        discriminator: nn.Module
        if way == "one-hot codes":
            longer = mlp.Discriminator(SIDE * SIDE + DIGITS, hidden=HIDDEN)
            last = longer.layers[-1]
            assert isinstance(last, nn.Linear)
            nn.init.normal_(last.weight, 0.0, 0.01)  # as the two others begin
            discriminator = ConcatDiscriminator(longer, DIGITS, flat=True)
        else:
            discriminator = (AuxiliaryDiscriminator if way == "AC-GAN" else ProjectionDiscriminator)(body, DIGITS)
    device = scale.device()
    play = ACGAN if way == "AC-GAN" else ConditionalGAN
    return play(generator.to(device), discriminator.to(device), "relativistic", penalty=penalties.r1(1.0, every=4))


class Digits:
    """Digits with labels for training, and a classifier of real ones that judges; a sample is a row of pixels and its wish."""

    def __init__(self, size: Mapping[str, Any], folder: Path) -> None:
        self.size = size
        self.images = data.digits(SIDE, n=size["n"])
        self.judge = attribute_classifier("digits", size=SIDE)
        n, labels = size["samples"], self.images.labels
        assert labels is not None  # digits have them
        self.real, self.labels, self.other_labels = self.judge.features(self.images.images[:n]), labels[:n], labels[n : 2 * n]
        self.wishes = torch.arange(n) % DIGITS

    def game(self, arm: Mapping[str, Any], seed: int) -> tuple[ConditionalGAN, data.Batches]:
        batches = data.Batches(self.images, self.size["batch_size"], seed=seed, labels=True, device=scale.device())
        return game(arm["way"], seed), batches

    def drawn(self, run: Run, final: bool = False) -> Tensor:
        """One sample for each wish: [N, SIDE * SIDE + 1]."""
        return self._asked(run.gan.sample(len(self.wishes), seed=1, generator=run.generator, labels=self.wishes), self.wishes)

    @staticmethod
    def _asked(pictures: Tensor, wishes: Tensor) -> Tensor:
        """Pictures [N, 1, SIDE, SIDE] in [-1, 1] and the digits asked for [N] in one row each: [N, SIDE * SIDE + 1]."""
        return torch.cat([pictures.cpu().flatten(1), wishes[:, None].float()], 1)

    def pictures(self, run: Run) -> Tensor:
        """Each digit for ``SHOWN`` latents, digit by digit: [10 * SHOWN, 1, SIDE, SIDE]."""
        z = torch.randn(SHOWN, LATENT_DIM, generator=torch.Generator().manual_seed(3)).repeat(DIGITS, 1)
        wishes = torch.arange(DIGITS).repeat_interleave(SHOWN)
        with networks.evaluating(run.generator):
            return run.generator(z.to(run.gan.device), wishes.to(run.gan.device))

    def judged(self, sample: Tensor) -> dict[str, float]:
        pictures, wishes = sample[:, :-1].unflatten(1, (1, SIDE, SIDE)), sample[:, -1].long()
        return marks(self.judge, self.judge.features(pictures), wishes, self.real, self.labels)

    def nulls(self) -> dict[str, Tensor]:
        n, source = len(self.wishes), torch.Generator().manual_seed(0)
        others, labels = data.to_float(self.images.images[n : 2 * n]), self.other_labels
        untrained = game("projection", 0).sample(n, 1, labels=self.wishes)
        return {
            "untrained": self._asked(untrained, self.wishes),
            "real digits, wishes shuffled": self._asked(others, labels[torch.randperm(len(labels), generator=source)]),
            "real digits": self._asked(others, labels),
        }

    def facts(self) -> dict[str, float]:
        return counted(self.images.images.float())


EXPERIMENT = Experiment(
    name="asked_digits",
    title="Digits as asked: three ways to tell the discriminator, 16 px",
    stage=Digits,
    arms={way: {"way": way} for way in WAYS},
    seeds=(0, 1, 2, 3, 4),
    full={
        "n": 4000,
        "samples": 2000,
        "batch_size": 64,
        "steps": 5000,
        "measure_every": 1000,
        "checkpoint_every": 1000,
        "frames": [1000, 5000],
    },
    ci={
        "n": 2000,
        "samples": 1000,
        "batch_size": 16,
        "steps": 20,
        "measure_every": 10,
        "checkpoint_every": 10,
        "frames": [10, 20],
    },
    fit={"lr": 1e-3, "betas": [0.0, 0.99], "ema": 0.99},
    paper="Miyato & Koyama 2018, table 1",
    expected={
        "pilot": "none of this length; after 1,000 steps of the same seeds (one-hot codes: with other first weights) asked was "
        "0.41, 0.60 and 0.66, of_those_as_asked 1.01, 0.75 and 1.01, within 33.6, 26.2 and 18.1",
        "S05.longer": "a question: asked, projection, at the end: 0.8, which had been expected of 1,000 steps",
        "S06.variety_longer": "a question: of_those_as_asked, AC-GAN's over projection's, seed by seed: below 1 in each (0.75)",
        "S06.within_longer": "within, projection's over AC-GAN's, seed by seed: at most 0.95, the tolerance of S06.within; "
        "nulls: no difference, the untrained, real digits with shuffled wishes",
    },
)
