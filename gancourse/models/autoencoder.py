"""BEGAN's two networks: a discriminator that is an autoencoder, and a generator with the autoencoder's decoder.

The discriminator does not answer "real or fake".  It compresses a picture to ``latent_dim`` numbers, draws it again, and judges
it by how badly that went; see :class:`gancourse.gans.began.BEGAN`.

Every stage is two 3x3 convolutions with exponential linear units, then a step in size: the encoder halves by a strided
convolution and gains ``width`` channels, the decoder doubles by nearest neighbours and keeps ``width``.  There is no
normalisation and no transposed convolution.

Source: Berthelot, Schumm & Metz 2017, figure 1 and section 3.5 (without the optional skip connections; sizes there are 32 px
and up, with a smallest map of 8x8).
"""

from __future__ import annotations

from torch import Tensor, nn

from gancourse.base import check
from gancourse.models.layers.initialisation import init_he

SIZES = (8, 16, 32, 64)


def _base(size: int) -> int:
    """The side of the smallest map: 8 as published, 4 for pictures that are no larger than that."""
    return min(8, size // 2)


def _checked(size: int, latent_dim: int, width: int, channels: int) -> list[int]:
    size = check.offered_size(size, SIZES, "BEGAN's autoencoder")
    latent_dim, width, channels = check.counts(latent_dim=latent_dim, width=width, channels=channels)
    widest = width * (size // _base(size)).bit_length()
    check.fits("weights", widest, max(widest, channels), 3, 3)
    check.fits("weights", latent_dim, widest, _base(size), _base(size))
    return [size, latent_dim, width, channels]


def _two_convolutions(n_in: int, n_out: int) -> list[nn.Module]:
    return [nn.Conv2d(n_in, n_out, 3, padding=1), nn.ELU(), nn.Conv2d(n_out, n_out, 3, padding=1), nn.ELU()]


class Encoder(nn.Module):
    """Images [N, channels, size, size] -> codes [N, latent_dim], without a non-linearity at the end."""

    def __init__(self, size: int, latent_dim: int, width: int, channels: int) -> None:
        super().__init__()
        side, n = size, width
        layers: list[nn.Module] = [nn.Conv2d(channels, n, 3, padding=1), nn.ELU()]
        while side > _base(size):
            layers += [*_two_convolutions(n, n), nn.Conv2d(n, n + width, 3, stride=2, padding=1), nn.ELU()]
            side, n = side // 2, n + width
        layers += [*_two_convolutions(n, n), nn.Flatten(), nn.Linear(n * side * side, latent_dim)]
        self.layers = nn.Sequential(*layers)
        init_he(self)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class Decoder(nn.Module):
    """Codes [N, latent_dim] -> images [N, channels, size, size], unbounded: there is no tanh at the end."""

    def __init__(self, size: int, latent_dim: int, width: int, channels: int) -> None:
        super().__init__()
        side = _base(size)
        layers: list[nn.Module] = [nn.Linear(latent_dim, width * side * side), nn.Unflatten(1, (width, side, side))]
        while side < size:
            layers += [*_two_convolutions(width, width), nn.Upsample(scale_factor=2, mode="nearest")]
            side *= 2
        layers += [*_two_convolutions(width, width)]
        self.layers = nn.Sequential(*layers)
        self.last = nn.Conv2d(width, channels, 3, padding=1)
        init_he(self)
        nn.init.normal_(self.last.weight, 0.0, 0.02)  # begin near grey

    def forward(self, h: Tensor) -> Tensor:
        return self.last(self.layers(h))


class Generator(nn.Module):
    """G: latents [N, latent_dim] -> images [N, channels, size, size], the architecture of the discriminator's decoder.

    The output is linear; pixels outside [-1, 1] are what the discriminator's error teaches it to leave out.
    """

    def __init__(self, size: int = 32, latent_dim: int = 64, width: int = 32, channels: int = 3) -> None:
        super().__init__()
        size, latent_dim, width, channels = _checked(size, latent_dim, width, channels)
        self.size, self.latent_dim = size, latent_dim
        self.decoder = Decoder(size, latent_dim, width, channels)

    def forward(self, z: Tensor) -> Tensor:
        return self.decoder(check.latents(z, self.latent_dim, self))


class Autoencoder(nn.Module):
    """D: images [N, channels, size, size] -> the same pictures drawn again from ``latent_dim`` numbers each."""

    def __init__(self, size: int = 32, latent_dim: int = 64, width: int = 32, channels: int = 3) -> None:
        super().__init__()
        size, latent_dim, width, channels = _checked(size, latent_dim, width, channels)
        self.size, self.channels = size, channels
        self.encoder = Encoder(size, latent_dim, width, channels)
        self.decoder = Decoder(size, latent_dim, width, channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(self.encoder(check.images(x, self.channels, self.size, network=self)))
