"""Wasserstein games: the discriminator becomes a critic that measures a distance.

The critic f maximises E[f(x)] - E[f(G(z))] and has to be kept Lipschitz, by clipping its weights (:class:`WGAN`) or by a
penalty on its gradient (:class:`WGANGP`).  Both log that difference as ``estimate``: it is the earth mover's distance times
the critic's Lipschitz constant, as far as the critic is at its best.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gancourse import losses
from gancourse.base import check, ranks
from gancourse.gans.ensemble import Ensemble, EnsembleGAN
from gancourse.gans.gan import GAN, Batch
from gancourse.losses.penalties import clip_weights, gradient_penalty


class WGAN(GAN):
    """WGAN: Wasserstein losses, and the critic's weights clipped to [-clip, clip] after each of its steps.

    The published recipe plays it with five critic steps to one of G, without momentum::

        fit(WGAN(G, f, clip=0.01), batches, steps, k=5, lr=5e-5, optimizer=torch.optim.RMSprop)

    ``clip=None`` and another ``objective`` exist to switch single changes off.

    Source: Arjovsky, Chintala & Bottou 2017, Algorithm 1.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        clip: float | None = 0.01,
        objective: str | losses.Objective = "wasserstein",
        latent_dim: int | None = None,
    ) -> None:
        super().__init__(generator, discriminator, objective, latent_dim=latent_dim)
        self.clip = check.positive("clip", clip) if clip is not None else None

    def discriminator_loss(self, batch: Batch) -> Tensor:
        """-(E[f(x)] - E[f(G(z))]) for the Wasserstein objective."""
        loss = super().discriminator_loss(batch)
        batch.log["estimate"] = -loss.detach()
        return loss

    def after_discriminator_step(self) -> None:
        if self.clip is not None:
            clip_weights(self.discriminator, self.clip)


def reference_critic_steps(step: int, k: int = 5) -> int:
    """Critic steps before the generator's update ``step``, counted from 0, as the authors' published code takes them.

    100 for the first 25 updates and at every 500th, else k = 5; the paper's Algorithm 1 says 5 throughout.  Pass it to fit as
    ``k=reference_critic_steps``.
    """
    return 100 if step < 25 or step % 500 == 0 else k


@dataclass(kw_only=True)
class LineBatch(Batch):
    """A batch whose real and fake samples are joined by lines, with a place on each."""

    epsilon: Tensor  # [N], uniform on [0, 1]


class WGANGP(GAN[LineBatch]):
    """WGAN with gradient penalty: the critic minimises E[f(G(z))] - E[f(x)] + weight * E[(||grad f(x_hat)|| - target)^2].

    epsilon, the place of x_hat on its line, is drawn with the latents, from the seed of ``fit``.  The published recipe is weight
    10, target 1, five critic steps to one of G, and Adam almost without memory::

        fit(WGANGP(G, f), batches, steps, k=5, lr=1e-4, betas=(0.0, 0.9))

    A critic with batch normalisation is refused: its gradient at one sample depends on the others.

    Source: Gulrajani et al. 2017, Algorithm 1.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        weight: float = 10.0,
        target: float = 1.0,
        one_sided: bool = False,
        objective: str | losses.Objective = "wasserstein",
        latent_dim: int | None = None,
    ) -> None:
        super().__init__(generator, discriminator, objective, latent_dim=latent_dim)
        check.one_by_one(discriminator)
        self.weight = check.positive("weight", weight)
        self.target, self.one_sided = check.at_least("target", target), check.flag("one_sided", one_sided)

    def play(self, real: Tensor, source: torch.Generator, labels: Tensor | None = None, step: int = 0) -> LineBatch:
        batch = self.drawn(real, source, labels, step)
        epsilon = ranks.drawn(len(real), lambda n: torch.rand(n, generator=source)).to(real.device)
        return LineBatch(**vars(batch), epsilon=epsilon)

    def discriminator_loss(self, batch: LineBatch) -> Tensor:
        """The critic's loss with the penalty on the lines between the batch's pairs."""
        loss = super().discriminator_loss(batch)
        penalty = gradient_penalty(
            self.discriminator, batch.real, batch.fake, batch.epsilon, target=self.target, one_sided=self.one_sided
        )
        batch.log["estimate"], batch.log["penalty"] = -loss.detach(), penalty
        return loss + self.weight * penalty


class EnsembleWGAN(EnsembleGAN):
    """K Wasserstein games at once, each critic clipped to [-clip, clip], penalised with ``weight``, or neither.

    ``generator`` and ``critics`` are stacked (:func:`gancourse.gans.ensemble.stack`).  Member k draws latents and epsilon from
    ``seeds[k]``, so that it is the game that :class:`WGAN` or :class:`WGANGP` plays with this seed alone.

    Sources: Arjovsky, Chintala & Bottou 2017, Algorithm 1; Gulrajani et al. 2017, Algorithm 1.
    """

    def __init__(
        self,
        generator: Ensemble,
        critics: Ensemble,
        seeds: Sequence[int],
        objective: str | losses.Objective = "wasserstein",
        clip: float | None = None,
        weight: float = 0.0,
        one_sided: bool = False,
    ) -> None:
        super().__init__(generator, critics, seeds, objective)
        self.clip = check.positive("clip", clip) if clip is not None else None
        self.weight, self.one_sided = check.at_least("weight", weight), check.flag("one_sided", one_sided)
        if self.weight:
            check.one_by_one(critics)

    def play(self, real: Tensor, source: torch.Generator, labels: Tensor | None = None, step: int = 0) -> Batch:
        batch = self.drawn(real, source, labels, step)
        if not self.weight:
            return batch
        epsilon = torch.stack([torch.rand(real.shape[1], generator=each) for each in self.sources])  # [K, N]
        return LineBatch(**vars(batch), epsilon=epsilon.to(real.device))

    def discriminator_loss(self, batch: Batch) -> Tensor:
        """The sum over members of each critic's loss with its penalty."""
        loss = super().discriminator_loss(batch)
        if not isinstance(batch, LineBatch):
            return loss
        k = len(self.seeds)
        one_by_one = [x.flatten(0, 1) for x in (batch.real, batch.fake, batch.epsilon)]  # [K N, ...]

        def critics(x: Tensor) -> Tensor:
            values: Tensor = self.discriminator(x.unflatten(0, (k, -1)))
            return values.flatten()

        mean = gradient_penalty(critics, *one_by_one, one_sided=self.one_sided)  # over members and samples
        return loss + self.weight * k * mean

    def after_discriminator_step(self) -> None:
        if self.clip is not None:
            clip_weights(self.discriminator, self.clip)
