"""Two changes and WGAN at a smaller rate: nothing else but rate, steps and seeds is other."""

from gancourse.experiments import wgan_changes, wgan_changes_rates, wgan_sigmoid, wgan_slow


def test_only_the_rate_the_steps_and_the_seeds_are_others():
    ours, theirs = wgan_slow.EXPERIMENT, wgan_changes.EXPERIMENT
    assert {k for k, v in ours.full.items() if theirs.full[k] != v} == {"steps", "measure_every", "checkpoint_every"}
    for name, arm in ours.arms.items():
        there = theirs.arms[name]
        assert arm == {**there, "fit": {**there.get("fit", {}), "lr": wgan_slow.SLOW}}
    others = theirs.seeds + wgan_sigmoid.EXPERIMENT.seeds + wgan_changes_rates.EXPERIMENT.seeds
    assert wgan_slow.SLOW in wgan_changes_rates.RATES and not set(ours.seeds) & set(others) and ours.stage is theirs.stage
