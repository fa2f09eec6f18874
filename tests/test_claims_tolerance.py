"""What passes and what fails, told in words."""

from __future__ import annotations

import math

import pytest

from gancourse.classroom.claims import at_least, at_most, between, within, within_factor, within_relative
from tests.claims import claim, identity

pytestmark = pytest.mark.usefixtures("empty_ledger")


@pytest.mark.parametrize(
    ("tolerance", "target", "good", "bad"),
    [
        (within(0.5), 2.0, [1.5, 2.5], [1.49, 2.51]),
        (within(0.5, of=10.0), 2.0, [9.5, 10.5], [2.0]),
        (within(0.1, of=math.log(2)), "log 2", [0.7], [0.9]),
        (within_relative(0.1), -100.0, [-110.0, -90.0], [-111.0, 100.0]),
        (within_factor(2), 10.0, [5.0, 20.0], [4.9, 21.0, -10.0]),
        (within_factor(2), -10.0, [-5.0, -20.0], [-4.9, -21.0, 10.0]),
        (at_least(3), 5.0, [3.0, math.inf], [2.99]),
        (at_most(3), 5.0, [3.0, -1.0], [3.01, math.inf]),
        (between(1, 2), 5.0, [1.0, 2.0], [0.99, 2.01]),
        (within(0.1), math.inf, [math.inf], [1e30, -math.inf]),
    ],
)
def test_a_tolerance_passes_inside_and_fails_outside(tolerance, target, good, bad):
    for value in good:
        assert identity(expected=target, ours=value, tolerance=tolerance).verdict == "holds"
    for value in bad:
        assert identity(expected=target, ours=value, tolerance=tolerance).verdict == "fails"


def test_the_tolerance_is_told_in_words():
    assert identity().tolerance == "within 0.01"
    assert identity(tolerance=within_relative(0.1, of=4)).tolerance == "within 10 % of 4"
    assert identity(tolerance=between(0.9, 1.1)).tolerance == "between 0.9 and 1.1"
    assert claim(exact="a closed form").tolerance == "between 15 and 20 (a closed form)"


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: within(-1), "at least 0"),
        (lambda: within(math.nan), "NaN"),
        (lambda: at_least(math.nan), "NaN"),
        (lambda: between(2, 1), r"between\(1, 2\)"),
        (lambda: within_factor(0.5), "above 1"),
        (lambda: within_factor(2).bounds(0.0), "factor of 0"),
    ],
)
def test_a_senseless_tolerance_is_refused(build, says):
    with pytest.raises(ValueError, match=says):
        build()


def test_comparing_with_text_names_the_fix():
    with pytest.raises(ValueError, match=r"within\(0.1, of="):
        identity(expected="log 2", tolerance=within(0.1))
