"""Moments at which a player is begun anew: inside their windows, other for every seed, between two looks."""

import numpy as np
import pytest

from gancourse.experiments import knocks


def test_moments_lie_in_their_windows_and_between_looks():
    for seed in range(200):
        first, second = knocks.moments(seed, 500, 20)
        assert 150 - 20 < first <= 250 + 5 and 300 - 20 < second <= 400 + 5
        assert first % 20 == second % 20 == 5


def test_moments_differ_between_seeds_and_are_those_of_the_seed():
    assert len({knocks.moments(seed, 500, 20) for seed in range(20)}) > 10
    assert knocks.moments(3, 500, 20) == knocks.moments(3, 500, 20)
    assert knocks.moments(3, 20, 10) != (0, 0)


def test_looks_count_from_before_the_first_moment():
    assert knocks.counted(500, 20) == 7  # steps 0 to 120; step 140 comes before the first moment, 145
    assert knocks.counted(500, 20) * 20 < min(knocks.moments(seed, 500, 20)[0] for seed in range(200))


def test_no_steps_are_refused():
    with pytest.raises(ValueError, match="steps"):
        knocks.moments(0, 0, 10)


def test_ages_are_the_steps_since_the_last_restart_or_what_its_share_leaves():
    looked = np.array([10, 30, 50, 70])
    assert knocks.ages((25, 65), looked).tolist() == [10, 5, 25, 5]
    assert knocks.ages((25, 65), looked, (1, 0.5)).tolist() == [10, 5, 25, 25]
    assert knocks.ages((), looked).tolist() == looked.tolist()


def test_ages_want_a_share_for_each_moment():
    with pytest.raises(ValueError, match="2 moments"):
        knocks.ages((25, 65), np.array([30]), (1,))
