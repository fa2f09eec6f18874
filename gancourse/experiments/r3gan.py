"""R3GAN on anime faces: plain residual networks, relativistic pairing, R1 + R2, averaged weights; an hour of one processor core.

Two things differ from the paper (Huang et al. 2024), both for the sake of a processor: the networks are a hundredth of its
smallest, and the two penalties are computed at every fourth step with four times the weight (lazily) instead of at every step.
"""

from __future__ import annotations

from typing import Any

from gancourse import data, experiments, scale
from gancourse.base import networks
from gancourse.experiments import Weights, listed
from gancourse.gans.gan import GAN
from gancourse.losses import penalties
from gancourse.models import r3gan

NAMES = ("r3gan_anime32",)
CONFIGURATION = "tiny32"
STEPS, N, BATCH_SIZE = 6000, 10_000, 32
GAMMA, EVERY = 5.0, 4
SETTINGS: dict[str, Any] = {"lr": 2e-3, "betas": (0.0, 0.99), "ema": 0.998, "schedule": "flat_linear"}
CURVE_EVERY, CURVE_SAMPLES = 250, 1000


def game(configuration: str = CONFIGURATION, gamma: float = GAMMA, every: int = EVERY, seed: int = 0) -> GAN:
    """The game of the recipe with freshly initialised networks on the scale's device."""
    with networks.seeded(seed):
        generator, discriminator = r3gan.players(configuration)
    device = scale.device()
    penalty = penalties.r1_r2(gamma, every=every)
    return GAN(generator.to(device), discriminator.to(device), "relativistic", penalty=penalty)


def describe(name: str, steps: int | None, seed: int, progress: bool) -> Weights:
    """R3GAN on anime faces."""
    images = data.anime(32, N, progress=progress)
    return Weights(
        title="32 px anime faces by R3GAN",
        game=game(seed=seed),
        batches=data.Batches(images, BATCH_SIZE, seed=seed, device=scale.device()),
        steps=STEPS if steps is None else steps,
        settings=SETTINGS,
        network=r3gan.CONFIGURATIONS[CONFIGURATION],
        data={"name": "anime", "arguments": {"size": 32, "n": N, "seed": 0}},
        arguments={
            "objective": "relativistic",
            "penalty": "R1 + R2",
            "gamma": GAMMA,
            "penalty_every": EVERY,
            "batch_size": BATCH_SIZE,
            **listed(SETTINGS),
        },
        measure=lambda run: experiments.measure(run, images),
        follow=(CURVE_EVERY, experiments.Curve(images, CURVE_SAMPLES, BATCH_SIZE, seed=2)),
        licence={"data": f"{images.licence}, lorelei by {images.author}", "weights": "CC BY 4.0"},
        note=f"R1 and R2 are lazy: every {EVERY}th step with {EVERY} times the weight, where the paper computes them at every "
        f"step; curve: images seen, Frechet distance of {CURVE_SAMPLES} samples to as many training images.",
    )
