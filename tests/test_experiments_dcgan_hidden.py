"""Behind the hidden layer: partners of the first record's trainings, and controls that change what they say."""

import pytest
import torch
from torch import nn

from gancourse.experiments import dcgan_guidelines
from gancourse.experiments.dcgan_guidelines import NORMS, spreads
from gancourse.experiments.dcgan_hidden import CENTRED, EXPERIMENT, HIDDEN_UNITS, MEAN_OUT
from gancourse.models.layers.mean_only import MeanOnlyBatchNorm

BEFORE = dcgan_guidelines.EXPERIMENT
HIDDEN = (HIDDEN_UNITS, MEAN_OUT, CENTRED)


def generator(stage, arm, seed=0):
    return stage.game(arm, seed)[0].generator.train()


def first_map(network):
    """What enters the activation behind the first 4x4 map, for a batch of latents."""
    layers = list(network.main)
    first = next(k for k, layer in enumerate(layers) if isinstance(layer, nn.ConvTranspose2d))
    end = next(k for k in range(first, len(layers)) if isinstance(layers[k], nn.ReLU))
    z = torch.randn(200, network.latent_dim, 1, 1, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        return nn.Sequential(*layers[:end])(z)


def test_everything_but_the_arms_is_the_run_before():
    assert (EXPERIMENT.stage, EXPERIMENT.seeds, EXPERIMENT.full, EXPERIMENT.ci, EXPERIMENT.fit) == (
        BEFORE.stage,
        BEFORE.seeds,
        BEFORE.full,
        BEFORE.ci,
        BEFORE.fit,
    )
    assert not {*EXPERIMENT.arms} & {*BEFORE.arms}


@pytest.mark.parametrize("arm", list(EXPERIMENT.arms))
def test_a_training_has_a_partner_in_the_run_before(stages, arm):
    ours, theirs = (stages("dcgan_hidden").game(options, 3) for options in (EXPERIMENT.arms[arm], {}))
    pairs = zip(ours[0].discriminator.parameters(), theirs[0].discriminator.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    assert torch.equal(next(ours[1]), next(theirs[1]))


@pytest.mark.parametrize("arm", list(EXPERIMENT.arms))
def test_arms_begin_with_a_spread_of_one_and_the_references_pictures(stages, arm):
    stage = stages("dcgan_hidden")
    z = torch.randn(256, 64, 1, 1, generator=torch.Generator().manual_seed(0))
    found = [spread for _, _, spread in spreads(generator(stage, EXPERIMENT.arms[arm]), z)]
    theirs = [spread for _, _, spread in spreads(generator(stage, {}), z)]
    assert len(found) == len(theirs) + (arm in HIDDEN) and found[-1] == pytest.approx(theirs[-1], rel=1e-3)
    assert found[:-1] == pytest.approx([1] * len(found[:-1]), rel=0.15)


def test_matching_leaves_no_trace_in_the_running_averages(stages):
    network = generator(stages("dcgan_hidden"), EXPERIMENT.arms[HIDDEN_UNITS])
    assert all(layer.running_mean.abs().sum() == 0 for layer in network.modules() if isinstance(layer, NORMS))
    network = generator(stages("dcgan_hidden"), EXPERIMENT.arms[MEAN_OUT])
    assert all(layer.running_mean.abs().sum() == 0 for layer in network.modules() if isinstance(layer, MeanOnlyBatchNorm))


def test_only_a_hidden_layer_with_its_mean_gives_all_latents_a_picture_in_common(stages):
    def in_common(options):
        maps = first_map(generator(stages("dcgan_hidden"), options))
        return float(maps.mean(0).var((1, 2), correction=0).sum() / maps.var((0, 2, 3), correction=0).sum())

    assert in_common(BEFORE.arms["hidden linear in G"]) > 0.2
    assert all(in_common(options) < 0.05 for options in EXPERIMENT.arms.values())
