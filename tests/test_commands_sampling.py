"""The command that draws samples and translates pictures."""
# ruff: noqa: F811  (fixtures are imported by the names by which tests ask for them)

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

from gancourse import data, zoo
from gancourse.classroom.commands import sampling
from gancourse.models import biggan, conditional_convnet, mlp, r3gan, text
from gancourse.models.classifier import AttributeClassifier
from gancourse.models.encoder_decoder import GatedInpainter, SRResNet
from gancourse.models.unet import UNet
from tests import own
from tests.command_line import TRAIN, folders, recipes, run, save_generator, save_translator, spoil, trained  # noqa: F401  (the fixtures are used by name)


def test_sample_replaces_what_it_drew_and_nothing_else(capsys, recipes, tmp_path):
    from PIL import Image

    save_generator(tmp_path / "mine")
    for name in ("notes.txt", "photo.jpg", "notes", "new.jpg"):
        if name != "new.jpg":
            (tmp_path / name).write_bytes(b"weeks of work")
        status, _, err = run(capsys, "sample", "./mine", "--output", name)
        assert status == 2 and f"{name} does not end in .png, and a PNG is what this writes" in err
        assert not (tmp_path / name).exists() or (tmp_path / name).read_bytes() == b"weeks of work"
    for words in (["--output", "photo.png"], []):
        path = tmp_path / (words[-1] if words else "grid.png")
        Image.new("RGB", (3, 3)).save(path)
        before = path.read_bytes()
        status, _, err = run(capsys, "sample", "./mine", *words)
        assert status == 2 and f"{path.name} exists already" in err and "add --force to replace it" in err
        assert path.read_bytes() == before
        assert run(capsys, "sample", "./mine", *words, "--force")[1].startswith("replaced ")
        assert run(capsys, "sample", "./mine", *words)[1].startswith("replaced "), "its own sheet"
    assert run(capsys, "sample", "./mine", "--output", "fresh.PNG")[1].startswith("wrote fresh.PNG")
    assert "the list of checkpoints does not use --force" in run(capsys, "sample", "--force")[2]


def test_sample_depends_on_the_seed(capsys, tmp_path):
    save_generator(tmp_path / "tiny")
    for name, seed in (("a.png", 1), ("b.png", 1), ("c.png", 2)):
        assert run(capsys, "sample", "./tiny", "--n", 4, "--seed", seed, "--output", tmp_path / name)[0] == 0
    a, b, c = ((tmp_path / name).read_bytes() for name in ("a.png", "b.png", "c.png"))
    assert a == b != c


def test_sample_of_points_says_what_is_wrong(capsys, tmp_path):
    arguments = {"latent_dim": 2, "out_shape": [2], "hidden": [4], "out": None}
    model = mlp.Generator(**arguments)
    zoo.save(tmp_path / "points", model, zoo.fill_card(model, arguments))
    status, _, err = run(capsys, "sample", "./points")
    assert status == 2 and "no images" in err
    status, _, err = run(capsys, "sample", "nothing_like_it")
    assert status == 2 and "gancourse train" in err
    assert not (tmp_path / "grid.png").exists()


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


def test_classes_by_name_by_number_or_in_turn(capsys, tmp_path):
    arguments = {"size": 32, "latent_dim": 8, "width": 2, "classes": 3, "shared_dim": 4, "hierarchical": True}
    model = biggan.Generator(**arguments).eval()
    zoo.save(tmp_path / "big", model, zoo.fill_card(model, arguments, classes=["a", "b", "7"]), dtype=None)
    shipped = zoo.load(tmp_path / "big")
    assert sampling.labels_of(shipped, 4, None).tolist() == [0, 1, 2, 0]
    assert [sampling.labels_of(shipped, 1, label).item() for label in ("b", "0", "7")] == [1, 0, 2]
    for wrong in ("c", "9"):
        with pytest.raises(ValueError, match="label"):
            sampling.labels_of(shipped, 1, wrong)
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
    asked = sampling.labels_of(shipped, 40, "hair=red, glasses=yes", seed=3)
    assert asked[:, 0].tolist() == asked[:, 1].tolist() == [1] * 40 and set(asked[:, 2].tolist()) == {0, 1, 2}
    assert sampling.labels_of(shipped, 1, "age=0").tolist()[0][2] == 2, "a name comes before a number"
    assert {tuple(row) for row in sampling.labels_of(shipped, 40, None).tolist()} > {(0, 0, 0)}
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
        assert sampling.labels_of(shipped, 4, None).tolist() == [0, 1, 2, 0]
        assert sampling.labels_of(shipped, 2, "2").tolist() == [2, 2]
        with pytest.raises(ValueError, match="label"):
            sampling.labels_of(shipped, 2, "3")


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


def test_translators_translate_a_folder(capsys, tmp_path):
    save_translator(tmp_path / "two")
    own.pets(tmp_path / "pets", 3, size=32)
    shipped = zoo.load(tmp_path / "two")
    given, made = sampling.translated(shipped, "pets", 2, False)
    assert given.shape == made.shape == (2, 3, 32, 32)
    with torch.no_grad():
        assert torch.equal(made, shipped.model.ab(given)) and torch.equal(
            sampling.translated(shipped, "pets", 2, True)[1], shipped.model.ba(given)
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
        given, made = sampling.translated(zoo.load(tmp_path / "net"), "pets", 3, False)
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
