"""What chance scores: no tolerance may let it pass."""

from __future__ import annotations

import math

import pytest
import torch

from gancourse.classroom import claims
from gancourse.classroom.claims import at_least, ceilings, no_null, nulls
from tests.claims import check, claim

pytestmark = pytest.mark.usefixtures("empty_ledger")


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
