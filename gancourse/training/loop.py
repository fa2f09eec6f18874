"""Algorithm 1 of Goodfellow et al. (2014) as one loop that every game of the course is played with.

The loop knows neither networks nor losses.  A game (:class:`gancourse.gans.gan.GAN` or a relative) says how a round is
drawn and what each player minimises; :func:`fit` alternates the updates, keeps an average of the generator, writes
checkpoints from which an interrupted run goes on bit for bit, and stops with a clear message when a loss is not finite.
"""

from __future__ import annotations

import contextlib
import copy
import math
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gancourse.base import check, trees
from gancourse.base.networks import update_average
from gancourse.base.progress import Progress
from gancourse.gans.gan import GAN

FLUSH_EVERY = 20  # losses wait on the device for this many steps, so that a GPU is not stopped at every step
CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)

Optimizer = Callable[..., torch.optim.Optimizer]
Schedule = Callable[[float], float]

SCHEDULES: dict[str, Schedule] = {
    "constant": lambda progress: 1.0,
    "linear": lambda progress: 1.0 - progress,
    "cosine": lambda progress: (1.0 + math.cos(math.pi * progress)) / 2,
    "flat_linear": lambda progress: min(1.0, (1.0 - progress) / 0.3),  # constant, then down to 0 over the last 30 %
}


class TrainingDiverged(RuntimeError):
    """A loss became NaN or infinite; ``run`` is the run as it stood."""

    def __init__(self, message: str, run: Run) -> None:
        super().__init__(message)
        self.run = run


class Run:
    """A training run: the game, its optimisers, its history, and everything needed to go on exactly where it stopped."""

    def __init__(self, gan: GAN, optimizers: dict[str, torch.optim.Optimizer], ema: float | None, seed: int) -> None:
        self.gan = gan
        self.optimizers = optimizers
        self.ema = ema
        self.average = copy.deepcopy(gan.generator).requires_grad_(False) if ema is not None else None
        self.source = torch.Generator().manual_seed(seed)
        self.step = 0
        self.seconds = 0.0
        self.stopped = "not started"
        self._refreshed_at = -1
        self.settings: dict[str, Any] = {}
        self._columns: dict[str, list[float]] = {"step": [], "d_loss": [], "g_loss": []}
        self._pending: list[dict[str, Tensor]] = []

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
    def history(self) -> dict[str, np.ndarray]:
        """Arrays of equal length: step, d_loss, g_loss and what the game logs (NaN at steps that logged nothing)."""
        return {name: np.asarray(values) for name, values in self._columns.items()}

    def sample(self, n: int, seed: int = 0) -> Tensor:
        """n samples of the (averaged) generator in evaluation mode, as float32."""
        return self.gan.sample(n, seed, generator=self.generator)

    def record(self, d_loss: Tensor, g_loss: Tensor, log: dict[str, Tensor]) -> None:
        """Keep the losses of one step; their values are read later, many at a time."""
        self._pending.append({"d_loss": d_loss.detach(), "g_loss": g_loss.detach(), **{k: v.detach() for k, v in log.items()}})

    def latest(self, name: str) -> float:
        """The last value of a column of the history."""
        return self._columns[name][-1]

    def flush(self) -> None:
        """Move pending losses into the history; raise TrainingDiverged at the first one that is not finite."""
        pending, self._pending = self._pending, []
        first = self.step - len(pending) + 1
        for offset, entry in enumerate(pending):
            row = {"step": float(first + offset), **{name: float(value) for name, value in entry.items()}}
            for name in row.keys() - self._columns.keys():
                self._columns[name] = [math.nan] * (len(self._columns["step"]))
            for name, column in self._columns.items():
                column.append(row.get(name, math.nan))
            bad = [name for name in entry if not math.isfinite(row[name])]
            if bad:
                raise TrainingDiverged(self._diverged(int(row["step"]), bad[0], row[bad[0]]), self)

    def _diverged(self, step: int, name: str, value: float) -> str:
        who = {"d_loss": "the discriminator's loss", "g_loss": "the generator's loss"}.get(name, name)
        kept = self.settings.get("checkpoint")
        rest = f"; the last checkpoint is untouched: {kept}" if kept and Path(kept).exists() else ""
        return f"{who} became {value} at step {step}: lower lr, add a penalty, or look for a division or logarithm of zero{rest}"

    def state(self, batches: Any) -> dict[str, Any]:
        """Everything that the next step depends on."""
        return {
            "settings": {k: v for k, v in self.settings.items() if k != "checkpoint"},
            "step": self.step,
            "seconds": self.seconds,
            "generator": self.gan.generator.state_dict(),
            "discriminator": self.gan.discriminator.state_dict(),
            "average": self.average.state_dict() if self.average is not None else None,
            "optimizers": {name: optimizer.state_dict() for name, optimizer in self.optimizers.items()},
            "game": self.gan.state_dict(),
            "latent_rng": self.source.get_state(),
            "global_rng": torch.get_rng_state(),  # dropout and noise layers draw from it
            "cuda_rng": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
            "batches": batches.state_dict(),
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
        if state["cuda_rng"] and torch.cuda.is_available():
            torch.cuda.set_rng_state_all(state["cuda_rng"])
        batches.load_state_dict(state["batches"])
        self.step, self.seconds = state["step"], state["seconds"]
        self._columns = {name: values.tolist() for name, values in state["history"].items()}


def fit(
    gan: GAN,
    batches: Iterable[Any],
    steps: int,
    *,
    k: int | Callable[[int], int] = 1,
    lr: float | tuple[float, float] = 2e-4,
    betas: tuple[float, float] = (0.5, 0.999),
    optimizer: Optimizer | None = None,
    schedule: str | Schedule = "constant",
    ema: float | None = None,
    seed: int = 0,
    checkpoint: str | Path | None = None,
    checkpoint_every: int = 500,
    hooks: Sequence[tuple[int, Callable[[Run], Any]]] = (),
    progress: bool = True,
    precision: str = "auto",
) -> Run:
    """Train both players: k discriminator updates, then one generator update, ``steps`` times.

    Each discriminator update sees fresh real samples and fresh latents.  The generator's update reuses the last fake
    batch, through the discriminator as it is after its update: one pass through G serves both (a second batch would cost
    about an eighth more time and is equally valid).

    Args:
        gan: the game; see :class:`gancourse.gans.gan.GAN`.
        batches: real samples, x or (x, labels); :class:`gancourse.data.Batches`, or any endless iterable without checkpoint.
        steps: generator updates in all (a resumed run counts those it has made).
        k: discriminator updates per generator update (k of Algorithm 1), or a function of the step that says how many.
        lr: learning rate, or a pair (generator's, discriminator's).
        betas: Adam's decay rates; beta1 = 0.5 is DCGAN's choice.
        optimizer: a class or function called as ``optimizer(parameters, lr=...)`` in place of Adam.
        schedule: "constant", "linear", "cosine", "flat_linear" or a function of the progress in [0, 1) giving a factor on ``lr``.
        ema: decay of the running average of the generator's weights (0.999, say), or None for no average.
        seed: seeds the latents.  Initial weights and the order of the data have seeds of their own.
        checkpoint: a file to write every ``checkpoint_every`` steps and at the end; if it exists, the run goes on from it.
        hooks: pairs (every, function): ``function(run)`` is called before the first step and after every so many.
        progress: show a line with the step and both losses.
        precision: "float32", "bf16" (autocast), or "auto": bf16 for convolutions where the processor computes in it.

    Ctrl-C (or the notebook's stop button) ends the run after the step in hand: the run is returned, the checkpoint written.

    Raises:
        TrainingDiverged: a loss is NaN or infinite.
        ValueError: settings out of range, or a checkpoint made with other settings.
    """
    _check_settings(steps, k(0) if callable(k) else k, checkpoint_every, hooks)
    lr_g, lr_d = lr if isinstance(lr, tuple | list) else (lr, lr)
    make = optimizer or (lambda parameters, lr: torch.optim.Adam(parameters, lr=lr, betas=tuple(map(float, betas))))
    convolutional = _has_convolutions(gan.generator) or _has_convolutions(gan.discriminator)
    if convolutional:
        _channels_last(gan.generator)
        _channels_last(gan.discriminator)
    optimizers = {
        "generator": make(gan.generator.parameters(), lr=lr_g),
        "discriminator": make(gan.discriminator.parameters(), lr=lr_d),
    }
    run = Run(gan, optimizers, ema, seed)
    run.settings = {
        "k": "custom" if callable(k) else k,
        "lr": [lr_g, lr_d],
        "betas": list(betas),
        "schedule": schedule if isinstance(schedule, str) else "custom",
        "steps": steps,
        "ema": ema,
        "seed": seed,
        "precision": _precision(precision, gan.device, convolutional),
        "checkpoint": str(checkpoint) if checkpoint is not None else None,
    }
    if checkpoint is not None:
        checkpoint = Path(checkpoint)
        _check_resumable(batches)
        if checkpoint.exists():
            _resume(run, checkpoint, batches)
    factor = SCHEDULES[check.one_of("schedule", schedule, SCHEDULES)] if isinstance(schedule, str) else schedule
    _loop(run, batches, steps, k, (lr_g, lr_d), factor, checkpoint, checkpoint_every, hooks, progress)
    return run


def _loop(
    run: Run,
    batches: Iterable[Any],
    steps: int,
    k: int | Callable[[int], int],
    lr: tuple[float, float],
    factor: Schedule,
    checkpoint: Path | None,
    checkpoint_every: int,
    hooks: Sequence[tuple[int, Callable[[Run], Any]]],
    progress: bool,
) -> None:
    stream = iter(batches)
    gan = run.gan
    gan.generator.train()
    gan.discriminator.train()
    began = time.monotonic() - run.seconds
    bar = Progress(steps, run.step, enabled=progress)
    run.stopped = "finished"
    if run.step == 0:
        for _, hook in hooks:
            hook(run)
    with _interruptible() as interrupted:
        try:
            while run.step < steps:
                _set_lr(run.optimizers, lr, factor(run.step / steps))
                one_step(run, stream, k(run.step) if callable(k) else k)
                run.step += 1
                run.seconds = time.monotonic() - began
                due = [hook for every, hook in hooks if run.step % every == 0]
                if due or run.step % FLUSH_EVERY == 0:
                    run.flush()
                    bar.update(run.step, D=run.latest("d_loss"), G=run.latest("g_loss"))
                for hook in due:
                    hook(run)
                stop = interrupted.is_set()
                if stop or run.step == steps or (checkpoint is not None and run.step % checkpoint_every == 0):
                    run.flush()
                    bar.update(run.step, D=run.latest("d_loss"), G=run.latest("g_loss"))
                    if checkpoint is not None:
                        trees.save(checkpoint, run.state(batches))
                if stop:
                    run.stopped = "interrupted"
                    break
        except (TrainingDiverged, KeyboardInterrupt) as error:
            run.stopped = "diverged" if isinstance(error, TrainingDiverged) else "interrupted"
            raise
        finally:
            bar.close()
    if run.stopped == "interrupted":
        with_file = f"call fit again with checkpoint={str(checkpoint)!r} to go on"
        go_on = with_file if checkpoint else "pass checkpoint=... to be able to go on"
        print(f"stopped after step {run.step:,}; nothing is lost: {go_on}")


def one_step(run: Run, stream: Iterator[Any], k: int) -> None:
    """k updates of D, one of G: the body of Algorithm 1."""
    gan, optimizers = run.gan, run.optimizers
    autocast = torch.autocast(gan.device.type, torch.bfloat16, enabled=run.settings["precision"] == "bf16")
    for _ in range(k):
        with autocast:
            real, labels = _real(stream, gan.device)
            batch = gan.play(real, run.source, labels=labels, step=run.step)
            d_loss = gan.discriminator_loss(batch)
        optimizers["discriminator"].zero_grad()
        d_loss.backward()
        optimizers["discriminator"].step()
        gan.after_discriminator_step()
    with _frozen(gan.discriminator):  # G's step needs the gradient through D, none for D
        with autocast:
            g_loss = gan.generator_loss(batch)
        optimizers["generator"].zero_grad()
        g_loss.backward()
    optimizers["generator"].step()
    gan.after_generator_step()
    run.record(d_loss, g_loss, batch.log)
    if run.average is not None:
        update_average(run.average, gan.generator, min(run.ema, (1 + run.step) / (10 + run.step)))


def supports_bf16(device: torch.device | str = "cpu") -> bool:
    """Whether the processor has units that compute in bfloat16 (without them autocast is slower than float32)."""
    device = torch.device(device)
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    if device.type != "cpu" or not torch.backends.mkldnn.is_available():
        return False
    probes = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, probe, lambda: False)() for probe in probes)


def _precision(precision: str, device: torch.device, convolutional: bool) -> str:
    check.one_of("precision", precision, ["auto", "float32", "bf16"])
    if precision != "auto":
        return precision
    return "bf16" if convolutional and supports_bf16(device) else "float32"


def _has_convolutions(module: nn.Module) -> bool:
    return any(isinstance(layer, CONVOLUTIONS) for layer in module.modules())


def _channels_last(module: nn.Module) -> None:
    """Lay 4-D weights out with channels last, which the CPU's and GPU's convolutions prefer; values do not change."""
    for parameter in module.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)


def _real(stream: Iterator[Any], device: torch.device) -> tuple[Tensor, Tensor | None]:
    """The next real batch and its labels, on the device: batches may be x or (x, labels)."""
    item = next(stream, None)
    if item is None:
        raise ValueError("the batches ran out before the last step: pass an endless iterable such as gancourse.data.Batches")
    x, labels = item if isinstance(item, tuple | list) else (item, None)
    return x.to(device), labels.to(device) if labels is not None else None


def _set_lr(optimizers: dict[str, torch.optim.Optimizer], lr: tuple[float, float], factor: float) -> None:
    for optimizer, base in zip((optimizers["generator"], optimizers["discriminator"]), lr, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = base * factor


def _load_optimizer(optimizer: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    """Load a state and give its tensors their parameters' memory layout, so that later sums run in the same order."""
    optimizer.load_state_dict(state)
    for parameter, values in optimizer.state.items():
        for name, value in values.items():
            if isinstance(value, Tensor) and value.shape == parameter.shape:
                values[name] = torch.empty_like(parameter).copy_(value)


@contextlib.contextmanager
def _frozen(module: nn.Module) -> Iterator[None]:
    trainable = [parameter for parameter in module.parameters() if parameter.requires_grad]
    for parameter in trainable:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in trainable:
            parameter.requires_grad_(True)


@contextlib.contextmanager
def _interruptible() -> Iterator[threading.Event]:
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


def _check_settings(steps: int, k: int, checkpoint_every: int, hooks: Sequence[tuple[int, Any]]) -> None:
    check.positive("steps", steps)
    check.positive("k", k)
    check.positive("checkpoint_every", checkpoint_every)
    for hook in hooks:
        if not (isinstance(hook, tuple) and len(hook) == 2 and isinstance(hook[0], int) and hook[0] > 0 and callable(hook[1])):
            raise ValueError(f"a hook is a pair (every, function) such as (500, film), not {hook!r}")


def _check_resumable(batches: Any) -> None:
    if not (hasattr(batches, "state_dict") and hasattr(batches, "load_state_dict")):
        raise ValueError(
            "a run with checkpoint=... must know where its data stood: pass gancourse.data.Batches, not a plain iterable"
        )


def _resume(run: Run, checkpoint: Path, batches: Any) -> None:
    state = trees.load(checkpoint)
    made, asked = state["settings"], {name: value for name, value in run.settings.items() if name != "checkpoint"}
    free = {"steps"} if asked["schedule"] == "constant" else set()  # other schedules depend on the number of steps
    differing = [name for name in asked if name not in free and made.get(name) != asked[name]]
    if differing:
        name = differing[0]
        raise ValueError(
            f"{checkpoint} was made with {name}={made.get(name)!r}, this run asks for {asked[name]!r}: "
            "use the same settings to go on, or another file to start anew"
        )
    try:
        run.restore(state, batches)
    except (RuntimeError, KeyError, ValueError) as error:
        raise ValueError(f"{checkpoint} belongs to other networks or data: use another file to start anew ({error})") from error
