r"""The bias of the Frechet distance: how large it is, and how to get rid of most of it.

Two sets of n and m samples from *one* distribution do not have distance 0.  To first order in 1/n, with l_i the variances of the
features x_i along the eigenvectors of their covariance,

    E d^2 = (1/n + 1/m) [ sum_i l_i  +  1/2 sum_ij Var(x_i x_j) / (l_i + l_j) ].

The first sum is the noise of the means.  The second is that of the covariances: d^2 between S and S + E is
1/2 sum_ij E_ij^2 / (l_i + l_j), and the entry E_ij of a covariance's error has variance Var(x_i x_j) / n, for a Gaussian
l_i l_j (1 + delta_ij) / n.  For N(0, I) in D dimensions the bracket is D (D + 5) / 4: twice the dimension asks for four times
the samples.

The slope in 1/n depends on the covariance, hence on the generator; equal n for all does not make the comparison fair.
Chong & Forsyth (2020) compute d^2 at several n and extrapolate the line to 1/n = 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gancourse.base import check
from gancourse.metrics.features import feature_matrix, feature_pair
from gancourse.metrics.frechet import frechet_distance, statistics

VARY = ("both", "first")


@dataclass(frozen=True)
class Extrapolation:
    """A line through distances at several sample sizes, d^2 = value + slope / n.

    value      the distance at 1/n = 0
    slope      bias times n
    r          correlation of d^2 and 1/n: near 1 where the bias is a line
    sizes      int64 [points], the n
    distances  float64 [points]
    """

    value: float
    slope: float
    r: float
    sizes: Tensor
    distances: Tensor

    def __str__(self) -> str:
        return f"{self.value:.4g} at 1/n = 0 (slope {self.slope:.4g}, r = {self.r:.4f}, n = {self.sizes[0]} to {self.sizes[-1]})"


def frechet_infinity(
    features_a: Tensor, features_b: Tensor, *, points: int = 15, least: int | None = None, vary: str = "both", seed: int = 0
) -> Extrapolation:
    """Frechet distance extrapolated to infinitely many samples, from generated [N, D] and real [M, D] features.

    Distances at ``points`` sizes n, evenly spaced from ``least`` up to min(N, M) (N with vary="first"), each between random
    subsets, and a least-squares line in 1/n.  ``least`` is a tenth of the largest n unless given, and at least 5 D: below
    that the higher powers of 1/n count.

    ``vary="both"`` draws subsets of both sets and removes the bias of both.  ``vary="first"`` keeps all of ``features_b``, as
    published: right where the reference is large.  Chong & Forsyth (2020) take 15 sizes from 5,000 to 50,000 Inception
    features, and Sobol sequences in place of independent latents, which makes the line less noisy.
    """
    a, b = feature_pair(features_a, features_b)
    check.one_of("vary", vary, VARY)
    largest = len(a) if vary == "first" else min(len(a), len(b))
    dims = a.shape[1]
    least = max(5 * dims, largest // 10) if least is None else check.whole("least", least)
    points, seed = check.whole("points", points, None, 100_000), check.seed(seed)
    if points < 3:
        raise ValueError(f"a line with a check on it needs at least 3 points, not {points}")
    if not dims < least < largest:
        raise ValueError(
            f"the extrapolation needs room for a line between {dims + 1} samples, from where the covariance of {dims} "
            f"dimensions has full rank, and the {largest} that there are, and least = {least}: give at least {10 * dims} samples"
        )
    sizes = torch.linspace(least, largest, points, dtype=torch.float64).round().long()
    source = torch.Generator().manual_seed(seed)
    distances = []
    for n in sizes.tolist():
        i, j = (torch.randperm(len(x), generator=source)[:n].to(x.device) for x in (a, b))
        distances.append(frechet_distance(a[i], b[j] if vary == "both" else b))
    found = torch.tensor(distances, dtype=torch.float64)
    value, slope, r = _line(1 / sizes.double(), found)
    return Extrapolation(value, slope, r, sizes, found)


def frechet_bias(features: Tensor, n: int, m: int | None = None) -> float:
    """The distance to be expected between n and m samples of the distribution that ``features`` [N, D] come from.

    The equation at the top of this module, with the variances of x_i x_j as the features have them (Gaussian or not); N should
    be 10 D at least.  m = None stands for exactly known moments of the second set.  First order in 1/n: good to some per cent
    from n = 10 D on, too small below.
    """
    _counts(n, m)
    x = feature_matrix(features)
    x = x - x.mean(0)
    values, vectors = torch.linalg.eigh(statistics(x)[1])
    x = x @ vectors  # uncorrelated coordinates with variances ``values``
    squares = x.square()
    return _bracket(values, squares.T @ squares / len(x) - torch.diag(values.square())) * (1 / n + (0 if m is None else 1 / m))


def frechet_bias_from_covariance(sigma: Tensor, n: int, m: int | None = None) -> float:
    """The same for a Gaussian of covariance ``sigma`` [D, D]."""
    _counts(n, m)
    sigma = check.finite("sigma", check.floats("sigma", sigma, 2).detach().cpu().double())
    if sigma.shape[0] != sigma.shape[1] or not torch.allclose(sigma, sigma.T, rtol=1e-5, atol=1e-8 * float(sigma.abs().max())):
        raise ValueError("sigma must be a covariance, a symmetric matrix [D, D]")
    values = torch.linalg.eigvalsh(sigma).clamp(min=0)
    products = values[:, None] * values
    return _bracket(values, products + torch.diag(products.diagonal())) * (1 / n + (0 if m is None else 1 / m))


def _counts(n: int, m: int | None) -> None:
    for what, count in (("n", n), ("m", 2 if m is None else m)):
        if check.whole(what, count, None) < 2:
            raise ValueError(f"{what} must be at least 2 samples, not {count}: one has no covariance")


def _bracket(values: Tensor, variances: Tensor) -> float:
    """sum_i l_i + 1/2 sum_ij Var(x_i x_j) / (l_i + l_j), flat directions left out."""
    sums = values[:, None] + values
    kept = sums > 1e-12 * values.max()
    return float(values.sum() + torch.where(kept, variances / sums.where(kept, 1.0), 0.0).sum() / 2)


def _line(x: Tensor, y: Tensor) -> tuple[float, float, float]:
    """Intercept, slope and correlation of the least-squares line."""
    dx, dy = x - x.mean(), y - y.mean()
    slope = (dx @ dy) / (dx @ dx)
    r = (dx @ dy) / (dx.norm() * dy.norm()).clamp(min=1e-300)
    return float(y.mean() - slope * x.mean()), float(slope), float(r)
