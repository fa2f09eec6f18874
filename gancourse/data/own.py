"""Your own pictures: a folder of them is a data set.

    cats = folder("cats", size=64)                         # cats/**/*.jpg, .png, ...: an ImageSet without labels
    pets = folder("pets", size=64, labels="folders")       # pets/cat/1.jpg, pets/dog/2.jpg: labels 0, 1
    pets = folder("pets", size=64, labels="pets.csv")      # rows of a file name and a label

The pictures are read once, and kept in the cache as bytes that are mapped into memory, so a folder may hold more than the memory
of the machine; :class:`gancourse.data.Batches` reads from it no more than each batch.  A change of a picture, a name or a setting
is noticed, and then they are read anew.
"""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from torch import Tensor

from gancourse.base import check
from gancourse.base.kinds import what_is
from gancourse.base.progress import Progress
from gancourse.data import _labels
from gancourse.data._files import pictures_in, several, unusable
from gancourse.data._mapped import mapped
from gancourse.data._request import pixels
from gancourse.data.images import ImageSet
from gancourse.data.pictures import FITS, Unreadable, colour, fitted, open_picture

LARGEST = 1024  # pixels on each side
KIND = "kind"  # the attribute that holds the names of the labels
_TWELVE_BITS = 4095
_CHUNK = 256  # pictures that are decoded before they are written
_RECIPE = 2  # to be raised when the same files would be read as other pixels


def folder(
    path: str | Path,
    size: int = 64,
    *,
    labels: str | Path | None = None,
    column: str | None = None,
    fit: str = "crop",
    background: str = "white",
    skip: bool = False,
    progress: bool = True,
) -> ImageSet:
    """The pictures in ``path`` and its subfolders as uint8 [N, 3, size, size], in the order of their paths.

    size        pixels on each side, 4 to 1024
    labels      None; "folders": the name of the subfolder that a picture lies in; or the path of a CSV file with a row
                (file name, label) for each picture, in the folder itself or elsewhere.  ``labels`` of the set are numbers in the
                order of the names, which stand in ``attribute_names["kind"]``
    column      the column of the CSV file that holds the labels, where it has several
    fit         "crop": the middle square; "pad": the whole picture, with bars of the background; "stretch": the whole, out of
                proportion
    background  a colour such as "white" or "#808080", on which transparent pictures are laid
    skip        leave out pictures that cannot be read, with a warning, instead of stopping
    progress    show how far the reading is

    Pictures are found by their ending in any case; a warning counts the files that are passed over (other endings, hidden files),
    and pictures that are smaller than ``size`` and were enlarged; another says where 16 bits hold 12 or fewer.  How one is read
    (turned upright, 16 bits brought to 8, any colours to red, green and blue) says :func:`gancourse.data.pictures.as_rgb`.

    Raises FileNotFoundError where there is no such folder or no picture in it; ValueError that names the pictures that cannot be
    read, or have no label; OSError where the cache has no room for them.
    """
    place, size = _place(path), pixels(size, LARGEST, 4)
    check.one_of("fit", fit, FITS)
    background, skip = colour(background), check.flag("skip", skip)
    table = None if labels is None else _table(labels, place, column)
    files = pictures_in(place, "pictures", table)
    names = [file.relative_to(place).as_posix() for file in files]

    if labels is None and column is not None:
        raise ValueError(f"column={column!r} is of a CSV file: pass its path as labels=")
    classes = None  # what is wrong with them is said before an hour of reading
    if labels is not None:
        classes = _labels.by_folder(names) if table is None else _labels.by_table(names, table, column, place.resolve().name)
    images, notes = mapped(
        f"folder_{size}",
        _recipe(files, names, size, fit, background),
        len(files),
        (size, size, 3),
        lambda stream: _write(stream, place, files, size, fit, background, progress),
    )
    unusable(notes["unusable"], len(files), place, skip, len(images))
    if notes["smaller"]:
        warnings.warn(f"{place}: {several(notes['smaller'], 'picture')} smaller than {size} px, enlarged", stacklevel=2)
    if 0 < (largest := notes["deepest"]) <= _TWELVE_BITS:
        warnings.warn(
            f"{place}: the grey pictures of 16 bits hold no value above {largest:,} of 65,535: they are nearly black; if their "
            f"source gives fewer bits, multiply them by {65536 >> largest.bit_length()}",
            stacklevel=2,
        )
    if classes is not None and notes["unusable"]:
        classes = [classes[i] for i in notes["kept"]]
    return _image_set(images, place, classes)


def first_of(path: str | Path, size: int, n: int, *, skip: bool = False) -> Tensor:
    """The first n pictures of :func:`folder`, or all where there are fewer, uint8 [M, 3, size, size]; the others are not read.

    Raises as :func:`folder` does.
    """
    place, size, n = _place(path), pixels(size, LARGEST, 4), check.whole("n", n)
    found: list[Tensor] = []
    reasons: list[str] = []
    for file in pictures_in(place, "pictures"):
        try:
            picture = fitted(open_picture(file), size)
            found.append(torch.from_numpy(np.array(picture)).permute(2, 0, 1))
        except Unreadable as error:
            reasons.append(f"{file.relative_to(place).as_posix()} ({error})")
        if len(found) == n:
            break
    unusable(reasons, len(found) + len(reasons), place, skip, len(found))
    return torch.stack(found)


def _place(path: str | Path) -> Path:
    place = check.path("path", path)
    if str(path) == "":
        raise ValueError("path is empty: pass the path of a folder of pictures, '.' for the one you are in")
    if place.is_file():
        raise NotADirectoryError(f"{place} is {what_is(place)}, not a folder: pass the folder that holds the pictures")
    if not place.is_dir():
        raise FileNotFoundError(f"there is no folder {place.resolve()}: pass the path of a folder of pictures")
    return place


def _recipe(files: list[Path], names: list[str], size: int, fit: str, background: str) -> dict[str, Any]:
    """Everything that the pixels depend on: names, sizes and times of the files, and the settings."""
    facts = [file.stat() for file in files]
    listed = [[name, fact.st_size, fact.st_mtime_ns] for name, fact in zip(names, facts, strict=True)]
    return {"recipe": _RECIPE, "files": listed, "size": size, "fit": fit, "background": background}


def _write(
    stream: BinaryIO, place: Path, files: list[Path], size: int, fit: str, background: str, progress: bool
) -> dict[str, Any]:
    """Write all pictures that can be read, some at a time; the notes say which, and why not the others."""
    kept: list[int] = []
    reasons: list[str] = []
    smaller = deepest = 0

    def read(file: Path) -> tuple[bytes, bool, int] | str:
        try:
            picture = open_picture(file, background)
        except Unreadable as error:
            return f"{file.relative_to(place).as_posix()} ({error})"
        return fitted(picture, size, fit, background).tobytes(), min(picture.size) < size, picture.info.get("deepest", 0)

    bar = Progress(len(files), unit="picture", enabled=progress)
    with ThreadPoolExecutor() as pool:
        for start in range(0, len(files), _CHUNK):
            for i, found in enumerate(pool.map(read, files[start : start + _CHUNK]), start):
                if isinstance(found, str):
                    reasons.append(found)
                else:
                    stream.write(found[0])
                    kept.append(i)
                    smaller += found[1]
                    deepest = max(deepest, found[2])
            bar.update(min(start + _CHUNK, len(files)))
    bar.close()
    return {"unusable": reasons, "kept": kept if reasons else [], "smaller": smaller, "deepest": deepest}


def _table(labels: str | Path, place: Path, column: str | None) -> Path | None:
    """The CSV file that ``labels`` means, or None for those of folders."""
    if labels == "folders":
        if column is not None:
            raise ValueError(f"column={column!r} is of a CSV file, and the labels are those of folders: leave it out")
        return None
    table = check.path("labels", labels)
    inside = place / table
    found = inside if inside.is_file() else table
    if not found.is_file():
        raise FileNotFoundError(f"labels must be None, 'folders' or a CSV file, and there is neither {table} nor {inside}")
    return found


def _image_set(images: Tensor, place: Path, classes: list[str] | None) -> ImageSet:
    name = place.resolve().name or "pictures"
    if classes is None:
        return ImageSet(images, name=name)
    kinds = tuple(sorted(set(classes), key=_natural))
    number = {kind: i for i, kind in enumerate(kinds)}
    targets = torch.tensor([number[kind] for kind in classes], dtype=torch.int64)
    return ImageSet(images, targets, targets[:, None].clone(), {KIND: kinds}, name=name)


def _natural(name: str) -> tuple[int, int, str]:
    """Numbers in their order, before words."""
    return (0, int(name), name) if name.isdecimal() else (1, 0, name)
