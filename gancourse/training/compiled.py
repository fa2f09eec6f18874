"""torch.compile for the two networks of a game, where it works.

What it cannot do: a derivative of a derivative.  A gradient penalty differentiates D's gradient, so a game with one is refused by
PyTorch, and trains without.  A network whose parts are called one by one (StyleGAN2's ``styles`` and ``synthesis``) is left as it
is, for compiled is what a call of the whole network runs.
"""

from __future__ import annotations

import contextlib
import copy
import warnings
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from gancourse.training.run import Run
from gancourse.training.streams import Stream


@contextlib.contextmanager
def compiled(run: Run[Any], stream: Stream) -> Iterator[None]:
    """In this block the networks are compiled, if the run asks for it and a round can be played so; else a warning says why not.

    The round is played in advance, on the next batch, and undone: once as it is now, and once as the first, where every penalty
    is due.
    """
    if not run.settings.compile:
        yield
        return
    if run.world.size > 1:
        raise ValueError("compile=True is for one process: leave it out under torchrun")
    players = (run.gan.generator, run.gan.discriminator)
    try:
        for player in players:
            player.compile()
        if error := _failure(run, stream):
            _plain(*players)
            lines = str(error).strip().splitlines() or [""]
            warnings.warn(f"the networks train without torch.compile: {type(error).__name__}: {lines[0]}", stacklevel=4)
        yield
    finally:
        _plain(*players)


def _plain(*players: nn.Module) -> None:
    for player in players:
        player._compiled_call_impl = None  # what Module.compile sets; PyTorch has no way back of its own


def _failure(run: Run[Any], stream: Stream) -> Exception | None:
    """What goes wrong in a round with the networks as they are; the run is left as it was."""
    real, labels = stream.ahead()
    state = copy.deepcopy(run.state(stream.batches))
    gan, source = run.gan, torch.Generator().manual_seed(0)
    autocast = torch.autocast(gan.device.type, torch.bfloat16, enabled=run.precision == "bf16")
    try:
        for step in sorted({0, run.step}):
            with autocast:
                batch = gan.play(real, source, labels=labels, step=step)
                loss = gan.discriminator_loss(batch)
            loss.backward()
            with autocast:
                loss = gan.generator_loss(batch)
            loss.backward()
    except Exception as error:
        return error
    finally:
        run.restore(state, stream.batches)
        for optimizer in run.optimizers.values():
            optimizer.zero_grad()
    return None
