"""Wasserstein games on faces: the same players in other games, and minus the loss as what is said."""

import numpy as np
import torch

from gancourse.experiments import wgan_faces
from gancourse.experiments.records import Record
from gancourse.gans.wgan import WGAN, WGANGP


def test_arms_share_players_and_differ_in_the_game(stages):
    stage = stages("wgan_faces")
    games = {name: stage.game(arm, 1)[0] for name, arm in wgan_faces.EXPERIMENT.arms.items()}
    first = next(iter(games.values()))
    for game in games.values():
        for mine, its in ((game.generator, first.generator), (game.discriminator, first.discriminator)):
            assert all(torch.equal(a, b) for a, b in zip(mine.state_dict().values(), its.state_dict().values(), strict=True))
    kinds = {name: type(game) for name, game in games.items()}
    assert kinds["WGAN-GP"] is WGANGP and kinds["WGAN, clipped"] is WGAN
    assert games["non-saturating, R1"].penalty is not None and games["WGAN-GP"].penalty is None


def test_what_is_said_is_minus_the_loss_after_the_start():
    curve = {"step": [0, 50, 100], "d_loss": [None, -3.0, -2.0], "frechet": [90.0, 40.0, 30.0]}
    said, far, steps = wgan_faces.said_and_far(Record({"arms": {"WGAN-GP": [{"curves": curve}]}}), "WGAN-GP")
    assert np.array_equal(said, [[3.0, 2.0]]) and np.array_equal(far, [[40.0, 30.0]]) and np.array_equal(steps, [50, 100])
