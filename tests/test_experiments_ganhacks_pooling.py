"""New seeds of old arms: nothing else is other."""

from gancourse.experiments import ganhacks, ganhacks_seeds
from gancourse.experiments.ganhacks_pooling import EXPERIMENT, POOLING


def test_only_the_seeds_are_others():
    theirs = ganhacks.EXPERIMENT
    assert EXPERIMENT.fit == theirs.fit and EXPERIMENT.full == theirs.full and EXPERIMENT.stage is theirs.stage
    assert EXPERIMENT.ci == theirs.ci
    assert EXPERIMENT.arms == {arm: ganhacks.ARMS[arm] for arm in (ganhacks.REFERENCE, POOLING)}


def test_no_seed_was_seen_before():
    again = {seed + ganhacks.ARMS[ganhacks.AGAIN]["seed"] for seed in ganhacks.EXPERIMENT.seeds}
    seen = {*ganhacks.EXPERIMENT.seeds, *ganhacks_seeds.EXPERIMENT.seeds, *again}
    assert not seen & set(EXPERIMENT.seeds) and len(set(EXPERIMENT.seeds)) == 12
