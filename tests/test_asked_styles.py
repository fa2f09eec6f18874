"""Lecture 14: slips of demodulation and truncation; and right lines in other words."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from gancourse.classroom.asked import styles
from gancourse.models import stylegan2
from tests.asked import is_right, planted, slip_is_told


@pytest.mark.parametrize(("name", "slip"), planted(styles))
def test_every_slip_is_told_by_its_own_sentence(name, slip, capsys):
    slip_is_told(styles, name, slip, capsys)


RIGHT = [
    ("DEMODULATED", lambda weight, style: F.normalize((style[:, None, None] * weight).flatten(1), dim=1).view_as(weight)),
    ("DEMODULATED", lambda weight, style: stylegan2.modulated_weights(weight, style[None])[0]),
    ("TRUNCATED", lambda w, average, psi: (1 - psi) * average + psi * w),
    ("TRUNCATED", lambda w, average, psi: torch.lerp(average.expand_as(w), w, psi)),
]


@pytest.mark.parametrize(("name", "yours"), RIGHT)
def test_right_lines_in_other_words_pass(name, yours, capsys):
    is_right(getattr(styles, name), yours, capsys)
