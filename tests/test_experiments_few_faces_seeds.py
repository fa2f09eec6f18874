"""Two of the six arms once more, on new seeds: nothing but the seeds and the looks may differ."""

from gancourse.experiments import (
    few_faces,
    few_faces_hundreds,
    few_faces_leak,
    few_faces_leak_seeds,
    few_faces_long,
    few_faces_longer,
)
from gancourse.experiments.few_faces_seeds import EXPERIMENT

LOOKS = {"measure_every", "frames"}


def test_only_the_arms_the_seeds_and_the_looks_differ_from_the_run_before():
    before = few_faces_longer.EXPERIMENT
    assert list(EXPERIMENT.arms) == ["100: none", "100: ADA"]
    assert all(before.arms[arm] == how for arm, how in EXPERIMENT.arms.items())
    assert all(getattr(EXPERIMENT, what) == getattr(before, what) for what in ("stage", "fit", "ci"))
    assert {key for key, value in EXPERIMENT.full.items() if before.full[key] != value} == LOOKS
    assert EXPERIMENT.full["frames"] == [EXPERIMENT.full["measure_every"]] == [EXPERIMENT.full["steps"]]


def test_its_seeds_are_its_own():
    others = (few_faces, few_faces_long, few_faces_longer, few_faces_leak, few_faces_leak_seeds, few_faces_hundreds)
    used = {90, *(seed for each in others for seed in each.EXPERIMENT.seeds)}  # 90: the pilot of few_faces_long
    assert len(EXPERIMENT.seeds) == 7 and not set(EXPERIMENT.seeds) & used


def test_the_tolerance_is_that_of_the_run_before():
    before = few_faces_longer.EXPERIMENT.expected["S16.ada"]
    assert "at least 1.2" in before and "at least 1.2, as before" in EXPERIMENT.expected["S16.ada"]
