"""Slips: wrong answers that are known beforehand, and which of them is what came.

Homework (:mod:`gancourse.classroom.homework.checks`) and lectures (:mod:`gancourse.classroom.lines`) ask here what a number is,
whether two agree, and what a sign, a factor or a sum in place of a mean makes of a function.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

REAL = "take .real, if what is left is rounding"  # of complex answers: that of an eigenvalue, say

Measured = Sequence[tuple[Callable[[], Any], str]]  # what computes a slip's value, and what is said of it


@dataclass(frozen=True)
class Slips:
    """The known wrong answers in place of one function: what is said, and the function (or several) that it is said of."""

    answer: str  # the name that the part's check gives to the function
    known: Mapping[str, Callable | tuple[Callable, ...]] = field(default_factory=dict)

    def __or__(self, more: Mapping[str, Callable | tuple[Callable, ...]]) -> Slips:
        """The same with more of them."""
        return Slips(self.answer, {**self.known, **more})

    def each(self) -> Iterator[tuple[str, Callable]]:
        """What is said and a function, one pair for each function."""
        for message, functions in self.known.items():
            for function in functions if isinstance(functions, tuple) else (functions,):
                yield message, function

    def by(self, measure: Callable[..., Any]) -> Measured:
        """``measure(function)`` of each, computed only when it is asked for."""
        return [(functools.partial(measure, function), message) for message, function in self.each()]

    def at(self, *arguments: Any) -> Measured:
        """What each makes of these arguments."""
        return self.by(lambda f: f(*arguments))


def times(factor: float, f: Callable) -> Callable:
    """A sign (-1), a half too much (1/2), bits (1 / log 2): the function f with a factor."""
    return lambda *arguments: factor * f(*arguments)


def swapped(f: Callable) -> Callable:
    """The function f with its first two arguments exchanged."""
    return lambda a, b, *others: f(b, a, *others)


class _Summing(torch.overrides.TorchFunctionMode):
    def __torch_function__(self, function, types, args=(), kwargs=None):
        return (torch.sum if getattr(function, "__name__", "") == "mean" else function)(*args, **(kwargs or {}))


def summed(f: Callable) -> Callable:
    """The function f with a sum wherever it takes a mean."""

    def sums(*arguments: Any) -> Any:
        with _Summing():
            return f(*arguments)

    return sums


def numbers(thing: Any) -> Tensor | None:
    """Real numbers of Python, numpy or torch as float64 on the CPU.

    None of all else: of complex ones, whose imaginary parts no cast may take away (unless all are 0), of tensors without values
    (meta) or not laid out as such (sparse), of True and False, texts, and None.
    """
    if is_complex(thing):
        return None
    if isinstance(thing, np.ndarray):
        return torch.from_numpy(np.array(thing.real, np.float64, order="C")) if thing.dtype.kind in "biufc" else None
    if isinstance(thing, Tensor):
        odd = thing.device.type == "meta" or thing.layout is not torch.strided
        return None if odd else real(thing).detach().double().cpu()
    if isinstance(thing, np.number):
        thing = thing.item()
    if isinstance(thing, complex):
        thing = thing.real
    if isinstance(thing, bool) or not isinstance(thing, int | float):
        return None
    return torch.tensor(float(thing), dtype=torch.float64)


def is_complex(thing: Any) -> bool:
    """Whether a number, an array or a tensor has an imaginary part that is not 0, or is complex and its values cannot be seen.

    NaN is not 0.  Eigenvalues are of a complex kind also where all are real, and then nothing is lost with the imaginary part.
    """
    if isinstance(thing, np.ndarray):
        return thing.dtype.kind == "c" and bool((thing.imag != 0).any())
    if isinstance(thing, Tensor):
        seen = thing.device.type != "meta" and thing.layout is torch.strided
        return thing.is_complex() and not (seen and bool((thing.imag == 0).all()))
    return isinstance(thing, complex | np.complexfloating) and bool(thing.imag != 0)


def real(thing: Tensor) -> Tensor:
    """A tensor that is not :func:`is_complex` as one of a real kind."""
    return thing.real if thing.is_complex() else thing


def _value(compute: Callable[[], Any]) -> Tensor | None:
    """A slip's value as a tensor; None where it cannot be computed."""
    with contextlib.suppress(Exception):
        return numbers(torch.as_tensor(compute()))
    return None


def likeliest(given: Tensor, wanted: Tensor, slips: Measured, rtol: float, atol: float) -> str:
    """What is said of the first slip with the given values and not the wanted ones; else, of one with the same wrong shape."""
    said = ""
    for compute, message in slips:
        other = _value(compute)
        if other is None or other.shape != given.shape:
            continue
        if given.shape != wanted.shape:
            said = said or message
        if agree(given, other, rtol, atol) and not (other.shape == wanted.shape and agree(other, wanted, rtol, atol)):
            return message
    return said


def agree(a: Tensor, b: Tensor, rtol: float, atol: float) -> bool:
    """Whether numbers of one shape agree within rtol * |b| + atol everywhere; NaN agrees with NaN, an infinity with itself."""
    same = (a == b) | (a.isnan() & b.isnan())  # infinities too
    near = b.isfinite() & ((a - b).abs() <= rtol * b.abs() + atol)
    return bool((same | near).all())
