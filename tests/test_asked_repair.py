"""Lecture 19: slips of the joint loss and of the filled picture; and right lines in other words."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from gancourse.classroom.asked import repair
from gancourse.gans.inpainting import masked_loss
from tests.asked import is_right, planted, slip_is_told


@pytest.mark.parametrize(("name", "slip"), planted(repair))
def test_every_slip_is_told_by_its_own_sentence(name, slip, capsys):
    slip_is_told(repair, name, slip, capsys)


RIGHT = [
    ("JOINT", lambda output, x, mask, logits, rec, adv: rec * masked_loss(output, x, mask) - adv * F.logsigmoid(logits).mean()),
    (
        "JOINT",
        lambda output, x, mask, logits, rec, adv: (
            rec * F.mse_loss(output[mask.expand_as(x) == 1], x[mask.expand_as(x) == 1]) + adv * F.softplus(-logits).mean()
        ),
    ),
    ("FILLED", lambda f, x, mask: torch.where(mask == 1, f(x * (mask == 0)), x)),
]


@pytest.mark.parametrize(("name", "yours"), RIGHT)
def test_right_lines_in_other_words_pass(name, yours, capsys):
    is_right(getattr(repair, name), yours, capsys)
