"""Layers that several families share."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from gancourse.base import check


class MinibatchStdDev(nn.Module):
    """Append one feature map that holds the spread of the batch, so that the discriminator sees sameness.

    The batch is split into groups of ``group_size`` samples.  Within a group the standard deviation of every feature at
    every place is averaged to one number, written into a constant map: [N, C, H, W] -> [N, C + 1, H, W].  Sample i belongs
    to group i mod (N / group_size).  When the batch does not divide, the group is the largest divisor below.

    Implementations differ: ``consecutive`` groups hold neighbours, i and i + 1; ``unbiased`` divides the variance by the
    group's size less one.

    Source: Karras et al. 2018 (ProGAN), section 3.
    """

    def __init__(self, group_size: int = 8, *, consecutive: bool = False, unbiased: bool = False) -> None:
        super().__init__()
        self.group_size = int(check.positive("group_size", group_size))
        self.consecutive, self.unbiased = consecutive, unbiased

    def forward(self, x: Tensor) -> Tensor:
        n, _, height, width = x.shape
        size = next(g for g in range(min(self.group_size, n), 0, -1) if n % g == 0)
        if self.consecutive:
            groups = x.float().reshape(n // size, size, *x.shape[1:]).transpose(0, 1)
        else:
            groups = x.float().reshape(size, n // size, *x.shape[1:])  # [G, N/G, C, H, W]
        # written out, since Tensor.var over the first axis is several times slower on a processor
        divisor = size - 1 if self.unbiased and size > 1 else size
        variance = (groups - groups.mean(0)).square().sum(0) / divisor  # [N/G, C, H, W]
        spread = (variance + 1e-8).sqrt().mean((1, 2, 3))  # [N/G]; the 1e-8 keeps the root's gradient finite
        spread = spread.repeat_interleave(size) if self.consecutive else spread.repeat(size)
        spread = spread.to(x.dtype).reshape(n, 1, 1, 1)
        return torch.cat([x, spread.expand(n, 1, height, width)], 1)


def class_vectors(labels: Tensor, classes: int) -> Tensor:
    """Labels as float vectors [N, classes]: numbers [N] become one-hot rows, vectors pass through."""
    if labels.ndim == 1 and not labels.is_floating_point():
        if len(labels) and not 0 <= int(labels.min()) <= int(labels.max()) < classes:
            raise ValueError(f"labels must lie in 0..{classes - 1}, not {int(labels.min())}..{int(labels.max())}")
        return nn.functional.one_hot(labels.long(), classes).float()
    if labels.ndim != 2 or labels.shape[1] != classes:
        raise ValueError(f"labels must be class numbers [N] or vectors [N, {classes}], not {labels.dtype} {list(labels.shape)}")
    return labels.float()


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
