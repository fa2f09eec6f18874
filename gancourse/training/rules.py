"""The rules of a game in the plane: data, objective, penalty, rates, noise and size, each with its choices and bounds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch import Tensor

from gancourse.base import check
from gancourse.data import toys
from gancourse.losses import OBJECTIVES

REACH = 2.0  # the plane that is shown reaches from -REACH to REACH both ways
SPREAD = 0.05  # standard deviation of the point-like Gaussian, and of the linear generator's samples
PENALTIES = {
    "none": "no penalty",
    "r1": "gamma / 2 E||grad D||^2 at real samples",
    "r1_r2": "the same at real and at generated samples",
    "gradient": "lambda E(||grad D|| - 1)^2 between them",
    "clip": "D's weights kept in [-c, c]",
}
OPTIMIZERS = {"adam": "Adam, beta 0.5 and 0.999", "sgd": "gradient descent"}
NOISES = {"gaussian": "N(0, I)", "uniform": "uniform on [-1, 1]"}
MOST_PAINTED = 2000


@dataclass(frozen=True)
class Cloud:
    """Painted points [N, 2], drawn again and again with Gaussian noise of ``std`` around them; they have no known modes."""

    points: Tensor
    std: float = 0.04
    name: str = "painted"
    source: str = "by hand"
    modes: None = None

    def __post_init__(self) -> None:
        try:
            points = torch.as_tensor(self.points, dtype=torch.float32)
        except (TypeError, ValueError, RuntimeError):
            raise ValueError("painted points must be numbers [[x, y], ...]") from None
        check.finite("painted points", points)
        if points.ndim != 2 or points.shape[1] != 2 or not 0 < len(points) <= MOST_PAINTED:
            raise ValueError(f"painted points must be 1 to {MOST_PAINTED} of [x, y], not {list(points.shape)}")
        object.__setattr__(self, "points", points.clamp(-REACH, REACH))

    def sample(self, n: int, seed: int | None = None, *, generator: torch.Generator | None = None) -> Tensor:
        """n points, float32 [n, 2]; the randomness comes from ``seed`` or from ``generator``."""
        source = generator if generator is not None else torch.Generator().manual_seed(check.seed(seed))
        chosen = self.points[torch.randint(len(self.points), (check.whole("n", n),), generator=source)]
        return chosen + self.std * torch.randn(n, 2, generator=source)

    def log_density(self, x: Tensor) -> Tensor:
        """Raises: nobody wrote a density down."""
        raise ValueError("painted points have no density: compare samples")


def _moved(curves: toys.NoisyCurve, scale: float, by: tuple[float, float]) -> toys.NoisyCurve:
    """The curves, larger and elsewhere, so that they fill the plane that is shown."""

    def put(curve: toys.Curve) -> toys.Curve:
        return lambda u: scale * (curve(u) - torch.tensor(by))

    return replace(curves, curves=tuple(map(put, curves.curves)), std=0.05)


# Distributions that fill the plane, so wide that one sees them: the papers' own are narrow.
DATA: dict[str, Callable[[], Any]] = {
    "moons": lambda: _moved(toys.moons(), 1.0, (0.5, 0.25)),
    "ring": lambda: toys.gaussian_mixture(1.4 * toys.ring("pacgan").modes, 0.06, name="ring of eight"),
    "grid": lambda: toys.gaussian_mixture(toys.grid("wgan_gp").modes, 0.05, name="grid of 25"),
    "spiral": lambda: _moved(toys.spiral(), 1.7, (0.0, 0.0)),
    "swiss_roll": lambda: _moved(toys.swiss_roll(), 0.9, (0.0, 0.0)),
    "blob": lambda: toys.gaussian_mixture(torch.zeros(1, 2), 0.15, name="one Gaussian"),
    "point": lambda: toys.gaussian_mixture(torch.zeros(1, 2), SPREAD, name="almost a point"),
    "far": lambda: toys.gaussian_mixture(torch.tensor([[1.4, 1.2]]), 0.12, name="one Gaussian, far from the start"),
}
PAINTED = "painted"  # besides those: what the player painted


@dataclass(frozen=True)
class Rules:
    """What the two players are, and how they are trained.

    data          a name of ``DATA``, or "painted"
    objective     a name of ``gancourse.losses.OBJECTIVES``
    penalty       a name of ``PENALTIES``; ``strength`` is its gamma, lambda or c
    k             updates of D before one of G
    d_lr, g_lr    learning rates; d_optimizer, g_optimizer names of ``OPTIMIZERS``
    noise         a name of ``NOISES``; latent_dim 1 or 2
    width         neurons in each of two hidden layers of both players; 0: D is linear and G moves its noise about, which is
                  the Dirac-GAN of Mescheder et al. 2018 in the plane
    """

    data: str = "moons"
    objective: str = "non_saturating"
    penalty: str = "none"
    strength: float = 1.0
    k: int = 1
    d_lr: float = 2e-3
    g_lr: float = 1e-3
    d_optimizer: str = "adam"
    g_optimizer: str = "adam"
    noise: str = "gaussian"
    latent_dim: int = 2
    width: int = 32

    def __post_init__(self) -> None:
        choices: dict[str, Any] = {"data": [*DATA, PAINTED], "objective": OBJECTIVES, "penalty": PENALTIES, "noise": NOISES}
        choices |= {"d_optimizer": OPTIMIZERS, "g_optimizer": OPTIMIZERS}
        for name, known in choices.items():
            check.one_of(name, getattr(self, name), known)
        check.within("strength", check.positive("strength", self.strength), 1e-4, 100)
        for name in ("d_lr", "g_lr"):
            check.within(name, getattr(self, name), 0, 1)
        check.whole("k", self.k, 1, 50)
        check.whole("latent_dim", self.latent_dim, 1, 2)
        check.whole("width", self.width, 0, 256)

    def changed(self, **new: Any) -> Rules:
        """These rules with some replaced; an unknown name is a ValueError that lists the known ones."""
        for name in new:
            check.one_of("rule", name, [field.name for field in fields(self)])
        return replace(self, **new)

    def needs_new_players(self, other: Rules) -> bool:
        """Whether a game under ``other`` needs networks of another shape."""
        return (self.width, self.latent_dim) != (other.width, other.latent_dim)
