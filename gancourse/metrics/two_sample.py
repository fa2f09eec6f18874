r"""The classifier two-sample test: train a classifier to tell the two sets apart, count its hits on samples it has not seen.

If both sets follow one distribution, no classifier is right more often than a coin.  One that says "second set" with probability
p has Binomial(m/2, p) + Binomial(m/2, 1 - p) hits among m held-out samples, half of them of each set: m/2 on average, with
variance m p (1 - p), at most that of Binomial(m, 1/2).  Tails above m/2 + 1 are no heavier either (Hoeffding, 1956), so the
p-value from Binomial(m, 1/2) is safe, and a poor classifier can only miss a difference, never invent one (Lopez-Paz & Oquab,
2017).  The held-out half is what makes it so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.base import check, networks
from gancourse.metrics._exact import Rounded
from gancourse.metrics.features import feature_pair

CLASSIFIERS = ("network", "neighbours")
LEAST = 20  # of each set: 20 held out, where 15 hits have a p-value of 0.02
_HIDDEN, _STEPS, _LR = 20, 300, 1e-2
_ROWS = 256  # whose distances are looked at together


@dataclass(frozen=True)
class TwoSampleTest:
    """What ``two_sample_test`` found.

    accuracy        share of held-out samples put in the right set: 1/2 for equal distributions, 1 for disjoint ones
    p_value         bound on the chance of as many hits if both sets followed one distribution (tail of Binomial(m, 1/2))
    held_out        how many samples were judged, half of them of each set
    train_accuracy  the same on the samples that it was trained on; says nothing about the question (NaN for neighbours)
    """

    accuracy: float
    p_value: float
    held_out: int
    train_accuracy: float

    def __str__(self) -> str:
        return f"{100 * self.accuracy:.1f} % of {self.held_out} held-out samples told apart, p = {self.p_value:.2g}"


def two_sample_test(a: Tensor, b: Tensor, *, classifier: str = "network", seed: int = 0) -> TwoSampleTest:
    """Test whether the features (or points) [N, D] and [M, D] follow one distribution.

    Equally many of both are taken, min(N, M); a random half of each trains, the other half is judged.  ``classifier`` is
    "network" (one hidden layer of 20 ReLU, 300 steps of Adam on standardised features) or "neighbours" (majority of the
    floor(sqrt(n)) nearest and of all that are as near as the last of them), the two of Lopez-Paz & Oquab (2017).  Tied votes and
    logits of 0 count as "first set".

    Raises ValueError for fewer than 20 samples of a set, and for what ``frechet_distance`` refuses.  The samples must be
    independent: copies of one image in both halves break the test.
    """
    check.one_of("classifier", classifier, CLASSIFIERS)
    a, b = feature_pair(a, b)
    seed = check.seed(seed)
    n = min(len(a), len(b))
    if n < LEAST:
        raise ValueError(
            f"the two-sample test needs at least {LEAST} samples of each set, not {n}: half are held out to be judged, "
            "and on fewer than 20 judgements even a good classifier can hardly be told from a coin"
        )
    source = torch.Generator().manual_seed(seed)
    a, b = (x[torch.randperm(len(x), generator=source)[:n].to(x.device)] for x in (a, b))
    half = n // 2
    train, test = torch.cat([a[:half], b[:half]]), torch.cat([a[half:], b[half:]])
    mean, spread = train.mean(0), train.std(0)
    train, test = ((x - mean) / spread.where(spread > 0, 1.0) for x in (train, test))
    labels = torch.cat([torch.zeros(half), torch.ones(half)]).to(a.device)
    truth = torch.cat([torch.zeros(n - half), torch.ones(n - half)]).to(a.device) > 0
    on_train = math.nan
    if classifier == "neighbours":
        votes = _votes(train, labels, test, math.isqrt(len(train)))
    else:
        network = _trained(train.float(), labels, seed)
        with torch.no_grad():
            votes = network(test.float()).squeeze(1)
            on_train = float(((network(train.float()).squeeze(1) > 0) == (labels > 0)).double().mean())
    hits = int(((votes > 0) == truth).sum())
    return TwoSampleTest(hits / len(truth), _binomial_tail(hits, len(truth)), len(truth), on_train)


def leave_one_out_accuracy(a: Tensor, b: Tensor) -> tuple[float, float]:
    """Share of ``a``, and of ``b``, whose nearest neighbour among all other samples is of their own set.

    Both about 1/2 for equal distributions (N = M), near 1 for distributions that are far apart, and near 0 where each sample of
    one set has a twin in the other: copying shows on the other side of one half.  Where several are nearest, the share of them
    that is of the own set counts.  Lopez-Paz & Oquab (2017), Xu et al. (2018).
    """
    a, b = feature_pair(a, b)
    both = torch.cat([a, b])
    of_a = torch.arange(len(both), device=a.device) < len(a)
    parts = []
    for places in torch.arange(len(both), device=a.device).split(_ROWS):
        near = _nearest(both[places], both, 2)  # the sample itself and the nearest other
        near[places - places[0], places] = False
        same = near & (of_a[places, None] == of_a)
        parts.append(same.sum(1).double() / near.sum(1))
    shares = torch.cat(parts)
    return float(shares[: len(a)].mean()), float(shares[len(a) :].mean())


def _nearest(rows: Tensor, others: Tensor, k: int) -> Tensor:
    """Which of ``others`` [m, D] are no farther from each of the rows [n, D] than its k-th nearest: bool [n, m]."""
    distances = Rounded(rows, others, others.mean(0))
    return distances.at_most(distances.kth(k)[:, None])


def _votes(train: Tensor, labels: Tensor, test: Tensor, k: int) -> Tensor:
    signs = 2 * labels.double() - 1
    return torch.cat([_nearest(rows, train, k).double() @ signs for rows in test.split(_ROWS)])


def _trained(x: Tensor, labels: Tensor, seed: int) -> nn.Module:
    with networks.seeded(seed):
        network = nn.Sequential(nn.Linear(x.shape[1], _HIDDEN), nn.ReLU(), nn.Linear(_HIDDEN, 1))
    network.to(x.device)
    source = torch.Generator().manual_seed(seed)

    def loss() -> Tensor:
        index = torch.randint(len(x), (min(256, len(x)),), generator=source).to(x.device)
        return F.binary_cross_entropy_with_logits(network(x[index]).squeeze(1), labels[index])

    networks.descend(network, loss, _STEPS, _LR, weight_decay=1e-4)
    return network


def _binomial_tail(hits: int, n: int) -> float:
    """P(Binomial(n, 1/2) >= hits)."""
    from scipy.stats import binom

    return float(binom.sf(hits - 1, n, 0.5))
