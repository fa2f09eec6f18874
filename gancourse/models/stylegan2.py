r"""StyleGAN2: a mapping network, styles that scale a convolution's weights, noise, and images summed over scales.

At 1024 px with the defaults these are the published networks (30,370,060 and 29,012,513 parameters).  A layer computes

    w' = s_i w_{oi},    w'' = w' / sqrt(sum_{i,k} w'^2 + eps),    y = lrelu(w'' * x + strength noise + b) sqrt 2

with styles s = A(w), a learned affine map of the latent w.  :func:`modulated_weights` writes that equation down; the networks
scale the convolution's input by s and its output by the denominator, which is the same without a set of weights per sample.

Source: Karras et al. 2019 (StyleGAN), 2020a (StyleGAN2), 2020b (conditioning, configurations with less data).
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
from gancourse.models.layers.common import MinibatchStdDev, class_vectors
from gancourse.models.layers.equalised import EqualisedConv2d, EqualisedLinear, pixel_norm
from gancourse.models.reference import keys

ARCHITECTURES = ("skip", "resnet", "orig")
NOISE = ("auto", "random", "constant", "none")
AVERAGE_BETA = 0.998  # of the running mean of w, which truncation pulls towards

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
    if size < 8 or size > 1024 or size & (size - 1):
        raise ValueError(f"the size must be a power of two from 8 to 1024, not {size}")
    return [2**i for i in range(2, size.bit_length())]


def _width(side: int, base: int, largest: int) -> int:
    return min(base // side, largest)


def _float32(x: Tensor) -> torch.autocast:
    """A block without autocast: small sums and roots need float32's digits."""
    return torch.autocast(x.device.type, enabled=False)


def _leaky(x: Tensor, gain: float = math.sqrt(2)) -> Tensor:
    return F.leaky_relu(x, 0.2) * gain


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
    with _float32(style):
        energy = weight.float().square().sum((2, 3))  # [O, I]
        return (style.float().square() @ energy.T + eps).rsqrt()


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


# ---------------------------------------------------------------------------------------------------------------- mapping


class MappingNetwork(nn.Module):
    """f: latents z [N, latent_dim], labels -> w [N, w_dim]; a multi-layer perceptron that learns ``lr_mult`` times as fast.

    The published 0.01 suits trainings of a million steps; in a few thousand such a mapping hardly moves.

    z is divided by its root mean square; a label's embedding likewise, and put beside it.  ``average`` is the running mean of
    w over training passes, which truncation pulls towards.
    """

    def __init__(
        self, latent_dim: int, w_dim: int, layers: int, label_dim: int = 0, track_average: bool = True, lr_mult: float = 0.01
    ) -> None:
        super().__init__()
        self.latent_dim, self.label_dim = latent_dim, label_dim
        self.embed = EqualisedLinear(label_dim, w_dim) if label_dim else None
        widths = [latent_dim + (w_dim if label_dim else 0)] + [w_dim] * layers
        self.layers = nn.ModuleList(EqualisedLinear(a, b, lr_mult=lr_mult) for a, b in zip(widths[:-1], widths[1:], strict=True))
        if track_average:
            self.register_buffer("average", torch.zeros(w_dim))
        self.track_average = track_average

    def forward(self, z: Tensor | None, labels: Tensor | None = None) -> Tensor:
        with _float32(self.layers[0].weight):
            parts = [] if z is None else [pixel_norm(check.latents(z, self.latent_dim).float())]
            if self.embed is not None:
                parts.append(self._embedded(labels))
            w = torch.cat(parts, 1)
            for layer in self.layers:
                w = _leaky(layer(w))
        if self.track_average and self.training and torch.is_grad_enabled():
            self.average.copy_(w.detach().mean(0).lerp(self.average, AVERAGE_BETA))
        return w

    def _embedded(self, labels: Tensor | None) -> Tensor:
        if labels is None:
            raise ValueError(f"this network is conditional: pass labels, numbers [N] below {self.label_dim} or vectors")
        vectors = class_vectors(labels, self.label_dim).to(self.embed.weight.device)
        return pixel_norm(self.embed(vectors))


# -------------------------------------------------------------------------------------------------------------- synthesis


class StyledConv(nn.Module):
    """A modulated 3x3 convolution, noise, bias, leaky ReLU: [N, n_in, H, W], w [N, w_dim] -> [N, n_out, side, side]."""

    def __init__(
        self, n_in: int, n_out: int, w_dim: int, side: int, up: bool, taps: resample.Taps, clamp: float | None = None
    ) -> None:
        super().__init__()
        self.up, self.taps, self.clamp = up, taps, clamp
        self.affine = EqualisedLinear(w_dim, n_in, bias_init=1.0)
        self.weight = nn.Parameter(torch.randn(n_out, n_in, 3, 3))  # demodulation takes out any scale
        self.noise_strength = nn.Parameter(torch.zeros(()))
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
        added = self._noise(noise, y)
        if added is not None:
            y = y.add_(added * (self.noise_strength * gain).to(y.dtype))
        y = F.leaky_relu_(y, 0.2)
        return y if bound is None else y.clamp(-bound, bound)

    def _noise(self, kind: str, y: Tensor) -> Tensor | None:
        if kind == "auto":
            kind = "random" if self.training else "constant"
        if kind == "none":
            return None
        if kind == "constant":
            return self.noise.to(y.dtype)
        return torch.randn(len(y), 1, *y.shape[2:], device=y.device, dtype=y.dtype)


class ToRGB(nn.Module):
    """A modulated 1x1 convolution to colours, not demodulated: [N, n_in, H, W] -> [N, channels, H, W]."""

    def __init__(self, n_in: int, channels: int, w_dim: int, clamp: float | None = None) -> None:
        super().__init__()
        self.clamp = clamp
        self.affine = EqualisedLinear(w_dim, n_in, bias_init=1.0)
        self.weight = nn.Parameter(torch.randn(channels, n_in, 1, 1))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        style = self.affine(w) / math.sqrt(x.shape[1])
        y = _scaled_conv(x, self.weight, style, False, ()) + self.bias.to(x.dtype)[:, None, None]
        return y if self.clamp is None else y.clamp(-self.clamp, self.clamp)


class SynthesisBlock(nn.Module):
    """All layers of one side: a constant or a convolution that doubles, a second convolution, and colours where there are any."""

    def __init__(
        self,
        n_in: int,
        n_out: int,
        w_dim: int,
        side: int,
        channels: int,
        last: bool,
        architecture: str,
        taps: resample.Taps,
        clamp: float | None = None,
    ) -> None:
        super().__init__()
        self.taps = taps
        first = n_in == 0
        if first:
            self.const = nn.Parameter(torch.randn(n_out, side, side))
        self.conv0 = None if first else StyledConv(n_in, n_out, w_dim, side, True, taps, clamp)
        self.conv1 = StyledConv(n_out, n_out, w_dim, side, False, taps, clamp)
        self.to_rgb = ToRGB(n_out, channels, w_dim, clamp) if last or architecture == "skip" else None
        self.skip = EqualisedConv2d(n_in, n_out, 1, bias=False) if architecture == "resnet" and not first else None

    def forward(self, x: Tensor | None, image: Tensor | None, ws: Tensor, noise: str) -> tuple[Tensor, Tensor | None]:
        """Features and image of half the side, ws [N, 2 or 3, w_dim] -> features and image of this side."""
        if self.conv0 is None:
            x = self.conv1(self.const.expand(len(ws), -1, -1, -1), ws[:, 0], noise)
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

    def __init__(
        self,
        size: int,
        w_dim: int,
        channels: int,
        base: int,
        largest: int,
        architecture: str,
        taps: resample.Taps,
        clamp: float | None = None,
    ) -> None:
        super().__init__()
        widths = [0] + [_width(side, base, largest) for side in sides(size)]
        self.blocks = nn.ModuleList(
            SynthesisBlock(a, b, w_dim, side, channels, side == size, architecture, taps, clamp)
            for a, b, side in zip(widths[:-1], widths[1:], sides(size), strict=True)
        )
        self.layers = 2 * len(self.blocks)

    def forward(self, ws: Tensor, noise: str = "auto") -> Tensor:
        check.one_of("noise", noise, NOISE)
        if ws.ndim != 3 or ws.shape[1] != self.layers:
            raise ValueError(f"styles must be [N, {self.layers}, w_dim], not {list(ws.shape)}: Generator.styles makes them")
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
        check.one_of("architecture", architecture, ARCHITECTURES)
        self.size, self.latent_dim, self.w_dim, self.label_dim, self.taps = size, latent_dim, w_dim, label_dim, taps
        self.mapping = MappingNetwork(latent_dim, w_dim, mapping_layers, label_dim, lr_mult=mapping_lr_mult)
        self.synthesis = Synthesis(size, w_dim, channels, channel_base, channel_max, architecture, taps, clamp)

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
    if generator.label_dim:
        raise ValueError("a conditional generator has a mean of w for each label: average mapping(z, labels) over z yourself")
    average = generator.mapping.average
    z = torch.randn(n, generator.latent_dim, generator=torch.Generator().manual_seed(seed))
    total = sum(generator.mapping(part.to(average.device)).sum(0) for part in z.split(2000))  # no running mean under no_grad
    return average.copy_(total / n)


def truncate(ws: Tensor, average: Tensor, truncation: float, layers: int | None = None) -> Tensor:
    """average + truncation (ws - average) for styles [N, layers, w_dim], in the first ``layers`` (None: in all)."""
    if truncation == 1.0:
        return ws
    pulled = average.lerp(ws, truncation)
    return pulled if layers is None else torch.cat([pulled[:, :layers], ws[:, layers:]], 1)


def mix(ws: Tensor, other: Tensor, crossover: int) -> Tensor:
    """Styles of ``ws`` in the layers before ``crossover``, of ``other`` from there on: coarse from one, fine from the other."""
    if ws.shape != other.shape:
        raise ValueError(f"styles to mix must have one shape, not {list(ws.shape)} and {list(other.shape)}")
    if not 0 <= crossover <= ws.shape[1]:
        raise ValueError(f"crossover must lie in 0..{ws.shape[1]}, the number of layers, not {crossover}")
    return torch.cat([ws[:, :crossover], other[:, crossover:]], 1)


# ---------------------------------------------------------------------------------------------------------- discriminator


def _conv(conv: EqualisedConv2d, x: Tensor) -> Tensor:
    return _leaky(conv(x))


class DiscriminatorBlock(nn.Module):
    """Two convolutions of one side, the second halving it: [N, n_in, 2H, 2W] -> [N, n_out, H, W]."""

    def __init__(
        self, n_in: int, n_out: int, channels: int, first: bool, architecture: str, taps: resample.Taps, equalised: bool
    ) -> None:
        super().__init__()
        self.taps, self.carries_image = taps, architecture == "skip"

        def conv(a: int, b: int, kernel: int, bias: bool = True) -> EqualisedConv2d:
            return EqualisedConv2d(a, b, kernel, bias=bias, equalised=equalised)

        self.from_rgb = conv(channels, n_in, 1) if first or architecture == "skip" else None
        self.conv0 = conv(n_in, n_in, 3)
        self.conv1 = conv(n_in, n_out, 3)
        self.skip = conv(n_in, n_out, 1, bias=False) if architecture == "resnet" else None

    def forward(self, x: Tensor | None, image: Tensor | None) -> tuple[Tensor, Tensor | None]:
        if self.from_rgb is not None:
            colours = _conv(self.from_rgb, image)
            x = colours if x is None else x + colours
            image = resample.downsample(image, self.taps) if self.carries_image else None
        y = self._halve(_conv(self.conv0, x))
        if self.skip is not None:
            y = math.sqrt(0.5) * y + resample.conv_down(x, self.skip.scaled_weight() * math.sqrt(0.5), self.taps)
        return y, image

    def _halve(self, x: Tensor) -> Tensor:
        y = resample.conv_down(x, self.conv1.scaled_weight(), self.taps)
        return _leaky(y + self.conv1.bias.to(y.dtype)[:, None, None])


class Head(nn.Module):
    """From 4 x 4 maps to logits: batch statistics, a convolution, two linear layers; with labels a projection."""

    def __init__(self, n: int, outputs: int, channels: int, architecture: str, group_size: int, equalised: bool) -> None:
        super().__init__()
        self.from_rgb = EqualisedConv2d(channels, n, 1, equalised=equalised) if architecture == "skip" else None
        self.spread = MinibatchStdDev(group_size) if group_size else None
        self.conv = EqualisedConv2d(n + bool(group_size), n, 3, equalised=equalised)
        self.fc = EqualisedLinear(16 * n, n, equalised=equalised)
        self.out = EqualisedLinear(n, outputs, equalised=equalised)

    def forward(self, x: Tensor, image: Tensor | None) -> Tensor:
        if self.from_rgb is not None:
            x = x + _conv(self.from_rgb, image)
        if self.spread is not None:
            x = self.spread(x)
        return self.out(_leaky(self.fc(_conv(self.conv, x).flatten(1))))


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
        check.one_of("architecture", architecture, ARCHITECTURES)
        self.size, self.channels, self.label_dim, self.taps = size, channels, label_dim, taps
        widths = [_width(side, channel_base, channel_max) for side in reversed(sides(size))]
        self.blocks = nn.ModuleList(
            DiscriminatorBlock(a, b, channels, i == 0, architecture, taps, equalised)
            for i, (a, b) in enumerate(zip(widths[:-1], widths[1:], strict=True))
        )
        n = widths[-1]
        self.head = Head(n, n if label_dim else 1, channels, architecture, group_size, equalised)
        self.mapping = MappingNetwork(0, n, label_layers, label_dim, track_average=False) if label_dim else None

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        image: Tensor | None = check.images(x, self.channels, self.size)
        features: Tensor | None = None
        for block in self.blocks:
            features, image = block(features, image)
        out = self.head(features, image)  # [N, 1], or [N, n] with labels
        if self.mapping is None:
            return out.flatten()
        wanted = self.mapping(None, labels)
        return (out * wanted).sum(1) / math.sqrt(out.shape[1])


# -------------------------------------------------------------------------------------------------- the references' key names


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
    put it into ``state`` under that name (the mean stays zero without it, and truncation then makes no sense).
    """
    generator = isinstance(module, Generator)
    if any(key.startswith(("convs.", "to_rgbs.")) for key in state):
        keys.check_filters(state, ".kernel", module.taps)
        if generator and "latent_avg" not in state:
            state = {**state, "latent_avg": torch.zeros(module.w_dim)}
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
    if [_width(2 ** (i + 2), base, largest) for i in range(len(widths))] != widths:
        raise ValueError(
            f"widths {widths} at 4, 8, 16, ... are not min(base / side, largest): this configuration cannot be built"
        )
    return {"channel_base": base, "channel_max": largest}
