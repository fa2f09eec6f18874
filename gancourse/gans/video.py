"""The game of a two-stream generator of clips: a GAN, and a price on what the mask takes from the background."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gancourse.base import check, ranks
from gancourse.gans.gan import GAN, Batch


@dataclass(kw_only=True)
class ClipBatch(Batch):
    """A round: ``mask`` [N, 1, T, H, W] says where ``fake`` is foreground."""

    mask: Tensor


class VideoGAN(GAN[ClipBatch]):
    r"""Vondrick et al. (2016): G(z) = m(z) f(z) + (1 - m(z)) b(z), and the generator pays for its mask.

        L_G = -log D(G(z)) + lambda mean |m(z)|

    ``generator`` has ``streams(z)``, as :class:`gancourse.models.video.TwoStream`.  ``sparsity`` is lambda, 0.1 in the paper,
    which writes a norm; its code takes the mean over all entries, as here.
    """

    generator: Any  # has streams(z)

    def __init__(self, *args: Any, sparsity: float = 0.1, **options: Any) -> None:
        super().__init__(*args, **options)
        if not hasattr(self.generator, "streams"):
            raise TypeError("the generator must have streams(z), mask, foreground, background: take models.video.TwoStream")
        self.sparsity = check.at_least("sparsity", sparsity)

    def play(self, real: Tensor, source: torch.Generator, labels: Tensor | None = None, step: int = 0) -> ClipBatch:
        """Draw latents, and make clips whose masks are kept."""
        z = ranks.drawn(len(real), lambda n: self.latents(n, source))
        streams = self.generator.streams(z)
        return ClipBatch(real=real, z=z, fake=streams.clip().float(), labels=labels, step=step, mask=streams.mask.float())

    def generator_loss(self, batch: ClipBatch) -> Tensor:
        """What G minimises: the objective, and lambda times the mean of the mask."""
        batch.log["mask"] = covered = batch.mask.abs().mean()
        return super().generator_loss(batch) + self.sparsity * covered
