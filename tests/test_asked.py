"""The lines that lectures ask for: each is reached from the package, asked for once, and left unwritten."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

from gancourse.classroom import asked
from gancourse.classroom.lines import Line
from tests.asked import lines_of

ROOT = Path(__file__).resolve().parents[1]
LINES = lines_of(asked)


def test_every_line_of_every_module_is_reached_from_the_package():
    held: dict[str, Line] = {}
    for found in pkgutil.iter_modules(asked.__path__):
        own = lines_of(importlib.import_module(f"{asked.__name__}.{found.name}"))
        assert not set(held) & set(own), "two lines of one name"
        held |= own
    assert held == LINES and sorted(LINES) == asked.__all__


def test_lectures_ask_for_lines_that_are_there_and_leave_them_unwritten():
    found = []
    for source in sorted((ROOT / "notebooks" / "source").glob("*.py")):
        text = source.read_text(encoding="utf-8")
        here = re.findall(r"^lines\.answered\(\w+, \*asked\.(\w+)\)$", text, re.MULTILINE)
        assert len(re.findall(r"^    return \.\.\.", text, re.MULTILINE)) == len(here), source.stem
        found += here
    assert set(found) == set(LINES) and len(set(found)) == len(found)
