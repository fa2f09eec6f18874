"""The contest at a constant rate: nothing but the schedule differs from the runs it is compared with."""

from gancourse.experiments import six_losses, six_losses_tuned
from gancourse.experiments.six_losses_constant import ARMS, EXPERIMENT, ONE_GAMMA


def test_the_schedule_alone_differs():
    contest = six_losses.EXPERIMENT
    assert (EXPERIMENT.seeds, EXPERIMENT.full, EXPERIMENT.stage) == (contest.seeds, contest.full, contest.stage)
    assert {name for name in contest.fit if contest.fit[name] != EXPERIMENT.fit[name]} == {"schedule"}
    assert all(EXPERIMENT.arms[name] == contest.arms[name] for name in ONE_GAMMA)
    for arm in ARMS:
        assert EXPERIMENT.fit_settings(arm)["schedule"] == "constant"


def test_the_arms_with_gamma_ten_are_those_of_the_tuned_pair():
    assert {name: arm for name, arm in ARMS.items() if "gamma" in arm} == {
        f"{name}, gamma 10": arm for name, arm in six_losses_tuned.ARMS.items()
    }
