"""The grading of a class: what it may hand in, what is said of it, and that what was done is kept."""

from __future__ import annotations

import contextlib
import copy
import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gancourse.classroom import cli
from gancourse.classroom.homework import build
from gancourse.classroom.homework.grading import grade, messages
from gancourse.classroom.homework.grading.grade import Grader
from gancourse.classroom.homework.grading.process import FORKS
from gancourse.classroom.homework.grading.report import GradeBook, Result
from gancourse.classroom.homework.grading.submissions import Submission, find_submissions
from tests.homework import handed_in
from tests.homework.handed_in import ANSWERS, FULL, ROOT, Book, answer, before, cell

CLASS: dict[str, Callable[[Book], Book | bytes | None]] = {}  # student -> what they do to the right answers


def student(function: Callable) -> Callable:
    CLASS[function.__name__] = function
    return function


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
def compiles(book):
    one = cell(book, "losses")
    one["source"] = "".join(one["source"]) + "\ndiscriminator_loss = torch.compile(discriminator_loss)"
    return before(book, "@torch.compile\ndef twice(x):\n    return 2 * x\nprint(twice(torch.ones(3)))")


@student
def changes_torch_s_defaults(book):
    settings = "torch.set_default_dtype(torch.float64)\ntorch.set_default_device('cpu')\ntorch.set_grad_enabled(False)\n"
    return before(book, settings + "import warnings\nwarnings.simplefilter('error')\ntorch.optim.Adam([torch.zeros(1)])")


@student
def has_a_byte_order_mark(book):
    return b"\xef\xbb\xbf" + json.dumps(book).encode()


@student
def shadows_builtins(book):
    return before(book, "min = max = lambda *a: 1000\nhw1 = None\npoints = 1000")


@student
def patches_torch(book):
    return before(book, "torch.Tensor.__eq__ = lambda a, b: True\ntorch.allclose = lambda *a, **k: True")


@student
def patches_the_checks(book):
    book = answer(book, "optimal", "def optimal_discriminator(p, q):\n    return p")
    code = "from gancourse.classroom.homework import checks, _guard\n"
    return before(book, code + "checks.close = lambda *a, **k: None\n_guard.guard.names.clear()")


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
def results(tmp_path_factory: pytest.TempPathFactory, grader: Grader) -> dict[str, Result]:
    """The whole class, graded at once."""
    folder = tmp_path_factory.mktemp("class")
    for name, spoil in CLASS.items():
        made = spoil(handed_in.right())
        (folder / name).mkdir()
        if made is not None:
            (folder / name / "hw1.ipynb").write_bytes(made if isinstance(made, bytes) else json.dumps(made).encode())
    given = find_submissions(folder, grader.assignment.name)
    found: dict[str, Result] = {}
    grader.grade_all(given, 4, lambda place, result: found.update({result.student: result}))
    return found


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
        ("compiles", FULL, ""),
        ("changes_torch_s_defaults", FULL, ""),
        ("has_a_byte_order_mark", FULL, ""),
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
@pytest.mark.skipif(not FORKS, reason="the limits tried here are Linux's")
def test_one_of_the_class(who: str, points: float, says: str, results: dict[str, Result]) -> None:
    result = results[who]
    said = handed_in.said(result)
    assert result.points == points, said
    assert result.of == FULL
    assert says in said
    assert list(result.checks) == list(handed_in.assignment().checks)


@pytest.mark.skipif(not FORKS, reason="the limits tried here are Linux's")
@pytest.mark.parametrize("who", ["ada_is_right", "compiles", "changes_torch_s_defaults", "has_a_byte_order_mark", "uses_magics"])
def test_what_is_in_order_draws_no_remark(who: str, results: dict[str, Result]) -> None:
    result = results[who]
    assert (result.points, result.remarks, [told["error"] for told in result.cells if told["error"]]) == (FULL, [], [])


def test_everybody_was_tried() -> None:
    assert len(CLASS) == 38


# What counts


def test_only_items_that_the_right_answers_earn_count_and_once() -> None:
    expected = [messages.Item("a", 1.0, True, ""), messages.Item("b", 2.0, True, "")]
    told = [
        messages.Item("a", 1.0, True, ""),
        messages.Item("a", 1.0, True, ""),
        messages.Item("b", 3.0, True, ""),
        messages.Item("c", 20.0, True, ""),
        messages.Item("b", 2.0, False, ""),
    ]
    items = grade.verdict(told, expected)
    assert [item[2] for item in items] == [1, 0, 0, 0, 0]
    assert [bool(item[3]) for item in items] == [False, True, True, True, True]


def test_nobody_is_graded_where_the_right_answers_fail(grader: Grader) -> None:
    right = handed_in.assignment()
    check = replace(right.checks["optimal-check"], code=right.checks["optimal-check"].code + " if False else 1.0")
    one = copy.copy(grader)
    one.assignment = replace(right, answers={"optimal": right.answers["optimal"]}, checks={"optimal-check": check})
    with pytest.raises(ValueError, match="get 0 of 3 points on this machine, so nobody was graded: TypeError"):
        one.rehearse()


def test_an_error_of_the_grader_s_own_costs_one_submission(grader: Grader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grader, "_grade", lambda *a: 1 / 0)
    result = grader.grade(Submission("ada", None))
    assert result.failure.startswith("the grader stumbled (ZeroDivisionError") and result.points == 0
    assert len(result.checks) == 7


def test_what_its_process_is_not_kept_from_is_watched(grader: Grader) -> None:
    """Too many files, too much in them, or too long: seen from outside, where the process has no file system of its own."""
    job = grade._Job(Result("ada", None, FULL), [], grader.assignment, grader.limits, grader.pool)

    def look() -> str:
        job.looked -= 1
        return job._complaint()

    (job.folder / "a" / "b").mkdir(parents=True)
    with contextlib.suppress(OSError):  # Windows lets few users make links
        (job.folder / "a" / "b" / "up").symlink_to(job.folder)
        (job.folder / "a" / "nowhere").symlink_to("/nowhere")
    (job.folder / "large").write_bytes(bytes(grader.limits.disk - 100_000))
    assert look() == ""
    (job.folder / "a" / "b" / "more").write_bytes(bytes(200_000))
    assert "more than the 2 MB" in look()
    (job.folder / "large").unlink()
    assert look() == ""
    for number in range(grader.limits.files):
        (job.folder / str(number)).touch()
    assert "are allowed" in look()
    job.began -= 10_000
    assert "all cells together" in look()
    job.run(None)
    assert not job.folder.exists()


# The command


def _class(folder: Path, *names: str) -> Path:
    folder.mkdir()
    book = answer(handed_in.right(), "rounds", "'<script>'\nnot_there")
    for name in names:
        (folder / f"{name} hw1.ipynb").write_text(json.dumps(book))
    return folder


def _rows(out: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((out / "grades.csv").open(encoding="utf-8-sig", newline="")))


@pytest.fixture
def shared(grader: Grader, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command takes the grader that is there, instead of seconds for its own."""
    monkeypatch.setattr(grade, "Grader", lambda *a, **k: contextlib.nullcontext(grader))


@pytest.mark.usefixtures("shared")
def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    windows = sys.platform == "win32"  # which has no < in a name, and no path of more than 260 characters
    bob, long = ("&lt;b&gt;bob", "x" * 60) if windows else ("<b>bob<", "x" * 240)
    folder = _class(tmp_path / "class", "ada", "=cmd()", bob, long)
    (folder / "cleo.zip").write_bytes(b"PK")
    (folder / ".DS_Store").write_bytes(b"")
    if sys.platform.startswith("linux"):  # macOS takes UTF-8 alone
        os.rename(folder / "ada hw1.ipynb", folder / os.fsdecode(b"ad\xe4 hw1.ipynb"))
    monkeypatch.chdir(folder)
    assert cli.main(["grade", ".", "--jobs", "2"]) == 0
    said = capsys.readouterr().out
    assert "hw1: 18 of 20" in said and "refused" in said.lower() and "Passed over, as nobody's hand-in: .DS_Store" in said
    out = tmp_path / "class-grades"
    rows = _rows(out)
    assert [row["points"] for row in rows if row["status"] != "nothing to grade"] == ["18"] * 4
    students = {row["student"] for row in rows}
    assert {"'=cmd() hw1", f"{bob} hw1", "cleo.zip"} < students and len(students) == 5
    assert "unpack it" in next(row["remarks"] for row in rows if row["student"] == "cleo.zip")
    graded = next(row for row in rows if row["points"] == "18")
    assert graded["rounds (2)"] == "0" and graded["losses (3)"] == "3"
    pages = {path.name: path.read_text(encoding="utf-8") for path in out.rglob("*.html")}
    assert len(pages) == 6 and all("<script>" not in page and "<b>bob" not in page for page in pages.values())
    assert sum("not_there" in page for page in pages.values()) == 4


def test_what_cannot_be_written_is_said_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = _class(tmp_path / "class", "ada")
    (tmp_path / "file").write_text("")
    assert cli.main(["grade", str(folder), "--output", str(tmp_path / "file" / "grades")]) == 2
    told = capsys.readouterr()
    assert "ada" not in told.out and "file" in told.err


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("trouble", [ValueError, KeyboardInterrupt])
def test_grades_stay_where_nobody_could_be_graded(
    trouble: type[BaseException], grader: Grader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, out = _class(tmp_path / "class", "ada"), tmp_path / "class-grades"
    out.mkdir()
    (out / "grades.csv").write_text('"ada","17.5","raised by 1 after her appeal"')
    (out / "index.html").write_text("of the last run")

    def fails() -> None:
        raise trouble("the right answers get 19 of 20 points")

    monkeypatch.setattr(grader, "rehearse", fails)
    with pytest.raises(trouble, match="19 of 20"):
        grade.grade_folder(folder, jobs=1)
    assert (out / "grades.csv").read_text() == '"ada","17.5","raised by 1 after her appeal"'
    assert (out / "index.html").read_text() == "of the last run"


@pytest.mark.usefixtures("shared")
def test_a_table_with_a_teacher_s_work_is_kept_by_the_next_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, out = _class(tmp_path / "class", "ada"), tmp_path / "class-grades"
    out.mkdir()
    (out / "grades.csv").write_text("raised by 1 after her appeal")
    grade.grade_folder(folder, jobs=1)
    (kept,) = out.glob("grades-*.csv")
    assert kept.read_text() == "raised by 1 after her appeal"
    assert f"The table of an earlier run is kept as {kept}" in capsys.readouterr().out
    assert _rows(out)[0]["points"] == "18"


@pytest.mark.parametrize(
    ("folder", "says"), [("nowhere", "there is no folder"), ("x.ipynb", "is a file"), ("empty", "do not say which")]
)
def test_a_folder_that_is_none_is_said(tmp_path: Path, folder: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.ipynb").write_text("{}")
    (tmp_path / "empty").mkdir()
    assert cli.main(["grade", str(tmp_path / folder)]) == 2
    assert says in capsys.readouterr().err


def _command(folder: Path, **more: object) -> subprocess.Popen:
    """The command in a process of its own."""
    line = [sys.executable, "-m", "gancourse", "grade", str(folder), "--jobs", "1"]
    return subprocess.Popen(line, cwd=ROOT, start_new_session=True, **more)


@pytest.mark.skipif(sys.platform == "win32", reason="signals and pipes of POSIX")
def test_a_line_that_cannot_be_printed_costs_no_grades(tmp_path: Path) -> None:
    """A standard output that lacks the letter, and whose reader goes away after one line."""
    folder = _class(tmp_path / "class", "Łukasz", "ada")
    environment = os.environ | {"PYTHONIOENCODING": "cp1252:strict"}
    with _command(folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as running:
        running.stdout.readline()
        running.stdout.close()
        errors = running.stderr.read()
    assert (running.returncode, errors) == (0, b"")
    assert [(row["student"], row["points"]) for row in _rows(tmp_path / "class-grades")] == [
        ("ada hw1", "18"),
        ("Łukasz hw1", "18"),
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="signals and pipes of POSIX")
def test_stopped_by_ctrl_c_it_keeps_what_is_done(tmp_path: Path) -> None:
    folder = _class(tmp_path / "class", "ada")
    slow = before(handed_in.right(), "import time\ntime.sleep(50)")
    (folder / "zoe hw1.ipynb").write_text(json.dumps(slow))
    with _command(folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        for line in running.stdout:
            if line.startswith("ada"):
                break
        time.sleep(0.5)
        running.send_signal(signal.SIGINT)
        said, errors = running.communicate(timeout=60)
    assert running.returncode == 130 and "stopped" in errors and "1 of 2 submissions are graded" in said
    ada, zoe = _rows(tmp_path / "class-grades")
    assert (ada["points"], ada["status"]) == ("18", "graded, with errors")
    assert (zoe["points"], zoe["status"]) == ("", "not graded yet")
    assert (tmp_path / "class-grades" / "students" / "ada_hw1.html").is_file()


@pytest.mark.usefixtures("shared")
def test_a_page_that_cannot_be_written_now_is_written_at_the_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, add, failed = _class(tmp_path / "class", "ada"), GradeBook.add, []

    def once(self: GradeBook, place: int, result: Result) -> None:
        if not failed:
            failed.append(place)
            self.results[place] = result
            self.unwritten.add(place)
            raise PermissionError(13, "open in a spreadsheet", "grades.csv")
        add(self, place, result)

    monkeypatch.setattr(GradeBook, "add", once)
    grade.grade_folder(folder, jobs=1)
    assert "grades.csv could not be written now: open in a spreadsheet" in capsys.readouterr().out
    assert _rows(tmp_path / "class-grades")[0]["points"] == "18"
    assert (tmp_path / "class-grades" / "students" / "ada_hw1.html").is_file()


def test_a_class_is_graded_in_time(tmp_path: Path, grader: Grader) -> None:
    """12 right submissions; 100 must take less than 5 minutes on two cores, and take far less."""
    for i in range(12):
        shutil.copy(ANSWERS, tmp_path / f"s{i:02}_hw1.ipynb")
    results: list[Result] = []
    before = os.times()
    grader.grade_all(find_submissions(tmp_path, "hw1"), 2, lambda place, result: results.append(result))
    after = os.times()
    assert [result.points for result in results] == [FULL] * 12
    assert sum(after[:2]) - sum(before[:2]) < 12  # the grader's own processor time, which is hardly any
