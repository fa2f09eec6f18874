"""What lies in the cache of built data sets, and how much room it takes."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from gancourse.base import files

MADE_HERE = {  # folders of the cache that hold more than can be built again in minutes, and what lies in them
    "checkpoints": r"(ci|cpu|gpu)(/[^/]+\.(safetensors|json))?",
    "edited": r"[^/]+\.ipynb",
    "experiments": r"\w+(/(ci|full)-[0-9a-f]+)?",
}


def entries() -> list[Path]:
    """The files and folders of the cache, by name."""
    folder = files.cache_dir()
    return sorted(folder.iterdir()) if folder.is_dir() else []


def ours(path: Path) -> bool:
    """Whether an entry of the cache is one that the course writes.

    The cache lies in the folder that $GANCOURSE_DATA names, where somebody may have a cache of his own.
    """
    if path.name in MADE_HERE:
        inside = (inner.relative_to(path) for pattern in ("*", "*/*") for inner in path.glob(pattern))
        visible = (inner.as_posix() for inner in inside if not inner.name.startswith("."))
        return path.is_dir() and all(re.fullmatch(MADE_HERE[path.name], name) for name in visible)
    return not path.is_dir() and _written().fullmatch(path.name) is not None


def _written() -> re.Pattern[str]:
    """The names of the files that the course keeps: of a set its size, number, seed and split, of a folder of pictures digests.

    With a dot before it and more behind it a file is, or was left, part-written.  A name alone, ``mnist.npz`` say, is anybody's.
    """
    from gancourse.data import avatars, pairs

    sets = "|".join([*avatars.STYLES, *(f"pairs_{kind}" for kind in pairs.KINDS), "celeba"])
    whole = (
        rf"({sets})_\d+_\d+_-?\d+_(train|test|pairs)(_\w+)?\.npz|handwritten_digits\.npz|folder_\d+(_[0-9a-f]+)+\.(bytes|json)"
    )
    return re.compile(rf"{whole}|\.({whole}|built)(\.\w+){{1,2}}")  # built: what tries whether the folder can be written


def group(path: Path) -> str:
    """What a file of the cache belongs to, part-written ones included: ``faces_32_500_0_train.npz`` to faces."""
    return re.split(r"[-_]\d", path.name.removeprefix("."))[0].split(".")[0]


def files_of(name: str) -> list[Path]:
    """The files and folders of the cache that belong to a data set, or to a group of :func:`summary`."""
    return [path for path in entries() if group(path) == name and ours(path)]


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
