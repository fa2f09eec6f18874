"""A contender in a process of its own, asked in turn with others.

Two loops in one process share its memory and what one of them has set (`fit` has the allocator keep what it frees), so that
neither is measured as its user would run it.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Protocol

import torch


class Player(Protocol):
    """A training that goes on where it stood."""

    def run(self, steps: int) -> None: ...


def seconds(player: Player, steps: int) -> float:
    """How long so many steps take, those of a GPU included: a processor has done them when the call returns."""
    began = time.perf_counter()
    player.run(steps)
    if torch.cuda.is_initialized():
        torch.cuda.synchronize()
    return time.perf_counter() - began


class Apart:
    """What ``make()`` returns, in a fresh process; a context, at whose end the process ends.

    ``make``, the functions to ask and their answers travel between processes, so they have to be picklable.
    """

    def __init__(self, make: Callable[[], Any], threads: int = 1) -> None:
        context = multiprocessing.get_context("spawn")
        self.line, far = context.Pipe()
        self.process = context.Process(target=_answer, args=(far, make, threads), daemon=True)
        self.process.start()
        far.close()  # so that the line ends when the process does

    def ask(self, function: Callable[..., Any], *args: Any) -> Any:
        """``function(contender, *args)``, called there; EOFError if the process has ended."""
        self.line.send((function, args))
        return self.line.recv()

    def __enter__(self) -> Apart:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.line.close()
        self.process.join(10)


def _answer(line: Connection, make: Callable[[], Any], threads: int) -> None:
    torch.set_num_threads(threads)
    contender = make()
    while True:
        try:
            function, args = line.recv()
        except EOFError:
            return
        line.send(function(contender, *args))
