from __future__ import annotations

import errno
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import types
from pathlib import Path

import pytest

from gancourse import __version__, zoo
from gancourse.base import files
from gancourse.classroom import cli, colab, lab, notebooks, pages
from gancourse.classroom.claims import at_least, identity
from gancourse.models import dcgan, mlp

SMALL = {"size": 16, "latent_dim": 8, "width": 8}


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


# --------------------------------------------------------------------------------------------------------------- itself


def test_help_and_version(capsys):
    status, out, _ = run(capsys)
    assert status == 0
    for name in ("lab", "run", "train", "sample", "data", "doctor", "notebooks", "claims", "version"):
        assert f"    {name}" in out
    assert run(capsys, "version") == (0, f"gancourse {__version__}\n", "")
    with pytest.raises(SystemExit) as stop:
        run(capsys, "--version")
    assert stop.value.code == 0


@pytest.mark.parametrize("line", ["nonsense", "sample x --n 0", "sample x --n -3", "run 4 --scale big", "data burn"])
def test_a_bad_command_line_is_refused(capsys, line):
    with pytest.raises(SystemExit) as stop:
        run(capsys, *line.split())
    assert stop.value.code == 2


def test_the_command_line_imports_nothing_heavy():
    code = "import sys, gancourse.classroom.cli as c; c.parser().format_help(); "
    code += "sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(cli.__file__).parents[2], check=False).returncode == 0


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ValueError("choose another"), "gancourse: choose another\n"),
        (ModuleNotFoundError("No module named 'torch'"), "gancourse doctor"),
        (FileNotFoundError(2, "No such file", "there.txt"), "no file there.txt"),
        (KeyError("x"), "KeyError: 'x' (GANCOURSE_DEBUG=1 shows where)"),
        (ZeroDivisionError(), "ZeroDivisionError"),
    ],
)
def test_errors_are_one_sentence(capsys, monkeypatch, error, says):
    def fail(_):
        raise error

    monkeypatch.setattr(cli, "_version", fail)
    status, out, err = run(capsys, "version")
    assert (status, out) == (2, "")
    assert says in err and err.count("\n") == 1 and "Traceback" not in err
    monkeypatch.setenv("GANCOURSE_DEBUG", "1")
    with pytest.raises(type(error)):
        cli.main(["version"])


def test_ctrl_c_is_no_traceback(capsys, monkeypatch):
    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_version", interrupt)
    assert run(capsys, "version") == (130, "", "gancourse: stopped\n")


# ------------------------------------------------------------------------------------------------------------- lectures


def test_lab_passes_on_what_it_is_told(capsys, monkeypatch):
    calls = []
    monkeypatch.setattr(lab, "serve", lambda *args, **options: calls.append((args, options)) or 0)
    assert run(capsys, "lab")[0] == 0
    assert run(capsys, "lab", "4", "--no-browser", "--port", "8899")[0] == 0
    assert calls == [
        ((), {"browser": None, "arguments": []}),
        ((), {"name": "4", "browser": False, "arguments": ["--ServerApp.port=8899"]}),
    ]


def test_outside_a_checkout_the_lectures_say_so(capsys, monkeypatch):
    monkeypatch.setattr(files, "checkout", lambda: None)
    monkeypatch.setattr(colab, "repository", lambda *_: "https://example.org/course")
    for argv in (["lab"], ["run", "4"], ["notebooks"], ["claims"]):
        status, out, err = run(capsys, *argv)
        assert (status, out) == (2, "")
        assert "clone https://example.org/course" in err


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


def test_run_writes_the_page_where_it_is_told(capsys, monkeypatch, checkout, tmp_path):
    seen = {}

    def fake(name, *, folder, report):
        import os

        seen.update(name=name, scale=os.environ["GANCOURSE_SCALE"])
        page = folder / "04_dcgan.html"
        page.write_text("<p>lecture</p>")
        return page

    monkeypatch.setattr(pages, "run", fake)
    status, out, _ = run(capsys, "run", "4", "--scale", "cpu", "--output", tmp_path / "deep" / "page.html")
    assert status == 0 and "page.html" in out
    assert seen == {"name": "4", "scale": "cpu"}
    assert (tmp_path / "deep" / "page.html").read_text() == "<p>lecture</p>"
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["page.html"]
    assert run(capsys, "run", "4")[0] == 0
    assert (tmp_path / "04_dcgan.html").is_file()


def test_a_failed_lecture_leaves_nothing_behind(capsys, monkeypatch, checkout, tmp_path):
    def fail(*args, **options):
        raise notebooks.NotebookError("04_dcgan, cell 3 of 9: ValueError: no")

    monkeypatch.setattr(pages, "run", fail)
    status, out, err = run(capsys, "run", "4", "--output", "page.html")
    assert (status, out) == (2, "") and "cell 3 of 9" in err
    assert not (tmp_path / "page.html").exists() and not list(tmp_path.glob(".gancourse-*"))


def test_notebooks_builds_and_checks(capsys, monkeypatch, checkout):
    calls, failures = [], []
    monkeypatch.setattr(notebooks, "build_all", lambda names, force: calls.append((names, force)) or failures)
    assert run(capsys, "notebooks", "--force", "02")[0] == 0
    assert calls == [(["02"], True)]
    failures.append("02_minimax, cell 1 of 1: no")
    status, _, err = run(capsys, "notebooks")
    assert status == 1 and "cell 1 of 1" in err
    monkeypatch.setattr(notebooks, "check", lambda: ["02_minimax: it has no outputs"])
    assert run(capsys, "notebooks", "--check")[:2] == (1, "02_minimax: it has no outputs\n")
    assert run(capsys, "notebooks", "--check", "4")[0] == 0
    monkeypatch.setattr(notebooks, "check", lambda: [])
    assert run(capsys, "notebooks", "--check")[0] == 0


# --------------------------------------------------------------------------------------------------- training, sampling


@pytest.fixture
def recipes(monkeypatch):
    """A stand-in for the recipes, which notes how it was called."""
    calls = []

    def train(name, steps=None, seed=0, checkpoint=None, progress=True):
        calls.append({"name": name, "steps": steps, "seed": seed, "checkpoint": checkpoint})
        generator = dcgan.Generator(**SMALL)
        return types.SimpleNamespace(generator=generator), zoo.fill_card(generator, SMALL, title="faces")

    module = types.ModuleType("gancourse.experiments")
    module.names, module.train, module.calls = lambda: ["faces32", "faces64"], train, calls
    monkeypatch.setitem(sys.modules, "gancourse.experiments", module)
    monkeypatch.setattr("gancourse.experiments", module, raising=False)
    return module


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


def test_train_never_replaces_a_file_unasked(capsys, recipes, tmp_path):
    (tmp_path / "mine.safetensors").write_bytes(b"weeks of work")
    status, _, err = run(capsys, "train", "faces32", "--output", "mine")
    assert status == 2 and "--force" in err
    assert recipes.calls == []
    assert (tmp_path / "mine.safetensors").read_bytes() == b"weeks of work"
    assert run(capsys, "train", "faces32", "--output", "mine", "--force")[0] == 0
    assert zoo.names() == [] and zoo.load(tmp_path / "mine").card["name"] == "mine"


@pytest.fixture
def no_work(monkeypatch, recipes):
    """Everything that takes long fails the test."""

    def work(*args, **options):
        raise AssertionError("the work began before the output was looked at")

    monkeypatch.setattr(recipes, "train", work)
    monkeypatch.setattr(zoo, "load", work)
    for module in (pages, notebooks):
        monkeypatch.setattr(module, "run" if module is pages else "execute", work)


@pytest.mark.parametrize("where", ["file/output", "folder"])
@pytest.mark.parametrize(
    "command", ["train faces32 --output", "train faces32 --checkpoint", "sample x --output", "run 4 --output", "claims --output"]
)
def test_an_output_that_cannot_be_written_is_noticed_before_the_work(capsys, no_work, checkout, tmp_path, command, where):
    (tmp_path / "file").write_text("in the way")
    for name in ("folder", "folder.safetensors"):
        (tmp_path / name).mkdir()
    status, out, err = run(capsys, *command.split(), where)
    assert (status, out) == (2, "") and where in err
    assert ("is a folder" if where == "folder" else "cannot be written") in err


def test_a_card_in_the_way_and_a_cache_that_cannot_be_written_are_noticed_too(capsys, no_work, sets, tmp_path, monkeypatch):
    (tmp_path / "o.json").mkdir()
    status, _, err = run(capsys, "train", "faces32", "--output", "o")
    assert status == 2 and "o.json is a folder" in err
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("GANCOURSE_DATA", str(tmp_path / "file"))
    status, _, err = run(capsys, "data", "build", "faces")
    assert status == 2 and "cannot be written" in err and sets == []


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


def test_on_a_full_disk_the_result_is_kept_elsewhere(capsys, recipes, checkout, monkeypatch, tmp_path, full_disk):
    store_row(checkout, "02_minimax", "C03", 1)
    monkeypatch.setattr(
        pages, "run", lambda name, folder, report: Path(shutil.copy(checkout / "pyproject.toml", folder / "04.html"))
    )
    for command, name in (
        ("train faces32", "faces32.safetensors"),
        ("run 4", "04_dcgan.html"),
        ("claims --from-notebooks", "CLAIMS.md"),
    ):
        capsys.readouterr()
        status, out, err = run(capsys, *command.split())
        (kept,) = full_disk.glob(f"*/{name}")
        assert (status, out) == (2, "") and "No space left" in err and f"is kept as {kept}" in err
        assert kept.stat().st_size and not (tmp_path / name).exists()
    assert zoo.card(next(full_disk.glob("*/faces32.safetensors")))["title"] == "faces"


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
    assert run(capsys, "train")[1] == "recipes: faces32, faces64\n"
    assert run(capsys, "sample")[1] == "shipped checkpoints: none\n"
    save_generator("tiny")
    assert run(capsys, "sample")[1] == "shipped checkpoints: tiny\n"
    status, _, err = run(capsys, "train", "face32")
    assert status == 2 and "did you mean 'faces32'" in err


def test_sample_depends_on_the_seed(capsys, tmp_path):
    save_generator(tmp_path / "tiny")
    for name, seed in (("a.png", 1), ("b.png", 1), ("c.png", 2)):
        assert run(capsys, "sample", "./tiny", "--n", 4, "--seed", seed, "--output", tmp_path / name)[0] == 0
    a, b, c = ((tmp_path / name).read_bytes() for name in ("a.png", "b.png", "c.png"))
    assert a == b != c


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


def test_sample_of_points_says_what_is_wrong(capsys, tmp_path):
    arguments = {"latent_dim": 2, "out_shape": [2], "hidden": [4], "out": None}
    model = mlp.Generator(**arguments)
    zoo.save(tmp_path / "points", model, zoo.fill_card(model, arguments))
    status, _, err = run(capsys, "sample", "./points")
    assert status == 2 and "no images" in err
    status, _, err = run(capsys, "sample", "nothing_like_it")
    assert status == 2 and "gancourse train" in err
    assert not (tmp_path / "grid.png").exists()


# ----------------------------------------------------------------------------------------------------------------- data


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


def test_data_builds_what_is_asked(capsys, sets):
    assert run(capsys, "data", "build")[:2] == (0, "faces: 10,000 training and 2,000 test images\n")
    assert sets == [("faces", 16, None, "train"), ("faces", 16, None, "test")]
    sets.clear()
    assert run(capsys, "data", "build", "pixel_faces:32", "mnist", "--n", 500)[0] == 0
    assert sets == [("pixel_faces", 32, 500, "train"), ("mnist", 16, 500, "train")]
    status, _, err = run(capsys, "data", "build", "face")
    assert status == 2 and "did you mean 'faces'" in err
    status, _, err = run(capsys, "data", "build", "faces:big")
    assert status == 2 and "faces:64" in err


def test_without_the_drawing_packages_only_a_named_set_is_an_error(capsys, monkeypatch):
    from gancourse import data

    def missing(**options):
        raise ModuleNotFoundError("drawing faces needs packages")

    monkeypatch.setattr(data, "EMBEDDED", {"faces": missing})
    status, _, err = run(capsys, "data", "build")
    assert status == 0 and "drawing faces needs packages" in err
    assert run(capsys, "data", "build", "faces")[0] == 2


def test_data_list_shows_sets_and_what_is_built(capsys, sets, tmp_path):
    (tmp_path / "data" / "cache").mkdir(parents=True)
    (tmp_path / "data" / "cache" / "faces_32_10000_0_train.npz").write_bytes(bytes(1_500_000))
    status, out, _ = run(capsys, "data")
    assert status == 0
    lines = out.splitlines()
    assert lines[0] == "made on this machine"
    assert lines[1].split() == ["faces", "The", "set", "faces."]
    assert lines[2].strip() == "built: faces_32_10000_0_train.npz (1.5 MB)"
    assert lines[3].split()[0] == "pixel_faces"
    assert str(tmp_path / "data" / "real") in lines[4]


def test_every_set_has_a_line_of_its_own():
    from gancourse import data

    for name, function in (data.EMBEDDED | data.REAL).items():
        assert function.__doc__ and function.__doc__.strip().splitlines()[0].endswith("."), name


def test_clear_keeps_what_was_trained_unless_told(capsys, tmp_path):
    cache = tmp_path / "data" / "cache"
    (cache / "checkpoints" / "cpu").mkdir(parents=True)
    (cache / "faces.npz").write_bytes(bytes(2_000_000))
    (cache / "checkpoints" / "cpu" / "mine.safetensors").write_bytes(bytes(1_000_000))
    (tmp_path / "data" / "real").mkdir()
    (tmp_path / "data" / "real" / "mnist").write_bytes(b"placed by hand")
    status, out, _ = run(capsys, "data", "clear")
    assert status == 0 and "cleared 2.0 MB" in out
    assert not (cache / "faces.npz").exists()
    assert (cache / "checkpoints" / "cpu" / "mine.safetensors").exists()
    assert "cleared 1.0 MB" in run(capsys, "data", "clear", "--all")[1]
    assert list(cache.iterdir()) == []
    assert (tmp_path / "data" / "real" / "mnist").exists()
    assert "cleared 0.0 MB" in run(capsys, "data", "clear")[1]


def test_clear_of_a_set_leaves_the_others(capsys, sets, tmp_path):
    cache = tmp_path / "data" / "cache"
    (cache / "experiments").mkdir(parents=True)
    for name in (
        "faces_32_500_0_train.npz",
        ".faces_32_9_0_test.npz.x1y.npz",
        "pixel_faces_16_9_0_test.npz",
        "pairs_night_8_1_0.npz",
    ):
        (cache / name).write_bytes(bytes(1_000_000))
    for wrong, nearest in (("digitz", "choose from"), ("pixel_face", "'pixel_faces'"), ("experiments", "unknown data set")):
        status, out, err = run(capsys, "data", "clear", "faces", wrong)
        assert (status, out) == (2, "") and nearest in err
    assert len(list(cache.iterdir())) == 5
    assert run(capsys, "data", "clear", "faces", "mnist")[:2] == (0, f"cleared 2.0 MB from {cache}\n")
    assert {path.name for path in cache.iterdir()} == {"experiments", "pairs_night_8_1_0.npz", "pixel_faces_16_9_0_test.npz"}
    assert run(capsys, "data", "clear", "pairs_night")[0] == 0
    assert run(capsys, "data", "clear")[0] == 0
    assert [path.name for path in cache.iterdir()] == ["experiments"], "trainings stay"


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("data list faces", "faces"),
        ("data list --n 3", "--n"),
        ("data list --all", "--all"),
        ("data build faces --all", "--all"),
        ("data clear --n 3", "--n"),
        ("data clear faces --all", "--all"),
        ("train --steps 5", "--steps"),
        ("train --seed 0", "--seed"),
        ("train --force", "--force"),
        ("sample --n 4", "--n"),
        ("sample --output x.png", "--output"),
        ("experiment --seeds 0", "--seeds"),
        ("experiment --jobs 2", "--jobs"),
        ("experiment stacked_digits --verify --jobs 2", "--jobs"),
        ("notebooks --check --force", "--force"),
        ("claims --check 02", "02"),
        ("claims --check --from-notebooks", "--from-notebooks"),
        ("claims --check --scale ci", "--scale"),
        ("claims --from-notebooks 02", "02"),
        ("claims --from-notebooks --scale cpu", "--scale"),
    ],
)
def test_what_a_command_does_not_use_is_refused(capsys, checkout, recipes, line, named):
    status, out, err = run(capsys, *line.split())
    assert (status, out) == (2, "") and f"does not use {named}: leave it out" in err


# --------------------------------------------------------------------------------------------------------------- claims

RUN = """# %% [markdown]
# # Title

# %%
from gancourse.classroom.claims import at_least, identity
"""


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


def test_claims_from_notebooks(capsys, checkout):
    status, _, err = run(capsys, "claims", "--from-notebooks")
    assert status == 2 and "nothing to write" in err
    store_row(checkout, "02_minimax", "C03", 1)
    assert run(capsys, "claims", "--check")[0] == 1
    assert run(capsys, "claims", "--from-notebooks")[0] == 0
    text = (checkout / "CLAIMS.md").read_text()
    assert "| Identities | 1 | 1 holds |" in text and "[02_minimax](notebooks/02_minimax.ipynb)" in text
    assert run(capsys, "claims", "--check")[0] == 0
    (checkout / "CLAIMS.md").write_text(text.replace("holds", "proved"))
    assert run(capsys, "claims", "--check")[0] == 1


@pytest.fixture
def damaged(checkout):
    """Lectures 02 and 04 as kills leave them: 04 cut in the middle of a letter, and a part of 02 that was being written."""
    store_row(checkout, "02_minimax", "C03", 1)
    path = checkout / "notebooks" / "04_dcgan.ipynb"
    path.write_bytes('{"cells": ["\u00e9'.encode()[:-1])
    (checkout / "notebooks" / ".02_minimax.ipynb.k1x.ipynb").write_text('{"cells": [')
    (checkout / "notebooks" / "source" / ".04_dcgan.py.k1x.py").write_text("# half")
    return path


def test_damaged_notebooks_are_named_and_hidden_ones_passed_over(capsys, checkout, damaged):
    for line in ("claims --check", "claims --from-notebooks", "claims 2"):
        status, out, err = run(capsys, *line.split())
        assert status == 2 and str(damaged) in err and "k1x" not in err
    (checkout / "notebooks" / "05_gone.ipynb").write_text("[]")
    err = run(capsys, "claims", "--check")[2]
    assert str(damaged) in err and "05_gone.ipynb" in err, "all of them"


def test_a_damaged_notebook_is_measured_from_its_source(capsys, checkout, damaged, monkeypatch):
    monkeypatch.setattr(notebooks, "execute", lambda book, **options: book)
    monkeypatch.setattr("gancourse.classroom.claims.rows_of", lambda cells, name: [])
    assert run(capsys, "claims", "4")[0] == 0
    assert "02_minimax" in (checkout / "CLAIMS.md").read_text()


def test_claims_runs_the_lectures_and_tells_what_changed(capsys, checkout, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(cli.__file__).parents[2]))
    write_lecture(checkout, "02_minimax", ("C03", 1), ("C02", 0))
    store_row(checkout, "02_minimax", "C02", 1)
    store_row(checkout, "04_dcgan", "C10", 2)
    status, out, _ = run(capsys, "claims", "2")
    assert status == 0
    assert "C02 in 02_minimax: fails (ours 0), but its notebook says holds" in out
    assert "gancourse notebooks --force" in out
    table = [line for line in (checkout / "CLAIMS.md").read_text().splitlines() if line.startswith(("| C0", "| C1"))]
    assert [line.split(" | ")[0] for line in table] == ["| C02", "| C03", "| C10"]  # 04 was not run: its row is the notebook's


def test_a_lecture_that_fails_leaves_the_ledger_alone(capsys, checkout, monkeypatch):
    def fail(*args, name, **options):
        raise notebooks.NotebookError(f"{name}, cell 1 of 1: no")

    monkeypatch.setattr(notebooks, "execute", fail)
    (checkout / "CLAIMS.md").write_text("as it was")
    status, _, err = run(capsys, "claims")
    assert status == 1 and "02_minimax, cell 1 of 1" in err and "04_dcgan, cell 1 of 1" in err
    assert (checkout / "CLAIMS.md").read_text() == "as it was"
