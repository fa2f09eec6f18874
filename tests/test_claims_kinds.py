"""Identities, checks, claims and questions: their verdicts."""

from __future__ import annotations

import math
from functools import partial

import pytest

from gancourse.classroom.claims import at_least, between
from tests.claims import MODES, check, claim, identity, question

pytestmark = pytest.mark.usefixtures("empty_ledger")


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


def test_a_claim_needs_its_source():
    with pytest.raises(ValueError, match=r"question\(...\)"):
        claim(source=" ")


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
