"""A submission's process, seen from outside: it is given orders, its answers are awaited, and its end is told in a sentence."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gancourse
from gancourse.classroom.homework.grading import bubblewrap, messages
from gancourse.classroom.homework.grading.sandbox import Limits, environment

FORKS = sys.platform.startswith("linux")
_SOURCES = str(Path(gancourse.__file__).resolve().parents[1])  # where the package lies
_BEGIN = 180.0  # seconds for a process to import what it needs, on a busy machine
_CRASHED = 0xC0000000  # exit statuses from here on are Windows' signals
_GLANCE = 0.2  # seconds between two looks at a process that says nothing
_STRAY = "something was written to the grader's channel that is no answer; it was not counted"


class Died(Exception):
    """The process has ended, or had to be ended; the message says why."""


class Lost(Died):
    """The process has ended by no fault of the submission's."""


class Stopped(Exception):
    """The grader is to stop."""


def _ending(number: int) -> str:
    """Which signal ended a process, and what that means; real-time signals have numbers only."""
    try:
        name = signal.Signals(number).name
    except ValueError:
        return f"a real-time signal ended it (signal {number})"
    why = {"SIGXCPU": "it used up its processor time", "SIGKILL": "the system ended it, most likely for its memory"}
    return f"{why.get(name, 'a crash in compiled code')} ({name})"


class Process:
    """One process: ``orders`` and ``answers`` are ours, ``kill`` ends it, ``wait`` returns its exit status, None if unknown."""

    def __init__(
        self, orders: int, answers: int, kill: Callable[[], object], wait: Callable[[], int | None], stop: threading.Event
    ) -> None:
        self.orders, self._end, self._wait, self._stop = orders, kill, wait, stop
        self.strange: list[str] = []  # remarks on what was written that is no answer
        self._parts: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._buffer, self._unread = b"", 0
        self._writers: list[threading.Thread] = []
        self._reader = threading.Thread(target=self._read, args=(answers,), daemon=True)
        self._reader.start()

    def _read(self, answers: int) -> None:
        """Hand on what comes; ends with the file, or when far more comes than an answer can hold."""
        part = b"-"
        with contextlib.suppress(OSError):
            while part and self._unread <= 2 * messages.LONGEST:
                part = os.read(answers, 65536)
                self._unread += len(part)
                self._parts.put(part)
            os.close(answers)
        self._parts.put(b"")

    def ask(self, order: dict[str, Any], seconds: float, watch: Callable[[], str] = str) -> bytes:
        """Give an order; returns the answer without its token.

        Died if the process ends, or has not answered after so many seconds, or if ``watch`` has a complaint.
        """
        token = os.urandom(16).hex()
        self._send(json.dumps(order | {"token": token}).encode())
        until, self._unread = time.monotonic() + seconds, 0
        while True:
            for line in self._lines():
                if line.startswith(token.encode()):
                    return line[len(token) :]
                if line and _STRAY not in self.strange:
                    self.strange.append(_STRAY)
            if self._stop.is_set():
                raise Stopped
            if why := watch():
                self._give_up(why)
            if time.monotonic() > until:
                self._give_up(f"still running after {seconds:g} seconds, and it did not stop when asked")
            with contextlib.suppress(queue.Empty):
                part = self._parts.get(timeout=_GLANCE)
                if not part:
                    if self._unread > 2 * messages.LONGEST:
                        self._give_up("it flooded the grader's channel")
                    raise self._death()
                self._buffer += part

    def _lines(self) -> list[bytes]:
        *lines, self._buffer = self._buffer.split(b"\n")
        self._buffer = self._buffer[-messages.LONGEST :]
        return lines

    def _send(self, order: bytes) -> None:
        """In a thread, since a process that does not read would hold up whoever writes."""

        def write() -> None:
            rest = len(order).to_bytes(8, "big") + order
            with contextlib.suppress(OSError):
                while rest:
                    rest = rest[os.write(self.orders, rest) :]

        self._writers = [thread for thread in self._writers if thread.is_alive()]
        self._writers.append(threading.Thread(target=write, daemon=True))
        self._writers[-1].start()

    def _give_up(self, why: str) -> None:
        self._end()
        self._wait()
        raise Died(why)

    def _death(self) -> Died:
        code = self._wait()
        if code is None:
            return Lost("the grader's own process has ended")
        if code >= _CRASHED:
            return Died(f"the process died: a crash in compiled code (exit status {code:#x})")
        if code >= 0:
            return Died("it ended its own process" + (f" (exit status {code})" if code else ""))
        return Died(f"the process died: {_ending(-code)}")

    def close(self) -> None:
        self._end()
        for thread in self._writers:
            thread.join(1.0)
        with contextlib.suppress(OSError):
            os.close(self.orders)
        self._wait()


# Where processes come from -----------------------------------------------------------------------------------------------


def _command(call: str) -> list[str]:
    """A fresh interpreter, deaf to the environment, that finds modules where this one does."""
    paths = [_SOURCES, *(path for path in sys.path if path)]
    return [sys.executable, "-I", "-B", "-c", f"import sys; sys.path[:] = {paths!r}; {call}"]


class Pool:
    """Starts processes for submissions: forks of a zygote where there can be one, else fresh interpreters.

    ``inside`` is the folder in which they all work; ``setup`` the code that imports what they need.
    """

    def __init__(self, setup: str, readable: Sequence[Path], inside: Path, stop: threading.Event) -> None:
        self.setup, self.readable, self.inside, self.stop = setup, readable, inside, stop
        self.wrapped = False  # in bubblewrap
        self._lock = threading.Lock()
        self._zygote: subprocess.Popen | None = None
        self._commands: socket.socket | None = None
        if FORKS:
            prefix = bubblewrap.prefix(readable, inside)
            self.wrapped = prefix is not None and self._begin(prefix)
            if not self.wrapped and not self._begin([]):
                self._commands = None

    def _begin(self, prefix: list[str]) -> bool:
        """Start the zygote; False if it does not come to life."""
        ours, theirs = socket.socketpair()
        ours.settimeout(30.0)
        with tempfile.TemporaryFile() as errors:
            self._zygote = subprocess.Popen(
                [*prefix, *_command(f"from gancourse.classroom.homework.grading import zygote; zygote.main({theirs.fileno()})")],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env=environment(self.inside),
                start_new_session=True,
            )
            theirs.close()
            self._commands = ours
            said = self._await_ready(ours)
        if said == b"ready":
            return True
        self._stop_zygote()
        if said:
            raise RuntimeError(f"the set-up cell of the homework fails: {said.decode('utf-8', 'replace').strip()}")
        return False

    def _await_ready(self, commands: socket.socket) -> bytes:
        said, until = b"", time.monotonic() + _BEGIN
        with contextlib.suppress(OSError):
            commands.sendall(json.dumps(self.setup).encode() + b"\n")
            while time.monotonic() < until and not self.stop.is_set():
                if select.select([commands], [], [], _GLANCE)[0]:
                    part = commands.recv(65536)
                    said += part
                    if not part or said == b"ready":
                        break
        return said

    def start(self, folder: Path, limits: Limits) -> Process:
        """A process that works in ``folder`` and is under the limits."""
        process = (self._fork(self._commands) if self._commands is not None else None) or self._interpreter(folder)
        order = {"limits": vars(limits), "folder": str(folder), "readable": [str(path) for path in self.readable]}
        try:
            if messages.read(process.ask(order | {"setup": self.setup}, _BEGIN)) is not True:
                raise Died("it began with something else than asked")
        except BaseException:
            process.close()
            raise
        return process

    def _fork(self, commands: socket.socket) -> Process | None:
        """None if the zygote has gone; from then on there are fresh interpreters."""
        ours, theirs = socket.socketpair()
        (orders_out, orders_in), (answers_out, answers_in) = os.pipe(), os.pipe()
        try:
            with self._lock:
                socket.send_fds(commands, [b"f"], [orders_out, answers_in, theirs.fileno()])
        except OSError:
            for handle in (orders_in, answers_out):
                os.close(handle)
            ours.close()
            self._commands = None
            return None
        finally:
            os.close(orders_out)
            os.close(answers_in)
            theirs.close()
        end = _Control(ours)
        return Process(orders_in, answers_out, end.kill, end.wait, self.stop)

    def _interpreter(self, folder: Path) -> Process:
        prefix = bubblewrap.prefix(self.readable, folder) if self.wrapped else None
        popen = subprocess.Popen(
            [*(prefix or []), *_command("from gancourse.classroom.homework.grading import child; child.main()")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(folder),
            start_new_session=True,
        )
        assert popen.stdin is not None and popen.stdout is not None
        orders, answers = os.dup(popen.stdin.fileno()), os.dup(popen.stdout.fileno())
        popen.stdin.close()
        popen.stdout.close()

        def kill() -> None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(popen.pid, signal.SIGKILL) if hasattr(os, "killpg") else popen.kill()

        return Process(orders, answers, kill, popen.wait, self.stop)

    def _stop_zygote(self) -> None:
        if self._commands is not None:
            self._commands.close()
        self._commands = None
        if self._zygote is not None:
            try:
                self._zygote.wait(3.0)
            except subprocess.TimeoutExpired:
                self._zygote.kill()
                self._zygote.wait()

    def close(self) -> None:
        """End all that is left."""
        self._stop_zygote()


class _Control:
    """A forked child's end: the zygote tells its exit status through the socket, and ends it when the socket speaks or closes."""

    def __init__(self, control: socket.socket) -> None:
        self._socket, self._known = control, False
        self._code: int | None = None
        self._socket.settimeout(10.0)

    def kill(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.sendall(b"k")

    def wait(self) -> int | None:
        if not self._known:
            said = b""
            with contextlib.suppress(OSError):
                said = self._socket.recv(16)
            self._known = True
            self._code = int(said) if said else None
            self._socket.close()
        return self._code
