"""Mock players: networks and optimisers that write down what happens to them."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from gancourse.classroom.homework.checks.sheets import Wrong


class Tape(list):
    """What happened, in order, one word each."""

    def count_of(self, word: str) -> int:
        return sum(entry == word for entry in self)

    def __str__(self) -> str:
        text = " ".join(self[:14])
        return f"{text} ... ({len(self)} in all)" if len(self) > 14 else text or "nothing"


class MockPlayer(nn.Module):
    """A linear network [N, n_in] -> [N, n_out] (or [N] for n_out = 0) that writes its name on the tape when it is called."""

    def __init__(self, name: str, tape: Tape, weight: Tensor, bias: Tensor, latent_dim: int | None = None) -> None:
        super().__init__()
        self.name, self.tape = name, tape
        self.weight, self.bias = nn.Parameter(weight.clone()), nn.Parameter(bias.clone())
        if latent_dim is not None:
            self.latent_dim = latent_dim

    def forward(self, x: Tensor) -> Tensor:
        self.tape.append(self.name)
        return x @ self.weight + self.bias


class MockOptimiser(torch.optim.SGD):
    """Plain gradient descent that writes ``zero NAME`` and ``step NAME`` on the tape."""

    def __init__(self, name: str, tape: Tape, module: nn.Module, lr: float) -> None:
        super().__init__(module.parameters(), lr=lr)
        self.tape, self.name = tape, name

    def zero_grad(self, *args: Any, **kwargs: Any) -> None:
        self.tape.append(f"zero {self.name}")
        super().zero_grad(*args, **kwargs)

    def step(self, *args: Any, **kwargs: Any) -> Any:
        self.tape.append(f"step {self.name}")
        return super().step(*args, **kwargs)

    step.hooked = True  # type: ignore[attr-defined]  # else torch replaces the method when the first one is made


class Table:
    """Two players who hold old gradients, as the other one's step leaves them; the same ones whenever the table is laid."""

    def __init__(self, tape: Tape, g: nn.Module, d: nn.Module, lr: float) -> None:
        self.tape, self.g, self.d, self.lr = tape, g, d, lr

    def lay(self) -> tuple[nn.Module, nn.Module, MockOptimiser, MockOptimiser]:
        """G, D and their optimisers; the tape begins anew."""
        self.tape.clear()
        players: list[Any] = [copy.deepcopy(player) for player in (self.g, self.d)]
        for player in players:
            player.tape = self.tape
            for p in player.parameters():
                p.grad = torch.full_like(p, 5.0)
        g, d = players
        return g, d, MockOptimiser("G", self.tape, g, self.lr), MockOptimiser("D", self.tape, d, self.lr)


_MODE = "eval() and train() are not part of the step, nor of a loss: whoever calls them puts the mode back"
_FROZEN = "set requires_grad back to True, or {} will never learn again"
_RENEWED = "an optimiser still holds the old ones: write into them, in place"


@contextlib.contextmanager
def as_it_was(**players: nn.Module) -> Iterator[None]:
    """After the block the players, by their names, have the modes that they had, and their own parameters ask as they did."""
    before = {name: _state(player) for name, player in players.items()}
    yield
    for name, player in players.items():
        (modes, asking, own), (modes_now, asking_now, own_now) = before[name], _state(player)
        if list(map(id, own_now)) != list(map(id, own)):
            raise Wrong(f"{name} with its own parameters", "new ones", _RENEWED)
        if asking_now != asking:
            raise Wrong(f"{name}'s parameters as they were", "other ones ask for gradients", _FROZEN.format(name))
        if modes_now != modes:
            raise Wrong(f"{name} in the mode it was in", f"{name} in the other mode", _MODE)


def _state(player: nn.Module) -> tuple[list[bool], list[bool], list[nn.Parameter]]:
    """The modes of its layers; which of its parameters ask for gradients; its parameters."""
    parameters = list(player.parameters())
    return [m.training for m in player.modules()], [p.requires_grad for p in parameters], parameters


def weights(module: nn.Module) -> Tensor:
    """All parameters of a module in one vector."""
    return torch.cat([p.detach().flatten() for p in module.parameters()])


def gradients(module: nn.Module) -> Tensor:
    """All gradients of a module in one vector; zeros where there is none."""
    return torch.cat([(torch.zeros_like(p) if p.grad is None else p.grad).detach().flatten() for p in module.parameters()])


def descend(acts: str, loss: Callable[[], Tensor], optimiser: Any, late: bool = False, **others: Callable[[], Any]) -> float:
    """The acts of a step in their order: ``zero``, ``back``, ``step`` and ``others``; the loss before them, or after."""
    before = loss()
    does = {"zero": optimiser.zero_grad, "back": before.backward, "step": optimiser.step, **others}
    for act in acts.split():
        does[act]()
    return (loss() if late else before).item()
