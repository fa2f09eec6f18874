"""Sets in the formats that the authors of pix2pix and CycleGAN publish, read from a folder.

    facades = paired_folder("facades")              # train/*.jpg, each picture A and B side by side
    horses, zebras = unpaired_folder("horse2zebra")  # trainA/*.jpg and trainB/*.jpg

A name without a slash is looked for in ``data_dir()/real``; a path is taken as it is.  Nothing is downloaded.  Pictures of the
usual kinds are found by their ending in any case, in subfolders, too; a warning counts the other files, which are passed over,
as hidden ones are.  A picture that cannot be used stops the reading with a message that names and counts all such; ``skip=True``
leaves them out with a warning.  How a picture is read says :func:`gancourse.data.pictures.as_rgb`; what was read is kept in
the cache and mapped into memory, as of :func:`gancourse.data.folder`, so a set may hold more than the memory of the machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gancourse.base import check
from gancourse.base.files import data_dir
from gancourse.data import _reading
from gancourse.data._files import pictures_in
from gancourse.data._reading import HALVES, Manner
from gancourse.data._request import pixels
from gancourse.data.images import ImageSet
from gancourse.data.pairs import PairSet

LARGEST = 4096  # pixels on each side


def paired_folder(
    folder: str | Path,
    size: int | None = None,
    n: int | None = None,
    split: str = "train",
    *,
    direction: str = "AtoB",
    skip: bool = False,
    progress: bool = True,
) -> PairSet:
    """Pairs from ``folder/split``: pictures twice as wide as high, A in the left half, B in the right (facades, edges2shoes...).

    size       pixels on each side; None keeps the height of the first picture, and then all must have it
    n          the first n in the order of their names; None for all
    split      the name of a subfolder: train, test, val
    direction  "AtoB": a is the left half; "BtoA" (facades, whose right half is the label map): a is the right half
    progress   show how far the reading is

    Raises FileNotFoundError if the folder or its pictures are missing; ValueError naming the files that cannot be read, are not
    two halves side by side, or differ in size; OSError where the cache has no room for them, or cannot be written.
    """
    check.one_of("direction", direction, HALVES)
    path = the_folder(folder)
    place = check.path("split", path / check.text("split", split))
    n = None if n is None else check.whole("n", n)
    files = pictures_in(place, "pictures with A and B side by side")[:n]
    manner, skip = _manner(files, size, direction), check.flag("skip", skip)
    both, _ = _reading.pictures(files, place, manner, first=n, skip=skip, progress=progress)
    return PairSet(both[:, :3], both[:, 3:], name=path.name)


def unpaired_folder(
    folder: str | Path,
    size: int | None = 256,
    n: int | None = None,
    split: str = "train",
    *,
    skip: bool = False,
    progress: bool = True,
) -> tuple[ImageSet, ImageSet]:
    """The sets A and B from ``folder/trainA`` and ``folder/trainB`` (horse2zebra, apple2orange...); their lengths may differ.

    size      pixels on each side, to which the middle square is brought; None keeps the size of the first picture
    n         the first n of each in the order of their names; None for all
    split     "train" or "test"
    progress  show how far the reading is

    Raises as :func:`paired_folder` does; a folder with pictures on one side alone is an error that names the missing side.
    """
    path, split, skip = the_folder(folder), check.text("split", split), check.flag("skip", skip)
    n = None if n is None else check.whole("n", n)
    sides = []
    for letter in "AB":
        place = check.path("split", path / f"{split}{letter}")
        files = pictures_in(place, f"the pictures of set {letter}")[:n]
        images, _ = _reading.pictures(files, place, _manner(files, size), first=n, skip=skip, progress=progress)
        sides.append(ImageSet(images, name=f"{path.name}, {split}{letter}"))
    return sides[0], sides[1]


def the_folder(folder: str | Path) -> Path:
    """The folder that a path or a name means: itself, or the one of that name in ``data_dir()/real``.

    Raises FileNotFoundError where there is none.
    """
    path = check.path("folder", folder)
    if len(path.parts) == 1 and not path.is_dir():
        path = data_dir() / "real" / path
    if not path.is_dir():
        raise FileNotFoundError(
            f"there is no folder {path.resolve()}: unpack the authors' archive there, or pass the path of the folder it made"
        )
    return path


def _manner(files: Sequence[Path], size: int | None, halves: str | None = None) -> Manner:
    """How to read them: at the size asked for, or at the first picture's, which all must have."""
    if size is not None:
        return Manner(pixels(size, LARGEST, 1), halves=halves)
    return Manner(_reading.side_of_first(files, halves), halves=halves, alike=True)
