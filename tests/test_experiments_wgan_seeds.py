"""New seeds of old critics: nothing else is other."""

from gancourse.experiments import wgan_critics, wgan_longer, wgan_seeds


def test_only_the_seeds_and_the_looks_are_others():
    ours, theirs = wgan_seeds.EXPERIMENT, wgan_critics.EXPERIMENT
    assert ours.fit == theirs.fit and not set(ours.seeds) & set(theirs.seeds + wgan_longer.EXPERIMENT.seeds)
    assert all(arm == wgan_critics.ARMS[name] for name, arm in ours.arms.items())
    assert {name for name, value in ours.full.items() if theirs.full[name] != value} == {"members", "measure_every"}
