r"""DTN, the domain transfer network: a fixed network must see the same in a picture and in its translation.

There are two sets, a *source* S and a *target* T, and a network f that was trained before and stays fixed.  The translator is
G = g o f: it draws from what f sees, x in S -> g(f(x)).  Beside the adversary, which knows the target,

    constancy   E_S || f(x) - f(G(x)) ||^2      f sees the same after the translation
    identity    E_T || x - G(x) ||^2            a picture of the target stays as it is

with means over the numbers of f(x) and over pixels.

Source: Taigman, Polyak & Wolf 2016 (ICLR 2017), equations 3 to 7; with two classes in D where the paper has three.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from gancourse import losses
from gancourse.base import check, networks
from gancourse.gans.gan import Batch
from gancourse.gans.translation import Translation


class DTN(Translation):
    """The game of the module.  Batches are pairs (target, source) of pictures that have nothing to do with each other.

    ``generator`` is g, from what f sees to a picture; ``sees`` is f, differentiable, whose weights no optimiser moves: the game
    keeps a copy of a network, in evaluation mode.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        sees: Callable[[Tensor], Tensor],
        objective: str | losses.Objective = "non_saturating",
        *,
        constancy: float = 15.0,
        identity: float = 15.0,
        examples: Tensor | None = None,
    ) -> None:
        super().__init__(generator, discriminator, objective, examples)
        self.sees = networks.fixed(check.function("sees", sees))
        self.constancy, self.identity = check.at_least("constancy", constancy), check.at_least("identity", identity)

    def run(self, generator: nn.Module, x: Tensor) -> Tensor:
        """g(f(x))."""
        output: Tensor = generator(self.sees(x))
        return output

    def play(self, real: Tensor, source: torch.Generator, labels: Tensor | None = None, step: int = 0) -> Batch:
        """Translate the source pictures, which come second in a batch."""
        batch = Batch(real=real, z=real[:0], fake=real[:0], labels=labels, step=step)
        self.keep(batch.second)
        batch.fake = networks.widened(self.run(self.generator, batch.second))
        return batch

    def generator_loss(self, batch: Batch) -> Tensor:
        """What G minimises: the adversary's part, constancy and identity."""
        loss = super().generator_loss(batch)
        if self.constancy:
            with torch.no_grad():
                before = self.sees(batch.second)
            batch.log["constancy"] = same = (self.sees(batch.fake) - before).square().mean()
            loss = loss + self.constancy * same
        if self.identity:
            batch.log["identity"] = kept = (self.run(self.generator, batch.real) - batch.real).square().mean()
            loss = loss + self.identity * kept
        return loss
