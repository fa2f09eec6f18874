"""Lecture 06: modes served, and packs."""

from __future__ import annotations

import torch
from torch import Tensor

from gancourse.classroom.lines import Line


def _histogram(seed: int) -> tuple[Tensor, int]:
    """Samples near each of 8 modes, and how many samples there are in all: some are near none."""
    draw = torch.Generator().manual_seed(seed)
    near = torch.cat([torch.tensor([0, 3, 12, 30]), torch.randint(15, 200, (4,), generator=draw)])
    return near[torch.randperm(8, generator=draw)], int(near.sum()) + 400


SERVED = Line(
    lambda h, n: (h >= n / (2 * len(h))).sum(),
    {
        "one sample is enough for it: that is the count which noise passes": lambda h, n: (h > 0).sum(),
        "the due is taken of the good samples alone, so that a hundred good ones among a million serve all modes": lambda h, n: (
            h >= h.sum() / (2 * len(h))
        ).sum(),
        "it asks for the whole due, n / K, which half of the modes of perfect samples miss by chance": lambda h, n: (
            h >= n / len(h)
        ).sum(),
        "it asks for half of all samples: the due of one mode is n / K": lambda h, n: (h >= n / 2).sum(),
        "it is a share of the modes: count them": lambda h, n: (h >= n / (2 * len(h))).float().mean(),
        "it counts the modes that are not served": lambda h, n: (h < n / (2 * len(h))).sum(),
        "it adds up the samples of the served modes: count the modes": lambda h, n: h[h >= n / (2 * len(h))].sum(),
    },
    _histogram,
)


def _plane(seed: int) -> tuple[Tensor, int]:
    """Twelve points of the plane, and m."""
    return torch.randn(12, 2, generator=torch.Generator().manual_seed(seed)), 3


PACKS = Line(
    lambda x, m: x.reshape(len(x) // m, m * x.shape[1]),
    {
        "each pack holds one sample m times: that D sees sameness in every pack, the data's too": lambda x, m: x[::m].repeat(
            1, m
        ),
        "each pack is the mean of its samples: D must see them side by side": lambda x, m: x.reshape(-1, m, x.shape[1]).mean(1),
        "each pack is the sum of its samples: D must see them side by side": lambda x, m: x.reshape(-1, m, x.shape[1]).sum(1),
        "the samples of a pack still lie along an axis of their own: D takes one row a pack": lambda x, m: x.reshape(
            -1, m, x.shape[1]
        ),
        "there are m packs here: each pack holds m samples, so there are N / m": lambda x, m: x.reshape(m, -1),
        "the numbers were shuffled into one another: a pack is whole samples, one after the other": lambda x, m: x.T.reshape(
            len(x) // m, -1
        ),
        "samples were dropped: every one belongs to a pack": lambda x, m: x.reshape(len(x) // m, -1)[:, : x.shape[1]],
    },
    _plane,
)
