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

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.base import check
from gancourse.base.networks import widened
from gancourse.models.layers import resample
from gancourse.models.layers.equalised import EqualisedConv2d, EqualisedLinear
from gancourse.models.layers.styles import NOISE, MappingNetwork, check_styles, noise_map, truncate
from gancourse.models.progan import Growing, side_widths

GAIN = math.sqrt(2)
BLUR = (1, 2, 1)


def instance_norm(x: Tensor, eps: float = 1e-8) -> Tensor:
    """Each map of each sample to mean 0 and variance 1 over its places: [N, C, H, W] -> the same."""
    with torch.autocast(x.device.type, enabled=False):
        y = widened(x)
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
        self.noise: Tensor
        self.register_buffer("noise", torch.randn(side, side))
        self.bias = nn.Parameter(torch.zeros(n))
        self.affine = EqualisedLinear(w_dim, 2 * n)

    def forward(self, x: Tensor, w: Tensor, noise: str) -> Tensor:
        added = noise_map(noise, self.noise, x, self.training)
        if added is not None:
            x = torch.addcmul(x, added, self.noise_strength.to(x.dtype)[:, None, None])
        x = F.leaky_relu(x + self.bias.to(x.dtype)[:, None, None], 0.2)
        scale, shift = self.affine(w).to(x.dtype).chunk(2, 1)  # [N, n] each
        return adain(x, scale, shift)


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
        self.layers, self.w_dim = 2 * len(widths), w_dim

    def forward(self, ws: Tensor, noise: str = "auto") -> Tensor:
        check.one_of("noise", noise, NOISE)
        check_styles(ws, self.layers, self.w_dim, self)
        level, alpha = self.level, self.alpha
        x = self.epilogue0(self.const.expand(len(ws), -1, -1, -1), ws[:, 0], noise)
        x = self.epilogue1(self.conv(x), ws[:, 1], noise)
        older = x
        for i, block in enumerate(self.blocks[:level]):
            older, x = x, block(x, ws[:, 2 * i + 2 : 2 * i + 4], noise)
        image = self.to_rgb[level](x)
        if level and alpha < 1:
            faded = F.interpolate(self.to_rgb[level - 1](older), scale_factor=2, mode="nearest")
            image = faded.lerp(image.to(faded.dtype), alpha)  # on a GPU autocast enlarges in float32
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
        latent_dim, w_dim, channels = check.counts(latent_dim=latent_dim, w_dim=w_dim, channels=channels)
        size = check.power_of_two("size", size, 4, 1024)
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
        """ws [N, layers, w_dim]: f(z) for every layer, pulled towards the mean of w in the first ``truncation_layers`` (all).

        This generator reads no labels; they have their place because StyleGAN2's have.
        """
        ws = self.mapping(z, labels)[:, None].repeat(1, self.layers, 1)
        return truncate(ws, self.mapping.average, truncation, truncation_layers)

    def forward(self, z: Tensor, *, truncation: float = 1.0, truncation_layers: int | None = None, noise: str = "auto") -> Tensor:
        return self.synthesis(self.styles(z, truncation=truncation, truncation_layers=truncation_layers), noise)
