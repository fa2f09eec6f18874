"""BEGAN at three gammas: the arms differ in gamma alone, scores come from accepted pictures, errors from what D draws again."""

import math

import pytest
import torch

from gancourse.experiments import began_gamma, runner
from gancourse.experiments.began_gamma import EXPERIMENT
from gancourse.gans.began import reconstruction_errors
from gancourse.training import fit


def test_arms_differ_in_gamma_alone(stages):
    stage = stages("began_gamma")
    first, *others = games = [stage.game(arm, 1)[0] for arm in EXPERIMENT.arms.values()]
    assert tuple(game.gamma for game in games) == began_gamma.GAMMAS
    for game in others:
        assert game.lambda_k == first.lambda_k
        for one, other in ((first.generator, game.generator), (first.discriminator, game.discriminator)):
            assert all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True))


def test_a_sample_carries_what_the_autoencoder_draws_again(stages):
    stage = stages("began_gamma")
    run = fit(*stage.game({"gamma": 0.8}, 1), 2, progress=False)
    sample = stage.drawn(run)
    made, scores = sample[:, :3], stage.judged(sample)
    with torch.no_grad():
        again = reconstruction_errors(run.gan.discriminator, made).mean().item()
    assert scores["fake_error"] == pytest.approx(again, rel=1e-4) and scores["real_error"] > 0
    assert math.isnan(stage.judged(made)["real_error"])


def test_diversity_is_that_of_accepted_pictures(stages, monkeypatch):
    stage = stages("began_gamma")
    rows = {name: sample for name, sample in stage.nulls().items() if name in ("unseen faces", "one face", "noise")}
    monkeypatch.setattr(began_gamma, "accepted", lambda judge, x: torch.ones(len(x), dtype=torch.bool))
    assert runner.scores(stage, rows["one face"])["diversity"] < 1e-6
    truth = runner.scores(stage, rows["unseen faces"])
    assert truth["diversity"] == truth["spread"] and 0.5 < truth["spread"] < 1.5
    monkeypatch.setattr(began_gamma, "accepted", lambda judge, x: torch.arange(len(x)) < began_gamma.FEWEST - 1)
    assert runner.scores(stage, rows["unseen faces"])["diversity"] == 0
