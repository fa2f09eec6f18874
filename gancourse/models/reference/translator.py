"""The generators of CycleGAN."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from gancourse.models.reference import keys
from gancourse.models.translator import ResNetTranslator


def load_reference(network: ResNetTranslator, state: Mapping[str, Tensor]) -> nn.Module:
    """Take over a state dict of the authors' ``resnet_6blocks`` or ``resnet_9blocks``.  Raises ValueError if it does not fit."""
    return keys.load(network, state)
