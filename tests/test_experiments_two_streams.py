"""The two streams: equal parameters, equal discriminators, and baselines that the measures order rightly."""

import torch

from gancourse.experiments import runner, two_streams
from gancourse.gans.video import VideoGAN


def count(network):
    return sum(p.numel() for p in network.parameters())


def test_both_generators_have_the_same_size_and_all_arms_the_same_discriminator():
    size = two_streams.EXPERIMENT.size()
    games = [two_streams.players(s, size["width"], size["one_width"], 1) for s in (2, 1)]
    two, one = (count(game.generator) for game in games)
    assert abs(two - one) / two < 0.02 and f"{one:,} and {two:,}" in two_streams.__doc__
    states = [game.discriminator.state_dict() for game in games]
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])
    assert isinstance(games[0], VideoGAN) and games[0].sparsity == 0.1


def test_a_clip_unrolls_frame_by_frame():
    clip = torch.arange(3.0).view(1, 1, 3, 1, 1).expand(1, 1, 3, 2, 2)
    assert two_streams.unrolled(clip)[0, 0].tolist() == [[0, 0, 1, 1, 2, 2]] * 2


def test_measures_order_what_is_known(stages):
    stage = stages("two_streams")
    rows = {name: runner.scores(stage, sample) for name, sample in stage.nulls().items()}
    truth = rows["unseen clips"]
    assert truth["agreement"] > 0.5 > 2 * rows["another clip's mask"]["agreement"]
    less = [truth[name] for name in ("another_mask", "untrained_mask", "mask_everywhere", "backward_mask", "still_mask")]
    assert max(less) == truth["still_mask"] < 0.6 * truth["agreement"], "where, without when, is the best of those that know less"
    assert truth["swapped"] < 0.1 and truth["flicker"] == 0 and rows["noise on every frame"]["flicker"] > 0.1
    assert rows["one stream, untrained"]["agreement"] == 0
    assert truth["in_order"] > rows["frames shuffled"]["in_order"]
