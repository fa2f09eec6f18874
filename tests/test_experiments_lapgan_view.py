"""LAPGAN's two views: what is measured of a training is what the names say, and the judge refuses noise."""

import math

import torch

from gancourse.base import networks
from gancourse.experiments import lapgan_view, runner
from gancourse.experiments.lapgan_view import COLUMNS, EXPERIMENT, NARROW, ROWS, WIDE
from gancourse.training import fit


def test_the_arms_differ_in_the_view_alone(stages):
    (one, its), (other, others) = (stages("lapgan_view").game(EXPERIMENT.arms[arm], 0) for arm in (NARROW, WIDE))
    pairs = zip(networks_of(one), networks_of(other), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    assert torch.equal(next(iter(its)), next(iter(others)))
    steps = [[layer.dilation[0] for layer in game.games[2].generator.body if hasattr(layer, "dilation")] for game in (one, other)]
    assert steps == [[1, 1], [2, 4]]


def networks_of(game):
    return [*game.generator.state_dict().values(), *game.discriminator.state_dict().values()]


def test_nulls_are_made_of_the_same_training(stages):
    stage = stages("lapgan_view")
    with networks.seeded(0):
        game, batches = stage.game({}, 0)
    run = fit(game, batches, 3, progress=False)
    whole, plain, swapped, on_real = stage.drawn(run)
    tiny, middle, fine = game.sizes(stage.size["samples"], 1)
    assert torch.equal(whole, fine.clamp(-1, 1)) and whole.shape == on_real.shape == plain.shape
    assert torch.allclose(plain, lapgan_view.enlarged(lapgan_view.enlarged(tiny)).clamp(-1, 1))
    detail = fine - lapgan_view.enlarged(middle)
    assert torch.allclose(swapped[1], (lapgan_view.enlarged(middle)[1] + detail[0]).clamp(-1, 1), atol=1e-6)
    assert stage.pictures(run).shape == (len(ROWS) * COLUMNS, 1, 32, 32)


def test_the_judge_takes_digits_and_refuses_noise(stages):
    stage = stages("lapgan_view")
    rows = {name: runner.scores(stage, sample) for name, sample in stage.nulls().items()}
    truth = rows.pop("training digits")
    assert truth["accepted"] > 0.8 and math.isnan(truth["on_real"])
    for name, row in rows.items():
        assert row["accepted"] < 0.05 and row["frechet"] > 3 * truth["frechet"], name
