"""CLAIMS.md."""

from __future__ import annotations

import pytest

from gancourse.classroom.claims import ledger_markdown, rows_from_notebook
from gancourse.classroom.coverage import CLAIMS
from tests.claims import check, claim, identity, notebook_with, question

pytestmark = pytest.mark.usefixtures("empty_ledger")


def test_the_page_counts_lists_what_is_open_links_and_escapes(tmp_path):
    notebook_with(tmp_path / "05_b.ipynb", claim("C13", statement="a|b", ours=18.0, note="too few"), question("C13.ours"))
    notebook_with(tmp_path / "02_a.ipynb", claim("C02"), identity("C10.depth", ours=0.0), check("C11"))
    text = ledger_markdown([row for name in ("05_b", "02_a") for row in rows_from_notebook(tmp_path / f"{name}.ipynb")])
    assert "5 rows. Rows that depend on scale were measured at cpu scale." in text
    assert "| Claims of papers | 2 | 1 reproduced, 1 open |" in text
    assert "| Identities | 1 | 1 fails |" in text
    titles = [line[3:] for line in text.splitlines() if line.startswith("## ")]
    assert titles[:3] == ["Failed", "Open", "Claims of papers"]
    assert "- **C13** a|b: a single measurement" in text
    papers = [line for line in text.split("## Claims of papers")[1].splitlines() if line.startswith("| C")]
    assert papers[0].startswith("| C02 | ") and papers[0].endswith("| noise 4.1 |  | reproduced | [02_a](notebooks/02_a.ipynb) |")
    assert "17.3 (Lin et al. 2018; slides of Wang)" in papers[0]
    assert "a\\|b" in papers[1]
    assert "- **C13** (open): too few" in text
    unmeasured = text.split("## Not measured yet")[1]
    assert "**C03**" in unmeasured and "**C10**" not in unmeasured and "**C02**" not in unmeasured


def test_the_page_of_nothing():
    text = ledger_markdown([])
    assert "No claim has been measured yet." in text
    assert sum(line.startswith("- **C") and line[5:7].isdigit() for line in text.splitlines()) == len(CLAIMS)
