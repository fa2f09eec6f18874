r"""95 % intervals of a statistic from a handful of independent measurements."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable, Sequence

from gancourse.base import check
from gancourse.base.intervals import LEVEL, student

FEWEST = 5  # independent measurements that a verdict needs
METHODS = ("t", "share", "bootstrap")
STATISTICS: dict[str, Callable[[Sequence[float]], float]] = {"mean": statistics.fmean, "median": statistics.median}
RESAMPLES = 10_000
# The percentile bootstrap of a mean of 5 normal numbers covers it in 83 of 100 cases, of 20 in 93; that of a median of 5, which
# reaches from the least to the greatest, in 94, of 4 in 87.
FEWEST_TO_RESAMPLE = {"mean": 20, "median": 5}


def statistic_of(values: Sequence[float], statistic: str) -> float:
    """The mean or the median; of infinite values infinity."""
    function = STATISTICS[check.one_of("statistic", statistic, STATISTICS)]
    return function(values) if all(map(math.isfinite, values)) else sum(values) / len(values)


def interval_of(
    values: Sequence[float],
    method: str | None = None,
    statistic: str = "mean",
    limits: tuple[float, float] | None = None,
) -> tuple[float, float] | None:
    """The 95 % interval of a statistic of independent values; None of a single one, or where some are infinite.

    t: Student's interval of the mean, its ends no farther than ``limits``, which the quantity cannot leave.
    share: of outcomes 0 and 1 that of Clopper and Pearson (1934), for five of five successes do not make a certainty.
    bootstrap: percentiles over 10,000 resamples (Efron 1979), the same ones in every run.  It asks for 20 values for a mean and
    for 5 for a median: of fewer it is far too narrow.
    None: share where all values are True or False, else t.  What the values happen to be does not choose: a count that is 1 in
    every training is no outcome.
    """
    if method is None:
        method = "share" if _outcomes(values) else "t"
    check.one_of("interval", method, METHODS)
    if statistic != "mean" and method != "bootstrap":
        raise ValueError(f"{method!r} is an interval of a mean, not of a {statistic}: write interval='bootstrap'")
    if limits is not None:
        _inside(values, method, limits)
    if method == "share" and not set(values) <= {0.0, 1.0}:
        other = next(value for value in values if value not in (0.0, 1.0))
        raise ValueError(f"interval='share' is of outcomes, each 0 or 1, and one is {other}: leave it out for Student's interval")
    if len(values) < 2:
        return None
    if not all(map(math.isfinite, values)):
        return (values[0], values[0]) if len(set(values)) == 1 else None
    if method == "bootstrap":
        return _bootstrap(values, statistic)
    if method == "share":
        return _share(int(sum(values)), len(values))
    low, high = student(values)
    return (low, high) if limits is None else (max(low, limits[0]), min(high, limits[1]))


def ambiguous(values: Sequence[float]) -> bool:
    """Whether several values are 0 or 1 and not all True or False: converted outcomes, or numbers that happen to be so."""
    return len(values) > 1 and set(values) <= {0.0, 1.0} and not _outcomes(values)


def _outcomes(values: Sequence[float]) -> bool:
    """Whether all values are True or False: what happened or did not, and no number."""
    return all(isinstance(value, bool) for value in values)


def too_few_to_resample(n: int, method: str | None, statistic: str) -> bool:
    """Whether ``interval_of`` refuses so few values."""
    return method == "bootstrap" and n < FEWEST_TO_RESAMPLE[check.one_of("statistic", statistic, STATISTICS)]


def _inside(values: Sequence[float], method: str, limits: tuple[float, float]) -> None:
    if method != "t":
        raise ValueError(f"limits are for Student's interval: {method!r} does not leave what can be, so leave them out")
    if len(limits) != 2 or not limits[0] < limits[1]:
        raise ValueError(f"limits are two numbers in order, the least and the greatest that can be, as (0, 1), not {limits}")
    if bad := [value for value in values if not limits[0] <= value <= limits[1]]:
        raise ValueError(f"limits={limits} say what no value can leave, and one is {bad[0]}: correct them, or leave them out")


def _share(successes: int, n: int) -> tuple[float, float]:
    """Clopper and Pearson's interval of a share: quantiles of Beta distributions."""
    from scipy.special import betaincinv

    tail = (1 - LEVEL) / 2
    low = 0.0 if successes == 0 else float(betaincinv(successes, n - successes + 1, tail))
    high = 1.0 if successes == n else float(betaincinv(successes + 1, n - successes, 1 - tail))
    return low, high


def _bootstrap(values: Sequence[float], statistic: str) -> tuple[float, float]:
    if too_few_to_resample(len(values), "bootstrap", statistic):
        instead = "leave interval='bootstrap' out for Student's" if statistic == "mean" else "measure more"
        raise ValueError(
            f"the bootstrap of a {statistic} of {len(values)} values is far narrower than 95 %, for fewer than "
            f"{FEWEST_TO_RESAMPLE[statistic]} do not show how they vary: {instead}"
        )
    draw = random.Random(0)
    function = STATISTICS[check.one_of("statistic", statistic, STATISTICS)]
    found = sorted(function(draw.choices(values, k=len(values))) for _ in range(RESAMPLES))
    cut = round(RESAMPLES * (1 - LEVEL) / 2)
    return found[cut], found[-1 - cut]
