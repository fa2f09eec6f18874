"""What networks of clips and of voxels are built of: DCGAN's doubling and halving with one more axis.

A map of side r has width * (size / 2) / r channels: ``width`` at half the full size, twice as many at a quarter of it.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from gancourse.base import check
from gancourse.models.layers.initialisation import init_he

LEAST = 8  # of the full size
_TRANSPOSED = {2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}
_NORMS = {2: nn.BatchNorm2d, 3: nn.BatchNorm3d}


def checked(size: int, width: int, channels: int, latent_dim: int = 1, first: tuple[int, ...] = (4, 4, 4)) -> list[int]:
    """The arguments of a network as ints: size a power of two from 8; widths whose weights fit the memory."""
    size = check.power_of_two("size", size, LEAST)
    width, channels, latent_dim = check.counts(width=width, channels=channels, latent_dim=latent_dim)
    check.fits("weights", latent_dim, width * size // 8, *first)
    check.fits("weights", width * size // 8, width * size // 8, 4, 4, 4)
    check.fits("weights", width, channels, 4, 4, 4)
    return [size, width, channels, latent_dim]


def rising(latent_dim: int, size: int, width: int, first: tuple[int, ...]) -> nn.Sequential:
    """Latents [N, latent_dim, 1, ...] -> [N, width, ..., size / 2, size / 2].

    The first transposed convolution has the kernel ``first`` and makes a map of that shape, 4 x 4 in space; each further one has
    kernel 4 and stride 2 along every axis.  Batch normalisation and ReLU follow each.
    """
    transposed: Any = _TRANSPOSED[len(first)]
    norm = _NORMS[len(first)]
    n, side = width * size // 8, 4
    layers: list[nn.Module] = [transposed(latent_dim, n, first, bias=False), norm(n), nn.ReLU()]
    while side < size // 2:
        layers += [transposed(n, n // 2, 4, stride=2, padding=1, bias=False), norm(n // 2), nn.ReLU()]
        n, side = n // 2, side * 2
    return nn.Sequential(*layers)


def last(width: int, channels: int, dims: int = 3) -> nn.Module:
    """The transposed convolution to the full size."""
    return _TRANSPOSED[dims](width, channels, 4, stride=2, padding=1)


def falling(size: int, width: int, channels: int, norm: bool) -> nn.ModuleList:
    """Strided 3-D convolutions from ``size`` to 4 in space, one block each: convolution, batch normalisation, LeakyReLU(0.2).

    The first block has no batch normalisation; ``norm=False`` leaves it out of the others, too.
    """
    blocks, n, side = nn.ModuleList(), width, size // 2
    inside = channels
    while side >= 4:
        normal = norm and len(blocks) > 0
        layers: list[nn.Module] = [nn.Conv3d(inside, n, 4, stride=2, padding=1, bias=not normal)]
        layers += [nn.BatchNorm3d(n)] if normal else []
        blocks.append(nn.Sequential(*layers, nn.LeakyReLU(0.2)))
        inside, n, side = n, 2 * n, side // 2
    return blocks


@torch.no_grad()
def init_small(module: nn.Module) -> nn.Module:
    """DCGAN's beginning in place: weights of (transposed) convolutions ~ N(0, 0.02^2), biases 0."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv3d | nn.ConvTranspose2d | nn.ConvTranspose3d):
            layer.weight.normal_(0.0, 0.02)
            if layer.bias is not None:
                layer.bias.zero_()
    return module


class Judge(nn.Module):
    """D of volumes [N, channels, *shape] -> logits [N]: blocks that halve, then one kernel over all that is left.

    ``norm=False`` is for gradient penalties, which need a D that judges one sample at a time; weights then start at He's scale.
    """

    def __init__(self, shape: tuple[int, int, int], width: int, channels: int, norm: bool, what: str) -> None:
        super().__init__()
        norm, size = check.flag("norm", norm), shape[-1]
        self.shape, self.what = (channels, *shape), what
        self.blocks = falling(size, width, channels, norm)
        rest: Any = tuple(side * 4 // size for side in shape)
        self.last = nn.Conv3d(width * size // 8, 1, rest)
        if norm:
            init_small(self)
        else:
            init_he(self)
            nn.init.normal_(self.last.weight, 0.0, 0.01)  # begin undecided

    def maps(self, x: Tensor) -> list[Tensor]:
        """What each block makes of x, from the widest to 4 in space."""
        x = check.samples(x, self.shape, self, self.what)
        found = []
        for block in self.blocks:
            x = block(x)
            found.append(x)
        return found

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.maps(x)[-1]).flatten()  # [N]
