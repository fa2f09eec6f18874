"""Other rates for two arms: the rule, the games, the seeds."""

from gancourse.experiments import records, wgan_changes, wgan_changes_rates
from gancourse.experiments.records import Record
from gancourse.experiments.wgan_changes_rates import ARMS, EXPERIMENT, RATES, title


def test_the_nearest_mean_end_is_chosen_and_a_diverged_training_is_not():
    def scores(arm, name):
        rate = arm["fit"]["lr"]
        if name == title("no clipping", 5e-5):
            return {}
        far = abs(rate - (5e-4 if name.startswith("momentum") else 5e-5))
        return {"W:0": far, "W:1": far + 0.2}

    record = Record({"arms": {name: [{"scores": scores(arm, name)}] for name, arm in ARMS.items()}})
    rates = wgan_changes_rates.chosen(record)
    assert rates == {"momentum": 5e-4, "no clipping": 1.5e-4}
    assert abs(wgan_changes_rates.ends(record)["momentum"][5e-4] - 0.1) < 1e-9


def test_a_smaller_rate_than_wgans_is_the_best_for_both():
    assert all(rate < wgan_changes.RATE for rate in wgan_changes_rates.chosen(records.load("wgan_changes_rates")).values())


def test_the_game_is_the_comparisons_and_the_seeds_are_not():
    theirs = wgan_changes.EXPERIMENT
    assert not set(EXPERIMENT.seeds) & set(theirs.seeds) and EXPERIMENT.stage is theirs.stage and EXPERIMENT.fit == theirs.fit
    assert len(ARMS) == len(RATES) * len(wgan_changes_rates.SOUGHT)
    assert {k for k, v in EXPERIMENT.full.items() if theirs.full[k] != v} == {"members", "steps"}
