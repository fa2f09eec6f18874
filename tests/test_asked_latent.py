"""Lecture 05: slips of the great circle and of an attribute's direction; and right lines in other words."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from gancourse.base import latents
from gancourse.classroom.asked import latent
from tests.asked import is_right, planted, slip_is_told


@pytest.mark.parametrize(("name", "slip"), planted(latent))
def test_every_slip_is_told_by_its_own_sentence(name, slip, capsys):
    slip_is_told(latent, name, slip, capsys)


def by_turning(z0, z1, t):
    angle = torch.arccos(F.cosine_similarity(z0, z1, dim=0))
    across = z1 - (z1 @ z0) / (z0 @ z0) * z0
    return torch.cos(t * angle) * z0 + torch.sin(t * angle) * across / across.norm() * z0.norm()


RIGHT = [
    ("GREAT_CIRCLE", by_turning),
    ("GREAT_CIRCLE", latents.slerp),
    ("ATTRIBUTE", lambda z, has: -(z[~has].mean(0) - z[has].mean(0))),
    ("ATTRIBUTE", lambda z, has: (has.float() / has.sum()) @ z - ((~has).float() / (~has).sum()) @ z),
]


@pytest.mark.parametrize(("name", "yours"), RIGHT)
def test_right_lines_in_other_words_pass(name, yours, capsys):
    is_right(getattr(latent, name), yours, capsys)
