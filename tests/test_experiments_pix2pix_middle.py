"""A wider middle: nothing but the middle's side may differ from the network without skips."""

import torch

from gancourse.experiments import pix2pix_skips
from gancourse.experiments.pix2pix_middle import EXPERIMENT


def test_only_the_middle_differs_from_the_arm_without_skips(stages):
    before = pix2pix_skips.EXPERIMENT
    for what in ("stage", "fit", "full", "ci", "seeds"):
        assert getattr(EXPERIMENT, what) == getattr(before, what)
    (wide,) = EXPERIMENT.arms.values()
    assert {key: value for key, value in wide.items() if key != "middle"} == before.arms["no skips"]
    games = [stages("pix2pix_middle").game(arm, 0) for arm in (before.arms["no skips"], wide)]
    weights = [sum(p.numel() for p in game.generator.parameters()) for game, _ in games]
    assert weights[0] == weights[1]
    (a, b), (c, d) = (next(iter(batches)) for _, batches in games)
    assert torch.equal(a, c) and torch.equal(b, d)
    with torch.no_grad():
        assert games[1][0].generator(a).shape == b.shape


def test_its_middle_is_four_pixels_a_side(stages):
    (wide,) = EXPERIMENT.arms.values()
    game, batches = stages("pix2pix_middle").game(wide, 0)
    seen = []
    game.generator.down[-1].register_forward_hook(lambda module, given, found: seen.append(found.shape[2:]))
    with torch.no_grad():
        game.generator(next(iter(batches))[0])
    assert seen == [(4, 4)]
