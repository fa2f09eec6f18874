"""Your own pictures: a folder of them is a data set.

    cats = folder("cats", size=64)                         # cats/**/*.jpg, .png, ...: an ImageSet without labels
    pets = folder("pets", size=64, labels="folders")       # pets/cat/1.jpg, pets/dog/2.jpg: labels 0, 1
    pets = folder("pets", size=64, labels="pets.csv")      # rows of a file name and a label

The pictures are read once, and kept in the cache as bytes that are mapped into memory, so a folder may hold more than the memory
of the machine; :class:`gancourse.data.Batches` reads from it no more than each batch.  A change of a picture, a name or a setting
is noticed, and then they are read anew; so is a folder that was moved.  What was kept of a folder before its pictures changed is
removed from the cache.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from gancourse.base import check
from gancourse.base.files import composed
from gancourse.base.kinds import what_is
from gancourse.data import _labels, _reading
from gancourse.data._files import pictures_in, unusable
from gancourse.data._reading import Manner
from gancourse.data._request import pixels
from gancourse.data.images import ImageSet
from gancourse.data.pictures import FITS, Unreadable

LARGEST = 1024  # pixels on each side
KIND = "kind"  # the attribute that holds the names of the labels


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
    manner, skip = Manner(size, fit, background), check.flag("skip", skip)
    table = None if labels is None else _table(labels, place, column)
    files = pictures_in(place, "pictures", table)

    if labels is None and column is not None:
        raise ValueError(f"column={column!r} is of a CSV file: pass its path as labels=")
    classes = None  # what is wrong with them is said before an hour of reading
    if labels is not None:
        names = [file.relative_to(place).as_posix() for file in files]
        classes = _labels.by_folder(names) if table is None else _labels.by_table(names, table, column, place.resolve().name)
    images, kept = _reading.pictures(files, place, manner, skip=skip, progress=progress)
    if classes is not None:
        classes = [classes[i] for i in kept]
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
            pixels_read, _ = Manner(size).read(file)
            found.append(torch.frombuffer(bytearray(pixels_read), dtype=torch.uint8).reshape(size, size, 3).permute(2, 0, 1))
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
    # in the order of the names as they lie on the disk, lest a run that knows them by number go on with others
    kinds = tuple(dict.fromkeys(composed(kind) for kind in sorted(set(classes), key=_natural)))
    number = {kind: i for i, kind in enumerate(kinds)}
    targets = torch.tensor([number[composed(kind)] for kind in classes], dtype=torch.int64)
    return ImageSet(images, targets, targets[:, None].clone(), {KIND: kinds}, name=name)


def _natural(name: str) -> tuple[int, int, str]:
    """Numbers in their order, before words."""
    return (0, int(name), name) if name.isdecimal() else (1, 0, name)
