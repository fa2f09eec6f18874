"""New seeds of two old critics: nothing else is other."""

from gancourse.experiments import wgan_critics, wgan_longer, wgan_seeds, wgan_surface


def test_only_the_seeds_and_the_looks_are_others():
    ours, theirs = wgan_surface.EXPERIMENT, wgan_critics.EXPERIMENT
    before = theirs.seeds + wgan_longer.EXPERIMENT.seeds + wgan_seeds.EXPERIMENT.seeds
    assert ours.fit == theirs.fit and not set(ours.seeds) & set(before)
    assert all(arm == theirs.arms[name] for name, arm in ours.arms.items())
    assert {name for name, value in ours.full.items() if theirs.full[name] != value} == {"members", "measure_every"}
