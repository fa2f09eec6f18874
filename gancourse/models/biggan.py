r"""BigGAN: the residual networks of the projection GAN, wider, with attention, spectral normalisation on both sides, and latents
that enter at every block.

>>> generator, discriminator = build("cifar")                   # 32 px
>>> generator, discriminator = build("imagenet128")             # 128 px, 70 and 88 million parameters
>>> generator, discriminator = build("deep128")                 # BigGAN-deep

In the large networks the label becomes one vector c, shared by all blocks, and the latent is cut into pieces: the first makes the
4x4 map, the others join c, and each conditional batch normalisation reads its gain and bias off the block's own [c, z_i].

Parameter counts are those of the authors' PyTorch code, whose state dicts :mod:`gancourse.models.reference.biggan` reads.

Source: Brock, Donahue & Simonyan 2019 (ICLR), appendix B.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.base import check, networks
from gancourse.models.layers import spectral
from gancourse.models.layers.attention import SelfAttention
from gancourse.models.layers.conditional import Classes, ConditionalBatchNorm2d, LabelEmbedding, ProjectionHead, Spec
from gancourse.models.resnet import DiscriminatorBlock, GeneratorBlock, double

# Multiples of the width: the generator's 4x4 map and then the map after each block.
WIDTHS = {32: (4, 4, 4, 4), 64: (16, 16, 8, 4, 2), 128: (16, 16, 8, 4, 2, 1), 256: (16, 16, 8, 8, 4, 2, 1)}
_DISCRIMINATOR = {32: (4, 4, 4, 4), 64: (1, 2, 4, 8, 16), 128: (1, 2, 4, 8, 16, 16), 256: (1, 2, 4, 8, 8, 16, 16)}
_HALVINGS = {32: 2, 64: 4, 128: 5, 256: 6}  # how many stages of the discriminator halve the picture; they come first
_DEEP_DISCRIMINATOR = {64: (1, 2, 4, 8, 16), 128: (1, 2, 4, 8, 16, 16), 256: (1, 2, 4, 8, 8, 16, 16)}  # the stem's channels first
SIZES = tuple(WIDTHS)
DEEP_SIZES = tuple(_DEEP_DISCRIMINATOR)
INITS = ("orthogonal", "normal")

CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "cifar": {"size": 32, "latent_dim": 128, "width": 64, "classes": 10, "init": "normal"},
    "imagenet128": {
        "size": 128, "latent_dim": 120, "width": 96, "classes": 1000, "shared_dim": 128, "hierarchical": True, "attention": (64,)
    },
    "deep128": {"size": 128, "latent_dim": 128, "width": 128, "classes": 1000, "shared_dim": 128, "attention": (64,), "depth": 2},
}  # fmt: skip


def build(name: str, **changes: Any) -> tuple[nn.Module, nn.Module]:
    """The two networks of a published configuration, "cifar", "imagenet128" or "deep128"; ``changes`` override its settings.

    At another ``size`` than the published one pass ``attention``, too: both networks must have maps of those sides.
    """
    settings = CONFIGURATIONS[check.one_of("configuration", name, CONFIGURATIONS)] | changes
    both = {name: value for name, value in settings.items() if name not in ("latent_dim", "shared_dim", "hierarchical")}
    if "depth" in settings:
        return DeepGenerator(**settings), DeepDiscriminator(**both)
    return Generator(**settings), Discriminator(**both)


def init_weights(module: nn.Module, kind: str = "orthogonal", generator: torch.Generator | None = None) -> nn.Module:
    """Initialise convolutions, linear layers and embeddings in place, "orthogonal" or "normal" (0.02^2); biases 0.

    Source: Brock et al. 2019, section 3 (orthogonal); their PyTorch code takes N(0, 0.02^2) for CIFAR-10.
    """
    check.one_of("init", kind, INITS)
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear | nn.Embedding):
            if kind == "normal":
                nn.init.normal_(layer.weight, 0.0, 0.02, generator=generator)
            else:
                nn.init.orthogonal_(layer.weight, generator=generator)
            if not isinstance(layer, nn.Embedding) and layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return module


def _widths(width: int, multiples: Sequence[int], channels: int, depth: int = 1) -> list[int]:
    """Channels after each stage, if this machine holds ``depth`` convolutions of the widest."""
    width, channels = check.counts(width=width, channels=channels)
    plan = [width * multiple for multiple in multiples]
    check.fits("weights", depth, max(plan), max(*plan, channels), 3, 3)
    return plan


def _attended(attention: Sequence[int], sides: Sequence[int], whose: str) -> tuple[int, ...]:
    """``attention`` as a tuple, if the network has maps of these sides."""
    asked = check.row("attention", attention)
    if unknown := [side for side in asked if side not in sides]:
        offered = ", ".join(str(side) for side in sorted(set(sides)))
        raise ValueError(f"{whose} has no map of {unknown[0]} px to attend to: attention may stand at {offered}")
    return asked


def _at_64(sides: Sequence[int]) -> tuple[int, ...]:
    """Where BigGAN-deep attends unless told otherwise: at 64 px, if the network has maps of this side."""
    return (64,) if 64 in sides else ()


def _normalise_all_but_embeddings(network: nn.Module) -> None:
    for layer in list(network.modules()):
        if isinstance(layer, nn.Conv2d | nn.Linear):
            spectral.spectral_norm(layer)


def _run(stages: Iterable[Any], x: Tensor, conditions: Sequence[Tensor | None]) -> Tensor:
    """Through all stages, each a block that reads its condition and, where there is one, attention after it."""
    for stage, condition in zip(stages, conditions, strict=True):
        for layer in stage:
            x = layer(x, condition) if condition is not None and not isinstance(layer, SelfAttention) else layer(x)
    return x


class _Labelled(nn.Module):
    """What both generators share: labels become what the blocks are told, and maps become images."""

    classes: Classes
    latent_dim: int
    shared: LabelEmbedding | None
    stages: nn.ModuleList

    def _finish(self, n: int, channels: int, init: str) -> None:
        """The last layers, for maps of n channels, and how all weights begin."""
        self.norm = nn.BatchNorm2d(n)
        self.last = nn.Conv2d(n, channels, 3, padding=1)
        init_weights(self, init)
        _normalise_all_but_embeddings(self)

    def embed(self, y: Tensor | None, n: int | None = None) -> Tensor:
        """What the blocks are told of the labels: the shared vectors [N, shared_dim], or without such the labels themselves."""
        y = self.classes.check(y, n)
        return y if self.shared is None else self.shared(y)

    def synthesise(self, z: Tensor, c: Tensor) -> Tensor:
        """Images from latents and what :meth:`embed` gave; a mean of two shared vectors lies between two classes."""
        x, conditions = self._start(z, c)
        return torch.tanh(self.last(F.relu(self.norm(_run(self.stages, x, conditions)))))

    def _start(self, z: Tensor, c: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The 4x4 map, and the condition of each stage."""
        raise NotImplementedError

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        z = check.latents(z, self.latent_dim, self)
        return self.synthesise(z, self.embed(y, z.shape[0]))


class _Judge(nn.Module):
    """What both discriminators share: stages, a sum over places, and a projection."""

    channels: int
    size: int
    classes: Classes
    first: nn.Module
    stages: nn.ModuleList

    def _finish(self, n: int, classes: Spec, init: str) -> None:
        """The head, for maps of n channels, and how all weights begin."""
        self.head = ProjectionHead(n, classes)
        init_weights(self, init)
        spectral.normalise(self)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        x = check.images(x, self.channels, self.size, network=self)
        y = self.classes.check(y, len(x))
        x = self.first(x)
        x = _run(self.stages, x, [None] * len(self.stages))
        return self.head(F.relu(x).sum((2, 3)), y)  # [N]


def _generator_sides(size: int) -> list[int]:
    """The sides of the maps after each doubling."""
    return [8 * 2**i for i in range(len(WIDTHS[size]) - 1)]


class Generator(_Labelled):
    """G: latents [N, latent_dim] and labels -> images [N, channels, size, size] in [-1, 1].

    size          32, 64, 128 or 256 px
    width         the unit of channels: every map has 4 * width of them at 32 px; at the larger sizes they fall from 16 * width
    classes       what labels there are (see :mod:`gancourse.models.layers.conditional`)
    shared_dim    length of the label vector that all blocks share; None gives each normalisation tables of its own
    hierarchical  cut the latent into equal pieces, one for the 4x4 map and one for each block (needs shared_dim)
    attention     sizes of the maps that are followed by self-attention, from 8 px to ``size``; any other is an error
    init          "orthogonal" or "normal"

    All convolutions and linear layers are spectrally normalised, embeddings are not.
    """

    def __init__(
        self,
        size: int = 32,
        latent_dim: int = 128,
        width: int = 64,
        channels: int = 3,
        *,
        classes: Spec = 10,
        shared_dim: int | None = None,
        hierarchical: bool = False,
        attention: Sequence[int] = (),
        init: str = "orthogonal",
    ) -> None:
        super().__init__()
        size = check.offered_size(size, SIZES, "BigGAN's generator")
        latent_dim, channels = check.counts(latent_dim=latent_dim, channels=channels)
        hierarchical, sides = check.flag("hierarchical", hierarchical), _generator_sides(size)
        attention = _attended(attention, sides, f"BigGAN's generator of {size} px")
        self.size, self.latent_dim, self.classes = size, latent_dim, Classes.of(classes)
        plan = _widths(width, WIDTHS[size], channels)
        check.fits("weights", latent_dim, plan[0], 4, 4)
        check.one_of("init", init, INITS)
        pieces = len(plan) if hierarchical else 1  # one for the first map, one for each block
        if hierarchical and shared_dim is None:
            raise ValueError("hierarchical latents join the shared vector of the label: pass shared_dim=128, say")
        if latent_dim % pieces:
            raise ValueError(f"{latent_dim} latents cannot be cut into {pieces} equal pieces: take a multiple of {pieces}")
        self.piece, self.hierarchical = latent_dim // pieces, hierarchical
        self.shared = LabelEmbedding(self.classes, shared_dim) if shared_dim is not None else None
        if self.shared is not None:
            shared_dim = self.shared.dim

        def norm(n: int) -> nn.Module:
            if shared_dim is None:
                return ConditionalBatchNorm2d(n, self.classes)
            return ConditionalBatchNorm2d(n, condition_dim=shared_dim + (self.piece if hierarchical else 0))

        self.first = nn.Linear(self.piece, plan[0] * 16)
        self.stages = nn.ModuleList()
        for n_in, n_out, side in zip(plan[:-1], plan[1:], sides, strict=True):
            stage = nn.ModuleList([GeneratorBlock(n_in, n_out, norm, "nearest")])
            if side in attention:
                stage.append(SelfAttention(n_out))
            self.stages.append(stage)
        self._finish(plan[-1], channels, init)

    def _start(self, z: Tensor, c: Tensor) -> tuple[Tensor, list[Tensor]]:
        first, *rest = z.split(self.piece, dim=1)
        conditions = [torch.cat([c, piece], 1) for piece in rest] if self.hierarchical else [c] * len(self.stages)
        return self.first(first).unflatten(1, (-1, 4, 4)), conditions  # [N, C, 4, 4]


class Discriminator(_Judge):
    """D: images [N, channels, size, size] and labels -> logits [N], by projection of the summed last map.

    Arguments as in :class:`Generator`.  Every layer is spectrally normalised, the embedding of the label too.

    ``attention`` goes by the table of the authors' code, which at 32 px calls the maps of all four blocks 16 px (three of them
    have 8): there ``attention=(16,)`` means after each block, and 8 is refused.
    """

    def __init__(
        self,
        size: int = 32,
        width: int = 64,
        channels: int = 3,
        *,
        classes: Spec = 10,
        attention: Sequence[int] = (),
        init: str = "orthogonal",
    ) -> None:
        super().__init__()
        size = check.offered_size(size, SIZES, "BigGAN's discriminator")
        (channels,) = check.counts(channels=channels)
        halvings = _HALVINGS[size]
        sides = [16 if size == 32 else size >> min(i + 1, halvings) for i in range(len(_DISCRIMINATOR[size]))]
        attention = _attended(attention, sides, f"BigGAN's discriminator of {size} px")
        self.size, self.channels, self.classes = size, channels, Classes.of(classes)
        plan = [channels, *_widths(width, _DISCRIMINATOR[size], channels)]
        check.one_of("init", init, INITS)
        self.first = nn.Identity()  # BigGAN-deep begins with a convolution
        self.stages = nn.ModuleList()
        for i, (n_in, n_out, side) in enumerate(zip(plan[:-1], plan[1:], sides, strict=True)):
            stage = nn.ModuleList([DiscriminatorBlock(n_in, n_out, downsample=i < halvings, first=i == 0)])
            if side in attention:
                stage.append(SelfAttention(n_out))
            self.stages.append(stage)
        self._finish(plan[-1], self.classes, init)


def _quarter(n: int) -> int:
    if n < 4:
        raise ValueError(f"a bottleneck has a quarter of its block's channels, and a block has {n}: take a larger width")
    return n // 4


class DeepGeneratorBlock(nn.Module):
    """A bottleneck: 1x1 to a quarter of the channels, two 3x3, 1x1 back; each after conditional norm and ReLU.

    The shortcut has no weights: where channels fall it drops the last ones.
    """

    def __init__(self, n_in: int, n_out: int, condition_dim: int, upsample: bool) -> None:
        super().__init__()
        n = _quarter(n_in)
        self.n_out, self.upsample = n_out, "nearest" if upsample else None
        self.norm1 = ConditionalBatchNorm2d(n_in, condition_dim=condition_dim)
        self.norm2, self.norm3, self.norm4 = (ConditionalBatchNorm2d(n, condition_dim=condition_dim) for _ in range(3))
        self.conv1, self.conv4 = nn.Conv2d(n_in, n, 1), nn.Conv2d(n, n_out, 1)
        self.conv2, self.conv3 = nn.Conv2d(n, n, 3, padding=1), nn.Conv2d(n, n, 3, padding=1)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        h = self.conv1(F.relu(self.norm1(x, condition)))
        h = self.conv2(double(F.relu(self.norm2(h, condition)), self.upsample))
        h = self.conv3(F.relu(self.norm3(h, condition)))
        h = self.conv4(F.relu(self.norm4(h, condition)))
        return h + double(x[:, : self.n_out], self.upsample)


class DeepDiscriminatorBlock(nn.Module):
    """The same bottleneck without norms; where channels grow, a 1x1 convolution supplies the new ones beside the old."""

    def __init__(self, n_in: int, n_out: int, downsample: bool) -> None:
        super().__init__()
        n = _quarter(n_out)
        self.downsample = downsample
        self.conv1, self.conv4 = nn.Conv2d(n_in, n, 1), nn.Conv2d(n, n_out, 1)
        self.conv2, self.conv3 = nn.Conv2d(n, n, 3, padding=1), nn.Conv2d(n, n, 3, padding=1)
        self.shortcut = nn.Conv2d(n_in, n_out - n_in, 1) if n_in != n_out else None

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv1(F.relu(x))
        h = self.conv2(F.relu(h))
        h = F.relu(self.conv3(F.relu(h)))
        if self.downsample:
            h, x = F.avg_pool2d(h, 2), F.avg_pool2d(x, 2)
        if self.shortcut is not None:
            x = torch.cat([x, self.shortcut(x)], 1)
        return self.conv4(h) + x


class DeepGenerator(_Labelled):
    """BigGAN-deep's G: ``depth`` bottleneck blocks at each size, and [c, z] whole given to the first layer and to every block.

    Arguments as in :class:`Generator`; ``attention=None`` means at 64 px, where there is such a map.
    """

    def __init__(
        self,
        size: int = 128,
        latent_dim: int = 128,
        width: int = 128,
        channels: int = 3,
        *,
        classes: Spec = 1000,
        shared_dim: int = 128,
        attention: Sequence[int] | None = None,
        depth: int = 2,
        init: str = "orthogonal",
    ) -> None:
        super().__init__()
        size, depth = check.offered_size(size, DEEP_SIZES, "BigGAN-deep's generator"), check.depth("depth", depth, 2)
        latent_dim, channels = check.counts(latent_dim=latent_dim, channels=channels)
        sides = _generator_sides(size)
        attention = _attended(_at_64(sides) if attention is None else attention, sides, f"BigGAN-deep's generator of {size} px")
        check.one_of("init", init, INITS)
        self.size, self.latent_dim, self.classes = size, latent_dim, Classes.of(classes)
        plan = _widths(width, WIDTHS[size], channels, depth)
        self.shared = LabelEmbedding(self.classes, shared_dim)
        condition_dim = self.shared.dim + latent_dim
        check.fits("weights", condition_dim, plan[0], 4, 4)
        self.first = nn.Linear(condition_dim, plan[0] * 16)
        self.stages = nn.ModuleList()
        for n_in, n_out, side in zip(plan[:-1], plan[1:], sides, strict=True):
            for j in range(depth):  # the last block of a size doubles it; the first keeps the channels
                block = DeepGeneratorBlock(n_in, n_in if j == 0 else n_out, condition_dim, upsample=j == depth - 1)
                stage = nn.ModuleList([block])
                if j == depth - 1 and side in attention:
                    stage.append(SelfAttention(n_out))
                self.stages.append(stage)
        self._finish(plan[-1], channels, init)

    def _start(self, z: Tensor, c: Tensor) -> tuple[Tensor, list[Tensor]]:
        condition = torch.cat([c, z], 1)
        return self.first(condition).unflatten(1, (-1, 4, 4)), [condition] * len(self.stages)


class DeepDiscriminator(_Judge):
    """BigGAN-deep's D: a 3x3 convolution, then ``depth`` bottleneck blocks at each size.

    Arguments as in :class:`Discriminator`; ``attention=None`` means at 64 px, where there is such a map.
    """

    def __init__(
        self,
        size: int = 128,
        width: int = 128,
        channels: int = 3,
        *,
        classes: Spec = 1000,
        attention: Sequence[int] | None = None,
        depth: int = 2,
        init: str = "orthogonal",
    ) -> None:
        super().__init__()
        size, depth = check.offered_size(size, DEEP_SIZES, "BigGAN-deep's discriminator"), check.depth("depth", depth)
        (channels,), sides = check.counts(channels=channels), [size >> i for i in range(1, len(_DEEP_DISCRIMINATOR[size]))]
        attention = _attended(
            _at_64(sides) if attention is None else attention, sides, f"BigGAN-deep's discriminator of {size} px"
        )
        check.one_of("init", init, INITS)
        self.size, self.channels, self.classes = size, channels, Classes.of(classes)
        plan = _widths(width, _DEEP_DISCRIMINATOR[size], channels, depth)
        self.first = nn.Conv2d(channels, plan[0], 3, padding=1)
        self.stages = nn.ModuleList()
        for n_in, n_out, side in zip(plan[:-1], plan[1:], sides, strict=True):
            blocks = (DeepDiscriminatorBlock(n_in if j == 0 else n_out, n_out, downsample=j == 0) for j in range(depth))
            stage = nn.ModuleList(blocks)
            if side in attention:
                stage.append(SelfAttention(n_out))
            self.stages.append(stage)
        self._finish(plan[-1], self.classes, init)


@torch.no_grad()
def standing_statistics(generator: nn.Module, z: Tensor, y: Tensor, batch_size: int = 64) -> nn.Module:
    """A copy of ``generator`` in evaluation mode whose batch normalisation stands on these latents [N, D] and labels [N].

    Means and variances are averaged over the batches, with equal weights, so N should be a multiple of ``batch_size``; the
    generator itself stays as it is.  Statistics belong to the weights and to the distribution of latents: those of the last
    training steps fit neither averaged weights nor truncated latents.

    Source: Brock et al. 2019 ("standing statistics").
    """
    batch_size = check.batch_size(batch_size)
    check.module("the generator", generator)
    check.tensor("latents", z, 2)
    if check.tensor("labels", y).ndim == 0 or len(z) != len(y) or len(z) < batch_size:
        raise ValueError(f"{len(z)} latents and {len(y)} labels: pass one label for each, and at least a batch of {batch_size}")
    copied = copy.deepcopy(generator)
    with networks.measuring_statistics(copied):
        for part, labels in zip(z.split(batch_size), y.split(batch_size), strict=True):
            copied(part, labels)
    return copied.eval()
