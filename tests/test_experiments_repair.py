import json

import pytest
import torch

from gancourse import data, experiments, metrics, zoo
from gancourse.data.images import ImageSet
from gancourse.experiments import repair
from gancourse.metrics.attributes import attribute_classifier


def small_faces():
    return data.pixel_faces(16, 300, progress=False)


def test_holes_come_in_every_shape():
    masks = repair.holes(8, 64, torch.Generator().manual_seed(0))
    assert masks.shape == (8, 1, 64, 64) and set(masks.unique().tolist()) == {0.0, 1.0}
    centre = torch.zeros(1, 64, 64)
    centre[:, 16:48, 16:48] = 1
    assert all(torch.equal(masks[i], centre) for i in (3, 7))
    assert all(0.2 < masks[i].mean() < 0.4 for i in (1, 5)), "blocks cover about a quarter"
    assert not torch.equal(masks[0], masks[4])
    assert torch.equal(masks, repair.holes(8, 64, torch.Generator().manual_seed(0)))


def test_games_leave_the_global_seed_alone_and_start_alike():
    before = torch.get_rng_state()
    one, two, other = (repair.inpainting(4, seed=seed).generator.state_dict() for seed in (3, 3, 4))
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(one[key], two[key]) for key in one) and any(not torch.equal(one[key], other[key]) for key in one)
    large = repair.super_resolution(32, 4, 8, 1).generator
    assert large(torch.zeros(1, 3, 8, 8)).shape == (1, 3, 32, 32)


class Run:
    """A finished run whose game repairs pictures by a function."""

    def __init__(self, repaired):
        self.gan, self.generator = self, None
        self.complete = lambda x, mask, _: repaired(x, mask)
        self.translate = lambda x, _: repaired(x, None)


@pytest.fixture
def judge(monkeypatch):
    monkeypatch.setattr(metrics, "attribute_classifier", lambda *_: attribute_classifier("pixel_faces"))


def test_a_perfect_repair_is_at_the_floor_and_a_grey_one_is_not(judge):
    faces = small_faces()
    true = faces.images.float() / 127.5 - 1
    perfect = repair.measure_inpainting(Run(lambda x, mask: x), faces)
    grey = repair.measure_inpainting(Run(lambda x, mask: x * (1 - mask)), faces)
    assert perfect["value"] == perfect["floor"] < grey["value"]
    assert "PSNR inside the hole inf dB" in perfect["protocol"]
    same = repair.measure_upscaling(Run(lambda x, _: true), faces)
    flat = repair.measure_upscaling(Run(lambda x, _: torch.zeros_like(true)), faces)
    assert same["value"] == same["floor"] < flat["value"]
    for found in (grey, same):
        zoo.check_card({"network": {"class": "gancourse.models.x.Y", "arguments": {}}, "metric": found}, complete=False)


def test_two_steps_of_each_recipe_make_a_complete_card(judge, monkeypatch, tmp_path):
    faces = small_faces()
    large = ImageSet(
        faces.images.repeat_interleave(4, 2).repeat_interleave(4, 3),
        attributes=faces.attributes,
        attribute_names=faces.attribute_names,
    )
    monkeypatch.setattr(data, "faces", lambda *_, **__: large[:40])
    for name in repair.NAMES:
        run, card = experiments.train(name, steps=2, progress=False)
        path = zoo.save(tmp_path / name, run.generator, card)
        zoo.check_card(json.loads(path.with_suffix(".json").read_text()))
        assert run.step == 2 and card["curve"][-1][0] == 2 * repair.BATCH_SIZE
        assert sum(p.numel() for p in zoo.load(path).model.parameters()) == sum(p.numel() for p in run.generator.parameters())


@pytest.mark.parametrize("name", repair.NAMES)
def test_what_ships_beats_what_needs_no_learning(name):
    card = zoo.card(name)
    plain = card["metric"]["protocol"].split("bicubic: " if "upscale" in name else "of the rest: ")[1].split(";")[0]
    assert card["metric"]["floor"] < card["metric"]["value"] < float(plain) / 2
    zoo.check_card(card)
