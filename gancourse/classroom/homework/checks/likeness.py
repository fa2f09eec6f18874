"""Which known function an answer is: so that one slip costs its points once, and so that slopes are asked beside values."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from gancourse.classroom.homework.checks.calls import gradient
from gancourse.classroom.homework.checks.sheets import Sheet
from gancourse.classroom.homework.checks.values import compare, shape
from gancourse.classroom.slips import Slips, agree, numbers


def agrees(answer: Callable, other: Callable, *given: tuple[Any, ...], rtol: float = 1e-5, atol: float = 1e-7) -> bool:
    """Whether an answer makes of all these arguments the numbers that another function makes of them.

    Both get copies: what is written into is thrown away.  An answer that raises agrees with nothing.
    """
    for arguments in given:
        came, wanted = (_made(f, arguments) for f in (answer, other))
        if came is None or wanted is None or came.shape != wanted.shape or not agree(came, wanted, rtol, atol):
            return False
    return True


def _made(f: Callable, arguments: tuple[Any, ...]) -> Tensor | None:
    given = copy.deepcopy(arguments)  # not suppressed: it is the check's own
    with contextlib.suppress(Exception, SystemExit):
        return numbers(torch.as_tensor(f(*given)))
    return None


def likeness(answer: Callable, right: Callable, slips: Slips, *given: tuple[Any, ...]) -> Callable:
    """The slip that an answer is, by what it makes of all these arguments; the right function where it is that, or none is.

    An item that has told the slip by these arguments has taken its points; the items behind it compare with the slip's own
    numbers and slopes, and charge what is wrong beside it.  An answer that is no known slip, or that hands one of its arguments
    back, is compared with what is right: who does nothing earns nothing.
    """
    if agrees(answer, right, *given) or all(_idle(answer, arguments) for arguments in given):
        return right
    return next((f for _, f in slips.each() if agrees(answer, f, *given)), right)


def _idle(answer: Callable, arguments: tuple[Any, ...]) -> bool:
    came, tensors = _made(answer, arguments), [numbers(v) for v in arguments if isinstance(v, Tensor)]
    return came is not None and any(v is not None and torch.equal(came, v) for v in tensors)


def learns(sheet: Sheet, answer: Callable, right: Callable, slips: Slips, of: str = "", **given: Any) -> None:
    """The slopes of a weighted sum of the result are those of the right function: in all tensors, or in those named in ``of``."""
    names, values = list(given), list(given.values())
    mark = sheet.randn(*right(*values).shape)
    for place, (name, at) in enumerate(given.items()):
        if not isinstance(at, Tensor) or not at.is_floating_point() or (of and name not in of.split()):
            continue

        def slope(f: Callable, place: int = place, at: Tensor = at) -> Tensor:
            lost = f"no gradient reaches {names[place]}: was something detached, or computed without a graph?"
            return gradient(lambda v: (shape(f(*values[:place], v, *values[place + 1 :]), mark.shape) * mark).sum(), at, lost)

        compare(answer, right, slope, slips, f"the slopes in {name}", atol=1e-6)
