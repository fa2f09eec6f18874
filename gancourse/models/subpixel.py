"""A generator for the clock: colours added up from 4 px to the full side, whose last doubling costs no map of full size.

Against :mod:`gancourse.models.convnet`, whose doubling blocks it has: each map of side r gives colours c_r by a 1x1 convolution,
and the picture is their sum, enlarged step by step, so that a flat background need not be carried through every layer,

    y_4 = c_4(h_4),      y_2r = up(y_r) + c_2r(h_2r) below s/2,      image = tanh(up up(y_{s/4}) + shuffle(w * h_{s/2}));

and the last doubling is *sub-pixel*: a 3x3 convolution at half the side puts out the four colours of each 2x2 block of pixels,
which are laid out side by side.  So no layer with weights, no normalisation and no rectifier works at the full side.  ``up`` is
bilinear.

Sources: Karras et al. 2020 (StyleGAN2), figure 7 (colours added up); Shi et al. 2016 (sub-pixel convolution).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.base import check
from gancourse.models.convnet import LEAST, Discriminator
from gancourse.models.layers.initialisation import init_he

__all__ = ["Discriminator", "Generator"]


class Generator(nn.Module):
    """G: latents [N, latent_dim] -> images [N, channels, size, size] in [-1, 1].

    A map of side r has width * size / (2 r) channels: ``width`` at half the size, the largest map that it has.
    """

    def __init__(self, size: int = 32, latent_dim: int = 64, width: int = 32, channels: int = 3) -> None:
        super().__init__()
        size = check.power_of_two("size", size, LEAST)
        latent_dim, width, channels = check.counts(latent_dim=latent_dim, width=width, channels=channels)
        n, side = width * size // 8, 4
        check.fits("weights", max(latent_dim, n), n, 4, 4)
        check.fits("weights", width, 4 * channels, 3, 3)
        self.size, self.latent_dim, self.channels = size, latent_dim, channels
        self.first = nn.Linear(latent_dim, n * 16, bias=False)
        self.begin = nn.Sequential(nn.BatchNorm2d(n), nn.ReLU())
        blocks: list[nn.Module] = []
        colours: list[nn.Module] = [nn.Conv2d(n, channels, 1)]
        while side < size // 2:
            side, n = side * 2, n // 2
            blocks.append(
                nn.Sequential(
                    nn.Upsample(scale_factor=2, mode="nearest"),
                    nn.Conv2d(2 * n, n, 3, padding=1, bias=False),
                    nn.BatchNorm2d(n),
                    nn.ReLU(),
                )
            )
            if side < size // 2:
                colours.append(nn.Conv2d(n, channels, 1))
        self.blocks, self.colours = nn.ModuleList(blocks), nn.ModuleList(colours if blocks else [])
        self.last = nn.Conv2d(n, 4 * channels, 3, padding=1)
        init_he(self)
        for layer in (*self.colours, self.last):
            nn.init.normal_(layer.get_parameter("weight"), 0.0, 0.02)  # begin near grey, inside tanh's linear range

    def forward(self, z: Tensor) -> Tensor:
        z = check.latents(z, self.latent_dim, self)
        x = self.begin(self.first(z).unflatten(1, (-1, 4, 4)).contiguous(memory_format=torch.channels_last))  # [N, C, 4, 4]
        fine = F.pixel_shuffle  # [N, 4 channels, r, r] -> [N, channels, 2 r, 2 r]
        if not self.blocks:
            return torch.tanh(fine(self.last(x), 2))
        y = self.colours[0](x)
        for k, block in enumerate(self.blocks, start=1):
            x, y = block(x), self._enlarged(y)
            if k < len(self.colours):
                y = y + self.colours[k](x)
        return torch.tanh(fine(self.last(x), 2) + self._enlarged(y))  # [N, channels, size, size]

    @staticmethod
    def _enlarged(y: Tensor) -> Tensor:
        return F.interpolate(y, scale_factor=2, mode="bilinear", align_corners=False)
