"""Generators begun anew: each member's at its own steps, and no other's."""

import torch

from gancourse.experiments import knocks, wgan_knocked, wgan_runs
from gancourse.experiments.records import Record


def test_each_member_is_begun_anew_at_its_own_steps(stages):
    game, _ = stages("wgan_knocked").game(wgan_knocked.EXPERIMENT.arms["one-sided"], 3)
    game.at = [[2], [5]]
    for parameter in game.generator.parameters():
        parameter.data += 1
    game.after_generator_step()
    game.after_generator_step()
    for parameter, first in zip(game.generator.parameters(), game.first, strict=True):
        assert torch.equal(parameter[0], first[0]) and not torch.equal(parameter[1], first[1])


def test_arms_seeds_and_moments(stages):
    assert wgan_knocked.EXPERIMENT.arms == wgan_runs.ARMS and wgan_knocked.EXPERIMENT.fit == wgan_runs.EXPERIMENT.fit
    assert not set(wgan_knocked.EXPERIMENT.seeds) & set(wgan_runs.EXPERIMENT.seeds)
    game, _ = stages("wgan_knocked").game(wgan_runs.ARMS["clipped"], 3)
    assert game.clip == 0.1 and game.at == [list(knocks.moments(seed, 20, 10)) for seed in game.seeds]
    game.t = 7
    again, _ = stages("wgan_knocked").game(wgan_runs.ARMS["clipped"], 3)
    again.load_state_dict(game.state_dict())
    assert again.t == 7


def test_losses_are_those_of_games_that_are_not_begun_anew(stages):
    real = torch.randn(2, 8, 2, generator=torch.Generator().manual_seed(0))
    for arm in wgan_runs.ARMS.values():
        games = [stages(name).game(arm, 3)[0] for name in ("wgan_runs", "wgan_knocked")]
        losses = [game.discriminator_loss(game.play(real, torch.Generator())).item() for game in games]
        assert losses[0] == losses[1]


def test_looks_that_count_begin_before_the_first_moment():
    steps = list(range(0, 251, 10))
    curves = {"step": steps, **{f"{name}:{k}": [float(k)] * 26 for name in ("said", "W") for k in range(2)}}
    record = Record({"settings": {"size": {"steps": 250, "measure_every": 10}}, "arms": {"GAN": [{"curves": curves}]}})
    said, far, at = wgan_knocked.looks(record, "GAN")
    assert said.shape == far.shape == (2, 19) and at[0] == 70


def test_moments_of_a_record_are_those_of_its_games(stages):
    record = Record({"settings": {"size": {"steps": 20, "measure_every": 10, "members": 2}}, "seeds": [3]})
    game, _ = stages("wgan_knocked").game(wgan_runs.ARMS["one-sided"], 3)
    assert [list(each) for each in wgan_knocked.moments(record)] == game.at
