"""The residual networks of the mimicry library: SNGAN, WGAN-GP and cGAN-PD."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor, nn

from gancourse.models.reference import keys, spectral

_NAMES = {"c1": "conv1", "c2": "conv2", "c_sc": "shortcut", "b1": "norm1", "b2": "norm2"}


def reference_keys(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A state dict of the mimicry library's SNGAN, WGAN-GP or cGAN-PD networks under our key names.

    Its conditional normalisations keep gain and bias side by side in one table, ours two, and the gain less 1.
    """
    state = {key.removeprefix("module."): value for key, value in state.items()}
    generator = "l1.weight" in state
    last = max((int(n) for key in state for n in re.findall(r"^(?:block|b|c|l)(\d+)\.", key)), default=0)
    renamed: dict[str, Tensor] = {}
    for key, value in spectral.reference_keys(state).items():
        part, _, rest = key.partition(".")
        if part.startswith("block"):
            layer, _, rest = rest.partition(".")
            number = int(part.removeprefix("block")) - (2 if generator else 1)
            key = f"blocks.{number}.{_NAMES.get(layer, layer)}.{rest}"
        elif generator:
            key = {"l1": "first", f"b{last}": "norm", f"c{last}": "last"}.get(part, part) + "." + rest
        elif part == "l_y":
            key = f"head.embedding.table.{rest}"
        elif part == f"l{last}":
            key = f"head.linear.{rest}" if any(name.startswith("l_y.") for name in state) else f"head.{rest}"
        if key.endswith(".embed.weight"):
            gain, bias = value.chunk(2, dim=1)
            stem = key.removesuffix("embed.weight")
            renamed |= {f"{stem}gain.table.weight": gain - 1, f"{stem}bias.table.weight": bias}
        else:
            renamed[key.replace(".bn.", ".norm.")] = value
    return renamed


def load_reference(module: nn.Module, state: Mapping[str, Tensor]) -> nn.Module:
    """Load a state dict of the mimicry library's residual networks; ValueError if it does not fit.

    Its discriminators are built here with ``shortcut_sees_relu=True``.
    """
    return keys.load(module, reference_keys(state))
