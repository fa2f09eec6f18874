r"""The claims ledger: what a paper says, what we measured, and a verdict by a tolerance fixed beforehand.

>>> claim("C03", "At p_g = p_data the value of the game is -2 log 2", paper=-1.3863, ours=values_over_seeds,
...       tolerance=within(0.01), source="Goodfellow et al. 2014, Theorem 1", exact=True)

A verdict is ``reproduced``, ``not reproduced`` or, at ci scale, ``too small to judge``; a claim that holds at every scale (an
identity, a closed form) is marked ``exact=True`` and is judged at every scale.  With several seeds the tolerance judges their
mean, and the sample standard deviation is shown beside it; ``strict=True`` asks it of every seed, ``share=0.8`` of four in five.

Each row is displayed as HTML with a plain-text twin and carries its record as JSON in the notebook's output, so that CLAIMS.md
can be written from executed notebooks alone (``rows_from_notebooks``).  When GANCOURSE_LEDGER names a file, each row is appended
to it as well.  What is shown is rounded to fixed digits; in exact claims numbers far below the tolerance are shown as such, so
that rows do not depend on the machine.
"""

from __future__ import annotations

import json
import math
import os
import re
import statistics
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from html import escape
from pathlib import Path
from typing import Any

from gancourse import scale
from gancourse.base import check
from gancourse.classroom.coverage import CLAIMS, PROMISES, deck_names

REPRODUCED = "reproduced"
NOT_REPRODUCED = "not reproduced"
TOO_SMALL = "too small to judge"
VERDICTS = (REPRODUCED, NOT_REPRODUCED, TOO_SMALL)

MIME = "application/vnd.gancourse.claim+json"

_SUFFIX = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")


# ---------------------------------------------------------------------------------------------------------- tolerances


@dataclass(frozen=True)
class Tolerance:
    """What ours must satisfy; made by ``within`` and its relatives ``at_least``, ``at_most``, ``between``, ..."""

    kind: str
    numbers: tuple[float, ...]
    of: float | None = None
    share: float | None = None

    def holds(self, value: float, paper: float | str) -> bool:
        """Whether one number satisfies the tolerance."""
        if self.kind == "at_least":
            return value >= self.numbers[0]
        if self.kind == "at_most":
            return value <= self.numbers[0]
        if self.kind == "between":
            return self.numbers[0] <= value <= self.numbers[1]
        target, (width,) = self.target(paper), self.numbers
        if math.isinf(value) or math.isinf(target):
            return value == target
        if self.kind == "within_factor":
            return value * target > 0 and 1 / width <= value / target <= width
        return abs(value - target) <= (width if self.kind == "within" else width * abs(target))

    def target(self, paper: float | str) -> float:
        """The number that ours is compared with: ``of`` where it was given, else the paper's."""
        target = paper if self.of is None else self.of
        if isinstance(target, str):
            raise ValueError(
                f"{self.kind} needs a number to compare with, and paper={target!r} is text: "
                f"write {self.kind}({_number(self.numbers[0])}, of=...) with the number it stands for"
            )
        return target

    def accepts(self, values: list[float], paper: float | str) -> bool:
        """Whether the measurements pass: their mean by default, else the asked share of them."""
        if self.share is None:
            return self.holds(_mean(values), paper)
        return sum(self.holds(value, paper) for value in values) >= self.share * len(values) - 1e-9

    def width(self, paper: float | str) -> float | None:
        """The absolute size below which a number is only rounding noise to this tolerance, where there is one."""
        if self.kind in ("within", "at_most"):
            return abs(self.numbers[0])
        if self.kind == "within_relative" and math.isfinite(self.target(paper)):
            return self.numbers[0] * abs(self.target(paper))
        return None

    def describe(self, n: int = 1) -> str:
        """The tolerance in words, for ``n`` measurements."""
        first = _number(self.numbers[0])
        words = {
            "within": f"within {first}",
            "within_relative": f"within {_number(100 * self.numbers[0])} %",
            "within_factor": f"within a factor of {first}",
            "at_least": f"at least {first}",
            "at_most": f"at most {first}",
            "between": f"between {first} and {_number(self.numbers[-1])}",
        }[self.kind]
        if self.of is not None:
            words += f" of {_number(self.of)}"
        if n == 1:
            return words
        if self.share is None:
            return f"mean {words}"
        return f"{words} for every seed" if self.share == 1 else f"{words} for {_number(100 * self.share)} % of the seeds"


def within(x: float, *, of: float | None = None, share: float | None = None, strict: bool = False) -> Tolerance:
    """abs(ours - paper) <= x; ``of`` replaces the paper's number."""
    return _tolerance("within", (x,), of, share, strict)


def within_relative(x: float, *, of: float | None = None, share: float | None = None, strict: bool = False) -> Tolerance:
    """abs(ours - paper) <= x abs(paper): 0.1 is ten per cent; ``of`` replaces the paper's number."""
    return _tolerance("within_relative", (x,), of, share, strict)


def within_factor(x: float, *, of: float | None = None, share: float | None = None, strict: bool = False) -> Tolerance:
    """1 / x <= ours / paper <= x: 2 is "within a factor of two"; ``of`` replaces the paper's number."""
    if not x > 1:
        raise ValueError(f"a factor must be above 1, not {x}: within_factor(2) means from half to twice the paper's number")
    return _tolerance("within_factor", (x,), of, share, strict)


def at_least(x: float, *, share: float | None = None, strict: bool = False) -> Tolerance:
    """ours >= x."""
    return _tolerance("at_least", (x,), None, share, strict)


def at_most(x: float, *, share: float | None = None, strict: bool = False) -> Tolerance:
    """ours <= x."""
    return _tolerance("at_most", (x,), None, share, strict)


def between(a: float, b: float, *, share: float | None = None, strict: bool = False) -> Tolerance:
    """a <= ours <= b."""
    if not a <= b:
        raise ValueError(f"between needs its ends in order, not {a} and {b}: write between({b}, {a})")
    return _tolerance("between", (a, b), None, share, strict)


def _tolerance(kind: str, numbers: tuple[float, ...], of: float | None, share: float | None, strict: bool) -> Tolerance:
    numbers = tuple(float(x) for x in numbers)
    if any(math.isnan(x) for x in numbers) or (of is not None and math.isnan(of)):
        raise ValueError(f"{kind} was given NaN: a tolerance is a number fixed before measuring")
    if kind in ("within", "within_relative") and not 0 <= numbers[0] < math.inf:
        raise ValueError(f"{kind} needs a finite width of at least 0, not {numbers[0]}")
    if strict and share not in (None, 1):
        raise ValueError("give strict=True or share=, not both: strict means every seed")
    if share is not None and not 0 < share <= 1:
        raise ValueError(f"share is a part of the seeds in (0, 1], not {share}: 0.8 means four in five")
    return Tolerance(kind, numbers, None if of is None else float(of), 1.0 if strict else share)


# ---------------------------------------------------------------------------------------------------------------- rows


@dataclass
class Row:
    """One row of the ledger.  ``paper``, ``ours`` and ``tolerance`` are texts as shown, ``values`` our rounded measurements."""

    id: str
    statement: str
    decks: str
    source: str
    paper: str
    ours: str
    values: list[float | str]
    tolerance: str
    verdict: str
    unit: str
    note: str
    exact: bool
    scale: str | None
    notebook: str | None = None
    _cell: int | None = field(default=None, repr=False, compare=False)

    def record(self) -> dict[str, Any]:
        """The row as plain data for JSON."""
        return {key: value for key, value in asdict(self).items() if not key.startswith("_")}

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Row:
        """The row that ``record`` came from."""
        wanted = {f.name for f in fields(cls) if not f.name.startswith("_")}
        if missing := wanted - record.keys() - {"notebook"}:
            raise ValueError(f"a claim's record lacks {', '.join(sorted(missing))}: run its notebook again with this gancourse")
        return cls(**{key: record[key] for key in wanted if key in record})

    def __str__(self) -> str:
        lines = [
            f"{self.id}  {self.statement}",
            f"     paper: {self.paper} | ours: {self.ours} | tolerance: {self.tolerance} | {self.verdict}",
            f"     {self._origin()}",
        ]
        if self.note:
            lines.append(f"     note: {self.note}")
        return "\n".join(line for line in lines if line.strip())

    def _origin(self) -> str:
        decks = f"{'deck' if len(self.decks) == 1 else 'decks'}: {deck_names(self.decks)}" if self.decks else ""
        return "; ".join(part for part in (self.source, decks) if part)

    def _repr_html_(self) -> str:
        # A plain table first: forges strip the styles, and the words alone must carry the verdict.
        edge, line = {
            REPRODUCED: ("#0072b2", "solid"),
            NOT_REPRODUCED: ("#d55e00", "double"),
            TOO_SMALL: ("#888888", "dashed"),
        }[self.verdict]
        base = "text-align: left; vertical-align: top; padding: 2px 18px 2px 10px; white-space: normal"
        wide, small = f"{base}; max-width: 54em", f"{base}; max-width: 54em; font-size: 90%; opacity: 0.8"
        heads = "".join(
            f'<th style="{base}; font-weight: normal; opacity: 0.8; min-width: {em}em">{title}</th>'
            for title, em in (("paper", 9), ("ours", 14), ("tolerance", 15), ("verdict", 9))
        )
        texts = (self.paper, self.ours, self.tolerance)
        cells = "".join(f'<td style="{base}; max-width: 22em">{escape(text)}</td>' for text in texts)
        rows = [
            f'<td colspan="4" style="{wide}"><b>{escape(self.id)}</b>&ensp;{escape(self.statement)}</td>',
            heads,
            f'{cells}<td style="{base}"><b>{self.verdict}</b></td>',
        ]
        if self.note:
            rows.append(f'<td colspan="4" style="{wide}">Note: {escape(self.note)}</td>')
        if origin := self._origin():
            rows.append(f'<td colspan="4" style="{small}">{escape(origin)}</td>')
        style = f"border-left: 5px {line} {edge}; border-collapse: collapse; margin: 6px 0"
        body = "".join(f'<tr style="background: none">{row}</tr>' for row in rows)
        return f'<table style="{style}"><tbody>{body}</tbody></table>'

    def _bundle(self) -> dict[str, Any]:
        return {"text/plain": str(self), "text/html": self._repr_html_(), MIME: self.record()}

    def _ipython_display_(self) -> None:
        # claim() has already shown its row; the value of a cell's last line would show it twice.
        if self._cell is None or self._cell != _cell_number():
            _display(self)


def claim(
    id: str,
    statement: str,
    *,
    paper: float | str,
    ours: Any,
    tolerance: Tolerance,
    source: str = "",
    unit: str = "",
    note: str = "",
    exact: bool = False,
    digits: int = 4,
) -> Row:
    """Judge a claim by its tolerance, show the row, and add it to the ledger.

    id: an id of the course's table (C01 ... C30, S01 ... S33), with a suffix for a row of your own: ``"C10.batchnorm"``.
    paper: the paper's number, or a short text where it gives none ("log 2 exactly", "collapses").
    ours: a number, a sequence over seeds, or a tensor (each entry a seed).  NaN and empty sequences are errors.
    tolerance: ``within(0.01)``, ``at_least(0.9, strict=True)``, ...
    note: why a claim was not reproduced, or what the reader should know.
    exact: the claim does not depend on scale, and is judged at ci scale too.
    digits: significant digits shown.
    """
    promise = PROMISES[_known(id)]
    if not statement.strip():
        raise ValueError(f"claim {id} needs a statement: say in one sentence what is claimed")
    if not isinstance(tolerance, Tolerance):
        came = type(tolerance).__name__
        raise TypeError(f"tolerance of {id} must be made by within, at_least, at_most or between, not {came}: write within(0.1)")
    paper, values = _paper(id, paper), _values(id, ours)
    passed = tolerance.accepts(values, paper)
    judged = exact or scale.name() != "ci"
    figures = _Figures(values, tolerance.width(paper), exact, digits)
    row = Row(
        id=id,
        statement=statement.strip(),
        decks=promise.decks,
        source=source,
        paper=paper if isinstance(paper, str) else _with_unit(figures.paper(paper), unit),
        ours=_with_unit(figures.ours(), unit) + _count(values, tolerance, paper),
        values=[figures.plain(value) for value in values],
        tolerance=tolerance.describe(len(values)),
        verdict=(REPRODUCED if passed else NOT_REPRODUCED) if judged else TOO_SMALL,
        unit=unit,
        note=note.strip(),
        exact=exact,
        scale=None if exact else scale.name(),
    )
    _remember(row)
    _display(row)
    row._cell = _cell_number()
    return row


def _known(id: str) -> str:
    prefix, dot, suffix = id.partition(".")
    check.one_of("claim id", prefix, PROMISES)
    if dot and not _SUFFIX.fullmatch(suffix):
        raise ValueError(f"claim id {id!r} has a bad suffix: after the dot write letters, digits, - or _, as in '{prefix}.norm'")
    return prefix


def _paper(id: str, paper: float | str) -> float | str:
    if isinstance(paper, str):
        if not paper.strip():
            raise ValueError(f"paper of {id} is empty: give its number, or say in a few words what it states")
        return paper.strip()
    paper = float(paper)
    if math.isnan(paper):
        raise ValueError(f"paper of {id} is NaN: give its number, or say in a few words what it states")
    return paper


def _values(id: str, ours: Any) -> list[float]:
    """Our measurements as a list of floats; NaN, emptiness and anything that is no number raise."""
    flat = list(_flatten(ours))
    if not flat:
        raise ValueError(f"ours of {id} is empty: nothing was measured, so there is nothing to judge")
    for value in flat:
        if isinstance(value, str) or not hasattr(value, "__float__"):
            raise TypeError(f"ours of {id} must be numbers, not {type(value).__name__}: measure something and pass it")
    values = [float(value) for value in flat]
    if bad := sum(math.isnan(value) for value in values):
        raise ValueError(f"ours of {id} holds {bad} NaN among {len(values)} values: look at what measured them")
    if math.inf in values and -math.inf in values:
        raise ValueError(f"ours of {id} holds both infinities, which have no mean: make a claim of each")
    return values


def _flatten(ours: Any) -> Iterable[Any]:
    if hasattr(ours, "tolist"):  # tensors, NumPy arrays and scalars
        ours = ours.tolist()
    if isinstance(ours, Iterable) and not isinstance(ours, (str, bytes, dict)):
        for part in ours:
            yield from _flatten(part)
    else:
        yield ours


# ------------------------------------------------------------------------------------------------------------- figures


class _Figures:
    """Our numbers as text: fixed digits, no finer than what every machine agrees on."""

    def __init__(self, values: list[float], width: float | None, exact: bool, digits: int) -> None:
        self.values, self.digits = values, digits
        self.noise = width / 10 if exact and width else 0.0
        self.step = width if width else None

    def _places(self, *numbers: float) -> int | None:
        """Decimal places that show ``digits`` figures of the largest number and resolve the tolerance; None: use 1.2e-7."""
        top = max((abs(x) for x in numbers if math.isfinite(x)), default=0.0)
        if top == 0:
            return 0
        if not 1e-4 <= top < 1e7:
            return None
        places = max(0, self.digits - 1 - math.floor(math.log10(top)))
        if self.step:
            places = max(places, math.floor(-math.log10(self.step)))
        return min(places, 10)

    def ours(self) -> str:
        mean = _mean(self.values)
        if len(self.values) == 1:
            return self._text(mean, self._places(mean))
        spread = _spread(self.values)
        if spread is None or max(abs(mean), spread) < self.noise:
            return self._text(mean, self._places(mean))
        places = self._places(mean, spread)
        mean, spread = (0.0 if abs(x) < self.noise else x for x in (mean, spread))
        return f"{_fixed(mean, places, self.digits)} \N{PLUS-MINUS SIGN} {_fixed(spread, places, 2)}"

    def paper(self, paper: float) -> str:
        return _fixed(paper, self._places(paper), self.digits)

    def _text(self, value: float, places: int | None) -> str:
        if abs(value) < self.noise:
            return f"below {_number(self.noise)}"
        return _fixed(value, places, self.digits)

    def plain(self, value: float) -> float | str:
        """One measurement rounded as shown; infinity as text, for JSON has none."""
        if math.isinf(value):
            return "inf" if value > 0 else "-inf"
        return 0.0 if abs(value) < self.noise else float(_fixed(value, self._places(*self.values), self.digits))


def _fixed(value: float, places: int | None, digits: int) -> str:
    if math.isinf(value):
        return "infinite" if value > 0 else "-infinite"
    if places is None:
        return "0" if value == 0 else f"{value:.{digits - 1}e}"
    text = f"{value:.{places}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def _number(value: float) -> str:
    """A number that a person wrote: as short as it was written."""
    return _fixed(value, None, 4) if math.isinf(value) else f"{value:.6g}"


def _mean(values: list[float]) -> float:
    return math.fsum(values) / len(values) if all(map(math.isfinite, values)) else sum(values) / len(values)


def _spread(values: list[float]) -> float | None:
    """The sample standard deviation; None where a value is infinite."""
    return statistics.stdev(values) if all(map(math.isfinite, values)) else None


def _with_unit(text: str, unit: str) -> str:
    return f"{text} {unit}" if unit else text


def _count(values: list[float], tolerance: Tolerance, paper: float | str) -> str:
    if len(values) == 1:
        return ""
    if tolerance.share is None:
        return f" ({len(values)} seeds)"
    return f" ({sum(tolerance.holds(value, paper) for value in values)} of {len(values)} seeds)"


# -------------------------------------------------------------------------------------------------------------- ledger

_rows: dict[tuple[str, str], Row] = {}


def ledger() -> list[Row]:
    """The rows of this session, in the order they were first made; a claim measured again replaces its earlier row."""
    return list(_rows.values())


def clear() -> None:
    """Forget the rows of this session."""
    _rows.clear()


def _remember(row: Row) -> None:
    _rows[row.id, row.statement] = row
    if path := os.environ.get("GANCOURSE_LEDGER"):
        record = row.record() | {"notebook": os.environ.get("GANCOURSE_NOTEBOOK")}
        _append(Path(path), json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n")


def _append(path: Path, line: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # One write to a descriptor in append mode: rows of notebooks that run side by side do not mix.
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    try:
        os.write(handle, line.encode())
    finally:
        os.close(handle)


def read_ledger(path: str | os.PathLike[str]) -> list[Row]:
    """The rows of a ledger file; of a claim measured twice in one notebook the later counts."""
    rows: dict[tuple[str | None, str, str], Row] = {}
    for number, line in enumerate(Path(path).read_text(encoding="utf-8").splitlines(), start=1):
        try:
            row = Row.from_record(json.loads(line))
        except (ValueError, TypeError) as error:
            fix = "delete the file and measure again"
            raise ValueError(f"line {number} of {path} is no row of a ledger ({error}): {fix}") from None
        rows[row.notebook, row.id, row.statement] = row
    return list(rows.values())


def rows_from_notebook(path: str | os.PathLike[str]) -> list[Row]:
    """The rows that an executed notebook carries in its outputs."""
    path = Path(path)
    rows: dict[tuple[str, str], Row] = {}
    for cell in json.loads(path.read_text(encoding="utf-8")).get("cells", []):
        for output in cell.get("outputs", []):
            if record := output.get("data", {}).get(MIME):
                row = Row.from_record(record | {"notebook": path.stem})
                rows[row.id, row.statement] = row
    return list(rows.values())


def rows_from_notebooks(folder: str | os.PathLike[str]) -> list[Row]:
    """The rows of all executed notebooks in ``folder``, notebook by notebook."""
    return [row for path in sorted(Path(folder).glob("*.ipynb")) for row in rows_from_notebook(path)]


def ledger_markdown(rows: Iterable[Row]) -> str:
    """The ledger as Markdown: counts of verdicts, a table sorted by id, the notes, and the claims that have no row yet."""
    rows = sorted(rows, key=lambda row: (row.id, row.notebook or "", row.statement))
    parts = ["# Claims", _PREFACE, _summary(rows)]
    if rows:
        head = ("claim", "statement", "decks", "paper", "ours", "tolerance", "verdict", "notebook")
        table = [_line(head), "|" + "---|" * len(head), *(_line(_cells(row)) for row in rows)]
        parts.append("\n".join(table))
    if notes := [f"- **{row.id}** ({row.verdict}): {row.note}" for row in rows if row.note]:
        parts += ["## Notes", "\n".join(notes)]
    measured = {row.id.partition(".")[0] for row in rows}
    if missing := [f"- **{id}** {promise.statement}" for id, promise in CLAIMS.items() if id not in measured]:
        parts += ["## Not measured yet", "\n".join(missing)]
    return "\n\n".join(parts) + "\n"


_PREFACE = (
    "Each row is measured by a cell of a lecture. *Ours* is the mean \N{PLUS-MINUS SIGN} the sample standard deviation over "
    "seeds. The tolerance was fixed before measuring. `gancourse claims` measures all rows again and writes this file; "
    "`gancourse claims --from-notebooks` writes it from the executed notebooks."
)


def _summary(rows: list[Row]) -> str:
    if not rows:
        return "No claim has been measured yet."
    counts = Counter(row.verdict for row in rows)
    said = ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict])
    scales = sorted({row.scale for row in rows if row.scale})
    where = f" Rows that depend on scale were measured at {' and '.join(scales)} scale." if scales else ""
    return f"{len(rows)} {'row' if len(rows) == 1 else 'rows'}: {said}.{where}"


def _cells(row: Row) -> tuple[str, ...]:
    paper = f"{row.paper} ({row.source})" if row.source else row.paper
    notebook = f"[{row.notebook}](notebooks/{row.notebook}.ipynb)" if row.notebook else ""
    verdict = row.verdict if row.verdict == REPRODUCED else f"**{row.verdict}**"
    return row.id, row.statement, deck_names(row.decks), paper, row.ours, row.tolerance, verdict, notebook


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"


# ------------------------------------------------------------------------------------------------------------- display


def _shell() -> Any:
    """The running IPython shell, or None; IPython is not imported for the question."""
    return sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None


def _cell_number() -> int | None:
    shell = _shell()
    return None if shell is None else shell.execution_count


def _display(row: Row) -> None:
    if _shell() is None:
        print(row)
        return
    from IPython.display import display

    display(row._bundle(), raw=True)
