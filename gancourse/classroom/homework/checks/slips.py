"""Slips: wrong answers that are known beforehand, and which of them is what came."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

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


def _value(compute: Callable[[], Any]) -> Tensor | None:
    """A slip's value as a tensor; None where it cannot be computed."""
    with contextlib.suppress(Exception):
        return torch.as_tensor(compute()).detach().double()
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
    same = (a == b) | (a.isnan() & b.isnan())  # infinities too
    near = b.isfinite() & ((a - b).abs() <= rtol * b.abs() + atol)
    return bool((same | near).all())
