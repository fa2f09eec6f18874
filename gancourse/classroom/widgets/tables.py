"""A table to search: words, and one column's values to choose from."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

from gancourse.base import check
from gancourse.classroom.widgets.base import Live, wrapped

EVERYTHING = "all"


class Finder(Live):
    """Rows of a table that hold all words typed, in any column and in any case, and the value chosen of one column.

    rows: dicts with the same keys.  A cell is shown as text; a pair (text, address) is a link.  ``choose`` is a column whose
    values a menu offers.  Without a front end: the whole table.
    """

    def __init__(self, rows: Sequence[Mapping[str, Any]], choose: str | None = None, caption: str = "") -> None:
        self.rows = [dict(row) for row in rows]
        if not self.rows or any(list(row) != list(self.rows[0]) for row in self.rows):
            raise ValueError("a table to search needs rows that have the same keys in the same order, and at least one")
        self.choose = check.one_of("column", choose, self.rows[0]) if choose is not None else None
        self.caption = caption
        self._build()

    def __repr__(self) -> str:
        return f"finder: {len(self.rows)} rows, {', '.join(self.rows[0])}"

    def _build(self) -> None:
        import ipywidgets

        self.words = ipywidgets.Text(description="find", placeholder="words", continuous_update=True)
        column = self.choose
        offered = [EVERYTHING, *(dict.fromkeys(_text(row[column]) for row in self.rows) if column else ())]
        self.menu = ipywidgets.Dropdown(options=offered, value=EVERYTHING, description=self.choose or "")
        self.table = ipywidgets.HTML(self._table(self.rows))
        for control in (self.words, self.menu):
            control.observe(lambda _: self._show(), names="value")
        controls = [self.words, self.menu] if self.choose else [self.words]
        self.widget = self._alive(ipywidgets.VBox([ipywidgets.HBox(controls, layout=wrapped()), self.table]))

    def found(self) -> list[dict[str, Any]]:
        """The rows that meet both controls."""
        words = self.words.value.casefold().split()

        def fits(row: Mapping[str, Any]) -> bool:
            whole = " ".join(map(_text, row.values())).casefold()
            chosen = self.menu.value == EVERYTHING or _text(row[self.choose or ""]) == self.menu.value
            return chosen and all(word in whole for word in words)

        return [row for row in self.rows if fits(row)]

    def _show(self) -> None:
        found = self.found()
        self.table.value = self._table(found)
        self.described.words = f"{len(found)} of {len(self.rows)} rows"

    def _table(self, rows: Sequence[Mapping[str, Any]]) -> str:
        head = "".join(f'<th style="text-align: left">{html.escape(str(name))}</th>' for name in self.rows[0])
        body = "\n".join("<tr>" + "".join(f"{_CELL}{_cell(value)}</td>" for value in row.values()) + "</tr>" for row in rows)
        caption = f"<caption>{html.escape(self.caption)}</caption>" if self.caption else ""
        return f"<table>{caption}<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table>"

    def fallback(self) -> dict[str, str]:
        """The whole table."""
        return {"text/html": self._table(self.rows)}


_CELL = '<td style="text-align: left; vertical-align: top; line-height: 1.3">'


def _text(value: Any) -> str:
    return str(value[0] if isinstance(value, tuple) else value)


def _cell(value: Any) -> str:
    text = html.escape(_text(value))
    return f'<a href="{html.escape(value[1])}">{text}</a>' if isinstance(value, tuple) else text
