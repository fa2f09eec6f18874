"""A GAN and a critic that looks on: neither moves the other, and each says what it should."""

import math

import pytest
import torch

from gancourse.experiments import knocks, plane, records, runner, wgan_watched, wgan_watched_rates
from gancourse.experiments.records import Record
from gancourse.experiments.wgan_watched import EXPERIMENT
from gancourse.gans.ensemble import EnsembleGAN
from gancourse.training import fit

ALONE = {"begun anew": False}


def trained(game, batches, steps=3):
    fit(game, batches, steps, lr=1e-2, k=2, progress=False)
    return [parameter.detach().clone() for parameter in game.generator.parameters()]


def test_the_critic_does_not_move_the_game(stages):
    stage, arm = stages("wgan_watched"), ALONE
    watched, batches = stage.game(arm, 3)
    heavier, same_batches = stage.game(arm, 3)
    heavier.watch.weight = 1000.0
    before = [parameter.detach().clone() for parameter in watched.discriminator.critics.parameters()]
    assert all(map(torch.equal, trained(watched, batches), trained(heavier, same_batches)))
    critics = [list(game.discriminator.critics.parameters()) for game in (watched, heavier)]
    assert not all(map(torch.equal, before, critics[0])) and not all(map(torch.equal, *critics))


def test_the_losses_are_those_of_the_two_games(stages):
    game, _ = stages("wgan_watched").game(EXPERIMENT.arms["GAN"], 3)
    batch = game.play(torch.randn(2, 8, 2, generator=torch.Generator().manual_seed(0)), torch.Generator())
    alone = EnsembleGAN(game.generator, game.discriminator.judges, game.seeds)
    expected = alone.discriminator_loss(batch) + game.watch.discriminator_loss(batch)
    assert game.discriminator_loss(batch).item() == pytest.approx(expected.item())
    assert game.generator_loss(batch).item() == pytest.approx(alone.generator_loss(batch).item())


def test_what_is_said_by_a_player_who_knows_nothing(stages, monkeypatch):
    stage = stages("wgan_watched")
    game, _ = stage.game(ALONE, 1)
    monkeypatch.setattr(game.discriminator.judges, "forward", lambda x: torch.zeros(x.shape[:2]))
    monkeypatch.setattr(game.discriminator.critics, "forward", lambda x: 2 * x[..., 0])

    class Run:
        gan = game
        sample = game.sample

    said, loss, js, far = stage.drawn(Run).T
    assert loss.tolist() == pytest.approx([math.log(2)] * 2) and js.tolist() == pytest.approx([0, 0])
    means = stage.data[:, 0].mean() - game.sample(40, seed=7)[..., 0].mean(1)
    assert said.tolist() == pytest.approx((2 * means).tolist(), abs=1e-5) and (far > 0.5).all()


def test_arms_moments_and_checkpoints(stages):
    stage = stages("wgan_watched")
    game, _ = stage.game(EXPERIMENT.arms["GAN"], 3)
    assert game.at == [list(knocks.moments(seed, 20, 10)) for seed in game.seeds]
    assert stage.game(ALONE, 3)[0].at == [[], []]
    again, _ = stage.game(EXPERIMENT.arms["GAN"], 3)
    assert not set(stage.game(EXPERIMENT.arms["GAN, left alone"], 3)[0].seeds) & set(game.seeds)
    game.play(torch.zeros(2, 8, 2), torch.Generator())
    again.load_state_dict(game.state_dict())
    batches = [each.play(torch.zeros(2, 8, 2), torch.Generator()) for each in (game, again)]
    assert torch.equal(batches[0].z, batches[1].z) and torch.equal(batches[0].epsilon, batches[1].epsilon)


def test_other_data_are_near_and_an_untrained_generator_is_far(stages):
    stage = stages("wgan_watched")
    near = plane.members(runner.scores(stage, stage.nulls()["other data"]), "W")
    assert (near < 0.5).all()


def test_looks_that_count_begin_before_the_first_moment():
    steps = list(range(0, 501, 20))
    curves = {"step": steps, **{f"{name}:{k}": [float(k)] * 26 for name in wgan_watched.STATISTICS for k in range(2)}}
    record = Record(
        {
            "settings": {"size": {"steps": 500, "measure_every": 20}},
            "arms": {name: [{"curves": curves}] for name in ("GAN", "more")},
        }
    )
    found, at = wgan_watched.looks(record, "GAN", "more")
    assert all(values.shape == (4, 19) for values in found.values()) and at[0] == 140


def test_the_rates_are_those_that_the_search_chose():
    lr, k = (
        wgan_watched_rates.ARMS[wgan_watched_rates.chosen(records.load("wgan_watched_rates"))]["fit"][x] for x in ("lr", "k")
    )
    assert (lr, k) == (list(wgan_watched.RATES), wgan_watched.K)
