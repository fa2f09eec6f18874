"""How answers are planted, and what becomes of them.

The slips that an assignment knows are wrong answers written as functions, in its own module: :func:`slips` plants them all.  By
hand, in the :class:`Garden` of a module ``hwN_answers``, stand the right answers, written differently, and the wrong ones that no
table of values tells: in place, detached, on the wrong device, hard-coded, tampering; :func:`no_answers` adds what no assignment
may let pass.

Each planted answer replaces some of the functions of the notebook with the answers and is then judged by that notebook's own
graded cell, hidden tests included, in this process.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import inspect
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gancourse.classroom.homework import _guard, checks
from gancourse.classroom.homework.grading import assignment as assignments
from gancourse.classroom.homework.grading import child

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CHECKS = "from gancourse.classroom.homework import checks"


@dataclass
class Planted:
    """One answer: what it is, the part it is for, words that the report must say, and the functions or the code that it is."""

    what: str
    part: str
    says: str
    functions: dict[str, Any]
    code: str


@dataclass
class Garden:
    """The planted answers of one assignment."""

    homework: str
    wrong: list[Planted] = field(default_factory=list)
    right: list[Planted] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.wrong += no_answers(self.homework)

    def plant_wrong(self, what: str, says: str = "", code: str = "", part: str = "", **functions: Callable) -> None:
        """An answer that must lose points; ``says``: words of the slip that the student should read."""
        self.wrong.append(Planted(what, part or part_of(self.homework, *functions), says, functions, code))

    def plant_right(self, what: str, code: str = "", part: str = "", **functions: Callable) -> None:
        """An answer, written differently, that must get all points."""
        self.right.append(Planted(what, part or part_of(self.homework, *functions), "", functions, code))


def part_of(homework: str, *answers: str) -> str:
    """The part of the assignment that takes these answers."""
    module = importlib.import_module(f"gancourse.classroom.homework.{homework}")
    taken = {name: inspect.signature(getattr(module, name)).parameters for name in checks.parts(module)}
    (part,) = (name for name, parameters in taken.items() if set(answers) <= set(parameters))
    return part


def no_answers(homework: str) -> list[Planted]:
    """What answers no assignment, in the first part of each: not written, leaving, changing what judges."""
    module = importlib.import_module(f"gancourse.classroom.homework.{homework}")
    part = next(iter(checks.parts(module)))
    answer = list(inspect.signature(getattr(module, part)).parameters)[1]
    nothing = "lambda *a, **k: None"
    return [
        Planted(what, part, says, {}, code)
        for what, says, code in (
            ("not written", "not written yet", f"def {answer}(*given):\n    raise NotImplementedError()"),
            ("exit() in the answer", "exit()", f"def {answer}(*given):\n    raise SystemExit(0)"),
            ("the check's close() replaced", f"{homework}.close is no longer what it was", f"{homework}.close = {nothing}"),
            ("the checks' close() replaced", "checks.close is no longer what it was", f"{CHECKS}\nchecks.close = {nothing}"),
            ("what close() asks replaced", "slips.agree is no longer", f"{CHECKS}\nchecks.slips.agree = lambda *a: True"),
            ("the check rewritten", "no longer", f"{homework}.{part}.__wrapped__.__code__ = (lambda sheet, *a: 0).__code__"),
        )
    ]


def slips(homework: str) -> list[Planted]:
    """Every slip of every table of the assignment's module, planted in the part that takes the answer."""
    tables = vars(importlib.import_module(f"gancourse.classroom.homework.{homework}")).values()
    return [
        Planted(f"{t.answer}-{message}-{i}", part_of(homework, t.answer), f"perhaps   {message}\n", {t.answer: function}, "")
        for t in tables
        if isinstance(t, checks.Slips)
        for i, (message, function) in enumerate(t.each())
    ]


@dataclass
class Outcome:
    points: float
    of: float
    report: str


@functools.cache
def notebook(homework: str) -> Path:
    """The notebook with the answers."""
    (path,) = (ROOT / "solutions").glob(f"{homework}_*.ipynb")
    return path


@functools.cache
def _assignment(homework: str) -> assignments.Assignment:
    return assignments.load_assignment(notebook(homework))


def answers(homework: str) -> dict[str, Any]:
    """The names that the notebook with the answers defines, pictures left out."""
    space: dict[str, Any] = {"__name__": "__main__"}
    for cell in json.loads(notebook(homework).read_text(encoding="utf-8"))["cells"]:
        about = cell["metadata"].get("nbgrader", {})
        if about.get("solution") or about.get("grade_id") == "setup":
            child.execute("".join(cell["source"]), about["grade_id"], space)
    return space


_known_answers = functools.cache(answers)


def judge(homework: str, planted: Planted) -> Outcome:
    """Run the graded cell of the part on the planted answer."""
    check = _assignment(homework).checks[f"{planted.part}-check"]
    space = answers(homework) if planted.code else dict(_known_answers(homework))
    space["right"] = dict(space)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        try:
            if planted.code:
                child.execute(planted.code, planted.part, space)
            score = child.execute(check.code, check.name, space | planted.functions)
        finally:
            if planted.code:
                _guard.guard.restore()
    assert type(score) is checks.Score
    return Outcome(float(score), check.points, said.getvalue())


def gardens() -> list[Garden]:
    """All of them, in the order of the assignments."""
    names = sorted(path.stem for path in HERE.glob("hw*_answers.py"))
    return [importlib.import_module(f"tests.homework.{name}").garden for name in names]


def table() -> tuple[str, bool]:
    """What became of every planted answer, and whether it is as it should be."""
    lines, well = [], True
    for garden in gardens():
        wrong = garden.wrong + slips(garden.homework)
        for kind, planted in [("wrong", p) for p in wrong] + [("right", p) for p in garden.right]:
            outcome = judge(garden.homework, planted)
            caught = outcome.points < outcome.of
            good = caught == (kind == "wrong") and planted.says in outcome.report
            well &= good
            verdict = "as it should be" if good else "NOT AS IT SHOULD BE"
            lines.append(
                f"{garden.homework}  {kind}  {planted.part:12} {outcome.points:4g}/{outcome.of:<4g} {planted.what:64} {verdict}"
            )
        lines.append(f"{garden.homework}: {len(wrong)} wrong answers planted, {len(garden.right)} right ones")
    return "\n".join(lines), well
