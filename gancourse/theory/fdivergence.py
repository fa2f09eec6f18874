r"""f-divergences, their conjugates, and the game that estimates each: the table of Nowozin, Cseke & Tomioka (2016).

For a convex f with f(1) = 0,

    D_f(P || Q) = E_Q f(p/q)  >=  E_P T - E_Q f*(T)      for every function T,

where f*(t) = max_u (u t - f(u)) is the convex conjugate.  Equality holds at T*(x) = f'(p(x)/q(x)).  A network V with any real
output becomes a valid T by an output activation g that maps onto the domain of f*: T = g(V).  P is the data, Q the generator.

>>> kl = divergence("kl")
>>> kl.exact(p, q, dx)                           # the integral, on a grid
>>> kl.bound(p, q, kl.best(p, q), dx)            # the same number
>>> GAN(generator, discriminator, kl.game())     # the objective to train with

Every entry is given by four closed forms, and the composition f*(g(v)) by a fifth that stays finite where f* of a rounded g(v)
would not.

Source: Nowozin, Cseke & Tomioka 2016 (NeurIPS), tables 1 and 2 and their longer versions in the appendix.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse.base import check
from gancourse.losses import Objective
from gancourse.theory import divergences

Function = Callable[[Tensor], Tensor]
LOG2 = math.log(2)


@dataclass(frozen=True)
class FDivergence:
    """One row of the table.

    name: key in ``DIVERGENCES``; title: how papers call it.
    f: the convex function of the ratio u = p/q > 0.
    slope: f', so that T* = slope(p/q).
    conjugate: f*, on its domain t < ``limit`` (t <= ``limit`` where f* is finite there).
    output: the activation g, from any real v into that domain, increasing.
    conjugate_of_output: f*(g(v)), written so that it does not overflow early.
    formulas: the same as text, for printing: f(u), f*(t), g(v), T*(x).
    """

    name: str
    title: str
    f: Function
    slope: Function
    conjugate: Function
    output: Function
    conjugate_of_output: Function
    limit: float
    formulas: tuple[str, str, str, str]

    def exact(self, p: Tensor, q: Tensor, dx: float = 1.0) -> Tensor:
        """D_f(P || Q) = sum q f(p/q) dx for distributions on a grid that are both positive everywhere.

        Where one of them vanishes the value is a limit of f or of f'; :mod:`gancourse.theory` has those for the common ones.
        """
        p, q = _positive(p, q, dx)
        return divergences.expectation(q, self.f(p / q), dx)

    def best(self, p: Tensor, q: Tensor, dx: float = 1.0) -> Tensor:
        """T*(x) = f'(p(x)/q(x)), at which the bound is attained."""
        p, q = _positive(p, q, dx)
        return self.slope(p / q)

    def bound(self, p: Tensor, q: Tensor, t: Tensor, dx: float = 1.0) -> Tensor:
        """The variational lower bound E_P T - E_Q f*(T) for T given by its values ``t`` on the grid.

        A T that leaves the domain of f* makes the bound -infinity where q > 0, as the definition of f* says.
        """
        p = divergences.distribution(p, dx)
        t = divergences.on_grid("t", torch.as_tensor(t, dtype=torch.float64), p)
        inside = t <= self.limit
        of_t = torch.where(inside, self.conjugate(torch.where(inside, t, min(self.limit, 0.0) - 1.0)), math.inf)
        return divergences.expectation(p, t, dx) - divergences.expectation(q, of_t, dx)

    def bound_of_output(self, p: Tensor, q: Tensor, v: Tensor, dx: float = 1.0) -> Tensor:
        """The same bound for T = g(v), where v may be any numbers, such as a network's outputs."""
        p = divergences.distribution(p, dx)
        v = divergences.on_grid("v", torch.as_tensor(v, dtype=torch.float64), p)
        return divergences.expectation(p, self.output(v), dx) - divergences.expectation(q, self.conjugate_of_output(v), dx)

    def game(self, non_saturating: bool = False) -> Objective:
        """The two losses on a network's outputs v: D minimises -(E_P g(v) - E_Q f*(g(v))), G minimises -E_Q f*(g(v)).

        ``non_saturating=True`` lets G minimise -E_Q g(v) instead, the practical variant of the paper (section 3.2): its slope
        does not vanish where D is sure of a fake.
        """

        def discriminator(real: Tensor, fake: Tensor) -> Tensor:
            return self.conjugate_of_output(fake).mean() - self.output(real).mean()

        def generator(fake: Tensor, real: Tensor | None = None) -> Tensor:
            return -self.output(fake).mean() if non_saturating else -self.conjugate_of_output(fake).mean()

        return Objective(f"f-GAN {self.name}", discriminator, generator, middle=None)  # g(v) = f'(1), elsewhere in each row


def _row(
    name: str,
    title: str,
    f: Function,
    slope: Function,
    conjugate: Function,
    output: Function,
    conjugate_of_output: Function,
    formulas: tuple[str, str, str, str],
    limit: float = math.inf,
) -> FDivergence:
    return FDivergence(name, title, f, slope, conjugate, output, conjugate_of_output, limit, formulas)


def _identity(v: Tensor) -> Tensor:
    return v


def _u_log_u(u: Tensor) -> Tensor:
    return torch.xlogy(u, u)


DIVERGENCES: dict[str, FDivergence] = {
    row.name: row
    for row in (
        _row(
            "kl",
            "Kullback-Leibler",
            f=_u_log_u,
            slope=lambda u: 1 + u.log(),
            conjugate=lambda t: (t - 1).exp(),
            output=_identity,
            conjugate_of_output=lambda v: (v - 1).exp(),
            formulas=("u log u", "exp(t - 1)", "v", "1 + log(p/q)"),
        ),
        _row(
            "reverse_kl",
            "reverse Kullback-Leibler",
            f=lambda u: -u.log(),
            slope=lambda u: -1 / u,
            conjugate=lambda t: -1 - (-t).log(),
            output=lambda v: -(-v).exp(),
            conjugate_of_output=lambda v: v - 1,
            formulas=("-log u", "-1 - log(-t)", "-exp(-v)", "-q/p"),
            limit=0.0,
        ),
        _row(
            "pearson",
            "Pearson chi-squared",
            f=lambda u: (u - 1).square(),
            slope=lambda u: 2 * (u - 1),
            conjugate=lambda t: t.square() / 4 + t,
            output=_identity,
            conjugate_of_output=lambda v: v.square() / 4 + v,
            formulas=("(u - 1)^2", "t^2/4 + t", "v", "2 (p/q - 1)"),
        ),
        _row(
            "neyman",
            "Neyman chi-squared",
            f=lambda u: (1 - u).square() / u,
            slope=lambda u: 1 - u.reciprocal().square(),
            conjugate=lambda t: 2 - 2 * (1 - t).sqrt(),
            output=lambda v: 1 - (-v).exp(),
            conjugate_of_output=lambda v: 2 - 2 * (-v / 2).exp(),
            formulas=("(1 - u)^2 / u", "2 - 2 sqrt(1 - t)", "1 - exp(-v)", "1 - (q/p)^2"),
            limit=1.0,
        ),
        _row(
            "hellinger",
            "squared Hellinger",
            f=lambda u: (u.sqrt() - 1).square(),
            slope=lambda u: 1 - u.rsqrt(),
            conjugate=lambda t: t / (1 - t),
            output=lambda v: 1 - (-v).exp(),
            conjugate_of_output=lambda v: v.exp() - 1,
            formulas=("(sqrt(u) - 1)^2", "t / (1 - t)", "1 - exp(-v)", "1 - sqrt(q/p)"),
            limit=1.0,
        ),
        _row(
            "js",
            "Jensen-Shannon, doubled",
            f=lambda u: _u_log_u(u) - (u + 1) * ((u + 1) / 2).log(),
            slope=lambda u: (2 * u / (u + 1)).log(),
            conjugate=lambda t: -(2 - t.exp()).log(),
            output=lambda v: LOG2 - F.softplus(-v),
            conjugate_of_output=lambda v: F.softplus(v) - LOG2,
            formulas=("u log u - (u + 1) log((u + 1)/2)", "-log(2 - exp t)", "log 2 - log(1 + exp(-v))", "log(2p/(p + q))"),
            limit=LOG2,
        ),
        _row(
            "gan",
            "GAN: 2 JS - 2 log 2",
            f=lambda u: _u_log_u(u) - (u + 1) * (u + 1).log(),
            slope=lambda u: (u / (u + 1)).log(),
            conjugate=lambda t: -(-t.expm1()).log(),
            output=lambda v: -F.softplus(-v),
            conjugate_of_output=F.softplus,
            formulas=("u log u - (u + 1) log(u + 1)", "-log(1 - exp t)", "-log(1 + exp(-v))", "log(p/(p + q))"),
            limit=0.0,
        ),
        _row(
            "total_variation",
            "total variation",
            f=lambda u: (u - 1).abs() / 2,
            slope=lambda u: (u - 1).sign() / 2,
            conjugate=lambda t: t.clamp_min(-0.5),
            output=lambda v: v.tanh() / 2,
            conjugate_of_output=lambda v: v.tanh() / 2,
            formulas=("|u - 1| / 2", "t", "tanh(v) / 2", "sign(p/q - 1) / 2"),
            limit=0.5,
        ),
    )
}


def divergence(name: str | FDivergence) -> FDivergence:
    """The row of that name; an FDivergence passes through, so users can bring their own."""
    if isinstance(name, FDivergence):
        return name
    return DIVERGENCES[check.one_of("f-divergence", name, DIVERGENCES)]


def _positive(p: Tensor, q: Tensor, dx: float) -> tuple[Tensor, Tensor]:
    p, q = divergences.distribution(p, dx, "p"), divergences.distribution(q, dx, "q")
    if p.shape[-1] != q.shape[-1]:
        raise ValueError(f"p and q must share one grid: p has {p.shape[-1]} points and q has {q.shape[-1]}")
    if not ((p > 0).all() and (q > 0).all()):
        raise ValueError("p and q must be above 0 at every point of the grid, so that p/q has a logarithm: narrow the grid")
    return p, q


# Least squares ------------------------------------------------------------------------------------------------------------


def least_squares_best(p: Tensor, q: Tensor, a: float, b: float, dx: float = 1.0) -> Tensor:
    """The discriminator that minimises LSGAN's loss against a fixed generator: D* = (b p + a q) / (p + q).

    Source: Mao et al. 2017, equation 4.
    """
    p, q = _positive(p, q, dx)
    return (b * p + a * q) / (p + q)


def least_squares_value(p: Tensor, q: Tensor, d: Tensor, c: float, dx: float = 1.0) -> Tensor:
    """C = 1/2 E_P (D - c)^2 + 1/2 E_Q (D - c)^2: the generator's least-squares loss with the real term added.

    The real term does not depend on G while D stands still, so it changes no gradient; with it the value at D* is half the
    Pearson chi-squared divergence of p + q against 2q when b - c = 1 and b - a = 2.

    Source: Mao et al. 2017, equations 5 to 8.
    """
    p = divergences.distribution(p, dx)
    squares = (divergences.on_grid("d", torch.as_tensor(d, dtype=torch.float64), p) - c).square()
    return (divergences.expectation(p, squares, dx) + divergences.expectation(q, squares, dx)) / 2
