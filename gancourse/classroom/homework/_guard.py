"""Notices when an answer has changed what judges it.

A check runs in the process of the answer, so an answer can replace what the check relies on: ``torch.equal``, the check itself,
the way a ``with`` block ends, the built-in ``abs``.  The guard remembers those names, and the methods of classes with all their
double underscores, as they were when the homework was imported; it compares them before and after each part, and can put them
back.  It notices what is done by accident or to see whether it works; Python cannot keep out somebody who is determined to break
in, which is why the grader shows the teacher the code of every answer.

What is no change of a name is not accused but set aside: :func:`plain` runs a check with torch's own defaults.
"""

from __future__ import annotations

import builtins
import contextlib
import importlib
import os
import sys
import types
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
import torch.nn.functional
import torch.overrides
from torch.utils._device import DeviceContext

_BUILTINS = """abs all any bool callable compile delattr dict divmod enumerate eval exec filter float frozenset getattr hasattr
    hash id int isinstance issubclass iter len list map max min next object pow print property range repr reversed round set
    setattr slice sorted staticmethod str sum super tuple type vars zip __import__ __build_class__ BaseException Exception
    AssertionError ValueError TypeError NameError"""

# What others replace in good faith: torch when the first optimiser is made, and when the default type of numbers is set.
_OTHERS_CHANGE = {"manual_seed", "Storage"}
_COMPILERS_CHANGE = {"__init__", "__setstate__"}  # of torch.nn.Module, by torch.compile
_OF_EVERY_CLASS = {  # what Python keeps in classes and fills in when it needs it
    *("__doc__", "__dict__", "__weakref__", "__module__", "__slotnames__", "__static_attributes__", "__firstlineno__"),
    *("__annotations__", "__annotate__", "__annotate_func__", "__annotations_cache__", "__abstractmethods__", "_abc_impl"),
}
_ABSENT = object()

Inside = tuple[Any, ...]


class Guard:
    """What names meant, what stood inside the functions that they meant, and which names classes had."""

    def __init__(self) -> None:
        self.names: dict[int, tuple[Any, dict[str, tuple[str, Any]]]] = {}  # module or class, and name -> (where, value)
        self.inside: dict[str, tuple[types.FunctionType, Inside]] = {}
        self.classes: dict[str, tuple[type, frozenset[str]]] = {}
        self.tensor = frozenset(vars(torch.Tensor))

    def watch(self, where: str, space: Any, only: Iterable[str] | None = None, whole: bool = False) -> None:
        """Remember the functions and classes of a module, or the methods of a class; with ``whole`` everything in it."""
        for name in list(vars(space)) if only is None else only:
            value = vars(space)[name]
            if name in _OTHERS_CHANGE or name in _OF_EVERY_CLASS:
                continue
            if only is None and name.startswith("__") and isinstance(space, types.ModuleType):
                continue
            method = callable(value) or isinstance(value, property | classmethod | staticmethod)
            if whole or (method and not isinstance(value, types.ModuleType)):
                self.names.setdefault(id(space), (space, {}))[1][name] = (f"{where}.{name}", value)
                self._look_into(f"{where}.{name}", value, whole)
        if whole and isinstance(space, type):
            self.classes[where] = (space, frozenset(vars(space)))

    def _look_into(self, where: str, value: Any, closed: bool) -> None:
        value = value.__func__ if isinstance(value, classmethod | staticmethod) else value
        inner = (value.fget, value.fset) if isinstance(value, property) else (value, getattr(value, "__wrapped__", None))
        for part, function in zip(("", " (inside)"), inner, strict=True):
            if isinstance(function, types.FunctionType):
                self.inside[where + part] = (function, _inside(function, closed))

    def watch_module(self, name: str, whole: bool = True) -> None:
        """Import and remember a module and the classes that it defines."""
        module = importlib.import_module(name)
        self.watch(name, module, whole=whole)
        for key, value in list(vars(module).items()):
            if isinstance(value, type) and value.__module__ == name:
                self.watch(f"{name}.{key}", value, whole=True)

    def complain(self) -> str:
        """A sentence that names what was changed; empty if nothing was."""
        return self.sentinel()[0]()

    def restore(self) -> None:
        """Put everything back."""
        self.sentinel()[1]()

    def sentinel(self) -> tuple[Callable[[], str], Callable[[], None]]:
        """``complain`` and ``restore`` as functions that hold what they need, out of reach of replaced names."""
        names = [(space, list(known.items())) for space, known in self.names.values()]
        insides, classes = list(self.inside.items()), list(self.classes.items())
        tensor, inherited, base = self.tensor, torch.Tensor.__mro__[1:], torch.Tensor
        of, differs, absent, passing, difference = vars, _differs, _ABSENT, _OF_EVERY_CLASS, frozenset.difference
        anything, put, take, modes = any, setattr, delattr, torch._C._len_torch_function_stack
        pop, default_device = torch.overrides._pop_mode, DeviceContext
        mode_at, tracer, profiler, kind = torch._C._get_function_stack_at, sys.gettrace, sys.getprofile, type
        untrace, unprofile, mend = sys.settrace, sys.setprofile, _mend
        traced, profiled = tracer(), profiler()

        def added(cls: type, before: frozenset[str]) -> list[str]:
            return [name for name in difference(frozenset(of(cls)), before) if name not in passing]

        def onto_tensor() -> list[str]:
            """Methods put on Tensor in front of those that it inherits."""
            return [name for name in added(base, tensor) if anything(name in of(cls) for cls in inherited)]

        def strange_modes() -> int:
            return sum(kind(mode_at(place)) is not default_device for place in range(modes()))

        def changed() -> str:
            for space, known in names:
                now = of(space).get
                for name, (where, value) in known:
                    if now(name, absent) is not value:
                        return where
            for where, (function, inside) in insides:
                if differs(function, inside):
                    return where
            for where, (cls, before) in classes:
                for name in added(cls, before):
                    return f"{where}.{name}"
            for name in onto_tensor():
                return f"torch.Tensor.{name}"
            if strange_modes():
                return "what torch's functions do (a TorchFunctionMode)"
            if tracer() is not traced or profiler() is not profiled:
                return "the tracing of Python's frames"
            return ""

        def complain() -> str:
            where = changed()
            if not where:
                return ""
            return f"{where} is no longer what it was when the homework was imported: restart the kernel and leave it as it is"

        def restore() -> None:
            for space, known in names:
                for name, (_, value) in known:
                    if of(space).get(name, absent) is not value:
                        put(space, name, value)
            for _, (function, inside) in insides:
                mend(function, inside)
            for _, (cls, before) in classes:
                for name in added(cls, before):
                    take(cls, name)
            for name in onto_tensor():
                take(base, name)
            while strange_modes():
                pop()
            untrace(traced)
            unprofile(profiled)

        return complain, restore


def _inside(function: types.FunctionType, closed: bool) -> Inside:
    """Code, defaults and, if asked for, what the function has closed over."""
    keywords = function.__kwdefaults__
    cells = [(cell, _content(cell)) for cell in function.__closure__ or ()] if closed else []
    return function.__code__, function.__defaults__, keywords, list((keywords or {}).items()), cells


def _content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # nothing is in it yet
        return _ABSENT


def _differs(function: types.FunctionType, inside: Inside) -> bool:
    code, defaults, keywords, items, cells = inside
    if function.__code__ is not code or function.__defaults__ is not defaults or function.__kwdefaults__ is not keywords:
        return True
    for key, value in items:
        if (keywords or {}).get(key, _ABSENT) is not value:
            return True
    return any(_content(cell) is not content for cell, content in cells)


def _mend(function: types.FunctionType, inside: Inside) -> None:
    code, defaults, keywords, items, cells = inside
    if function.__code__ is not code:
        function.__code__ = code
    if keywords is not None:
        keywords.clear()
        keywords.update(items)
    function.__defaults__, function.__kwdefaults__ = defaults, keywords
    for cell, content in cells:
        if content is not _ABSENT:
            cell.cell_contents = content


@contextlib.contextmanager
def plain() -> Iterator[None]:
    """In the block torch is as it comes: float32, on the CPU, with gradients, without autocast, whatever the notebook has set;
    and a warning is no error."""
    dtype, device = torch.get_default_dtype(), torch.get_default_device()
    torch.set_default_dtype(torch.float32)
    if device.type != "cpu":
        torch.set_default_device("cpu")
    try:
        with torch.inference_mode(False), torch.enable_grad(), torch.autocast("cpu", enabled=False), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.set_default_dtype(dtype)
        if device.type != "cpu":
            torch.set_default_device(device)


guard = Guard()
guard.watch("builtins", builtins, _BUILTINS.split())
for _name in ("math", "torch", "torch.nn.functional", "torch.autograd"):
    guard.watch(_name, importlib.import_module(_name))
guard.watch("os", os, ("write", "read", "open", "dup2", "_exit"))  # debuggers replace others
for _name in ("contextlib", "functools", "inspect", "json", "json.decoder", "json.encoder", "traceback", "torch.overrides"):
    guard.watch_module(_name, whole=False)
guard.watch("torch.Tensor", torch.Tensor)
guard.watch("torch.nn.Module", torch.nn.Module, set(vars(torch.nn.Module)) - _COMPILERS_CHANGE)
guard.watch_module(__name__)
