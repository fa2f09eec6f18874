"""Doubling and halving the side of images with a low-pass filter, by itself and around a convolution.

The filter is the outer product of a few taps with itself, divided by its sum: (1, 3, 3, 1) gives a 4 x 4 filter over 64.
With zeros put between the pixels (upsampling by 2) only a quarter of the positions hold anything, so the filter is
multiplied by 4 there to keep brightness.  Outside the image everything is zero.

Convolutions here are the networks' kind, without flipping; taps are symmetric, so the filter knows no difference.

Source: Zhang 2019 (blur before subsampling); Karras et al. 2019, 2020 (StyleGAN, StyleGAN2).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse.base import check

BINOMIAL = (1, 3, 3, 1)  # StyleGAN2's and R3GAN's taps
Taps = Sequence[float]


def check_taps(taps: Taps) -> list[float]:
    """Return ``taps`` if they are a symmetric row of two or more numbers, positive in sum."""
    if not isinstance(taps, tuple | list) or len(taps) > 64:
        raise TypeError(f"taps must be a symmetric row of numbers such as (1, 3, 3, 1), not {taps!r}")
    line = [check.number("taps", tap) for tap in taps]
    if len(line) < 2 or line != line[::-1] or sum(line) <= 0:
        raise ValueError(
            f"taps must be a symmetric row of numbers (two or more, positive in sum) such as (1, 3, 3, 1), not {taps!r}"
        )
    return line


def filter2d(taps: Taps = BINOMIAL) -> Tensor:
    """The filter of some taps: [k, k], its sum 1."""
    line = torch.tensor(check_taps(taps), dtype=torch.float32)
    return torch.outer(line, line) / line.sum() ** 2


class _Filter(torch.autograd.Function):
    """Pad with zeros, filter each channel, keep every ``stride``-th place.

    This and :class:`_Spread` are each other's adjoint: the gradient of each is the other, to any order.  Left to themselves,
    second derivatives of grouped convolutions are computed group by group, with gradients for the fixed filter that nobody
    asks for: at 1024 px that is most of a step's time and memory.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, kernel: Tensor, pad: tuple[int, int], stride: int) -> Tensor:
        ctx.kernel, ctx.pad, ctx.stride, ctx.size = kernel, pad, stride, x.shape[2:]
        weight = kernel.to(x).expand(x.shape[1], 1, -1, -1)
        if pad[0] != pad[1]:
            x, pad = F.pad(x, (*pad, *pad)), (0, 0)
        with torch.autocast(x.device.type, enabled=False):
            return F.conv2d(x, weight, padding=pad[0], stride=stride, groups=x.shape[1])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        if ctx.stride == 1:  # a symmetric filter's adjoint is the filter itself, padded to give back the size
            rest = len(ctx.kernel) - 1
            return _Filter.apply(gradient, ctx.kernel, (rest - ctx.pad[0], rest - ctx.pad[1]), 1), None, None, None
        return _Spread.apply(gradient, ctx.kernel, ctx.pad, ctx.stride, ctx.size), None, None, None


class _Spread(torch.autograd.Function):
    """Every pixel becomes its share of the filter, ``stride`` places from the next; the padding is cut off, ``size`` remains."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, kernel: Tensor, pad: tuple[int, int], stride: int, size: tuple[int, int]) -> Tensor:
        ctx.kernel, ctx.pad, ctx.stride = kernel, pad, stride
        # a processor has no fast transposed convolution by groups in half precision: it is some forty times as slow as in float32
        values = x.float() if x.device.type == "cpu" and x.dtype != torch.float64 else x
        weight = kernel.to(values).expand(x.shape[1], 1, -1, -1)
        least = min(pad)
        rest = [n + sum(pad) - (m - 1) * stride - len(kernel) for n, m in zip(size, x.shape[2:], strict=True)]
        with torch.autocast(x.device.type, enabled=False):
            y = F.conv_transpose2d(values, weight, stride=stride, padding=least, output_padding=rest, groups=x.shape[1])
        y = y.to(x.dtype)
        before = pad[0] - least
        return y if y.shape[2:] == size else y[:, :, before : before + size[0], before : before + size[1]].contiguous()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None, None]:
        return _Filter.apply(gradient, ctx.kernel, ctx.pad, ctx.stride), None, None, None, None


def blur(x: Tensor, taps: Taps = BINOMIAL, pad: tuple[int, int] | None = None, gain: float = 1.0) -> Tensor:
    """Filter at stride 1, both axes padded with zeros (before, after): [N, C, H, W] -> [N, C, H + before + after - k + 1, ...].

    By default the side is kept (an even filter then moves the image by half a pixel).
    """
    k = len(taps)
    return _Filter.apply(x, gain * filter2d(taps), pad or (k // 2, (k - 1) // 2), 1)


def upsample(x: Tensor, taps: Taps = BINOMIAL) -> Tensor:
    """Double the side: zeros between the pixels, then the filter times 4: [N, C, H, W] -> [N, C, 2H, 2W].

    The zeros, padded by (2, 1) for four taps, are only thought of: a transposed convolution of stride 2 gives the same.
    With (1, 3, 3, 1) it is bilinear interpolation between pixel centres (1/4, 3/4), darkened at the border by the zeros.
    """
    k = len(taps)
    size = (2 * x.shape[2], 2 * x.shape[3])
    return _Spread.apply(x, 4 * filter2d(taps), ((k - 2) // 2, (k - 1) // 2), 2, size)


def downsample(x: Tensor, taps: Taps = BINOMIAL) -> Tensor:
    """Halve the side: the filter, padded by (1, 1) for four taps, at every second place: [N, C, 2H, 2W] -> [N, C, H, W]."""
    k = len(taps)
    return _Filter.apply(x, filter2d(taps), ((k - 1) // 2, (k - 2) // 2), 2)


def enlarged(x: Tensor) -> Tensor:
    """Double the side by bilinear interpolation, without a dark border: [N, C, H, W] -> [N, C, 2H, 2W]."""
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def conv_up(x: Tensor, weight: Tensor, taps: Taps = BINOMIAL) -> Tensor:
    """Double the side in a convolution with ``weight`` [O, I, k, k] (k = 1 or 3): [N, I, H, W] -> [N, O, 2H, 2W].

    For k = 3 a transposed convolution of stride 2, [2H + 1, 2W + 1], then the filter times 4; no convolution has to look at
    the zeros between the pixels.  For k = 1 the convolution goes first, where there are fewer pixels.
    """
    if weight.shape[-1] == 1:
        return upsample(F.conv2d(x, weight), taps)
    k = len(taps)
    x = F.conv_transpose2d(x, weight.transpose(0, 1), stride=2)  # [N, O, 2H + 1, 2W + 1]
    return blur(x, taps, ((k + 1) // 2 - 1, (k - 2) // 2), gain=4)


def conv_down(x: Tensor, weight: Tensor, taps: Taps = BINOMIAL) -> Tensor:
    """Halve the side in a convolution with ``weight`` [O, I, k, k] (k = 1 or 3): [N, I, 2H, 2W] -> [N, O, H, W].

    The filter goes first: for k = 3 at full side, padded by (2, 2), then the convolution at stride 2; for k = 1 both at stride 2.
    """
    if weight.shape[-1] == 1:
        return F.conv2d(downsample(x, taps), weight)
    k = len(taps)
    x = blur(x, taps, (1 + (k - 1) // 2, 1 + (k - 2) // 2))  # [N, I, 2H + 1, 2W + 1]
    return F.conv2d(x, weight, stride=2)
