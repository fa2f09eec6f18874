"""Objectives as pairs of small functions on logits.

A discriminator returns logits, never probabilities: with D(x) = sigmoid(l), the terms of every loss below are softplus or
squares of l, exact for any logit.  Taking log(sigmoid(l) + eps) instead loses the gradient as soon as sigmoid(l) falls
below eps (for eps = 1e-8, at logits under -18), just where a beginning generator needs it.

Each pair is ``NAME_d(real, fake)`` and ``NAME_g(fake, real=None)``; both take logits [N] and return a scalar to *minimise*.
Writing V for the value that D maximises, ``NAME_d`` is -V up to the constants stated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor

from gancourse.base import check


class Objective(NamedTuple):
    """A name and two losses; ``paired`` says that the generator's loss needs the real logits too.

    ``middle`` is the output of D that speaks for neither side, or None where the loss does not know one: the Wasserstein loss is
    the same for f and f + c.
    """

    name: str
    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[..., Tensor]
    paired: bool = False
    middle: float | None = 0.0

    def sides(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """Real and fake logits counted from ``middle``; where the loss knows none, each from the other's, pair by pair."""
        if self.paired or self.middle is None:
            return real - fake, fake - real
        return real - self.middle, fake - self.middle


def saturating_d(real: Tensor, fake: Tensor) -> Tensor:
    """Binary cross-entropy: -E[log D(x)] - E[log(1 - D(G(z)))].

    With D = sigmoid(l): -log D = softplus(-l) and -log(1 - D) = softplus(l).  At D = 1/2 everywhere it is 2 log 2.

    Source: Goodfellow et al. 2014, equation 1 and Algorithm 1.
    """
    _logits(real, fake)
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def saturating_g(fake: Tensor, real: Tensor | None = None) -> Tensor:
    """The minimax half of the generator: E[log(1 - D(G(z)))] = -E[softplus(l)].

    Its slope in the logit is -sigmoid(l): zero where the discriminator is sure that a sample is fake.

    Source: Goodfellow et al. 2014, equation 1.
    """
    _logits(fake)
    return -F.softplus(fake).mean()


def non_saturating_d(real: Tensor, fake: Tensor) -> Tensor:
    """The same cross-entropy as :func:`saturating_d`: the two games differ in the generator's half only."""
    return saturating_d(real, fake)


def non_saturating_g(fake: Tensor, real: Tensor | None = None) -> Tensor:
    """-E[log D(G(z))] = E[softplus(-l)], whose slope in the logit is -(1 - sigmoid(l)): steep where D is sure of a fake.

    Source: Goodfellow et al. 2014, section 3.
    """
    _logits(fake)
    return F.softplus(-fake).mean()


def wasserstein_d(real: Tensor, fake: Tensor) -> Tensor:
    """-(E[f(x)] - E[f(G(z))]): the critic's estimate of the earth mover's distance, negated.

    It is an estimate only while f is kept 1-Lipschitz (clipping, a gradient penalty).

    Source: Arjovsky, Chintala & Bottou 2017, equation 2.
    """
    _logits(real, fake)
    return fake.mean() - real.mean()


def wasserstein_g(fake: Tensor, real: Tensor | None = None) -> Tensor:
    """-E[f(G(z))].  Source: Arjovsky, Chintala & Bottou 2017, Algorithm 1."""
    _logits(fake)
    return -fake.mean()


def hinge_d(real: Tensor, fake: Tensor) -> Tensor:
    """E[max(0, 1 - l(x))] + E[max(0, 1 + l(G(z)))].  Source: Lim & Ye 2017; Miyato et al. 2018, equation 16."""
    _logits(real, fake)
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


def hinge_g(fake: Tensor, real: Tensor | None = None) -> Tensor:
    """-E[l(G(z))].  Source: Lim & Ye 2017; Miyato et al. 2018, equation 17."""
    _logits(fake)
    return -fake.mean()


def boundary_seeking_d(real: Tensor, fake: Tensor) -> Tensor:
    """The same cross-entropy as :func:`saturating_d`."""
    return saturating_d(real, fake)


def boundary_seeking_g(fake: Tensor, real: Tensor | None = None) -> Tensor:
    """1/2 E[(log D(G(z)) - log(1 - D(G(z))))^2] = 1/2 E[l^2]: G aims at the boundary D = 1/2, not beyond it.

    For the best D, exp(l) is the ratio of the densities, 1 where a sample is as likely as a real one.

    Source: Hjelm et al. 2017 (BGAN), on continuous data.
    """
    _logits(fake)
    return fake.square().mean() / 2


def relativistic_d(real: Tensor, fake: Tensor) -> Tensor:
    """E[softplus(-(l(x) - l(G(z))))] over pairs: is the real sample more real than the fake beside it?

    Source: Jolicoeur-Martineau 2019 (RpGAN); Huang et al. 2024 (R3GAN), equation 2.
    """
    _same_length(real, fake)
    return F.softplus(fake - real).mean()


def relativistic_g(fake: Tensor, real: Tensor | None = None) -> Tensor:
    """E[softplus(-(l(G(z)) - l(x)))]: the discriminator's question with the roles exchanged."""
    if real is None:
        raise ValueError("the relativistic generator loss compares pairs: pass the real logits too, relativistic_g(fake, real)")
    _same_length(real, fake)
    return F.softplus(real - fake).mean()


def least_squares(a: float = 0.0, b: float = 1.0, c: float = 1.0) -> Objective:
    """Least squares with codes a for fake, b for real, and c for what the generator wants D to say.

    D minimises 1/2 E[(l(x) - b)^2] + 1/2 E[(l(G(z)) - a)^2], G minimises 1/2 E[(l(G(z)) - c)^2].  The coding 0, 1, 1 is the
    usual one; -1, 1, 0 meets b - c = 1 and b - a = 2, for which G minimises half a Pearson chi-squared divergence.

    Source: Mao et al. 2017 (LSGAN), equations 2, 8 and 9.
    """

    for code in (("a", a), ("b", b), ("c", c)):
        check.number(*code)

    def discriminator(real: Tensor, fake: Tensor) -> Tensor:
        _logits(real, fake)
        return (real - b).square().mean() / 2 + (fake - a).square().mean() / 2

    def generator(fake: Tensor, real: Tensor | None = None) -> Tensor:
        _logits(fake)
        return (fake - c).square().mean() / 2

    return Objective(f"least_squares({a:g}, {b:g}, {c:g})", discriminator, generator, middle=(a + b) / 2)


OBJECTIVES: dict[str, Objective] = {
    "saturating": Objective("saturating", saturating_d, saturating_g),
    "non_saturating": Objective("non_saturating", non_saturating_d, non_saturating_g),
    "least_squares": least_squares(0, 1, 1)._replace(name="least_squares"),
    "least_squares_pm1": least_squares(-1, 1, 0)._replace(name="least_squares_pm1"),
    "wasserstein": Objective("wasserstein", wasserstein_d, wasserstein_g, middle=None),
    "hinge": Objective("hinge", hinge_d, hinge_g),
    "boundary_seeking": Objective("boundary_seeking", boundary_seeking_d, boundary_seeking_g),
    "relativistic": Objective("relativistic", relativistic_d, relativistic_g, paired=True),
}


def objective(name: str | Objective) -> Objective:
    """The objective of that name; an Objective passes through, so users can bring their own."""
    if isinstance(name, Objective):
        return name
    return OBJECTIVES[check.one_of("objective", name, OBJECTIVES)]


def _logits(*logits: Tensor) -> None:
    """Each must be a float tensor with something in it.  NaN passes, for the loop to name its step."""
    for each in logits:
        check.filled("the logits", each)


def _same_length(real: Tensor, fake: Tensor) -> None:
    _logits(real, fake)
    if real.shape != fake.shape:
        raise ValueError(f"a paired loss needs as many real as fake logits, not {list(real.shape)} and {list(fake.shape)}")


def summed(objective: Objective, members: int) -> Objective:
    """The objective whose mean over members and samples becomes a sum over members of means over samples."""
    members = check.whole("members", members)
    return objective._replace(
        discriminator=lambda real, fake: members * objective.discriminator(real, fake),
        generator=lambda fake, real=None: members * objective.generator(fake, real),
    )
