"""Measurements as numbers and as text: fixed digits, no finer than what every machine agrees on."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

FINEST = 7  # digits that a number is shown with, at most, until it is on its side of a tolerance: float32 has no more


def values_of(what: str, ours: Any, each: str = "") -> list[float]:
    """Measurements (a number, a sequence, a tensor) as a list of floats; True and False stay what they are: outcomes.

    NaN, emptiness and anything that is no number raise; so does more than one dimension where ``each`` names what an interval is
    taken over ("trainings"): the samples of a training are no trainings.
    """
    nested = _plain(ours)
    flat = list(_flatten(nested))
    if not flat:
        raise ValueError(f"{what} is empty: nothing was measured, so there is nothing to judge")
    for value in flat:
        if isinstance(value, str) or not hasattr(value, "__float__"):
            raise TypeError(f"{what} must be numbers, not {type(value).__name__}: measure something and pass it")
    if each and len(shape := _shape(nested)) > 1:
        raise ValueError(
            f"{what} has shape {shape}, so {len(flat)} values would count as {len(flat)} {each}: give one number for each, "
            "as by .mean(1), or hand over .flatten() where they are as independent as that"
        )
    values = [value if isinstance(value, bool) else float(value) for value in flat]
    if bad := sum(math.isnan(value) for value in values):
        raise ValueError(f"{what} holds {bad} NaN among {len(values)} values: look at what measured them")
    if math.inf in values and -math.inf in values:
        raise ValueError(f"{what} holds both infinities, which have no mean: make a row of each")
    return values


def _plain(ours: Any) -> Any:
    """Numbers in nested lists."""
    if hasattr(ours, "tolist"):  # tensors, NumPy arrays and scalars
        return ours.tolist()
    if isinstance(ours, Iterable) and not isinstance(ours, (str, bytes, dict)):
        return [_plain(part) for part in ours]
    return ours


def _flatten(nested: Any) -> Iterable[Any]:
    if isinstance(nested, list):
        for part in nested:
            yield from _flatten(part)
    else:
        yield nested


def _shape(nested: Any) -> list[int]:
    """The lengths of nested lists, from outside in; [] of a number."""
    if not isinstance(nested, list):
        return []
    return [len(nested), *next((_shape(part) for part in nested if isinstance(part, list)), [])]


class Figures:
    """Numbers of one row as text.

    width: the tolerance's, if it has one: the places shown resolve it.
    noise: what is smaller is shown as "below" it, in an exact row; 0 elsewhere.
    bounds: the tolerance's, if there is one: no number is shown on their other side.
    """

    def __init__(
        self,
        values: list[float],
        width: float | None,
        noise: float,
        digits: int,
        bounds: tuple[float, float] = (-math.inf, math.inf),
    ) -> None:
        self.values, self.noise, self.digits, self.bounds = values, noise, digits, bounds
        self.step = width if width else None

    def _format(self, *numbers: float) -> tuple[int | None, int]:
        """Decimal places and digits that show the numbers on their side of the tolerance."""
        first = places, digits = self._places(*numbers), self.digits
        while digits <= FINEST:
            if all(self._side(x) == self._side(float(fixed(x, places, digits))) for x in numbers if math.isfinite(x)):
                return places, digits
            places, digits = places if places is None else places + 1, digits + 1
        return first  # what lies as near as that is rounding noise

    def _side(self, x: float) -> tuple[bool, bool]:
        return x < self.bounds[0], x > self.bounds[1]

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
        texts = self._texts(low, high)
        return texts[0] if texts[0] == texts[1] else f"{texts[0]} to {texts[1]}"

    def estimate(self, middle: float, interval: tuple[float, float] | None) -> str:
        """A statistic with its interval: "0.71 [0.69, 0.73]"; without, where equal values leave it no width."""
        ends = interval if interval and not self.same(interval) else ()
        if max(abs(x) for x in (middle, *ends)) < self.noise:
            return f"below {number(self.noise)}"
        text, *limits = self._texts(middle, *ends)
        return f"{text} [{', '.join(limits)}]" if limits else text

    def same(self, interval: tuple[float, float] | None) -> bool:
        """Whether several measurements came out equal, and their interval has no width for it: that is said in words."""
        return interval is not None and interval[0] == interval[1] and len(set(self.values)) == 1 < len(self.values)

    def one(self, value: float) -> str:
        """Another number of the row: the paper's, or a baseline's."""
        return self._texts(value)[0]

    def plain(self, value: float) -> float | str:
        """One measurement rounded as shown; infinity as text, for JSON has none."""
        if math.isinf(value):
            return "inf" if value > 0 else "-inf"
        return 0.0 if abs(value) < self.noise else float(fixed(value, *self._format(*self.values)))

    def _texts(self, *numbers: float) -> list[str]:
        form = self._format(*numbers)
        return [fixed(x, *form) for x in numbers]


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
