"""The four kinds of rows, each a function that judges, shows and remembers: identity, check, claim, question."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from gancourse import scale
from gancourse.base.check import one_of
from gancourse.classroom.claims import rows, session
from gancourse.classroom.claims.baselines import Baselines, scores_of
from gancourse.classroom.claims.figures import Figures, values_of
from gancourse.classroom.claims.intervals import FEWEST, ambiguous, interval_of, statistic_of, too_few_to_resample
from gancourse.classroom.claims.rows import Row
from gancourse.classroom.claims.tolerance import Tolerance
from gancourse.classroom.coverage import PROMISES

INDEPENDENT = ("trainings", "runs", "seeds", "draws")  # what an interval of a paper's row may run over

_SUFFIX = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")


@dataclass(frozen=True)
class _Told:
    """What a row says beside its numbers."""

    over: str
    source: str
    decks: str | None
    unit: str
    note: str
    baselines: Baselines | None = None


@dataclass(frozen=True)
class _Asked:
    """What a row's numbers were held against."""

    tolerance: Tolerance
    target: float | str
    words: str  # the tolerance in words
    refuses_nulls: bool = True


@dataclass(frozen=True)
class _Judged:
    """What came of it, at a scale that can tell; ``exact``: at every scale."""

    verdict: str
    ours: str
    why: str = ""
    control: str = ""
    statistic: str = "mean"
    exact: bool = False
    same: bool = False  # all measurements came out equal


def identity(
    id: str,
    statement: str,
    *,
    ours: Any,
    tolerance: Tolerance,
    expected: float | str = "equal",
    over: str = "",
    source: str = "",
    decks: str | None = None,
    unit: str = "",
    note: str = "",
    digits: int = 4,
) -> Row:
    """An equation, checked by numbers at every scale: it holds when every value satisfies the tolerance, else it fails.

    expected: the number that the values should be near, or a word for it.
    over: what several values vary over ("draws", "points").
    source, decks, unit, note, digits: as in ``claim``.
    """
    told = _Told(over, source, decks, unit, note)
    return _by_every_value(id, rows.IDENTITY, statement, ours, expected, tolerance, True, digits, told)


def check(
    id: str,
    statement: str,
    *,
    ours: Any,
    tolerance: Tolerance,
    expected: float | str = "",
    over: str = "",
    baselines: Baselines | None = None,
    exact: bool = False,
    source: str = "",
    decks: str | None = None,
    unit: str = "",
    note: str = "",
    digits: int = 4,
) -> Row:
    """Whether an instrument of ours does what it should: passed when every value satisfies the tolerance, else failed.

    exact: the check means as much at ci scale.
    expected, over: as in ``identity``; baselines, source, decks, unit, note, digits: as in ``claim``.
    """
    told = _Told(over, source, decks, unit, note, baselines)
    return _by_every_value(id, rows.CHECK, statement, ours, expected, tolerance, exact, digits, told)


def claim(
    id: str,
    statement: str,
    *,
    source: str,
    paper: float | str,
    ours: Any,
    tolerance: Tolerance,
    baselines: Baselines,
    over: str = "",
    exact: str = "",
    control: Row | str | None = None,
    open: str = "",
    interval: str | None = None,
    statistic: str = "mean",
    limits: tuple[float, float] | None = None,
    decks: str | None = None,
    unit: str = "",
    note: str = "",
    digits: int = 4,
) -> Row:
    """What a source claims, beside what we measured.

    It is *reproduced* when the 95 % interval over five or more independent measurements lies inside the tolerance, *contradicted*
    when it lies outside and a positive control shows that the experiment can find the effect, else *open*.

    source: who says it, and where.
    paper: the paper's number, or a short text where it gives none ("collapses").
    ours: one number for each independent measurement; True and False where each is an outcome.
    tolerance: what the interval must lie in, fixed before measuring.
    baselines: ``nulls(noise=...)``, which the tolerance must refuse, or ``no_null("why")``; ``| ceilings(truth=...)``.
    over: what ours varies over: "trainings", "runs", "seeds" or "draws" where each value is an independent measurement; anything
        else ("classes", "points") is named as such and leaves the row open.
    exact: why no interval is needed (a closed form, a deterministic rule); each value is judged, at every scale.
    control: the row that shows the effect where it must be, or its id.
    open: why the row cannot be judged yet, whatever it measures.
    interval: None for Student's, of outcomes True and False for that of a share.  Where all values are 0 and 1 it has to be said:
        "share" of outcomes, "t" of numbers that happen to be so.  "bootstrap" of a median, or of a mean of many values.
    statistic: "median" where the mean of a few values is the wrong thing to look at; its interval is the bootstrap's.
    limits: the least and the greatest that can be, (0, 1) of a number that is a share: Student's interval ends there.
    decks: the lecture slides that teach it; None for those of the id's promise, which a row with a suffix does not have.
    unit: of ours and of the paper's number.
    note: what a reader should know, shown under the row.
    digits: that are shown; more where the tolerance asks for them.
    """
    if not source.strip():
        raise ValueError(f"claim {id} has no source: name the paper that says so, or ask with question(...)")
    if not isinstance(baselines, Baselines) or not (baselines.nulls or baselines.reason):
        raise TypeError(f"claim {id} needs baselines=nulls(noise=...) or no_null('why'), to show what chance scores")
    if exact and (interval is not None or statistic != "mean" or limits is not None):
        raise ValueError(f"claim {id} is exact, each value is judged: leave out interval=, statistic= and limits=, or exact=")
    values = values_of(f"ours of {id}", ours) if exact else _measured(id, ours, over)
    target = _target(id, "paper", paper)
    if target == "":
        raise ValueError(f"paper of {id} is empty: give its number, or say in a few words what it states")
    _tolerance(id, tolerance)
    bounds = tolerance.bounds(target)
    ends = None if exact else _interval(id, values, interval, statistic, limits)
    control = session.find(control) if isinstance(control, str) else control
    verdict, why = (rows.OPEN, open.strip()) if open.strip() else _judge(values, ends, bounds, bool(exact), over, control)
    figures = Figures(values, tolerance.width(target), tolerance.noise(target) if exact else 0.0, digits, bounds)
    judged = _Judged(
        verdict,
        figures.spread() if exact else figures.estimate(statistic_of(values, statistic), ends),
        why,
        control="" if control is None else f"{control.id} {control.verdict}",
        statistic=statistic,
        exact=bool(exact),
        same=figures.same(ends),
    )
    asked = _Asked(tolerance, target, tolerance.describe() + (f" ({exact})" if exact else ""), refuses_nulls=not open.strip())
    return _row(id, rows.PAPER, statement, figures, judged, asked, _Told(over, source, decks, unit, note, baselines))


def question(
    id: str,
    statement: str,
    *,
    ours: Any,
    over: str = "",
    baselines: Baselines | None = None,
    interval: str | None = None,
    statistic: str = "mean",
    limits: tuple[float, float] | None = None,
    source: str = "",
    decks: str | None = None,
    unit: str = "",
    note: str = "",
    digits: int = 4,
) -> Row:
    """A question of our own: a number with its 95 % interval and no verdict.

    The keywords are those of ``claim``; ``source`` says what it is asked beside, if anything.
    """
    values = _measured(id, ours, over)
    figures = Figures(values, None, 0.0, digits)
    ends = _interval(id, values, interval, statistic, limits)
    shown = figures.estimate(statistic_of(values, statistic), ends)
    judged = _Judged(rows.NO_VERDICT, shown, statistic=statistic, same=figures.same(ends))
    return _row(id, rows.QUESTION, statement, figures, judged, None, _Told(over, source, decks, unit, note, baselines))


def _by_every_value(
    id: str,
    kind: str,
    statement: str,
    ours: Any,
    expected: float | str,
    tolerance: Tolerance,
    exact: bool,
    digits: int,
    told: _Told,
) -> Row:
    """The row of an identity or a check: good when every value satisfies the tolerance."""
    values, target = values_of(f"ours of {id}", ours), _target(id, "expected", expected)
    _tolerance(id, tolerance)
    good, bad = rows.VERDICTS[kind]
    noise = tolerance.noise(target) if exact else 0.0
    figures = Figures(values, tolerance.width(target), noise, digits, tolerance.bounds(target))
    verdict = good if all(tolerance.holds(value, target) for value in values) else bad
    asked = _Asked(tolerance, target, tolerance.describe())
    return _row(id, kind, statement, figures, _Judged(verdict, figures.spread(), exact=exact), asked, told)


def _measured(id: str, ours: Any, over: str) -> list[float]:
    """Measurements of which an interval is taken: one number for each of what they vary over."""
    return values_of(f"ours of {id}", ours, over.strip() or "values")


def _independent(over: str) -> bool:
    """Whether what ours varies over is independent, as the trainings of "trainings of BiGAN" are."""
    return over.strip().partition(" ")[0] in INDEPENDENT


def _interval(
    id: str, values: list[float], method: str | None, statistic: str, limits: tuple[float, float] | None
) -> tuple[float, float] | None:
    """The interval of a row.

    At ci scale, where nothing is judged, there is none of what is too little to resample, and a count may be 0 and 1 by its size.
    """
    if scale.name() == "ci" and too_few_to_resample(len(values), method, statistic):
        return None
    if scale.name() != "ci" and method is None and limits is None and ambiguous(values):
        raise ValueError(
            f"ours of {id} are 0 and 1: outcomes (hand over True and False, or write interval='share'), or numbers that happen "
            "to be 0 and 1 (write interval='t', or limits=(0, 1) of a share measured in each)"
        )
    try:
        return interval_of(values, method, statistic, limits)
    except ValueError as error:
        raise ValueError(f"{id} has no interval: {error}") from None


def _judge(
    values: list[float],
    ends: tuple[float, float] | None,
    bounds: tuple[float, float],
    exact: bool,
    over: str,
    control: Row | None,
) -> tuple[str, str]:
    """A claim's verdict, and why it is open."""
    return _each(values, bounds, control) if exact else _by_interval(len(values), ends, bounds, over, control)


def _by_interval(
    n: int, ends: tuple[float, float] | None, bounds: tuple[float, float], over: str, control: Row | None
) -> tuple[str, str]:
    if n == 1:
        return rows.OPEN, f"a single measurement, where {FEWEST} independent ones are asked for"
    if not _independent(over):
        return rows.OPEN, f"the values are {n} {over}, no independent measurements"
    if n < FEWEST:
        return rows.OPEN, f"{n} {over}, where {FEWEST} are asked for"
    if ends is None:
        return rows.OPEN, "no interval: some values are infinite"
    if bounds[0] <= ends[0] and ends[1] <= bounds[1]:
        return rows.REPRODUCED, ""
    if ends[1] < bounds[0] or bounds[1] < ends[0]:
        return _outside(control)
    return rows.OPEN, "the interval reaches over the edge of the tolerance"


def _each(values: list[float], bounds: tuple[float, float], control: Row | None) -> tuple[str, str]:
    inside = [bounds[0] <= value <= bounds[1] for value in values]
    if all(inside):
        return rows.REPRODUCED, ""
    return (rows.OPEN, f"{sum(inside)} of {len(inside)} values are inside the tolerance") if any(inside) else _outside(control)


def _outside(control: Row | None) -> tuple[str, str]:
    if control is None:
        return rows.OPEN, "outside the tolerance, but nothing shows that this experiment could have found the effect"
    if control.verdict not in rows.GOOD:
        return rows.OPEN, f"outside the tolerance, but the positive control {control.id} {control.verdict}"
    return rows.CONTRADICTED, ""


def _row(id: str, kind: str, statement: str, figures: Figures, judged: _Judged, asked: _Asked | None, told: _Told) -> Row:
    """The row of what was measured, judged and told, shown and remembered."""
    promise = PROMISES[_known(id)]
    if not statement.strip():
        raise ValueError(f"row {id} needs a statement: say in one sentence what is measured")
    n, over, paper = len(figures.values), told.over.strip(), "" if asked is None else asked.target
    if n > 1 and not over:
        raise ValueError(f"ours of {id} holds {n} values: say what they vary over, as in over='trainings'")
    can_tell = judged.exact or scale.name() != "ci"
    nulls, ceilings, reason = _compare(id, told.baselines or Baselines(), figures, asked)
    middle = "median " if judged.statistic == "median" and n > 1 else ""
    counted = rows.counted(n, _counted(over, n), judged.same) if over else ""
    row = Row(
        id=id,
        kind=kind,
        statement=statement.strip(),
        verdict=judged.verdict if can_tell else rows.TOO_SMALL,
        why=judged.why if can_tell else "",
        paper=paper if isinstance(paper, str) else _with_unit(figures.one(paper), told.unit),
        ours=middle + _with_unit(judged.ours, told.unit) + counted,
        tolerance="" if asked is None else asked.words,
        nulls=nulls,
        ceilings=ceilings,
        no_null=reason,
        control=judged.control,
        source=told.source.strip(),
        # A row with a suffix is narrower than the promise: it names its slides itself.
        decks=told.decks if told.decks is not None else "" if "." in id else promise.decks,
        note=told.note.strip(),
        unit=told.unit,
        values=[figures.plain(value) for value in figures.values],
        over=over,
        exact=judged.exact,
        scale=None if judged.exact else scale.name(),
    )
    session.take(row)
    return row


def _compare(id: str, baselines: Baselines, figures: Figures, asked: _Asked | None) -> tuple[str, str, str]:
    """The baselines as texts; a null that the tolerance lets pass is an error, but at ci scale."""
    nulls, ceilings = scores_of(id, baselines.nulls), scores_of(id, baselines.ceilings)
    if asked is not None and asked.refuses_nulls and scale.name() != "ci":
        for name, score in nulls.items():
            if asked.tolerance.holds(score, asked.target):
                raise ValueError(
                    f"the tolerance of {id}, {asked.tolerance.describe()}, lets {name} pass, which scores {figures.one(score)}: "
                    "such a row says nothing. Measure something that needs learning, or leave the row open=... and say why"
                )
    texts = ["; ".join(f"{name} {figures.one(score)}" for name, score in part.items()) for part in (nulls, ceilings)]
    return texts[0], texts[1], baselines.reason


def _known(id: str) -> str:
    prefix, dot, suffix = id.partition(".")
    one_of("claim id", prefix, PROMISES)
    if dot and not _SUFFIX.fullmatch(suffix):
        raise ValueError(f"claim id {id!r} has a bad suffix: after the dot write letters, digits, - or _, as in '{prefix}.norm'")
    return prefix


def _tolerance(id: str, tolerance: Tolerance) -> None:
    if not isinstance(tolerance, Tolerance):
        came = type(tolerance).__name__
        raise TypeError(f"tolerance of {id} must be made by within, at_least, at_most or between, not {came}: write within(0.1)")


def _target(id: str, name: str, target: float | str) -> float | str:
    if isinstance(target, str):
        return target.strip()
    if math.isnan(target := float(target)):
        raise ValueError(f"{name} of {id} is NaN: give its number, or say in a few words what it states")
    return target


def _with_unit(text: str, unit: str) -> str:
    return f"{text} {unit}" if unit else text


def _counted(over: str, n: int) -> str:
    """What was counted, in the singular where it is one: "1 training", "5 classes of digits"."""
    if n != 1:
        return over
    first, space, rest = over.partition(" ")
    ending = 2 if first.endswith(("sses", "ches", "xes")) else 1 if first.endswith("s") else 0
    return (first[:-ending] if ending else first) + space + rest
