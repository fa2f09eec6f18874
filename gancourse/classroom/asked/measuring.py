"""Lecture 08: the Frechet distance of two Gaussians, and precision by balls."""

from __future__ import annotations

import torch
from torch import Tensor

from gancourse.classroom.lines import Line
from gancourse.classroom.right import symmetric_root, trace_of_root


def _gaussians(seed: int) -> tuple[Tensor, ...]:
    """Means [3] and covariances [3, 3] of two Gaussians."""
    draw = torch.Generator().manual_seed(seed)
    means = torch.randn(2, 3, generator=draw, dtype=torch.float64)
    factors = torch.randn(2, 3, 3, generator=draw, dtype=torch.float64)
    covariances = factors @ factors.mT / 3 + 0.1 * torch.eye(3, dtype=torch.float64)
    return means[0], covariances[0], means[1], covariances[1]


def _apart(m1: Tensor, m2: Tensor) -> Tensor:
    return (m1 - m2).square().sum()


def _frechet(m1: Tensor, s1: Tensor, m2: Tensor, s2: Tensor) -> Tensor:
    return _apart(m1, m2) + s1.trace() + s2.trace() - 2 * trace_of_root(s1, s2)


FRECHET = Line(
    _frechet,
    {
        "the means are missing": lambda m1, s1, m2, s2: s1.trace() + s2.trace() - 2 * trace_of_root(s1, s2),
        "only the means are compared": lambda m1, s1, m2, s2: _apart(m1, m2),
        "the distance of the means is not squared": lambda m1, s1, m2, s2: (
            _apart(m1, m2).sqrt() + s1.trace() + s2.trace() - 2 * trace_of_root(s1, s2)
        ),
        "the mean over the coordinates was taken: a squared length is the sum": lambda m1, s1, m2, s2: (
            _apart(m1, m2) / 3 + s1.trace() + s2.trace() - 2 * trace_of_root(s1, s2)
        ),
        "the root of all was taken: this number is d, and d squared is asked": lambda *g: _frechet(*g).sqrt(),
        "the 2 before the last trace is missing: of two equal Gaussians something would be left": lambda m1, s1, m2, s2: (
            _apart(m1, m2) + s1.trace() + s2.trace() - trace_of_root(s1, s2)
        ),
        "the last trace is added: what the best pairing saves is taken off": lambda m1, s1, m2, s2: (
            _apart(m1, m2) + s1.trace() + s2.trace() + 2 * trace_of_root(s1, s2)
        ),
        "the root is missing: this is the trace of the product itself": lambda m1, s1, m2, s2: (
            _apart(m1, m2) + s1.trace() + s2.trace() - 2 * (s1 @ s2).trace()
        ),
        "the root was taken of the trace: it is the trace of a root, the sum of the eigenvalues' roots": lambda m1, s1, m2, s2: (
            _apart(m1, m2) + s1.trace() + s2.trace() - 2 * (s1 @ s2).trace().sqrt()
        ),
        "the root was taken of each number on the diagonal: a matrix's root is another thing": lambda m1, s1, m2, s2: (
            _apart(m1, m2) + s1.trace() + s2.trace() - 2 * (s1 @ s2).diagonal().sqrt().sum()
        ),
        "the product of the two roots is not the root of the product: they agree for covariances that commute": (
            lambda m1, s1, m2, s2: (
                _apart(m1, m2) + s1.trace() + s2.trace() - 2 * (symmetric_root(s1) @ symmetric_root(s2)).trace()
            )
        ),
        "the covariances are multiplied number by number: the product is that of matrices": lambda m1, s1, m2, s2: (
            _apart(m1, m2) + s1.trace() + s2.trace() - 2 * torch.linalg.eigvals(s1 * s2).real.clamp(min=0).sqrt().sum()
        ),
        "variances alone are compared, as if the coordinates were independent": lambda m1, s1, m2, s2: (
            _apart(m1, m2) + (s1.diagonal().sqrt() - s2.diagonal().sqrt()).square().sum()
        ),
        "the covariances are compared number by number: their distance is that of two clouds, not of two tables": (
            lambda m1, s1, m2, s2: _apart(m1, m2) + (s1 - s2).square().sum()
        ),
    },
    _gaussians,
)


def _features(seed: int) -> tuple[Tensor, Tensor, int]:
    """Features of 14 real samples and of 11 fakes, and k."""
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(14, 2, generator=draw), 1.3 * torch.randn(11, 2, generator=draw) + 0.6, 2


def _inside(points: Tensor, centres: Tensor, nth: int) -> Tensor:
    """Which points [N] lie in which centre's ball [M], out to its nth nearest: the first is the centre itself."""
    return torch.cdist(points, centres) <= torch.cdist(centres, centres).kthvalue(nth, dim=1).values


PRECISION = Line(
    lambda real, fake, k: _inside(fake, real, k + 1).any(1).double().mean(),
    {
        "this is recall: for precision the balls lie round the real samples, and fakes are looked for": lambda r, f, k: (
            _inside(r, f, k + 1).any(1).double().mean()
        ),
        "every real sample is its own nearest neighbour, at distance 0: the k-th other one is the k + 1st": lambda r, f, k: (
            _inside(f, r, k).any(1).double().mean()
        ),
        "the balls are round the fakes, and hold real samples: it is the other way round": lambda r, f, k: (
            _inside(r, f, k + 1).any(0).double().mean()
        ),
        "this is coverage's question, whether a real ball holds a fake: the mean runs over the fakes": lambda r, f, k: (
            _inside(f, r, k + 1).any(0).double().mean()
        ),
        "a fake has to lie in all balls: one is enough": lambda r, f, k: _inside(f, r, k + 1).all(1).double().mean(),
        "the balls are counted, as density does: one is enough": lambda r, f, k: _inside(f, r, k + 1).double().sum(1).mean(),
        "it is the share of all pairs: a fake is in or out, however many balls hold it": lambda r, f, k: (
            _inside(f, r, k + 1).double().mean()
        ),
        "it is a number of fakes, not their share": lambda r, f, k: _inside(f, r, k + 1).any(1).double().sum(),
        "this is the share of fakes outside": lambda r, f, k: 1 - _inside(f, r, k + 1).any(1).double().mean(),
        "only the nearest real sample's ball is asked: a farther one may be wider": lambda r, f, k: (
            _inside(f, r, k + 1).gather(1, torch.cdist(f, r).argmin(1, keepdim=True)).double().mean()
        ),
        "the radius was taken among the fakes: a real sample's ball reaches to real neighbours": lambda r, f, k: (
            (torch.cdist(f, r) <= torch.cdist(r, f).kthvalue(k, dim=1).values).any(1).double().mean()
        ),
    },
    _features,
)
