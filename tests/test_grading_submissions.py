"""What lies in a folder: one row for every entry, with the reason."""

from __future__ import annotations

import os
import sys
import unicodedata
from pathlib import Path

import pytest

from gancourse.classroom.homework.grading import submissions

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="names and files that Windows does not have")


def _make(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("{}")


def _found(folder: Path) -> dict[str, str | None]:
    found = submissions.find_submissions(folder, "hw1_two_player_game")
    assert len({one.student for one in found}) == len(found)
    return {one.student: one.path and one.path.relative_to(folder).as_posix() for one in found}


def test_every_layout(tmp_path: Path) -> None:
    _make(tmp_path, "ada.ipynb", "bob/hw1.ipynb", "cleo/hw1_two_player_game/hw1_two_player_game.ipynb", "dan/HW1 (2).ipynb")
    _make(tmp_path, "dan/notes.ipynb", "eve/x.ipynb", "fay/hw1.ipynb", "fay/.ipynb_checkpoints/hw1-checkpoint.ipynb")
    _make(tmp_path, "gus/hw1.ipynb", "gus/__MACOSX/._hw1.ipynb", "hal/hw1.ipynb", "hal/hw12.ipynb", "ivy.IPYNB", "jo/HW1.IPYNB")
    assert _found(tmp_path) == {
        "ada": "ada.ipynb",
        "bob": "bob/hw1.ipynb",
        "cleo": "cleo/hw1_two_player_game/hw1_two_player_game.ipynb",
        "dan": "dan/HW1 (2).ipynb",
        "eve": "eve/x.ipynb",
        "fay": "fay/hw1.ipynb",
        "gus": "gus/hw1.ipynb",
        "hal": "hal/hw1.ipynb",
        "ivy": "ivy.IPYNB",
        "jo": "jo/HW1.IPYNB",
    }
    assert submissions.guess(tmp_path) == "hw1"


def test_every_entry_has_a_row_with_its_reason(tmp_path: Path) -> None:
    _make(tmp_path, "a.zip", "b.ipynb.txt", "c.tar.gz", "d.py", "e.docx", "g/report.pdf", "g/hw1.ipynb.json", ".hidden/hw1.ipynb")
    _make(tmp_path, ".DS_Store", "Thumbs.db", "._ada.ipynb", "__MACOSX/ada.ipynb")
    (tmp_path / "f").mkdir()
    found = {one.student: one for one in submissions.find_submissions(tmp_path, "hw1")}
    reasons = {name: " ".join(one.remarks) for name, one in found.items() if one.path is None}
    assert set(found) == {"a.zip", "b.ipynb.txt", "c.tar.gz", "d.py", "e.docx", "f", "g", ".hidden"}
    assert found[".hidden"].path is not None
    for name, says in {
        "a.zip": "unpack it",
        "b.ipynb.txt": "let its name end in .ipynb",
        "c.tar.gz": "archive",
        "d.py": "Python file",
        "e.docx": "ends in .ipynb",
        "f": "no notebook was handed in",
        "g": "there are report.pdf hw1.ipynb.json was passed over",
    }.items():
        assert says in reasons[name], (name, reasons[name])
    assert submissions.passed_over(tmp_path) == [".DS_Store", "._ada.ipynb", "Thumbs.db", "__MACOSX"]


@POSIX
def test_links_and_pipes_are_refused(tmp_path: Path) -> None:
    _make(tmp_path, "secret.ipynb", "class/ada/notes.txt")
    folder = tmp_path / "class"
    (folder / "bob.ipynb").symlink_to(tmp_path / "secret.ipynb")
    (folder / "cleo").symlink_to(tmp_path)
    (folder / "ada" / "hw1.ipynb").symlink_to(tmp_path / "secret.ipynb")
    (folder / "ada" / "up").symlink_to(tmp_path)
    (folder / "dan.ipynb").symlink_to(tmp_path / "nowhere")
    os.mkfifo(folder / "eve.ipynb")
    found = {one.student: one for one in submissions.find_submissions(folder, "hw1")}
    assert all(one.path is None for one in found.values()) and len(found) == 5
    for name in ("bob.ipynb", "cleo", "ada", "dan.ipynb"):
        assert "symbolic link" in " ".join(found[name].remarks), name
    assert "no regular file" in found["eve.ipynb"].remarks[0]
    with pytest.raises(OSError):
        submissions.read(folder / "bob.ipynb", 100)
    with pytest.raises(ValueError, match="no regular file"):
        submissions.read(folder / "eve.ipynb", 100)


@POSIX
def test_names_of_every_kind_can_be_shown(tmp_path: Path) -> None:
    names = [b"new\nline.ipynb", b"\x1b[2Jclear.ipynb", b"x" * 240 + b".ipynb", b"\xc3\xa9.ipynb"]
    bytewise = [b"caf\xe9.ipynb", b"\xff\xfe"] if sys.platform.startswith("linux") else []  # macOS takes UTF-8 alone
    for name in names + bytewise[:1]:
        (tmp_path / os.fsdecode(name)).write_text("{}")
    for name in bytewise[1:]:
        (tmp_path / os.fsdecode(name)).mkdir()
    found = submissions.find_submissions(tmp_path, "hw1")
    assert len(found) == len(names + bytewise)
    for one in found:
        one.student.encode("utf-8")
        assert "\x1b" not in one.student
        assert one.path is None or submissions.read(one.path, 10) == b"{}"
    shown = {"caf\\xe9", "\\xff\\xfe"} if bytewise else set()
    assert {"é", *shown} < {unicodedata.normalize("NFC", one.student) for one in found}


def test_two_that_would_be_one_student_keep_their_whole_names(tmp_path: Path) -> None:
    _make(tmp_path, "ada.ipynb", "ada/hw1.ipynb", "bob.ipynb")
    assert set(_found(tmp_path)) == {"ada.ipynb", "ada", "bob"}


def test_where_the_results_go_is_nobodys_hand_in(tmp_path: Path) -> None:
    _make(tmp_path, "ada.ipynb", "grades/index.html")
    found = submissions.find_submissions(tmp_path, "hw1", leave_out=tmp_path / "grades")
    assert [one.student for one in found] == ["ada"]


def test_a_file_that_is_too_long_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"x" * 2_000_000)
    with pytest.raises(ValueError, match="clear its outputs"):
        submissions.read(tmp_path / "x", 1_000_000)


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    _make(tmp_path, "x.ipynb")
    with pytest.raises(ValueError, match="there is no folder .*nowhere"):
        submissions.guess(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="is a file"):
        submissions.find_submissions(tmp_path / "x.ipynb", "hw1")
    with pytest.raises(ValueError, match="do not say which homework"):
        submissions.guess(tmp_path)
