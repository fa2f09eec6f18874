"""Cells that lack an answer say which; every other error is shown as it always is."""

import pytest

from gancourse.classroom.homework import unwritten


@pytest.fixture
def cells(monkeypatch, capsys):
    """Runs a cell in a shell of its own and returns what it printed."""
    shells = pytest.importorskip("IPython.core.interactiveshell")
    monkeypatch.setattr(unwritten, "_missing", {})
    shell = shells.InteractiveShell.instance()
    unwritten.say_kindly()

    def run(code):
        shell.run_cell(code, store_history=True)
        return capsys.readouterr().out

    run("def answer(x):\n    raise NotImplementedError")
    yield run
    shells.InteractiveShell.clear_instance()


def test_without_a_shell_nothing_happens():
    unwritten.say_kindly()


def test_a_cell_says_which_answer_it_lacks(cells):
    assert cells("picture = answer(1)") == "This cell needs answer(): not written yet.\n"


def test_what_a_lacking_cell_would_have_made_is_named_below_it(cells):
    cells("picture = answer(1)\ndef shown(): return picture\nclass Twice: pass")
    for name in ("picture", "shown", "Twice"):
        assert cells(f"{name}") == f"This cell needs {name}, which a cell above makes with answer(): not written yet.\n"
    assert "answer()" in cells("second = picture + 1") and "answer()" in cells("second")


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("nowhere", "NameError"),
        ("raise NotImplementedError", "NotImplementedError"),
        ("def refuse(): raise NotImplementedError('only for images')\nrefuse()", "only for images"),
        ("1 / 0", "ZeroDivisionError"),
        ("import torch\ntorch.nn.Module()(1)", "NotImplementedError"),
    ],
)
def test_other_errors_are_shown_as_always(cells, code, says):
    said = cells(code)
    assert says in said and "not written yet" not in said and "Traceback" in said
