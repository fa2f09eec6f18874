import dataclasses

import torch

from gancourse import experiments, zoo
from gancourse.data.pairs import PairSet
from gancourse.experiments import unpaired
from gancourse.models.patchgan import convolutions, receptive_field
from gancourse.models.translator import TwoWay


def test_players_leave_the_global_seed_alone_and_start_alike():
    before = torch.get_rng_state()
    one, two = (unpaired.players(4, 0, seed=3) for _ in range(2))
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(one[0].model[1].weight, two[0].model[1].weight)
    assert not torch.equal(one[0].model[1].weight, one[1].model[1].weight)
    assert not torch.equal(one[0].model[1].weight, unpaired.players(4, 0, seed=4)[0].model[1].weight)
    assert receptive_field(convolutions(one[2])) == 34


class Run:
    """Stands for a finished run: what its two translators do is given."""

    def __init__(self, ab, ba):
        self.gan, self.generator, self.ways = self, None, {"ab": ab, "ba": ba}

    def translate(self, x, _, direction="ab"):
        return self.ways[direction](x)


def test_scores_are_taken_in_both_directions_beside_the_identity():
    a = torch.randint(0, 200, (6, 3, 16, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    pairs = PairSet(a, a + 51)  # 51 grey values are 0.4
    perfect = unpaired.scores(Run(lambda x: x + 0.4, lambda x: x - 0.4), pairs)
    assert perfect["ab"] < 1e-6 and perfect["ba"] < 1e-6 and abs(perfect["identity"] - 0.4) < 1e-6
    half = unpaired.scores(Run(lambda x: x + 0.3, lambda x: x), pairs)
    assert abs(half["ab"] - 0.1) < 1e-6 and abs(half["ba"] - 0.4) < 1e-6


def test_a_recipe_trains_fills_its_card_and_comes_back_from_the_file(tmp_path, monkeypatch):
    small = dataclasses.replace(unpaired.RECIPES["day_to_night64"], n=12, size=16, width=4, blocks=0, batch_size=2)
    monkeypatch.setitem(unpaired.RECIPES, "day_to_night64", small)
    monkeypatch.setattr(unpaired, "TEST", 6)
    run, card = experiments.train("day_to_night64", steps=4, progress=False)
    assert [seen for seen, *_ in card["curve"]] == [0, 2, 4, 6, 8]
    zoo.check_card({**card, "versions": {}})
    zoo.save(tmp_path / "small.safetensors", run.generator, card)
    shipped = zoo.load(tmp_path / "small.safetensors").model
    assert isinstance(shipped, TwoWay)
    x = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    for direction in ("ab", "ba"):
        assert torch.allclose(shipped.get_submodule(direction)(x), run.gan.translate(x, run.generator, direction), atol=0.02)
        assert torch.equal(run.gan.translate(x, shipped, direction), shipped.get_submodule(direction)(x).detach())
    score = card["metric"]["value"]
    assert f"{score:.4f}" in card["metric"]["protocol"] and "identity mapping" in card["metric"]["protocol"]
