"""What an answer does when it is called: its slopes, whom it writes upon, what it calls, on which device it works."""

from __future__ import annotations

import contextlib
import inspect
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from gancourse.classroom.homework.checks.sheets import Wrong
from gancourse.classroom.homework.checks.values import number, scalar, show, tensor


def gradient(
    f: Callable[[Tensor], Tensor], at: Tensor, slip: str = "no gradient reaches the argument: was it detached?"
) -> Tensor:
    """The gradient of the scalar f at a point, as autograd sees it."""
    x = at.detach().clone().requires_grad_()
    y = scalar(f(x))
    if not y.requires_grad:
        raise Wrong("a result that depends on its argument", "one without a gradient", slip)
    (slope,) = torch.autograd.grad(y, x, allow_unused=True)
    if slope is None:
        raise Wrong("a result that depends on its argument", "one without a gradient", slip)
    return slope


def finite_differences(f: Callable[[Tensor], Tensor], at: Tensor, step: float = 1e-5) -> Tensor:
    """The slopes of the scalar f by central differences, entry by entry; ``at`` is float64."""
    slopes = torch.zeros_like(at)
    for i in range(at.numel()):
        shifted = torch.zeros_like(at)
        shifted.view(-1)[i] = step
        slopes.view(-1)[i] = (number(f(at + shifted)) - number(f(at - shifted))) / (2 * step)
    return slopes


@contextlib.contextmanager
def unchanged(**tensors: Tensor) -> Iterator[None]:
    """The block must not write into these tensors."""
    before = {name: t.detach().clone() for name, t in tensors.items()}
    yield
    for name, t in tensors.items():
        if not torch.equal(t.detach().nan_to_num(), before[name].nan_to_num()):
            raise Wrong(
                f"{name} as it was",
                f"{name} overwritten",
                "an operation in place changed the caller's tensor: +=, *=, x[...] = or a name_()",
            )


@contextlib.contextmanager
def helped(answer: Callable, **right: Callable) -> Iterator[None]:
    """In the block an answer finds right functions under the names of the student's other ones, whose slips cost nothing here.

    A function that was not written in a notebook, or does not know the name, is left as it is.
    """
    written = inspect.unwrap(answer)  # beneath a decorator, torch.no_grad() say
    ours = f"{getattr(written, '__module__', '')}".startswith("gancourse.")
    space = written.__globals__ if isinstance(written, types.FunctionType) and not ours else {}
    kept = {name: space[name] for name in right if name in space}
    space.update({name: right[name] for name in kept})
    try:
        yield
    finally:
        space.update(kept)


@contextlib.contextmanager
def forbidden(names: Sequence[str], slip: str) -> Iterator[None]:
    """The block must not call these functions of torch (by name, wherever they are reached from)."""
    called: list[str] = []

    class Listener(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            if getattr(function, "__name__", "") in names:
                called.append(function.__name__)
            return function(*args, **(kwargs or {}))

    with Listener():
        yield
    if called:
        raise Wrong("your own computation", f"a call of {called[0]}", slip)


@contextlib.contextmanager
def fitting(expected: str, slip: str) -> Iterator[None]:
    """Tensors of the block that do not fit together, or a mask and what it picks from, said in the task's words."""
    try:
        yield
    except (RuntimeError, IndexError) as error:
        message = str(error).split("\n")[0]
        if not any(words in message for words in ("izes of tensors must match", "must match the size", "shape of the mask")):
            raise
        raise Wrong(expected, f"tensors that do not fit together ({message[:160]})", slip) from None


def trace(f: Callable[[Tensor], Any], x: Tensor, names: Sequence[str]) -> tuple[list[dict[str, Any]], Any]:
    """Run f(x) and note every call of the torch functions of those names, from layers or directly: name, arguments, shape."""
    calls: list[dict[str, Any]] = []

    class Listener(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            out = function(*args, **(kwargs or {}))
            if (name := getattr(function, "__name__", "")) in names:
                calls.append({"name": name, "arguments": _named(function, args, kwargs or {}), "shape": list(out.shape)})
            return out

    with Listener():
        out = f(x)
    return calls, out


def _named(function: Callable, args: Sequence[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments by name where the function tells its parameters' names."""
    try:
        return dict(inspect.signature(function).bind(*args, **kwargs).arguments)
    except (TypeError, ValueError):
        return dict(kwargs)


def on_meta(f: Callable[..., Any], *arguments: Any, slip: str = "") -> Any:
    """Run f on the ``meta`` device, which stands for any device that is not the CPU: a tensor made elsewhere is found out.

    There are no values on it: an answer that asks for one, as a loop over labels does, cannot be asked here, and nothing is said.
    """
    moved = [a.to("meta") if isinstance(a, Tensor) else a for a in arguments]
    said = slip or "a tensor was made on the CPU inside: use zeros_like, new_zeros, or device=x.device"
    try:
        came = f(*moved)
    except (RuntimeError, NotImplementedError, TypeError) as error:
        message = str(error).lower()
        if "expected device" in message or "same device" in message:
            raise Wrong("a result on the device of the arguments", "tensors of two devices that meet", said) from None
        if "meta" not in message:
            raise
        if "numpy" in message:
            came = "an array of numpy, which is on the CPU"
            raise Wrong("a result on the device of the arguments", came, "stay with tensors") from None
        return None
    if isinstance(came, Tensor) and came.device.type != "meta":
        raise Wrong("a result on the device of the arguments", f"one on {came.device}", said)
    return came


def harmless(f: Callable[..., Any], **arguments: Any) -> None:
    """Run f on the arguments, in their order: it writes into none of them, and works on any device.

    What does nothing does no harm either, so the result has to be made of the arguments: neither one of them nor a constant.
    """
    tensors = {name: value for name, value in arguments.items() if isinstance(value, Tensor)}
    with unchanged(**tensors):
        came = tensor(f(*arguments.values()))
    on_meta(f, *arguments.values())
    with unchanged(**tensors):
        others = (v.square() + 1 if isinstance(v, Tensor) and v.is_floating_point() else v for v in arguments.values())
        same = torch.equal(came, tensor(f(*others)))
    given = [name for name, value in tensors.items() if value.dtype == came.dtype and torch.equal(came, value)]
    if given or same:
        raise Wrong("a result made of the arguments", f"{given[0]} itself" if given else f"{show(came)}, whatever they are")
