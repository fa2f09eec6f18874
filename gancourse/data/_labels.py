"""Labels of pictures in a folder: from the names of subfolders, or from a table."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from gancourse.base import check
from gancourse.data._files import several, some

FILE_COLUMNS = ("file", "filename", "file_name", "image", "image_id", "path", "name", "id")
LABEL_COLUMNS = ("label", "class", "category", "kind", "target", "y")


def by_folder(names: Sequence[str]) -> list[str]:
    """The first folder of each name ``cats/young/1.png``: cats.  Raises ValueError for pictures that lie in none."""
    loose = [name for name in names if "/" not in name]
    if loose:
        count = several(len(loose), "picture")
        raise ValueError(
            f"labels='folders' takes the label of a picture from the subfolder that it lies in, and {count} of {len(names):,} "
            f"lie in none: {some(loose)}; move them into one, or pass labels=None or a CSV file"
        )
    return [name.partition("/")[0] for name in names]


def by_table(names: Sequence[str], table: Path, column: str | None = None) -> list[str]:
    """The label that a CSV file gives to each name; see :func:`read_table`.

    A row may name a picture by its path in the folder, or by its file name with or without the ending where that is unique.
    Raises ValueError for pictures without a row, and for rows that contradict each other.
    """
    known = read_table(table, column)
    found = {name: _look_up(name, known, alone) for name, alone in zip(names, _alone(names), strict=True)}
    missing = [name for name, label in found.items() if label is None]
    if missing:
        raise ValueError(
            f"{table} has no row for {several(len(missing), 'picture')} of {len(names):,}: {some(missing)}; it names "
            f"{some(sorted(known))}: add rows, or move these pictures elsewhere"
        )
    return [label for label in found.values() if label is not None]


def _alone(names: Sequence[str]) -> list[bool]:
    """Whether no other picture has the same file name without its ending."""
    stems = [Path(name).stem for name in names]
    count: dict[str, int] = {}
    for stem in stems:
        count[stem] = count.get(stem, 0) + 1
    return [count[stem] == 1 for stem in stems]


def _look_up(name: str, known: Mapping[str, str], alone: bool) -> str | None:
    ways = [name, Path(name).with_suffix("").as_posix()]
    ways += [Path(name).name, Path(name).stem] if alone else []
    return next((known[way] for way in ways if way in known), None)


def read_table(table: Path, column: str | None = None) -> dict[str, str]:
    """File name -> label, from a text of rows separated by commas, semicolons or tabs.

    With a heading the pictures stand in a column called file (or filename, image, path, name, id), the labels in ``column``, by
    default the one called label (or class, category) or the only other one.  Without a heading a row is a name and a label.
    """
    rows = _rows(table)
    head = [cell.strip().lower() for cell in rows[0]]
    place = next((head.index(name) for name in FILE_COLUMNS if name in head), None)
    if place is None:
        if len(head) != 2 or column is not None:
            raise ValueError(
                f"{table} has no column for the pictures, its first row is {', '.join(rows[0])}: give it a heading with "
                f"{FILE_COLUMNS[0]} and {LABEL_COLUMNS[0]}"
            )
        place, other = 0, 1
    else:
        other = _label_column(table, rows.pop(0), head, place, column)
    return _pairs(table, rows, place, other)


def _rows(table: Path) -> list[list[str]]:
    try:
        text = table.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{table} is no text in UTF-8: save it as CSV in UTF-8") from None
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise ValueError(f"{table} is empty: it should hold rows of a file name and a label")
    mark = max(",;\t", key=lines[0].count)
    return list(csv.reader(lines, delimiter=mark))


def _label_column(table: Path, shown: Sequence[str], head: Sequence[str], place: int, column: str | None) -> int:
    others = [i for i in range(len(head)) if i != place]
    if column is not None:
        return head.index(check.one_of(f"column of {table.name}", column.lower(), [head[i] for i in others]))
    named = next((head.index(name) for name in LABEL_COLUMNS if name in head and head.index(name) != place), None)
    if named is None and len(others) != 1:
        raise ValueError(
            f"{table} has the columns {', '.join(shown)}, and none is called label: pass column=, the one that holds the labels"
        )
    return others[0] if named is None else named


def _pairs(table: Path, rows: Sequence[Sequence[str]], place: int, other: int) -> dict[str, str]:
    known: dict[str, str] = {}
    for number, row in enumerate(rows, 1):
        if len(row) <= max(place, other) or not row[other].strip():
            raise ValueError(f"{table}: row {number} ({', '.join(row)}) has no label: fill it in, or take the row out")
        name, label = row[place].strip().replace("\\", "/").removeprefix("./"), row[other].strip()
        if known.setdefault(name, label) != label:
            raise ValueError(f"{table} calls {name} both {known[name]} and {label}: leave one of the rows")
    return known
