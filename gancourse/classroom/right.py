"""Right answers that a lecture's line (:mod:`gancourse.classroom.asked`) and a homework ask for alike.

Slips differ from one to the other, and so do their sentences; what is right does not.  Losses that both ask for are those of
:mod:`gancourse.losses`.
"""

from __future__ import annotations

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


def direction(z: Tensor, has: Tensor) -> Tensor:
    """E[z | has] - E[z | has not]: latents [N, D] and which of them have the attribute [N] -> [D]."""
    return z[has].mean(0) - z[~has].mean(0)
