"""LAPGAN's two networks at one level of the pyramid, small: a generator of details and a discriminator that sees the enlargement.

Source: Denton et al. 2015, section 3; fewer and narrower layers.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gancourse.base import check
from gancourse.models.layers.initialisation import init_he

LEAST = 8  # pixels


class DetailGenerator(nn.Module):
    """G: latents [N, latent_dim] and enlargements [N, C, size, size] -> details [N, C, size, size].

    The latent becomes one more channel; three 3 x 3 convolutions follow.  The last begins near zero: no detail at first.
    A pixel of the detail sees 7 x 7 of the enlargement; ``wide`` sets the taps of the first two convolutions 2 and 4 pixels
    apart (dilation), and with as many weights it sees 15 x 15.
    """

    def __init__(self, size: int, latent_dim: int = 32, width: int = 24, channels: int = 1, wide: bool = False) -> None:
        super().__init__()
        self.size = check.power_of_two("size", size, LEAST)
        self.latent_dim, width, self.channels = check.counts(latent_dim=latent_dim, width=width, channels=channels)
        self.noise = nn.Linear(self.latent_dim, size * size)
        first, second = (2, 4) if check.flag("wide", wide) else (1, 1)
        self.body = nn.Sequential(
            nn.Conv2d(self.channels + 1, width, 3, padding=first, dilation=first),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, width, 3, padding=second, dilation=second),
            nn.LeakyReLU(0.2),
        )
        self.last = nn.Conv2d(width, self.channels, 3, padding=1)
        init_he(self)
        nn.init.normal_(self.last.weight, 0.0, 0.02)

    def forward(self, z: Tensor, base: Tensor) -> Tensor:
        z, base = check.latents(z, self.latent_dim, self), check.images(base, self.channels, self.size, network=self)
        check.a_latent_for_each(base, z)
        noise = self.noise(z).view(-1, 1, self.size, self.size)
        return self.last(self.body(torch.cat([base, noise], 1)))


class DetailDiscriminator(nn.Module):
    """D: enlargement and picture as channels, [N, 2 C, size, size] -> logits [N].

    It is shown their difference, the detail, beside the picture.
    """

    def __init__(self, size: int, width: int = 24, channels: int = 1) -> None:
        super().__init__()
        self.size = check.power_of_two("size", size, LEAST)
        width, self.channels = check.counts(width=width, channels=channels)
        self.body = nn.Sequential(
            nn.Conv2d(2 * self.channels, width, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
        )
        self.last = nn.Linear(2 * width * (size // 4) ** 2, 1)
        init_he(self)

    def forward(self, x: Tensor) -> Tensor:
        base, picture = check.images(x, 2 * self.channels, self.size, network=self).chunk(2, 1)
        return self.last(self.body(torch.cat([picture - base, picture], 1)).flatten(1)).squeeze(1)
