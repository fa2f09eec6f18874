"""The two streams: equal parameters, equal discriminators, and baselines that the measures order rightly."""

import pytest
import torch

from gancourse.experiments import runner, two_streams
from gancourse.gans.video import VideoGAN
from gancourse.metrics.clips import motion, overlap


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
    assert truth["exchanged"] > 3 * truth["frechet"], "under the mask of another clip the ball is gone"
    assert truth["flies"] > 0.35 > 0.15 > truth["flies_shuffled"] and rows["noise on every frame"]["flies"] < 0.15


def test_a_sample_has_each_clip_under_its_own_mask_and_under_another():
    source = torch.Generator().manual_seed(0)
    m, f, b = (torch.rand(*shape, generator=source) for shape in ((3, 1, 8, 4, 4), (3, 3, 8, 4, 4), (3, 3, 4, 4)))
    clips, mask, exchanged = two_streams.sample_of(m, f, b).split((3, 1, 3), 1)
    assert torch.equal(mask, m) and torch.equal(clips, two_streams.video.Streams(m, f, b).clip())
    assert torch.allclose(exchanged[0], m[2] * f[0] + (1 - m[2]) * b[0, :, None])


def test_random_streams_do_not_mind_whose_mask_they_wear(stages):
    stage = stages("two_streams")
    with torch.no_grad():
        rows = stage.judged(two_streams.sample_of(*two_streams.random_streams(40, 0.3, 2, width=8)))
    assert rows["exchanged"] == pytest.approx(rows["frechet"], rel=0.1)


@pytest.mark.parametrize("share", [0.14, 0.6])
def test_random_streams_have_the_share_they_are_asked_for_and_agree_with_their_own_clip(share):
    streams = two_streams.random_streams(60, share, 4, width=8)
    assert streams.mask.mean().item() == pytest.approx(share, abs=1e-3)
    assert overlap(streams.mask, motion(streams.clip())).mean() > 0.5, "by construction: where m = 0 nothing can move"
    again = two_streams.random_streams(60, share, 4, width=8)
    assert torch.equal(streams.clip(), again.clip())
    assert not torch.equal(streams.clip(), two_streams.random_streams(60, share, 4, width=8, seed=1).clip())


@pytest.mark.parametrize(("arguments", "said"), [((4, 0.0, 1), "share must lie"), ((4, 0.5, 0), "contrast"), ((0, 0.5, 1), "n")])
def test_random_streams_refuse_what_has_no_answer(arguments, said):
    with pytest.raises(ValueError, match=said):
        two_streams.random_streams(*arguments)
