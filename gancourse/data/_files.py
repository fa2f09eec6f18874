"""Which files of a folder are pictures, and how the others are spoken of."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

from gancourse.data.pictures import SUFFIXES

_ELSEWHERE = (".heic", ".heif", ".raw", ".cr2", ".nef", ".arw", ".dng", ".psd", ".svg")  # pictures that Pillow does not read


def pictures_in(folder: Path, what: str, expected: Path | None = None) -> list[Path]:
    """The pictures in ``folder`` and its subfolders in the order of their paths, found by their ending in any case.

    Links to folders are followed, as links to files are.  Hidden files and folders (a name that begins with a dot), files with
    other endings and what is no file are passed over; a warning counts them, but for the one that is ``expected``.  Raises
    FileNotFoundError where there is none, saying that ``what`` should be there.
    """
    files = sorted(_files_in(folder), key=lambda file: file.parts)  # paths themselves know no upper case on Windows
    names = {file: file.relative_to(folder).as_posix() for file in files}
    hidden = {file for file, name in names.items() if name.startswith(".") or "/." in name}
    broken = {file for file in files if not file.is_file()}  # a link to nothing, a pipe
    found = [file for file in files if file.suffix.lower() in SUFFIXES and file not in hidden | broken]
    known = {*found, expected}
    others = [name for file, name in names.items() if file not in known]
    if found:
        if others:
            reason = "hidden, or no picture by the ending" if hidden else "no picture by the ending"
            reason = f"a link to nothing or no file, or {reason}" if broken else reason
            warnings.warn(f"{folder}: {several(len(others))} passed over, {reason}: {some(others)}{_fix(others)}", stacklevel=3)
        return found
    beside = sorted(other.name for other in folder.parent.iterdir() if other.is_dir()) if folder.parent.is_dir() else []
    there = f"beside it are {', '.join(beside)}" if beside else "its parent has no subfolders"
    state = "is missing" if not folder.is_dir() else f"holds no picture, but {some(others)}" if others else "is empty"
    raise FileNotFoundError(f"{folder} {state}: it should hold {what} ({', '.join(SUFFIXES)}); {there}{_fix(others)}")


def _files_in(folder: Path) -> Iterator[Path]:
    """All that is no folder, in the folder and below it; of links to one folder the first is followed, none in a circle."""
    entered = {folder.resolve()}
    for place, subfolders, names in os.walk(folder, followlinks=True):
        subfolders.sort()
        for name in list(subfolders):
            inside = Path(place, name)
            if inside.is_symlink():
                target = inside.resolve()
                if target in entered or Path(place).resolve().is_relative_to(target):
                    subfolders.remove(name)
                entered.add(target)
        yield from (Path(place, name) for name in names)


def unusable(reasons: Sequence[str], total: int, folder: Path, skip: bool, left: int) -> None:
    """Say which pictures cannot be used, each of ``reasons`` a name and why; with ``skip`` in a warning, if any are left.

    Raises ValueError otherwise.
    """
    if not reasons:
        return
    listed = "; ".join(reasons[:5]) + (f"; and {len(reasons) - 5} more" if len(reasons) > 5 else "")
    message = f"{len(reasons)} of {total} pictures in {folder} cannot be used: {listed}"
    if not skip or not left:
        raise ValueError(f"{message}: repair or remove them" + ("" if skip else ", or pass skip=True to leave them out"))
    warnings.warn(f"{message}; they are left out", stacklevel=4)


def several(count: int, what: str = "file") -> str:
    """``3`` as "3 files"."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def some(names: Sequence[str]) -> str:
    """The first three names, and how many more there are."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _fix(others: Sequence[str]) -> str:
    kinds = sorted({Path(name).suffix.lower() for name in others} & set(_ELSEWHERE))
    return f"; {', '.join(kinds)} cannot be read here: convert them to .jpg or .png" if kinds else ""
