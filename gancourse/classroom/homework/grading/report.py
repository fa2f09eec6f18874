"""grades.csv, index.html and a page for each student: written as results come, each file whole or not at all."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import html
import io
import itertools
import re
import time
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gancourse.base import files
from gancourse.base.streams import printable
from gancourse.classroom.homework.grading import assignment as assignments
from gancourse.classroom.homework.grading.assignment import Assignment
from gancourse.classroom.homework.grading.submissions import Submission

WAITING = "not graded yet"


@dataclass
class Result:
    """What became of a submission."""

    student: str
    path: Path | None
    of: float
    checks: dict[str, dict[str, Any]] = field(default_factory=dict)  # name -> points, of, items, error, output
    cells: list[dict[str, Any]] = field(default_factory=list)  # the student's cells: name, error, output
    source: list[dict[str, Any]] = field(default_factory=list)  # what was handed in, cell by cell
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
        wrong = [told["error"] for told in (*self.checks.values(), *self.cells) if told["error"]]
        return "graded" if not wrong else "graded, with errors"


class GradeBook:
    """The folder of results, with a row for each submission from the beginning."""

    def __init__(self, given: Sequence[Submission], assignment: Assignment, folder: Path, notes: Sequence[str] = ()) -> None:
        self.submissions, self.assignment, self.folder, self.notes = list(given), assignment, folder, list(notes)
        self.results: dict[int, Result] = {}
        self.unwritten: set[int] = set()  # results whose page could not be written yet
        self.pages = page_names([submission.student for submission in given])
        self.table = folder / "grades.csv"

    def try_out(self) -> None:
        """Find out whether table and pages can be written, and leave all that is there as it is; OSError if not."""
        for path in (self.table, self.folder / "index.html", self.folder / "students" / "index.html"):
            files.writable(path)

    def begin(self) -> Path | None:
        """Write the index and a table in which everybody waits; returns where the table that was there is kept, if one was."""
        kept = self._keep_table()
        self.write()
        return kept

    def _keep_table(self) -> Path | None:
        """Copy an earlier table, in which a teacher may have worked, to a name with its time that no other content has."""
        if not self.table.is_file():
            return None
        content = self.table.read_bytes()
        when = time.strftime("%Y-%m-%d-%H%M%S", time.localtime(self.table.stat().st_mtime))
        names = (f"grades-{when}{f'-{number}' if number > 1 else ''}.csv" for number in itertools.count(1))
        kept = next(path for path in map(self.folder.joinpath, names) if not path.exists() or path.read_bytes() == content)
        with files.atomic_write(kept) as part:
            part.write_bytes(content)
        return kept

    def add(self, place: int, result: Result) -> None:
        """Write the page of the submission at that place, and the table and the index again."""
        self.results[place] = result
        self.unwritten.add(place)
        self._write_page(place)
        self.write()

    def _write_page(self, place: int) -> None:
        _save(self.folder / "students" / self.pages[place], _student_page(self.results[place], self.assignment))
        self.unwritten.remove(place)

    def finish(self) -> None:
        """Write what could not be written before, and the index and the table once more.

        A table that cannot be written, since a spreadsheet has it open, goes elsewhere, and an OSError says where.  Whatever of
        the rest can be written is written all the same.
        """
        with contextlib.ExitStack() as held:  # from the last to the first, each whether or not those before it failed
            held.callback(self._write_index)
            for place in sorted(self.unwritten, reverse=True):
                held.callback(self._write_page, place)
            held.callback(files.keep, self.table, self._write_table)

    def write(self) -> None:
        """Write the index and the table as they are now."""
        self._write_index()
        self._write_table(self.table)

    def _write_index(self) -> None:
        _save(self.folder / "index.html", self._index())

    def _write_table(self, path: Path) -> None:
        parts = [f"{name.removesuffix('-check')} ({check.points:g})" for name, check in self.assignment.checks.items()]
        lines = io.StringIO(newline="")
        table = csv.writer(lines, quoting=csv.QUOTE_ALL)  # elsewhere a semicolon begins a cell, too
        table.writerow(["student", "id", "file", "points", "of", *parts, "status", "remarks"])
        table.writerows([cell(text) for text in self._row(place)] for place in range(len(self.submissions)))
        _save(path, lines.getvalue(), encoding="utf-8-sig")  # without the mark Excel takes it for cp1252

    def _row(self, place: int) -> list[str]:
        result, given = self.results.get(place), self.submissions[place]
        who = [given.student, given.id, given.file]
        if result is None:
            of = f"{self.assignment.points:g}"
            return [*who, "", of, *[""] * len(self.assignment.checks), WAITING, "; ".join(given.remarks)]
        row = [*who, f"{result.points:g}", f"{result.of:g}"]
        row += [f"{check['points']:g}" for check in result.checks.values()]
        return [*row, result.status, "; ".join(result.remarks)]

    def _index(self) -> str:
        done = list(self.results.values())
        mean = sum(result.points for result in done) / max(1, len(done))
        count = f"{len(done)} of {len(self.submissions)}" if len(done) < len(self.submissions) else f"{len(done)}"
        name = self.assignment.name
        body = [f"<h1>{_text(name)}</h1>"]
        body.append(f"<p>{count} submissions, {mean:.1f} of {self.assignment.points:g} points on average.</p>")
        body += [f"<p>{_text(note)}</p>" for note in self.notes]
        heads = ["student", "id", "points", *[check.removesuffix("-check") for check in self.assignment.checks], "status"]
        body.append("<table><tr>" + "".join(f"<th>{_text(head)}</th>" for head in heads) + "</tr>")
        for place in range(len(self.submissions)):
            student, number, _, points, _, *parts, status, remarks = self._row(place)
            link = f'<a href="students/{_text(self.pages[place])}">{_text(student)}</a>'
            cells = [f"<td>{link if place in self.results else _text(student)}</td>"]
            cells += [f"<td class=number>{_text(text)}</td>" for text in (number, points, *parts)]
            cells.append(f"<td>{_text('; '.join(filter(None, (status, remarks))))}</td>")
            body.append("<tr>" + "".join(cells) + "</tr>")
        return _page(name, [*body, "</table>"])


def cell(text: str) -> str:
    """The text for a spreadsheet, which would run one that begins like a formula."""
    text = printable(text)
    formula = text.lstrip()[:1] in ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
    return "'" + text if formula or text[:1] in ("\t", "\n") or text.startswith("\\x0d") else text


def page_names(students: Sequence[str]) -> list[str]:
    """A file's name for each student: no two alike, not even where capitals make no difference, and none too long."""
    names: list[str] = []
    taken: set[str] = set()
    for student in students:
        plain = re.sub(r"[^\w.-]+", "_", unicodedata.normalize("NFC", printable(student))).strip("._") or "student"
        if len(plain.encode()) > 100:
            digest = hashlib.sha256(printable(student).encode()).hexdigest()[:8]
            plain = plain.encode()[:90].decode("utf-8", "ignore") + "-" + digest
        if re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?", plain):  # what Windows keeps for devices
            plain = f"student_{plain}"
        name, number = plain, 1
        while name.casefold() in taken:
            number += 1
            name = f"{plain}-{number}"
        taken.add(name.casefold())
        names.append(f"{name}.html")
    return names


# Pages -------------------------------------------------------------------------------------------------------------------

_STYLE = """body { font: 16px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 60em; padding: 0 1em; color: #222 }
table { border-collapse: collapse }
td, th { padding: .2em .7em; text-align: left; border-bottom: 1px solid #ddd; vertical-align: top }
td.number { text-align: right }
pre { background: #f5f5f3; padding: .7em; overflow-x: auto; white-space: pre-wrap }
.right { color: #1b6e3c }
.wrong { color: #a33 }"""


def _text(text: str) -> str:
    return html.escape(printable(text))


def _save(path: Path, text: str, encoding: str = "utf-8") -> None:
    with files.atomic_write(path) as part:
        part.write_text(text, encoding=encoding, errors="backslashreplace", newline="")


def _page(title: str, body: list[str]) -> str:
    head = f'<meta charset="utf-8"><title>{_text(title)}</title><style>{_STYLE}</style>'
    return "\n".join([f"<!doctype html><html lang=en><head>{head}</head><body>", *body, "</body></html>\n"])


def _student_page(result: Result, assignment: Assignment) -> str:
    body = [f"<h1>{_text(result.student)}</h1>"]
    body.append(f"<p>{_text(assignment.name)}: <strong>{result.points:g} of {result.of:g} points</strong></p>")
    if result.failure:
        body.append(f"<p class=wrong>{_text(result.failure)}</p>")
    if result.remarks:
        body.append("<ul>" + "".join(f"<li>{_text(remark)}</li>" for remark in result.remarks) + "</ul>")
    for name, check in result.checks.items():
        body.append(f"<h2>{_text(name.removesuffix('-check'))}: {check['points']:g} of {check['of']:g}</h2>")
        if check["error"]:
            body.append(f"<pre class=wrong>{_text(check['error'])}</pre>")
        if check["items"]:
            body.append("<table>")
            for title, points, got, text in check["items"]:
                kind = "wrong" if text else "right"
                said = f"<pre>{_text(text)}</pre>" if text else ""
                body.append(f"<tr><td class={kind}>{kind}</td><td>{got:g}/{points:g}</td><td>{_text(title)}{said}</td></tr>")
            body.append("</table>")
    return _page(f"{result.student}, {assignment.name}", body + _code_of(result, assignment))


def _code_of(result: Result, assignment: Assignment) -> list[str]:
    """The student's cells, with what went wrong in them."""
    troubles = {told["cell"]: told["error"] for told in result.cells if told["error"]}
    out = ["<h2>What was handed in</h2>"] if result.source else []
    for number, handed_in in enumerate(result.source, start=1):
        name, known = handed_in["name"], assignments.known_name(handed_in, assignment)
        trouble = troubles.get(name) or troubles.get(f"code cell {number}")
        if trouble:
            out.append(f"<pre class=wrong>{_text(trouble)}</pre>")
        if not (known in assignment.checks or known in assignment.ours or "colab-setup" in handed_in["tags"]):
            title, code = _text(name or f"code cell {number}"), _text(handed_in["source"][:20_000])
            out.append(f"<details{' open' if trouble else ''}><summary>{title}</summary><pre>{code}</pre></details>")
    return out
