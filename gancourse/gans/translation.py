"""What the games from image to image share."""

from __future__ import annotations

import copy
from typing import Any, Generic

import torch
from torch import Tensor, nn

from gancourse import losses
from gancourse.base import check, networks, ranks
from gancourse.gans.gan import GAN, B
from gancourse.losses.penalties import Penalty

EXAMPLES = 64  # inputs that a game keeps to show its progress with


class Translation(GAN[B], Generic[B]):
    """A game that starts from inputs instead of latents, and keeps some of them.

    The first inputs that are played (or ``examples``, floats [N, C, H, W]) serve :meth:`sample` and the statistics of an averaged
    generator's batch normalisation; they are saved with the game.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        objective: str | losses.Objective,
        examples: Tensor | None = None,
        penalty: Penalty | None = None,
    ) -> None:
        super().__init__(generator, discriminator, objective, penalty, latent_dim=0)
        self.examples = examples
        self._given = examples is not None

    def keep(self, x: Tensor) -> None:
        """Remember inputs until there are enough of them."""
        if self._given or (self.examples is not None and len(self.examples) >= EXAMPLES):
            return
        every = ranks.gathered(x.detach())
        kept = every if self.examples is None else torch.cat([self.examples, every])
        # one memory layout, the one that a checkpoint gives back: another would add up in another order
        self.examples = kept[:EXAMPLES].clone(memory_format=torch.contiguous_format)

    def run(self, generator: nn.Module, x: Tensor) -> Tensor:
        """The generator's output for inputs."""
        output: Tensor = generator(x)
        return output

    def translate(self, x: Tensor, generator: nn.Module | None = None) -> Tensor:
        """Outputs for inputs [N, C, H, W] in evaluation mode, 64 at a time; ``generator`` may be an averaged copy."""
        player = generator if generator is not None else self.generator
        with networks.evaluating(player):
            return torch.cat([self.run(player, part.to(self.device)) for part in x.split(64)]).float()

    def sample(self, n: int, seed: int = 0, generator: nn.Module | None = None) -> Tensor:
        """Outputs for the first n examples; the same inputs every time, so ``seed`` changes nothing."""
        return self.translate(self._examples(n), generator)

    @torch.no_grad()
    def refresh_statistics(self, generator: nn.Module, rounds: int = 8, n: int = 64, seed: int = 0) -> None:
        """Measure the running statistics of ``generator``'s batch normalisation anew, over the examples."""
        if not networks.batch_norms(generator) or self.examples is None:
            return
        with networks.measuring_statistics(generator, seed):
            for part in networks.whole_batches(self.examples, max(2, len(self.examples) // rounds)):
                self.run(generator, part.to(self.device))

    def check_average(self, generator: nn.Module) -> None:
        """Raises where its batch normalisation cannot be measured on the one example that was given."""
        if self._given and self.examples is not None and len(self.examples) == 1:
            self.refresh_statistics(copy.deepcopy(generator))

    def _examples(self, n: int) -> Tensor:
        n = check.whole("n", n, 0)
        if self.examples is None:
            raise ValueError("the game has seen no input yet: pass examples=..., or call translate with inputs of your own")
        if n > len(self.examples):
            raise ValueError(f"the game keeps {len(self.examples)} examples, not {n}: pass examples=..., or call translate")
        return self.examples[:n]

    def state_dict(self) -> dict[str, Any]:
        return {} if self._given or self.examples is None else {"examples": self.examples}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        if not self._given:
            self.examples = state["examples"].to(self.device) if "examples" in state else None


def mean(terms: list[Tensor]) -> Tensor:
    """The mean of a list of scalars."""
    return torch.stack(terms).mean()


def nothing(module: nn.Module) -> Tensor:
    """A loss of zero that can be differentiated and reaches no weight of a player who sits out: its gradients are None.

    With gradients of zero, weight decay would still move it.
    """
    return torch.zeros((), device=next(module.parameters()).device, requires_grad=True)
