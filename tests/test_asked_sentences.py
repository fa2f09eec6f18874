"""Lecture 20: slips of GAN-CLS's loss and of the augmented condition; and right lines in other words."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from gancourse.classroom.asked import sentences
from tests.asked import is_right, planted, slip_is_told


@pytest.mark.parametrize(("name", "slip"), planted(sentences))
def test_every_slip_is_told_by_its_own_sentence(name, slip, capsys):
    slip_is_told(sentences, name, slip, capsys)


RIGHT = [
    (
        "CLS_LOSS",
        lambda real, fake, wrong: F.softplus(torch.cat([-real, -real, fake, wrong])).mean() * 2,
    ),
    ("AUGMENT", lambda mu, log_sigma, eps: eps * torch.exp(log_sigma) + mu),
]


@pytest.mark.parametrize(("name", "yours"), RIGHT)
def test_right_lines_in_other_words_pass(name, yours, capsys):
    is_right(getattr(sentences, name), yours, capsys)
