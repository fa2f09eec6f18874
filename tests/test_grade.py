"""The grader: what a class may hand in, and that nobody's submission harms anybody else's."""

from __future__ import annotations

import csv
import json
import os
import shutil
import socket
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gancourse.classroom import cli
from gancourse.classroom.homework import _run, _sandbox, build, grade

ROOT = Path(__file__).resolve().parent.parent
ANSWERS = build.solution_path(build.find("hw1", ROOT))
FULL = 20.0
LIMITS = _sandbox.Limits(cell_seconds=1, seconds=40, memory=400_000_000, file=200_000, notebook=2_000_000, output=100_000)

Book = dict[str, Any]
CLASS: dict[str, Callable[[Book], Book | bytes | None]] = {}  # student -> what they do to the right answers


def student(function: Callable) -> Callable:
    CLASS[function.__name__] = function
    return function


def cell(book: Book, name: str) -> dict[str, Any]:
    (found,) = (c for c in book["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == name)
    return found


def answer(book: Book, name: str, code: str) -> Book:
    cell(book, name)["source"] = code
    return book


def before(book: Book, code: str, place: int = 4) -> Book:
    book["cells"].insert(place, {"cell_type": "code", "metadata": {}, "source": code, "outputs": [], "execution_count": None})
    return book


@student
def ada_is_right(book):
    return book


@student
def never_ends(book):
    return answer(book, "rounds", "while True:\n    pass")


@student
def never_ends_when_called(book):
    return answer(book, "rounds", "def train(*args):\n    while True:\n        pass")


@student
def cannot_be_stopped(book):
    stubborn = """while True:
    try:
        while True:  # twice, for an interrupt may come just between one try and the next
            try:
                for i in range(10**9): j = i * i
            except BaseException: pass
    except BaseException: pass"""
    return answer(book, "rounds", stubborn)


@student
def sleeps(book):
    return answer(book, "rounds", "import time\ntime.sleep(10_000)")


@student
def ends_the_process(book):
    return answer(book, "optimal", "import os\nos._exit(0)")


@student
def ends_the_process_when_called(book):
    return answer(book, "optimal", "import os\ndef optimal_discriminator(p, q):\n    os._exit(0)")


@student
def crashes(book):
    return answer(book, "optimal", "import ctypes\nctypes.string_at(0)")


@student
def calls_exit(book):
    return answer(book, "optimal", "import sys\nsys.exit('done')")


@student
def prints_without_end(book):
    return answer(book, "optimal", "while True:\n    print('x' * 1000)")


@student
def takes_all_memory(book):
    return answer(book, "optimal", "hoard = []\nwhile True:\n    hoard.append(bytearray(50_000_000))")


@student
def takes_all_memory_in_torch(book):
    return answer(book, "optimal", "def optimal_discriminator(p, q):\n    return torch.zeros(40_000, 40_000)")


@student
def fills_the_disk(book):
    return answer(book, "optimal", "with open('big', 'wb') as file:\n    while True:\n        file.write(b'x' * 10_000)")


@student
def lost_a_cell(book):
    book["cells"].remove(cell(book, "optimal"))
    return book


@student
def renamed_a_cell(book):
    one = cell(book, "optimal")
    one["metadata"]["nbgrader"]["grade_id"] = "mine"
    one["id"] = "mine"
    return book


@student
def deleted_the_tests(book):
    book["cells"] = [c for c in book["cells"] if not c["metadata"].get("nbgrader", {}).get("grade")]
    return answer(book, "optimal", "def optimal_discriminator(p, q):\n    return p")


@student
def rewrote_the_tests(book):
    cell(book, "optimal-check")["source"] = "points = 3.0\npoints"
    return answer(book, "optimal", "def optimal_discriminator(p, q):\n    return p")


@student
def lost_all_metadata(book):
    for c in book["cells"]:
        c["metadata"] = {}
        c.pop("id", None)
        if "HIDDEN TESTS" in "".join(c["source"]):
            c["source"] = "points = 1000\npoints"
    return book


@student
def copied_a_cell(book):
    book["cells"].insert(6, json.loads(json.dumps(cell(book, "losses"))))
    return book


@student
def has_a_syntax_error(book):
    return answer(book, "optimal", "def optimal_discriminator(p, q)\n    return p")


@student
def uses_magics(book):
    return before(book, "%matplotlib inline\n!pip install something\nhalf = 0.5")


@student
def shadows_builtins(book):
    return before(book, "min = max = lambda *a: 1000\nhw1 = None\npoints = 1000")


@student
def patches_torch(book):
    return before(book, "torch.Tensor.__eq__ = lambda a, b: True\ntorch.allclose = lambda *a, **k: True")


@student
def patches_the_checks(book):
    book = answer(book, "optimal", "def optimal_discriminator(p, q):\n    return p")
    return before(
        book,
        "from gancourse.classroom.homework import checks, _guard\n"
        "checks.close = lambda *a, **k: None\n_guard.guard.names.clear()",
    )


@student
def patches_when_called(book):
    code = "from gancourse.classroom.homework import checks\ndef optimal_discriminator(p, q):\n"
    return answer(book, "optimal", code + "    checks.close = lambda *a, **k: None\n    return p")


@student
def writes_to_the_channel(book):
    code = "import json, os\nlie = json.dumps(dict(check='optimal-check', points=3)).encode() + bytes([10])\n"
    code += "for fd in range(3, 256):\n    try:\n        os.write(fd, lie)\n"
    code += "    except OSError:\n        pass\ndef optimal_discriminator(p, q):\n    return p"
    return answer(book, "optimal", code)


@student
def cut_off(book):
    return json.dumps(book).encode()[:5000]


@student
def a_picture(book):
    return b"\x89PNG\r\n\x1a\n" + bytes(range(256))


@student
def empty_file(book):
    return b""


@student
def other_json(book):
    return b'[1, {"cells": 3}]'


@student
def deep_json(book):
    return b"[" * 200_000


@student
def odd_cells(book):
    book["cells"] = [None, 3, {"cell_type": "code"}, {"cell_type": "code", "source": 5, "metadata": []}, *book["cells"]]
    return book


@student
def too_large(book):
    return json.dumps(before(book, "#" * 3_000_000)).encode()


@student
def nothing(book):
    return None


@student
def not_begun(book):
    return json.loads(build.student_path(build.find("hw1", ROOT)).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, grade.Result]:
    """The whole class, graded at once."""
    folder = tmp_path_factory.mktemp("class")
    for name, spoil in CLASS.items():
        made = spoil(json.loads(ANSWERS.read_text(encoding="utf-8")))
        (folder / name).mkdir()
        if made is not None:
            (folder / name / "hw1.ipynb").write_bytes(made if isinstance(made, bytes) else json.dumps(made).encode())
    assignment = grade.load_assignment(ANSWERS)
    submissions = grade.find_submissions(folder, assignment.name)
    return {result.student: result for result in grade.grade(submissions, assignment, jobs=4, limits=LIMITS)}


LOST_OPTIMAL, LOST_ROUNDS = FULL - 3, FULL - 2


@pytest.mark.parametrize(
    ("who", "points", "says"),
    [
        ("ada_is_right", FULL, ""),
        ("never_ends", LOST_ROUNDS, "endless loop"),
        ("never_ends_when_called", LOST_ROUNDS, "endless loop"),
        ("cannot_be_stopped", LOST_ROUNDS, "did not stop when asked"),
        ("sleeps", LOST_ROUNDS, "endless loop"),
        ("ends_the_process", LOST_OPTIMAL, "ended its own process"),
        ("ends_the_process_when_called", LOST_OPTIMAL, "ended its own process"),
        ("crashes", LOST_OPTIMAL, "crash in compiled code"),
        ("calls_exit", LOST_OPTIMAL, "SystemExit"),
        ("prints_without_end", LOST_OPTIMAL, "printed more than"),
        ("takes_all_memory", LOST_OPTIMAL, "MemoryError"),
        ("takes_all_memory_in_torch", LOST_OPTIMAL, "memory"),
        ("fills_the_disk", LOST_OPTIMAL, "File too large"),
        ("lost_a_cell", LOST_OPTIMAL, "'optimal' is missing"),
        ("renamed_a_cell", FULL, "has lost its name"),
        ("deleted_the_tests", LOST_OPTIMAL, "checks are missing"),
        ("rewrote_the_tests", LOST_OPTIMAL, ""),
        ("lost_all_metadata", FULL, ""),
        ("copied_a_cell", FULL, "two cells 'losses'"),
        ("has_a_syntax_error", LOST_OPTIMAL, "SyntaxError"),
        ("uses_magics", FULL, ""),
        ("shadows_builtins", FULL, ""),
        ("patches_torch", FULL, "it was put back"),
        ("patches_the_checks", LOST_OPTIMAL, "checks.close"),
        ("patches_when_called", LOST_OPTIMAL, "checks.close"),
        ("writes_to_the_channel", LOST_OPTIMAL, ""),
        ("cut_off", 0, "cut off"),
        ("a_picture", 0, "not a notebook"),
        ("empty_file", 0, "no notebook"),
        ("other_json", 0, "no cells"),
        ("deep_json", 0, "no notebook"),
        ("odd_cells", FULL, ""),
        ("too_large", 0, "clear its outputs"),
        ("nothing", 0, "no notebook was handed in"),
        ("not_begun", 0, "not written yet"),
    ],
)
@pytest.mark.skipif(not grade.FORKS, reason="the limits tried here are Linux's")
def test_one_of_the_class(who: str, points: float, says: str, results: dict[str, grade.Result]) -> None:
    result = results[who]
    said = [result.failure, *result.remarks, *(c["error"] for c in (*result.checks.values(), *result.cells))]
    said += [item[3] for check in result.checks.values() for item in check["items"]]
    assert result.points == points, said
    assert result.of == FULL
    assert says in "\n".join(said)
    assert len(result.checks) == 6


def test_everybody_was_tried() -> None:
    assert len(CLASS) == 35


# What is refused


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux's protections")
def test_what_is_refused_is_what_is_said(tmp_path: Path) -> None:
    """A submission tries to reach what it must not; what the probe calls refused has not happened."""
    secret, target = tmp_path / "secret.ipynb", tmp_path / "written"
    secret.write_text("the answers")
    listener = socket.create_server(("127.0.0.1", 0))
    tries = {
        "network": f"import socket\nsocket.create_connection(('127.0.0.1', {listener.getsockname()[1]}), 1)",
        "new processes": "import subprocess\nsubprocess.run(['true'])",
        "forks": "import os\nif os.fork() == 0: os._exit(0)",
        "signals to other processes": "import os\nos.kill(os.getppid(), 0)",
        "writing outside its folder": f"open({str(target)!r}, 'w')",
        "reading the answers": f"open({str(secret)!r})",
        "modes": f"import os\nos.chmod({str(secret)!r}, 0)",
        "threads": "import threading\nt = threading.Thread(target=lambda: None)\nt.start()\nt.join()",
        "its own folder": "open('mine', 'w').write('x')\nassert open('mine').read() == 'x'",
    }
    book = {"cells": [{"cell_type": "code", "metadata": {}, "source": code} for code in tries.values()]}
    path = tmp_path / "bob.ipynb"
    path.write_text(json.dumps(book))
    assignment = grade.load_assignment(ANSWERS)
    (result,) = grade.grade([grade.Submission("bob", path)], assignment, jobs=1, limits=LIMITS)
    errors = dict(zip(tries, [c["error"] for c in result.cells], strict=True))
    kept, open_to = grade.protections(LIMITS, secret)
    for name in kept:
        if name != "memory":
            assert "Error" in errors[name], (name, errors[name])
    assert errors["threads"] == errors["its own folder"] == ""
    assert not target.exists() or "writing outside its folder" in open_to
    assert secret.stat().st_mode & 0o400


def test_without_forking_and_without_select_the_grades_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What macOS and Windows get: a fresh interpreter for each submission, and its pipe read by a thread."""
    monkeypatch.setattr(grade, "FORKS", False)
    monkeypatch.setattr(grade, "_SELECT", False)
    whole = grade.load_assignment(ANSWERS)
    setup = "import torch\nfrom gancourse.classroom.homework import hw1"
    assignment = replace(whole, setup=setup, checks={name: whole.checks[name] for name in ("losses-check", "optimal-check")})
    book = json.loads(ANSWERS.read_text(encoding="utf-8"))
    book["cells"] = [cell(book, name) for name in ("losses", "optimal")]
    book["cells"][0]["source"] = "import torch.nn.functional as F\n" + "".join(book["cells"][0]["source"])
    (tmp_path / "bob.ipynb").write_text(json.dumps(answer(book, "optimal", "import os\nos._exit(3)")))
    (result,) = grade.grade(grade.find_submissions(tmp_path, "hw1"), assignment, limits=_sandbox.Limits())
    assert {name: check["points"] for name, check in result.checks.items()} == {"losses-check": 4, "optimal-check": 0}
    assert "exit status 3" in "".join(cell["error"] for cell in result.cells)


# What is found, and what is written


def test_submissions_are_found_in_every_layout(tmp_path: Path) -> None:
    for name in (
        "ada.ipynb",
        "bob/hw1.ipynb",
        "cleo/hw1_two_player_game/hw1_two_player_game.ipynb",
        "dan/HW1 (2).ipynb",
        "dan/notes.ipynb",
        "eve/x.ipynb",
        "fay/hw1.ipynb",
        "fay/.ipynb_checkpoints/hw1-checkpoint.ipynb",
        "gus/hw1.ipynb",
        "gus/__MACOSX/._hw1.ipynb",
        ".hidden/hw1.ipynb",
        "hal/hw1.ipynb",
        "hal/hw12.ipynb",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    (tmp_path / "ida").mkdir()
    found = {
        s.student: s.path and s.path.relative_to(tmp_path).as_posix()
        for s in grade.find_submissions(tmp_path, "hw1_two_player_game")
    }
    assert found == {
        "ada": "ada.ipynb",
        "bob": "bob/hw1.ipynb",
        "cleo": "cleo/hw1_two_player_game/hw1_two_player_game.ipynb",
        "dan": "dan/HW1 (2).ipynb",
        "eve": "eve/x.ipynb",
        "fay": "fay/hw1.ipynb",
        "gus": "gus/hw1.ipynb",
        "hal": "hal/hw1.ipynb",
        "ida": None,
    }
    assert grade._guess(tmp_path) == "hw1"


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "class"
    folder.mkdir()
    book = json.loads(ANSWERS.read_text(encoding="utf-8"))
    for name in ("ada", "=cmd()", "<b>bob<"):
        (folder / f"{name} hw1.ipynb").write_text(json.dumps(answer(book, "rounds", "'<script>'\nnot_there")))
    assert cli.main(["grade", str(folder), "--jobs", "2"]) == 0
    said = capsys.readouterr().out
    assert "ada hw1: 18 of 20" in said
    assert "refused" in said.lower()
    out = tmp_path / "class-grades"
    rows = list(csv.DictReader((out / "grades.csv").open(encoding="utf-8")))
    assert [row["points"] for row in rows] == ["18"] * 3
    assert {row["student"] for row in rows} == {"ada hw1", "'=cmd() hw1", "<b>bob< hw1"}
    assert rows[0]["rounds (2)"] == "0" and rows[0]["losses (4)"] == "4"
    pages = {path.name: path.read_text(encoding="utf-8") for path in out.rglob("*.html")}
    assert len(pages) == 4
    assert all("<script>" not in page and "<b>bob" not in page for page in pages.values())
    assert "not_there" in pages["ada_hw1.html"]
    assert cli.main(["grade", str(tmp_path / "nowhere")]) == 2


def test_a_class_is_graded_in_time(tmp_path: Path) -> None:
    """12 right submissions; 100 must take less than 5 minutes on two cores, and take far less."""
    for i in range(12):
        shutil.copy(ANSWERS, tmp_path / f"s{i:02}_hw1.ipynb")
    assignment = grade.load_assignment(ANSWERS)
    before = os.times()
    results = grade.grade(grade.find_submissions(tmp_path, "hw1"), assignment, jobs=2)
    after = os.times()
    assert [result.points for result in results] == [FULL] * 12
    used = sum(after[:4]) - sum(before[:4])  # processor time, children included: load cannot change it much
    assert used < 12 * 3


def test_what_is_no_assignment_is_said(tmp_path: Path) -> None:
    path = tmp_path / "x.ipynb"
    path.write_text('{"cells": []}')
    with pytest.raises(ValueError, match="no graded cells"):
        grade.load_assignment(path)
    with pytest.raises(ValueError, match="do not say which homework"):
        grade._guess(tmp_path)
    with pytest.raises(_run.Unreadable):
        _run.cells_of(b"\xff\xfe")
