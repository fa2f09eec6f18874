"""PacGAN: the discriminator judges m samples together, so that a lack of variety is evidence.

With P the data and Q the generator, D no longer compares P with Q but the product P^m with Q^m.  If Q misses modes, m samples of
it look more alike than m samples of P, and the products lie farther apart than those of a Q that errs as much without
missing modes.  Nothing else changes: not the loss, not the networks' inner layers, not the generator.

Source: Lin, Khetan, Fanti & Oh 2018 (PacGAN).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from gancourse.base import check
from gancourse.gans.gan import GAN


def pack(x: Tensor, m: int, dim: int = 0) -> Tensor:
    """Join each m samples in a row along the axis after the batch: [N, C, ...] -> [N / m, m C, ...].

    Vectors are concatenated, images stacked as channels.  ``dim`` is the batch axis (1 for an ensemble's [K, N, ...]).
    """
    check.whole("m", m)
    if x.ndim < dim + 2:
        raise ValueError(f"samples must have at least one axis beside the batch, not shape {list(x.shape)}")
    if x.shape[dim] % m:
        raise ValueError(f"a batch of {x.shape[dim]} cannot be packed in {m}s: take a batch size divisible by {m}")
    packed: Tensor = x.unflatten(dim, (-1, m)).flatten(dim + 1, dim + 2)
    return packed


class PackedDiscriminator(nn.Module):
    """D(x_1, ..., x_m): packs its input and asks ``network``, [N, C, ...] -> logits [N / m].

    ``network`` takes inputs m times as wide as a sample: ``mlp.Discriminator(in_shape=2 * m)`` in the plane,
    ``dcgan.Discriminator(channels=3 * m)`` for images.
    """

    def __init__(self, network: nn.Module, m: int) -> None:
        super().__init__()
        self.network, self.m = network, check.whole("m", m)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.network(pack(x, self.m, getattr(self.network, "batch_dim", 0)))
        return logits


class PackedGAN(GAN):
    """The game with a packed discriminator; ``discriminator`` is the inner network, m times as wide at its input.

    Packs are made of neighbours in the batch, which are independent draws, so each sample is in one pack and an epoch costs the
    discriminator no more than before.  There is no gradient penalty: those are of the slope at one sample, and a logit has m.
    """

    def __init__(self, generator: nn.Module, discriminator: nn.Module, m: int = 2, **options: Any) -> None:
        if options.get("penalty") is not None:
            raise ValueError("a gradient penalty is of the slope at one sample, and a pack has m of them: leave it out")
        super().__init__(generator, PackedDiscriminator(discriminator, m), **options)
        self._m = m

    @property
    def together(self) -> int:
        """A pack."""
        return self._m


def packed_total_variation(p: Tensor, q: Tensor, m: int) -> Tensor:
    """Total variation between m independent draws of histogram p and m of histogram q, exactly: TV(p^m, q^m).

    p and q are [K]; the products have K^m places, so keep K^m small.
    """
    joint_p, joint_q = p, q
    for _ in range(check.whole("m", m) - 1):
        joint_p, joint_q = torch.outer(joint_p, p).flatten(), torch.outer(joint_q, q).flatten()
    return (joint_p - joint_q).abs().sum() / 2
