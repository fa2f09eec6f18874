"""Lecture 23: slips of EBGAN's margin and of boundary seeking's odds; and right lines in other words."""

from __future__ import annotations

import pytest
import torch

from gancourse.classroom.asked import zoo
from tests.asked import is_right, planted, slip_is_told


@pytest.mark.parametrize(("name", "slip"), planted(zoo))
def test_every_slip_is_told_by_its_own_sentence(name, slip, capsys):
    slip_is_told(zoo, name, slip, capsys)


RIGHT = [
    ("MARGIN_D", lambda real, fake, margin: real.mean() + (margin - fake).clamp(min=0).mean()),
    ("MARGIN_D", lambda real, fake, margin: (real + torch.maximum(torch.zeros(6), margin - fake)).mean()),
    ("ODDS", lambda logits, log_q: log_q.mean() - (logits.exp() / logits.exp().sum()) @ log_q),
]


@pytest.mark.parametrize(("name", "yours"), RIGHT)
def test_right_lines_in_other_words_pass(name, yours, capsys):
    is_right(getattr(zoo, name), yours, capsys)


def test_the_mean_step_of_the_odds_is_p_less_q_and_no_slip_has_it_and_rests_at_the_boundary():
    falls = torch.arange(1, 7)  # throws in the exact shares of q
    q, p = falls.double() / falls.sum(), torch.tensor([6.0, 5, 1, 2, 4, 3], dtype=torch.float64) / 21
    every, some = torch.arange(6).repeat_interleave(falls), torch.tensor([0, 0, 3, 5])

    def step(loss, throws, logits):
        die = q.log().requires_grad_()
        return -torch.autograd.grad(loss(logits[throws], die.log_softmax(0)[throws]), die, allow_unused=True)[0]

    def off(loss):
        moved, rest = step(loss, every, (p / q).log()), step(loss, some, torch.zeros(6, dtype=torch.float64))
        return max((moved - (p - q)).abs().max(), rest.abs().max())

    assert off(zoo.ODDS.right) < 1e-12
    for said, slip in zoo.ODDS.slips.items():
        if "log D's mean" not in said:  # which has no gradient at all
            assert off(slip) > 1e-3, said
