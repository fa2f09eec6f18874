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
