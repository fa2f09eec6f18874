"""Printing that cannot stop the work: to a pipe that was closed, a full disk, or a terminal that lacks the letter."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterator
from typing import Any


def printable(text: str) -> str:
    """The text with everything escaped that UTF-8 cannot hold or a terminal would obey: bytes that were no UTF-8 in a file's
    name, halves of pairs, control characters other than tab and newline."""
    with contextlib.suppress(UnicodeEncodeError):
        text = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", lambda found: f"\\x{ord(found[0]):02x}", text)


class Steady:
    """A text stream that writes what it can, and nothing after its reader has gone; never raises."""

    def __init__(self, stream: Any) -> None:
        self._stream, self._gone = stream, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        if not self._gone:
            try:
                self._stream.write(text)
            except UnicodeError:
                encoding = getattr(self._stream, "encoding", None) or "ascii"
                self.write(text.encode(encoding, "backslashreplace").decode(encoding))
            except (OSError, ValueError):
                self._leave()
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        if not self._gone:
            try:
                self._stream.flush()
            except (OSError, ValueError):
                self._leave()

    def _leave(self) -> None:
        """Point the file elsewhere, lest Python complain at its end about what could not be written."""
        self._gone = True
        with contextlib.suppress(OSError, ValueError, AttributeError):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, self._stream.fileno())
            os.close(null)


@contextlib.contextmanager
def steady() -> Iterator[None]:
    """In the block, printing to standard output and standard error cannot raise."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (Steady(stream) if stream is not None else None for stream in before)
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, Steady):
                stream.flush()
        sys.stdout, sys.stderr = before
