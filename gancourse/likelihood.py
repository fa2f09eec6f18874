"""Maximum likelihood: grey levels, the evidence lower bound's ingredients, and the loop that fits a model to data.

The models of lecture 01 (:mod:`gancourse.models.pixelcnn`, :mod:`gancourse.models.vae`) have one player, so their loop is
shorter than the game of :mod:`gancourse.training`: ascend the mean log-likelihood, or a lower bound of it, by Adam.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gancourse import _check
from gancourse._progress import Progress

Bound = Callable[..., Tensor]


def as_generator(seed: int | torch.Generator, device: torch.device | str = "cpu") -> torch.Generator:
    """A torch.Generator: the one given, or a new one that starts from the seed."""
    return seed if isinstance(seed, torch.Generator) else torch.Generator(device).manual_seed(seed)


def quantise(images: Tensor, levels: int) -> Tensor:
    """Round uint8 images to ``levels`` evenly spaced grey values, still uint8: 2 levels are 0 and 255.

    Level k of K is the byte round(255 k / (K - 1)); a byte goes to the nearest level, halves upwards.
    """
    if not isinstance(images, Tensor) or images.dtype != torch.uint8:
        raise TypeError("quantise needs uint8 images, as data sets store them: convert floats with gancourse.data.to_uint8")
    _check_levels(levels)
    index = torch.floor(images.double() * (levels - 1) / 255 + 0.5)
    return torch.round(index * 255 / (levels - 1)).to(torch.uint8)


def level_index(x: Tensor, levels: int) -> Tensor:
    """The level 0 ... K - 1 of every pixel of float images in [-1, 1], as int64: k = (x + 1)(K - 1) / 2.

    A model of discrete pixels gives a probability to the K grey values only, so any other value is an error, not a rounding
    matter: the likelihood of an image with values in between is not defined.
    """
    _check_levels(levels)
    if not x.is_floating_point():
        raise TypeError(f"images must be floats in [-1, 1], not {x.dtype}: convert with gancourse.data.to_float")
    scaled = (x.detach() + 1) * (levels - 1) / 2
    index = scaled.round()
    # Where 255 is no multiple of K - 1, a byte is up to half a grey value off its level: (K - 1) / 510 on this scale.
    slack = 1e-4 if 255 % (levels - 1) == 0 else (levels - 1) / 510 + 1e-4
    fits = ((scaled - index).abs() <= slack) & (index >= 0) & (index <= levels - 1)  # False for NaN
    if not fits.all():
        raise ValueError(
            f"pixels must be one of {levels} grey levels evenly spaced in [-1, 1]: "
            f"round the uint8 images first with gancourse.likelihood.quantise(images, {levels})"
        )
    return index.long()


def from_levels(index: Tensor, levels: int) -> Tensor:
    """Float images in [-1, 1] from the level of every pixel: the inverse of :func:`level_index`."""
    _check_levels(levels)
    return index.to(torch.get_default_dtype()) * (2 / (levels - 1)) - 1


def bits_per_dim(nats: float | Tensor, dims: int) -> float | Tensor:
    """Negative log-likelihood as code length: -(log p(x)) / (d log 2), bits for each of the d pixels.

    ``nats`` is log p(x), usually negative.  A model that knows nothing of K grey levels needs log2 K bits.
    """
    return -nats / (_check.positive("dims", dims) * math.log(2))


def gaussian_kl(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, diag exp(log_variance)) || N(0, I)) for each row, [N, d] -> [N], in nats.

    1/2 sum_i (mean_i^2 + v_i - 1 - log v_i) with v = exp(log_variance).

    Source: Kingma & Welling 2014, appendix B.
    """
    return (mean.square() + log_variance.exp() - 1 - log_variance).sum(1) / 2


def log_mean_exp(log_values: Tensor, dim: int = 0) -> Tensor:
    """log of the mean of exp(values) along ``dim``, without overflow."""
    return torch.logsumexp(log_values, dim) - math.log(log_values.shape[dim])


@dataclass(repr=False)
class LikelihoodRun:
    """A model and how its training went; ``history`` has numpy arrays ``step`` and ``nats``, the mean bound of each batch."""

    model: nn.Module
    nats: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def __repr__(self) -> str:
        last = f", {np.mean(self.nats[-50:]):.2f} nats over the last batches" if self.nats else ""
        return f"{type(self.model).__name__} after {self.step:,} steps{last}"

    @property
    def step(self) -> int:
        """Updates made so far."""
        return len(self.nats)

    @property
    def generator(self) -> nn.Module:
        """The model under the name that a run of :func:`gancourse.training.fit` gives to what is worth saving."""
        return self.model

    @property
    def history(self) -> dict[str, np.ndarray]:
        return {"step": np.arange(1, self.step + 1), "nats": np.asarray(self.nats)}

    def sample(self, n: int, seed: int = 0) -> Tensor:
        """n samples of the model as it now is."""
        return self.model.sample(n, seed)


def fit_likelihood(
    model: nn.Module,
    batches: Iterable[Tensor],
    steps: int,
    *,
    bound: Bound | None = None,
    lr: float = 1e-3,
    schedule: str = "cosine",
    clip: float | None = 1.0,
    seed: int = 0,
    hooks: Sequence[tuple[int, Callable[[LikelihoodRun], Any]]] = (),
    progress: bool = True,
) -> LikelihoodRun:
    """Maximise the mean of a log-likelihood over batches: theta <- argmax E_{x ~ data}[log p_theta(x)], by Adam.

    Args:
        model: what to train; it is left in evaluation mode.
        batches: x [N, ...], an endless iterable such as :class:`gancourse.data.Batches`.
        steps: updates.
        bound: ``bound(x, generator=...)`` -> [N] nats, the log-likelihood of each image or a lower bound of it; by default the
            model's ``log_prob`` if it has one, else its ``elbo``.
        lr: learning rate.  The loss is in nats per dimension, so one rate serves images of any size.
        schedule: "constant", or "cosine" down to zero.
        clip: largest norm of the gradient, or None.
        seed: seeds the noise of a stochastic bound.
        hooks: pairs (every, function): ``function(run)`` is called before the first step and after every so many.
        progress: show a line with the step and the bound.

    Raises:
        FloatingPointError: the bound is NaN or infinite.
        ValueError: settings out of range, or batches that end too early.
    """
    _check.one_of("schedule", schedule, ["constant", "cosine"])
    if steps < 1:
        raise ValueError(f"steps must be at least 1, not {steps}")
    bound = bound or _default_bound(model)
    device = next(model.parameters()).device
    generator = as_generator(seed, device)
    optimiser = torch.optim.Adam(model.parameters(), lr=_check.positive("lr", lr))
    run, stream = LikelihoodRun(model), iter(batches)
    model.train()
    _call(hooks, run)
    bar, began = Progress(steps, enabled=progress), time.monotonic()
    try:
        while run.step < steps:
            if schedule == "cosine":
                optimiser.param_groups[0]["lr"] = lr * (1 + math.cos(math.pi * run.step / steps)) / 2
            x = next(stream, None)
            if x is None:
                raise ValueError(f"the batches ended after {run.step} of {steps} steps: pass the endless gancourse.data.Batches")
            run.nats.append(_ascend(optimiser, bound, x.to(device), generator, clip))
            if not math.isfinite(run.nats[-1]):
                raise FloatingPointError(f"the bound became {run.nats[-1]} at step {run.step}: lower lr, it is {lr:g}")
            run.seconds = time.monotonic() - began
            bar.update(run.step, nats=run.nats[-1])
            _call(hooks, run)
    finally:
        bar.close()
        model.eval()
    return run


def _ascend(optimiser: torch.optim.Optimizer, bound: Bound, x: Tensor, generator: torch.Generator, clip: float | None) -> float:
    """One update; the mean bound of the batch before it."""
    value = bound(x, generator=generator).mean()
    optimiser.zero_grad(set_to_none=True)
    (-value / x[0].numel()).backward()
    if clip is not None:
        nn.utils.clip_grad_norm_([p for group in optimiser.param_groups for p in group["params"]], clip)
    optimiser.step()
    return float(value.detach())


@torch.no_grad()
def mean_bound(bound: Bound, images: Tensor, batch_size: int = 256, **options: object) -> float:
    """The mean of ``bound(x, **options)`` over all images, in nats, a batch at a time."""
    if not len(images):
        raise ValueError("mean_bound needs at least one image")
    return float(sum(float(bound(x, **options).double().sum()) for x in images.split(batch_size)) / len(images))


def _default_bound(model: nn.Module) -> Bound:
    for name in ("log_prob", "elbo"):
        if hasattr(model, name):
            return getattr(model, name)
    raise TypeError(f"{type(model).__name__} has neither log_prob nor elbo: pass bound=, a function of a batch giving [N] nats")


def _call(hooks: Sequence[tuple[int, Callable[[LikelihoodRun], Any]]], run: LikelihoodRun) -> None:
    for every, function in hooks:
        if run.step % every == 0:
            function(run)


def _check_levels(levels: int) -> None:
    if not 2 <= levels <= 256:
        raise ValueError(f"levels must be 2 to 256, not {levels}")
