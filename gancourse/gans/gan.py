"""The two-player game: a generator, a discriminator, and what each of them minimises."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from gancourse import losses
from gancourse.base import networks

if TYPE_CHECKING:
    from gancourse.losses.penalties import ZeroCentred


@dataclass
class Batch:
    """What one round of the game is played with: real samples, latents, and the fakes made of them.

    ``fake`` keeps its graph: the discriminator's loss detaches it, the generator's loss differentiates through it, so one
    pass through the generator serves both updates.
    """

    real: Tensor  # [N, ...]
    z: Tensor  # [N, latent_dim]
    fake: Tensor  # [N, ...]
    labels: Tensor | None = None  # [N]
    step: int = 0
    log: dict[str, Tensor] = field(default_factory=dict)


class GAN:
    """The game of Goodfellow et al. (2014) with any objective on logits.

        min_G max_D  E_x[log D(x)] + E_z[log(1 - D(G(z)))]

    ``objective`` names a pair of losses (:mod:`gancourse.losses`); ``penalty`` is added to the discriminator's loss.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        objective: str | losses.Objective = "non_saturating",
        penalty: ZeroCentred | None = None,
        latent_dim: int | None = None,
    ) -> None:
        self.generator, self.discriminator = generator, discriminator
        self.objective = losses.objective(objective)
        self.penalty = penalty
        if latent_dim is None and not hasattr(generator, "latent_dim"):
            raise ValueError("the generator has no attribute latent_dim: pass latent_dim=... to GAN")
        self.latent_dim: int = latent_dim if latent_dim is not None else generator.latent_dim

    @property
    def device(self) -> torch.device:
        return next(self.generator.parameters()).device

    def latents(self, n: int, source: torch.Generator) -> Tensor:
        """z ~ N(0, I): [n, latent_dim].  Drawn on the CPU, so that a seed means the same numbers on every device."""
        return torch.randn(n, self.latent_dim, generator=source).to(self.device)

    def play(self, real: Tensor, source: torch.Generator, labels: Tensor | None = None, step: int = 0) -> Batch:
        """Draw latents and make the fakes for one round against ``real``."""
        z = self.latents(len(real), source)
        return Batch(real=real, z=z, fake=self.generator(z).float(), labels=labels, step=step)

    def judge(self, x: Tensor) -> Tensor:
        """D's logits in float32, also where autocast runs the network itself in bfloat16."""
        return self.discriminator(x).float()

    def discriminator_loss(self, batch: Batch) -> Tensor:
        """What D minimises; real and fake pass D apart, so that batch normalisation never mixes their statistics."""
        fake = batch.fake.detach()
        loss = self.objective.discriminator(self.judge(batch.real), self.judge(fake))
        if self.penalty is not None and batch.step % self.penalty.every == 0:
            batch.log["penalty"] = penalty = self.penalty(self.discriminator, batch.real, fake)
            loss = loss + self.penalty.every * penalty
        return loss

    def generator_loss(self, batch: Batch) -> Tensor:
        """What G minimises, through D as it now is."""
        fake = self.judge(batch.fake)
        if not self.objective.paired:
            return self.objective.generator(fake)
        with torch.no_grad():  # the real logits carry no gradient to G
            real = self.judge(batch.real)
        return self.objective.generator(fake, real)

    def after_discriminator_step(self) -> None:
        """Called after each update of D; games that clip weights or steer a balance do it here."""

    def after_generator_step(self) -> None:
        """Called after each update of G."""

    def state_dict(self) -> dict[str, Any]:
        """What the game itself remembers from step to step, beside the networks; most games nothing."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what :meth:`state_dict` gave."""

    @torch.no_grad()
    def refresh_statistics(self, generator: nn.Module, rounds: int = 8, n: int = 64, seed: int = 0) -> None:
        """Measure the running statistics of ``generator``'s batch normalisation anew, as means over ``rounds`` batches of n.

        Source: Izmailov et al. 2018 (stochastic weight averaging); "standing statistics" in Brock et al. 2019 (BigGAN).
        """
        if not networks.batch_norms(generator):
            return
        source = torch.Generator().manual_seed(seed)
        with networks.measuring_statistics(generator):
            for _ in range(rounds):
                generator(self.latents(n, source))

    @torch.no_grad()
    def sample(self, n: int, seed: int = 0, generator: nn.Module | None = None) -> Tensor:
        """n samples from the generator in evaluation mode; ``generator`` may be an averaged copy."""
        player = generator if generator is not None else self.generator
        z = self.latents(n, torch.Generator().manual_seed(seed))
        with networks.evaluating(player):
            return torch.cat([player(part) for part in z.split(256)]).float()


class LabelledGAN(GAN):
    """A game whose discriminator may be told the labels: its losses go through ``judge(x, labels)``, which subclasses define."""

    def judge(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """D's logits for samples with their labels, in float32."""
        return self.discriminator(x, labels).float()

    def discriminator_loss(self, batch: Batch) -> Tensor:
        """What D minimises, real and fake samples with the same labels."""
        fake = batch.fake.detach()
        loss = self.objective.discriminator(self.judge(batch.real, batch.labels), self.judge(fake, batch.labels))
        return loss + self._penalty_at(batch, fake)

    def generator_loss(self, batch: Batch) -> Tensor:
        """What G minimises, through D as it now is."""
        return self._adversarial(batch, self.judge(batch.fake, batch.labels))

    def _adversarial(self, batch: Batch, fake: Tensor) -> Tensor:
        """G's loss from D's logits for the fakes."""
        if not self.objective.paired:
            return self.objective.generator(fake)
        with torch.no_grad():  # the real logits carry no gradient to G
            real = self.judge(batch.real, batch.labels)
        return self.objective.generator(fake, real)

    def _penalty_at(self, batch: Batch, fake: Tensor) -> Tensor | float:
        if self.penalty is None or batch.step % self.penalty.every:
            return 0.0
        # Samples keep their places, so the same labels belong to real, fake and whatever is mixed of them.
        batch.log["penalty"] = penalty = self.penalty(lambda x: self.judge(x, batch.labels), batch.real, fake)
        return self.penalty.every * penalty
