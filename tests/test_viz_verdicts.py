"""The picture of verdicts."""

import numpy as np
import pytest

from gancourse.viz.verdicts import Measured, verdicts

ROWS = {
    "helps": Measured([1.4, 1.5], (1.3, 1.6), "reproduced"),
    "may help": Measured([1.0, 1.2], (0.9, 1.25), "open"),
}


def columns_of(picture, colour):
    """The columns of pixels of which a third or more has about this colour."""
    close = np.abs(np.asarray(picture).astype(int) - colour).sum(2) < 12
    return np.flatnonzero(close.mean(0) > 1 / 3)


def test_the_ground_begins_where_it_was_asked_for():
    near, far = (columns_of(verdicts(ROWS, asked, {"no difference": 1.0}), (224, 238, 246)).min() for asked in (1.1, 1.3))
    assert near < far


def test_each_row_takes_its_place():
    one, two = verdicts({"helps": ROWS["helps"]}, 1.1, {"null": 1.0}), verdicts(ROWS, 1.1, {"null": 1.0})
    assert two.height > one.height and two.width == one.width <= 900


def test_a_verdict_that_is_none_is_named():
    with pytest.raises(ValueError, match="reproduced"):
        verdicts({"helps": ROWS["helps"]._replace(verdict="good")}, 1.1, {"null": 1.0})


def test_luck_stands_above_the_claims_and_gets_no_verdict():
    plain = verdicts(ROWS, 1.1, {"null": 1.0})
    with_luck = verdicts(ROWS, 1.1, {"null": 1.0}, luck={"nothing changed": [0.95, 1.05, 1.15]})
    assert with_luck.height > plain.height and with_luck.width == plain.width
    coloured = [np.ptp(np.asarray(picture.convert("RGB")).astype(int), axis=2) > 60 for picture in (plain, with_luck)]
    first = [np.flatnonzero(each[60:].any(1)).min() for each in coloured]  # below the words "asked for"
    assert first[1] > first[0] + 30  # no bar, no word: what has a verdict's colour begins a row lower


def test_luck_widens_what_is_shown():
    near, far = (columns_of(verdicts(ROWS, 1.1, {"null": 1.0}, luck={"luck": [at]}), (224, 238, 246)).min() for at in (1.0, 0.2))
    assert far > near
