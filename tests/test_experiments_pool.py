"""Several trainings at a time, and the record that is put together of them."""

import io
import json
import signal
from dataclasses import replace

import pytest
import torch
from filelock import FileLock

from gancourse.base import trees
from gancourse.experiments import pool, recorded, records, runner
from tests.experiment_in_the_plane import EXPERIMENT, Plane


class Instant:
    """A worker that does its job at once, in this process, and has ended."""

    def __init__(self, job, size, fails=False):
        place = runner.folder(EXPERIMENT, size)
        place.mkdir(parents=True, exist_ok=True)
        stage = Plane(EXPERIMENT.size(size), place)
        if not fails:
            runner.baselines(stage, place) if job is None else runner.train(EXPERIMENT, stage, job, size, place)
        self.returncode, self.stdin = int(fails), io.BytesIO()

    def poll(self):
        return self.returncode

    def wait(self):
        assert self.stdin.closed, "it would work on for ever"


@pytest.fixture
def workers(tmp_path, monkeypatch):
    """Workers that end at once; the list of jobs in the order in which they were started."""
    monkeypatch.setenv("GANCOURSE_DATA", str(tmp_path))
    started = []

    def start(self, job):
        assert None not in self.running.values(), "the baselines run alone"
        started.append(job)
        self.running[Instant(job, self.size)] = job

    monkeypatch.setattr(pool.Pool, "start", start)
    return started


def test_everything_is_trained_once_the_baselines_first(workers):
    lines = []
    pool.run(EXPERIMENT, n_jobs=2, size="ci", note=lines.append)
    assert workers == [None, *runner.jobs(EXPERIMENT)]
    assert lines[-1].startswith("4 of 4 trainings, step 80 of 80, ")
    pool.run(EXPERIMENT, size="ci")
    assert len(workers) == 5


def test_an_error_of_whoever_takes_notes_leaves_no_worker_behind(workers, monkeypatch):
    stopped = []
    monkeypatch.setattr(pool.Pool, "stop", lambda self: stopped.append(len(self.running)))

    def note(text):
        raise OSError("the terminal is gone")

    with pytest.raises(OSError, match="the terminal is gone"):
        pool.run(EXPERIMENT, size="ci", note=note)
    assert stopped == [1]


def test_only_complete_seeds_are_in_a_record(workers, tmp_path):
    pool.run(EXPERIMENT, seeds=[1], size="ci")
    assert pool.complete(EXPERIMENT, "ci") == [1]
    with pytest.raises(RuntimeError, match=r"no seed of plane is complete yet: `gancourse experiment plane`"):
        pool.assemble(EXPERIMENT)


def test_a_record_says_everything_as_plain_json(workers, tmp_path):
    pool.run(EXPERIMENT, size="ci")
    content, picture = pool.assemble(EXPERIMENT, "ci", tmp_path)
    assert json.loads((tmp_path / "plane.json").read_text()) == content
    assert content["seeds"] == [0, 1]
    assert content["settings"] == EXPERIMENT.settings("ci")
    training = content["arms"]["hinge + decay"][1]
    assert training["seed"] == 1
    assert training["curves"]["step"] == [0, 10, 20]
    assert training["scores"]["undefined"] is None
    assert content["baselines"]["truth"]["radius"] > 0
    prints = content["fingerprint"]
    assert not records.differs(prints["full"]["saturating"], prints["ci"]["saturating"])
    assert picture.stat().st_size < 10_000


def test_of_a_gpu_a_record_says_which_and_replays_the_beginning_on_a_processor(workers, tmp_path):
    pool.run(EXPERIMENT, size="ci")
    there, here = (runner.file(runner.folder(EXPERIMENT, "ci"), (arm, 0), "done") for arm in EXPERIMENT.arms)
    elsewhere = {"machine": {"device": "a GPU", "torch": "2"}, "first": {"d_loss": [9.0] * 20, "g_loss": [9.0] * 20}}
    trees.save(there, trees.load(there) | elsewhere)
    content, _ = pool.assemble(EXPERIMENT, "ci", tmp_path)
    (on_gpu, *others), (on_processor, *_) = content["arms"].values()
    assert on_gpu["machine"] == elsewhere["machine"] and "machine" not in on_processor and "machine" not in others[0]
    prints = content["fingerprint"]
    for arm in EXPERIMENT.arms:
        assert not records.differs(prints["full"][arm], prints["ci"][arm])
    assert runner.machine(torch.device("cpu")) == {}


def test_seeds_are_those_of_the_experiment(workers):
    with pytest.raises(ValueError, match="plane has the seeds 0, 1, not 7"):
        pool.run(EXPERIMENT, seeds=[0, 7], size="ci")
    assert workers == []


def test_one_runner_at_a_time(workers):
    place = runner.folder(EXPERIMENT, "ci")
    place.mkdir(parents=True)
    with FileLock(place / "lock"), pytest.raises(RuntimeError, match="plane is running already: wait for it, or stop it"):
        pool.run(EXPERIMENT, size="ci")
    assert workers == []
    pool.run(EXPERIMENT, size="ci")
    assert len(workers) == 5


def test_ctrl_c_stops_every_worker_and_raises(workers, monkeypatch):
    monkeypatch.setattr(pool.time, "sleep", lambda _: signal.raise_signal(signal.SIGINT))
    with pytest.raises(pool.Interrupted):
        pool.run(EXPERIMENT, size="ci")
    assert workers == [None]


def test_on_windows_a_worker_is_deaf_to_the_console(monkeypatch):
    calls = []
    monkeypatch.setattr(pool.subprocess, "CREATE_NEW_PROCESS_GROUP", 512, raising=False)
    monkeypatch.setattr(pool.subprocess, "Popen", lambda call, **given: calls.append(given))
    pool.Pool(EXPERIMENT, "ci").start(None)
    assert (calls[0]["creationflags"], calls[0]["stdin"]) == (512, pool.subprocess.PIPE)


def test_a_failed_job_is_named(workers, monkeypatch):
    monkeypatch.setattr(pool.Pool, "start", lambda self, job: self.running.update({Instant(job, self.size, fails=True): job}))
    with pytest.raises(RuntimeError, match="the baselines failed with status 1"):
        pool.run(EXPERIMENT, size="ci")


def test_a_worker_is_a_process_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("GANCOURSE_DATA", str(tmp_path))
    experiment = replace(recorded.get("stacked_digits"), arms={"DCGAN": {}})
    group = pool.Pool(recorded.get("stacked_digits"), "ci")
    group.start(("DCGAN", 0))
    (process,) = group.running
    assert process.wait() == 0
    group.collect()
    place = runner.folder(recorded.get("stacked_digits"), "ci")
    result = trees.load(runner.file(place, ("DCGAN", 0), "done"))
    stage = experiment.stage(experiment.size("ci"), place)
    assert runner.replay(experiment, stage, "DCGAN", "ci") == result["first"]


def test_a_real_worker_ends_when_the_pool_lets_it_go(tmp_path, monkeypatch):
    """It would train for many minutes."""
    monkeypatch.setenv("GANCOURSE_DATA", str(tmp_path))
    group = pool.Pool(recorded.get("stacked_digits"), "full")
    group.start(("DCGAN", 0))
    (process,) = group.running
    group.stop()
    assert process.returncode not in (0, None)
    assert not runner.file(runner.folder(recorded.get("stacked_digits")), ("DCGAN", 0), "done").exists()


class Broken(Plane):
    """Diverges within its first steps."""

    def game(self, arm, seed):
        game, batches = super().game(arm, seed)
        game.discriminator.layers[0].weight.data[0] = float("inf")
        return game, batches


def test_trainings_that_diverge_at_once_are_a_record_that_verifies(tmp_path, monkeypatch):
    monkeypatch.setenv("GANCOURSE_DATA", str(tmp_path))
    broken = replace(EXPERIMENT, stage=Broken, seeds=(0,))
    runner.work_here(broken, "ci")
    content, _ = pool.assemble(broken, "ci", tmp_path)
    record = records.read(tmp_path / "plane.json")
    assert all(rows[0]["diverged"] for rows in content["arms"].values())
    assert records.changes(record, pool.fingerprint(broken, "ci", tmp_path, 0), "full") == []
    assert "truth" in repr(record.table())


def other(workers, monkeypatch):
    """From here on the code trains otherwise, with the same settings."""
    game = Plane.game
    monkeypatch.setattr(Plane, "game", lambda self, arm, seed: game(self, arm, seed + 1 if arm["objective"] == "hinge" else seed))


def test_what_other_code_trained_is_put_aside_and_trained_anew(workers, tmp_path, monkeypatch):
    pool.run(EXPERIMENT, size="ci")
    place, job = runner.folder(EXPERIMENT, "ci"), ("hinge + decay", 0)
    before = runner.finished(place, job)["first"]
    other(workers, monkeypatch)
    with pytest.warns(UserWarning, match=r"hinge \+ decay, seed 0: d_loss at step 1 is .*older-1"):
        pool.run(EXPERIMENT, size="ci")
    assert len(workers) == 10 and workers[5] is None
    assert runner.finished(place / "older-1", job)["first"] == before
    pool.assemble(EXPERIMENT, "ci", tmp_path)
    now = pool.fingerprint(EXPERIMENT, "ci", tmp_path, 0)
    assert records.changes(records.read(tmp_path / "plane.json"), now, "full") == []
    pool.run(EXPERIMENT, size="ci")
    assert len(workers) == 10


def test_ctrl_c_while_first_steps_are_compared_is_an_interruption(workers, monkeypatch):
    def press(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(pool.stale, "put_aside", press)
    with pytest.raises(pool.Interrupted):
        pool.run(EXPERIMENT, size="ci")
