"""Multi-layer perceptrons: the generator and discriminator of the first GAN, for points in the plane and small images."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from gancourse.base import check
from gancourse.models.layers.dense import hidden_layers, linear


class Generator(nn.Module):
    """G: latents [N, latent_dim] -> samples [N, *out_shape].

    ``out="tanh"`` keeps images in [-1, 1]; ``out=None`` leaves points in the plane unbounded.
    """

    def __init__(
        self,
        latent_dim: int = 2,
        out_shape: int | Sequence[int] = 2,
        hidden: Sequence[int] = (128, 128),
        activation: str = "relu",
        norm: str | None = None,
        out: str | None = None,
    ) -> None:
        super().__init__()
        self.latent_dim = check.whole("latent_dim", latent_dim)
        self.out_shape = check.sides("out_shape", out_shape)
        sizes = [self.latent_dim, *check.row("hidden", hidden)]
        if out is not None:
            check.one_of("out", out, ["tanh"])
        layers = [*hidden_layers(sizes, activation, norm), linear(sizes[-1], math.prod(self.out_shape))]
        if out is not None:
            layers.append(nn.Tanh())
        self.layers = nn.Sequential(*layers)

    def forward(self, z: Tensor) -> Tensor:
        x = self.layers(check.latents(z, self.latent_dim, self))  # [N, prod(out_shape)]
        return x.unflatten(1, self.out_shape)


class Discriminator(nn.Module):
    """D: samples [N, *in_shape] -> logits [N]."""

    def __init__(
        self, in_shape: int | Sequence[int] = 2, hidden: Sequence[int] = (128, 128), activation: str = "leaky_relu"
    ) -> None:
        super().__init__()
        self.in_shape = check.sides("in_shape", in_shape)
        sizes = [math.prod(self.in_shape), *check.row("hidden", hidden)]
        self.layers = nn.Sequential(*hidden_layers(sizes, activation), linear(sizes[-1], 1))

    def forward(self, x: Tensor) -> Tensor:
        x = check.samples(x, self.in_shape, self)
        return self.layers(torch.flatten(x, 1)).squeeze(1)  # [N]


class Autoencoder(nn.Module):
    """Samples [N, *in_shape] -> the same, drawn again from ``code_dim`` numbers each; EBGAN's discriminator.

    The first ``encoder_layers`` of ``layers`` are the encoder; ``hidden`` is passed once each way, and ``()`` makes both linear.
    """

    def __init__(
        self, in_shape: int | Sequence[int] = 2, code_dim: int = 1, hidden: Sequence[int] = (128,), activation: str = "leaky_relu"
    ) -> None:
        super().__init__()
        self.in_shape = self.out_shape = check.sides("in_shape", in_shape)
        n, code_dim, hidden = math.prod(self.in_shape), check.whole("code_dim", code_dim), check.row("hidden", hidden)
        down, up = [n, *hidden], [code_dim, *hidden[::-1]]
        encoder = [*hidden_layers(down, activation), linear(down[-1], code_dim)]
        decoder = [*hidden_layers(up, activation), linear(up[-1], n)]
        self.encoder_layers = len(encoder)
        self.layers = nn.Sequential(*encoder, *decoder)

    def forward(self, x: Tensor) -> Tensor:
        x = check.samples(x, self.in_shape, self)
        return self.layers(torch.flatten(x, 1)).unflatten(1, self.out_shape)
