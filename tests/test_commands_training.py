"""Commands that train by a recipe."""
# ruff: noqa: F811  (fixtures are imported by the names by which tests ask for them)

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from gancourse import zoo
from gancourse.models import mlp
from tests.command_line import folders, recipes, run, save_generator  # noqa: F401  (the fixtures are used by name)


def test_train_saves_a_checkpoint_that_sample_draws_from(capsys, recipes, tmp_path):
    status, out, _ = run(capsys, "train", "faces32", "--steps", 5, "--seed", 3, "--checkpoint", "state.safetensors")
    assert status == 0 and "gancourse sample faces32.safetensors" in out
    assert recipes.calls == [{"name": "faces32", "steps": 5, "seed": 3, "checkpoint": Path("state.safetensors")}]
    assert zoo.card(tmp_path / "faces32.safetensors")["title"] == "faces"
    status, out, _ = run(capsys, "sample", "faces32.safetensors", "--n", 6, "--columns", 3, "--seed", 1)
    assert status == 0 and "grid.png" in out
    from PIL import Image

    picture = Image.open(tmp_path / "grid.png")
    assert picture.format == "PNG"
    assert picture.width / picture.height == pytest.approx(50 / 33)  # 3 x 2 tiles of 16 px, a pixel between them


def test_a_recipe_is_told_its_precision_and_whether_to_compile(capsys, recipes):
    assert run(capsys, "train", "faces32", "--precision", "bf16", "--compile")[0] == 0
    assert recipes.calls[0] | {"precision": "bf16", "compile": True} == recipes.calls[0]
    assert "the list of recipes does not use --precision" in run(capsys, "train", "--precision", "bf16")[2]


def test_train_never_replaces_a_file_unasked(capsys, recipes, tmp_path):
    (tmp_path / "mine.safetensors").write_bytes(b"weeks of work")
    status, _, err = run(capsys, "train", "faces32", "--output", "mine")
    assert status == 2 and "--force" in err
    assert recipes.calls == []
    assert (tmp_path / "mine.safetensors").read_bytes() == b"weeks of work"
    assert run(capsys, "train", "faces32", "--output", "mine", "--force")[0] == 0
    assert zoo.names() == [] and zoo.load(tmp_path / "mine").card["name"] == "mine"


@pytest.fixture
def long_training(monkeypatch):
    """A recipe of 40 steps whose training presses Ctrl-C in the fifth, the first time."""
    import torch

    from gancourse import data, experiments
    from gancourse.gans.gan import GAN

    arguments = {"latent_dim": 2, "out_shape": [2], "hidden": [4], "out": None}
    presses = [True]

    def press(run):
        if run.step == 5 and presses:
            presses.clear()
            signal.raise_signal(signal.SIGINT)

    def describe(name, steps, seed, progress):
        torch.manual_seed(seed)
        game = GAN(mlp.Generator(**arguments), mlp.Discriminator([2], hidden=[4]))
        return experiments.Weights(
            title="points",
            game=game,
            batches=data.Batches(torch.randn(64, 2), 8, seed=seed),
            steps=steps or 40,
            settings={},
            network=arguments,
            data={},
            arguments={},
            measure=lambda run: {},
            licence={},
            follow=(5, press),
        )

    press.points = []
    monkeypatch.setattr(experiments, "names", lambda: ["points"])
    monkeypatch.setattr(experiments, "describe", describe)


def test_ctrl_c_while_training_ends_without_an_output_and_the_same_command_goes_on(capsys, long_training, tmp_path):
    from gancourse.base import trees

    command = ["train", "points", "--seed", 3, "--checkpoint", "my state", "--output", "o"]
    status, out, err = run(capsys, *command)
    assert (status, out) == (130, "")
    assert "stopped after step 5" in err and "gancourse train points --seed 3 --checkpoint 'my state' --output o\n" in err
    assert "fit" not in err and [path.name for path in tmp_path.iterdir()] == ["my state"]
    assert trees.load(tmp_path / "my state")["step"] == 5
    assert run(capsys, *command)[0] == 0
    assert trees.load(tmp_path / "my state")["step"] == 40
    assert zoo.card(tmp_path / "o.safetensors")["steps"] == 40


def test_ctrl_c_without_a_checkpoint_says_what_would_have_helped(capsys, long_training, tmp_path):
    status, out, err = run(capsys, "train", "points")
    assert (status, out) == (130, "") and "--checkpoint FILE" in err and list(tmp_path.iterdir()) == []


def test_train_and_sample_list_what_there_is(capsys, recipes):
    lines = run(capsys, "train")[1].splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["recipe", "faces32", "faces64"]
    assert lines[1].split(maxsplit=3) == ["faces32", "-", "-", "faces of 32 px"], "nothing is shipped here that says what it took"
    assert lines[3].startswith("minutes: ") and lines[4].startswith("on your own pictures, with --images FOLDER: dcgan, ")
    assert run(capsys, "sample")[1] == "shipped checkpoints: none\n"
    save_generator("tiny")
    head, tiny, _ = run(capsys, "sample")[1].splitlines()
    assert head.split() == ["checkpoint", "steps", "minutes", "what", "it", "is"]
    assert tiny.split() == ["tiny", "-", "-"], "its card tells no more"
    status, _, err = run(capsys, "train", "face32")
    assert status == 2 and "did you mean 'faces32'" in err


def test_a_card_alone_is_not_replaced_unasked(capsys, recipes, tmp_path):
    (tmp_path / "config.json").write_text("{}")
    status, _, err = run(capsys, "train", "faces32", "--output", "config")
    assert status == 2 and "config.json exists already: add --force" in err and recipes.calls == []


def test_a_file_of_another_kind_is_not_looked_for_under_another_name(capsys, recipes, tmp_path):
    import torch

    torch.save({"w": torch.zeros(2)}, tmp_path / "x.pt")
    (tmp_path / "folder").mkdir()
    for given in ("./x.pt", "x.pt", tmp_path / "x.pt"):
        status, out, err = run(capsys, "sample", given)
        assert (status, out) == (2, "") and "x.pt is a PyTorch file" in err and ".pt.safetensors" not in err
        assert "zoo.reference.load(" in err
    assert "folder is a folder" in run(capsys, "sample", "./folder")[2]
    status, _, err = run(capsys, "train", "faces32", "--output", "x.pt")
    assert status == 2 and "x.pt is a PyTorch file" in err and recipes.calls == []
    save_generator("tiny")
    (tmp_path / "tiny").write_text("a file that happens to be called like a shipped network")
    assert run(capsys, "sample", "tiny", "--n", 2)[0] == 0


def test_choices_are_those_of_what_is_called():
    """Spelled out in the grammar, which imports nothing heavy."""
    from gancourse.classroom import cli
    from gancourse.classroom.commands import training
    from gancourse.data.pictures import FITS
    from gancourse.training.settings import PRECISIONS

    assert cli.FITS == FITS and training.PRECISIONS == PRECISIONS
