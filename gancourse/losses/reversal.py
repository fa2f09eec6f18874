r"""Gradient reversal: a layer that is nothing on the way forward and turns the gradient round on the way back.

    R(x) = x,        dR/dx = -strength

Between features and an adversary it makes one descent serve both players: the adversary, behind it, minimises its loss, and the
features, before it, maximise the same loss, ``strength`` times as hard.

Sources: Ganin & Lempitsky 2015; Ganin et al. 2016 (JMLR), section 4.2 (the layer) and 5.2.2 (the schedule of its strength).
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from gancourse.base import check


class _Reversal(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, strength: float) -> Tensor:
        ctx.strength = strength
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return -ctx.strength * gradients[0], None


def reverse(x: Tensor, strength: float = 1.0) -> Tensor:
    """R(x): ``x`` itself, with -strength times the gradient.

    Strength 0 lets nothing through, so that the adversary only looks on; below 0 it is no reversal, and features would *help*.
    """
    check.floats("x", x)
    strength = check.at_least("strength", strength)
    out: Tensor = _Reversal.apply(x, strength)
    return out


def ramp(progress: float, gamma: float = 10.0) -> float:
    """The strength at ``progress`` in [0, 1] of a training: 2 / (1 + exp(-gamma progress)) - 1, from 0 to nearly 1."""
    progress, gamma = check.probability("progress", progress), check.positive("gamma", gamma)
    return 2 / (1 + math.exp(-gamma * progress)) - 1
