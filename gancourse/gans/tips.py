"""Games that differ from the plain one by one tip of ganhacks, followed or not: for experiments that change one thing at a time.

    UniformLatents   z from a cube                                             (tip 3 says: do not)
    MixedBatch       real and fake pass D, and its batch normalisation, together  (tip 4: do not)
    NoisyLabels      soft labels, flipped labels                               (tip 6)
    Replay           D is shown fakes of earlier rounds too                    (tip 8)
    Balanced         D rests while its loss is low                             (tip 11: do not)
    InstanceNoise    noise on all that D sees, fading                          (tip 13)
    HalfRange        data in [0, 1] against a tanh in [-1, 1]                  (tip 1: do not)

Source: Chintala, Denton, Arjovsky & Mathieu 2016, github.com/soumith/ganhacks.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.base import check, ranks
from gancourse.gans.cyclegan import ImagePool
from gancourse.gans.gan import GAN, Batch, noisy

CROSS_ENTROPY = ("non_saturating", "saturating", "boundary_seeking")  # whose discriminators minimise it


class UniformLatents(GAN):
    """z ~ U[-1, 1]^D in place of N(0, I)."""

    def latents(self, n: int, source: torch.Generator) -> Tensor:
        """[n, latent_dim], drawn on the CPU."""
        return self.taken(2 * torch.rand(n, self.latent_dim, generator=source) - 1)


class MixedBatch(GAN):
    """Real and fake in one batch when D learns; G is judged in batches of fakes, as ever."""

    def discriminator_loss(self, batch: Batch) -> Tensor:
        """The objective on the two halves of one pass."""
        fakes = batch.fake.detach()
        real, fake = self.judge(torch.cat([batch.real, fakes])).chunk(2)
        return self.penalised(self.objective.discriminator(real, fake), batch, batch.real, fakes)


class HalfRange(GAN):
    """The data are moved to [0, 1], where half of the generator's range [-1, 1] is never right; samples are moved back."""

    def play(self, real: Tensor, source: torch.Generator, labels: Tensor | None = None, step: int = 0) -> Batch:
        """A round against (x + 1) / 2."""
        return self.drawn((real + 1) / 2, source, labels, step)

    def sample(self, n: int, seed: int = 0, generator: nn.Module | None = None) -> Tensor:
        """Samples in [-1, 1]; what lies below 0 was no colour, and becomes black."""
        return (2 * super().sample(n, seed, generator) - 1).clamp(-1, 1)


class _WithNoise(GAN):
    """A game that draws numbers of its own, from a generator that is saved with it."""

    def __init__(self, *args: Any, seed: int = 0, **options: Any) -> None:
        super().__init__(*args, **options)
        self._own = torch.Generator().manual_seed(check.seed(seed))

    def _uniform(self, like: Tensor) -> Tensor:
        return ranks.drawn(len(like), lambda n: torch.rand(n, *like.shape[1:], generator=self._own)).to(like)

    def state_dict(self) -> dict[str, Any]:
        return {"own_rng": self._own.get_state()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._own.set_state(state["own_rng"].cpu())


class NoisyLabels(_WithNoise):
    """Cross-entropy of D with labels y drawn from intervals, softplus(l) - y l; with probability ``flip`` the two sides' change.

    real=(0.7, 1.2), fake=(0, 0.3) are the tip's numbers.  G's loss stays as it is; the objective is one whose D minimises
    cross-entropy.
    """

    def __init__(
        self,
        *args: Any,
        real: tuple[float, float] = (1.0, 1.0),
        fake: tuple[float, float] = (0.0, 0.0),
        flip: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        check.one_of("objective of noisy labels, which are of the cross-entropy,", self.objective.name, CROSS_ENTROPY)
        for name, (low, high) in (("real", real), ("fake", fake)):
            if not check.number(name, low) <= check.number(name, high):
                raise ValueError(f"{name} must be (low, high), not ({low}, {high})")
        self.real, self.fake, self.flip = tuple(real), tuple(fake), check.probability("flip", flip)

    def _labels(self, usual: tuple[float, ...], other: tuple[float, ...], like: Tensor) -> Tensor:
        def drawn(between: tuple[float, ...]) -> Tensor:
            return between[0] + (between[1] - between[0]) * self._uniform(like)

        return torch.where(self._uniform(like) < self.flip, drawn(other), drawn(usual))

    def discriminator_loss(self, batch: Batch) -> Tensor:
        """E[softplus(l) - y l] over real samples, and over fakes."""
        real, fake = self.judge(batch.real), self.judge(batch.fake.detach())
        y, y_fake = self._labels(self.real, self.fake, real), self._labels(self.fake, self.real, fake)
        loss = (F.softplus(real) - y * real).mean() + (F.softplus(fake) - y_fake * fake).mean()
        return self.penalised(loss, batch, batch.real, batch.fake.detach())


class InstanceNoise(_WithNoise):
    """D sees x + sigma e, e ~ N(0, I), of real samples and of fakes, in both players' turns; sigma is 0 from step ``until``."""

    def __init__(self, *args: Any, sigma: float = 0.1, until: int = 1000, **options: Any) -> None:
        super().__init__(*args, **options)
        self.sigma, self.until = check.positive("sigma", sigma), check.whole("until", until)

    def judge(self, x: Tensor, batch: Batch | None = None) -> Tensor:
        """D's logits; noise is added within a round alone."""
        now = self.sigma * max(0.0, 1 - batch.step / self.until) if batch is not None else 0.0
        return super().judge(noisy(x, now, self._own), batch)


class Replay(GAN):
    """Half of the fakes that D learns from are of earlier rounds, kept in a pool of ``size``."""

    def __init__(self, *args: Any, size: int = 256, seed: int = 0, **options: Any) -> None:
        super().__init__(*args, **options)
        self.pool = ImagePool(size, seed)

    def discriminator_loss(self, batch: Batch) -> Tensor:
        """The objective, with fakes from the pool."""
        fake = ranks.part(self.pool(ranks.gathered(batch.fake.detach())))
        loss = self.objective.discriminator(self.judge(batch.real, batch), self.judge(fake, batch))
        return self.penalised(loss, batch, batch.real, fake)

    def state_dict(self) -> dict[str, Any]:
        return {"pool": self.pool.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.pool.load_state_dict(state["pool"], self.device)


class Balanced(GAN):
    """D gets no gradient in a round whose loss lies below ``level``: "while lossD > A: train D", half of tip 11's loop.

    A gradient of zero is not none: Adam moves D on along its momentum, in the first round of rest by more than half a step, all
    together by about one.  The tip's own loop takes no step.  The recorded trainings (``ganhacks``) are of the rule as it stands
    here; :class:`gancourse.gans.paced.Paced` keeps a resting D exactly where it is.
    """

    def __init__(self, *args: Any, level: float = 1.0, **options: Any) -> None:
        super().__init__(*args, **options)
        self.level = check.positive("level", level)

    def discriminator_loss(self, batch: Batch) -> Tensor:
        """The loss, or the loss without a slope; the history says how often D learnt."""
        loss = super().discriminator_loss(batch)
        learns = (ranks.mean(loss.detach()) >= self.level).to(loss)
        batch.log["d_learns"] = learns
        return loss.detach() + learns * (loss - loss.detach())
