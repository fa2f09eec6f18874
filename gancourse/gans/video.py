"""The games of a two-stream generator of clips: a GAN, and a price on what the mask takes from the background; and the same from
the first frame."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from gancourse.base import check, networks
from gancourse.base.networks import widened
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
        z = self.joint_latents(len(real), source)
        streams = self._streams(real, z)
        return ClipBatch(real=real, z=z, fake=widened(streams.clip()), labels=labels, step=step, mask=widened(streams.mask))

    def _streams(self, real: Tensor, z: Tensor) -> Any:
        """Mask, foreground and background of the clips that stand beside the real ones."""
        return self.generator.streams(z)

    def generator_loss(self, batch: ClipBatch) -> Tensor:
        """What G minimises: the objective, and lambda times the mean of the mask."""
        batch.log["mask"] = covered = batch.mask.abs().mean()
        return super().generator_loss(batch) + self.sparsity * covered


class FutureGAN(VideoGAN):
    r"""Vondrick et al. (2016), from a still to its future: G sees the first frame x_0 of a real clip, and pays for losing it.

        L_G = -log D(G(x_0, z)) + lambda mean |m| + mu mean (G(x_0, z)_0 - x_0)^2

    D sees whole clips, real and made, as in :class:`VideoGAN`.  ``generator`` has ``streams(x, z)``, as
    :class:`gancourse.models.video.Future`; ``first`` is mu.  ``stills`` floats [M, C, H, W] are what :meth:`sample` goes on from,
    and what the statistics of an averaged generator's batch normalisation are measured with.
    """

    def __init__(self, *args: Any, stills: Tensor, first: float = 10.0, **options: Any) -> None:
        super().__init__(*args, **options)
        self.stills, self.first = check.filled("stills", stills), check.at_least("first", first)

    def _streams(self, real: Tensor, z: Tensor) -> Any:
        """Those of clips that go on from the first frames of the real ones."""
        return self.generator.streams(real[:, :, 0], z)

    def generator_loss(self, batch: ClipBatch) -> Tensor:
        """What G minimises: the game, the price of the mask, and mu times how far it is from the first frame."""
        batch.log["first"] = gap = (batch.fake[:, :, 0] - batch.real[:, :, 0]).square().mean()
        return super().generator_loss(batch) + self.first * gap

    @torch.no_grad()
    def refresh_statistics(self, generator: nn.Module, rounds: int = 8, n: int = 64, seed: int = 0) -> None:
        """Measure the running statistics of ``generator``'s batch normalisation anew, over the stills."""
        source = torch.Generator().manual_seed(seed)
        with networks.measuring_statistics(generator, seed + 1):
            for part in networks.whole_batches(self.stills[: rounds * n], n):
                generator(part.to(self.device), self.latents(len(part), source))

    def check_average(self, generator: nn.Module) -> None:
        """Raises where its batch normalisation cannot be measured on the one picture of ``stills``."""
        if len(self.stills) == 1:
            self.refresh_statistics(copy.deepcopy(generator))

    @torch.no_grad()
    def sample(self, n: int, seed: int = 0, generator: nn.Module | None = None) -> Tensor:
        """The futures of the first n stills in evaluation mode; ``generator`` may be an averaged copy."""
        n = check.whole("n", n, 0)
        if n > len(self.stills):
            raise ValueError(f"the game has {len(self.stills)} stills, not {n}: pass more stills, or call the generator")
        return self.in_parts(generator, self.stills[:n].to(self.device), self.latents(n, torch.Generator().manual_seed(seed)))
