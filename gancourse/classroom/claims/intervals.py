r"""95 % intervals of a statistic from a handful of independent measurements."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable, Sequence

from gancourse.base import check
from gancourse.base.intervals import LEVEL, student

FEWEST = 5  # independent measurements that a verdict needs
METHODS = ("t", "bootstrap")
STATISTICS: dict[str, Callable[[Sequence[float]], float]] = {"mean": statistics.fmean, "median": statistics.median}


def statistic_of(values: Sequence[float], statistic: str) -> float:
    """The mean or the median; of infinite values infinity."""
    function = STATISTICS[check.one_of("statistic", statistic, STATISTICS)]
    return function(values) if all(map(math.isfinite, values)) else sum(values) / len(values)


def interval_of(values: Sequence[float], method: str = "t", statistic: str = "mean") -> tuple[float, float] | None:
    """The 95 % interval of a statistic of independent values; None of a single one, or where some are infinite.

    t: Student's interval of the mean; for outcomes 0 and 1 that of Clopper and Pearson (1934), for five of five successes do
    not make a certainty.  bootstrap: percentiles over 10,000 resamples (Efron 1979), the same ones in every run.
    """
    check.one_of("interval", method, METHODS)
    if statistic != "mean" and method == "t":
        raise ValueError(f"Student's t is an interval of a mean, not of a {statistic}: write interval='bootstrap'")
    if len(values) < 2:
        return None
    if not all(map(math.isfinite, values)):
        return (values[0], values[0]) if len(set(values)) == 1 else None
    if method == "bootstrap":
        return _bootstrap(values, statistic)
    if set(values) <= {0.0, 1.0}:
        return _share(int(sum(values)), len(values))
    return student(values)


def _share(successes: int, n: int) -> tuple[float, float]:
    """Clopper and Pearson's interval of a share: quantiles of Beta distributions."""
    from scipy.special import betaincinv

    tail = (1 - LEVEL) / 2
    low = 0.0 if successes == 0 else float(betaincinv(successes, n - successes + 1, tail))
    high = 1.0 if successes == n else float(betaincinv(successes + 1, n - successes, 1 - tail))
    return low, high


def _bootstrap(values: Sequence[float], statistic: str) -> tuple[float, float]:
    draw = random.Random(0)
    function, trials = STATISTICS[check.one_of("statistic", statistic, STATISTICS)], 10_000
    found = sorted(function(draw.choices(values, k=len(values))) for _ in range(trials))
    cut = round(trials * (1 - LEVEL) / 2)
    return found[cut], found[-1 - cut]
