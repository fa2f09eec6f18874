"""Lecture 07: slips of the reverse divergence and of the steps in turns; and right lines in other words."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from gancourse.classroom.asked import dynamics
from gancourse.theory import dirac
from tests.asked import is_right, planted, slip_is_told


@pytest.mark.parametrize(("name", "slip"), planted(dynamics))
def test_every_slip_is_told_by_its_own_sentence(name, slip, capsys):
    slip_is_told(dynamics, name, slip, capsys)


def with_autograd(theta, psi, h, gamma):
    def loss(psi):
        return F.softplus(psi * theta) + gamma / 2 * psi**2

    theta = theta + h * torch.func.grad(lambda t: F.softplus(psi * t))(theta)
    return theta, psi - h * torch.func.grad(loss)(psi)


RIGHT = [
    ("KL_FROM_D", lambda d: (torch.log(1 - d) - torch.log(d)).mean()),
    ("KL_FROM_D", lambda d: -torch.logit(d).mean()),
    ("IN_TURNS", with_autograd),
]


@pytest.mark.parametrize(("name", "yours"), RIGHT)
def test_right_lines_in_other_words_pass(name, yours, capsys):
    is_right(getattr(dynamics, name), yours, capsys)


def test_steps_in_turns_are_those_of_the_theory():
    path = dirac.DiracGAN("r1", 0.7).play(1, 0.3, start=(0.4, -0.8), alternating=True)
    theta, psi = dynamics.IN_TURNS.right(*torch.tensor([0.4, -0.8], dtype=torch.float64), 0.3, 0.7)
    assert torch.allclose(path[1], torch.stack([theta, psi]))
