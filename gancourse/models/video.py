"""Vondrick, Pirsiavash & Torralba's networks of video: clips [N, C, T, H, W] with T = H / 2, from one stream or from two.

The paper's clips have 32 frames of 64 px; ``size`` scales both.  Theirs have latent_dim 100, width 64 and three channels; with
these the two-stream generator has 16,243,463 parameters, without the biases that batch normalisation takes away.

Source: Vondrick et al. 2016, section 2 and the authors' code, github.com/cvondrick/videogan.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from gancourse.base import check, networks
from gancourse.base.features import Named, mark
from gancourse.models.encoders import Encoder
from gancourse.models.layers import volumes
from gancourse.models.layers.initialisation import init_he

FIRST = (2, 4, 4)  # the first kernel: frames, height, width


class Streams(NamedTuple):
    """What a clip is put together of: ``mask`` m in [0, 1], [N, 1, T, H, W]; ``foreground`` f [N, C, T, H, W]; ``background`` b
    [N, C, H, W], one picture for all frames."""

    mask: Tensor
    foreground: Tensor
    background: Tensor

    def clip(self) -> Tensor:
        """m f + (1 - m) b: [N, C, T, H, W]."""
        return self.mask * self.foreground + (1 - self.mask) * self.background[:, :, None]


class OneStream(nn.Module):
    """G: latents [N, latent_dim] -> clips [N, channels, size / 2, size, size] in [-1, 1], all by transposed 3-D convolutions."""

    def __init__(self, size: int = 16, latent_dim: int = 32, width: int = 16, channels: int = 3) -> None:
        super().__init__()
        self.size, width, self.channels, self.latent_dim = volumes.checked(size, width, channels, latent_dim)
        self.body = volumes.rising(self.latent_dim, self.size, width, FIRST)
        self.last = volumes.last(width, self.channels)
        volumes.init_small(self)

    def forward(self, z: Tensor) -> Tensor:
        z = check.latents(z, self.latent_dim, self)
        return torch.tanh(self.last(self.body(z[:, :, None, None, None])))


class TwoStream(nn.Module):
    """G: latents [N, latent_dim] -> clips m(z) f(z) + (1 - m(z)) b(z), as :class:`OneStream`'s.

    f, the foreground, and its mask m come from one stream of transposed 3-D convolutions and part at the last; b, the background,
    from a stream of 2-D ones.
    """

    def __init__(self, size: int = 16, latent_dim: int = 32, width: int = 16, channels: int = 3) -> None:
        super().__init__()
        self.size, width, self.channels, self.latent_dim = volumes.checked(size, width, channels, latent_dim)
        self.moving = volumes.rising(self.latent_dim, self.size, width, FIRST)
        self.foreground, self.mask = volumes.last(width, self.channels), volumes.last(width, 1)
        still = volumes.rising(self.latent_dim, self.size, width, FIRST[1:])
        self.background = nn.Sequential(still, volumes.last(width, self.channels, 2), nn.Tanh())
        volumes.init_small(self)

    def streams(self, z: Tensor) -> Streams:
        """m, f and b of latents [N, latent_dim]."""
        z = check.latents(z, self.latent_dim, self)[:, :, None, None]
        moving = self.moving(z[..., None])
        return Streams(torch.sigmoid(self.mask(moving)), torch.tanh(self.foreground(moving)), self.background(z))

    def forward(self, z: Tensor) -> Tensor:
        return self.streams(z).clip()


class Future(nn.Module):
    """G: a still [N, channels, size, size] and latents [N, latent_dim] -> clips that begin with it, as :class:`TwoStream`'s.

    A convolutional encoder's code of the still, [N, code_dim], takes the place of noise.  The latents are for what a still does
    not show, such as where its ball flies; the paper's network has none.
    """

    def __init__(self, size: int = 16, code_dim: int = 64, latent_dim: int = 8, width: int = 16, channels: int = 3) -> None:
        super().__init__()
        size, width, channels, self.latent_dim = volumes.checked(size, width, channels, latent_dim)
        (code_dim,) = check.counts(code_dim=code_dim)
        self.encoder = Encoder(size, code_dim, width, channels)
        self.decoder = TwoStream(size, code_dim + self.latent_dim, width, channels)

    def streams(self, x: Tensor, z: Tensor) -> Streams:
        """m, f and b of the clips that begin with x."""
        code = self.encoder(x)
        check.a_latent_for_each(x, check.latents(z, self.latent_dim, self))
        return self.decoder.streams(torch.cat([code, z], 1))

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        return self.streams(x, z).clip()


class Discriminator(volumes.Judge):
    """D: clips [N, channels, size / 2, size, size] -> logits [N] by strided 3-D convolutions, over pictures and motion at once.

    ``norm=False`` leaves batch normalisation out.
    """

    def __init__(self, size: int = 16, width: int = 16, channels: int = 3, *, norm: bool = True) -> None:
        size, width, channels, _ = volumes.checked(size, width, channels)
        super().__init__((size // 2, size, size), width, channels, norm, "clips")


class Reader(Named):
    """A small classifier of clips [N, channels, size / 2, size, size]; its last hidden layer serves as features.

    ``heads`` maps an attribute to how many values it has; each has logits of its own.  Features are standardised by batch
    normalisation without gain, and marked with ``extractor_id``; None is a digest of the weights.
    """

    kind = "reader of clips"

    def __init__(
        self,
        heads: Mapping[str, int],
        size: int = 16,
        width: int = 12,
        channels: int = 3,
        dim: int = 32,
        extractor_id: str | None = None,
    ) -> None:
        super().__init__(extractor_id)
        if not isinstance(heads, Mapping) or not heads:
            raise ValueError("heads must map attributes to how many values they have: {'order': 2}")
        self.heads = {str(name): check.whole(f"values of {name}", n, 2, check.COUNT) for name, n in heads.items()}
        size, width, self.channels, dim = volumes.checked(size, width, channels, dim)
        self.size = size
        self.blocks = nn.Sequential(*volumes.falling(size, width, self.channels, norm=True), nn.Flatten())
        check.fits("weights", width * size // 8 * 2 * 4 * 4, dim)
        self.embed = nn.Sequential(nn.Linear(width * size // 8 * 2 * 4 * 4, dim, bias=False), nn.BatchNorm1d(dim, affine=False))
        self.out = nn.Linear(dim, sum(self.heads.values()))
        init_he(self)

    def embedding(self, x: Tensor) -> Tensor:
        """Features [N, dim], with gradients."""
        shape = (self.channels, self.size // 2, self.size, self.size)
        return self.embed(self.blocks(check.samples(x, shape, self, "clips")))

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Logits [N, values] of each head."""
        logits = self.out(torch.relu(self.embedding(x)))
        return dict(zip(self.heads, logits.split(list(self.heads.values()), 1), strict=True))

    def features(self, x: Tensor) -> Tensor:
        """Features [N, dim] on the processor, in evaluation mode, without gradients."""
        device = next(self.parameters()).device
        with networks.evaluating(self):
            return mark(torch.cat([self.embedding(part.to(device)).cpu() for part in x.split(256)]), self.extractor_id)
