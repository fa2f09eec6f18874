"""Networks that read latents from pictures: InfoGAN's Q, BiGAN's encoder and joint discriminator, a classifier to share with D.

>>> CodeDiscriminator((1, 8, 8), n_parameters=10)(images)      # [N, 1 + 10]: D's logit, then what Q says
>>> players = Bidirectional(mlp.Generator(16, (1, 8, 8), out="tanh"), Encoder((1, 8, 8), 16))
>>> players(players.encode(images))                            # G(E(x)), [N, 1, 8, 8]
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from gancourse.base import check
from gancourse.base.latents import latent_dim_of
from gancourse.models.layers.dense import hidden_layers, linear


class _Perceptron(nn.Module):
    """Samples [N, *in_shape] -> [N, n_out], all in ``layers``, so that :func:`gancourse.gans.ensemble.stack` takes it."""

    def __init__(self, in_shape: int | Sequence[int], n_out: int, hidden: Sequence[int], norm: str | None = None) -> None:
        super().__init__()
        self.in_shape = check.sides("in_shape", in_shape)
        self.out_shape = (check.whole("the number of outputs", n_out),)
        sizes = [math.prod(self.in_shape), *check.row("hidden", hidden)]
        self.layers = nn.Sequential(*hidden_layers(sizes, "leaky_relu", norm), linear(sizes[-1], self.out_shape[0]))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(check.samples(x, self.in_shape, self).flatten(1))


class CodeDiscriminator(_Perceptron):
    """D and Q of InfoGAN on one body: samples -> [N, 1 + n_parameters]; column 0 is D's logit, the others are Q's parameters.

    Source: Chen et al. 2016, section 6 (D and Q share all but the last layer).
    """

    def __init__(self, in_shape: int | Sequence[int], n_parameters: int, hidden: Sequence[int] = (128, 128)) -> None:
        super().__init__(in_shape, 1 + check.whole("n_parameters", n_parameters), hidden)


class Encoder(_Perceptron):
    """E: samples [N, *in_shape] -> latents [N, latent_dim]."""

    def __init__(
        self, in_shape: int | Sequence[int], latent_dim: int, hidden: Sequence[int] = (128, 128), norm: str | None = None
    ) -> None:
        super().__init__(in_shape, latent_dim, hidden, norm=norm)


class Classifier(_Perceptron):
    """Class logits [N, classes] of samples [N, *in_shape]."""

    def __init__(self, in_shape: int | Sequence[int], classes: int, hidden: Sequence[int] = (96, 96)) -> None:
        super().__init__(in_shape, classes, hidden)


def features(network: nn.Module, x: Tensor) -> Tensor:
    """The last hidden layer of a perceptron with ``layers``, or of an ensemble of them: [..., N, F]."""
    layers: Any = network.layers
    return layers[:-1](x.flatten(2 if hasattr(network, "members") else 1))


class Bidirectional(nn.Module):
    """G and E as the one player that they are in BiGAN: forward is G, ``encode`` is E.  Both may be ensembles."""

    def __init__(self, generator: Any, encoder: Any) -> None:
        super().__init__()
        self.latent_dim: int = latent_dim_of(generator, None)
        check.function("the encoder", encoder)
        made = math.prod(getattr(encoder, "out_shape", None) or (self.latent_dim,))
        if made != self.latent_dim:
            raise ValueError(f"E gives {made} latents and G takes {self.latent_dim}: make them equal")
        if getattr(generator, "members", None) != getattr(encoder, "members", None):
            raise ValueError("G and E must both be ensembles of the same size, or neither: stack both")
        self.generator: Any = generator
        self.encoder: Any = encoder
        if hasattr(generator, "members"):
            self.members: int = generator.members

    def forward(self, z: Tensor) -> Tensor:
        return self.generator(z)

    def encode(self, x: Tensor) -> Tensor:
        """E(x): [N, latent_dim]."""
        return self.encoder(x)

    def reconstruct(self, x: Tensor) -> Tensor:
        """G(E(x)): shaped like x."""
        return self.generator(self.encoder(x))

    def member(self, k: int) -> Bidirectional:
        """Pair k of an ensemble by itself."""
        return Bidirectional(self.generator.member(k), self.encoder.member(k))


class JointDiscriminator(nn.Module):
    """D of BiGAN: samples with their latents -> logits [N]; ``network`` judges the two side by side as one vector.

    >>> JointDiscriminator(mlp.Discriminator(64 + 16))(images, z)      # images [N, 1, 8, 8], z [N, 16]
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = check.module("the discriminator", network)

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        if check.floats("latents", z).ndim < 2 or check.floats("samples", x).ndim < z.ndim:
            raise ValueError(f"samples and latents must be [N, ...] and [N, D], not {list(x.shape)} and {list(z.shape)}")
        x = x.flatten(z.ndim - 1)
        if x.shape[:-1] != z.shape[:-1]:
            raise ValueError(f"each sample needs its own latent, and {list(x.shape)} came with {list(z.shape)}")
        return self.network(torch.cat([x, z], -1))
