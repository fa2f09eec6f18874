"""Lecture 09: slips of AC-GAN's generator and of the projection; and right lines in other words."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from gancourse.classroom.asked import conditional
from tests.asked import is_right, planted, slip_is_told


@pytest.mark.parametrize(("name", "slip"), planted(conditional))
def test_every_slip_is_told_by_its_own_sentence(name, slip, capsys):
    slip_is_told(conditional, name, slip, capsys)


RIGHT = [
    ("ACGAN_G", lambda real, classes, y: -F.logsigmoid(real).mean() - classes.log_softmax(1).gather(1, y[:, None]).mean()),
    ("PROJECTION", lambda h, e, y, psi: psi + (h @ e.T).gather(1, y[:, None])[:, 0]),
    ("PROJECTION", lambda h, e, y, psi: psi + torch.einsum("nf,nf->n", F.embedding(y, e), h)),
]


@pytest.mark.parametrize(("name", "yours"), RIGHT)
def test_right_lines_in_other_words_pass(name, yours, capsys):
    is_right(getattr(conditional, name), yours, capsys)
