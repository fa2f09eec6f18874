r"""Networks that are told what to draw, and discriminators that are told, or guess, what they see.

A generator can be told its label in two ways, a discriminator in three:

- concatenation: the label's code stands beside the latent, or as constant maps beside the picture (Mirza & Osindero 2014);
- conditional batch normalisation: the label chooses each channel's gain and bias (:class:`ConditionalBatchNorm2d`);
- projection: the logit gains <e(y), h(x)>, the inner product of the label's vector and the picture's features;
- an auxiliary classifier: D is not told the label but has to guess it (AC-GAN).

Labels and the layers that read them are those of :mod:`gancourse.models.layers.conditional`.

>>> generator, discriminator = mlp_pair(10, out_shape=(1, 16, 16))
>>> generator(torch.randn(3, 64), torch.tensor([0, 1, 2]))                     # [3, 1, 16, 16]
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from gancourse.base import check
from gancourse.base.latents import latent_dim_of
from gancourse.models import dcgan, mlp
from gancourse.models.layers import spectral
from gancourse.models.layers.conditional import Classes, ConditionalBatchNorm2d, LabelEmbedding, ProjectionHead, Spec

__all__ = [
    "AuxiliaryDiscriminator",
    "AuxiliaryHead",
    "Classes",
    "ConcatDiscriminator",
    "ConcatGenerator",
    "ConditionalBatchNorm2d",
    "Features",
    "LabelEmbedding",
    "ProjectionDiscriminator",
    "ProjectionHead",
    "Spec",
    "dcgan_pair",
    "mlp_pair",
]


class AuxiliaryHead(nn.Module):
    """Features [N, F] -> (logits of "real" [N], logits of the classes [N, classes.total]).

    Source: Odena et al. 2017 (AC-GAN).
    """

    def __init__(self, n_features: int, classes: Spec) -> None:
        super().__init__()
        self.source = nn.Linear(n_features, 1)
        self.label = nn.Linear(n_features, Classes.of(classes).total)

    def forward(self, h: Tensor) -> tuple[Tensor, Tensor]:
        return self.source(h).squeeze(1), self.label(h)


class Features(nn.Module):
    """A discriminator without its last layer: samples -> features [N, n_features].

    Takes the network over: its last convolution or linear layer is replaced, so it no longer gives logits itself.  Last is the
    one that was defined last; that it also runs last, and gives one logit a sample, a forward pass finds out.
    """

    def __init__(self, discriminator: nn.Module) -> None:
        super().__init__()
        check.module("the discriminator", discriminator)
        layers = [(name, layer) for name, layer in discriminator.named_modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
        if not layers:
            raise ValueError(f"{type(discriminator).__name__} has no convolution or linear layer to take away")
        name, last = layers[-1]
        self.n_features: int = last.weight[0].numel()
        parent, _, child = name.rpartition(".")
        setattr(discriminator.get_submodule(parent), child, nn.Identity())
        self.network = discriminator

    def forward(self, x: Tensor) -> Tensor:
        h: Tensor = self.network(x)
        if h.numel() != len(x) * self.n_features:
            raise ValueError(
                f"without its last layer the network gives {list(h.shape)} for {len(x)} samples, and the layer read "
                f"{self.n_features} features: it must be the last that runs and give one logit a sample, as mlp.Discriminator's"
            )
        return h.reshape(len(x), self.n_features)


class ProjectionDiscriminator(nn.Module):
    """D: samples, labels -> logits [N], a :class:`ProjectionHead` on the features of any discriminator, which it takes over."""

    def __init__(self, discriminator: nn.Module, classes: Spec, *, spectral_norm: bool = False) -> None:
        super().__init__()
        self.classes = Classes.of(classes)
        self.features = Features(discriminator)
        self.head = ProjectionHead(self.features.n_features, self.classes)
        nn.init.normal_(self.head.linear.weight, 0.0, 0.01)  # begin undecided
        nn.init.normal_(self.head.embedding.table.weight, 0.0, 0.01)
        if check.flag("spectral_norm", spectral_norm):
            spectral.normalise(self)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        h = self.features(x)
        return self.head(h, self.classes.check(y, len(h)))


class AuxiliaryDiscriminator(nn.Module):
    """D of AC-GAN: samples -> (logits [N], class logits [N, classes.total]), two heads on any discriminator's features.

    It is never told a label.  The discriminator given is taken over.
    """

    def __init__(self, discriminator: nn.Module, classes: Spec, *, spectral_norm: bool = False) -> None:
        super().__init__()
        self.classes = Classes.of(classes)
        self.features = Features(discriminator)
        self.head = AuxiliaryHead(self.features.n_features, self.classes)
        nn.init.normal_(self.head.source.weight, 0.0, 0.01)
        nn.init.normal_(self.head.label.weight, 0.0, 0.01)
        if check.flag("spectral_norm", spectral_norm):
            spectral.normalise(self)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.head(self.features(x))


class _Code(nn.Module):
    """Labels -> codes [N, width]: one-hot, or learnt vectors of length ``embedding``."""

    def __init__(self, classes: Spec, embedding: int | None) -> None:
        super().__init__()
        self.classes = Classes.of(classes)
        self.learnt = LabelEmbedding(self.classes, embedding) if embedding is not None else None
        self.width = self.learnt.dim if self.learnt is not None else self.classes.total

    def forward(self, y: Tensor | None, n: int) -> Tensor:
        y = self.classes.check(y, n)
        return self.learnt(y) if self.learnt is not None else self.classes.one_hot(y)


class ConcatGenerator(nn.Module):
    """G(z, y) = G([z, code(y)]): latents [N, latent_dim] and labels -> samples.

    ``network`` is any generator whose latents are longer than ``latent_dim`` by the width of the code: ``classes.total`` for
    one-hot codes, ``embedding`` for learnt ones.

    Source: Mirza & Osindero 2014, section 3.2.
    """

    def __init__(self, network: nn.Module, classes: Spec, embedding: int | None = None) -> None:
        super().__init__()
        self.code = _Code(classes, embedding)
        self.classes = self.code.classes
        taken = latent_dim_of(check.module("the generator", network), None)
        self.latent_dim = taken - self.code.width
        if self.latent_dim < 1:
            raise ValueError(
                f"the network takes {taken} latents and the code of the label has {self.code.width}: "
                f"build it with latent_dim={self.code.width} more than the noise needs"
            )
        self.network = network

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        z = check.latents(z, self.latent_dim, self)
        return self.network(torch.cat([z, self.code(y, z.shape[0]).to(z.dtype)], 1))


class ConcatDiscriminator(nn.Module):
    """D(x, y) = D([x, code(y)]): samples and labels -> logits [N].

    Beside pictures [N, C, H, W] the code becomes constant maps, so ``network`` takes C + width channels; with ``flat=True``
    samples are flattened and the code follows them, for multi-layer perceptrons.

    Source: Mirza & Osindero 2014, section 3.2.
    """

    def __init__(self, network: nn.Module, classes: Spec, embedding: int | None = None, *, flat: bool = False) -> None:
        super().__init__()
        self.code = _Code(classes, embedding)
        self.classes, self.flat = self.code.classes, check.flag("flat", flat)
        self.network = check.module("the discriminator", network)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        if not self.flat:
            check.images(x)
        elif check.floats("samples", x).ndim < 2:
            raise ValueError(f"samples must be [N, ...], not {list(x.shape)}")
        code = self.code(y, len(x)).to(x.dtype)  # [N, width]
        if self.flat:
            return self.network(torch.cat([x.flatten(1), code], 1))
        maps = code[:, :, None, None].expand(-1, -1, *x.shape[2:])  # [N, width, H, W]
        return self.network(torch.cat([x, maps], 1))


def mlp_pair(
    classes: Spec,
    latent_dim: int = 64,
    out_shape: int | Sequence[int] = (1, 16, 16),
    hidden: Sequence[int] = (256, 256),
    embedding: int | None = None,
    out: str | None = "tanh",
    norm: str | None = None,
) -> tuple[ConcatGenerator, ConcatDiscriminator]:
    """The conditional GAN of 2014: two multi-layer perceptrons that read the label beside the latent and beside the sample."""
    width = check.whole("embedding", embedding) if embedding is not None else Classes.of(classes).total
    latent_dim, n_values = check.whole("latent_dim", latent_dim), math.prod(check.sides("out_shape", out_shape))
    generator = mlp.Generator(latent_dim + width, out_shape, hidden, out=out, norm=norm)
    discriminator = mlp.Discriminator(n_values + width, hidden)
    return ConcatGenerator(generator, classes, embedding), ConcatDiscriminator(discriminator, classes, embedding, flat=True)


def dcgan_pair(
    classes: Spec,
    size: int = 32,
    latent_dim: int = 64,
    width: int = 32,
    channels: int = 3,
    embedding: int | None = None,
    **discriminator: Any,
) -> tuple[ConcatGenerator, ConcatDiscriminator]:
    """The same in DCGAN: the code beside the latent, and as constant maps beside the picture's channels.

    Further arguments (``norm=False``, say) go to :class:`gancourse.models.dcgan.Discriminator`.
    """
    code = check.whole("embedding", embedding) if embedding is not None else Classes.of(classes).total
    latent_dim, channels = check.counts(latent_dim=latent_dim, channels=channels)
    generator = dcgan.Generator(size, latent_dim + code, width, channels)
    critic = dcgan.Discriminator(size, width, channels + code, **discriminator)
    return ConcatGenerator(generator, classes, embedding), ConcatDiscriminator(critic, classes, embedding)
