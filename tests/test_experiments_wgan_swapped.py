"""Critics trained on: from where the first training left them, with the penalty that the arm names."""

import torch

from gancourse.experiments import wgan_critics, wgan_swapped


def test_the_second_training_begins_where_the_first_ended(stages):
    stage, arms = stages("wgan_swapped"), wgan_swapped.EXPERIMENT.arms
    first = stage.first("one-sided", 1).state_dict()
    game, _ = stage.game(arms["one-sided, then two-sided"], 1)
    assert all(torch.equal(value, first[name]) for name, value in game.discriminator.state_dict().items())
    assert game.weight == 10 and not game.one_sided
    untrained, _ = stages("wgan_critics").game(wgan_critics.ARMS["one-sided"], 1)
    assert any(not torch.equal(value, first[name]) for name, value in untrained.discriminator.state_dict().items())


def test_arms_differ_in_their_two_penalties():
    ours, theirs = wgan_swapped.EXPERIMENT, wgan_critics.EXPERIMENT
    assert (ours.fit, ours.full, ours.seeds) == (theirs.fit, theirs.full, theirs.seeds) and len(ours.arms) == 4
    for name, arm in ours.arms.items():
        first, then = name.split(", then ")
        assert arm == {**wgan_critics.ARMS[then], "first": first}


def test_batches_of_the_second_training_are_others(stages):
    stage = stages("wgan_swapped")
    (_, first), (_, second) = (
        stage.game(wgan_critics.ARMS["two-sided"], 1),
        stage.game({**wgan_critics.ARMS["two-sided"], "first": "two-sided"}, 1),
    )
    assert not torch.equal(next(first), next(second))
