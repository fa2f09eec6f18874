r"""VAE-GAN: the decoder of a variational autoencoder is the generator of a game; what is encoded may be of another kind.

3D-VAE-GAN has pairs (x, y), a shape and a picture of it.  The encoder gives q(z|y), the generator makes shapes of codes and of
noise alike, and D sees the shapes of noise beside the real ones:

    L = L_GAN(x, G(z)) + alpha_1 KL(q(z|y) || N(0, I)) + alpha_2 mean (G(E(y)) - x)^2

Sources: Larsen, Sonderby, Larochelle & Winther 2016; Wu, Zhang, Xue, Freeman & Tenenbaum 2016.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from gancourse.base import check, networks
from gancourse.gans.gan import GAN, Batch
from gancourse.models.vae import Code, reparameterise
from gancourse.theory.likelihood import gaussian_kl


@dataclass(kw_only=True)
class RebuiltBatch(Batch):
    """A round: ``code`` is q(z|y), ``rebuilt`` [N, ...] what the generator makes of a draw from it; both with their graph."""

    code: Code
    rebuilt: Tensor


class VAEGAN(GAN[RebuiltBatch]):
    """D judges what is made of noise; encoder and generator are one player, and also pay for the code and for what they lose.

    Batches are pairs (x, y).  ``players`` has ``encode(y)`` and, as ``forward``, the generator, as
    :class:`gancourse.models.voxels.FromPicture`.  Codes and noise pass the generator together, so that its batch normalisation
    has one kind of batch.  ``seen`` [M, ...] are inputs y with which the statistics of an averaged player are measured.
    """

    generator: Any  # has encode(y)

    def __init__(
        self, players: nn.Module, *args: Any, seen: Tensor, kl: float = 0.001, rebuild: float = 10.0, **options: Any
    ) -> None:
        super().__init__(players, *args, **options)
        if not hasattr(players, "encode"):
            raise TypeError("the players must have encode(y) beside the generator: take models.voxels.FromPicture")
        self.seen = check.filled("seen", seen)
        self.kl, self.rebuild = check.at_least("kl", kl), check.at_least("rebuild", rebuild)

    def play(self, real: Tensor, source: torch.Generator, labels: Tensor | None = None, step: int = 0) -> RebuiltBatch:
        """Draw latents, encode, and make something of both."""
        if labels is None:
            raise ValueError("VAE-GAN needs pairs: pass batches (x, y), a shape and a picture of it")
        z = self.joint_latents(len(real), source)
        code = self.generator.encode(labels)
        fake, rebuilt = networks.widened(self._made(self.generator, z, code, source)).split(len(real))
        return RebuiltBatch(real=real, z=z, fake=fake, labels=labels, step=step, code=code, rebuilt=rebuilt)

    def _made(self, players: Any, z: Tensor, code: Code, source: torch.Generator) -> Tensor:
        """What the generator makes of noise and of draws from q(z|y), in one batch: [2 N, ...]."""
        made: Tensor = players(torch.cat([z, reparameterise(code, self.joint_latents(len(z), source))]))
        return made

    def generator_loss(self, batch: RebuiltBatch) -> Tensor:
        """What encoder and generator minimise: the game, alpha_1 KL and alpha_2 times the mean square of what is lost."""
        batch.log["kl"] = kl = gaussian_kl(*batch.code).mean()
        batch.log["lost"] = lost = (batch.rebuilt - batch.real).square().mean()
        return super().generator_loss(batch) + self.kl * kl + self.rebuild * lost

    @torch.no_grad()
    def refresh_statistics(self, generator: nn.Module, rounds: int = 8, n: int = 64, seed: int = 0) -> None:
        """Measure the running statistics of ``generator``'s batch normalisation anew, over noise and codes of ``seen``."""
        source = torch.Generator().manual_seed(seed)
        players: Any = generator
        with networks.measuring_statistics(generator, seed + 1):
            for part in networks.whole_batches(self.seen[: rounds * n], n):
                code = players.encode(part.to(self.device))
                self._made(players, self.latents(len(part), source), code, source)

    def check_average(self, generator: nn.Module) -> None:
        """Raises where its batch normalisation cannot be measured on the one picture of ``seen``."""
        if len(self.seen) == 1:
            self.refresh_statistics(copy.deepcopy(generator))
