"""Lecture 13: slips of the fade-in and of the batch's standard deviation; and right lines in other words."""

from __future__ import annotations

import pytest
import torch

from gancourse.classroom.asked import growing
from gancourse.models.layers import minibatch
from tests.asked import is_right, planted, slip_is_told


@pytest.mark.parametrize(("name", "slip"), planted(growing))
def test_every_slip_is_told_by_its_own_sentence(name, slip, capsys):
    slip_is_told(growing, name, slip, capsys)


RIGHT = [
    ("FADE", lambda old, new, alpha: torch.lerp(old.repeat_interleave(2, 2).repeat_interleave(2, 3), new, alpha)),
    ("SPREAD", lambda x: torch.sqrt((x - x.mean(0)).square().mean(0) + 1e-8).mean()),
    ("SPREAD", lambda x: minibatch.MinibatchStdDev(4)(x)[0, -1, 0, 0]),
]


@pytest.mark.parametrize(("name", "yours"), RIGHT)
def test_right_lines_in_other_words_pass(name, yours, capsys):
    is_right(getattr(growing, name), yours, capsys)
