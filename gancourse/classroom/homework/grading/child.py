"""Runs one submission in the process at hand: one order after the other, inside the limits.

An order brings the code of one cell; where a graded cell stands, the source's version of it comes, and runs in a namespace of its
own that borrows the answers' functions.  The process holds what has run and the cell that runs now, nothing of what comes later
and nothing of anybody else.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import io
import json
import linecache
import os
import re
import signal
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from gancourse.base import cells
from gancourse.classroom.homework import _guard, checks
from gancourse.classroom.homework.grading import messages, probe, sandbox
from gancourse.classroom.homework.grading.sandbox import PATIENCE, Limits

Send = Callable[[str, Any], None]


# The way of a process ----------------------------------------------------------------------------------------------------


def serve(orders: int, answers: int) -> None:
    """Take in the first order, go under its limits, and do what the others say until there are none."""
    write = os.write
    send = messages.writer(lambda line: write(answers, line))
    first = _receive(orders)
    if first is None:
        return
    limits, folder = Limits(**first["limits"]), Path(first["folder"])
    _own_surroundings(folder)
    sandbox.confine(limits, folder, [Path(path) for path in first["readable"]])
    work = Work(first["setup"], limits)
    send(first["token"], True)
    while (order := _receive(orders)) is not None:
        if "probe" in order:
            send(order["token"], probe.refused(order["probe"], limits))
        else:
            send(order["token"], work.do(order["kind"], order["name"], order["code"], order["troubles"]))


def main() -> None:
    """A process of its own, where forking is not to be had: orders come to standard input, answers leave by standard output."""
    orders, answers = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    if hasattr(os, "O_BINARY"):  # Windows would translate line ends
        import msvcrt

        for handle in (orders, answers):
            msvcrt.setmode(handle, os.O_BINARY)  # type: ignore[attr-defined]
    torch.set_num_threads(1)
    serve(orders, answers)
    os._exit(0)


def _receive(orders: int) -> dict[str, Any] | None:
    """The next order: eight bytes that say how long it is, then JSON; None at the end."""
    size = _exactly(orders, 8)
    return json.loads(_exactly(orders, int.from_bytes(size, "big"))) if size else None


def _exactly(orders: int, size: int) -> bytes:
    parts = []
    while size and (part := os.read(orders, min(size, 1 << 20))):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _own_surroundings(folder: Path) -> None:
    os.environ.update(HOME=str(folder), TMPDIR=str(folder), TEMP=str(folder), TMP=str(folder))
    tempfile.tempdir = str(folder)


def warm_up(setup: str) -> None:
    """Import what submissions import, once, and leave one thread (a fork copies only one)."""
    import IPython.core.inputtransformer2  # noqa: F401

    torch.set_num_threads(1)
    torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))])  # the first optimiser imports a good part of torch
    execute(setup, "setup", {"__name__": "__main__"})


# Output and time ---------------------------------------------------------------------------------------------------------


class _Output(io.TextIOBase):
    """Keeps the beginning of what is printed and stops whoever prints without end."""

    def __init__(self, most: int) -> None:
        self.most, self.count = most, 0
        self.kept: list[str] = []

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        text = str(text)
        self.count += len(text)
        if sum(map(len, self.kept)) < 4000:
            self.kept.append(text[:4000])
        if self.count > self.most:
            raise OSError(f"this cell has printed more than {self.most:,} characters")
        return len(text)

    def take(self) -> str:
        text, self.kept, self.count = "".join(self.kept)[:4000], [], 0
        return text


class _NoShell:
    """What answers get for IPython's shell: magics and shell commands are left out."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *args, **kwargs: None


@contextlib.contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Stop the block after so many seconds of the processor's time, or PATIENCE times as many on the clock."""
    if not hasattr(signal, "setitimer"):  # Windows: the one who waits outside ends the process
        yield
        return

    def stop(number: int, frame: Any) -> None:
        raise checks.TimeUp(f"expected  an answer\ncame      nothing in {seconds:g} seconds: an endless loop?")

    timers = {signal.ITIMER_PROF: (signal.SIGPROF, 1), signal.ITIMER_REAL: (signal.SIGALRM, PATIENCE)}
    before = [(number, signal.signal(number, stop)) for number, _ in timers.values()]
    for timer, (_, times) in timers.items():
        signal.setitimer(timer, times * seconds, 1.0)  # again every second, for an answer that catches everything
    try:
        yield
    finally:
        for timer in timers:
            signal.setitimer(timer, 0)
        for number, handler in before:
            signal.signal(number, handler)


# Cells -------------------------------------------------------------------------------------------------------------------


def _compiled(code: str) -> ast.Module:
    """The cell as Python, with IPython's magics taken for what they are."""
    try:
        return ast.parse(code)
    except SyntaxError:
        from IPython.core.inputtransformer2 import TransformerManager

        return ast.parse(TransformerManager().transform_cell(code))


def execute(code: str, name: str, space: dict[str, Any]) -> Any:
    """Run a cell; returns the value of its last expression."""
    where = f"<{name}>"
    linecache.cache[where] = (len(code), None, code.splitlines(keepends=True), where)
    tree = _compiled(code)
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr):
        exec(compile(tree, where, "exec"), space)
        return None
    tree.body.pop()
    exec(compile(tree, where, "exec"), space)
    return eval(compile(ast.Expression(last.value), where, "eval"), space)


def _explain(error: BaseException) -> str:
    """An exception as the student would see it, without the grader's own frames; never raises."""
    try:
        return _explanation(error)[-4000:]
    except BaseException as second:
        return f"{type(error).__name__}, whose text cannot be shown ({type(second).__name__})"


def _explanation(error: BaseException) -> str:
    where = [f"{frame.filename.strip('<>')}, line {frame.lineno}: {frame.line}" for frame in cells.raised_in(error)]
    if isinstance(error, SyntaxError) and error.lineno:
        where = [f"line {error.lineno}: {(error.text or '').strip()}"]
    said = str(error).strip()[:500]
    return "\n".join([*where[-3:], f"{type(error).__name__}: {said}" if not isinstance(error, checks.TimeUp) else said])


def _holds(item: checks.Item) -> bool:
    return item.text == "" and type(item.got) in (int, float) and item.got == item.points


@checks.part(points=5)
def known(sheet: checks.Sheet) -> None:
    """A check whose outcome is known: its first item is right, the others are wrong."""
    ones = torch.ones(3, dtype=torch.float64)
    with sheet.item("right"):
        checks.close(ones, ones + 1e-12)
        checks.equal([1, "a"], [1, "a"])
        checks.true(True, "yes", "no")
        checks.finite(ones)
    with sheet.item("numbers"):
        checks.close(ones, ones + 0.1)
    with sheet.item("values"):
        checks.equal([1, "a"], [1, "b"])
    with sheet.item("conditions"):
        checks.true(False, "yes", "no")
    with sheet.item("infinity"):
        checks.finite(ones / 0)


def tells_right_from_wrong() -> bool:
    """Whether that check still comes out as it must, whatever has been replaced and wherever."""
    try:
        return [_holds(item) for item in known(quiet=True).report.items] == [True, False, False, False, False]
    except BaseException:
        return False


class Work:
    """The namespaces of a submission, and the watch over what its checks rely on."""

    def __init__(self, setup: str, limits: Limits) -> None:
        self.limits, self.output = limits, _Output(limits.output)
        self.complain, self.restore = _guard.guard.sentinel()
        self._quieten()
        self.setup: dict[str, Any] = {"__name__": "__main__"}
        execute(setup, "setup", self.setup)
        self.space = self.setup | {
            "get_ipython": lambda: _NoShell(),
            "display": lambda *args, **kwargs: None,
            "input": lambda *args: "",
        }

    def _quieten(self) -> None:
        sys.stdout = sys.stderr = self.output
        sys.stdin = io.StringIO()

    def do(self, kind: str, name: str, code: str, troubles: dict[str, str]) -> dict[str, Any]:
        """Run a cell or a check; ``troubles`` are the errors of the cells before.  Returns what is told of it."""
        self._quieten()
        told: dict[str, Any] = {"error": "", "items": []}
        if kind == "check":
            told["error"], told["items"] = self._check(name, code, troubles)
        else:
            try:
                with _time_limit(self.limits.cell_seconds):
                    execute(code, name, self.space)
            except BaseException as error:
                told["error"] = _explain(error)
        told["output"], told["tampered"] = self.output.take(), self.complain()
        if told["tampered"]:
            self.restore()
        elif not tells_right_from_wrong():
            told["tampered"] = "what lies beneath the checks: a check that has to fail does not"
        return told

    def _check(self, name: str, code: str, troubles: dict[str, str]) -> tuple[str, list[Any]]:
        """Run one graded cell in a namespace where the answers' functions are at hand and nothing else has been replaced."""
        own = self.setup | {
            key: value for key, value in self.space.items() if key not in self.setup and not hasattr(builtins, key)
        }
        try:
            with _time_limit(self.limits.cell_seconds), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                score = execute(code, name, own)
            if type(score) is not checks.Score:
                raise TypeError(f"the check ended in something of type {type(score).__name__}")
            report = score.report
            return report.tampered, [[item.title, float(item.points), _holds(item), item.text] for item in report.items]
        except NameError as error:
            missing = re.findall(r"name '(\w+)'", str(error))
            because = [f"{cell}: {trouble}" for cell, trouble in troubles.items()]
            return "\n".join([f"{(missing or ['a function'])[0]} is not defined where the check needs it", *because]), []
        except BaseException as error:
            return _explain(error), []


_guard.guard.watch_module(__name__)
_guard.guard.watch_module(messages.__name__)
