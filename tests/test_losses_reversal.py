"""Gradient reversal: nothing forward, minus backward."""

import pytest
import torch
from torch import nn

from gancourse.losses.reversal import ramp, reverse


def test_it_is_the_identity_with_a_reversed_gradient():
    x = torch.randn(3, 4, requires_grad=True)
    out = reverse(x, 0.7)
    assert torch.equal(out, x)
    (slope,) = torch.autograd.grad((out**2).sum(), x)
    assert torch.allclose(slope, -0.7 * 2 * x)


def test_strength_zero_lets_nothing_through_and_below_zero_is_refused():
    x = torch.randn(3, requires_grad=True)
    (slope,) = torch.autograd.grad(reverse(x, 0).sum(), x)
    assert torch.equal(slope, torch.zeros(3))
    with pytest.raises(ValueError, match="strength must be 0 or more"):
        reverse(x, -0.1)
    with pytest.raises(TypeError, match="floats"):
        reverse(torch.arange(3))


def test_only_what_lies_before_is_reversed():
    """The adversary behind it descends its own loss."""
    torch.manual_seed(0)
    before, behind = nn.Linear(2, 2), nn.Linear(2, 1)
    x = torch.randn(5, 2)

    def slopes(through):
        loss = behind(through(before(x))).square().sum()
        return torch.autograd.grad(loss, [before.weight, behind.weight])

    (front, back), (reversed_front, same_back) = slopes(lambda h: h), slopes(reverse)
    assert torch.allclose(reversed_front, -front)
    assert torch.allclose(same_back, back)


def test_the_ramp_is_the_papers():
    assert ramp(0) == 0
    assert ramp(0.5) == pytest.approx(0.98661, abs=1e-5)  # 2 / (1 + e^-5) - 1
    assert ramp(0.1) < ramp(0.2) < ramp(1) < 1
    with pytest.raises(ValueError, match="gamma must be above 0"):
        ramp(0.5, -10)
    with pytest.raises(ValueError, match="progress"):
        ramp(1.5)
