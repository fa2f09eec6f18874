"""Lecture 13: the fade-in of a new block, and the batch's standard deviation."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse.classroom.lines import Line
from gancourse.classroom.right import deviation as _spread
from gancourse.classroom.right import doubled as _up
from gancourse.classroom.right import faded, mean_deviation


def _paths(seed: int) -> tuple[Tensor, Tensor, float]:
    """The old path's pictures of half the side, the new path's, and alpha."""
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(2, 3, 4, 4, generator=draw), torch.randn(2, 3, 8, 8, generator=draw), (0.0, 0.3, 0.7, 1.0, 0.1)[seed % 5]


FADE = Line(
    faded,
    {
        "the weights are exchanged: at alpha = 0 the old path is to be all": lambda o, n, a: a * _up(o) + (1 - a) * n,
        "the old path stays whole: as the new one comes, it has to go": lambda o, n, a: _up(o) + a * n,
        "the new path is there at once: it needs alpha": lambda o, n, a: (1 - a) * _up(o) + n,
        "alpha is left out: this is the mean of both paths, from the first step on": lambda o, n, a: (_up(o) + n) / 2,
        "both paths are added whole": lambda o, n, a: _up(o) + n,
        "the new path alone: the block enters with a jump": lambda o, n, a: n,
        "the old path alone: the block never enters": lambda o, n, a: _up(o),
        "the old picture is enlarged smoothly: up repeats each pixel 2 x 2 times": lambda o, n, a: (
            (1 - a) * F.interpolate(o, scale_factor=2, mode="bilinear") + a * n
        ),
        "the new picture is made smaller: the blend has the new side": lambda o, n, a: (1 - a) * o + a * F.avg_pool2d(n, 2),
    },
    _paths,
)


def _group(seed: int) -> tuple[Tensor]:
    """A group of 4 samples, 3 features at 2 x 2 places; in one trial of two they are all the same."""
    x = (1 + torch.arange(3.0))[:, None, None] * torch.randn(4, 3, 2, 2, generator=torch.Generator().manual_seed(seed))
    return (x if seed % 2 else x[:1].repeat(4, 1, 1, 1),)


SPREAD = Line(
    mean_deviation,
    {
        "the 1e-8 under the root is missing: where all samples are alike, the root has no finite slope": lambda x: (
            x.var(0, unbiased=False).sqrt().mean()
        ),
        "the mean is taken before the root: a standard deviation for each feature and place first, then their mean": lambda x: (
            _spread(x.var(0, unbiased=False).mean())
        ),
        "the root is missing: this is the mean variance": lambda x: (x.var(0, unbiased=False) + 1e-8).mean(),
        "the variance is divided by the group's size less one: here it is the plain mean of squares": lambda x: _spread(
            x.var(0)
        ).mean(),
        "it runs over the features: over the samples is asked, axis 0": lambda x: _spread(x.var(1, unbiased=False)).mean(),
        "it runs over the places: a picture with contrast is no batch with variety": lambda x: _spread(
            x.var((2, 3), unbiased=False)
        ).mean(),
        "all numbers are thrown together: features that differ from each other are no variety": lambda x: _spread(
            x.var(unbiased=False)
        ),
        "no mean is taken: the map holds one number": lambda x: _spread(x.var(0, unbiased=False)),
    },
    _group,
)
