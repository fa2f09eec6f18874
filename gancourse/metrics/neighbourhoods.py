r"""Fidelity and diversity apart: precision and recall, density and coverage, from nearest neighbours in feature space.

Put a ball around every sample, with the distance to its k-th nearest neighbour in its own set as radius (the sample itself not
counted).  The union of the balls stands for where the distribution lives.

    precision   share of generated samples inside at least one ball of a real sample       (Kynkaanniemi et al., 2019)
    recall      share of real samples inside at least one ball of a generated sample       (Kynkaanniemi et al., 2019)
    density     balls of real samples around a generated sample, on average, divided by k  (Naeem et al., 2020)
    coverage    share of real samples whose ball holds at least one generated sample       (Naeem et al., 2020)

Balls are closed, and ties are decided exactly.  One real outlier has a huge ball, which makes every generated sample near it
precise; density counts balls and coverage asks each ball, so a single outlier moves neither much.  Equal distributions have
density 1 and ``expected_coverage``, while precision and recall have no value known in advance.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from gancourse.base import check
from gancourse.metrics._exact import Rounded
from gancourse.metrics.features import feature_pair

_ROWS = 1024  # at a time, so that no [N, M] matrix is kept


class PrecisionRecall(NamedTuple):
    """Shares in [0, 1]."""

    precision: float
    recall: float


class DensityCoverage(NamedTuple):
    """Density in [0, N/k], 1 for equal distributions; coverage in [0, 1]."""

    density: float
    coverage: float


def precision_recall(real_features: Tensor, fake_features: Tensor, k: int = 3) -> PrecisionRecall:
    """Improved precision and recall of Kynkaanniemi et al. (2019) from features [N, D] and [M, D], k = 3 as published.

    Both depend on N, M and k: compare only equal ones.  Raises ValueError for k outside 1..min(N, M) - 1 and for what
    ``frechet_distance`` refuses.
    """
    real, fake = _pair(real_features, fake_features, k)
    precision = _inside(fake, real, _radii(real, k)).any_ball
    recall = _inside(real, fake, _radii(fake, k)).any_ball
    return PrecisionRecall(precision, recall)


def density_coverage(real_features: Tensor, fake_features: Tensor, k: int = 5) -> DensityCoverage:
    """Density and coverage of Naeem et al. (2020) from real features [N, D] and generated features [M, D], k = 5 as published.

    density = sum_j |{i: y_j in B(x_i, r_i)}| / (k M);  coverage = |{i: some y_j in B(x_i, r_i)}| / N.
    Raises ValueError as ``precision_recall`` does.
    """
    real, fake = _pair(real_features, fake_features, k)
    found = _inside(fake, real, _radii(real, k))
    return DensityCoverage(found.balls / k, found.balls_hit)


def expected_coverage(n_real: int, n_fake: int, k: int = 5) -> float:
    """Coverage that generated samples of the *real* distribution have on average (Naeem et al., 2020, lemma 2).

        1 - (N - 1) ... (N - k) / ((N + M - 1) ... (N + M - k)),

    for any distribution with a density: it is the chance that the k nearest neighbours of a real sample among all N + M - 1 other
    samples are not all real.
    """
    n_real, n_fake, k = check.whole("n_real", n_real), check.whole("n_fake", n_fake), check.whole("k", k)
    if k >= n_real:
        raise ValueError(f"k must be below n_real, not k = {k} for n_real = {n_real}")
    missed = 1.0
    for i in range(1, k + 1):
        missed *= (n_real - i) / (n_real + n_fake - i)
    return 1 - missed


class _Inside(NamedTuple):
    any_ball: float  # share of points in at least one ball
    balls: float  # balls around a point, on average
    balls_hit: float  # share of balls with at least one point


def _pair(real: Tensor, fake: Tensor, k: int) -> tuple[Tensor, Tensor]:
    real, fake = feature_pair(real, fake)
    k = check.whole("k", k, None)
    if not 1 <= k < min(len(real), len(fake)):
        raise ValueError(
            f"k must be 1 to {min(len(real), len(fake)) - 1}, one less than the smaller set, not {k}: each sample "
            f"needs k neighbours besides itself, so at least {k + 1} samples"
        )
    return real, fake


def _radii(x: Tensor, k: int) -> Tensor:
    """Squared distance of each point to its k-th nearest neighbour within x: [N]."""
    middle = x.mean(0)
    return torch.cat([Rounded(rows, x, middle).kth(k + 1) for rows in torch.split(x, _ROWS)])


def _inside(points: Tensor, centres: Tensor, radii: Tensor) -> _Inside:
    """How ``points`` lie in the closed balls around ``centres`` whose squared radii are given."""
    in_a_ball, balls, middle = 0, 0, centres.mean(0)
    hit = torch.zeros(len(centres), dtype=torch.bool, device=centres.device)
    for rows in torch.split(points, _ROWS):
        inside = Rounded(rows, centres, middle).at_most(radii)
        in_a_ball += int(inside.any(1).sum())
        balls += int(inside.sum())
        hit |= inside.any(0)
    return _Inside(in_a_ball / len(points), balls / len(points), float(hit.double().mean()))
