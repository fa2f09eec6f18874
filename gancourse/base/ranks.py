"""Several processes that play one game: each holds some rows of a joint batch, and acts as one process with all rows would.

Process r of K takes every K-th row, beginning with row r.  Every process draws the random numbers of the joint batch and keeps
its rows; what looks across the batch (batch normalisation, minibatch deviation, running means) looks across all processes.  A
loss is each process's mean over its rows, so the joint loss is the mean of the K losses, and its gradient the mean of theirs.

Outside :func:`joint`, and with one process, everything here gives back what it was given.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

T = TypeVar("T")
NEWS = 60.0  # seconds between two words of a process at work to those that wait, which give up after minutes of silence
LOST = ("connection", "peer", "closed", "socket", "pipe", "timed out", "timeout", "read error", "write error")  # gloo's words


class ProcessLost(RuntimeError):
    """Another process of the training has ended, or does not answer."""


@contextlib.contextmanager
def _together() -> Iterator[None]:
    """In this block all processes exchange something; one that is gone is named, whatever the back end calls it."""
    try:
        yield
    except RuntimeError as error:
        told = str(error).lower()
        if not isinstance(error, dist.DistError) and not any(word in told for word in LOST):
            raise  # this call's own fault, in every process
        raise ProcessLost(
            "another process of this training has ended or does not answer: start all of them again, from the last checkpoint "
            f"if there is one ({str(error).splitlines()[0]})"
        ) from error


class _Total(torch.autograd.Function):
    """The sum over all processes.  Its gradient is the sum over all processes of theirs, for each of them has used it."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        summed = x.clone(memory_format=torch.contiguous_format)
        with _together():
            dist.all_reduce(summed)
        return summed

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        return _Total.apply(gradients[0])


@dataclass(frozen=True)
class World:
    """The processes of a training, seen from one of them: number ``rank`` of ``size``.

    ``together`` consecutive rows of a batch stay in one process, where they are judged as one sample.
    """

    rank: int = 0
    size: int = 1
    together: int = 1

    @property
    def leads(self) -> bool:
        """Whether this is process 0, which speaks and writes for all."""
        return self.rank == 0

    def part(self, joint: Tensor) -> Tensor:
        """This process's rows: [N, ...] -> [N / size, ...]."""
        if self.size == 1:
            return joint
        if len(joint) % (self.size * self.together):
            kept = f" that keep {self.together} samples together" if self.together > 1 else ""
            raise ValueError(
                f"a batch of {len(joint)} cannot be shared evenly by {self.size} processes{kept}: take a batch size divisible by "
                f"{self.size * self.together} (a DataLoader drops a smaller last batch with drop_last=True)"
            )
        rows = torch.arange(len(joint), device=joint.device).unflatten(0, (-1, self.size, self.together))[:, self.rank]
        mine = joint.index_select(0, rows.flatten())
        last = joint.ndim == 4 and joint.is_contiguous(memory_format=torch.channels_last)
        return mine.contiguous(memory_format=torch.channels_last) if last else mine

    def drawn(self, n: int, draw: Callable[[int], Tensor]) -> Tensor:
        """This process's n rows of the numbers that ``draw(N)`` gives for the joint batch: every process draws all of them."""
        return self.part(draw(n * self.size))

    def total(self, x: Tensor) -> Tensor:
        """The sum of x over the processes, differentiable as often as is needed."""
        if self.size == 1:
            return x
        summed: Tensor = _Total.apply(x)
        return summed

    def mean(self, x: Tensor) -> Tensor:
        """The mean of x over the processes, differentiable."""
        return x if self.size == 1 else self.total(x) / self.size

    def each(self, x: Tensor) -> Tensor:
        """What every process has for x: [...] -> [size, ...], differentiable."""
        return self.total(torch.stack([x if rank == self.rank else torch.zeros_like(x) for rank in range(self.size)]))

    def gathered(self, x: Tensor) -> Tensor:
        """All rows of the joint batch in their order, from this process's: [n, ...] -> [n * size, ...], differentiable."""
        if self.size == 1:
            return x
        every: Tensor = self.each(x).unflatten(1, (-1, self.together)).transpose(0, 1).flatten(0, 2)
        return every

    def any(self, flag: bool) -> bool:
        """Whether it is so in one process at least."""
        return flag if self.size == 1 else bool(self.total(torch.tensor(float(flag))) > 0)

    def first(self, make: Callable[[], T]) -> T:
        """What ``make`` gives in process 0, for all; an error there is raised in all."""
        if self.size == 1:
            return make()
        box: list[Any] = [None]
        if self.leads:
            try:
                box = [(make(), None)]
            except Exception as error:
                box = [(None, error)]
        with _together():
            dist.broadcast_object_list(box)
        value, failure = box[0]
        if failure is not None:
            raise failure
        return value  # type: ignore[no-any-return]

    def after_first(self, make: Callable[[], T]) -> T:
        """What ``make`` gives in each process, in process 0 before the others: what it keeps on disk is made once.

        Then it is the turn of the first process of every other host, which may have a disk of its own, then of the rest.  It may
        take as long as it takes.  An error in process 0 is raised in all.
        """
        if self.size == 1:
            return make()
        made: list[T] = []
        failed: list[Exception] = []

        def attempt() -> None:
            try:
                made.append(make())
            except Exception as error:
                failed.append(error)

        self._turn(attempt if self.leads else None)
        self.first(lambda: _raise(failed))
        first_here = int(os.environ.get("LOCAL_RANK", self.rank)) == 0
        self._turn(attempt if first_here and not self.leads else None)
        _raise(failed)
        return made[0] if made else make()

    def _turn(self, work: Callable[[], None] | None) -> None:
        """Do the work, in the processes that have some; the others wait, and hear every ``NEWS`` seconds that it goes on."""
        done = threading.Event()
        lost: list[Exception] = []

        def tell() -> None:
            try:
                while self.any(not done.wait(NEWS)):
                    pass
            except Exception as error:
                lost.append(error)

        if work is None:
            done.set()
            tell()
        else:
            teller = threading.Thread(target=tell, daemon=True)
            teller.start()  # the work itself stays in this thread, which Ctrl-C interrupts
            try:
                work()
            finally:
                done.set()
            teller.join()
        if lost:
            raise lost[0]


def _raise(failed: list[Exception]) -> None:
    if failed:
        raise failed[0]


ALONE = World()
_HERE: ContextVar[World] = ContextVar("ranks", default=ALONE)


@contextlib.contextmanager
def joint(world: World) -> Iterator[None]:
    """In this block batches are parts of joint ones, shared by the processes of ``world``."""
    before = _HERE.set(world)
    try:
        yield
    finally:
        _HERE.reset(before)


def here() -> World:
    """The processes that share the batches; one alone outside :func:`joint`."""
    return _HERE.get()


def leads() -> bool:
    """Whether this is the process that speaks and writes for all that ``torch.distributed`` knows: process 0, or one alone."""
    return not (dist.is_available() and dist.is_initialized()) or dist.get_rank() == 0


def part(joint: Tensor) -> Tensor:
    """See :meth:`World.part`."""
    return here().part(joint)


def drawn(n: int, draw: Callable[[int], Tensor]) -> Tensor:
    """See :meth:`World.drawn`."""
    return here().drawn(n, draw)


def total(x: Tensor) -> Tensor:
    """See :meth:`World.total`."""
    return here().total(x)


def mean(x: Tensor) -> Tensor:
    """See :meth:`World.mean`."""
    return here().mean(x)


def gathered(x: Tensor) -> Tensor:
    """See :meth:`World.gathered`."""
    return here().gathered(x)
