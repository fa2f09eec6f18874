"""The discriminators of pix2pix and CycleGAN."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from gancourse.models.patchgan import PatchGAN, PixelDiscriminator
from gancourse.models.reference import keys


def load_reference(network: PatchGAN | PixelDiscriminator, state: Mapping[str, Tensor]) -> nn.Module:
    """Take over a state dict of the authors' ``basic``, ``n_layers`` or ``pixel`` discriminator.

    Raises ValueError if it does not fit.
    """
    return keys.load(network, state)
