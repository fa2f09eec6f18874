"""Lecture 04: its lines' slips, and right lines in other words."""

from __future__ import annotations

import pytest
import torch.nn.functional as F

from gancourse.classroom.asked import convolution
from tests.asked import is_right, planted, slip_is_told


@pytest.mark.parametrize(("name", "slip"), planted(convolution))
def test_every_slip_is_told_by_its_own_sentence(name, slip, capsys):
    slip_is_told(convolution, name, slip, capsys)


RIGHT = [
    ("TRANSPOSED_SIZE", lambda n, kernel, stride, padding: stride * n - stride - 2 * padding + kernel),
    ("BATCH_NORM", lambda x, eps: F.batch_norm(x, None, None, training=True, eps=eps)),
]


@pytest.mark.parametrize(("name", "yours"), RIGHT)
def test_right_lines_in_other_words_pass(name, yours, capsys):
    is_right(getattr(convolution, name), yours, capsys)
