"""What the examples in docstrings import is there to be imported."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "gancourse"
LINE = re.compile(r"^\s*>>> (from (gancourse[\w.]*) import ([\w, ]+)|import (gancourse[\w.]*))", re.MULTILINE)


def examples() -> list[tuple[str, str, str]]:
    """(file, module, names) of each import in an example."""
    found = []
    for file in sorted(PACKAGE.rglob("*.py")):
        for match in LINE.finditer(file.read_text(encoding="utf-8")):
            found.append((str(file.relative_to(PACKAGE)), match[2] or match[4], match[3] or ""))
    return found


@pytest.mark.parametrize(("file", "module", "names"), examples())
def test_an_example_imports_what_there_is(file, module, names):
    there = importlib.import_module(module)
    for name in (part.split(" as ")[0].strip() for part in names.split(",") if part.strip()):
        if not hasattr(there, name):
            importlib.import_module(f"{module}.{name}")
