"""Built arrays kept on disk: whole or not at all, and only for as long as they are what would be built today."""

from __future__ import annotations

import hashlib
import json
import warnings
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from gancourse.base import files

Arrays = dict[str, np.ndarray]


def digest(recipe: Mapping[str, Any]) -> str:
    """A hash of everything that determines the result."""
    return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()


def cached(name: str, recipe: Mapping[str, Any], build: Callable[[], Arrays], versions: Mapping[str, str] | None) -> Arrays:
    """Read ``<cache>/<name>.npz`` if it was made by this recipe, else build the arrays and keep them there.

    ``versions`` are the versions of the libraries that draw; None says that they are not installed, and then a file made by
    any version will do.  A damaged file is built again with a warning.  Where the folder cannot be written, the arrays are
    returned all the same.
    """
    path = files.cache_dir() / f"{name}.npz"
    wanted = digest(recipe)
    found = _read(path)
    if found and found.pop("recipe").item() == wanted:
        made_by = json.loads(found.pop("versions").item())
        if versions is None or made_by == versions:
            return found
    arrays = build()
    try:
        with files.atomic_write(path) as part, open(part, "wb") as stream:
            made: Any = {"recipe": np.array(wanted), "versions": np.array(json.dumps(versions)), **arrays}
            np.savez_compressed(stream, **made)
    except OSError as error:
        warnings.warn(f"cannot keep {path} ({error}): it will be built again next time", stacklevel=2)
    return arrays


def _read(path: Path) -> Arrays | None:
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in archive.files}
        if {"recipe", "versions"} <= arrays.keys():
            return arrays
        raise ValueError("it does not say how it was made")
    except (OSError, ValueError, EOFError, KeyError, BadZipFile, zlib.error) as error:
        warnings.warn(f"{path} is damaged ({error}): building it again", stacklevel=3)
        return None
