"""Lectures 17 and 18: slips of pix2pix's losses, of the cycle and the identity; and right lines in other words."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from gancourse.classroom.asked import translation
from tests.asked import is_right, planted, slip_is_told


@pytest.mark.parametrize(("name", "slip"), planted(translation))
def test_every_slip_is_told_by_its_own_sentence(name, slip, capsys):
    slip_is_told(translation, name, slip, capsys)


def without_graph(d, g, a, b):
    with torch.no_grad():
        output = g(a)
    real, fake = d(torch.cat([torch.cat([a, b], 1), torch.cat([a, output], 1)])).chunk(2)
    return -F.logsigmoid(real).mean() - F.logsigmoid(-fake).mean()


RIGHT = [
    ("PIX2PIX_D", without_graph),
    ("PIX2PIX_G", lambda logits, output, b, weight: weight * F.l1_loss(output, b) - F.logsigmoid(logits).mean()),
    ("CYCLE", lambda ab, ba, a, b: F.l1_loss(ba(ab(a)), a) + F.l1_loss(ab(ba(b)), b)),
    ("IDENTITY", lambda ab, ba, a, b: F.l1_loss(ab(b), b) + F.l1_loss(ba(a), a)),
]


@pytest.mark.parametrize(("name", "yours"), RIGHT)
def test_right_lines_in_other_words_pass(name, yours, capsys):
    is_right(getattr(translation, name), yours, capsys)
