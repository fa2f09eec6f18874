"""Patches of photographs that pip packages ship: real texture, for super-resolution and inpainting, offline.

Three photographs make a few thousand patches, enough to learn how to sharpen or fill, not what photographs are of.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from gancourse.base import check
from gancourse.data._request import SPLITS, request
from gancourse.data.images import ImageSet
from gancourse.data.pictures import open_picture

DEFAULT_N = {"train": 4_000, "test": 500}
_INSTALLED_AS = {"sklearn": "scikit-learn"}  # packages that pip knows by another name than import


@dataclass(frozen=True)
class Photo:
    """A photograph: what it shows, its licence and author, and the package and path it is read from.

    ``train`` and ``test`` say which columns of it are for which split, as parts of its width.
    """

    title: str
    licence: str
    author: str
    package: str
    path: str
    train: tuple[float, float]
    test: tuple[float, float]


PHOTOS = (
    Photo(
        "a Chinese temple", "CC BY 2.0", "danielbuechele (Flickr)", "sklearn", "datasets/images/china.jpg", (0, 0.75), (0.75, 1)
    ),
    Photo("a flower", "CC BY 2.0", "vultilion (Flickr)", "sklearn", "datasets/images/flower.jpg", (0, 0.52), (0.52, 0.75)),
    Photo(
        "Grace Hopper",
        "public domain",
        "James S. Davis, US Navy",
        "matplotlib",
        "mpl-data/sample_data/grace_hopper.jpg",
        (0.3, 1),
        (0, 0.3),
    ),
)


def photo(index: int) -> np.ndarray:
    """One of PHOTOS: uint8 [H, W, 3]."""
    from importlib.util import find_spec

    known = PHOTOS[check.whole("index", index, 0, len(PHOTOS) - 1)]
    found = find_spec(known.package)
    if found is None or found.origin is None:
        name = _INSTALLED_AS.get(known.package, known.package)
        raise ModuleNotFoundError(f"the photograph {known.title!r} comes with {name}: run `pip install {name}`")
    return np.asarray(open_picture(Path(found.origin).parent / known.path))


def photo_patches(size: int = 64, n: int | None = None, split: str = "train", seed: int = 0, *, texture: float = 4.0) -> ImageSet:
    """Squares cut at random from three photographs: uint8 [N, 3, size, size]; ``labels`` says from which.

    The splits are cut from different columns of each photograph, so no pixel is in both.  Half of the training patches are
    mirrored.  Patches whose neighbouring grey values differ by less than ``texture`` in the mean (sky, blurred background) are
    left out.  n defaults to 4,000 (train) or 500 (test); each photograph gives the same number, within one.
    """
    size, n, seed = request(size, n, split, seed, DEFAULT_N, largest=128)
    texture = check.at_least("texture", texture)
    rng = np.random.default_rng([seed, SPLITS[split]])
    pictures = [_part(i, split) for i in range(len(PHOTOS))]
    labels = rng.permutation(np.arange(n) % len(PHOTOS))
    images = np.empty((n, 3, size, size), np.uint8)
    for i, label in enumerate(labels):
        images[i] = _patch(pictures[label], size, texture, rng, mirror=split == "train")
    return ImageSet(
        images=torch.from_numpy(images),
        labels=torch.from_numpy(labels.astype(np.int64)),
        name="photo_patches",
        licence="CC BY 2.0 and public domain",
        author="; ".join(f"{known.title}: {known.author}" for known in PHOTOS),
    )


def _part(index: int, split: str) -> np.ndarray:
    picture = photo(index)
    start, end = (round(edge * picture.shape[1]) for edge in getattr(PHOTOS[index], split))
    return picture[:, start:end]


def _patch(picture: np.ndarray, size: int, texture: float, rng: np.random.Generator, mirror: bool) -> np.ndarray:
    for _ in range(1000):
        top, left = (int(rng.integers(extent - size + 1)) for extent in picture.shape[:2])
        patch = picture[top : top + size, left : left + size]
        level = patch.mean(2)
        if (np.abs(np.diff(level, axis=0)).mean() + np.abs(np.diff(level, axis=1)).mean()) / 2 >= texture:
            patch = patch[:, ::-1] if mirror and rng.random() < 0.5 else patch
            return patch.transpose(2, 0, 1)
    raise ValueError(f"no patch of {size} px has a texture of {texture}: ask for less")
