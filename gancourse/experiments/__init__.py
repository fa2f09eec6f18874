"""Long runs whose results travel with the course: weights, made by the recipes here, and records, which :mod:`.recorded` lists.

``gancourse train NAME`` runs a recipe from the command line; lecture 04 explains what each part is for.

Recipes for images from latents alone are plain data, here.  A recipe that needs more (labels, pairs, growing) is a module of this
package named after its family, listed in ``FAMILIES``, with one function that describes it for :func:`train`,

    describe(name, steps, seed, progress) -> Weights        # steps None: as many as the recipe says
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch.nn.functional as F
from torch import Tensor

from gancourse import scale
from gancourse.base import check, networks
from gancourse.data.images import ImageSet
from gancourse.gans.gan import GAN
from gancourse.losses import penalties
from gancourse.training import CheckpointNotWritten, Run, distributed, fit
from gancourse.zoo import Card, fill_card

if TYPE_CHECKING:
    from gancourse.metrics import AttributeClassifier


@dataclass(frozen=True)
class Recipe:
    """What :func:`train` needs; every field is plain data, so that a model card can print it."""

    title: str
    data: str
    size: int
    family: str  # a module of gancourse.models with a Generator and a Discriminator
    generator: dict[str, Any]
    discriminator: dict[str, Any]
    objective: str
    steps: int
    settings: dict[str, Any]
    r1_gamma: float | None = None
    r1_every: int = 8
    n: int = 10_000
    batch_size: int = 64
    licence: dict[str, str] = field(default_factory=dict)


_CC_BY = {"data": "CC BY 4.0, adventurer by Lisa Wischofsky", "weights": "CC BY 4.0"}
_CC0 = {"data": "CC0 1.0, lorelei by Lisa Wischofsky", "weights": "CC BY 4.0"}


def _relativistic(
    title: str,
    data: str,
    size: int,
    width: int,
    steps: int,
    n: int,
    licence: dict[str, str],
    r1_gamma: float = 1.0,
    **settings: Any,
) -> Recipe:
    """The course's recipe for faces: convnet, relativistic pairing, lazy R1, Adam 1e-3 (0, 0.99), averaged weights."""
    return Recipe(
        title=title,
        data=data,
        size=size,
        family="convnet",
        generator={"size": size, "latent_dim": 64, "width": width},
        discriminator={"size": size, "width": width},
        objective="relativistic",
        r1_gamma=r1_gamma,
        steps=steps,
        settings={"lr": 1e-3, "betas": (0.0, 0.99), "ema": 0.998, **settings},
        n=n,
        licence=licence,
    )


RECIPES: dict[str, Recipe] = {
    "faces32_dcgan": Recipe(
        title="32 px faces by DCGAN's own recipe",
        data="faces",
        size=32,
        family="dcgan",
        generator={"size": 32, "latent_dim": 100, "width": 32},
        discriminator={"size": 32, "width": 32},
        objective="non_saturating",
        steps=3000,
        settings={"lr": 2e-4, "betas": (0.5, 0.999), "ema": None},
        licence=_CC_BY,
    ),
    "faces32_quick": _relativistic(
        "32 px faces in minutes", "faces", 32, width=24, steps=1600, n=10_000, licence=_CC_BY, schedule="cosine"
    ),
    "faces32_live": Recipe(
        title="32 px faces while a class waits",
        data="faces",
        size=32,
        family="subpixel",
        generator={"size": 32, "latent_dim": 64, "width": 32},
        discriminator={"size": 32, "width": 12},
        objective="relativistic",
        r1_gamma=2.0,
        steps=4000,
        settings={"lr": 1.5e-3, "betas": (0.0, 0.99), "ema": 0.995, "schedule": "cosine"},
        batch_size=32,
        licence=_CC_BY,
    ),
    "faces32": _relativistic(
        "32 px faces, trained longer",
        "faces",
        32,
        width=24,
        steps=12_000,
        n=20_000,
        licence=_CC_BY,
        r1_gamma=2.0,
        schedule="flat_linear",
        lr=7e-4,
        ema=0.999,
    ),
    "faces64": _relativistic(
        "64 px faces",
        "faces",
        64,
        width=16,
        steps=9_000,
        n=20_000,
        licence=_CC_BY,
        r1_gamma=4.0,  # R1 sums over the pixels, of which there are four times as many
        lr=5e-4,
        schedule="flat_linear",
        ema=0.999,
    ),
}

FAMILIES: dict[str, str] = {  # name of the recipe to the module of this package that trains it
    "biggan_faces32": "class_conditional",
    "faces32_conditional": "conditional",
    "faces32_text": "text_faces",
    "faces64_text": "text_faces",
    "lines_to_face64": "pix2pix",
    "inpaint_faces64": "repair",
    "upscale_faces64_mse": "repair",
    "upscale_faces64": "repair",
    "stylegan2_anime32": "style",
    "stylegan2_faces32": "style",
    "stylegan2_faces64": "style",
    "r3gan_anime32": "r3gan",
    "day_to_night64": "unpaired",
    "glasses32": "unpaired",
    "progan64": "progressive",
    "vae_faces32": "encoders",
    "bigan_faces32": "encoders",
    "clips16": "volumes",
    "furniture16": "volumes",
    "digits32_but_2": "unseen_digit",
}


WITHOUT_CHECKPOINT = ("vae_faces32",)  # a likelihood's loop keeps none


def names() -> list[str]:
    """The names of all recipes."""
    return [*RECIPES, *FAMILIES]


def recipe(name: str) -> Recipe:
    """The plain recipe of that name."""
    return RECIPES[check.one_of("recipe", name, RECIPES)]


def build(name: str, seed: int = 0) -> GAN:
    """The game of a recipe with freshly initialised networks on the scale's device."""
    chosen = recipe(name)
    family = importlib.import_module(f"gancourse.models.{chosen.family}")
    with networks.seeded(seed):
        generator, discriminator = family.Generator(**chosen.generator), family.Discriminator(**chosen.discriminator)
    penalty = penalties.r1(chosen.r1_gamma, every=chosen.r1_every) if chosen.r1_gamma is not None else None
    device = scale.device()
    return GAN(generator.to(device), discriminator.to(device), chosen.objective, penalty=penalty)


@dataclass(frozen=True)
class Weights:
    """A training whose product ships: players, data and settings, and what the card says of them.

    network     the arguments that build the generator again, for the card
    arguments   what the card prints of the training, settings included
    measure     the run -> the card's metric
    follow      (every, hook) with the attribute ``points``: the card's curve
    trained_by  ``fit``, or another loop with its interface
    stored_as   the class to build from the card where the generator is held by another
    """

    title: str
    game: Any
    batches: Any
    steps: int
    settings: Mapping[str, Any]
    network: Mapping[str, Any]
    data: Mapping[str, Any]
    arguments: Mapping[str, Any]
    measure: Callable[[Any], dict[str, Any]]
    licence: Mapping[str, str]
    follow: tuple[int, Any] | None = None
    note: str = ""
    classes: Sequence[str] = ()
    trained_by: Callable[..., Any] = fit
    stored_as: type | None = None

    def card(self, run: Any, name: str, seed: int) -> Card:
        """What is to be known about the network that the run made."""
        optional = {
            "curve": self.follow[1].points if self.follow else None,
            "note": self.note,
            "classes": list(self.classes),
        }
        card = fill_card(
            run.generator,
            dict(self.network),
            title=self.title,
            data=dict(self.data),
            training={"recipe": name, "arguments": dict(self.arguments)},
            steps=run.step,
            seconds=round(run.seconds),
            seed=seed,
            metric=self.measure(run),
            licence=dict(self.licence),
            **{key: value for key, value in optional.items() if value},
        )
        if self.stored_as is not None:
            card["network"]["class"] = f"{self.stored_as.__module__}.{self.stored_as.__qualname__}"
        return card


class Interrupted(KeyboardInterrupt):
    """Ctrl-C before the last step; ``run`` is what was trained until then, and stands in the checkpoint if one was asked for."""

    def __init__(self, run: Any) -> None:
        super().__init__(f"stopped after step {run.step:,}")
        self.run = run


def train(
    name: str,
    steps: int | None = None,
    seed: int = 0,
    checkpoint: str | Path | None = None,
    progress: bool = True,
    hooks: Sequence[tuple[int, Callable[[Any], Any]]] = (),
    precision: str = "auto",
    compile: bool = False,
) -> tuple[Any, Card]:
    """Run a recipe and measure what came of it; returns the run and the card of its generator.

    ``precision``, where it is not "auto", and ``compile`` are those of :func:`gancourse.training.fit`.
    The card's curve of a run that went on from a checkpoint has the points since then.  What Ctrl-C cuts short is no result: it
    raises :class:`Interrupted`, and the same call with the same checkpoint goes on.  Where torchrun has started several
    processes, each calls this: process 0 draws the data before the others, and measures for all.
    """
    check.one_of("recipe", name, names())
    if checkpoint is not None and name in WITHOUT_CHECKPOINT:
        raise ValueError(f"{name} trains in minutes and keeps no checkpoint: leave checkpoint out")
    how = {**({} if precision == "auto" else {"precision": precision}), **({"compile": True} if compile else {})}
    if how and name in WITHOUT_CHECKPOINT:
        raise ValueError(f"{name} is fitted by another loop, which knows float32 alone: leave {' and '.join(how)} out")
    world = distributed.join(scale.device())
    if world.size > 1 and name in WITHOUT_CHECKPOINT:
        raise ValueError(f"{name} trains in one process: start it without torchrun")
    chosen = world.after_first(lambda: describe(name, steps, seed, progress and world.leads))
    hooks = [*hooks, chosen.follow] if chosen.follow else hooks
    kept = {} if name in WITHOUT_CHECKPOINT else {"checkpoint": checkpoint}
    try:
        with networks.seeded(seed):  # dropout and noise draw from the global generator
            run = chosen.trained_by(
                chosen.game,
                chosen.batches,
                chosen.steps,
                seed=seed,
                hooks=hooks,
                progress=progress,
                **kept,
                **{**chosen.settings, **how},
            )
    except CheckpointNotWritten as error:
        if error.run.stopped != "finished":
            raise
        run = error.run  # it needs no checkpoint any more
    if getattr(run, "stopped", "") == "interrupted":  # a likelihood's loop stops at once, and returns nothing
        raise Interrupted(run)
    return run, world.first(lambda: chosen.card(run, name, seed))


def describe(name: str, steps: int | None = None, seed: int = 0, progress: bool = True) -> Weights:
    """The recipe of that name with its data drawn and its players made."""
    if name in FAMILIES:
        family = importlib.import_module(f"gancourse.experiments.{FAMILIES[name]}")
        return family.describe(name, steps, seed, progress)
    from gancourse import data

    chosen = recipe(name)
    images = data.load(chosen.data, size=chosen.size, n=chosen.n)
    return Weights(
        title=chosen.title,
        game=build(name, seed),
        batches=data.Batches(images, chosen.batch_size, seed=seed, device=scale.device()),
        steps=chosen.steps if steps is None else steps,
        settings=chosen.settings,
        network=chosen.generator,
        data={"name": chosen.data, "arguments": {"size": chosen.size, "n": chosen.n, "seed": 0}},
        arguments={
            "objective": chosen.objective,
            "r1_gamma": chosen.r1_gamma,
            "r1_every": chosen.r1_every,
            "batch_size": chosen.batch_size,
            **listed(chosen.settings),
        },
        measure=lambda run: measure(run, images),
        licence=chosen.licence,
    )


def listed(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with lists in place of tuples, as a card has them when it comes back from its file."""
    return {key: list(value) if isinstance(value, tuple) else value for key, value in settings.items()}


class Points:
    """A hook that keeps what ``point`` says of the run, where it says anything, as ``points``."""

    def __init__(self, point: Callable[[Any], list[float] | None]) -> None:
        self.point = point
        self.points: list[list[float]] = []

    def __call__(self, run: Any) -> None:
        if found := self.point(run):
            self.points.append(found)


class Curve:
    """A hook that measures the Frechet distance of n samples on the way: ``points`` of [images seen, distance].

    The first ``references`` images of the training set (default: n) are judged once, in the attribute classifier's features.
    Samples smaller than they are, of a network that still grows, are enlarged by repeating pixels.  Steps before ``start`` are
    left out.
    """

    def __init__(
        self, images: ImageSet, n: int, batch_size: int, *, seed: int = 1, references: int | None = None, start: int = 0
    ) -> None:
        from gancourse import metrics

        self.n, self.batch_size, self.seed, self.size, self.start = n, batch_size, seed, images.size, start
        self.judge = metrics.attribute_classifier(images.name, images.size)
        self.real = self.judge.features(images.images[: n if references is None else references])
        self.points: list[list[float]] = []

    def __call__(self, run: Run) -> None:
        if run.step < self.start:
            return
        from gancourse import metrics

        fake = run.sample(self.n, seed=self.seed).clamp(-1, 1).cpu()
        if fake.shape[-1] != self.size:
            fake = F.interpolate(fake, size=self.size, mode="nearest")
        distance = metrics.frechet_distance(self.judge.features(fake), self.real)
        self.points.append([run.step * self.batch_size, round(float(distance), 2)])


def measure(run: Run, images: ImageSet, n: int = 5000) -> dict[str, Any]:
    """The Frechet distance of n samples to n training images in the attribute classifier's features, and its floor.

    The floor is the distance between two halves of 2n training images: what a perfect generator would get.  Smaller sets are used
    whole.
    """
    from gancourse import metrics

    n = min(n, len(images) // 2)
    judge = metrics.attribute_classifier(images.name, images.size)
    return frechet_metric(judge, run.sample(n, seed=1).clamp(-1, 1).cpu(), images.images[: 2 * n])


def frechet_metric(
    judge: AttributeClassifier, samples: Tensor, references: Tensor, against: str = "training images", also: str = ""
) -> dict[str, Any]:
    """A card's metric: the Frechet distance of n samples to the first n of 2n references, in the judge's features.

    The floor is the distance between the two halves of the references; ``against`` names these, ``also`` ends the protocol.
    """
    from gancourse import metrics

    n, real = len(samples), judge.features(references)
    return {
        "name": "Frechet distance",
        "value": round(metrics.frechet_distance(judge.features(samples), real[:n]), 2),
        "floor": round(metrics.real_against_real(real), 2),
        "protocol": f"{n} samples against {n} {against}, 64 features of {judge.extractor_id.split()[0]}, float64{also}",
    }
