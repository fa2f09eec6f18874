"""Lecture 22: the joint update of a search, and gradient reversal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.base import networks
from gancourse.classroom.asked.gradients import reached
from gancourse.classroom.lines import Found, Line
from gancourse.losses.reversal import reverse


def _walk(seed: int) -> tuple[Any, ...]:
    """h, R(h), the condition's slope, noise, and three epsilons."""
    draw = torch.Generator().manual_seed(seed)
    return (*torch.randn(4, 3, 5, generator=draw), 0.3, 0.2, 0.7)


JOINT_UPDATE = Line(
    lambda h, r, up, n, e1, e2, e3: h + e1 * (r - h) + e2 * up + e3 * n,
    {
        "the prior's step is R(h) itself: a direction is R(h) − h": lambda h, r, up, n, e1, e2, e3: h + e1 * r + e2 * up + e3 * n,
        "the prior's step points away from the data: it is R(h) − h": lambda h, r, up, n, e1, e2, e3: (
            h + e1 * (h - r) + e2 * up + e3 * n
        ),
        "the condition is descended: log p(y | x) is to grow": lambda h, r, up, n, e1, e2, e3: (
            h + e1 * (r - h) - e2 * up + e3 * n
        ),
        "this is the step alone: add it to h": lambda h, r, up, n, e1, e2, e3: e1 * (r - h) + e2 * up + e3 * n,
        "the noise is missing": lambda h, r, up, n, e1, e2, e3: h + e1 * (r - h) + e2 * up,
        "the prior is missing": lambda h, r, up, n, e1, e2, e3: h + e2 * up + e3 * n,
        "the condition is missing: this walks to any digit": lambda h, r, up, n, e1, e2, e3: h + e1 * (r - h) + e3 * n,
        "e3 is the noise's standard deviation, and not squared": lambda h, r, up, n, e1, e2, e3: (
            h + e1 * (r - h) + e2 * up + e3**2 * n
        ),
        "the epsilons of prior and condition are exchanged": lambda h, r, up, n, e1, e2, e3: h + e2 * (r - h) + e1 * up + e3 * n,
    },
    _walk,
)


def _domains(seed: int) -> tuple[Any, ...]:
    """F, C and A, 8 samples of which the first 4 have labels, all 8 domains, and a strength; the same for the same seed."""
    with networks.seeded(seed):
        f = nn.Sequential(nn.Linear(3, 6), nn.Tanh())
        c, a = nn.Linear(6, 3), nn.Sequential(nn.Linear(6, 1), nn.Flatten(0))
        return f, c, a, torch.randn(8, 3), torch.randint(3, (4,)), torch.arange(8).ge(4).float(), 0.6


def _moved(function: Callable[..., Any], f: nn.Module, c: nn.Module, a: nn.Module, *arguments: Any) -> Found:
    return reached(function(f, c, a, *arguments), **{"F's weights": f, "C's weights": c, "A's weights": a})


def _terms(
    f: nn.Module, c: nn.Module, a: nn.Module, x: Tensor, y: Tensor, d: Tensor, back: Callable[[Tensor], Tensor]
) -> list[Tensor]:
    """The class's loss and the adversary's, whose features pass through ``back``."""
    h = f(x)
    return [F.cross_entropy(c(h[: len(y)]), y), F.binary_cross_entropy_with_logits(a(back(h)), d)]


def _plain(h: Tensor) -> Tensor:
    return h


REVERSED_LOSS = Line(
    lambda f, c, a, x, y, d, s: sum(_terms(f, c, a, x, y, d, lambda h: reverse(h, s))),
    {
        "there is no reversal: the features learn to tell the domains": lambda f, c, a, x, y, d, s: sum(
            _terms(f, c, a, x, y, d, _plain)
        ),
        "the reversal has strength 1: the features are to be reversed by s": lambda f, c, a, x, y, d, s: sum(
            _terms(f, c, a, x, y, d, reverse)
        ),
        "the adversary's loss is subtracted: then A learns to be as wrong as it can": lambda f, c, a, x, y, d, s: (
            (terms := _terms(f, c, a, x, y, d, _plain))[0] - s * terms[1]
        ),
        "the adversary's loss is subtracted and reversed: minus times minus": lambda f, c, a, x, y, d, s: (
            (terms := _terms(f, c, a, x, y, d, lambda h: reverse(h, s)))[0] - terms[1]
        ),
        "s weighs the adversary's loss as well: it stands in the reversal alone": lambda f, c, a, x, y, d, s: (
            (terms := _terms(f, c, a, x, y, d, reverse))[0] + s * terms[1]
        ),
        "the features are detached: the adversary looks on, and nothing comes back": lambda f, c, a, x, y, d, s: sum(
            _terms(f, c, a, x, y, d, Tensor.detach)
        ),
        "the class's loss is missing": lambda f, c, a, x, y, d, s: _terms(f, c, a, x, y, d, lambda h: reverse(h, s))[1],
        "the adversary's loss is missing": lambda f, c, a, x, y, d, s: _terms(f, c, a, x, y, d, _plain)[0],
        "the adversary sees the source alone: it needs both domains": lambda f, c, a, x, y, d, s: sum(
            _terms(f, c, a, x[: len(y)], y, d[: len(y)], lambda h: reverse(h, s))
        ),
    },
    _domains,
    _moved,
)
