"""Penalties on the discriminator's gradient with respect to its input, the clipping they replaced, and one on weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from gancourse.base import check

Discriminator = Callable[[Tensor], Tensor]


class Penalty(Protocol):
    """What a game adds to D's loss at every ``every``-th step, that many times: a scalar of D, real and fake samples."""

    @property
    def every(self) -> int: ...

    def __call__(self, discriminator: Discriminator, real: Tensor, fake: Tensor) -> Tensor: ...


def squared_gradient_norm(discriminator: Discriminator, x: Tensor) -> Tensor:
    """||grad_x D(x)||^2 for each sample: [N], differentiable with respect to D's parameters.

    Where D gives several logits for a sample, as one for each patch, D(x) is their mean, as in the loss.

    Summing over the samples before differentiating gives each its own gradient if D judges them one by one.  With batch
    normalisation it does not, and a penalty on single gradients has no clear meaning: that is refused.  (A minibatch statistic
    couples the samples of a group, too; ProGAN and StyleGAN2 accept the cross terms, and so does this.)
    """
    return _gradient(discriminator, x).flatten(1).square().sum(1)  # over all but the batch axis


def _gradient(discriminator: Discriminator, x: Tensor) -> Tensor:
    """grad_x D(x) for each sample, in the shape of x."""
    if check.filled("the penalty's input", x).ndim < 2:
        raise ValueError(f"the penalty's input must be [N, ...] with an axis beside the batch, not {list(x.shape)}")
    if getattr(discriminator, "training", False):  # in evaluation mode batch normalisation judges one by one, too
        check.one_by_one(discriminator)
    x = x.detach().requires_grad_(True)
    with torch.autocast(x.device.type, enabled=False):  # squares of small gradients need float32's range of digits
        logits = discriminator(x)
        if logits.ndim == 0 or len(logits) != len(x):
            raise ValueError(f"a gradient penalty needs a logit for each sample, not {list(logits.shape)} for {len(x)}")
        of_each = logits.reshape(len(x), -1).mean(1)  # [N]
        (gradient,) = torch.autograd.grad(of_each.sum(), x, create_graph=True)
    return gradient


def between(real: Tensor, fake: Tensor, epsilon: Tensor) -> Tensor:
    """Points on the lines between pairs, x_hat = epsilon x + (1 - epsilon) x_fake, with one epsilon [N] for each pair.

    (One deck prints epsilon x_r (1 - epsilon) x_g: a plus is lost.)  Source: Gulrajani et al. 2017, Algorithm 1.
    """
    for what, x in (("real", real), ("fake", fake), ("epsilon", epsilon)):
        check.filled(what, x)
    if real.shape != fake.shape:
        raise ValueError(f"real and fake are paired and must have one shape, not {list(real.shape)} and {list(fake.shape)}")
    if tuple(epsilon.shape) != (len(real),):
        raise ValueError(f"epsilon must be one number for each pair, [{len(real)}], not {list(epsilon.shape)}")
    epsilon = epsilon.to(real).reshape(-1, *[1] * (real.ndim - 1))  # [N, 1, ...]: the same for every pixel of a pair
    return epsilon * real + (1 - epsilon) * fake


def gradient_penalty(
    critic: Discriminator,
    real: Tensor,
    fake: Tensor,
    epsilon: Tensor,
    *,
    target: float = 1.0,
    one_sided: bool = False,
) -> Tensor:
    r"""E[(||grad f(x_hat)||_2 - target)^2] at points x_hat on the lines between pairs; a scalar, without its weight lambda.

    real, fake: [N, ...], pair by pair.  epsilon: [N], drawn uniformly from [0, 1] by the caller, ``torch.rand(N, generator=g)``.
    The norm runs over all axes but the batch's.  ``one_sided`` punishes only norms above the target.

    The norm's own slope at a zero gradient is taken as 0, where a square root written out would give NaN.

    Source: Gulrajani et al. 2017, equation 3 (two-sided, target 1, lambda 10).
    """
    target = float(check.at_least("target", target))
    with torch.no_grad():
        points = between(real, fake, epsilon)
    norms = _gradient(critic, points).flatten(1).norm(dim=1)  # [N]
    excess: Tensor = norms - target
    return (excess.clamp(min=0) if one_sided else excess).square().mean()


@torch.no_grad()
def clip_weights(module: nn.Module, c: float) -> nn.Module:
    """Clamp every parameter of ``module``, biases too, to [-c, c] in place.  Source: Arjovsky et al. 2017, Algorithm 1."""
    c = check.positive("c", c)
    for parameter in module.parameters():
        limit = min(c, torch.finfo(parameter.dtype).max)
        parameter.clamp_(-limit, limit)
    return module


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
        object.__setattr__(self, "gamma", float(check.at_least("gamma", self.gamma)))
        object.__setattr__(self, "every", check.whole("every", self.every))
        if not check.flag("real", self.real) and not check.flag("fake", self.fake):
            raise ValueError("a penalty at neither real nor fake samples is none: leave it out, penalty=None")

    def __call__(self, discriminator: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        inputs = [x for x, wanted in ((real, self.real), (fake, self.fake)) if wanted]
        norms = [squared_gradient_norm(discriminator, x).mean() for x in inputs]
        return self.gamma / 2 * torch.stack(norms).sum()


def r1(gamma: float, every: int = 1) -> ZeroCentred:
    """R1: the penalty at real samples.  Source: Mescheder et al. 2018, equation 9."""
    return ZeroCentred(gamma, real=True, fake=False, every=every)


def r1_r2(gamma: float, every: int = 1) -> ZeroCentred:
    """R1 + R2: the penalty at real and at fake samples.  Source: Huang et al. 2024 (R3GAN), equation 5."""
    return ZeroCentred(gamma, real=True, fake=True, every=every)


def orthogonal(module: nn.Module, beta: float = 1e-4, skip: Callable[[str], bool] | None = None) -> Tensor:
    r"""beta * sum over weights of ||W W^T * (1 - I)||_F^2: the squared inner products of all pairs of different filters.

    Filters are the rows of each weight of two axes or more, read as a matrix [outputs, everything else].  Their lengths are left
    free, unlike in ||W W^T - I||^2.  ``skip`` leaves out the parameters for whose names it is true, embeddings say.

    Computed without the matrix of all pairs where that is the larger one: ||W W^T||_F = ||W^T W||_F, and the diagonal of W W^T
    holds the squared lengths.

    Source: Brock et al. 2019 (BigGAN), equation 3.  Their code adds half this gradient directly.
    """
    beta = float(check.at_least("beta", beta))
    terms = []
    for name, weight in module.named_parameters():
        if weight.ndim < 2 or (skip is not None and skip(name)):
            continue
        with torch.autocast(weight.device.type, enabled=False):  # small differences of large sums
            matrix = weight.flatten(1)  # [m, n]
            gram = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
            terms.append(gram.square().sum() - matrix.square().sum(1).square().sum())
    if not terms:
        raise ValueError(f"{type(module).__name__} has no weight of two axes or more, or all of them are skipped")
    return beta * torch.stack(terms).sum()
