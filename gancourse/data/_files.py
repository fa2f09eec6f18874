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
    other endings and what is no file are passed over, and so are the folders of trainings, whose samples are no pictures to learn
    from; a warning counts them, but for the file that is ``expected``.  Raises FileNotFoundError where there is none, saying that
    ``what`` should be there.
    """
    trainings: list[Path] = []
    files = sorted(_files_in(folder, trainings), key=lambda file: file.parts)  # paths themselves know no upper case on Windows
    names = {file: file.relative_to(folder).as_posix() for file in files}
    hidden = {file for file, name in names.items() if name.startswith(".") or "/." in name}
    broken = {file for file in files if not file.is_file()}  # a link to nothing, a pipe
    found = [file for file in files if file.suffix.lower() in SUFFIXES and file not in hidden | broken]
    known = {*found, expected}
    others = [name for file, name in names.items() if file not in known]
    runs = sorted(training.relative_to(folder).as_posix() for training in trainings)
    if found:
        if passed := [*_others(others, bool(hidden), bool(broken)), *_trainings(runs)]:
            warnings.warn(f"{folder}: {'; '.join(passed)}{_fix(others)}", stacklevel=3)
        return found
    kind = "a folder of a training" if len(runs) == 1 else "folders of trainings"
    there = [*([some(others)] if others else []), *([f"{kind}, {some(runs)}"] if runs else [])]
    state = f"holds no picture, but {' and '.join(there)}" if there else "is empty" if folder.is_dir() else "is missing"
    endings = f"by {len(SUFFIXES)} endings, as .jpg, .png, .webp"
    raise FileNotFoundError(f"{folder} {state}: it should hold {what} ({endings}); {_beside(folder)}{_fix(others)}")


def _others(names: Sequence[str], hidden: bool, broken: bool) -> list[str]:
    if not names:
        return []
    reason = "hidden, or no picture by the ending" if hidden else "no picture by the ending"
    reason = f"a link to nothing or no file, or {reason}" if broken else reason
    return [f"{several(len(names))} passed over, {reason}: {some(names)}"]


def _trainings(runs: Sequence[str]) -> list[str]:
    if not runs:
        return []
    return [f"{'1 folder of a training' if len(runs) == 1 else f'{len(runs)} folders of trainings'} passed over: {some(runs)}"]


def _beside(folder: Path) -> str:
    """Which folders are beside one, for a name that may be misspelt."""
    parent = folder.parent
    names = sorted(other.name for other in parent.iterdir() if other.is_dir() and other != folder) if parent.is_dir() else []
    return f"beside it are {some(names)}" if names else "nothing else is beside it"


def _files_in(folder: Path, trainings: list[Path]) -> Iterator[Path]:
    """All that is no folder, in the folder and below it; of links to one folder the first is followed, none in a circle.

    What lies in the folders of trainings is left out; they are added to ``trainings``, but for one that is still to begin.
    """
    entered = {folder.resolve()}
    for place, subfolders, names in os.walk(folder, followlinks=True):
        subfolders.sort()
        for name in list(subfolders):
            inside = Path(place, name)
            if begun := _of_training(inside):
                subfolders.remove(name)
                trainings += [inside] if begun == "begun" else []
            elif os.path.realpath(inside) != os.path.join(os.path.realpath(place), name):  # a link, or a junction of Windows
                target = inside.resolve()
                if target in entered or Path(place).resolve().is_relative_to(target):
                    subfolders.remove(name)
                entered.add(target)
        yield from (Path(place, name) for name in names)


def _of_training(folder: Path) -> str:
    """ "begun" of the folder that ``gancourse train --run`` writes, "held" of one that it only holds as yet, else nothing."""
    if (folder / "settings.json").is_file():
        return "begun" if (folder / "curve.csv").is_file() or (folder / ".lock").is_file() else ""
    return "held" if (folder / ".lock").is_file() and len(os.listdir(folder)) == 1 else ""


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
