"""One row of the ledger: its kind, its verdict, its record, and how a student sees it."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field, fields
from html import escape
from typing import Any

from gancourse.base import cells
from gancourse.classroom.coverage import deck_names

_SAME = "(in each of "  # of measurements that came out equal, whose interval would have no width
MIME = "application/vnd.gancourse.claim+json"

IDENTITY, CHECK, PAPER, QUESTION = "identity", "check", "paper", "question"
KINDS = (IDENTITY, CHECK, PAPER, QUESTION)

HOLDS, FAILS = "holds", "fails"
PASSED, FAILED = "passed", "failed"
REPRODUCED, CONTRADICTED, OPEN = "reproduced", "contradicted", "open"
NO_VERDICT = "no verdict"
TOO_SMALL = "too small to judge"

VERDICTS = {
    IDENTITY: (HOLDS, FAILS),
    CHECK: (PASSED, FAILED),
    PAPER: (REPRODUCED, CONTRADICTED, OPEN),
    QUESTION: (NO_VERDICT,),
}
GOOD = (HOLDS, PASSED, REPRODUCED)


@dataclass
class Row:
    """One row of the ledger.

    ``paper`` (what the source says, or what an identity or a check expects), ``ours``, ``tolerance``, ``nulls`` and ``ceilings``
    are texts as shown; ``values`` are our rounded measurements.
    """

    id: str
    kind: str
    statement: str
    verdict: str
    why: str
    paper: str
    ours: str
    tolerance: str
    nulls: str
    ceilings: str
    no_null: str
    control: str
    source: str
    decks: str
    note: str
    unit: str
    values: list[float | str]
    over: str
    exact: bool
    scale: str | None
    notebook: str | None = None
    _cell: int | None = field(default=None, repr=False, compare=False)

    @property
    def same(self) -> bool:
        """Whether all measurements came out equal and left no interval; equal outcomes have one, so values alone do not tell."""
        return _SAME in self.ours

    def record(self) -> dict[str, Any]:
        """The row as plain data for JSON."""
        return {key: value for key, value in asdict(self).items() if not key.startswith("_")}

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Row:
        """The row that ``record`` came from."""
        wanted = {f.name for f in fields(cls) if not f.name.startswith("_")}
        if missing := wanted - record.keys() - {"notebook"}:
            raise ValueError(f"a claim's record lacks {', '.join(sorted(missing))}: another version of gancourse made it")
        return cls(**{key: record[key] for key in wanted if key in record})

    def __str__(self) -> str:
        return text(self)

    def _repr_html_(self) -> str:
        return html(self)

    def _ipython_display_(self) -> None:
        # A row is shown when it is made; the value of a cell's last line would show it twice.
        if self._cell is None or self._cell != cell_number():
            show(self)


def counted(n: int, over: str, same: bool) -> str:
    """How many measurements there were, as :class:`Row` has it behind the numbers; ``same``: they came out equal."""
    return f" {_SAME if same else '('}{n} {over})"


_LOOKS = {CONTRADICTED: ("#d55e00", "double"), FAILS: ("#d55e00", "double"), FAILED: ("#d55e00", "double")}
_LOOKS |= {OPEN: ("#e69f00", "dashed"), TOO_SMALL: ("#888888", "dashed"), NO_VERDICT: ("#888888", "solid")}
_GOOD_LOOK = ("#0072b2", "solid")

_KIND = {
    IDENTITY: "an identity: exact, judged at every scale",
    CHECK: "a check of our own instrument",
    PAPER: "a claim of the source named here",
    QUESTION: "a question of ours: a number, no verdict",
}


_ASKED = "Asked for"
_BY_INTERVAL = ", by the 95 % interval in brackets over five or more independent measurements"
_BY_ALL = ", by what all of five or more independent measurements are"


def headline(row: Row) -> str:
    """The verdict as a word of its own."""
    return "Our question" if row.verdict == NO_VERDICT else row.verdict.capitalize()


def result(row: Row) -> str:
    """Our number, and the one it is held against."""
    if row.kind == PAPER:
        return f"measured: {row.ours}; claimed: {row.paper}"
    if row.kind == IDENTITY and row.paper == "equal":
        return f"measured: {row.ours}"
    return f"measured: {row.ours}; expected: {row.paper}" if row.paper else f"measured: {row.ours}"


def details(row: Row) -> list[tuple[str, str]]:
    """What unfolds: label and text."""
    asked = row.tolerance
    if row.kind == PAPER and not row.exact:
        asked += _BY_ALL if row.same else _BY_INTERVAL
    elif asked and len(row.values) > 1:
        asked += ", by every value"
    origin = f"{row.source}; " if row.source and row.decks else row.source
    if row.decks:
        origin += f"taught in the lecture slides of {deck_names(row.decks)}"
    told = [
        ("Why", row.why),
        (_ASKED, asked),
        (
            "Without learning" if row.kind == QUESTION else "Must fail",
            row.nulls or row.no_null and f"nothing: {row.no_null}",
        ),
        ("Best to be had", row.ceilings),
        ("Positive control", row.control),
        ("Note", row.note),
        ("Source", origin),
        ("In the ledger", f"{row.id}, {_KIND[row.kind]}" + ("" if row.exact else f", measured at {row.scale} scale")),
    ]
    return [(label, text) for label, text in told if text]


def text(row: Row) -> str:
    """The row without styles."""
    lines = [f"{headline(row)}: {row.statement}", f"     {result(row)}"]
    return "\n".join(lines + [f"     {label.lower()}: {told}" for label, told in details(row)])


def html(row: Row, unfolded: bool = False) -> str:
    """The row as HTML that keeps its words where styles are stripped, and its verdict where folds are printed shut."""
    colour, line = _LOOKS.get(row.verdict, _GOOD_LOOK)
    box = f"border-left: 5px {line} {colour}; padding: 2px 10px; margin: 6px 0; max-width: 56em; break-inside: avoid"
    head = f"<b>{headline(row)}.</b> {escape(row.statement)}<br><b>{escape(result(row))}</b>"
    body = "".join(f"<div><i>{label}:</i> {escape(told)}</div>" for label, told in details(row))
    wrap = "white-space: normal; overflow-wrap: anywhere"
    return (
        f'<div style="{box}"><details{" open" * unfolded} style="{wrap}"><summary style="cursor: pointer">{head}</summary>'
        f'<div style="font-size: 90%; padding: 4px 0 2px 16px">{body}</div></details></div>'
    )


def for_a_slide(stored: str) -> str:
    """A stored row as a room sees it: folded, with what was asked for above the fold.  Other HTML is left as it is."""
    folded = stored.replace("<details open ", "<details ")
    asked = re.search(rf"<i>{_ASKED}:</i> (.*?)</div>", folded)
    seen = f"; asked for: {asked[1].removesuffix(_BY_INTERVAL).removesuffix(_BY_ALL)}" if asked else ""
    return folded.replace("</b></summary>", f"{seen}</b></summary>")


def bundle(row: Row) -> dict[str, Any]:
    """The row in each form that a notebook stores."""
    return {"text/plain": text(row), "text/html": html(row), MIME: row.record()}


def show(row: Row, example: bool = False) -> None:
    """Display the row in a notebook, or print it; an ``example`` is unfolded and carries no record."""
    if cells.shell() is None:
        print(text(row))
        return
    from IPython.display import display

    display({"text/plain": text(row), "text/html": html(row, unfolded=True)} if example else bundle(row), raw=True)


def cell_number() -> int | None:
    """The number of the running cell; None outside a notebook."""
    shell = cells.shell()
    return None if shell is None else shell.execution_count
