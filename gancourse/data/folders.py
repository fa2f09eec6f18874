"""Sets in the formats that the authors of pix2pix and CycleGAN publish, read from a folder.

    facades = paired_folder("facades")              # train/*.jpg, each picture A and B side by side
    horses, zebras = unpaired_folder("horse2zebra")  # trainA/*.jpg and trainB/*.jpg

A name without a slash is looked for in ``data_dir()/real``; a path is taken as it is.  Nothing is downloaded.  Pictures of the
usual kinds are found by their ending in any case, in subfolders, too; a warning counts the other files, which are passed over,
as hidden ones are.  A picture that cannot be used stops the reading with a message that names and counts all such; ``skip=True``
leaves them out with a warning.  How a picture is read says :func:`gancourse.data.pictures.as_rgb`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gancourse.base import check
from gancourse.base.files import data_dir
from gancourse.data._files import pictures_in, unusable
from gancourse.data._request import pixels
from gancourse.data.images import ImageSet
from gancourse.data.pairs import PairSet
from gancourse.data.pictures import Unreadable, open_picture, square

Unusable = Unreadable  # also a picture that is not two halves, or of another size than the first
DIRECTIONS = ("AtoB", "BtoA")


def paired_folder(
    folder: str | Path,
    size: int | None = None,
    n: int | None = None,
    split: str = "train",
    *,
    direction: str = "AtoB",
    skip: bool = False,
) -> PairSet:
    """Pairs from ``folder/split``: pictures twice as wide as high, A in the left half, B in the right (facades, edges2shoes...).

    size       pixels on each side; None keeps the height of the first picture, and then all must have it
    n          the first n in the order of their names; None for all
    split      the name of a subfolder: train, test, val
    direction  "AtoB": a is the left half; "BtoA" (facades, whose right half is the label map): a is the right half

    Raises FileNotFoundError if the folder or its pictures are missing; ValueError naming the files that cannot be read, are not
    two halves side by side, or differ in size.
    """
    check.one_of("direction", direction, DIRECTIONS)
    path = _folder(folder)
    files = _first(pictures_in(check.path("split", path / check.text("split", split)), "pictures with A and B side by side"), n)

    def halves(picture: Any) -> list[Any]:
        width, height = picture.size
        if width != 2 * height:
            half = ", one half alone" if width == height else ""
            raise Unusable(f"{width} x {height}{half}, where A and B side by side are {2 * height} x {height}")
        return [picture.crop((0, 0, height, height)), picture.crop((height, 0, width, height))]

    left, right = _read(files, size, halves, skip)
    a, b = (left, right) if direction == "AtoB" else (right, left)
    return PairSet(torch.from_numpy(a), torch.from_numpy(b), name=path.name)


def unpaired_folder(
    folder: str | Path, size: int | None = 256, n: int | None = None, split: str = "train", *, skip: bool = False
) -> tuple[ImageSet, ImageSet]:
    """The sets A and B from ``folder/trainA`` and ``folder/trainB`` (horse2zebra, apple2orange...); their lengths may differ.

    size   pixels on each side, to which the middle square is brought; None keeps the size of the first picture
    n      the first n of each in the order of their names; None for all
    split  "train" or "test"

    Raises as :func:`paired_folder` does; a folder with pictures on one side alone is an error that names the missing side.
    """
    path, split = _folder(folder), check.text("split", split)
    sides = []
    for letter in "AB":
        files = _first(pictures_in(check.path("split", path / f"{split}{letter}"), f"the pictures of set {letter}"), n)
        (images,) = _read(files, size, lambda picture: [square(picture)], skip)
        sides.append(ImageSet(torch.from_numpy(images), name=f"{path.name}, {split}{letter}"))
    return sides[0], sides[1]


def _folder(folder: str | Path) -> Path:
    """The folder itself, or one of that name in data_dir()/real."""
    path = check.path("folder", folder)
    if len(path.parts) == 1 and not path.is_dir():
        path = data_dir() / "real" / path
    if not path.is_dir():
        raise FileNotFoundError(
            f"there is no folder {path.resolve()}: unpack the authors' archive there, or pass the path of the folder it made"
        )
    return path


def _first(files: list[Path], n: int | None) -> list[Path]:
    return files[: None if n is None else check.whole("n", n)]


def _read(files: Sequence[Path], size: int | None, parts: Callable[[Any], list[Any]], skip: bool) -> list[np.ndarray]:
    """The parts of all pictures: one uint8 array [N, 3, size, size] for each part."""
    from PIL import Image

    rows: list[list[np.ndarray]] = []
    reasons: list[str] = []
    side = size = None if size is None else pixels(size, 4096, 1)
    for file in files:
        try:
            pieces = parts(open_picture(file))
            side = side or pieces[0].size[0]
            if size is None and pieces[0].size[0] != side:
                raise Unusable(f"{pieces[0].size[0]} px where the first has {side}; pass size=... to bring all to one size")
            wanted = (side, side)
            pieces = [piece if piece.size == wanted else piece.resize(wanted, Image.Resampling.BICUBIC) for piece in pieces]
            rows.append([np.asarray(piece).transpose(2, 0, 1) for piece in pieces])
        except Unusable as error:
            reasons.append(f"{file.name} ({error})")
    unusable(reasons, len(files), files[0].parent, skip, len(rows))
    return [np.stack([row[i] for row in rows]) for i in range(len(rows[0]))]
