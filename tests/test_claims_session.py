"""The rows of a session, and those that notebooks carry."""

from __future__ import annotations

import json
import types

import pytest

from gancourse.classroom import claims
from gancourse.classroom.claims import MIME, rows, rows_from_notebook
from tests.claims import check, claim, identity, notebook_with, question

pytestmark = pytest.mark.usefixtures("empty_ledger")


def test_a_row_measured_again_replaces_itself():
    identity(ours=0.0)
    check("C10")
    identity()
    assert [(row.id, row.verdict) for row in claims.ledger()] == [("C03", "holds"), ("C10", "passed")]


def test_the_summary_counts_kinds_and_verdicts(capsys):
    for function, id in ((identity, "C03"), (check, "C04"), (claim, "C08")):
        function(id)
    claim("C08.more", ours=18.0)
    question("C08.ours")
    capsys.readouterr()
    claims.summary()
    assert capsys.readouterr().out.splitlines() == [
        "5 rows measured in this lecture:",
        "  1 identity: 1 holds",
        "  1 check of our instruments: 1 passed",
        "  2 claims of papers: 1 reproduced, 1 open",
        "  1 question of ours",
        "  open: C08.more, a single measurement, where 5 independent ones are asked for",
    ]


def test_an_example_is_shown_unfolded_and_counts_nowhere(monkeypatch, capsys):
    with claims.example():
        row = claim("C08")
        with pytest.raises(TypeError, match="baselines"), claims.example():
            claim("C08", baselines=None)
        claim("C08.more")
    assert "Reproduced" in capsys.readouterr().out and claims.ledger() == []
    shown = []
    monkeypatch.setattr("gancourse.classroom.claims.rows._shell", lambda: types.SimpleNamespace(execution_count=1))
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    rows.show(row, example=True)
    rows.show(row)
    assert MIME not in shown[0] and "<details open" in shown[0]["text/html"]
    assert MIME in shown[1] and "<details open" not in shown[1]["text/html"]
    claim("C08")
    assert [row.id for row in claims.ledger()] == ["C08"], "after the block rows count again"


def test_rows_come_back_from_a_notebook(tmp_path):
    notebook_with(tmp_path / "02_minimax.ipynb", identity("C03"), claim("C02"))
    rows = rows_from_notebook(tmp_path / "02_minimax.ipynb")
    assert [(row.notebook, row.id) for row in rows] == [("02_minimax", "C03"), ("02_minimax", "C02")]
    assert rows[1].ours == "18 [17.12, 18.88] (5 trainings)"


@pytest.mark.parametrize("content", ["{", "[]", json.dumps({"cells": [{"outputs": [{"data": {MIME: {"id": "C03"}}}]}]})])
def test_a_damaged_notebook_is_named(tmp_path, content):
    (tmp_path / "x.ipynb").write_text(content)
    with pytest.raises(ValueError, match="x.ipynb .* build it again"):
        rows_from_notebook(tmp_path / "x.ipynb")
