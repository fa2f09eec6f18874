"""StyleGAN's generator, whose authors saved TensorFlow variables."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from gancourse.models.progan import side_widths
from gancourse.models.reference import keys
from gancourse.models.stylegan1 import Generator

_EPILOGUE = {"Noise/weight": "noise_strength", "bias": "bias", "StyleMod/weight": "affine.weight", "StyleMod/bias": "affine.bias"}
_FUSED = 128  # from this side on, the reference doubles inside a transposed convolution, which turns its weights round


def _rename(key: str, levels: int) -> str | None:
    """Our name for a variable of the authors' TensorFlow implementation; None for its bookkeeping."""
    key = re.sub(r"^(G_synthesis|G_mapping)/", "", key)
    if key == "lod":
        return None
    if key == "dlatent_avg":
        return "mapping.average"
    if m := re.fullmatch(r"Dense(\d+)/(weight|bias)", key):
        return f"mapping.layers.{m[1]}.{m[2]}"
    if m := re.fullmatch(r"ToRGB_lod(\d+)/(weight|bias)", key):  # counted from the largest
        return f"synthesis.to_rgb.{levels - int(m[1])}.{m[2]}"
    if m := re.fullmatch(r"noise(\d+)", key):
        i = int(m[1])
        return f"synthesis.{'' if i < 2 else f'blocks.{i // 2 - 1}.'}epilogue{i % 2}.noise"
    if m := re.fullmatch(r"(\d+)x\d+/(Const|Conv|Conv0_up|Conv1)/(.+)", key):
        side, layer, name = int(m[1]), m[2], m[3]
        block = "synthesis." if side == 4 else f"synthesis.blocks.{side.bit_length() - 4}."
        second = layer in ("Conv", "Conv1")
        if name == "const":
            return "synthesis.const"
        if name == "weight":
            return f"{block}conv{'' if side == 4 else int(second)}.weight"
        return f"{block}epilogue{int(second)}.{_EPILOGUE.get(name, name)}"
    return key


def _value(key: str, value: Tensor) -> Tensor:
    """A variable in our layout: TensorFlow keeps [k, k, in, out] and [in, out]."""
    if key.endswith("weight") and value.ndim == 4:
        value = value.permute(3, 2, 0, 1)
        side = re.search(r"(\d+)x\d+/Conv0_up/", key)
        return value.flip(2, 3) if side and int(side[1]) >= _FUSED else value
    if key.endswith("weight") and value.ndim == 2:
        return value.T
    if re.search(r"Dense\d+/bias$", key):
        return value / math.sqrt(2)  # there the activation's gain is in the weights, here it multiplies the bias too
    return value


def load_reference(module: Generator, state: Mapping[str, Tensor]) -> nn.Module:
    """Fill a generator with the variables of the authors' TensorFlow implementation, as tensors by name.

    In that project's environment, save ``{name: torch.tensor(value) for name, value in tflib.run(variables).items()}`` with
    ``variables`` the ``vars`` of the generator and of its two components in one dictionary.
    """
    stage = {name: value for name, value in module.state_dict().items() if name.endswith(("_level", "_alpha"))}
    values = {key: _value(key, value) for key, value in state.items()}
    return keys.load(module, {**stage, **values}, lambda key: _rename(key, module.levels))


def configuration(state: Mapping[str, Tensor]) -> dict[str, Any]:
    """The arguments of :class:`Generator` for variables of the authors' implementation, read off their shapes."""
    state = {re.sub(r"^(G_synthesis|G_mapping)/", "", key): value for key, value in state.items()}
    if "4x4/Const/const" not in state:
        raise ValueError("these are no variables of StyleGAN's generator: there is no 4x4/Const/const")
    found = {int(m[1]): value.shape[3] for key, value in state.items() if (m := re.fullmatch(r"(\d+)x\d+/Conv1?/weight", key))}
    widths, size = [found[side] for side in sorted(found)], max(found)
    base, largest = widths[-1] * size // 2, max(widths)
    if side_widths(size, base, largest) != widths:
        raise ValueError(f"widths {widths} at 4, 8, 16, ... are not min(base / (side / 2), largest): this cannot be built")
    return {
        "size": size,
        "latent_dim": state["Dense0/weight"].shape[0],
        "w_dim": state["4x4/Const/StyleMod/weight"].shape[0],
        "channels": state["ToRGB_lod0/weight"].shape[3],
        "channel_base": base,
        "channel_max": largest,
        "mapping_layers": sum(bool(re.fullmatch(r"Dense\d+/weight", key)) for key in state),
    }
