"""The homework's notebooks: what their sources make of them, in nbgrader's format, and that they run."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gancourse.classroom import cli, notebooks
from gancourse.classroom.homework import build
from gancourse.classroom.homework.grading import child

nbformat = pytest.importorskip("nbformat")
pytest.importorskip("nbgrader")

ROOT = Path(__file__).resolve().parent.parent
SOURCES = build.sources(ROOT)
SOURCE = '''\
# %% [markdown]
# # Homework 9. Adding

# %% setup
import math

# %% solution="sum"
def add(a, b):
    """The sum."""
    ### BEGIN SOLUTION
    return a + b
    ### END SOLUTION

# %% check="sum" points=2
points = 2.0 if add(1, 1) == 2 else 0.0
### BEGIN HIDDEN TESTS
points = points if add(2, 3) == 5 else 1.0
### END HIDDEN TESTS
points

# %% picture
print(add(1, 2))
'''


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GANCOURSE_DATA", str(tmp_path / "data"))
    path = tmp_path / "solutions" / "source" / "hw9_adding.py"
    path.parent.mkdir(parents=True)
    path.write_text(SOURCE, encoding="utf-8")
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "pyproject.toml").write_text('[project]\nurls = { Repository = "https://github.com/someone/course" }\n')
    return path


# The course's own homework


def test_every_homework_notebook_is_what_its_source_makes_of_it() -> None:
    assert build.check(ROOT) == []
    assert len(SOURCES) == 8


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_a_student_version_is_its_solution_with_the_regions_emptied(source: Path) -> None:
    """Compared here by rules of our own, so that a change in nbgrader would be noticed."""
    answers, student = (
        json.loads(f(source).read_text(encoding="utf-8"))["cells"] for f in (build.solution_path, build.student_path)
    )
    assert [cell["id"] for cell in answers] == [cell["id"] for cell in student]
    emptied = 0
    for ours, theirs in zip(answers, student, strict=True):
        text, shown = "".join(ours["source"]), "".join(theirs["source"])
        about = ours["metadata"].get("nbgrader", {})
        text = re.sub(
            r"( *)### BEGIN SOLUTION.*?### END SOLUTION", r"\1# YOUR CODE HERE\n\1raise NotImplementedError()", text, flags=re.S
        )
        text = re.sub(r"### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS\n", "", text, flags=re.S)
        assert shown == text
        assert ("SOLUTION" in shown, "HIDDEN" in shown) == (False, False)
        assert ours["cell_type"] != "code" or bool(about.get("solution")) == ("NotImplementedError" in shown)
        emptied += bool(about.get("solution"))
        assert theirs.get("outputs", []) == [] and theirs["cell_type"] == ours["cell_type"]
    assert emptied >= 5


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_an_assignment_has_what_it_needs(source: Path) -> None:
    book = nbformat.read(build.solution_path(source), as_version=4)
    nbformat.validate(book)
    graded = [cell for cell in book.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    assert sum(cell.metadata.nbgrader.points for cell in graded) == 20
    for cell in graded:
        assert "HIDDEN TESTS" in cell.source and cell.source.endswith("\npoints"), cell.id
    assert "picture" in [c for c in book.cells if c.cell_type == "code"][-1].metadata.tags, "it ends in a picture"
    assert "colab.research.google.com" in book.cells[1].source
    first = book.cells[0].source
    assert all(word in first for word in ("**After**", "**Time**", "**Points**: 20", "**At the end**"))
    assert len("".join(cell.source for cell in book.cells)) < 60_000


def _run_all(cells: list[Any], monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """Run the code cells in this process as a kernel would; returns the exceptions."""
    import matplotlib.pyplot as plt

    raised: list[BaseException] = []
    space: dict[str, Any] = {"__name__": "__main__"}
    for number, cell in enumerate(cells):
        if cell.cell_type != "code" or "colab-setup" in cell.metadata.get("tags", ()):
            continue
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as err:
            try:
                child.execute(cell.source, f"cell {number}", space)
            except Exception as error:
                raised.append(error)
            plt.close("all")
        assert not err.getvalue() or "picture" in cell.metadata.get("tags", ()), "nbgrader gives no points where stderr speaks"
    return raised


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_the_answers_run_to_their_last_picture(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = nbformat.read(build.solution_path(source), as_version=4)
    assert _run_all(book.cells, monkeypatch) == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_a_student_version_runs_with_nothing_but_what_is_missing(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = nbformat.read(build.student_path(source), as_version=4)
    pictures = [cell for cell in book.cells if "picture" in cell.metadata.get("tags", ())]
    assert all("raises-exception" in cell.metadata.tags for cell in pictures), "Run All must not stop at a picture"
    raised = _run_all([cell for cell in book.cells if cell not in pictures], monkeypatch)
    assert raised == []


def test_an_empty_homework_says_what_is_missing_and_shows_no_traceback() -> None:
    """In IPython's own shell, where tracebacks are made: homework 1 to its first picture, and its last cell."""
    book = nbformat.read(build.student_path(build.find("hw1", ROOT)), as_version=4)
    code = [cell for cell in book.cells if cell.cell_type == "code" and "colab-setup" not in cell.metadata.get("tags", ())]
    first = [cell.id for cell in code].index("picture-1")
    cells = [cell.source for cell in [*code[: first + 1], code[-1]]]
    cells[-1:-1] = ["made = js(1, 2)", "made + 1"]
    script = "import json, sys\nfrom IPython.core.interactiveshell import InteractiveShell\n"
    script += "shell = InteractiveShell.instance(colors='NoColor')\n"
    script += (
        "for cell in [*json.load(sys.stdin), 'print(5 * \"=\")', 'mispelt']:\n    shell.run_cell(cell, store_history=True)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=json.dumps(cells),
        cwd=ROOT,
        env=os.environ | {"MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        check=True,
    )
    homework, others = done.stdout.split("=====")
    assert "Traceback" not in homework and "WRONG" not in homework
    assert homework.count("points, not written yet") == sum("points = hw1." in cell for cell in cells) == 3
    assert "This cell needs optimal_discriminator(): not written yet." in homework
    assert "This cell needs made, which a cell above makes with js(): not written yet." in homework
    assert "losses           0 of 3" in homework and homework.rstrip().endswith("\n0 of 20 points")
    assert "NameError: name 'mispelt' is not defined" in others, "other errors are shown as ever"


def test_nbgrader_reads_our_scores() -> None:
    """Partial credit is the bare number in the output of a graded cell."""
    from nbgrader.utils import determine_grade

    from gancourse.classroom.homework import checks

    score = checks.Score(checks.Report("part", 4.0, [checks.Item("a", 2.0, 2.0), checks.Item("b", 2.0, 0.5, "half")]))
    cell = nbformat.v4.new_code_cell("points", metadata={"nbgrader": {"grade": True, "points": 4, "schema_version": 3}})
    cell.outputs = [nbformat.v4.new_output("execute_result", {"text/plain": repr(score)})]
    assert determine_grade(cell) == (2.5, 4.0)


# The builder


def test_what_the_marks_make(source: Path) -> None:
    assert [path.parent.name for path in build.build(source)] == ["solutions", "notebooks"]
    assert build.build(source) == [] and build.check(source.parents[2]) == []
    answers, student = (nbformat.read(f(source), as_version=4) for f in (build.solution_path, build.student_path))
    kinds = {cell.id: cell.metadata.get("nbgrader", {}) for cell in answers.cells}
    assert kinds["sum"].solution and not kinds["sum"].locked
    assert kinds["sum-check"].grade and kinds["sum-check"].points == 2 and kinds["sum-check"].locked
    assert kinds["setup"].locked and kinds["picture-1"].locked
    assert answers.cells[-1].id == "total" and answers.cells[-1].source.endswith("checks.total(hw9)")
    texts = {cell.id: cell.source for cell in student.cells}
    assert texts["sum"].endswith("# YOUR CODE HERE\n    raise NotImplementedError()")
    assert texts["sum-check"] == "points = 2.0 if add(1, 1) == 2 else 0.0\npoints"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("# # Homework 9", "# # Adding 9", "begin with: # Homework"),
        ("# %% setup", "# %%", "has no mark"),
        (" points=2", "", "has no points"),
        ("    ### END SOLUTION\n", "", "no end solution"),
        ('check="sum"', 'solution="sum"', ""),
    ],
)
def test_a_broken_source_is_refused(source: Path, old: str, new: str, said: str) -> None:
    text = source.read_text(encoding="utf-8")
    assert old in text
    source.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(Exception, match=said):
        build.student(build.solution(source))


@pytest.mark.parametrize("which", [build.solution_path, build.student_path])
@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe"])
def test_a_damaged_notebook_is_named_kept_and_made_anew(source: Path, which: Any, content: bytes) -> None:
    build.build(source)
    which(source).write_bytes(content)
    (found,) = build.check(source.parents[2])
    assert which(source).name in found
    assert build.build(source) == [which(source)] and build.check(source.parents[2]) == []
    assert [path.read_bytes() for path in kept(source)] == [content]


def kept(source: Path) -> list[Path]:
    return sorted((source.parents[2] / "data" / "cache" / "edited").glob("hw9_adding-*.ipynb"))


@pytest.mark.parametrize("which", [build.solution_path, build.student_path])
def test_what_somebody_wrote_is_kept_before_a_notebook_is_made_again(source: Path, which: Any, capsys) -> None:
    build.build(source)
    book = nbformat.read(which(source), as_version=4)
    next(cell for cell in book.cells if cell.id == "setup").outputs = [nbformat.v4.new_output("stream", text="run")]
    nbformat.write(book, which(source))
    assert build.build(source) == [which(source)] and kept(source) == [], "running a homework is no edit"
    next(cell for cell in book.cells if cell.id == "sum").source = "def add(a, b):\n    return a + b  # two evenings of work"
    nbformat.write(book, which(source))
    source.write_text(SOURCE.replace("add(2, 3) == 5", "add(3, 4) == 7"), encoding="utf-8")
    capsys.readouterr()
    build.build(source)
    (copy,) = kept(source)
    assert "two evenings of work" in copy.read_text(encoding="utf-8") and str(copy) in capsys.readouterr().out
    assert "two evenings" not in which(source).read_text(encoding="utf-8") and build.check(source.parents[2]) == []


@pytest.mark.parametrize("which", [build.solution_path, build.student_path])
def test_a_stale_notebook_is_noticed(source: Path, which: Any) -> None:
    build.build(source)
    path = which(source)
    book = nbformat.read(path, as_version=4)
    spoilt = copy.deepcopy(book)
    spoilt.cells[4].source += "\n"
    nbformat.write(spoilt, path)
    assert [path.name in line and "make homework" in line for line in build.check(source.parents[2])] == [True]
    path.unlink()
    assert len(build.check(source.parents[2])) == 1


def test_the_lectures_do_not_take_homework_for_orphans(source: Path) -> None:
    build.build(source)
    assert notebooks.check(source.parents[2]) == []


def test_names() -> None:
    for name in ("1", "hw1", "hw1_two_player_game", "notebooks/hw1_two_player_game.ipynb"):
        assert build.find(name, ROOT).stem == "hw1_two_player_game"
    with pytest.raises(ValueError, match="hw1_two_player_game"):
        build.find("hw1_two_player", ROOT)


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["homework", "--check"]) == 0
    assert "agrees" in capsys.readouterr().out
    assert os.path.exists(build.student_path(build.find("hw1", ROOT)))
