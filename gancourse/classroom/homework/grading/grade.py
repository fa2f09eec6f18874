"""``gancourse grade``: a folder of submissions, several at a time, each in a confined process of its own.

The graded cells come from the notebook with the answers, never from what was handed in.  On Linux each submission's process is a
fork of one that has imported everything and seen nothing (a zygote), which costs milliseconds where a fresh interpreter costs
seconds; elsewhere it is a fresh interpreter.

What a submission does to itself stays its own affair: a cell that never ends is stopped and costs the points that depend on it; a
process that dies is started again without the cell that killed it; what cannot be read gets a sentence and no points.
"""

from __future__ import annotations

import contextlib
import os
import queue
import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import gancourse
from gancourse.base import files
from gancourse.base.streams import printable
from gancourse.classroom.homework.grading import assignment as assignments
from gancourse.classroom.homework.grading import messages, probe, sandbox, submissions
from gancourse.classroom.homework.grading.assignment import Assignment, Step
from gancourse.classroom.homework.grading.process import Died, Lost, Pool, Process, Stopped
from gancourse.classroom.homework.grading.report import GradeBook, Result
from gancourse.classroom.homework.grading.sandbox import PATIENCE, Limits
from gancourse.classroom.homework.grading.submissions import Submission

_RESTARTS = 4  # of a submission whose cells kill their process
_GRACE = 3.0  # seconds between asking a cell to stop and ending its process
_WATCHED = ("disk",)  # what is limited from outside where the process itself cannot be

Expected = dict[str, list[messages.Item]]  # the items that the right answers earn, check by check


# One submission ----------------------------------------------------------------------------------------------------------


class _Job:
    """A submission on its way: what has run, what is known of it, and its process now."""

    def __init__(self, result: Result, steps: Sequence[Step], assignment: Assignment, limits: Limits, pool: Pool) -> None:
        self.result, self.steps, self.assignment, self.limits, self.pool = result, steps, assignment, limits, pool
        self.skip: dict[int, str] = {}  # place of a step that ended a process -> why
        self.cells: dict[int, dict[str, Any]] = {}  # place of a step of the student's -> what became of it
        self.lost = 0
        self.folder = Path(tempfile.mkdtemp(prefix="submission-", dir=pool.inside))
        self.began = time.monotonic()
        self.looked = self.began

    def run(self, expected: Expected | None) -> None:
        """Run all steps, in as many processes as it takes."""
        try:
            while not self._attempt(expected):
                pass
        finally:
            with contextlib.suppress(RecursionError):  # folders in folders in folders: the system's temporary folder keeps them
                shutil.rmtree(self.folder, ignore_errors=True)

    def _attempt(self, expected: Expected | None) -> bool:
        """Go through the steps in one process; False if it ended and another has to go on."""
        try:
            process = self.pool.start(self.folder, self.limits)
        except Died as error:
            return self._could_not_begin(error)
        place, why = 0, ""
        try:
            troubles: dict[str, str] = {}
            for place, step in enumerate(self.steps):
                if place in self.skip:
                    troubles[step.name] = self.skip[place]
                elif step.kind != "check" or step.name not in self.result.checks:
                    self._step(process, place, troubles, expected)
            return True
        except Lost as error:
            return self._could_not_begin(error)
        except Died as error:
            why = str(error)
        finally:
            self._remark(process.strange)
            process.close()
        self.skip[place] = why
        self._take(place, messages.Answer(error=why), expected)
        if len(self.skip) > _RESTARTS or self._seconds() > PATIENCE * self.limits.seconds:
            fill(self.result, self.assignment, f"not reached: {why}")
            return True
        return False

    def _could_not_begin(self, error: Died) -> bool:
        self.lost += 1
        if self.lost <= 2:
            return False
        self.result.failure = f"the grader could not begin: {error}"
        return True

    def _step(self, process: Process, place: int, troubles: dict[str, str], expected: Expected | None) -> None:
        step = self.steps[place]
        order = {"kind": step.kind, "name": step.name, "code": step.code, "troubles": troubles}
        message = process.ask(order, PATIENCE * self.limits.cell_seconds + _GRACE, self._complaint)
        try:
            answer = messages.read_answer(message)
        except messages.Malformed as error:
            answer = messages.Answer(error=f"the submission's process answered with what is no answer ({error})")
        if answer.error and step.kind != "check":
            troubles[step.name] = answer.error
        self._take(place, answer, expected)

    def _take(self, place: int, answer: messages.Answer, expected: Expected | None) -> None:
        step, told = self.steps[place], {"error": answer.error, "output": answer.output}
        if answer.tampered:
            what, changed, _ = answer.tampered.partition(" is no longer ")
            back = "; it was put back" if changed else ""
            self._remark([f"the cell {step.name!r} has changed {what}, which the checks rely on{back}"])
        if step.kind != "check":
            self.cells[place] = {"cell": step.name, "kind": step.kind} | told
            self.result.cells = [self.cells[known] for known in sorted(self.cells)]
            return
        check = self.assignment.checks[step.name]
        told["error"] = answer.tampered or answer.error
        items = verdict(answer.items, None if expected is None else expected[step.name])
        points = 0.0 if told["error"] else min(check.points, sum(got for *_, got, _ in items))
        self.result.checks[step.name] = {"check": step.name, "of": check.points, "points": points, "items": items} | told

    def _remark(self, remarks: Sequence[str]) -> None:
        self.result.remarks += [remark for remark in remarks if remark not in self.result.remarks]

    def _seconds(self) -> float:
        return time.monotonic() - self.began

    def _complaint(self) -> str:
        """What a look from outside finds wrong, now and then."""
        if self._seconds() > PATIENCE * self.limits.seconds:
            return f"all cells together may take {PATIENCE * self.limits.seconds:g} seconds"
        if time.monotonic() - self.looked > 0.5:
            self.looked = time.monotonic()
            sizes = list(_sizes(self.folder, self.limits.files))
            if sum(sizes) > self.limits.disk or len(sizes) > self.limits.files:
                return f"its files are more than the {self.limits.disk / 1e6:g} MB that are allowed"
        return ""


def _sizes(folder: Path, most: int) -> Iterator[int]:
    """The sizes of what lies in the folder, folders included, of one more than ``most`` at the utmost."""
    left: list[str | os.DirEntry[str]] = [str(folder)]
    while left:
        with contextlib.suppress(OSError), os.scandir(left.pop()) as entries:
            for entry in entries:
                yield entry.stat(follow_symlinks=False).st_size
                most -= 1
                if most < 0:
                    return
                if entry.is_dir(follow_symlinks=False):
                    left.append(entry)


def verdict(told: Sequence[messages.Item], expected: Sequence[messages.Item] | None) -> list[list]:
    """The items as [title, points, got, text]: points count where the right answers have the same item, and once."""
    left = None if expected is None else Counter((item.title, item.points) for item in expected)
    items = []
    for item in told:
        known = left is None or left[item.title, item.points] > 0
        if left is not None and known:
            left[item.title, item.points] -= 1
        text = item.text or ("" if item.held else "it does not hold") if known else item.text or "no item of this check"
        items.append([item.title, item.points, item.points if item.held and known else 0.0, text])
    return items


def fill(result: Result, assignment: Assignment, why: str) -> None:
    """Give every check that has no outcome an empty one, and put them in their order."""
    empty = {"points": 0.0, "items": [], "error": why, "output": ""}
    for name, check in assignment.checks.items():
        result.checks.setdefault(name, {"check": name, "of": check.points} | empty)
    result.checks = {name: result.checks[name] for name in assignment.checks}


# A whole class -----------------------------------------------------------------------------------------------------------


class Grader:
    """Grades one assignment: with it the processes begin and end."""

    def __init__(self, assignment: Assignment, limits: Limits | None = None) -> None:
        self.assignment, self.limits = assignment, limits or Limits()
        self.stop = threading.Event()
        self._folder = tempfile.TemporaryDirectory(prefix="gancourse-grading-", ignore_cleanup_errors=True)
        self.work = Path(self._folder.name)
        self.expected: Expected | None = None
        self.pool = Pool(assignment.setup, readable_folders(), self.work, self.stop)

    def __enter__(self) -> Grader:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop.set()
        self.pool.close()
        with contextlib.suppress(RecursionError):
            self._folder.cleanup()

    def rehearse(self) -> None:
        """Grade the right answers: their items are those that count.  ValueError if they do not get all points here."""
        patient = replace(self.limits, cell_seconds=max(60.0, self.limits.cell_seconds), seconds=600.0)
        result = Result("the right answers", None, self.assignment.points)
        _Job(result, assignments.model_answers(self.assignment), self.assignment, patient, self.pool).run(None)
        fill(result, self.assignment, result.failure or "not reached")
        wrong = [told["error"] for told in (*result.cells, *result.checks.values()) if told["error"]]
        wrong += [item[3] for check in result.checks.values() for item in check["items"] if item[3]]
        if wrong or result.points != result.of:
            raise ValueError(
                f"the right answers get {result.points:g} of {result.of:g} points on this machine, so nobody was graded: "
                f"{(wrong or ['no reason was given'])[0]}"
            )
        self.expected = {
            name: [messages.Item(title, points, True, "") for title, points, *_ in check["items"]]
            for name, check in result.checks.items()
        }

    def protections(self, answers: Path) -> tuple[list[str], list[str]]:
        """What this machine refuses to a submission and what not, found by trying."""
        refused: list[str] = []
        with tempfile.TemporaryDirectory() as outside, contextlib.suppress(Died, messages.Malformed):
            process = self.pool.start(Path(tempfile.mkdtemp(prefix="probe-", dir=self.work)), self.limits)
            try:
                message = process.ask({"probe": {"answers": str(answers), "outside": outside}}, 120.0)
                refused = messages.read_names(message, probe.NAMES)
            finally:
                process.close()
        return refused, [name for name in probe.NAMES if name not in refused and name not in _WATCHED]

    def grade(self, submission: Submission) -> Result:
        """Grade one submission; whatever happens, there is a result."""
        result = Result(submission.student, submission.path, self.assignment.points, remarks=list(submission.remarks))
        began = time.monotonic()
        try:
            self._grade(submission, result)
        except Stopped:
            raise
        except Exception as error:
            result.failure = f"the grader stumbled ({type(error).__name__}: {error})"
        fill(result, self.assignment, "")
        result.seconds = time.monotonic() - began
        return result

    def _grade(self, submission: Submission, result: Result) -> None:
        if submission.path is None:
            result.failure = "nothing to grade"
            return
        try:
            result.source = assignments.cells_of(submissions.read(submission.path, self.limits.notebook))
        except OSError as error:
            result.failure = f"the file cannot be read: {error.strerror}"
        except ValueError as error:
            result.failure = str(error)
        if not result.failure:
            steps, remarks = assignments.plan(result.source, self.assignment)
            result.remarks += remarks
            _Job(result, steps, self.assignment, self.limits, self.pool).run(self.expected)

    def grade_all(self, given: Sequence[Submission], jobs: int, report: Callable[[int, Result], None]) -> None:
        """Grade them, ``jobs`` at a time; ``report`` is called here with each place and result as they come."""
        waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
        for place in range(len(given)):
            waiting.put(place)
        done: queue.SimpleQueue[tuple[int, Result | BaseException]] = queue.SimpleQueue()

        def work() -> None:
            try:
                while not self.stop.is_set():
                    place = waiting.get_nowait()
                    done.put((place, self.grade(given[place])))
            except (queue.Empty, Stopped):
                pass
            except BaseException as error:
                done.put((-1, error))

        workers = [threading.Thread(target=work, daemon=True) for _ in range(min(jobs, len(given)))]
        for worker in workers:
            worker.start()
        left = len(given)
        try:
            while left:
                with contextlib.suppress(queue.Empty):
                    place, result = done.get(timeout=0.5)  # an endless wait would hear no Ctrl-C on Windows
                    if isinstance(result, BaseException):
                        raise result
                    left -= 1
                    report(place, result)
        finally:
            self.stop.set()
            for worker in workers:
                worker.join(15.0)
            while not done.empty():  # finished while the grader was stopped
                place, result = done.get()
                if isinstance(result, Result):
                    report(place, result)
            self.stop.clear()


def readable_folders() -> list[Path]:
    """What a submission may read: Python, and the course's package and data; not the answers and not other submissions."""
    package = Path(gancourse.__file__).resolve().parent
    return sandbox.readable_folders(package, None if files.checkout() is None else package.parent / "data")


def grade_folder(
    folder: Path,
    homework: str | None = None,
    *,
    output: Path | None = None,
    jobs: int | None = None,
    limits: Limits | None = None,
    say: Callable[[str], None] = print,
) -> list[Result]:
    """``gancourse grade``: grade all that is in ``folder``; table and pages are written as results come, and all is said.

    Nothing is written before the right answers got all their points, and a table that was there is kept under another name.
    """
    from gancourse.classroom.homework import build

    folder = Path(os.path.abspath(folder))
    output = Path(os.path.abspath(output or folder.parent / f"{folder.name}-grades"))
    submissions.passed_over(folder)  # complains of a folder that is none
    answers = build.solution_path(build.find(homework or submissions.guess(folder)))
    assignment = assignments.load_assignment(answers)
    given = submissions.find_submissions(folder, assignment.name, leave_out=output)
    if not given:
        raise ValueError(f"{printable(str(folder))} holds no notebooks and no folders of students")
    book = GradeBook(given, assignment, output, _passed_over(folder))
    book.try_out()  # a folder that cannot be written to is found out now, a table that a spreadsheet holds after the rehearsal
    began = time.monotonic()
    with Grader(assignment, limits) as grader:
        notes = protection_notes(grader, answers)
        book.notes = [*notes, *book.notes]
        for note in book.notes:
            say(printable(note))
        grader.rehearse()
        if kept := book.begin():
            say(printable(f"The table of an earlier run is kept as {kept}"))

        def take(place: int, result: Result) -> None:
            say(printable(f"{result.student}: {result.points:g} of {result.of:g} ({result.status})"))
            try:
                book.add(place, result)
            except OSError as error:  # it may be open in a spreadsheet: the next time, or at the end
                say(printable(f"{error.filename2 or error.filename or book.table} could not be written now: {error.strerror}"))

        try:
            grader.grade_all(given, jobs or os.cpu_count() or 1, take)
        except KeyboardInterrupt:
            try:
                book.finish()
            except OSError as error:
                say(printable(str(error)))
            say(printable(f"{len(book.results)} of {len(given)} submissions are graded: {book.table}"))
            raise
    book.finish()
    where = f"{book.table} and {output / 'index.html'}"
    say(printable(f"{len(given)} submissions in {time.monotonic() - began:.0f} s: {where}"))
    return [book.results[place] for place in range(len(given))]


def _passed_over(folder: Path) -> list[str]:
    names = submissions.passed_over(folder)
    return [f"Passed over, as nobody's hand-in: {', '.join(names)}."] if names else []


def protection_notes(grader: Grader, answers: Path) -> list[str]:
    """What is refused to submissions on this machine, in sentences."""
    kept, open_to = grader.protections(answers)
    inside = " in bubblewrap" if grader.pool.wrapped else ""
    notes = [f"Refused to submissions on this machine{inside}, as tried: {', '.join(kept) or 'nothing'}."]
    if open_to:
        notes.append(f"NOT refused: {', '.join(open_to)}. Grade strangers' code in a container or a virtual machine.")
    return notes
