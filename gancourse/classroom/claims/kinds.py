"""The four kinds of rows, each a function that judges, shows and remembers: identity, check, claim, question."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from gancourse import scale
from gancourse.base.check import one_of
from gancourse.classroom.claims import rows, session
from gancourse.classroom.claims.baselines import Baselines, scores_of
from gancourse.classroom.claims.figures import Figures, values_of
from gancourse.classroom.claims.intervals import FEWEST, interval_of, statistic_of
from gancourse.classroom.claims.rows import Row
from gancourse.classroom.claims.tolerance import Tolerance
from gancourse.classroom.coverage import PROMISES

INDEPENDENT = ("trainings", "runs", "seeds", "draws")  # what an interval of a paper's row may run over

_SUFFIX = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")


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
    """An equation, checked by numbers at every scale: it holds when every value satisfies the tolerance, else it fails."""
    told = {"over": over, "source": source, "decks": decks, "unit": unit, "note": note}
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
    """
    told = {"over": over, "baselines": baselines, "source": source, "decks": decks, "unit": unit, "note": note}
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
    interval: str = "t",
    statistic: str = "mean",
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
    baselines: ``nulls(noise=...)``, which the tolerance must refuse, or ``no_null("why")``; ``| ceilings(truth=...)``.
    over: what ours varies over: "trainings", "runs", "seeds" or "draws" where each value is an independent measurement; anything
        else ("classes", "points") is named as such and leaves the row open.
    exact: why no interval is needed (a closed form, a deterministic rule); each value is judged, at every scale.
    control: the row that shows the effect where it must be, or its id.
    open: why the row cannot be judged yet, whatever it measures.
    interval, statistic: "bootstrap" and "median" where the mean of a few values is the wrong thing to look at.
    """
    if not source.strip():
        raise ValueError(f"claim {id} has no source: name the paper that says so, or ask with question(...)")
    if not isinstance(baselines, Baselines) or not (baselines.nulls or baselines.reason):
        raise TypeError(f"claim {id} needs baselines=nulls(noise=...) or no_null('why'), to show what chance scores")
    values, target = values_of(f"ours of {id}", ours), _target(id, "paper", paper)
    if target == "":
        raise ValueError(f"paper of {id} is empty: give its number, or say in a few words what it states")
    _tolerance(id, tolerance)
    ends = None if exact else interval_of(values, interval, statistic)
    judged = bool(exact) or scale.name() != "ci"
    control = session.find(control) if isinstance(control, str) else control
    if open.strip():
        verdict, why = rows.OPEN, open.strip()
    elif exact:
        verdict, why = _each(values, tolerance.bounds(target), control)
    else:
        verdict, why = _by_interval(len(values), ends, tolerance.bounds(target), over, control)
    figures = Figures(values, tolerance.width(target), bool(exact), digits)
    return _row(
        id,
        rows.PAPER,
        statement,
        verdict,
        figures,
        why=why if judged else "",
        ours=figures.spread() if exact else figures.estimate(statistic_of(values, statistic), ends),
        statistic=statistic,
        paper=target,
        tolerance=tolerance.describe() + (f" ({exact})" if exact else ""),
        refuse=None if open else (tolerance, target),
        over=over,
        baselines=baselines,
        control="" if control is None else f"{control.id} {control.verdict}",
        source=source,
        decks=decks,
        unit=unit,
        note=note,
        exact=bool(exact),
    )


def question(
    id: str,
    statement: str,
    *,
    ours: Any,
    over: str = "",
    baselines: Baselines | None = None,
    interval: str = "t",
    statistic: str = "mean",
    source: str = "",
    decks: str | None = None,
    unit: str = "",
    note: str = "",
    digits: int = 4,
) -> Row:
    """A question of our own: a number with its 95 % interval and no verdict."""
    values = values_of(f"ours of {id}", ours)
    figures = Figures(values, None, False, digits)
    return _row(
        id,
        rows.QUESTION,
        statement,
        rows.NO_VERDICT,
        figures,
        ours=figures.estimate(statistic_of(values, statistic), interval_of(values, interval, statistic)),
        statistic=statistic,
        over=over,
        baselines=baselines,
        source=source,
        decks=decks,
        unit=unit,
        note=note,
    )


def _by_every_value(
    id: str,
    kind: str,
    statement: str,
    ours: Any,
    expected: float | str,
    tolerance: Tolerance,
    exact: bool,
    digits: int,
    told: Mapping[str, Any],
) -> Row:
    """The row of an identity or a check: good when every value satisfies the tolerance."""
    values, target = values_of(f"ours of {id}", ours), _target(id, "expected", expected)
    _tolerance(id, tolerance)
    good, bad = rows.VERDICTS[kind]
    figures = Figures(values, tolerance.width(target), exact, digits)
    return _row(
        id,
        kind,
        statement,
        good if all(tolerance.holds(value, target) for value in values) else bad,
        figures,
        ours=figures.spread(),
        paper=target,
        tolerance=tolerance.describe(),
        refuse=(tolerance, target),
        exact=exact,
        **told,
    )


def _by_interval(
    n: int, ends: tuple[float, float] | None, bounds: tuple[float, float], over: str, control: Row | None
) -> tuple[str, str]:
    what = over.partition(" ")[0]
    if n == 1:
        return rows.OPEN, f"a single measurement, where {FEWEST} independent ones are asked for"
    if what not in INDEPENDENT:
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


def _row(
    id: str,
    kind: str,
    statement: str,
    verdict: str,
    figures: Figures,
    *,
    ours: str,
    over: str,
    source: str,
    decks: str | None,
    unit: str,
    note: str,
    why: str = "",
    paper: float | str = "",
    tolerance: str = "",
    refuse: tuple[Tolerance, float | str] | None = None,
    baselines: Baselines | None = None,
    statistic: str = "mean",
    control: str = "",
    exact: bool = False,
) -> Row:
    promise = PROMISES[_known(id)]
    if not statement.strip():
        raise ValueError(f"row {id} needs a statement: say in one sentence what is measured")
    n, over = len(figures.values), over.strip()
    if n > 1 and not over:
        raise ValueError(f"ours of {id} holds {n} values: say what they vary over, as in over='trainings'")
    judged = exact or scale.name() != "ci"
    nulls, ceilings, reason = _compare(id, baselines or Baselines(), figures, refuse if scale.name() != "ci" else None)
    middle = "median " if statistic == "median" and n > 1 else ""
    row = Row(
        id=id,
        kind=kind,
        statement=statement.strip(),
        verdict=verdict if judged else rows.TOO_SMALL,
        why=why,
        paper=paper if isinstance(paper, str) else _with_unit(figures.one(paper), unit),
        ours=middle + _with_unit(ours, unit) + (f" ({n} {_counted(over, n)})" if over else ""),
        tolerance=tolerance,
        nulls=nulls,
        ceilings=ceilings,
        no_null=reason,
        control=control,
        source=source.strip(),
        # A row with a suffix is narrower than the promise: it names its slides itself.
        decks=decks if decks is not None else "" if "." in id else promise.decks,
        note=note.strip(),
        unit=unit,
        values=[figures.plain(value) for value in figures.values],
        over=over,
        exact=exact,
        scale=None if exact else scale.name(),
    )
    session.take(row)
    return row


def _compare(
    id: str, baselines: Baselines, figures: Figures, refuse: tuple[Tolerance, float | str] | None
) -> tuple[str, str, str]:
    """The baselines as texts; a null that the tolerance lets pass is an error."""
    nulls, ceilings = scores_of(id, baselines.nulls), scores_of(id, baselines.ceilings)
    if refuse is not None:
        tolerance, target = refuse
        for name, score in nulls.items():
            if tolerance.holds(score, target):
                raise ValueError(
                    f"the tolerance of {id}, {tolerance.describe()}, lets {name} pass, which scores {figures.one(score)}: "
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
