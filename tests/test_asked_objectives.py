"""Lecture 12: slips of least squares, of a round of power iteration and of the thermostat; and right lines in other words."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from gancourse.classroom import lines
from gancourse.classroom.asked import objectives
from gancourse.models.layers import spectral
from tests.asked import is_right, planted, slip_is_told


@pytest.mark.parametrize(("name", "slip"), planted(objectives))
def test_every_slip_is_told_by_its_own_sentence(name, slip, capsys):
    slip_is_told(objectives, name, slip, capsys)


def through_both(w, v):
    u = w @ v / (w @ v).norm()
    back = u @ w
    return u, back / back.norm(), back.norm()


def by_the_house(w, v):
    u, v = spectral.power_iteration(w, torch.zeros(len(w)), v)
    return u, v, torch.dot(u, w @ v).item()


RIGHT = [
    ("LEAST_SQUARES", lambda r, f, a, b: F.mse_loss(r, torch.full_like(r, b)) / 2 + F.mse_loss(f, torch.full_like(f, a)) / 2),
    ("POWER_ITERATION", through_both),
    ("POWER_ITERATION", by_the_house),
    ("THERMOSTAT", lambda k, gamma, rate, real, fake: torch.clip(k - rate * (fake - gamma * real), 0.0, 1.0)),
]


@pytest.mark.parametrize(("name", "yours"), RIGHT)
def test_right_lines_in_other_words_pass(name, yours, capsys):
    is_right(getattr(objectives, name), yours, capsys)


@pytest.mark.parametrize("yours", [lambda w, v: ..., lambda w, v: (..., ..., ...)])
def test_a_round_that_is_still_dots_is_not_written_yet(yours, capsys):
    lines.answered(yours, *objectives.POWER_ITERATION)
    assert "is not written yet" in capsys.readouterr().out
