"""A line that the reader writes in a lecture, and the answer that it gets at once.

A cell holds a function whose one line is missing, and the call that looks at it:

>>> def d_loss(real, fake):
...     return ...  # your line
>>> lines.answered(d_loss, *asked.D_LOSS)
d_loss is not written yet: put your line where the dots are, and run this cell again.

The line is compared with the right one on random trials.  The answer is one of: right; the known slip that it is, in words; what
differs, with numbers; not written yet.  Nothing is raised, so a notebook with unwritten lines runs from top to bottom.  What
lectures ask, with right answers and slips, stands in :mod:`gancourse.classroom.asked`, out of the reader's sight.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from gancourse.base import cells
from gancourse.classroom.slips import REAL, agree, is_complex, numbers

Found = dict[str, Any]  # what is compared, by its name: numbers or arrays of numbers, Python's, numpy's or torch's
Measure = Callable[..., Found]


class Line(NamedTuple):
    """What :func:`answered` needs besides the reader's function: ``answered(yours, *line)``."""

    right: Callable[..., Any]
    slips: Mapping[str, Callable[..., Any]]  # what is said of it -> the wrong function
    trials: Callable[[int], tuple[Any, ...]]  # a seed -> the function's arguments
    measure: Measure | None = None


def value(function: Callable[..., Any], *arguments: Any) -> Found:
    """The value of the line, and nothing else: what is compared where a line asks for no more."""
    return {"": function(*arguments)}


def answered(
    yours: Callable[..., Any],
    right: Callable[..., Any],
    slips: Mapping[str, Callable[..., Any]],
    trials: Callable[[int], tuple[Any, ...]],
    measure: Measure | None = None,
    *,
    n: int = 5,
    rtol: float = 1e-4,
) -> None:
    """Print what the line ``yours`` is: right, a known slip, different, or not written yet.

    Args:
        right: the right function.
        slips: wrong functions by the sentence that is said of them, the most telling first.
        trials: makes the arguments of one trial from a seed; each function gets arguments of its own.
        measure: what is compared, by its name, as ``measure(function, *arguments)``: by default the function's value.  A line
            with a ``detach`` is right by its gradients, too.
        n: how many trials.
        rtol: two numbers agree within rtol * |right| + 1e-6.

    Raises:
        ValueError: if the right function makes something else than numbers, which could not be compared.
    """
    name = getattr(yours, "__name__", "your line").replace("<lambda>", "your line")
    measure = measure or value
    try:
        came = [measure(yours, *trials(seed)) for seed in range(n)]
    except Exception as error:
        if not _unwritten(error):
            print(f"{name} does not run yet. {_where(error)}")
            return
        came = [{"": ...}]
    if any(found is ... for each in came for found in each.values()):
        print(f"{name} is not written yet: put your line where the dots are, and run this cell again.")
        return
    wanted = [_comparable(measure(right, *trials(seed))) for seed in range(n)]
    if _agree(came, wanted, rtol):
        print(f"Right, on {n} random trials.")
        return
    print(f"Not yet: {_differs(name, came, wanted, rtol)}")
    if slip := next((said for said, wrong in slips.items() if _is(came, measure, wrong, trials, rtol)), None):
        print(f"It looks as if {slip}.")


class Unwritten(Exception):
    """Raised by a measure that needs the value of a line which is still dots."""


def written(made: Any) -> Any:
    """``made`` if it is a value; raises :class:`Unwritten` where the line is still dots."""
    if made is ...:
        raise Unwritten
    return made


def _unwritten(error: Exception) -> bool:
    """Whether it says that the line is still dots, or in homework's manner that nothing stands there; torch's own have a text."""
    return isinstance(error, Unwritten) or isinstance(error, NotImplementedError) and not str(error)


def _comparable(wanted: Found) -> Found:
    """What the right function makes, if all of it can be compared."""
    for key, thing in wanted.items():
        if numbers(thing) is None:
            kind = type(thing).__name__
            raise ValueError(f"the right {key or 'value'} is a {kind}: let the measure make a number or a tensor of it")
    return wanted


def _is(came: Sequence[Found], measure: Measure, wrong: Callable, trials: Callable, rtol: float) -> bool:
    """Whether what came is what the wrong function makes, in every trial."""
    try:
        slipped = [measure(wrong, *trials(seed)) for seed in range(len(came))]
    except Exception:  # a slip that cannot be computed was not made
        return False
    return _agree(came, slipped, rtol)


def _agree(came: Sequence[Found], wanted: Sequence[Found], rtol: float) -> bool:
    return all(_near(a[key], b[key], rtol) for a, b in zip(came, wanted, strict=True) for key in b)


def _near(came: Any, wanted: Any, rtol: float) -> bool:
    a, b = numbers(came), numbers(wanted)
    return a is not None and b is not None and a.shape == b.shape and agree(a, b, rtol, 1e-6)


def _differs(name: str, came: Sequence[Found], wanted: Sequence[Found], rtol: float) -> str:
    """The first thing that differs, with numbers."""
    for each, right in zip(came, wanted, strict=True):
        for key, expected in right.items():
            if not _near(each[key], expected, rtol):
                what = key or f"the value of {name}"
                return f"{what} is {_say(each[key], expected)}, and should be {_say(expected, each[key])}."
    raise AssertionError("asked for a difference where there is none")


def _say(thing: Any, other: Any) -> str:
    """A value in a few words; of two tensors of one shape, the place where they differ most."""
    a, b = numbers(thing), numbers(other)
    if a is None:
        return _unlike_numbers(thing)
    if b is not None and a.shape == b.shape and a.ndim:
        place = int((a - b).abs().nan_to_num(float("inf")).argmax())
        return f"{float(a.flatten()[place]):.4g} at place {place}"
    return f"{float(a):.4g}" if a.ndim == 0 else f"a tensor of shape {list(a.shape)}"


def _unlike_numbers(thing: Any) -> str:
    if is_complex(thing):
        return f"complex ({REAL})"
    return "nothing at all" if thing is None else f"a {type(thing).__name__}"


def _where(error: Exception) -> str:
    """An error in a sentence, with the line of the cell that raised it."""
    own = cells.raised_in(error)
    line = f" in its line: {own[-1].line}" if own and own[-1].line else ""
    return f"{type(error).__name__}{line}: {str(error).partition(chr(10))[0]}"
