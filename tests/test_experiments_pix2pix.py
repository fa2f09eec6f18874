import torch

from gancourse import data
from gancourse.data.pairs import PairSet
from gancourse.experiments import pix2pix
from gancourse.models.patchgan import convolutions, receptive_field


def test_players_leave_the_global_seed_alone_and_start_alike():
    before = torch.get_rng_state()
    one, two = (pix2pix.players(1, 32, 4, 1, seed=3)[0] for _ in range(2))
    assert torch.equal(before, torch.get_rng_state()) and torch.equal(one.last.weight, two.last.weight)
    assert not torch.equal(one.last.weight, pix2pix.players(1, 32, 4, 1, seed=4)[0].last.weight)


def test_the_judge_sees_input_and_output_or_the_output_alone():
    assert pix2pix.players(7, 32, 4, 1)[1].in_channels == 10
    assert pix2pix.players(7, 32, 4, 1, conditional=False)[1].in_channels == 3
    assert receptive_field(convolutions(pix2pix.players(1)[1])) == 34


def test_the_metric_is_at_its_floor_for_a_perfect_translator_only(monkeypatch):
    from gancourse import metrics, zoo

    small = data.pixel_faces(16, 300, progress=False)
    pairs = PairSet(small.images, small.images, attributes=small.attributes, attribute_names=small.attribute_names)
    monkeypatch.setattr(metrics, "attribute_classifier", lambda *_: attribute_classifier("pixel_faces"))
    attribute_classifier = metrics.attributes.attribute_classifier
    monkeypatch.setattr(pix2pix, "DRAWN", tuple(small.attribute_names)[:1])

    class Run:
        def __init__(self, change):
            self.gan, self.generator = self, None
            self.translate = lambda x, _: change(x)

    found, pale = (pix2pix.measure(Run(change), pairs) for change in (torch.clone, lambda x: 0.3 * x))
    assert found["value"] == found["floor"] and pale["value"] > 2 * pale["floor"]
    assert "L1 0.000" in found["protocol"] and "gradient energy 1.00" in found["protocol"]
    assert "gradient energy 0.30" in pale["protocol"]
    zoo.check_card({"network": {"class": "gancourse.models.x.Y", "arguments": {}}, "metric": found}, complete=False)
