"""Critics against a generator that stands still: one beginning for all arms, and measures of a known critic."""

import pytest
import torch
from torch import nn

from gancourse.experiments import plane, runner, wgan_critics


@pytest.mark.parametrize("depth", wgan_critics.HIDDEN)
def test_arms_of_a_depth_begin_with_the_same_weights_and_hidden_ones_inside_the_wider_clip(stages, depth):
    arms = [arm for arm in wgan_critics.ARMS.values() if arm["depth"] == depth]
    first, *others = [stages("wgan_critics").game(arm, 1)[0].discriminator.state_dict() for arm in arms]
    assert all(torch.equal(first[name], other[name]) for other in others for name in first)
    hidden = [w for w in first.values() if w.ndim == 3 and w.shape[1] > 2]
    limit = 0.1 if depth == "deep" else 0.11
    assert max(w.abs().max() for w in hidden) < limit


class Ramp(nn.Module):
    """The distance from the origin times a factor, as an ensemble of one."""

    members = 1

    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, x):
        return self.factor * x.norm(dim=-1)

    def member(self, k):
        return self


@pytest.mark.parametrize("factor", [-1.0, 5.0])
def test_what_a_cone_shows(stages, monkeypatch, factor):
    monkeypatch.setattr(plane, "orders", lambda f, x: 0.0)
    place = stages("wgan_critics").places["shallow"]
    shown, bound, like, random, best, *_ = place.statistics(Ramp(factor), None)[0].tolist()
    expected = factor * (place.real.norm(dim=1).mean() - place.fake.norm(dim=1).mean()).item() / place.exact
    assert shown == pytest.approx(expected, rel=1e-4) and [random, best] == pytest.approx([abs(factor)] * 2, rel=1e-4)
    assert -1 <= like <= 1 and like * factor == pytest.approx(
        abs(factor) * torch.corrcoef(torch.stack([place.points.norm(dim=1).double(), place.prices]))[0, 1].item(), rel=1e-4
    )
    assert bound == pytest.approx(expected / abs(factor), rel=1e-4) and abs(bound) <= 1


def test_a_clip_alone_makes_deep_gradients_vanish_and_weights_lie_at_the_ends(stages):
    stage = stages("wgan_critics")
    rows = {name: runner.scores(stage, sample) for name, sample in stage.nulls().items()}
    assert plane.members(rows["deep, clipped once at 0.01"], "orders").max() < -10
    assert -6 < plane.members(rows["deep, untrained"], "orders").mean() < -3
    assert plane.members(rows["deep, clipped once at 0.1"], "ends").max() < 0.01
    assert plane.members(rows["deep, clipped once at 0.01"], "ends").min() > 0.8
