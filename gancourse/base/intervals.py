"""Student's 95 % interval of a mean, for verdicts and for tables."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

LEVEL = 0.95


def student(values: Sequence[float]) -> tuple[float, float]:
    """mean +- t s / sqrt(n) with the quantile t of n - 1 degrees of freedom, of two or more finite values.

    Source: Student 1908, The probable error of a mean.
    """
    from scipy.special import stdtrit

    n = len(values)
    half = float(stdtrit(n - 1, (1 + LEVEL) / 2)) * statistics.stdev(values) / math.sqrt(n)
    mean = statistics.fmean(values)
    return mean - half, mean + half
