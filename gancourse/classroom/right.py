"""Right answers that a lecture's line (:mod:`gancourse.classroom.asked`) and a homework ask for alike.

Slips differ from one to the other, and so do their sentences; what is right does not.  Losses that both ask for are those of
:mod:`gancourse.losses`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse import losses


def squares(real: Tensor, fake: Tensor, a: float, b: float) -> Tensor:
    """1/2 E[(l(x) - b)^2] + 1/2 E[(l(G(z)) - a)^2]: logits [N] and [M] -> scalar.  Source: Mao et al. 2017, equation 2."""
    return losses.least_squares(a, b).discriminator(real, fake)


def matching(real: Tensor, fake: Tensor, wrong: Tensor) -> Tensor:
    """-E[log D(x, e)] - (E[log(1 - D(G, e))] + E[log(1 - D(x, e'))]) / 2 of logits [N] -> scalar.

    Source: Reed et al. 2016, algorithm 1.
    """
    return F.softplus(-real).mean() + (F.softplus(fake).mean() + F.softplus(wrong).mean()) / 2


def augmented(mean: Tensor, log_std: Tensor, eps: Tensor) -> Tensor:
    """mean + exp(log_std) eps, all [N, D].  Source: Zhang et al. 2017, section 3.2."""
    return mean + log_std.exp() * eps


def lengths(gradients: Tensor) -> Tensor:
    """The Euclidean length of each sample's gradient: [N, ...] -> [N]."""
    return gradients.flatten(1).norm(dim=1)


def centred_at_1(lengths: Tensor) -> Tensor:
    """E[(length - 1)^2]: [N] -> scalar.  Source: Gulrajani et al. 2017, equation 3."""
    return (lengths - 1).square().mean()


def pull(real: Any, fake: Any, gamma: float, rate: float) -> Any:
    """How far BEGAN's thermostat moves k, for errors as numbers or tensors: rate (gamma L(x) - L(G(z))).

    Source: Berthelot et al. 2017, section 3.4.
    """
    return rate * (gamma * real - fake)


def gap(x: Tensor, y: Tensor) -> Tensor:
    """E|x - y| over all entries -> scalar."""
    return (x - y).abs().mean()


def deviation(variance: Tensor) -> Tensor:
    """The root of a variance, with a slope where it is 0."""
    return (variance + 1e-8).sqrt()


def mean_deviation(x: Tensor) -> Tensor:
    """The mean over features and places of the deviation over the samples: [G, C, H, W] -> scalar.

    Source: Karras et al. 2018, section 3.
    """
    return deviation(x.var(0, unbiased=False)).mean()


def doubled(x: Tensor) -> Tensor:
    """Each pixel 2 x 2 times: [N, C, H, W] -> [N, C, 2H, 2W]."""
    return x.repeat_interleave(2, 2).repeat_interleave(2, 3)


def faded(older: Tensor, newer: Tensor, alpha: float, up: Callable[[Tensor], Tensor] = doubled) -> Tensor:
    """(1 - alpha) up(older) + alpha newer: [N, C, H, W] and [N, C, 2H, 2W].  Source: Karras et al. 2018, figure 2."""
    return (1 - alpha) * up(older) + alpha * newer


def angle(z0: Tensor, z1: Tensor) -> Tensor:
    """The angle between two latents [D] -> scalar, in radians."""
    return torch.arccos(z0 @ z1 / (z0.norm() * z1.norm()))


def products(h: Tensor, y: Tensor, table: Tensor) -> Tensor:
    """The inner product of each picture's features with its label's vector: [N, D], [N] and [K, D] -> [N].

    Source: Miyato & Koyama 2018, section 3.
    """
    return (table[y] * h).sum(1)


def information(logits: Tensor, c: Tensor) -> Tensor:
    """H(c) + E[log Q(c | x)] of a code with K values, all equally likely: logits [N, K] and codes [N] -> scalar, in nats.

    Source: Chen et al. 2016, section 5.
    """
    return math.log(logits.shape[1]) - F.cross_entropy(logits, c)


def pulled(w: Tensor, average: Tensor, psi: float) -> Tensor:
    """average + psi (w - average).  Source: Karras et al. 2019, appendix B."""
    return average + psi * (w - average)


def joined(a: Tensor, b: Tensor) -> Tensor:
    """Two pictures or maps, one behind the other in the channels: [N, C, H, W] and [N, D, H, W] -> [N, C + D, H, W]."""
    return torch.cat([a, b], 1)


def missing_error(output: Tensor, x: Tensor, mask: Tensor) -> Tensor:
    """The mean squared error over missing values, mask 1 [N, 1, H, W]; 0 where none is missing -> scalar.

    Source: Pathak et al. 2016, equation 1, with a mean in the place of the norm.
    """
    return (mask * (output - x).square()).sum() / (mask.sum() * x.shape[1]).clamp(min=1)


def symmetric_root(s: Tensor) -> Tensor:
    """The symmetric square root of a covariance: [D, D] -> [D, D]."""
    values, vectors = torch.linalg.eigh(s)
    return vectors * values.clamp(min=0).sqrt() @ vectors.mT


def trace_of_root(s: Tensor, t: Tensor) -> Tensor:
    """tr (S T)^(1/2), the sum of the roots of the product's eigenvalues: two [D, D] -> scalar."""
    return torch.linalg.eigvals(s @ t).real.clamp(min=0).sqrt().sum()


def direction(z: Tensor, has: Tensor) -> Tensor:
    """E[z | has] - E[z | has not]: latents [N, D] and which of them have the attribute [N] -> [D]."""
    return z[has].mean(0) - z[~has].mean(0)
