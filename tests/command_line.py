"""The command line under test: a folder and data of its own for each test, and stand-ins for whatever takes long."""
# ruff: noqa: F811  (fixtures are imported by the names by which tests ask for them)

from __future__ import annotations

import errno
import json
import sys
import tempfile
import types
from pathlib import Path

import pytest
import torch

from gancourse import zoo
from gancourse.base import files
from gancourse.classroom import cli, notebooks, pages
from gancourse.classroom.claims import at_least, identity
from gancourse.models import dcgan
from gancourse.models.translator import TwoWay
from tests import own

TRAIN = ["train", "dcgan", "--images", "pets", "--size", "16", "--batch", "8", "--every", "2"]
SMALL = {"size": 16, "latent_dim": 8, "width": 8}
RUN = """# %% [markdown]
# # Title

# %%
from gancourse.classroom.claims import at_least, identity
"""


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    """Each test works in an empty folder, with its own data and its own shipped files."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GANCOURSE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("GANCOURSE_SCALE", "ci")
    monkeypatch.delenv("GANCOURSE_DEBUG", raising=False)
    monkeypatch.setattr(files, "shipped", lambda *parts: (tmp_path / "shipped").joinpath(*parts))


def run(capsys, *argv):
    """Exit status, stdout and stderr of a command."""
    status = cli.main([str(word) for word in argv])
    out, err = capsys.readouterr()
    return status, out, err


def save_generator(path):
    model = dcgan.Generator(**SMALL)
    return zoo.save(path, model, zoo.fill_card(model, SMALL))


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout with the sources of two lectures."""
    root = tmp_path / "checkout"
    (root / "notebooks" / "source").mkdir(parents=True)
    project = '[project]\nurls = {Repository = "https://example.org/course"}\ndependencies = ["torch>=1"]\n'
    (root / "pyproject.toml").write_text(project)
    for name in ("02_minimax", "04_dcgan"):
        (root / "notebooks" / "source" / f"{name}.py").write_text("# %% [markdown]\n# # Title\n\n# %%\n1 + 1\n")
    monkeypatch.setattr(files, "checkout", lambda: root)
    return root


@pytest.fixture
def recipes(monkeypatch):
    """A stand-in for the recipes, which notes how it was called."""
    calls = []

    def train(name, steps=None, seed=0, checkpoint=None, progress=True, **how):
        calls.append({"name": name, "steps": steps, "seed": seed, "checkpoint": checkpoint, **how})
        generator = dcgan.Generator(**SMALL)
        return types.SimpleNamespace(generator=generator), zoo.fill_card(generator, SMALL, title="faces")

    module = types.ModuleType("gancourse.experiments")
    module.names, module.train, module.calls = lambda: ["faces32", "faces64"], train, calls
    module.RECIPES = {"faces32": types.SimpleNamespace(title="faces of 32 px")}
    monkeypatch.setitem(sys.modules, "gancourse.experiments", module)
    monkeypatch.setattr("gancourse.experiments", module, raising=False)
    return module


@pytest.fixture
def no_work(monkeypatch, recipes):
    """Everything that takes long fails the test."""

    def work(*args, **options):
        raise AssertionError("the work began before the output was looked at")

    monkeypatch.setattr(recipes, "train", work)
    monkeypatch.setattr(zoo, "load", work)
    for module in (pages, notebooks):
        monkeypatch.setattr(module, "run" if module is pages else "execute", work)


@pytest.fixture
def sets(monkeypatch):
    """Stand-ins for the data sets, which note how they were called."""
    from gancourse import data

    calls = []

    def make(name):
        def load(size=16, n=None, split="train"):
            calls.append((name, size, n, split))
            return [0] * (n or {"train": 10_000, "test": 2_000}[split])

        load.__doc__ = f"The set {name}.\n\nMore."
        return load

    monkeypatch.setattr(data, "EMBEDDED", {"faces": make("faces"), "pixel_faces": make("pixel_faces")})
    monkeypatch.setattr(data, "REAL", {"mnist": make("mnist")})
    return calls


@pytest.fixture
def full_disk(monkeypatch, tmp_path):
    """No room is left in the working folder, and some in the folder for temporary files."""
    whole, spare = files.atomic_write, tmp_path / "spare"
    spare.mkdir()

    def atomic_write(path):
        if spare not in Path(path).absolute().parents:
            raise OSError(errno.ENOSPC, "No space left on device")
        return whole(path)

    monkeypatch.setattr(files, "atomic_write", atomic_write)
    monkeypatch.setattr(tempfile, "tempdir", str(spare))
    return spare


def write_lecture(root, name, *claims):
    lines = [f"identity({id!r}, 'it is so', ours={ours}, tolerance=at_least(1))" for id, ours in claims]
    (root / "notebooks" / "source" / f"{name}.py").write_text(RUN + "\n".join(lines) + "\n")


def store_row(root, name, id, ours):
    from gancourse.classroom.claims.rows import bundle

    row = identity(id, "it is so", ours=ours, tolerance=at_least(1))
    output = {"output_type": "display_data", "data": bundle(row), "metadata": {}}
    cell = {"cell_type": "code", "source": "", "outputs": [output], "metadata": {}, "execution_count": 1}
    book = {"cells": [cell], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}
    (root / "notebooks" / f"{name}.ipynb").write_text(json.dumps(book))


@pytest.fixture
def trained(capsys, tmp_path):
    """A run of four steps."""
    own.pets(tmp_path / "pets")
    assert run(capsys, *TRAIN, "--steps", 4, "--run", "out")[0] == 0
    return tmp_path / "out"


def save_translator(path: Path) -> None:
    arguments = {"width": 4, "blocks": 1}
    torch.manual_seed(0)
    model = TwoWay(**arguments).eval()
    zoo.save(path, model, zoo.fill_card(model, arguments, data={"name": "x", "arguments": {"size": 32}}), dtype=None)


def spoil(folder: Path, *places: int) -> None:
    """Put text in the place of some pictures of a folder."""
    files = sorted(folder.rglob("*.png"))
    for place in places:
        files[place].write_text("no picture")
