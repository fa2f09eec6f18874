"""The command that puts a process into bubblewrap: nothing to be seen but what it may read, no network, no neighbours."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable
from pathlib import Path


def prefix(readable: Iterable[Path], folder: Path) -> list[str] | None:
    """What to write before a command; None where bubblewrap is not installed.  ``folder`` may be written."""
    program = shutil.which("bwrap") if sys.platform.startswith("linux") else None
    if program is None:
        return None
    command = [program, "--unshare-all", "--unshare-user", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    command += ["--uid", "1000", "--gid", "1000", "--tmpfs", "/tmp"]  # root could not make a file system of its own inside
    for path in readable:
        for place in dict.fromkeys((path, path.resolve())):
            command += ["--ro-bind-try", str(place), str(place)]
    command += ["--dev", "/dev", "--remount-ro", "/dev", "--proc", "/proc", "--bind", str(folder), str(folder)]
    return [*command, "--chdir", str(folder), "--"]
