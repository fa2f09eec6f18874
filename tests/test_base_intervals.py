import math
import statistics

import pytest
from scipy.stats import t

from gancourse.base.intervals import student
from gancourse.classroom.claims import interval_of
from gancourse.experiments import drawing


@pytest.mark.parametrize("values", [[1.0, 2.0], [0.3, 0.1, 0.25, 0.9, 0.5], [5.0] * 4])
def test_students_interval_is_scipys(values):
    low, high = student(values)
    spread = statistics.stdev(values) / math.sqrt(len(values))
    expected = t.interval(0.95, len(values) - 1, statistics.fmean(values), spread) if spread else (5.0, 5.0)
    assert (low, high) == pytest.approx(expected, abs=1e-12)
    assert interval_of(values) == (low, high)


def test_a_table_brackets_what_the_interval_of_a_row_does_not_lift_above_the_floor():
    import numpy as np

    values = np.array([0.3, 0.1, 0.25, 0.9, 0.5])
    low, _ = student(values.tolist())
    assert not drawing.spread(values, low - 1e-6).startswith("(")
    assert drawing.spread(values, low + 1e-6).startswith("(")
