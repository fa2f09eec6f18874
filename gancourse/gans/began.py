r"""BEGAN, the boundary equilibrium GAN: the discriminator is an autoencoder, and its errors are what the game is about.

With L(x) = mean |x - D(x)| over the pixels of a picture, D a network that draws its input again:

    D minimises   L(x) - k_t L(G(z))
    G minimises   L(G(z))
    k_{t+1} = clip(k_t + lambda_k (gamma L(x) - L(G(z))), 0, 1)

D learns to draw real pictures well and, as far as k_t lets it, generated ones badly; G makes what D draws well.  The ratio of
the two errors is held at gamma = E L(G(z)) / E L(x) by k_t, as a thermostat holds a temperature: when the fakes' error is
too small, k_t rises and D cares more about them.  The published measure of convergence is

    M = L(x) + |gamma L(x) - L(G(z))|,

small when D draws well and the balance holds.

Source: Berthelot, Schumm & Metz 2017, sections 3.3 and 3.4.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from gancourse import losses
from gancourse.base import check, ranks
from gancourse.base.networks import widened
from gancourse.gans.gan import GAN, Batch


def reconstruction_errors(autoencoder: nn.Module, x: Tensor) -> Tensor:
    """L(x) = mean over the pixels of |x - D(x)|, for each sample: [N, ...] -> [N]."""
    drawn = widened(autoencoder(x))
    if drawn.shape != x.shape:
        raise ValueError(
            f"BEGAN's discriminator must return pictures as it was given, {list(x.shape)}, not {list(drawn.shape)}: "
            "pass an autoencoder such as gancourse.models.autoencoder.Autoencoder"
        )
    return (x - drawn).abs().flatten(1).mean(1)


def convergence(gamma: float | Tensor, real: Tensor, fake: Tensor) -> Tensor:
    """The measure of convergence M = L(x) + |gamma L(x) - L(G(z))|."""
    return real + (gamma * real - fake).abs()


class BEGAN(GAN):
    """The game between a generator and an autoencoder; ``k`` and ``M`` are columns of the run's history.

    gamma: the ratio E L(G(z)) / E L(x) that is held; lower values ask for better pictures at the price of diversity.
    lambda_k: how fast k_t follows; 0.001 as published.
    k: k_0; 0 as published, so that D begins as a plain autoencoder.
    Latents are uniform in [-1, 1], as published.  k_t is part of a run's checkpoints.
    """

    draws_again = True

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        gamma: float = 0.5,
        lambda_k: float = 1e-3,
        k: float = 0.0,
        latent_dim: int | None = None,
    ) -> None:
        if not 0 < check.number("gamma", gamma) <= 1:
            raise ValueError(f"gamma must be in (0, 1], not {gamma}: at 0 the generated pictures' error would have to vanish")
        k, lambda_k = check.probability("k", k), check.positive("lambda_k", lambda_k)
        objective = losses.Objective("began", self._of_discriminator, lambda fake, real=None: fake.mean())
        super().__init__(generator, discriminator, objective, latent_dim=latent_dim)
        self.gamma, self.lambda_k = gamma, lambda_k
        self.k = torch.tensor(k, dtype=torch.float64)
        self._errors: tuple[Tensor, Tensor] | None = None

    def _of_discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return real.mean() - self.k.to(real) * fake.mean()

    def latents(self, n: int, source: torch.Generator) -> Tensor:
        """z ~ U[-1, 1]: [n, latent_dim]."""
        return self.taken(2 * torch.rand(n, self.latent_dim, generator=source) - 1)

    def judge(self, x: Tensor, batch: Batch | None = None) -> Tensor:
        """The autoencoder's error for each sample, [N], in place of a logit; high means fake."""
        return reconstruction_errors(self.discriminator, x)

    def discriminator_loss(self, batch: Batch) -> Tensor:
        """L(x) - k_t L(G(z)), the fakes detached."""
        real, fake = self.judge(batch.real), self.judge(batch.fake.detach())
        self._errors = (ranks.mean(real.detach().mean()), ranks.mean(fake.detach().mean()))
        return self.objective.discriminator(real, fake)

    def generator_loss(self, batch: Batch) -> Tensor:
        """L(G(z)), with the slope through both the picture and D's drawing of it; logs k_t, M and the real error."""
        loss = super().generator_loss(batch)
        real = self._errors[0] if self._errors is not None else ranks.mean(self.judge(batch.real).detach().mean())
        self._errors = (real, ranks.mean(loss.detach()))
        batch.log.update(k=self.k, M=convergence(self.gamma, *self._errors), real_error=real)
        return loss

    def after_generator_step(self) -> None:
        """Move k_t by the errors of this round, and keep it in [0, 1]."""
        if self._errors is None:
            return  # G moved before any loss was computed
        real, fake = self._errors
        self.k = (self.k.to(real.device) + self.lambda_k * (self.gamma * real - fake).double()).clamp(0.0, 1.0)

    def state_dict(self) -> dict[str, Any]:
        """k_t, without which a resumed run would start its balance anew."""
        return {"k": self.k}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over k_t."""
        self.k = state["k"].to(self.device)
