"""Lecture 16: slips of a change on both sides and of R3GAN's loss of D; and right lines in other words."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from gancourse import losses
from gancourse.classroom.asked import modern
from gancourse.losses import penalties
from tests.asked import is_right, planted, slip_is_told


@pytest.mark.parametrize(("name", "slip"), planted(modern))
def test_every_slip_is_told_by_its_own_sentence(name, slip, capsys):
    slip_is_told(modern, name, slip, capsys)


def without_graph(d, g, t, x, z):
    with torch.no_grad():
        fake = g(z)
    d_loss = -F.logsigmoid(d(t(x))).mean() - F.logsigmoid(-d(t(fake))).mean()
    return d_loss, -F.logsigmoid(d(t(g(z)))).mean()


def of_the_course(d, x, fake, gamma):
    return losses.relativistic_d(d(x), d(fake)) + penalties.r1_r2(gamma)(d, x, fake)


def joined(d, x, fake, gamma):
    logits = d(both := torch.cat([x, fake]))
    (slope,) = torch.autograd.grad(logits.sum(), both, create_graph=True)
    return F.softplus(logits[len(x) :] - logits[: len(x)]).mean() + gamma * slope.square().sum(1).mean()


RIGHT = [("AUGMENTED", without_graph), ("R3GAN_D", of_the_course), ("R3GAN_D", joined)]


@pytest.mark.parametrize(("name", "yours"), RIGHT)
def test_right_lines_in_other_words_pass(name, yours, capsys):
    is_right(getattr(modern, name), yours, capsys)
