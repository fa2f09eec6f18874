"""A judge of 16 px: what its logits see, that all else is as in the five losses, and two nulls that were missing there."""

import pytest
import torch

from gancourse.experiments import pix2pix_local, pix2pix_losses, runner
from gancourse.models.patchgan import measured_receptive_field


def test_only_the_judge_differs_from_the_five_losses():
    ours, before = pix2pix_local.EXPERIMENT, pix2pix_losses.EXPERIMENT
    assert (ours.fit, ours.ci) == (before.fit, before.ci)
    assert {**ours.full, "steps": before.full["steps"]} == before.full
    assert ours.full["steps"] % before.full["measure_every"] == 0  # that record's curves have a point there
    (arm,) = ours.arms.values()
    assert {key: value for key, value in arm.items() if key not in ("layers", "norm")} == before.arms["L1 + cGAN"]
    assert set(ours.seeds) <= set(before.seeds)


def test_a_logit_sees_sixteen_pixels_and_no_other_picture(stages):
    (arm,) = pix2pix_local.EXPERIMENT.arms.values()
    game, _ = stages("pix2pix_local").game(arm, 0)
    judge = game.discriminator.cpu().train()
    assert measured_receptive_field(judge, judge.in_channels, 64) == (16, 16)
    x = torch.randn(4, judge.in_channels, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(judge(x)[:1], judge(x[:1]))
    before = stages("pix2pix_losses").game(pix2pix_losses.LOSSES["L1 + cGAN"], 0)[0]
    for a, b in zip(game.generator.parameters(), before.generator.parameters(), strict=True):
        assert torch.equal(a, b)


def test_weak_noise_on_flat_colours_has_a_texture_that_strong_noise_exceeds(stages):
    stage = stages("pix2pix_local")
    rows = {name: runner.scores(stage, sample) for name, sample in stage.nulls().items()}
    weak, strong = (rows[name]["hair_energy"] for name in ("flat colours, a third of the noise", "noise"))
    assert weak == pytest.approx(strong / 3, rel=0.15)
    assert rows["flat colours, a third of the noise"]["coherence"] < 0.1 < rows["truth"]["coherence"]
    assert rows["truth"]["stronger_wave"] > 5 * rows["truth"]["weaker_wave"]


def test_no_single_face_reads_back_better_than_the_best(stages):
    stage = stages("pix2pix_local")
    single = [stage.pairs.targets([i]).expand_as(stage.truth) for i in range(0, len(stage.pairs), 8)]
    found = [runner.scores(stage, sample)["pixel_accuracy"] for sample in single]
    best = runner.scores(stage, stage.nulls()["best single face"])["pixel_accuracy"]
    assert best >= max(found) - 1e-6
    assert best == pytest.approx(
        runner.scores(stage, stage.pairs.targets([stage.best_single_face()]).expand_as(stage.truth))["pixel_accuracy"]
    )
