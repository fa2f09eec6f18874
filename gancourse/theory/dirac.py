r"""The Dirac-GAN: one number on each side, and already everything that can go wrong with gradient descent in a GAN.

The data is the single point 0, the generator the single point theta, the discriminator the linear function with logit
l(x) = psi x.  The only equilibrium is theta = psi = 0.  The players follow the velocity field

    d theta / dt = -dL_G / d theta,     d psi / dt = -dL_D / d psi,

by steps of size h, both at once or in turns.  Near the equilibrium the field is linear, v(x) = J x, and the eigenvalues of J
decide: a negative real part pulls in, an imaginary part turns, and without a real part nothing pulls.

Two other rules for a step, both at once, answer a field that only turns by looking ahead:

    extragradient   x' = x + h v(x),   then   x <- x + h v(x')
    optimism        x <- x + 2 h v(x) - h v(the x before)

Sources: Mescheder, Geiger & Nowozin 2018, "Which training methods for GANs do actually converge?"; for the two rules Gidel et al.
2019, "A variational inequality perspective on generative adversarial networks", and Daskalakis et al. 2018, "Training GANs with
optimism".
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse.base import check

METHODS = ("minimax", "non_saturating", "wasserstein", "wasserstein_clip", "wasserstein_gp", "r1")
RULES = ("gradient", "extragradient", "optimism")
SLOPE = 0.5  # f'(0) of the logistic loss f(t) = -log(1 + exp(-t))


@dataclass(frozen=True)
class DiracGAN:
    """A way to train the Dirac-GAN.

    method      "minimax", "non_saturating" or "r1" (logistic losses; r1 is the minimax game with gamma / 2 psi^2 added for D),
                "wasserstein", "wasserstein_clip" (psi kept in [-strength, strength]) or
                "wasserstein_gp" (lambda / 2 (|psi| - 1)^2 added for D)
    strength    gamma, the clip value or lambda
    """

    method: str = "minimax"
    strength: float = 1.0

    def __post_init__(self) -> None:
        check.one_of("method", self.method, METHODS)
        check.positive("strength", self.strength)

    def discriminator_loss(self, theta: Tensor, psi: Tensor) -> Tensor:
        """D's loss at real sample 0 and fake sample theta."""
        real, fake = psi * 0.0, psi * theta
        loss = fake - real if self.method.startswith("wasserstein") else F.softplus(-real) + F.softplus(fake)
        if self.method == "wasserstein_gp":
            return loss + self.strength / 2 * (psi.abs() - 1) ** 2  # |psi| is the gradient's norm, everywhere
        return loss + self.strength / 2 * psi**2 if self.method == "r1" else loss

    def generator_loss(self, theta: Tensor, psi: Tensor) -> Tensor:
        """G's loss: what D makes of theta."""
        fake = psi * theta
        if self.method.startswith("wasserstein"):
            return -fake
        return F.softplus(-fake) if self.method == "non_saturating" else -F.softplus(fake)

    def velocity(self, theta: Tensor, psi: Tensor) -> tuple[Tensor, Tensor]:
        """Minus each player's gradient in its own number; elementwise, so arrays of states are welcome."""
        with torch.enable_grad():
            theta, psi = (v.detach().double().requires_grad_(True) for v in (theta, psi))
            (of_g,) = torch.autograd.grad(self.generator_loss(theta, psi).sum(), theta)
            (of_d,) = torch.autograd.grad(self.discriminator_loss(theta, psi).sum(), psi)
        return -of_g, -of_d

    def play(
        self,
        steps: int = 500,
        h: float = 0.2,
        start: tuple[float, float] = (-1.0, 1.0),
        alternating: bool = False,
        rule: str = "gradient",
    ) -> Tensor:
        """The path (theta, psi), float64 [steps + 1, 2].  In turns, theta moves first and psi answers the new theta.

        The authors' notebook starts at (1, 1) with h = 0.2.  Its logit has the other sign, so here that is (-1, 1).  Optimism's
        first step has nothing before it, and is a plain one.
        """
        steps, h = check.rounds("steps", steps), check.positive("h", h)
        self._must_fit(rule, alternating)
        theta, psi = (torch.tensor(v, dtype=torch.float64) for v in start)
        path = [torch.stack([theta, psi])]
        before: tuple[Tensor, Tensor] | None = None
        for _ in range(steps):
            now = self.velocity(theta, psi)
            if rule == "extragradient":
                now = self.velocity(theta + h * now[0], psi + h * now[1])
            elif rule == "optimism":
                last, before = before or now, now
                now = (2 * now[0] - last[0], 2 * now[1] - last[1])
            theta = theta + h * now[0]
            if alternating:
                now = self.velocity(theta, psi)
            psi = psi + h * now[1]
            if self.method == "wasserstein_clip":
                psi = psi.clamp(-self.strength, self.strength)
            path.append(torch.stack([theta, psi]))
        return torch.stack(path)

    def _must_fit(self, rule: str, alternating: bool) -> None:
        if check.one_of("rule", rule, RULES) == "gradient":
            return
        if alternating:
            raise ValueError(f"{rule} is defined for both players at once: leave out alternating=True, or take rule='gradient'")
        if self.method == "wasserstein_clip":
            raise ValueError(f"{rule} is defined for a field, which clipping leaves: take another method, or rule='gradient'")

    def jacobian(self) -> Tensor:
        """The velocity field's derivative at the equilibrium, by autograd: float64 [2, 2], rows d theta/dt and d psi/dt."""
        if self.method == "wasserstein_gp":
            raise ValueError("the penalty (|psi| - 1)^2 has no derivative at psi = 0: this field is not linear there")

        def field(x: Tensor) -> Tensor:
            return torch.stack([-torch.func.grad(lambda t: self.generator_loss(t, x[1]))(x[0]),
                                -torch.func.grad(lambda p: self.discriminator_loss(x[0], p))(x[1])])  # fmt: skip

        return torch.func.jacrev(field)(torch.zeros(2, dtype=torch.float64))

    def eigenvalues(self) -> Tensor:
        """The Jacobian's eigenvalues, complex [2], by imaginary part."""
        return _ordered(torch.linalg.eigvals(self.jacobian()))

    def multipliers(self, h: float, alternating: bool = False, rule: str = "gradient") -> Tensor:
        """Eigenvalues of one whole update near the equilibrium: of modulus above 1 it runs away, below 1 it arrives.

        Complex [2], for optimism [4].  Both at once: I + h J.  In turns: the generator's update, then the discriminator's.
        Extragradient: I + h J (I + h J).  Optimism carries the state before along: [[I + 2 h J, -h J], [I, 0]].
        """
        self._must_fit(rule, alternating)
        j, unit = self.jacobian(), torch.eye(2, dtype=torch.float64)
        if rule == "extragradient":
            return _ordered(torch.linalg.eigvals(unit + h * j @ (unit + h * j)))
        if rule == "optimism":
            rows = torch.cat([unit + 2 * h * j, -h * j], 1), torch.cat([unit, torch.zeros_like(unit)], 1)
            return _ordered(torch.linalg.eigvals(torch.cat(rows)))
        if not alternating:
            return _ordered(torch.linalg.eigvals(unit + h * j))
        first, second = unit.clone(), unit.clone()
        first[0] += h * j[0]
        second[1] += h * j[1]
        return _ordered(torch.linalg.eigvals(second @ first))


def r1_eigenvalues(gamma: float, slope: float = SLOPE) -> Tensor:
    """What theory says: -gamma/2 +- sqrt(gamma^2/4 - f'(0)^2), complex [2], by imaginary part (gamma = 0: no penalty).

    f'(0) is 1/2 for the logistic loss and 1 for Wasserstein's.  Source: Mescheder et al. 2018, section 3.
    """
    root = torch.sqrt(torch.tensor(gamma**2 / 4 - slope**2, dtype=torch.complex128))
    return _ordered(torch.stack([-gamma / 2 - root, -gamma / 2 + root]))


def radius(path: Tensor) -> Tensor:
    """Distance from the equilibrium along a path [..., 2]."""
    return path.norm(dim=-1)


def spiral_radius(h: float, steps: int, slope: float = SLOPE) -> float:
    """By what factor simultaneous steps without a penalty leave a small circle: (1 + h^2 f'(0)^2)^(steps / 2)."""
    return math.exp(steps / 2 * math.log1p((h * slope) ** 2))


def _ordered(values: Tensor) -> Tensor:
    """Complex numbers by imaginary part, then by real part (rounded, so that twins keep their order)."""
    keys = [(round(v.imag, 9), round(v.real, 9), i) for i, v in enumerate(values.tolist())]
    return values[[i for _, _, i in sorted(keys)]]
