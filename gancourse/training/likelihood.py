"""The loop that fits a model of one player to data: ascend the mean log-likelihood, or a lower bound of it, by Adam.

The models of lecture 01 (:mod:`gancourse.models.pixelcnn`, :mod:`gancourse.models.vae`) need no game, so their loop is shorter
than that of :mod:`gancourse.training.loop`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from gancourse.base import check
from gancourse.base.networks import as_generator
from gancourse.base.progress import Progress
from gancourse.training.run import TrainingDiverged, carrying, finite_weights, interruptible
from gancourse.training.settings import LARGEST_RATE, SCHEDULES, checked_hooks

Bound = Callable[..., Tensor]


@dataclass(repr=False)
class LikelihoodRun:
    """A model and how its training went; ``history`` has numpy arrays ``step`` and ``nats``, the mean bound of each batch."""

    model: nn.Module
    nats: list[float] = field(default_factory=list)
    seconds: float = 0.0
    stopped: str = "not started"

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
        samples: Tensor = cast(Any, self.model).sample(n, seed)
        return samples


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
        schedule: "constant", "cosine" down to zero, or another name of ``training.SCHEDULES``.
        clip: largest norm of the gradient, or None.
        seed: seeds the noise of a stochastic bound.
        hooks: pairs (every, function): ``function(run)`` is called before the first step and after every so many.
        progress: show a line with the step and the bound.

    Ctrl-C (or the notebook's stop button) raises KeyboardInterrupt after the step in hand.

    Raises:
        TrainingDiverged: the bound is NaN or infinite, or the weights at the end.
        ValueError: settings out of range, or batches that end too early.
        Whatever ends it after it has begun, hooks and Ctrl-C too: the error carries the run as ``run``.
    """
    check.one_of("schedule", schedule, SCHEDULES)
    lr = check.within("lr", check.positive("lr", lr), 0, LARGEST_RATE)
    steps, seed = check.whole("steps", steps), check.seed(seed)
    clip = check.positive("clip", clip) if clip is not None else None
    hooks = checked_hooks(hooks)
    bound = _default_bound(model) if bound is None else bound
    if not callable(bound):
        raise TypeError(f"bound must be a function of a batch giving [N] nats, not {bound!r}")
    first = next(check.module("model", model).parameters(), None)
    if first is None:
        raise ValueError("the model has no parameters to train: pass a network with some")
    device = first.device
    generator = as_generator(seed, device)
    optimiser = torch.optim.Adam(model.parameters(), lr=lr)
    run, stream = LikelihoodRun(model), iter(batches)
    model.train()
    bar, began = Progress(steps, enabled=progress), time.monotonic()
    with interruptible() as pressed:
        try:
            _call(hooks, run)
            while run.step < steps:
                optimiser.param_groups[0]["lr"] = lr * SCHEDULES[schedule](run.step / steps)
                x = _batch(stream, run.step, steps)
                value = bound(x.to(device), generator=generator).mean()
                run.nats.append(float(value.detach()))
                if not math.isfinite(run.nats[-1]):  # the weights are those that gave it
                    raise TrainingDiverged(f"the bound became {run.nats[-1]} at step {run.step}: lower lr, it is {lr:g}", run)
                _ascend(optimiser, value / x[0].numel(), clip)
                run.seconds = time.monotonic() - began
                bar.update(run.step, nats=run.nats[-1])
                _call(hooks, run)
                if pressed.is_set():
                    raise KeyboardInterrupt
            if not finite_weights(model):
                raise TrainingDiverged(f"the weights hold NaN or infinity at step {run.step}: lower lr, it is {lr:g}", run)
            run.stopped = "finished"
        except BaseException as error:
            carrying(error, run)
            raise
        finally:
            bar.close()
            model.eval()
    return run


def _batch(stream: Iterator[Tensor], step: int, steps: int) -> Tensor:
    x = next(stream, None)
    if x is None:
        raise ValueError(f"the batches ended after {step} of {steps} steps: pass the endless gancourse.data.Batches")
    return check.filled("the batch", x)


def _ascend(optimiser: torch.optim.Optimizer, value: Tensor, clip: float | None) -> None:
    """One update towards a larger value."""
    optimiser.zero_grad(set_to_none=True)
    torch.autograd.backward(-value)
    if clip is not None:
        nn.utils.clip_grad_norm_([p for group in optimiser.param_groups for p in group["params"]], clip)
    optimiser.step()


@torch.no_grad()
def mean_bound(bound: Bound, images: Tensor, batch_size: int = 256, **options: object) -> float:
    """The mean of ``bound(x, **options)`` over all images, in nats, a batch at a time."""
    if check.tensor("images", images).ndim < 2 or not len(images):
        raise ValueError("mean_bound needs a batch [N, ...] with at least one image")
    size = min(check.whole("batch_size", batch_size), len(images))
    sums = [float(bound(x, **options).double().sum()) for x in images.split(size)]
    return sum(sums) / len(images)


def _default_bound(model: nn.Module) -> Bound:
    for name in ("log_prob", "elbo"):
        if hasattr(model, name):
            return cast(Bound, getattr(model, name))
    raise TypeError(f"{type(model).__name__} has neither log_prob nor elbo: pass bound=, a function of a batch giving [N] nats")


def _call(hooks: Sequence[tuple[int, Callable[[LikelihoodRun], Any]]], run: LikelihoodRun) -> None:
    for every, function in hooks:
        if run.step % every == 0:
            function(run)
