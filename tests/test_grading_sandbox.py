"""What a submission may do, tried on this machine in the process that graded cells run in."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gancourse.classroom.homework.grading import messages, probe, sandbox
from gancourse.classroom.homework.grading.grade import Grader, protection_notes
from gancourse.classroom.homework.grading.process import Process
from tests.homework import handed_in

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux's protections")


@pytest.fixture
def confined(grader: Grader, request: pytest.FixtureRequest) -> Iterator[Process]:
    folder = grader.work / f"confined-{len(list(grader.work.iterdir()))}"
    folder.mkdir()
    one = grader.pool.start(folder, handed_in.LIMITS)
    yield one
    one.close()


def _run(one: Process, code: str) -> messages.Answer:
    return messages.read_answer(one.ask({"kind": "own", "name": "cell", "code": code, "troubles": {}}, 60.0))


@LINUX
def test_what_is_refused_is_what_is_said(grader: Grader, confined: Process, tmp_path: Path) -> None:
    """A submission tries to reach what it must not; what the probe calls refused has not happened."""
    secret, target = tmp_path / "secret.ipynb", tmp_path / "written"
    secret.write_text("the answers")
    listener = socket.create_server(("127.0.0.1", 0))
    tries = {
        "network": f"import socket\nsocket.create_connection(('127.0.0.1', {listener.getsockname()[1]}), 1)",
        "new processes": "import subprocess\nsubprocess.run(['true'])",
        "forks": "import os\nif os.fork() == 0: os._exit(0)",
        "signals to other processes": "import os\nos.kill(os.getppid(), 0)",
        "its group": "import os\nos.killpg(0, 9)",
        "looking into other processes": "import os\nopen(f'/proc/{os.getppid()}/environ', 'rb').read()",
        "writing outside its folder": f"open({str(target)!r}, 'w')",
        "reading the answers": f"open({str(secret)!r})",
        "modes": f"import os\nos.chmod({str(secret)!r}, 0)",
        "memory without a name": "import os\nos.memfd_create('x')",
    }
    errors = {name: _run(confined, code).error for name, code in tries.items()}
    kept, open_to = grader.protections(secret)
    for name in tries:
        if name in kept or name not in probe.NAMES:
            assert "Error" in errors[name], (name, errors[name])
    assert not target.exists() or "writing outside its folder" in open_to
    assert secret.stat().st_mode & 0o400
    notes = protection_notes(grader, secret)
    assert notes[0].startswith("Refused to submissions on this machine") and all(name in notes[0] for name in kept)
    assert len(notes) == 1 + bool(open_to)
    listener.close()


@LINUX
def test_what_it_needs_it_may(confined: Process) -> None:
    threads = "import threading\nt = threading.Thread(target=lambda: None)\nt.start()\nt.join()"
    own = "open('mine', 'w').write('x')\nassert open('mine').read() == 'x'\nimport os, tempfile\nos.makedirs('a/b')\n"
    own += "with tempfile.TemporaryFile() as file: file.write(b'x')"
    for code in (
        threads,
        own,
        "import scipy, torchvision",
        "open('/proc/self/status').read(), open('/dev/urandom', 'rb').read(3)",
    ):
        assert _run(confined, code).error == "", code


@LINUX
def test_there_is_an_end_to_the_disk(confined: Process, grader: Grader) -> None:
    """Many files, none too long, and files that have lost their names."""
    if "disk" in grader.protections(handed_in.ANSWERS)[0]:
        many = "for i in range(50):\n    open(f'file-{i}', 'wb').write(bytes(150_000))"
        assert "No space left" in _run(confined, many).error
        _run(confined, "import os\nfor name in os.listdir(): os.unlink(name)")
        nameless = "held = []\nfor i in range(50):\n    held.append(open('x', 'wb'))\n    held[-1].write(bytes(150_000))\n"
        assert "No space left" in _run(confined, nameless + "    held[-1].flush()\n    os.unlink('x')").error
        _run(confined, "del held")
        assert "No space left" in _run(confined, "for i in range(1000): open(f'empty-{i}', 'w').close()").error


@LINUX
def test_nothing_of_the_teacher_s_is_in_its_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "x")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    found = sandbox.environment(tmp_path)
    assert not {"SECRET_TOKEN", "PYTHONPATH"} & set(found) and found["HOME"] == str(tmp_path)


@LINUX
def test_it_has_no_capabilities_and_cannot_be_looked_into(confined: Process) -> None:
    told = _run(
        confined, "print([line for line in open('/proc/self/status') if line.startswith(('Cap', 'NoNewPrivs', 'Seccomp:'))])"
    )
    for line in ("CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert f"{line}:\\t0000000000000000" in told.output, told
    assert "NoNewPrivs:\\t1" in told.output and "Seccomp:\\t2" in told.output
    assert "'DUMPABLE', 0" in _run(confined, "import ctypes\nprint(('DUMPABLE', ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)))").output


def test_what_may_be_read_is_neither_everything_nor_a_home() -> None:
    package = Path(sandbox.__file__).parents[2]
    found = sandbox.readable_folders(package, None)
    assert package in found and Path(sys.prefix) in found
    assert not {Path("/"), Path.home(), Path("/etc"), Path("/proc"), Path("/tmp")} & set(found)
    assert all(path.exists() for path in found)


def test_limits_hold_where_there_is_no_linux(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """macOS gets the limits of POSIX, no new processes among them."""
    resource = pytest.importorskip("resource")
    asked: dict[int, tuple[int, int]] = {}
    monkeypatch.setattr(sandbox, "LINUX", False)
    monkeypatch.setattr(resource, "setrlimit", lambda which, pair: asked.update({which: pair}))
    monkeypatch.chdir(tmp_path)
    sandbox.confine(sandbox.Limits(), tmp_path, [])
    assert asked[resource.RLIMIT_NPROC] == (0, 0) and asked[resource.RLIMIT_CORE] == (0, 0)
    assert asked[resource.RLIMIT_FSIZE][0] == sandbox.Limits().file and os.getcwd() == str(tmp_path)
