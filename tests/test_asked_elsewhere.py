"""Lecture 22: slips of the search's update and of the reversed loss; and right lines in other words."""

from __future__ import annotations

import pytest
import torch.nn.functional as F

from gancourse.classroom.asked import elsewhere
from gancourse.losses.reversal import reverse
from tests.asked import is_right, planted, slip_is_told


@pytest.mark.parametrize(("name", "slip"), planted(elsewhere))
def test_every_slip_is_told_by_its_own_sentence(name, slip, capsys):
    slip_is_told(elsewhere, name, slip, capsys)


def two_calls(f, c, a, x, y, d, s):
    adversary = F.binary_cross_entropy_with_logits(a(reverse(f(x), s)), d)
    return F.cross_entropy(c(f(x[: len(y)])), y) + adversary


RIGHT = [
    ("JOINT_UPDATE", lambda h, denoised, uphill, noise, e1, e2, e3: (1 - e1) * h + e1 * denoised + e2 * uphill + e3 * noise),
    ("REVERSED_LOSS", two_calls),
]


@pytest.mark.parametrize(("name", "yours"), RIGHT)
def test_right_lines_in_other_words_pass(name, yours, capsys):
    is_right(getattr(elsewhere, name), yours, capsys)
