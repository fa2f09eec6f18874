"""What lies in the cache of built data sets, and how much room it takes."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from gancourse.base import files

MADE_HERE = ("checkpoints", "edited", "experiments")  # folders of the cache that hold more than can be built again in minutes


def entries() -> list[Path]:
    """The files and folders of the cache, by name."""
    folder = files.cache_dir()
    return sorted(folder.iterdir()) if folder.is_dir() else []


def group(path: Path) -> str:
    """What a file of the cache belongs to, part-written ones included: ``faces_32_500_0_train.npz`` to faces."""
    return re.split(r"[-_]\d", path.name.removeprefix("."))[0].split(".")[0]


def files_of(name: str) -> list[Path]:
    """The files and folders of the cache that belong to a data set, or to a group of :func:`summary`."""
    return [path for path in entries() if group(path) == name]


def size(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    return sum(part.stat().st_size for part in path.rglob("*") if part.is_file()) if path.is_dir() else path.stat().st_size


def megabytes(count: float) -> str:
    """``3_000_000`` as ``3.0 MB``."""
    return f"{count / 1e6:.1f} MB"


def summary() -> list[str]:
    """One line for each data set in the cache, however many files it was built into: ``faces: 12 files (84.2 MB)``."""
    groups: dict[str, list[Path]] = defaultdict(list)
    for path in entries():
        groups[group(path)].append(path)
    return [
        f"{name}: {len(paths)} {'file' if len(paths) == 1 else 'files'} ({megabytes(sum(map(size, paths)))})"
        for name, paths in groups.items()
    ]
