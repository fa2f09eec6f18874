r"""The posterior over codes of a variational autoencoder, and the two parts of the gap that its bound leaves.

For any q(z|x) the bound misses log p(x) by a divergence, and that has two causes.  With q* the best Gaussian with upright axes,

    log p(x) - ELBO(q) = KL(q || p(z|x)) = [log p(x) - ELBO(q*)] + [ELBO(q*) - ELBO(q)].
                                           \_ approximation gap _/   \_ amortisation gap _/

No upright Gaussian is the posterior: that is the family's fault.  The encoder, one network for all images, does not answer with
q*: that is the encoder's.

>>> posterior = GridPosterior(model, images)                       # two latent variables: sums over a grid, nothing is drawn
>>> split = gaps(posterior.divergence(model.encode(images)), posterior.divergence(posterior.best(model.encode(images))))
>>> best = refined_code(model, images, model.encode(images))       # any number of latent variables: by draws

Sources: Cremer, Li & Duvenaud 2018 (the two gaps); Kim et al. 2018 (an encoder's answer refined by ascent).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from gancourse.base import check
from gancourse.base.networks import evaluating
from gancourse.models.vae import VAE, Code, latent_grid, reparameterise
from gancourse.theory.likelihood import gaussian_kl


class Gaps(NamedTuple):
    """The parts of log p(x) - ELBO for each image, [N] each, in nats."""

    approximation: Tensor
    amortisation: Tensor

    @property
    def total(self) -> Tensor:
        """log p(x) - ELBO, the inference gap, [N]."""
        return self.approximation + self.amortisation

    @property
    def share(self) -> float:
        """The amortisation gap's share of the whole, over all images together."""
        return float(self.amortisation.sum() / self.total.sum())


def gaps(of_the_encoder: Tensor, of_the_best: Tensor) -> Gaps:
    """The two parts from KL(q || p(z|x)) of the encoder's q and of the best one, [N] each, in nats."""
    if of_the_encoder.shape != of_the_best.shape or of_the_best.ndim != 1:
        came = f"{list(of_the_encoder.shape)} and {list(of_the_best.shape)}"
        raise ValueError(f"the two divergences must be [N], one number for each image, not {came}")
    return Gaps(of_the_best, of_the_encoder - of_the_best)


class GridPosterior:
    """p(z|x) of images x [N, *shape] on a grid of points x points codes, for a VAE with two latent variables.

    ``log_prob`` [N] is log p(x) in nats, ``log_mass`` [N, points, points] the log of the posterior's mass in each cell.  What is
    said of a q(z|x) is said of its masses on the same grid, so a divergence is never negative; cells must be narrower than q.
    The model is asked in evaluation mode, here and below, and left as it is.
    """

    def __init__(self, model: VAE, x: Tensor, points: int = 300, reach: float = 4.5) -> None:
        if model.latent_dim != 2:
            raise ValueError(
                f"a grid of codes is a plane: the model needs latent_dim 2, not {model.latent_dim}; try refined_code"
            )
        z, log_volume = latent_grid(2, points, reach)
        check.fits("the posterior", max(1, len(x)), points, points)
        z = z.to(next(model.parameters()))
        with evaluating(model):
            table = torch.cat([model.log_joint_table(x, part) for part in z.split(16384)], 1)  # [N, points^2]
        mass = torch.logsumexp(table, 1)
        self.axis = z.view(points, points, 2)[0, :, 1]
        self.log_prob = mass + log_volume
        self.log_mass = (table - mass[:, None]).view(-1, points, points)

    def divergence(self, code: Code) -> Tensor:
        """KL(q || p(z|x)) for q = N(mean, diag exp(log_variance)), [N], in nats: what the bound at q lacks of log p(x)."""
        self._one_for_each(code)
        return self._divergences(Code(*(part[None] for part in code)))[0]

    def _one_for_each(self, code: Code) -> None:
        check.latents(code.mean, 2)
        if len(code.mean) != len(self.log_mass):
            raise ValueError(
                f"there are posteriors of {len(self.log_mass)} images, but {len(code.mean)} codes: give one for each"
            )

    def _divergences(self, code: Code) -> Tensor:
        """:meth:`divergence` of K codes for each image, [K, N, 2] -> [K, N]: the grid is read once for all of them."""
        away = (self.axis - code.mean[..., None]).square() / code.log_variance.exp()[..., None]
        log_q = torch.log_softmax(-away / 2, 3)  # [K, N, 2, points]: the two axes of q, independent
        q = log_q.exp()
        rows = torch.bmm(q[:, :, 0].transpose(0, 1), self.log_mass)  # [N, K, points]
        return (q * log_q).sum((2, 3)) - (rows.transpose(0, 1) * q[:, :, 1]).sum(2)

    def moments(self) -> Code:
        """Mean and variance of the posterior along each axis."""
        mass = self.log_mass.exp()
        sides = torch.stack([mass.sum(2), mass.sum(1)], 1)  # [N, 2, points]
        mean = sides @ self.axis
        variance = (sides * (self.axis - mean[..., None]).square()).sum(2)
        return Code(mean, variance.clamp_min(1e-6).log())

    def peak(self) -> Tensor:
        """The code of the highest cell, [N, 2]."""
        at = self.log_mass.flatten(1).argmax(1)
        return torch.stack([self.axis[at // len(self.axis)], self.axis[at % len(self.axis)]], 1)

    def best(self, start: Code, steps: int = 200, lr: float = 0.05) -> Code:
        """q*, the Gaussian with upright axes that is nearest to each posterior in KL(q || p(z|x)).

        By Adam from three starts: ``start`` (the encoder's answer), the posterior's moments, and its peak with the encoder's
        widths.  The divergence has several minima where a posterior lies in pieces; the lowest that was met is kept.
        """
        self._one_for_each(start)
        start = Code(*(part.detach() for part in start))
        begun = [start, self.moments(), Code(self.peak(), start.log_variance)]
        tried = Code(*(torch.stack(part) for part in zip(*begun, strict=True)))  # [3, N, 2]
        ended = _descended(self._divergences, tried, steps, lr)
        tried = Code(*(torch.cat(part) for part in zip(tried, ended, strict=True)))
        with torch.no_grad():
            lowest = self._divergences(tried).argmin(0)  # [N]
        rows = torch.arange(len(lowest), device=lowest.device)
        return Code(*(part[lowest, rows] for part in tried))


def refined_code(model: VAE, x: Tensor, start: Code, steps: int = 200, draws: int = 16, lr: float = 0.05, seed: int = 0) -> Code:
    """q*, nearly: the encoder's answer ``start`` improved for each image by ascending the bound, estimated by ``draws`` codes.

    For any number of latent variables; from one start, so it may end in a minimum that is only near.
    """
    draws = check.whole("draws", draws)
    check.a_latent_for_each(x, start.mean)
    source = torch.Generator(x.device).manual_seed(check.seed(seed))
    like = start.mean

    def missed(code: Code) -> Tensor:
        noise = torch.randn((draws, *code.mean.shape), generator=source, device=like.device, dtype=like.dtype)
        return gaussian_kl(*code) - model.log_likelihood(x, reparameterise(code, noise)).mean(0)

    with evaluating(model), torch.enable_grad():
        return _descended(missed, Code(*(part.detach() for part in start)), steps, lr)


def bound_at(model: VAE, x: Tensor, code: Code, draws: int = 200, seed: int = 0) -> Tensor:
    """ELBO(q) of images [N, *shape] at any q = N(mean, diag exp(log_variance)), [N], in nats; a mean over ``draws`` codes."""
    check.a_latent_for_each(x, code.mean)
    source = torch.Generator(x.device).manual_seed(check.seed(seed))
    noise = torch.randn(
        (check.whole("draws", draws), *code.mean.shape), generator=source, device=code.mean.device, dtype=code.mean.dtype
    )
    with evaluating(model):
        return model.log_likelihood(x, reparameterise(code, noise)).mean(0) - gaussian_kl(*code)


def _descended(loss: Callable[[Code], Tensor], start: Code, steps: int, lr: float) -> Code:
    """The code after Adam on the sum of the images' losses [N], which do not meet; the rate falls to zero on a straight line."""
    steps = check.rounds("steps", steps)
    code = Code(*(part.clone().requires_grad_() for part in start))
    optimiser = torch.optim.Adam(list(code), lr=check.positive("lr", lr))
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = lr * (1 - step / steps)
        gradients = torch.autograd.grad(loss(code).sum(), list(code))
        for part, gradient in zip(code, gradients, strict=True):
            part.grad = gradient
        optimiser.step()
    return Code(*(part.detach() for part in code))
