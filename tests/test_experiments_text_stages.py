"""Two stages and one: the same discriminator, the same price, and judges that see 32 px."""

from types import SimpleNamespace

import pytest
import torch

from gancourse.experiments import runner, text_stages
from gancourse.gans.text import TextGAN
from gancourse.models import text


def full_size(side):
    """Players of the full size as both arms meet them at ``side`` px; at 32 px in one stage, and in two."""
    size = text_stages.EXPERIMENT.size()
    one = TextGAN(text.Generator(size=side, width=size["width"]), text.Discriminator(size=side, width=size["width"]))
    stages = text.Stacked(text.Generator(size=16, width=size["width"]), text.Refiner(size=16, width=size["refiner_width"]))
    return one, TextGAN(stages, text.Discriminator(size=32, width=size["width"]))


def test_both_arms_cost_the_same_in_both_phases():
    def price(game, side):
        return text_stages.operations(game, torch.zeros(4, 3, side, side), torch.eye(4, 64))

    one, two = full_size(32)
    small, _ = full_size(16)
    steps = text_stages.EXPERIMENT.size()["first_steps"]
    dear = price(one, 32)
    assert price(two, 32) == pytest.approx(dear, rel=0.05)
    assert steps["16"] * price(small, 16) == pytest.approx(steps["32"] * dear, rel=0.05)


def test_arms_share_a_discriminator_and_begin_where_their_first_phase_ended(stages):
    stage = stages("text_stages")
    games = {name: stage.game(arm, 1)[0] for name, arm in text_stages.ARMS.items()}
    n = len(stage.asked)
    for name, game in games.items():
        drawn = stage.drawn(SimpleNamespace(gan=game, generator=game.generator), final=True)
        assert drawn.shape == (2 * n, 3, 32, 32)
        small = text_stages.ARMS[name]["first"]
        first = stage._averaged(small, 1)
        texts = text_stages.judges.sentence_vectors(first.reader, stage.sentences)
        pictures = game.sample(n, 0, first, texts=texts)
        assert torch.equal(drawn[n:], pictures if small == 32 else text.enlarged(pictures))
        assert {"frechet_first", "edges_first"} <= set(runner.scores(stage, drawn))
    weights = games["one stage"].generator.state_dict()
    assert all(torch.equal(value, weights[name]) for name, value in stage.first(32, 1)["generator"].items())
    assert not any(p.requires_grad for p in games["two stages"].generator.first.parameters())
    fresh = stage.players(32, 1)[0].discriminator.state_dict()
    assert all(torch.equal(value, fresh[name]) for name, value in games["two stages"].discriminator.state_dict().items())


def test_the_judges_tell_the_truth_from_blur_noise_and_others(stages):
    stage = stages("text_stages")
    rows = {name: runner.scores(stage, sample) for name, sample in stage.nulls().items()}
    assert rows["truth"]["edges"] == pytest.approx(1) and rows["truth"]["patches"] == pytest.approx(1)
    assert rows["truth"]["agreement"] > 0.95 and rows["other faces"]["agreement"] < 0.5
    assert rows["truth at 16 px, enlarged"]["edges"] < 0.8 and rows["noise"]["edges"] > 2
    assert all(rows[name]["frechet"] > rows["truth"]["frechet"] for name in rows if "other" not in name and name != "truth")
