"""Faces by class: a small BigGAN that is told one label, the colours of hair and skin together.

The 24 classes are the pairs of six hair colours and four skins.  Everything else about a face, from its glasses to its
background, is left to the latent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from gancourse import data, experiments, metrics, scale
from gancourse.base import check, networks
from gancourse.data.images import ImageSet
from gancourse.experiments import Weights, listed
from gancourse.gans.conditional import ProjectionGAN
from gancourse.losses import penalties
from gancourse.models import biggan
from gancourse.training import Run

NAMES = ("biggan_faces32",)
LABELLED_BY = ("hair", "skin")
STEPS, N, BATCH_SIZE = 4200, 20_000, 32
GENERATOR: dict[str, Any] = {
    "size": 32,
    "latent_dim": 80,  # four pieces of 20: the 4x4 map and three blocks
    "width": 12,
    "classes": 24,
    "shared_dim": 32,
    "hierarchical": True,
    "attention": (16,),
}
DISCRIMINATOR: dict[str, Any] = {"size": 32, "width": 12, "classes": 24}
SETTINGS: dict[str, Any] = {"lr": (1e-3, 2e-3), "betas": (0.0, 0.99), "ema": 0.998, "schedule": "flat_linear"}
BETA = 1e-4
CURVE_POINTS, CURVE_SAMPLES = 6, 2000


def label(images: ImageSet, attributes: Sequence[str] = LABELLED_BY) -> tuple[ImageSet, tuple[str, ...]]:
    """The set with one class label for each combination of the attributes' values, and the names of the classes.

    The last attribute runs fastest: "black hair, light skin" is 0, "black hair, tan skin" 1.
    """
    if images.attributes is None:
        raise ValueError(f"{images.name} has no attributes to make classes of: take faces, anime or pixel_faces")
    columns = list(images.attribute_names)
    labels, names = torch.zeros(len(images), dtype=torch.int64), [""]
    for attribute in attributes:
        values = images.attribute_names[check.one_of("attribute", attribute, columns)]
        labels = labels * len(values) + images.attributes[:, columns.index(attribute)]
        names = [f"{name}, {value} {attribute}".removeprefix(", ") for name in names for value in values]
    return replace(images, labels=labels), tuple(names)


def not_embeddings(name: str) -> bool:
    """Which parameters the orthogonal regularisation leaves out: the shared vectors of the labels."""
    return name.startswith("shared")


def game(seed: int = 0, beta: float = BETA) -> ProjectionGAN:
    """Freshly initialised networks on the scale's device, hinge losses, orthogonal regularisation of the generator."""
    with networks.seeded(seed):
        generator, discriminator = biggan.Generator(**GENERATOR), biggan.Discriminator(**DISCRIMINATOR)
    penalty = partial(penalties.orthogonal, beta=beta, skip=not_embeddings) if beta else None
    device = scale.device()
    return ProjectionGAN(generator.to(device), discriminator.to(device), generator_penalty=penalty)


def describe(name: str, steps: int | None, seed: int, progress: bool) -> Weights:
    """Faces by class; the curve has the Frechet distance of the averaged generator against the number of images seen."""
    images, classes = label(data.faces(32, N, progress=progress))
    steps = STEPS if steps is None else steps
    curve = experiments.Curve(images, CURVE_SAMPLES, BATCH_SIZE, references=2 * CURVE_SAMPLES)
    return Weights(
        title="32 px faces by the colours of hair and skin",
        game=game(seed),
        batches=data.Batches(images, BATCH_SIZE, seed=seed, labels=True, device=scale.device()),
        steps=steps,
        settings=SETTINGS,
        network=listed(GENERATOR),
        data={"name": "faces", "arguments": {"size": 32, "n": N, "seed": 0}},
        arguments={
            "objective": "hinge",
            "discriminator": "BigGAN's, width 12, without attention",
            "orthogonal_beta": BETA,
            "batch_size": BATCH_SIZE,
            **listed(SETTINGS),
        },
        measure=lambda run: measure(run, images),
        follow=(max(1, steps // CURVE_POINTS), curve),
        licence={"data": f"{images.licence}, adventurer by {images.author}", "weights": "CC BY 4.0"},
        classes=classes,
    )


def right_class(judge: metrics.AttributeClassifier, images: Tensor, labels: Tensor) -> dict[str, float]:
    """The share of images in which the judge sees the hair, the skin, and both of the class asked for."""
    columns, sizes = list(judge.attribute_names), [len(judge.attribute_names[name]) for name in LABELLED_BY]
    asked = {"hair": labels // sizes[1], "skin": labels % sizes[1]}
    seen = judge.predict(images)
    hits = {name: seen[:, columns.index(name)] == asked[name] for name in LABELLED_BY}
    hits["both"] = hits["hair"] & hits["skin"]
    return {name: float(hit.double().mean()) for name, hit in hits.items()}


def measure(run: Run, images: ImageSet, n: int = 5000) -> dict[str, Any]:
    """The Frechet distance of n samples to n training images of the same classes, and how often the class is as asked for."""
    n = min(n, len(images) // 2)
    judge = metrics.attribute_classifier(images.name, images.size)
    assert images.labels is not None  # given before the training
    fake = run.gan.sample(n, seed=1, generator=run.generator, labels=images.labels[:n]).cpu()
    right = ", ".join(f"{name} {share:.3f}" for name, share in right_class(judge, fake, images.labels[:n]).items())
    also = f"; share of samples with what was asked for: {right}"
    return experiments.frechet_metric(judge, fake, images.images[: 2 * n], "training images of the same classes", also)
