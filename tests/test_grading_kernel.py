"""What Linux lets a process give up, tried in processes of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gancourse.classroom.homework.grading import kernel
from tests.homework.handed_in import ROOT

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux's calls")

_START = f"""
import os, sys
from pathlib import Path
sys.path.insert(0, {str(ROOT)!r})
from gancourse.classroom.homework.grading import kernel
"""


def _try(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", _START + code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done
    return done.stdout.strip()


def test_landlock_leaves_what_was_named(tmp_path: Path) -> None:
    if kernel.libc().syscall(444, None, 0, 1) < 1:
        pytest.skip("this kernel has no Landlock")
    (inside := tmp_path / "inside").mkdir()
    (tmp_path / "readable").write_text("r")
    (tmp_path / "secret").write_text("s")
    code = f"""
folder = Path({str(tmp_path)!r})
kernel.no_new_privileges()
print(kernel.only_these_files(folder / "inside", [folder / "readable", Path("/no/such/place")]))
(folder / "inside" / "mine").write_text("x")
print((folder / "readable").read_text())
secret, readable = folder / "secret", folder / "readable"
for attempt in (lambda: secret.read_text(), lambda: readable.write_text("w"), lambda: os.listdir("/etc")):
    try:
        attempt()
    except PermissionError:
        print("refused")
"""
    assert _try(code).split() == ["True", "r", "refused", "refused", "refused"]
    assert (inside / "mine").read_text() == "x"


def test_seccomp_refuses_calls_and_leaves_threads() -> None:
    code = """
import errno, socket, threading
kernel.no_new_privileges()
if not kernel.only_these_calls():
    print("unknown machine")
    raise SystemExit
done = []
thread = threading.Thread(target=lambda: done.append(1))
thread.start()
thread.join()
libc = kernel.libc()
os.kill(os.getpid(), 0)
for attempt in (os.fork, lambda: socket.socket(), lambda: os.memfd_create("x"), lambda: os.kill(1, 0), lambda: os.chmod("/", 0)):
    try:
        attempt()
    except PermissionError:
        done.append(0)
print(done)
"""
    assert _try(code) in ("[1, 0, 0, 0, 0, 0]", "unknown machine")


def test_a_file_system_of_its_own_ends(tmp_path: Path) -> None:
    code = f"""
folder = Path({str(tmp_path)!r})
print(kernel.own_disk(folder, 100_000, 10))
(folder / "mine").write_bytes(bytes(50_000))
try:
    (folder / "more").write_bytes(bytes(200_000))
except OSError as error:
    print(error.strerror)
"""
    said = _try(code)
    if said.startswith("True"):
        assert said.endswith("No space left on device") and list(tmp_path.iterdir()) == []


def test_capabilities_are_gone() -> None:
    said = _try(
        "kernel.drop_capabilities()\nprint([line.split()[1] for line in open('/proc/self/status') if line.startswith('Cap')])"
    )
    assert set(said.strip("[]").replace("'", "").split(", ")) == {"0000000000000000"}
