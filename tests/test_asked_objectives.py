"""Lecture 12: slips of least squares and of the thermostat; and right lines in other words."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from gancourse.classroom.asked import objectives
from tests.asked import is_right, planted, slip_is_told


@pytest.mark.parametrize(("name", "slip"), planted(objectives))
def test_every_slip_is_told_by_its_own_sentence(name, slip, capsys):
    slip_is_told(objectives, name, slip, capsys)


RIGHT = [
    ("LEAST_SQUARES", lambda r, f, a, b: F.mse_loss(r, torch.full_like(r, b)) / 2 + F.mse_loss(f, torch.full_like(f, a)) / 2),
    ("THERMOSTAT", lambda k, gamma, rate, real, fake: torch.clip(k - rate * (fake - gamma * real), 0.0, 1.0)),
]


@pytest.mark.parametrize(("name", "yours"), RIGHT)
def test_right_lines_in_other_words_pass(name, yours, capsys):
    is_right(getattr(objectives, name), yours, capsys)
