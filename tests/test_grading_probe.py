"""The probe says refused only of what was refused."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gancourse.classroom.homework.grading import probe
from gancourse.classroom.homework.grading.sandbox import Limits


def test_outside_of_every_sandbox_hardly_anything_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "answers").write_text("x")
    small = Limits(memory=-999_000_000, file=1000, disk=10_000)
    about = {"answers": str(tmp_path / "answers"), "outside": str(tmp_path)}
    refused = probe.refused(about, small)
    assert set(refused) <= {"looking into other processes", "signals to other processes"}
    if sys.platform.startswith("linux"):
        assert (tmp_path / "written").exists() and not list(tmp_path.glob("fill-*"))


def test_on_windows_no_signal_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be Ctrl-C for the grader, too; that nothing refuses it is told as tried."""
    monkeypatch.setattr(probe.sys, "platform", "win32")
    monkeypatch.setattr(probe.os, "kill", lambda *_: pytest.fail("everybody at the console would get Ctrl-C"))
    assert not probe._is_refused(probe._signal)


def test_what_raises_is_refused() -> None:
    def no() -> None:
        raise PermissionError

    assert probe._is_refused(no) and probe._is_refused(lambda: bytearray(1 << 62)) and not probe._is_refused(lambda: None)
