"""Hand edits of notebooks that are built from a source: noticed, and kept before a build replaces them.

A builder writes a hash of a notebook's text into it.  A notebook whose text has another hash, or that has none, holds what the
builder did not write: a student's answers, a teacher's sentence.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from gancourse.base import files

if TYPE_CHECKING:
    from nbformat import NotebookNode


def cell_text(cell: NotebookNode) -> tuple[str, str, list[str]]:
    """What people write in a cell: its type, source and tags, and not its outputs."""
    return cell.cell_type, cell.source, list(cell.metadata.get("tags", ()))


def text_hash(book: NotebookNode) -> str:
    """A hash of all cells' text; running a notebook does not change it."""
    return hashlib.sha256(json.dumps([cell_text(cell) for cell in book.cells]).encode()).hexdigest()[:16]


def mark(book: NotebookNode) -> None:
    """Write down in a notebook that its text is as it was built."""
    book.metadata["gancourse"] = book.metadata.get("gancourse", {}) | {"text_hash": text_hash(book)}


def set_aside(old: NotebookNode | None, path: Path, new: NotebookNode, source: Path) -> None:
    """Keep what ``new``, made from ``source``, is about to replace at ``path``, if anybody wrote in it, and say where.

    ``old`` is the notebook that stands there, None if there is none or it cannot be read: then the file is kept as it is.
    """
    if old is None:
        if path.is_file():
            print(f"{path.name} is damaged, and is made anew: what there was of it is kept as {keep(path)}", flush=True)
    elif text_hash(old) != text_hash(new) and (kept := keep_edit(old, path)) is not None:
        print(f"{path.name} was edited by hand, and is made from source/{source.name}: your edit is kept as {kept}", flush=True)


def keep_edit(old: NotebookNode, path: Path) -> Path | None:
    """Copy a notebook that somebody edited since it was built; returns where to, None if nobody did."""
    if old.metadata.get("gancourse", {}).get("text_hash") == text_hash(old):
        return None
    return keep(path)


def keep(path: Path) -> Path:
    """Copy a notebook to where edits are kept, under a name that no other content takes; returns where to."""
    content = path.read_bytes()
    kept = files.cache_dir() / "edited" / f"{path.stem}-{hashlib.sha256(content).hexdigest()[:16]}.ipynb"
    with files.atomic_write(kept) as part:
        part.write_bytes(content)
    return kept
