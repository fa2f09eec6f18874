"""Four guidelines once more, for longer: nothing but the steps, the seeds and the choice of arms may differ."""

from gancourse.experiments import dcgan_guidelines
from gancourse.experiments.dcgan_guidelines import REFERENCE, SMALL_START
from gancourse.experiments.dcgan_guidelines_longer import EXPERIMENT

BEFORE = dcgan_guidelines.EXPERIMENT
TIMES = {"steps", "measure_every", "checkpoint_every", "frames"}


def untimed(size):
    return {key: value for key, value in size.items() if key not in TIMES}


def test_only_the_steps_and_the_seeds_differ_from_the_run_before():
    for what in ("stage", "fit", "ci"):
        assert getattr(EXPERIMENT, what) == getattr(BEFORE, what)
    assert all(BEFORE.arms[arm] == options for arm, options in EXPERIMENT.arms.items())
    assert untimed(EXPERIMENT.full) == untimed(BEFORE.full)
    assert EXPERIMENT.full["steps"] == 3 * BEFORE.full["steps"]


def test_reference_and_control_are_among_its_arms_and_its_seeds_are_its_own():
    assert {REFERENCE, SMALL_START} < {*EXPERIMENT.arms}
    assert len(EXPERIMENT.seeds) >= 5 and not {*EXPERIMENT.seeds} & {*BEFORE.seeds}


def test_it_measures_where_the_run_before_ended():
    assert BEFORE.full["steps"] % EXPERIMENT.full["measure_every"] == 0


def test_the_tolerance_is_that_of_the_run_before():
    assert EXPERIMENT.expected["C10"] == BEFORE.expected["C10"]
    rows = [f"C10.{name}_longer" for name in ("batchnorm_G", "relu", "strided_G", "control")]
    assert all("at least 1.1" in EXPERIMENT.expected[row] for row in rows)
