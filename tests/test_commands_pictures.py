"""Commands for your own pictures."""
# ruff: noqa: F811  (fixtures are imported by the names by which tests ask for them)

from __future__ import annotations

import shutil
import signal
import types
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from PIL import Image

from gancourse import data, zoo
from gancourse.classroom.commands import pictures
from gancourse.experiments.own import plans
from gancourse.experiments.own.follow import Follow
from gancourse.metrics import inception
from gancourse.models import biggan, conditional_convnet, r3gan, text
from gancourse.models.classifier import AttributeClassifier
from gancourse.models.encoder_decoder import GatedInpainter, SRResNet
from gancourse.models.translator import TwoWay
from gancourse.models.unet import UNet
from gancourse.zoo import exported
from tests import own
from tests.command_line import folders, run, save_generator  # noqa: F401  (the fixtures are used by name)
from tests.test_training_compiled import compiler

TRAIN = ["train", "dcgan", "--images", "pets", "--size", "16", "--batch", "8", "--every", "2"]


@pytest.fixture
def trained(capsys, tmp_path):
    """A run of four steps."""
    own.pets(tmp_path / "pets")
    assert run(capsys, *TRAIN, "--steps", 4, "--run", "out")[0] == 0
    return tmp_path / "out"


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


@pytest.mark.skipif(any(find_spec(name) is None for name in exported.PACKAGES), reason="needs pip install 'gancourse[export]'")
def test_export_writes_onnx(capsys, trained):
    status, out, err = run(capsys, "export", "out")
    assert status == 0 and "z [N, 100] -> images [N, 3, 16, 16]" in out, err
    assert (trained / "export" / "out.onnx").is_file()


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


def test_a_run_that_is_at_work_or_was_killed_is_drawn_from_its_checkpoint(capsys, tmp_path, trained):
    """The weights are written when it ends; what is in the checkpoint draws the same."""
    run(capsys, "sample", "out", "--n", 4, "--output", "end.png")
    card = zoo.card(trained / "generator.safetensors")
    for name in ("generator.safetensors", "generator.json"):
        (trained / name).rename(tmp_path / name)
    status, _, err = run(capsys, "sample", "out", "--n", 4, "--output", "killed.png")
    assert status == 0 and (tmp_path / "end.png").read_bytes() == (tmp_path / "killed.png").read_bytes()
    assert "out has no weights yet: taken from its checkpoint, which stands at step 4 of 4" in err
    assert (
        "if it is not at work, go on with: gancourse train dcgan --images pets --size 16 --steps 4 --batch 8 --run out\n" in err
    )
    assert sorted(path.name for path in trained.glob("generator*")) == [], "it may be at work: nothing is written there"
    status, out, err = run(capsys, "export", "out", "--no-onnx", "--output", "there")
    assert status == 0 and "stands at step 4 of 4" in err
    moved = zoo.card(tmp_path / "there" / "out.safetensors")
    assert (moved["steps"], moved["network"], moved["data"]) == (4, card["network"], card["data"])
    assert moved["training"] == card["training"] and len(card["curve"]) == 3
    assert torch.allclose(torch.tensor(moved["curve"]), torch.tensor(card["curve"]), rtol=1e-4)


def test_a_sheet_of_samples_is_none_of_the_pictures(capsys, tmp_path, monkeypatch):
    """A run is drawn from in the folder of its pictures, and goes on."""
    monkeypatch.chdir(own.pets(tmp_path / "pets", 12))
    command = ["train", "dcgan", "--images", ".", "--size", 16, "--batch", 4, "--run", "run"]
    assert run(capsys, *command, "--steps", 1)[0] == 0
    status, out, _ = run(capsys, "sample", "run", "--n", 4)
    assert status == 0 and out.startswith(f"wrote {Path('run') / 'grid.png'} (")
    status, _, err = run(capsys, *command, "--steps", 2)
    assert status == 0 and "1 folder of a training passed over: run\n" in err, err


def test_the_sheet_of_a_run_gives_way_to_the_next(capsys, trained):
    """Also one that an earlier version drew, without saying so in the file."""
    Image.new("RGB", (3, 3)).save(trained / "grid.png")
    assert run(capsys, "sample", "out", "--n", 4)[1].startswith("replaced out/grid.png")


def test_weights_of_an_earlier_stop_give_way_to_the_checkpoint(capsys, tmp_path, trained):
    earlier = [(trained / name).read_bytes() for name in ("generator.safetensors", "generator.json")]
    assert run(capsys, *TRAIN, "--steps", 8, "--run", "out")[0] == 0
    run(capsys, "sample", "out", "--n", 4, "--output", "later.png")
    for name, content in zip(("generator.safetensors", "generator.json"), earlier, strict=True):
        (trained / name).write_bytes(content)
    status, _, err = run(capsys, "sample", "out", "--n", 4, "--output", "now.png")
    assert status == 0 and "out has weights of step 4: taken from its checkpoint, which stands at step 8 of 8" in err
    assert (tmp_path / "now.png").read_bytes() == (tmp_path / "later.png").read_bytes()
    (trained / "generator.json").unlink()  # killed between the two
    status, _, err = run(capsys, "sample", "out", "--n", 4, "--output", "halved.png")
    assert status == 0 and "generator.json" in err and "taken from its checkpoint, which stands at step 8 of 8" in err
    (trained / "generator.json").write_bytes(earlier[1])
    (trained / "checkpoint.safetensors").write_bytes(b"half of it")
    status, _, err = run(capsys, "sample", "out", "--n", 4, "--output", "weights.png")
    assert status == 0 and "checkpoint.safetensors" in err and "these are the weights of step 4" in err


@pytest.mark.parametrize(
    ("family", "options"),
    [
        ("biggan", ["--labels", "folders", "--size", 32]),
        ("progan", ["--size", 16]),
        ("stylegan2", ["--size", 16, "--augment", "ada"]),
        ("cyclegan", ["--size", 32]),
    ],
)
def test_checkpoints_of_other_families_are_drawn_from(capsys, tmp_path, family, options):
    own.two(tmp_path / "pets", 4) if family == "cyclegan" else own.pets(tmp_path / "pets", 9)
    steps = 8 if family == "progan" else 2
    command = ["train", family, "--images", "pets", "--batch", 4, "--steps", steps, "--run", "out", *options]
    assert run(capsys, *command)[0] == 0
    inputs = ["--images", "pets/trainA"] if family == "cyclegan" else []
    for i in range(2):
        status, _, err = run(capsys, "sample", "out", "--n", 4, "--output", f"{i}.png", *inputs)
        assert status == 0 and ("taken from its checkpoint" in err) == bool(i), err
        (tmp_path / "out" / "generator.safetensors").unlink(missing_ok=True)
    assert (tmp_path / "0.png").read_bytes() == (tmp_path / "1.png").read_bytes()


def test_a_run_of_which_nothing_is_there_yet_says_how_to_get_it(capsys, tmp_path, trained):
    (trained / "generator.safetensors").unlink()
    (trained / "checkpoint.safetensors").unlink()
    status, _, err = run(capsys, "sample", "out")
    assert status == 2 and "nothing of out is kept yet: let it train up to its first checkpoint" in err
    assert "begin again with: gancourse train dcgan --images pets --size 16" in err
    (trained / "settings.json").write_text("{}")
    status, _, err = run(capsys, "sample", "out")
    assert status == 2 and "settings.json is damaged" in err


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


def test_classes_by_name_by_number_or_in_turn(capsys, tmp_path):
    arguments = {"size": 32, "latent_dim": 8, "width": 2, "classes": 3, "shared_dim": 4, "hierarchical": True}
    model = biggan.Generator(**arguments).eval()
    zoo.save(tmp_path / "big", model, zoo.fill_card(model, arguments, classes=["a", "b", "7"]), dtype=None)
    shipped = zoo.load(tmp_path / "big")
    assert pictures.labels_of(shipped, 4, None).tolist() == [0, 1, 2, 0]
    assert [pictures.labels_of(shipped, 1, label).item() for label in ("b", "0", "7")] == [1, 0, 2]
    for wrong in ("c", "9"):
        with pytest.raises(ValueError, match="label"):
            pictures.labels_of(shipped, 1, wrong)
    assert run(capsys, "sample", "./big", "--n", 3, "--label", "b")[0] == 0
    save_generator(tmp_path / "tiny")
    status, _, err = run(capsys, "sample", "./tiny", "--label", "b")
    assert status == 2 and "knows no classes" in err


def test_attributes_by_their_names(capsys, tmp_path):
    names = {"hair": ["black", "red"], "glasses": ["no", "yes"], "age": ["1", "2", "0"]}
    arguments = {"classes": names, "size": 16, "latent_dim": 4, "width": 2}
    model = conditional_convnet.Generator(**arguments).eval()
    zoo.save(tmp_path / "people", model, zoo.fill_card(model, arguments), dtype=None)
    shipped = zoo.load(tmp_path / "people")
    asked = pictures.labels_of(shipped, 40, "hair=red, glasses=yes", seed=3)
    assert asked[:, 0].tolist() == asked[:, 1].tolist() == [1] * 40 and set(asked[:, 2].tolist()) == {0, 1, 2}
    assert pictures.labels_of(shipped, 1, "age=0").tolist()[0][2] == 2, "a name comes before a number"
    assert {tuple(row) for row in pictures.labels_of(shipped, 40, None).tolist()} > {(0, 0, 0)}
    for wrong, says in (
        ("red", "attributes hair, glasses, age: ask as in --label hair=red,glasses=yes"),
        ("hiar=red", "did you mean 'hair'"),
        ("hair=blue", "unknown hair 'blue'"),
        ("hair=red,hair=black", "hair is asked for twice"),
    ):
        status, _, err = run(capsys, "sample", "./people", "--n", 3, "--label", wrong)
        assert status == 2 and says in err
    assert run(capsys, "sample", "./people", "--n", 3, "--label", "hair=red", "--output", "a.png")[0] == 0
    assert run(capsys, "sample", "./people", "--n", 3, "--output", "b.png")[0] == 0


def test_classes_without_names_are_numbers():
    told = conditional_convnet.Generator(3, 16, 4, 2), r3gan.Generator((4, 4, 4), (1, 1, 1), 1, latent_dim=4, label_dim=3)
    for network in told:
        shipped = zoo.Shipped(network.eval(), zoo.Card({"name": "x"}))
        assert pictures.labels_of(shipped, 4, None).tolist() == [0, 1, 2, 0]
        assert pictures.labels_of(shipped, 2, "2").tolist() == [2, 2]
        with pytest.raises(ValueError, match="label"):
            pictures.labels_of(shipped, 2, "3")


def test_a_network_of_other_inputs_is_refused_in_the_commands_words(capsys, tmp_path):
    arguments = {"text_dim": 8, "size": 16, "noise_dim": 4, "condition_dim": 4, "width": 2}
    model = text.Generator(**arguments).eval()
    zoo.save(tmp_path / "told", model, zoo.fill_card(model, arguments), dtype=None)
    status, _, err = run(capsys, "sample", "./told")
    assert (
        status == 2
        and "draws from z and e, not from latents alone: call it in Python, gancourse.zoo.load(" in err
        and "labels=" not in err
    )


def test_both_directions_are_exported_to_files_of_their_own(capsys, tmp_path, monkeypatch):
    model = TwoWay(width=4, blocks=1).eval()
    card = zoo.fill_card(model, {"width": 4, "blocks": 1}, name="two", data={"name": "x", "arguments": {"size": 32}})
    zoo.save(tmp_path / "two", model, card, dtype=None)
    written = {}

    def to_onnx(network, path, size):
        written[path.name] = network
        path.write_text("onnx")
        return types.SimpleNamespace(path=path)

    monkeypatch.setattr(exported, "to_onnx", to_onnx)
    for words in ([], ["--back"]):
        assert run(capsys, "export", "./two", *words)[0] == 0
    assert {"two.onnx", "two-back.onnx"} <= {path.name for path in (tmp_path / "export").iterdir()}
    assert list(written) == ["two.onnx", "two-back.onnx"]


def test_export_replaces_what_it_wrote_and_nothing_else(capsys, tmp_path, trained):
    def export(*words):
        return run(capsys, "export", *words, "--no-onnx")

    assert export("out")[0] == export("out")[0] == 0, "its own earlier one"
    mine = tmp_path / "mine"
    mine.mkdir()
    for name in ("out.safetensors", "out.json"):
        (mine / name).write_bytes(b"weeks of work")
        status, _, err = export("out", "--output", "mine")
        assert status == 2 and f"mine/{name} exists already" in err and "--force" in err
        assert (mine / name).read_bytes() == b"weeks of work"
        (mine / name).unlink()
    save_generator(mine / "out")  # another network of the same name
    before = (mine / "out.safetensors").read_bytes()
    assert export("out", "--output", "mine")[0] == 2 and (mine / "out.safetensors").read_bytes() == before
    assert export("mine/out.safetensors", "--output", "mine")[0] == 2, "the checkpoint itself, in half precision"
    assert (mine / "out.safetensors").read_bytes() == before
    assert export("out", "--output", "mine", "--force")[0] == 0 and export("out", "--output", "mine")[0] == 0
    (tmp_path / "notes.txt").write_text("x")
    assert "notes.txt is a file: name a folder" in export("out", "--output", "notes.txt")[2]


def test_an_export_is_of_one_step(capsys, tmp_path, trained, monkeypatch):
    """An ONNX of an earlier step does not stay beside the new weights."""
    there = trained / "export"

    def to_onnx(network, path, size):
        path.write_text(str(step))
        return types.SimpleNamespace(path=path)

    step = 4
    monkeypatch.setattr(exported, "to_onnx", to_onnx)
    assert run(capsys, "export", "out")[0] == 0
    status, out, _ = run(capsys, "export", "out", "--no-onnx")
    assert status == 0 and "removed" not in out and (there / "out.onnx").read_text() == "4", "it is of these weights"
    step = 6
    assert run(capsys, *TRAIN, "--steps", step, "--run", "out")[0] == 0
    before = (there / "out.safetensors").read_bytes()

    def fails(network, path, size):
        raise ValueError("1 from PyTorch's")

    with monkeypatch.context() as patch:
        patch.setattr(exported, "to_onnx", fails)
        assert run(capsys, "export", "out")[0] == 2
    assert (there / "out.safetensors").read_bytes() == before and (there / "out.onnx").read_text() == "4"
    assert sorted(path.name for path in there.iterdir()) == ["out.json", "out.onnx", "out.safetensors"]
    status, out, _ = run(capsys, "export", "out", "--no-onnx")
    assert status == 0 and f"removed {Path('out', 'export', 'out.onnx')}, which was of other weights" in out
    assert zoo.card(there / "out.safetensors")["exported"] == ["out.json", "out.safetensors"]
    assert sorted(path.name for path in there.iterdir()) == ["out.json", "out.safetensors"]
    (there / "out.onnx").write_text("mine")
    assert run(capsys, "export", "out", "--no-onnx")[0] == 0 and (there / "out.onnx").read_text() == "mine"


def test_an_onnx_of_somebody_else_stays(capsys, tmp_path, trained, monkeypatch):
    monkeypatch.setattr(
        exported, "to_onnx", lambda network, path, size: path.write_text("x") and types.SimpleNamespace(path=path)
    )
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "out.onnx").write_text("weeks of work")
    status, _, err = run(capsys, "export", "out", "--output", "mine")
    assert (
        status == 2
        and "mine/out.onnx exists already" in err
        and [path.name for path in (tmp_path / "mine").iterdir()] == ["out.onnx"]
    )
    assert run(capsys, "export", "out", "--output", "mine", "--no-onnx")[0] == 0, "which does not touch it"
    assert run(capsys, "export", "out", "--output", "mine")[0] == 2, "nor did it make it its own"
    assert run(capsys, "export", "out", "--output", "mine", "--force")[0] == 0
    assert run(capsys, "export", "out", "--output", "mine")[0] == 0, "its own now"


def save_translator(path: Path) -> None:
    arguments = {"width": 4, "blocks": 1}
    torch.manual_seed(0)
    model = TwoWay(**arguments).eval()
    zoo.save(path, model, zoo.fill_card(model, arguments, data={"name": "x", "arguments": {"size": 32}}), dtype=None)


def test_translators_translate_a_folder(capsys, tmp_path):
    save_translator(tmp_path / "two")
    own.pets(tmp_path / "pets", 3, size=32)
    shipped = zoo.load(tmp_path / "two")
    given, made = pictures.translated(shipped, "pets", 2, False)
    assert given.shape == made.shape == (2, 3, 32, 32)
    with torch.no_grad():
        assert torch.equal(made, shipped.model.ab(given)) and torch.equal(
            pictures.translated(shipped, "pets", 2, True)[1], shipped.model.ba(given)
        )
    assert run(capsys, "sample", "./two", "--images", "pets", "--back")[0] == 0
    with Image.open("grid.png") as picture:
        assert picture.width > picture.height, "three columns, two rows"
    status, _, err = run(capsys, "sample", "./two")
    assert status == 2 and "two translates pictures: add --images FOLDER" in err
    save_generator(tmp_path / "tiny")
    assert "translates nothing: leave --images out" in run(capsys, "sample", "./tiny", "--images", "pets")[2]
    assert "does not use --back" in run(capsys, "sample", "./tiny", "--back")[2]


@pytest.mark.parametrize("name", ["inpaint", "upscale", "drawn", "judge", "judge of one"])
def test_every_translator_translates_or_says_how(capsys, tmp_path, name):
    networks = {
        "inpaint": (GatedInpainter, {"width": 4}),
        "upscale": (SRResNet, {"scale": 4, "width": 4, "blocks": 1}),
        "drawn": (UNet, {"in_channels": 1, "out_channels": 3, "size": 32, "width": 4}),
        "judge": (AttributeClassifier, {"attribute_names": {"hair": ("red", "blue"), "smile": ("no", "yes")}}),
        "judge of one": (AttributeClassifier, {"attribute_names": {"digit": ("0", "1")}, "channels": 1}),
    }
    kind, arguments = networks[name]
    model = kind(**arguments).eval()
    zoo.save(tmp_path / "net", model, zoo.fill_card(model, arguments, data={"name": "x", "arguments": {"size": 32}}), dtype=None)
    own.pets(tmp_path / "pets", 3, size=32)
    status, _, err = run(capsys, "sample", "./net", "--images", "pets")
    bare = run(capsys, "sample", "./net")[2]
    if name in ("upscale", "drawn"):
        given, made = pictures.translated(zoo.load(tmp_path / "net"), "pets", 3, False)
        assert status == 0 and given.shape == made.shape == (3, 3, 32, 32), err
        assert "net translates pictures: add --images FOLDER" in bare
        if name == "drawn":
            assert torch.equal(given[:, :1], given[:, 1:2]), "grey, as it was given"
        else:
            assert torch.equal(given[:, :, ::4, ::4], given[:, :, 3::4, 3::4]), "a quarter of the side, enlarged"
    elif name == "inpaint":
        assert status == 2 and "net takes a mask beside the picture: call it in Python, gancourse.zoo.load(" in err
    else:
        assert status == 2 and "net makes no pictures: leave --images out" in err
        assert "draws from x, not from latents alone: call it in Python" in bare


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


def spoil(folder: Path, *places: int) -> None:
    """Put text in the place of some pictures of a folder."""
    files = sorted(folder.rglob("*.png"))
    for place in places:
        files[place].write_text("no picture")


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


def test_sample_reads_no_more_pictures_than_it_shows(capsys, tmp_path, monkeypatch):
    own.pets(tmp_path / "pets", 30, size=32)
    spoil(tmp_path / "pets", 1)
    save_translator(tmp_path / "way")
    opened, real = [], data._reading.open_picture
    monkeypatch.setattr(data._reading, "open_picture", lambda path, *rest: opened.append(path) or real(path, *rest))
    assert run(capsys, "sample", "./way", "--images", "pets", "--n", 4, "--skip")[0] == 0
    assert len(opened) == 5 and not (tmp_path / "data" / "cache").exists(), "the first four that can be read"
    with Image.open("grid.png") as picture:
        assert picture.width / picture.height == pytest.approx(2, rel=0.05)


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
