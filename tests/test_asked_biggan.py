"""Lecture 15: slips of the shared embedding and of the penalty on alike filters; and right lines in other words."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from gancourse.classroom.asked import biggan
from gancourse.losses import penalties
from tests.asked import is_right, planted, slip_is_told


@pytest.mark.parametrize(("name", "slip"), planted(biggan))
def test_every_slip_is_told_by_its_own_sentence(name, slip, capsys):
    slip_is_told(biggan, name, slip, capsys)


def by_pairs(w, beta):
    return beta * sum((w[i] @ w[j]) ** 2 for i in range(len(w)) for j in range(len(w)) if i != j)


def as_a_layer(w, beta):
    layer = nn.Linear(6, 4, bias=False)
    layer.weight = nn.Parameter(w)
    return penalties.orthogonal(layer, beta)


RIGHT = [
    (
        "SHARED",
        lambda x, c, a, b: torch.einsum("nc,nchw->nchw", 1 + F.linear(c, a), x) + F.linear(c, b).unflatten(1, (-1, 1, 1)),
    ),
    ("ORTHOGONAL", by_pairs),
    ("ORTHOGONAL", as_a_layer),
    ("ORTHOGONAL", lambda w, beta: beta * (w @ w.T * (1 - torch.eye(len(w)))).norm() ** 2),
]


@pytest.mark.parametrize(("name", "yours"), RIGHT)
def test_right_lines_in_other_words_pass(name, yours, capsys):
    is_right(getattr(biggan, name), yours, capsys)
