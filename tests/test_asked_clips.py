"""Lecture 21: slips of the two streams and of D's accuracy; and right lines in other words."""

from __future__ import annotations

import pytest
import torch

from gancourse.classroom.asked import clips
from tests.asked import is_right, planted, slip_is_told


@pytest.mark.parametrize(("name", "slip"), planted(clips))
def test_every_slip_is_told_by_its_own_sentence(name, slip, capsys):
    slip_is_told(clips, name, slip, capsys)


RIGHT = [
    ("TWO_STREAMS", lambda m, f, b: b.unsqueeze(2) + m * (f - b.unsqueeze(2))),
    ("ACCURACY", lambda real, fake: (torch.cat([real, -fake]) > 0).float().mean()),
]


@pytest.mark.parametrize(("name", "yours"), RIGHT)
def test_right_lines_in_other_words_pass(name, yours, capsys):
    is_right(getattr(clips, name), yours, capsys)
