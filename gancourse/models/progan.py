"""ProGAN: a generator and a discriminator that grow, side by doubled side, while they are trained.

Both hold the layers of every side from the beginning.  ``grow(level, alpha)`` says which are in use: at level l the images
have 4 * 2^l pixels a side, and with alpha < 1 the newest layers are blended in,

    image    = (1 - alpha) up(to_rgb_{l-1}(h_{l-1})) + alpha to_rgb_l(h_l)
    features = (1 - alpha) from_rgb_{l-1}(down(x)) + alpha block_l(from_rgb_l(x)).

At 1024 px with the defaults these are the authors' networks (23,079,115 and 23,087,249 parameters with every colour layer).
``variant="gan_zoo"`` is the widespread PyTorch implementation, whose weights can be read: it multiplies biases by He's
constant as well, has one bias for each of the first layer's outputs in place of one for each channel, and groups neighbours
for the minibatch standard deviation.

Source: Karras et al. 2018.
"""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.base import check
from gancourse.models.layers import resample
from gancourse.models.layers.equalised import EqualisedConv2d, EqualisedLinear, base_and_most, pixel_norm
from gancourse.models.layers.minibatch import MinibatchStdDev

VARIANTS = ("official", "gan_zoo")
GAIN = math.sqrt(2)  # He's for rectifiers; the layers at the ends have 1


def _levels(size: int) -> int:
    return check.power_of_two("size", size, 4, 1024).bit_length() - 3


def side_widths(size: int, base: int, largest: int) -> list[int]:
    """Channels at 4, 8, ... size: base / 8 at 4 px, and half of it for each doubling, but at most ``largest``."""
    levels = _levels(size)
    base, largest = base_and_most(base, largest, 2 ** (levels + 1))
    return [min(base // 2 ** (level + 1), largest) for level in range(levels + 1)]


class Growing(nn.Module):
    """A network with a level and a blend, kept as buffers: they travel with state dicts, checkpoints and averaged copies."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.levels = _levels(size)
        self.size = 4 * 2**self.levels
        self._level: Tensor
        self._alpha: Tensor
        self.register_buffer("_level", torch.tensor(self.levels))
        self.register_buffer("_alpha", torch.tensor(1.0, dtype=torch.float64))

    @property
    def level(self) -> int:
        return int(self._level)

    @property
    def alpha(self) -> float:
        return float(self._alpha)

    @property
    def side(self) -> int:
        """The side in use, 4 * 2^level."""
        return 4 * 2**self.level

    def grow(self, level: int, alpha: float = 1.0) -> None:
        """Use the layers up to ``level`` (0: 4 px), the newest with weight ``alpha``."""
        level, alpha = check.whole("level", level, None), check.number("alpha", alpha)
        if not 0 <= level <= self.levels:
            raise ValueError(f"a network of {self.size} px has the levels 0..{self.levels}, not {level}")
        if not 0 <= alpha <= 1:
            raise ValueError(f"alpha must lie in [0, 1], not {alpha}")
        self._level.fill_(level)
        self._alpha.fill_(alpha if level else 1.0)


class GeneratorBlock(nn.Module):
    """Nearest-neighbour doubling and two convolutions, each with leaky ReLU and pixel normalisation."""

    def __init__(self, n_in: int, n_out: int, **kind: Any) -> None:
        super().__init__()
        self.conv0 = EqualisedConv2d(n_in, n_out, 3, gain=GAIN, **kind)
        self.conv1 = EqualisedConv2d(n_out, n_out, 3, gain=GAIN, **kind)

    def forward(self, x: Tensor, norm: bool) -> Tensor:
        x = F.interpolate(x, scale_factor=2, mode="nearest")
        for conv in (self.conv0, self.conv1):
            x = F.leaky_relu(conv(x), 0.2)
            x = pixel_norm(x) if norm else x
        return x


class Generator(Growing):
    """G: latents [N, latent_dim] -> images [N, channels, side, side]; side = ``size`` unless :meth:`grow` says otherwise.

    Widths are min(channel_base / (side / 2), channel_max), or ``widths`` from 4 px up.  ``pixel_norm`` and ``equalised`` switch
    these parts off for comparison; ``heads="last"`` keeps only the last colour layer (a network that will not grow).
    """

    def __init__(
        self,
        size: int = 1024,
        latent_dim: int = 512,
        *,
        channels: int = 3,
        channel_base: int = 8192,
        channel_max: int = 512,
        widths: tuple[int, ...] | None = None,
        pixel_norm: bool = True,
        equalised: bool = True,
        heads: str = "all",
        variant: str = "official",
    ) -> None:
        super().__init__(size)
        (self.latent_dim, channels), self.norm = check.counts(latent_dim=latent_dim, channels=channels), pixel_norm
        check.flag("pixel_norm", pixel_norm)
        self.variant, kind = _kind(variant, equalised)
        self.widths = _given_widths(widths, self.size, channel_base, channel_max)
        zoo = variant == "gan_zoo"
        n = self.widths[0]
        self.first = EqualisedLinear(self.latent_dim, 16 * n, bias=zoo, gain=GAIN if zoo else GAIN / 4, **kind)
        self.first_bias = None if zoo else nn.Parameter(torch.zeros(n))
        self.conv = EqualisedConv2d(n, n, 3, gain=GAIN, **kind)
        self.blocks = nn.ModuleList(GeneratorBlock(a, b, **kind) for a, b in zip(self.widths[:-1], self.widths[1:], strict=True))
        self.to_rgb = _colour_layers(heads, [(width, channels) for width in self.widths], gain=GAIN if zoo else 1.0, **kind)

    def forward(self, z: Tensor) -> Tensor:
        z = check.latents(z, self.latent_dim, self)
        level, alpha = self.level, self.alpha
        x = self.first(pixel_norm(z) if self.norm else z).unflatten(1, (-1, 4, 4))
        if self.first_bias is not None:
            x = x + self.first_bias[:, None, None]
        x = self._normalised(F.leaky_relu(x, 0.2))
        x = self._normalised(F.leaky_relu(self.conv(x), 0.2))
        older = x
        for block in self.blocks[:level]:
            older, x = x, block(x, self.norm)
        image = _head(self.to_rgb, level, self.levels)(x)
        if level and alpha < 1:
            faded = F.interpolate(_head(self.to_rgb, level - 1, self.levels)(older), scale_factor=2, mode="nearest")
            image = faded.lerp(image.to(faded.dtype), alpha)  # on a GPU autocast enlarges in float32
        return image

    def _normalised(self, x: Tensor) -> Tensor:
        return pixel_norm(x) if self.norm else x


class DiscriminatorBlock(nn.Module):
    """Two convolutions with leaky ReLU, then the mean of each 2 x 2 square; ``blur`` filters before halving (StyleGAN)."""

    def __init__(self, n_in: int, n_out: int, blur: bool, **kind: Any) -> None:
        super().__init__()
        self.conv0 = EqualisedConv2d(n_in, n_in, 3, gain=GAIN, **kind)
        self.conv1 = EqualisedConv2d(n_in, n_out, 3, gain=GAIN, **kind)
        self.blur = blur

    def forward(self, x: Tensor) -> Tensor:
        x = F.leaky_relu(self.conv0(x), 0.2)
        if not self.blur:
            return F.avg_pool2d(F.leaky_relu(self.conv1(x), 0.2), 2)
        # filtering, convolution and mean come before the bias and the activation there
        weight, bias = self.conv1.scaled_weight(), self.conv1.scaled_bias()
        x = F.avg_pool2d(F.conv2d(resample.blur(x, (1, 2, 1)), weight, padding=1), 2)
        return F.leaky_relu(x if bias is None else x + bias[:, None, None], 0.2)


class Discriminator(Growing):
    """D: images [N, channels, side, side] -> logits [N]; a mirror of the generator, with minibatch standard deviation at 4 px.

    Images must have the side in use.  ``group_size=0`` leaves the standard deviation out.
    """

    def __init__(
        self,
        size: int = 1024,
        *,
        channels: int = 3,
        channel_base: int = 8192,
        channel_max: int = 512,
        widths: tuple[int, ...] | None = None,
        group_size: int = 4,
        equalised: bool = True,
        blur: bool = False,
        heads: str = "all",
        variant: str = "official",
    ) -> None:
        super().__init__(size)
        (self.channels,), blur = check.counts(channels=channels), check.flag("blur", blur)
        group_size = check.whole("group_size", group_size, 0, check.COUNT)
        self.variant, kind = _kind(variant, equalised)
        self.widths = _given_widths(widths, self.size, channel_base, channel_max)
        zoo = variant == "gan_zoo"
        n = self.widths[0]
        self.from_rgb = _colour_layers(heads, [(self.channels, width) for width in self.widths], gain=GAIN, **kind)
        self.blocks = nn.ModuleList(  # blocks[l - 1] leads from level l to l - 1
            DiscriminatorBlock(b, a, blur, **kind) for a, b in zip(self.widths[:-1], self.widths[1:], strict=True)
        )
        self.spread = MinibatchStdDev(group_size, consecutive=zoo, unbiased=zoo) if group_size else None
        self.conv = EqualisedConv2d(n + bool(group_size), n, 3, gain=GAIN, **kind)
        self.fc = EqualisedLinear(16 * n, n, gain=GAIN, **kind)
        self.out = EqualisedLinear(n, 1, gain=GAIN if zoo else 1.0, **kind)

    def forward(self, x: Tensor) -> Tensor:
        level, alpha = self.level, self.alpha
        check.images(x, self.channels, 4 * 2**level, network=self)
        features = F.leaky_relu(_head(self.from_rgb, level, self.levels)(x), 0.2)
        for i in range(level, 0, -1):
            features = self.blocks[i - 1](features)
            if i == level and alpha < 1:
                older = F.leaky_relu(_head(self.from_rgb, level - 1, self.levels)(F.avg_pool2d(x, 2)), 0.2)
                features = older.lerp(features.to(older.dtype), alpha)  # a blurred block is float32 under autocast
        if self.spread is not None:
            features = self.spread(features)
        features = F.leaky_relu(self.conv(features), 0.2).flatten(1)
        return self.out(F.leaky_relu(self.fc(features), 0.2)).flatten()


def _kind(variant: str, equalised: bool) -> tuple[str, dict[str, Any]]:
    check.one_of("variant", variant, VARIANTS)
    equalised = check.flag("equalised", equalised)
    return variant, {"equalised": equalised, "scale_bias": equalised and variant == "gan_zoo"}


def _given_widths(widths: tuple[int, ...] | None, size: int, base: int, largest: int) -> list[int]:
    if widths is None:
        return side_widths(size, base, largest)
    given = check.row("widths", widths)
    if len(given) != _levels(size) + 1:
        raise ValueError(f"widths are those at 4, 8, ... {size} px: give {_levels(size) + 1} of them, not {len(given)}")
    return list(given)


def _colour_layers(heads: str, sides: list[tuple[int, int]], **kind: Any) -> nn.ModuleList:
    """A 1x1 convolution for each level, or only the last level's."""
    check.one_of("heads", heads, ["all", "last"])
    kept = sides if heads == "all" else sides[-1:]
    return nn.ModuleList(EqualisedConv2d(a, b, 1, **kind) for a, b in kept)


def _head(layers: nn.ModuleList, level: int, levels: int) -> nn.Module:
    """The colour layer of a level."""
    place = level - levels + len(layers) - 1  # with heads="last" only the last level has one
    if place < 0:
        raise ValueError('this network has the last colour layer only: build it with heads="all" to let it grow')
    return layers[place]
