"""Notebooks as a class hands them in: the right answers of homework 1, with something done to them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gancourse.classroom.homework import build
from gancourse.classroom.homework.grading.assignment import Assignment, load_assignment
from gancourse.classroom.homework.grading.report import Result
from gancourse.classroom.homework.grading.sandbox import Limits

ROOT = Path(__file__).resolve().parents[2]
ANSWERS = build.solution_path(build.find("hw1", ROOT))
FULL = 20.0
LIMITS = Limits(
    cell_seconds=2, seconds=80, memory=400_000_000, file=200_000, disk=2_000_000, files=100, notebook=2_000_000, output=100_000
)

Book = dict[str, Any]


def assignment() -> Assignment:
    return load_assignment(ANSWERS)


def right() -> Book:
    return json.loads(ANSWERS.read_text(encoding="utf-8"))


def cell(book: Book, name: str) -> dict[str, Any]:
    (found,) = (c for c in book["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == name)
    return found


def answer(book: Book, name: str, code: str) -> Book:
    cell(book, name)["source"] = code
    return book


def before(book: Book, code: str, place: int = 4) -> Book:
    book["cells"].insert(place, {"cell_type": "code", "metadata": {}, "source": code, "outputs": [], "execution_count": None})
    return book


def said(result: Result) -> str:
    """All that a result says in words."""
    told = [*result.checks.values(), *result.cells]
    texts = [result.failure, *result.remarks, *(one["error"] for one in told), *(one["output"] for one in told)]
    return "\n".join(texts + [item[3] for check in result.checks.values() for item in check["items"]])
