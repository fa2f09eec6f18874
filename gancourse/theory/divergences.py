"""The theory of the minimax game as functions on histograms and on densities sampled over a grid.

A distribution is a tensor [..., n] over its last dimension.  Two kinds share every function:

- a histogram: the entries are probabilities and ``dx`` is 1 (the default);
- a density on an even grid: the entries are density values and ``dx`` is the width of a cell (the area, for a flattened 2-D
  grid), so that sums times ``dx`` are integrals.  For a smooth density that has died away at both ends the plain sum is as
  exact as float64 allows.

Everything is computed in float64 and stays differentiable.  Zeros are treated as measure theory asks: 0 log 0 = 0, a
divergence is infinite where it should be, and a value of D at a point that no distribution visits costs nothing.

Notation: p is the data (P_r, p_data), q the generator (P_g), m = (p + q)/2, D a discriminator's *probability* of "real".
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse.base import check

LOG2 = math.log(2.0)


# Distributions ------------------------------------------------------------------------------------------------------------


def grid(low: float, high: float, n: int = 2001) -> tuple[Tensor, float]:
    """An even grid of n points from ``low`` to ``high`` (both included) and its spacing: ``x, dx = grid(-8, 8)``."""
    if not high > low:
        raise ValueError(f"a grid runs from low to high: {low} is not below {high}")
    if (n := check.whole("n", n, None)) < 2:
        raise ValueError(f"a grid needs at least 2 points, not {n}")
    return torch.linspace(low, high, n, dtype=torch.float64), (high - low) / (n - 1)


def gaussian(x: Tensor, mean: float | Tensor = 0.0, std: float | Tensor = 1.0) -> Tensor:
    """The density exp(-(x - mean)^2 / (2 std^2)) / (std sqrt(2 pi)) at the points x; differentiable in mean and std."""
    return log_gaussian(x, mean, std).exp()


def log_gaussian(x: Tensor, mean: float | Tensor = 0.0, std: float | Tensor = 1.0) -> Tensor:
    """log N(x; mean, std^2), exact far out in the tails where the density itself underflows to 0 (beyond 38 std)."""
    mean, std = (torch.as_tensor(v, dtype=torch.float64, device=x.device) for v in (mean, std))
    _positive("std", std)
    return -0.5 * ((x.double() - mean) / std).square() - std.log() - 0.5 * math.log(2 * math.pi)


def normalise(weights: Tensor, dx: float = 1.0) -> Tensor:
    """``weights`` scaled to sum (times dx) to 1 over the last dimension."""
    weights = _non_negative(weights, "weights")
    total = weights.sum(-1, keepdim=True) * check.positive("dx", dx)
    if not bool((total > 0).all()):
        raise ValueError("weights are all zero: there is nothing to normalise")
    return weights / total


def onto_simplex(v: Tensor) -> Tensor:
    """The distribution [K] nearest to v [K] in the plane's distance: argmin_q ||q - v|| over q >= 0, sum q = 1.

    One number is taken off everywhere, and what falls below 0 is set to 0 (Held, Wolfe & Crowder 1974).
    """
    check.finite("v", v)
    if v.ndim != 1 or not len(v) or not v.is_floating_point():
        raise ValueError(f"v must be one row of floats, not {list(v.shape)} of {v.dtype}")
    largest = v.sort(descending=True).values
    taken_off = (largest.cumsum(0) - 1) / torch.arange(1, len(v) + 1, device=v.device)  # if the k largest stay above 0
    return (v - taken_off[int((largest > taken_off).nonzero().max())]).clamp(min=0)


def distribution(p: Tensor, dx: float = 1.0, what: str = "p", tolerance: float = 1e-5) -> Tensor:
    """``p`` as float64 if it is a distribution: finite, non-negative, with sum(p) dx = 1 within ``tolerance``.

    Raises a ValueError that says by how much the total misses 1; :func:`normalise` is the cure when only the scale is off, a
    wider grid when a tail is cut.
    """
    p = _non_negative(p, what)
    total = p.sum(-1) * check.positive("dx", dx)
    miss = float((total - 1).abs().max().detach())
    if not miss <= tolerance:
        worst = float(total.flatten()[(total - 1).abs().argmax()].detach())
        raise ValueError(
            f"{what} must {'sum' if dx == 1 else 'integrate'} to 1, not {worst:.6g}: it misses by {worst - 1:+.2g}; "
            f"use theory.normalise({what}, dx), or a wider grid if a tail is cut off"
        )
    return p


def expectation(p: Tensor, f: Tensor, dx: float = 1.0) -> Tensor:
    """E_p f = sum(p f) dx, where points with p = 0 count nothing even if f is infinite there."""
    p = distribution(p, dx)
    return _expectation(p, on_grid("f", torch.as_tensor(f, dtype=torch.float64), p), dx)


def on_grid(what: str, f: Tensor, p: Tensor) -> Tensor:
    """Return ``f`` if it is a number, or has a value for each point of the grid of p [..., n] in its last dimension.

    Raises ValueError for a network's [n, 1]: beside p it would be read as n constant functions.
    """
    if f.ndim and f.shape[-1] != p.shape[-1]:
        raise ValueError(
            f"{what} must have {p.shape[-1]} values in its last dimension, not {list(f.shape)}: squeeze a network's [n, 1] with "
            ".squeeze(1)"
        )
    return f


# Divergences --------------------------------------------------------------------------------------------------------------


def kl(p: Tensor, q: Tensor, dx: float = 1.0) -> Tensor:
    """KL(p || q) = E_p log(p/q), in nats; infinite where p > 0 = q.  Also called the forward KL when p is the data.

    A density that *underflows* to 0 reads as a zero, and a Gaussian does beyond 38 std: take no wider a grid than needed, or
    :func:`kl_gaussian`.

    Source: Kullback & Leibler 1951.
    """
    return _kl(*_pair(p, q, dx), dx)


def reverse_kl(p: Tensor, q: Tensor, dx: float = 1.0) -> Tensor:
    """KL(q || p) = E_q log(q/p): with p the data, the direction that punishes samples where there is no data."""
    p, q = _pair(p, q, dx)
    return _kl(q, p, dx)


def js(p: Tensor, q: Tensor, dx: float = 1.0) -> Tensor:
    """Jensen-Shannon divergence: KL(p || m)/2 + KL(q || m)/2 with m = (p + q)/2; between 0 (p = q) and log 2 (disjoint).

    It equals the mutual information between a fair coin and a sample drawn from p on heads, from q on tails.

    Source: Lin 1991.
    """
    p, q = _pair(p, q, dx)
    return _js(p, q, dx)


def total_variation(p: Tensor, q: Tensor, dx: float = 1.0) -> Tensor:
    """TV(p, q) = 1/2 sum |p - q| dx, the largest difference of probability over all events; in [0, 1].

    The best classifier of "p or q?" (equal priors) is right with probability (1 + TV)/2.
    """
    p, q = _pair(p, q, dx)
    return (p - q).abs().sum(-1) * dx / 2


def pearson_chi2(p: Tensor, q: Tensor, dx: float = 1.0) -> Tensor:
    """Pearson's chi-squared divergence: sum (p - q)^2 / q dx, infinite where p > 0 = q; q is the expected histogram.

    Least-squares GANs with b - c = 1, b - a = 2 minimise the integral of (2 q - (p + q))^2 / (p + q), which is
    2 ``pearson_chi2(q, (p + q)/2)`` (Mao et al. 2017, Theorem 1).

    Source: Pearson 1900.
    """
    p, q = _pair(p, q, dx)
    both_zero = (p == 0) & (q == 0)
    difference = torch.where(both_zero, 0.0, p - q)
    return (difference.square() / torch.where(both_zero, 1.0, q)).sum(-1) * dx


def kl_gaussian(mean_p: float | Tensor, std_p: float | Tensor, mean_q: float | Tensor, std_q: float | Tensor) -> Tensor:
    """KL(N(mean_p, std_p^2) || N(mean_q, std_q^2)) = log(s_q/s_p) + (s_p^2 + (m_p - m_q)^2) / (2 s_q^2) - 1/2.

    Works elementwise; for diagonal covariances sum the result over the dimensions.
    """
    mean_p, std_p, mean_q, std_q = _gaussians(mean_p, std_p, mean_q, std_q)
    return (std_q / std_p).log() + (std_p.square() + (mean_p - mean_q).square()) / (2 * std_q.square()) - 0.5


def total_variation_gaussian(mean_p: float | Tensor, mean_q: float | Tensor, std: float | Tensor = 1.0) -> Tensor:
    """TV of two Gaussians that share ``std``: erf(|mean_p - mean_q| / (2 sqrt(2) std))."""
    mean_p, std, mean_q, _ = _gaussians(mean_p, std, mean_q, std)
    return torch.erf((mean_p - mean_q).abs() / (2 * math.sqrt(2) * std))


def pearson_chi2_gaussian(mean_p: float | Tensor, std_p: float | Tensor, mean_q: float | Tensor, std_q: float | Tensor) -> Tensor:
    """Pearson's chi-squared of p = N(mean_p, std_p^2) against q = N(mean_q, std_q^2).

    With v = 2 s_q^2 - s_p^2 it is s_q^2 / (s_p sqrt(v)) exp((m_p - m_q)^2 / v) - 1, and infinite when v <= 0.
    """
    mean_p, std_p, mean_q, std_q = _gaussians(mean_p, std_p, mean_q, std_q)
    v = 2 * std_q.square() - std_p.square()
    safe = torch.where(v > 0, v, 1.0)
    finite = std_q.square() / (std_p * safe.sqrt()) * ((mean_p - mean_q).square() / safe).exp() - 1
    return torch.where(v > 0, finite, math.inf)


# The game -----------------------------------------------------------------------------------------------------------------


def value(p: Tensor, q: Tensor, d: Tensor, dx: float = 1.0) -> Tensor:
    """The value of the game V(D, G) = E_p log D + E_q log(1 - D), for D given by its values ``d`` in [0, 1] on the grid.

    It is -infinity when D is sure and wrong: d = 0 where p > 0, or d = 1 where q > 0.  Only where D* itself is nearer to 0 or 1
    than float64 can tell (p and q differ by a factor of 1e16) is such a d read as D*, so that the value of D* is exact.

    Source: Goodfellow et al. 2014, equation 1.
    """
    p, q = _pair(p, q, dx)
    d = on_grid("d", _probabilities(d), p)
    return _expectation(p, _log_probability(d, p, p + q), dx) + _expectation(q, _log_probability(1 - d, q, p + q), dx)


def value_from_logits(p: Tensor, q: Tensor, logits: Tensor, dx: float = 1.0) -> Tensor:
    """V for D = sigmoid(l): -E_p softplus(-l) - E_q softplus(l), exact where sigmoid(l) rounds to 0 or 1.

    Use it for a trained network: in float32 the sigmoid of a logit above 17 is 1, and :func:`value` then reads -infinity.
    """
    p, q = _pair(p, q, dx)
    logits = on_grid("logits", torch.as_tensor(logits, dtype=torch.float64), p)
    return -_expectation(p, F.softplus(-logits), dx) - _expectation(q, F.softplus(logits), dx)


def optimal_discriminator(p: Tensor, q: Tensor, dx: float = 1.0) -> Tensor:
    """D*(x) = p(x) / (p(x) + q(x)), which maximises V for a fixed generator: 0 where only q lives, 1 where only p lives.

    Where both vanish every value is as good; 1/2 is returned.

    Source: Goodfellow et al. 2014, Proposition 1.
    """
    p, q = _pair(p, q, dx)
    return _optimal_discriminator(p, q)


def optimal_logit(p: Tensor, q: Tensor, dx: float = 1.0) -> Tensor:
    """The logit of D*: log(p/q), the log density ratio; +-infinity where only one lives, 0 where neither does."""
    p, q = _pair(p, q, dx)
    neither = (p == 0) & (q == 0)
    return torch.where(neither, 1.0, p).log() - torch.where(neither, 1.0, q).log()


def value_at_optimum(p: Tensor, q: Tensor, dx: float = 1.0) -> Tensor:
    """C(G) = max_D V(D, G) = 2 JS(p, q) - 2 log 2: -log 4 when q = p, 0 when p and q are disjoint.

    Source: Goodfellow et al. 2014, Theorem 1.
    """
    return 2 * js(p, q, dx) - 2 * LOG2


def regret(p: Tensor, q: Tensor, d: Tensor, dx: float = 1.0) -> Tensor:
    """How far D is from its best: V(D*, G) - V(D, G) = sum (p + q) KL(Bernoulli(D*) || Bernoulli(D)) dx >= 0.

    It is computed point by point as E_p log(D*/D) + E_q log((1 - D*)/(1 - D)).  That the sum above is never negative, and
    zero only where D = D*, proves Proposition 1 of Goodfellow et al. 2014 without a derivative.
    """
    p, q = _pair(p, q, dx)
    d = on_grid("d", _probabilities(d), p)
    real = _log_ratio(p, p + q) - _log_probability(d, p, p + q)  # log(D*/D)
    fake = _log_ratio(q, p + q) - _log_probability(1 - d, q, p + q)  # log((1 - D*)/(1 - D))
    return (_expectation(p, real, dx) + _expectation(q, fake, dx)).clamp_min(0.0)  # rounding can leave -1e-17


def saturating_at_optimum(p: Tensor, q: Tensor, dx: float = 1.0) -> Tensor:
    """The generator's minimax loss when D = D*: E_q log(1 - D*) = KL(q || m) - log 2, with m = (p + q)/2.

    It is C(G) less the term E_p log D*, which also depends on q through D*; by the envelope theorem the two agree in the
    gradient that holds D* fixed.

    Source: Goodfellow et al. 2014, section 4.
    """
    p, q = _pair(p, q, dx)
    return _kl_to_middle(q, p, dx) - LOG2


def non_saturating_at_optimum(p: Tensor, q: Tensor, dx: float = 1.0) -> Tensor:
    """The non-saturating loss when D = D*: E_q[-log D*] = E_q log(1 + q/p), infinite where q > 0 = p.

    It also equals KL(q || p) - 2 JS(p, q) + 2 log 2 + E_p log D* wherever those terms are finite; a test checks it.

    Source: Arjovsky & Bottou 2017, section 2.2.2.
    """
    p, q = _pair(p, q, dx)
    return _expectation(q, _log_ratio(p + q, p), dx)


# Inside: inputs are already float64 and checked ---------------------------------------------------------------------------


def _log_ratio(p: Tensor, q: Tensor) -> Tensor:
    """log(p/q), with 0 where p = 0 and infinity where p > 0 = q; log p - log q does not overflow as p/q can."""
    on = p > 0
    return torch.where(on, p, 1.0).log() - torch.where(on, q, 1.0).log()


def _log_probability(d: Tensor, p: Tensor, total: Tensor) -> Tensor:
    """log d where p lives (0 elsewhere); where d is 0 only because p/total is too small for 1 - p/total to tell, log(p/total)."""
    lives = p > 0
    rounded = lives & (d == 0) & (p < 2.0**-53 * total)
    return torch.where(rounded, _log_ratio(p, total), torch.where(lives & ~rounded, d, 1.0).log())


def _kl(p: Tensor, q: Tensor, dx: float) -> Tensor:
    return _expectation(p, _log_ratio(p, q), dx)


def _kl_to_middle(p: Tensor, q: Tensor, dx: float) -> Tensor:
    """KL(p || m), m = (p + q)/2, written with p + q: halving could underflow where p does not, and read as infinite."""
    return _kl(p, p + q, dx) + LOG2 * p.sum(-1) * dx


def _js(p: Tensor, q: Tensor, dx: float) -> Tensor:
    return ((_kl_to_middle(p, q, dx) + _kl_to_middle(q, p, dx)) / 2).clamp_min(0.0)  # rounding can leave -1e-16


def _optimal_discriminator(p: Tensor, q: Tensor) -> Tensor:
    total = p + q
    neither = total == 0
    return torch.where(neither, 0.5, p / torch.where(neither, 1.0, total))


def _expectation(p: Tensor, f: Tensor, dx: float) -> Tensor:
    return (p * torch.where(p > 0, f, 0.0)).sum(-1) * dx


def _pair(p: Tensor, q: Tensor, dx: float) -> tuple[Tensor, Tensor]:
    p, q = distribution(p, dx, "p"), distribution(q, dx, "q")
    if p.shape[-1] != q.shape[-1]:
        raise ValueError(f"p and q must share one grid: p has {p.shape[-1]} points and q has {q.shape[-1]}")
    return p, q


def _non_negative(p: Tensor, what: str) -> Tensor:
    if not isinstance(p, Tensor):
        raise TypeError(f"{what} must be a tensor [..., n], not {type(p).__name__}: wrap it in torch.tensor")
    if p.ndim == 0 or p.shape[-1] == 0:
        raise ValueError(f"{what} must hold at least one point in its last dimension, not shape {list(p.shape)}")
    p = p.double()
    if not bool(torch.isfinite(p).all()):
        raise ValueError(f"{what} holds NaN or infinity: look at what made it")
    if bool((p < 0).any()):
        raise ValueError(f"{what} must not be negative; its smallest entry is {float(p.detach().min()):.3g}")
    return p


def _probabilities(d: Tensor) -> Tensor:
    if not isinstance(d, Tensor):
        raise TypeError(f"d must be a tensor of probabilities, not {type(d).__name__}")
    d = d.double()
    if not bool(((d >= 0) & (d <= 1)).all()):
        raise ValueError("d must hold probabilities in [0, 1]: pass torch.sigmoid(logits), not logits")
    return d


def _positive(what: str, v: Tensor) -> None:
    if not bool((v > 0).all()):
        raise ValueError(f"{what} must be above 0, not {float(v.detach().min()):g}")


def _gaussians(mean_p, std_p, mean_q, std_q) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    m_p, s_p, m_q, s_q = (torch.as_tensor(v, dtype=torch.float64) for v in (mean_p, std_p, mean_q, std_q))
    _positive("std", s_p)
    _positive("std", s_q)
    return m_p, s_p, m_q, s_q
