"""Algorithm 1 of Goodfellow et al. (2014) as one loop that every game of the course is played with.

The loop knows neither networks nor losses.  A game (:class:`gancourse.gans.gan.GAN` or a relative) says how a round is
drawn and what each player minimises; :func:`fit` alternates the updates, keeps an average of the generator, writes
checkpoints from which an interrupted run goes on bit for bit, and stops with a clear message when a number is not finite.
"""

from __future__ import annotations

import contextlib
import functools
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from gancourse.base import files, memory, trees
from gancourse.base.networks import update_average
from gancourse.base.progress import Progress
from gancourse.gans.gan import GAN
from gancourse.training import distributed
from gancourse.training.compiled import compiled
from gancourse.training.convolutions import fast
from gancourse.training.run import CheckpointNotWritten, G, Run, carrying, finite, interruptible
from gancourse.training.settings import Optimizer, Schedule, Settings
from gancourse.training.streams import Stream

FLUSH_EVERY = 20  # losses wait on the device for this many steps, so that a GPU is not stopped at every step
CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)


def fit(
    gan: G,
    batches: Iterable[Any],
    steps: int,
    *,
    k: int | Callable[[int], int] = 1,
    lr: float | Sequence[float] = 2e-4,
    betas: Sequence[float] | Sequence[Sequence[float]] = (0.5, 0.999),
    optimizer: Optimizer | None = None,
    schedule: str | Schedule = "constant",
    ema: float | None = None,
    seed: int = 0,
    checkpoint: str | Path | None = None,
    checkpoint_every: int = 500,
    hooks: Sequence[tuple[int, Callable[[Run[G]], Any]]] = (),
    progress: bool = True,
    precision: str = "auto",
    compile: bool = False,
    fast_convolutions: bool = False,
) -> Run[G]:
    """Train both players: k discriminator updates, then one generator update, ``steps`` times.

    Each discriminator update sees fresh real samples and fresh latents.  The generator's update reuses the last fake
    batch, through the discriminator as it is after its update: one pass through G serves both (a second batch would cost
    about an eighth more time and is equally valid).

    Args:
        gan: the game; see :class:`gancourse.gans.gan.GAN`.
        batches: real samples, x or (x, labels); :class:`gancourse.data.Batches`, or without checkpoint any iterable: one that
            can be read again, such as a ``DataLoader``, is read again when it ends.
        steps: generator updates in all (a resumed run counts those it has made).
        k: discriminator updates per generator update (k of Algorithm 1), or a function of the step that says how many.
        lr: learning rate, or a pair (generator's, discriminator's).
        betas: Adam's decay rates, or a pair of such pairs (generator's, discriminator's); beta1 = 0.5 is DCGAN's choice.
        optimizer: a class or function called as ``optimizer(parameters, lr=...)`` in place of Adam; groups of parameters keep the
            rates that it gives them.
        schedule: "constant", "linear", "cosine", "flat_linear" or a function of the progress in [0, 1) giving a factor on ``lr``.
        ema: decay of the running average of the generator's weights (0.999, say), or None for no average.  After n steps, the
            next keeps min(ema, (1 + n) / (10 + n)) of it: 0.99 from step 890 on, 0.999 from step 8,990.  So the first weights are
            forgotten sooner than by ``ema`` alone.
        seed: seeds the latents.  Initial weights and the order of the data have seeds of their own; dropout and noise layers draw
            from the global generator (``base.networks.seeded``).
        checkpoint: a file to write every ``checkpoint_every`` steps and at the end; if it exists, the run goes on from it.  It
            says what it was made with: another game, loss, penalty, network, optimiser or data set, or other settings, and the
            first difference is named.
        hooks: pairs (every, function): ``function(run)`` is called before the first step and after every so many.
        progress: show a line with the step and both losses.
        precision: "float32", "bf16" (autocast), or "auto": that of the checkpoint, else bf16 for convolutions where the processor
            computes in it.
        compile: run the networks through ``torch.compile`` (:mod:`gancourse.training.compiled`); where that fails, a gradient
            penalty say, a warning tells and they train as they are.
        fast_convolutions: on a processor, compute the layers at both ends of the networks in a faster order of sums
            (:mod:`gancourse.training.convolutions`).  Values differ by rounding, so a training takes another course than
            without.  As of ``compile``, a checkpoint says nothing of it.

    Ctrl-C (or the notebook's stop button) ends the run after the step in hand: the run is returned, the checkpoint written.

    Started by ``torchrun --nproc-per-node=K``, the same call trains in K processes (:mod:`gancourse.training.distributed`): they
    begin as process 0 does, each plays its rows of the batches, and the weights are those of one process up to rounding.  Process
    0 alone calls the hooks, which must not change the networks, prints, and writes the checkpoint, from which any number of
    processes goes on.  Ctrl-C then ends the run within 20 steps.

    Raises:
        TrainingDiverged: a loss is NaN or infinite, or a weight that was to be saved or returned.
        CheckpointNotWritten: the last checkpoint could not be written; the error carries the run.
        Whatever a hook or a game raises: the error carries the run as ``run``.
        ValueError, TypeError: settings out of range, batches of an unusual kind, a checkpoint of another run or a damaged one.
    """
    if not isinstance(gan, GAN):
        raise TypeError(f"fit plays a game, GAN(generator, discriminator) or a relative, not {type(gan).__name__}")
    settings = Settings(
        steps=steps,
        k=k,
        lr=lr,
        betas=betas,
        optimizer=optimizer,
        schedule=schedule,
        ema=ema,
        seed=seed,
        checkpoint=checkpoint,
        checkpoint_every=checkpoint_every,
        hooks=hooks,
        progress=progress,
        precision=precision,
        compile=compile,
        fast_convolutions=fast_convolutions,
    )
    for name, player in (("generator", gan.generator), ("discriminator", gan.discriminator)):
        if next(player.parameters(), None) is None:
            raise ValueError(f"the {name} has no parameters to train: pass a network with some")
    convolutional = _has_convolutions(gan.generator) or _has_convolutions(gan.discriminator)
    if convolutional:
        _channels_last(gan.generator)
        _channels_last(gan.discriminator)
    world = distributed.join(gan.device, gan.together)
    if world.size > 1 and gan.stacked:
        raise ValueError(
            "an ensemble trains its members in one process: start it without torchrun, or train one member by itself"
        )
    run = Run(gan, settings, world.first(lambda: _precision(precision, gan.device, convolutional)), world)
    stream = Stream(batches, gan, world)
    if settings.file is not None:
        _check_resumable(batches)
        run.describe(batches)
        trees.savable(run.state(batches))
        file = world.first(functools.partial(files.writable, settings.file))
        if world.first(file.exists):
            run.resume(file, batches)
    distributed.share_state(world, run, batches)
    gan.generator.train()
    gan.discriminator.train()
    quick = (gan.generator, gan.discriminator) if run.settings.fast_convolutions else ()
    with fast(*quick), compiled(run, stream), memory.kept():
        _loop(run, stream)
    return run


def _loop(run: Run[Any], stream: Stream) -> None:
    settings, gan, world = run.settings, run.gan, run.world
    began = time.monotonic() - run.seconds
    bar = Progress(settings.steps, run.step, enabled=settings.progress and world.leads)
    run.stopped = "finished"
    unwritten: OSError | None = None
    with interruptible() as interrupted:
        try:
            if run.step == 0:
                _call(run, [hook for _, hook in settings.hooks])
            while run.step < settings.steps and run.stopped == "finished":
                _set_lr(run, settings.factor(run.step))
                with distributed.shared(world, gan.generator, gan.discriminator):
                    one_step(run, stream, settings.updates(run.step))
                run.step += 1
                run.seconds = time.monotonic() - began
                due = [hook for every, hook in settings.hooks if run.step % every == 0]
                looked = bool(due) or run.step % FLUSH_EVERY == 0
                if looked:
                    _show(run, bar)
                _call(run, due)
                if (looked or world.size == 1) and world.any(interrupted.is_set()):  # asking the others makes a GPU wait
                    run.stopped = "interrupted"
                last = run.stopped == "interrupted" or run.step == settings.steps
                if last or (settings.file is not None and run.step % settings.checkpoint_every == 0):
                    _show(run, bar)
                    run.check_weights()
                    unwritten = _save(run, stream.batches)
        except BaseException as error:
            first = run.first_failure(error)
            carrying(first, run)
            if first is not error:
                raise first from error
            raise
        finally:
            bar.close()
    unwritten = world.first(lambda: unwritten)  # process 0 has written, or not, before another ends and is taken for a failure
    if unwritten is not None:
        raise CheckpointNotWritten(f"{unwritten}; what was trained is in the run that this error carries as .run", run)
    if run.stopped == "interrupted" and world.leads:
        with_file = f"call fit again with checkpoint={str(settings.checkpoint)!r} to go on"
        go_on = with_file if settings.checkpoint is not None else "pass checkpoint=... to be able to go on"
        print(f"stopped after step {run.step:,}; nothing is lost: {go_on}")


def _call(run: Run[Any], hooks: Sequence[Callable[[Run[Any]], Any]]) -> None:
    if not hooks:
        return
    if run.world.leads:
        for hook in hooks:
            hook(run)
    distributed.after_hooks(run.world, run)


def _show(run: Run[Any], bar: Progress) -> None:
    run.flush()
    bar.update(run.step, D=run.latest("d_loss"), G=run.latest("g_loss"))


def _save(run: Run[Any], batches: Any) -> OSError | None:
    """Write the checkpoint if one is asked for.  A disk that is full now may have room at the next one: say so and train on."""
    if run.settings.file is None or not run.world.leads:
        return None
    try:
        run.save(run.settings.file, batches)
    except OSError as error:
        warnings.warn(f"step {run.step:,}: {error}; training goes on", stacklevel=4)
        return error
    return None


def one_step(run: Run[Any], stream: Stream, k: int) -> None:
    """k updates of D, one of G: the body of Algorithm 1."""
    gan, optimizers = run.gan, run.optimizers
    autocast = torch.autocast(gan.device.type, torch.bfloat16, enabled=run.precision == "bf16")
    for _ in range(k):
        with autocast:
            real, labels = next(stream)
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
    run.record(d_loss, g_loss, batch.log, finite(real))
    if run.average is not None and run.settings.ema is not None:
        update_average(run.average, gan.generator, min(run.settings.ema, (1 + run.step) / (10 + run.step)))


def supports_bf16(device: torch.device | str = "cpu") -> bool:
    """Whether the device has units that compute in bfloat16 (without them autocast is slower than float32)."""
    device = torch.device(device)
    if device.type == "cuda":
        with torch.cuda.device(device):
            return bool(torch.cuda.is_bf16_supported(including_emulation=False))  # a T4 only emulates them
    if device.type != "cpu" or not torch.backends.mkldnn.is_available():
        return False
    probes = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, probe, lambda: False)() for probe in probes)


def _precision(precision: str, device: torch.device, convolutional: bool) -> str:
    if precision != "auto":
        return precision
    return "bf16" if convolutional and supports_bf16(device) else "float32"


def _has_convolutions(module: nn.Module) -> bool:
    """Whether a network convolves, by PyTorch's layers or its own (equalised, modulated), whose weights are [O, I, k, k]."""
    return any(isinstance(layer, CONVOLUTIONS) for layer in module.modules()) or any(p.ndim == 4 for p in module.parameters())


def _channels_last(module: nn.Module) -> None:
    """Lay 4-D weights out with channels last, which the CPU's and GPU's convolutions prefer; values do not change."""
    for parameter in module.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)


def _set_lr(run: Run[Any], factor: float) -> None:
    for optimizer in run.optimizers.values():
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"] * factor


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


def _check_resumable(batches: Any) -> None:
    if not (hasattr(batches, "state_dict") and hasattr(batches, "load_state_dict")):
        raise ValueError(
            "a run with checkpoint=... must know where its data stood: pass gancourse.data.Batches, not a plain iterable"
        )
