"""The description of an experiment: sizes, settings, and a digest that changes with them alone."""

from dataclasses import replace

import pytest

from tests.experiment_in_the_plane import EXPERIMENT


def test_the_small_size_replaces_what_it_names_and_keeps_the_rest():
    assert EXPERIMENT.size() == {"batch_size": 16, "steps": 60, "measure_every": 20, "checkpoint_every": 10}
    assert EXPERIMENT.size("ci") == {"batch_size": 16, "steps": 20, "measure_every": 10, "checkpoint_every": 10}
    with pytest.raises(ValueError, match="did you mean 'full'"):
        EXPERIMENT.size("ful")


def test_an_arms_own_settings_replace_those_of_all():
    assert EXPERIMENT.fit_settings("saturating", "ci") == {"lr": 1e-2, "ema": 0.9, "steps": 20}
    assert EXPERIMENT.fit_settings("hinge + decay") == {"lr": 1e-2, "ema": 0.9, "betas": [0.0, 0.9], "steps": 60}


def test_settings_come_back_from_a_file_and_leave_names_and_seeds_out():
    tupled = replace(EXPERIMENT, fit={"betas": (0.0, 0.9)})
    assert tupled.settings()["fit"] == {"betas": [0.0, 0.9]}
    assert set(EXPERIMENT.settings()) == {"arms", "fit", "size"}
    same = replace(EXPERIMENT, title="another", seeds=(7,), paper="x", expected={"modes": "many"})
    assert same.digest() == EXPERIMENT.digest()


@pytest.mark.parametrize("change", [{"fit": {"lr": 2e-2, "ema": 0.9}}, {"full": {"steps": 61}}, {"arms": {"saturating": {}}}])
def test_other_settings_have_another_digest(change):
    assert replace(EXPERIMENT, **change).digest() != EXPERIMENT.digest()
    assert len(EXPERIMENT.digest()) == 8 and EXPERIMENT.digest("ci") != EXPERIMENT.digest()


@pytest.mark.parametrize(("one", "other"), [("a b", "a_b"), ("lr 0.1", "lr 0-1"), ("+R1", "-R1"), ("r1", "R1")])
def test_arms_that_would_share_their_files_are_refused(one, other):
    with pytest.raises(ValueError, match=r"the arms .* and .* would share .*-SEED\.done: give one a name of other letters"):
        replace(EXPERIMENT, arms={one: {"objective": "hinge"}, other: {"objective": "saturating"}})
    assert replace(EXPERIMENT, arms={one: {}, other + "2": {}}).arms
