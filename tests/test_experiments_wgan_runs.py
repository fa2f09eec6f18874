"""Runs whose critics are read beside the exact distance: what is said by whom."""

import math

import pytest
import torch

from gancourse.experiments import plane, wgan_runs


@pytest.mark.parametrize(("arm", "expected"), [("clipped", 1.5), ("GAN", math.log(1 + math.e))])
def test_a_critic_says_its_difference_and_a_gan_its_generators_loss(stages, monkeypatch, arm, expected):
    stage = stages("wgan_runs")
    game, _ = stage.game(wgan_runs.ARMS[arm], 1)
    monkeypatch.setattr(plane, "values", lambda f, x: torch.full((2, len(x)), 0.5, dtype=torch.float64))
    monkeypatch.setattr(game.discriminator, "forward", lambda x: torch.full(x.shape[:2], -1.0))

    class Run:
        gan = game

        @staticmethod
        def sample(n, seed):
            return game.sample(n, seed)

    said = stage.drawn(Run)
    assert said[:, 0].tolist() == pytest.approx([expected] * 2)
    assert (said[:, 1] > 0.5).all()  # the exact distance of an untrained generator


def test_arms_share_their_first_weights(stages):
    games = [stages("wgan_runs").game(arm, 1)[0] for arm in wgan_runs.ARMS.values()]
    first = games[0].discriminator.state_dict()
    assert all(torch.equal(first[name], game.discriminator.state_dict()[name]) for game in games for name in first)
