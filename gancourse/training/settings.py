"""What a training run is told: checked once, at its beginning."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch

from gancourse.base import check
from gancourse.base.networks import half_cosine

Optimizer = Callable[..., torch.optim.Optimizer]
Schedule = Callable[[float], float]
Hooks = Sequence[tuple[int, Callable[[Any], Any]]]

SCHEDULES: dict[str, Schedule] = {
    "constant": lambda progress: 1.0,
    "linear": lambda progress: 1.0 - progress,
    "cosine": half_cosine,
    "flat_linear": lambda progress: min(1.0, (1.0 - progress) / 0.3),  # constant, then down to 0 over the last 30 %
}
LARGEST_RATE = 1e6
PRECISIONS = ("auto", "float32", "bf16")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of :func:`gancourse.training.fit`, which says what each one means; out of range, they raise an error."""

    steps: int
    k: int | Callable[[int], int] = 1
    lr: float | Sequence[float] = 2e-4
    betas: Sequence[float] | Sequence[Sequence[float]] = (0.5, 0.999)
    optimizer: Optimizer | None = None
    schedule: str | Schedule = "constant"
    ema: float | None = None
    seed: int = 0
    checkpoint: str | os.PathLike[str] | None = None
    checkpoint_every: int = 500
    hooks: Hooks = ()
    progress: bool = True
    precision: str = "auto"
    compile: bool = False
    fast_convolutions: bool = False

    def __post_init__(self) -> None:
        self._set("steps", check.whole("steps", self.steps))
        if not callable(self.k):
            self._set("k", check.whole("k", self.k))
        rates = self.lr if isinstance(self.lr, tuple | list) else (self.lr, self.lr)
        self._set("lr", tuple(float(check.within("lr", rate, 0, LARGEST_RATE)) for rate in _pair("lr", rates)))
        betas: Any = _pair("betas", self.betas)
        each = [_pair("betas of a player", of) for of in betas] if isinstance(betas[0], tuple | list) else None
        self._set("betas", _decays(betas) if each is None else tuple(_decays(of) for of in each))
        if self.optimizer is not None and not callable(self.optimizer):
            raise TypeError(f"optimizer must be callable as optimizer(parameters, lr=...), not {self.optimizer!r}")
        if not callable(self.schedule):
            check.one_of("schedule", self.schedule, SCHEDULES)
        if self.ema is not None:
            self._set("ema", check.fraction("ema", self.ema))
        self._set("seed", check.seed(self.seed))
        if self.checkpoint is not None:
            place = Path(self.checkpoint) if isinstance(self.checkpoint, os.PathLike) else self.checkpoint
            self._set("checkpoint", check.path("checkpoint", place))
        self._set("checkpoint_every", check.whole("checkpoint_every", self.checkpoint_every))
        self._set("hooks", checked_hooks(self.hooks))
        check.one_of("precision", self.precision, PRECISIONS)
        self._set("compile", check.flag("compile", self.compile))
        self._set("fast_convolutions", check.flag("fast_convolutions", self.fast_convolutions))

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    @property
    def file(self) -> Path | None:
        """The checkpoint's path."""
        return cast(Path | None, self.checkpoint)

    @property
    def rates(self) -> tuple[float, float]:
        """The learning rates of generator and discriminator."""
        rates: Any = self.lr
        return rates[0], rates[1]

    @property
    def decays(self) -> tuple[Sequence[float], Sequence[float]]:
        """Adam's decay rates for generator and discriminator."""
        betas: Any = self.betas
        return (betas[0], betas[1]) if isinstance(betas[0], tuple) else (betas, betas)

    def updates(self, step: int) -> int:
        """How many updates of D precede that of G at a step."""
        return check.whole("k", self.k(step) if callable(self.k) else self.k)

    def factor(self, step: int) -> float:
        """What the learning rates are multiplied by at a step."""
        schedule = self.schedule if callable(self.schedule) else SCHEDULES[self.schedule]
        return check.at_least("the schedule's factor", schedule(step / self.steps))

    def make(self, parameters: Any, lr: float, betas: Sequence[float]) -> torch.optim.Optimizer:
        """An optimiser for the parameters of one player; ``betas`` are Adam's."""
        if self.optimizer is not None:
            made = self.optimizer(parameters, lr=lr)
            if not hasattr(made, "param_groups"):
                raise TypeError(f"optimizer(parameters, lr=...) must return a torch.optim.Optimizer, not {made!r}")
            return made
        beta1, beta2 = betas
        return torch.optim.Adam(parameters, lr=lr, betas=(float(beta1), float(beta2)))


def _pair(what: str, values: Any) -> Sequence[Any]:
    if not isinstance(values, tuple | list) or len(values) != 2:
        raise ValueError(f"{what} must be a pair, not {values!r}")
    return values


def _decays(betas: Sequence[Any]) -> tuple[float, ...]:
    return tuple(_decay("betas", beta) for beta in betas)


def _decay(what: str, value: Any) -> float:
    plain = float(check.at_least(what, value))
    if not plain < 1:
        raise ValueError(f"{what} must lie in [0, 1), not {value}")
    return plain


def checked_hooks(hooks: Any) -> tuple[tuple[int, Callable[[Any], Any]], ...]:
    """Return a list of pairs (every, function) if it is one."""
    if not isinstance(hooks, tuple | list):
        raise TypeError(f"hooks must be a list of pairs (every, function), not {hooks!r}")
    return tuple(_hook(hook) for hook in hooks)


def _hook(hook: Any) -> tuple[int, Callable[[Any], Any]]:
    if not (isinstance(hook, tuple) and len(hook) == 2 and callable(hook[1])):
        raise ValueError(f"a hook is a pair (every, function) such as (500, film), not {hook!r}")
    return check.whole("a hook's every", hook[0]), hook[1]
