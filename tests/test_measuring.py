"""Rows that notebooks carry against rows measured again."""

import shutil
from dataclasses import replace

import pytest

from gancourse.classroom import measuring, notebooks
from tests.claims import check, claim, identity, notebook_with

pytestmark = pytest.mark.usefixtures("empty_ledger")


@pytest.fixture
def lectures(tmp_path):
    """The notebooks of a checkout with five sources, of which two have been built."""
    source = tmp_path / "notebooks" / "source"
    source.mkdir(parents=True)
    for name in ("01_density", "02_minimax", "03_first", "04_dcgan", "05_none"):
        (source / f"{name}.py").touch()
    notebook_with(tmp_path / "notebooks" / "02_minimax.ipynb", identity("C03"), claim("C02"))
    notebook_with(tmp_path / "notebooks" / "01_density.ipynb", check("C28"))
    return tmp_path / "notebooks"


def test_rows_come_from_all_lectures_in_order(lectures, tmp_path):
    rows = measuring.stored_rows(tmp_path)
    assert [(row.notebook, row.id) for row in rows] == [("01_density", "C28"), ("02_minimax", "C03"), ("02_minimax", "C02")]
    assert rows[2].ours == "18 [17.12, 18.88] (5 trainings)"


def test_a_readers_own_notebooks_count_nothing(lectures, tmp_path):
    """Copies of a lecture as JupyterLab saves them, a damaged one, and what a killed build leaves."""
    before = [row.record() for row in measuring.stored_rows(tmp_path)]
    for name in ("02 my copy", "02_minimax-Copy1", "mine"):
        shutil.copy(lectures / "02_minimax.ipynb", lectures / f"{name}.ipynb")
    for name in ("my 03", ".03_first.ipynb.k1x"):
        (lectures / f"{name}.ipynb").write_text("{")
    assert [row.record() for row in measuring.stored_rows(tmp_path)] == before


def test_every_damaged_lecture_is_named(lectures, tmp_path):
    for name in ("03_first", "04_dcgan"):
        (lectures / f"{name}.ipynb").write_text("{")
    with pytest.raises(ValueError, match="03_first.*; .*04_dcgan"):
        measuring.stored_rows(tmp_path)
    with pytest.raises(ValueError, match="^(?!.*03_first).*04_dcgan"):
        measuring.stored_rows(tmp_path, ["03_first"])
    assert len(measuring.stored_rows(tmp_path, ["03_first", "04_dcgan"])) == 3


def test_a_lecture_that_fails_does_not_stop_the_others(tmp_path, monkeypatch):
    def execute(book, *, name, **options):
        if name == "02_b":
            raise notebooks.NotebookError("02_b, cell 1 of 1: no")
        return book

    monkeypatch.setattr(notebooks, "read", lambda source: type("Book", (), {"cells": [source.stem]}))
    monkeypatch.setattr(notebooks, "target", lambda source: source)
    monkeypatch.setattr(notebooks, "execute", execute)
    monkeypatch.setattr(measuring.claims, "rows_of", lambda cells, name: [*cells, name])
    sources = [tmp_path / f"{name}.py" for name in ("01_a", "02_b", "03_c")]
    rows, failed = measuring.measure(sources, "ci", print)
    assert rows == ["01_a", "01_a", "03_c", "03_c"]
    assert failed == ["02_b, cell 1 of 1: no"]


def test_only_what_changed_is_told(capsys):
    rows = [replace(check(id), notebook="02_minimax") for id in ("C02", "C03")]
    capsys.readouterr()
    measuring.compare(rows, rows)
    assert capsys.readouterr().out == ""
    measuring.compare(rows, [rows[0], replace(rows[1], ours="0.95")])
    assert capsys.readouterr().out.startswith("these rows are not those that the notebooks show")
    measuring.compare(rows, [rows[0], replace(rows[1], ours="0.5", verdict="failed")])
    assert "C03 in 02_minimax: failed (ours 0.5), but its notebook says passed" in capsys.readouterr().out


def test_the_order_of_rows_is_no_difference_and_lectures_that_differ_are_named(capsys):
    """What was measured again stands last: `gancourse claims 02`."""
    first, second, third = (
        replace(check(id), notebook=name) for id, name in (("C28", "01_density"), ("C03", "02_minimax"), ("C10", "04_dcgan"))
    )
    capsys.readouterr()
    measuring.compare([first, second, third], [first, third, second])
    assert capsys.readouterr().out == ""
    fix = "build them again with gancourse notebooks --force"
    for changed, named in (
        ([replace(second, ours="0.95"), first, third], "02_minimax"),
        ([third, first], "02_minimax"),  # a row that is measured no more
        ([third, replace(first, id="C28.new"), second], "01_density"),
        ([replace(third, ours="0.95"), second, replace(first, ours="0.95")], "01_density 04_dcgan"),
    ):
        measuring.compare([first, second, third], changed)
        assert capsys.readouterr().out == f"these rows are not those that the notebooks show: {fix} {named}\n"
