"""Hand-ins that want more than they have earned, or want to harm: what each gets, and that their neighbour gets all."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from gancourse.classroom.homework.grading.grade import Grader
from gancourse.classroom.homework.grading.report import Result
from gancourse.classroom.homework.grading.submissions import Submission
from tests.homework import handed_in

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the limits tried here are Linux's")

_WRONG = "def optimal_discriminator(p, q):\n    return p\n"
_EARNED = handed_in.FULL - 3  # everything but the optimal discriminator
_CHECKS = "from gancourse.classroom.homework import checks, hw1\n"

# Looks for what answers the grader, in the frames of this process.
_FORGE = """
import json, sys
def optimal_discriminator(p, q):
    frame = sys._getframe()
    while frame.f_code.co_name != "serve":
        frame = frame.f_back
    token, channel = frame.f_locals["order"]["token"], frame.f_locals["answers"]
    import os
    os.write(channel, b"\\n" + token.encode() + MESSAGE + b"\\n")
    return p
"""
_FULL_MARKS = """json.dumps(dict(error="", output="", tampered="", items=[[i.title, i.points, True, ""] for i in
    sys.modules["gancourse.classroom.homework.hw1"].optimal(lambda p, q: p / (p + q), quiet=True).report.items])).encode()"""


def _forge(message: object) -> str:
    return _FORGE.replace("MESSAGE", message if isinstance(message, str) else repr(message))


# name -> (the first cell, the answer to the part, what is remarked; None where nothing needs to be)
TABLE: dict[str, tuple[str, str, str | None]] = {
    "json.dumps": ("import json\njson.dumps = lambda *a, **k: '{}'", _WRONG, "json.dumps"),
    "JSONEncoder.encode": ("import json\njson.JSONEncoder.encode = lambda *a: '{}'", _WRONG, "JSONEncoder.encode"),
    "os.write": (
        "import os\nwrite = os.write\nos.write = lambda fd, b: write(fd, b.replace(b'false', b'true'))",
        _WRONG,
        "os.write",
    ),
    "exit of with": (
        "import contextlib\ndef leave(self, *error):\n    next(self.gen, None)\n    return True\n"
        "contextlib._GeneratorContextManager.__exit__ = leave",
        _WRONG,
        "_GeneratorContextManager.__exit__",
    ),
    "exit of with, when called": (
        "",
        "import contextlib\ndef leave(self, *error):\n    next(self.gen, None)\n    return True\n"
        "def optimal_discriminator(p, q):\n    contextlib._GeneratorContextManager.__exit__ = leave\n    return p",
        "_GeneratorContextManager.__exit__",
    ),
    "Item.__setattr__": (
        f"{_CHECKS}lies = dict(got=20.0, text='')\n"
        "checks.Item.__setattr__ = lambda s, n, v: object.__setattr__(s, n, lies.get(n, v))",
        _WRONG,
        "Item.__setattr__",
    ),
    "Item.got": (f"{_CHECKS}checks.Item.got = property(lambda s: s.points, lambda s, v: None)", _WRONG, "Item.got"),
    "Item.text": (f"{_CHECKS}checks.Item.text = property(lambda s: '', lambda s, v: None)", _WRONG, "Item.text"),
    "Score.__new__": (f"{_CHECKS}checks.Score.__new__ = lambda cls, report: float.__new__(cls, 20.0)", _WRONG, "Score.__new__"),
    "Score.__lt__": (f"{_CHECKS}checks.Score.__lt__ = lambda a, b: False", _WRONG, "Score.__lt__"),
    "Report.__getattribute__": (
        f"{_CHECKS}checks.Report.__getattribute__ = lambda s, n: '' if n == 'tampered' else object.__getattribute__(s, n)",
        _WRONG,
        "Report.__getattribute__",
    ),
    "Wrong.__init__": (f"{_CHECKS}checks.Wrong.__init__ = lambda *a: None", _WRONG, "Wrong.__init__"),
    "Tensor.__sub__": ("torch.Tensor.__sub__ = lambda a, b: torch.zeros_like(a)", _WRONG, "Tensor.__sub__"),
    "what the check closed over": (
        f"{_CHECKS}for cell in hw1.optimal.__closure__:\n    if callable(cell.cell_contents):\n"
        "        cell.cell_contents = lambda sheet, *a: None",
        _WRONG,
        "hw1.optimal",
    ),
    "infinite points": (
        f"{_CHECKS}def optimal(*a, **k):\n    report = checks.Report('optimal', float('inf'))\n"
        "    report.items = [checks.Item('all', float('inf'), float('inf'))]\n    return checks.Score(report)\n"
        "hw1.optimal = optimal",
        _WRONG,
        "hw1.optimal",
    ),
    "NaN points": (
        "",
        f"{_CHECKS}import sys\ndef optimal_discriminator(p, q):\n    frame = sys._getframe()\n"
        "    while 'sheet' not in frame.f_locals: frame = frame.f_back\n    sheet = frame.f_locals['sheet']\n"
        "    sheet.report.points = sheet.report.items[-1].points = float('nan')\n    return p",
        "no item of this check|no answer",
    ),
    "more items": (
        "",
        f"{_CHECKS}import sys\ndef optimal_discriminator(p, q):\n    frame = sys._getframe()\n"
        "    while 'sheet' not in frame.f_locals: frame = frame.f_back\n"
        "    frame.f_locals['sheet'].report.items.append(checks.Item('bonus', 20.0, 20.0))\n    return p",
        "no item of this check",
    ),
    "a mode of torch": (
        "from torch.overrides import TorchFunctionMode\nclass Mode(TorchFunctionMode):\n"
        "    def __torch_function__(self, f, types, args=(), kwargs=None):\n"
        "        return torch.ones((), dtype=torch.bool) if 'all' in f.__name__ else f(*args, **(kwargs or {}))\n"
        "Mode().__enter__()",
        _WRONG,
        "TorchFunctionMode",
    ),
    "kernels of torch": (
        "library = torch.library.Library('aten', 'IMPL')\n"
        "library.impl('le.Tensor', lambda a, b: torch.ones_like(a, dtype=torch.bool), 'CPU')",
        _WRONG,
        "beneath the checks",
    ),
    "a tracer": ("import sys\nsys.settrace(lambda *a: None)", _WRONG, "tracing"),
    "the guard": (
        "from gancourse.classroom.homework import _guard, checks\n_guard.Guard.complain = _guard.Guard.sentinel = lambda s: ''\n"
        "_guard.guard.names.clear()\n_guard._differs = lambda *a: False\nchecks.close = lambda *a, **k: None",
        _WRONG,
        "gancourse.classroom.homework._guard.",
    ),
    "the grader's own": (
        "from gancourse.classroom.homework.grading import child, messages\n"
        "child._holds = lambda item: True\nmessages.read = None",
        _WRONG,
        "child._holds|messages.read",
    ),
    "a forged answer": ("", _forge(_FULL_MARKS), "no answer; it was not counted"),
    "a message of nonsense": ("", _forge(b"nonsense"), "no answer"),
    "a message of deep brackets": ("", _forge("b'[' * 100_000"), "no answer"),
    "a message with text for points": (
        "",
        _forge(b'{"error": "", "output": "", "tampered": "", "items": [["x", "20", true, ""]]}'),
        "no answer",
    ),
    "a message with too many points": (
        "",
        _forge(b'{"error": "", "output": "", "tampered": "", "items": [["x", 1e999, true, ""]]}'),
        "no answer",
    ),
    "a message that is no text": ("", _forge("bytes(range(128, 256))"), "no answer"),
    "a message without end": ("", _forge("b'x' * 9_000_000"), "no answer|still running|flooded"),
    "a flood": (
        "",
        "import os\ndef optimal_discriminator(p, q):\n    while True: os.write(5, bytes(65536)), os.write(6, bytes(65536))",
        "",
    ),
    "kills all": (
        "import os, signal\nfor pid in (-1, 0, os.getppid(), 1):\n"
        "    try: os.kill(pid, signal.SIGKILL)\n    except OSError: pass",
        _WRONG,
        None,
    ),
    "closes everything": (
        "",
        "import os\ndef optimal_discriminator(p, q):\n    os.closerange(0, 100)\n    return p",
        "ended its own process",
    ),
    "hoards memory without a name": (
        "",
        "import os\ndef optimal_discriminator(p, q):\n    held = [os.memfd_create('x') for _ in range(100)]\n    return p",
        "PermissionError",
    ),
    "a deep folder": (
        "import os\nfor _ in range(90):\n    os.mkdir('d'); os.chdir('d')",
        _WRONG,
        None,
    ),
    "links out of its folder": ("import os\nos.symlink('/', 'root'); os.symlink('..', 'up')", _WRONG, None),
    "half an emoji": ("s = '\ud83d'  # \ud83d", _WRONG, None),
    "prints half an emoji": ("print('\\ud83d' * 10)\nraise ValueError('\\udcff')", _WRONG, "ValueError"),
}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory, grader: Grader) -> dict[str, Result]:
    """All of them, each beside a neighbour who has done nothing wrong."""
    folder = tmp_path_factory.mktemp("class")
    given = []
    for number, (name, (first, answer, _)) in enumerate(TABLE.items()):
        book = handed_in.answer(handed_in.right(), "optimal", answer)
        path = folder / f"{number}.ipynb"
        path.write_text(json.dumps(handed_in.before(book, first) if first else book))
        given.append(Submission(name, path))
        if number % 6 == 0:
            neighbour = folder / f"neighbour-{number}.ipynb"
            neighbour.write_text(json.dumps(handed_in.right()))
            given.append(Submission(neighbour.stem, neighbour))
    found: dict[str, Result] = {}
    grader.grade_all(given, 3, lambda place, result: found.update({result.student: result}))
    assert len(found) == len(given)
    return found


@pytest.mark.parametrize("name", TABLE)
def test_nobody_gets_more_than_was_earned(name: str, results: dict[str, Result]) -> None:
    result, remarked = results[name], TABLE[name][2]
    said = handed_in.said(result)
    assert "grader stumbled" not in said
    if name == "a forged answer":  # what Python cannot keep out is remarked
        assert remarked in said
        return
    assert result.points <= _EARNED, said
    assert result.checks["losses-check"]["points"] == 3 or remarked, said
    if remarked is not None:
        assert any(word in said for word in remarked.split("|")), said


def test_their_neighbours_get_all(results: dict[str, Result]) -> None:
    neighbours = [result for name, result in results.items() if name.startswith("neighbour")]
    assert len(neighbours) >= 6
    assert all(result.points == handed_in.FULL and not result.remarks for result in neighbours)


def test_the_honest_part_of_most_is_not_lost(results: dict[str, Result]) -> None:
    """Put back after the first cell, the checks judge the other parts as before."""
    for name in (
        "json.dumps",
        "os.write",
        "exit of with",
        "Item.got",
        "Score.__new__",
        "a mode of torch",
        "a tracer",
        "kills all",
    ):
        assert results[name].points == _EARNED, (name, handed_in.said(results[name]))


def test_what_was_handed_in_is_shown(results: dict[str, Result], tmp_path: Path) -> None:
    from gancourse.classroom.homework.grading.report import GradeBook

    given = [Submission(name, None) for name in results]
    book = GradeBook(given, handed_in.assignment(), tmp_path)
    for place, result in enumerate(results.values()):
        book.add(place, result)
    assert len(list((tmp_path / "students").iterdir())) == len(results)
