"""The command that puts a process into bubblewrap."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gancourse.classroom.homework.grading import bubblewrap


def test_where_it_is_not_installed_there_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert bubblewrap.prefix([], tmp_path) is None


def test_the_folder_comes_after_what_could_hide_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/bwrap")
    command = bubblewrap.prefix([Path("/usr")], tmp_path)
    assert command[-1] == "--" and "--unshare-all" in command and command.index("--bind") > command.index("--tmpfs")
    assert command[command.index("--ro-bind-try") + 1] == "/usr"


def _works() -> bool:
    try:
        return subprocess.run(["bwrap", "--ro-bind", "/", "/", "--unshare-all", "true"], capture_output=True).returncode == 0
    except OSError:
        return False


@pytest.mark.skipif(not _works(), reason="bubblewrap is not installed, or may not be used here")
def test_inside_there_is_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    (inside := tmp_path / "inside").mkdir()
    places = [Path(name) for name in ("/usr", "/lib", "/lib64", "/bin") if Path(name).exists()]
    script = f"ls /; cat {tmp_path}/secret; touch {inside}/mine; touch /usr/x; touch /dev/x"
    done = subprocess.run([*bubblewrap.prefix(places, inside), "sh", "-c", script], capture_output=True, text=True, check=False)
    assert not {"home", "root", "etc", "sys"} & set(done.stdout.split())
    assert (inside / "mine").exists() and done.stderr.count("cannot touch") == 2 and "No such file" in done.stderr, done
