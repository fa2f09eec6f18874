"""The search for gamma and rate: its rule, its grid, its seed."""

from gancourse.experiments import records, six_losses, six_losses_gamma, six_losses_tuned
from gancourse.experiments.records import Record
from gancourse.experiments.six_losses_gamma import ARMS, EXPERIMENT, GAMMAS, RATES


def test_the_nearest_end_is_chosen_and_a_diverged_training_is_not():
    def training(arm):
        far = abs(arm["gamma"] - 3) + abs(arm["fit"]["lr"] - 1e-2)
        lost = arm["loss"] == "least_squares" and arm["gamma"] == 3
        return [{"scores": {} if lost else {"frechet": far}}]

    settings = six_losses_gamma.chosen(Record({"arms": {name: training(arm) for name, arm in ARMS.items()}}))
    assert settings == {"non_saturating": (3.0, 1e-2), "least_squares": (1.0, 1e-2)}


def test_the_two_play_on_with_what_the_record_chose_and_it_lies_inside_the_grid():
    settings = six_losses_gamma.chosen(records.load("six_losses_gamma"))
    assert settings == six_losses_tuned.SETTINGS
    assert all(gamma in GAMMAS[1:-1] and rate in RATES[1:-1] for gamma, rate in settings.values())


def test_both_losses_search_the_same_grid_on_a_seed_of_its_own():
    assert len(ARMS) == 2 * len(GAMMAS) * len(RATES)
    assert not set(EXPERIMENT.seeds) & set(six_losses.EXPERIMENT.seeds) and EXPERIMENT.stage is six_losses.Faces


def test_gamma_is_the_penaltys(stages):
    stage = stages("six_losses_gamma")
    assert {stage.game(arm, 1)[0].penalty.gamma for arm in ARMS.values()} == set(GAMMAS)
