"""There and back between latents and pictures: how much of z does E(G(z)) give back, how much of x does G(E(x))?

Both on one scale, the share of variance given back:

    of z    1 - E |E(G(z)) - z|^2 / E |z|^2           z ~ N(0, I)
    of x    1 - E |G(E(x)) - x|^2 / E |x - mean|^2

1 is an inverse, 0 what always saying the mean reaches.  Another's answer reaches -1 if answers have the variance of the truth,
and less far below 0 the smaller theirs is.

>>> z = torch.randn(400, 16)
>>> given_back(encode(decode(z)), z)                  # 0.52, say
>>> read = linear_reader(decode(many), many)          # the null: least squares from pictures to latents
>>> given_back(read(decode(z)), z)
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from gancourse.base import check


def given_back(found: Tensor, truth: Tensor, mean: Tensor | float = 0.0) -> float:
    """1 - mean squared error / mean squared distance of ``truth`` [N, ...] from ``mean``: 1 at best, 0 for the mean itself.

    mean: 0 for latents from N(0, I); for samples pass their mean, shaped like one of them.  The axis of samples may be kept,
    [1, ...], and an axis of 1 stands for all places along it, as in a mean colour [C, 1, 1].
    """
    if found.shape != truth.shape:
        raise ValueError(f"what is given back must be shaped like what was given, {list(truth.shape)}, not {list(found.shape)}")
    if isinstance(mean, Tensor) and mean.ndim and not _of_one(mean, truth):
        raise ValueError(f"the mean must be a number, or shaped like one sample, {list(truth.shape[1:])}, not {list(mean.shape)}")
    spread = (truth - mean).double().square().mean()
    if not spread > 0:
        raise ValueError("all that was given equals the mean: there is no variance to give back")
    return float(1 - (found - truth).double().square().mean() / spread)


def _of_one(mean: Tensor, truth: Tensor) -> bool:
    """Whether ``mean`` is one for all samples, and not one for each of them."""
    sides = mean.shape[1:] if mean.ndim == truth.ndim and len(mean) == 1 else mean.shape
    one = truth.shape[1:]
    return len(sides) == len(one) and all(side in (1, full) for side, full in zip(sides, one, strict=True))


def linear_reader(x: Tensor, z: Tensor) -> Callable[[Tensor], Tensor]:
    """The linear map with intercept that comes nearest to z [N, D] from x [N, ...] in the least squares: x -> [N, D].

    Between samples and D numbers there is no simpler reader, so whatever claims to have learnt to read must be better.
    Singular directions, pixels that never change say, get no weight.
    """
    if len(check.floats("samples", x)) != len(check.floats("latents", z)):
        raise ValueError(f"each sample needs its own latent, and {len(x)} came with {len(z)}")
    flat = x.flatten(1).double()
    centre, middle = flat.mean(0), z.double().mean(0)
    a, b = flat - centre, z.double() - middle
    weights = torch.linalg.pinv(a.T @ a, hermitian=True, rtol=1e-10) @ (a.T @ b)

    def read(y: Tensor) -> Tensor:
        return ((y.flatten(1).double() - centre) @ weights + middle).to(z.dtype)

    return read
