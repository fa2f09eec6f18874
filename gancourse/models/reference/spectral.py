"""Networks whose layers torch itself has normalised."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from gancourse.models.reference import keys


def reference_keys(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A state dict of torch's own spectral normalisation under our key names.

    Known are the names of torch's older hook, ``weight_orig``, ``weight_u`` and ``weight_v``, and those of its parametrization,
    ``original``, ``0._u`` and ``0._v``; other keys pass as they are.
    """
    endings = {
        "weight_orig": "parametrizations.weight.original",
        "weight_u": "parametrizations.weight.0.u",
        "weight_v": "parametrizations.weight.0.v",
        "parametrizations.weight.0._u": "parametrizations.weight.0.u",
        "parametrizations.weight.0._v": "parametrizations.weight.0.v",
    }

    def renamed(key: str) -> str:
        for old, new in endings.items():
            if key == old or key.endswith(f".{old}"):
                return key.removesuffix(old) + new
        return key

    return {renamed(key): value for key, value in state.items()}


def load_reference(module: nn.Module, state: Mapping[str, Tensor]) -> nn.Module:
    """Fill a network with a state dict that names its normalised weights as torch does; ValueError if it does not fit."""
    return keys.load(module, reference_keys(state))
