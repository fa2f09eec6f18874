"""Lecture 10: InfoGAN's bound, and what BiGAN's two makers of pairs minimise."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse.classroom.lines import Line
from gancourse.classroom.right import information
from gancourse.classroom.slips import summed, times

_K = 5


def _read(seed: int) -> tuple[Tensor, Tensor]:
    """Q's logits of 7 fakes, and the codes that they were made with: of 5 categories, all equally likely."""
    draw = torch.Generator().manual_seed(seed)
    return 2 * torch.randn(7, _K, generator=draw), torch.randint(_K, (7,), generator=draw)


BOUND = Line(
    information,
    {
        "H(c) is missing: this is the mean of log Q alone, never above 0": lambda q, c: -F.cross_entropy(q, c),
        "this is the cross-entropy, which is minimised: the bound has it with a minus, and H(c) before it": lambda q, c: (
            F.cross_entropy(q, c)
        ),
        "the cross-entropy is added: who reads badly would have a large bound": lambda q, c: math.log(_K) + F.cross_entropy(q, c),
        "a softmax too many: cross_entropy takes the logits themselves": lambda q, c: (
            math.log(_K) - F.cross_entropy(q.softmax(1), c)
        ),
        "H(c) is the number of categories: it is their logarithm": lambda q, c: _K - F.cross_entropy(q, c),
        "H(c) is counted in bits and the rest in nats: take the natural logarithm": lambda q, c: (
            math.log2(_K) - F.cross_entropy(q, c)
        ),
        "this is how sure Q is, its own entropy, not whether it is right: ask Q for the code that was drawn": lambda q, c: (
            math.log(_K) + (q.softmax(1) * q.log_softmax(1)).sum(1).mean()
        ),
        "the mean runs over all categories: the drawn one counts": lambda q, c: math.log(_K) + q.log_softmax(1).mean(),
        "it is a sum over the batch: an expectation is the mean": lambda q, c: (
            math.log(_K) - F.cross_entropy(q, c, reduction="sum")
        ),
        "the softmax runs over the batch: Q's probabilities are over the categories": lambda q, c: (
            math.log(_K) + q.log_softmax(0).gather(1, c[:, None]).mean()
        ),
    },
    _read,
)


def _pairs(seed: int) -> tuple[Tensor, Tensor]:
    """D's logits of 6 pairs (G(z), z) and of 6 pairs (x, E(x))."""
    draw = torch.Generator().manual_seed(seed)
    return 2 * torch.randn(6, generator=draw) - 0.5, 2 * torch.randn(6, generator=draw) + 0.5


def _makers(made: Tensor, coded: Tensor) -> Tensor:
    return F.softplus(-made).mean() + F.softplus(coded).mean()


BIGAN_GE = Line(
    _makers,
    {
        "this is D's loss: G and E want the opposite of D": lambda m, c: F.softplus(m).mean() + F.softplus(-c).mean(),
        "the encoder's pairs are to be called real: that is what D wants of them, and E wants them taken for G's": lambda m, c: (
            F.softplus(-m).mean() + F.softplus(-c).mean()
        ),
        "both kinds are to be called fake: that is what D wants of G's pairs, and G wants them taken for E's": lambda m, c: (
            F.softplus(m).mean() + F.softplus(c).mean()
        ),
        "the encoder's pairs are missing: then E learns nothing": lambda m, c: F.softplus(-m).mean(),
        "the generator's pairs are missing: then G learns nothing": lambda m, c: F.softplus(c).mean(),
        "this is V, the saturating form: softplus of the turned logit is asked for": lambda m, c: (
            -F.softplus(m).mean() - F.softplus(-c).mean()
        ),
        "it is a sum over the batch: take the mean of each kind": summed(_makers),
        "one half is too much: the two means are added": times(1 / 2, _makers),
    },
    _pairs,
)
