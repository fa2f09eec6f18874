import importlib
import json

import pytest
import torch

from gancourse import data, experiments, zoo
from gancourse.data.images import ImageSet
from gancourse.experiments import class_conditional


@pytest.fixture
def few_faces(monkeypatch):
    """Sixty-four random pictures in place of the drawn set, which other tests cover."""
    images = torch.randint(0, 256, (64, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    small = ImageSet(images=images, name="faces", licence="none", author="nobody")
    monkeypatch.setattr(data, "load", lambda name, **options: small)


@pytest.mark.parametrize("name", experiments.RECIPES)
def test_every_recipe_builds_its_networks(name):
    chosen = experiments.recipe(name)
    game = experiments.build(name)
    images = game.sample(2)
    assert images.shape == (2, 3, chosen.size, chosen.size)
    assert game.discriminator(images).shape == (2,)
    assert (game.penalty is None) == (chosen.r1_gamma is None)


def test_building_depends_on_the_seed_and_leaves_the_global_one_alone():
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    first, again, other = (experiments.build("faces32_quick", seed=seed) for seed in (0, 0, 1))
    assert torch.equal(torch.rand(1), expected)
    assert torch.equal(first.sample(1), again.sample(1))
    assert not torch.equal(first.sample(1), other.sample(1))


def test_a_trained_recipe_has_a_complete_card(few_faces, tmp_path):
    run, card = experiments.train("faces32_quick", steps=2, progress=False)
    assert run.step == card["steps"] == 2
    zoo.check_card({**card, "versions": {}})
    assert card["metric"]["floor"] < card["metric"]["value"]
    zoo.save(tmp_path / "mine.safetensors", run.generator, card)
    back = zoo.load(tmp_path / "mine.safetensors")
    assert torch.allclose(back.sample(2, seed=3), run.sample(2, seed=3), atol=5e-3)  # stored in float16


def test_a_recipe_in_another_precision_and_the_loop_that_knows_none(few_faces, monkeypatch, tmp_path):
    monkeypatch.setattr("gancourse.training.loop.supports_bf16", lambda _: False)
    file = tmp_path / "state"
    run, _ = experiments.train("faces32_quick", steps=1, checkpoint=file, progress=False, precision="bf16")
    with pytest.raises(ValueError, match="made with precision=bf16, this run has float32: use the same"):
        experiments.train("faces32_quick", steps=1, checkpoint=file, progress=False, precision="float32")
    with pytest.warns(UserWarning, match="it goes on in bf16"):
        again, _ = experiments.train("faces32_quick", steps=1, checkpoint=file, progress=False)
    assert run.precision == again.precision == "bf16"
    with pytest.raises(ValueError, match="vae_faces32 is fitted by another loop.*: leave precision and compile out"):
        experiments.train("vae_faces32", precision="float32", compile=True)


def test_unknown_names_get_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'faces32"):
        experiments.build("face32")


@pytest.fixture
def small_sets(monkeypatch):
    """Few pictures in place of every set that a recipe draws."""
    few, load_pairs = data.faces(32, 120, progress=False), data.load_pairs

    def pictures(size=32, n=None, *rest, **options):
        images = few.images.repeat_interleave(size // 32, 2).repeat_interleave(size // 32, 3)
        return ImageSet(images, attributes=few.attributes, attribute_names=few.attribute_names, name="faces")

    def pairs(kind, size, n, split="train", **options):
        return load_pairs(kind, size, 12, split, progress=False)

    monkeypatch.setattr(data, "load", lambda name, size, n: pictures(size))
    for name in ("faces", "anime"):
        monkeypatch.setattr(data, name, pictures)
    for family in ("pix2pix", "unpaired"):
        monkeypatch.setattr(importlib.import_module(f"gancourse.experiments.{family}"), "load_pairs", pairs)


SECONDS = {  # what two cards add to their recipe's note: how the seconds of that training were taken
    "faces64": "The seconds are those of one thread beside other work; by itself a step takes about half a second.",
    "progan64": " The seconds are those of one thread beside other work; "
    "by itself a step at 64 px takes about a fifth of a second.",
    "stylegan2_faces64": "The seconds are those of one thread beside other work; by itself a step takes about half a second.",
    "furniture16": "The seconds are the processor's; the machine did other work.",
}


@pytest.mark.filterwarnings("ignore::gancourse.metrics.frechet.FewSamplesWarning")
def test_a_shorter_training_is_followed_as_often(small_sets):
    described = experiments.describe("biggan_faces32", steps=600, progress=False)
    assert described.steps == 600 and described.follow[0] == 600 // class_conditional.CURVE_POINTS


@pytest.mark.filterwarnings("ignore::gancourse.metrics.frechet.FewSamplesWarning")
@pytest.mark.parametrize("name", [name for name in experiments.names() if name in zoo.names()])
def test_a_recipe_describes_the_network_that_ships(small_sets, name):
    card, described = zoo.card(name), experiments.describe(name, progress=False)
    said = json.loads(json.dumps({"training": described.arguments, "network": described.network}))
    assert said["training"] == card["training"]["arguments"]
    assert said["network"] == card["network"]["arguments"]
    assert (described.title, described.note + SECONDS.get(name, "")) == (card["title"], card.get("note", ""))
    assert described.data == card["data"]
    assert described.steps == card["steps"]


def test_a_checkpoint_is_refused_before_anything_is_drawn(tmp_path):
    with pytest.raises(ValueError, match="leave checkpoint out"):
        experiments.train("vae_faces32", checkpoint=tmp_path / "x")
