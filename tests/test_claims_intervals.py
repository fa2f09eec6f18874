"""Intervals of a few measurements."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gancourse.classroom.claims import interval_of


def test_students_interval_of_five():
    # t with 4 degrees of freedom is 2.7764; the standard error of 1 ... 5 is sqrt(2.5 / 5).
    low, high = interval_of([1.0, 2.0, 3.0, 4.0, 5.0])
    assert (low, high) == pytest.approx((3 - 2.7764451 * math.sqrt(0.5), 3 + 2.7764451 * math.sqrt(0.5)))


def test_students_interval_covers_in_95_of_100():
    draws = np.random.default_rng(0).normal(2.0, 3.0, (4000, 5))
    hits = [low <= 2.0 <= high for low, high in map(interval_of, draws.tolist())]
    assert abs(np.mean(hits) - 0.95) < 0.012


def test_five_of_five_successes_are_no_certainty():
    low, high = interval_of([1.0] * 5)
    assert (low, high) == pytest.approx((0.025**0.2, 1.0))
    assert interval_of([0.0] * 5) == pytest.approx((0.0, 1 - 0.025**0.2))


def test_the_bootstrap_of_a_median_ignores_one_wild_run():
    values = [1.0, 1.1, 0.9, 1.05, 40.0, 1.0, 0.95]
    low, high = interval_of(values, "bootstrap", "median")
    assert 0.9 <= low <= 1.0 <= high <= 1.1
    assert interval_of(values, "bootstrap", "median") == (low, high)
    with pytest.raises(ValueError, match="bootstrap"):
        interval_of(values, "t", "median")


def test_no_interval_of_one_value_or_of_infinities():
    assert interval_of([1.0]) is None
    assert interval_of([1.0, math.inf]) is None
    assert interval_of([math.inf, math.inf]) == (math.inf, math.inf)
