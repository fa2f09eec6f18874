"""Ganhacks' arms: each differs from the reference in what it says, and the judge refuses noise."""

import pytest
import torch
from torch import nn

from gancourse.experiments import ganhacks, ganhacks_dropout, runner
from gancourse.experiments.ganhacks import (
    ADDS,
    AGAIN,
    ARMS,
    BEYOND,
    CITED,
    EXPERIMENT,
    LEAVES,
    REFERENCE,
    AlwaysDropout,
    dropping,
    gain,
    leaky,
)
from gancourse.gans.conditional import ACGAN
from gancourse.models import dcgan


def test_every_arm_but_the_references_tests_a_tip():
    assert {*ARMS, ganhacks_dropout.SEVERAL} == {REFERENCE, AGAIN, *LEAVES, *ADDS} and not set(LEAVES) & set(ADDS)
    assert all(1 <= tip <= 17 for tip in (LEAVES | ADDS).values())
    assert set(CITED) | BEYOND <= set(LEAVES | ADDS) and ganhacks_dropout.SEVERAL not in BEYOND


def test_an_arm_changes_one_thing():
    """An entry for the game and its options, or one for a network, the loss, the labels or the optimiser."""
    for name, arm in ARMS.items():
        assert len(set(arm) - {"options"}) == (0 if name == REFERENCE else 1), name
        assert "options" not in arm or "game" in arm


def test_the_judge_takes_digits_and_refuses_noise(stages):
    stage = stages("ganhacks")
    rows = {name: runner.scores(stage, sample) for name, sample in stage.nulls().items()}
    assert rows["training digits"]["accepted"] > 0.8
    for name, row in rows.items():
        if name != "training digits":
            assert row["accepted"] < 0.05, name
            assert row["frechet"] > 3 * rows["training digits"]["frechet"], name


def test_generators_are_edited_in_all_hidden_layers():
    generator = dcgan.Generator(32, 8, 2, 1)
    hidden = sum(isinstance(layer, nn.ReLU) for layer in generator.modules())
    assert sum(isinstance(layer, nn.LeakyReLU) for layer in leaky(dcgan.Generator(32, 8, 2, 1)).modules()) == hidden
    noisy = dropping(generator).eval()
    assert sum(isinstance(layer, AlwaysDropout) for layer in noisy.modules()) == hidden
    z = torch.randn(2, 8)
    assert not torch.equal(noisy(z), noisy(z))


def test_a_gain_above_zero_speaks_for_the_tip():
    distances = {REFERENCE: [4.0, 5.0], AGAIN: [4.0, 2.5], "mixed batches": [8.0, 5.0], "labels": [2.0, 10.0]}
    assert gain(distances, "mixed batches").tolist() == [1.0, 0.0]
    assert gain(distances, "labels").tolist() == [1.0, -1.0]
    assert gain(distances, AGAIN).tolist() == [0.0, 1.0]
    with pytest.raises(ValueError, match="did you mean 'labels'"):
        gain(distances, "label")


def test_another_seed_is_the_reference_with_other_weights_and_batches(stages):
    (one, its), (other, others) = (stages("ganhacks").game(ARMS[arm], 0) for arm in (REFERENCE, AGAIN))
    assert type(other) is type(one)
    pairs = zip(one.generator.parameters(), other.generator.parameters(), strict=True)
    assert any(not torch.equal(a, b) for a, b in pairs) and not torch.equal(next(its), next(others))


@pytest.mark.parametrize("arm", ["labels", "instance noise"])
def test_games_are_those_of_their_arms(stages, arm):
    game, batches = stages("ganhacks").game(ARMS[arm], 0)
    if arm == "labels":
        assert isinstance(game, ACGAN) and next(batches)[1].max() <= 9
    else:
        assert game.until == EXPERIMENT.size("ci")["steps"] // 2 and isinstance(game, ganhacks.GAMES["noise"])
