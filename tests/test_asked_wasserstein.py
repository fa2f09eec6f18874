"""Lecture 11: its lines' slips, and right lines in other words."""

from __future__ import annotations

import pytest

from gancourse.classroom.asked import wasserstein
from tests.asked import is_right, planted, slip_is_told


@pytest.mark.parametrize(("name", "slip"), planted(wasserstein))
def test_every_slip_is_told_by_its_own_sentence(name, slip, capsys):
    slip_is_told(wasserstein, name, slip, capsys)


RIGHT = [
    ("CRITIC_LOSS", lambda real, fake: -(real.mean() - fake.mean())),
    ("PENALTY", lambda gradient: ((gradient.square().sum((1, 2, 3)).sqrt() - 1) ** 2).mean()),
]


@pytest.mark.parametrize(("name", "yours"), RIGHT)
def test_right_lines_in_other_words_pass(name, yours, capsys):
    is_right(getattr(wasserstein, name), yours, capsys)
