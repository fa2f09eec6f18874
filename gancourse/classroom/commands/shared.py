"""What the commands share: whole numbers, refusals, lines to the user."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shlex
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any


def whole(text: str) -> int:
    """A whole number above 0, for argparse."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"must be a whole number above 0, not {text!r}")
    return int(text)


def again(words: Sequence[str]) -> str:
    """The command that was given, to be given once more: under torchrun with its beginning."""
    quoted = _powershell if sys.platform == "win32" else shlex.join
    command = quoted(["gancourse", *words])
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        return command
    hosts = " (and what else it was given on each host)" if os.environ.get("GROUP_WORLD_SIZE", "1") != "1" else ""
    return f"torchrun --nproc-per-node={os.environ.get('LOCAL_WORLD_SIZE', '1')}{hosts} -m -- {command}"


def _powershell(words: Sequence[str]) -> str:
    """The words as PowerShell takes them: outside of single quotes # begins a comment there, and $ ( ; & have a meaning."""
    return " ".join(word if re.fullmatch(r"[\w.:\\/=+-]+", word) else "'" + word.replace("'", "''") + "'" for word in words)


@contextlib.contextmanager
def plain_warnings() -> Iterator[None]:
    """In this block warnings are sentences on stderr, as errors are, without a place in the code."""

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        note(f"gancourse: {message}")

    with warnings.catch_warnings():
        warnings.simplefilter("default", UserWarning)
        warnings.showwarning = show
        yield


ARGUMENTS = {  # of the functions that the commands call, and the options that they are given by
    **{
        name: name
        for name in ("background", "column", "compile", "direction", "fit", "flip", "labels", "precision", "size", "skip")
    },
    "batch_size": "batch",
}
_GIVEN = re.compile(  # not inside a path or the name of a file, which may look like that
    rf"(?<![\w./\\=-])(pass )?({'|'.join(ARGUMENTS)})=('[^']*'|\.\.\.|\w*)(?![\w/\\=]|\.\w)"
)
_ASKED = re.compile(rf"^({'|'.join(ARGUMENTS)}) must be(?: None,)? ")


def in_options(message: str) -> str:
    """A sentence about arguments as one about options: "pass skip=True" is "add --skip", "pass fit=None" is "leave --fit out"."""

    def given(found: re.Match[str]) -> str:
        option, value = f"--{ARGUMENTS[found[2]]}", found[3].strip("'")
        if value == "None":
            return f"leave {option} out" if found[1] else f"no {option}"
        option = option if value in ("", "True", "...") else f"{option} {value}"
        return f"add {option}" if found[1] else option

    return _GIVEN.sub(given, _ASKED.sub(lambda found: f"--{ARGUMENTS[found[1]]} must be ", message))


@contextlib.contextmanager
def of_options() -> Iterator[None]:
    """In this block errors speak of the command's options, not of the arguments of the functions that it calls."""
    try:
        yield
    except (ValueError, TypeError, OSError) as error:
        said = in_options(str(error))
        if said == str(error) or type(error) not in (ValueError, TypeError, FileNotFoundError, NotADirectoryError):
            raise
        raise type(error)(said) from error


@contextlib.contextmanager
def terminated_as_interrupted() -> Iterator[None]:
    """In this block SIGTERM, by which schedulers, containers and torchrun end a process, does what Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def refuse(arguments: argparse.Namespace, what: str, *names: str) -> None:
    """Raise a ValueError if one of these arguments, of which ``what`` makes no use, was given."""
    for name in names:
        value = getattr(arguments, name)
        if value is None or value is False or value == []:
            continue
        given = " ".join(value) if name == "names" else f"--{name.replace('_', '-')}"
        raise ValueError(f"{what} does not use {given}: leave it out")


def there_already(path: Path, kind: str = "") -> ValueError:
    """What to raise where a file, of that kind, would be written over that this command may not have made."""
    return ValueError(f"{path} exists already{kind and f' and is {kind}'}: add --force to replace it, or name another --output")


def note(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def no_other_file(path: Path) -> Path:
    """Return ``path`` unless something is there that is no checkpoint of the course: an existing path is given no ending."""
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder: name a file in it")
    if path.exists() and path.suffix not in (".safetensors", ".json"):
        from gancourse.base.kinds import what_is

        raise ValueError(
            f"{path} is {what_is(path)}, and no checkpoint of the course, which is a .safetensors file with its card beside it; "
            f'weights of other programs are read in Python: gancourse.zoo.reference.load("{path}")'
        )
    return path


def no_other_folder(checkpoint: str) -> None:
    """Raise an IsADirectoryError where ``checkpoint`` is a folder, neither that of a run nor the name of a shipped network."""
    from gancourse import zoo

    if Path(checkpoint).expanduser().is_dir() and checkpoint not in zoo.names():
        raise IsADirectoryError(
            f"{checkpoint} is a folder and that of no run, for it has no settings.json: name one of a run, or a checkpoint's file"
        )
