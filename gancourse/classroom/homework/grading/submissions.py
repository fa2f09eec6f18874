"""What was handed in: one submission for each student of a folder, with the reason where there is nothing to grade."""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from gancourse.base.streams import printable

# What systems and programs put into folders; nobody's hand-in.
_FURNITURE = {"__macosx", ".ds_store", "thumbs.db", "desktop.ini", ".ipynb_checkpoints", ".git", ".gitignore", ".directory"}
_LINK = "a symbolic link, which is not followed: the file itself has to be there"
_KINDS = {
    ".zip": "a zip archive: unpack it beside, and grade again",
    **dict.fromkeys((".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar"), "an archive: unpack it beside, and grade again"),
    ".py": "a Python file, not a notebook",
    ".pdf": "a PDF, not a notebook",
    ".html": "a web page, not a notebook",
}


# How learning platforms name what they pack.  Moodle (mod/assign/classes/downloader.php): a folder NAME_ID_assignsubmission_file,
# with a _ behind it in older versions, or no folders and that before each file's name; groups may have no number.
_MOODLE = re.compile(r"(?P<student>[^_]+)(?:_(?P<id>\d+))?_assignsubmission_[a-z]+(?:_.*)?", re.DOTALL)
# Canvas (lib/content_zipper.rb): one flat archive of name_ID_FILE_given name, or name_LATE_ID_...; the name has letters and
# digits only, in lower case, and the later a file the higher its number.  What was typed in has no number.
_FILE = r"_(?:(?P<file>\d+)_.+|(?:text|link)\.html)"
_CANVAS = re.compile(rf"(?P<student>[^\W_]+)(?P<late>_LATE)?_(?P<id>\d+){_FILE}", re.DOTALL)
_CANVAS_UNNAMED = re.compile(rf"(?P<late>LATE_)?(?P<student>anon_(?P<id>[^\W_]+)){_FILE}", re.DOTALL)


@dataclass
class Submission:
    """A student's notebook; ``path`` is None where there is none to grade, and ``remarks`` say why.

    ``id`` is the number by which a learning platform knows the student, where it packed the folder; ``file`` is what was looked
    at, as seen from the folder.
    """

    student: str
    path: Path | None
    remarks: list[str] = field(default_factory=list)
    id: str = ""
    file: str = ""


class _Packed(NamedTuple):
    """What a learning platform says by the name of an entry."""

    student: str
    id: str
    late: bool
    number: int  # higher for what was handed in later; 0 where it does not tell


def _packed(name: str) -> _Packed | None:
    """The name of an entry, taken apart; None if no learning platform has made it."""
    name = unicodedata.normalize("NFC", name)  # macOS takes accents off their letters
    if found := _MOODLE.fullmatch(name):
        return _Packed(found["student"], found["id"] or "", False, 0)
    found = _CANVAS.fullmatch(name) or _CANVAS_UNNAMED.fullmatch(name)
    if found is None or found["student"] != found["student"].lower() and not found["student"].startswith("anon_"):
        return None
    return _Packed(found["student"], found["id"], bool(found["late"]), int(found["file"] or 0))


def find_submissions(folder: Path, assignment: str, leave_out: Path | None = None) -> list[Submission]:
    """One submission for each entry of ``folder``: a notebook, or the best notebook of a subfolder; else the reason.

    Fits a flat folder (ada.ipynb, bob.ipynb), a folder for each student, as Moodle packs them, all files beside each other, as
    Canvas packs them, and nbgrader's submitted/STUDENT/ASSIGNMENT/.  Entries that Moodle or Canvas has given to one student are
    one submission: the newest notebook that is named like the assignment.  ``leave_out`` is where the results go, in case it lies
    in the folder.
    """
    students: dict[Hashable, list[tuple[int, Submission]]] = {}
    for path in _entries(folder):
        if is_furniture(path.name) or path == leave_out:
            continue
        submission, packed = _look_at(path, assignment), _packed(printable(path.name))
        submission.file = printable((submission.path or path).relative_to(folder).as_posix())
        if packed is not None:
            submission.student, submission.id = packed.student, packed.id
            submission.remarks += ["handed in late, by Canvas's clock"] if packed.late else []
        student = path if packed is None else (_key(packed.student), packed.id)
        students.setdefault(student, []).append((packed.number if packed else 0, submission))
    found = [_newest(handed_in, assignment) for handed_in in students.values()]
    count = Counter((_key(submission.student), submission.id) for submission in found)
    for submission in found:
        if count[_key(submission.student), submission.id] > 1:  # ada.ipynb beside the folder ada
            submission.student = submission.file.partition("/")[0]
    return found


def _newest(handed_in: list[tuple[int, Submission]], assignment: str) -> Submission:
    """Of a student's entries, with their numbers, the newest notebook; those that are named like the assignment come first."""
    if len(handed_in) == 1:
        return handed_in[0][1]
    number = {submission.path: number for number, submission in handed_in if submission.path is not None}
    if not number:
        first = handed_in[0][1]
        first.remarks = [f"{one.file}: {'; '.join(one.remarks)}" for _, one in handed_in]
        return first
    path = max(_named(number, assignment), key=lambda path: (number[path], _changed(path), path.name))
    (chosen,) = (one for _, one in handed_in if one.path == path)
    rest = [one.file for _, one in handed_in if one is not chosen]
    chosen.remarks.insert(0, f"graded {chosen.file}, the newest; there are also {', '.join(rest)}")
    return chosen


def _named(paths: Iterable[Path], assignment: str) -> list[Path]:
    """Those that are named by the assignment's number; all if none is."""
    number, given = assignment.partition("_")[0], list(paths)
    return [path for path in given if re.search(rf"(?<![a-z0-9]){number}(?!\d)", path.stem.casefold())] or given


def passed_over(folder: Path) -> list[str]:
    """The entries that are nobody's hand-in and get no row."""
    return [printable(path.name) for path in _entries(folder) if is_furniture(path.name)]


def is_furniture(name: str) -> bool:
    return name.casefold() in _FURNITURE or name.startswith("._")


def _entries(folder: Path) -> list[Path]:
    if not folder.exists():
        raise ValueError(f"there is no folder {printable(str(folder))}")
    if not folder.is_dir():
        raise ValueError(f"{printable(str(folder))} is a file: name the folder that holds the submissions")
    return sorted(folder.iterdir())


def _key(student: str) -> str:
    return unicodedata.normalize("NFC", student).casefold()


def _look_at(path: Path, assignment: str) -> Submission:
    name = printable(path.name)
    try:
        mode = path.lstat().st_mode
    except OSError as error:
        return Submission(name, None, [f"it cannot be read: {error.strerror}"])
    if stat.S_ISDIR(mode):
        return _look_into(path, assignment)
    if reason := _unfit(path, mode):
        return Submission(name, None, [reason])
    return Submission(printable(path.stem), path)


def _unfit(path: Path, mode: int) -> str:
    """Why an entry is no notebook; empty if it is one by its name."""
    if stat.S_ISLNK(mode):
        return _LINK
    if not stat.S_ISREG(mode):
        return "no regular file"
    suffix = path.suffix.casefold()
    if suffix == ".ipynb":
        return ""
    if ".ipynb" in path.name.casefold() and suffix not in _KINDS:
        return "no notebook by its name: if it is one, let its name end in .ipynb"
    return _KINDS.get(suffix, "no notebook: a notebook's name ends in .ipynb")


def _look_into(folder: Path, assignment: str) -> Submission:
    """The notebook of a student's folder: named like the assignment if there is one, else by its number, else the newest."""
    student, fit, others, remarks = printable(folder.name), [], [], []
    for path, reason in _files_under(folder):
        if not reason:
            fit.append(path)
        elif ".ipynb" in path.name.casefold():
            remarks.append(f"{printable(path.name)} was passed over: {reason}")
        else:
            others.append(printable(path.name))
    named = _named(fit, assignment)
    if not named:
        there = f"; there are {', '.join(others[:5])}{' and more' if len(others) > 5 else ''}" if others else ""
        return Submission(student, None, [f"no notebook was handed in{there}", *remarks])
    chosen = max(named, key=lambda path: (path.stem == assignment, _changed(path), path.name))
    rest = [printable(path.name) for path in named if path != chosen]
    if rest:
        remarks.insert(0, f"graded {printable(chosen.name)}; there are also {', '.join(rest)}")
    return Submission(student, chosen, remarks)


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _files_under(folder: Path) -> Iterator[tuple[Path, str]]:
    """The files below a folder in a fixed order, with the reason where one is no notebook; links are not followed."""
    failed: list[OSError] = []
    for where, inside, files in os.walk(folder, onerror=failed.append):
        inside[:] = sorted(name for name in inside if not is_furniture(name))
        links = [name for name in inside if os.path.islink(os.path.join(where, name))]
        for name in sorted([*files, *links]):
            path = Path(where, name)
            if is_furniture(name):
                continue
            try:
                yield path, _unfit(path, path.lstat().st_mode)
            except OSError as error:
                yield path, f"it cannot be read: {error.strerror}"
    for closed in failed:
        yield Path(os.fsdecode(closed.filename or folder)), f"it cannot be read: {closed.strerror}"


def read(path: Path, most: int) -> bytes:
    """The notebook's bytes; OSError or ValueError with a sentence where it cannot be had."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            raise ValueError("it is no regular file")
        if about.st_size > most:
            raise ValueError(f"the file has {about.st_size / 1e6:.0f} MB, and {most / 1e6:.0f} MB are allowed: clear its outputs")
        return file.read(most + 1)


def guess(folder: Path) -> str:
    """The homework that most file names speak of."""
    names = [path.name for entry in _entries(folder) for path in (entry, *([] if entry.is_symlink() else entry.rglob("*")))]
    said = " ".join(name.casefold() for name in names if name.casefold().endswith(".ipynb"))
    found = re.findall(r"(?<![a-z0-9])hw(\d)(?!\d)", said)
    if not found:
        raise ValueError(f"the file names in {printable(str(folder))} do not say which homework this is: add --homework hw1")
    return "hw" + max(sorted(set(found)), key=found.count)
