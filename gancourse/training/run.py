"""A training run: what has been played so far, and everything that the next step depends on."""

from __future__ import annotations

import contextlib
import copy
import math
import signal
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from gancourse.base import trees
from gancourse.base.ranks import ALONE, World
from gancourse.gans.gan import GAN
from gancourse.training import distributed
from gancourse.training.description import ALSO, describe, difference
from gancourse.training.settings import Settings

G = TypeVar("G", bound=GAN[Any])
OWN = ("step", "d_loss", "g_loss")  # columns of the history that the loop fills


class TrainingDiverged(RuntimeError):
    """A loss or a weight became NaN or infinite; ``run`` is the run as it stood."""

    def __init__(self, message: str, run: Any) -> None:
        super().__init__(message)
        self.run = run


class CheckpointNotWritten(OSError):
    """The last checkpoint could not be written; ``run`` is the run, with all that was trained."""

    def __init__(self, message: str, run: Run[Any]) -> None:
        super().__init__(message)
        self.run = run


class Run(Generic[G]):
    """A training run: the game, its settings, its optimisers, its history, and how to go on exactly where it stopped.

    ``precision`` is what the networks compute in, "float32" or "bf16"; ``world`` are the processes that train together.
    """

    def __init__(self, gan: G, settings: Settings, precision: str = "float32", world: World = ALONE) -> None:
        self.gan, self.settings, self.precision, self.world = gan, settings, precision, world
        players = zip(
            ("generator", "discriminator"), (gan.generator, gan.discriminator), settings.rates, settings.decays, strict=True
        )
        self.optimizers = {name: settings.make(player.parameters(), rate, betas) for name, player, rate, betas in players}
        for optimizer in self.optimizers.values():
            distributed.average_gradients(world, optimizer)
            for group in optimizer.param_groups:
                group.setdefault("initial_lr", group["lr"])  # of which a schedule takes its share
        self.average = copy.deepcopy(gan.generator).requires_grad_(False) if settings.ema is not None else None
        if self.average is not None:
            gan.check_average(self.average)
        self.source = torch.Generator().manual_seed(settings.seed)
        self.step = 0
        self.seconds = 0.0
        self.stopped = "not started"
        self.description: dict[str, str] = {}
        self._refreshed_at = -1
        self._columns: dict[str, list[float]] = {name: [] for name in OWN}
        self._pending: list[dict[str, Tensor]] = []
        self._clean: list[Tensor] = []  # whether each step's real batch was finite

    def __repr__(self) -> str:
        return f"Run({self.stopped} at step {self.step:,}, {self.seconds:.0f} s)"

    @property
    def generator(self) -> nn.Module:
        """The averaged generator where averaging was asked for, else the generator itself.

        Batch normalisation's running statistics belong to the weights of the last steps and do not fit the averaged ones, so
        they are measured anew for the average, from latents of their own.
        """
        if self.average is None:
            return self.gan.generator
        if self._refreshed_at != self.step:
            self.gan.refresh_statistics(self.average)
            self._refreshed_at = self.step
        return self.average

    @property
    def history(self) -> dict[str, np.ndarray[Any, Any]]:
        """Arrays of equal length: step, d_loss, g_loss and what the game logs (NaN at steps that logged nothing)."""
        return {name: np.asarray(values) for name, values in self._columns.items()}

    def sample(self, n: int, seed: int = 0) -> Tensor:
        """n samples of the (averaged) generator in evaluation mode, as float32."""
        return self.gan.sample(n, seed, generator=self.generator)

    def record(self, d_loss: Tensor, g_loss: Tensor, log: dict[str, Tensor], clean: Tensor) -> None:
        """Keep the losses of one step and what the game logs, a number by a name; their values are read later, many at a time."""
        logged = {name: _number(name, value) for name, value in log.items()}
        self._pending.append({"d_loss": d_loss.detach(), "g_loss": g_loss.detach(), **logged})
        self._clean.append(clean)

    def latest(self, name: str) -> float:
        """The last value of a column of the history."""
        return self._columns[name][-1]

    def flush(self) -> None:
        """Move pending losses into the history; raise TrainingDiverged at the first one that is not finite."""
        pending, self._pending = self._pending, []
        clean, self._clean = self._clean, []
        first = len(self._columns["step"]) + 1
        for offset, entry in enumerate(self._means(pending)):
            row = {"step": float(first + offset), **entry}
            for name in row:
                if name not in self._columns:
                    self._columns[name] = [math.nan] * len(self._columns["step"])
            for name, column in self._columns.items():
                column.append(row.get(name, math.nan))
            bad = [name for name in entry if not math.isfinite(row[name])]
            if bad:
                dirty = self.world.any(not bool(clean[offset]))
                raise TrainingDiverged(self._diverged(int(row["step"]), bad[0], row[bad[0]], not dirty), self)

    def first_failure(self, error: BaseException) -> BaseException:
        """What ended the training: a loss that was not finite before ``error``, else the error; pending losses are kept.

        Whoever stops it, by Ctrl-C or ``sys.exit``, gets that and no other exception.  Where several processes train, losses are
        not kept: the others may not be there to be asked.
        """
        if self.world.size == 1 and not isinstance(error, TrainingDiverged):
            try:
                self.flush()
            except TrainingDiverged as first:
                return first if isinstance(error, Exception) else error
            except Exception:
                pass  # a device that has failed gives no numbers; its error is the one to tell
        return error

    def _means(self, pending: list[dict[str, Tensor]]) -> list[dict[str, float]]:
        """The values of the steps, each the mean over the processes."""
        rows = [{name: float(value) for name, value in entry.items()} for entry in pending]
        if self.world.size == 1 or not rows:
            return rows
        flat = torch.tensor([value for row in rows for value in row.values()], dtype=torch.float64)
        means = iter(self.world.mean(flat).tolist())
        return [{name: next(means) for name in row} for row in rows]

    def _diverged(self, step: int, name: str, value: float, clean: bool) -> str:
        who = {"d_loss": "the discriminator's loss", "g_loss": "the generator's loss"}.get(name, name)
        fix = "lower lr, add a penalty, or look for a division or logarithm of zero"
        if not clean:
            fix = "the real batch holds NaN or infinity, look at the data"
        return f"{who} became {value} at step {step}: {fix}{self._untouched()}"

    def _untouched(self) -> str:
        kept = self.settings.file
        return f"; the last checkpoint is untouched: {kept}" if kept is not None and kept.exists() else ""

    def check_weights(self) -> None:
        """Raise TrainingDiverged where a player's weights are not finite: a loss that is may have a slope that is not."""
        for name, player in (("generator", self.gan.generator), ("discriminator", self.gan.discriminator)):
            if not finite_weights(player):
                why = "its loss is finite, the slope was not: look for a square root, norm or logarithm of zero, or lower lr"
                message = f"the {name}'s weights hold NaN or infinity at step {self.step:,}: {why}{self._untouched()}"
                raise TrainingDiverged(message, self)

    def describe(self, batches: Any) -> None:
        """Note what the run is made with, before it begins."""
        lines = self.world.first(lambda: describe(self.gan, self.optimizers, self.settings, batches))
        self.description = {**lines, "precision": self.precision}

    def state(self, batches: Any) -> dict[str, Any]:
        """Everything that the next step depends on."""
        return {
            "description": self.description,
            "step": self.step,
            "seconds": self.seconds,
            "generator": self.gan.generator.state_dict(),
            "discriminator": self.gan.discriminator.state_dict(),
            "average": self.average.state_dict() if self.average is not None else None,
            "optimizers": {name: optimizer.state_dict() for name, optimizer in self.optimizers.items()},
            "game": self.gan.state_dict(),
            "latent_rng": self.source.get_state(),
            "global_rng": torch.get_rng_state(),  # dropout and noise layers draw from it
            "cuda_rng": [torch.cuda.get_rng_state(self.gan.device)] if self.gan.device.type == "cuda" else [],
            "batches": batches.state_dict() if hasattr(batches, "state_dict") else None,
            "history": {name: np.asarray(values) for name, values in self._columns.items()},
        }

    def restore(self, state: dict[str, Any], batches: Any) -> None:
        """Take over a state made by :meth:`state`."""
        self.gan.generator.load_state_dict(state["generator"])
        self.gan.discriminator.load_state_dict(state["discriminator"])
        if self.average is not None:
            self.average.load_state_dict(state["average"])
        for name, optimizer in self.optimizers.items():
            _load_optimizer(optimizer, state["optimizers"][name])
        self.gan.load_state_dict(state["game"])
        self.source.set_state(state["latent_rng"])
        torch.set_rng_state(state["global_rng"])
        if state["cuda_rng"] and self.gan.device.type == "cuda":
            torch.cuda.set_rng_state(state["cuda_rng"][0], self.gan.device)
        if state["batches"] is not None:
            batches.load_state_dict(state["batches"])
        self.step, self.seconds = state["step"], state["seconds"]
        self._columns = {name: values.tolist() for name, values in state["history"].items()}

    def save(self, checkpoint: Path, batches: Any) -> None:
        """Write a checkpoint."""
        trees.save(checkpoint, self.state(batches))

    def resume(self, checkpoint: Path, batches: Any) -> None:
        """Go on from a checkpoint if it was made with what this run is made with; the first difference is named."""
        state = self.world.first(lambda: self._fitting(checkpoint))
        self._go_on_in(state["description"]["precision"], checkpoint)
        try:
            self.restore(state, batches)
        except (RuntimeError, KeyError, ValueError) as error:
            raise ValueError(
                f"{checkpoint} belongs to other networks or data: use another file to start anew ({error})"
            ) from error

    def _go_on_in(self, precision: str, checkpoint: Path) -> None:
        """Keep the precision that a run was begun in, which "auto" chose on another processor."""
        if precision != self.precision:
            if self.world.leads:
                would = f"where this processor would take {self.precision}"
                warnings.warn(f"{checkpoint} was begun in {precision}, {would}: it goes on in {precision}", stacklevel=4)
            self.precision = self.description["precision"] = precision

    def _fitting(self, checkpoint: Path) -> dict[str, Any]:
        """The state that a checkpoint holds, if this run can go on from it."""
        state = trees.load(checkpoint)
        made, asked = state["description"], self.description
        if self.settings.precision == "auto" and "precision" in made:
            asked = {**asked, "precision": made["precision"]}
        if differing := difference(made, asked):
            name, before, now = differing
            older = (
                "" if ALSO in made else "; an older version of the course wrote it: if you changed nothing, finish it with that"
            )
            raise ValueError(
                f"{checkpoint} was made with {name}={_short(before, now)}, this run has {_short(now, before)}: "
                f"use the same to go on, or another file to start anew{older}"
            )
        if state["step"] > self.settings.steps:
            raise ValueError(
                f"{checkpoint} stands at step {state['step']:,}, beyond the {self.settings.steps:,} asked for: "
                "ask for more, or use another file to start anew"
            )
        return state


ENDINGS: dict[type[BaseException], str] = {TrainingDiverged: "diverged", KeyboardInterrupt: "interrupted"}


def carrying(error: BaseException, run: Any) -> None:
    """Have an error that ends a training carry the run, so that what was trained is not lost."""
    run.stopped = ENDINGS.get(type(error), "failed")
    vars(error)["run"] = run
    if run.stopped == "failed":
        error.add_note(f"What was trained, {run.step:,} steps, is in the run that this error carries as .run")


@contextlib.contextmanager
def interruptible() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C sets, so that a step is never cut in half; the second Ctrl-C raises at once."""
    pressed = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield pressed
        return

    def on_interrupt(signum: int, frame: Any) -> None:
        if pressed.is_set():
            raise KeyboardInterrupt
        pressed.set()

    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)


def _number(name: str, value: Any) -> Tensor:
    """What a game logs as a tensor of one number, without its graph."""
    if name in OWN:
        raise ValueError(f"batch.log[{name!r}] is a column of the loop's own: take another name")
    try:
        tensor = torch.as_tensor(value).detach()
    except (TypeError, ValueError, RuntimeError):
        raise TypeError(f"batch.log[{name!r}] must be a number, not {type(value).__name__}") from None
    if tensor.numel() != 1:
        raise ValueError(f"batch.log[{name!r}] must be one number, not {list(tensor.shape)}: take its mean")
    return tensor


def finite(values: Tensor) -> Tensor:
    """Whether all are finite, in one pass: a minimum and a maximum pass on what is NaN, and are what is infinite."""
    if not values.is_floating_point() or not values.numel():
        return torch.ones((), dtype=torch.bool, device=values.device)
    return torch.isfinite(torch.stack(torch.aminmax(values))).all()


def finite_weights(network: nn.Module) -> bool:
    """Whether all of a network's parameters are finite."""
    return all(bool(finite(parameter.detach())) for parameter in network.parameters())


def _short(text: str, other: str, most: int = 80) -> str:
    """``text`` from a little before the place where it leaves ``other``."""
    same = next((i for i, (a, b) in enumerate(zip(text, other, strict=False)) if a != b), min(len(text), len(other)))
    start = max(0, same - 20) if len(text) > most else 0
    return f"{'...' if start else ''}{text[start : start + most]}{'...' if start + most < len(text) else ''}"


def _load_optimizer(optimizer: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    """Load a state and give its tensors their parameters' memory layout, so that later sums run in the same order."""
    rates = [group["initial_lr"] for group in optimizer.param_groups]  # older files do not hold them
    optimizer.load_state_dict(state)
    for group, rate in zip(optimizer.param_groups, rates, strict=True):
        group["initial_lr"] = rate
    for parameter, values in optimizer.state.items():
        for name, value in values.items():
            if isinstance(value, Tensor) and value.shape == parameter.shape and name != "step":  # a count is no moment
                values[name] = torch.empty_like(parameter).copy_(value)
