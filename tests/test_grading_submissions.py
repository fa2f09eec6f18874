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


def test_moodle_s_folders_tell_name_and_number(tmp_path: Path) -> None:
    """A folder for each student, with a _ at its end before Moodle 4; groups; text that was typed in beside."""
    _make(tmp_path, "Ada Lovelace_48213_assignsubmission_file_/hw1.ipynb", "Ada Lovelace_48250_assignsubmission_file_/hw1.ipynb")
    _make(tmp_path, "Bo Å_48214_assignsubmission_file/sub/hw1.ipynb", "Bo Å_48214_assignsubmission_onlinetext/onlinetext.html")
    _make(tmp_path, "Default group_assignsubmission_file/hw1.ipynb", "Cy_7_assignsubmission_onlinetext/onlinetext.html")
    found = submissions.find_submissions(tmp_path, "hw1_two_player_game")
    assert [(one.student, one.id, one.file) for one in found] == [
        ("Ada Lovelace", "48213", "Ada Lovelace_48213_assignsubmission_file_/hw1.ipynb"),
        ("Ada Lovelace", "48250", "Ada Lovelace_48250_assignsubmission_file_/hw1.ipynb"),
        ("Bo Å", "48214", "Bo Å_48214_assignsubmission_file/sub/hw1.ipynb"),
        ("Cy", "7", "Cy_7_assignsubmission_onlinetext"),
        ("Default group", "", "Default group_assignsubmission_file/hw1.ipynb"),
    ]
    assert found[2].remarks == [f"graded {found[2].file}, the newest; there are also Bo Å_48214_assignsubmission_onlinetext"]
    assert found[3].path is None and found[0].remarks == []


def test_moodle_without_folders_and_canvas_are_flat(tmp_path: Path) -> None:
    _make(tmp_path, "Ada Lovelace_48213_assignsubmission_file_hw1.ipynb", "Ada Lovelace_48213_assignsubmission_file_notes.ipynb")
    _make(tmp_path, unicodedata.normalize("NFD", "müllerbo_LATE_1002_9_my own.ipynb"), "hopper_1003_56000_hw1.zip")
    _make(tmp_path, "lovelaceada_1001_55501_hw1_two_player_game.ipynb", "lovelaceada_1001_55777_hw1_two_player_game-1.ipynb")
    _make(tmp_path, "lovelaceada_1001_55900_notes.ipynb", "lovelaceada_1001_55901_report.pdf", "curie_1004_text.html")
    _make(tmp_path, "anon_x9Yz3_77_hw1.ipynb", "LATE_anon_x9Yz4_78_hw1.ipynb")
    os.utime(tmp_path / "lovelaceada_1001_55501_hw1_two_player_game.ipynb", (2e9, 2e9))  # unpacked last, and yet the older one
    found = {one.id: one for one in submissions.find_submissions(tmp_path, "hw1_two_player_game")}
    assert {number: (one.student, unicodedata.normalize("NFC", one.file)) for number, one in found.items()} == {
        "48213": ("Ada Lovelace", "Ada Lovelace_48213_assignsubmission_file_hw1.ipynb"),
        "x9Yz4": ("anon_x9Yz4", "LATE_anon_x9Yz4_78_hw1.ipynb"),
        "x9Yz3": ("anon_x9Yz3", "anon_x9Yz3_77_hw1.ipynb"),
        "1004": ("curie", "curie_1004_text.html"),
        "1003": ("hopper", "hopper_1003_56000_hw1.zip"),
        "1001": ("lovelaceada", "lovelaceada_1001_55777_hw1_two_player_game-1.ipynb"),
        "1002": ("müllerbo", "müllerbo_LATE_1002_9_my own.ipynb"),
    }
    (remark,) = found["1001"].remarks
    assert remark.startswith("graded lovelaceada_1001_55777") and "report.pdf" in remark and "55501" in remark
    assert found["1002"].remarks == found["x9Yz4"].remarks == ["handed in late, by Canvas's clock"]
    assert "unpack it" in found["1003"].remarks[0] and "web page" in found["1004"].remarks[0]


def test_nothing_to_grade_in_several_entries_is_one_row(tmp_path: Path) -> None:
    _make(tmp_path, "hopper_1003_1_hw1.zip", "hopper_1003_2_report.pdf")
    (one,) = submissions.find_submissions(tmp_path, "hw1")
    assert one.path is None and [remark.partition(":")[0] for remark in one.remarks] == [
        "hopper_1003_1_hw1.zip",
        "hopper_1003_2_report.pdf",
    ]


def test_names_that_only_look_packed_keep_a_row_each(tmp_path: Path) -> None:
    """Dates, and what Canvas does not write: two students must never become one."""
    names = ["ada_2024_11_05.ipynb", "bob_2024_11_05.ipynb", "Lab_2024_1_ada.ipynb", "Lab_2024_2_bob.ipynb", "a_b_1_2_x.ipynb"]
    _make(tmp_path, *names)
    assert [one.file for one in submissions.find_submissions(tmp_path, "hw1")] == sorted(names)


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
