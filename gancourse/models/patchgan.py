"""PatchGAN: a discriminator that judges every patch of a picture by itself (Isola, Zhu, Zhou & Efros 2017).

The output is a map of logits, one for each patch; a loss takes the mean.  A pixel of the map depends on a square of the
input, the receptive field, whose side follows from kernels and strides alone: :func:`receptive_field` computes it,
:func:`measured_receptive_field` finds it with gradients.

At width 64 these are, weight for weight, the networks of the authors' PyTorch code: 2,768,705 parameters for pix2pix (pairs,
batch normalisation), 2,764,737 for CycleGAN (instance normalisation), 9,024 for the pixel discriminator on pairs.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from gancourse.base import check, networks
from gancourse.base.latents import device_of
from gancourse.models.dcgan import init_dcgan
from gancourse.models.unet import normalise

NORMS = ("batch", "instance", "spectral", "none")


class PatchGAN(nn.Module):
    """D: pictures [N, in_channels, H, W] -> logits [N, 1, h, w], one for each patch.

    ``layers`` convolutions of stride 2, then two of stride 1, all 4 x 4: a logit sees 9 * 2^layers - 2 pixels across
    (16, 34, 70, 142, 286 for layers = 1 to 5).  A conditional discriminator takes input and output side by side in the channels:
    in_channels=6 for pairs of colour pictures.

    ``norm="instance"`` makes every logit depend on the whole picture, through the mean and variance of each map.
    ``norm="spectral"`` divides each weight by its largest singular value instead of normalising the maps.

    Source: Isola et al. 2017, section 3.3 and appendix 6.1.2.
    """

    def __init__(self, in_channels: int = 6, width: int = 64, layers: int = 3, *, norm: str = "batch") -> None:
        super().__init__()
        layers = check.whole("layers", layers, 1, check.SIDE.bit_length())
        in_channels, width = check.counts(in_channels=in_channels, width=width)
        check.fits("weights", 8 * width, max(8 * width, in_channels), 4, 4)
        check.one_of("norm", norm, NORMS)
        self.in_channels, self.layers = in_channels, layers
        bias = norm != "batch"
        channels = [width * min(8, 2**i) for i in range(layers + 1)]
        parts: list[nn.Module] = [nn.Conv2d(in_channels, width, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        for i, (n_in, n_out) in enumerate(zip(channels, channels[1:], strict=False), start=1):
            conv = nn.Conv2d(n_in, n_out, 4, stride=2 if i < layers else 1, padding=1, bias=bias)
            parts += [conv, normalise("none" if norm == "spectral" else norm, n_out), nn.LeakyReLU(0.2)]
        parts.append(nn.Conv2d(channels[-1], 1, 4, padding=1))
        self.model = nn.Sequential(*parts)
        init_dcgan(self)
        if norm == "spectral":
            _spectral(self)

    def forward(self, x: Tensor) -> Tensor:
        return self.model(check.images(x, self.in_channels, network=self, least=3 * 2**self.layers))  # [N, 1, h, w]


class PixelDiscriminator(nn.Module):
    """D: pictures [N, in_channels, H, W] -> logits [N, 1, H, W]: every pixel judged by its colour alone, a 1 x 1 PatchGAN.

    Source: Isola et al. 2017, section 4.4.
    """

    def __init__(self, in_channels: int = 6, width: int = 64, *, norm: str = "batch") -> None:
        super().__init__()
        in_channels, width = check.counts(in_channels=in_channels, width=width)
        check.fits("weights", 2 * width, max(width, in_channels))
        self.in_channels, self.least = in_channels, 2 if norm == "instance" else 1  # the variance of one pixel is 0
        bias = norm != "batch"
        self.net = nn.Sequential(
            nn.Conv2d(in_channels, width, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 1, bias=bias),
            normalise(norm, 2 * width),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * width, 1, 1, bias=bias),
        )
        init_dcgan(self)

    def forward(self, x: Tensor) -> Tensor:
        return self.net(check.images(x, self.in_channels, network=self, least=self.least))  # [N, 1, H, W]


def _spectral(module: nn.Module) -> None:
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            parametrizations.spectral_norm(layer)


def _pairs(layers: Iterable[tuple[int, int]]) -> list[tuple[int, ...]]:
    if not isinstance(layers, list | tuple) or not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in layers):
        raise TypeError(f"layers must be pairs (kernel, stride), as [(4, 2), (4, 1)], not {layers!r}")
    return [check.row("kernel and stride", pair) for pair in layers]


def receptive_field(layers: Iterable[tuple[int, int]]) -> int:
    r"""The side of the square that one output pixel sees, for convolutions given as (kernel, stride) from input to output.

    r = 1 + sum_i (k_i - 1) prod_{j < i} s_j: each layer widens the field by its kernel less one, in steps as long as the
    strides before it.

    >>> receptive_field([(4, 2), (4, 2), (4, 2), (4, 1), (4, 1)])
    70
    """
    side, step = 1, 1
    for kernel, stride in _pairs(layers):
        side, step = side + (kernel - 1) * step, step * stride
    return side


def convolutions(network: nn.Module) -> list[tuple[int, int]]:
    """(kernel, stride) of a network's convolutions in order, for :func:`receptive_field`; for plain chains of layers."""
    return [(layer.kernel_size[0], layer.stride[0]) for layer in network.modules() if isinstance(layer, nn.Conv2d)]


def measured_receptive_field(network: nn.Module, channels: int, size: int, seed: int = 0) -> tuple[int, int]:
    """Height and width of the part of the input that the middle output pixel depends on.

    Differentiates that pixel with respect to a random input of ``size`` pixels, in evaluation mode: batch normalisation with
    running statistics is a fixed map and widens nothing.  ``size`` must exceed the field, or its edge is what is measured.
    """
    (channels,), size = check.counts(channels=channels), check.whole("size", size, 1, check.SIDE)
    x = torch.randn(1, channels, size, size, generator=torch.Generator().manual_seed(check.seed(seed)))
    x = x.to(device_of(check.module("the network", network))).requires_grad_(True)
    with networks.evaluating(network), torch.enable_grad():
        out = network(x)  # [1, K, h, w]
        (gradient,) = torch.autograd.grad(out[0, :, out.shape[2] // 2, out.shape[3] // 2].sum(), x)
    touched = gradient[0].abs().sum(0) > 0  # [H, W]
    rows, columns = touched.any(1).nonzero(), touched.any(0).nonzero()
    return int(rows.max() - rows.min()) + 1, int(columns.max() - columns.min()) + 1
