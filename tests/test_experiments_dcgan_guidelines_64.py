"""Two guidelines at 64 px: the arms, the rate and the tolerance are the first record's; the depth is the paper's."""

import pytest
import torch
from torch import nn

from gancourse.experiments import dcgan_guidelines, dcgan_guidelines_longer, dcgan_hidden
from gancourse.experiments.dcgan_guidelines import REFERENCE, SMALL_START, spreads
from gancourse.experiments.dcgan_guidelines_64 import EXPERIMENT, HIDDEN_D, TANH_G

BEFORE = dcgan_guidelines.EXPERIMENT
NAME = EXPERIMENT.name


def players(stage, arm, seed=40):
    game, _ = stage.game(EXPERIMENT.arms[arm], seed)
    return game.generator.train(), game.discriminator.train()


def test_the_arms_the_rate_and_the_tolerance_are_those_of_the_run_before():
    assert list(EXPERIMENT.arms) == [REFERENCE, HIDDEN_D, TANH_G, SMALL_START]
    assert all(BEFORE.arms[arm] == options for arm, options in EXPERIMENT.arms.items())
    assert {**EXPERIMENT.fit, "precision": ""} == {**BEFORE.fit, "precision": ""}
    assert EXPERIMENT.expected["C10"] == BEFORE.expected["C10"]
    assert all("at least 1.1" in EXPERIMENT.expected[f"C10.{row}_64"] for row in ("fc_D", "relu", "control"))


def test_its_seeds_are_its_own():
    others = (BEFORE, dcgan_guidelines_longer.EXPERIMENT, dcgan_hidden.EXPERIMENT)
    assert len(EXPERIMENT.seeds) == 5 and not any({*EXPERIMENT.seeds} & {*other.seeds} for other in others)


def test_the_players_are_as_deep_as_the_papers(stages):
    generator, discriminator = players(stages(NAME), REFERENCE)
    strided = [layer for layer in discriminator.modules() if isinstance(layer, nn.Conv2d) and layer.stride == (2, 2)]
    doubling = [layer for layer in generator.modules() if isinstance(layer, nn.ConvTranspose2d) and layer.stride == (2, 2)]
    assert (len(strided), len(doubling)) == (4, 4)
    assert generator(torch.zeros(2, generator.latent_dim)).shape == (2, 3, 64, 64)


def test_an_arm_leaves_the_other_player_alone_and_sees_the_same_faces(stages):
    stage = stages(NAME)
    for arm, changed in ((HIDDEN_D, 1), (TANH_G, 0)):
        ours, theirs = players(stage, arm), players(stage, REFERENCE)
        same = [
            [*a.state_dict()] == [*b.state_dict()]
            and all(torch.equal(x, y) for x, y in zip(a.parameters(), b.parameters(), strict=True))
            for a, b in zip(ours, theirs, strict=True)
        ]
        assert same[1 - changed] and not (changed == 1 and same[1])
        assert torch.equal(next(stage.game(EXPERIMENT.arms[arm], 40)[1]), next(stage.game({}, 40)[1]))


def test_arms_begin_where_the_reference_begins_but_for_the_control(stages):
    stage = stages(NAME)
    z = torch.randn(256, 64, 1, 1, generator=torch.Generator().manual_seed(40))
    first = {arm: list(spreads(players(stage, arm)[0], z))[-1][2] for arm in EXPERIMENT.arms}
    assert [first[arm] for arm in (HIDDEN_D, TANH_G)] == pytest.approx([first[REFERENCE]] * 2, rel=1e-2)
    assert first[SMALL_START] < first[REFERENCE] / 2
    x = dcgan_guidelines.to_float(stage.images[:256])
    logits = {arm: list(spreads(players(stage, arm)[1], x))[-1][2] for arm in (REFERENCE, HIDDEN_D)}
    assert logits[HIDDEN_D] == pytest.approx(logits[REFERENCE], rel=1e-2)


def test_the_judge_is_that_of_drawn_faces_and_its_blur_leaves_four_places(stages):
    stage = stages(NAME)
    assert stage.judge.extractor_id.startswith("classifier_faces") and stage.images.shape[1:] == (3, 64, 64)
    nulls = stage.nulls()
    assert {tuple(sample.shape[2:]) for sample in nulls.values()} == {(64, 64)}
    flat = torch.nn.functional.avg_pool2d(nulls["blurred faces"], 8)
    again = torch.nn.functional.interpolate(flat, scale_factor=8, mode="bilinear")
    assert (again - nulls["blurred faces"]).abs().mean() < 0.05  # so coarse that halves of a place lose little
