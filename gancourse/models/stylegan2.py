r"""StyleGAN2: a mapping network, styles that scale a convolution's weights, noise, and images summed over scales.

At 1024 px with the defaults these are the published networks (30,370,060 and 29,012,513 parameters).  A layer computes

    w' = s_i w_{oi},    w'' = w' / sqrt(sum_{i,k} w'^2 + eps),    y = lrelu(w'' * x + strength noise + b) sqrt 2

with styles s = A(w), a learned affine map of the latent w.  :func:`modulated_weights` writes that equation down; the networks
scale the convolution's input by s and its output by the denominator, which is the same without a set of weights per sample.

Source: Karras et al. 2019 (StyleGAN), 2020a (StyleGAN2), 2020b (conditioning, configurations with less data).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.base import check
from gancourse.base.networks import widened
from gancourse.models.layers import resample
from gancourse.models.layers.conditional import unlabelled
from gancourse.models.layers.equalised import EqualisedConv2d, EqualisedLinear, base_and_most
from gancourse.models.layers.minibatch import MinibatchStdDev
from gancourse.models.layers.styles import NOISE, MappingNetwork, check_styles, float32, leaky, noise_map, truncate
from gancourse.models.layers.styles import mix as mix

ARCHITECTURES = ("skip", "resnet", "orig")

# Published configurations, and small ones that a CPU trains: arguments of Generator, and of Discriminator.
CONFIGURATIONS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "ffhq1024": ({"size": 1024}, {"size": 1024}),
    "ffhq256": ({"size": 256}, {"size": 256}),
    "paper256": ({"size": 256, "channel_base": 16384}, {"size": 256, "channel_base": 16384, "group_size": 8}),
    "cifar10": (
        {"size": 32, "mapping_layers": 2},
        {"size": 32, "architecture": "orig", "group_size": 32},
    ),
    "small64": (
        {"size": 64, "latent_dim": 64, "w_dim": 64, "channel_base": 2048, "channel_max": 128, "mapping_layers": 4},
        {"size": 64, "channel_base": 2048, "channel_max": 128},
    ),
    "small32": (
        {"size": 32, "latent_dim": 64, "w_dim": 64, "channel_base": 1024, "channel_max": 128, "mapping_layers": 4},
        {"size": 32, "channel_base": 1024, "channel_max": 128},
    ),
}


def players(name: str, label_dim: int = 0) -> tuple[Generator, Discriminator]:
    """Both networks of a configuration: "ffhq1024", "ffhq256", "paper256", "cifar10", "small64" or "small32"."""
    generator, discriminator = CONFIGURATIONS[check.one_of("configuration", name, CONFIGURATIONS)]
    return Generator(**generator, label_dim=label_dim), Discriminator(**discriminator, label_dim=label_dim)


def sides(size: int) -> list[int]:
    """4, 8, 16, ... ``size``."""
    return [2**i for i in range(2, check.power_of_two("size", size, 8, 1024).bit_length())]


def side_widths(size: int, base: int, largest: int) -> list[int]:
    """Channels at 4, 8, ... ``size`` px; ValueError where a side would have none."""
    row = sides(size)
    base, largest = base_and_most(base, largest, row[-1])
    return [width_at(side, base, largest) for side in row]


def width_at(side: int, base: int, largest: int) -> int:
    """Channels of a map of that side: min(base / side, largest)."""
    return min(base // side, largest)


# ------------------------------------------------------------------------------------------------------------- modulation


def modulated_weights(weight: Tensor, style: Tensor, demodulate: bool = True, eps: float = 1e-8) -> Tensor:
    """A set of weights for each sample: w'_{noik} = s_{ni} w_{oik}, then each output's weights to length 1 if ``demodulate``.

    weight [O, I, k, k], style [N, I] -> [N, O, I, k, k].  This is the equation (Karras et al. 2020a, equations 1 and 3); the
    networks use :func:`modulated_conv2d`, whose result is the same.
    """
    scaled = weight[None] * style[:, None, :, None, None]  # [N, O, I, k, k]
    if not demodulate:
        return scaled
    return scaled * (scaled.square().sum((2, 3, 4), keepdim=True) + eps).rsqrt()


def demodulation(weight: Tensor, style: Tensor, eps: float = 1e-8) -> Tensor:
    """1 / sqrt(sum_{i,k} (s_i w_{oik})^2 + eps) for each sample and output: [N, O], by one small matrix product."""
    with float32(style):
        energy = widened(weight).square().sum((2, 3))  # [O, I]
        return (widened(style).square() @ energy.T + eps).rsqrt()


def modulated_conv2d(
    x: Tensor, weight: Tensor, style: Tensor, demodulate: bool = True, up: bool = False, taps: resample.Taps = resample.BINOMIAL
) -> Tensor:
    """Convolve each sample with its own modulated weights: [N, I, H, W] -> [N, O, H, W], or [N, O, 2H, 2W] if ``up``.

    Scaling weights over the input channels is scaling the input's channels, and scaling them over the output channels is
    scaling the output's.
    """
    y = _scaled_conv(x, weight, style, up, taps)
    return y * demodulation(weight, style).to(y.dtype)[:, :, None, None] if demodulate else y


def _scaled_conv(x: Tensor, weight: Tensor, style: Tensor, up: bool, taps: resample.Taps) -> Tensor:
    x = x * style.to(x.dtype)[:, :, None, None]
    return resample.conv_up(x, weight, taps) if up else F.conv2d(x, weight, padding=weight.shape[-1] // 2)


# -------------------------------------------------------------------------------------------------------------- synthesis


@dataclass(frozen=True)
class SynthesisConfig:
    """What all layers of a synthesis network agree on; the meaning is that of :class:`Generator`'s arguments."""

    w_dim: int
    channels: int = 3
    architecture: str = "skip"
    taps: resample.Taps = resample.BINOMIAL
    clamp: float | None = None

    def __post_init__(self) -> None:
        check.one_of("architecture", self.architecture, ARCHITECTURES)


class StyledConv(nn.Module):
    """A modulated 3x3 convolution, noise, bias, leaky ReLU: [N, n_in, H, W], w [N, w_dim] -> [N, n_out, side, side]."""

    def __init__(self, config: SynthesisConfig, n_in: int, n_out: int, side: int, up: bool = False) -> None:
        super().__init__()
        self.up, self.taps, self.clamp = up, config.taps, config.clamp
        check.fits("weights", n_out, n_in, 3, 3)
        self.affine = EqualisedLinear(config.w_dim, n_in, bias_init=1.0)
        self.weight = nn.Parameter(torch.randn(n_out, n_in, 3, 3))  # demodulation takes out any scale
        self.noise_strength = nn.Parameter(torch.zeros(()))
        self.noise: Tensor
        self.register_buffer("noise", torch.randn(side, side))
        self.bias = nn.Parameter(torch.zeros(n_out))

    def forward(self, x: Tensor, w: Tensor, noise: str = "auto", gain: float = 1.0) -> Tensor:
        style = self.affine(w)  # [N, n_in]
        y = _scaled_conv(x, self.weight, style, self.up, self.taps)  # [N, n_out, side, side]
        # lrelu(a) g = lrelu(a g): the gain goes into the small factors, which spares passes over the maps
        bound = self.clamp * gain if self.clamp is not None else None
        gain = gain * math.sqrt(2)
        scale = (demodulation(self.weight, style) * gain).to(y.dtype)[:, :, None, None]
        y = torch.addcmul((self.bias * gain).to(y.dtype)[:, None, None], y, scale)
        added = noise_map(noise, self.noise, y, self.training)
        if added is not None:
            y = y.add_(added * (self.noise_strength * gain).to(y.dtype))
        y = F.leaky_relu_(y, 0.2)
        return y if bound is None else y.clamp(-bound, bound)


class ToRGB(nn.Module):
    """A modulated 1x1 convolution to colours, not demodulated: [N, n_in, H, W] -> [N, channels, H, W]."""

    def __init__(self, config: SynthesisConfig, n_in: int) -> None:
        super().__init__()
        self.clamp = config.clamp
        self.affine = EqualisedLinear(config.w_dim, n_in, bias_init=1.0)
        self.weight = nn.Parameter(torch.randn(config.channels, n_in, 1, 1))
        self.bias = nn.Parameter(torch.zeros(config.channels))

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        style = self.affine(w) / math.sqrt(x.shape[1])
        y = _scaled_conv(x, self.weight, style, False, ()) + self.bias.to(x.dtype)[:, None, None]
        return y if self.clamp is None else y.clamp(-self.clamp, self.clamp)


class SynthesisBlock(nn.Module):
    """All layers of one side: a constant or a convolution that doubles, a second convolution, and colours where there are any."""

    def __init__(self, config: SynthesisConfig, n_in: int, n_out: int, side: int, last: bool) -> None:
        super().__init__()
        self.taps, architecture = config.taps, config.architecture
        first = n_in == 0
        if first:
            self.const = nn.Parameter(torch.randn(n_out, side, side))
        self.conv0 = None if first else StyledConv(config, n_in, n_out, side, up=True)
        self.conv1 = StyledConv(config, n_out, n_out, side)
        self.to_rgb = ToRGB(config, n_out) if last or architecture == "skip" else None
        self.skip = EqualisedConv2d(n_in, n_out, 1, bias=False) if architecture == "resnet" and not first else None

    def forward(self, x: Tensor | None, image: Tensor | None, ws: Tensor, noise: str) -> tuple[Tensor, Tensor | None]:
        """Features and image of half the side, ws [N, 2 or 3, w_dim] -> features and image of this side."""
        if self.conv0 is None or x is None:
            x = self.conv1(self.const.expand(ws.shape[0], -1, -1, -1), ws[:, 0], noise)
        elif self.skip is not None:  # a sum of two parts of equal variance, each times sqrt(1/2), keeps the variance
            short = resample.conv_up(x, self.skip.scaled_weight() * math.sqrt(0.5), self.taps)
            x = self.conv1(self.conv0(x, ws[:, 0], noise), ws[:, 1], noise, gain=math.sqrt(0.5))
            x = short + x
        else:
            x = self.conv1(self.conv0(x, ws[:, 0], noise), ws[:, 1], noise)
        if image is not None:
            image = resample.upsample(image, self.taps)
        if self.to_rgb is not None:
            colours = self.to_rgb(x, ws[:, 1 if self.conv0 is None else 2])
            image = colours if image is None else image + colours
        return x, image


class Synthesis(nn.Module):
    """g: styles ws [N, layers, w_dim] -> images [N, channels, size, size], from a learned constant 4 x 4 map.

    A block's colour layer shares its w with the next block's first convolution.
    """

    def __init__(self, config: SynthesisConfig, size: int, base: int, largest: int) -> None:
        super().__init__()
        self.w_dim, widths = config.w_dim, [0, *side_widths(size, base, largest)]
        self.blocks = nn.ModuleList(
            SynthesisBlock(config, a, b, side, last=side == size)
            for a, b, side in zip(widths[:-1], widths[1:], sides(size), strict=True)
        )
        self.layers = 2 * len(self.blocks)

    def forward(self, ws: Tensor, noise: str = "auto") -> Tensor:
        check.one_of("noise", noise, NOISE)
        check_styles(ws, self.layers, self.w_dim, self)
        x, image = self.blocks[0](None, None, ws[:, :2], noise)
        for i, block in enumerate(self.blocks[1:]):
            x, image = block(x, image, ws[:, 2 * i + 1 : 2 * i + 4], noise)
        return image


class Generator(nn.Module):
    """G: latents [N, latent_dim] (and labels) -> images [N, channels, size, size], about in [-1, 1] once trained (no tanh).

    side s has min(channel_base / s, channel_max) channels.  ``architecture``: "skip" sums colours over all sides, "resnet" adds
    residual branches, "orig" has neither.  ``label_dim`` > 0 makes it conditional.

    Noise is drawn anew (from the global generator) while training, and constant in evaluation mode, so that a latent means
    one image; ``noise`` = "random", "constant" or "none" decides otherwise.

    ``clamp`` bounds what every layer gives.  Networks that were trained in half precision had 256; no state dict tells.
    """

    def __init__(
        self,
        size: int = 256,
        latent_dim: int = 512,
        *,
        w_dim: int = 512,
        channels: int = 3,
        channel_base: int = 32768,
        channel_max: int = 512,
        mapping_layers: int = 8,
        mapping_lr_mult: float = 0.01,
        architecture: str = "skip",
        label_dim: int = 0,
        taps: resample.Taps = resample.BINOMIAL,
        clamp: float | None = None,
    ) -> None:
        super().__init__()
        size, label_dim = sides(size)[-1], check.whole("label_dim", label_dim, 0, check.COUNT)
        latent_dim, w_dim, channels = check.counts(latent_dim=latent_dim, w_dim=w_dim, channels=channels)
        resample.check_taps(taps)
        if clamp is not None:
            clamp = check.within("clamp", clamp, 1e-6, 1e30)
        config = SynthesisConfig(w_dim, channels, architecture, taps, clamp)
        self.size, self.latent_dim, self.w_dim, self.label_dim, self.taps = size, latent_dim, w_dim, label_dim, taps
        self.mapping = MappingNetwork(latent_dim, w_dim, mapping_layers, label_dim, lr_mult=mapping_lr_mult)
        self.synthesis = Synthesis(config, size, channel_base, channel_max)

    @property
    def layers(self) -> int:
        """How many styles an image has: 2 log2(size) - 2."""
        return self.synthesis.layers

    def styles(
        self,
        z: Tensor,
        labels: Tensor | None = None,
        *,
        truncation: float = 1.0,
        truncation_layers: int | None = None,
    ) -> Tensor:
        """ws [N, layers, w_dim]: f(z) for every layer, pulled towards the mean of w in the first ``truncation_layers`` (all).

            w' = mean + truncation (w - mean)

        Source: Karras et al. 2019, appendix B.
        """
        ws = self.mapping(z, labels)[:, None].repeat(1, self.layers, 1)
        return truncate(ws, self.mapping.average, truncation, truncation_layers)

    def forward(
        self,
        z: Tensor,
        labels: Tensor | None = None,
        *,
        truncation: float = 1.0,
        truncation_layers: int | None = None,
        noise: str = "auto",
    ) -> Tensor:
        ws = self.styles(z, labels, truncation=truncation, truncation_layers=truncation_layers)
        return self.synthesis(ws, noise)


@torch.no_grad()
def measure_average(generator: Generator, n: int = 20_000, seed: int = 0) -> Tensor:
    """Set ``mapping.average`` to the mean of f(z) over n latents, in place, and return it: [w_dim].

    The running mean of training belongs to the weights of the last steps.  An averaged generator has a mapping of its own, and
    truncation should pull towards the mean of that one.  For unconditional generators.
    """
    if not isinstance(generator, Generator):
        raise TypeError(f"the mean of w is measured of a stylegan2.Generator, not of {type(generator).__name__}")
    if generator.label_dim:
        raise ValueError("a conditional generator has a mean of w for each label: average mapping(z, labels) over z yourself")
    average = generator.mapping.average
    n, _ = check.fits("latents", n, generator.latent_dim)
    z = torch.randn(n, generator.latent_dim, generator=torch.Generator().manual_seed(check.seed(seed)))
    total = sum(generator.mapping(part.to(average.device)).sum(0) for part in z.split(2000))  # no running mean under no_grad
    return average.copy_(total / n)


# ---------------------------------------------------------------------------------------------------------- discriminator


def _conv(conv: EqualisedConv2d, x: Tensor) -> Tensor:
    return leaky(conv(x))


@dataclass(frozen=True)
class DiscriminatorConfig:
    """What all layers of a discriminator agree on; the meaning is that of :class:`Discriminator`'s arguments."""

    channels: int = 3
    architecture: str = "resnet"
    taps: resample.Taps = resample.BINOMIAL
    equalised: bool = True

    def __post_init__(self) -> None:
        check.one_of("architecture", self.architecture, ARCHITECTURES)

    def conv(self, n_in: int, n_out: int, kernel: int, bias: bool = True) -> EqualisedConv2d:
        return EqualisedConv2d(n_in, n_out, kernel, bias=bias, equalised=self.equalised)


class DiscriminatorBlock(nn.Module):
    """Two convolutions of one side, the second halving it: [N, n_in, 2H, 2W] -> [N, n_out, H, W]."""

    def __init__(self, config: DiscriminatorConfig, n_in: int, n_out: int, first: bool) -> None:
        super().__init__()
        self.taps, self.carries_image = config.taps, config.architecture == "skip"
        self.from_rgb = config.conv(config.channels, n_in, 1) if first or self.carries_image else None
        self.conv0 = config.conv(n_in, n_in, 3)
        self.conv1 = config.conv(n_in, n_out, 3)
        self.skip = config.conv(n_in, n_out, 1, bias=False) if config.architecture == "resnet" else None

    def forward(self, x: Tensor | None, image: Tensor | None) -> tuple[Tensor, Tensor | None]:
        if self.from_rgb is not None and image is not None:
            colours = _conv(self.from_rgb, image)
            x = colours if x is None else x + colours
            image = resample.downsample(image, self.taps) if self.carries_image else None
        assert x is not None  # the first block makes it of the image
        y = self._halve(_conv(self.conv0, x))
        if self.skip is not None:
            y = math.sqrt(0.5) * y + resample.conv_down(x, self.skip.scaled_weight() * math.sqrt(0.5), self.taps)
        return y, image

    def _halve(self, x: Tensor) -> Tensor:
        y = resample.conv_down(x, self.conv1.scaled_weight(), self.taps)
        bias = self.conv1.bias
        return leaky(y if bias is None else y + bias.to(y.dtype)[:, None, None])


class Head(nn.Module):
    """From 4 x 4 maps to logits: batch statistics, a convolution, two linear layers; with labels a projection."""

    def __init__(self, config: DiscriminatorConfig, n: int, outputs: int, group_size: int) -> None:
        super().__init__()
        self.from_rgb = config.conv(config.channels, n, 1) if config.architecture == "skip" else None
        self.spread = MinibatchStdDev(group_size) if group_size else None
        self.conv = config.conv(n + bool(group_size), n, 3)
        self.fc = EqualisedLinear(16 * n, n, equalised=config.equalised)
        self.out = EqualisedLinear(n, outputs, equalised=config.equalised)

    def forward(self, x: Tensor, image: Tensor | None) -> Tensor:
        if self.from_rgb is not None and image is not None:
            x = x + _conv(self.from_rgb, image)
        if self.spread is not None:
            x = self.spread(x)
        return self.out(leaky(self.fc(_conv(self.conv, x).flatten(1))))


class Discriminator(nn.Module):
    """D: images [N, channels, size, size] (and labels) -> logits [N].

    ``architecture`` as in :class:`Generator`, by default "resnet".  With labels, the logit is the product of the image's
    features with the label's mapped embedding, over sqrt(features) (Miyato & Koyama 2018).  ``group_size`` is that of the
    minibatch standard deviation (0: none): a sample's logit depends on its group, so batches should divide by it.
    """

    def __init__(
        self,
        size: int = 256,
        *,
        channels: int = 3,
        channel_base: int = 32768,
        channel_max: int = 512,
        architecture: str = "resnet",
        label_dim: int = 0,
        label_layers: int = 8,
        group_size: int = 4,
        equalised: bool = True,
        taps: resample.Taps = resample.BINOMIAL,
    ) -> None:
        super().__init__()
        size, label_dim = sides(size)[-1], check.whole("label_dim", label_dim, 0, check.COUNT)
        (channels,), group_size = check.counts(channels=channels), check.whole("group_size", group_size, 0, check.COUNT)
        resample.check_taps(taps)
        config = DiscriminatorConfig(channels, architecture, taps, check.flag("equalised", equalised))
        self.size, self.channels, self.label_dim, self.taps = size, channels, label_dim, taps
        widths = side_widths(size, channel_base, channel_max)[::-1]
        self.blocks = nn.ModuleList(
            DiscriminatorBlock(config, a, b, first=i == 0) for i, (a, b) in enumerate(zip(widths[:-1], widths[1:], strict=True))
        )
        n = widths[-1]
        self.head = Head(config, n, n if label_dim else 1, group_size)
        self.mapping = MappingNetwork(0, n, label_layers, label_dim, track_average=False) if label_dim else None

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        image: Tensor | None = check.images(x, self.channels, self.size, network=self)
        features: Tensor | None = None
        for block in self.blocks:
            features, image = block(features, image)
        out = self.head(features, image)  # [N, 1], or [N, n] with labels
        if self.mapping is None:
            unlabelled(labels, "discriminator", "label_dim")
            return out.flatten()
        wanted = self.mapping(None, labels, len(x))
        return (out * wanted).sum(1) / math.sqrt(out.shape[1])
