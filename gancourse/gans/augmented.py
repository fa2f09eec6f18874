r"""A game with an augmented discriminator: D judges T(x) and T(G(z)), and G learns through T.

    L_D = E[f(D(T(x)), D(T(G(z))))],        L_G = E[g(D(T(G(z))))]

The wrapper takes a game and puts T before its discriminator, which is the one place that all of the game's losses pass: real and
fake, D's turn and G's, labels or none.

>>> game = AugmentedGAN(GAN(generator, discriminator))                                          # DiffAugment
>>> game = AugmentedGAN(GAN(generator, discriminator), "flip,colour", control=AdaptiveProbability())   # ADA
>>> run = fit(game, batches, steps)

A gradient penalty sees D(T(x)) as a function of the image x *before* T, so R1 bounds the slope that the generator feels.  (The
other reading, the slope of D at T(x), is larger where T shrinks contrasts or cuts a hole; DiffAugment's code has both.)

In evaluation mode D judges images as they are.

Games with several discriminators (CycleGAN, LAPGAN), games that look inside theirs (InfoGAN, semi-supervised), and games whose D
draws its input again and is judged by the error (BEGAN, EBGAN) are refused by name; with a controller also those whose D has a
loss of its own (CatGAN, noisy labels).

Source: Zhao et al. 2020 (DiffAugment); Karras et al. 2020a (ADA).
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any, Generic

import torch
from torch import Tensor, nn

from gancourse import losses
from gancourse.base import check, ranks
from gancourse.gans import augment
from gancourse.gans.gan import GAN, B


class AdaptiveProbability:
    """ADA's controller: raise p while D is too sure of the training images, lower it while it is not.

        r_t = E[sign(D(T(x)))],      p <- clip(p + sign(r_t - target) * n / images, 0, most)

    r_t is the mean over the ``n`` real images of the last ``every`` updates of D: 0 when D is right about half of them, 1 when it
    is right about all.  p moves from 0 to 1 in no fewer than ``images`` images.  Least squares has its middle between its codes,
    and the sign is that of D(T(x)) minus it; a paired loss (relativistic) and the Wasserstein loss leave the zero of the logits
    free, and the sign is that of D(T(x)) - D(T(G(z))).

    Source: Karras et al. 2020a, section 3: target 0.6, 500,000 images, every 4 updates.
    """

    def __init__(self, target: float = 0.6, images: int = 500_000, every: int = 4, *, p: float = 0.0, most: float = 1.0) -> None:
        if not -1 < check.number("target", target) < 1:
            raise ValueError(f"the target is a mean of signs, between -1 and 1, not {target}")
        if not 0 <= check.number("p", p) <= check.number("most", most) <= 1:
            raise ValueError(f"probabilities must satisfy 0 <= p <= most <= 1, not p={p}, most={most}")
        self.target = target
        self.images, self.every = check.whole("images", images), check.whole("every", every)
        self.p, self.most = float(p), float(most)
        self.r = 0.0  # r_t as last measured
        self._updates, self._seen, self._signs = 0, 0, torch.zeros(())

    def observe(self, logits: Tensor, images: int | None = None) -> None:
        """Take note of the real logits of one update: [N], or with further axes, as one for each patch, [N, ...].

        ``images`` is how many real images they are of, where it is not N: of a pack, m for each logit.
        """
        images = len(logits) if images is None else images
        of_each = logits.detach().sign().reshape(len(logits), -1).mean(1)
        self._signs = self._signs.to(logits.device) + ranks.total(of_each.sum() * (images / len(logits)))
        self._seen += images * ranks.here().size

    def step(self) -> None:
        """Called after each update of D; every so many of them, p moves."""
        self._updates += 1
        if self._updates < self.every or not self._seen:
            return
        self.r = float(self._signs) / self._seen
        move = self._seen / self.images * ((self.r > self.target) - (self.r < self.target))
        self.p = min(self.most, max(0.0, self.p + move))
        self._updates, self._seen, self._signs = 0, 0, torch.zeros(())

    def state_dict(self) -> dict[str, Any]:
        return {"p": self.p, "r": self.r, "updates": self._updates, "seen": self._seen, "signs": float(self._signs)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.p, self.r, self._updates, self._seen = state["p"], state["r"], state["updates"], state["seen"]
        self._signs = torch.tensor(state["signs"])


class AugmentedDiscriminator(nn.Module):
    """D(T(x)) in training mode, D(x) in evaluation mode; further arguments (labels) go through."""

    def __init__(self, network: nn.Module, transform: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.network, self.transform = network, transform

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            raise AttributeError(
                f"an augmented discriminator has no {name}: a game that reaches inside its discriminator, as InfoGAN, CycleGAN "
                "and feature matching do, would pass T by; take a game that calls discriminator(x), or augment the batches"
            ) from None

    def forward(self, x: Tensor, *args: Any, **options: Any) -> Tensor:
        logits: Tensor = self.network(self.transform(x) if self.training else x, *args, **options)
        return logits


class AugmentedGAN(GAN[B], Generic[B]):
    """A game whose discriminator sees images through random transforms, by the policy of :mod:`gancourse.gans.augment`.

    ``game`` calls its one discriminator on images.  It keeps its discriminator and objective; its networks, streams of random
    numbers and memories are shared, so make another one for a training to compare with.  Every image goes through each transform
    with probability ``p``, or with that of ``control`` if one is given.  ``seed`` seeds the transforms.
    The state of both is part of :meth:`state_dict`, so that an interrupted run goes on bit for bit.  p and r_t stand in the run's
    history.
    """

    def __init__(
        self,
        game: GAN[B],
        policy: augment.Policy = augment.DIFFAUGMENT,
        p: float = 1.0,
        control: AdaptiveProbability | None = None,
        seed: int = 0,
    ) -> None:
        if game.draws_again:
            raise ValueError(
                f"{type(game).__name__}'s discriminator is compared with what it is shown: behind T it would have to undo T; "
                "take a game whose discriminator returns logits, or augment the batches"
            )
        self.game = copy.copy(game)
        self.policy, self.control = augment.transforms(policy), control
        self.probability = check.probability("p", p)
        self.source = torch.Generator().manual_seed(check.seed(seed))
        self._calls, self._images = 0, 0  # of T in D's turn; how many real images the controller is to be told of
        self.game.discriminator = AugmentedDiscriminator(game.discriminator, self.transform)
        if control is not None:
            self.game.objective = game.objective._replace(discriminator=self._observed(game.objective, control))
        super().__init__(self.game.generator, self.game.discriminator, self.game.objective, game.penalty, game.latent_dim)
        self.objective = self.game.objective  # of an ensemble, the sum that it already is

    @property
    def together(self) -> int:
        """The game's."""
        return self.game.together

    @property
    def p(self) -> float:
        """The probability in force."""
        return self.probability if self.control is None else self.control.p

    def transform(self, x: Tensor) -> Tensor:
        """T(x), drawn anew at each call."""
        self._calls += 1
        return augment.augment(x, self.policy, self.source, self.p)

    def _observed(self, objective: losses.Objective, control: AdaptiveProbability) -> Callable[[Tensor, Tensor], Tensor]:
        """The objective's D loss, with the controller looking on: there real logits are known to be real, in every game.

        It looks once in D's turn: some games ask for the loss twice (mismatched pairs), or in G's turn as well (unrolled).
        """

        def loss(real: Tensor, fake: Tensor) -> Tensor:
            if self._images:
                control.observe(objective.sides(real, fake)[0], self._images)
                self._images = 0
            return objective.discriminator(real, fake)

        return loss

    def play(self, real: Tensor, source: torch.Generator, labels: Tensor | None = None, step: int = 0) -> B:
        return self.game.play(real, source, labels=labels, step=step)

    def judge(self, x: Tensor, batch: B | None = None) -> Tensor:
        """The game's logits, through T while D trains."""
        return self.game.judge(x, batch)

    def discriminator_loss(self, batch: B) -> Tensor:
        """What D minimises, real and fake both through T."""
        self._calls, self._images = 0, math.prod(batch.real.shape[: len(self.game.stacked) + 1])
        loss = self.game.discriminator_loss(batch)
        unseen, self._images = self._images, 0
        if not self._calls:
            raise ValueError(
                f"{type(self.game).__name__} has shown its discriminator no image through T: it keeps others of its own; wrap "
                "the games that it is made of, before you make it"
            )
        if self.control is not None and unseen:
            raise ValueError(
                f"{type(self.game).__name__}'s discriminator has a loss of its own, of which the controller sees no logits, so p "
                "would stay as it is: pass p= in place of control="
            )
        if self.control is not None:
            batch.log["p"], batch.log["r"] = torch.tensor(self.control.p), torch.tensor(self.control.r)
        return loss

    def generator_loss(self, batch: B) -> Tensor:
        """What G minimises, through D and T."""
        return self.game.generator_loss(batch)

    def after_discriminator_step(self) -> None:
        self.game.after_discriminator_step()
        if self.control is not None:
            self.control.step()

    def after_generator_step(self) -> None:
        self.game.after_generator_step()

    def refresh_statistics(self, generator: nn.Module, *args: Any, **options: Any) -> None:
        self.game.refresh_statistics(generator, *args, **options)

    def check_average(self, generator: nn.Module) -> None:
        self.game.check_average(generator)

    def sample(self, n: int, seed: int = 0, generator: nn.Module | None = None, **options: Any) -> Tensor:
        """The game's own samples; nothing is augmented."""
        return self.game.sample(n, seed, generator=generator, **options)

    def state_dict(self) -> dict[str, Any]:
        control = self.control.state_dict() if self.control is not None else None
        return {"game": self.game.state_dict(), "source": self.source.get_state(), "control": control}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        if (state["control"] is None) != (self.control is None):
            raise ValueError("one of the two runs adapts its probability and the other does not: pass the same control")
        self.game.load_state_dict(state["game"])
        self.source.set_state(state["source"])
        if self.control is not None:
            self.control.load_state_dict(state["control"])
