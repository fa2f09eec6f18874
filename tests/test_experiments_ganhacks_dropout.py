"""Fresh seeds, the old protocol, and dropout where the list and its source have it."""

import pytest
import torch
from torch import nn

from gancourse.experiments import ganhacks, ganhacks_pooling, ganhacks_seeds
from gancourse.experiments.ganhacks import AlwaysDropout, dropping, dropping_early
from gancourse.experiments.ganhacks_dropout import CONTROL, EVERY, EXPERIMENT, SEVERAL
from gancourse.models import dcgan


def test_protocol_and_arms_are_the_old_ones_but_one():
    theirs = ganhacks.EXPERIMENT
    assert EXPERIMENT.fit == theirs.fit and EXPERIMENT.full == theirs.full and EXPERIMENT.stage is theirs.stage
    assert all(EXPERIMENT.arms[arm] == ganhacks.ARMS[arm] for arm in (ganhacks.REFERENCE, EVERY, CONTROL))
    assert set(EXPERIMENT.arms) == {ganhacks.REFERENCE, SEVERAL, EVERY, CONTROL}


def test_no_seed_was_seen_before():
    again = {seed + ganhacks.ARMS[ganhacks.AGAIN]["seed"] for seed in ganhacks.EXPERIMENT.seeds}
    others = (ganhacks, ganhacks_seeds, ganhacks_pooling)
    seen = again.union(*(module.EXPERIMENT.seeds for module in others))
    assert not seen & set(EXPERIMENT.seeds) and len(set(EXPERIMENT.seeds)) == 13


def maps(generator, run):
    """The side of every map that is dropped from while ``run`` is called, and the share of what a ReLU let through that is."""
    found = {}

    def look(layer, inputs, output):
        live = inputs[0] > 0
        found[output.shape[-1]] = (output[live] == 0).float().mean().item()
        assert torch.allclose(output[live & (output > 0)], 2 * inputs[0][live & (output > 0)])  # the mean stays

    hooks = [layer.register_forward_hook(look) for layer in generator.modules() if isinstance(layer, AlwaysDropout)]
    run()
    for hook in hooks:
        hook.remove()
    return found


@pytest.mark.parametrize(("arm", "sides"), [(ganhacks.REFERENCE, set()), (SEVERAL, {4, 8}), (EVERY, {4, 8, 16})])
def test_half_of_the_numbers_are_dropped_in_training_in_measuring_and_in_sampling(stages, arm, sides):
    game = stages("ganhacks_dropout").game(EXPERIMENT.arms[arm], 40)[0]
    z = torch.randn(64, 64, generator=torch.Generator().manual_seed(0))
    phases = {
        "training": lambda: game.generator.train()(z),
        "measuring": lambda: game.refresh_statistics(game.generator),
        "sampling": lambda: game.sample(64, seed=1),
    }
    for phase, run in phases.items():
        found = maps(game.generator, run)
        assert set(found) == sides and all(abs(share - 0.5) < 0.05 for share in found.values()), phase


def test_samples_of_the_same_latents_differ_by_what_is_dropped(stages):
    game = stages("ganhacks_dropout").game(EXPERIMENT.arms[SEVERAL], 40)[0]
    assert not torch.equal(game.sample(2, seed=1), game.sample(2, seed=1))


def test_beside_the_reference_nothing_but_dropout_is_other(stages):
    stage = stages("ganhacks_dropout")
    plain, dropped = (stage.game(EXPERIMENT.arms[arm], 40)[0] for arm in (ganhacks.REFERENCE, SEVERAL))
    for side in ("generator", "discriminator"):
        pairs = zip(getattr(plain, side).parameters(), getattr(dropped, side).parameters(), strict=True)
        assert all(torch.equal(a, b) for a, b in pairs)


def test_dropping_before_a_relu_is_dropping_behind_it():
    """pix2pix has the one order, these arms the other."""
    x, both = torch.randn(100, generator=torch.Generator().manual_seed(1)), (nn.ReLU(), AlwaysDropout(0.5))
    outcomes = []
    for first, second in (both, both[::-1]):
        torch.manual_seed(0)
        outcomes.append(second(first(x)))
    assert torch.equal(*outcomes)


def test_the_layer_before_the_picture_keeps_all():
    early, every = dropping_early(dcgan.Generator(32, 8, 2, 1)), dropping(dcgan.Generator(32, 8, 2, 1))
    counts = [sum(isinstance(layer, AlwaysDropout) for layer in network.modules()) for network in (early, every)]
    assert counts == [2, 3]
    *_, relu, last, tanh = early.main
    assert isinstance(relu, nn.ReLU) and isinstance(last, nn.ConvTranspose2d) and isinstance(tanh, nn.Tanh)
