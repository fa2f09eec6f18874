"""What the recorded Wasserstein games in the plane share: players, a generator that stands still, measures of critics, pictures.

K seeds train as one ensemble, so a record has one training of an arm, and scores with the member's number behind a colon,
``"W:0"`` to ``"W:4"``; :func:`members` puts them together again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gancourse import losses
from gancourse.base import networks
from gancourse.base.networks import evaluating
from gancourse.gans.ensemble import Ensemble, stack
from gancourse.gans.gan import Batch
from gancourse.gans.wgan import EnsembleWGAN
from gancourse.models import mlp
from gancourse.models.layers.initialisation import init_he

SIDE = 48  # pixels of a picture of the plane

PROBABILITIES = losses.Objective(
    "difference of probabilities",
    lambda real, fake: torch.sigmoid(fake).mean() - torch.sigmoid(real).mean(),
    lambda fake, real=None: -torch.sigmoid(fake).mean(),
)
"""The Wasserstein loss with the sigmoid put back: E D(G(z)) - E D(x) with D = sigmoid(f)."""


def member_seeds(seed: int, n: int) -> list[int]:
    """The seeds of an ensemble's n members."""
    return [100 * seed + k for k in range(n)]


def critics(seeds: Sequence[int], hidden: Sequence[int], he: bool = False) -> Ensemble:
    """ReLU critics of points in the plane, PyTorch's initialisation or He's, one of each seed."""
    made = []
    for seed in seeds:
        with networks.seeded(seed):
            f = mlp.Discriminator(2, hidden=hidden, activation="relu")
            made.append(init_he(f) if he else f)
    return stack(made)


def generators(seeds: Sequence[int], hidden: Sequence[int]) -> Ensemble:
    """Generators of points in the plane from 4 latents, one of each seed."""
    made = []
    for seed in seeds:
        with networks.seeded(seed + 1000):
            made.append(mlp.Generator(4, 2, hidden=hidden))
    return stack(made)


class Noise(nn.Module):
    """A generator that passes unit Gaussian noise on, moved by a shift [2] that a learning rate of 0 leaves at 0."""

    def __init__(self, members: int) -> None:
        super().__init__()
        self.members, self.latent_dim, self.out_shape = members, 2, (2,)
        self.shift = nn.Parameter(torch.zeros(2))

    def forward(self, z: Tensor) -> Tensor:
        return z + self.shift


class Still(EnsembleWGAN):
    """Critics against a generator that stands still: the data plus unit Gaussian noise.

    A batch [K, 2N, 2] holds the real samples and those that get the noise.  ``scaled`` multiplies the critics' loss; Adam's step
    does not depend on it, save for its epsilon, which would freeze a critic whose gradients have vanished.

    Source: Gulrajani et al. 2017, section 3.1.
    """

    def __init__(self, critics: Ensemble, seeds: Sequence[int], scaled: float = 1.0, **options: Any) -> None:
        super().__init__(Noise(len(seeds)), critics, seeds, **options)  # type: ignore[arg-type]
        self.scaled = scaled

    def play(self, real: Tensor, source: torch.Generator, labels: Tensor | None = None, step: int = 0) -> Batch:
        real, other = real.chunk(2, 1)
        batch = super().play(real, source, labels, step)
        batch.fake = batch.fake + other
        return batch

    def discriminator_loss(self, batch: Batch) -> Tensor:
        return self.scaled * super().discriminator_loss(batch)


def gradient_profile(f: nn.Module, x: Tensor) -> list[float]:
    """Mean norm of the gradient of sum f(x) at the output of each hidden layer of a perceptron, first layer first."""
    activations, h = [], x
    for layer in f.layers.children():  # type: ignore[union-attr]
        h = layer(h)
        if isinstance(layer, nn.ReLU):
            activations.append(h)
    gradients = torch.autograd.grad(h.sum(), activations)
    return [float(g.double().norm(dim=1).mean()) for g in gradients]


def orders(f: nn.Module, x: Tensor) -> float:
    """log10 of the gradient at the first hidden layer over that at the last: above 0 it explodes towards the input."""
    profile = gradient_profile(f, x)
    return math.log10(max(profile[0], 1e-40) / max(profile[-1], 1e-40))


def at_ends(f: nn.Module, c: float | None) -> float:
    """The share of weights within 1 % of -c or c; 0 without a c."""
    if c is None:
        return 0.0
    weights = torch.cat([layer.weight.detach().flatten() for layer in f.modules() if isinstance(layer, nn.Linear)])
    return float((weights.abs() > 0.99 * c).double().mean())


def named(names: Sequence[str], values: Tensor) -> dict[str, float]:
    """Values [K, S] as scores by name and member: ``{"W:0": ...}``."""
    return {f"{name}:{k}": float(values[k, s]) for k in range(len(values)) for s, name in enumerate(names)}


def members(scores: Mapping[str, Any], name: str) -> np.ndarray:
    """The members' values of one score, [K] of numbers or [K, T] of curves, from a training's scores or curves."""
    found = [scores[key] for key in scores if key.partition(":")[0] == name]
    if not found:
        known = sorted({key.partition(":")[0] for key in scores if ":" in key})
        raise ValueError(f"no score {name!r}; there are {', '.join(known)}")
    return np.array(found, dtype=float)


def finals(record: Any, name: str) -> dict[str, np.ndarray]:
    """For each arm of a record one number for each member; NaN where the training, which is all of them, diverged."""
    found = {}
    for arm, (training, *_) in record.content["arms"].items():
        scores = training["scores"]
        found[arm] = members(scores, name) if scores else np.full(len(members(training["curves"], name)), np.nan)
    return found


def curves(record: Any, name: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """For each arm of a record the steps [T] and the members' values [K, T]."""
    found = {arm: rows[0]["curves"] for arm, rows in record.content["arms"].items()}
    return {arm: (np.array(curve["step"]), members(curve, name)) for arm, curve in found.items()}


def baselines(record: Any, name: str) -> dict[str, np.ndarray]:
    """For each baseline of a record one number for each member."""
    return {arm: members(scores, name) for arm, scores in record.content["baselines"].items()}


def film(record: Any, arm: str) -> Tensor:
    """The pictures of one arm on a record's strip, those of a step side by side: uint8 [steps * k, SIDE, SIDE]."""
    return torch.cat(list(record.film(arm).values()))[:, 0]


def plane(bound: float, side: int = SIDE) -> Tensor:
    """The middles of side x side pixels of [-bound, bound]^2, from the upper left: [side^2, 2]."""
    ticks = (torch.arange(side) + 0.5) / side * 2 * bound - bound
    y, x = torch.meshgrid(-ticks, ticks, indexing="ij")
    return torch.stack([x, y], dim=-1).reshape(-1, 2)


@torch.no_grad()
def surface(f: Callable[[Tensor], Tensor], bound: float) -> Tensor:
    """A critic's values over the plane, from -1 at its lowest to 1 at its highest: [1, SIDE, SIDE]."""
    values = f(plane(bound)).double().reshape(1, SIDE, SIDE)
    low, high = values.min(), values.max()
    return ((values - low) / (high - low).clamp(min=1e-300) * 2 - 1).float()


def density(points: Tensor, bound: float) -> Tensor:
    """Points [N, 2] as a picture of where they lie, white on black: [1, SIDE, SIDE] in [-1, 1]."""
    cells = ((points + bound) / (2 * bound) * SIDE).floor().long()
    inside = ((cells >= 0) & (cells < SIDE)).all(1)
    x, y = cells[inside].T
    counts = torch.zeros(SIDE, SIDE).index_put_((SIDE - 1 - y, x), torch.ones(len(x)), accumulate=True)
    return (counts / 3).clamp(max=1)[None] * 2 - 1


@torch.no_grad()
def values(critics: Ensemble, x: Tensor) -> Tensor:
    """All critics at the same points x [N, 2]: float64 [K, N]."""
    with evaluating(critics):
        return critics(x.expand(critics.members, *x.shape)).double()
