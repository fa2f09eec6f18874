"""New seeds of old arms: nothing else is other."""

from gancourse.experiments import ganhacks, ganhacks_seeds


def test_only_the_seeds_are_others():
    ours, theirs = ganhacks_seeds.EXPERIMENT, ganhacks.EXPERIMENT
    assert ours.fit == theirs.fit and ours.full == theirs.full and ours.ci == theirs.ci and ours.stage is theirs.stage
    assert all(arm == ganhacks.ARMS[name] for name, arm in ours.arms.items())
    assert {ganhacks.REFERENCE, *ganhacks_seeds.LONGER} == set(ours.arms)


def test_no_training_is_counted_twice():
    """The arm of another seed adds to it: what one record calls so must not be a reference of the other."""
    old, new = ganhacks.EXPERIMENT.seeds, ganhacks_seeds.EXPERIMENT.seeds
    again = [seed + ganhacks.ARMS[ganhacks.AGAIN]["seed"] for seed in old]
    assert len({*old, *new, *again}) == 12
