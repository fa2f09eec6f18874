"""What came, beside what was expected: its kind, shape and values, in words."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gancourse.classroom.homework.checks.sheets import Wrong
from gancourse.classroom.slips import REAL, Measured, Slips, agree, is_complex, likeliest, numbers, real

_OF_NUMPY = frozenset(kind for kind in np.sctypeDict.values() if issubclass(kind, np.number | np.bool_))


def builtin(value: Any) -> Any:
    """A single number of numpy as Python's own, a complex one whose imaginary part is 0 as a float; anything else as it is."""
    if type(value) in _OF_NUMPY or (type(value) is np.ndarray and value.ndim == 0):
        value = value.item()
    return value.real if type(value) is complex and value.imag == 0 else value


def show(value: Any, digits: int = 0) -> str:
    """A value in a few words; numbers with so many digits, else with 6, and with 4 in a row of several."""
    alone, several = digits or 6, digits or 4
    value = builtin(value)
    if type(value) in (int, bool, str):
        return repr(value)[:120]
    if type(value) is float:
        return f"{value:.{alone}g}"
    if isinstance(value, Tensor) and type(value) in (Tensor, nn.Parameter):
        value = value.detach()
        if value.numel() == 0 or value.device.type == "meta":
            return f"a tensor of shape {list(value.shape)}"
        if not is_complex(value):
            value = real(value)
        if value.ndim == 0:
            return f"{value.item():.{alone}g}"
        if is_complex(value):
            return f"complex numbers of shape {list(value.shape)}"
        if value.numel() <= 8:
            return (
                "["
                + ", ".join(f"{v:.{several}g}" for v in value.double().flatten().tolist())
                + "]"
                + (f" of shape {list(value.shape)}" if value.ndim > 1 else "")
            )
        v = value.double()
        mean, low, high = (f"{n:.{several}g}" for n in (v.mean().item(), v.min().item(), v.max().item()))
        return f"a tensor {list(value.shape)} with mean {mean} and values from {low} to {high}"
    if isinstance(value, list | tuple) and len(value) <= 12:
        text = ", ".join(show(v, digits) for v in value)
        return f"[{text}]" if isinstance(value, list) else f"({text})"
    if value is None:
        return "None (is a return missing?)"
    return f"something of type {type(value).__name__}"


def _apart(expected: Any, came: Any) -> tuple[str, str]:
    """Both in words, with as many digits as tell them apart."""
    for digits in (0, 9, 12, 17):
        words = show(expected, digits), show(came, digits)
        if words[0] != words[1]:
            break
    return words


def tensor(came: Any, what: str = "a tensor") -> Tensor:
    """``came`` if it is a plain tensor of real numbers."""
    if type(came) is np.ndarray:
        raise Wrong(
            what, f"an array of numpy of shape {list(came.shape)}", "numpy's results become tensors by torch.as_tensor(...)"
        )
    if type(came) not in (Tensor, nn.Parameter):
        raise Wrong(what, show(came))
    if is_complex(came):
        raise Wrong(what, show(came), REAL)
    return real(came)


def shape(came: Any, expected: Sequence[int], slip: str = "", slips: Measured = ()) -> Tensor:
    """``came`` if it is a tensor of that shape; else the first of the ``slips`` that has what came, or its shape, is said."""
    came = tensor(came, f"a tensor of shape {list(expected)}")
    if tuple(came.shape) != tuple(expected):
        if came.device.type != "meta":
            slip = likeliest(_values(came), torch.empty(tuple(expected), device="meta"), slips, 1e-5, 1e-7) or slip
        raise Wrong(f"a tensor of shape {list(expected)}", f"one of shape {list(came.shape)}", slip)
    return came


def scalar(came: Any, slip: str = "a loss is one number: take the mean over the batch") -> Tensor:
    """``came`` if it is a tensor with no dimensions."""
    came = tensor(came, "a scalar tensor")
    if came.ndim:
        raise Wrong("a scalar tensor", f"a tensor of shape {list(came.shape)}", slip)
    return came


def number(came: Any, what: str = "a number") -> float:
    """``came`` as a float: an int, a float, numpy's or Python's, or a tensor that holds one number."""
    came = builtin(came)
    if type(came) in (int, float):
        return float(came)
    if type(came) not in (Tensor, nn.Parameter) or came.numel() != 1:
        raise Wrong(what, show(came), REAL if is_complex(came) else "")
    return float(_values(tensor(came, what)))


def pair(came: Any, expected: str, slip: str = "") -> tuple[Any, Any]:
    """``came`` if it is a tuple or a list of two."""
    if type(came) not in (tuple, list) or len(came) != 2:
        raise Wrong(expected, show(came), slip)
    first, second = came
    return first, second


def equal(came: Any, expected: Any, slip: str = "", slips: Measured = ()) -> None:
    """Exact equality of ints, strings, booleans, or lists and tuples of them; 3.0 counts as 3, and numpy's 3 as Python's."""
    if _plain(came) == _plain(expected):
        return
    raise Wrong(show(expected), show(came), exactly(came, expected, slips) or slip)


def exactly(came: Any, expected: Any, slips: Measured) -> str:
    """What is said of the first slip that makes just what came, and not what was expected; "" if none does."""
    for compute, message in slips:
        with contextlib.suppress(Exception):
            if _plain(came) == (other := _plain(compute())) and other != _plain(expected):
                return message
    return ""


def _plain(value: Any) -> Any:
    """Lists of lists of builtin values; anything else becomes a thing that equals nothing."""
    value = builtin(value)
    if type(value) in (Tensor, nn.Parameter):
        return _plain(value.detach().tolist())
    if type(value) is np.ndarray:
        return _plain(value.tolist())
    if type(value) in (list, tuple):
        return [_plain(v) for v in value]
    if type(value) is bool:
        return ("a truth value", value)  # True is neither 1 nor "true" here
    if type(value) is str or value is None:
        return value
    if type(value) in (int, float):
        return float(value)
    return object()


def close(
    came: Any,
    expected: Any,
    what: str = "",
    slips: Measured = (),
    slip: str = "",
    rtol: float = 1e-5,
    atol: float = 1e-7,
) -> None:
    """Agreement of numbers or tensors within rtol * |expected| + atol.

    The first of the ``slips`` whose value agrees with what came is said, else ``slip``.  Infinite entries must be infinite in
    both.
    """
    wanted = torch.as_tensor(expected, dtype=torch.float64).detach()  # Python's floats are not rounded to single precision
    given = _numbers(came, wanted, what, slips, slip)
    prefix = f"{what}: " if what else ""
    if agree(given, wanted, rtol, atol):
        return
    slip = likeliest(given, wanted, slips, rtol, atol) or slip
    if not slip and not torch.isfinite(given).all() and torch.isfinite(wanted).all():
        slip = "NaN or infinity: a logarithm of 0, a division by 0, or an exponential that overflows"
    if given.numel() <= 8:
        said, found = _apart(wanted, given)
        raise Wrong(prefix + said, found, slip)
    gap = (given - wanted).abs().nan_to_num(math.inf)
    place = [int(i) for i in torch.unravel_index(gap.argmax(), gap.shape)]
    bad = int((gap > rtol * wanted.abs() + atol).sum())
    said, found = _apart(float(wanted[tuple(place)]), float(given[tuple(place)]))
    raise Wrong(f"{prefix}{said} at {place}", f"{found} there; {bad} of {gap.numel()} entries differ", slip)


def _numbers(came: Any, wanted: Tensor, what: str, slips: Measured, slip: str) -> Tensor:
    came = builtin(came)
    if type(came) in (int, float) and wanted.ndim == 0:
        return torch.tensor(float(came), dtype=torch.float64)
    came = tensor(
        came, (f"{what}: " if what else "") + (show(wanted) if wanted.numel() <= 8 else f"a tensor {list(wanted.shape)}")
    )
    if not came.numel() == wanted.numel() == 1:
        shape(came, wanted.shape, slip, slips)
    return _values(came).reshape(wanted.shape)


def _values(came: Tensor) -> Tensor:
    """The numbers of a tensor, in float64."""
    if (found := numbers(came)) is None:
        raise Wrong("numbers", "a tensor without values" if came.device.type == "meta" else "a sparse tensor")
    return found


def finite(came: Tensor, what: str = "the result", slip: str = "") -> Tensor:
    """``came`` if it holds neither NaN nor infinity."""
    if not bool(torch.isfinite(tensor(came)).all()):
        raise Wrong(f"{what} without NaN and infinity", show(came), slip)
    return came


def true(condition: Any, expected: str, came: str, slip: str = "") -> None:
    """A condition in words of its own."""
    if not bool(condition):
        raise Wrong(expected, came, slip)


def compare(
    answer: Callable,
    right: Callable,
    at: tuple[Any, ...] | Callable[..., Any],
    slips: Slips | None = None,
    what: str = "",
    read: Callable[[Any], Any] | None = None,
    size: str = "",
    **more: Any,
) -> None:
    """Agreement of an answer with the right function, as :func:`close` has it (which takes ``more``).

    ``at`` holds the arguments, or is a function that makes of an answer what is to be compared, as the weights after a step.
    ``read`` looks at what came before it is compared: :func:`scalar`, :func:`number`.  ``size`` is said of a wrong shape that is
    no known slip's.
    """
    measure = at if callable(at) else lambda f: f(*at)
    expected, came = measure(right), measure(answer)
    known = slips.by(measure) if slips else ()
    if slips and any(right is f for _, f in slips.each()):  # an item behind the one that has told this slip
        what = f"{what}, the slip above left as it is" if what else "the slip above left as it is"
    if size:
        shape(came, expected.shape, size, known)
    close(read(came) if read else came, expected, what, slips=known, **more)
