"""Runs one submission in the process at hand: what the grader does inside its limits.

The cells that students write run in the order of their notebook, each under its own time limit.  Where a graded cell stands, the
source's version of it runs, in a namespace of its own that borrows the answers' functions.  Everything is told as it happens,
cell by cell, so that the one who waits outside knows what ran last if this process dies.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import io
import json
import linecache
import re
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from gancourse.classroom.homework import _guard, checks
from gancourse.classroom.homework._sandbox import Limits

PATIENCE = 3  # how much longer than its processor time a cell may take on the clock: the machine may be busy

Tell = Callable[[dict[str, Any]], None]


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
    answers: list[str]  # names of the cells that students write
    ours: dict[str, str]  # other named cells of the source
    handed_out: dict[str, str] = field(default_factory=dict)  # text of a student version's cell -> its name


class Unreadable(ValueError):
    """What was handed in is no notebook; the message says what it is."""


def cells_of(raw: bytes) -> list[dict[str, Any]]:
    """The code cells of a notebook file: dicts with ``source``, ``name`` and ``tags``.  Trusts nothing."""
    try:
        book = json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError:
        raise Unreadable("the file is no text: it is not a notebook, or it was damaged on its way") from None
    except (ValueError, RecursionError):
        raise Unreadable("the file is no notebook: its text is not JSON, perhaps because it was cut off") from None
    cells = book.get("cells") if isinstance(book, dict) else None
    if cells is None and isinstance(book, dict) and isinstance(book.get("worksheets"), list):  # notebooks of format 3
        cells = [cell for sheet in book["worksheets"] if isinstance(sheet, dict) for cell in sheet.get("cells", [])]
    if not isinstance(cells, list):
        raise Unreadable("the file is no notebook: it has no cells")
    found = []
    for cell in cells:
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        text = cell.get("source", cell.get("input", ""))
        text = "".join(map(str, text)) if isinstance(text, list) else str(text)
        about = cell.get("metadata")
        about = about if isinstance(about, dict) else {}
        grader = about.get("nbgrader")
        name = grader.get("grade_id") if isinstance(grader, dict) else None
        tags = about.get("tags")
        found.append(
            {
                "source": text,
                "name": str(name or cell.get("id") or ""),
                "tags": [str(tag) for tag in tags] if isinstance(tags, list) else [],
            }
        )
    return found


@dataclass
class Step:
    """One thing to run: an answer, a cell of the student's own, or a check."""

    kind: str
    name: str
    code: str


def plan(cells: list[dict[str, Any]], assignment: Assignment) -> tuple[list[Step], list[str]]:
    """What to run in which order, and remarks on what is not as it was handed out."""
    steps: list[Step] = []
    remarks: list[str] = []
    seen: set[str] = set()
    for number, cell in enumerate(cells, start=1):
        name = cell["name"]
        known = name in assignment.checks or name in assignment.answers or name in assignment.ours
        if not known:
            name = assignment.handed_out.get(cell["source"].strip(), "")
        if name in assignment.checks:
            if name not in seen:
                steps.append(Step("check", name, ""))
        elif name in assignment.answers:
            if name in seen:
                remarks.append(f"there are two cells {name!r}: both were run, in their order")
            steps.append(Step("answer", name, cell["source"]))
        elif name in assignment.ours or "colab-setup" in cell["tags"] or not cell["source"].strip():
            continue
        else:
            steps.append(Step("own", f"code cell {number}", cell["source"]))
        seen.add(name)
    remarks += [f"the cell {name!r} is missing or has lost its name" for name in assignment.answers if name not in seen]
    gone = [name for name in assignment.checks if name not in seen]
    if gone:
        remarks.append(f"checks are missing ({', '.join(gone)}); the source's were run at the end")
    return steps + [Step("check", name, "") for name in gone], remarks


class _Output(io.TextIOBase):
    """Keeps the beginning of what is printed and stops whoever prints without end."""

    def __init__(self, most: int) -> None:
        self.most, self.count, self.kept = most, 0, []

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        text = str(text)
        self.count += len(text)
        if sum(map(len, self.kept)) < 4000:
            self.kept.append(text[:4000])
        if self.count > self.most:
            raise OSError(f"this cell has printed more than {self.most:,} characters")
        return len(text)

    def take(self) -> str:
        text, self.kept, self.count = "".join(self.kept)[:4000], [], 0
        return text


class _NoShell:
    """What answers get for IPython's shell: magics and shell commands are left out."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *args, **kwargs: None


@contextlib.contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Stop the block after so many seconds of the processor's time, or :data:`PATIENCE` times as many on the clock."""
    if not hasattr(signal, "setitimer"):  # Windows: the one who waits outside ends the process
        yield
        return

    def stop(number: int, frame: Any) -> None:
        raise checks.TimeUp(f"expected  an answer\ncame      nothing in {seconds:g} seconds: an endless loop?")

    timers = {signal.ITIMER_PROF: (signal.SIGPROF, 1), signal.ITIMER_REAL: (signal.SIGALRM, PATIENCE)}
    before = [(number, signal.signal(number, stop)) for number, _ in timers.values()]
    for timer, (_, times) in timers.items():
        signal.setitimer(timer, times * seconds, 1.0)  # again every second, for an answer that catches everything
    try:
        yield
    finally:
        for timer in timers:
            signal.setitimer(timer, 0)
        for number, handler in before:
            signal.signal(number, handler)


def _compiled(code: str, name: str) -> ast.Module:
    """The cell as Python, with IPython's magics taken for what they are."""
    try:
        return ast.parse(code)
    except SyntaxError:
        from IPython.core.inputtransformer2 import TransformerManager

        return ast.parse(TransformerManager().transform_cell(code))


def _execute(code: str, name: str, space: dict[str, Any]) -> Any:
    """Run a cell; returns the value of its last expression."""
    where = f"<{name}>"
    linecache.cache[where] = (len(code), None, code.splitlines(keepends=True), where)
    tree = _compiled(code, name)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, where, "exec"), space)
    return eval(compile(ast.Expression(last.value), where, "eval"), space) if last is not None else None


def _error(error: BaseException) -> str:
    """An exception as the student would see it, without the grader's own frames."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(_guard.FOLDER)]
    where = [
        f"{frame.filename.strip('<>')}, line {frame.lineno}: {frame.line}" for frame in frames if frame.filename.startswith("<")
    ]
    if isinstance(error, SyntaxError) and error.lineno:
        where = [f"line {error.lineno}: {(error.text or '').strip()}"]
    said = str(error).strip()[:500]
    return "\n".join([*where[-3:], f"{type(error).__name__}: {said}" if not isinstance(error, checks.TimeUp) else said])


def run(raw: bytes, assignment: Assignment, limits: Limits, tell: Tell, skip: dict[str, str], done: set[str]) -> None:
    """Run a submission and tell what happens.

    ``skip`` names cells that killed this process's predecessor, and why; ``done`` the checks that it had finished.
    """
    guard = _guard.guard.copy()
    steps, remarks = plan(cells_of(raw), assignment)
    for remark in remarks:
        tell({"remark": remark})
    output = _Output(limits.output)
    sys.stdout = sys.stderr = output  # type: ignore[assignment]
    sys.stdin = io.StringIO()
    setup: dict[str, Any] = {"__name__": "__main__"}
    _execute(assignment.setup, "setup", setup)
    space = {**setup, "get_ipython": lambda: _NoShell(), "display": lambda *args, **kwargs: None, "input": lambda *args: ""}
    troubles: dict[str, str] = {}
    for place, step in enumerate(steps):
        label = f"{place}:{step.name}"
        if label in skip:
            troubles[step.name] = skip[label]
            continue
        if step.kind == "check" and step.name in done:
            continue
        tell({"start": label, "name": step.name, "kind": step.kind})
        if step.kind == "check":
            told = _check(assignment.checks[step.name], setup, space, troubles, limits, output)
            if complaint := guard.complain():
                told |= {"points": 0.0, "error": complaint}
            tell(told)
        else:
            trouble = ""
            try:
                with _time_limit(limits.cell_seconds):
                    _execute(step.code, step.name, space)
            except BaseException as error:
                trouble = troubles[step.name] = _error(error)
            tell({"cell": step.name, "kind": step.kind, "error": trouble, "output": output.take()})
            complaint = guard.complain()
        if complaint:
            guard.restore()
            what = complaint.split(" is ")[0]
            tell({"remark": f"the cell {step.name!r} has changed {what}, which the checks rely on; it was put back"})


def _check(
    check: Check, setup: dict[str, Any], space: dict[str, Any], troubles: dict[str, str], limits: Limits, output: _Output
) -> dict[str, Any]:
    """Run one graded cell in a namespace where the answers' functions are at hand and nothing else has been replaced."""
    own = dict(setup)
    own |= {name: value for name, value in space.items() if name not in setup and not hasattr(builtins, name)}
    told: dict[str, Any] = {"check": check.name, "points": 0.0, "items": [], "error": ""}
    try:
        with _time_limit(limits.cell_seconds):
            score = _execute(check.code, check.name, own)
        if type(score) is not checks.Score:
            raise TypeError(f"the check ended in something of type {type(score).__name__}")
        report = score.report
        told["points"] = float(report.got)
        told["items"] = [[item.title, float(item.points), float(item.got), item.text] for item in report.items]
        told["error"] = report.tampered
    except NameError as error:
        name = re.findall(r"name '(\w+)'", str(error))
        because = [f"{cell}: {trouble}" for cell, trouble in troubles.items()]
        told["error"] = "\n".join([f"{(name or ['a function'])[0]} is not defined where the check needs it", *because])
    except BaseException as error:
        told["error"] = _error(error)
    told["output"] = output.take()
    return told


_guard.guard.watch_module(__name__)
