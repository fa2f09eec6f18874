r"""Latent inversion: the latent whose picture is nearest to a given one, by gradient descent through the generator.

    z* = argmin_z  mean over pixels of (G(z) - x)^2  +  prior * mean over components of z^2

The problem has many local minima, so each image gets several starts and keeps its best.

>>> found = invert(generator, images, steps=200, restarts=4)
>>> found.z, found.images, found.error                          # [N, D], [N, C, H, W], [N]

Sources: Creswell & Bharath 2016 and Lipton & Tripathi 2017 (inversion by descent); Zhu et al. 2016 (an encoder as the start).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gancourse.base import check
from gancourse.base.latents import latent_dim_of
from gancourse.base.networks import evaluating


@dataclass(frozen=True)
class Inversion:
    """What was found for N images.

    z [N, D]; images = G(z) [N, ...]; error [N], mean squared error per pixel; errors [N, R] of all starts; history [steps, N],
    the best start's error before each step.
    """

    z: Tensor
    images: Tensor
    error: Tensor
    errors: Tensor
    history: Tensor

    def best_of(self, r: int) -> Tensor:
        """The error [N] that the first r starts alone would have given."""
        return self.errors[:, :r].amin(1)


def reconstruction_error(x: Tensor, y: Tensor) -> Tensor:
    """The mean squared error per pixel of each image, [N, ...] and [N, ...] -> [N]; images in [-1, 1]."""
    if x.shape != y.shape:
        raise ValueError(f"images and reconstructions must have one shape, not {list(x.shape)} and {list(y.shape)}")
    return (x - y).flatten(1).square().mean(1)


def invert(
    generator: nn.Module,
    images: Tensor,
    *,
    steps: int = 200,
    restarts: int = 4,
    lr: float = 0.1,
    prior: float = 0.0,
    start: Tensor | None = None,
    seed: int = 0,
) -> Inversion:
    """Invert ``generator`` at ``images`` by Adam on the latents, the learning rate falling along a cosine.

    images: floats in [-1, 1], shaped like the generator's.  ``start`` [N, D] replaces the first of the random starts, an
    encoder's guess say.  The generator stays as it is, in evaluation mode, so that an image does not depend on its neighbours.
    """
    steps, restarts, seed = check.rounds("steps", steps), check.whole("restarts", restarts), check.seed(seed)
    lr, prior, images = check.positive("lr", lr), check.at_least("prior", prior), _looked_for(images)
    n, dim = len(images), latent_dim_of(generator, None)
    weight = next(generator.parameters())
    target = images.to(weight)
    z = torch.randn(n, restarts, dim, generator=torch.Generator().manual_seed(seed)).to(weight)
    if start is not None:
        check.a_latent_for_each(images, check.latents(start, dim))
        z[:, 0] = start.detach().to(weight)
    z.requires_grad_(True)
    optimizer = torch.optim.Adam([z], lr=lr)
    history = []
    with evaluating(generator):  # also leaves the networks' own gradients out
        for step in range(steps):
            optimizer.param_groups[0]["lr"] = lr * (1 + math.cos(math.pi * step / steps)) / 2
            with torch.enable_grad():
                errors = _errors(generator, z, target)
                loss = errors.sum() + prior * z.square().mean(2).sum()
            (z.grad,) = torch.autograd.grad(loss, z)  # for z alone: the generator's weights get no gradient
            optimizer.step()
            history.append(errors.detach())
        with torch.no_grad():
            errors = _errors(generator, z, target)
            best = errors.argmin(1)
            found = z[torch.arange(n), best].detach()
            made = generator(found).float()
    trace = torch.stack(history)[:, torch.arange(n), best]
    return Inversion(found.cpu(), made.cpu(), errors.amin(1).cpu(), errors.cpu(), trace.cpu())


def _looked_for(images: object) -> Tensor:
    """Pictures [N, C, H, W] in [-1, 1], or vectors of any length and size."""
    known = check.finite("images", check.floats("images", images))
    return check.pixels(known) if known.ndim == 4 else known


def _errors(generator: nn.Module, z: Tensor, target: Tensor) -> Tensor:
    """Mean squared errors [N, R] of latents [N, R, D] against images [N, ...]."""
    made = generator(z.flatten(0, 1)).float()
    if made.shape[1:] != target.shape[1:]:
        raise ValueError(f"the generator draws {list(made.shape[1:])} and the images are {list(target.shape[1:])}: resize them")
    wanted = target[:, None].expand(-1, z.shape[1], *target.shape[1:]).flatten(0, 1)
    return reconstruction_error(made, wanted).unflatten(0, z.shape[:2])
