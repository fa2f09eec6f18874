r"""LAPGAN: a small picture first, then at each doubling the detail that an enlargement lacks.

A Laplacian pyramid splits a picture x into its half-size version c, every 2 x 2 block's mean, and what enlarging c loses:

    x = u(c) + h,      c = halved(x),   u = enlarged,   h = x - u(c).

The game at one level is conditional: G draws a detail for the enlargement of a real c, D sees enlargement and whole picture,

    G(z, u) = h',      D(u, u + h)  against  D(u, u + h').

To draw from nothing, a plain GAN makes the smallest picture and the levels follow one another: :class:`LAPGAN`, which plays all
these games side by side.

Source: Denton, Chintala, Szlam & Fergus 2015 (NeurIPS), sections 2.2 and 2.3; there with Gaussian blur in place of block means.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.base import networks
from gancourse.gans.gan import GAN, Batch
from gancourse.models.layers.resample import enlarged


def halved(x: Tensor) -> Tensor:
    """Means of 2 x 2 blocks: [N, C, H, W] -> [N, C, H / 2, W / 2]."""
    if x.ndim != 4 or x.shape[2] % 2 or x.shape[3] % 2:
        raise ValueError(f"pictures to halve must be [N, C, H, W] with even sides, not {list(x.shape)}")
    return F.avg_pool2d(x, 2)


def pyramid(x: Tensor, levels: int) -> tuple[Tensor, list[Tensor]]:
    """The smallest picture and the details, from coarse to fine."""
    details: list[Tensor] = []
    for _ in range(levels):
        small = halved(x)
        details.insert(0, x - enlarged(small))
        x = small
    return x, details


def collapsed(small: Tensor, details: Sequence[Tensor]) -> Tensor:
    """The picture of a pyramid."""
    for detail in details:
        small = enlarged(small) + detail
    return small


@dataclass(kw_only=True)
class DetailBatch(Batch):
    """``base``: the enlargements that the details belong to, [N, C, H, W]."""

    base: Tensor


class DetailGAN(GAN[DetailBatch]):
    """The game at one level: ``generator(z, base)`` gives a detail, ``discriminator`` takes [N, 2 C, H, W], base and picture.

    :class:`gancourse.models.lapgan.DetailGenerator` and :class:`gancourse.models.lapgan.DetailDiscriminator` are such networks.
    """

    def play(self, real: Tensor, source: torch.Generator, labels: Tensor | None = None, step: int = 0) -> DetailBatch:
        """Add details to the enlargements of the real pictures' halves."""
        base = enlarged(halved(real))
        z = self.joint_latents(len(real), source)
        fake = networks.widened(base + self.generator(z, base))
        return DetailBatch(real=real, z=z, fake=fake, labels=labels, step=step, base=base)

    def judge(self, x: Tensor, batch: DetailBatch | None = None) -> Tensor:
        """D's logits for pictures x beside the enlargements of their round."""
        base = batch.base if batch is not None else enlarged(halved(x))
        logits: Tensor = networks.widened(self.discriminator(torch.cat([base, x], 1)))
        return logits

    @torch.no_grad()
    def finer(self, small: Tensor, seed: int = 0, generator: nn.Module | None = None) -> Tensor:
        """Pictures of twice the sides, details drawn: [N, C, H, W] -> [N, C, 2 H, 2 W]; ``generator`` may be an averaged copy."""
        player = generator if generator is not None else self.generator
        z, base = self.latents(len(small), torch.Generator().manual_seed(seed)), enlarged(small.to(self.device))
        with networks.evaluating(player):
            finer: Tensor = base + player(z, base)
        return finer.float()

    def refresh_statistics(self, generator: nn.Module, rounds: int = 8, n: int = 64, seed: int = 0) -> None:
        """Raises where the generator has batch normalisation: its average has no statistics, nothing else is to be done."""
        if networks.batch_norms(generator):
            raise ValueError(
                "an average of details has no statistics of its own: train without ema, or leave the generator's batch "
                "normalisation out"
            )

    def check_average(self, generator: nn.Module) -> None:
        self.refresh_statistics(generator)

    def sample(self, n: int, seed: int = 0, generator: nn.Module | None = None) -> Tensor:
        """Raises: one level needs a small picture to begin with."""
        raise ValueError("one level of a pyramid draws no picture from nothing: use finer(small), or LAPGAN(sketch, levels)")


@dataclass
class PyramidBatch(Batch):
    """``rounds``: one of the game at each size, the smallest first; ``real`` and ``fake`` are the largest's."""

    rounds: list[Batch] = field(default_factory=list)


class LAPGAN(GAN[PyramidBatch]):
    """The games at all sizes, side by side in one training: losses are summed, and no weight is in two of them.

    ``sketch`` draws the smallest pictures, ``levels`` double them, from coarse to fine.  Each is shown *real* pictures of half
    its size; drawn ones it meets in :meth:`sizes` alone.  Under an optimiser that takes every weight for itself, as Adam does,
    it is as if they were trained one after another.
    """

    def __init__(self, sketch: GAN, levels: Sequence[DetailGAN]) -> None:
        self.games: list[GAN[Any]] = [sketch, *levels]
        generators = nn.ModuleList(game.generator for game in self.games)
        discriminators = nn.ModuleList(game.discriminator for game in self.games)
        super().__init__(generators, discriminators, sketch.objective, latent_dim=sketch.latent_dim)

    def play(self, real: Tensor, source: torch.Generator, labels: Tensor | None = None, step: int = 0) -> PyramidBatch:
        """One round at every size, on halves of the same pictures."""
        small = real
        rounds: list[Batch] = []
        for game in reversed(self.games):
            rounds.insert(0, game.play(small, source, labels, step))
            small = halved(small)
        return PyramidBatch(real=real, z=rounds[0].z, fake=rounds[-1].fake, labels=labels, step=step, rounds=rounds)

    @property
    def together(self) -> int:
        """Of how many samples every game's packs are whole."""
        return math.lcm(*(game.together for game in self.games))

    def discriminator_loss(self, batch: PyramidBatch) -> Tensor:
        """The sum over the sizes."""
        loss = torch.stack([game.discriminator_loss(part) for game, part in zip(self.games, batch.rounds, strict=True)]).sum()
        self._tell(batch)
        return loss

    def generator_loss(self, batch: PyramidBatch) -> Tensor:
        """The sum over the sizes."""
        loss = torch.stack([game.generator_loss(part) for game, part in zip(self.games, batch.rounds, strict=True)]).sum()
        self._tell(batch)
        return loss

    @staticmethod
    def _tell(batch: PyramidBatch) -> None:
        """What the games log, under their names and the place of the size: the sketch's "penalty" is "penalty_0"."""
        batch.log.update({f"{name}_{i}": value for i, part in enumerate(batch.rounds) for name, value in part.log.items()})

    def after_discriminator_step(self) -> None:
        """What each game does there: clip weights, move a probability."""
        for game in self.games:
            game.after_discriminator_step()

    def after_generator_step(self) -> None:
        """What each game does there."""
        for game in self.games:
            game.after_generator_step()

    def state_dict(self) -> dict[str, Any]:
        """What the games remember, by the place of the size."""
        return {str(i): game.state_dict() for i, game in enumerate(self.games)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what the games remember; older checkpoints, {}, say nothing of it."""
        for i, game in enumerate(self.games if state else []):
            game.load_state_dict(state[str(i)])

    def refresh_statistics(self, generator: nn.Module, rounds: int = 8, n: int = 64, seed: int = 0) -> None:
        """Those of the smallest size; the levels have none."""
        for i, game in enumerate(self.games):
            game.refresh_statistics(_at(generator, i), rounds, n, seed)

    def check_average(self, generator: nn.Module) -> None:
        for i, game in enumerate(self.games):
            game.check_average(_at(generator, i))

    @torch.no_grad()
    def sizes(self, n: int, seed: int = 0, generator: nn.Module | None = None) -> list[Tensor]:
        """n pictures at every size, the smallest drawn from nothing."""
        player = generator if generator is not None else self.generator
        return self.up([self.games[0].sample(n, seed, _at(player, 0))], seed, player)

    @torch.no_grad()
    def up(self, found: list[Tensor], seed: int = 0, generator: nn.Module | None = None) -> list[Tensor]:
        """``found``, pictures at the smaller sizes, and theirs at the larger ones, details drawn."""
        player = generator if generator is not None else self.generator
        for i, level in enumerate(self.games[len(found) :], start=len(found)):
            found = [*found, cast(DetailGAN, level).finer(found[-1], seed + i, _at(player, i))]
        return found

    def sample(self, n: int, seed: int = 0, generator: nn.Module | None = None) -> Tensor:
        """n pictures at the largest size."""
        return self.sizes(n, seed, generator)[-1]


def _at(players: nn.Module, i: int) -> nn.Module:
    """One of the players in an ``nn.ModuleList``, which an averaged copy of it is, too."""
    return cast(nn.ModuleList, players)[i]
