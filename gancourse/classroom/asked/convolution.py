"""Lecture 04: lines on convolutions and DCGAN."""

from __future__ import annotations

import torch
from torch import Tensor

from gancourse.classroom.lines import Line
from gancourse.theory.convolution import transposed_size


def _layer(seed: int) -> tuple[int, int, int, int]:
    """A side, a kernel, a stride, a padding."""
    return ((4, 5, 2, 2), (7, 4, 2, 1), (1, 4, 1, 0), (6, 3, 3, 1), (9, 6, 2, 2))[seed % 5]


TRANSPOSED_SIZE = Line(
    transposed_size,
    {
        "this is the strided layer, which makes pictures smaller": lambda n, k, s, p: (n + 2 * p - k) // s + 1,
        "the last of n windows begins at s (n - 1), and not at s n": lambda n, k, s, p: n * s + k - 2 * p,
        "padding is cut off here: it makes the large layer smaller": lambda n, k, s, p: (n - 1) * s + k + 2 * p,
        "padding is cut off on both sides": lambda n, k, s, p: (n - 1) * s + k - p,
        "padding is forgotten": lambda n, k, s, p: (n - 1) * s + k,
        "the last window is K long, and not one place": lambda n, k, s, p: (n - 1) * s + 1 - 2 * p,
        "the stride is forgotten: windows begin s apart": lambda n, k, s, p: n - 1 + k - 2 * p,
        "this is right where K = s + 2p: then the layer multiplies by s": lambda n, k, s, p: n * s,
    },
    _layer,
)


def _maps(seed: int) -> tuple[Tensor, float]:
    """Maps [6, 4, 3, 3] whose channels and pictures differ in mean and spread, and an eps that can be seen."""
    draw = torch.Generator().manual_seed(seed)
    x, spread, mean = (torch.randn(shape, generator=draw) for shape in ((6, 4, 3, 3), (6, 4, 1, 1), (6, 4, 1, 1)))
    return x * spread.exp() + mean, 0.3


def _normalised(x: Tensor, eps: float, axes: tuple[int, ...]) -> Tensor:
    return (x - x.mean(axes, keepdim=True)) / (x.var(axes, correction=0, keepdim=True) + eps).sqrt()


PLACES = (0, 2, 3)
BATCH_NORM = Line(
    lambda x, eps: _normalised(x, eps, PLACES),
    {
        "each picture is normalised by itself, as instance normalisation does: nothing of the batch is in it": lambda x, eps: (
            _normalised(x, eps, (2, 3))
        ),
        "the mean is over the batch alone, one for each place: a convolution's channel has the same weights at all places": (
            lambda x, eps: _normalised(x, eps, (0,))
        ),
        "channels are averaged together: that is layer normalisation": lambda x, eps: _normalised(x, eps, (1, 2, 3)),
        "there is one mean for everything: each channel needs its own": lambda x, eps: _normalised(x, eps, (0, 1, 2, 3)),
        "eps is added to the standard deviation, and belongs to the variance, under the root": lambda x, eps: (
            (x - x.mean(PLACES, keepdim=True)) / (x.std(PLACES, correction=0, keepdim=True) + eps)
        ),
        "the root is missing: it is divided by the variance": lambda x, eps: (
            (x - x.mean(PLACES, keepdim=True)) / (x.var(PLACES, correction=0, keepdim=True) + eps)
        ),
        "the mean is not subtracted": lambda x, eps: x / (x.var(PLACES, correction=0, keepdim=True) + eps).sqrt(),
        "eps is missing: a channel that is constant would be divided by 0": lambda x, eps: _normalised(x, 0.0, PLACES),
        "the variance is divided by n - 1, torch's default; batch normalisation divides by n: correction=0": lambda x, eps: (
            (x - x.mean(PLACES, keepdim=True)) / (x.var(PLACES, keepdim=True) + eps).sqrt()
        ),
    },
    _maps,
)
