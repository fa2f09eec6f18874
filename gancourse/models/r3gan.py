"""R3GAN: two plain residual networks without any normalisation; the loss and its penalties do the rest.

A stage changes the side by a filter and holds a few blocks

    x + W3 lrelu(W2 lrelu(W1 x + b1) + b2)

of a 1x1, a grouped 3x3 and a 1x1 convolution (ResNeXt, with an inverted bottleneck: the grouped one is ``expansion`` times
wider).  Weights start at He's scale times 1 / L^(1/4) for L blocks, the last convolution of each at zero, so that a new
network is close to linear and as wide as it is deep (fix-up initialisation).  The game is
``GAN(generator, discriminator, "relativistic", penalty=penalties.r1_r2(gamma))``.

Source: Huang et al. 2024 (R3GAN); Xie et al. 2017 (ResNeXt); Zhang et al. 2019 (Fixup).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.base import check
from gancourse.models.layers import resample
from gancourse.models.layers.conditional import class_vectors, unlabelled
from gancourse.models.stylegan2 import side_widths, sides

GAIN = math.sqrt(2 / (1 + 0.2**2))  # keeps the variance through leaky ReLU(0.2); in the initialisation only

# Published configurations: widths from 4 px up, groups of the grouped convolution, blocks, and the embedding's length.
CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "cifar10": {"widths": (768,) * 4, "groups": (96,) * 4},  # also the stacked digits', there without labels
    "ffhq64": {"widths": (768, 768, 768, 768, 384), "groups": (96, 96, 96, 96, 48)},
    "ffhq256": {"widths": (768, 768, 768, 768, 384, 192, 96), "groups": (96, 96, 96, 96, 48, 24, 12)},
    "imagenet32": {"widths": (1536,) * 4, "groups": (96,) * 4},
    "imagenet64": {"widths": (1536,) * 5, "groups": (96,) * 5},
    "small32": {"widths": (128, 128, 64, 32), "groups": (16, 16, 8, 4)},
    "small64": {"widths": (128, 128, 128, 64, 32), "groups": (16, 16, 16, 8, 4)},
    "tiny32": {"widths": (96, 96, 48, 24), "groups": (12, 12, 6, 3), "blocks": 1},  # trained on a processor
}


def players(name: str, label_dim: int = 0) -> tuple[Generator, Discriminator]:
    """Both networks of a configuration, one of ``CONFIGURATIONS``: "cifar10", "ffhq256", "small64", "tiny32", for instance."""
    chosen = CONFIGURATIONS[check.one_of("configuration", name, CONFIGURATIONS)]
    return Generator(**chosen, label_dim=label_dim), Discriminator(**chosen, label_dim=label_dim)


@torch.no_grad()
def _scaled(layer: nn.Conv2d | nn.Linear, gain: float = 1.0) -> Any:
    """Weights ~ N(0, gain^2 / fan_in), drawn from the global generator."""
    layer.weight.normal_(0.0, gain / math.sqrt(layer.weight[0].numel()))
    return layer


def _conv(n_in: int, n_out: int, kernel: int = 1, groups: int = 1, gain: float = 1.0) -> nn.Conv2d:
    return _scaled(nn.Conv2d(n_in, n_out, kernel, padding=kernel // 2, groups=groups, bias=False), gain)


class Block(nn.Module):
    """x + W3 lrelu(b2 + W2 lrelu(b1 + W1 x)), W2 grouped: [N, n, H, W] -> the same."""

    def __init__(self, n: int, groups: int, expansion: int, kernel: int, blocks: int) -> None:
        super().__init__()
        wide = n * expansion
        gain = GAIN * blocks ** (-1 / 4)  # three linear layers: L^(-1 / (2 * 3 - 2))
        self.conv1 = _conv(n, wide, gain=gain)
        self.bias1 = nn.Parameter(torch.zeros(wide))
        self.conv2 = _conv(wide, wide, kernel, groups, gain=gain)
        self.bias2 = nn.Parameter(torch.zeros(wide))
        self.conv3 = _conv(wide, n, gain=0.0)

    def forward(self, x: Tensor) -> Tensor:
        y = F.leaky_relu(self.conv1(x) + self.bias1.to(x.dtype)[:, None, None], 0.2)
        y = F.leaky_relu(self.conv2(y) + self.bias2.to(y.dtype)[:, None, None], 0.2)
        return x + self.conv3(y)


class Double(nn.Module):
    """1x1 convolution where the width changes, then upsampling by the filter."""

    def __init__(self, n_in: int, n_out: int, taps: resample.Taps) -> None:
        super().__init__()
        self.conv, self.taps = _conv(n_in, n_out) if n_in != n_out else None, taps

    def forward(self, x: Tensor) -> Tensor:
        return resample.upsample(x if self.conv is None else self.conv(x), self.taps)


class Halve(nn.Module):
    """Downsampling by the filter, then a 1x1 convolution where the width changes."""

    def __init__(self, n_in: int, n_out: int, taps: resample.Taps) -> None:
        super().__init__()
        self.conv, self.taps = _conv(n_in, n_out) if n_in != n_out else None, taps

    def forward(self, x: Tensor) -> Tensor:
        x = resample.downsample(x, self.taps)
        return x if self.conv is None else self.conv(x)


class FromLatent(nn.Module):
    """Learned 4x4 patterns, each channel's multiplied by a linear function of the latent: [N, n_in] -> [N, n_out, 4, 4]."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.basis = nn.Parameter(torch.randn(n_out, 4, 4))
        self.linear = _scaled(nn.Linear(n_in, n_out, bias=False))

    def forward(self, z: Tensor) -> Tensor:
        return self.basis * self.linear(z)[:, :, None, None]


class ToLogits(nn.Module):
    """The other way: each channel's product with a learned 4x4 pattern, then a linear layer: [N, n_in, 4, 4] -> [N, n_out]."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.basis = _scaled(nn.Conv2d(n_in, n_in, 4, groups=n_in, bias=False))
        self.linear = _scaled(nn.Linear(n_in, n_out, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(self.basis(x).flatten(1))


def _blocks_of(
    widths: Sequence[int], groups: Sequence[int], blocks: int | Sequence[int], expansion: int, kernel: int
) -> tuple[tuple[int, ...], tuple[int, ...], list[int]]:
    """``widths``, ``groups`` and the number of blocks at each side, as ints, if this machine holds the widest block."""
    widths, groups = check.row("widths", widths), check.row("groups", groups)
    if not isinstance(blocks, tuple | list):
        blocks = [check.depth("blocks", blocks)] * len(widths)
    depth = list(check.row("blocks", blocks, 1, check.DEPTH))
    if not widths or len(widths) > 9:
        raise ValueError(f"widths are those at 4, 8, ... px, one for each side up to 1024, not {len(widths)} of them")
    if not len(widths) == len(groups) == len(depth):
        raise ValueError(
            f"widths, groups and blocks have an entry for each side, not {len(widths)}, {len(groups)} and {len(depth)}"
        )
    if kernel % 2 == 0:
        raise ValueError(f"kernel must be odd, not {kernel}")
    for n, parts in zip(widths, groups, strict=True):
        if n * expansion % parts:
            raise ValueError(f"a block's {n} x {expansion} channels cannot be cut into {parts} groups: take a divisor")
        check.fits("weights", sum(depth), n, n * expansion)
        check.fits("weights", sum(depth), n * expansion, n * expansion // parts, kernel, kernel)
    return widths, groups, depth


class Generator(nn.Module):
    """G: latents [N, latent_dim] (and labels) -> images [N, channels, size, size], size = 2 * 2^len(widths); no tanh.

    ``widths``, ``groups`` and ``blocks`` (a number for all, or one for each) go from 4 px up.  A label's embedding
    stands beside z.
    """

    def __init__(
        self,
        widths: Sequence[int] = (768, 768, 768, 768),
        groups: Sequence[int] = (96, 96, 96, 96),
        blocks: int | Sequence[int] = 2,
        *,
        latent_dim: int = 64,
        expansion: int = 2,
        kernel: int = 3,
        channels: int = 3,
        label_dim: int = 0,
        embedding: int = 64,
        taps: resample.Taps = resample.BINOMIAL,
    ) -> None:
        super().__init__()
        latent_dim, channels, embedding = check.counts(latent_dim=latent_dim, channels=channels, embedding=embedding)
        expansion, kernel = check.counts(expansion=expansion, kernel=kernel)
        label_dim = check.whole("label_dim", label_dim, 0, check.COUNT)
        widths, groups, depth = _blocks_of(widths, groups, blocks, expansion, kernel)
        resample.check_taps(taps)
        check.fits("weights", label_dim or 1, embedding)
        check.fits("weights", latent_dim + embedding, widths[0])
        self.size, self.latent_dim, self.label_dim, self.taps = 2 * 2 ** len(widths), latent_dim, label_dim, taps
        self.embed = _scaled(nn.Linear(label_dim, embedding, bias=False)) if label_dim else None
        stages = []
        for i, n in enumerate(widths):
            first: nn.Module = (
                Double(widths[i - 1], n, taps) if i else FromLatent(latent_dim + (embedding if label_dim else 0), n)
            )
            stages.append(nn.Sequential(first, *(Block(n, groups[i], expansion, kernel, sum(depth)) for _ in range(depth[i]))))
        self.stages = nn.ModuleList(stages)
        self.to_rgb = _conv(widths[-1], channels)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        x = check.latents(z, self.latent_dim, self)
        if self.embed is None:
            unlabelled(labels, "generator", "label_dim")
        else:
            x = torch.cat([x, self.embed(_vectors(labels, self.label_dim, x))], 1)
        for stage in self.stages:
            x = stage(x)
        return self.to_rgb(x)


class Discriminator(nn.Module):
    """D: images [N, channels, size, size] (and labels) -> logits [N]; the generator's mirror.

    The arguments are the generator's, in the same order (from 4 px up).  With labels, the logit is the product of the
    image's features with the label's embedding, of length ``embedding`` (None: the width at 4 px).
    """

    def __init__(
        self,
        widths: Sequence[int] = (768, 768, 768, 768),
        groups: Sequence[int] = (96, 96, 96, 96),
        blocks: int | Sequence[int] = 2,
        *,
        expansion: int = 2,
        kernel: int = 3,
        channels: int = 3,
        label_dim: int = 0,
        embedding: int | None = None,
        taps: resample.Taps = resample.BINOMIAL,
    ) -> None:
        super().__init__()
        (channels, expansion, kernel) = check.counts(channels=channels, expansion=expansion, kernel=kernel)
        label_dim = check.whole("label_dim", label_dim, 0, check.COUNT)
        widths, groups, depth = _blocks_of(widths, groups, blocks, expansion, kernel)
        (embedding,) = check.counts(embedding=widths[0] if embedding is None else embedding)
        resample.check_taps(taps)
        check.fits("weights", label_dim or 1, embedding)
        check.fits("weights", embedding, widths[0])
        self.size, self.channels, self.label_dim, self.taps = 2 * 2 ** len(widths), channels, label_dim, taps
        self.from_rgb = _conv(channels, widths[-1])
        stages = []
        for i in range(len(widths) - 1, -1, -1):
            n = widths[i]
            last: nn.Module = Halve(n, widths[i - 1], taps) if i else ToLogits(n, embedding if label_dim else 1)
            stages.append(nn.Sequential(*(Block(n, groups[i], expansion, kernel, sum(depth)) for _ in range(depth[i])), last))
        self.stages = nn.ModuleList(stages)
        self.embed = _scaled(nn.Linear(label_dim, embedding, bias=False)) if label_dim else None

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        x = self.from_rgb(check.images(x, self.channels, self.size, network=self))
        for stage in self.stages:
            x = stage(x)
        if self.embed is None:
            unlabelled(labels, "discriminator", "label_dim")
            return x.flatten()
        return (x * self.embed(_vectors(labels, self.label_dim, x))).sum(1)


def _vectors(labels: Tensor | None, classes: int, x: Tensor) -> Tensor:
    """Labels of the samples ``x`` as vectors, beside them and of their type."""
    if labels is None:
        raise ValueError(f"this network is conditional: pass labels, numbers [N] below {classes} or vectors")
    return class_vectors(labels, classes, x.shape[0]).to(x)


# ------------------------------------------------------------------------------------------------------- the roadmap's step B


class StrippedGenerator(nn.Module):
    """The roadmap's step B: StyleGAN2's generator without its style: plain convolutions, biases, and colours summed over sides.

    No mapping network, modulation, noise or equalised learning rate; the latent multiplies learned 4x4 patterns.  Its
    opponent is ``stylegan2.Discriminator(..., group_size=0, equalised=False)``.

    Source: Huang et al. 2024, section 3.2; the parameter counts of its table 2 (18.890 M and 23.996 M) are these networks'.
    """

    def __init__(
        self,
        size: int = 256,
        latent_dim: int = 64,
        *,
        channels: int = 3,
        channel_base: int = 16384,
        channel_max: int = 512,
        taps: resample.Taps = resample.BINOMIAL,
    ) -> None:
        super().__init__()
        latent_dim, channels = check.counts(latent_dim=latent_dim, channels=channels)
        size = sides(size)[-1]
        widths = side_widths(size, channel_base, channel_max)
        resample.check_taps(taps)
        for width in widths:
            check.fits("weights", width, max(width, latent_dim), 3, 3)
        self.size, self.latent_dim, self.taps = size, latent_dim, taps
        self.first = FromLatent(latent_dim, widths[0])
        pairs = list(zip([widths[0], *widths[:-1]], widths, strict=True))
        self.up = nn.ModuleList(_conv(a, b, 3, gain=GAIN) for a, b in pairs[1:])
        self.up_bias = nn.ParameterList(torch.zeros(b) for _, b in pairs[1:])
        self.convs = nn.ModuleList(_with_bias(b, b, 3, GAIN) for _, b in pairs)
        self.to_rgb = nn.ModuleList(_with_bias(b, channels, 1, 1.0) for _, b in pairs)

    def forward(self, z: Tensor) -> Tensor:
        x = F.leaky_relu(self.convs[0](self.first(check.latents(z, self.latent_dim, self))), 0.2)
        image = self.to_rgb[0](x)
        for up, bias, conv, to_rgb in zip(self.up, self.up_bias, self.convs[1:], self.to_rgb[1:], strict=True):
            x = resample.conv_up(x, up.get_parameter("weight"), self.taps)
            x = F.leaky_relu(x + bias.to(x.dtype)[:, None, None], 0.2)
            x = F.leaky_relu(conv(x), 0.2)
            image = resample.upsample(image, self.taps) + to_rgb(x)
        return image


def _with_bias(n_in: int, n_out: int, kernel: int, gain: float) -> nn.Conv2d:
    conv = _scaled(nn.Conv2d(n_in, n_out, kernel, padding=kernel // 2), gain)
    nn.init.zeros_(conv.bias)
    return conv
