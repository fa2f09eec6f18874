"""The recipe of 2016 against the one that followed, for equal seconds: pixel-art faces at 16 px.

    2016      DCGAN's networks, -log D, Adam 2e-4 (0.5, 0.999), weights from N(0, 0.02^2), the last weights
    tuned     the same players and weights, Adam 5e-4 (0.5, 0.999), averaged weights: the rate of the record dcgan_guidelines
    modern    nearest neighbour and 3x3 convolutions, no batch normalisation in D, the batch's spread, relativistic pairs, R1 at
              every eighth step, Adam 1e-3 (0, 0.99) falling to 0, He's start, averaged weights

A step of the modern recipe costs more, by its penalty and its convolutions at full size.  So its networks are narrower, until a
step of both takes about as long, and the curves are compared over processor seconds.  The tuned arm was added when the other two
had been seen: it says what of the years is one number, Adam's rate, and an average.

Sources: Radford et al. 2016; Jolicoeur-Martineau 2019; Mescheder et al. 2018; Karras et al. 2018; Huang et al. 2024.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import nn

from gancourse import scale
from gancourse.base import networks
from gancourse.data.batches import Batches
from gancourse.experiments import recipe
from gancourse.experiments.dcgan_guidelines import LATENT_DIM, SIDE, PixelFaces
from gancourse.experiments.experiment import Experiment
from gancourse.gans.gan import GAN
from gancourse.losses import penalties
from gancourse.models import convnet, dcgan

OLD, TUNED, NEW = "2016", "2016, tuned", "modern"


class Recipes(PixelFaces):
    """Pixel-art faces, and the players of both recipes."""

    def game(self, arm: Mapping[str, Any], seed: int) -> tuple[GAN, Batches]:
        arm = arm or EXPERIMENT.arms[OLD]
        device, width = scale.device(), self.size[arm["width"]]
        with networks.seeded(seed):
            generator, discriminator = self._recipe_players(arm["recipe"], width)
        chosen = recipe(arm["recipe"])
        penalty = None if chosen.r1_gamma is None else penalties.r1(chosen.r1_gamma, every=chosen.r1_every)
        game = GAN(generator.to(device), discriminator.to(device), chosen.objective, penalty=penalty)
        return game, Batches(self.images, self.size["batch_size"], seed=seed, device=device)

    @staticmethod
    def _recipe_players(name: str, width: int) -> tuple[nn.Module, nn.Module]:
        if recipe(name).family == "dcgan":
            return dcgan.Generator(SIDE, LATENT_DIM, width), dcgan.Discriminator(SIDE, width)
        return convnet.Generator(SIDE, LATENT_DIM, width), convnet.Discriminator(SIDE, width)


def after(curve: tuple[np.ndarray, np.ndarray], seconds: float) -> np.ndarray:
    """A record's curve over seconds, read at one time between its points: one number for each seed."""
    at, values = curve
    return np.array([np.interp(seconds, at, row) for row in values])


EXPERIMENT = Experiment(
    name="dcgan_recipes",
    title="The recipe of 2016 and the modern one, for equal seconds: pixel-art faces at 16 px",
    stage=Recipes,
    arms={
        OLD: {"recipe": "faces32_dcgan", "width": "old_width", "fit": {"lr": 2e-4, "betas": [0.5, 0.999]}},
        TUNED: {"recipe": "faces32_dcgan", "width": "old_width", "fit": {"lr": 5e-4, "betas": [0.5, 0.999], "ema": 0.995}},
        NEW: {
            "recipe": "faces32_quick",
            "width": "new_width",
            "fit": {"lr": 1e-3, "betas": [0.0, 0.99], "ema": 0.995, "schedule": "cosine"},
        },
    },
    seeds=(0, 1, 2, 3, 4),
    full={
        "n": 10_000,
        "unseen": 1000,
        "old_width": 32,
        "new_width": 12,
        "batch_size": 32,
        "steps": 1200,
        "measure_every": 100,
        "checkpoint_every": 400,
        "samples": 400,
        "final_samples": 1000,
    },
    ci={
        "n": 120,
        "unseen": 100,
        "old_width": 4,
        "new_width": 4,
        "batch_size": 8,
        "steps": 20,
        "measure_every": 10,
        "checkpoint_every": 10,
        "samples": 80,
        "final_samples": 80,
    },
    fit={"precision": "float32"},
    paper="Radford et al. 2016; Huang et al. 2024",
    expected={
        "S31.recipe": "distance of 2016 over that of the modern recipe after equal processor seconds: above 1, a question's row",
        "S31.tuned": "distance of 2016, tuned, over that of the modern recipe after equal processor seconds: a question's row",
    },
)
