"""A process that has imported what submissions need and forks one child for each; it never sees a notebook or a result.

It is told to fork by a byte that brings three files: where the child takes its orders, where it answers, and a socket by which
the one outside ends the child and learns how it ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import traceback
from pathlib import Path
from typing import Any

from gancourse.classroom.homework.grading import child, kernel


def main(channel: int) -> None:
    """Import, say that all is ready, and fork until the one outside goes away."""
    commands = socket.socket(fileno=channel)
    kernel.hide_memory()
    kernel.adopt_orphans()
    try:
        child.warm_up(json.loads(_line(commands)))
    except BaseException:
        commands.sendall(traceback.format_exc().encode("utf-8", "backslashreplace")[-4000:])
        return
    commands.sendall(b"ready")
    supervisor = _Supervisor(commands)
    try:
        supervisor.serve()
    finally:
        supervisor.kill_all()
        os._exit(0)  # nothing is left to be tidied up


def _line(commands: socket.socket) -> bytes:
    parts: list[bytes] = []
    while not (parts and parts[-1].endswith(b"\n")):
        parts.append(commands.recv(65536))
        if not parts[-1]:
            raise EOFError("nobody is there")
    return b"".join(parts)


class _Supervisor:
    """Forks children, tells how they ended, and kills those that have to go; a signal writes to ``wakeup`` when one ends."""

    def __init__(self, commands: socket.socket) -> None:
        self.commands = commands
        self.children: dict[int, socket.socket] = {}
        self.killed: set[int] = set()  # killed, and not yet reaped
        self.wakeup, wake = os.pipe()
        os.set_blocking(wake, False)
        os.set_blocking(self.wakeup, False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)

    def serve(self) -> None:
        while True:
            talking = {control: pid for pid, control in self.children.items() if pid not in self.killed}
            watched: list[Any] = [self.commands, self.wakeup, *talking]
            for ready in select.select(watched, [], [], 1.0)[0]:
                if ready is self.commands:
                    if not self._fork():
                        return
                elif ready == self.wakeup:
                    with contextlib.suppress(BlockingIOError):
                        os.read(self.wakeup, 4096)
                else:
                    self._kill(talking[ready])
            self._reap()

    def _fork(self) -> bool:
        """Take in an order and fork; False when the one outside has gone."""
        word, files, _, _ = socket.recv_fds(self.commands, 1, 3)
        if not word:
            return False
        orders, answers, control = files
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                _begin(orders, answers)
                status = 0
            finally:
                os._exit(status)
        os.close(orders)
        os.close(answers)
        self.children[pid] = socket.socket(fileno=control)
        return True

    def _kill(self, pid: int) -> None:
        self.killed.add(pid)
        for kill in (os.killpg, os.kill):  # it may not have made its group yet
            with contextlib.suppress(ProcessLookupError, PermissionError):
                kill(pid, signal.SIGKILL)

    def _reap(self) -> None:
        """Tell how those ended that have ended; nothing that they have started stays."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid in self.children:
                with self.children.pop(pid) as control, contextlib.suppress(OSError):
                    control.sendall(str(os.waitstatus_to_exitcode(status)).encode())
                self.killed.discard(pid)
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(pid, signal.SIGKILL)
            self._kill_orphans()

    def _kill_orphans(self) -> None:
        with contextlib.suppress(OSError):
            for pid in map(int, Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()):
                if pid not in self.children:
                    os.kill(pid, signal.SIGKILL)

    def kill_all(self) -> None:
        for pid in list(self.children):
            self._kill(pid)
        self._kill_orphans()


def _begin(orders: int, answers: int) -> None:
    """The child: nothing of the zygote's stays open but its own two files."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    kernel.end_with_parent()
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    low, high = sorted((orders, answers))
    for first, last in ((3, low), (low + 1, high), (high + 1, 4096)):
        os.closerange(first, last)
    child.serve(orders, answers)
