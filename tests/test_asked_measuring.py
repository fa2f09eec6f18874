"""Lecture 08: slips of the Frechet distance and of precision; and right lines in other words."""

from __future__ import annotations

import pytest
import torch

from gancourse import metrics
from gancourse.classroom.asked import measuring
from tests.asked import is_right, planted, slip_is_told


@pytest.mark.parametrize(("name", "slip"), planted(measuring))
def test_every_slip_is_told_by_its_own_sentence(name, slip, capsys):
    slip_is_told(measuring, name, slip, capsys)


def by_symmetric_root(m1, s1, m2, s2):
    values, vectors = torch.linalg.eigh(s1)
    half = vectors * values.sqrt() @ vectors.T
    return (m1 - m2) @ (m1 - m2) + torch.trace(s1 + s2) - 2 * torch.linalg.eigvalsh(half @ s2 @ half).sqrt().sum()


def by_sorting(real, fake, k):
    radii = (real[:, None] - real).norm(dim=2).sort(1).values[:, k]
    return ((fake[:, None] - real).norm(dim=2) <= radii).any(1).float().mean()


RIGHT = [
    ("FRECHET", by_symmetric_root),
    ("FRECHET", metrics.frechet_from_statistics),
    ("PRECISION", by_sorting),
    ("PRECISION", lambda real, fake, k: metrics.precision_recall(real, fake, k).precision),
]


@pytest.mark.parametrize(("name", "yours"), RIGHT)
def test_right_lines_in_other_words_pass(name, yours, capsys):
    is_right(getattr(measuring, name), yours, capsys)
