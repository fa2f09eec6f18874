"""Fresh seeds, the old protocol, and an arm from which max pooling differs in one thing."""

from torch import nn

from gancourse.experiments import ganhacks, ganhacks_seeds
from gancourse.experiments.ganhacks_pooling import EXPERIMENT, POOLING, SMALL


def test_protocol_and_arms_are_the_old_ones_but_one():
    theirs = ganhacks.EXPERIMENT
    assert EXPERIMENT.fit == theirs.fit and EXPERIMENT.full == theirs.full and EXPERIMENT.stage is theirs.stage
    assert all(EXPERIMENT.arms[arm] == ganhacks.ARMS[arm] for arm in (ganhacks.REFERENCE, POOLING))
    assert set(EXPERIMENT.arms) == {ganhacks.REFERENCE, POOLING, SMALL}


def test_no_seed_was_seen_before():
    again = {seed + ganhacks.ARMS[ganhacks.AGAIN]["seed"] for seed in ganhacks.EXPERIMENT.seeds}
    seen = {*ganhacks.EXPERIMENT.seeds, *ganhacks_seeds.EXPERIMENT.seeds, *again}
    assert not seen & set(EXPERIMENT.seeds) and len(set(EXPERIMENT.seeds)) == 14


def test_max_pooling_is_all_that_is_other_beside_small_kernels(stages):
    def layers(arm):
        return list(stages("ganhacks_pooling").game(EXPERIMENT.arms[arm], 0)[0].discriminator.main)

    pooled, strided = layers(POOLING), layers(SMALL)
    halving = [layer for layer in strided if isinstance(layer, nn.Conv2d) and layer.stride == (2, 2)]
    pools = [layer for layer in pooled if isinstance(layer, nn.MaxPool2d)]
    assert len(pools) == len(halving) == 3
    rest = [layer for layer in pooled if not isinstance(layer, nn.MaxPool2d)]
    shapes = [[[w.shape for w in layer.parameters()] for layer in each] for each in (rest, strided)]
    assert shapes[0] == shapes[1]
