"""Lecture 01: slips of the causal mask and of the divergence; and right lines in other words."""

from __future__ import annotations

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from gancourse.classroom.asked import likelihood
from gancourse.theory.likelihood import gaussian_kl
from tests.asked import is_right, planted, slip_is_told


@pytest.mark.parametrize(("name", "slip"), planted(likelihood))
def test_every_slip_is_told_by_its_own_sentence(name, slip, capsys):
    slip_is_told(likelihood, name, slip, capsys)


RIGHT = [
    ("MAY_SEE", lambda i, j: (i * len(i) * 2 + j < 0).float()),
    ("MAY_SEE", lambda i, j: torch.where(i == 0, j < 0, i < 0)),
    ("KL_TERM", gaussian_kl),
    ("KL_TERM", lambda m, log_v: kl_divergence(Normal(m, (log_v / 2).exp()), Normal(0.0, 1.0)).sum(1)),
]


@pytest.mark.parametrize(("name", "yours"), RIGHT)
def test_right_lines_in_other_words_pass(name, yours, capsys):
    is_right(getattr(likelihood, name), yours, capsys)
