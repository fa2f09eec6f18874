"""Lectures 02 and 03: slips of the losses, the best discriminator and the steps; and right lines in other words."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from gancourse.classroom.asked import minimax
from tests.asked import is_right, planted, slip_is_told


@pytest.mark.parametrize(("name", "slip"), planted(minimax))
def test_every_slip_is_told_by_its_own_sentence(name, slip, capsys):
    slip_is_told(minimax, name, slip, capsys)


def frozen(d, g, z):
    for p in d.parameters():
        p.requires_grad_(False)
    return -F.logsigmoid(d(g(z))).mean()


def without_graph(d, g, x, z):
    with torch.no_grad():
        fake = g(z)
    return F.softplus(-d(x)).mean() + F.softplus(d(fake)).mean()


def labels(real, fake):
    ones, zeros = torch.ones_like(real), torch.zeros_like(fake)
    return F.binary_cross_entropy_with_logits(real, ones) + F.binary_cross_entropy_with_logits(fake, zeros)


RIGHT = [
    ("D_LOSS", labels),
    ("D_LOSS", lambda real, fake: -torch.sigmoid(real).log().mean() - (1 - torch.sigmoid(fake)).log().mean()),
    ("BEST_D", lambda p, q: 1 / (1 + q / p)),
    ("BEST_D", lambda p, q: torch.sigmoid(p.log() - q.log())),
    ("D_STEP", without_graph),
    ("D_STEP", lambda d, g, x, z: labels(d(x), d(g(z).detach()))),
    ("G_STEP", frozen),
    ("G_STEP", lambda d, g, z: F.binary_cross_entropy_with_logits(d(g(z)), torch.ones(len(z)))),
]


@pytest.mark.parametrize(("name", "yours"), RIGHT)
def test_right_lines_in_other_words_pass(name, yours, capsys):
    is_right(getattr(minimax, name), yours, capsys)
