"""The table and the pages: whole files at every moment, whatever students are called and have written."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path
from typing import Any

import pytest

from gancourse.base import files
from gancourse.classroom.homework.grading import report
from gancourse.classroom.homework.grading.report import GradeBook, Result
from gancourse.classroom.homework.grading.submissions import Submission
from tests.homework import handed_in


def _result(student: str, **more: Any) -> Result:
    assignment = handed_in.assignment()
    checks = {
        name: {"check": name, "of": check.points, "points": check.points, "items": [], "error": "", "output": ""}
        for name, check in assignment.checks.items()
    }
    return Result(student, None, assignment.points, checks, **more)


def _rows(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((folder / "grades.csv").read_text(encoding="utf-8-sig"), newline="")))


def test_every_submission_has_a_row_from_the_beginning(tmp_path: Path) -> None:
    given = [Submission("ada", None, ["no notebook was handed in"]), Submission("bob", None)]
    book = GradeBook(given, handed_in.assignment(), tmp_path, ["a note"])
    book.write()
    assert [(row["student"], row["points"], row["status"]) for row in _rows(tmp_path)] == [
        ("ada", "", "not graded yet"),
        ("bob", "", "not graded yet"),
    ]
    book.add(1, _result("bob"))
    ada, bob = _rows(tmp_path)
    assert (ada["status"], ada["remarks"]) == ("not graded yet", "no notebook was handed in")
    assert (bob["points"], bob["of"], bob["losses (3)"], bob["status"]) == ("20", "20", "3", "graded")
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "1 of 2 submissions, 20.0 of 20 points" in page and "a note" in page
    assert page.count("<a href=") == 1 and (tmp_path / "students" / "bob.html").is_file()


def test_a_table_that_was_there_is_kept_before_it_is_replaced(tmp_path: Path) -> None:
    book = GradeBook([Submission("ada", None)], handed_in.assignment(), tmp_path)
    assert book.begin() is None
    assert [path.name for path in tmp_path.glob("grades*")] == ["grades.csv"]
    for made in ("ada,17.5", "ada,18"):  # by hand, and within one second
        book.table.write_text(made)
        os.utime(book.table, (0, 0))
        kept = book.begin()
        assert kept is not None and kept.read_text() == made and _rows(tmp_path)[0]["status"] == "not graded yet"
    book.table.write_text("ada,18")
    os.utime(book.table, (0, 0))
    assert book.begin() == kept
    assert len(list(tmp_path.glob("grades-*.csv"))) == 2


def test_whether_it_can_be_written_is_tried_and_changes_nothing(tmp_path: Path) -> None:
    book = GradeBook([Submission("ada", None)], handed_in.assignment(), tmp_path / "grades")
    book.try_out()
    assert [path.name for path in book.folder.rglob("*")] == ["students"]
    book.table.mkdir()
    with pytest.raises(IsADirectoryError, match=r"grades\.csv is a folder"):
        book.try_out()


def test_a_row_can_be_joined_with_the_class_list_of_a_learning_platform(tmp_path: Path) -> None:
    given = [Submission("ada", None, id="48213", file="ada_48213_assignsubmission_file/hw1.ipynb"), Submission("=bob", None)]
    book = GradeBook(given, handed_in.assignment(), tmp_path)
    book.add(0, _result("ada"))
    assert [(row["student"], row["id"], row["file"]) for row in _rows(tmp_path)] == [
        ("ada", "48213", "ada_48213_assignsubmission_file/hw1.ipynb"),
        ("'=bob", "", ""),
    ]
    assert list(_rows(tmp_path)[0])[:5] == ["student", "id", "file", "points", "of"]
    assert "<td class=number>48213</td>" in (tmp_path / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\\x0d=1"),
        ("\n=1", "'\n=1"),
        ("  =1", "'  =1"),
        ("\uff1d1", "'\uff1d1"),
        ("ada", "ada"),
        ("a=1", "a=1"),
        ("18.5", "18.5"),
        ("half \ud83d", "half \\ud83d"),
    ],
)
def test_no_cell_begins_like_a_formula(text: str, shown: str) -> None:
    assert report.cell(text) == shown


def test_a_semicolon_begins_no_cell_either(tmp_path: Path) -> None:
    """Where a comma is the decimal sign, spreadsheets divide at semicolons, unless there are quotes."""
    book = GradeBook([Submission("ada;=1+1", None)], handed_in.assignment(), tmp_path)
    book.add(0, _result("ada;=1+1", remarks=["one", "=cmd()"]))
    text = (tmp_path / "grades.csv").read_text(encoding="utf-8-sig")
    assert '"ada;=1+1"' in text and '"one; =cmd()"' in text


def test_excel_is_told_that_the_table_is_unicode(tmp_path: Path) -> None:
    GradeBook([Submission("Łukasz", None)], handed_in.assignment(), tmp_path).write()
    assert (tmp_path / "grades.csv").read_bytes().startswith('\ufeff"student"'.encode())
    assert _rows(tmp_path)[0]["student"] == "Łukasz"


def test_a_table_that_is_open_to_the_end_is_kept_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows Excel lets nobody replace it."""
    book, whole = GradeBook([Submission("ada", None)], handed_in.assignment(), tmp_path / "grades"), files.atomic_write
    book.write()

    def refuse(path: Path) -> Any:
        if path == book.table:
            raise PermissionError(13, "open in a spreadsheet", str(path))
        return whole(path)

    monkeypatch.setattr(files, "atomic_write", refuse)
    monkeypatch.setattr(files.tempfile, "tempdir", str(tmp_path))
    with pytest.raises(PermissionError):
        book.add(0, _result("ada"))
    assert "1 submissions, 20.0 of 20" in (tmp_path / "grades" / "index.html").read_text(encoding="utf-8")
    with pytest.raises(
        OSError, match="grades.csv could not be written .*open in a spreadsheet.*; what was made is kept as"
    ) as said:
        book.finish()
    assert _rows(Path(str(said.value).rpartition(" as ")[2]).parent)[0]["points"] == "20"
    assert _rows(tmp_path / "grades")[0]["points"] == ""


def test_the_table_is_written_though_a_page_cannot_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book, whole = GradeBook([Submission("ada", None)], handed_in.assignment(), tmp_path), files.atomic_write

    def full(path: Path) -> Any:
        if path.suffix == ".html":
            raise OSError(28, "No space left on device")
        return whole(path)

    monkeypatch.setattr(files, "atomic_write", full)
    with pytest.raises(OSError, match="No space left"):
        book.add(0, _result("ada"))
    with pytest.raises(OSError, match="No space left"):
        book.finish()
    assert _rows(tmp_path)[0]["points"] == "20"


def test_no_two_students_share_a_page() -> None:
    students = [
        "ada",
        "Ada",
        "a b",
        "a/b",
        "a_b-2",
        "a\nb",
        "é",
        "e\u0301",
        "",
        "...",
        "con",
        "\udcff",
        "x" * 240,
        "x" * 239 + "y",
    ]
    names = report.page_names(students)
    assert len({name.casefold() for name in names}) == len(students)
    assert all(name.endswith(".html") and len(name.encode()) <= 120 and "/" not in name for name in names)
    assert names[0] == "ada.html" and names[10] == "student_con.html"


def test_any_text_can_be_written(tmp_path: Path) -> None:
    odd = "\ud83d <script>alert(1)</script> \x00\x1b \udcff Łukasz"
    result = _result(odd, remarks=[odd], failure=odd)
    result.checks["losses-check"] |= {"error": odd, "items": [[odd, 1.0, 0.0, odd]], "output": odd}
    result.source = [{"source": odd, "name": odd, "tags": []}]
    result.cells = [{"cell": odd, "kind": "own", "error": odd, "output": odd}]
    book = GradeBook([Submission(odd, None)], handed_in.assignment(), tmp_path)
    book.add(0, result)
    pages = [path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.html")]
    assert len(pages) == 2 and all("<script>" not in page and "Łukasz" in page for page in pages)
    assert not any(letter in page for letter in "\x00\x1b" for page in pages)
    assert _rows(tmp_path)[0]["student"].startswith("\\ud83d <script>")


def test_what_could_not_be_written_is_written_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = GradeBook([Submission("ada", None)], handed_in.assignment(), tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(report, "_save", lambda *a: (_ for _ in ()).throw(PermissionError(13, "open in a spreadsheet")))
        with pytest.raises(PermissionError):
            book.add(0, _result("ada"))
    book.finish()
    assert _rows(tmp_path)[0]["points"] == "20" and (tmp_path / "students" / "ada.html").is_file()


def test_the_code_is_shown_with_its_errors_and_without_ours(tmp_path: Path) -> None:
    result = _result("ada")
    result.source = [
        {"source": "import torch", "name": "setup", "tags": []},
        {"source": "def mine(): pass", "name": "losses", "tags": []},
        {"source": "oops", "name": "", "tags": []},
        {"source": "pip install", "name": "", "tags": ["colab-setup"]},
    ]
    result.cells = [{"cell": "code cell 3", "kind": "own", "error": "NameError: oops", "output": ""}]
    GradeBook([Submission("ada", None)], handed_in.assignment(), tmp_path).add(0, result)
    page = (tmp_path / "students" / "ada.html").read_text(encoding="utf-8")
    assert "<summary>losses</summary>" in page and "<details open><summary>code cell 3" in page and "NameError: oops" in page
    assert "import torch" not in page and "pip install" not in page
