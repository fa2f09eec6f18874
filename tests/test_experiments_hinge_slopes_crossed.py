"""The two arms with the other's rate: nothing else differs from hinge_slopes, and together they cross bound and rate."""

from gancourse.experiments import hinge_slopes, recorded, records
from gancourse.experiments.hinge_slopes_crossed import ARMS, CROSSED, EXPERIMENT


def test_nothing_but_the_rates_differs_from_the_record_beside_it():
    ours, other = EXPERIMENT, hinge_slopes.EXPERIMENT
    assert (ours.stage, ours.seeds, ours.full, ours.ci, ours.fit) == (other.stage, other.seeds, other.full, other.ci, other.fit)
    assert recorded.get("hinge_slopes_crossed") is ours


def test_two_bounds_and_two_rates_are_crossed():
    arms = [ARMS[f"{bound}, {rate:g}"] for bound, rate in CROSSED] + [
        hinge_slopes.EXPERIMENT.arms[b] for b in ("none", "spectral")
    ]
    found = {(arm["bound"], arm["fit"]["lr"]) for arm in arms}
    assert found == {(bound, rate) for bound in ("none", "spectral") for rate in (0.003, 0.01)}


def test_both_records_begin_with_the_same_players():
    ours, other = records.load("hinge_slopes_crossed"), records.load("hinge_slopes")
    assert ours.seeds == other.seeds
    for arm, there in (("none, 0.01", "none"), ("spectral, 0.003", "spectral")):
        for score in ("slope", "slope_fakes", "frechet"):
            assert (ours.curve(score)[arm][1][:, 0] == other.curve(score)[there][1][:, 0]).all()


def test_the_product_of_norms_bounds_the_slopes():
    record = records.load("hinge_slopes_crossed")
    product = record.curve("product")
    for score in ("slope", "slope_fakes"):
        assert all((values <= product[arm][1] * 1.001).all() for arm, (_, values) in record.curve(score).items())
