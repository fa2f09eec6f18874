"""The runner of experiments: what it keeps, and that an interruption leaves no trace in the result."""

import math
import os
import signal
import subprocess
import sys

import pytest
import torch

from gancourse.experiments import runner
from tests.experiment_in_the_plane import EXPERIMENT, Plane

ARM = "hinge + decay"


@pytest.fixture
def stage(tmp_path):
    return Plane(EXPERIMENT.size(), tmp_path)


def timeless(result):
    """A result without the times in it, NaN turned into None so that it equals itself."""
    points = [{k: None if v != v else v for k, v in point.items() if k != "seconds"} for point in result["points"]]
    frames = [frame.tolist() for frame in result["frames"]]
    scores = {k: None if v != v else v for k, v in result["scores"].items()}
    return {**result, "points": points, "frames": frames, "scores": scores, "seconds": None}


def test_a_result_holds_curves_frames_scores_and_first_losses(stage, tmp_path):
    result = runner.train(EXPERIMENT, stage, (ARM, 0), place=tmp_path)
    assert [point["step"] for point in result["points"]] == [0, 20, 40, 60]
    assert [point["images"] for point in result["points"]] == [0, 320, 640, 960]
    assert "d_loss" in result["points"][-1]
    assert len(result["frames"]) == 4
    assert len(result["first"]["d_loss"]) == len(result["first"]["g_loss"]) == 20
    assert result["scores"]["radius"] == result["points"][-1]["radius"]
    seconds = [point["seconds"] for point in result["points"]]
    assert seconds == sorted(seconds)
    assert seconds[-1] <= result["seconds"]


def test_a_finished_training_is_read_and_not_trained_again(stage, tmp_path):
    first = runner.train(EXPERIMENT, stage, (ARM, 0), place=tmp_path)
    again = runner.train(EXPERIMENT, None, (ARM, 0), place=tmp_path)
    assert timeless(again) == timeless(first)
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".done"]


KILLED = """
import os, signal, sys
from pathlib import Path
from gancourse.experiments import runner
from tests.experiment_in_the_plane import EXPERIMENT, Plane
place = Path(sys.argv[1])
runner.REPORT_EVERY = 1
def report(run):
    if run.step == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
runner.train(EXPERIMENT, Plane(EXPERIMENT.size(), place), ("hinge + decay", 0), place=place, report=report)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="SIGKILL is POSIX")
@pytest.mark.parametrize("step", [33, 40])  # between two checkpoints, and between a measurement and its checkpoint
def test_a_killed_training_goes_on_to_the_result_of_an_uninterrupted_one(stage, tmp_path, step):
    whole = runner.train(EXPERIMENT, stage, (ARM, 0), place=tmp_path / "whole")
    place = tmp_path / "killed"
    ended = subprocess.run([sys.executable, "-c", KILLED, str(place), str(step)], env=os.environ, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert runner.file(place, (ARM, 0), "run").exists()
    steps = []
    resumed = runner.train(EXPERIMENT, stage, (ARM, 0), place=place, report=lambda run: steps.append(run.step))
    assert min(steps) > 20  # it went on, it did not begin anew
    assert timeless(resumed) == timeless(whole)


def test_an_interrupted_training_has_no_result_and_goes_on(stage, tmp_path):
    def press(run):
        if run.step == 40:
            signal.raise_signal(signal.SIGINT)

    assert runner.train(EXPERIMENT, stage, (ARM, 1), place=tmp_path, report=press) is None
    assert runner.steps_done(tmp_path, (ARM, 1), EXPERIMENT.size()) == 40
    whole = runner.train(EXPERIMENT, stage, (ARM, 1), place=tmp_path / "whole")
    assert timeless(runner.train(EXPERIMENT, stage, (ARM, 1), place=tmp_path)) == timeless(whole)


def test_frames_are_kept_of_the_first_seed_only(stage, tmp_path):
    assert runner.train(EXPERIMENT, stage, (ARM, 1), place=tmp_path)["frames"] == []


class Broken(Plane):
    def game(self, arm, seed):
        game, batches = super().game(arm, seed)
        game.discriminator.layers[0].weight.data[0] = float("inf")
        return game, batches


def test_a_diverged_training_says_where_and_has_no_scores(tmp_path):
    result = runner.train(EXPERIMENT, Broken(EXPERIMENT.size(), tmp_path), (ARM, 0), place=tmp_path)
    assert result["diverged"] > 0
    assert result["scores"] == {}


def test_a_replay_diverges_where_its_training_did(tmp_path):
    stage = Broken(EXPERIMENT.size(), tmp_path)
    first = runner.train(EXPERIMENT, stage, (ARM, 0), place=tmp_path)["first"]
    again = runner.replay(EXPERIMENT, stage, ARM)
    assert 0 < len(first["d_loss"]) < 20 and math.isnan(first["d_loss"][-1])
    assert str(again) == str(first)


def test_a_replay_that_is_interrupted_is_no_beginning(stage, monkeypatch):
    game_of = Plane.game

    def press(self, arm, seed):
        game, batches = game_of(self, arm, seed)
        pressed = game.generator.register_forward_pre_hook(lambda *_: (pressed.remove(), signal.raise_signal(signal.SIGINT))[0])
        return game, batches

    monkeypatch.setattr(Plane, "game", press)
    with pytest.raises(KeyboardInterrupt):
        runner.replay(EXPERIMENT, stage, ARM)


def test_the_result_of_another_job_is_not_taken_for_this_ones(stage, tmp_path):
    runner.train(EXPERIMENT, stage, (ARM, 0), place=tmp_path)
    runner.file(tmp_path, (ARM, 0), "done").rename(runner.file(tmp_path, ("saturating", 1), "done"))
    with pytest.raises(
        ValueError, match=r"saturating-1\.done holds the training of 'hinge \+ decay', seed 0, not of 'saturating', seed 1: move"
    ):
        runner.train(EXPERIMENT, stage, ("saturating", 1), place=tmp_path)


def test_a_replay_has_the_first_losses_and_leaves_the_global_state_alone(stage, tmp_path):
    before = torch.get_rng_state()
    result = runner.train(EXPERIMENT, stage, (ARM, 0), place=tmp_path)
    assert runner.replay(EXPERIMENT, stage, ARM) == result["first"]
    assert runner.replay(EXPERIMENT, stage, "saturating") != result["first"]
    assert torch.equal(before, torch.get_rng_state())


def test_other_settings_have_another_folder_other_seeds_have_not():
    from dataclasses import replace

    here = runner.folder(EXPERIMENT)
    assert runner.folder(replace(EXPERIMENT, title="another", seeds=(5,))) == here
    assert runner.folder(replace(EXPERIMENT, fit={"lr": 2e-2})) != here
    assert runner.folder(EXPERIMENT, "ci") != here


def test_jobs_run_through_whole_seeds():
    assert runner.jobs(EXPERIMENT)[:3] == [("saturating", 0), (ARM, 0), ("saturating", 1)]
    assert runner.jobs(EXPERIMENT, (7,)) == [("saturating", 7), (ARM, 7)]
    assert runner.jobs(EXPERIMENT, (7, 7)) == runner.jobs(EXPERIMENT, (7,))  # two workers would write the same files


# A worker that takes its time to measure, and says when it does.
WORKER = """
import sys, time
from gancourse.experiments import runner
from tests.experiment_in_the_plane import EXPERIMENT, Plane
runner.REPORT_EVERY = 1
judged = Plane.judged
Plane.judged = lambda self, sample: (time.sleep(0.3), print("at work", flush=True), judged(self, sample))[-1]
runner.end_with_the_input()
sys.exit(runner.work(EXPERIMENT, ("hinge + decay", 0), "full"))
"""
# A pool that starts the worker, and is killed as soon as that is at work.
POOL = """
import os, subprocess, sys
worker = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdin=subprocess.PIPE, start_new_session=True)
sys.stdin.readline()
os._exit(1)
"""


@pytest.mark.parametrize("killed", [False, True])
def test_a_worker_whose_pool_has_let_it_go_or_is_gone_writes_a_checkpoint_and_ends(tmp_path, monkeypatch, killed):
    monkeypatch.setenv("GANCOURSE_DATA", str(tmp_path))
    call = [sys.executable, "-c", *([POOL] if killed else []), WORKER]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    process = subprocess.Popen(call, **pipes)
    assert [process.stdout.readline() for _ in range(2)] == ["at work\n"] * 2  # before the first step, and after twenty
    if killed:
        process.stdin.write("now\n")
    process.stdin.close()
    process.stdout.read()  # ends with the worker
    assert process.wait() == (1 if killed else 130)
    place = runner.folder(EXPERIMENT)
    assert 20 <= runner.steps_done(place, (ARM, 0), EXPERIMENT.size()) < 60
    assert runner.file(place, (ARM, 0), "run").exists() and not runner.file(place, (ARM, 0), "step").exists()
    assert runner.work(EXPERIMENT, (ARM, 0), "full") == 0
    assert runner.file(place, (ARM, 0), "done").exists()
