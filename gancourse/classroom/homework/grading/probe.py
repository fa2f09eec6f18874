"""Tries the forbidden things, in the process that has just given them up, and says which were refused."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gancourse.classroom.homework.grading.sandbox import Limits

NAMES = [
    "network",
    "new processes",
    "signals to other processes",
    "looking into other processes",
    "writing outside its folder",
    "reading the answers",
    "memory",
    "disk",
]


def refused(about: dict[str, Any], limits: Limits) -> list[str]:
    """Those of :data:`NAMES` that cannot be had; ``about`` says where the answers lie and which place is outside."""
    tries: dict[str, Callable[[], object]] = {
        "network": lambda: socket.socket(socket.AF_INET).close(),
        "new processes": _start,
        "signals to other processes": _signal,
        "looking into other processes": _look,
        "writing outside its folder": lambda: Path(about["outside"], "written").write_text("here"),
        "reading the answers": lambda: Path(about["answers"]).read_bytes(),
        "memory": lambda: bytearray(limits.memory + 1_000_000_000),
        "disk": lambda: _fill(limits),
    }
    return [name for name in NAMES if _is_refused(tries[name])]


def _is_refused(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except (OSError, MemoryError):
        return True
    return False


def _start() -> None:
    subprocess.run([sys.executable, "-c", ""], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _signal() -> None:
    """On Windows nothing refuses it, and it is not tried: there 0 is Ctrl-C, for everybody at the console."""
    if sys.platform != "win32":
        os.kill(os.getppid(), 0)


def _look() -> None:
    if not os.path.isdir("/proc/self"):
        raise FileNotFoundError("there is no way to look")
    Path(f"/proc/{os.getppid()}/environ").read_bytes()


def _fill(limits: Limits) -> None:
    """Write more than is allowed, in files that each are allowed."""
    names = [f"fill-{number}" for number in range(limits.disk // limits.file + 2)]
    try:
        for name in names:
            with open(name, "wb") as file:
                file.write(bytes(limits.file))
    finally:
        for name in names:
            with contextlib.suppress(OSError):
                os.unlink(name)
