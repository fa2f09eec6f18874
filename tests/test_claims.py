"""The committed ledger: sources, notebooks and page agree."""

from __future__ import annotations

import ast

import pytest

from gancourse.base import files
from gancourse.classroom import claims, measuring
from gancourse.classroom.claims import ledger_markdown


def checkout():
    root = files.checkout()
    if root is None:
        pytest.skip("needs a checkout")
    return root


def test_every_claim_in_the_sources_has_a_source_and_baselines():
    for path in sorted(checkout().glob("notebooks/source/*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        dictionaries = {
            target.id: {key.value for key in node.value.keys if isinstance(key, ast.Constant)}
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "claim":
                given = {keyword.arg for keyword in node.keywords}
                for keyword in node.keywords:  # **told: what stands in the dictionary of that name
                    if keyword.arg is None and isinstance(keyword.value, ast.Name):
                        given |= dictionaries.get(keyword.value.id, set())
                assert {"source", "baselines"} <= given, f"{path.name}, line {node.lineno}: a paper's claim without baselines"


def test_the_committed_page_says_what_the_committed_notebooks_say():
    root = checkout()
    rows = measuring.stored_rows(root)
    if not rows:
        assert not (root / "CLAIMS.md").exists(), "CLAIMS.md reports rows that no notebook carries"
        return
    assert (root / "CLAIMS.md").is_file(), "write CLAIMS.md: gancourse claims --from-notebooks"
    written = (root / "CLAIMS.md").read_text(encoding="utf-8")
    assert written == ledger_markdown(rows), "CLAIMS.md is stale: gancourse claims --from-notebooks"


def test_every_committed_row_is_judged_and_honest():
    for row in measuring.stored_rows(checkout()):
        where = f"{row.notebook}: {row.id}"
        assert row.verdict in claims.VERDICTS[row.kind], f"{where} was committed at ci scale"
        assert row.verdict not in ("fails", "failed"), f"{where}: an instrument of ours is broken"
        if row.kind == claims.PAPER:
            assert row.source and (row.nulls or row.no_null), f"{where} has no source or no baselines"
            assert row.verdict != claims.OPEN or row.why, f"{where} is open and does not say why"
            assert row.verdict != "contradicted" or row.control, f"{where} is contradicted without a positive control"
