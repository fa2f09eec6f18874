"""The vocabulary of the homework's checks: what was expected, what came, and the likely slip.

An assignment is a module with one function for each part:

>>> @part(points=2)
... def losses(sheet, generator_loss):
...     with sheet.item("the loss is log 2 where D cannot tell", points=1):
...         close(generator_loss(torch.zeros(4)), math.log(2), slips=_LOSS.at(torch.zeros(4)))
...     with sheet.item("it is a scalar", points=1):
...         scalar(generator_loss(torch.zeros(4)))

Called in a notebook as ``hw1.losses(generator_loss)`` it prints one line for each item and returns a :class:`Score`, a number
that nbgrader reads as partial credit.  An item that fails, for whatever reason, costs its own points and no others.

Checks compare with closed forms, finite differences and other ways to the same number, at random inputs that depend on
``seed``: the graded cells ask again with a seed that the student has not seen.

A slip is a wrong answer that is known beforehand: a function with the answer's own signature, and what is said of it.  The slips
of an answer stand in one table of the module; the check computes what each of them makes of its inputs and compares, and the
tests plant every one of them as a student's answer.

>>> _LOSS = Slips("generator_loss") | {"this is the sum, take the mean": summed(_loss), "a sign": times(-1, _loss)}
>>> compare(generator_loss, _loss, (logits,), _LOSS)
"""

from __future__ import annotations

import contextlib
import copy
import functools
import inspect
import math
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from gancourse.classroom.homework import _guard, unwritten

_UNWRITTEN = "not written yet"

Measured = Sequence[tuple[Callable[[], Any], str]]  # what computes a slip's value, and what is said of it


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
        if self.items and all(item.text == _UNWRITTEN for item in self.items):
            return f"{lines[0]}, {_UNWRITTEN}"
        said: set[str] = set()
        for item in self.items:
            word = {"": "right", _UNWRITTEN: "open "}.get(item.text, "WRONG")
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
    def item(self, title: str, points: float = 1.0) -> Iterator[None]:
        """A block whose points are given if it ends without an exception."""
        item = Item(title, points)
        self.report.items.append(item)
        try:
            yield
        except (KeyboardInterrupt, TimeUp) as error:
            item.text = _explain(error)
            raise
        except BaseException as error:
            item.text = _explain(error)
        else:
            item.got = points

    def randn(self, *shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
        """Standard normal numbers."""
        return torch.randn(*shape, generator=self.generator, dtype=dtype)

    def rand(self, *shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
        """Uniform numbers in [0, 1)."""
        return torch.rand(*shape, generator=self.generator, dtype=dtype)

    def integer(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return int(torch.randint(low, high + 1, (), generator=self.generator))


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
    if isinstance(error, NotImplementedError):
        return _UNWRITTEN
    if isinstance(error, TimeUp):
        return str(error)
    if isinstance(error, SystemExit):
        return "expected  a result\ncame      a call of exit()"
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(_guard.FOLDER)]
    inner = [frame for frame in own if "ipykernel" in frame.filename or frame.filename.startswith("<")]
    where = f", line {inner[-1].lineno} of its cell: {inner[-1].line}".rstrip(": ") if inner else ""
    message = str(error).strip().split("\n")[0][:300]
    return f"expected  a result\ncame      {type(error).__name__}: {message}{where}"


# Showing what came -------------------------------------------------------------------------------------------------------


def show(value: Any) -> str:
    """A value in a few words."""
    if type(value) in (int, bool, str):
        return repr(value)[:120]
    if type(value) is float:
        return f"{value:.6g}"
    if isinstance(value, Tensor) and type(value) in (Tensor, nn.Parameter):
        value = value.detach()
        if value.numel() == 0 or value.device.type == "meta":
            return f"a tensor of shape {list(value.shape)}"
        if value.ndim == 0:
            return f"{value.item():.6g}"
        if value.numel() <= 8:
            return (
                "["
                + ", ".join(f"{v:.4g}" for v in value.double().flatten().tolist())
                + "]"
                + (f" of shape {list(value.shape)}" if value.ndim > 1 else "")
            )
        v = value.double()
        return f"a tensor {list(value.shape)} with mean {v.mean():.4g} and values from {v.min():.4g} to {v.max():.4g}"
    if isinstance(value, list | tuple) and len(value) <= 12:
        text = ", ".join(show(v) for v in value)
        return f"[{text}]" if isinstance(value, list) else f"({text})"
    if value is None:
        return "None (is a return missing?)"
    return f"something of type {type(value).__name__}"


# Slips -------------------------------------------------------------------------------------------------------------------


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

    def by(self, measure: Callable[[Callable], Any]) -> Measured:
        """``measure(function)`` of each, computed only when it is asked for."""
        return [(functools.partial(measure, function), message) for message, function in self.each()]

    def at(self, *arguments: Any) -> Measured:
        """What each makes of these arguments."""
        return self.by(lambda f: f(*arguments))


def compare(
    answer: Callable,
    right: Callable,
    at: tuple[Any, ...] | Callable[[Callable], Any],
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
    if size:
        shape(came, expected.shape, size, known)
    close(read(came) if read else came, expected, what, slips=known, **more)


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


def _slip(given: Tensor, wanted: Tensor, slips: Measured, rtol: float, atol: float) -> str:
    """What is said of the first slip with the given values and not the wanted ones; else, of one with the same wrong shape."""
    said = ""
    for compute, message in slips:
        other = _value(compute)
        if other is None or other.shape != given.shape:
            continue
        if given.shape != wanted.shape:
            said = said or message
        if _agree(given, other, rtol, atol) and not (other.shape == wanted.shape and _agree(other, wanted, rtol, atol)):
            return message
    return said


# Checks ------------------------------------------------------------------------------------------------------------------


def tensor(came: Any, what: str = "a tensor") -> Tensor:
    """``came`` if it is a plain tensor."""
    if type(came) not in (Tensor, nn.Parameter):
        raise Wrong(what, show(came))
    return came


def shape(came: Any, expected: Sequence[int], slip: str = "", slips: Measured = ()) -> Tensor:
    """``came`` if it is a tensor of that shape; else the first of the ``slips`` that has what came, or its shape, is said."""
    came = tensor(came, f"a tensor of shape {list(expected)}")
    if tuple(came.shape) != tuple(expected):
        if came.device.type != "meta":
            slip = _slip(came.detach().cpu().double(), torch.empty(tuple(expected), device="meta"), slips, 1e-5, 1e-7) or slip
        raise Wrong(f"a tensor of shape {list(expected)}", f"one of shape {list(came.shape)}", slip)
    return came


def scalar(came: Any, slip: str = "a loss is one number: take the mean over the batch") -> Tensor:
    """``came`` if it is a tensor with no dimensions."""
    came = tensor(came, "a scalar tensor")
    if came.ndim:
        raise Wrong("a scalar tensor", f"a tensor of shape {list(came.shape)}", slip)
    return came


def number(came: Any, what: str = "a number") -> float:
    """``came`` as a float: an int, a float, or a tensor that holds one number."""
    if type(came) in (Tensor, nn.Parameter) and came.numel() == 1:
        return float(came.detach())
    if type(came) in (int, float):
        return float(came)
    raise Wrong(what, show(came))


def equal(came: Any, expected: Any, slip: str = "", slips: Measured = ()) -> None:
    """Exact equality of ints, strings, booleans, or lists and tuples of them; 3.0 counts as 3."""
    if _plain(came) == _plain(expected):
        return
    for compute, message in slips:
        with contextlib.suppress(Exception):
            if _plain(came) == (other := _plain(compute())) and other != _plain(expected):
                slip = message
                break
    raise Wrong(show(expected), show(came), slip)


def _plain(value: Any) -> Any:
    """Lists of lists of builtin values; anything else becomes a thing that equals nothing."""
    if type(value) in (Tensor, nn.Parameter):
        return _plain(value.detach().tolist())
    if type(value) in (list, tuple):
        return [_plain(v) for v in value]
    if type(value) is bool:
        return str(value).lower()  # True is not 1 here
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
    wanted = torch.as_tensor(expected).detach().double()
    given = _numbers(came, wanted, what, slips, slip)
    prefix = f"{what}: " if what else ""
    if _agree(given, wanted, rtol, atol):
        return
    slip = _slip(given, wanted, slips, rtol, atol) or slip
    if not slip and not torch.isfinite(given).all() and torch.isfinite(wanted).all():
        slip = "NaN or infinity: a logarithm of 0, a division by 0, or an exponential that overflows"
    if given.numel() <= 8:
        raise Wrong(prefix + show(wanted), show(given), slip)
    gap = (given - wanted).abs().nan_to_num(math.inf)
    place = [int(i) for i in torch.unravel_index(gap.argmax(), gap.shape)]
    bad = int((gap > rtol * wanted.abs() + atol).sum())
    at = tuple(place)
    raise Wrong(
        f"{prefix}{float(wanted[at]):.6g} at {place}",
        f"{float(given[at]):.6g} there; {bad} of {gap.numel()} entries differ",
        slip,
    )


def _numbers(came: Any, wanted: Tensor, what: str, slips: Measured, slip: str) -> Tensor:
    if type(came) in (int, float) and wanted.ndim == 0:
        return torch.tensor(float(came), dtype=torch.float64)
    came = tensor(
        came, (f"{what}: " if what else "") + (show(wanted) if wanted.numel() <= 8 else f"a tensor {list(wanted.shape)}")
    )
    if not came.numel() == wanted.numel() == 1:
        shape(came, wanted.shape, slip, slips)
    if came.device.type == "meta":
        raise Wrong("numbers", "a tensor without values")
    return came.detach().cpu().double().reshape(wanted.shape)


def _agree(a: Tensor, b: Tensor, rtol: float, atol: float) -> bool:
    same = (a == b) | (a.isnan() & b.isnan())  # infinities too
    near = b.isfinite() & ((a - b).abs() <= rtol * b.abs() + atol)
    return bool((same | near).all())


def finite(came: Tensor, what: str = "the result", slip: str = "") -> Tensor:
    """``came`` if it holds neither NaN nor infinity."""
    if not bool(torch.isfinite(tensor(came)).all()):
        raise Wrong(f"{what} without NaN and infinity", show(came), slip)
    return came


def true(condition: Any, expected: str, came: str, slip: str = "") -> None:
    """A condition in words of its own."""
    if not bool(condition):
        raise Wrong(expected, came, slip)


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
    """Run f on the ``meta`` device, which stands for any device that is not the CPU: a tensor made elsewhere is found out."""
    moved = [a.to("meta") if isinstance(a, Tensor) else a for a in arguments]
    said = slip or "a tensor was made on the CPU inside: use zeros_like, new_zeros, or device=x.device"
    try:
        came = f(*moved)
    except (RuntimeError, NotImplementedError) as error:
        if "meta" not in str(error).lower() and "device" not in str(error).lower():
            raise
        raise Wrong("a result on the device of the arguments", "tensors of two devices that meet", said) from None
    if isinstance(came, Tensor) and came.device.type != "meta":
        raise Wrong("a result on the device of the arguments", f"one on {came.device}", said)
    return came


# Mock players ------------------------------------------------------------------------------------------------------------


class Tape(list):
    """What happened, in order, one word each."""

    def count_of(self, word: str) -> int:
        return sum(entry == word for entry in self)

    def __str__(self) -> str:
        text = " ".join(self[:14])
        return f"{text} ... ({len(self)} in all)" if len(self) > 14 else text or "nothing"


class MockPlayer(nn.Module):
    """A linear network [N, n_in] -> [N, n_out] (or [N] for n_out = 0) that writes its name on the tape when it is called."""

    def __init__(self, name: str, tape: Tape, weight: Tensor, bias: Tensor, latent_dim: int | None = None) -> None:
        super().__init__()
        self.name, self.tape = name, tape
        self.weight, self.bias = nn.Parameter(weight.clone()), nn.Parameter(bias.clone())
        self.inputs: list[Tensor] = []
        self.modes: list[bool] = []
        if latent_dim is not None:
            self.latent_dim = latent_dim

    def forward(self, x: Tensor) -> Tensor:
        self.tape.append(self.name)
        self.inputs.append(x)
        self.modes.append(self.training)
        return x @ self.weight + self.bias


class MockOptimiser(torch.optim.SGD):
    """Plain gradient descent that writes ``zero NAME`` and ``step NAME`` on the tape."""

    def __init__(self, name: str, tape: Tape, module: nn.Module, lr: float) -> None:
        super().__init__(module.parameters(), lr=lr)
        self.tape, self.name = tape, name

    def zero_grad(self, *args: Any, **kwargs: Any) -> None:
        self.tape.append(f"zero {self.name}")
        super().zero_grad(*args, **kwargs)

    def step(self, *args: Any, **kwargs: Any) -> Any:
        self.tape.append(f"step {self.name}")
        return super().step(*args, **kwargs)

    step.hooked = True  # type: ignore[attr-defined]  # else torch replaces the method when the first one is made


class Table:
    """Two players who hold old gradients, as the other one's step leaves them; the same ones whenever the table is laid."""

    def __init__(self, tape: Tape, g: nn.Module, d: nn.Module, lr: float) -> None:
        self.tape, self.g, self.d, self.lr = tape, g, d, lr

    def lay(self) -> tuple[nn.Module, nn.Module, MockOptimiser, MockOptimiser]:
        """G, D and their optimisers; the tape begins anew."""
        self.tape.clear()
        players = [copy.deepcopy(player) for player in (self.g, self.d)]
        for player in players:
            player.tape = self.tape
            for p in player.parameters():
                p.grad = torch.full_like(p, 5.0)
        g, d = players
        return g, d, MockOptimiser("G", self.tape, g, self.lr), MockOptimiser("D", self.tape, d, self.lr)


def weights(module: nn.Module) -> Tensor:
    """All parameters of a module in one vector."""
    return torch.cat([p.detach().flatten() for p in module.parameters()])


def gradients(module: nn.Module) -> Tensor:
    """All gradients of a module in one vector; zeros where there is none."""
    return torch.cat([(torch.zeros_like(p) if p.grad is None else p.grad).detach().flatten() for p in module.parameters()])


def seal(name: str, *oracles: str) -> None:
    """Called at the end of an assignment's module: watch it and the modules that it asks for the right answers."""
    for module in (name, *oracles):
        _guard.guard.watch_module(module)


seal(__name__)
unwritten.say_kindly()
