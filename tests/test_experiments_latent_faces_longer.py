"""Five generators once more, for longer: nothing but the steps and the seeds may differ."""

from gancourse import experiments
from gancourse.experiments import latent_faces
from gancourse.experiments.latent_faces_longer import EXPERIMENT

TIMES = {"steps", "measure_every", "checkpoint_every", "frames"}
BEFORE = latent_faces.EXPERIMENT


def untimed(size):
    return {key: value for key, value in size.items() if key not in TIMES}


def test_only_the_steps_and_the_seeds_differ_from_the_run_before():
    for what in ("stage", "arms", "fit", "ci"):
        assert getattr(EXPERIMENT, what) == getattr(BEFORE, what)
    assert untimed(EXPERIMENT.full) == untimed(BEFORE.full)
    assert EXPERIMENT.full["frames"][-1] == EXPERIMENT.full["steps"] == experiments.recipe(latent_faces.RECIPE).steps


def test_its_seeds_are_its_own():
    assert len(EXPERIMENT.seeds) >= 5 and not set(EXPERIMENT.seeds) & set(BEFORE.seeds)


def test_the_tolerances_are_those_of_the_run_before():
    for row in ("C11.single", "C11.overlap", "C11.order", "C11.seeds", "C11.bond", "C11.hair_seeds"):
        assert EXPERIMENT.expected[row] == BEFORE.expected[row]
