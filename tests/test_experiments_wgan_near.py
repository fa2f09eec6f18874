"""Near the data: a clipped WGAN, and a critic that looks on, which is neither clipped nor heard."""

import pytest
import torch

from gancourse.experiments import knocks, wgan_changes, wgan_changes_rates, wgan_near, wgan_sigmoid
from gancourse.experiments.records import Record
from gancourse.experiments.wgan_near import ALONE, EXPERIMENT, MOVED, STATISTICS
from gancourse.training import fit


def test_only_the_judges_are_clipped_and_the_critics_learn_beside_them(stages):
    game, batches = stages("wgan_near").game(EXPERIMENT.arms[ALONE], 3)
    before = [parameter.detach().clone() for parameter in game.discriminator.critics.parameters()]
    fit(game, batches, progress=False, **{**EXPERIMENT.fit_settings(ALONE, "ci"), "steps": 3})
    assert max(parameter.abs().max() for parameter in game.discriminator.judges.parameters()) <= 0.1 + 1e-6
    assert max(parameter.abs().max() for parameter in game.discriminator.critics.parameters()) > 0.11
    assert not all(map(torch.equal, before, game.discriminator.critics.parameters()))


def test_the_critics_move_no_generator(stages):
    def generators(weight):
        game, batches = stages("wgan_near").game(EXPERIMENT.arms[ALONE], 3)
        game.watch.weight = weight
        fit(game, batches, progress=False, **{**EXPERIMENT.fit_settings(ALONE, "ci"), "steps": 2})
        return list(game.generator.parameters())

    assert all(map(torch.equal, generators(10.0), generators(1000.0)))


def test_what_is_said_by_a_player_who_is_known(stages, monkeypatch):
    stage = stages("wgan_near")
    game, _ = stage.game(EXPERIMENT.arms[ALONE], 1)
    monkeypatch.setattr(game.discriminator.judges, "forward", lambda x: 2 * x[..., 0])
    monkeypatch.setattr(game.discriminator.critics, "forward", lambda x: -x[..., 1])

    class Run:
        gan = game
        sample = game.sample

    said, seen, far = stage.drawn(Run).T
    means = stage.held_out.mean(0) - game.sample(wgan_changes.N, seed=1).mean(1)
    assert said.tolist() == pytest.approx((2 * means[:, 0]).tolist(), abs=1e-5)
    assert seen.tolist() == pytest.approx((-means[:, 1]).tolist(), abs=1e-5) and (far > 0.5).all()


def test_moments_shares_and_seeds(stages):
    stage = stages("wgan_near")
    moved, alone = (stage.game(EXPERIMENT.arms[name], 3)[0] for name in (MOVED, ALONE))
    assert moved.at == [list(knocks.moments(seed, 20, 10)) for seed in moved.seeds] and alone.at == [[], []]
    assert moved.shares == [list(wgan_near.shares_of(seed)) for seed in moved.seeds]
    assert sorted(wgan_near.shares_of(1)) == sorted(wgan_near.shares_of(2)) and wgan_near.shares_of(1) != wgan_near.shares_of(2)
    others = (wgan_changes, wgan_sigmoid, wgan_changes_rates)
    assert not set(EXPERIMENT.seeds) & {seed for other in others for seed in other.EXPERIMENT.seeds}
    assert (
        EXPERIMENT.fit == wgan_changes.EXPERIMENT.fit and EXPERIMENT.arms[ALONE]["clip"] == wgan_changes.CHANGES["WGAN"]["clip"]
    )


def test_looks_that_count():
    steps = list(range(0, 1501, 25))
    curves = {"step": steps, **{f"{name}:{k}": [float(k)] * 61 for name in STATISTICS for k in range(2)}}
    record = Record(
        {
            "settings": {"size": {"steps": 1500, "measure_every": 25}},
            "arms": {name: [{"curves": curves}] for name in EXPERIMENT.arms},
        }
    )
    (alone, at), (moved, later) = (wgan_near.looks(record, name) for name in (ALONE, MOVED))
    assert at[0] == wgan_near.FROM and later[0] == 450
    assert all(values.shape == (2, len(at)) for values in alone.values())
    assert all(values.shape == (2, len(later)) for values in moved.values())
