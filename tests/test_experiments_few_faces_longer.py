"""The six arms once more, for longer: nothing but the steps and the seeds may differ."""

from gancourse.experiments import few_faces, few_faces_leak, few_faces_long
from gancourse.experiments.few_faces_longer import EXPERIMENT

TIMES = {"steps", "checkpoint_every", "frames"}


def untimed(size):
    return {key: value for key, value in size.items() if key not in TIMES}


def test_only_the_steps_and_the_seeds_differ_from_the_run_before():
    before = few_faces_long.EXPERIMENT
    for what in ("stage", "arms", "fit", "ci"):
        assert getattr(EXPERIMENT, what) == getattr(before, what)
    assert untimed(EXPERIMENT.full) == untimed(before.full)
    assert EXPERIMENT.full["steps"] > 2 * before.full["steps"] and EXPERIMENT.full["frames"][-1] == EXPERIMENT.full["steps"]


def test_its_seeds_are_its_own():
    others = [x.EXPERIMENT.seeds for x in (few_faces, few_faces_long, few_faces_leak)]
    assert len(EXPERIMENT.seeds) >= 5 and not set(EXPERIMENT.seeds) & {seed for seeds in others for seed in seeds}


def test_the_tolerances_are_those_of_the_run_before():
    before = few_faces_long.EXPERIMENT.expected
    for row in ("S16.turn", "S16.few", "S16.ada", "S16.many", "S16.by_heart", "S16.memory", "S16.memory_ada"):
        assert EXPERIMENT.expected[row] == before[row]
