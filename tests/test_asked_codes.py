"""Lecture 10: slips of InfoGAN's bound and of BiGAN's loss; and right lines in other words."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from gancourse.classroom.asked import codes
from tests.asked import is_right, planted, slip_is_told


@pytest.mark.parametrize(("name", "slip"), planted(codes))
def test_every_slip_is_told_by_its_own_sentence(name, slip, capsys):
    slip_is_told(codes, name, slip, capsys)


RIGHT = [
    ("BOUND", lambda logits, c: torch.tensor(5.0).log() + logits.log_softmax(1).gather(1, c[:, None]).mean()),
    ("BIGAN_GE", lambda made, coded: -F.logsigmoid(made).mean() - F.logsigmoid(-coded).mean()),
    ("BIGAN_GE", lambda made, coded: F.softplus(torch.stack([-made, coded])).mean(1).sum()),
]


@pytest.mark.parametrize(("name", "yours"), RIGHT)
def test_right_lines_in_other_words_pass(name, yours, capsys):
    is_right(getattr(codes, name), yours, capsys)
