"""Limits for a process that runs somebody else's code, as far as the platform gives them to an ordinary user.

- every POSIX system: processor time, memory (address space; macOS does not keep to it), size of files, open files, no core dumps;
- Linux with Landlock (5.13): no reading and no writing outside given folders;
- Linux on x86-64 and arm64, by seccomp: no network, no new processes, no other program, no signal to other processes, no
  change of owners, modes and times of files.

Nothing here needs privileges.  :func:`probe` tries the forbidden things in a limited process and says what is refused, so that
a report speaks of this machine and not of the manual.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import platform
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

LINUX = sys.platform.startswith("linux")


@dataclass(frozen=True)
class Limits:
    """What one submission may use."""

    cell_seconds: float = 20.0  # of processor time, for each cell; three times as much on the clock
    seconds: float = 120.0  # likewise, for all cells together
    memory: int = 2_000_000_000  # bytes more than the process starts with
    file: int = 20_000_000  # bytes of each file that it writes
    notebook: int = 20_000_000  # bytes of the notebook that was handed in
    output: int = 1_000_000  # characters that each cell may print


def confine(limits: Limits, folder: Path, readable: Iterable[Path]) -> None:
    """Put this process under the limits; it may write in ``folder`` only and read there and in ``readable``."""
    _resource_limits(limits)
    if LINUX:
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS: what both of the next need
        _landlock(libc, folder, readable)
        _seccomp(libc)


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


# Landlock ----------------------------------------------------------------------------------------------------------------

_READ = 0b1101  # execute, read a file, read a folder
_FILE_RIGHTS = 0b111 | 1 << 14 | 1 << 15  # what a rule for a single file may speak of


def _landlock(libc: ctypes.CDLL, folder: Path, readable: Iterable[Path]) -> bool:
    version = libc.syscall(444, None, 0, 1)
    if version < 1:
        return False
    handled = (1 << 13) - 1  # everything of version 1
    for since, bit in ((2, 13), (3, 14), (5, 15)):
        handled |= (version >= since) << bit
    network = 0b11 if version >= 4 else 0  # bind and connect of TCP
    scope = 0b11 if version >= 6 else 0  # abstract sockets and signals stay inside
    attributes = struct.pack("=QQQ", handled, network, scope)[: 24 if version >= 6 else 16 if version >= 4 else 8]
    ruleset = libc.syscall(444, attributes, len(attributes), 0)
    if ruleset < 0:
        return False
    rules = [(path, _READ) for path in readable]
    rules += [(folder, handled), (Path("/dev/null"), 0b110 | handled & 1 << 14), (Path("/dev/urandom"), 0b100)]
    for path, rights in rules:
        try:
            handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        if not path.is_dir():
            rights &= _FILE_RIGHTS
        libc.syscall(445, ruleset, 1, struct.pack("=Qi", rights & handled, handle), 0)
        os.close(handle)
    done = libc.syscall(446, ruleset, 0) == 0
    os.close(ruleset)
    return done


def python_folders() -> list[Path]:
    """What any Python process has to read: the interpreter, its packages, the system's libraries."""
    import site

    places = [sys.prefix, sys.base_prefix, *site.getsitepackages(), site.getusersitepackages()]
    places += ["/usr", "/lib", "/lib64", "/bin", "/etc", "/proc", "/sys"]
    return [Path(place) for place in dict.fromkeys(places) if Path(place).exists()]


# Seccomp -----------------------------------------------------------------------------------------------------------------

# Numbers of system calls on x86-64 and arm64 (None: there is no such call there).
_CALLS: dict[str, tuple[int | None, int | None]] = {
    "socket": (41, 198), "connect": (42, 203), "bind": (49, 200), "fork": (57, None), "vfork": (58, None),
    "execve": (59, 221), "execveat": (322, 281), "ptrace": (101, 117), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39),
    "chroot": (161, 51), "pivot_root": (155, 41), "bpf": (321, 280), "keyctl": (250, 219), "add_key": (248, 217),
    "request_key": (249, 218), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "pidfd_open": (434, 434), "pidfd_send_signal": (424, 424), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
    "tkill": (200, 130), "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "chown": (92, None), "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54), "setxattr": (188, 5),
    "lsetxattr": (189, 6), "fsetxattr": (190, 7), "removexattr": (197, 14), "lremovexattr": (198, 15),
    "fremovexattr": (199, 16), "utime": (132, None), "utimes": (235, None), "futimesat": (261, None), "utimensat": (280, 88),
}  # fmt: skip
_CLONE, _CLONE3, _KILL, _TGKILL, _PRLIMIT = (56, 220), (435, 435), (62, 129), (234, 131), (302, 261)
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_ALLOW, _REFUSE, _KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000


def _seccomp(libc: ctypes.CDLL) -> bool:
    if platform.machine() not in _ARCHITECTURES or sys.maxsize < 2**32:
        return False
    column, architecture = _ARCHITECTURES[platform.machine()]
    load, equal, at_least, bits, answer = 0x20, 0x15, 0x35, 0x45, 0x06
    refuse = (answer, 0, 0, _REFUSE | errno.EPERM)
    program = [(load, 0, 0, 4), (equal, 1, 0, architecture), (answer, 0, 0, _KILL_PROCESS), (load, 0, 0, 0)]
    if column == 0:
        program += [(at_least, 0, 1, 0x40000000), refuse]  # the x32 calls, under which all of these exist once more
    for numbers in _CALLS.values():
        if numbers[column] is not None:
            program += [(equal, 0, 1, numbers[column]), refuse]
    program += [(equal, 0, 1, _CLONE3[column]), (answer, 0, 0, _REFUSE | errno.ENOSYS)]  # libraries then use clone
    # Threads are allowed, processes are not; signals and limits only for this process itself.
    program += [(equal, 0, 4, _CLONE[column]), (load, 0, 0, 16), (bits, 1, 0, 0x10000), refuse, (answer, 0, 0, _ALLOW)]
    for numbers, allowed in ((_KILL, os.getpid()), (_TGKILL, os.getpid()), (_PRLIMIT, 0)):
        program += [(equal, 0, 4, numbers[column]), (load, 0, 0, 16), (equal, 1, 0, allowed), refuse, (answer, 0, 0, _ALLOW)]
    program.append((answer, 0, 0, _ALLOW))
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in program))
    header = struct.pack("@HP", len(program), ctypes.addressof(code))
    return libc.prctl(22, 2, ctypes.create_string_buffer(header), 0, 0) == 0


# What holds here ---------------------------------------------------------------------------------------------------------


def probe(limits: Limits, readable: Iterable[Path], secret: Path) -> dict[str, bool]:
    """Try the forbidden things in a confined process; for each, whether it was refused."""
    names = [
        "network",
        "new processes",
        "signals to other processes",
        "writing outside its folder",
        "reading the answers",
        "memory",
    ]
    if not hasattr(os, "fork"):
        return dict.fromkeys(names, False)
    with tempfile.TemporaryDirectory() as inside, tempfile.TemporaryDirectory() as outside:
        reader, writer = os.pipe()
        if (child := os.fork()) == 0:
            try:
                os.close(reader)
                confine(limits, Path(inside), readable)
                os.write(writer, "".join("01"[_refused(what, Path(outside), secret, limits)] for what in names).encode())
            finally:
                os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as answers:
            said = answers.read()
        os.waitpid(child, 0)
    return {name: said[i : i + 1] == "1" for i, name in enumerate(names)}


def _refused(what: str, outside: Path, secret: Path, limits: Limits) -> bool:
    try:
        if what == "network":
            socket.socket(socket.AF_INET).close()
        elif what == "new processes":
            subprocess.run([sys.executable, "-c", ""], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        elif what == "signals to other processes":
            os.kill(os.getppid(), 0)
        elif what == "writing outside its folder":
            (outside / "file").write_text("here")
        elif what == "reading the answers":
            secret.read_bytes()
        else:
            bytearray(limits.memory + 1_000_000_000)
    except (OSError, MemoryError):
        return True
    return False
