r"""Pictures of a class by a search: ascent on what a classifier says, with a prior on where to search, and noise.

The joint update of plug and play generative networks (Nguyen et al. 2017), for a code h, a picture or a generator's latent:

    h <- h + e1 d log p(h)/dh + e2 d log p(y | x(h))/dh + N(0, e3^2),         x(h) the picture of h.

e1 follows the prior, e2 the condition, e3 explores.  With e1 = e3 = 0 and h the pixels it is activation maximisation.  With half
of e3^2 for e1 and e2 it is Langevin's walk, whose samples come from p(h) p(y | x(h)) as the step goes to 0.

>>> asks = likes(classifier, digits)
>>> found = search(start, asks, decode=generator, prior=gaussian_prior, epsilons=(0.02, 0.1, 0.1), steps=100)
>>> found.codes, found.images, found.confidence                       # [N, ...], [N, C, H, W], [steps + 1, N]

Sources: Nguyen et al. 2017 (CVPR), equation 5; Alain & Bengio 2014 (a denoiser's step is the prior's gradient);
Simonyan et al. 2014 (ascent in pixels); Nguyen et al. 2016 (ascent in a generator's code).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gancourse.base import check
from gancourse.base.networks import evaluating

Condition = Callable[[Tensor], Tensor]  # pictures [N, ...] -> log p(y | x) [N]
Prior = Callable[[Tensor], Tensor]  # codes [N, ...] -> the direction of d log p(h) / dh, like the codes


@dataclass(frozen=True)
class Search:
    """Where a search ended, and p(y | x) on the way: ``confidence`` [steps + 1, N]."""

    codes: Tensor
    images: Tensor
    confidence: Tensor


def likes(classifier: nn.Module, y: Tensor) -> Condition:
    """The condition log p(y | x) of a classifier's logits [N, K], for classes y [N].

    It is asked in evaluation mode and left as it is, so that what it says of a picture does not hang on the others.
    """
    check.integers("y", y, 1)

    def log_probability(x: Tensor) -> Tensor:
        with_gradients = torch.is_grad_enabled()
        with evaluating(classifier), torch.set_grad_enabled(with_gradients):
            logits: Tensor = classifier(x)
        if len(logits) != len(y):
            raise ValueError(f"{len(y)} classes are asked for, and there are {len(logits)} pictures: give one class for each")
        return logits.log_softmax(1).gather(1, y.to(logits.device)[:, None]).squeeze(1)

    return log_probability


def gaussian_prior(h: Tensor) -> Tensor:
    """d log p(h)/dh = -h, for latents h ~ N(0, I)."""
    return -h


def denoising_prior(denoiser: nn.Module) -> Prior:
    """R(h) - h, which is sigma^2 d log p(h)/dh where the denoiser R was trained with little noise of width sigma.

    sigma^2 is left to e1.
    """

    def direction(h: Tensor) -> Tensor:
        with evaluating(denoiser):
            out: Tensor = denoiser(h) - h
            return out

    return direction


def search(
    start: Tensor,
    condition: Condition,
    *,
    epsilons: tuple[float, float, float],
    steps: int = 200,
    decode: nn.Module | None = None,
    prior: Prior | None = None,
    bounds: tuple[float, float] | None = None,
    seed: int = 0,
) -> Search:
    """Walk ``steps`` updates from the codes ``start`` [N, ...], each picture for itself.

    epsilons   (e1, e2, e3); e1 needs a prior
    decode     the picture of a code, a generator in evaluation mode; None where codes are pictures
    bounds     codes are cut to these after each step: (-1, 1) for pixels
    """
    e1, e2, e3 = (check.at_least(f"epsilons[{i}]", value) for i, value in enumerate(epsilons))
    if e1 and prior is None:
        raise ValueError("epsilons[0] weighs a prior and there is none: pass prior=gaussian_prior, or 0")
    steps = check.rounds("steps", steps)
    source = torch.Generator().manual_seed(check.seed(seed))
    h = check.floats("start", start).detach().clone()
    trace = []
    with evaluating(decode):
        for _ in range(steps):
            uphill, confidence = _ascent(h, condition, decode)
            trace.append(confidence)
            move = e2 * uphill + e3 * torch.randn(h.shape, generator=source).to(h)
            h = h + (move if prior is None else move + e1 * prior(h))
            h = h if bounds is None else h.clamp(*bounds)
        images = h if decode is None else decode(h)
        trace.append(condition(images).detach().exp())
    return Search(h, images.detach(), torch.stack(trace))


def _ascent(h: Tensor, condition: Condition, decode: nn.Module | None) -> tuple[Tensor, Tensor]:
    """d log p(y | x(h)) / dh, and p(y | x(h))."""
    with torch.enable_grad():
        h = h.requires_grad_(True)
        value = condition(h if decode is None else decode(h))
        (uphill,) = torch.autograd.grad(value.sum(), h)
    h.requires_grad_(False)
    return uphill, value.detach().exp()
