"""Built images kept on disk as plain bytes and mapped into memory: a set may be larger than the memory of the machine.

Two files lie in the cache: the bytes of uint8 [N, H, W, C], and beside them a JSON text that says what they are, written last.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from torch import Tensor

from gancourse.base import files
from gancourse.data._cache import digest

Notes = dict[str, Any]


def mapped(
    name: str,
    recipe: Mapping[str, Any],
    n: int,
    row: tuple[int, int, int],
    write: Callable[[BinaryIO], Notes],
    series: Mapping[str, Any] | None = None,
) -> tuple[Tensor, Notes]:
    """Images uint8 [N, C, H, W] of the rows [H, W, C] that ``write`` put into a file, and the notes it returned.

    ``recipe`` is everything that determines the result; what was written for it before is mapped again.  At most ``n`` rows are
    written.  The images are a view of the file: pages that are not used take no memory, and the memory's layout is channels last.
    Changes made to them stay in memory.  ``series`` is what stays when the recipe changes, as it does with each picture that is
    added to a folder: of a series the last set alone is kept.

    Raises OSError before the work where the cache has no room, or cannot be written.
    """
    key = digest(recipe)
    name = name if series is None else f"{name}_{digest(series)[:16]}"
    path = files.cache_dir() / f"{name}_{key[:16]}.bytes"
    notes = _notes(path, key)
    if notes is None:
        _room(path, n * row[0] * row[1] * row[2])
        try:
            notes = _write(path, key, write)
        except PermissionError as error:  # Windows replaces no mapped file; a training begun meanwhile may have written it
            if (notes := _notes(path, key)) is None:
                raise PermissionError(
                    f"{path} is to be written again, and another program reads it: end the notebooks and trainings that use "
                    f"these pictures, and repeat ({error})"
                ) from error
    if series is not None:
        _only(path, name)
    return _map(path, row), notes


def _only(path: Path, name: str) -> None:
    """Remove the other sets of a series; one that Windows has mapped goes the next time."""
    for other in path.parent.glob(f"{name}_{'?' * 16}.bytes"):
        if other != path:
            with contextlib.suppress(OSError):
                other.unlink(missing_ok=True)
                other.with_suffix(".json").unlink(missing_ok=True)


def _write(path: Path, key: str, write: Callable[[BinaryIO], Notes]) -> Notes:
    with files.atomic_write(path) as part, open(part, "wb") as stream:
        notes = write(stream)
    notes = {**notes, "recipe": key, "bytes": path.stat().st_size}
    with files.atomic_write(path.with_suffix(".json")) as part:
        part.write_text(json.dumps(notes), encoding="utf-8")
    return notes


def _notes(path: Path, key: str) -> Notes | None:
    """What is said of a file that is whole and made by this recipe, else None."""
    beside = path.with_suffix(".json")
    if not (path.is_file() and beside.is_file()):
        return None
    try:
        notes: Notes = json.loads(beside.read_text(encoding="utf-8"))
        if notes["recipe"] == key and notes["bytes"] == path.stat().st_size:
            return notes
        raise ValueError("it is not what its text describes")
    except (OSError, ValueError, KeyError, TypeError) as error:
        warnings.warn(f"{path} is damaged ({error}): building it again", stacklevel=5)
        return None


def _room(path: Path, needed: int) -> None:
    files.writable(path)
    free = shutil.disk_usage(path.parent).free
    if needed > free:
        raise OSError(
            f"the pictures take {needed / 1e9:,.1f} GB in {path.parent}, which has {free / 1e9:,.1f} GB: free some, take a "
            "smaller size, or set GANCOURSE_DATA to a folder with more room"
        )


def _map(path: Path, row: tuple[int, int, int]) -> Tensor:
    shape = (path.stat().st_size // (row[0] * row[1] * row[2]), *row)
    if not shape[0]:
        return torch.empty(shape, dtype=torch.uint8).permute(0, 3, 1, 2)  # an empty file cannot be mapped
    try:
        rows = np.memmap(path, np.uint8, "c", shape=shape)
    except OSError:  # systems that promise no more than they have refuse a copy on write of so much
        rows = np.memmap(path, np.uint8, "r", shape=shape)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of arrays that may not be written
        return torch.from_numpy(rows).permute(0, 3, 1, 2)
