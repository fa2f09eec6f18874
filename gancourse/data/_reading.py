"""Pictures of many files as one set of bytes: read once, by several threads, kept in the cache and mapped into memory."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from torch import Tensor

from gancourse.base.progress import Progress
from gancourse.data._files import several, unusable
from gancourse.data._mapped import mapped
from gancourse.data.pictures import Unreadable, colour, fitted, open_picture

_TWELVE_BITS = 4095
_CHUNK = 256  # the most pictures that are decoded before they are written,
_AHEAD = 2**28  # and their bytes
_RECIPE = 3  # to be raised when the same files would be read as other pixels, or are told apart by something else
HALVES = {"AtoB": (0, 1), "BtoA": (1, 0)}  # which half of a picture comes first


@dataclass(frozen=True)
class Manner:
    """How pictures are read.

    size        pixels on each side
    fit         see :func:`gancourse.data.pictures.fitted`
    background  on which transparent pictures are laid
    halves      None: a picture is one; "AtoB" or "BtoA": it is two side by side, which become channels 0..2 and 3..5
    alike       pictures must have ``size`` already
    """

    size: int
    fit: str = "crop"
    background: str = "white"
    halves: str | None = None
    alike: bool = False

    def __post_init__(self) -> None:
        colour(self.background)

    @property
    def channels(self) -> int:
        """Of a picture, or of both its halves."""
        return 3 if self.halves is None else 6

    def read(self, file: Path) -> tuple[bytes, dict[str, int]]:
        """The bytes of [size, size, C] of a file, and what a warning counts; raises Unreadable."""
        picture = open_picture(file, self.background)
        parts = parts_of(picture, self.halves)
        side = min(parts[0].size)
        if self.alike and side != self.size:
            raise Unreadable(f"{side} px where the first has {self.size}; pass size=... to bring all to one size")
        pixels = np.concatenate([np.asarray(fitted(part, self.size, self.fit, self.background)) for part in parts], 2)
        return pixels.tobytes(), {"smaller": side < self.size, "deepest": picture.info.get("deepest", 0)}


def pictures(
    files: Sequence[Path],
    place: Path,
    manner: Manner,
    *,
    first: int | None = None,
    skip: bool = False,
    progress: bool = True,
) -> tuple[Tensor, Sequence[int]]:
    """The pictures of ``files``, which lie in ``place``: uint8 [N, C, size, size], and which of the files they are.

    A change of a file, a name or of the manner is noticed, and then they are read anew, in place of what was kept.  ``first`` is
    the number of pictures that was asked for, None for all: the first few and all of a folder are kept side by side.  Warnings
    count pictures that were enlarged and say where 16 bits hold 12 or fewer.

    Raises ValueError that names the pictures that cannot be read, or warns of them with ``skip``; OSError where the cache has no
    room.
    """
    names = [file.relative_to(place).as_posix() for file in files]
    images, notes = mapped(
        f"folder_{manner.size}",
        _recipe(files, place, manner),
        len(files),
        (manner.size, manner.size, manner.channels),
        lambda stream: _write(stream, files, names, manner, progress),
        series={"folder": _known_as(place), "first": first, **asdict(manner)},
    )
    unusable(notes["unusable"], len(files), place, skip, len(images))
    if notes["smaller"]:
        warnings.warn(f"{place}: {several(notes['smaller'], 'picture')} smaller than {manner.size} px, enlarged", stacklevel=3)
    if 0 < (largest := notes["deepest"]) <= _TWELVE_BITS:
        warnings.warn(
            f"{place}: the grey pictures of 16 bits hold no value above {largest:,} of 65,535: they are nearly black; if their "
            f"source gives fewer bits, multiply them by {65536 >> largest.bit_length()}",
            stacklevel=3,
        )
    return images, notes["kept"] if notes["unusable"] else range(len(files))


def parts_of(picture: Any, halves: str | None) -> list[Any]:
    """The picture, or its halves in the order wanted; raises Unreadable where these are not squares."""
    if halves is None:
        return [picture]
    width, height = picture.size
    if width != 2 * height:
        half = ", one half alone" if width == height else ""
        raise Unreadable(f"{width} x {height}{half}, where A and B side by side are {2 * height} x {height}")
    return [picture.crop((i * height, 0, (i + 1) * height, height)) for i in HALVES[halves]]


def side_of_first(files: Sequence[Path], halves: str | None = None) -> int:
    """Pixels on the shorter side of the first picture that can be read, or of its halves; 1 where none can."""
    for file in files:
        try:
            width, height = parts_of(open_picture(file), halves)[0].size
        except Unreadable:
            continue
        return int(min(width, height))
    return 1


def _recipe(files: Sequence[Path], place: Path, manner: Manner) -> dict[str, Any]:
    """Everything that the pixels depend on: the folder, names, sizes and times of its files, and the manner.

    Names, sizes and times are not enough: pictures without compression are of one size each, and archives, images of containers
    and copies that keep times give files of two folders the same.
    """
    facts = [(file.relative_to(place).as_posix(), file.stat()) for file in files]
    listed = [[name, fact.st_size, fact.st_mtime_ns] for name, fact in facts]
    return {"recipe": _RECIPE, "folder": _known_as(place), "files": listed, **asdict(manner)}


def _known_as(place: Path) -> str:
    """One name of a folder, whichever way it was given."""
    return str(place.resolve())


def _write(stream: BinaryIO, files: Sequence[Path], names: Sequence[str], manner: Manner, progress: bool) -> dict[str, Any]:
    """Write all pictures that can be read, some at a time; the notes say which, and why not the others."""
    kept: list[int] = []
    reasons: list[str] = []
    smaller = deepest = 0

    def read(i: int) -> tuple[bytes, dict[str, int]] | str:
        try:
            return manner.read(files[i])
        except Unreadable as error:
            return f"{names[i]} ({error})"

    at_once = max(1, min(_CHUNK, _AHEAD // (manner.channels * manner.size**2)))
    bar = Progress(len(files), unit="picture", enabled=progress)
    with ThreadPoolExecutor() as pool:
        for start in range(0, len(files), at_once):
            chunk = range(start, min(start + at_once, len(files)))
            for i, found in zip(chunk, pool.map(read, chunk), strict=True):
                if isinstance(found, str):
                    reasons.append(found)
                    continue
                stream.write(found[0])
                kept.append(i)
                smaller += found[1]["smaller"]
                deepest = max(deepest, found[1]["deepest"])
            bar.update(chunk.stop)
    bar.close()
    return {"unusable": reasons, "kept": kept if reasons else [], "smaller": smaller, "deepest": deepest}
