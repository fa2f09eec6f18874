"""Two-dimensional toy distributions, each variant named after the code it is from.

"Eight Gaussians on a ring" means different data in different papers, and the numbers in their tables depend on it.  So
nothing here is called just "ring": ``ring("pacgan")``, ``ring("wgan_gp")`` and ``ring("unrolled")`` are three distributions.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from gancourse.base import check

Curve = Callable[[Tensor], Tensor]  # u in [0, 1], [N] -> points [N, 2]
NODES, MOST_NODES = 2_000, 2**20  # on a curve, where its density is integrated
_AT_ONCE = 2**23  # distances between points and nodes


class Distribution(Protocol):
    """What all toys have in common."""

    name: str
    source: str
    std: float
    modes: Tensor | None

    def sample(self, n: int, seed: int | None = None, *, generator: torch.Generator | None = None) -> Tensor: ...

    def log_density(self, x: Tensor) -> Tensor: ...


def _generator(n: int, seed: int | None, generator: torch.Generator | None) -> torch.Generator:
    check.fits("samples", check.whole("n", n), 2)
    if (seed is None) == (generator is None):
        raise ValueError("say where the randomness comes from: sample(n, seed=0) or sample(n, generator=g), one of the two")
    if not isinstance(generator, torch.Generator | None):
        raise TypeError(f"generator must be a torch.Generator, not {type(generator).__name__}: torch.Generator().manual_seed(0)")
    return generator if generator is not None else torch.Generator().manual_seed(check.seed(seed))


def _points(x: Tensor, dim: int) -> Tensor:
    if check.tensor("points", x).ndim < 1 or x.shape[-1] != dim or not x.is_floating_point():
        raise ValueError(f"points must be floats [..., {dim}], not {x.dtype} {list(x.shape)}")
    return check.finite("points", x)


@dataclass(frozen=True)
class GaussianMixture:
    """A mixture of K round Gaussians of one width: p(x) = sum_k w_k N(x; m_k, std^2 I).

    modes [K, D] are the centres m_k, weights [K] the w_k, std the common standard deviation.
    """

    modes: Tensor
    std: float
    weights: Tensor
    name: str = "Gaussian mixture"
    source: str = "given by hand"

    def sample_labelled(
        self, n: int, seed: int | None = None, *, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """n points, float32 [n, D], and the number of the mode each came from, int64 [n]."""
        generator = _generator(n, seed, generator)
        label = torch.multinomial(self.weights, n, replacement=True, generator=generator)
        noise = torch.randn(n, self.modes.shape[1], generator=generator)
        return self.modes[label] + self.std * noise, label

    def sample(self, n: int, seed: int | None = None, *, generator: torch.Generator | None = None) -> Tensor:
        """n points, float32 [n, D]; the randomness comes from ``seed`` or from ``generator``."""
        return self.sample_labelled(n, seed, generator=generator)[0]

    def log_density(self, x: Tensor) -> Tensor:
        """Exact log p(x): logsumexp_k (log w_k - |x - m_k|^2 / (2 std^2)) - D log(std sqrt(2 pi)).  x [..., D] -> [...]."""
        dim = self.modes.shape[1]
        x = _points(x, dim)
        squares = (x.unsqueeze(-2) - self.modes.to(x)).square().sum(-1)  # [..., K]
        inside = torch.logsumexp(self.weights.to(x).log() - squares / (2 * self.std**2), dim=-1)
        return inside - dim * math.log(self.std * math.sqrt(2 * math.pi))


@dataclass(frozen=True)
class NoisyCurve:
    """Points on one or more plane curves, each curve equally likely and u uniform on [0, 1], plus Gaussian noise."""

    curves: tuple[Curve, ...]
    std: float
    name: str
    source: str
    modes: None = None

    def sample(self, n: int, seed: int | None = None, *, generator: torch.Generator | None = None) -> Tensor:
        """n points, float32 [n, 2]; the randomness comes from ``seed`` or from ``generator``."""
        generator = _generator(n, seed, generator)
        which = torch.randint(len(self.curves), (n,), generator=generator)
        u = torch.rand(n, generator=generator)
        noise = torch.randn(n, 2, generator=generator)
        places = torch.stack([curve(u) for curve in self.curves])  # [curves, n, 2]
        return places[which, torch.arange(n)] + self.std * noise

    def log_density(self, x: Tensor, nodes: int | None = None) -> Tensor:
        """log p(x), p(x) = integral over u of N(x; c(u), std^2 I), by the midpoint rule with ``nodes`` points on each curve.

        Without ``nodes`` these are 2,000, or as many as lie a fifth of std apart where that is more: then the error is below 2 %
        of p where the data lies, but for the innermost std of a spiral, whose curve is fastest there.  x [..., 2] -> [...].

        Raises ValueError where std is so small that this would take more than a million nodes.
        """
        x = _points(x, 2)
        nodes = self._enough() if nodes is None else check.whole("nodes", nodes)
        at = x.double() if nodes > NODES else x  # for what is narrower single precision is too coarse
        u = (torch.arange(nodes, dtype=at.dtype, device=at.device) + 0.5) / nodes
        places = torch.cat([curve(u) for curve in self.curves])  # [curves * nodes, 2]
        chunks = torch.split(at.reshape(-1, 2), max(1, min(2048, _AT_ONCE // len(places))))
        parts = [torch.logsumexp((part[:, None] - places).square().sum(-1) / (-2 * self.std**2), dim=1) for part in chunks]
        constant = math.log(len(places)) + 2 * math.log(self.std * math.sqrt(2 * math.pi))
        return (torch.cat(parts) - constant).to(x.dtype).reshape(x.shape[:-1])

    def _enough(self) -> int:
        """How many nodes on each curve make neighbours lie std / 5 apart, on the average of the longest curve; at least NODES."""
        u = torch.linspace(0, 1, NODES + 1, dtype=torch.float64)
        length = max(float(curve(u).diff(dim=0).norm(dim=1).sum()) for curve in self.curves)
        wanted = math.ceil(5 * length / self.std)
        if wanted > MOST_NODES:
            raise ValueError(
                f"std {self.std:g} is too small for the density of {self.name}, which would take {wanted:,} nodes: "
                "pass nodes=..., as many as you will wait for, or take a larger std"
            )
        return max(NODES, wanted)


@dataclass(frozen=True)
class Line:
    """The vertical segment {(theta, z): 0 <= z <= 1}, z uniform."""

    theta: float
    name: str = "parallel lines"
    source: str = "Arjovsky, Chintala, Bottou 2017, Wasserstein GAN, example 1"
    std: float = 0.0
    modes: None = None

    def sample(self, n: int, seed: int | None = None, *, generator: torch.Generator | None = None) -> Tensor:
        """n points, float32 [n, 2]; the randomness comes from ``seed`` or from ``generator``."""
        z = torch.rand(n, generator=_generator(n, seed, generator))
        return torch.stack([torch.full_like(z, self.theta), z], dim=1)

    def log_density(self, x: Tensor) -> Tensor:
        """Raises: a distribution on a line has no density in the plane."""
        raise ValueError(
            "a distribution on a line has no density in the plane: the line has area 0, so no function integrates to its "
            "probability; compare two lines by the distance between their samples, or add noise (gaussian_mixture)"
        )


def gaussian_mixture(
    modes: Tensor, std: float, weights: Tensor | None = None, *, name: str = "Gaussian mixture", source: str = "given by hand"
) -> GaussianMixture:
    """A mixture of round Gaussians at ``modes`` [K, D] with one ``std``; ``weights`` [K] default to equal."""
    modes = _numbers("modes", modes)
    if modes.ndim != 2 or not modes.numel():
        raise ValueError(f"modes must be [K, D], not {list(modes.shape)}")
    std = _std(std)
    weights = torch.ones(len(modes)) if weights is None else _numbers("weights", weights)
    if weights.shape != (len(modes),) or (weights <= 0).any():
        raise ValueError(f"weights must be {len(modes)} numbers above 0, one for each mode, not {weights.tolist()}")
    return GaussianMixture(modes, float(std), weights / weights.sum(), name, source)


def _std(std: float) -> float:
    return check.within("std", check.positive("std", std), 1e-6, 1e6)


def _numbers(what: str, values: Any) -> Tensor:
    """Finite numbers as float32."""
    try:
        found = torch.as_tensor(values, dtype=torch.float32)
    except (TypeError, ValueError, RuntimeError):
        raise TypeError(f"{what} must be numbers, a tensor or lists of them, not {type(values).__name__}") from None
    return check.finite(what, found)


def _circle(k: int, radius: float) -> Tensor:
    angles = 2 * math.pi * torch.arange(k, dtype=torch.float64) / k
    return radius * torch.stack([angles.cos(), angles.sin()], dim=1)


def _square(values: list[float]) -> Tensor:
    return torch.cartesian_prod(*[torch.tensor(values, dtype=torch.float64)] * 2)


RINGS: dict[str, Callable[[], GaussianMixture]] = {
    "pacgan": lambda: gaussian_mixture(
        _circle(8, 1), 0.01, name="ring (PacGAN)", source="Lin et al. 2018, PacGAN: 8 modes, radius 1, std 0.01"
    ),
    "wgan_gp": lambda: gaussian_mixture(
        _circle(8, 2 / 1.414),
        0.02 / 1.414,
        name="ring (WGAN-GP)",
        source="Gulrajani et al. 2017, gan_toy.py: 8 modes, radius 2, std 0.02, all divided by 1.414",
    ),
    # The published code places 8 centres with linspace(0, 2 pi, 8), which counts the angle 0 = 2 pi twice.
    "unrolled": lambda: gaussian_mixture(
        _circle(7, 1).flip(1),
        0.01,
        torch.tensor([2.0, 1, 1, 1, 1, 1, 1]),
        name="ring (unrolled GAN)",
        source="Metz et al. 2017, published notebook: radius 1, std 0.01; of the 8 modes only 7 differ, the top one counts twice",
    ),
}

GRIDS: dict[str, Callable[[], GaussianMixture]] = {
    "pacgan": lambda: gaussian_mixture(
        _square([-4, -2, 0, 2, 4]), 0.05, name="grid (PacGAN)", source="Lin et al. 2018, PacGAN: {-4, -2, 0, 2, 4}^2, std 0.05"
    ),
    "wgan_gp": lambda: gaussian_mixture(
        _square([-4, -2, 0, 2, 4]) / 2.828,
        0.05 / 2.828,
        name="grid (WGAN-GP)",
        source="Gulrajani et al. 2017, gan_toy.py: {-4, -2, 0, 2, 4}^2, std 0.05, all divided by 2.828",
    ),
    "bourgan": lambda: gaussian_mixture(
        _square([-4, -2, 0, 2, 4]), 0.1, name="grid (BourGAN)", source="Xiao et al. 2018: {-4, -2, 0, 2, 4}^2, variance 0.01"
    ),
}


def ring(variant: str = "pacgan") -> GaussianMixture:
    """Gaussians on a circle.

    pacgan    8 modes, radius 1, std 0.01 (Lin et al. 2018)
    wgan_gp   8 modes, radius 2 / 1.414, std 0.02 / 1.414 (Gulrajani et al. 2017)
    unrolled  as the published code of Metz et al. 2017 draws it: 7 different modes, radius 1, std 0.01, weight 2/8 at the top
    """
    return RINGS[check.one_of("ring", variant, RINGS)]()


def grid(variant: str = "pacgan") -> GaussianMixture:
    """25 Gaussians on a 5 x 5 grid.

    pacgan   centres {-4, -2, 0, 2, 4}^2, std 0.05 (Lin et al. 2018)
    wgan_gp  the same divided by 2.828 (Gulrajani et al. 2017)
    bourgan  centres {-4, -2, 0, 2, 4}^2, variance 0.01, that is std 0.1 (Xiao et al. 2018)
    """
    return GRIDS[check.one_of("grid", variant, GRIDS)]()


def spiral(turns: float = 1.5, std: float = 0.02) -> NoisyCurve:
    """An Archimedean spiral from the centre to radius 1, even along its length up to the innermost part: radius sqrt(u)."""
    turns, std = check.within("turns", check.positive("turns", turns), 1e-6, 1e4), _std(std)

    def curve(u: Tensor) -> Tensor:
        radius = u.sqrt()
        angle = 2 * math.pi * turns * radius
        return torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)

    return NoisyCurve((curve,), std, "spiral", "this course: radius sqrt(u), angle 2 pi turns sqrt(u)")


def moons(std: float = 0.1) -> NoisyCurve:
    """Two interleaved half circles, placed as scikit-learn's make_moons places them."""
    std = _std(std)

    def upper(u: Tensor) -> Tensor:
        return torch.stack([(math.pi * u).cos(), (math.pi * u).sin()], dim=1)

    def lower(u: Tensor) -> Tensor:
        return torch.stack([1 - (math.pi * u).cos(), 0.5 - (math.pi * u).sin()], dim=1)

    return NoisyCurve((upper, lower), std, "moons", "scikit-learn's make_moons")


def swiss_roll(variant: str = "wgan_gp") -> NoisyCurve:
    """The Swiss roll seen from its end: t (cos t, sin t) / 7.5 with t uniform on [1.5 pi, 4.5 pi], std 0.25 / 7.5.

    wgan_gp  Gulrajani et al. 2017, gan_toy.py: make_swiss_roll(noise=0.25)[:, [0, 2]] / 7.5
    """
    check.one_of("swiss roll", variant, ["wgan_gp"])

    def curve(u: Tensor) -> Tensor:
        t = 1.5 * math.pi * (1 + 2 * u)
        return torch.stack([t * t.cos(), t * t.sin()], dim=1) / 7.5

    return NoisyCurve((curve,), 0.25 / 7.5, "Swiss roll (WGAN-GP)", "Gulrajani et al. 2017, gan_toy.py")


def parallel_lines(theta: float) -> Line:
    """Uniform on the segment {(theta, z): 0 <= z <= 1} (Arjovsky et al. 2017, example 1); the data is ``parallel_lines(0)``.

    For theta != 0 the two distributions do not meet: JS = log 2, KL infinite, earth mover's distance |theta|.
    """
    return Line(float(check.within("theta", theta, -1e6, 1e6)))
