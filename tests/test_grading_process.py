"""A submission's process seen from outside: how it may end, and that the grader waits for nobody."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import gancourse
from gancourse.classroom.homework.grading import messages, process
from gancourse.classroom.homework.grading.grade import Grader
from gancourse.classroom.homework.grading.process import Died, Lost, Pool, Process, Stopped
from tests.homework import handed_in

POSIX = pytest.mark.skipif(not hasattr(os, "fork"), reason="a shell stands in for the process")

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="macOS has no real-time signals")


def _shell(script: str, stop: threading.Event | None = None) -> Process:
    """A process that a shell plays; it reads the order's token as $T."""
    script = "T=$(head -c 8 >/dev/null; dd bs=1 count=200 2>/dev/null | grep -o '[0-9a-f]\\{32\\}'); " + script
    popen = subprocess.Popen(["sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
    orders, answers = os.dup(popen.stdin.fileno()), os.dup(popen.stdout.fileno())
    popen.stdin.close()
    popen.stdout.close()

    def kill() -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(popen.pid, signal.SIGKILL)

    return Process(orders, answers, kill, popen.wait, stop or threading.Event())


_ORDER = {"padding": "x" * 140}  # with its token 200 bytes or more


@POSIX
def test_an_answer_is_known_by_its_token_and_all_else_is_remarked() -> None:
    one = _shell('printf "noise\\n0123\\n\\n$T""first\\n$T""second\\n"; sleep 100')
    assert one.ask(_ORDER, 20.0) == b"first"
    assert one.strange == ["something was written to the grader's channel that is no answer; it was not counted"]
    one.close()


@POSIX
@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("exit 0", "it ended its own process"),
        ("exit 3", "exit status 3"),
        ("kill -SEGV $$", "a crash in compiled code (SIGSEGV)"),
        ("kill -KILL $$", "most likely for its memory"),
        ("kill -XCPU $$", "processor time"),
        pytest.param("kill -40 $$", "a real-time signal ended it .signal 40.", marks=LINUX),
        ("exec >&-; sleep 0.1; exit 4", "exit status 4"),
        ("sleep 100", "still running after 1 seconds"),
        ("while true; do echo line; done", "still running after 1 seconds|flooded"),
        ("yes | tr -d '\\n'", "still running after 1 seconds|flooded"),
        ("sleep 100 & sleep 100 & exit 5", "exit status 5|still running"),
    ],
)
def test_every_end_has_a_sentence(script: str, says: str) -> None:
    one, began = _shell(script), time.monotonic()
    with pytest.raises(Died, match=says.replace("(SIGSEGV)", r"\(SIGSEGV\)")):
        one.ask(_ORDER, 1.0)
    one.close()
    assert time.monotonic() - began < 60


@POSIX
def test_a_process_that_does_not_read_holds_up_nobody() -> None:
    one = _shell('printf "\\n$T""early\\n"; sleep 100')
    assert one.ask(_ORDER, 20.0) == b"early"
    with pytest.raises(Died, match="still running"):
        one.ask({"code": "x" * 5_000_000}, 0.5)
    one.close()


@POSIX
def test_a_complaint_from_outside_and_the_grader_s_stop_end_the_wait() -> None:
    one = _shell("sleep 100")
    with pytest.raises(Died, match="too much"):
        one.ask(_ORDER, 60.0, lambda: "too much")
    one.close()
    stop = threading.Event()
    one = _shell("sleep 100", stop)
    stop.set()
    with pytest.raises(Stopped):
        one.ask(_ORDER, 60.0)
    one.close()


def _ask(one: Process, code: str) -> messages.Answer:
    return messages.read_answer(one.ask({"kind": "own", "name": "cell", "code": code, "troubles": {}}, 60.0))


def test_a_set_up_that_fails_is_said(tmp_path: Path) -> None:
    if process.FORKS:
        with pytest.raises(RuntimeError, match="set-up cell.*(?s:.*)no_such_module"):
            Pool("import no_such_module", _readable(), tmp_path, threading.Event())


def _readable() -> list[Path]:
    from gancourse.classroom.homework.grading.grade import readable_folders

    return readable_folders()


@pytest.mark.skipif(not process.FORKS, reason="there is no zygote")
def test_without_the_zygote_there_are_fresh_interpreters(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the zygote is lost nobody is to blame, those who were running begin again, and the marks are the same.

    Fresh interpreters are what macOS and Windows get.
    """
    with Grader(handed_in.assignment(), handed_in.Limits()) as grader:
        one = grader.pool.start(_inside(grader, "one"), grader.limits)
        two = grader.pool.start(_inside(grader, "two"), grader.limits)
        assert _ask(one, "x = 1").error == ""
        os.killpg(grader.pool._zygote.pid, signal.SIGKILL)
        for lost in (one, two):
            with pytest.raises(Lost):
                _ask(lost, "import time; time.sleep(50)")
            lost.close()
        fresh = grader.pool.start(_inside(grader, "three"), grader.limits)
        assert grader.pool._commands is None
        assert _ask(fresh, "import os; print(os.getppid() > 0)\nassert 'x' not in globals()").error == ""
        assert "exit status 7" in _death(fresh, "import os; os._exit(7)")
        fresh.close()
        grader.rehearse()


def _inside(grader: Grader, name: str) -> Path:
    folder = grader.work / name
    folder.mkdir()
    return folder


def _death(one: Process, code: str) -> str:
    with pytest.raises(Died) as error:
        _ask(one, code)
    return str(error.value)


def test_a_crash_on_windows_is_told_as_one() -> None:
    (orders, orders_in), (answers, answers_in) = os.pipe(), os.pipe()
    os.close(answers_in)
    one = Process(orders_in, answers, lambda: None, lambda: 0xC0000005, threading.Event())
    with pytest.raises(Died, match=r"a crash in compiled code \(exit status 0xc0000005\)"):
        one.ask({}, 5.0)
    one.close()
    os.close(orders)


def test_the_command_line_tells_where_modules_are_and_nothing_else() -> None:
    command = process._command("pass")
    assert command[1] == "-I" and json.dumps(command).count("import sys") == 1
    assert repr(str(Path(gancourse.__file__).parents[1])) in command[-1]
