"""How weights begin."""

from __future__ import annotations

import math

import torch
from torch import nn


@torch.no_grad()
def init_he(module: nn.Module, generator: torch.Generator | None = None) -> nn.Module:
    """Initialise convolutions and linear layers in place: weights ~ N(0, 2 / fan_in), biases 0.

    Source: He et al. 2015.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.Conv3d | nn.Linear):
            layer.weight.normal_(0.0, math.sqrt(2 / layer.weight[0].numel()), generator=generator)
            if layer.bias is not None:
                layer.bias.zero_()
    return module
