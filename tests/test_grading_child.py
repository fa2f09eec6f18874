"""What runs inside a submission's process, tried in this one."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from gancourse.classroom.homework import checks
from gancourse.classroom.homework.grading import child
from tests.homework import handed_in

_CHECK = "points = hw1.optimal(optimal_discriminator)\npoints"
_RIGHT = """def optimal_discriminator(p, q, a=1.0, b=0.0):
    return torch.where(p + q > 0, (a * p + b * q) / (p + q), torch.full_like(p, 0.5))"""


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Iterator[child.Work]:
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, getattr(sys, name))  # put back afterwards
    made = child.Work("import torch\nfrom gancourse.classroom.homework import hw1", handed_in.LIMITS)
    yield made
    made.restore()


def _do(work: child.Work, code: str, kind: str = "own", **troubles: str) -> dict[str, Any]:
    return work.do(kind, "a cell", code, troubles)


def test_cells_share_a_namespace_and_checks_borrow_from_it(work: child.Work) -> None:
    assert _do(work, _RIGHT) == {"error": "", "items": [], "output": "", "tampered": ""}
    told = _do(work, _CHECK, "check")
    assert told["error"] == "" and sum(points for _, points, held, _ in told["items"] if held) == 3
    assert "optimal: 3 of 3 points" in told["output"]


def test_what_a_cell_prints_and_raises_is_told(work: child.Work) -> None:
    told = _do(work, "%matplotlib inline\n!pip install x\nprint('here')\n1 / 0")
    assert told["output"] == "here\n" and told["error"].endswith("ZeroDivisionError: division by zero")
    assert "printed more than" in _do(work, "while True: print('x' * 1000)")["error"]
    if hasattr(signal, "setitimer"):  # elsewhere the grader ends the whole process
        assert "endless loop" in _do(work, "while True: pass")["error"]
    assert "SystemExit" in _do(work, "exit()")["error"]
    assert "line 1: def f(" in _do(work, "def f(")["error"]
    assert "whose text cannot be shown" in _do(work, "class E(Exception):\n    def __str__(self): 1 / 0\nraise E")["error"]


def test_a_missing_function_is_named_with_the_reason(work: child.Work) -> None:
    told = _do(work, _CHECK, "check", optimal="SyntaxError: x")
    assert told["error"] == "optimal_discriminator is not defined where the check needs it\noptimal: SyntaxError: x"


def test_names_of_ours_and_of_python_cannot_be_shadowed(work: child.Work) -> None:
    _do(work, f"{_RIGHT}\nmin = max = len = None\nhw1 = None\ntorch = None")
    assert "NoneType" in _do(work, _CHECK, "check")["items"][0][3]  # the answer's own torch
    _do(work, f"import torch\n{_RIGHT}")
    assert all(held for _, _, held, _ in _do(work, _CHECK, "check")["items"])


def test_warnings_are_no_errors_in_checks(work: child.Work) -> None:
    noisy = "import warnings\nwarnings.simplefilter('error')\n" + _RIGHT.replace("return", "warnings.warn('x'); return")
    _do(work, noisy)
    try:
        assert all(held for _, _, held, _ in _do(work, _CHECK, "check")["items"])
    finally:
        _do(work, "warnings.resetwarnings()")


def test_a_check_must_end_in_a_score(work: child.Work) -> None:
    assert "of type float" in _do(work, "20.0", "check")["error"]


def test_the_known_check_tells_right_from_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    assert child.tells_right_from_wrong()
    monkeypatch.setattr(checks, "close", lambda *a, **k: None)
    assert not child.tells_right_from_wrong()


def test_what_lies_beneath_the_checks_is_tried(work: child.Work) -> None:
    """torch can be told to compute otherwise without any name being replaced."""
    code = "library = torch.library.Library('aten', 'IMPL')\nalways = lambda a, b: torch.ones_like(a, dtype=torch.bool)\n"
    code += "library.impl('le.Tensor', always, 'CPU')"
    try:
        told = _do(work, code)
        assert told["error"] == "" and "beneath the checks" in told["tampered"]
    finally:
        del work.space["library"]
    assert child.tells_right_from_wrong()


def test_an_item_holds_only_if_all_says_so() -> None:
    item = checks.Item("title", 2.0, 2.0)
    assert child._holds(item)
    for got, text in ((0.0, ""), (2.0, "wrong"), (float("nan"), ""), (float("inf"), ""), (torch.tensor(2.0), ""), (3.0, "")):
        item.got, item.text = got, text
        assert not child._holds(item), (got, text)
