r"""The copying test: are generated samples nearer to the training set than fresh real ones are?

"The nearest training image looks different" has no scale.  Real images that the generator never saw give it one: if the generator
draws from the data's distribution, the distance d(x) = min_t |x - t| to the nearest training sample t is distributed alike for
generated and for held-out real x.  Two lots drawn from the held-out distances, many times, show how far any statistic strays when
nobody copies.  Meehan, Chaudhuri & Dasgupta (2020) compare the same distances by their rank sum, here ``z``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from gancourse.base import check
from gancourse.metrics._exact import nearest_rows
from gancourse.metrics.features import feature_pair

LEAST = 20  # held-out samples, and generated ones


@dataclass(frozen=True)
class CopyingTest:
    """What ``copying_test`` found.  Small ``ratio``, negative ``z``: too near to the training set; large, positive: off the data.

    ratio         median distance of generated samples to the training set over that of held-out real samples; 1 expected
    p_value       chance of a ratio as small or smaller if generated samples were like held-out ones (resampled)
    z             rank-sum statistic of the same comparison, standard normal if they were alike
    share         share of generated samples as near as the nearest ``quantile`` of the held-out ones: copies, even if few
    share_p_value chance of so many such samples if they were alike (resampled)
    quantile      see share; also the share that is expected where no two distances are equal
    null          float64 [rounds]: the ratio between two lots of held-out distances, drawn with replacement; without the rounds
                  whose second lot has a median of 0, where there is no ratio
    distances     float64 [N]: of the generated samples, in the order they came
    held_out_distances  float64 [M]
    """

    ratio: float
    p_value: float
    z: float
    share: float
    share_p_value: float
    quantile: float
    null: Tensor
    distances: Tensor
    held_out_distances: Tensor

    @property
    def twins(self) -> int:
        """How many held-out samples stand in the training set as they are.  A few may: generated ones are measured by them."""
        return int((self.held_out_distances == 0).sum())

    def __str__(self) -> str:
        n = len(self.held_out_distances)
        unusual = self.twins > self.quantile * n  # then the border between near and suspiciously near is 0
        return (
            f"distance ratio {self.ratio:.2f} (p = {self.p_value:.2g}), {100 * self.share:.1f} % suspiciously near, as "
            f"{100 * self.quantile:g} % of unseen real samples are (p = {self.share_p_value:.2g})"
            + (f"; {self.twins} of {n} unseen ones stand in the training set" if unusual else "")
        )


def copying_test(
    samples: Tensor, train: Tensor, held_out: Tensor, *, quantile: float = 0.01, rounds: int = 2000, seed: int = 0
) -> CopyingTest:
    """Distances to the training set [T, D]: of generated ``samples`` [N, D] against those of ``held_out`` real ones [M, D].

    The rows are features of one extractor, points, or flattened images (in pixels a copy moved by two pixels passes as new).
    ``held_out`` must be real samples that neither trained the generator nor stand in ``train``.  p-values are one-sided, from
    ``rounds`` resamplings of the held-out distances, so none is below 1 / (rounds + 1).
    Raises ValueError for fewer than 20 samples or held-out samples.
    """
    quantile, rounds, seed = check.fraction("quantile", quantile), check.rounds("rounds", rounds), check.seed(seed)
    for what, x in (("generated", samples), ("held-out", held_out)):
        if check.tensor(f"{what} samples", x).ndim and len(x) < LEAST:
            raise ValueError(
                f"the copying test needs at least {LEAST} {what} samples, not {len(x)}: it compares two distributions of "
                "distances, and fewer leave their medians to chance"
            )
    near, fresh = (nearest_distances(x, train) for x in (samples, held_out))
    if fresh.median() == 0:
        raise ValueError("most held-out samples stand in the training set: hold out samples that do not")
    border = fresh.quantile(quantile)  # 0 where more of them are twins: below it lies nothing, so what lies on it counts
    ratio, share = float(near.median() / fresh.median()), float((near <= border).double().mean())
    source = torch.Generator().manual_seed(seed)
    null, shares = torch.empty(rounds, dtype=torch.float64), torch.empty(rounds, dtype=torch.float64)
    for i in range(rounds):
        one, two = (fresh[torch.randint(len(fresh), (size,), generator=source)] for size in (len(near), len(fresh)))
        null[i] = one.median() / two.median()  # NaN for 0 / 0: as small as any ratio
        shares[i] = (one <= two.quantile(quantile)).double().mean()
    return CopyingTest(
        ratio=ratio,
        p_value=(1 + int((null.isnan() | (null <= ratio)).sum())) / (1 + rounds),
        z=_rank_sum(near, fresh),
        share=share,
        share_p_value=(1 + int((shares >= share).sum())) / (1 + rounds),
        quantile=quantile,
        null=null[null.isfinite()],
        distances=near,
        held_out_distances=fresh,
    )


def nearest_distances(samples: Tensor, train: Tensor) -> Tensor:
    """Euclidean distance of each row of ``samples`` [N, D] to the nearest row of ``train`` [T, D]: float64 [N] on the CPU."""
    samples, train = feature_pair(samples, train)
    distances: Tensor = (samples - train[nearest_rows(samples, train)]).norm(dim=1)
    return distances.cpu()


def _rank_sum(a: Tensor, b: Tensor) -> float:
    """The Mann-Whitney statistic of a against b, standardised, ties at their mean rank: negative where a is smaller."""
    n, m = len(a), len(b)
    ordered = b.sort().values
    below, up_to = torch.searchsorted(ordered, a), torch.searchsorted(ordered, a, right=True)
    wins = float((below + up_to).double().sum()) / 2  # pairs with b < a, ties by half
    counts = torch.unique(torch.cat([a, b]), return_counts=True)[1].double()
    total = n + m
    variance = n * m / 12 * (total + 1 - float((counts**3 - counts).sum()) / (total * (total - 1)))
    return (wins - n * m / 2) / math.sqrt(variance) if variance > 0 else 0.0
