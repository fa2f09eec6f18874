"""Lecture 06: slips of the count of modes served and of packs; and right lines in other words."""

from __future__ import annotations

import pytest
import torch

from gancourse.classroom.asked import collapse
from tests.asked import is_right, planted, slip_is_told


@pytest.mark.parametrize(("name", "slip"), planted(collapse))
def test_every_slip_is_told_by_its_own_sentence(name, slip, capsys):
    slip_is_told(collapse, name, slip, capsys)


RIGHT = [
    ("SERVED", lambda h, n: sum(int(each >= n / len(h) / 2) for each in h)),
    ("PACKS", lambda x, m: torch.cat([x[i::m] for i in range(m)], 1)),
]


@pytest.mark.parametrize(("name", "yours"), RIGHT)
def test_right_lines_in_other_words_pass(name, yours, capsys):
    is_right(getattr(collapse, name), yours, capsys)
