"""Faces by attribute: a generator with conditional batch normalisation against a projection discriminator.

Some pairs of attribute values are kept out of the training set (``HELD_OUT``), each value of which is trained with all others.
What the generator draws when it is asked for such a pair shows whether it has learnt the attributes or the combinations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from gancourse import data, metrics, scale
from gancourse.base import check, networks
from gancourse.data.images import ImageSet
from gancourse.experiments import Weights, frechet_metric, listed
from gancourse.gans.conditional import ConditionalGAN
from gancourse.losses import penalties
from gancourse.models import conditional_convnet, convnet
from gancourse.models.conditional import ProjectionDiscriminator
from gancourse.training import Run

NAMES = ("faces32_conditional",)
HELD_OUT: tuple[dict[str, str], ...] = (
    {"hair": "blue", "skin": "dark"},
    {"hair": "red", "glasses": "yes"},
    {"hair": "blonde", "hair_length": "long"},
)
STEPS, N, WIDTH = 1600, 10_000, 24
SETTINGS: dict[str, Any] = {"lr": 1e-3, "betas": (0.0, 0.99), "ema": 0.998, "schedule": "cosine"}
R1_GAMMA, R1_EVERY, BATCH_SIZE = 1.0, 8, 64


def held_out(
    attributes: Tensor,
    attribute_names: Mapping[str, Sequence[str]],
    combinations: Sequence[Mapping[str, str]] = HELD_OUT,
) -> Tensor:
    """Which rows of attributes [N, A] show one of the combinations: bool [N]."""
    columns, mask = list(attribute_names), torch.zeros(len(attributes), dtype=torch.bool)
    for combination in combinations:
        here = torch.ones(len(attributes), dtype=torch.bool)
        for name, value in combination.items():
            values = attribute_names[check.one_of("attribute", name, columns)]
            here &= attributes[:, columns.index(name)].cpu() == values.index(check.one_of(f"value of {name}", value, values))
        mask |= here
    return mask


def players(
    classes: Mapping[str, Sequence[str]], size: int = 32, width: int = WIDTH, seed: int = 0
) -> tuple[conditional_convnet.Generator, ProjectionDiscriminator]:
    """The two networks, freshly initialised, on the scale's device; the global random state is left alone."""
    with networks.seeded(seed):
        generator = conditional_convnet.Generator(classes, size, width=width)
        discriminator = ProjectionDiscriminator(convnet.Discriminator(size, width), classes)
    return generator.to(scale.device()), discriminator.to(scale.device())


def game(classes: Mapping[str, Sequence[str]], size: int = 32, width: int = WIDTH, seed: int = 0) -> ConditionalGAN:
    """The game of the recipe: relativistic pairing, real and fake of a pair with the same label, and lazy R1."""
    generator, discriminator = players(classes, size, width, seed)
    return ConditionalGAN(generator, discriminator, "relativistic", penalty=penalties.r1(R1_GAMMA, every=R1_EVERY))


def describe(name: str, steps: int | None, seed: int, progress: bool) -> Weights:
    """Faces by attribute, without the combinations that are held out."""
    images = data.faces(32, N, progress=progress)
    assert images.attributes is not None  # faces have them
    seen = images[~held_out(images.attributes, images.attribute_names)]
    never = "; ".join(" with ".join(f"{key} {value}" for key, value in pair.items()) for pair in HELD_OUT)
    classes = {attribute: list(values) for attribute, values in images.attribute_names.items()}
    return Weights(
        title="32 px faces by attribute",
        game=game(images.attribute_names, seed=seed),
        batches=data.Batches(seen, BATCH_SIZE, seed=seed, labels="attributes", device=scale.device()),
        steps=STEPS if steps is None else steps,
        settings=SETTINGS,
        network={"classes": classes, "size": 32, "width": WIDTH},
        data={"name": "faces", "arguments": {"size": 32, "n": N, "seed": 0}},
        arguments={
            "objective": "relativistic",
            "discriminator": "projection",
            "r1_gamma": R1_GAMMA,
            "r1_every": R1_EVERY,
            "batch_size": BATCH_SIZE,
            "held_out": [dict(combination) for combination in HELD_OUT],
            **listed(SETTINGS),
        },
        measure=lambda run: measure(run, images),
        licence={"data": f"{images.licence}, adventurer by {images.author}", "weights": "CC BY 4.0"},
        note=f"Never trained together: {never}.",
    )


def measure(run: Run, images: ImageSet, n: int = 3900) -> dict[str, Any]:
    """The Frechet distance to faces with the same attributes, and how often each attribute is the one asked for.

    Only combinations that were trained enter the distance; the accuracies of the others are given beside them.
    """
    assert images.attributes is not None  # faces have them
    unseen = held_out(images.attributes, images.attribute_names)
    seen, rest = images[~unseen], images[unseen]
    asked, asked_new = images.attributes[~unseen], images.attributes[unseen]
    n = min(n, len(seen) // 2)
    judge = metrics.attribute_classifier(images.name, images.size)
    fake = run.gan.sample(n, seed=1, generator=run.generator, labels=asked[:n]).cpu()
    new = run.gan.sample(len(rest), seed=2, generator=run.generator, labels=asked_new).cpu()
    right, right_new = judge.accuracy(fake, asked[:n]), judge.accuracy(new, asked_new)
    found, found_new = (", ".join(f"{k} {v:.3f}" for k, v in shares.items()) for shares in (right, right_new))
    also = f"; share of samples with the attribute asked for: {found}; in combinations never trained: {found_new}"
    return frechet_metric(judge, fake, seen.images[: 2 * n], "training images with the same attributes", also)
