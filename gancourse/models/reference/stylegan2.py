"""StyleGAN2's networks: the authors' PyTorch implementation, and rosinality's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from gancourse.models.reference import keys
from gancourse.models.stylegan2 import Discriminator, Generator, measure_average, width_at


def _common(key: str) -> str:
    key = re.sub(r"^mapping\.fc(\d+)\.", r"mapping.layers.\1.", key)
    return key.replace(".torgb.", ".to_rgb.").replace(".fromrgb.", ".from_rgb.").replace(".noise_const", ".noise")


def _official(key: str, size: int, generator: bool) -> str | None:
    """Our name for a key of the authors' PyTorch implementation, None for the filters."""
    if key.endswith("resample_filter"):
        return None
    key = _common(key)
    if key == "mapping.w_avg":
        return "mapping.average"
    if generator:
        return re.sub(r"^synthesis\.b(\d+)\.", lambda m: f"synthesis.blocks.{int(m[1]).bit_length() - 3}.", key)
    key = re.sub(r"^b4\.", "head.", key)
    return re.sub(r"^b(\d+)\.", lambda m: f"blocks.{size.bit_length() - int(m[1]).bit_length()}.", key)


_ROSINALITY_G = (
    (r"^style\.(\d+)\.", lambda m: f"mapping.layers.{int(m[1]) - 1}."),
    (r"^input\.input$", lambda m: "synthesis.blocks.0.const"),
    (r"^conv1\.", lambda m: "synthesis.blocks.0.conv1."),
    (r"^convs\.(\d+)\.", lambda m: f"synthesis.blocks.{int(m[1]) // 2 + 1}.conv{int(m[1]) % 2}."),
    (r"^to_rgb1\.", lambda m: "synthesis.blocks.0.to_rgb."),
    (r"^to_rgbs\.(\d+)\.", lambda m: f"synthesis.blocks.{int(m[1]) + 1}.to_rgb."),
    (r"^noises\.noise_0$", lambda m: "synthesis.blocks.0.conv1.noise"),
    (r"^noises\.noise_(\d+)$", lambda m: f"synthesis.blocks.{(int(m[1]) + 1) // 2}.conv{(int(m[1]) - 1) % 2}.noise"),
    (r"\.conv\.weight$", lambda m: ".weight"),
    (r"\.conv\.modulation\.", lambda m: ".affine."),
    (r"\.noise\.weight$", lambda m: ".noise_strength"),
    (r"\.activate\.bias$", lambda m: ".bias"),
    (r"^latent_avg$", lambda m: "mapping.average"),
)
_ROSINALITY_D = (
    (r"^convs\.0\.0\.", lambda m: "blocks.0.from_rgb."),
    (r"^convs\.0\.1\.", lambda m: "blocks.0.from_rgb."),
    (r"^convs\.(\d+)\.conv1\.[01]\.", lambda m: f"blocks.{int(m[1]) - 1}.conv0."),
    (r"^convs\.(\d+)\.conv2\.[12]\.", lambda m: f"blocks.{int(m[1]) - 1}.conv1."),
    (r"^convs\.(\d+)\.skip\.1\.", lambda m: f"blocks.{int(m[1]) - 1}.skip."),
    (r"^final_conv\.[01]\.", lambda m: "head.conv."),
    (r"^final_linear\.0\.", lambda m: "head.fc."),
    (r"^final_linear\.1\.", lambda m: "head.out."),
)


def _rosinality(key: str, generator: bool) -> str | None:
    """Our name for a key of rosinality's implementation, None for the filters."""
    if key.endswith(".kernel"):
        return None
    for pattern, name in _ROSINALITY_G if generator else _ROSINALITY_D:
        key = re.sub(pattern, name, key)
    return key


def load_reference(module: Generator | Discriminator, state: Mapping[str, Tensor]) -> nn.Module:
    """Fill a network with a state dict saved by the authors' PyTorch implementation, or by rosinality's.

    Both are told apart by their key names.  rosinality keeps the mean of w outside the state dict, as "latent_avg" of the file;
    put it into ``state`` under that name.  Without it the mean is measured over 20,000 latents, since truncation needs it.
    """
    generator = isinstance(module, Generator)
    if any(key.startswith(("convs.", "to_rgbs.")) for key in state):
        keys.check_filters(state, ".kernel", module.taps)
        if isinstance(module, Generator) and "latent_avg" not in state:
            keys.load(module, {**state, "latent_avg": torch.zeros(module.w_dim)}, lambda key: _rosinality(key, True))
            measure_average(module)
            return module
        return keys.load(module, state, lambda key: _rosinality(key, generator))
    keys.check_filters(state, "resample_filter", module.taps)
    return keys.load(module, state, lambda key: _official(key, module.size, generator))


def configuration(state: Mapping[str, Tensor]) -> dict[str, Any]:
    """The arguments of :class:`Generator` that a reference's state dict was saved with, read off its shapes."""
    if "input.input" in state:
        return _rosinality_configuration(state)
    side = {int(m[1]): m[0] for m in (re.match(r"synthesis\.b(\d+)\.", key) for key in state) if m}
    if not side:
        raise ValueError("this is no StyleGAN2 generator's state dict: it has no synthesis.b4...")
    size = max(side)
    widths = [state[f"synthesis.b{s}.conv1.weight"].shape[0] for s in sorted(side)]
    w_dim, first_in = state["synthesis.b4.conv1.affine.weight"].shape[1], state["mapping.fc0.weight"].shape[1]
    label_dim = state["mapping.embed.weight"].shape[1] if "mapping.embed.weight" in state else 0
    architecture = "skip" if "synthesis.b4.torgb.weight" in state else "orig"
    if any(".skip." in key for key in state):
        architecture = "resnet"
    return {
        "size": size,
        "latent_dim": first_in - (w_dim if label_dim else 0),
        "w_dim": w_dim,
        "channels": state[f"synthesis.b{size}.torgb.weight"].shape[0],
        **_base(widths),
        "mapping_layers": sum(bool(re.fullmatch(r"mapping\.fc\d+\.weight", key)) for key in state),
        "architecture": architecture,
        "label_dim": label_dim,
    }


def _rosinality_configuration(state: Mapping[str, Tensor]) -> dict[str, Any]:
    depth = 1 + sum(bool(re.fullmatch(r"to_rgbs\.\d+\.bias", key)) for key in state)
    widths = [state["input.input"].shape[1]]
    widths += [state[f"convs.{2 * i + 1}.conv.weight"].shape[1] for i in range(depth - 1)]
    return {
        "size": 2 ** (depth + 1),
        "latent_dim": state["style.1.weight"].shape[1],
        "w_dim": state["conv1.conv.modulation.weight"].shape[1],
        **_base(widths),
        "mapping_layers": sum(bool(re.fullmatch(r"style\.\d+\.weight", key)) for key in state),
    }


def _base(widths: list[int]) -> dict[str, int]:
    """channel_base and channel_max that give these widths at 4, 8, 16, ..."""
    base = max(width * 2 ** (i + 2) for i, width in enumerate(widths) if i == len(widths) - 1 or width < max(widths))
    largest = max(widths)
    if [width_at(2 ** (i + 2), base, largest) for i in range(len(widths))] != widths:
        raise ValueError(
            f"widths {widths} at 4, 8, 16, ... are not min(base / side, largest): this configuration cannot be built"
        )
    return {"channel_base": base, "channel_max": largest}
