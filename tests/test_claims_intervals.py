"""Intervals of a few measurements."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gancourse.classroom.claims import interval_of, intervals


def test_students_interval_of_five():
    # t with 4 degrees of freedom is 2.7764; the standard error of 1 ... 5 is sqrt(2.5 / 5).
    low, high = interval_of([1.0, 2.0, 3.0, 4.0, 5.0])
    assert (low, high) == pytest.approx((3 - 2.7764451 * math.sqrt(0.5), 3 + 2.7764451 * math.sqrt(0.5)))


def test_students_interval_covers_in_95_of_100():
    draws = np.random.default_rng(0).normal(2.0, 3.0, (4000, 5))
    hits = [low <= 2.0 <= high for low, high in map(interval_of, draws.tolist())]
    assert abs(np.mean(hits) - 0.95) < 0.012


def test_five_of_five_successes_are_no_certainty():
    low, high = interval_of([1.0] * 5, "share")
    assert (low, high) == pytest.approx((0.025**0.2, 1.0))
    assert interval_of([0.0] * 5, "share") == pytest.approx((0.0, 1 - 0.025**0.2))
    assert interval_of([True] * 5) == (low, high), "True and False are outcomes"


def test_a_count_that_is_1_in_every_training_is_no_share():
    assert interval_of([1.0] * 5) == (1.0, 1.0) and interval_of([1, 1, 1, 1, 1]) == (1.0, 1.0)
    assert interval_of([2.0] * 5) == (2.0, 2.0)
    assert interval_of([0.0, 1.0, 1.0, 0.0, 1.0]) == intervals.student([0.0, 1.0, 1.0, 0.0, 1.0])
    with pytest.raises(ValueError, match="each 0 or 1, and one is 0.5"):
        interval_of([1.0, 0.5, 1.0], "share")
    with pytest.raises(ValueError, match="write interval='bootstrap'"):
        interval_of([True, False, True], statistic="median")


def test_students_ends_stop_where_nothing_can_be():
    values = [1.0, 1.0, 1.0, 1.0, 0.99]
    low, high = interval_of(values)
    assert high > 1 and interval_of(values, limits=(0, 1)) == (low, 1)
    assert interval_of([-value for value in values], limits=(-1, 1)) == (-1, -low)
    with pytest.raises(ValueError, match=r"one is 1.2"):
        interval_of([1.0, 1.2], limits=(0, 1))
    with pytest.raises(ValueError, match="Student's"):
        interval_of([True, False], limits=(0, 1))
    for limits in ((0,), (0, 1, 2), (1, 0), (1, 1)):
        with pytest.raises(ValueError, match=r"limits are two numbers in order, .* as \(0, 1\), not"):
            interval_of([0.5, 0.6], limits=limits)


def test_the_bootstrap_refuses_so_few_that_it_would_not_cover(monkeypatch):
    for few, statistic in ((19, "mean"), (4, "median")):
        with pytest.raises(ValueError, match=f"bootstrap of a {statistic} of {few} values .* fewer than {few + 1}"):
            interval_of([float(k) for k in range(few)], "bootstrap", statistic)
    monkeypatch.setattr(intervals, "RESAMPLES", 300)
    for n, statistic in ((20, "mean"), (5, "median")):
        draws = np.random.default_rng(0).normal(2.0, 3.0, (1000, n)).tolist()
        ends = [interval_of(values, "bootstrap", statistic) for values in draws]
        assert np.mean([low <= 2.0 <= high for low, high in ends]) > 0.9


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
