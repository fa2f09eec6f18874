"""What a number must satisfy, fixed before it is measured: an interval, written as ``within(0.01)`` or ``at_least(3)``."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gancourse.classroom.claims.figures import number

_FOR_ROUNDING = 0.01  # at_most of a greater number bounds a quantity, not an error: what is small beside it is shown as it is


@dataclass(frozen=True)
class Tolerance:
    """The numbers that pass; made by ``within`` and its relatives ``at_least``, ``at_most``, ``between``, ..."""

    kind: str
    numbers: tuple[float, ...]
    of: float | None = None

    def bounds(self, target: float | str) -> tuple[float, float]:
        """The lowest and the highest number that pass, where ``target`` is the paper's or the expected number."""
        if self.kind == "at_least":
            return self.numbers[0], math.inf
        if self.kind == "at_most":
            return -math.inf, self.numbers[0]
        if self.kind == "between":
            return self.numbers[0], self.numbers[1]
        middle, (width,) = self._target(target), self.numbers
        if math.isinf(middle):
            return middle, middle
        if self.kind == "within_factor":
            if middle == 0:
                raise ValueError("no number is within a factor of 0: write within(...) with the difference that is allowed")
            ends = middle / width, middle * width
            return min(ends), max(ends)
        half = width if self.kind == "within" else width * abs(middle)
        return middle - half, middle + half

    def holds(self, value: float, target: float | str) -> bool:
        """Whether one number passes."""
        low, high = self.bounds(target)
        return low <= value <= high

    def _target(self, target: float | str) -> float:
        target = target if self.of is None else self.of
        if isinstance(target, str):
            raise ValueError(
                f"{self.kind} needs a number to compare with, and {target!r} is text: "
                f"write {self.kind}({number(self.numbers[0])}, of=...) with the number it stands for"
            )
        return target

    def noise(self, target: float | str) -> float:
        """The absolute size below which a number of an exact row is only rounding noise to this tolerance; 0 if none is."""
        if self.kind == "at_most" and not 0 < self.numbers[0] <= _FOR_ROUNDING:
            return 0.0
        noise = (self.width(target) or 0.0) / 10
        return 0.0 if any(abs(end) < noise for end in self.bounds(target)) else noise

    def width(self, target: float | str) -> float | None:
        """The absolute size that the places shown resolve, where there is one."""
        if self.kind in ("within", "at_most"):
            return abs(self.numbers[0])
        if self.kind == "within_relative" and math.isfinite(self._target(target)):
            return self.numbers[0] * abs(self._target(target))
        return None

    def describe(self) -> str:
        """The tolerance in words."""
        first = number(self.numbers[0])
        words = {
            "within": f"within {first}",
            "within_relative": f"within {number(100 * self.numbers[0])} %",
            "within_factor": f"within a factor of {first}",
            "at_least": f"at least {first}",
            "at_most": f"at most {first}",
            "between": f"between {first} and {number(self.numbers[-1])}",
        }[self.kind]
        return words if self.of is None else f"{words} of {number(self.of)}"


def within(x: float, *, of: float | None = None) -> Tolerance:
    """abs(ours - paper) <= x; ``of`` replaces the paper's number."""
    return _tolerance("within", (x,), of)


def within_relative(x: float, *, of: float | None = None) -> Tolerance:
    """abs(ours - paper) <= x abs(paper): 0.1 is ten per cent; ``of`` replaces the paper's number."""
    return _tolerance("within_relative", (x,), of)


def within_factor(x: float, *, of: float | None = None) -> Tolerance:
    """1 / x <= ours / paper <= x: 2 is "within a factor of two"; ``of`` replaces the paper's number."""
    if not x > 1:
        raise ValueError(f"a factor must be above 1, not {x}: within_factor(2) means from half to twice the paper's number")
    return _tolerance("within_factor", (x,), of)


def at_least(x: float) -> Tolerance:
    """ours >= x."""
    return _tolerance("at_least", (x,))


def at_most(x: float) -> Tolerance:
    """ours <= x."""
    return _tolerance("at_most", (x,))


def between(a: float, b: float) -> Tolerance:
    """a <= ours <= b."""
    if not a <= b:
        raise ValueError(f"between needs its ends in order, not {a} and {b}: write between({b}, {a})")
    return _tolerance("between", (a, b))


def _tolerance(kind: str, numbers: tuple[float, ...], of: float | None = None) -> Tolerance:
    numbers = tuple(float(x) for x in numbers)
    if any(math.isnan(x) for x in numbers) or (of is not None and math.isnan(of)):
        raise ValueError(f"{kind} was given NaN: a tolerance is a number fixed before measuring")
    if kind in ("within", "within_relative") and not 0 <= numbers[0] < math.inf:
        raise ValueError(f"{kind} needs a finite width of at least 0, not {numbers[0]}")
    return Tolerance(kind, numbers, None if of is None else float(of))
