"""The rows that notebooks carry, the same rows measured again, and where the two differ."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

from gancourse.classroom import claims, notebooks


def stored_rows(folder: Path | None = None, fresh: Collection[str] = ()) -> list[Any]:
    """The rows of all executed lectures of a checkout, and of nothing else that lies beside them.

    Notebooks that cannot be read are named, all of them, unless they are measured afresh.
    """
    rows, damaged = [], []
    for path in filter(Path.is_file, map(notebooks.target, notebooks.sources(folder))):
        try:
            rows += claims.rows_from_notebook(path)
        except (OSError, ValueError) as error:
            damaged += [] if path.stem in fresh else [str(error)]
    if damaged:
        raise ValueError("; ".join(damaged))
    return rows


def measure(chosen: Sequence[Path], scale: str, report: Callable[[str], None]) -> tuple[list[Any], list[str]]:
    """Run the lectures: the rows of their outputs, and the messages of those that failed."""
    rows, failed = [], []
    for source in chosen:
        try:
            book = notebooks.read(source)
            notebooks.execute(book, name=source.stem, folder=notebooks.target(source).parent, scale=scale, report=report)
            rows += claims.rows_of(book.cells, source.stem)
        except notebooks.NotebookError as error:
            failed.append(str(error))
    return rows, failed


def compare(stored: list[Any], rows: list[Any]) -> None:
    """Say which verdicts differ from those that the notebooks carry, and which notebooks to build again; order is no matter."""
    before, after = ({(row.notebook, row.id, row.statement): row for row in given} for given in (stored, rows))
    for key, row in after.items():
        old = before.get(key)
        if old is not None and old.verdict != row.verdict:
            print(f"{row.id} in {row.notebook}: {row.verdict} (ours {row.ours}), but its notebook says {old.verdict}")
    stale = {key[0] for key in before.keys() | after.keys() if _record(before.get(key)) != _record(after.get(key))}
    if stale:
        fix = f"build them again with gancourse notebooks --force {' '.join(sorted(stale))}"
        print(f"these rows are not those that the notebooks show: {fix}")


def _record(row: claims.Row | None) -> dict[str, Any] | None:
    return None if row is None else row.record()
