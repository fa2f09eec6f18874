"""3D-GAN's networks: DCGAN with one more axis, for shapes on a grid of voxels [N, 1, S, S, S].

The paper's grids have 64^3 voxels, its latents 200 numbers, its generator 512, 256, 128 and 64 maps (``width`` 64) and ends in a
sigmoid.  Here a full voxel is 1, an empty one -1, and the end is a tanh, which is the same sigmoid drawn to [-1, 1].

Source: Wu, Zhang, Xue, Freeman & Tenenbaum 2016, section 3.1.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.base import check, networks
from gancourse.models.encoders import Encoder
from gancourse.models.layers import volumes
from gancourse.models.vae import Code

FIRST = (4, 4, 4)


class Generator(nn.Module):
    """G: latents [N, latent_dim] -> grids [N, 1, size, size, size] in [-1, 1]."""

    def __init__(self, size: int = 16, latent_dim: int = 32, width: int = 16) -> None:
        super().__init__()
        self.size, width, _, self.latent_dim = volumes.checked(size, width, 1, latent_dim)
        self.body = volumes.rising(self.latent_dim, self.size, width, FIRST)
        self.last = volumes.last(width, 1)
        volumes.init_small(self)

    def forward(self, z: Tensor) -> Tensor:
        z = check.latents(z, self.latent_dim, self)
        return torch.tanh(self.last(self.body(z[:, :, None, None, None])))


class FromPicture(nn.Module):
    """E and G of 3D-VAE-GAN: a picture [N, channels, picture_size, picture_size] of a shape, and the shape.

    ``encode`` is E, which gives q(z|y); ``forward`` is G, latents -> grids as :class:`Generator`'s, so that it samples like a
    generator; ``reconstruct`` is G of the mean of q(z|y).

    Source: Wu et al. 2016.
    """

    def __init__(
        self,
        size: int = 16,
        latent_dim: int = 32,
        width: int = 16,
        picture_size: int = 32,
        encoder_width: int = 16,
        channels: int = 1,
    ) -> None:
        super().__init__()
        self.generator = Generator(size, latent_dim, width)
        self.latent_dim = self.generator.latent_dim
        self.encoder = Encoder(picture_size, 2 * self.latent_dim, encoder_width, channels)

    def encode(self, y: Tensor) -> Code:
        """q(z|y) for each picture: mean and log-variance [N, latent_dim]."""
        return Code(*self.encoder(y).to(next(self.parameters()).dtype).chunk(2, dim=1))

    def forward(self, z: Tensor) -> Tensor:
        return self.generator(z)

    def reconstruct(self, y: Tensor) -> Tensor:
        """The shape that a picture shows: [N, 1, size, size, size] in [-1, 1]."""
        return self.generator(self.encode(y).mean)


class Discriminator(volumes.Judge):
    """D: grids [N, 1, size, size, size] -> logits [N], the generator's mirror; ``norm=False`` leaves batch normalisation out."""

    def __init__(self, size: int = 16, width: int = 16, *, norm: bool = True) -> None:
        size, width, _, _ = volumes.checked(size, width, 1)
        super().__init__((size, size, size), width, 1, norm, "grids")

    def features(self, x: Tensor) -> Tensor:
        """What D knows of shapes: all its maps, pooled by maxima to 2^3 and laid side by side, [N, 8 * their channels].

        In evaluation mode, without gradients.  Wu et al. 2016, section 4.2, pool the maps of their second to fourth layer.
        """
        with networks.evaluating(self):
            parts = [[F.adaptive_max_pool3d(one, 2).flatten(1) for one in self.maps(part)] for part in x.split(256)]
        return torch.cat([torch.cat(part, 1) for part in parts])
