"""Momentum of the critic alone: the arm differs from WGAN in the critic's beta1 and in nothing else."""

from gancourse.experiments import wgan_changes, wgan_momentum
from gancourse.training import fit


def test_only_the_critics_beta1_is_another():
    ours, theirs = wgan_momentum.EXPERIMENT, wgan_changes.EXPERIMENT
    assert (ours.fit, ours.full, ours.seeds, ours.stage) == (theirs.fit, theirs.full, theirs.seeds, theirs.stage)
    (arm,) = ours.arms.values()
    assert {k: v for k, v in arm.items() if k != "fit"} == theirs.arms["WGAN"] and list(arm["fit"]) == ["betas"]
    both = theirs.arms["momentum"]["fit"]["betas"]
    assert arm["fit"]["betas"] == [theirs.fit["betas"], both]


def test_each_player_has_its_own(stages):
    (name,) = wgan_momentum.EXPERIMENT.arms
    game, batches = stages("wgan_momentum").game(wgan_momentum.EXPERIMENT.arms[name], 1)
    run = fit(game, batches, progress=False, **{**wgan_momentum.EXPERIMENT.fit_settings(name, "ci"), "steps": 1})
    betas = {player: optimizer.param_groups[0]["betas"] for player, optimizer in run.optimizers.items()}
    assert betas == {"generator": (0.0, 0.99), "discriminator": (0.9, 0.99)}
