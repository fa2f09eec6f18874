"""The sheet of a part: its items and points, what a report says, and the guard over what judges."""

from __future__ import annotations

import contextlib
import functools
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from gancourse.base import cells
from gancourse.classroom.homework import _guard

_UNWRITTEN = "not written yet"


class Wrong(AssertionError):
    """A check that failed: what was expected, what came in its place, and the slip that it looks like."""

    def __init__(self, expected: str, came: str, slip: str = "") -> None:
        super().__init__(f"expected {expected}; came {came}" + (f"; {slip}" if slip else ""))
        self.expected, self.came, self.slip = expected, came, slip


class TimeUp(BaseException):
    """Raised in an answer that has run for too long; no ``except Exception`` of the answer catches it."""


@dataclass
class Item:
    """One line of a report."""

    title: str
    points: float
    got: float = 0.0
    text: str = ""  # empty when all is well


@dataclass
class Report:
    """What became of one part."""

    name: str
    points: float
    items: list[Item] = field(default_factory=list)
    tampered: str = ""  # what the answer changed that is not its own

    @property
    def got(self) -> float:
        return 0.0 if self.tampered else min(self.points, sum(item.got for item in self.items))

    def __str__(self) -> str:
        lines = [f"{self.name}: {self.got:g} of {self.points:g} points"]
        if self.tampered:
            return "\n".join([*lines, f"  {self.tampered}"])
        if self.items and all(item.text.startswith(_UNWRITTEN) for item in self.items):
            lacking = dict.fromkeys(item.text.removeprefix(_UNWRITTEN).removeprefix(": ") for item in self.items)
            return f"{lines[0]}, {_UNWRITTEN}" + (f": {', '.join(filter(None, lacking))}" if any(lacking) else "")
        said: set[str] = set()
        for item in self.items:
            word = "open " if item.text.startswith(_UNWRITTEN) else "WRONG" if item.text else "right"
            lines.append(f"  {word}  {item.title} ({item.got:g}/{item.points:g})")
            if item.text:
                text = "as above" if item.text in said else item.text
                lines += ["         " + line for line in text.split("\n")]
                said.add(item.text)
        return "\n".join(lines)


class Score(float):
    """The points of one part; shows itself as a bare number, which is what nbgrader reads."""

    report: Report

    def __new__(cls, report: Report) -> Score:
        score = super().__new__(cls, 0.0 if report.tampered else report.got)
        score.report = report
        return score

    def __repr__(self) -> str:
        return f"{float(self):g}"


class Sheet:
    """Where a part's items are written down, and its source of random numbers."""

    def __init__(self, name: str, points: float, seed: int) -> None:
        self.report = Report(name, points)
        self.seed = seed
        self.generator = torch.Generator().manual_seed(seed)

    @contextlib.contextmanager
    def item(self, title: str, points: float = 1.0) -> Iterator[Item]:
        """A block whose points are given if it ends without an exception."""
        item = Item(title, points)
        self.report.items.append(item)
        try:
            yield item
        except (KeyboardInterrupt, TimeUp) as error:
            item.text = _explain(error)
            raise
        except BaseException as error:
            item.text = _explain(error)
        else:
            item.got = points

    def randn(self, *shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
        """Standard normal numbers."""
        return torch.randn(shape, generator=self.generator, dtype=dtype)

    def rand(self, *shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
        """Uniform numbers in [0, 1)."""
        return torch.rand(shape, generator=self.generator, dtype=dtype)

    def integer(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return int(torch.randint(low, high + 1, (), generator=self.generator))


def built_upon(first: Item, what: str) -> None:
    """Ends an item that makes no sense before another one is right, whose text says why it is not; ``what`` is its subject."""
    if first.text.startswith(_UNWRITTEN):
        raise NotImplementedError
    if first.text:
        raise Wrong(f"{what} that is right", "another one", f"as above: {what} is not right yet")


def part(points: float) -> Callable[[Callable[..., None]], Callable[..., Score]]:
    """Make of ``check(sheet, answer, ...)`` a function ``check(answer, ..., seed=0, quiet=False) -> Score`` that never raises."""

    def wrap(check: Callable[..., None]) -> Callable[..., Score]:
        @functools.wraps(check)
        def run(*answers: Any, seed: int = 0, quiet: bool = False) -> Score:
            sheet = Sheet(check.__name__, points, seed)
            sheet.report.tampered = _guard.guard.complain()
            if not sheet.report.tampered:
                state = torch.get_rng_state()
                try:
                    with _guard.plain():
                        check(sheet, *answers)
                except KeyboardInterrupt:
                    raise
                except BaseException as error:  # out of time, or the check itself stumbled over something that came
                    sheet.report.items.append(Item("the rest of this part", 0.0, 0.0, _explain(error)))
                finally:
                    torch.set_rng_state(state)
                sheet.report.tampered = _guard.guard.complain()
            _latest[check.__module__, check.__name__] = sheet.report
            if not quiet:
                print(sheet.report)
            return Score(sheet.report)

        run.points = points  # type: ignore[attr-defined]
        return run

    return wrap


_latest: dict[tuple[str, str], Report] = {}  # of each part, what its check said when it was last run


def total(module: Any) -> None:
    """Print the points of each part of an assignment's module, as its check last said, and their sum."""
    got = 0.0
    for name, points in parts(module).items():
        report = _latest.get((module.__name__, name))
        got += report.got if report else 0.0
        print(f"{name:<16} {f'{report.got:g} of {points:g}' if report else 'not checked yet'}")
    print(f"{got:g} of {sum(parts(module).values()):g} points")


def parts(module: Any) -> dict[str, float]:
    """The parts of an assignment's module and their points."""
    return {name: thing.points for name, thing in vars(module).items() if callable(thing) and hasattr(thing, "points")}


def _explain(error: BaseException) -> str:
    if isinstance(error, Wrong):
        lines = [f"expected  {error.expected}", f"came      {error.came}"]
        return "\n".join([*lines, f"perhaps   {error.slip}"] if error.slip else lines)
    own = cells.raised_in(error)
    if isinstance(error, NotImplementedError) and not str(error):  # PyTorch's own have a text
        if not own:
            return _UNWRITTEN
        if own[-1] == traceback.extract_tb(error.__traceback__)[-1]:  # not raised by a library that was called there
            return f"{_UNWRITTEN}: {own[-1].name}()"
    if isinstance(error, TimeUp):
        return str(error)
    if isinstance(error, SystemExit):
        return "expected  a result\ncame      a call of exit()"
    where = f", line {own[-1].lineno} of its cell: {own[-1].line}".rstrip(": ") if own else ""
    message = str(error).strip().split("\n")[0][:300]
    said = f"expected  a result\ncame      {type(error).__name__}: {message}{where}"
    return f"{said}\nperhaps   {likely}" if (likely := _likely(message)) else said


def _likely(message: str) -> str:
    """What torch's own words are mostly about; "" where that is not known."""
    if "must match the size of tensor" in message:
        return "two batches of different size, an axis too few, or other shapes that do not fit: look at both"
    if "for complex types" in message or "not implemented for 'Complex" in message:
        return "eigenvalues come as complex numbers, also where all are real: take .real first"
    lower = message.lower()
    if "mixed dtype" in lower or ("type" in lower and "double" in lower and "long" not in lower):  # labels are of no precision
        return "two precisions that meet: what you make inside needs x.dtype (and x.device), as the arguments have it"
    return ""


def seal(name: str, *oracles: str) -> None:
    """Called at the end of an assignment's module: watch it and the modules that it asks for the right answers."""
    for module in (name, *oracles):
        _guard.guard.watch_module(module)
