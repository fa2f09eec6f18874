"""The generator of pix2pix."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from gancourse.models.reference import keys
from gancourse.models.unet import UNet


def reference_names(unet: UNet) -> dict[str, str]:
    """Our key -> the key in the authors' code, where every level is nested inside the one before.

    Inside a level: outermost 0 down, 1 the next level, 3 up; inner 1 down, 2 norm, 3 the next level, 5 up, 6 norm; innermost
    1 down, 3 up, 4 norm.
    """
    depth = len(unet.down)
    at = ["model.model", "model.model.1.model"]
    for _ in range(depth - 2):
        at.append(f"{at[-1]}.3.model")
    parts = {"down.0.conv": f"{at[0]}.0", "last": f"{at[0]}.3", "up.0.conv": f"{at[-1]}.3", "up.0.norm": f"{at[-1]}.4"}
    for level in range(1, depth):
        parts |= {f"down.{level}.conv": f"{at[level]}.1", f"down.{level}.norm": f"{at[level]}.2"}
    for i in range(1, depth - 1):
        parts |= {f"up.{i}.conv": f"{at[depth - 1 - i]}.5", f"up.{i}.norm": f"{at[depth - 1 - i]}.6"}
    split = (key.rsplit(".", 1) for key in unet.state_dict())
    return {f"{layer}.{tensor}": f"{parts[layer]}.{tensor}" for layer, tensor in split}


def load_reference(unet: UNet, state: Mapping[str, Tensor]) -> UNet:
    """Take over a state dict of the authors' ``unet_128`` or ``unet_256``.  Raises ValueError if it does not fit."""
    keys.load(unet, state, keys.renaming(reference_names(unet)))
    return unet
