"""Multi-layer perceptrons: the generator and discriminator of the first GAN, for points in the plane and small images."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from gancourse.base import check
from gancourse.models.layers.dense import hidden_layers


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
        self.latent_dim = latent_dim
        self.out_shape = (out_shape,) if isinstance(out_shape, int) else tuple(out_shape)
        layers = hidden_layers([latent_dim, *hidden], activation, norm)
        layers.append(nn.Linear([latent_dim, *hidden][-1], math.prod(self.out_shape)))
        if out is not None:
            check.one_of("out", out, ["tanh"])
            layers.append(nn.Tanh())
        self.layers = nn.Sequential(*layers)

    def forward(self, z: Tensor) -> Tensor:
        x = self.layers(check.latents(z, self.latent_dim))  # [N, prod(out_shape)]
        return x.unflatten(1, self.out_shape)


class Discriminator(nn.Module):
    """D: samples [N, *in_shape] -> logits [N]."""

    def __init__(
        self, in_shape: int | Sequence[int] = 2, hidden: Sequence[int] = (128, 128), activation: str = "leaky_relu"
    ) -> None:
        super().__init__()
        self.in_shape = (in_shape,) if isinstance(in_shape, int) else tuple(in_shape)
        n_in = math.prod(self.in_shape)
        self.layers = nn.Sequential(*hidden_layers([n_in, *hidden], activation), nn.Linear([n_in, *hidden][-1], 1))

    def forward(self, x: Tensor) -> Tensor:
        if tuple(x.shape[1:]) != self.in_shape:
            raise ValueError(f"samples must be [N, {', '.join(map(str, self.in_shape))}], not {list(x.shape)}")
        return self.layers(torch.flatten(x, 1)).squeeze(1)  # [N]
