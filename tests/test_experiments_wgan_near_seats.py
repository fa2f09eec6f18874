"""Other weights, other seats: who is clipped, who is heard, and whose word is whose."""

import pytest
import torch

from gancourse.experiments import wgan_near, wgan_near_again
from gancourse.experiments.wgan_near_seats import ASIDE, EXPERIMENT, STEEP
from gancourse.training import fit


def test_seeds_and_sizes_are_those_of_the_runs_beside_them():
    ours, theirs = EXPERIMENT, wgan_near_again.EXPERIMENT
    assert ours.seeds == theirs.seeds and ours.fit == theirs.fit
    assert {name for name, value in ours.full.items() if theirs.full[name] != value} == {"members"}


def test_the_first_weights_alone_are_others(stages):
    steep, _ = stages("wgan_near_seats").game(EXPERIMENT.arms[STEEP], 24)
    plain, _ = stages("wgan_near").game(wgan_near.EXPERIMENT.arms[wgan_near.MOVED], 24)
    for part, same in (("judges", False), ("critics", True)):
        ours, theirs = (list(getattr(game.discriminator, part).parameters()) for game in (steep, plain))
        assert all(map(torch.equal, ours, theirs)) == same
    assert steep.at == plain.at and steep.shares == plain.shares and steep.clip == plain.clip == 0.1


def test_the_one_sided_critic_leads_and_the_clipped_one_is_clipped_and_learns(stages):
    def ended(bound):
        game, batches = stages("wgan_near_seats").game({**EXPERIMENT.arms[ASIDE], "clip": bound}, 3)
        before = [weights.detach().clone() for weights in game.lookers.parameters()]
        run = fit(game, batches, progress=False, **{**EXPERIMENT.fit_settings(ASIDE, "ci"), "steps": 3})
        assert not all(map(torch.equal, before, game.lookers.parameters()))
        return run, list(game.generator.parameters())

    (run, ours), (_, theirs) = ended(0.1), ended(0.02)
    assert all(map(torch.equal, ours, theirs))  # the generator does not hear the one that looks on
    assert max(weights.abs().max() for weights in run.gan.lookers.parameters()) <= 0.1 + 1e-6
    assert max(weights.abs().max() for weights in run.gan.discriminator.judges.parameters()) > 0.11
    assert run.gan.weight == 10 and run.gan.one_sided


@pytest.mark.parametrize("arm", [STEEP, ASIDE])
def test_what_is_said_is_the_clipped_critics(stages, monkeypatch, arm):
    stage = stages("wgan_near_seats")
    game, _ = stage.game(EXPERIMENT.arms[arm], 1)
    clipped, other = (game.discriminator.judges, game.discriminator.critics)[:: 1 if arm == STEEP else -1]
    monkeypatch.setattr(clipped, "forward", lambda x: 2 * x[..., 0])
    monkeypatch.setattr(other, "forward", lambda x: -x[..., 1])

    class Run:
        gan = game
        sample = game.sample

    said, seen, _ = stage.drawn(Run).T
    means = stage.held_out.mean(0) - game.sample(400, seed=1).mean(1)
    assert said.tolist() == pytest.approx((2 * means[:, 0]).tolist(), abs=1e-5)
    assert seen.tolist() == pytest.approx((-means[:, 1]).tolist(), abs=1e-5)
