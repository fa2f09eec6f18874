"""The pictures of a folder as each family takes them: a set, pairs, or two sets; batches of them, and some to show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gancourse import data, scale
from gancourse.data.folders import the_folder
from gancourse.data.images import ImageSet, to_float
from gancourse.data.own import KIND
from gancourse.experiments.own.plans import LABELLED, TRANSLATORS
from gancourse.training.description import tensor_text

HELD = ("val", "test")  # subfolders whose pairs a translator is judged by, the first that is there
LOOKED_AT = 2_000  # pictures that the distance is measured against
SHOWN = 64  # inputs that a translator shows


@dataclass(frozen=True)
class Asked:
    """What the pictures are asked for; the fields are those of :func:`gancourse.data.folder`."""

    family: str
    images: str
    _: KW_ONLY
    size: int = 64
    labels: str | None = None
    column: str | None = None
    fit: str = "crop"
    background: str = "white"
    skip: bool = False
    flip: bool = False
    direction: str = "AtoB"


@dataclass(frozen=True)
class Source:
    """What a training needs of its pictures.

    count       how many there are; of two sets the smaller
    classes     the names of the labels
    checksum    of all pictures, to notice that they changed
    batches     (batch size, seed) -> an endless stream
    real        uint8 [N, 3, size, size], at most ``LOOKED_AT`` of what is to be imitated
    examples    inputs of a translator, floats [N, 3, size, size]; None for other families
    targets     what these should become, where it is known
    where       in words, which examples these are
    """

    name: str
    count: int
    classes: tuple[str, ...]
    checksum: str
    batches: Callable[[int, int], Any]
    real: Tensor
    examples: Tensor | None = None
    targets: Tensor | None = None
    where: str = ""


def source(asked: Asked, progress: bool = True) -> Source:
    """Read the pictures of a family.

    Raises ValueError where a family needs labels and none are asked for, or has no use for what is asked; what
    :func:`gancourse.data.folder`, ``paired_folder`` and ``unpaired_folder`` raise.
    """
    if asked.family in TRANSLATORS:
        _refuse(asked, fit="crop", labels=None, column=None, background="white")
        return (_pairs if asked.family == "pix2pix" else _two_sets)(asked, progress)
    _refuse(asked, direction="AtoB")
    if asked.family in LABELLED and asked.labels is None:
        raise ValueError(
            f"{asked.family} draws what a label asks for, so it needs labels: add --labels folders if each class has a subfolder "
            f"({_subfolders(asked.images)}), or --labels FILE.csv with rows of a file name and a label"
        )
    if asked.family not in LABELLED:
        _refuse(asked, labels=None, column=None)
    return _one_set(asked, progress)


def _refuse(asked: Asked, **unused: Any) -> None:
    for name, default in unused.items():
        if getattr(asked, name) != default:
            raise ValueError(f"{asked.family} does not use --{name}: leave it out")


def _subfolders(images: str) -> str:
    place = Path(images).expanduser()
    found = sorted(path.name for path in place.iterdir() if path.is_dir()) if place.is_dir() else []
    return f"subfolders: {', '.join(found[:5])}" if found else "there are no subfolders"


def _one_set(asked: Asked, progress: bool) -> Source:
    found = data.folder(
        asked.images,
        asked.size,
        labels=asked.labels,
        column=asked.column,
        fit=asked.fit,
        background=asked.background,
        skip=asked.skip,
        progress=progress,
    )
    labels = asked.family in LABELLED
    classes = tuple(found.attribute_names.get(KIND, ()))
    if labels and len(classes) < 2:
        raise ValueError(f"{asked.family} needs two classes or more, and all pictures of {asked.images} are {classes[0]!r}")

    def batches(batch_size: int, seed: int) -> data.Batches:
        return data.Batches(found, batch_size, seed=seed, flip=asked.flip, labels=labels, device=scale.device())

    checksum = tensor_text(found.images.permute(0, 2, 3, 1)) + (tensor_text(found.labels) if found.labels is not None else "")
    return Source(found.name, len(found), classes, checksum, batches, spread(found))


def _pairs(asked: Asked, progress: bool) -> Source:
    options: dict[str, Any] = {"direction": asked.direction, "skip": asked.skip, "progress": progress}
    place = the_folder(asked.images)  # once, for the pairs to learn from and those to be judged by
    pairs = data.paired_folder(place, asked.size, **options)
    held = next((split for split in HELD if (place / split).is_dir()), None)
    shown = pairs if held is None else data.paired_folder(place, asked.size, SHOWN, held, **options)
    shown = shown[:SHOWN]

    def batches(batch_size: int, seed: int) -> data.PairBatches:
        return data.PairBatches(pairs, batch_size, seed=seed, flip=asked.flip, device=scale.device())

    where = "the training pairs" if held is None else f"unseen pairs, {held}"
    checksum = tensor_text(pairs.a) + tensor_text(pairs.b)
    examples, targets = shown.inputs(), shown.targets()
    return Source(pairs.name, len(pairs), (), checksum, batches, pairs.b[:LOOKED_AT], examples, targets, where)


def _two_sets(asked: Asked, progress: bool) -> Source:
    _refuse(asked, direction="AtoB")
    a, b = data.unpaired_folder(asked.images, asked.size, skip=asked.skip, progress=progress)

    def batches(batch_size: int, seed: int) -> data.UnpairedBatches:
        return data.UnpairedBatches(a, b, batch_size, seed=seed, flip=asked.flip, device=scale.device())

    checksum = tensor_text(a.images) + tensor_text(b.images)
    name = a.name.partition(",")[0]
    return Source(name, min(len(a), len(b)), (), checksum, batches, spread(b), to_float(spread(a, SHOWN)), None, "pictures of A")


def spread(images: ImageSet, n: int = LOOKED_AT) -> Tensor:
    """At most n pictures of a set, evenly spaced over it, in memory: uint8 [M, 3, size, size]."""
    if len(images) <= n:
        return images.images.clone()
    index = torch.linspace(0, len(images) - 1, n, dtype=torch.float64).round().long()
    return images.images[index]
