"""Labels of pictures in a folder: from the names of subfolders, or from a table."""

from __future__ import annotations

import csv
import io
import posixpath
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from gancourse.base import check
from gancourse.base.files import composed
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
            f"lie in none: {some(loose)}; move them into one, pass a CSV file as labels=, or pass labels=None"
        )
    return [name.partition("/")[0] for name in names]


def by_table(names: Sequence[str], table: Path, column: str | None = None, folder: str = "") -> list[str]:
    """The label that a CSV file gives to each name; see :func:`read_table`.

    A row may name a picture by its path in ``folder``, with or without the folder's own name and the ending, or by its file name
    or stem where no other picture has the same.  The case of the ending does not matter.  A warning counts the rows that name no
    picture.

    Raises ValueError for pictures without a row, and for rows that contradict each other.
    """
    known = read_table(table, column)
    rows = _rows_of(names, known, folder)
    missing = [name for name, found in zip(names, rows, strict=True) if not found]
    if missing:
        raise ValueError(
            f"{table} has no row for {several(len(missing), 'picture')} of {len(names):,}: {some(missing)}; it names "
            f"{some(sorted(known))}: add rows, or move these pictures elsewhere{_shared(names, missing, known)}"
        )
    for name, found in zip(names, rows, strict=True):
        if len({known[row] for row in found}) > 1:
            said = " and ".join(f"{known[row]} ({row})" for row in found)
            raise ValueError(f"{table} calls {name} both {said}: leave one of the rows")
    unused = sorted(known.keys() - {row for found in rows for row in found})
    if unused:
        count = f"{several(len(unused), 'row')} of {len(known):,} {'names' if len(unused) == 1 else 'name'}"
        warnings.warn(f"{table}: {count} no picture of the folder: {some(unused)}", stacklevel=3)
    return [known[found[0]] for found in rows]


def _rows_of(names: Sequence[str], known: Mapping[str, str], folder: str) -> list[list[str]]:
    """The rows of ``known`` that mean each picture and no other."""
    whole = [composed(name) for name in names]
    bears = Counter(whole)
    ways = [_ways(name, folder) for name in whole]
    shared = [Counter(way) for way in zip(*ways, strict=True)]
    plain: dict[str, list[str]] = {}
    for row in known:
        plain.setdefault(_lowered(row), []).append(row)
    found = []
    for name, mine in zip(whole, ways, strict=True):
        alone = [way for way, count in zip(mine, shared, strict=True) if count[way] == 1]
        rows = [row for way in alone for row in plain.get(way, ()) if row not in bears]
        found.append([*([name] if name in known else []), *dict.fromkeys(rows)])
    return found


def _ways(name: str, folder: str) -> list[str]:
    """How a row may name a picture but by its path, the endings in small letters."""
    stem = posixpath.splitext(name)[0]
    ways = [name, f"{folder}/{name}", stem, f"{folder}/{stem}", posixpath.basename(name), posixpath.basename(stem)]
    return [_lowered(composed(way)) for way in ways]


def _lowered(name: str) -> str:
    stem, ending = posixpath.splitext(name)
    return stem + ending.lower()


def _shared(names: Sequence[str], missing: Sequence[str], known: Mapping[str, str]) -> str:
    """What is said where a row would fit several pictures."""
    for name in missing:
        for part in (PurePosixPath(name).name, PurePosixPath(name).stem):
            if part in known and sum(part in (PurePosixPath(one).name, PurePosixPath(one).stem) for one in names) > 1:
                return f"; others are called {part} too: name such pictures by their paths, {name}"
    return ""


def read_table(table: Path, column: str | None = None) -> dict[str, str]:
    """File name (accents composed) -> label, from a text of rows separated by commas, semicolons or tabs.

    With a heading the pictures stand in a column called file (or filename, image, path, name, id), the labels in ``column``, by
    default the one called label (or class, category) or the only other one.  Without a heading a row is a name and a label.
    """
    rows = _rows(table)
    shown = rows[0][1]
    head = [cell.strip().lower() for cell in shown]
    place = next((head.index(name) for name in FILE_COLUMNS if name in head), None)
    if place is None:
        if len(head) != 2 or column is not None:
            raise ValueError(
                f"{table} has no column for the pictures, its first row is {', '.join(shown)}: give it a heading with "
                f"{FILE_COLUMNS[0]} and {LABEL_COLUMNS[0]}"
            )
        place, other = 0, 1
    else:
        rows.pop(0)
        other = _label_column(table, shown, head, place, column)
    return _pairs(table, rows, place, other)


def _rows(table: Path) -> list[tuple[int, list[str]]]:
    """The rows that hold something, each with the number of its (last) line."""
    try:
        text = table.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{table} is no text in UTF-8: save it as CSV in UTF-8") from None
    first = next((line for line in text.split("\n") if line.strip()), "")
    mark = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark)  # which ends rows at ends of lines alone
    rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    if not rows:
        raise ValueError(f"{table} is empty: it should hold rows of a file name and a label")
    return rows


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


def _pairs(table: Path, rows: Sequence[tuple[int, Sequence[str]]], place: int, other: int) -> dict[str, str]:
    known: dict[str, str] = {}
    for line, row in rows:
        if len(row) <= max(place, other) or not row[other].strip():
            raise ValueError(f"{table}: line {line} ({', '.join(row)}) has no label: fill it in, or take the row out")
        name, label = posixpath.normpath(composed(row[place].strip()).replace("\\", "/")), row[other].strip()
        if known.setdefault(name, label) != label:
            raise ValueError(f"{table} calls {name} both {known[name]} and {label}: leave one of the rows")
    return known
