"""Grades a folder of submissions: each in a process of its own, under limits, several at a time.

The graded cells come from the notebook with the answers, never from what was handed in.  On Linux each submission's process is a
copy of one that has imported everything already (a fork), which costs milliseconds where a fresh interpreter costs seconds;
elsewhere it is a fresh interpreter.

What a submission does to itself stays its own affair: a cell that never ends is stopped and costs the points that depend on it; a
process that dies is started again without the cell that killed it; what cannot be read gets a sentence and no points.
"""

from __future__ import annotations

import contextlib
import csv
import html
import json
import os
import pickle
import queue
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gancourse.base import files
from gancourse.classroom.homework import _run, _sandbox
from gancourse.classroom.homework._run import Assignment, Check
from gancourse.classroom.homework._sandbox import Limits

FORKS = sys.platform.startswith("linux")
_SELECT = sys.platform != "win32"  # whether pipes can be waited for together
_RESTARTS = 4  # of a submission whose cells kill their process
_GRACE = 3.0  # seconds between asking a cell to stop and ending its process


@dataclass
class Submission:
    """A student's notebook; ``path`` is None where there is none to grade, and ``remarks`` say why."""

    student: str
    path: Path | None
    remarks: list[str] = field(default_factory=list)


@dataclass
class Result:
    """What became of a submission."""

    student: str
    path: Path | None
    of: float
    checks: dict[str, dict[str, Any]] = field(default_factory=dict)  # name -> points, of, items, error, output
    cells: list[dict[str, Any]] = field(default_factory=list)  # the student's cells: name, error, output
    remarks: list[str] = field(default_factory=list)
    failure: str = ""  # why nothing could be graded
    seconds: float = 0.0

    @property
    def points(self) -> float:
        return sum(check["points"] for check in self.checks.values())

    @property
    def status(self) -> str:
        if self.failure:
            return self.failure
        wrong = [check["error"] for check in self.checks.values() if check["error"]] + [
            c["error"] for c in self.cells if c["error"]
        ]
        return "graded" if not wrong else "graded, with errors"


# The assignment ----------------------------------------------------------------------------------------------------------


def load_assignment(notebook: Path) -> Assignment:
    """What the grader needs of the notebook with the answers."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    checks, answers, ours, setup = {}, [], {}, ""
    for cell in cells:
        about = cell["metadata"].get("nbgrader")
        if cell["cell_type"] != "code" or about is None:
            continue
        name, code = about["grade_id"], "".join(cell["source"])
        if about["grade"]:
            checks[name] = Check(name, float(about["points"]), code)
        elif about["solution"]:
            answers.append(name)
        else:
            ours[name] = code
            setup = code if name == "setup" else setup
    if not checks:
        raise ValueError(f"{notebook} has no graded cells: name the notebook with the answers, solutions/hwN_....ipynb")
    return Assignment(notebook.stem, setup, checks, answers, ours, _handed_out(checks, ours))


def _handed_out(checks: dict[str, Check], ours: dict[str, str]) -> dict[str, str]:
    """The text of our cells as students have it, by which they are known where a program has dropped the cells' names."""
    hidden = re.compile(r"^[^\n]*BEGIN HIDDEN TESTS.*?END HIDDEN TESTS[^\n]*\n?", re.MULTILINE | re.DOTALL)
    texts = {hidden.sub("", check.code).strip(): name for name, check in checks.items()}
    return texts | {code.strip(): name for name, code in ours.items()}


def find_submissions(folder: Path, assignment: str) -> list[Submission]:
    """One submission for each student: a notebook in ``folder``, or the best one in a subfolder.

    Fits a flat folder (ada.ipynb, bob.ipynb), a folder for each student, as Moodle and Canvas pack them, and nbgrader's
    submitted/STUDENT/ASSIGNMENT/.
    """
    if not folder.is_dir():
        raise ValueError(f"there is no folder {folder}")
    number = assignment.partition("_")[0]
    found = []
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith((".", "__MACOSX")):
            continue
        if entry.is_file():
            if entry.suffix == ".ipynb":
                found.append(Submission(entry.stem, entry))
            continue
        inside = [path for path in entry.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts and path.is_file()]
        inside = [path for path in inside if not path.name.startswith("._")]
        named = [path for path in inside if re.search(rf"(?<![a-z0-9]){number}(?!\d)", path.stem.lower())] or inside
        if not named:
            found.append(Submission(entry.name, None, ["no notebook was handed in"]))
            continue
        newest = max(named, key=lambda path: (path.stem == assignment, path.stat().st_mtime))
        others = [path.name for path in named if path != newest]
        remarks = [f"graded {newest.name}; there are also {', '.join(others)}"] if others else []
        found.append(Submission(entry.name, newest, remarks))
    return found


# One process -------------------------------------------------------------------------------------------------------------


@dataclass
class _Task:
    """What a process is given."""

    raw: bytes
    assignment: Assignment
    limits: Limits
    folder: Path
    readable: list[Path]
    skip: dict[str, str]
    done: set[str]
    token: str


def _work(task: _Task, channel: int) -> None:
    """The life of a submission's process: limits, then the submission; tells through ``channel``."""

    def tell(message: dict[str, Any]) -> None:
        line = (task.token + json.dumps(message) + "\n").encode()
        while line:
            line = line[os.write(channel, line) :]

    os.chdir(task.folder)
    keep = {key: os.environ[key] for key in ("PATH", "LANG", "SYSTEMROOT", "SYSTEMDRIVE") if key in os.environ}
    os.environ.clear()
    os.environ.update(keep, HOME=str(task.folder), TMPDIR=str(task.folder), TEMP=str(task.folder), MPLBACKEND="agg")
    os.environ.update(GANCOURSE_SCALE="ci", CUDA_VISIBLE_DEVICES="", OMP_NUM_THREADS="1")
    tempfile.tempdir = str(task.folder)
    _sandbox.confine(task.limits, task.folder, task.readable)
    try:
        _run.run(task.raw, task.assignment, task.limits, tell, task.skip, task.done)
    except _run.Unreadable as error:
        tell({"failure": str(error)})
    tell({"end": True})


def _closed_to_the_terminal(channel: int) -> None:
    """Nothing of the caller's stays open but the channel."""
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.closerange(3, channel)
    os.closerange(channel + 1, 256)


class _Process:
    """A running submission, as seen from outside."""

    def __init__(self, task: _Task) -> None:
        self.task, self.buffer = task, b""
        self.current: dict[str, Any] | None = None
        self.since = self.began = time.monotonic()
        self.killed = ""
        reader, writer = os.pipe()
        if FORKS:
            self.pid = os.fork()
            if self.pid == 0:
                status = 1
                try:
                    os.setsid()
                    _closed_to_the_terminal(writer)
                    _work(task, writer)
                    status = 0
                finally:
                    os._exit(status)
            self.popen = None
        else:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", "gancourse.classroom.homework.grade"],
                stdin=subprocess.PIPE,
                stdout=writer,
                stderr=subprocess.DEVNULL,
            )
            self.popen.stdin.write(pickle.dumps(task))
            self.popen.stdin.close()
            self.pid = self.popen.pid
        os.close(writer)
        self.channel = reader
        self.parts: queue.SimpleQueue[bytes] | None = None
        if not _SELECT:
            self.parts = queue.SimpleQueue()
            threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        """Where pipes cannot be waited for together, a thread waits for each."""
        part = b"-"
        while part:
            part = os.read(self.channel, 65536)
            self.parts.put(part)

    def ready(self) -> bool:
        """Whether there is something to take in (asked only where a thread reads)."""
        return not self.parts.empty()

    def messages(self) -> tuple[list[dict[str, Any]], bool]:
        """What was told since the last time, and whether the process has closed its end."""
        part = os.read(self.channel, 65536) if self.parts is None else self.parts.get()
        *lines, self.buffer = (self.buffer + part).split(b"\n")
        self.buffer = self.buffer[-1_000_000:]
        told = []
        for line in lines:
            if line.startswith(self.task.token.encode()):
                told.append(json.loads(line[len(self.task.token) :]))
                if "start" in told[-1]:
                    self.current, self.since = told[-1], time.monotonic()
        return told, not part

    def late(self) -> bool:
        limits, now = self.task.limits, time.monotonic()
        return (
            now - self.since > _run.PATIENCE * limits.cell_seconds + _GRACE or now - self.began > _run.PATIENCE * limits.seconds
        )

    def kill(self, why: str) -> None:
        self.killed = why
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL) if FORKS else self.popen.kill()

    def close(self) -> str:
        """Wait for the end; returns what ended it, empty if it ended well."""
        os.close(self.channel)
        code = self.popen.wait() if self.popen else os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        if self.killed:
            return self.killed
        if code == 0:
            return ""
        if code < 0:
            name = signal.Signals(-code).name
            why = {"SIGXCPU": "it used up its processor time", "SIGKILL": "the system ended it, most likely for its memory"}
            return f"the process died: {why.get(name, 'a crash in compiled code')} ({name})"
        return f"it ended its own process (exit status {code})"


class _Job:
    """A submission on its way: its result so far, and its process now."""

    def __init__(self, submission: Submission, assignment: Assignment, limits: Limits, readable: list[Path], work: Path) -> None:
        self.submission, self.assignment, self.limits = submission, assignment, limits
        self.readable = readable
        self.folder = Path(tempfile.mkdtemp(prefix="submission-", dir=work))
        self.skip: dict[str, str] = {}
        self.ended = False
        self.began = time.monotonic()
        of = sum(check.points for check in assignment.checks.values())
        self.result = Result(submission.student, submission.path, of, remarks=list(submission.remarks))
        self.process: _Process | None = None

    def start(self) -> bool:
        """Start the process; False if there is nothing to run."""
        result, path = self.result, self.submission.path
        if path is None:
            result.failure = "nothing to grade"
            return self._over()
        try:
            size = path.stat().st_size
            if size > self.limits.notebook:
                result.failure = (
                    f"the file has {size / 1e6:.0f} MB, and {self.limits.notebook / 1e6:.0f} MB are allowed: clear its outputs"
                )
                return self._over()
            raw = path.read_bytes()
        except OSError as error:
            result.failure = f"the file cannot be read: {error.strerror}"
            return self._over()
        done = {name for name in result.checks}
        token = os.urandom(16).hex()
        self.process = _Process(
            _Task(raw, self.assignment, self.limits, self.folder, self.readable, dict(self.skip), done, token)
        )
        return True

    def _over(self) -> bool:
        self._fill("")
        return False

    def listen(self) -> bool:
        """Take in what the process tells; True when the submission is finished."""
        told, over = self.process.messages()
        for message in told:
            self._take(message)
        return over and self._after()

    def _take(self, message: dict[str, Any]) -> None:
        result = self.result
        if "remark" in message:
            if message["remark"] not in result.remarks:
                result.remarks.append(message["remark"])
        elif "failure" in message:
            result.failure = message["failure"]
        elif "check" in message:
            of = self.assignment.checks[message["check"]].points
            result.checks[message["check"]] = message | {"of": of, "points": max(0.0, min(of, message["points"]))}
        elif "cell" in message:
            result.cells = [cell for cell in result.cells if cell["cell"] != message["cell"]] + [message]
        elif "end" in message:
            self.ended = True

    def _after(self) -> bool:
        """The process has ended: finish, or start again without the cell that ended it."""
        why, current = self.process.close(), self.process.current
        if self.ended:
            self._fill("")
            return True
        why = why or "it ended its own process"
        if current is None:
            self.result.failure = self.result.failure or f"the grader could not begin: {why}"
            self._fill("")
            return True
        if current["kind"] == "check":
            self._take({"check": current["name"], "points": 0.0, "items": [], "error": why, "output": ""})
        else:
            self._take({"cell": current["name"], "kind": current["kind"], "error": why, "output": ""})
        self.skip[current["start"]] = why
        out_of_time = time.monotonic() - self.began > _run.PATIENCE * self.limits.seconds
        if len(self.skip) > _RESTARTS or out_of_time or len(self.result.checks) == len(self.assignment.checks):
            self._fill(f"not reached: {why}")
            return True
        return not self.start()

    def _fill(self, why: str) -> None:
        """Give every check that has no result an empty one; tidy up."""
        empty = {"points": 0.0, "items": [], "error": why, "output": ""}
        for name, check in self.assignment.checks.items():
            self.result.checks.setdefault(name, {"check": name, "of": check.points} | empty)
        self.result.checks = {name: self.result.checks[name] for name in self.assignment.checks}
        self.result.seconds = time.monotonic() - self.began
        shutil.rmtree(self.folder, ignore_errors=True)


# A whole class -----------------------------------------------------------------------------------------------------------


def readable_folders() -> list[Path]:
    """What a submission may read: Python, and the course's package and data; not the answers and not other submissions."""
    package = Path(_run.__file__).resolve().parents[2]
    course = [package] if files.checkout() is None else [package, package.parent / "data"]
    return [*_sandbox.python_folders(), *course]


def warm_up(assignment: Assignment) -> None:
    """Import what the submissions import, once, and leave one thread (a fork copies only one)."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ["MPLBACKEND"] = "agg"
    import IPython.core.inputtransformer2  # noqa: F401
    import torch

    torch.set_num_threads(1)
    torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))])  # the first optimiser imports a good part of torch
    _run._execute(assignment.setup, "setup", {"__name__": "__main__"})


def grade(
    submissions: Sequence[Submission],
    assignment: Assignment,
    *,
    jobs: int | None = None,
    limits: Limits | None = None,
    report: Callable[[Result], None] | None = None,
) -> list[Result]:
    """Grade submissions, ``jobs`` at a time (default: one for each processor); ``report`` is called with each result."""
    limits, jobs = limits or Limits(), jobs or os.cpu_count() or 1
    readable = readable_folders()
    waiting, results = list(submissions)[::-1], []
    if FORKS:
        warm_up(assignment)
    work = Path(tempfile.mkdtemp(prefix="gancourse-grading-"))
    running: dict[int, _Job] = {}

    def finish(job: _Job) -> None:
        results.append(job.result)
        if report is not None:
            report(job.result)

    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                job = _Job(waiting.pop(), assignment, limits, readable, work)
                if job.start():
                    running[job.process.channel] = job
                else:
                    finish(job)
            for channel in _ready(running, 0.1):
                job = running.pop(channel)
                if job.listen():
                    finish(job)
                else:
                    running[job.process.channel] = job
            for job in running.values():
                if job.process.late() and not job.process.killed:
                    job.process.kill(
                        f"still running after {_run.PATIENCE * limits.cell_seconds:g} seconds, and it did not stop when asked"
                    )
    finally:
        for job in running.values():
            job.process.kill("the grader was stopped")
            job.process.close()
        shutil.rmtree(work, ignore_errors=True)
    order = {submission.student: place for place, submission in enumerate(submissions)}
    return sorted(results, key=lambda result: order[result.student])


def _ready(running: dict[int, _Job], seconds: float) -> list[int]:
    """The pipes of the processes that have told something, or have ended; waits for one, but not for long."""
    if _SELECT:
        return select.select(list(running), [], [], seconds)[0] if running else []
    found = [channel for channel, job in running.items() if job.process.ready()]
    if not found:
        time.sleep(seconds / 2)
    return found


# What comes out ----------------------------------------------------------------------------------------------------------


def write(results: Sequence[Result], assignment: Assignment, folder: Path, notes: Sequence[str] = ()) -> Path:
    """Write grades.csv, index.html and a page for each student; returns the path of the table."""
    pages = _page_names(results)
    folder.mkdir(parents=True, exist_ok=True)
    with files.atomic_write(folder / "grades.csv") as part, part.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        parts = [f"{name.removesuffix('-check')} ({check.points:g})" for name, check in assignment.checks.items()]
        table.writerow(["student", "points", "of", *parts, "status", "remarks"])
        for result in results:
            row = [result.student, f"{result.points:g}", f"{result.of:g}"]
            row += [f"{check['points']:g}" for check in result.checks.values()]
            table.writerow(map(_cell, [*row, result.status, "; ".join(result.remarks)]))
    for result in results:
        _save(folder / "students" / pages[result.student], _student_page(result, assignment))
    _save(folder / "index.html", _index(results, assignment, pages, notes))
    return folder / "grades.csv"


def _save(path: Path, text: str) -> None:
    with files.atomic_write(path) as part:
        part.write_text(text, encoding="utf-8")


def _cell(text: str) -> str:
    """A spreadsheet would run a text that begins like a formula."""
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t") else text


def _page_names(results: Sequence[Result]) -> dict[str, str]:
    names: dict[str, str] = {}
    for number, result in enumerate(results, start=1):
        name = re.sub(r"[^\w.-]+", "_", result.student).strip("._") or "student"
        names[result.student] = f"{name}.html" if f"{name}.html" not in names.values() else f"{name}-{number}.html"
    return names


_STYLE = """body { font: 16px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 60em; padding: 0 1em; color: #222 }
table { border-collapse: collapse }
td, th { padding: .2em .7em; text-align: left; border-bottom: 1px solid #ddd; vertical-align: top }
td.number { text-align: right }
pre { background: #f5f5f3; padding: .7em; overflow-x: auto; white-space: pre-wrap }
.right { color: #1b6e3c }
.wrong { color: #a33 }"""


def _page(title: str, body: list[str]) -> str:
    head = f'<meta charset="utf-8"><title>{html.escape(title)}</title><style>{_STYLE}</style>'
    return "\n".join([f"<!doctype html><html lang=en><head>{head}</head><body>", *body, "</body></html>\n"])


def _index(results: Sequence[Result], assignment: Assignment, pages: dict[str, str], notes: Sequence[str]) -> str:
    mean = sum(result.points for result in results) / max(1, len(results))
    of = sum(check.points for check in assignment.checks.values())
    body = [
        f"<h1>{html.escape(assignment.name)}</h1>",
        f"<p>{len(results)} submissions, {mean:.1f} of {of:g} points on average.</p>",
    ]
    body += [f"<p>{html.escape(note)}</p>" for note in notes]
    heads = ["student", "points", *[name.removesuffix("-check") for name in assignment.checks], "status"]
    body.append("<table><tr>" + "".join(f"<th>{html.escape(head)}</th>" for head in heads) + "</tr>")
    for result in results:
        cells = [f'<td><a href="students/{html.escape(pages[result.student])}">{html.escape(result.student)}</a></td>']
        cells += [
            f"<td class=number>{points:g}</td>" for points in (result.points, *(c["points"] for c in result.checks.values()))
        ]
        cells.append(f"<td>{html.escape('; '.join([result.status, *result.remarks]))}</td>")
        body.append("<tr>" + "".join(cells) + "</tr>")
    return _page(assignment.name, [*body, "</table>"])


def _student_page(result: Result, assignment: Assignment) -> str:
    body = [f"<h1>{html.escape(result.student)}</h1>"]
    body.append(f"<p>{html.escape(assignment.name)}: <strong>{result.points:g} of {result.of:g} points</strong></p>")
    if result.failure:
        body.append(f"<p class=wrong>{html.escape(result.failure)}</p>")
    if result.remarks:
        body.append("<ul>" + "".join(f"<li>{html.escape(remark)}</li>" for remark in result.remarks) + "</ul>")
    for name, check in result.checks.items():
        body.append(f"<h2>{html.escape(name.removesuffix('-check'))}: {check['points']:g} of {check['of']:g}</h2>")
        if check["error"]:
            body.append(f"<pre class=wrong>{html.escape(check['error'])}</pre>")
        if check["items"]:
            body.append("<table>")
            for title, points, got, text in check["items"]:
                kind = "wrong" if text else "right"
                said = f"<pre>{html.escape(text)}</pre>" if text else ""
                body.append(
                    f"<tr><td class={kind}>{kind}</td><td>{got:g}/{points:g}</td><td>{html.escape(title)}{said}</td></tr>"
                )
            body.append("</table>")
    body += _code_of(result, assignment)
    return _page(f"{result.student}, {assignment.name}", body)


def _code_of(result: Result, assignment: Assignment) -> list[str]:
    """The student's cells, with what went wrong in them."""
    try:
        cells = _run.cells_of(result.path.read_bytes()) if result.path and not result.failure else []
    except (OSError, ValueError):
        return []
    troubles = {cell["cell"]: cell["error"] for cell in result.cells if cell["error"]}
    out = ["<h2>What was handed in</h2>"] if cells else []
    for number, cell in enumerate(cells, start=1):
        trouble = troubles.get(cell["name"]) or troubles.get(f"code cell {number}")
        if trouble:
            out.append(f"<pre class=wrong>{html.escape(trouble)}</pre>")
        ours = cell["name"] in assignment.checks or cell["name"] in assignment.ours or "colab-setup" in cell["tags"]
        if not ours:
            title, code = html.escape(cell["name"] or f"code cell {number}"), html.escape(cell["source"][:20_000])
            out.append(f"<details{' open' if trouble else ''}><summary>{title}</summary><pre>{code}</pre></details>")
    return out


def protections(limits: Limits, answers: Path) -> tuple[list[str], list[str]]:
    """What this machine refuses to a submission and what not, found by trying."""
    tried = _sandbox.probe(limits, readable_folders(), answers)
    return [name for name, refused in tried.items() if refused], [name for name, refused in tried.items() if not refused]


def grade_folder(
    folder: Path,
    homework: str | None = None,
    *,
    output: Path | None = None,
    jobs: int | None = None,
    limits: Limits | None = None,
    say: Callable[[str], None] = print,
) -> list[Result]:
    """``gancourse grade``: grade all that is in ``folder``, write grades.csv and the pages, and say what happens."""
    from gancourse.classroom.homework import build

    limits = limits or Limits()
    answers = build.solution_path(build.find(homework or _guess(folder)))
    assignment = load_assignment(answers)
    submissions = find_submissions(folder, assignment.name)
    if not submissions:
        raise ValueError(f"{folder} holds no notebooks and no folders of students")
    kept, open_to = protections(limits, answers)
    notes = [f"Refused to submissions on this machine, as tried: {', '.join(kept) or 'nothing'}."]
    if open_to:
        notes.append(f"NOT refused: {', '.join(open_to)}. Grade strangers' code in a container or a virtual machine.")
    for note in notes:
        say(note)

    def report(result: Result) -> None:
        say(f"{result.student}: {result.points:g} of {result.of:g} ({result.status})")

    began = time.monotonic()
    results = grade(submissions, assignment, jobs=jobs, limits=limits, report=report)
    table = write(results, assignment, output or folder.parent / f"{folder.name}-grades", notes)
    say(f"{len(results)} submissions in {time.monotonic() - began:.0f} s: {table} and {table.parent / 'index.html'}")
    return results


def _guess(folder: Path) -> str:
    """The homework that most file names speak of."""
    found = re.findall(
        r"(?<![a-z0-9])hw(\d)(?!\d)", " ".join(path.name.lower() for path in folder.rglob("*") if path.suffix == ".ipynb")
    )
    if not found:
        raise ValueError(f"the file names in {folder} do not say which homework this is: add --homework hw1")
    return "hw" + max(sorted(set(found)), key=found.count)


if __name__ == "__main__":  # a process of its own, where forking is not to be had
    _channel = os.dup(1)
    _given = pickle.loads(sys.stdin.buffer.read())
    os.dup2(os.open(os.devnull, os.O_RDWR), 1)
    _work(_given, _channel)
    os._exit(0)
