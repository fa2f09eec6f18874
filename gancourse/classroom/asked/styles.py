"""Lecture 14: weights that a style changes and demodulation sets right, and styles pulled to their mean."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from gancourse.classroom.lines import Line
from gancourse.classroom.right import pulled


def _styled(seed: int) -> tuple[Tensor, Tensor]:
    """A kernel [3, 3, 2, 2] of as many outputs as inputs, and one sample's styles of the inputs [3]."""
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(3, 3, 2, 2, generator=draw) + 0.3, 1 + torch.randn(3, generator=draw)


def _modulated(weight: Tensor, style: Tensor) -> Tensor:
    return style[:, None, None] * weight  # [O, I, k, k]


def _unit(weight: Tensor, axes: tuple[int, ...] = (1, 2, 3)) -> Tensor:
    return weight / (weight.square().sum(axes, keepdim=True) + 1e-8).sqrt()


def _after(change: Callable[[Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    """A right modulation, and ``change`` in the place of the demodulation."""
    return lambda weight, style: change(_modulated(weight, style))


DEMODULATED = Line(
    lambda weight, style: _unit(_modulated(weight, style)),
    {
        "the style scales the outputs: there demodulation takes its size out again": lambda w, s: _unit(
            s[:, None, None, None] * w
        ),
        "the weights are not demodulated: the next layer would hear this style as loudness": _after(lambda w: w),
        "the style is missing: these are demodulated weights, the same for all samples": lambda w, s: _unit(w),
        "it was demodulated first: then the style changes the size again": lambda w, s: _modulated(_unit(w), s),
        "the sum runs over the outputs, too: each output has a size of its own": _after(lambda w: _unit(w, (0, 1, 2, 3))),
        "the sum runs over outputs and places: each input is set to one size, and that undoes the style": _after(
            lambda w: _unit(w, (0, 2, 3))
        ),
        "the sum runs over the inputs alone: the places of the kernel belong to it": _after(lambda w: _unit(w, (1,))),
        "the sum runs over the places alone: the inputs belong to it": _after(lambda w: _unit(w, (2, 3))),
        "it is divided by the variance: by its root the variance of an output becomes 1": _after(
            lambda w: w / (w.square().sum((1, 2, 3), keepdim=True) + 1e-8)
        ),
        "the mean of the squares stands where their sum belongs: an output is a sum over inputs and places": _after(
            lambda w: w / (w.square().mean((1, 2, 3), keepdim=True) + 1e-8).sqrt()
        ),
        "the weights' own standard deviation was taken, with their mean removed: the inputs have mean 0, not the weights": _after(
            lambda w: w / w.std((1, 2, 3), keepdim=True, correction=0)
        ),
        "the magnitudes are summed: variances add up, and they are squares": _after(
            lambda w: w / w.abs().sum((1, 2, 3), keepdim=True)
        ),
    },
    _styled,
)


def _drawn(seed: int) -> tuple[Tensor, Tensor, float]:
    """Styles of a batch [4, 5], the mean style [5], and psi."""
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(4, 5, generator=draw) + 1, 1 + 0.5 * torch.randn(5, generator=draw), (0.7, 0.3, -0.5, 1.2, 0.0)[seed % 5]


TRUNCATED = Line(
    pulled,
    {
        "psi weighs the mean and not the style: at psi = 1 nothing is to change": lambda w, m, psi: w + psi * (m - w),
        "the style is pulled to 0: the mean of w is not 0, that of z is": lambda w, m, psi: psi * w,
        "the mean is not added again": lambda w, m, psi: psi * (w - m),
        "the style is pushed away from the mean": lambda w, m, psi: w + psi * (w - m),
        "the mean is added to a style that still has it": lambda w, m, psi: m + psi * w,
        "it is pulled to the mean of this batch: of two people that is between the two, of one it is the person": (
            lambda w, m, psi: w.mean(0) + psi * (w - w.mean(0))
        ),
        "everybody is the mean: the style has gone": lambda w, m, psi: m.expand_as(w),
        "the numbers of w are cut off: that is the truncation of z, lecture 15": lambda w, m, psi: w.clamp(-abs(psi), abs(psi)),
    },
    _drawn,
)
