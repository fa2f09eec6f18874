r"""Games in which the generator is asked for something: conditional GAN, projection GAN, AC-GAN.

Batches are pairs (x, y); the fakes of a round are made for the labels of its real samples, so that both sides show D the same
distribution of labels and the samples alone tell them apart.

>>> generator, discriminator = dcgan_pair(10, size=32, channels=1)
>>> run = fit(ConditionalGAN(generator, discriminator), Batches(digits(32), 64, labels=True), 1000)
>>> run.gan.sample(10, labels=torch.arange(10), generator=run.generator)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from gancourse import losses
from gancourse.base import check, ranks
from gancourse.base.latents import truncated_latents
from gancourse.base.networks import widened
from gancourse.gans.gan import GAN, Batch
from gancourse.losses.penalties import Penalty
from gancourse.models.layers.conditional import Classes, Spec

SEEN = 1024  # how many of the last labels a game remembers


class Labelled(nn.Module):
    """A conditional generator as one of latents alone, which draws a label for each from ``labels``."""

    def __init__(self, generator: nn.Module, labels: Tensor, seed: int) -> None:
        super().__init__()
        self.generator, self.labels = generator, labels
        self.source = torch.Generator().manual_seed(seed)
        self.training = generator.training

    def forward(self, z: Tensor) -> Tensor:
        index = torch.randint(len(self.labels), (len(z),), generator=self.source)
        samples: Tensor = self.generator(z, self.labels[index.to(self.labels.device)])
        return samples


class Memory:
    """The last conditions of a training, ``last`` [n, ...] with n at most SEEN: for the statistics of averages."""

    def __init__(self) -> None:
        self.last: Tensor | None = None

    def add(self, conditions: Tensor) -> None:
        """Remember the conditions of a batch, those of every process where several train together."""
        every = ranks.gathered(conditions)
        self.last = (every if self.last is None else torch.cat([self.last, every]))[-SEEN:]

    def state_dict(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {"seen": self.last}

    def load_state_dict(self, state: dict[str, Any], device: torch.device) -> None:
        """Take over what a checkpoint remembers; one made before there was a memory has none."""
        seen = state.get("seen")
        self.last = seen.to(device) if seen is not None else None


class ConditionalGAN(GAN):
    r"""Both players know the label y:

        min_G max_D  E_{x, y}[log D(x | y)] + E_{z, y}[log(1 - D(G(z | y) | y))]

    ``generator(z, y)`` and ``discriminator(x, y)`` take labels [N] or [N, A].  ``generator_penalty(generator)`` is added to
    the generator's loss; :func:`gancourse.losses.penalties.orthogonal` is one.

    Source: Mirza & Osindero 2014, equation 2.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        objective: str | losses.Objective = "non_saturating",
        penalty: Penalty | None = None,
        latent_dim: int | None = None,
        *,
        classes: Spec | None = None,
        generator_penalty: Callable[[nn.Module], Tensor] | None = None,
    ) -> None:
        super().__init__(generator, discriminator, objective, penalty, latent_dim)
        classes = classes if classes is not None else getattr(generator, "classes", None)
        if classes is None:
            raise ValueError("the generator does not say what labels there are: pass classes=... to the game")
        self.classes = Classes.of(classes)
        self.generator_penalty = generator_penalty
        self._memory = Memory()

    def play(self, real: Tensor, source: torch.Generator, labels: Tensor | None = None, step: int = 0) -> Batch:
        """Draw latents and make fakes for the labels of the real samples."""
        labels = self.classes.check(labels, len(real))
        self._memory.add(labels)
        z = self.joint_latents(len(real), source)
        return Batch(real=real, z=z, fake=widened(self.generator(z, labels)), labels=labels, step=step)

    def judge(self, x: Tensor, batch: Batch | None = None) -> Tensor:
        """D's logits for samples with the labels of ``batch``, in float32 at least."""
        logits: Tensor = widened(self.discriminator(x, batch.labels if batch is not None else None))
        return logits

    def generator_loss(self, batch: Batch) -> Tensor:
        """What G minimises, through D as it now is."""
        return super().generator_loss(batch) + self._weights_penalty(batch)

    def _weights_penalty(self, batch: Batch) -> Tensor | float:
        if self.generator_penalty is None:
            return 0.0
        batch.log["generator_penalty"] = penalty = self.generator_penalty(self.generator)
        return penalty

    def state_dict(self) -> dict[str, Any]:
        """The last labels, whose distribution the averaged generator's statistics are measured with."""
        return self._memory.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over the last labels of a checkpoint."""
        self._memory.load_state_dict(state, self.device)

    @torch.no_grad()
    def refresh_statistics(self, generator: nn.Module, rounds: int = 8, n: int = 64, seed: int = 0) -> None:
        """As in :class:`GAN`, with labels drawn from those that were last trained on (uniform ones before any training)."""
        last = self._memory.last
        seen = last if last is not None else self.classes.spread(SEEN, seed).to(self.device)
        super().refresh_statistics(Labelled(generator, seen, seed), rounds, n, seed)

    def sample(
        self,
        n: int,
        seed: int = 0,
        generator: nn.Module | None = None,
        labels: Tensor | int | None = None,
        threshold: float | None = None,
    ) -> Tensor:
        """n samples in evaluation mode.

        labels     what is asked for: [n] or [n, A]; one integer for all of one class; None for all classes in turn (several
                   attributes: drawn uniformly)
        threshold  None for z ~ N(0, I), or the largest magnitude allowed in z (see :func:`gancourse.latent.truncated_latents`)

        The same seed gives the same latents whatever the labels.
        """
        if labels is None:
            labels = self.classes.spread(n, seed)
        elif isinstance(labels, int):
            labels = torch.full((n,), labels)
        labels = self.classes.check(labels, n).to(self.device)
        if threshold is None:
            z = self.latents(n, torch.Generator().manual_seed(seed))
        else:
            z = self.taken(truncated_latents(n, self.latent_dim, threshold, seed))
        return self.in_parts(generator, z, labels)


class ProjectionGAN(ConditionalGAN):
    """The conditional game as Miyato & Koyama (2018) play it: hinge losses and a discriminator that projects.

    For networks see :class:`gancourse.models.resnet.Generator` with ``classes``, or
    :class:`gancourse.models.conditional.ProjectionDiscriminator` around any other.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        objective: str | losses.Objective = "hinge",
        penalty: Penalty | None = None,
        latent_dim: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(generator, discriminator, objective, penalty, latent_dim, **options)


class ACGAN(ConditionalGAN):
    r"""The discriminator is not told the label but guesses it; G is rewarded when the guess is what it was asked for.

        L_S = E[log P(S = real | x_real)] + E[log P(S = fake | x_fake)]
        L_C = E[log P(C = c | x_real)] + E[log P(C = c | x_fake)]
        D maximises L_S + L_C,    G maximises L_C - L_S

    The signs matter.  L_C has the same one for both players: about the class they work together.  L_S has opposite ones, and G's
    reads as above only if L_S is what D *maximises*; with L_S a loss that D minimises, the same line would have G help D to
    unmask it.  ``source_sign=-1`` and ``class_sign=-1`` turn G's terms over, for looking at what then happens.

    ``discriminator(x)`` returns the logits [N] and those of the classes [N, classes.total]
    (:class:`gancourse.models.conditional.AuxiliaryDiscriminator`).  The objective stands for L_S; ``objective="saturating"``
    is the formula to the letter.  ``class_weight`` multiplies L_C; ``classify_fakes=False`` trains the guess on real samples
    only.

    History columns: ``class_real`` and ``class_fake``, the cross-entropies in D's step, and ``class_g``, that in G's.

    Source: Odena, Olah & Shlens 2017, equations 2 and 3.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        objective: str | losses.Objective = "non_saturating",
        penalty: Penalty | None = None,
        latent_dim: int | None = None,
        *,
        class_weight: float = 1.0,
        class_sign: int = 1,
        source_sign: int = 1,
        classify_fakes: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(generator, discriminator, objective, penalty, latent_dim, **options)
        self.class_weight = check.at_least("class_weight", class_weight)
        for name, sign in (("class_sign", class_sign), ("source_sign", source_sign)):
            if sign not in (1, -1):
                raise ValueError(f"{name} must be 1 or -1, not {sign}")
        self.class_sign, self.source_sign = class_sign, source_sign
        self.classify_fakes = check.flag("classify_fakes", classify_fakes)

    def look(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """D's logits [N] and class logits [N, classes.total], in float32 at least."""
        source, label = self.discriminator(x)
        return widened(source), widened(label)

    def judge(self, x: Tensor, batch: Batch | None = None) -> Tensor:
        """D's logits; it is not told the labels."""
        return self.look(x)[0]

    def discriminator_loss(self, batch: Batch) -> Tensor:
        """-(L_S + class_weight * L_C)."""
        fake = batch.fake.detach()
        (real_source, real_label), (fake_source, fake_label) = self.look(batch.real), self.look(fake)
        loss = self.penalised(self.objective.discriminator(real_source, fake_source), batch, batch.real, fake)
        batch.log["class_real"] = guess = self.classes.cross_entropy(real_label, batch.second)
        batch.log["class_fake"] = guess_fake = self.classes.cross_entropy(fake_label, batch.second)
        return loss + self.class_weight * (guess + guess_fake if self.classify_fakes else guess)

    def generator_loss(self, batch: Batch) -> Tensor:
        """-(L_C - L_S) in the terms that depend on G, each with the sign asked for."""
        source, label = self.look(batch.fake)
        batch.log["class_g"] = guess = self.classes.cross_entropy(label, batch.second)
        real = self.judge(batch.real).detach() if self.objective.paired else None
        adversarial = self.objective.generator(source, real)
        return self.source_sign * adversarial + self.class_sign * self.class_weight * guess + self._weights_penalty(batch)
