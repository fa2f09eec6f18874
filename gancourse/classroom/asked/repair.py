"""Lecture 19: the joint loss of the context encoder, and a hole that is filled from what is left alone."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.base import networks
from gancourse.classroom.lines import Line
from gancourse.classroom.right import missing_error as _rec


def _holes(seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Outputs and pictures [3, 2, 5, 5], and a mask [3, 1, 5, 5] with a hole of another size in each trial."""
    draw = torch.Generator().manual_seed(seed)
    output, x = torch.randn(2, 3, 2, 5, 5, generator=draw)
    mask = torch.zeros(3, 1, 5, 5)
    mask[:, :, 1 : 3 + seed % 3, 1:3] = 1
    return output, x, mask


def _filled(seed: int) -> tuple[Tensor | float, ...]:
    """The same with D's logits of the filled pictures and two weights."""
    return (*_holes(seed), torch.randn(3, generator=torch.Generator().manual_seed(100 + seed)), 0.8, 0.3)


JOINT = Line(
    lambda output, x, mask, logits, rec, adv: rec * _rec(output, x, mask) + adv * F.softplus(-logits).mean(),
    {
        "it is divided by the whole picture: a small hole would count for next to nothing": lambda o, x, m, d, r, a: (
            r * (m * (x - o)).square().mean() + a * F.softplus(-d).mean()
        ),
        "it is not divided: take the mean over the missing values": lambda o, x, m, d, r, a: (
            r * (m * (x - o)).square().sum() + a * F.softplus(-d).mean()
        ),
        "it is divided by the missing places: each has as many values as the picture has channels": (
            lambda o, x, m, d, r, a: r * 2 * _rec(o, x, m) + a * F.softplus(-d).mean()
        ),
        "the mask is missing: what is known is pulled, too": lambda o, x, m, d, r, a: (
            r * (x - o).square().mean() + a * F.softplus(-d).mean()
        ),
        "the mask is the wrong way round: M is 1 where the picture is missing": lambda o, x, m, d, r, a: (
            r * _rec(o, x, 1 - m) + a * F.softplus(-d).mean()
        ),
        "the error is not squared": lambda o, x, m, d, r, a: (
            r * (m * (x - o).abs()).sum() / (2 * m.sum()) + a * F.softplus(-d).mean()
        ),
        "the two weights are exchanged": lambda o, x, m, d, r, a: a * _rec(o, x, m) + r * F.softplus(-d).mean(),
        "this is D's term: F wants its pictures called real": lambda o, x, m, d, r, a: (
            r * _rec(o, x, m) + a * F.softplus(d).mean()
        ),
        "this is the saturating term log(1 − D): −log D is asked for": lambda o, x, m, d, r, a: (
            r * _rec(o, x, m) - a * F.softplus(d).mean()
        ),
        "the adversarial term is missing": lambda o, x, m, d, r, a: r * _rec(o, x, m),
        "the reconstruction is missing": lambda o, x, m, d, r, a: a * F.softplus(-d).mean(),
        "the weights are missing": lambda o, x, m, d, r, a: _rec(o, x, m) + F.softplus(-d).mean(),
    },
    _filled,
)


def _encoder(seed: int) -> tuple[nn.Module, Tensor, Tensor]:
    """A network, pictures and a mask; the same ones for the same seed."""
    _, x, mask = _holes(seed)
    with networks.seeded(seed):
        return nn.Sequential(nn.Conv2d(2, 3, 3, padding=1), nn.Tanh(), nn.Conv2d(3, 2, 3, padding=1)), x, mask


FILLED = Line(
    lambda f, x, mask: (1 - mask) * x + mask * f((1 - mask) * x),
    {
        "the network sees what is under the hole: erase before it looks": lambda f, x, m: (1 - m) * x + m * f(x),
        "the network sees the hole's content alone: the mask is the wrong way round in its input": lambda f, x, m: (
            (1 - m) * x + m * f(m * x)
        ),
        "known and missing are exchanged: M is 1 where the picture is missing": lambda f, x, m: m * x + (1 - m) * f((1 - m) * x),
        "the output stands everywhere: what is known stays as it is": lambda f, x, m: f((1 - m) * x),
        "the output is added everywhere: it needs the mask": lambda f, x, m: (1 - m) * x + f((1 - m) * x),
        "the picture was not erased: in the hole, output and truth are added": lambda f, x, m: x + m * f((1 - m) * x),
        "what is known is missing: this is the filling alone": lambda f, x, m: m * f((1 - m) * x),
        "the hole is still empty": lambda f, x, m: (1 - m) * x,
        "both mistakes at once: the network saw the whole picture, and its output stands everywhere": lambda f, x, m: f(x),
    },
    _encoder,
)
