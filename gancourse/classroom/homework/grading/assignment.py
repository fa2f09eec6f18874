"""What the grader needs of the notebook with the answers, and what to run of a student's, in which order."""

from __future__ import annotations

import ast
import codecs
import json
import re
import threading
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_COLAB = "colab-setup"  # the tag of the cell that sets Colab up


@dataclass
class Check:
    """A graded cell of the source."""

    name: str
    points: float
    code: str


@dataclass
class Assignment:
    """What the grader takes from the source: the set-up, the graded cells, and what students were handed."""

    name: str
    setup: str
    checks: dict[str, Check]
    answers: dict[str, str]  # the cells that students write: name -> the right answer
    ours: dict[str, str]  # other named cells of the source
    handed_out: dict[str, str] = field(default_factory=dict)  # text of a student version's cell -> its name
    colab: str = ""  # the cell that sets Colab up

    @property
    def points(self) -> float:
        return sum(check.points for check in self.checks.values())


@dataclass
class Step:
    """One thing to run: an answer, a cell of the student's own, or a check."""

    kind: str
    name: str
    code: str


class Unreadable(ValueError):
    """What was handed in is no notebook; the message says what it is."""


def load_assignment(notebook: Path) -> Assignment:
    """The assignment of a notebook with answers."""
    checks: dict[str, Check] = {}
    answers: dict[str, str] = {}
    ours: dict[str, str] = {}
    colab = ""
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        about, code = cell["metadata"].get("nbgrader"), "".join(cell["source"])
        if _COLAB in cell["metadata"].get("tags", []):
            colab = code
        if cell["cell_type"] != "code" or about is None:
            continue
        name = about["grade_id"]
        if about["grade"]:
            checks[name] = Check(name, float(about["points"]), code)
        elif about["solution"]:
            answers[name] = code
        else:
            ours[name] = code
    if not checks:
        raise ValueError(f"{notebook} has no graded cells: name the notebook with the answers, solutions/hwN_....ipynb")
    return Assignment(notebook.stem, ours.get("setup", ""), checks, answers, ours, _handed_out(checks, ours), colab)


def _handed_out(checks: dict[str, Check], ours: dict[str, str]) -> dict[str, str]:
    """The text of our cells as students have it, by which they are known where a program has dropped the cells' names."""
    hidden = re.compile(r"^[^\n]*BEGIN HIDDEN TESTS.*?END HIDDEN TESTS[^\n]*\n?", re.MULTILINE | re.DOTALL)
    texts = {hidden.sub("", check.code).strip(): name for name, check in checks.items()}
    return texts | {code.strip(): name for name, code in ours.items()}


# A student's notebook ----------------------------------------------------------------------------------------------------


def cells_of(raw: bytes) -> list[dict[str, Any]]:
    """The code cells of a notebook file: dicts with ``source``, ``name`` and ``tags``.  Trusts nothing."""
    try:
        book = json.loads(_text(raw))
    except UnicodeDecodeError:
        raise Unreadable("the file is no text: it is not a notebook, or it was damaged on its way") from None
    except (ValueError, RecursionError):
        raise Unreadable("the file is no notebook: its text is not JSON, perhaps because it was cut off") from None
    cells = book.get("cells") if isinstance(book, dict) else None
    if cells is None and isinstance(book, dict) and isinstance(book.get("worksheets"), list):  # notebooks of format 3
        sheets = [sheet.get("cells") for sheet in book["worksheets"] if isinstance(sheet, dict)]
        cells = [cell for sheet in sheets if isinstance(sheet, list) for cell in sheet]
    if not isinstance(cells, list):
        raise Unreadable("the file is no notebook: it has no cells")
    return [_read_cell(cell) for cell in cells if isinstance(cell, dict) and cell.get("cell_type") == "code"]


def _text(raw: bytes) -> str:
    """Decoded by its byte-order mark where there is one, else as UTF-8."""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw.decode("utf-16")
    return raw.decode("utf-8-sig")


def _read_cell(cell: dict[str, Any]) -> dict[str, Any]:
    text = cell.get("source", cell.get("input", ""))
    about = cell.get("metadata")
    about = about if isinstance(about, dict) else {}
    grader, tags = about.get("nbgrader"), about.get("tags")
    name = grader.get("grade_id") if isinstance(grader, dict) else None
    return {
        "source": "".join(map(_plain, text)) if isinstance(text, list) else _plain(text),
        "name": _plain(name or cell.get("id") or "")[:200],
        "tags": [_plain(tag) for tag in tags] if isinstance(tags, list) else [],
    }


def _plain(text: Any) -> str:
    """The text, with half of an emoji (a lone surrogate), which Python would not compile, as the sign for a lost letter."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text) if isinstance(text, str) else ""


def plan(cells: list[dict[str, Any]], assignment: Assignment) -> tuple[list[Step], list[str]]:
    """What to run in which order, and remarks on what is not as it was handed out."""
    steps: list[Step] = []
    remarks: list[str] = []
    seen: set[str] = set()

    def check(name: str) -> Step:
        return Step("check", name, assignment.checks[name].code)

    for number, cell in enumerate(cells, start=1):
        name = known_name(cell, assignment)
        if name in assignment.checks:
            if name not in seen:
                steps.append(check(name))
        elif name in assignment.answers:
            if name in seen:
                remarks.append(f"there are two cells {name!r}: both were run, in their order")
            steps.append(Step("answer", name, cell["source"]))
        elif name in assignment.ours or _COLAB in cell["tags"]:
            if _changed(cell["source"], assignment.ours.get(name, assignment.colab)):
                remarks.append(f"the cell {name or _COLAB!r} was changed, and the changes were not run: {_ELSEWHERE}")
            continue
        elif not cell["source"].strip():
            continue
        else:
            steps.append(Step("own", f"code cell {number}", cell["source"]))
        seen.add(name)
    _, given, _ = _looked_at(_tree(assignment.setup))
    for step in steps:
        if step.kind != "check" and (found := _taken(_tree(step.code), given, step.kind == "answer")):
            remarks.append(f"the cell {step.name!r} takes {', '.join(found)} from the course")
    remarks += [f"the cell {name!r} is missing or has lost its name" for name in assignment.answers if name not in seen]
    gone = [name for name in assignment.checks if name not in seen]
    if gone:
        remarks.append(f"checks are missing ({', '.join(gone)}); the source's were run at the end")
    return steps + [check(name) for name in gone], remarks


_ELSEWHERE = "what answers need belongs into a cell of one's own"


def _changed(text: str, given: str) -> bool:
    """Whether a cell of ours is not as it was handed out; line ends and the course's version do not count."""
    now, then = ([line.rstrip() for line in re.sub(r"@v[\w.]+", "", each).strip().splitlines()] for each in (text, given))
    return now != then


_JUDGES = tuple(f"gancourse.classroom.{name}" for name in ("homework", "asked", "right"))  # what is right stands there
_quiet = threading.Lock()


def _taken(tree: ast.Module, given: dict[str, str], everything: bool) -> list[str]:
    """What a cell takes from the course's package, of which it is ``given`` names: what judges it, or ``everything``."""
    imported, _, texts = _looked_at(tree)
    homework = {name for name, where in given.items() if where.startswith(_JUDGES)}
    words = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    private = {node.value.id for node in ast.walk(tree) if _private(node)}  # type: ignore[attr-defined]
    found = {where for where in imported if everything or where.startswith(_JUDGES)}
    found |= {given[name] for name in (words & set(given) if everything else private & homework)}
    return sorted(found | {text for text in texts if text.startswith(_JUDGES)})


def _private(node: ast.AST) -> bool:
    """module._name"""
    return isinstance(node, ast.Attribute) and node.attr.startswith("_") and isinstance(node.value, ast.Name)


def _looked_at(tree: ast.Module) -> tuple[list[str], dict[str, str], list[str]]:
    """What a cell imports of the course's package, under which names, and the texts that stand in it."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    names = {name: where for name, where in names.items() if where.split(".")[0] == "gancourse"}
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return list(names.values()), names, texts


def _tree(code: str) -> ast.Module:
    """The cell as Python; empty where it is none.  Magics are left out."""
    plain = "\n".join("pass" if line.startswith(("%", "!")) else line for line in code.split("\n"))
    try:
        with _quiet, warnings.catch_warnings():  # of a LaTeX label's backslashes
            warnings.simplefilter("ignore")
            return ast.parse(plain)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


def known_name(cell: dict[str, Any], assignment: Assignment) -> str:
    """The name of a cell of the assignment, by its label or by its text; empty for a student's own."""
    name = cell["name"]
    if name in assignment.checks or name in assignment.answers or name in assignment.ours:
        return name
    return assignment.handed_out.get(cell["source"].strip(), "")


def model_answers(assignment: Assignment) -> list[Step]:
    """The right answers, then all checks: what has to pass before anybody is graded."""
    answers = [Step("answer", name, code) for name, code in assignment.answers.items()]
    return answers + [Step("check", name, check.code) for name, check in assignment.checks.items()]
