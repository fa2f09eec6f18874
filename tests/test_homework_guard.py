"""The guard: what it notices and puts back, and what it leaves in peace."""

from __future__ import annotations

import builtins
import contextlib
import importlib
import json
import math
import os
import pkgutil
import sys
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.overrides import TorchFunctionMode

from gancourse.classroom.homework import _guard, checks, hw1


class _Always(TorchFunctionMode):
    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return True


def _close_over(function: Callable) -> None:
    for cell in function.__closure__:
        if callable(cell.cell_contents):
            cell.cell_contents = lambda *a: None


@pytest.mark.parametrize(
    "patch",
    [
        lambda: setattr(torch, "allclose", lambda *a, **k: True),
        lambda: setattr(torch.Tensor, "__eq__", lambda a, b: True),
        lambda: setattr(torch.nn.Module, "__call__", lambda *a: None),
        lambda: setattr(checks, "close", lambda *a, **k: None),
        lambda: setattr(checks.close, "__code__", (lambda *a, **k: None).__code__),
        lambda: setattr(checks.close, "__kwdefaults__", {"rtol": 1e9}),
        lambda: setattr(checks.Sheet, "item", lambda *a: None),
        lambda: setattr(checks.Item, "__setattr__", lambda self, name, value: None),
        lambda: setattr(checks.Item, "got", property(lambda self: 100.0, lambda self, value: None)),
        lambda: setattr(checks.Score, "__lt__", lambda a, b: False),
        lambda: setattr(checks.Report, "__getattribute__", lambda self, name: 4.0),
        lambda: setattr(checks, "sheets", None),
        lambda: setattr(checks.sheets, "_guard", None),
        lambda: _close_over(hw1.losses),
        lambda: setattr(contextlib._GeneratorContextManager, "__exit__", lambda *a: True),
        lambda: setattr(json, "dumps", lambda *a: "{}"),
        lambda: setattr(json.encoder.JSONEncoder, "encode", lambda *a: "{}"),
        lambda: setattr(os, "write", lambda handle, text: len(text)),
        lambda: setattr(_guard.guard, "complain", lambda: "") or setattr(math, "log", abs),
        lambda: setattr(_guard.Guard, "complain", lambda self: ""),
        lambda: setattr(builtins, "abs", lambda x: 0),
        lambda: _Always().__enter__(),
        lambda: sys.setprofile(lambda *a: None),
    ],
)
def test_it_notices_and_repairs(patch: Callable[[], Any]) -> None:
    complain, restore = _guard.guard.sentinel()
    assert complain() == ""
    try:
        patch()
        assert "is no longer what it was" in complain()
    finally:
        restore()
        vars(_guard.guard).pop("complain", None)
    assert complain() == _guard.guard.complain() == ""


MACHINERY = [found.name for found in pkgutil.iter_modules(checks.__path__, f"{checks.__name__}.")]


@pytest.mark.parametrize("name", [checks.__name__, *MACHINERY, *(f"{_guard.__package__}.hw{n}" for n in range(1, 9))])
def test_every_module_of_the_checks_is_watched(name: str) -> None:
    """Each name of a module, in whichever it is called, and each name of the classes that it defines."""
    module = importlib.import_module(name)
    complain, restore = _guard.guard.sentinel()
    spaces = [module, *(value for value in vars(module).values() if isinstance(value, type) and value.__module__ == name)]
    replaced = [(space, key) for space in spaces for key, value in vars(space).items() if callable(value) and key[0] != "_"]
    assert len(replaced) > 5
    for space, key in replaced:
        try:
            setattr(space, key, lambda *a, **k: None)
            assert f"{key} is no longer what it was" in complain(), (space, key)
        finally:
            restore()


def test_a_name_replaced_in_the_guard_does_not_reach_the_sentinel(monkeypatch: pytest.MonkeyPatch) -> None:
    complain, _ = _guard.guard.sentinel()
    monkeypatch.setattr(_guard, "_differs", lambda *a: False)
    monkeypatch.setattr(checks.close, "__code__", (lambda *a, **k: None).__code__)
    monkeypatch.setattr(_guard, "vars", lambda space: {}, raising=False)
    assert complain()


@pytest.mark.parametrize(
    "act",
    [
        lambda: torch.set_default_dtype(torch.float64),
        lambda: torch.set_default_device("cpu"),
        lambda: torch.set_default_device("meta"),
        lambda: torch.set_grad_enabled(False),
        lambda: torch.manual_seed(3),
        lambda: torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))]).step(),
        lambda: torch.compile(lambda x: 2 * x, backend="eager")(torch.ones(2)),
        lambda: checks.Tape().__reduce_ex__(2),
    ],
)
def test_settings_are_no_offence_and_a_check_does_not_see_them(act: Callable[[], Any]) -> None:
    @checks.part(points=1)
    def example(sheet: checks.Sheet) -> None:
        with sheet.item("torch as it comes"):
            x = torch.ones(2, requires_grad=True)
            assert (x.dtype, x.device.type, (2 * x).requires_grad) == (torch.float32, "cpu", True)

    try:
        act()
        assert _guard.guard.complain() == ""
        assert example(quiet=True) == 1, str(example(quiet=True).report)
    finally:
        torch.set_default_dtype(torch.float32)
        torch.set_default_device(None)
        torch.set_grad_enabled(True)


def test_what_the_notebook_has_set_is_there_again_after_a_check() -> None:
    try:
        torch.set_default_dtype(torch.float64)
        with torch.no_grad():
            with _guard.plain():
                assert torch.ones(1).dtype is torch.float32 and torch.is_grad_enabled()
            assert torch.ones(1).dtype is torch.float64 and not torch.is_grad_enabled()
    finally:
        torch.set_default_dtype(torch.float32)
