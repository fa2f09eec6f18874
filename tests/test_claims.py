from __future__ import annotations

import json
import math
import multiprocessing
from pathlib import Path

import numpy as np
import pytest
import torch

from gancourse.base import files
from gancourse.classroom import claims
from gancourse.classroom.claims import (
    MIME,
    at_least,
    at_most,
    between,
    claim,
    ledger_markdown,
    read_ledger,
    rows_from_notebook,
    rows_from_notebooks,
    within,
    within_factor,
    within_relative,
)
from gancourse.classroom.coverage import CLAIMS, DECKS, PROMISES, SYSTEMS


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setenv("GANCOURSE_SCALE", "cpu")
    monkeypatch.delenv("GANCOURSE_LEDGER", raising=False)
    monkeypatch.delenv("GANCOURSE_NOTEBOOK", raising=False)
    claims.clear()
    yield
    claims.clear()


def make(id="C03", statement="the value is -2 log 2", **changes):
    return claim(id, statement, **({"paper": -2 * math.log(2), "ours": -1.386, "tolerance": within(0.01)} | changes))


# ---------------------------------------------------------------------------------------------------------- tolerances


@pytest.mark.parametrize(
    ("tolerance", "paper", "good", "bad"),
    [
        (within(0.5), 2.0, [1.5, 2.5], [1.49, 2.51]),
        (within(0.5, of=10.0), 2.0, [9.5, 10.5], [2.0]),
        (within(0.1, of=math.log(2)), "log 2", [0.7], [0.9]),
        (within_relative(0.1), -100.0, [-110.0, -90.0], [-111.0, 100.0]),
        (within_factor(2), 10.0, [5.0, 20.0], [4.9, 21.0, -10.0]),
        (at_least(3), 5.0, [3.0, math.inf], [2.99]),
        (at_most(3), 5.0, [3.0, -1.0], [3.01, math.inf]),
        (between(1, 2), 5.0, [1.0, 2.0], [0.99, 2.01]),
        (within(0.1), math.inf, [math.inf], [1e30, -math.inf]),
    ],
)
def test_a_tolerance_passes_inside_and_fails_outside(tolerance, paper, good, bad):
    for value in good:
        assert make(paper=paper, ours=value, tolerance=tolerance).verdict == "reproduced"
    for value in bad:
        assert make(paper=paper, ours=value, tolerance=tolerance).verdict == "not reproduced"


def test_the_mean_is_judged_by_default_and_a_share_or_every_seed_on_request():
    seeds = [1.0, 1.0, 1.0, 1.0, 0.5]  # mean 0.9, four of five pass
    assert make(ours=seeds, tolerance=at_least(0.9)).verdict == "reproduced"
    assert make(ours=seeds, tolerance=at_least(0.95)).verdict == "not reproduced"
    assert make(ours=seeds, tolerance=at_least(0.95, share=0.8)).verdict == "reproduced"
    assert make(ours=seeds, tolerance=at_least(0.95, share=0.9)).verdict == "not reproduced"
    assert make(ours=seeds, tolerance=at_least(0.9, strict=True)).verdict == "not reproduced"
    assert make(ours=seeds, tolerance=at_least(0.5, strict=True)).verdict == "reproduced"


def test_the_tolerance_is_told_in_words():
    seeds = [1.0, 0.5, 0.5]
    assert make(tolerance=within(0.01)).tolerance == "within 0.01"
    assert make(ours=seeds, tolerance=within(0.01)).tolerance == "mean within 0.01"
    assert make(ours=seeds, tolerance=within_relative(0.1, of=4)).tolerance == "mean within 10 % of 4"
    assert make(ours=seeds, tolerance=at_least(0.9, strict=True)).tolerance == "at least 0.9 for every seed"
    row = make(ours=seeds, tolerance=between(0.9, 1.1, share=0.3))
    assert row.tolerance == "between 0.9 and 1.1 for 30 % of the seeds"
    assert row.ours.endswith("(1 of 3 seeds)")


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: within(-1), "at least 0"),
        (lambda: within(math.nan), "NaN"),
        (lambda: at_least(math.nan), "NaN"),
        (lambda: between(2, 1), r"between\(1, 2\)"),
        (lambda: within_factor(0.5), "above 1"),
        (lambda: at_least(1, share=0), "0.8 means"),
        (lambda: at_least(1, share=80), "0.8 means"),
        (lambda: at_least(1, share=0.5, strict=True), "not both"),
    ],
)
def test_a_senseless_tolerance_is_refused(build, says):
    with pytest.raises(ValueError, match=says):
        build()


def test_comparing_with_text_names_the_fix():
    with pytest.raises(ValueError, match=r"within\(0.1, of="):
        make(paper="log 2", tolerance=within(0.1))


# ------------------------------------------------------------------------------------------------------------- judging


@pytest.mark.parametrize("ours", [math.nan, [1.0, math.nan], torch.tensor([math.nan]), np.array([0.0, np.nan])])
@pytest.mark.parametrize("tolerance", [within(1e9), at_most(1e9), at_least(-1e9), between(-1e9, 1e9)])
def test_nan_never_passes(ours, tolerance):
    with pytest.raises(ValueError, match="NaN"):
        make(ours=ours, tolerance=tolerance)
    assert claims.ledger() == []


@pytest.mark.parametrize("ours", [[], (), torch.empty(0), torch.empty(3, 0), [[]]])
def test_nothing_measured_never_passes(ours):
    with pytest.raises(ValueError, match="empty"):
        make(ours=ours)


@pytest.mark.parametrize("ours", ["0.7", None, [1.0, "x"], {"a": 1.0}])
def test_ours_must_be_numbers(ours):
    with pytest.raises(TypeError, match="must be numbers"):
        make(ours=ours)


def test_both_infinities_are_refused():
    with pytest.raises(ValueError, match="both infinities"):
        make(ours=[math.inf, -math.inf], tolerance=at_least(0))


def test_the_paper_may_not_be_nan_or_empty():
    with pytest.raises(ValueError, match="paper of C03 is NaN"):
        make(paper=math.nan)
    with pytest.raises(ValueError, match="paper of C03 is empty"):
        make(paper=" ", tolerance=at_least(0))


def test_a_tolerance_is_no_bare_number():
    with pytest.raises(TypeError, match="within"):
        make(tolerance=0.01)


@pytest.mark.parametrize(
    "ours",
    [[1.0, 2.0, 3.0], (1, 2, 3), torch.tensor([1.0, 2.0, 3.0], requires_grad=True), np.array([[1, 2, 3]]), iter([1, 2, 3])],
)
def test_ours_takes_every_shape_of_measurement(ours):
    row = make(ours=ours, paper=2, tolerance=within(0.1))
    assert row.values == [1.0, 2.0, 3.0]
    assert row.ours == "2 ± 1 (3 seeds)"
    assert row.verdict == "reproduced"


def test_ci_scale_judges_only_exact_claims(monkeypatch):
    monkeypatch.setenv("GANCOURSE_SCALE", "ci")
    assert make().verdict == "too small to judge"
    assert make(ours=99.0).verdict == "too small to judge"
    assert make(exact=True).verdict == "reproduced"
    assert make(ours=99.0, exact=True).verdict == "not reproduced"


def test_unknown_ids_name_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'C03'"):
        make("C003")
    with pytest.raises(ValueError, match="claim id"):
        make("c03")
    with pytest.raises(ValueError, match="claim id"):
        make("C31")
    with pytest.raises(ValueError, match="suffix"):
        make("C10.batch norm")
    with pytest.raises(ValueError, match="suffix"):
        make("C10.")
    assert make("C10.batchnorm").decks == "HC"
    assert make("S12").decks == "CW"


def test_a_claim_needs_a_statement():
    with pytest.raises(ValueError, match="statement"):
        make(statement=" ")


# -------------------------------------------------------------------------------------------------------------- figures


@pytest.mark.parametrize(
    ("ours", "tolerance", "exact", "shown"),
    [
        (0.6931471805, at_most(1), False, "0.6931"),
        (17, at_least(1), False, "17"),
        (1234.5678, at_least(1), False, "1235"),
        (0.6931471805, within(1e-6, of=0), False, "0.693147"),
        (3.2e-8, at_most(1), False, "3.200e-08"),
        (math.inf, at_least(1), False, "infinite"),
        (0.0, at_most(1), False, "0"),
        (3.2e-8, at_most(1e-5), True, "below 1e-06"),
        (-4e-17, within(1e-9, of=0), True, "below 1e-10"),
        ([1e-17, 3e-17], at_most(1e-12), True, "below 1e-13 (2 seeds)"),
        ([-1.0, 1.0], within(0.1, of=0), True, "0 ± 1.414 (2 seeds)"),
        ([0.70, 0.72], at_least(0), False, "0.71 ± 0.0141 (2 seeds)"),
        ([0.5, 0.5 + 1e-12], within(1e-6, of=0.5), True, "0.5 ± 0 (2 seeds)"),
    ],
)
def test_numbers_are_shown_with_fixed_digits(ours, tolerance, exact, shown):
    assert make(ours=ours, tolerance=tolerance, exact=exact).ours == shown


def test_exact_rows_do_not_show_rounding_noise():
    one = make(ours=[0.25 + 1e-13, 3e-16], paper=0.125, tolerance=within(1e-6), exact=True)
    other = make(ours=[0.25 - 2e-13, -7e-17], paper=0.125, tolerance=within(1e-6), exact=True)
    assert one._bundle() == other._bundle()


def test_exact_rows_are_the_same_at_every_scale(monkeypatch):
    at_cpu = make(exact=True)._bundle()
    monkeypatch.setenv("GANCOURSE_SCALE", "ci")
    assert make(exact=True)._bundle() == at_cpu


# ---------------------------------------------------------------------------------------------------------------- rows


def test_the_text_twin(capsys):
    make(ours=[-1.384, -1.388], unit="nats", source="Goodfellow et al. 2014, Theorem 1", note="n = 2", tolerance=at_most(-1))
    assert capsys.readouterr().out.splitlines() == [
        "C03  the value is -2 log 2",
        "     paper: -1.386 nats | ours: -1.386 ± 0.003 nats (2 seeds) | tolerance: mean at most -1 | reproduced",
        "     Goodfellow et al. 2014, Theorem 1; deck: Wang",
        "     note: n = 2",
    ]


def test_the_html_escapes_and_says_the_verdict_in_words():
    html = make(statement="a < b & c", ours=5.0, note="<script>")._repr_html_()
    assert "a &lt; b &amp; c" in html
    assert "<script>" not in html
    assert "<b>not reproduced</b>" in html


def test_records_survive_strict_json():
    row = make(ours=[math.inf, 1.0], paper=math.inf, tolerance=at_least(1))
    text = json.dumps(row.record(), allow_nan=False)
    assert claims.Row.from_record(json.loads(text)) == row
    broken = {key: value for key, value in row.record().items() if key != "verdict"}
    with pytest.raises(ValueError, match="lacks verdict"):
        claims.Row.from_record(broken)


# -------------------------------------------------------------------------------------------------------------- ledger


def test_a_claim_measured_again_replaces_its_row():
    make(ours=0.0)
    make("C10")
    make(ours=-1.386)
    assert [(row.id, row.verdict) for row in claims.ledger()] == [("C03", "reproduced"), ("C10", "reproduced")]


def test_the_ledger_file(tmp_path, monkeypatch):
    path = tmp_path / "deep" / "ledger.jsonl"
    monkeypatch.setenv("GANCOURSE_LEDGER", str(path))
    monkeypatch.setenv("GANCOURSE_NOTEBOOK", "02_minimax")
    make(ours=0.0)
    last = make(ours=[-1.386, math.inf])
    (row,) = read_ledger(path)
    assert (row.notebook, row.values, row.ours) == ("02_minimax", last.values, last.ours)
    path.write_text(path.read_text() + '{"id": "C0')
    with pytest.raises(ValueError, match="line 3"):
        read_ledger(path)


def _write_rows(path, name):
    for _ in range(50):
        claims._append(Path(path), json.dumps({"name": name, "padding": name * 2000}) + "\n")


def test_parallel_notebooks_do_not_mix_their_lines(tmp_path):
    path = tmp_path / "ledger.jsonl"
    context = multiprocessing.get_context("fork" if "fork" in multiprocessing.get_all_start_methods() else None)
    workers = [context.Process(target=_write_rows, args=(str(path), name)) for name in "abcd"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(rows) == 200
    assert all(row["padding"] == row["name"] * 2000 for row in rows)


# ------------------------------------------------------------------------------------------------------ from notebooks


def notebook_with(path, *rows):
    outputs = [{"output_type": "display_data", "data": row._bundle(), "metadata": {}} for row in rows]
    cells = [{"cell_type": "markdown", "source": "text"}, {"cell_type": "code", "source": "", "outputs": outputs}]
    path.write_text(json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}))


def test_rows_come_back_from_notebooks(tmp_path):
    notebook_with(tmp_path / "02_minimax.ipynb", make("C03"), make("C02", ours=[1.0, 2.0]))
    notebook_with(tmp_path / "01_density.ipynb", make("C28"))
    rows = rows_from_notebooks(tmp_path)
    assert [(row.notebook, row.id) for row in rows] == [("01_density", "C28"), ("02_minimax", "C03"), ("02_minimax", "C02")]
    assert rows[2].ours == "1.5 ± 0.707 (2 seeds)"


def test_a_kernel_shows_each_row_once_and_stores_its_record(tmp_path):
    shell_module = pytest.importorskip("IPython.core.interactiveshell")
    from IPython.utils.capture import capture_output

    shell = shell_module.InteractiveShell.instance()
    try:
        shell.display_formatter.active_types = ["text/plain", "text/html", MIME]
        with capture_output() as captured:
            shell.run_cell(
                "from gancourse.classroom.claims import *\n"
                "row = claim('C03', 'kept', paper=1, ours=1, tolerance=within(0))\n"
                "claim('C02', 'last line', paper=1, ours=1, tolerance=within(0))",
                store_history=True,
            ).raise_error()
        assert [output.data[MIME]["statement"] for output in captured.outputs] == ["kept", "last line"]
        assert captured.outputs[0].data["text/html"].startswith("<table")
        with capture_output() as captured:
            shell.run_cell("row", store_history=True).raise_error()
        assert [output.data[MIME]["statement"] for output in captured.outputs] == ["kept"]
    finally:
        shell_module.InteractiveShell.clear_instance()


def test_markdown_counts_sorts_links_and_escapes(tmp_path):
    notebook_with(tmp_path / "05_b.ipynb", make("C13", statement="a|b", ours=9.0, note="too few seeds"))
    notebook_with(tmp_path / "02_a.ipynb", make("C02", source="Goodfellow et al. 2014"), make("C10.depth"))
    text = ledger_markdown(rows_from_notebooks(tmp_path))
    assert "3 rows: 2 reproduced, 1 not reproduced." in text
    table = [line for line in text.splitlines() if line.startswith("| C")]
    assert [line.split(" | ")[0] for line in table] == ["| C02", "| C10.depth", "| C13"]
    assert table[0].endswith("| reproduced | [02_a](notebooks/02_a.ipynb) |")
    assert "-1.386 (Goodfellow et al. 2014)" in table[0]
    assert "a\\|b" in table[2]
    assert "- **C13** (not reproduced): too few seeds" in text
    unmeasured = text.split("## Not measured yet")[1]
    assert "**C03**" in unmeasured and "**C10**" not in unmeasured and "**C02**" not in unmeasured


def test_markdown_of_nothing():
    text = ledger_markdown([])
    assert "No claim has been measured yet." in text
    assert text.count("- **C") == len(CLAIMS)


def test_the_table_of_promises_is_whole():
    assert list(CLAIMS) == [f"C{n:02}" for n in range(1, 31)]
    assert list(SYSTEMS) == [f"S{n:02}" for n in range(1, 34)]
    assert all(promise.decks and set(promise.decks) <= set(DECKS) for promise in PROMISES.values())


# ------------------------------------------------------------------------------------------------- the committed ledger


def committed_rows():
    root = files.checkout()
    if root is None:
        pytest.skip("needs a checkout")
    return root, rows_from_notebooks(root / "notebooks")


def test_claims_md_says_what_the_committed_notebooks_say():
    root, rows = committed_rows()
    if not rows:
        assert not (root / "CLAIMS.md").exists(), "CLAIMS.md reports rows that no notebook carries"
        return
    assert (root / "CLAIMS.md").is_file(), "write CLAIMS.md: gancourse claims --from-notebooks"
    written = (root / "CLAIMS.md").read_text(encoding="utf-8")
    assert written == ledger_markdown(rows), "CLAIMS.md is stale: gancourse claims --from-notebooks"


# Rows whose reason is the paragraph after them, not a note of their own.
EXPLAINED_IN_THE_TEXT = {
    "C08.protocol",
    "C08.pac4",
    "C08.tiny_pac4",
    "C08.capacity",
    "S09.paired",
    "S16.between",
    "S16.fidelity",
    "S16.thermostat",
    "S17.truncation_precision",
    "S21.realism",
}


def test_every_committed_row_is_judged_and_honest():
    _, rows = committed_rows()
    for row in rows:
        assert row.verdict in ("reproduced", "not reproduced"), f"{row.notebook}: {row.id} was committed at ci scale"
        explained = row.note or row.id in EXPLAINED_IN_THE_TEXT
        assert row.verdict == "reproduced" or explained, f"{row.notebook}: {row.id} is not reproduced and does not say why"


def test_a_broken_notebook_row_is_reported(tmp_path):
    bundle = {MIME: {"id": "C03"}}
    cells = [{"cell_type": "code", "source": "", "outputs": [{"output_type": "display_data", "data": bundle}]}]
    (tmp_path / "x.ipynb").write_text(json.dumps({"cells": cells}))
    with pytest.raises(ValueError, match="run its notebook again"):
        rows_from_notebook(tmp_path / "x.ipynb")
