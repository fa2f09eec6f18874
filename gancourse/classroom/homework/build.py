"""From one source to two notebooks: the one with the answers, and the student's.

``solutions/source/hwN_name.py`` is text (jupytext's percent format) and the only thing that people edit.  Cells are marked in
their first line:

    # %% setup                        imports; run as it stands, locked
    # %% solution="losses"            what students write, between ### BEGIN SOLUTION and ### END SOLUTION
    # %% check="losses" points=4      calls hwN.losses(...), with ### BEGIN HIDDEN TESTS ... ### END HIDDEN TESTS
    # %% picture                      shows what came out; the grader leaves it out

A last cell, which the builder adds, shows the sum of the points.

``solutions/hwN_name.ipynb`` is the same in nbgrader's cell format.  ``notebooks/hwN_name.ipynb`` is made from that by nbgrader's
own preprocessors, used as a library: solutions and hidden tests are cleared, checksums computed.
"""

from __future__ import annotations

import copy
import hashlib
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gancourse.base import files
from gancourse.base.check import one_of
from gancourse.classroom import colab, edits, notebooks

if TYPE_CHECKING:
    from nbformat import NotebookNode

_MARKS = ("setup", "solution", "check", "picture")


def sources(folder: Path | None = None) -> list[Path]:
    """The sources of the assignments, in the order of their numbers."""
    return sorted((folder or notebooks.root()).glob("solutions/source/hw*.py"))


def find(name: str, folder: Path | None = None) -> Path:
    """The source that ``name`` means: "1", "hw1", "hw1_two_player_game", or the path of a notebook.

    ValueError where none is meant, or where the path is that of another file.
    """
    known = {path.stem: path for path in sources(folder)}
    stem = Path(name).stem
    for candidate, path in known.items():
        number = candidate.partition("_")[0]
        if stem in (candidate, number, number.removeprefix("hw")):
            files.refuse_another(name, folder or notebooks.root(), path, solution_path(path), student_path(path))
            return path
    return known[one_of("homework", stem, known)]


def solution_path(source: Path) -> Path:
    """Where the notebook with the answers stands."""
    return notebooks.target(source)


def student_path(source: Path) -> Path:
    """Where the student's notebook stands."""
    return source.parent.parent.parent / "notebooks" / f"{source.stem}.ipynb"


def solution(source: Path) -> NotebookNode:
    """The notebook with the answers, hidden tests included, in nbgrader's cell format."""
    import jupytext
    from nbformat import v4

    written = jupytext.reads(notebooks.text_of(source), fmt="py:percent").cells
    if not written or written[0].cell_type != "markdown" or not written[0].source.startswith("# Homework "):
        raise notebooks.NotebookError(f"{source.name}: the first cell must be markdown and begin with: # Homework 1. Title")
    address = colab.repository(source.parent.parent.parent)
    link = v4.new_markdown_cell(colab.link(source.stem, address))
    install = colab.setup(address)
    cells, pictures = [], 0
    for cell in written:
        mark, name, points = _mark(cell.metadata, source)
        cell.metadata = type(cell.metadata)()
        if cell.cell_type == "code":
            pictures += mark == "picture"
            name = name or {"setup": "setup", "picture": f"picture-{pictures}"}.get(mark, "")
            if not name:
                raise notebooks.NotebookError(f"{source.name}: a code cell has no mark; begin it with one of {', '.join(_MARKS)}")
            cell.metadata["nbgrader"] = _nbgrader(mark, name, points)
            if mark == "picture":
                cell.metadata["tags"] = ["picture", "raises-exception"]  # before the answers are there it cannot run
            cell.outputs, cell.execution_count = [], None
        cells.append(cell)
    cells.append(_total(source))
    book = notebooks.of_cells([cells[0], link, install, *cells[1:]])
    for place, cell in enumerate(book.cells):
        named = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.id = named or hashlib.sha256(f"{place}\0{cell.source}".encode()).hexdigest()[:12]
    return _marked(_through(book, "CheckCellMetadata", "ComputeChecksums"))


def _total(source: Path) -> NotebookNode:
    """The last cell, which adds up what the checks gave."""
    from nbformat import v4

    name = source.stem.partition("_")[0]
    text = f"from gancourse.classroom.homework import checks, {name}\n\nchecks.total({name})"
    tags = ["picture", "raises-exception"]  # as a picture: Run All does not stop here
    return v4.new_code_cell(text, metadata={"nbgrader": _nbgrader("picture", "total", 0.0), "tags": tags})


def _mark(metadata: dict[str, Any], source: Path) -> tuple[str, str, float]:
    """What a cell is, its name, and its points."""
    if "solution" in metadata:
        return "solution", str(metadata["solution"]), 0.0
    if "check" in metadata:
        if "points" not in metadata:
            raise notebooks.NotebookError(f'{source.name}: the check "{metadata["check"]}" has no points=...')
        return "check", f"{metadata['check']}-check", float(metadata["points"])
    words = str(metadata.get("title", "")).split() + [key for key in ("setup", "picture") if key in metadata]
    return next((word for word in words if word in ("setup", "picture")), ""), "", 0.0


def _nbgrader(mark: str, name: str, points: float) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "grade": mark == "check",
        "grade_id": name,
        "locked": mark != "solution",
        "schema_version": 3,
        "solution": mark == "solution",
        "task": False,
    }
    return entry | ({"points": points} if mark == "check" else {})


def student(answers: NotebookNode) -> NotebookNode:
    """The student's notebook of a notebook with answers, by nbgrader's preprocessors."""
    steps = (
        "LockCells",
        "ClearSolutions",
        "ClearOutput",
        "CheckCellMetadata",
        "ComputeChecksums",
        "ClearHiddenTests",
        "ClearMarkScheme",
        "ComputeChecksums",
        "CheckCellMetadata",
    )  # nbgrader's own order, less its database
    return _marked(_through(answers, *steps))


def _through(book: NotebookNode, *steps: str) -> NotebookNode:
    from nbformat import from_dict

    try:
        from nbgrader import preprocessors
    except ImportError:
        raise notebooks.NotebookError("the homework is built with nbgrader: pip install -e '.[dev]'") from None

    book, resources = from_dict(copy.deepcopy(book)), {"unique_key": "homework", "nbgrader": {}}
    for step in steps:
        made = getattr(preprocessors, step)(log=logging.getLogger("gancourse.classroom.homework"))
        made.enabled = True
        book, resources = made.preprocess(book, resources)
    return book


def _marked(book: NotebookNode) -> NotebookNode:
    edits.mark(book)
    return book


def _text(book: NotebookNode) -> str:
    from nbformat import writes

    return writes(book) + "\n"


def _holds(path: Path, text: str) -> bool:
    """Whether a file holds that text; one that is missing or damaged does not."""
    try:
        return path.read_text(encoding="utf-8") == text
    except (OSError, UnicodeDecodeError):
        return False


def build(source: Path) -> list[Path]:
    """Write both notebooks of a source; returns those that changed.

    What a student or a teacher wrote into one of them is kept first, and said where: see :mod:`gancourse.classroom.edits`.
    """
    answers = solution(source)
    changed = []
    for path, book in ((solution_path(source), answers), (student_path(source), student(answers))):
        text = _text(book)
        if not _holds(path, text):
            edits.set_aside(notebooks.load(path), path, book, source)
            with files.atomic_write(path) as part:
                part.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed


def build_all(names: Iterable[str] = (), folder: Path | None = None) -> list[Path]:
    """Build the named assignments, by default all; returns the notebooks that changed."""
    return [path for source in [find(name, folder) for name in names] or sources(folder) for path in build(source)]


def check(folder: Path | None = None, names: Iterable[str] = ()) -> list[str]:
    """What is stale: a line for each notebook that is not what its source makes of it, none if all is well."""
    found = []
    for source in [find(name, folder) for name in names] or sources(folder):
        answers = solution(source)
        for path, book in ((solution_path(source), answers), (student_path(source), student(answers))):
            if not _holds(path, _text(book)):
                found.append(f"{path.parent.name}/{path.name} is not what {source.name} makes of it: make homework")
    return found
