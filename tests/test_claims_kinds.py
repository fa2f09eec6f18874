"""Identities, checks, claims and questions: their verdicts."""

from __future__ import annotations

import math
from functools import partial

import pytest
import torch

from gancourse.classroom import claims
from gancourse.classroom.claims import at_least, at_most, between, nulls
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


def test_a_count_is_no_share_and_outcomes_are():
    of_eight = partial(claim, tolerance=between(0.5, 4), baselines=nulls(noise=8))
    row = of_eight(ours=torch.ones(8), interval="t")
    assert (row.verdict, row.ours) == ("reproduced", "1 (in each of 8 trainings)")
    assert of_eight(ours=[1] * 8, interval="t", unit="mode").ours == "1 mode (in each of 8 trainings)"
    happened = partial(claim, tolerance=at_least(0.4), baselines=nulls(chance=0.1))
    for outcomes in (torch.ones(8).bool(), [True] * 8):
        assert happened(ours=outcomes).ours == "1 [0.631, 1] (8 trainings)"
    assert happened(ours=[1.0] * 8, interval="share").ours == "1 [0.631, 1] (8 trainings)"
    assert question(ours=torch.tensor([1.0, 0.0]), over="draws", interval="t").ours == "0.5 [-5.853, 6.853] (2 draws)"
    with pytest.raises(ValueError, match="each 0 or 1"):
        question(ours=[0.5, 1.0], over="draws", interval="share")


@pytest.mark.parametrize(
    "zeros_and_ones",
    [(torch.ones(5) > 0).float(), torch.ones(5), [1.0] * 5, [1, 0, True, 1, 1], [0] * 5, [0.0, 1.0, 1.0, 1.0, 0.0]],
    ids=str,
)
def test_zeros_and_ones_are_outcomes_or_numbers_and_it_is_said_which(zeros_and_ones, monkeypatch):
    """The same five outcomes must not be reproduced as floats and open as booleans."""
    outcomes = partial(claim, ours=zeros_and_ones, tolerance=at_least(0.6), baselines=nulls(chance=0.1))
    for make in (outcomes, partial(question, ours=zeros_and_ones, over="trainings")):
        with pytest.raises(ValueError, match="ours of C03 are 0 and 1: .* True and False, .*interval='share'.*interval='t'"):
            make()
        make(interval="share"), make(interval="t"), make(limits=(0, 1))
    assert outcomes(ours=[bool(x) for x in zeros_and_ones]).verdict == outcomes(interval="share").verdict == "open"
    assert question(ours=[1.0]).ours == "1", "of a single value there is no interval"
    monkeypatch.setenv("GANCOURSE_SCALE", "ci")
    assert outcomes().verdict == "too small to judge"


def test_measurements_that_are_equal_have_no_interval_but_words():
    row = claim(ours=[0.0] * 5, tolerance=at_most(0.08), limits=(0, 1))
    assert (row.verdict, row.ours) == ("reproduced", "0 (in each of 5 trainings)")
    assert question(ours=[math.inf] * 3, over="runs").ours == "infinite (in each of 3 runs)"
    assert question(ours=[2.0] * 3, over="classes of digits").ours == "2 (in each of 3 classes of digits)"
    assert question(ours=[1.0, 1.0, 1.0, 1.0, 1.0, 9.0], over="runs", interval="bootstrap", statistic="median").ours.startswith(
        "median 1 ["
    )


def test_samples_of_a_training_are_no_trainings():
    per_sample = torch.linspace(15.0, 20.0, 200).view(5, 40)
    for ours in (per_sample, per_sample.tolist(), list(per_sample), per_sample.numpy()):
        for make in (claim, partial(question, over="trainings")):
            with pytest.raises(ValueError, match=r"ours of C03 has shape \[5, 40\], so 200 values .* one number for each"):
                make(ours=ours)
    with pytest.raises(ValueError, match=r"\[6, 1\]"):
        question(ours=torch.ones(6, 1), over="seeds of one game")
    for over in ("networks", "training", "samples of 5 trainings", ""):
        with pytest.raises(ValueError, match=r"has shape \[5, 40\].* or hand over \.flatten\(\)"):
            question(ours=per_sample, over=over)
    assert claim(ours=per_sample.mean(1)).ours.endswith("(5 trainings)")
    assert claim(ours=per_sample.flatten(), over="samples of 5 trainings").verdict == "open"
    assert question(ours=per_sample.flatten(), over="samples").ours.endswith("(200 samples)")
    assert claim(ours=per_sample, over="draws", exact="a rule").verdict == "reproduced", "where each value is judged all may be"


def test_the_bootstrap_of_a_mean_of_five_judges_nothing(monkeypatch):
    for make in (claim, partial(question, ours=MODES, over="trainings")):
        with pytest.raises(ValueError, match="C03 has no interval: .* leave interval='bootstrap' out"):
            make(interval="bootstrap")
    monkeypatch.setenv("GANCOURSE_SCALE", "ci")
    row = question(ours=MODES, over="trainings", interval="bootstrap")
    assert (row.verdict, row.ours) == ("too small to judge", "18 (5 trainings)")


def test_a_share_ends_where_no_share_can_be():
    values = [1.0, 1.0, 1.0, 1.0, 0.95]
    assert question(ours=values, over="trainings").ours == "0.99 [0.962, 1.018] (5 trainings)"
    assert question(ours=values, over="trainings", limits=(0, 1)).ours == "0.99 [0.962, 1] (5 trainings)"
    inside = partial(claim, ours=values, tolerance=between(0.9, 1.0), baselines=nulls(noise=0.1))
    assert (inside().verdict, inside(limits=(0, 1)).verdict) == ("open", "reproduced")


@pytest.mark.parametrize("keyword", [{"interval": "t"}, {"interval": "share"}, {"statistic": "median"}, {"limits": (0, 1)}])
def test_an_exact_claim_takes_no_interval(keyword):
    with pytest.raises(ValueError, match="C03 is exact, each value is judged: leave out interval="):
        claim(exact="a closed form", **keyword)


def test_what_a_claim_takes_is_said():
    import inspect

    for make in (claims.identity, claims.check, claims.claim, claims.question):
        told = inspect.getdoc(make) + ("" if make is claims.claim else inspect.getdoc(claims.claim))
        for name in inspect.signature(make).parameters:
            assert name in ("id", "statement") or f"{name}:" in told or f"{name}, " in told or f", {name}:" in told, name


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
