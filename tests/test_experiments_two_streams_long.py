"""The same two arms on other seeds and for longer, and nothing else."""

from gancourse.experiments import two_streams, two_streams_long


def test_only_the_seeds_the_steps_and_the_looks_are_others():
    ours, theirs = two_streams_long.EXPERIMENT, two_streams.EXPERIMENT
    assert ours.fit == theirs.fit and ours.stage is theirs.stage and not set(ours.seeds) & set(theirs.seeds)
    assert all(arm == two_streams.ARMS[name] for name, arm in ours.arms.items())
    different = {name for name, value in ours.full.items() if theirs.full[name] != value}
    assert different == {"steps", "measure_every", "checkpoint_every"} and ours.full["steps"] == 1500
