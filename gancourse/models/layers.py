"""Layers that several families share."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from gancourse import _check


class MinibatchStdDev(nn.Module):
    """Append one feature map that holds the spread of the batch, so that the discriminator sees sameness.

    The batch is split into groups of ``group_size`` samples.  Within a group the standard deviation of every feature at
    every place is averaged to one number, written into a constant map: [N, C, H, W] -> [N, C + 1, H, W].  Sample i belongs
    to group i mod (N / group_size).  When the batch does not divide, the group is the largest divisor below.

    Source: Karras et al. 2018 (ProGAN), section 3.
    """

    def __init__(self, group_size: int = 8) -> None:
        super().__init__()
        self.group_size = int(_check.positive("group_size", group_size))

    def forward(self, x: Tensor) -> Tensor:
        n, _, height, width = x.shape
        size = next(g for g in range(min(self.group_size, n), 0, -1) if n % g == 0)
        groups = x.float().reshape(size, n // size, *x.shape[1:])  # [G, N/G, C, H, W]
        variance = groups.var(0, unbiased=False)  # [N/G, C, H, W]
        spread = (variance + 1e-8).sqrt().mean((1, 2, 3))  # [N/G]; the 1e-8 keeps the root's gradient finite
        spread = spread.repeat(size).to(x.dtype).reshape(n, 1, 1, 1)
        return torch.cat([x, spread.expand(n, 1, height, width)], 1)


@torch.no_grad()
def init_he(module: nn.Module, generator: torch.Generator | None = None) -> nn.Module:
    """Initialise convolutions and linear layers in place: weights ~ N(0, 2 / fan_in), biases 0.

    Source: He et al. 2015.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            layer.weight.normal_(0.0, math.sqrt(2 / layer.weight[0].numel()), generator=generator)
            if layer.bias is not None:
                layer.bias.zero_()
    return module
