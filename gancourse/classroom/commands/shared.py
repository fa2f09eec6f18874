"""What the commands share: whole numbers, refusals, lines to the user."""

from __future__ import annotations

import argparse
import contextlib
import sys
import warnings
from collections.abc import Iterator
from typing import Any


def whole(text: str) -> int:
    """A whole number above 0, for argparse."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"must be a whole number above 0, not {text!r}")
    return int(text)


@contextlib.contextmanager
def plain_warnings() -> Iterator[None]:
    """In this block warnings are sentences on stderr, as errors are, without a place in the code."""

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        note(f"gancourse: {message}")

    with warnings.catch_warnings():
        warnings.simplefilter("default", UserWarning)
        warnings.showwarning = show
        yield


def refuse(arguments: argparse.Namespace, what: str, *names: str) -> None:
    """Raise a ValueError if one of these arguments, of which ``what`` makes no use, was given."""
    for name in names:
        value = getattr(arguments, name)
        if value is None or value is False or value == []:
            continue
        given = " ".join(value) if name == "names" else f"--{name.replace('_', '-')}"
        raise ValueError(f"{what} does not use {given}: leave it out")


def note(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
