"""Trainings of code that has changed since: they are found by their first steps and their data, and put aside whole."""

import signal

import pytest

from gancourse.base import trees
from gancourse.experiments import runner, stale
from tests.experiment_in_the_plane import EXPERIMENT, Plane

JOB = ("hinge + decay", 0)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """The folder of the plane's trainings at ci size, all done."""
    monkeypatch.setenv("GANCOURSE_DATA", str(tmp_path))
    runner.work_here(EXPERIMENT, "ci")
    return runner.folder(EXPERIMENT, "ci")


def changed(place, **entries):
    path = runner.file(place, JOB, "done")
    trees.save(path, trees.load(path) | entries)


def test_what_this_code_trained_stays_where_it_is(place):
    before = sorted(place.iterdir())
    assert stale.put_aside(EXPERIMENT, "ci") == ""
    assert sorted(place.iterdir()) == before


def test_nothing_is_trained_where_nothing_is_done(tmp_path, monkeypatch):
    monkeypatch.setenv("GANCOURSE_DATA", str(tmp_path))
    monkeypatch.setattr(Plane, "__init__", None)
    assert stale.put_aside(EXPERIMENT, "ci") == ""


def test_one_arm_that_begins_otherwise_puts_all_aside_but_the_lock(place):
    (place / "lock").touch()
    (place / "ci").mkdir()
    changed(place, first={"d_loss": [9.0] * 20, "g_loss": [9.0] * 20})
    before = {path.name for path in place.iterdir()}
    told = stale.put_aside(EXPERIMENT, "ci")
    assert "hinge + decay, seed 0: d_loss at step 1 is" in told and str(place / "older-1") in told
    assert {path.name for path in place.iterdir()} == {"lock", "older-1"}
    assert {path.name for path in (place / "older-1").iterdir()} == before - {"lock"}
    runner.work_here(EXPERIMENT, "ci")
    changed(place, first={"d_loss": [9.0] * 20, "g_loss": [9.0] * 20})
    assert "older-2" in stale.put_aside(EXPERIMENT, "ci")


def test_other_data_are_other_trainings(place):
    kept = trees.load(place / "baselines.done")
    other = kept | {"facts": kept["facts"] | {"points": 255}}
    trees.save(place / "baselines.done", other)
    assert "points is 256, was 255" in stale.put_aside(EXPERIMENT, "ci")
    trees.save(place / "baselines.done", other)  # as if a crash had come when all else was moved
    assert "older-2" in stale.put_aside(EXPERIMENT, "ci")


@pytest.fixture
def half(place):
    """The training of JOB stopped half-way: a checkpoint, and what was measured so far."""
    runner.file(place, JOB, "done").unlink()
    stage = Plane(EXPERIMENT.size("ci"), place)

    def press(run):
        if run.step == 10:
            signal.raise_signal(signal.SIGINT)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "REPORT_EVERY", 10)
        assert runner.train(EXPERIMENT, stage, JOB, "ci", place, report=press) is None
    assert runner.file(place, JOB, "run").exists() and runner.file(place, JOB, "points").exists()
    return place


def test_a_training_that_stopped_half_way_goes_on_with_the_code_it_was_begun_with(half):
    before = sorted(half.iterdir())
    assert stale.put_aside(EXPERIMENT, "ci") == ""
    assert sorted(half.iterdir()) == before


def test_a_training_that_stopped_half_way_with_other_code_is_put_aside_alone(half, monkeypatch):
    kept = {path.name for path in half.iterdir()} - {runner.file(half, JOB, kind).name for kind in ("run", "points")}
    game = Plane.game
    monkeypatch.setattr(Plane, "game", lambda self, arm, seed: game(self, arm, seed or int(arm["objective"] == "hinge")))
    told = stale.put_aside(EXPERIMENT, "ci")
    assert "hinge + decay, seed 0: d_loss at step 1 is" in told and str(half / "older-1") in told
    assert {path.name for path in half.iterdir()} == kept | {"older-1"}
    assert {path.name for path in (half / "older-1").iterdir()} == {"hinge___decay-0.run", "hinge___decay-0.points"}


def test_a_training_that_other_code_only_began_is_found_where_nothing_is_done(half, monkeypatch):
    for path in half.glob("*.done"):
        path.unlink()
    game = Plane.game
    monkeypatch.setattr(Plane, "game", lambda self, arm, seed: game(self, arm, seed + 1))
    assert "d_loss at step 1" in stale.put_aside(EXPERIMENT, "ci")
    assert not list(half.glob("*.run"))


def test_of_a_training_on_another_machine_nothing_is_said(place):
    changed(place, first={"d_loss": [9.0] * 20, "g_loss": [9.0] * 20}, machine={"device": "a GPU", "torch": "2"})
    assert stale.put_aside(EXPERIMENT, "ci") == ""
