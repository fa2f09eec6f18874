"""SPADE's generator and multi-scale discriminator."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from gancourse.models.reference import keys
from gancourse.models.spade import MultiScaleDiscriminator, SPADEGenerator

_NAMES = {
    "weight_orig": "parametrizations.weight.original",
    "weight_u": "parametrizations.weight.0._u",
    "weight_v": "parametrizations.weight.0._v",
}  # their spectral normalisation is torch's older hook, ours torch's parametrization


def _rename(key: str) -> str:
    layer, _, name = key.rpartition(".")
    return f"{layer}.{_NAMES.get(name, name)}"


def load_reference(network: SPADEGenerator | MultiScaleDiscriminator, state: Mapping[str, Tensor]) -> nn.Module:
    """Take over a state dict of the authors' generator or multi-scale discriminator.  Raises ValueError if it does not fit."""
    return keys.load(network, state, _rename)
