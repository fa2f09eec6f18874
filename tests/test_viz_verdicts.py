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
