r"""The kernel distance: squared maximum mean discrepancy of two sets of features, without bias (Binkowski et al., 2018).

    MMD^2 = E k(x, x') + E k(y, y') - 2 E k(x, y),      k(x, y) = (gamma x.y + c)^degree

With Inception features, gamma = 1 / D, c = 1 and degree 3 this is the Kernel Inception Distance, KID.  The estimate leaves out
the pairs (x_i, x_i), so its expectation is the true value at *any* number of samples, 0 for equal distributions; single
estimates may be negative.  The Frechet distance has no such estimate: its bias depends on the number of samples and on the
generator.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from gancourse.base import check
from gancourse.metrics.features import feature_pair

_ROWS = 2048  # at a time, so that no [N, M] matrix is kept


class SubsetDistance(NamedTuple):
    """Mean and standard deviation of the kernel distance over random subsets."""

    mean: float
    std: float


def kernel_distance(
    features_a: Tensor, features_b: Tensor, *, degree: int = 3, gamma: float | None = None, coef: float = 1.0
) -> float:
    r"""Unbiased squared MMD between features [N, D] and [M, D] with the polynomial kernel (gamma x.y + coef)^degree.

        sum_{i != j} k(x_i, x_j) / (N (N - 1)) + sum_{i != j} k(y_i, y_j) / (M (M - 1)) - 2 sum_{i, j} k(x_i, y_j) / (N M)

    gamma is 1 / D unless given.  All pairs are used, in float64.  Gretton et al. (2012), eq. 3; as KID: Binkowski et al. (2018).
    Raises ValueError for fewer than 2 samples, NaN, unequal dimensions, or features of two extractors.
    """
    a, b = feature_pair(features_a, features_b)
    gamma = 1 / a.shape[1] if gamma is None else float(check.positive("gamma", gamma))
    return _mmd2(a, b, check.whole("degree", degree, 1, 1000), gamma, float(check.number("coef", coef)))


def kernel_distance_subsets(
    features_a: Tensor, features_b: Tensor, *, subsets: int = 100, subset_size: int = 1000, seed: int = 0
) -> SubsetDistance:
    """The published protocol of KID: mean and standard deviation over ``subsets`` random subsets of both sets.

    Each subset holds ``subset_size`` samples drawn without replacement.  The mean estimates what ``kernel_distance`` estimates
    with less noise; the standard deviation is that of one subset, and shrinks with ``subset_size``.
    """
    a, b = feature_pair(features_a, features_b)
    subsets, subset_size, seed = check.rounds("subsets", subsets), check.whole("subset_size", subset_size, None), check.seed(seed)
    if not 2 <= subset_size <= min(len(a), len(b)):
        raise ValueError(
            f"subset_size must be 2 to {min(len(a), len(b))}, the size of the smaller set, not {subset_size}: a subset "
            f"holds each sample once, so give at least {subset_size} samples, or lower subset_size"
        )
    source = torch.Generator().manual_seed(seed)
    gamma = 1 / a.shape[1]
    values = []
    for _ in range(subsets):
        i, j = (torch.randperm(len(x), generator=source)[:subset_size].to(x.device) for x in (a, b))
        values.append(_mmd2(a[i], b[j], 3, gamma, 1.0))
    found = torch.tensor(values, dtype=torch.float64)
    return SubsetDistance(float(found.mean()), float(found.std(correction=0)))


def _mmd2(a: Tensor, b: Tensor, degree: int, gamma: float, coef: float) -> float:
    def total(x: Tensor, y: Tensor) -> float:
        parts = [(gamma * (rows @ y.T) + coef).pow(degree).sum() for rows in torch.split(x, _ROWS)]
        return float(torch.stack(parts).sum())

    def itself(x: Tensor) -> float:
        own = (gamma * x.square().sum(1) + coef).pow(degree).sum()
        return (total(x, x) - float(own)) / (len(x) * (len(x) - 1))

    found = itself(a) + itself(b) - 2 * total(a, b) / (len(a) * len(b))
    if not math.isfinite(found):
        raise ValueError(f"the features are too large for a kernel of degree {degree}: divide both sets by one number first")
    return found
