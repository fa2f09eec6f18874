"""New seeds of old critics, and one with another start: nothing else is other."""

from gancourse.experiments import wgan_critics, wgan_longer, wgan_seeds


def test_only_the_seeds_the_looks_and_one_start_are_others():
    ours, theirs = wgan_seeds.EXPERIMENT, wgan_critics.EXPERIMENT
    assert ours.fit == theirs.fit and not set(ours.seeds) & set(theirs.seeds + wgan_longer.EXPERIMENT.seeds)
    assert ours.arms["two-sided, He"] == {**wgan_critics.ARMS["two-sided"], "he": True}
    assert all(ours.arms[name] == wgan_critics.ARMS[name] for name in wgan_seeds.AGAIN)
    assert {name for name, value in ours.full.items() if theirs.full[name] != value} == {"members", "measure_every"}
