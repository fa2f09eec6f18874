"""Layers with an equalised learning rate, and pixel normalisation: what ProGAN and both StyleGANs are built of.

A layer's weights are drawn from N(0, 1) and multiplied at run time by He's constant,

    y = c W x + b,     c = gain / sqrt(fan_in),

in place of drawing them from N(0, c^2).  At initialisation the two compute the same.  Adam, however, moves every weight by
about the learning rate per step, whatever its scale: relative to weights of size c that is lr / c, different in each layer;
relative to weights of size 1 it is lr everywhere.  ``equalised=False`` gives the usual layer for comparison.

Source: Karras et al. 2018 (ProGAN), section 4.1; the multiplier ``lr_mult`` is that of Karras et al. 2019 (StyleGAN), appendix C.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.base import check

BASE = 2**26  # of all channels of a side


class _Equalised(nn.Module):
    """Weights [n_out, fan_in...] and their run-time constant.  Draws from the global generator, as torch's layers do."""

    def __init__(
        self, shape: tuple[int, ...], bias: bool, gain: float, lr_mult: float, bias_init: float, equalised: bool, scale_bias: bool
    ) -> None:
        super().__init__()
        shape = check.fits("weights", *shape)
        constant = gain / math.sqrt(math.prod(shape[1:]))
        self.scale = constant * lr_mult if equalised else 1.0
        self.bias_scale = (lr_mult if equalised else 1.0) * (constant if scale_bias else 1.0)
        self.weight = nn.Parameter(torch.randn(shape) * (1 / lr_mult if equalised else constant))
        self.bias = nn.Parameter(torch.full((shape[0],), bias_init / self.bias_scale)) if bias else None

    def scaled_weight(self) -> Tensor:
        """c W: what the layer multiplies by."""
        return self.weight * self.scale if self.scale != 1.0 else self.weight

    def scaled_bias(self) -> Tensor | None:
        if self.bias is None or self.bias_scale == 1.0:
            return self.bias
        return self.bias * self.bias_scale

    def extra_repr(self) -> str:
        return f"{list(self.weight.shape)}, scale={self.scale:.4g}"


class EqualisedLinear(_Equalised):
    """y = c W x + b with W ~ N(0, 1) and c = gain / sqrt(n_in): [N, n_in] -> [N, n_out].

    ``lr_mult`` m stores W / m and b / m, and multiplies by m at run time, so that the layer learns m times as fast.
    ``scale_bias`` multiplies the bias by c too, as one published implementation does.
    """

    def __init__(
        self,
        n_in: int,
        n_out: int,
        *,
        bias: bool = True,
        gain: float = 1.0,
        lr_mult: float = 1.0,
        bias_init: float = 0.0,
        equalised: bool = True,
        scale_bias: bool = False,
    ) -> None:
        super().__init__((n_out, n_in), bias, gain, lr_mult, bias_init, equalised, scale_bias)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.scaled_weight(), self.scaled_bias())


class EqualisedConv2d(_Equalised):
    """A convolution with weights c W, W ~ N(0, 1), c = gain / sqrt(n_in k^2): [N, n_in, H, W] -> [N, n_out, H, W]."""

    def __init__(
        self,
        n_in: int,
        n_out: int,
        kernel: int = 3,
        *,
        bias: bool = True,
        gain: float = 1.0,
        equalised: bool = True,
        scale_bias: bool = False,
    ) -> None:
        super().__init__((n_out, n_in, kernel, kernel), bias, gain, 1.0, 0.0, equalised, scale_bias)
        self.padding = kernel // 2

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.scaled_weight(), self.scaled_bias(), padding=self.padding)


def base_and_most(base: int, largest: int, divisor: int) -> list[int]:
    """``channel_base`` and ``channel_max`` as ints, if the base leaves a channel to the map that has a ``divisor``-th of it."""
    base = check.whole("channel_base", base, 1, BASE)
    if base < divisor:
        raise ValueError(f"channel_base must be {divisor} or more, or the largest map has no channel, not {base}")
    return [base, *check.counts(channel_max=largest)]


def pixel_norm(x: Tensor, eps: float = 1e-8) -> Tensor:
    """Divide by the root mean square over the channels, at every place by itself: [N, C, ...] -> the same.

        b = a / sqrt(mean_c a_c^2 + eps)

    Source: Karras et al. 2018 (ProGAN), section 4.2.
    """
    if x.dtype == torch.float16:  # where 1e-8 is 0 and the square of 300 infinite; bfloat16 has float32's range
        return pixel_norm(x.float(), eps).half()
    return x * (x.square().mean(1, keepdim=True) + eps).rsqrt()


class PixelNorm(nn.Module):
    """:func:`pixel_norm` as a layer."""

    def forward(self, x: Tensor) -> Tensor:
        return pixel_norm(x)
