"""CLAIMS.md: the ledger as a page."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gancourse.classroom.claims import rows
from gancourse.classroom.claims.rows import Row, headline
from gancourse.classroom.coverage import CLAIMS, deck_names

_PREFACE = """Each row is measured by a cell of a lecture; `gancourse claims` measures all of them again and writes this page, and
`gancourse claims --from-notebooks` writes it from the executed notebooks. Tolerances were fixed before measuring; where one was
not, a note at the end says so. All is of small networks on drawn pictures, digits and toys, at most 64 px wide. The
[glossary](docs/glossary.md) says what ids, decks and words mean.

- **Claims of papers** say what a source says. Numbers in brackets are 95 % intervals over independent measurements (94 % for a
  median of five); "in each of 5 trainings" says that all came out equal, which leaves no interval. A row is *reproduced* when the
  interval of five or more, or what they all are, lies inside the tolerance, *contradicted* when it lies outside and a positive
  control shows that the experiment can find the effect, else *open*: work to do. *Must fail* lists what noise, an untrained
  network or another null scores on the same measure; no tolerance lets it pass, unless the row is open for that.
- **Identities** are exact and hold at every scale. **Checks** show that an instrument of ours does what it should.
- **Questions** are ours: a number with its interval, and no verdict. Some were to be claims, and lost their
  verdict when a value or a null was known; their notes say so."""

TALLIED = ("README.md", "docs/site/index.md")  # pages that say how the claims of papers came out
_TALLY = re.compile(r"Of \d+ claims of papers \d+ are reproduced, \d+ contradicted and \d+ open")

_TITLES = {
    rows.PAPER: "Claims of papers",
    rows.IDENTITY: "Identities",
    rows.CHECK: "Checks of our instruments",
    rows.QUESTION: "Questions of ours",
}


def ledger_markdown(found: Iterable[Row]) -> str:
    """The ledger as Markdown: counts by kind and verdict, what is open, a table for each kind, notes, claims without a row."""
    found = sorted(found, key=lambda row: (row.id, row.notebook or "", row.statement))
    parts = ["# Claims", _PREFACE, *_counts(found)]
    if bad := [row for row in found if row.verdict in (rows.FAILS, rows.FAILED)]:
        parts += ["## Failed", "\n".join(f"- **{row.id}** {row.statement}: {row.ours} ({_link(row)})" for row in bad)]
    if unsettled := [row for row in found if row.verdict == rows.OPEN]:
        parts += ["## Open", "\n".join(f"- **{row.id}** {row.statement}: {row.why} ({_link(row)})" for row in unsettled)]
    for kind, title in _TITLES.items():
        if of_kind := [row for row in found if row.kind == kind]:
            parts += [f"## {title}", _table(kind, of_kind)]
    if notes := [f"- **{row.id}** ({headline(row).lower()}): {row.note}" for row in found if row.note]:
        parts += ["## Notes", "\n".join(notes)]
    measured = {row.id.partition(".")[0] for row in found}
    if missing := [f"- **{id}** {promise.statement}" for id, promise in CLAIMS.items() if id not in measured]:
        parts += ["## Not measured yet", "\n".join(missing)]
    return "\n\n".join(parts) + "\n"


def tally(found: Iterable[Row]) -> str:
    """How the claims of papers came out, as a clause for pages that speak of the ledger."""
    verdicts = [row.verdict for row in found if row.kind == rows.PAPER]
    of = verdicts.count
    return (
        f"Of {len(verdicts)} claims of papers {of(rows.REPRODUCED)} are reproduced, "
        f"{of(rows.CONTRADICTED)} contradicted and {of(rows.OPEN)} open"
    )


def with_tally(text: str, found: Iterable[Row]) -> str:
    """A page whose tally, if it has one (on one line), is brought up to date."""
    return _TALLY.sub(tally(found), text)


def _counts(found: list[Row]) -> list[str]:
    if not found:
        return ["No claim has been measured yet."]
    lines = ["| kind | rows | verdicts |", "|---|---|---|"]
    for kind, title in _TITLES.items():
        of_kind = [row.verdict for row in found if row.kind == kind]
        words = (*rows.VERDICTS[kind], rows.TOO_SMALL)
        told = ", ".join(f"{of_kind.count(word)} {word}" for word in words if word in of_kind)
        lines.append(_line((title, str(len(of_kind)), told)))
    scales = sorted({row.scale for row in found if row.scale})
    where = f" Rows that depend on scale were measured at {' and '.join(scales)} scale." if scales else ""
    return ["\n".join(lines), f"{len(found)} {'row' if len(found) == 1 else 'rows'}.{where}"]


def _table(kind: str, of_kind: list[Row]) -> str:
    heads = {
        rows.PAPER: ("claim", "statement", "paper", "ours", "asked for", "must fail", "best to be had", "verdict", "notebook"),
        rows.QUESTION: ("question", "statement", "ours", "to compare with", "notebook"),
    }.get(kind, (kind, "statement", "expected", "ours", "asked for", "verdict", "notebook"))
    return "\n".join([_line(heads), "|" + "---|" * len(heads), *(_line(_cells(kind, row)) for row in of_kind)])


def _cells(kind: str, row: Row) -> tuple[str, ...]:
    if kind == rows.QUESTION:
        beside = "; ".join(part for part in (row.nulls, row.ceilings) if part)
        return row.id, row.statement, row.ours, beside, _link(row)
    told = [row.source] if row.source else []
    if row.decks:
        told.append(f"slides of {deck_names(row.decks)}")
    paper = f"{row.paper} ({'; '.join(told)})" if told else row.paper
    verdict = row.verdict if row.verdict in rows.GOOD else f"**{row.verdict}**"
    if kind == rows.PAPER:
        nothing = f"nothing: {row.no_null}" if row.no_null else ""
        asked = (row.tolerance, row.nulls or nothing, row.ceilings)
        return row.id, row.statement, paper, row.ours, *asked, verdict, _link(row)
    return row.id, row.statement, paper, row.ours, row.tolerance, verdict, _link(row)


def _link(row: Row) -> str:
    return f"[{row.notebook}](notebooks/{row.notebook}.ipynb)" if row.notebook else ""


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"
