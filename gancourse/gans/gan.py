"""The two-player game: a generator, a discriminator, and what each of them minimises."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Generic, cast

import torch
from torch import Tensor, nn
from typing_extensions import TypeVar

from gancourse import losses
from gancourse.base import check, networks, ranks
from gancourse.losses.penalties import Penalty


@dataclass
class Batch:
    """What one round of the game is played with: real samples, latents, and the fakes made of them.

    ``fake`` keeps its graph: the discriminator's loss detaches it, the generator's loss differentiates through it, so one
    pass through the generator serves both updates.
    """

    real: Tensor  # [N, ...]
    z: Tensor  # [N, latent_dim]
    fake: Tensor  # [N, ...]
    labels: Tensor | None = None  # [N], or whatever comes second in the batches of fit
    step: int = 0
    log: dict[str, Tensor] = field(default_factory=dict)

    @property
    def second(self) -> Tensor:
        """``labels``, for games that cannot do without."""
        if self.labels is None:
            raise ValueError("this game needs what comes second in a batch: pass batches of pairs, (x, labels) or (a, b)")
        return self.labels


B = TypeVar("B", bound=Batch, default=Batch)


class GAN(Generic[B]):
    """The game of Goodfellow et al. (2014) with any objective on logits.

        min_G max_D  E_x[log D(x)] + E_z[log(1 - D(G(z)))]

    ``objective`` names a pair of losses (:mod:`gancourse.losses`); ``penalty`` is added to the discriminator's loss.

    A game with more in its rounds names the class of its batches, ``class WGANGP(GAN[LineBatch])``, and makes them in
    :meth:`play`; one whose discriminator sees more than the sample, or whose output is no logit, says so in :meth:`judge`.

    The networks may be :func:`gancourse.gans.ensemble.stack`-ed: then everything has one more dimension in front, [K, N, ...],
    and the losses are sums over the K members.

    ``draws_again``: whether the discriminator is an autoencoder, whose output is held against what it was shown.
    """

    draws_again = False

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        objective: str | losses.Objective = "non_saturating",
        penalty: Penalty | None = None,
        latent_dim: int | None = None,
    ) -> None:
        self.generator = check.module("the generator", generator)
        self.discriminator = check.module("the discriminator", discriminator)
        if penalty is not None and not (callable(penalty) and hasattr(penalty, "every")):
            raise TypeError(f"a penalty is an object such as losses.penalties.r1(10.0), not {penalty!r}")
        self.objective = losses.objective(objective)
        self.penalty = penalty
        if latent_dim is None and not hasattr(generator, "latent_dim"):
            raise ValueError("the generator has no attribute latent_dim: pass latent_dim=... to GAN")
        self.latent_dim = check.whole("latent_dim", cast(Any, generator).latent_dim if latent_dim is None else latent_dim, 0)
        members: int | None = getattr(generator, "members", None)
        self.stacked: tuple[int, ...] = () if members is None else (members,)  # the axes before the batch's
        if members is not None:
            self.objective = losses.summed(self.objective, members)
        if penalty is not None and members is not None:
            raise ValueError("an ensemble has no gradient penalty: train its members one by one, each in a game of its own")
        if penalty is not None:
            check.one_by_one(discriminator)

    @property
    def together(self) -> int:
        """How many consecutive samples of a batch are judged as one, and stay together where processes share the batch."""
        return 1

    @property
    def device(self) -> torch.device:
        return next(self.generator.parameters()).device

    def taken(self, z: Tensor) -> Tensor:
        """Latents as the generator takes them: on its device, in float64 where its weights are."""
        weight = next(self.generator.parameters())
        return z.to(weight.device, torch.float64 if weight.dtype == torch.float64 else torch.float32)

    def latents(self, n: int, source: torch.Generator) -> Tensor:
        """z ~ N(0, I): [n, latent_dim].  Drawn in float32 on the CPU: a seed means the same numbers on every device."""
        return self.taken(torch.randn(*self.stacked, check.whole("n", n, 0), self.latent_dim, generator=source))

    def joint_latents(self, n: int, source: torch.Generator) -> Tensor:
        """This process's n of the latents of a round, which are drawn for the batch of all processes."""
        return ranks.drawn(n, lambda count: self.latents(count, source))

    def play(self, real: Tensor, source: torch.Generator, labels: Tensor | None = None, step: int = 0) -> B:
        """Draw latents and make the fakes for one round against ``real``."""
        return cast(B, self.drawn(real, source, labels, step))  # a game whose batches hold more makes them itself

    def drawn(self, real: Tensor, source: torch.Generator, labels: Tensor | None = None, step: int = 0) -> Batch:
        """What every round has: the real samples, latents for as many fakes, and these."""
        z = self.joint_latents(real.shape[len(self.stacked)], source)
        return Batch(real=real, z=z, fake=networks.widened(self.generator(z)), labels=labels, step=step)

    def judge(self, x: Tensor, batch: B | None = None) -> Tensor:
        """D's logits for samples x in float32 at least, also where autocast runs the network itself in bfloat16.

        ``batch`` is the round that x belongs to, sample by sample, for games whose D looks at more than x.
        """
        logits: Tensor = networks.widened(self.discriminator(x))
        return logits

    def discriminator_loss(self, batch: B) -> Tensor:
        """What D minimises; real and fake pass D apart, so that batch normalisation never mixes their statistics."""
        fake = batch.fake.detach()
        loss = self.objective.discriminator(self.judge(batch.real, batch), self.judge(fake, batch))
        return self.penalised(loss, batch, batch.real, fake)

    def penalised(self, loss: Tensor, batch: B, real: Tensor, fake: Tensor) -> Tensor:
        """``loss`` with the penalty at ``real`` and ``fake`` where one is due.

        Samples keep their places, so what belongs to a real one belongs to the fake and to whatever is mixed of them.
        """
        if self.penalty is None or batch.step % self.penalty.every:
            return loss
        batch.log["penalty"] = penalty = self.penalty(lambda x: self.judge(x, batch), real, fake)
        return loss + self.penalty.every * penalty

    def generator_loss(self, batch: B) -> Tensor:
        """What G minimises, through D as it now is."""
        fake = self.judge(batch.fake, batch)
        if not self.objective.paired:
            return self.objective.generator(fake)
        with torch.no_grad():  # the real logits carry no gradient to G
            real = self.judge(batch.real, batch)
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

        Dropout and noise layers then draw from a stream of their own, so that looking on changes no training.

        Source: Izmailov et al. 2018 (stochastic weight averaging); "standing statistics" in Brock et al. 2019 (BigGAN).
        """
        if networks.batch_norms(generator):
            self._measure(generator, rounds, n, seed, seed + 1)  # another seed than the latents'

    def check_average(self, generator: nn.Module) -> None:
        """Called before a training that averages the generator: games raise here where the average could not be measured."""

    def _measure(self, generator: nn.Module, rounds: int, n: int, seed: int, noise: int | None) -> None:
        source = torch.Generator().manual_seed(seed)
        with networks.measuring_statistics(generator, noise):
            for _ in range(rounds):
                generator(self.latents(n, source))

    @torch.no_grad()
    def sample(self, n: int, seed: int = 0, generator: nn.Module | None = None) -> Tensor:
        """n samples from the generator in evaluation mode; ``generator`` may be an averaged copy."""
        return self.in_parts(generator, self.latents(n, torch.Generator().manual_seed(seed)))

    def in_parts(self, generator: nn.Module | None, *inputs: Tensor) -> Tensor:
        """What a generator, the game's own for None, makes of inputs in evaluation mode, 256 at a time: float32."""
        player = generator if generator is not None else self.generator
        with networks.evaluating(player):
            return torch.cat([player(*part) for part in zip(*(x.split(256) for x in inputs), strict=True)]).float()


def noisy(x: Tensor, sigma: float, source: torch.Generator) -> Tensor:
    """x + sigma e with e ~ N(0, I) drawn for the batch of all processes; x itself for sigma 0."""
    if not sigma:
        return x
    return x + sigma * ranks.drawn(len(x), lambda n: torch.randn(n, *x.shape[1:], generator=source)).to(x)
