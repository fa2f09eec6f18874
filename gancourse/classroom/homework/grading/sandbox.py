"""Limits for a process that runs somebody else's code, as far as the platform gives them to an ordinary user.

- every POSIX system: processor time, memory (address space; macOS does not keep to it), size of files, open files, no core
  dumps; no new processes on macOS;
- Linux: no reading and no writing outside given folders, no network, no new processes, no signals to others, no look into their
  memory, no capabilities (``kernel``); a file system of its own with an end, where users may make one.

``probe`` tries the forbidden things and says what was refused, so that a report speaks of this machine, not of the manual.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gancourse.classroom.homework.grading import kernel

LINUX = sys.platform.startswith("linux")
PATIENCE = 3  # how much longer than its processor time a cell may take on the clock: the machine may be busy


@dataclass(frozen=True)
class Limits:
    """What one submission may use."""

    cell_seconds: float = 20.0  # of processor time, for each cell; three times as much on the clock
    seconds: float = 120.0  # likewise, for all cells together
    memory: int = 2_000_000_000  # bytes more than the process starts with
    file: int = 20_000_000  # bytes of each file that it writes
    disk: int = 100_000_000  # bytes of all of them together
    files: int = 2_000
    notebook: int = 20_000_000  # bytes of the notebook that was handed in
    output: int = 1_000_000  # characters that each cell may print


def confine(limits: Limits, folder: Path, readable: Iterable[Path]) -> None:
    """Put this process, which has one thread, under the limits; it may write in ``folder`` and read there and in ``readable``."""
    if not LINUX:
        os.chdir(folder)
        _resource_limits(limits)
        return
    kernel.hide_memory(False)  # else it could not write its own maps of users
    kernel.own_disk(folder, limits.disk, limits.files)
    kernel.hide_memory()
    os.chdir(folder)
    _resource_limits(limits)
    kernel.no_new_privileges()
    kernel.only_these_files(folder, [*readable, *own_process()])
    kernel.drop_capabilities()
    kernel.only_these_calls()


def _resource_limits(limits: Limits) -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    wanted = {
        "RLIMIT_CPU": int(limits.seconds) + 5,
        "RLIMIT_AS": _address_space() + limits.memory,
        "RLIMIT_FSIZE": limits.file,
        "RLIMIT_NOFILE": 256,
        "RLIMIT_CORE": 0,
    }
    if not LINUX:  # where the limit counts processes only; Linux counts threads, too
        wanted["RLIMIT_NPROC"] = 0
    for name, value in wanted.items():
        with contextlib.suppress(ValueError, OSError, AttributeError):
            which = getattr(resource, name)
            hard = resource.getrlimit(which)[1]
            resource.setrlimit(which, (value, value) if hard == resource.RLIM_INFINITY else (min(value, hard), min(value, hard)))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # then a write that is too long is an OSError


def _address_space() -> int:
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 8_000_000_000


# What it finds -----------------------------------------------------------------------------------------------------------


def environment(folder: Path) -> dict[str, str]:
    """What a process for submissions finds in its environment: nothing of the teacher's."""
    keep = {key: os.environ[key] for key in ("PATH", "LANG", "SYSTEMROOT", "SYSTEMDRIVE", "LD_LIBRARY_PATH") if key in os.environ}
    keep |= {"HOME": str(folder), "TMPDIR": str(folder), "TEMP": str(folder), "MPLBACKEND": "agg", "OMP_NUM_THREADS": "1"}
    # A compiled function computes what it says without a compiler, which would be a new process.
    return keep | {"GANCOURSE_SCALE": "ci", "CUDA_VISIBLE_DEVICES": "", "TORCHDYNAMO_DISABLE": "1"}


_SYSTEM = """/usr /lib /lib32 /lib64 /libx32 /bin /sbin /opt/local /etc/ld.so.cache /etc/ld.so.conf /etc/ld.so.conf.d
    /etc/localtime /etc/timezone /etc/passwd /etc/group /etc/nsswitch.conf /etc/hosts /etc/fonts /etc/mime.types
    /etc/alternatives /etc/os-release /etc/matplotlibrc /etc/python3 /nix/store /sys/devices/system"""


def readable_folders(package: Path, data: Path | None) -> list[Path]:
    """What a submission has to read: the interpreter, its packages, the system's libraries, and the course's code and data."""
    import site

    places = [sys.prefix, sys.base_prefix, *site.getsitepackages(), site.getusersitepackages(), *_SYSTEM.split(), package]
    found = [Path(str(place)) for place in dict.fromkeys([*places, *([data] if data else [])])]
    return [path for path in found if path.exists() and path not in (Path("/"), Path.home())]


def own_process() -> list[Path]:
    """What a process has to read of /proc: itself and the machine, not its neighbours."""
    return [Path("/proc") / name for name in ("self", "cpuinfo", "meminfo", "stat", "version", "filesystems", "sys")]
