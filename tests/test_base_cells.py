"""Which lines of cells an error went through, and whether a shell is there."""

from __future__ import annotations

import sys
import types

import pytest

from gancourse.base import cells
from gancourse.gans.infogan import Categorical


def _raised(*names: str) -> list[tuple[str, int | None]]:
    """What is said of an error that goes through functions in files of these names."""
    code = "def call(inner):\n    inner()"
    call = lambda: 1 / 0  # noqa: E731
    for name in names[::-1]:
        space: dict = {}
        exec(compile(code, name, "exec"), space)
        call = lambda call=call, space=space: space["call"](call)  # noqa: E731
    try:
        call()
    except ZeroDivisionError as error:
        return [(frame.filename, frame.lineno) for frame in cells.raised_in(error)]
    raise AssertionError


def test_cells_are_known_by_the_names_of_their_files() -> None:
    kernel, terminal, graded = "/tmp/ipykernel_12/345.py", "<ipython-input-3-a>", "<losses>"
    assert _raised("/home/ada/notes.py", kernel, "/lib/torch/nn.py", terminal, graded) == [
        (kernel, 2),
        (terminal, 2),
        (graded, 2),
    ]
    assert _raised("/lib/torch/nn.py") == []


def test_what_python_generates_is_no_cell() -> None:
    """A dataclass that checks itself raises below an ``__init__`` in "<string>", with a line number of its own."""
    kernel = "/tmp/ipykernel_12/345.py"
    assert _raised(kernel, "<string>") == _raised(kernel, "<frozen importlib._bootstrap>") == [(kernel, 2)]
    try:
        exec(compile("made(1)", kernel, "exec"), {"made": Categorical})
    except ValueError as error:
        assert [(frame.filename, frame.lineno) for frame in cells.raised_in(error)] == [(kernel, 1)]


def test_a_shell_is_asked_for_and_ipython_is_not_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert cells.shell() is None and "IPython" not in sys.modules
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: "a shell"))
    assert cells.shell() == "a shell"
