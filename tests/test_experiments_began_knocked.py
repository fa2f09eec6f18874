"""BEGAN knocked back: the right player, at the right steps, and M with the gamma of the moment."""

import numpy as np
import pytest
import torch

from gancourse.experiments import began_gamma, began_knocked, knocks
from gancourse.experiments.began_knocked import EXPERIMENT
from gancourse.experiments.records import Record


def same(network, state):
    return all(torch.equal(now, state[name]) for name, now in network.state_dict().items())


@pytest.mark.parametrize(("knock", "begun", "left"), [("D", "discriminator", "generator"), ("G", "generator", "discriminator")])
def test_one_player_is_begun_anew_and_the_other_goes_on(knock, begun, left):
    game = began_knocked.Knocked(began_gamma.players(0.8, 4, 0), knock, [2])
    for player in (game.generator, game.discriminator):
        for parameter in player.parameters():
            parameter.data += 1
    game.after_generator_step()
    assert not same(getattr(game, begun), game.first[knock])
    game.after_generator_step()
    assert same(getattr(game, begun), game.first[knock]) and not same(getattr(game, left), game.first["DG".replace(knock, "")])


def test_gamma_is_lowered_once_and_kept_by_a_checkpoint():
    game = began_knocked.Knocked(began_gamma.players(0.8, 4, 0), "gamma", [1])
    game.after_generator_step()
    assert game.gamma == began_knocked.LOWERED
    again = began_knocked.Knocked(began_gamma.players(0.8, 4, 0), "gamma", [1])
    again.load_state_dict(game.state_dict())
    assert (again.gamma, again.t) == (began_knocked.LOWERED, 1)


def test_the_measure_uses_the_gamma_of_the_moment():
    steps = list(range(0, 501, 20))
    curve = {"step": steps, "real_error": [0.1] * 26, "fake_error": [0.08] * 26, "frechet": [9.0] * 26}
    sizes = {"steps": 500, "measure_every": 20}
    content = {
        "settings": {"size": sizes, "arms": EXPERIMENT.arms},
        "seeds": [21],
        "arms": {name: [{"curves": curve}] for name in EXPERIMENT.arms},
    }
    m, distance, at = began_knocked.measures(Record(content), "gamma lowered")
    lowered = knocks.moments(21, 500, 20)[0]
    assert m[0][at < lowered] == pytest.approx(0.1) and m[0][at > lowered] == pytest.approx(0.15)
    assert np.allclose(began_knocked.measures(Record(content), "gamma lowered", one_gamma=True)[0], 0.1)
    assert at[0] == 140 and distance.shape == m.shape == (1, 19)
    assert np.allclose(began_knocked.measures(Record(content), "D begun anew")[0], 0.1)


def test_seeds_are_new_and_the_game_is_began_gammas():
    theirs = began_gamma.EXPERIMENT
    assert not set(EXPERIMENT.seeds) & set(theirs.seeds)
    assert {k for k, v in EXPERIMENT.full.items() if theirs.full[k] != v} == {"steps", "measure_every", "checkpoint_every"}
