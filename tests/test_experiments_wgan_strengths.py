"""Generators that go back a part of their way: by their own shares, and nothing else is other than in wgan_knocked."""

import torch

from gancourse.experiments import wgan_knocked, wgan_runs, wgan_strengths
from gancourse.experiments.records import Record


def test_only_the_shares_the_arms_and_the_seeds_are_others():
    ours, theirs = wgan_strengths.EXPERIMENT, wgan_knocked.EXPERIMENT
    assert (ours.full, ours.ci, ours.fit) == (theirs.full, theirs.ci, theirs.fit)
    assert all(arm == wgan_runs.ARMS[name] for name, arm in ours.arms.items())
    assert not set(ours.seeds) & set(theirs.seeds + wgan_runs.EXPERIMENT.seeds)


def test_a_generator_goes_back_by_its_share(stages):
    game, _ = stages("wgan_strengths").game(wgan_runs.ARMS["one-sided"], 13)
    assert game.shares == [[1.0, 0.25], [1.0, 0.5]]
    game.at = [[1, 2], [1, 2]]
    for parameter in game.generator.parameters():
        parameter.data += 1
    game.after_generator_step()
    for parameter, first in zip(game.generator.parameters(), game.first, strict=True):
        assert torch.equal(parameter, first)
        parameter.data += 1
    game.after_generator_step()
    for parameter, first in zip(game.generator.parameters(), game.first, strict=True):
        torch.testing.assert_close(parameter[0] - first[0], torch.full_like(first[0], 0.75))
        torch.testing.assert_close(parameter[1] - first[1], torch.full_like(first[1], 0.5))


def test_seven_seeds_have_all_orders_of_two_shares():
    record = Record({"settings": {"size": {"members": 7}}, "seeds": list(wgan_strengths.EXPERIMENT.seeds)})
    found = wgan_strengths.shares(record)
    assert len(found) == 7 and set(found) == set(wgan_strengths.SHARES) and all(a != b for a, b in found)
