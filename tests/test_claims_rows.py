"""A row: its record, its text, its HTML, and that a notebook shows it once."""

from __future__ import annotations

import json
import math

import pytest

from gancourse.classroom import claims
from gancourse.classroom.claims import MIME, at_least, rows
from tests.claims import check, claim, question

pytestmark = pytest.mark.usefixtures("empty_ledger")


def test_the_text_twin(capsys):
    claim(statement="A GAN captures modes", unit="of 25", source="Lin et al. 2018, table 1", note="few steps", decks="W")
    assert capsys.readouterr().out.splitlines() == [
        "Reproduced: A GAN captures modes",
        "     measured: 18 [17.12, 18.88] of 25 (5 trainings); claimed: 17.3 of 25",
        "     asked for: between 15 and 20, by the 95 % interval in brackets over five or more independent measurements",
        "     must fail: noise 4.1",
        "     note: few steps",
        "     source: Lin et al. 2018, table 1; taught in the lecture slides of Wang",
        "     in the ledger: C03, a claim of the source named here, measured at cpu scale",
    ]


def test_the_html_escapes_and_says_the_verdict_before_the_fold():
    html = check(statement="a < b & c", ours=0.0, note="<script>")._repr_html_()
    assert "a &lt; b &amp; c" in html and "<script>" not in html
    summary = html.split("<summary")[1].split("</summary>")[0]
    assert "<b>Failed.</b>" in summary and "measured: 0" in summary
    assert "nowrap" not in html


@pytest.mark.parametrize("unfolded", [False, True])
def test_a_slide_shows_what_was_asked_for_above_the_fold(unfolded):
    of_paper = claim(source="Lin et al. 2018")
    folded = rows.for_a_slide(rows.html(of_paper, unfolded))
    summary, _, rest = folded.split("<summary")[1].partition("</summary>")
    assert "<details open" not in folded and summary.endswith("claimed: 17.3; asked for: between 15 and 20</b>")
    assert "between 15 and 20, by the 95 % interval" in rest and "Lin et al." in rest
    same = claim(ours=[18.0] * 5)
    assert same.same and not of_paper.same and ", by what all of five" in rows.text(same)
    assert rows.for_a_slide(rows.html(same, unfolded)).count("claimed: 17.3; asked for: between 15 and 20</b></summary>") == 1
    assert not claim(ours=[True] * 5, tolerance=at_least(0.6), baselines=claims.nulls(chance=0.1)).same
    every = rows.for_a_slide(rows.html(check(ours=[0.0, 0.0], over="draws"), unfolded))
    assert ", by every value</b></summary>" in every


def test_a_slide_leaves_alone_what_is_no_row():
    for html in ("<table><tr><td>Asked for</td></tr></table>", rows.html(question())):
        assert rows.for_a_slide(html) == html


def test_records_survive_strict_json():
    row = check(ours=[math.inf, 1.0], expected=math.inf, tolerance=at_least(1), over="draws")
    text = json.dumps(row.record(), allow_nan=False)
    assert claims.Row.from_record(json.loads(text)) == row
    broken = {key: value for key, value in row.record().items() if key != "verdict"}
    with pytest.raises(ValueError, match="lacks verdict"):
        claims.Row.from_record(broken)


def test_a_kernel_shows_each_row_once_and_stores_its_record():
    shell_module = pytest.importorskip("IPython.core.interactiveshell")
    from IPython.utils.capture import capture_output

    shell = shell_module.InteractiveShell.instance()
    try:
        shell.display_formatter.active_types = ["text/plain", "text/html", MIME]
        with capture_output() as captured:
            shell.run_cell(
                f"from {claims.__name__} import *\n"
                "row = identity('C03', 'kept', ours=0, tolerance=at_most(0))\n"
                "question('C02', 'last line', ours=1)",
                store_history=True,
            ).raise_error()
        assert [output.data[MIME]["statement"] for output in captured.outputs] == ["kept", "last line"]
        assert "<details" in captured.outputs[0].data["text/html"]
        with capture_output() as captured:
            shell.run_cell("row", store_history=True).raise_error()
        assert [output.data[MIME]["statement"] for output in captured.outputs] == ["kept"]
    finally:
        shell_module.InteractiveShell.clear_instance()
