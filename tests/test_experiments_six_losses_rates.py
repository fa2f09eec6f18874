"""The contest's rates are those that the record of three rates chooses by its rule."""

from gancourse.experiments import records, six_losses, six_losses_rates
from gancourse.experiments.records import Record
from gancourse.experiments.six_losses_rates import ARMS, EXPERIMENT, RATES


def test_the_nearest_end_is_chosen_and_a_diverged_training_is_not():
    def training(arm):
        far = abs(arm["fit"]["lr"] - 1e-3) + (10 if arm["loss"] == "hinge" and arm["fit"]["lr"] < 2e-3 else 1)
        lost = arm["loss"] == "wasserstein" and arm["fit"]["lr"] == 1e-3
        return [{"scores": {} if lost else {"frechet": far}}]

    rates = six_losses_rates.chosen(Record({"arms": {name: training(arm) for name, arm in ARMS.items()}}))
    assert rates["hinge"] == 3e-3 and rates["saturating"] == 1e-3 and rates["wasserstein"] == 3e-4


def test_the_contest_runs_with_what_the_record_chose():
    assert six_losses_rates.chosen(records.load("six_losses_rates")) == six_losses.RATES


def test_the_game_is_the_contests_and_the_seed_is_not():
    assert not set(EXPERIMENT.seeds) & set(six_losses.EXPERIMENT.seeds) and EXPERIMENT.stage is six_losses.Faces
    assert len(ARMS) == len(RATES) * len(six_losses.NAMES)
    assert {k for k, v in EXPERIMENT.full.items() if six_losses.EXPERIMENT.full[k] != v} == {"measure_every"}
