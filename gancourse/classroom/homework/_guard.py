"""Notices when an answer has changed the functions that judge it.

A check runs in the process of the answer, so an answer can replace what the check relies on: ``torch.equal``, the check itself,
the built-in ``abs``.  The guard remembers those names as they were when the homework was imported, compares them before and
after each part, and can put them back.  It notices what is done by accident or to see whether it works; Python cannot keep out
somebody who is determined to break in, which is why the grader shows the teacher the code of every answer.
"""

from __future__ import annotations

import builtins
import importlib
import math
import os
import types
from collections.abc import Iterable, Iterator
from typing import Any

import torch
import torch.nn.functional

FOLDER = os.path.dirname(os.path.abspath(__file__))

_BUILTINS = """abs all any bool callable dict enumerate float getattr hasattr int isinstance iter len list map max min next
    range repr round set sorted str sum super tuple type zip BaseException AssertionError"""

_OTHERS_CHANGE = {"manual_seed"}  # torch replaces it itself when the first optimiser is made

Inside = tuple[Any, ...]


class Guard:
    """What names meant, and what stood inside the functions that they meant."""

    def __init__(self) -> None:
        self.names: dict[str, tuple[Any, str, Any]] = {}  # where -> (module or class, name, value)
        self.inside: dict[str, tuple[types.FunctionType, Inside]] = {}
        self.tensor = frozenset(vars(torch.Tensor))

    def copy(self) -> Guard:
        """Another guard with the same memory."""
        twin = Guard()
        twin.names, twin.inside, twin.tensor = dict(self.names), dict(self.inside), self.tensor
        return twin

    def watch(self, where: str, space: Any, only: Iterable[str] | None = None) -> None:
        """Remember the functions and classes of a module, or the methods of a class, as they are now."""
        for name in list(vars(space)) if only is None else only:
            value = vars(space)[name]
            if name.startswith("__") or name in _OTHERS_CHANGE or isinstance(value, types.ModuleType):
                continue
            if callable(value) or isinstance(value, property):
                self.names[f"{where}.{name}"] = (space, name, value)
                self._look_into(f"{where}.{name}", value)

    def _look_into(self, where: str, value: Any) -> None:
        for function in (value, getattr(value, "__wrapped__", None)):
            if isinstance(function, types.FunctionType):
                self.inside[f"{where} ({function.__name__})"] = (function, _inside(function))

    def watch_module(self, name: str) -> None:
        """Import and remember a module and the classes that it defines."""
        module = importlib.import_module(name)
        self.watch(name, module)
        for key, value in list(vars(module).items()):
            if isinstance(value, type) and value.__module__ == name:
                self.watch(f"{name}.{key}", value)

    def complain(self) -> str:
        """A sentence that names what was changed; empty if nothing was."""
        if (name := next(self._changed(), None)) is None:
            return ""
        return f"{name} is no longer what it was when the homework was imported: restart the kernel and leave it as it is"

    def _changed(self) -> Iterator[str]:
        for where, (space, name, value) in self.names.items():
            if vars(space).get(name) is not value:
                yield where
        for where, (function, inside) in self.inside.items():
            now = _inside(function)
            if now[0] is not inside[0] or now[1:] != inside[1:]:
                yield where
        yield from (f"torch.Tensor.{name}" for name in self._added())

    def _added(self) -> list[str]:
        """Methods put on Tensor in front of those that it inherits."""
        inherited = torch.Tensor.__mro__[1:]
        return [name for name in set(vars(torch.Tensor)) - self.tensor if any(name in vars(cls) for cls in inherited)]

    def restore(self) -> None:
        """Put everything back."""
        for space, name, value in self.names.values():
            if vars(space).get(name) is not value:
                setattr(space, name, value)
        for function, (code, defaults, keywords) in self.inside.values():
            if function.__code__ is not code:
                function.__code__ = code
            function.__defaults__, function.__kwdefaults__ = defaults, keywords
        for name in self._added():
            delattr(torch.Tensor, name)


def _inside(function: types.FunctionType) -> Inside:
    return function.__code__, function.__defaults__, function.__kwdefaults__


guard = Guard()
guard.watch("builtins", builtins, _BUILTINS.split())
for _name in ("math", "torch", "torch.nn.functional", "torch.Tensor", "torch.autograd"):
    guard.watch(_name, {"math": math, "torch": torch, "torch.Tensor": torch.Tensor}.get(_name) or importlib.import_module(_name))
guard.watch_module(__name__)
