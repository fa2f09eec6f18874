"""Wasserstein games on faces, and a non-saturating GAN beside them: what the discriminator's loss says of the samples.

The perceptrons and the judge of :mod:`gancourse.experiments.six_losses`, pixel-art faces at 16 px.  All arms share networks,
first weights, data and steps of G.  The critics take two steps to one of G, as does the GAN's discriminator; "WGAN-GP, thirty
times the rate" is there to fail.

Sources: Arjovsky, Chintala & Bottou 2017, figure 3; Gulrajani et al. 2017, Algorithm 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gancourse import scale
from gancourse.data.batches import Batches
from gancourse.experiments import six_losses
from gancourse.experiments.experiment import Experiment
from gancourse.experiments.records import Record
from gancourse.gans.gan import GAN
from gancourse.gans.wgan import WGAN, WGANGP


class Faces(six_losses.Faces):
    """The faces, judge and players of :mod:`gancourse.experiments.six_losses`, in other games."""

    def game(self, arm: Mapping[str, Any], seed: int) -> tuple[GAN, Batches]:
        plain, _ = super().game({"loss": arm.get("loss", "non_saturating")}, seed)
        players = plain.generator, plain.discriminator
        if "clip" in arm:
            game: GAN = WGAN(*players, clip=arm["clip"])
        elif "weight" in arm:
            game = WGANGP(*players, weight=arm["weight"])
        else:
            game = plain
        return game, Batches(self.faces, self.size["batch_size"], seed=seed, device=scale.device())


def said_and_far(record: Record, arm: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Minus D's loss, the Frechet distance and the steps at the looks after the start: [seeds, T], [seeds, T], [T].

    The loss is the mean over the 50 steps before a look; minus it is what a critic says of the distance, its penalty included.
    """
    (steps, loss), (_, far) = record.curve("d_loss")[arm], record.curve("frechet")[arm]
    return -loss[:, 1:], far[:, 1:], steps[1:]


PENALISED = {"weight": 10.0, "fit": {"lr": 1e-3, "betas": [0.0, 0.9]}}

EXPERIMENT = Experiment(
    name="wgan_faces",
    title="Wasserstein games on faces: pixel-art faces at 16 px",
    stage=Faces,
    arms={
        "WGAN-GP": PENALISED,
        "WGAN, clipped": {"clip": 0.05, "fit": {"lr": 5e-4, "betas": [0.0, 0.99]}},
        "non-saturating, R1": {"loss": "non_saturating", "fit": {"lr": 1e-3, "betas": [0.0, 0.99]}},
        "WGAN-GP, thirty times the rate": {**PENALISED, "fit": {"lr": 3e-2, "betas": [0.0, 0.9]}},
    },
    seeds=(1, 2, 3),
    full={**six_losses.EXPERIMENT.full, "steps": 300, "measure_every": 25, "checkpoint_every": 300},
    ci=six_losses.EXPERIMENT.ci,
    fit={"k": 2, "ema": 0.98, "schedule": "flat_linear", "precision": "float32"},
    paper="Arjovsky et al. 2017, figure 3",
    expected={
        "C18.faces": "a question, for three trainings only: Spearman's correlation of minus the critic's loss with the Frechet "
        "distance over the looks after the start, WGAN-GP; beside it a clock, and the GAN's discriminator",
        "distances": "no row: a table of the distances at the end beside blur and noise",
    },
)
