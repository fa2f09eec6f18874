"""A small generator of handwritten digits that has never seen a 2, in a few minutes of one processor core.

Lecture 22 searches its latents: for pictures of a class that it knows, for one of the class that it does not know, and for the
picture nearest to a given one, which tells the digits that it knows from those that it does not (Schlegl et al. 2017).
"""

from __future__ import annotations

from typing import Any

from gancourse import data, scale
from gancourse.base import networks
from gancourse.data.handwritten import handwritten_digits
from gancourse.experiments import Weights, listed
from gancourse.gans.gan import GAN
from gancourse.losses import penalties
from gancourse.models import convnet
from gancourse.training import Run

NAMES = ("digits32_but_2",)
UNSEEN = 2
GENERATOR: dict[str, Any] = {"size": 32, "latent_dim": 32, "width": 8, "max_width": 64, "channels": 1}
STEPS, BATCH_SIZE, SAMPLES = 4000, 32, 1000
R1_GAMMA, R1_EVERY = 1.0, 8
SETTINGS: dict[str, Any] = {"lr": 1e-3, "betas": (0.0, 0.99), "ema": 0.998, "schedule": "flat_linear"}


def game(seed: int = 0) -> GAN:
    """The game of the recipe with freshly initialised networks on the scale's device."""
    judging = {key: value for key, value in GENERATOR.items() if key != "latent_dim"}
    with networks.seeded(seed):
        generator, discriminator = convnet.Generator(**GENERATOR), convnet.Discriminator(**judging)
    device = scale.device()
    penalty = penalties.r1(R1_GAMMA, every=R1_EVERY)
    return GAN(generator.to(device), discriminator.to(device), "relativistic", penalty=penalty)


def describe(name: str, steps: int | None, seed: int, progress: bool) -> Weights:
    """The generator of nine classes."""
    digits = handwritten_digits("train", GENERATOR["size"])
    known = digits.images[digits.labels != UNSEEN]
    return Weights(
        title=f"handwritten digits at 32 px, all but {UNSEEN}",
        game=game(seed),
        batches=data.Batches(known, BATCH_SIZE, seed=seed, device=scale.device()),
        steps=STEPS if steps is None else steps,
        settings=SETTINGS,
        network=GENERATOR,
        data={"name": digits.name, "arguments": {"split": "train", "size": GENERATOR["size"], "without": UNSEEN}},
        arguments={
            "objective": "relativistic",
            "r1_gamma": R1_GAMMA,
            "r1_every": R1_EVERY,
            "batch_size": BATCH_SIZE,
            **listed(SETTINGS),
        },
        measure=accepted,
        licence={"data": f"{digits.licence}, {digits.author}", "weights": digits.licence},
        note=f"No picture of a {UNSEEN} was in the training set.",
    )


def accepted(run: Run) -> dict[str, Any]:
    """The share of samples that the judge of digits takes for digits, and that of held-out digits."""
    from gancourse.metrics.digits import digit_judge

    judge = digit_judge()
    share = judge.read(run.sample(SAMPLES, seed=1).cpu())[1].float().mean().item()
    real = judge.read(handwritten_digits("test", GENERATOR["size"]).images)[1].float().mean().item()
    protocol = f"{SAMPLES} samples, judge_digits; held-out digits {real:.3f}"
    return {"name": "share accepted as digits", "value": round(share, 3), "protocol": protocol}
