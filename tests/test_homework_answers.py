"""Every planted wrong answer is caught and told why; every right one passes, however it is written."""

from __future__ import annotations

import importlib

import pytest

from gancourse.classroom.homework import build, checks
from tests.homework import planting

GARDENS = planting.gardens()


@pytest.mark.parametrize(
    ("homework", "planted"),
    [pytest.param(g.homework, p, id=f"{g.homework}-{p.part}-{p.what}") for g in GARDENS for p in planting.slips(g.homework)],
)
def test_a_slip_is_caught_and_named(homework: str, planted: planting.Planted) -> None:
    outcome = planting.judge(homework, planted)
    assert outcome.points < outcome.of, outcome.report
    assert planted.says in outcome.report, outcome.report


@pytest.mark.parametrize(
    ("homework", "planted"),
    [pytest.param(g.homework, p, id=f"{g.homework}-{p.part}-{p.what}") for g in GARDENS for p in g.wrong],
)
def test_a_wrong_answer_is_caught(homework: str, planted: planting.Planted) -> None:
    outcome = planting.judge(homework, planted)
    assert outcome.points < outcome.of, outcome.report
    assert planted.says in outcome.report, outcome.report


@pytest.mark.parametrize(
    ("homework", "planted"),
    [pytest.param(g.homework, p, id=f"{g.homework}-{p.part}-{p.what}") for g in GARDENS for p in g.right],
)
def test_a_right_answer_passes(homework: str, planted: planting.Planted) -> None:
    outcome = planting.judge(homework, planted)
    assert outcome.points == outcome.of, outcome.report


def test_enough_is_planted() -> None:
    assert [g.homework for g in GARDENS] == [source.stem.partition("_")[0] for source in build.sources()]
    for garden in GARDENS:
        assert len(garden.wrong + planting.slips(garden.homework)) >= 20, garden.homework
        assert len(garden.right) >= 5, garden.homework
        names = [planted.what for planted in garden.wrong + garden.right]
        assert len(set(names)) == len(names), garden.homework


@pytest.mark.parametrize("garden", GARDENS, ids=lambda garden: garden.homework)
def test_every_part_is_graded_and_its_items_add_up(garden: planting.Garden) -> None:
    module = importlib.import_module(f"gancourse.classroom.homework.{garden.homework}")
    assignment = planting.assignments.load_assignment(planting.notebook(garden.homework))
    assert {f"{name}-check": points for name, points in checks.parts(module).items()} == {
        name: check.points for name, check in assignment.checks.items()
    }
    for name, points in checks.parts(module).items():
        outcome = planting.judge(garden.homework, planting.Planted("the answers", name, "", {}, ""))
        assert outcome.points == outcome.of == points, outcome.report
        score = planting.child.execute(assignment.checks[f"{name}-check"].code, name, planting.answers(garden.homework))
        assert sum(item.points for item in score.report.items) == points, name
        assert "### BEGIN HIDDEN TESTS" in assignment.checks[f"{name}-check"].code, name
