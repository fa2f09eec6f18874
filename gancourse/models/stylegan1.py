"""StyleGAN, the first: styles set the mean and the spread of every feature map (adaptive instance normalisation).

Each layer of the synthesis network adds noise, a bias, applies leaky ReLU, and then

    AdaIN(x_c, w) = (1 + s_c(w)) (x_c - mean(x_c)) / sqrt(var(x_c) + eps) + t_c(w),

mean and variance taken over the map's places, s and t affine in w.  It starts at a learned constant and grows as ProGAN does
(:class:`gancourse.models.progan.Growing`).  At 1024 px: 26,219,627 parameters with every colour layer.  Its opponent is
``progan.Discriminator(..., blur=True)``.

Source: Karras et al. 2019.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.base import check
from gancourse.models.layers import resample
from gancourse.models.layers.equalised import EqualisedConv2d, EqualisedLinear
from gancourse.models.progan import Growing, side_widths
from gancourse.models.reference import keys
from gancourse.models.stylegan2 import NOISE, MappingNetwork, truncate

GAIN = math.sqrt(2)
BLUR = (1, 2, 1)


def instance_norm(x: Tensor, eps: float = 1e-8) -> Tensor:
    """Each map of each sample to mean 0 and variance 1 over its places: [N, C, H, W] -> the same."""
    with torch.autocast(x.device.type, enabled=False):
        y = x.float()
        y = y - y.mean((2, 3), keepdim=True)
        return (y * (y.square().mean((2, 3), keepdim=True) + eps).rsqrt()).to(x.dtype)


def adain(x: Tensor, scale: Tensor, shift: Tensor, eps: float = 1e-8) -> Tensor:
    """(1 + scale) instance_norm(x) + shift, with scale and shift [N, C].

    The published network learns the scale as 1 + s.  Source: Huang & Belongie 2017; Karras et al. 2019, equation 1.
    """
    return torch.addcmul(shift[:, :, None, None], instance_norm(x, eps), 1 + scale[:, :, None, None])


class Epilogue(nn.Module):
    """What follows every convolution: noise, bias, leaky ReLU, adaptive instance normalisation."""

    def __init__(self, n: int, w_dim: int, side: int) -> None:
        super().__init__()
        self.noise_strength = nn.Parameter(torch.zeros(n))  # one for each channel (StyleGAN2: one for each layer)
        self.register_buffer("noise", torch.randn(side, side))
        self.bias = nn.Parameter(torch.zeros(n))
        self.affine = EqualisedLinear(w_dim, 2 * n)

    def forward(self, x: Tensor, w: Tensor, noise: str) -> Tensor:
        added = self._noise(noise, x)
        if added is not None:
            x = torch.addcmul(x, added, self.noise_strength.to(x.dtype)[:, None, None])
        x = F.leaky_relu(x + self.bias.to(x.dtype)[:, None, None], 0.2)
        scale, shift = self.affine(w).to(x.dtype).chunk(2, 1)  # [N, n] each
        return adain(x, scale, shift)

    def _noise(self, kind: str, x: Tensor) -> Tensor | None:
        if kind == "auto":
            kind = "random" if self.training else "constant"
        if kind == "none":
            return None
        if kind == "constant":
            return self.noise.to(x.dtype)
        return torch.randn(len(x), 1, *x.shape[2:], device=x.device, dtype=x.dtype)


class Block(nn.Module):
    """Nearest-neighbour doubling, convolution, blur, epilogue; convolution, epilogue."""

    def __init__(self, n_in: int, n_out: int, w_dim: int, side: int) -> None:
        super().__init__()
        self.conv0 = EqualisedConv2d(n_in, n_out, 3, bias=False, gain=GAIN)
        self.epilogue0 = Epilogue(n_out, w_dim, side)
        self.conv1 = EqualisedConv2d(n_out, n_out, 3, bias=False, gain=GAIN)
        self.epilogue1 = Epilogue(n_out, w_dim, side)

    def forward(self, x: Tensor, ws: Tensor, noise: str) -> Tensor:
        x = self.conv0(F.interpolate(x, scale_factor=2, mode="nearest"))
        x = self.epilogue0(resample.blur(x, BLUR), ws[:, 0], noise)
        return self.epilogue1(self.conv1(x), ws[:, 1], noise)


class Synthesis(Growing):
    """g: styles ws [N, layers, w_dim] -> images, from a learned constant 4 x 4 map; two styles for each side."""

    def __init__(self, size: int, w_dim: int, channels: int, base: int, largest: int) -> None:
        super().__init__(size)
        widths = side_widths(size, base, largest)
        n = widths[0]
        self.const = nn.Parameter(torch.ones(n, 4, 4))
        self.epilogue0 = Epilogue(n, w_dim, 4)
        self.conv = EqualisedConv2d(n, n, 3, bias=False, gain=GAIN)
        self.epilogue1 = Epilogue(n, w_dim, 4)
        self.blocks = nn.ModuleList(
            Block(a, b, w_dim, 4 * 2 ** (i + 1)) for i, (a, b) in enumerate(zip(widths[:-1], widths[1:], strict=True))
        )
        self.to_rgb = nn.ModuleList(EqualisedConv2d(width, channels, 1) for width in widths)
        self.layers = 2 * len(widths)

    def forward(self, ws: Tensor, noise: str = "auto") -> Tensor:
        check.one_of("noise", noise, NOISE)
        if ws.ndim != 3 or ws.shape[1] != self.layers:
            raise ValueError(f"styles must be [N, {self.layers}, w_dim], not {list(ws.shape)}: Generator.styles makes them")
        level, alpha = self.level, self.alpha
        x = self.epilogue0(self.const.expand(len(ws), -1, -1, -1), ws[:, 0], noise)
        x = self.epilogue1(self.conv(x), ws[:, 1], noise)
        older = x
        for i, block in enumerate(self.blocks[:level]):
            older, x = x, block(x, ws[:, 2 * i + 2 : 2 * i + 4], noise)
        image = self.to_rgb[level](x)
        if level and alpha < 1:
            image = F.interpolate(self.to_rgb[level - 1](older), scale_factor=2, mode="nearest").lerp(image, alpha)
        return image


class Generator(nn.Module):
    """G: latents [N, latent_dim] -> images [N, channels, side, side] by way of styles w.

    The interface is that of :class:`gancourse.models.stylegan2.Generator` (``styles``, ``synthesis``, truncation, noise) and of
    :class:`gancourse.models.progan.Generator` (``grow``, ``level``, ``alpha``).
    """

    def __init__(
        self,
        size: int = 1024,
        latent_dim: int = 512,
        *,
        w_dim: int = 512,
        channels: int = 3,
        channel_base: int = 8192,
        channel_max: int = 512,
        mapping_layers: int = 8,
    ) -> None:
        super().__init__()
        self.size, self.latent_dim, self.w_dim = size, latent_dim, w_dim
        self.mapping = MappingNetwork(latent_dim, w_dim, mapping_layers)
        self.synthesis = Synthesis(size, w_dim, channels, channel_base, channel_max)

    @property
    def layers(self) -> int:
        """How many styles an image has: 2 log2(size) - 2."""
        return self.synthesis.layers

    @property
    def level(self) -> int:
        return self.synthesis.level

    @property
    def levels(self) -> int:
        return self.synthesis.levels

    @property
    def alpha(self) -> float:
        return self.synthesis.alpha

    def grow(self, level: int, alpha: float = 1.0) -> None:
        """Use the layers up to ``level`` (0: 4 px), the newest with weight ``alpha``."""
        self.synthesis.grow(level, alpha)

    def styles(
        self, z: Tensor, labels: Tensor | None = None, *, truncation: float = 1.0, truncation_layers: int | None = None
    ) -> Tensor:
        """ws [N, layers, w_dim]: f(z) for every layer, pulled towards the mean of w in the first ``truncation_layers`` (all)."""
        ws = self.mapping(z)[:, None].repeat(1, self.layers, 1)
        return truncate(ws, self.mapping.average, truncation, truncation_layers)

    def forward(self, z: Tensor, *, truncation: float = 1.0, truncation_layers: int | None = None, noise: str = "auto") -> Tensor:
        return self.synthesis(self.styles(z, truncation=truncation, truncation_layers=truncation_layers), noise)


# -------------------------------------------------------------------------------------------------- the reference's key names

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
