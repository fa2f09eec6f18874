"""DCGAN: the deep convolutional generator and discriminator of Radford, Metz & Chintala (2016).

At 64 px with width 64 these are, weight for weight, the networks of the widely used PyTorch example (3,576,704 and
2,765,568 parameters), and its state dicts load as they are.  The options switch the paper's five guidelines off one by
one, for the ablations of lecture 04.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from gancourse.base import check
from gancourse.models.layers.mean_only import MeanOnlyBatchNorm
from gancourse.models.layers.minibatch import MinibatchDiscrimination

SIZES = (16, 32, 64, 128)


def init_dcgan(module: nn.Module, std: float = 0.02, generator: torch.Generator | None = None) -> nn.Module:
    """Initialise in place as the paper does: weights ~ N(0, 0.02^2); batch norm's gain ~ N(1, 0.02^2), its shift 0.

    Source: Radford et al. 2016, section 4 (the gain's distribution is that of the authors' code).
    """
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.normal_(layer.weight, 0.0, std, generator=generator)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.normal_(layer.weight, 1.0, std, generator=generator)
            nn.init.zeros_(layer.bias)
    return module


def _hidden(
    n_in: int, n_out: int, activation: nn.Module, hidden_norm: bool, hidden_centred: bool, hidden_mean_out: bool
) -> list[nn.Module]:
    """A fully connected layer whose output is a 1x1 map, and what stands in front of its activation and behind it."""
    before = [nn.BatchNorm2d(n_out)] if hidden_norm else []
    behind = [nn.BatchNorm2d(n_out)] if hidden_centred else [MeanOnlyBatchNorm(n_out)] if hidden_mean_out else []
    return [nn.Flatten(), nn.Linear(n_in, n_out), nn.Unflatten(1, (n_out, 1, 1)), *before, activation, *behind]


def _by_units(channels: int) -> list[nn.Module]:
    """Normalisation of a 4x4 map with a mean, a spread, a gain and a shift for each place of each channel."""
    return [nn.Flatten(), nn.BatchNorm1d(16 * channels), nn.Unflatten(1, (channels, 4, 4))]


def _checked(norm: bool, first_norm: str, hidden_linear: bool, behind: dict[str, bool]) -> None:
    """Raise where an option of the generator speaks of a layer that is not there."""
    for name, flag in behind.items():
        if check.flag(name, flag) and not hidden_linear:
            raise ValueError(f"{name} is about the hidden fully connected layer: ask for that by hidden_linear=True")
    if behind["hidden_centred"] and behind["hidden_mean_out"]:
        raise ValueError("hidden_centred takes the mean out already: ask for it or for hidden_mean_out, not for both")
    if check.one_of("first_norm", first_norm, ["channels", "units"]) == "units" and not norm:
        raise ValueError("first_norm='units' says how the first map is normalised: it needs norm=True")


class Generator(nn.Module):
    """G: latents [N, latent_dim] -> images [N, channels, size, size] in [-1, 1].

    A transposed convolution turns the latent into a 4x4 map; each further one doubles the side and halves the channels:
    4x4 has ``width * size / 8`` of them, size/2 has ``width``.

    Options: ``norm=False`` drops batch normalisation; ``upsample="nearest"`` doubles by nearest neighbours and a 3x3
    convolution in place of transposed convolutions; ``hidden_linear=True`` starts with a hidden fully connected layer,
    ``hidden_norm=True`` normalises that layer, too, ``hidden_centred=True`` what its activation gives, and
    ``hidden_mean_out=True`` takes no more than the batch's mean out of that; ``first_norm="units"`` normalises the first map as
    the authors' own code does, each of its 16 places by itself, "channels" as PyTorch's example does; ``activation="tanh"``
    replaces ReLU.
    """

    def __init__(
        self,
        size: int = 64,
        latent_dim: int = 100,
        width: int = 64,
        channels: int = 3,
        *,
        norm: bool = True,
        upsample: str = "transposed",
        hidden_linear: bool = False,
        hidden_norm: bool = False,
        hidden_centred: bool = False,
        hidden_mean_out: bool = False,
        first_norm: str = "channels",
        activation: str = "relu",
    ) -> None:
        super().__init__()
        size = check.offered_size(size, SIZES, "DCGAN")
        latent_dim, width, channels = check.counts(latent_dim=latent_dim, width=width, channels=channels)
        norm, hidden_linear = check.flag("norm", norm), check.flag("hidden_linear", hidden_linear)
        behind = {"hidden_norm": hidden_norm, "hidden_centred": hidden_centred, "hidden_mean_out": hidden_mean_out}
        _checked(norm, first_norm, hidden_linear, behind)
        check.one_of("upsample", upsample, ["transposed", "nearest"])
        check.one_of("activation", activation, ["relu", "tanh"])
        self.size, self.latent_dim = size, latent_dim
        kind = nn.ReLU if activation == "relu" else nn.Tanh

        def activate() -> nn.Module:
            return nn.ReLU(inplace=True) if kind is nn.ReLU else nn.Tanh()

        def normalise(n: int) -> list[nn.Module]:
            return [nn.BatchNorm2d(n)] if norm else []

        def double(n_in: int, n_out: int, bias: bool) -> list[nn.Module]:
            if upsample == "transposed":
                return [nn.ConvTranspose2d(n_in, n_out, 4, stride=2, padding=1, bias=bias)]
            return [nn.Upsample(scale_factor=2, mode="nearest"), nn.Conv2d(n_in, n_out, 3, padding=1, bias=bias)]

        n, side = width * size // 8, 4
        first_in = 4 * latent_dim if hidden_linear else latent_dim
        check.fits("weights", max(first_in, n // 2), n, 4, 4)
        check.fits("weights", first_in, latent_dim)
        check.fits("weights", width, channels, 4, 4)
        layers: list[nn.Module] = _hidden(latent_dim, first_in, activate(), **behind) if hidden_linear else []
        first = _by_units(n) if first_norm == "units" else normalise(n)
        layers += [nn.ConvTranspose2d(first_in, n, 4, bias=not norm), *first, activate()]  # [N, n, 4, 4]
        while side < size // 2:
            layers += [*double(n, n // 2, not norm), *normalise(n // 2), activate()]
            n, side = n // 2, side * 2
        layers += [*double(n, channels, False), nn.Tanh()]
        self.main = nn.Sequential(*layers)
        init_dcgan(self)

    def forward(self, z: Tensor) -> Tensor:
        z = check.latents(z, self.latent_dim, self)
        return self.main(z[:, :, None, None])  # [N, channels, size, size]


class Discriminator(nn.Module):
    """D: images [N, channels, size, size] -> logits [N] by strided convolutions, LeakyReLU(0.2) and batch normalisation.

    The first layer has no batch normalisation, so that D sees the colours as they are; the last returns the logit (the
    published networks end in a sigmoid, which here is part of the loss).

    Options: ``norm=False`` drops batch normalisation; ``downsample="pool"`` halves by max pooling after 3x3 convolutions,
    ``downsample="strided 3x3"`` by strides with kernels as small as those; ``hidden_linear=True`` ends in a hidden fully
    connected layer; ``activation="relu"`` replaces LeakyReLU.
    """

    def __init__(
        self,
        size: int = 64,
        width: int = 64,
        channels: int = 3,
        *,
        norm: bool = True,
        downsample: str = "strided",
        hidden_linear: bool = False,
        activation: str = "leaky_relu",
    ) -> None:
        super().__init__()
        size = check.offered_size(size, SIZES, "DCGAN")
        width, channels = check.counts(width=width, channels=channels)
        norm, hidden_linear = check.flag("norm", norm), check.flag("hidden_linear", hidden_linear)
        check.fits("weights", width * size // 8, width * size // 8, 16)
        check.fits("weights", width, channels, 4, 4)
        check.one_of("downsample", downsample, ["strided", "strided 3x3", "pool"])
        check.one_of("activation", activation, ["leaky_relu", "relu"])
        self.size, self.channels = size, channels

        def activate() -> nn.Module:
            return nn.LeakyReLU(0.2, inplace=True) if activation == "leaky_relu" else nn.ReLU(inplace=True)

        def halve(n_in: int, n_out: int, bias: bool) -> list[nn.Module]:
            if downsample == "strided":
                return [nn.Conv2d(n_in, n_out, 4, stride=2, padding=1, bias=bias)]
            if downsample == "strided 3x3":
                return [nn.Conv2d(n_in, n_out, 3, stride=2, padding=1, bias=bias)]
            return [nn.Conv2d(n_in, n_out, 3, padding=1, bias=bias), nn.MaxPool2d(2)]

        n, side = width, size // 2
        layers: list[nn.Module] = [*halve(channels, n, not norm), activate()]
        while side > 4:
            layers += [*halve(n, 2 * n, not norm), *([nn.BatchNorm2d(2 * n)] if norm else []), activate()]
            n, side = 2 * n, side // 2
        if hidden_linear:
            layers += [nn.Flatten(), nn.Linear(16 * n, n), activate(), nn.Linear(n, 1)]
        else:
            layers += [nn.Conv2d(n, 1, 4, bias=False)]
        self.main = nn.Sequential(*layers)
        init_dcgan(self)

    def forward(self, x: Tensor) -> Tensor:
        x = check.images(x, self.channels, self.size, network=self)
        return self.main(x).flatten()  # [N, 1, 1, 1] -> [N]


def seeing_the_batch(discriminator: Discriminator, kernels: int = 16, dim: int = 4) -> Discriminator:
    """Put minibatch discrimination before the last layer of a discriminator, in place; returns it.

    The last 4x4 convolution becomes a linear layer on the flattened 4x4 map and the ``kernels`` numbers about the batch, whose
    weights begin at zero.  Source: Salimans et al. 2016, section 3.2.
    """
    if not isinstance(discriminator, Discriminator) or not isinstance(discriminator.main[-1], nn.Conv2d):
        raise TypeError("minibatch discrimination goes into a dcgan.Discriminator built without hidden_linear")
    *trunk, conv = discriminator.main
    features = 16 * cast(nn.Conv2d, conv).in_channels
    kernels, dim = check.counts(kernels=kernels, dim=dim)
    last = nn.Linear(features + kernels, 1)
    nn.init.normal_(last.weight, 0.0, 0.02)
    nn.init.zeros_(last.weight[:, features:])
    nn.init.zeros_(last.bias)
    discriminator.main = nn.Sequential(*trunk, nn.Flatten(), MinibatchDiscrimination(features, kernels, dim), last)
    return discriminator
