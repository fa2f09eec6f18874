"""Measurements as numbers and as text: fixed digits, no finer than what every machine agrees on."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any


def values_of(what: str, ours: Any) -> list[float]:
    """Measurements (a number, a sequence, a tensor) as a list of floats; NaN, emptiness and anything that is no number raise."""
    flat = list(_flatten(ours))
    if not flat:
        raise ValueError(f"{what} is empty: nothing was measured, so there is nothing to judge")
    for value in flat:
        if isinstance(value, str) or not hasattr(value, "__float__"):
            raise TypeError(f"{what} must be numbers, not {type(value).__name__}: measure something and pass it")
    values = [float(value) for value in flat]
    if bad := sum(math.isnan(value) for value in values):
        raise ValueError(f"{what} holds {bad} NaN among {len(values)} values: look at what measured them")
    if math.inf in values and -math.inf in values:
        raise ValueError(f"{what} holds both infinities, which have no mean: make a row of each")
    return values


def _flatten(ours: Any) -> Iterable[Any]:
    if hasattr(ours, "tolist"):  # tensors, NumPy arrays and scalars
        ours = ours.tolist()
    if isinstance(ours, Iterable) and not isinstance(ours, (str, bytes, dict)):
        for part in ours:
            yield from _flatten(part)
    else:
        yield ours


class Figures:
    """Numbers of one row as text.

    width: the tolerance's, if it has one: the places shown resolve it, and in an exact row what is far below it is shown as such.
    """

    def __init__(self, values: list[float], width: float | None, exact: bool, digits: int) -> None:
        self.values, self.digits = values, digits
        self.noise = width / 10 if exact and width else 0.0
        self.step = width if width else None

    def _places(self, *numbers: float) -> int | None:
        """Decimal places that show ``digits`` figures of the largest number and resolve the tolerance; None: use 1.2e-7."""
        top = max((abs(x) for x in numbers if math.isfinite(x)), default=0.0)
        if top == 0:
            return 0
        if not 1e-4 <= top < 1e7:
            return None
        places = max(0, self.digits - 1 - math.floor(math.log10(top)))
        if self.step:
            places = max(places, math.floor(-math.log10(self.step)))
        return min(places, 10)

    def spread(self) -> str:
        """All values: the one, or "0.1 to 0.3"."""
        low, high = min(self.values), max(self.values)
        if max(abs(low), abs(high)) < self.noise:
            return f"below {number(self.noise)}"
        low, high = (0.0 if abs(x) < self.noise else x for x in (low, high))
        places = self._places(low, high)
        texts = fixed(low, places, self.digits), fixed(high, places, self.digits)
        return texts[0] if texts[0] == texts[1] else f"{texts[0]} to {texts[1]}"

    def estimate(self, middle: float, interval: tuple[float, float] | None) -> str:
        """A statistic with its interval: "0.71 [0.69, 0.73]"."""
        ends = interval or ()
        if max(abs(x) for x in (middle, *ends)) < self.noise:
            return f"below {number(self.noise)}"
        places = self._places(middle, *ends)
        text = fixed(middle, places, self.digits)
        return f"{text} [{', '.join(fixed(end, places, self.digits) for end in ends)}]" if ends else text

    def one(self, value: float) -> str:
        """Another number of the row: the paper's, or a baseline's."""
        return fixed(value, self._places(value), self.digits)

    def plain(self, value: float) -> float | str:
        """One measurement rounded as shown; infinity as text, for JSON has none."""
        if math.isinf(value):
            return "inf" if value > 0 else "-inf"
        return 0.0 if abs(value) < self.noise else float(fixed(value, self._places(*self.values), self.digits))


def fixed(value: float, places: int | None, digits: int) -> str:
    """``value`` with so many decimal places, or as 1.2e-7 where ``places`` is None."""
    if math.isinf(value):
        return "infinite" if value > 0 else "-infinite"
    if places is None:
        return "0" if value == 0 else f"{value:.{digits - 1}e}"
    text = f"{value:.{places}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def number(value: float) -> str:
    """A number that a person wrote: as short as it was written."""
    return fixed(value, None, 4) if math.isinf(value) else f"{value:.6g}"
