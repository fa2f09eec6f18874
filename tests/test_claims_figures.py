"""Measurements: what is one, and how it is shown."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
import torch

from gancourse.classroom import claims
from gancourse.classroom.claims import at_least, at_most, within
from gancourse.classroom.claims.rows import bundle
from tests.claims import check, claim, identity, question

pytestmark = pytest.mark.usefixtures("empty_ledger")


@pytest.mark.parametrize("make", [identity, check, claim, question])
@pytest.mark.parametrize("ours", [math.nan, [1.0, math.nan], torch.tensor([math.nan]), np.array([0.0, np.nan])])
def test_nan_is_no_measurement(make, ours):
    with pytest.raises(ValueError, match="NaN"):
        make(ours=ours)
    assert claims.ledger() == []


@pytest.mark.parametrize("ours", [[], (), torch.empty(0), torch.empty(3, 0), [[]]])
def test_nothing_is_no_measurement(ours):
    with pytest.raises(ValueError, match="empty"):
        check(ours=ours)


@pytest.mark.parametrize("ours", ["0.7", None, [1.0, "x"], {"a": 1.0}])
def test_ours_must_be_numbers(ours):
    with pytest.raises(TypeError, match="must be numbers"):
        check(ours=ours)


def test_both_infinities_are_refused():
    with pytest.raises(ValueError, match="both infinities"):
        check(ours=[math.inf, -math.inf])


@pytest.mark.parametrize(
    "ours",
    [[1.0, 2.0, 3.0], (1, 2, 3), torch.tensor([1.0, 2.0, 3.0], requires_grad=True), np.array([[1, 2, 3]]), iter([1, 2, 3])],
)
def test_ours_takes_every_shape_of_measurement(ours):
    row = check(ours=ours, over="draws")
    assert row.values == [1.0, 2.0, 3.0]
    assert row.ours == "1 to 3 (3 draws)"


@pytest.mark.parametrize(
    ("make", "ours", "tolerance", "shown"),
    [
        (check, 0.6931471805, at_most(1), "0.6931"),
        (check, 17, at_least(1), "17"),
        (check, 1234.5678, at_least(1), "1235"),
        (check, 0.6931471805, within(1e-6, of=0), "0.693147"),
        (check, 3.2e-8, at_most(1), "3.200e-08"),
        (check, math.inf, at_least(1), "infinite"),
        (check, 0.0, at_most(1), "0"),
        (identity, 3.2e-8, at_most(1e-5), "below 1e-06"),
        (identity, -4e-17, within(1e-9, of=0), "below 1e-10"),
        (identity, [1e-17, 3e-17], at_most(1e-12), "below 1e-13 (2 draws)"),
        (identity, [-1.0, 1.0], within(0.1, of=0), "-1 to 1 (2 draws)"),
        (check, [0.70, 0.72], at_least(0), "0.7 to 0.72 (2 draws)"),
        (identity, [0.5, 0.5 + 1e-12], within(1e-6, of=0.5), "0.5 (2 draws)"),
        (identity, 0.1, at_most(-3), "0.1"),  # which fails
        (identity, 40.0, at_most(1000), "40"),
        (identity, 0.02, within(1, of=1.05), "0.02"),  # which fails, where 0.07 holds
        (identity, 2e-4, at_most(0.01), "below 0.001"),
    ],
)
def test_numbers_are_shown_with_fixed_digits(make, ours, tolerance, shown):
    assert make(ours=ours, tolerance=tolerance, over="draws" if isinstance(ours, list) else "").ours == shown


@pytest.mark.parametrize(
    ("ours", "tolerance", "shown"),
    [
        (1000.06, within(0.09, of=1000), "1000.06"),
        (1000.096, within(0.097, of=1000), "1000.096"),
        (0.999951, at_most(0.99998), "0.99995"),
        (0.0999961, at_least(0.1), "0.099996"),
        (1.24999e-5, at_least(1.25e-5), "1.24999e-05"),
        ([0.2, 0.999951], at_most(0.99998), "0.2 to 0.99995"),
        (0.1 + 1e-14, at_most(0.1), "0.1"),
        (torch.tensor(0.4).item() - 3e-8, at_least(0.4), "0.4"),  # float32's rounding
    ],
)
def test_no_number_is_shown_on_the_other_side_of_its_tolerance(ours, tolerance, shown):
    row = check(ours=ours, tolerance=tolerance, over="draws" if isinstance(ours, list) else "")
    assert row.ours.removesuffix(" (2 draws)") == shown
    assert row.values[-1] == float(shown.split(" to ")[-1])


def test_an_end_of_an_interval_is_shown_on_its_side():
    row = claim(ours=[1.0, 1.0001, 1.0002, 1.0001, 1.0], tolerance=at_least(1.0), baselines=claims.no_null("a test of digits"))
    assert row.verdict == "open"
    assert row.ours == "1.00008 [0.99998, 1.00018] (5 trainings)"


def test_identities_do_not_show_rounding_noise():
    make = partial(identity, expected=0.125, tolerance=within(1e-6), over="draws")
    assert bundle(make(ours=[0.25 + 1e-13, 3e-16])) == bundle(make(ours=[0.25 - 2e-13, -7e-17]))


def test_identities_are_the_same_at_every_scale(monkeypatch):
    at_cpu = bundle(identity())
    monkeypatch.setenv("GANCOURSE_SCALE", "ci")
    assert bundle(identity()) == at_cpu
