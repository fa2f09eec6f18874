"""Printing that cannot stop the work, of all commands."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import pytest

from gancourse.base import streams
from gancourse.classroom import cli


class _Broken(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError(32, "Broken pipe")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Łukasz 🙂\n\tok", "Łukasz 🙂\n\tok"),
        (os.fsdecode(b"\xffx") if sys.platform != "win32" else "\udcffx", "\\xffx"),
        ("half \ud83d", "half \\ud83d"),
        ("\x1b[2J\x07\r\x9b", "\\x1b[2J\\x07\\x0d\\x9b"),
    ],
)
def test_what_is_printable(text: str, shown: str) -> None:
    assert streams.printable(text) == shown
    shown.encode("utf-8")


def test_a_letter_that_the_encoding_lacks_is_escaped() -> None:
    inner = io.BytesIO()
    stream = streams.Steady(io.TextIOWrapper(inner, encoding="cp1252", write_through=True))
    assert stream.write("Łukasz\n") == 7
    assert inner.getvalue() == b"\\u0141ukasz\n"


def test_a_reader_that_has_gone_and_a_closed_file_are_no_error() -> None:
    for broken in (_Broken(), io.StringIO()):
        if type(broken) is io.StringIO:
            broken.close()
        stream = streams.Steady(broken)
        print("one", file=stream, flush=True)
        print("two", file=stream, flush=True)


def test_streams_are_as_before_after_the_block() -> None:
    before = sys.stdout, sys.stderr
    with pytest.raises(KeyError), streams.steady():
        assert sys.stdout is not before[0]
        raise KeyError
    assert (sys.stdout, sys.stderr) == before


def test_every_command_goes_through_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", _Broken())
    monkeypatch.setattr(sys, "stderr", _Broken())
    assert cli.main(["version"]) == 0
    assert cli.main(["sample", "no such thing"]) == 2
    with pytest.raises(SystemExit) as end:
        cli.main(["--help"])
    assert end.value.code == 0


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of POSIX")
@pytest.mark.parametrize("arguments", [["version"], ["--help"]])
def test_a_closed_pipe_at_the_end_of_the_process_too(arguments: list[str]) -> None:
    """Python writes out what is left when it ends, and would complain then: status 120."""
    reader, writer = os.pipe()
    os.close(reader)
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    line = [sys.executable, "-m", "gancourse", *arguments]
    done = subprocess.run(line, stdout=writer, stderr=subprocess.PIPE, check=False, env=buffered)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")
