from __future__ import annotations

import ast
import json
import math
from functools import partial

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
    ceilings,
    interval_of,
    ledger_markdown,
    no_null,
    nulls,
    rows_from_notebook,
    rows_from_notebooks,
    within,
    within_factor,
    within_relative,
)
from gancourse.classroom.claims.rows import bundle
from gancourse.classroom.coverage import CLAIMS, DECKS, PROMISES, SYSTEMS


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setenv("GANCOURSE_SCALE", "cpu")
    claims.clear()
    yield
    claims.clear()


def made(function, defaults, id="C03", statement="the value is -2 log 2", **changes):
    return function(id, statement, **(defaults | changes))


identity = partial(made, claims.identity, {"expected": -2 * math.log(2), "ours": -1.386, "tolerance": within(0.01)})
check = partial(made, claims.check, {"ours": 1.0, "tolerance": at_least(0.9)})
question = partial(made, claims.question, {"ours": 0.5})
MODES = [17.0, 18.0, 19.0, 18.0, 18.0]
claim = partial(
    made,
    claims.claim,
    {"source": "Lin et al. 2018", "paper": 17.3, "ours": MODES, "over": "trainings", "tolerance": between(15, 20)}
    | {"baselines": nulls(noise=4.1)},
)


# ---------------------------------------------------------------------------------------------------------- tolerances


@pytest.mark.parametrize(
    ("tolerance", "target", "good", "bad"),
    [
        (within(0.5), 2.0, [1.5, 2.5], [1.49, 2.51]),
        (within(0.5, of=10.0), 2.0, [9.5, 10.5], [2.0]),
        (within(0.1, of=math.log(2)), "log 2", [0.7], [0.9]),
        (within_relative(0.1), -100.0, [-110.0, -90.0], [-111.0, 100.0]),
        (within_factor(2), 10.0, [5.0, 20.0], [4.9, 21.0, -10.0]),
        (within_factor(2), -10.0, [-5.0, -20.0], [-4.9, -21.0, 10.0]),
        (at_least(3), 5.0, [3.0, math.inf], [2.99]),
        (at_most(3), 5.0, [3.0, -1.0], [3.01, math.inf]),
        (between(1, 2), 5.0, [1.0, 2.0], [0.99, 2.01]),
        (within(0.1), math.inf, [math.inf], [1e30, -math.inf]),
    ],
)
def test_a_tolerance_passes_inside_and_fails_outside(tolerance, target, good, bad):
    for value in good:
        assert identity(expected=target, ours=value, tolerance=tolerance).verdict == "holds"
    for value in bad:
        assert identity(expected=target, ours=value, tolerance=tolerance).verdict == "fails"


def test_the_tolerance_is_told_in_words():
    assert identity().tolerance == "within 0.01"
    assert identity(tolerance=within_relative(0.1, of=4)).tolerance == "within 10 % of 4"
    assert identity(tolerance=between(0.9, 1.1)).tolerance == "between 0.9 and 1.1"
    assert claim(exact="a closed form").tolerance == "between 15 and 20 (a closed form)"


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: within(-1), "at least 0"),
        (lambda: within(math.nan), "NaN"),
        (lambda: at_least(math.nan), "NaN"),
        (lambda: between(2, 1), r"between\(1, 2\)"),
        (lambda: within_factor(0.5), "above 1"),
        (lambda: within_factor(2).bounds(0.0), "factor of 0"),
    ],
)
def test_a_senseless_tolerance_is_refused(build, says):
    with pytest.raises(ValueError, match=says):
        build()


def test_comparing_with_text_names_the_fix():
    with pytest.raises(ValueError, match=r"within\(0.1, of="):
        identity(expected="log 2", tolerance=within(0.1))


# ----------------------------------------------------------------------------------------------------------- intervals


def test_students_interval_of_five():
    # t with 4 degrees of freedom is 2.7764; the standard error of 1 ... 5 is sqrt(2.5 / 5).
    low, high = interval_of([1.0, 2.0, 3.0, 4.0, 5.0])
    assert (low, high) == pytest.approx((3 - 2.7764451 * math.sqrt(0.5), 3 + 2.7764451 * math.sqrt(0.5)))


def test_students_interval_covers_in_95_of_100():
    draws = np.random.default_rng(0).normal(2.0, 3.0, (4000, 5))
    hits = [low <= 2.0 <= high for low, high in map(interval_of, draws.tolist())]
    assert abs(np.mean(hits) - 0.95) < 0.012


def test_five_of_five_successes_are_no_certainty():
    low, high = interval_of([1.0] * 5)
    assert (low, high) == pytest.approx((0.025**0.2, 1.0))
    assert interval_of([0.0] * 5) == pytest.approx((0.0, 1 - 0.025**0.2))


def test_the_bootstrap_of_a_median_ignores_one_wild_run():
    values = [1.0, 1.1, 0.9, 1.05, 40.0, 1.0, 0.95]
    low, high = interval_of(values, "bootstrap", "median")
    assert 0.9 <= low <= 1.0 <= high <= 1.1
    assert interval_of(values, "bootstrap", "median") == (low, high)
    with pytest.raises(ValueError, match="bootstrap"):
        interval_of(values, "t", "median")


def test_no_interval_of_one_value_or_of_infinities():
    assert interval_of([1.0]) is None
    assert interval_of([1.0, math.inf]) is None
    assert interval_of([math.inf, math.inf]) == (math.inf, math.inf)


# ------------------------------------------------------------------------------------------------------ papers' claims


def test_a_claim_is_reproduced_when_its_interval_lies_inside():
    row = claim()
    assert (row.verdict, row.why) == ("reproduced", "")
    assert row.ours == "18 [17.12, 18.88] (5 trainings)"
    assert claim(tolerance=at_least(17.5)).verdict == "open"  # the mean passes, the interval reaches over the edge
    assert "over the edge" in claim(tolerance=at_least(17.5)).why


def test_a_claim_outside_is_contradicted_only_with_a_control():
    assert claim(tolerance=at_least(21)).verdict == "open"
    assert "nothing shows" in claim(tolerance=at_least(21)).why
    good, bad = check("C10.sees"), check("C10.blind", ours=0.0)
    assert claim(tolerance=at_least(21), control=good).verdict == "contradicted"
    assert claim(tolerance=at_least(21), control="C10.sees").control == "C10.sees passed"
    assert claim(tolerance=at_least(21), control=bad).verdict == "open"
    assert claim(control=bad).verdict == "reproduced"
    with pytest.raises(ValueError, match="run its cell first"):
        claim(control="C10.unheard")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"ours": 18.0, "over": ""}, "single measurement"),
        ({"ours": MODES[:4]}, "4 trainings, where 5"),
        ({"over": "classes of one training"}, "5 classes of one training, no independent"),
        ({"ours": [18.0, 18.0, 18.0, 18.0, math.inf]}, "infinite"),
        ({"open": "the judge cannot tell noise"}, "the judge cannot tell noise"),
    ],
)
def test_what_cannot_be_judged_is_open(changes, why):
    row = claim(**changes)
    assert row.verdict == "open"
    assert why in row.why


def test_a_deterministic_claim_is_judged_by_each_value():
    exact = partial(claim, exact="deterministic steps", over="points")
    assert exact(ours=18.0, over="").verdict == "reproduced"
    assert exact(ours=18.0, over="").ours == "18"
    assert exact(ours=[16.0, 18.0]).verdict == "reproduced"
    assert exact(ours=[16.0, 28.0]).verdict == "open"
    assert exact(ours=[26.0, 28.0], control=check("C10.sees")).verdict == "contradicted"


def test_a_median_is_judged_by_the_bootstrap():
    values = [2.0, 2.1, 1.9, 2.0, 2.05, 1.95, 60.0]
    assert claim(ours=values, tolerance=between(1.8, 2.2)).verdict == "open"
    row = claim(ours=values, tolerance=between(1.8, 2.2), interval="bootstrap", statistic="median")
    assert row.verdict == "reproduced" and row.ours.startswith("median 2 [")


# ----------------------------------------------------------------------------------------------------------- baselines


def test_a_tolerance_that_a_null_passes_is_refused():
    with pytest.raises(ValueError, match="at least 3, lets noise pass, which scores 4.1"):
        claim(tolerance=at_least(3))
    with pytest.raises(ValueError, match="lets untrained pass"):
        check(ours=2.0, baselines=nulls(untrained=[0.9, 1.1]))
    assert claims.ledger() == []


def test_an_open_row_may_say_that_a_null_passes(monkeypatch):
    assert claim(tolerance=at_least(3), open="noise passes").verdict == "open"
    monkeypatch.setenv("GANCOURSE_SCALE", "ci")
    assert claim(tolerance=at_least(3)).verdict == "too small to judge"


@pytest.mark.parametrize("baselines", [None, 3.0, ceilings(truth=25)])
def test_a_claim_without_a_null_is_refused(baselines):
    with pytest.raises(TypeError, match="chance"):
        claim(baselines=baselines)


def test_baselines_are_joined_and_shown():
    row = claim(baselines=nulls(noise=[4.0, 5.0], step_0=torch.tensor(1.0)) | ceilings(truth=25))
    assert (row.nulls, row.ceilings, row.no_null) == ("noise 4.5; step 0 1", "truth 25", "")
    row = claim(baselines=no_null("both sides of an equation") | ceilings(truth=25))
    assert (row.nulls, row.ceilings, row.no_null) == ("", "truth 25", "both sides of an equation")


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (nulls, "names nothing"),
        (lambda: no_null("none"), "in words"),
        (lambda: nulls(noise=1) | no_null("it makes no sense"), "not both"),
        (lambda: claim(baselines=nulls(noise=math.nan)), "baseline noise of C03 holds 1 NaN"),
    ],
)
def test_senseless_baselines_are_refused(build, says):
    with pytest.raises(ValueError, match=says):
        build()


def test_a_claim_needs_its_source():
    with pytest.raises(ValueError, match=r"question\(...\)"):
        claim(source=" ")


# ------------------------------------------------------------------------------------- identities, checks and questions


def test_identities_and_checks_ask_every_value():
    assert identity(ours=[-1.386, -1.387], over="draws").verdict == "holds"
    assert identity(ours=[-1.386, -2.0], over="draws").verdict == "fails"
    assert check(ours=[1.0, 0.95], over="draws").verdict == "passed"
    assert check(ours=[1.0, 0.5], over="draws").verdict == "failed"


def test_a_question_has_an_interval_and_no_verdict():
    row = question(ours=[1.0, 2.0, 3.0], over="trainings")
    assert (row.verdict, row.tolerance) == ("no verdict", "")
    assert row.ours == "2 [-0.484, 4.484] (3 trainings)"


def test_ci_scale_judges_only_what_is_exact(monkeypatch):
    monkeypatch.setenv("GANCOURSE_SCALE", "ci")
    for make in (check, claim, question):
        row = make()
        assert (row.verdict, row.why, row.scale) == ("too small to judge", "", "ci")
    assert identity().verdict == "holds"
    assert check(exact=True).verdict == "passed"
    assert check(ours=0.0, exact=True).verdict == "failed"
    assert claim(exact="a closed form").verdict == "reproduced"


# -------------------------------------------------------------------------------------------------------- what is given


@pytest.mark.parametrize("make", [identity, check, claim, question])
@pytest.mark.parametrize("ours", [math.nan, [1.0, math.nan], torch.tensor([math.nan]), np.array([0.0, np.nan])])
def test_nan_is_no_measurement(make, ours):
    with pytest.raises(ValueError, match="NaN"):
        make(ours=ours)
    assert claims.ledger() == []


@pytest.mark.parametrize("ours", [[], (), torch.empty(0), torch.empty(3, 0), [[]]])
def test_nothing_is_no_measurement(ours):
    with pytest.raises(ValueError, match="empty"):
        check(ours=ours)


@pytest.mark.parametrize("ours", ["0.7", None, [1.0, "x"], {"a": 1.0}])
def test_ours_must_be_numbers(ours):
    with pytest.raises(TypeError, match="must be numbers"):
        check(ours=ours)


def test_both_infinities_are_refused():
    with pytest.raises(ValueError, match="both infinities"):
        check(ours=[math.inf, -math.inf])


def test_the_paper_may_not_be_nan_or_empty():
    with pytest.raises(ValueError, match="paper of C03 is NaN"):
        claim(paper=math.nan)
    with pytest.raises(ValueError, match="paper of C03 is empty"):
        claim(paper=" ")


def test_a_tolerance_is_no_bare_number():
    with pytest.raises(TypeError, match="within"):
        identity(tolerance=0.01)


def test_what_varies_is_named():
    with pytest.raises(ValueError, match="over='trainings'"):
        claim(over="")
    assert claim(ours=18.0).ours.endswith("(1 training)")
    assert claim(ours=18.0, over="classes of digits").ours.endswith("(1 class of digits)")
    assert claim(ours=18.0, over="").ours == "18"


@pytest.mark.parametrize(
    "ours",
    [[1.0, 2.0, 3.0], (1, 2, 3), torch.tensor([1.0, 2.0, 3.0], requires_grad=True), np.array([[1, 2, 3]]), iter([1, 2, 3])],
)
def test_ours_takes_every_shape_of_measurement(ours):
    row = check(ours=ours, over="draws")
    assert row.values == [1.0, 2.0, 3.0]
    assert row.ours == "1 to 3 (3 draws)"


def test_unknown_ids_name_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'C03'"):
        check("C003")
    with pytest.raises(ValueError, match="claim id"):
        check("C31")
    with pytest.raises(ValueError, match="suffix"):
        check("C10.batch norm")
    with pytest.raises(ValueError, match="suffix"):
        check("C10.")


def test_only_a_whole_promise_names_its_slides_by_itself():
    assert check("S12").decks == "CW"
    assert check("C10.batchnorm").decks == ""
    assert check("C10.batchnorm", decks="C").decks == "C"
    assert check("S12", decks="").decks == ""


def test_a_row_needs_a_statement():
    with pytest.raises(ValueError, match="statement"):
        check(statement=" ")


# -------------------------------------------------------------------------------------------------------------- figures


@pytest.mark.parametrize(
    ("make", "ours", "tolerance", "shown"),
    [
        (check, 0.6931471805, at_most(1), "0.6931"),
        (check, 17, at_least(1), "17"),
        (check, 1234.5678, at_least(1), "1235"),
        (check, 0.6931471805, within(1e-6, of=0), "0.693147"),
        (check, 3.2e-8, at_most(1), "3.200e-08"),
        (check, math.inf, at_least(1), "infinite"),
        (check, 0.0, at_most(1), "0"),
        (identity, 3.2e-8, at_most(1e-5), "below 1e-06"),
        (identity, -4e-17, within(1e-9, of=0), "below 1e-10"),
        (identity, [1e-17, 3e-17], at_most(1e-12), "below 1e-13 (2 draws)"),
        (identity, [-1.0, 1.0], within(0.1, of=0), "-1 to 1 (2 draws)"),
        (check, [0.70, 0.72], at_least(0), "0.7 to 0.72 (2 draws)"),
        (identity, [0.5, 0.5 + 1e-12], within(1e-6, of=0.5), "0.5 (2 draws)"),
    ],
)
def test_numbers_are_shown_with_fixed_digits(make, ours, tolerance, shown):
    assert make(ours=ours, tolerance=tolerance, over="draws" if isinstance(ours, list) else "").ours == shown


def test_identities_do_not_show_rounding_noise():
    make = partial(identity, expected=0.125, tolerance=within(1e-6), over="draws")
    assert bundle(make(ours=[0.25 + 1e-13, 3e-16])) == bundle(make(ours=[0.25 - 2e-13, -7e-17]))


def test_identities_are_the_same_at_every_scale(monkeypatch):
    at_cpu = bundle(identity())
    monkeypatch.setenv("GANCOURSE_SCALE", "ci")
    assert bundle(identity()) == at_cpu


# ---------------------------------------------------------------------------------------------------------------- rows


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


def test_records_survive_strict_json():
    row = check(ours=[math.inf, 1.0], expected=math.inf, tolerance=at_least(1), over="draws")
    text = json.dumps(row.record(), allow_nan=False)
    assert claims.Row.from_record(json.loads(text)) == row
    broken = {key: value for key, value in row.record().items() if key != "verdict"}
    with pytest.raises(ValueError, match="lacks verdict"):
        claims.Row.from_record(broken)


# ------------------------------------------------------------------------------------------------------------- session


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


# ------------------------------------------------------------------------------------------------------ from notebooks


def notebook_with(path, *rows):
    outputs = [{"output_type": "display_data", "data": bundle(row), "metadata": {}} for row in rows]
    cells = [{"cell_type": "markdown", "source": "text"}, {"cell_type": "code", "source": "", "outputs": outputs}]
    path.write_text(json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}))


def test_rows_come_back_from_notebooks(tmp_path):
    notebook_with(tmp_path / "02_minimax.ipynb", identity("C03"), claim("C02"))
    notebook_with(tmp_path / "01_density.ipynb", check("C28"))
    (tmp_path / ".02_minimax-half.ipynb").write_text("{")
    rows = rows_from_notebooks(tmp_path)
    assert [(row.notebook, row.id) for row in rows] == [("01_density", "C28"), ("02_minimax", "C03"), ("02_minimax", "C02")]
    assert rows[2].ours == "18 [17.12, 18.88] (5 trainings)"


@pytest.mark.parametrize("content", ["{", "[]", json.dumps({"cells": [{"outputs": [{"data": {MIME: {"id": "C03"}}}]}]})])
def test_a_damaged_notebook_is_named(tmp_path, content):
    (tmp_path / "x.ipynb").write_text(content)
    with pytest.raises(ValueError, match="x.ipynb .* build it again"):
        rows_from_notebook(tmp_path / "x.ipynb")


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


# ------------------------------------------------------------------------------------------------------------ CLAIMS.md


def test_the_page_counts_lists_what_is_open_links_and_escapes(tmp_path):
    notebook_with(tmp_path / "05_b.ipynb", claim("C13", statement="a|b", ours=18.0, note="too few"), question("C13.ours"))
    notebook_with(tmp_path / "02_a.ipynb", claim("C02"), identity("C10.depth", ours=0.0), check("C11"))
    text = ledger_markdown(rows_from_notebooks(tmp_path))
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


def test_the_table_of_promises_is_whole():
    assert list(CLAIMS) == [f"C{n:02}" for n in range(1, 31)]
    assert list(SYSTEMS) == [f"S{n:02}" for n in range(1, 34)]
    assert all(promise.decks and set(promise.decks) <= set(DECKS) for promise in PROMISES.values())


# ------------------------------------------------------------------------------------------------- the committed ledger


def checkout():
    root = files.checkout()
    if root is None:
        pytest.skip("needs a checkout")
    return root


def test_every_claim_in_the_sources_has_a_source_and_baselines():
    for path in sorted(checkout().glob("notebooks/source/*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "claim":
                given = {keyword.arg for keyword in node.keywords}
                assert {"source", "baselines"} <= given, f"{path.name}, line {node.lineno}: a paper's claim without baselines"


def test_the_committed_page_says_what_the_committed_notebooks_say():
    root = checkout()
    rows = rows_from_notebooks(root / "notebooks")
    if not rows:
        assert not (root / "CLAIMS.md").exists(), "CLAIMS.md reports rows that no notebook carries"
        return
    assert (root / "CLAIMS.md").is_file(), "write CLAIMS.md: gancourse claims --from-notebooks"
    written = (root / "CLAIMS.md").read_text(encoding="utf-8")
    assert written == ledger_markdown(rows), "CLAIMS.md is stale: gancourse claims --from-notebooks"


def test_every_committed_row_is_judged_and_honest():
    for row in rows_from_notebooks(checkout() / "notebooks"):
        where = f"{row.notebook}: {row.id}"
        assert row.verdict in claims.VERDICTS[row.kind], f"{where} was committed at ci scale"
        assert row.verdict not in ("fails", "failed"), f"{where}: an instrument of ours is broken"
        if row.kind == claims.PAPER:
            assert row.source and (row.nulls or row.no_null), f"{where} has no source or no baselines"
            assert row.verdict != claims.OPEN or row.why, f"{where} is open and does not say why"
            assert row.verdict != "contradicted" or row.control, f"{where} is contradicted without a positive control"
