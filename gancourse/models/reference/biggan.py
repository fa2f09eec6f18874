"""BigGAN's and BigGAN-deep's networks in their authors' PyTorch code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.base import check
from gancourse.models.biggan import WIDTHS
from gancourse.models.reference import keys

_NAMES = {"conv_sc": "shortcut", "bn1": "norm1", "bn2": "norm2", "bn3": "norm3", "bn4": "norm4"}
_STATISTICS = {"stored_mean": "running_mean", "stored_var": "running_var"}


def reference_keys(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A state dict of the authors' PyTorch code under our key names, for BigGAN and BigGAN-deep, generator or discriminator.

    That code keeps the left singular vector u alone and takes half a step of power iteration from it whenever it computes, also
    in evaluation; v, and the u of that step, are computed here.
    """
    state = {key.removeprefix("module."): value for key, value in state.items()}
    generator, tables = "output_layer.2.weight" in state, "shared.weight" not in state
    outer = {"shared": "shared.table", "embed": "head.embedding.table", "input_conv": "first", "output_layer.2": "last"}
    outer |= {"linear": "first"} if generator else {"linear": "head.linear"}
    renamed: dict[str, Tensor] = {}
    for key, value in state.items():
        stem, _, name = key.rpartition(".")
        if name in ("u0", "sv0"):
            continue
        if stem == "output_layer.0":
            ours, name = "norm", {"gain": "weight", **_STATISTICS}.get(name, name)
        elif stem.startswith("blocks."):
            parts = [_NAMES.get(part, part) for part in stem.split(".")]
            ours = ".".join(["stages", *parts[1:]])
            if parts[-1].startswith("norm") and name in _STATISTICS:
                ours, name = f"{ours}.norm", _STATISTICS[name]
            elif parts[-1] in ("gain", "bias") and tables:
                ours += ".table"
        else:
            ours = outer.get(stem, stem)
        if name == "running_mean":
            renamed[f"{ours}.num_batches_tracked"] = torch.tensor(0)
        if name == "weight" and f"{stem}.u0" in state:
            matrix = value.flatten(1)
            v = F.normalize(matrix.T @ state[f"{stem}.u0"][0], dim=0, eps=1e-12)
            parametrization = f"{ours}.parametrizations.weight"
            renamed[f"{parametrization}.original"] = value
            renamed[f"{parametrization}.0.u"] = F.normalize(matrix @ v, dim=0, eps=1e-12)
            renamed[f"{parametrization}.0.v"] = v
        else:
            renamed[f"{ours}.{name}"] = value
    return renamed


def load_reference(module: nn.Module, state: Mapping[str, Tensor]) -> nn.Module:
    """Load a state dict saved by the authors' PyTorch code; ValueError if it does not fit.  See :func:`reference_keys`."""
    return keys.load(module, reference_keys(state))


def configuration(state: Mapping[str, Tensor]) -> dict[str, Any]:
    """The arguments of BigGAN's (not deep) ``Generator`` for a state dict that the authors' PyTorch code saved of it.

    >>> state = torch.load("G_ema.pth", weights_only=True)                   # tensors, no code
    >>> generator = load_reference(Generator(**configuration(state)), state)
    """
    state = {key.removeprefix("module."): value for key, value in state.items()}
    if "output_layer.2.weight" not in state or "blocks.0.0.conv4.weight" in state:
        raise ValueError("this is no state dict of BigGAN's generator: it has no output_layer.2.weight, or it is BigGAN-deep's")
    blocks = len({key.split(".")[1] for key in state if key.startswith("blocks.")})
    size = 4 * 2**blocks
    check.offered_size(size, WIDTHS, "BigGAN's generator")
    shared = state.get("shared.weight")
    tables = state["blocks.0.0.bn1.gain.weight"].shape[0 if shared is None else 1]  # classes, or the length of the condition
    piece = state["linear.weight"].shape[1]
    hierarchical = shared is not None and tables > shared.shape[1]
    return {
        "size": size,
        "latent_dim": piece * (blocks + 1) if hierarchical else piece,
        "width": state["output_layer.2.weight"].shape[1] // WIDTHS[size][-1],
        "channels": state["output_layer.2.weight"].shape[0],
        "classes": tables if shared is None else shared.shape[0],
        "shared_dim": None if shared is None else shared.shape[1],
        "hierarchical": hierarchical,
        "attention": tuple(8 * 2**i for i in range(blocks) if f"blocks.{i}.1.gamma" in state),
        "init": "normal",
    }
