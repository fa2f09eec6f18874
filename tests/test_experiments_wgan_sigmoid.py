"""New seeds of two arms: nothing else is other."""

from gancourse.experiments import wgan_changes, wgan_changes_rates, wgan_sigmoid


def test_only_the_seeds_and_the_looks_are_others():
    ours, theirs = wgan_sigmoid.EXPERIMENT, wgan_changes.EXPERIMENT
    assert ours.fit == theirs.fit and not set(ours.seeds) & set(theirs.seeds + wgan_changes_rates.EXPERIMENT.seeds)
    assert all(arm == theirs.arms[name] for name, arm in ours.arms.items())
    assert {name for name, value in ours.full.items() if theirs.full[name] != value} == {"members", "measure_every"}
