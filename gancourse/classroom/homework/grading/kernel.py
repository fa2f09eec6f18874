"""What Linux lets an ordinary process give up for good: access to files (Landlock), system calls (seccomp), capabilities.

Landlock needs Linux 5.13; the seccomp filter knows x86-64 and arm64.  None of it needs privileges.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

_DEATH_SIGNAL, _SET_DUMPABLE, _SET_SECCOMP, _DROP_BOUND, _SET_SUBREAPER, _NO_NEW_PRIVILEGES, _AMBIENT = 1, 4, 22, 24, 36, 38, 47


def libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def no_new_privileges() -> None:
    """Needed by Landlock and by seccomp: no program started from here gains anything."""
    libc().prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)


def hide_memory(hidden: bool = True) -> None:
    """Whether other processes of this user are kept from this one's memory, environment and files."""
    libc().prctl(_SET_DUMPABLE, int(not hidden), 0, 0, 0)


def adopt_orphans() -> None:
    """Processes whose parent has ended become children of this one, which can then end them."""
    libc().prctl(_SET_SUBREAPER, 1, 0, 0, 0)


def end_with_parent() -> None:
    """This process does not outlive the one that started it."""
    libc().prctl(_DEATH_SIGNAL, 9, 0, 0, 0)


def drop_capabilities() -> None:
    """What root may do beyond the files that it owns; an ordinary user has none of it."""
    c = libc()
    for number in range(64):
        c.prctl(_DROP_BOUND, number, 0, 0, 0)
    c.prctl(_AMBIENT, 4, 0, 0, 0)  # clear all
    header, none = struct.pack("=Ii", 0x20080522, 0), bytes(24)
    c.capset(ctypes.create_string_buffer(header), ctypes.create_string_buffer(none))


def own_disk(folder: Path, size: int, files: int) -> bool:
    """Give this process a file system of its own at ``folder``, of so many bytes and files; False where users may not."""
    c, new_user, new_mounts = libc(), 0x10000000, 0x00020000
    user, group = os.geteuid(), os.getegid()
    if c.unshare(new_user | new_mounts) != 0:
        return False
    try:
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            Path("/proc/self", name).write_text(text)
    except OSError:
        return False
    private, no_suid_no_devices = 1 << 18 | 1 << 14, 0b110
    c.mount(b"none", b"/", None, private, None)
    options = f"size={size},nr_inodes={files},mode=700".encode()
    return c.mount(b"tmpfs", os.fsencode(folder), b"tmpfs", no_suid_no_devices, options) == 0


# Landlock ----------------------------------------------------------------------------------------------------------------

_READ = 0b1101  # execute, read a file, read a folder
_FILE_RIGHTS = 0b111 | 1 << 14 | 1 << 15  # what a rule for a single file may speak of


def only_these_files(folder: Path, readable: Iterable[Path]) -> bool:
    """From now on this process writes below ``folder`` only and reads there and in ``readable``."""
    c = libc()
    version = c.syscall(444, None, 0, 1)
    if version < 1:
        return False
    handled = (1 << 13) - 1  # everything of version 1
    for since, bit in ((2, 13), (3, 14), (5, 15)):
        handled |= (version >= since) << bit
    network = 0b11 if version >= 4 else 0  # bind and connect of TCP
    scope = 0b11 if version >= 6 else 0  # abstract sockets and signals stay inside
    attributes = struct.pack("=QQQ", handled, network, scope)[: 24 if version >= 6 else 16 if version >= 4 else 8]
    ruleset = c.syscall(444, attributes, len(attributes), 0)
    if ruleset < 0:
        return False
    rules = [(path, _READ) for path in readable]
    rules += [(folder, handled), (Path("/dev/null"), 0b110 | handled & 1 << 14), (Path("/dev/urandom"), 0b100)]
    for path, rights in rules:
        with contextlib.suppress(OSError):
            handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
            rights &= handled if path.is_dir() else _FILE_RIGHTS & handled
            c.syscall(445, ruleset, 1, struct.pack("=Qi", rights, handle), 0)
            os.close(handle)
    done = c.syscall(446, ruleset, 0) == 0
    os.close(ruleset)
    return done


# Seccomp -----------------------------------------------------------------------------------------------------------------

# Numbers of system calls on x86-64 and arm64 (None: there is no such call there).
_CALLS: dict[str, tuple[int | None, int | None]] = {
    # the network, new processes, other programs, other processes
    "socket": (41, 198), "connect": (42, 203), "bind": (49, 200), "fork": (57, None), "vfork": (58, None),
    "execve": (59, 221), "execveat": (322, 281), "ptrace": (101, 117), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "process_madvise": (440, 440), "kcmp": (312, 272), "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424), "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240), "tkill": (200, 130),
    # what a namespace or root could do
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "open_tree": (428, 428),
    "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433),
    "mount_setattr": (442, 442), "chroot": (161, 51), "pivot_root": (155, 41), "bpf": (321, 280), "keyctl": (250, 219),
    "add_key": (248, 217), "request_key": (249, 218), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425), "open_by_handle_at": (304, 265),
    # memory that no limit counts or that outlives its process
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194), "shmat": (30, 196), "msgget": (68, 186),
    "semget": (64, 190), "mq_open": (240, 180),
    # owners, modes and times of files, which Landlock lets pass
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452), "chown": (92, None),
    "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54), "setxattr": (188, 5), "lsetxattr": (189, 6),
    "fsetxattr": (190, 7), "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16),
    "utime": (132, None), "utimes": (235, None), "futimesat": (261, None), "utimensat": (280, 88),
}  # fmt: skip
_CLONE, _CLONE3, _KILL, _TGKILL, _PRLIMIT = (56, 220), (435, 435), (62, 129), (234, 131), (302, 261)
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_ALLOW, _REFUSE, _KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000


def only_these_calls() -> bool:
    """From now on this process can do none of the above, and speak of nobody but itself in signals and limits."""
    if platform.machine() not in _ARCHITECTURES or sys.maxsize < 2**32:
        return False
    column, architecture = _ARCHITECTURES[platform.machine()]
    load, equal, at_least, bits, answer = 0x20, 0x15, 0x35, 0x45, 0x06
    refuse = (answer, 0, 0, _REFUSE | errno.EPERM)
    program = [(load, 0, 0, 4), (equal, 1, 0, architecture), (answer, 0, 0, _KILL_PROCESS), (load, 0, 0, 0)]
    if column == 0:
        program += [(at_least, 0, 1, 0x40000000), refuse]  # the x32 calls, under which all of these exist once more
    for calls in _CALLS.values():
        if (number := calls[column]) is not None:
            program += [(equal, 0, 1, number), refuse]
    program += [(equal, 0, 1, _CLONE3[column]), (answer, 0, 0, _REFUSE | errno.ENOSYS)]  # libraries then use clone
    # Threads are allowed, processes are not.
    program += [(equal, 0, 4, _CLONE[column]), (load, 0, 0, 16), (bits, 1, 0, 0x10000), refuse, (answer, 0, 0, _ALLOW)]
    for numbers, allowed in ((_KILL, os.getpid()), (_TGKILL, os.getpid()), (_PRLIMIT, 0)):
        program += [(equal, 0, 4, numbers[column]), (load, 0, 0, 16), (equal, 1, 0, allowed), refuse, (answer, 0, 0, _ALLOW)]
    program.append((answer, 0, 0, _ALLOW))
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in program))
    header = struct.pack("@HP", len(program), ctypes.addressof(code))
    return libc().prctl(_SET_SECCOMP, 2, ctypes.create_string_buffer(header), 0, 0) == 0
