"""Commands for your own pictures."""
# ruff: noqa: F811  (fixtures are imported by the names by which tests ask for them)

from __future__ import annotations

import shutil
import signal
import types
from pathlib import Path

import pytest
import torch

from gancourse import zoo
from gancourse.classroom.commands import pictures
from gancourse.experiments.own import plans
from gancourse.experiments.own.follow import Follow
from gancourse.metrics import inception
from gancourse.zoo import exported
from tests import own
from tests.command_line import TRAIN, folders, run, save_generator, save_translator, spoil, trained  # noqa: F401  (the fixtures are used by name)
from tests.test_training_compiled import compiler


def test_the_grammar_and_the_table_know_the_same_families():
    assert set(pictures.FAMILIES) == set(plans.FAMILIES)


def test_train_sample_export(capsys, tmp_path, trained, monkeypatch):
    assert (trained / "generator.safetensors").is_file() and zoo.card(trained / "generator.safetensors")["steps"] == 4
    for i, given in enumerate(("out", "out/checkpoint.safetensors", "out/generator.safetensors")):
        status, out, err = run(capsys, "sample", given, "--n", 4, "--output", f"{i}.png")
        assert status == 0 and "wrote" in out, err
    assert (tmp_path / "0.png").read_bytes() == (tmp_path / "1.png").read_bytes() == (tmp_path / "2.png").read_bytes()
    status, out, _ = run(capsys, "export", "out", "--no-onnx")
    assert status == 0 and "out.safetensors and its card" in out
    moved = zoo.load(trained / "export" / "out.safetensors")
    assert torch.equal(moved.sample(2), zoo.load(trained / "generator.safetensors").sample(2))
    monkeypatch.setattr(exported, "find_spec", lambda name: None)
    status, _, err = run(capsys, "export", "out", "--output", "elsewhere")
    assert status == 2 and 'pip install "gancourse[export]", or leave ONNX out with --no-onnx\n' in err
    assert not (tmp_path / "elsewhere" / "out.json").exists(), "all of it or nothing"


def test_what_is_found_and_chosen_is_said(capsys, tmp_path, monkeypatch):
    own.pets(tmp_path / "pets", 12)
    (tmp_path / "pets" / "notes.txt").write_text("text")
    status, out, err = run(capsys, *TRAIN, "--steps", 2, "--run", "out", "--flip")
    assert status == 0 and "gancourse sample out" in out
    assert (
        f"look at {Path('out', 'index.html')}" in err and "12 pictures of pets" in err and "fewer than 2,000: DiffAugment" in err
    )
    assert "1 file passed over" in err and "UserWarning" not in err


def test_precision_and_compiling_are_options(capsys, tmp_path, monkeypatch):
    compiler(monkeypatch, fails=True)
    own.pets(tmp_path / "pets", 6)
    status, _, err = run(capsys, *TRAIN, "--steps", 2, "--run", "out", "--precision", "bf16", "--compile")
    assert status == 0 and "gancourse: the networks train without torch.compile: RuntimeError" in err
    assert zoo.card(tmp_path / "out" / "generator.safetensors")["training"]["arguments"]["precision"] == "bf16"
    status, _, err = run(capsys, *TRAIN, "--steps", 2, "--run", "out", "--precision", "float32")
    assert status == 2 and "out was begun with --precision bf16, this command has --precision float32" in err


def test_sigterm_stops_as_ctrl_c_does(capsys, tmp_path, monkeypatch):
    """SLURM sends it when the time of a job is over, Docker and systemd when they stop; torchrun passes it on."""
    own.pets(tmp_path / "pets", 12)
    shown = Follow.__call__

    def stop(self, run):
        shown(self, run)
        if run.step == 2:
            signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(Follow, "__call__", stop)
    before = signal.getsignal(signal.SIGTERM)
    status, _, err = run(capsys, *TRAIN, "--steps", 6, "--run", "out")
    assert status == 130 and "stopped after step 2; nothing is lost, go on with: gancourse train dcgan" in err
    assert (tmp_path / "out" / "checkpoint.safetensors").is_file() and signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("train dcgan", "dcgan trains on your own pictures: add --images FOLDER"),
        ("train dcgan --images pets", "add --run DIR"),
        ("train --images pets --run out", "name what to train"),
        ("train dcgn --images pets --run out", "did you mean 'dcgan'"),
        ("train dcgan --images pets --run out --output x", "does not use --output"),
        ("train faces32 --size 64", "a recipe does not use --size"),
        ("train --flip", "the list of recipes does not use --flip"),
        ("train biggan --images pets --size 32 --run out", "biggan draws what a label asks for, so it needs labels"),
        ("train dcgan --images nowhere --run out", "there is no folder"),
        ("train dcgan --images pets --run pets", "pets holds other files (blue, green, red)"),
        ("train dcgan --images pets --run file", "file is a file: name a folder"),
        ("train dcgan --images pets --run out --size 48", "DCGAN comes at 16, 32, 64, 128 px, not 48"),
        ("sample out --images pets", "no checkpoint"),
        ("sample pets", "pets is a folder and that of no run, for it has no settings.json"),
        ("export pets", "pets is a folder and that of no run, for it has no settings.json"),
        ("distance pets pets/red/000.png", "pets/red/000.png is a picture, not a folder"),
        ("distance pets nowhere", "there is no folder nowhere: pass two folders of pictures"),
        ("train dcgan --images pets --run=", "add --run DIR"),
        (
            "train dcgan --images bare --run out",
            "bare holds no picture, but notes.txt: it should hold pictures (by 24 endings, as .jpg, .png, .webp); beside it",
        ),
    ],
)
def test_what_is_wrong_is_one_sentence(capsys, tmp_path, line, says):
    own.pets(tmp_path / "pets", 6)
    (tmp_path / "file").write_text("text")
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "notes.txt").write_text("text")
    status, out, err = run(capsys, *line.split())
    assert (status, out) == (2, "") and says in err


@pytest.mark.parametrize("steps", [2, 4, 6])
def test_weights_whose_checkpoint_is_gone_are_not_trained_over(capsys, trained, steps):
    """A checkpoint is the large file, the one that goes first when a run is finished."""
    (trained / "checkpoint.safetensors").unlink()
    before = {path: path.read_bytes() for path in trained.rglob("*") if path.is_file()}
    status, _, err = run(capsys, *TRAIN, "--steps", steps, "--run", "out")
    assert status == 2 and "out has weights of step 4 and no checkpoint to go on from: put checkpoint.safetensors back" in err
    assert "or use another --run to start anew" in err
    assert {path: path.read_bytes() for path in trained.rglob("*") if path.is_file()} == before
    (trained / "generator.json").write_text("half")
    status, _, err = run(capsys, *TRAIN, "--steps", steps, "--run", "out")
    assert status == 2 and "out has weights and no checkpoint" in err


def test_distance_says_which_features_and_warns_of_few_pictures(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(inception, "on_disk", lambda: None)
    own.pets(tmp_path / "a", 12)
    own.pets(tmp_path / "b", 12, size=20)
    status, out, _ = run(capsys, "distance", "a", "b")
    assert status == 0 and "size               16 px" in out, "those of the smaller pictures"
    assert "colour and contrast in 4 x 4 cells (64 dimensions)" in out and "few pictures: 64 dimensions ask for 640" in out
    assert "Inception's weights are not on disk, so these are no Inception distances" in out
    assert all(name in out for name in ("Frechet distance", "kernel distance", "precision", "recall"))
    status, out, _ = run(capsys, "distance", "a", "a", "--features", "cells", "--size", 8)
    assert status == 0 and "precision          1.000" in out and "size               8 px" in out
    status, _, err = run(capsys, "distance", "a", "b", "--features", "inception")
    assert status == 2 and "the weights of Inception are not on disk" in err
    assert "does not use --weights" in run(capsys, "distance", "a", "b", "--features", "cells", "--weights", "x")[2]
    status, _, err = run(capsys, "distance", "a", "nowhere")
    assert status == 2 and "there is no folder nowhere" in err


def test_pictures_that_cannot_be_read_are_left_out_by_every_command(capsys, tmp_path):
    """What a command says is said in its own words, and what it names exists."""
    for name in ("a", "b"):
        own.pets(tmp_path / name, 12)
        spoil(tmp_path / name, 0, 5)
    own.two(tmp_path / "two", 4)
    spoil(tmp_path / "two" / "trainB", 1)
    own.pairs(tmp_path / "pairs", 4)
    spoil(tmp_path / "pairs", 1)
    save_translator(tmp_path / "way")
    commands = (
        ["distance", "a", "b", "--features", "cells"],
        ["sample", "./way", "--images", "a"],
        ["train", "dcgan", "--images", "a", "--size", 16, "--run", "out", "--steps", 1, "--batch", 4],
        ["train", "cyclegan", "--images", "two", "--size", 32, "--run", "out", "--steps", 1, "--batch", 2],
        ["train", "pix2pix", "--images", "pairs", "--size", 32, "--run", "out2", "--steps", 1, "--batch", 2],
    )
    for command in commands:
        status, _, err = run(capsys, *command)
        assert status == 2 and "cannot be used" in err and err.endswith("or add --skip to leave them out\n"), err
    for command in commands[:2]:
        status, _, err = run(capsys, *command, "--skip")
        assert status == 0 and "they are left out" in err, err


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            "--labels nowhere.csv",
            "--labels must be 'folders' or a CSV file, and there is neither nowhere.csv nor pets/nowhere.csv",
        ),
        ("--labels folders --column kind", "--column kind is of a CSV file, and the labels are those of folders: leave it out"),
        ("--column kind", "--column kind is of a CSV file: "),
        ("--labels folders --background nocolour", "--background must be a colour such as 'white' or '#f0f0f0', not 'nocolour'"),
    ],
)
def test_what_is_wrong_with_the_pictures_is_said_in_options(capsys, tmp_path, line, says):
    own.pets(tmp_path / "pets", 6)
    status, _, err = run(capsys, "train", "biggan", "--images", "pets", "--size", 32, "--run", "out", *line.split())
    assert status == 2 and (says in err or "it needs labels" in err), err


def test_distance_takes_every_fit_and_the_smallest_of_some_pictures(capsys, tmp_path):
    for name in ("a", "b"):
        own.pets(tmp_path / name, 12, size=24)
    own.save(tmp_path / "b" / "red" / "wide.png", own.draw(5, 12, 30))
    status, out, _ = run(capsys, "distance", "a", "b", "--features", "cells", "--fit", "pad")
    assert status == 0 and "size               12 px" in out, "the first picture has 24"
    assert out != run(capsys, "distance", "a", "b", "--features", "cells", "--fit", "crop")[1]


def test_inception_is_taken_where_its_weights_are(monkeypatch, tmp_path):
    stand_in = types.SimpleNamespace(protocol="as told")
    monkeypatch.setattr(inception, "inception", lambda source, weights: (source, weights) and stand_in)
    monkeypatch.setattr(inception, "on_disk", lambda: ("torchvision", tmp_path))
    assert pictures._extractor(None, None) == (stand_in, "protocol: as told")
    assert pictures._extractor(None, Path("inception_v3_google.pth"))[0] is stand_in


def test_a_folder_without_a_readable_picture(capsys, tmp_path):
    own.pets(tmp_path / "a", 4)
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    for path in (tmp_path / "b").rglob("*.png"):
        path.write_text("no picture")
    status, _, err = run(capsys, "distance", "a", "b", "--features", "cells")
    assert status == 2 and "no picture in b can be read" in err
