"""Near the data once more: the same runs on other seeds, a best critic that has not seen the samples, and smoothed estimates."""

import pytest
import torch

from gancourse.experiments import wgan_changes, wgan_changes_rates, wgan_near, wgan_near_again, wgan_sigmoid
from gancourse.experiments.records import Record
from gancourse.experiments.wgan_near_again import EXPERIMENT, STATISTICS, WINDOW
from gancourse.theory import transport
from gancourse.training import fit

(ARM,) = EXPERIMENT.arms


def test_only_the_seeds_and_how_many_are_others():
    ours, theirs = EXPERIMENT, wgan_near.EXPERIMENT
    assert ours.arms[ARM] == theirs.arms[ARM] and ours.fit == theirs.fit
    assert {name for name, value in ours.full.items() if theirs.full[name] != value} == {"members"}
    used = {seed for other in (wgan_near, wgan_changes, wgan_changes_rates, wgan_sigmoid) for seed in other.EXPERIMENT.seeds}
    assert not set(ours.seeds) & used


def test_to_hear_the_judges_changes_no_training(stages):
    def ended(name):
        game, batches = stages(name).game(wgan_near.EXPERIMENT.arms[wgan_near.MOVED], 3)
        run = fit(game, batches, progress=False, **{**EXPERIMENT.fit_settings(ARM, "ci"), "steps": 4})
        return run, [*game.generator.parameters(), *game.discriminator.parameters()]

    (run, ours), (_, theirs) = ended("wgan_near_again"), ended("wgan_near")
    assert all(map(torch.equal, ours, theirs))
    game = run.gan
    assert game.estimates.shape == (4, len(game.seeds)) and torch.equal(game.estimates[-1], game.latest)
    for _ in range(WINDOW):
        game.after_generator_step()
    assert len(game.estimates) == WINDOW
    other, _ = stages("wgan_near_again").game(wgan_near.EXPERIMENT.arms[wgan_near.MOVED], 3)
    other.load_state_dict(game.state_dict())
    assert torch.equal(other.estimates, game.estimates) and other.t == game.t


def test_what_a_judge_that_is_known_is_heard_to_say(stages, monkeypatch):
    game, batches = stages("wgan_near_again").game(EXPERIMENT.arms[ARM], 3)
    batch = game.play(next(batches), torch.Generator())
    monkeypatch.setattr(game.discriminator.judges, "forward", lambda x: 3 * x[..., 1])
    game.discriminator_loss(batch)
    means = 3 * (batch.real[..., 1].mean(1) - batch.fake[..., 1].mean(1))
    assert game.latest.tolist() == pytest.approx(means.tolist(), abs=1e-6)


def test_the_best_critic_shows_the_distance_of_samples_that_it_has_not_seen(stages):
    stage = stages("wgan_near_again")
    points, other = (stage.ring.sample(wgan_changes.N, seed=s) + torch.tensor([0.7, 0.0]) for s in (5, 6))
    far = transport.wasserstein_samples(points, stage.held_out)
    assert 0.6 < stage.best(points, other) <= far
    assert abs(stage.best(stage.ring.sample(wgan_changes.N, seed=7), stage.ring.sample(wgan_changes.N, seed=8))) < 0.2


def test_looks_and_what_is_smoothed_around_them():
    steps = list(range(0, 1501, 25))
    curves = {"step": steps, **{f"{name}:{k}": [float(s + k) for s in steps] for name in STATISTICS for k in range(2)}}
    record = Record({"settings": {"size": {"steps": 1500, "measure_every": 25}}, "arms": {ARM: [{"curves": curves}]}})
    of, at = wgan_near_again.looks(record)
    assert at[0] == 450 and set(of) == set(STATISTICS) and of["W"].shape == (2, len(at))
    around, said, far, there = wgan_near_again.smoothed(record)
    assert there[-1] == 1450 and (around - said == WINDOW // 2).all() and (said == far).all()


def test_baselines_fit_the_statistics(stages):
    (sample,) = stages("wgan_near_again").nulls().values()
    assert sample.shape[1] == len(STATISTICS)
