"""Lectures 17 and 18: the two losses of pix2pix, and the cycle and the identity of CycleGAN."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.base import networks
from gancourse.classroom.asked.gradients import reached
from gancourse.classroom.lines import Found, Line
from gancourse.classroom.right import gap as _l1
from gancourse.classroom.right import joined as _pair
from gancourse.losses import saturating_d as _terms

# Lecture 17: pairs, side by side in the channels


def _drawn(seed: int) -> tuple[nn.Module, nn.Module, Tensor, Tensor]:
    """D, which ends in a map of logits, G, inputs and targets; the same ones for the same seed."""
    with networks.seeded(seed):
        d = nn.Sequential(nn.Conv2d(4, 4, 3), nn.Tanh(), nn.Conv2d(4, 1, 3))
        return d, nn.Conv2d(2, 2, 3, padding=1), torch.randn(3, 2, 6, 6), torch.randn(3, 2, 6, 6)


def _judging(function: Callable[..., Any], d: nn.Module, g: nn.Module, a: Tensor, b: Tensor) -> Found:
    return reached(function(d, g, a, b), **{"D's weights": d, "G's weights": g})


PIX2PIX_D = Line(
    lambda d, g, a, b: _terms(d(_pair(a, b)), d(_pair(a, g(a).detach()))),
    {
        "the output is not detached: D's loss reaches G's weights, and asks G to be found out": lambda d, g, a, b: _terms(
            d(_pair(a, b)), d(_pair(a, g(a)))
        ),
        "the fake pair has another order than the real one: D could tell them by that alone": lambda d, g, a, b: _terms(
            d(_pair(a, b)), d(_pair(g(a).detach(), a))
        ),
        "the real pair has another order than the fake one: D could tell them by that alone": lambda d, g, a, b: _terms(
            d(_pair(b, a)), d(_pair(a, g(a).detach()))
        ),
        "both pairs have the input last: the text says (a, b)": lambda d, g, a, b: _terms(
            d(_pair(b, a)), d(_pair(g(a).detach(), a))
        ),
        "the fake pair has the target where its input belongs": lambda d, g, a, b: _terms(
            d(_pair(a, b)), d(_pair(b, g(a).detach()))
        ),
        "G was given the target: it translates a": lambda d, g, a, b: _terms(d(_pair(a, b)), d(_pair(a, g(b).detach()))),
        "real and fake are exchanged: D should say 1 to the pairs of the data": lambda d, g, a, b: _terms(
            d(_pair(a, g(a).detach())), d(_pair(a, b))
        ),
        "the sign is turned round: a loss is minimised": lambda d, g, a, b: -_terms(d(_pair(a, b)), d(_pair(a, g(a).detach()))),
        "this is G's loss: D should call the outputs fake": lambda d, g, a, b: F.softplus(-d(_pair(a, g(a)))).mean(),
        "the maps are averaged before the loss: each patch is a judgment of its own": lambda d, g, a, b: _terms(
            d(_pair(a, b)).mean((1, 2, 3)), d(_pair(a, g(a).detach())).mean((1, 2, 3))
        ),
        "one half is too much: the two means are added": lambda d, g, a, b: (
            _terms(d(_pair(a, b)), d(_pair(a, g(a).detach()))) / 2
        ),
        "the fake pairs are missing": lambda d, g, a, b: F.softplus(-d(_pair(a, b))).mean(),
        "the real pairs are missing": lambda d, g, a, b: F.softplus(d(_pair(a, g(a).detach()))).mean(),
    },
    _drawn,
    _judging,
)


def _judged(seed: int) -> tuple[Tensor, Tensor, Tensor, float]:
    """Maps of logits of the pairs (a, G(a)), the outputs, the targets, and lambda."""
    draw = torch.Generator().manual_seed(seed)
    output, b = torch.randn(2, 3, 2, 4, 4, generator=draw)
    return torch.randn(3, 1, 2, 2, generator=draw), output, b, 7.0


def _total(logits: Tensor, output: Tensor, b: Tensor, weight: float) -> Tensor:
    return F.softplus(-logits).mean() + weight * (b - output).abs().mean()


PIX2PIX_G = Line(
    _total,
    {
        "lambda weighs the adversarial term: it belongs to L1": lambda d, o, b, w: (
            w * F.softplus(-d).mean() + (b - o).abs().mean()
        ),
        "lambda is missing: the two terms weigh the same": lambda d, o, b, w: F.softplus(-d).mean() + (b - o).abs().mean(),
        "the squared error stands for L1: its answer to doubt is the mean, which is greyer": lambda d, o, b, w: (
            F.softplus(-d).mean() + w * (b - o).square().mean()
        ),
        "L1 is summed over the picture: take the mean, or lambda grows with its size": lambda d, o, b, w: (
            F.softplus(-d).mean() + w * (b - o).abs().sum()
        ),
        "L1 is summed over a picture and averaged over the batch: take the mean of all": lambda d, o, b, w: (
            F.softplus(-d).mean() + w * (b - o).abs().sum((1, 2, 3)).mean()
        ),
        "the absolute value is missing: too light and too dark cancel": lambda d, o, b, w: (
            F.softplus(-d).mean() + w * (b - o).mean()
        ),
        "this is D's term: G wants its pairs called real": lambda d, o, b, w: F.softplus(d).mean() + w * (b - o).abs().mean(),
        "this is the saturating term log(1 − D): −log D is asked for": lambda d, o, b, w: (
            -F.softplus(d).mean() + w * (b - o).abs().mean()
        ),
        "L1 is subtracted: G would flee from the target": lambda d, o, b, w: F.softplus(-d).mean() - w * (b - o).abs().mean(),
        "the adversarial term is missing: nobody minds grey": lambda d, o, b, w: w * (b - o).abs().mean(),
        "L1 is missing: nobody asks for this very target": lambda d, o, b, w: F.softplus(-d).mean(),
        "the map is averaged before the loss: each patch is a judgment of its own": lambda d, o, b, w: (
            F.softplus(-d.mean((1, 2, 3))).mean() + w * (b - o).abs().mean()
        ),
    },
    _judged,
)

# Lecture 18: there and back, and what is there already


def _heaps(seed: int) -> tuple[nn.Module, nn.Module, Tensor, Tensor]:
    """Two translators and pictures of both sets; the same ones for the same seed."""
    with networks.seeded(seed):
        ab, ba = (nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 4)) for _ in range(2))
        return ab, ba, torch.randn(5, 4), torch.randn(5, 4) + 1


def _translating(function: Callable[..., Any], ab: nn.Module, ba: nn.Module, a: Tensor, b: Tensor) -> Found:
    return reached(function(ab, ba, a, b), **{"G_ab's weights": ab, "G_ba's weights": ba})


CYCLE = Line(
    lambda ab, ba, a, b: _l1(ba(ab(a)), a) + _l1(ab(ba(b)), b),
    {
        "only the way from a is in it": lambda ab, ba, a, b: _l1(ba(ab(a)), a),
        "only the way from b is in it": lambda ab, ba, a, b: _l1(ab(ba(b)), b),
        "the translators are exchanged: a goes through G_ab first": lambda ab, ba, a, b: _l1(ab(ba(a)), a) + _l1(ba(ab(b)), b),
        "one translator goes both ways: the way back is the other's": lambda ab, ba, a, b: _l1(ab(ab(a)), a) + _l1(ba(ba(b)), b),
        "the way back is compared with the other set's picture, which has nothing to do with it": lambda ab, ba, a, b: (
            _l1(ba(ab(a)), b) + _l1(ab(ba(b)), a)
        ),
        "the way back is compared with the translation: a is to come out where a went in": lambda ab, ba, a, b: (
            _l1(ba(ab(a)), ab(a)) + _l1(ab(ba(b)), ba(b))
        ),
        "there is no way back: translations are compared with their input": lambda ab, ba, a, b: _l1(ab(a), a) + _l1(ba(b), b),
        "the translations are detached: then only the second translator learns from the cycle": lambda ab, ba, a, b: (
            _l1(ba(ab(a).detach()), a) + _l1(ab(ba(b).detach()), b)
        ),
        "the error is squared: the paper takes absolute values": lambda ab, ba, a, b: (
            F.mse_loss(ba(ab(a)), a) + F.mse_loss(ab(ba(b)), b)
        ),
        "the two ways are averaged: they are added": lambda ab, ba, a, b: (_l1(ba(ab(a)), a) + _l1(ab(ba(b)), b)) / 2,
        "it is a sum over pixels and pictures: take means": lambda ab, ba, a, b: (
            (ba(ab(a)) - a).abs().sum() + (ab(ba(b)) - b).abs().sum()
        ),
    },
    _heaps,
    _translating,
)

IDENTITY = Line(
    lambda ab, ba, a, b: _l1(ab(b), b) + _l1(ba(a), a),
    {
        "each translator gets pictures to translate: here it gets those that are on its side already": lambda ab, ba, a, b: (
            _l1(ab(a), a) + _l1(ba(b), b)
        ),
        "translations are compared with pictures of the other heap, which are nobody's partner: it teaches the median": (
            lambda ab, ba, a, b: _l1(ab(a), b) + _l1(ba(b), a)
        ),
        "what went in and what it is compared with are not the same picture": lambda ab, ba, a, b: _l1(ab(b), a) + _l1(ba(a), b),
        "this is the cycle: the identity has one translator in each term": lambda ab, ba, a, b: (
            _l1(ba(ab(a)), a) + _l1(ab(ba(b)), b)
        ),
        "only G_ab is in it": lambda ab, ba, a, b: _l1(ab(b), b),
        "only G_ba is in it": lambda ab, ba, a, b: _l1(ba(a), a),
        "the error is squared: the paper takes absolute values": lambda ab, ba, a, b: F.mse_loss(ab(b), b) + F.mse_loss(ba(a), a),
        "the two terms are averaged: they are added": lambda ab, ba, a, b: (_l1(ab(b), b) + _l1(ba(a), a)) / 2,
        "it is a sum over pixels and pictures: take means": lambda ab, ba, a, b: (
            (ab(b) - b).abs().sum() + (ba(a) - a).abs().sum()
        ),
    },
    _heaps,
    _translating,
)
