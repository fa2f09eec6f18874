"""The search for gamma of the four other losses: the first search's grid, seed and rule."""

from gancourse.experiments import records, six_losses, six_losses_gamma, six_losses_gamma_others
from gancourse.experiments.records import Record
from gancourse.experiments.six_losses_gamma_others import ARMS, EXPERIMENT, GAMMAS, RATES, SOUGHT


def test_between_them_the_two_searches_have_each_loss_once():
    assert sorted([*SOUGHT, *six_losses_gamma.SOUGHT]) == sorted(six_losses.NAMES)


def test_the_grid_holds_the_first_searchs_and_seed_and_size_are_its_own():
    other = six_losses_gamma.EXPERIMENT
    assert (EXPERIMENT.seeds, EXPERIMENT.full, EXPERIMENT.fit) == (other.seeds, other.full, other.fit)
    assert set(six_losses_gamma.GAMMAS) <= set(GAMMAS) and all(set(six_losses_gamma.RATES) <= set(row) for row in RATES.values())
    assert len(ARMS) == len(GAMMAS) * sum(map(len, RATES.values()))


def test_the_nearest_end_is_chosen():
    def training(arm):
        return [{"scores": {"frechet": abs(arm["gamma"] - 3) + abs(arm["fit"]["lr"] - 1e-2)}}]

    settings = six_losses_gamma_others.chosen(Record({"arms": {name: training(arm) for name, arm in ARMS.items()}}))
    assert settings == dict.fromkeys(SOUGHT, (3.0, 1e-2))


def test_what_the_record_chose_lies_inside_the_grid():
    settings = six_losses_gamma_others.chosen(records.load("six_losses_gamma_others"))
    assert all(gamma in GAMMAS[1:-1] and rate in RATES[name][1:-1] for name, (gamma, rate) in settings.items())
