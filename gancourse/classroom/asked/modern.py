"""Lecture 16: one change on both sides, and a loss of pairs with a penalty on each side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.base import networks
from gancourse.classroom.asked.gradients import reached
from gancourse.classroom.lines import Found, Line, written
from gancourse.losses import non_saturating_g as _g
from gancourse.losses import saturating_d as _d


def _table(seed: int) -> tuple[Any, ...]:
    """D, G, a change of pictures, real samples and latents; the same ones for the same seed."""
    with networks.seeded(seed):
        g = nn.Sequential(nn.Linear(3, 6), nn.Tanh(), nn.Linear(6, 4))
        d = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 1), nn.Flatten(0))
        return d, g, lambda x: 0.6 * x.flip(1) + 0.3, torch.randn(5, 4) + 1, torch.randn(5, 3)


def _both_turns(function: Callable[..., Any], d: nn.Module, g: nn.Module, t: Any, x: Tensor, z: Tensor) -> Found:
    """Of both losses the value, and whom each of them reaches."""
    made = written(function(d, g, t, x, z))
    found: Found = {}
    for name, loss, players in zip(("L_D", "L_G"), made, ({"D": d, "G": g}, {"G": g}), strict=True):
        d.zero_grad()
        g.zero_grad()
        found |= {f"{key} ({name})": value for key, value in reached(loss, **players).items()}
    return found


AUGMENTED = Line(
    lambda d, g, t, x, z: (_d(d(t(x)), d(t(g(z).detach()))), _g(d(t(g(z))))),
    {
        "T is on the real pictures alone: then changed pictures are the data, and G learns to draw the changes": (
            lambda d, g, t, x, z: (_d(d(t(x)), d(g(z).detach())), _g(d(g(z))))
        ),
        "T is missing in G's turn: D would judge there what it was never shown": lambda d, g, t, x, z: (
            _d(d(t(x)), d(t(g(z).detach()))),
            _g(d(g(z))),
        ),
        "T is missing on the fakes in D's turn: D could tell them by that alone": lambda d, g, t, x, z: (
            _d(d(t(x)), d(g(z).detach())),
            _g(d(t(g(z)))),
        ),
        "T is missing on the real pictures: D could tell them by that alone": lambda d, g, t, x, z: (
            _d(d(x), d(t(g(z).detach()))),
            _g(d(t(g(z)))),
        ),
        "T is missing everywhere: this is the game without it": lambda d, g, t, x, z: (_d(d(x), d(g(z).detach())), _g(d(g(z)))),
        "T's result is detached in G's turn: its gradient runs through T": lambda d, g, t, x, z: (
            _d(d(t(x)), d(t(g(z).detach()))),
            _g(d(t(g(z)).detach())),
        ),
        "the fakes are not detached in D's turn: its loss reaches G": lambda d, g, t, x, z: (
            _d(d(t(x)), d(t(g(z)))),
            _g(d(t(g(z)))),
        ),
        "T stands before G: it changes pictures, not latents": lambda d, g, t, x, z: (
            _d(d(t(x)), d(g(t(z)).detach())),
            _g(d(g(t(z)))),
        ),
        "the two losses are exchanged": lambda d, g, t, x, z: (_g(d(t(g(z)))), _d(d(t(x)), d(t(g(z).detach())))),
        "G's loss is −log(1 − D) with its sign turned, the saturating one: −log D is asked for": lambda d, g, t, x, z: (
            _d(d(t(x)), d(t(g(z).detach()))),
            -F.softplus(d(t(g(z)))).mean(),
        ),
    },
    _table,
    _both_turns,
)


def _judged(seed: int) -> tuple[nn.Module, Tensor, Tensor, float]:
    """D, real and fake samples, which have gradients of their own, and gamma."""
    d, g, _, x, z = _table(seed)
    return d, x.requires_grad_(), g(z).detach().requires_grad_(), 0.8


def _in_d(function: Callable[..., Any], d: nn.Module, x: Tensor, fake: Tensor, gamma: float) -> Found:
    return reached(function(d, x, fake, gamma), **{"D's weights": d})


def _slopes(d: nn.Module, x: Tensor, kept: bool = True) -> Tensor:
    """The squared length of the slope of D at each sample: [N]."""
    (slope,) = torch.autograd.grad(d(x).sum(), x, create_graph=kept)
    return slope.square().sum(1)


def _pairs(d: nn.Module, x: Tensor, fake: Tensor) -> Tensor:
    return F.softplus(d(fake) - d(x)).mean()


def _both(d: nn.Module, x: Tensor, fake: Tensor, kept: bool = True) -> Tensor:
    """E ||slope||^2 at the real samples and at the fakes, added."""
    return _slopes(d, x, kept).mean() + _slopes(d, fake, kept).mean()


R3GAN_D = Line(
    lambda d, x, fake, gamma: _pairs(d, x, fake) + gamma / 2 * _both(d, x, fake),
    {
        "create_graph=True is missing: the penalty is a number, and D learns nothing from it": lambda d, x, f, c: (
            _pairs(d, x, f) + c / 2 * _both(d, x, f, kept=False)
        ),
        "the pair is turned round: D wants the real one above the fake": lambda d, x, f, c: (
            _pairs(d, f, x) + c / 2 * _both(d, x, f)
        ),
        "this is the loss without pairs: there each picture is compared with 0": lambda d, x, f, c: (
            _d(d(x), d(f)) + c / 2 * _both(d, x, f)
        ),
        "the means are compared, not the pairs: softplus comes before the mean": lambda d, x, f, c: (
            F.softplus(d(f).mean() - d(x).mean()) + c / 2 * _both(d, x, f)
        ),
        "each fake is compared with every real one: a pair is one of each": lambda d, x, f, c: (
            F.softplus(d(f)[:, None] - d(x)).mean() + c / 2 * _both(d, x, f)
        ),
        "the slope at the fakes is missing: this is R1 alone": lambda d, x, f, c: _pairs(d, x, f) + c / 2 * _slopes(d, x).mean(),
        "the slope at the real samples is missing: this is R2 alone": lambda d, x, f, c: (
            _pairs(d, x, f) + c / 2 * _slopes(d, f).mean()
        ),
        "the penalties are missing": lambda d, x, f, c: _pairs(d, x, f),
        "the pairs are missing": lambda d, x, f, c: c / 2 * _both(d, x, f),
        "gamma is not halved": lambda d, x, f, c: _pairs(d, x, f) + c * _both(d, x, f),
        "the penalties are averaged: each has gamma / 2 of its own": lambda d, x, f, c: _pairs(d, x, f) + c / 4 * _both(d, x, f),
        "the slope's length is not squared": lambda d, x, f, c: (
            _pairs(d, x, f) + c / 2 * (_slopes(d, x).sqrt().mean() + _slopes(d, f).sqrt().mean())
        ),
        "the length is pulled to 1, as in WGAN-GP: these penalties are centred at 0": lambda d, x, f, c: (
            _pairs(d, x, f) + c / 2 * ((_slopes(d, x).sqrt() - 1).square().mean() + (_slopes(d, f).sqrt() - 1).square().mean())
        ),
        "the squares are averaged over the pixels: a squared length is their sum, and the mean runs over the samples": (
            lambda d, x, f, c: _pairs(d, x, f) + c / 2 * _both(d, x, f) / 4
        ),
        "it is differentiated by the mean of the logits: sum them, and each sample has its own slope": lambda d, x, f, c: (
            _pairs(d, x, f) + c / 2 * _both(d, x, f) / 25
        ),
        "the squares are summed over the batch: take its mean": lambda d, x, f, c: _pairs(d, x, f) + c / 2 * 5 * _both(d, x, f),
        "the penalties are subtracted: D would be paid for steep slopes": lambda d, x, f, c: (
            _pairs(d, x, f) - c / 2 * _both(d, x, f)
        ),
    },
    _judged,
    _in_d,
)
