"""Data sets: toy distributions, digits, faces, and real sets with the same interface.

    faces = load("faces", size=32)         # an ImageSet: images, attributes, captions
    batches = Batches(faces, 64, seed=0)   # an endless stream of float batches in [-1, 1]
    pairs = load_pairs("lines")            # a PairSet: line drawings and the faces they are of
    cats = folder("cats", size=64)         # your own pictures

Everything but the real sets is made on this machine, without a network.  ``load(name)`` and the function of that name are the
same; ``source`` puts a real set in the place of an embedded one: ``load("digits", source="mnist")``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gancourse.base import check
from gancourse.data import corruptions, scenes, toys
from gancourse.data.avatars import anime, counterfactual, faces, pixel_faces
from gancourse.data.batches import Batches
from gancourse.data.clips import Clips, flying_balls, other_futures
from gancourse.data.folders import paired_folder, unpaired_folder
from gancourse.data.images import ImageSet, to_float, to_uint8
from gancourse.data.moving import Films, moving_digits
from gancourse.data.numerals import SOURCES, digits, font_digits, optical_digits, stacked_digits
from gancourse.data.own import folder
from gancourse.data.pairs import PairBatches, PairSet, UnpairedBatches, load_pairs
from gancourse.data.photos import photo_patches
from gancourse.data.real import celeba, cifar10, fashion_mnist, mnist
from gancourse.data.voxels import Shapes, furniture

# All heavy packages are imported inside the functions.

EMBEDDED: dict[str, Callable[..., ImageSet]] = {
    "faces": faces,
    "anime": anime,
    "pixel_faces": pixel_faces,
    "digits": digits,
    "optical_digits": optical_digits,
    "font_digits": font_digits,
    "stacked_digits": stacked_digits,
    "photo_patches": photo_patches,
}
REAL: dict[str, Callable[..., ImageSet]] = {
    "mnist": mnist,
    "fashion_mnist": fashion_mnist,
    "cifar10": cifar10,
    "celeba": celeba,
}


def load(
    name: str,
    size: int | None = None,
    n: int | None = None,
    split: str = "train",
    seed: int = 0,
    *,
    source: str | None = None,
    **options: Any,
) -> ImageSet:
    """The set called ``name``: one of EMBEDDED (made here, offline) or of REAL (downloaded by torchvision).

    size     pixels on each side; by default the set's own: ``load(name)`` is the function of that name
    n        how many images; each set has its own default
    split    "train" or "test"; they share no image
    seed     which images, and in which order
    source   a real set to take in the place of an embedded one, or None; for digits also as :func:`digits` has it
    options  further arguments of the set's own function
    """
    known = EMBEDDED | REAL
    check.one_of("data set", name, known)
    if source is not None:
        check.one_of("source", source, [*REAL, *(SOURCES if name == "digits" else ())])
        if source not in REAL:
            source, options["source"] = None, source
    if size is not None:
        options["size"] = size
    return known[source or name](n=n, split=split, seed=seed, **options)


__all__ = [
    "EMBEDDED",
    "REAL",
    "Batches",
    "Clips",
    "Films",
    "ImageSet",
    "PairBatches",
    "PairSet",
    "Shapes",
    "UnpairedBatches",
    "anime",
    "celeba",
    "cifar10",
    "corruptions",
    "counterfactual",
    "digits",
    "faces",
    "fashion_mnist",
    "flying_balls",
    "folder",
    "font_digits",
    "furniture",
    "load",
    "load_pairs",
    "mnist",
    "moving_digits",
    "optical_digits",
    "other_futures",
    "paired_folder",
    "photo_patches",
    "pixel_faces",
    "scenes",
    "stacked_digits",
    "to_float",
    "to_uint8",
    "toys",
    "unpaired_folder",
]
