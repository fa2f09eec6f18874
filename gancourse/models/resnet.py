r"""Residual generators and discriminators: WGAN-GP's, SNGAN's and, with labels, the projection GAN's.

A block adds what its two convolutions compute to its input, x + f(x); where the size or the number of channels changes, the
input passes a 1x1 convolution on the way.  Generators normalise before each activation, discriminators carry spectral
normalisation in their weights (SNGAN) or none (WGAN-GP).

>>> generator, discriminator = Generator(32), Discriminator(32)                     # SNGAN on CIFAR-10
>>> Generator(32, classes=10), Discriminator(32, classes=10)                         # the projection GAN: cGAN-PD
>>> Discriminator(32, spectral_norm=False, pool="mean")                              # WGAN-GP's critic

At the default widths these are, weight for weight, the networks of the "mimicry" library (4,276,739 and 1,053,825 parameters
at 32 px); :mod:`gancourse.models.reference.resnet` reads its state dicts.

Source: Gulrajani et al. 2017, appendix; Miyato et al. 2018, appendix B.4; Miyato & Koyama 2018.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.base import check
from gancourse.models.layers import spectral
from gancourse.models.layers.conditional import Classes, ConditionalBatchNorm2d, ProjectionHead, Spec, unlabelled

SIZES = (16, 32, 64, 128)
WIDTHS = {16: (128, 128), 32: (256, 128), 64: (1024, 1024), 128: (1024, 1024)}  # generator's and discriminator's

# Channels after each block, as fractions 1/n of the width: the first entry is the generator's map of 4x4.
_GENERATOR = {16: (1, 1, 1), 32: (1, 1, 1, 1), 64: (1, 2, 4, 8, 16), 128: (1, 1, 2, 4, 8, 16)}
_DISCRIMINATOR = {16: (1, 1, 1), 32: (1, 1, 1, 1), 64: (16, 8, 4, 2, 1), 128: (16, 8, 4, 2, 1, 1)}
_HALVINGS = {16: 1, 32: 2, 64: 5, 128: 5}  # how many blocks of the discriminator halve the picture; they come first


def _plan(width: int, parts: tuple[int, ...], channels: int) -> list[int]:
    """Channels after each block, of a width that can be divided so often and that this machine holds."""
    width = check.whole("width", width, 1, check.COUNT)
    if width < max(parts):
        raise ValueError(f"width must be {max(parts)} or more at this size, where maps have a {max(parts)}th of it, not {width}")
    check.fits("weights", width, max(width, channels), 3, 3)
    return [width // part for part in parts]


class GeneratorBlock(nn.Module):
    """[N, n_in, H, W] -> [N, n_out, 2H, 2W] (or H, W with ``upsample=None``): norm, ReLU, double, conv, norm, ReLU, conv.

    ``norm`` makes a normalisation for a number of channels; a conditional one is given ``condition``.
    """

    def __init__(
        self, n_in: int, n_out: int, norm: Callable[[int], nn.Module] = nn.BatchNorm2d, upsample: str | None = "bilinear"
    ) -> None:
        super().__init__()
        self.upsample = upsample
        self.norm1, self.norm2 = norm(n_in), norm(n_out)
        self.conv1 = nn.Conv2d(n_in, n_out, 3, padding=1)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, padding=1)
        self.shortcut = nn.Conv2d(n_in, n_out, 1) if n_in != n_out or upsample is not None else nn.Identity()

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        h = self.conv1(double(F.relu(normalised(self.norm1, x, condition)), self.upsample))
        h = self.conv2(F.relu(normalised(self.norm2, h, condition)))
        # A 1x1 convolution and an interpolation whose weights sum to 1 commute, so the convolution runs on the small map.
        return h + double(self.shortcut(x), self.upsample)


class DiscriminatorBlock(nn.Module):
    """[N, n_in, H, W] -> [N, n_out, H/2, W/2] (or H, W with ``downsample=False``): ReLU, conv, ReLU, conv, average by 2x2.

    ``first=True`` leaves the first ReLU out, since the input is the picture itself.  ``n_hidden`` is the number of channels
    between the convolutions.  For ``shortcut_sees_relu`` see :class:`Discriminator`.
    """

    def __init__(
        self,
        n_in: int,
        n_out: int,
        *,
        n_hidden: int | None = None,
        downsample: bool = True,
        first: bool = False,
        shortcut_sees_relu: bool = False,
    ) -> None:
        super().__init__()
        self.downsample, self.first, self.shortcut_sees_relu = downsample, first, shortcut_sees_relu
        n_hidden = n_out if n_hidden is None else n_hidden
        self.conv1 = nn.Conv2d(n_in, n_hidden, 3, padding=1)
        self.conv2 = nn.Conv2d(n_hidden, n_out, 3, padding=1)
        self.shortcut = nn.Conv2d(n_in, n_out, 1) if n_in != n_out or downsample else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        h = x if self.first else F.relu(x)
        if self.shortcut_sees_relu:
            x = h
        h = self.conv2(F.relu(self.conv1(h)))
        if self.downsample:  # pooling before the 1x1 convolution gives what pooling after it would, for a quarter of the work
            h, x = F.avg_pool2d(h, 2), F.avg_pool2d(x, 2)
        return h + self.shortcut(x)


def double(x: Tensor, mode: str | None) -> Tensor:
    """Twice the height and width by "nearest" or "bilinear" interpolation; None leaves x as it is."""
    if mode is None:
        return x
    return F.interpolate(x, scale_factor=2, mode=mode, align_corners=False if mode == "bilinear" else None)


def normalised(norm: nn.Module, x: Tensor, condition: Tensor | None) -> Tensor:
    """``norm(x, condition)`` where the norm is conditional, else ``norm(x)``."""
    return norm(x, condition) if isinstance(norm, ConditionalBatchNorm2d) else norm(x)


def init_xavier(module: nn.Module, generator: torch.Generator | None = None) -> nn.Module:
    """Initialise in place by Glorot & Bengio's uniform rule, gain sqrt(2) for 3x3 convolutions in blocks, else 1; biases 0."""
    inside = {id(conv) for block in module.modules() if hasattr(block, "conv1") for conv in (block.conv1, block.conv2)}
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(layer.weight, math.sqrt(2) if id(layer) in inside else 1.0, generator=generator)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, ProjectionHead):
            nn.init.xavier_uniform_(layer.embedding.table.weight, generator=generator)
    return module


class Generator(nn.Module):
    """G: latents [N, latent_dim] (and labels) -> images [N, channels, size, size] in [-1, 1].

    ``width`` is the number of channels of the 4x4 map, by default the published one: 256 at 32 px, where it stays, 1024 at 64 and
    128 px, where it falls to a sixteenth.  With ``classes`` every batch normalisation inside the blocks is conditional.
    ``upsample`` is "bilinear" in the reference, "nearest" in the papers' own code.
    """

    def __init__(
        self,
        size: int = 32,
        latent_dim: int = 128,
        width: int | None = None,
        channels: int = 3,
        *,
        classes: Spec | None = None,
        upsample: str = "bilinear",
    ) -> None:
        super().__init__()
        size = check.offered_size(size, SIZES, "the residual generator")
        check.one_of("upsample", upsample, ["bilinear", "nearest"])
        latent_dim, channels = check.counts(latent_dim=latent_dim, channels=channels)
        self.size, self.latent_dim = size, latent_dim
        self.classes = Classes.of(classes) if classes is not None else None
        plan = _plan(WIDTHS[size][0] if width is None else width, _GENERATOR[size], channels)
        check.fits("weights", latent_dim, plan[0], 4, 4)

        def norm(n: int) -> nn.Module:
            return nn.BatchNorm2d(n) if self.classes is None else ConditionalBatchNorm2d(n, self.classes)

        self.first = nn.Linear(latent_dim, plan[0] * 16)
        self.blocks = nn.ModuleList(
            GeneratorBlock(n_in, n_out, norm, upsample) for n_in, n_out in zip(plan[:-1], plan[1:], strict=True)
        )
        self.norm = nn.BatchNorm2d(plan[-1])
        self.last = nn.Conv2d(plan[-1], channels, 3, padding=1)
        init_xavier(self)

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        x = self.first(check.latents(z, self.latent_dim, self)).unflatten(1, (-1, 4, 4))  # [N, C, 4, 4]
        if self.classes is None:
            unlabelled(y, "generator")
        else:
            y = self.classes.check(y, len(z))
        for block in self.blocks:
            x = block(x, y)
        return torch.tanh(self.last(F.relu(self.norm(x))))  # [N, channels, size, size]


class Discriminator(nn.Module):
    """D: images [N, channels, size, size] (and labels) -> logits [N].

    ``width`` is the number of channels of the last map, by default 128 at 32 px and 1024 at 64 and 128 px.  With ``classes``
    the logit is a projection (:class:`~gancourse.models.layers.conditional.ProjectionHead`).  ``pool`` says how the last map
    becomes one vector: "sum" over its places in SNGAN, "mean" in WGAN-GP.

    ``shortcut_sees_relu``: in the papers a block's shortcut starts from its input x.  Where the block's first ReLU is written in
    place it overwrites x, and the shortcut starts from relu(x), negative values lost.  Several public implementations train,
    and report, that network; their weights need True, among them those of the reference whose counts are given above.
    """

    def __init__(
        self,
        size: int = 32,
        width: int | None = None,
        channels: int = 3,
        *,
        classes: Spec | None = None,
        spectral_norm: bool = True,
        pool: str = "sum",
        shortcut_sees_relu: bool = False,
    ) -> None:
        super().__init__()
        size = check.offered_size(size, SIZES, "the residual discriminator")
        (channels,), spectral_norm = check.counts(channels=channels), check.flag("spectral_norm", spectral_norm)
        shortcut_sees_relu = check.flag("shortcut_sees_relu", shortcut_sees_relu)
        self.pool = check.one_of("pool", pool, ["sum", "mean"])
        self.size, self.channels = size, channels
        self.classes = Classes.of(classes) if classes is not None else None
        plan = [channels, *_plan(WIDTHS[size][1] if width is None else width, _DISCRIMINATOR[size], channels)]
        self.blocks = nn.ModuleList(
            DiscriminatorBlock(
                n_in,
                n_out,
                n_hidden=n_out if i == 0 else n_in,
                downsample=i < _HALVINGS[size],
                first=i == 0,
                shortcut_sees_relu=shortcut_sees_relu,
            )
            for i, (n_in, n_out) in enumerate(zip(plan[:-1], plan[1:], strict=True))
        )
        self.head = nn.Linear(plan[-1], 1) if self.classes is None else ProjectionHead(plan[-1], self.classes)
        init_xavier(self)
        if spectral_norm:
            spectral.normalise(self)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        x = check.images(x, self.channels, self.size, network=self)
        for block in self.blocks:
            x = block(x)
        h = F.relu(x).sum((2, 3)) if self.pool == "sum" else F.relu(x).mean((2, 3))  # [N, C]
        if self.classes is None:
            unlabelled(y, "discriminator")
            return self.head(h).squeeze(1)  # [N]
        return self.head(h, self.classes.check(y, len(x)))
