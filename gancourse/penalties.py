"""Penalties on the discriminator's gradient with respect to its input."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


def squared_gradient_norm(discriminator: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """||grad_x D(x)||^2 for each sample: [N], differentiable with respect to D's parameters.

    Summing the logits before differentiating gives each sample its own gradient, because D judges samples one by one.
    (With batch normalisation it does not, and a penalty on single gradients has no clear meaning.)
    """
    if not x.is_floating_point():
        raise TypeError(f"the penalty needs float inputs, not {x.dtype}: convert with gancourse.data.to_float")
    x = x.detach().requires_grad_(True)
    with torch.autocast(x.device.type, enabled=False):  # squares of small gradients need float32's range of digits
        logits = discriminator(x)
        (gradient,) = torch.autograd.grad(logits.sum(), x, create_graph=True)  # same shape as x
    return gradient.flatten(1).square().sum(1)  # over all but the batch axis


@dataclass(frozen=True)
class ZeroCentred:
    """gamma / 2 * E||grad D||^2 at real samples (R1), fake samples (R2) or both, computed every ``every``-th step.

    A lazy penalty is multiplied by ``every``, so that its average strength does not change (Karras et al. 2020).

    Source: Mescheder et al. 2018 (R1, R2); Huang et al. 2024 (both).
    """

    gamma: float
    real: bool = True
    fake: bool = False
    every: int = 1

    def __post_init__(self) -> None:
        if self.gamma < 0 or self.every < 1:
            raise ValueError(f"gamma must be 0 or more and every 1 or more, not gamma={self.gamma}, every={self.every}")

    def __call__(self, discriminator: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor) -> Tensor:
        inputs = [x for x, wanted in ((real, self.real), (fake, self.fake)) if wanted]
        norms = [squared_gradient_norm(discriminator, x).mean() for x in inputs]
        return self.gamma / 2 * torch.stack(norms).sum() if norms else real.new_zeros(())


def r1(gamma: float, every: int = 1) -> ZeroCentred:
    """R1: the penalty at real samples.  Source: Mescheder et al. 2018, equation 9."""
    return ZeroCentred(gamma, real=True, fake=False, every=every)


def r1_r2(gamma: float, every: int = 1) -> ZeroCentred:
    """R1 + R2: the penalty at real and at fake samples.  Source: Huang et al. 2024 (R3GAN), equation 5."""
    return ZeroCentred(gamma, real=True, fake=True, every=every)
