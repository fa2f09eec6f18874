"""Two losses with a gamma of their own: all else is the contest's."""

from gancourse.experiments import six_losses
from gancourse.experiments.six_losses_tuned import ARMS, EXPERIMENT


def test_the_game_and_the_seeds_are_the_contests():
    contest = six_losses.EXPERIMENT
    assert (EXPERIMENT.seeds, EXPERIMENT.full, EXPERIMENT.fit) == (contest.seeds, contest.full, contest.fit)
    assert set(ARMS) <= set(contest.arms) and all(contest.arms[name]["loss"] == arm["loss"] for name, arm in ARMS.items())
