"""The rows of a session, and those that executed notebooks carry in their outputs."""

from __future__ import annotations

import contextlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from gancourse.classroom.claims import rows
from gancourse.classroom.claims.rows import MIME, Row

_rows: dict[tuple[str, str], Row] = {}
_examples = False


def ledger() -> list[Row]:
    """The rows of this session, in the order they were first made; a row measured again replaces its earlier self."""
    return list(_rows.values())


def clear() -> None:
    """Forget the rows of this session."""
    _rows.clear()


@contextlib.contextmanager
def example() -> Iterator[None]:
    """Rows made in this block are shown unfolded and count nowhere: they are another lecture's, looked at."""
    global _examples
    before, _examples = _examples, True
    try:
        yield
    finally:
        _examples = before


def take(row: Row) -> None:
    """Show a row and remember it; in a block of ``example`` show it only."""
    if not _examples:
        remember(row)
    rows.show(row, _examples)
    row._cell = rows.cell_number()


def remember(row: Row) -> None:
    """Add a row to the session's, or replace the row of the same id and statement."""
    _rows[row.id, row.statement] = row


def find(id: str) -> Row:
    """The session's latest row of that id."""
    for row in reversed(_rows.values()):
        if row.id == id:
            return row
    raise ValueError(f"no row {id!r} has been measured in this session: run its cell first")


def summary() -> None:
    """Print how many rows of each kind and verdict this session has: one lecture's, when called at its end."""
    print(summary_text(ledger()))


def summary_text(found: Iterable[Row]) -> str:
    """What ``summary`` prints: a line for each kind."""
    found = list(found)
    if not found:
        return "No rows have been measured yet: run the cells above."
    lines = [f"{len(found)} {'row' if len(found) == 1 else 'rows'} measured in this lecture:"]
    for kind, (one, many) in NAMES.items():
        of_kind = [row for row in found if row.kind == kind]
        if of_kind:
            lines.append(f"  {len(of_kind)} {one if len(of_kind) == 1 else many}{_verdicts(of_kind)}")
    lines += [f"  open: {row.id}, {row.why}" for row in found if row.verdict == rows.OPEN]
    return "\n".join(lines)


NAMES = {
    rows.IDENTITY: ("identity", "identities"),
    rows.CHECK: ("check of our instruments", "checks of our instruments"),
    rows.PAPER: ("claim of a paper", "claims of papers"),
    rows.QUESTION: ("question of ours", "questions of ours"),
}


def _verdicts(of_kind: list[Row]) -> str:
    counts = Counter(row.verdict for row in of_kind if row.verdict != rows.NO_VERDICT)
    told = [f"{count} {verdict}" for verdict, count in counts.items()]
    return f": {', '.join(told)}" if told else ""


def rows_of(cells: Iterable[Any], name: str) -> list[Row]:
    """The rows in the outputs of a notebook's cells; of a row measured twice the later counts."""
    found: dict[tuple[str, str], Row] = {}
    for cell in cells:
        for output in cell.get("outputs", []):
            if record := output.get("data", {}).get(MIME):
                row = Row.from_record(dict(record) | {"notebook": name})
                found[row.id, row.statement] = row
    return list(found.values())


def rows_from_notebook(path: str | os.PathLike[str]) -> list[Row]:
    """The rows that an executed notebook carries in its outputs."""
    path = Path(path)
    try:
        return rows_of(json.loads(path.read_text(encoding="utf-8")).get("cells", []), path.stem)
    except (ValueError, AttributeError, TypeError) as error:
        fix = "build it again with gancourse notebooks --force"
        raise ValueError(f"the rows of {path} cannot be read ({error}): {fix}") from None
