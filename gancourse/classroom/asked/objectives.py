"""Lecture 12: least squares, a round of power iteration, and BEGAN's thermostat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse.classroom.asked.minimax import real_and_fake
from gancourse.classroom.lines import Found, Line, written
from gancourse.classroom.right import pull
from gancourse.classroom.right import squares as _squares
from gancourse.classroom.slips import times


def _codes(seed: int) -> tuple[Any, ...]:
    """Logits of 7 real and 5 fake samples, and the codes a for fake and b for real."""
    a, b = ((0.0, 1.0), (-1.0, 1.0), (-0.5, 2.0))[seed % 3]
    return *real_and_fake(seed), a, b


LEAST_SQUARES = Line(
    _squares,
    {
        "the codes are exchanged: b is for real and a for fake": lambda r, f, a, b: _squares(r, f, b, a),
        "the halves are missing": times(2, _squares),
        "the code stands outside the square, one bracket too far right: subtract it first": lambda r, f, a, b: (
            (r.square() - b).mean() / 2 + (f.square() - a).mean() / 2
        ),
        "there is a sigmoid before the squares: D is the logit itself": lambda r, f, a, b: _squares(
            torch.sigmoid(r), torch.sigmoid(f), a, b
        ),
        "the codes are added to the logits: a square is 0 where the logit is its code": lambda r, f, a, b: _squares(r, f, -a, -b),
        "it is a sum over the batch: take the mean of each kind": lambda r, f, a, b: (
            (r - b).square().sum() / 2 + (f - a).square().sum() / 2
        ),
        "the means are taken before the squares: every sample pays for itself": lambda r, f, a, b: (
            (r.mean() - b).square() / 2 + (f.mean() - a).square() / 2
        ),
        "these are distances, not squares": lambda r, f, a, b: (r - b).abs().mean() / 2 + (f - a).abs().mean() / 2,
        "the sign is turned round: a loss is minimised": times(-1, _squares),
        "the real ones are missing": lambda r, f, a, b: (f - a).square().mean() / 2,
        "the fakes are missing": lambda r, f, a, b: (r - b).square().mean() / 2,
        "both kinds have the code of real ones: that is what G wants": lambda r, f, a, b: _squares(r, f, b, b),
    },
    _codes,
)


def _matrix(seed: int) -> tuple[Tensor, Tensor]:
    """A matrix [5, 5], so that a transpose left out is told by its numbers, and a first v [5] of any length."""
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(5, 5, generator=draw), torch.randn(5, generator=draw)


def _found(function: Callable[..., Any], *arguments: Any) -> Found:
    u, v, sigma = written(function(*arguments))
    return {"u": written(u), "v": written(v), "sigma": written(sigma)}


def _unit(x: Tensor) -> Tensor:
    return F.normalize(x, dim=0)


def _as_it_is(x: Tensor) -> Tensor:
    return x


def _round(
    first: Callable[[Tensor], Tensor] = _unit,
    second: Callable[[Tensor], Tensor] = _unit,
    sigma: Callable[..., Tensor] = lambda w, old, u, v: u @ w @ v,
    back: Callable[..., Tensor] = lambda w, old, u: w.T @ u,
) -> Callable[[Tensor, Tensor], tuple[Tensor, Tensor, Tensor]]:
    """A round as (W, v) -> u, v, sigma: what is done to W v and to what comes back, and what is said of sigma."""

    def made(w: Tensor, v: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        u = first(w @ v)
        after = second(back(w, v, u))
        return u, after, sigma(w, v, u, after)

    return made


def _two_rounds(w: Tensor, v: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return _round()(w, _round()(w, v)[1])


POWER_ITERATION = Line(
    _round(),
    {
        "neither vector is divided by its length: sigma comes out as the length of what it was multiplied by": _round(
            _as_it_is, _as_it_is
        ),
        "u is not divided by its length": _round(_as_it_is),
        "v is not divided by its length: sigma comes out squared": _round(_unit, _as_it_is),
        "sigma is taken with the v of before: it has not seen this round": _round(sigma=lambda w, old, u, v: u @ w @ old),
        "W stands in place of its transpose: v lives on the other side": _round(back=lambda w, old, u: w @ u),
        "v is made from the old v: it comes back from the new u": _round(back=lambda w, old, u: w.T @ old),
        "sigma is |W v| with the new v, half a round ahead: take it between the u and the v that you return": _round(
            sigma=lambda w, old, u, v: (w @ v).norm()
        ),
        "sigma is squared: it is u^T W v, with W once": _round(sigma=lambda w, old, u, v: v @ w.T @ w @ v),
        "W is missing from sigma: u^T v is the cosine between the two": _round(sigma=lambda w, old, u, v: u @ v),
        "the vectors are divided by the sum of their absolute values: their length is the root of the sum of squares": _round(
            lambda x: F.normalize(x, p=1, dim=0), lambda x: F.normalize(x, p=1, dim=0)
        ),
        "u and v are exchanged": lambda w, v: (_round()(w, v)[1], _round()(w, v)[0], _round()(w, v)[2]),
        "these are two rounds": _two_rounds,
    },
    _matrix,
    _found,
)


def _errors(seed: int) -> tuple[Any, ...]:
    """Six times k, gamma and the rate, and the errors of real and fake pictures; some of the six reach an end."""
    draw = torch.Generator().manual_seed(seed)
    k, real, fake = torch.rand(3, 6, generator=draw, dtype=torch.float64)
    k, fake = torch.cat([torch.tensor([0.02, 0.97]), k[2:]]), torch.cat([real[:2] * torch.tensor([2.0, 0.1]), fake[2:]])
    return k, 0.5 + 0.1 * (seed % 3), 0.4, real + 0.2, fake + torch.tensor([0.6, 0, 0, 0, 0, 0])


def _follow(k: Tensor, gamma: float, rate: float, real: Tensor, fake: Tensor) -> Tensor:
    return k + pull(real, fake, gamma, rate)


THERMOSTAT = Line(
    lambda k, gamma, rate, real, fake: _follow(k, gamma, rate, real, fake).clamp(0, 1),
    {
        "k is not kept in [0, 1]: below 0, D would help to draw the fakes": _follow,
        "only the lower stop is there: k may not pass 1 either": lambda *x: _follow(*x).clamp(min=0),
        "only the upper stop is there: below 0, D would help to draw the fakes": lambda *x: _follow(*x).clamp(max=1),
        "the sign is turned round: fakes that are drawn too well must raise k": lambda k, g, c, r, f: _follow(
            k, g, -c, r, f
        ).clamp(0, 1),
        "gamma stands with the fakes: it is the share of the real error that they should have": lambda k, g, c, r, f: (
            k + c * (r - g * f)
        ).clamp(0, 1),
        "gamma is missing": lambda k, g, c, r, f: _follow(k, 1.0, c, r, f).clamp(0, 1),
        "the rate lambda is missing": lambda k, g, c, r, f: _follow(k, g, 1.0, r, f).clamp(0, 1),
        "the old k is missing: the thermostat adds to it": lambda k, g, c, r, f: _follow(0 * k, g, c, r, f).clamp(0, 1),
        "the change is clipped, and not k": lambda k, g, c, r, f: k + (c * (g * r - f)).clamp(0, 1),
        "the errors are exchanged": lambda k, g, c, r, f: _follow(k, g, c, f, r).clamp(0, 1),
    },
    _errors,
)
