"""The hinge with three bounds: the contest's game, and rates that the searches chose."""

from gancourse.experiments import hinge_slopes, hinge_slopes_rates, records, six_losses
from gancourse.experiments.hinge_slopes import EXPERIMENT, RATES


def test_the_game_and_the_seeds_are_the_contests():
    contest = six_losses.EXPERIMENT
    assert (EXPERIMENT.seeds, EXPERIMENT.full, EXPERIMENT.fit) == (contest.seeds, contest.full, contest.fit)
    assert tuple(EXPERIMENT.arms) == hinge_slopes_rates.BOUNDS


def test_rates_are_those_that_the_records_chose_and_lie_inside_the_grid():
    found = hinge_slopes_rates.chosen(records.load("hinge_slopes_rates"))
    assert {**found, "R1": six_losses.RATES["hinge"]} == RATES
    assert all(rate in hinge_slopes_rates.RATES[1:-1] for rate in RATES.values())


def test_each_arm_gets_its_rate():
    arms = hinge_slopes.arms({"none": 0.1, "R1": 0.2})
    assert arms == {"none": {"bound": "none", "fit": {"lr": 0.1}}, "R1": {"bound": "R1", "fit": {"lr": 0.2}}}


def test_the_arm_r1_repeats_the_contests_hinge():
    ours, contest = records.load("hinge_slopes"), records.load("six_losses")
    there = dict(zip(contest.seeds, contest.final("frechet")["hinge"], strict=True))
    found = dict(zip(ours.seeds, ours.final("frechet")["R1"], strict=True))
    assert all(abs(value - there[seed]) < 1e-3 for seed, value in found.items())
