"""The source's graded cells, and the reading of notebooks that may be anything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gancourse.classroom.homework import build
from gancourse.classroom.homework.grading import assignment as assignments
from tests.homework import handed_in


def _one(source: object, **more: object) -> dict:
    return {"cells": [{"cell_type": "code", "metadata": {}, "source": source, **more}]}


def test_the_assignment_has_its_checks_and_answers() -> None:
    found = handed_in.assignment()
    assert (found.name, found.points) == ("hw1_two_player_game", handed_in.FULL)
    assert list(found.checks) == [f"{name}-check" for name in found.answers]
    assert "HIDDEN" in found.checks["losses-check"].code and "import torch" in found.setup
    assert [step.kind for step in assignments.model_answers(found)] == ["answer"] * 7 + ["check"] * 7


def test_a_notebook_without_graded_cells_is_no_assignment(tmp_path: Path) -> None:
    path = tmp_path / "x.ipynb"
    path.write_text('{"cells": []}')
    with pytest.raises(ValueError, match="no graded cells"):
        assignments.load_assignment(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_no_hindrance(encoding: str) -> None:
    text = json.dumps(_one(["x = 'ü'\n", "y"]), ensure_ascii=False)
    (cell,) = assignments.cells_of(text.encode(encoding))
    assert cell["source"] == "x = 'ü'\ny"


def test_half_an_emoji_becomes_the_sign_for_a_lost_letter() -> None:
    (cell,) = assignments.cells_of(b'{"cells": [{"cell_type": "code", "source": "s = \'\\ud83d\'  # \\ud83d\\ude00"}]}')
    assert cell["source"] == "s = '\ufffd'  # \U0001f600"
    compile(cell["source"], "cell", "exec")


@pytest.mark.parametrize(
    ("book", "sources"),
    [
        (_one(5), [""]),
        (_one([1, None, "x"]), ["x"]),
        ({"cells": [None, 3, {"cell_type": "markdown"}, {"cell_type": "code"}]}, [""]),
        ({"worksheets": [{"cells": [{"cell_type": "code", "input": "old"}]}, None, {"cells": 5}]}, ["old"]),
        (_one("x", id=5, metadata={"nbgrader": {"grade_id": ["x"]}, "tags": [None]}), ["x"]),
    ],
)
def test_odd_cells_are_read(book: dict, sources: list[str]) -> None:
    cells = assignments.cells_of(json.dumps(book).encode())
    assert [cell["source"] for cell in cells] == sources
    assert all(type(cell["name"]) is str for cell in cells)
    assignments.plan(cells, handed_in.assignment())


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"\xff\xfe", "no notebook"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "not a notebook"),
        (b"\xff\xfe\x00", "not a notebook"),
        (b"", "cut off"),
        (b'{"cells": [', "cut off"),
        (b"[" * 200_000, "not JSON"),
        (b"1" * 10_000, "not JSON"),
        (b'[1, {"cells": 3}]', "no cells"),
        (b'{"cells": 3}', "no cells"),
    ],
)
def test_what_is_no_notebook_gets_a_sentence(raw: bytes, says: str) -> None:
    with pytest.raises(assignments.Unreadable, match=says):
        assignments.cells_of(raw)


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("from gancourse.classroom.homework.hw1 import _d_loss as discriminator_loss", "hw1._d_loss"),
        ("discriminator_loss = hw1._d_loss", "homework.hw1"),
        (
            "import gancourse.losses.objectives as o\ndef discriminator_loss(r, f): return o.d(r, f)",
            "gancourse.losses.objectives",
        ),
        ("%matplotlib inline\nimport importlib\nh = importlib.import_module('gancourse.classroom.homework.hw1')", "homework.hw1"),
        ("def discriminator_loss(r, f): return data.loss(r, f)", "gancourse.data"),
    ],
)
def test_an_answer_that_is_taken_from_the_course_gets_a_remark(code: str, says: str) -> None:
    found, book = handed_in.assignment(), handed_in.answer(handed_in.right(), "losses", code)
    _, (remark,) = assignments.plan(assignments.cells_of(json.dumps(book).encode()), found)
    assert remark.startswith("the cell 'losses' takes ") and says in remark and remark.endswith(" from the course")


def test_what_is_no_answer_may_use_the_course_but_not_what_judges() -> None:
    found = handed_in.assignment()
    for code, remarked in (
        ("from gancourse import latent\nviz.show(data.faces(32).images)", False),
        ("hw1.losses(discriminator_loss, saturating_loss, non_saturating_loss, seed=5)", False),
        ("right = hw1._d_loss", True),
        ("from gancourse.classroom import asked\nd_loss = asked.D_LOSS.right", True),
        ("from gancourse.classroom.right import squares", True),
        ("from gancourse.classroom.homework import hw2", True),
        ("this is no Python", False),
    ):
        book = handed_in.before(handed_in.right(), code)
        assert bool(assignments.plan(assignments.cells_of(json.dumps(book).encode()), found)[1]) == remarked, code


@pytest.mark.parametrize("source", build.sources(), ids=lambda source: source.stem[:3])
def test_the_right_answers_take_nothing_from_the_course(source: Path) -> None:
    path = build.solution_path(source)
    assert assignments.plan(assignments.cells_of(path.read_bytes()), assignments.load_assignment(path))[1] == []


@pytest.mark.parametrize("name", ["setup", "picture-1", "total"])
def test_a_changed_cell_of_ours_is_told_since_its_changes_are_not_run(name: str) -> None:
    """VS Code and Colab let people edit locked cells, and an import at the top is what everybody adds."""
    found, book = handed_in.assignment(), handed_in.right()
    one = handed_in.cell(book, name)
    one["source"] = "".join(one["source"]) + "\nimport numpy as np"
    steps, (remark,) = assignments.plan(assignments.cells_of(json.dumps(book).encode()), found)
    assert remark == f"the cell {name!r} was changed, and the changes were not run: {assignments._ELSEWHERE}"
    assert not any("numpy as np" in step.code for step in steps)


def test_so_is_a_changed_cell_that_sets_colab_up_but_not_one_of_another_release() -> None:
    found, book = handed_in.assignment(), handed_in.right()
    (one,) = (cell for cell in book["cells"] if "colab-setup" in cell["metadata"].get("tags", []))
    code = "".join(one["source"])
    for source, remarked in (
        (code, False),
        (code.replace("\n", "\r\n") + "\r\n", False),
        (code.replace("@v", "@v9.", 1), False),
        (code + "\nimport numpy", True),
        ("", True),
    ):
        one["source"] = source
        remarks = assignments.plan(assignments.cells_of(json.dumps(book).encode()), found)[1]
        assert [remark.startswith("the cell 'colab-setup' was changed") for remark in remarks] == [True] * remarked, source


@pytest.mark.parametrize("source", build.sources(), ids=lambda source: source.stem[:3])
def test_what_is_as_it_was_handed_out_draws_no_remark(source: Path) -> None:
    found = assignments.load_assignment(build.solution_path(source))
    assert assignments.plan(assignments.cells_of(build.student_path(source).read_bytes()), found)[1] == []


def test_checks_come_from_the_source_whatever_stands_in_the_notebook() -> None:
    found, book = handed_in.assignment(), handed_in.right()
    handed_in.cell(book, "optimal-check")["source"] = "points = 3\npoints"
    book["cells"].remove(handed_in.cell(book, "losses-check"))
    steps, remarks = assignments.plan(assignments.cells_of(json.dumps(book).encode()), found)
    assert {step.name: step.code for step in steps if step.kind == "check"} == {n: c.code for n, c in found.checks.items()}
    assert steps[-1].name == "losses-check" and remarks == ["checks are missing (losses-check); the source's were run at the end"]
