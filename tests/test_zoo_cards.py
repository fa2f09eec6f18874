from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from gancourse import zoo
from gancourse.base import check, files
from gancourse.models import dcgan, mlp

ARGUMENTS = {"latent_dim": 5, "out_shape": (1, 8, 8), "hidden": (16,)}


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    """Shipped files and the cache of these tests are empty folders of their own."""
    monkeypatch.setenv("GANCOURSE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("GANCOURSE_SCALE", "cpu")
    monkeypatch.setattr(files, "shipped", lambda *parts: (tmp_path / "shipped").joinpath(*parts))


def network(seed=0):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return mlp.Generator(**ARGUMENTS)


def full_card(model, arguments=ARGUMENTS):
    return zoo.fill_card(
        model,
        arguments,
        title="digits from a small MLP",
        data={"name": "digits", "arguments": {"size": 8, "seed": 0}},
        training={"recipe": "digits8", "arguments": {"lr": 2e-4}},
        steps=100,
        seconds=3.5,
        seed=1,
        metric={"name": "Frechet distance", "value": 1.25, "floor": 0.1, "protocol": "64 features, 1797 against 1797"},
        licence={"data": "CC BY 4.0", "weights": "CC BY 4.0"},
    )


def same(a, b, tolerance=0.0):
    assert a.state_dict().keys() == b.state_dict().keys()
    for key, value in a.state_dict().items():
        torch.testing.assert_close(b.state_dict()[key], value, rtol=tolerance, atol=tolerance)


# ------------------------------------------------------------------------------------------------------- there and back


def test_a_path_round_trip_keeps_every_bit(tmp_path):
    model = network()
    path = zoo.save(tmp_path / "mine.safetensors", model, full_card(model), dtype=None)
    shipped = zoo.load(path)
    same(model, shipped.model)
    assert not shipped.model.training
    assert shipped.card["network"]["class"] == "gancourse.models.mlp.Generator"
    assert shipped.card["name"] == "mine"
    assert set(shipped.card["versions"]) == {"gancourse", "torch", "python"}
    same(zoo.load(str(tmp_path / "mine")).model, model)
    same(zoo.load(tmp_path / "mine.json").model, model)


def test_float16_halves_the_file_and_loads_as_float32(tmp_path):
    model = dcgan.Generator(size=16, latent_dim=8, width=16)
    card = full_card(model, {"size": 16, "latent_dim": 8, "width": 16})
    whole = zoo.save(tmp_path / "whole", model, card, dtype=None)
    half = zoo.save(tmp_path / "half", model, card)
    assert half.stat().st_size < 0.6 * whole.stat().st_size
    loaded = zoo.load(half).model
    same(model, loaded, tolerance=1e-3)
    assert {p.dtype for p in loaded.parameters()} == {torch.float32}
    assert loaded.main[1].num_batches_tracked.dtype == torch.int64
    assert any(not torch.equal(a, b) for a, b in zip(model.parameters(), loaded.parameters(), strict=True))


def test_shipped_names(tmp_path):
    assert zoo.names() == []
    model = network()
    zoo.save("digits8", model, full_card(model))
    zoo.save("anime", model, full_card(model))
    (tmp_path / "shipped" / "checkpoints" / "torn.safetensors").write_bytes(b"")  # no card: not a checkpoint
    assert zoo.names() == ["anime", "digits8"]
    assert zoo.card("digits8")["steps"] == 100
    same(zoo.load("digits8").model, model, tolerance=1e-3)
    with pytest.raises(ValueError, match="did you mean 'digits8'"):
        zoo.load("digits")


def test_an_unknown_name_where_nothing_ships_names_the_fix():
    with pytest.raises(ValueError, match="gancourse train"):
        zoo.load("faces32")
    with pytest.raises(FileNotFoundError, match="there is no checkpoint"):
        zoo.load("./faces32.safetensors")


def test_loading_leaves_the_callers_random_numbers_alone(tmp_path):
    model = network()
    path = zoo.save(tmp_path / "mine", model, full_card(model))
    torch.manual_seed(3)
    wanted = torch.rand(4)
    torch.manual_seed(3)
    zoo.load(path)
    assert torch.equal(torch.rand(4), wanted)


# --------------------------------------------------------------------------------------------------- damaged and hostile


@pytest.fixture
def saved(tmp_path):
    model = network()
    return zoo.save(tmp_path / "mine.safetensors", model, full_card(model))


def edit_card(path, **changes):
    beside = path.with_suffix(".json")
    card = json.loads(beside.read_text()) | changes
    card.pop("sha256", None)  # as cards of earlier versions, and of people who change one on purpose, have none
    beside.write_text(json.dumps(card))


def test_one_flipped_bit_is_noticed(saved):
    data = bytearray(saved.read_bytes())
    data[-1] ^= 1
    saved.write_bytes(bytes(data))
    with pytest.raises(ValueError, match="sha256 differs.*train it again"):
        zoo.load(saved)


def test_half_a_file_is_noticed(saved):
    saved.write_bytes(saved.read_bytes()[:100])
    with pytest.raises(ValueError, match="sha256 differs"):
        zoo.load(saved)


def test_a_missing_or_damaged_card_is_noticed(saved):
    beside = saved.with_suffix(".json")
    text = beside.read_text()
    beside.write_text(text[:40])
    with pytest.raises(ValueError, match="is damaged"):
        zoo.load(saved)
    beside.write_text("[]")
    with pytest.raises(ValueError, match="is damaged"):
        zoo.load(saved)
    beside.unlink()
    with pytest.raises(FileNotFoundError, match="no model card mine.json"):
        zoo.load(saved)


@pytest.mark.parametrize("weights", [None, {}, "x", {"sha256": ""}])
def test_a_card_without_a_hash_loads_nothing(saved, weights):
    edit_card(saved, weights=weights)
    with pytest.raises(ValueError, match="sha256 differs"):
        zoo.load(saved)


@pytest.mark.parametrize(
    "kind",
    [
        "os.system",
        "torch.nn.Linear",
        "gancourse.classroom.cli.main",
        "gancourse.modelsx.mlp.Generator",
        "gancourse.models.mlp.Generator.forward",
        "gancourse.models.mlp.nn",
        "gancourse.models..mlp.Generator",
        "gancourse.models.mlp.__class__",
        "gancourse.models.mlp.Tensor",
        "gancourse.models.mlp.Generatr",
        "gancourse.models.no_such_module.Generator",
        "gancourse.models.mlp.Generator\n",
        7,
    ],
)
def test_only_networks_of_the_course_are_built(saved, kind):
    edit_card(saved, network={"class": kind, "arguments": ARGUMENTS})
    with pytest.raises(ValueError):
        zoo.load(saved)


def test_what_a_module_merely_imports_is_not_built(saved, monkeypatch):
    monkeypatch.setattr(mlp, "Linear", torch.nn.Linear, raising=False)
    edit_card(saved, network={"class": "gancourse.models.mlp.Linear", "arguments": {"in_features": 2, "out_features": 2}})
    with pytest.raises(ValueError, match="unknown network"):
        zoo.load(saved)


def test_foreign_arguments_and_weights_name_the_fix(saved):
    edit_card(saved, network={"class": "gancourse.models.mlp.Generator", "arguments": ARGUMENTS | {"colour": 1}})
    with pytest.raises(ValueError, match="does not take the card's arguments"):
        zoo.load(saved)
    edit_card(saved, network={"class": "gancourse.models.mlp.Generator", "arguments": ARGUMENTS | {"hidden": (17,)}})
    with pytest.raises(ValueError, match="do not fit the network"):
        zoo.load(saved)


def test_saving_refuses_what_could_not_be_loaded(tmp_path):
    model = network()
    with pytest.raises(ValueError, match="other weights"):
        zoo.save(tmp_path / "mine", model, full_card(model, ARGUMENTS | {"hidden": (17,)}))
    with pytest.raises(ValueError, match="not a class of gancourse.models"):
        linear = torch.nn.Linear(2, 2)
        zoo.save(tmp_path / "mine", linear, full_card(linear, {"in_features": 2, "out_features": 2}))
    first = next(model.parameters())
    first.data[0, 0] = 1e5
    with pytest.raises(ValueError, match="dtype=None"):
        zoo.save(tmp_path / "mine", model, full_card(model))
    first.data[0, 0] = torch.nan
    with pytest.raises(ValueError, match="NaN"):
        zoo.save(tmp_path / "mine", model, full_card(model), dtype=None)
    assert list(tmp_path.glob("mine*")) == []


# ---------------------------------------------------------------------------------------------------------------- sample


def test_samples_depend_on_the_seed_alone(tmp_path):
    model = network()
    shipped = zoo.load(zoo.save(tmp_path / "mine", model, full_card(model)))
    one = shipped.sample(300, seed=4)
    assert one.shape == (300, 1, 8, 8)
    assert torch.equal(one, shipped.sample(300, seed=4))
    assert not torch.equal(one, shipped.sample(300, seed=5))
    with pytest.raises(ValueError, match="n must be above 0"):
        shipped.sample(0)


def test_samples_that_do_not_fit_are_refused_after_the_first_part(monkeypatch):
    """A network's pictures are a thousand times larger than its latents."""
    model, sizes = network(), []
    model.register_forward_hook(lambda module, inputs, output: sizes.append(len(output)))
    monkeypatch.setattr(check, "machine_memory", lambda: 2**18)
    with pytest.raises(ValueError, match="samples of 1,000 x 1 x 8 x 8 would take .* ask for less"):
        zoo.Shipped(model.eval(), full_card(model)).sample(1000)
    assert sizes == [256]


def test_a_network_that_is_no_generator_says_so(tmp_path):
    arguments = {"in_shape": [1, 8, 8], "hidden": [16]}
    model = mlp.Discriminator(**arguments)
    shipped = zoo.load(zoo.save(tmp_path / "mine", model, full_card(model, arguments)))
    with pytest.raises(ValueError, match="does not map latents"):
        shipped.sample(1)


# --------------------------------------------------------------------------------------------------------- load or train


def test_load_or_train_trains_once_and_keeps_scales_apart(monkeypatch):
    calls = []

    def train():
        calls.append(1)
        model = network(len(calls))
        return model, full_card(model)

    first = zoo.load_or_train("digits8", train)
    again = zoo.load_or_train("digits8", train)
    same(first.model, again.model)
    assert len(calls) == 1
    assert zoo.load("digits8").card["steps"] == 100  # by its name, too
    monkeypatch.setenv("GANCOURSE_SCALE", "ci")
    zoo.load_or_train("digits8", train)
    assert len(calls) == 2


def test_load_or_train_takes_a_run_and_a_path(tmp_path):
    class Run:
        generator = network()

    shipped = zoo.load_or_train("digits8", lambda: (Run(), full_card(Run.generator)), path=tmp_path / "there")
    same(shipped.model, Run.generator, tolerance=1e-3)
    assert (tmp_path / "there.safetensors").is_file()
    assert not zoo.cached("digits8").exists()


@pytest.mark.parametrize("loss", ["card", "weights", "half"])
def test_what_lies_at_a_path_of_ones_own_is_not_trained_over(tmp_path, loss):
    path, model = tmp_path / "mine.safetensors", network()
    zoo.save(path, model, full_card(model))
    if loss == "half":
        path.write_bytes(b"half")
    else:
        path.with_suffix({"card": ".json", "weights": ".safetensors"}[loss]).unlink()
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}

    def never():
        raise AssertionError("trained over somebody's weights")

    fix = {"card": "copy both files", "weights": "put them back", "half": "delete"}[loss]
    with pytest.raises((ValueError, FileNotFoundError), match=fix):
        zoo.load_or_train("mine", never, path=tmp_path / "mine")
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_load_or_train_prefers_what_ships():
    model = network()
    zoo.save("digits8", model, full_card(model))

    def never():
        raise AssertionError("trained although it ships")

    same(zoo.load_or_train("digits8", never).model, model, tolerance=1e-3)


def test_a_damaged_cache_is_trained_again_with_a_warning():
    model = network()
    zoo.load_or_train("digits8", lambda: (model, full_card(model)))
    zoo.cached("digits8").write_bytes(b"half")
    with pytest.warns(UserWarning, match="training digits8 again"):
        zoo.load_or_train("digits8", lambda: (model, full_card(model)))
    same(zoo.load("digits8").model, model, tolerance=1e-3)


def test_train_must_return_a_card():
    with pytest.raises(TypeError, match=r"\(network, card\)"):
        zoo.load_or_train("digits8", network)


@pytest.mark.parametrize("name", ["../up", "", ".hidden", "a b"])
def test_names_stay_inside_the_folder(name):
    with pytest.raises(ValueError, match="checkpoint's name"):
        zoo.cached(name)


# ----------------------------------------------------------------------------------------------------------------- cards


def test_a_full_card_passes_and_each_hole_is_named():
    card = full_card(network()) | {"versions": {"torch": "2"}}
    zoo.check_card(card)
    for key in ("title", "network", "data", "training", "steps", "seconds", "seed", "metric", "licence", "versions"):
        with pytest.raises(ValueError, match=key):
            zoo.check_card({k: v for k, v in card.items() if k != key})
    for key, value in {
        "steps": "100",
        "seconds": None,
        "data": {"name": "digits"},
        "licence": {"data": "", "weights": "CC0"},
        "metric": {"name": "Frechet distance", "value": float("nan"), "floor": 0.0, "protocol": "x"},
    }.items():
        with pytest.raises(ValueError, match=key):
            zoo.check_card(card | {key: value})
    with pytest.raises(ValueError, match="real-against-real"):
        zoo.check_card(card | {"metric": {"name": "Frechet distance", "value": 1.0, "protocol": "x"}})
    zoo.check_card(card | {"metric": {"name": "accuracy", "value": 0.98, "protocol": "x"}})


def test_cards_show_themselves():
    card = full_card(network()) | {"name": "digits8", "note": "a <b>"}
    card = zoo.Card(card)
    text, html = str(card), card._repr_html_()
    assert text.splitlines()[0] == "digits8: digits from a small MLP"
    assert "models.mlp.Generator(latent_dim=5, out_shape=(1, 8, 8), hidden=(16,))" in text
    assert "100 steps, 4 seconds, seed 1" in text
    assert "Frechet distance 1.25 (real against real: 0.1)" in text
    assert "a &lt;b&gt;" in html and "a <b>" not in html
    assert str(zoo.Card()) == "model card"


# --------------------------------------------------------------------------------------------- what ships with the course

ROOT = Path(__file__).resolve().parents[1] / "data" / "checkpoints"
SHIPPED = sorted(ROOT.glob("*.safetensors"))


def test_every_shipped_file_has_its_partner():
    assert {path.stem for path in SHIPPED} == {path.stem for path in ROOT.glob("*.json")}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_checkpoints_are_small_whole_and_documented(path):
    assert path.stat().st_size < 8_000_000, "shipped weights stay under 8 MB"
    shipped = zoo.load(path)
    zoo.check_card(shipped.card)
    assert shipped.card["name"] == path.stem
    assert shipped.card["weights"]["bytes"] == path.stat().st_size
    assert all(torch.isfinite(p).all() for p in shipped.model.parameters())


def test_a_changed_word_of_a_card_is_noticed_and_old_cards_are_read(tmp_path):
    model = network()
    path = zoo.save(tmp_path / "a.safetensors", model, full_card(model))
    beside = path.with_suffix(".json")
    text = beside.read_text(encoding="utf-8")
    beside.write_text(text.replace('"steps": 100', '"steps": 900'), encoding="utf-8")
    with pytest.raises(ValueError, match="a.json is damaged .*not the one that was saved"):
        zoo.load(path)
    old = json.loads(text)
    del old["sha256"]
    beside.write_text(json.dumps(old), encoding="utf-8")
    same(zoo.load(path).model, model, tolerance=1e-3)


def test_a_card_of_odd_names_shows_itself():
    assert str(zoo.Card({"name": 3, "title": ["a"], "steps": "many", "seed": 0})).startswith("3: ['a']")
