"""Few faces: arms differ in their faces and T, a hole is told from scattered grey, and memory is knowing one's own."""

import types

import pytest
import torch
from torch import nn

from gancourse.experiments import few_faces, runner
from gancourse.experiments.few_faces import ADA, DATA_ALONE, DIFFAUGMENT, EXPERIMENT, NONE, OF_D, SETS, ChangedBatches
from gancourse.gans import augment
from gancourse.gans.augmented import AugmentedGAN

PAIRS = [(faces, how) for faces in SETS for how in (NONE, DIFFAUGMENT, ADA)]


def test_arms_share_weights_and_differ_in_faces_and_augmentation(stages):
    stage = stages("few_faces")
    games = {arm: stage.game(options, 30) for arm, options in EXPERIMENT.arms.items()}
    assert list(games) == [*(few_faces.name(*pair) for pair in PAIRS), few_faces.name("9,000", DATA_ALONE)]
    weights = [game.generator.last.weight for game, _ in games.values()]
    assert all(torch.equal(weights[0], other) for other in weights)
    for faces, how in [*PAIRS, ("9,000", DATA_ALONE)]:
        game, batches = games[few_faces.name(faces, how)]
        assert batches.state_dict()["stream"].startswith(f"{stage.size[SETS[faces]]} items, batch_size 8,")
        assert isinstance(game, AugmentedGAN) is (how in (DIFFAUGMENT, ADA))
        assert how not in (DIFFAUGMENT, ADA) or (game.control is not None) is (how == ADA)
        assert isinstance(batches, ChangedBatches) is (how == DATA_ALONE)


def test_the_hundred_are_of_the_nine_thousand_and_nobody_trains_on_what_judges():
    full = EXPERIMENT.size()
    stage = few_faces.Faces(EXPERIMENT.size("ci"), None)
    assert full["few"] == 100 < full["many"] and len(stage.images) == 120 + 2 * 80
    assert torch.equal(stage.unseen, stage.images[120:200]) and torch.equal(stage.others, stage.images[200:])


def test_changed_batches_are_batches_through_t_and_go_on_where_they_stopped(stages):
    images, settings = stages("few_faces").images, {"batch_size": 8, "seed": 3}
    ours, plain = ChangedBatches(images, **settings), few_faces.data.Batches(images, **settings)
    source = torch.Generator().manual_seed(3)
    for _ in range(3):
        assert torch.equal(next(ours), augment.augment(next(plain), augment.DIFFAUGMENT, source))
    again = ChangedBatches(images, **settings)
    again.load_state_dict(ours.state_dict())
    assert torch.equal(next(ours), next(again))


def test_a_hole_is_a_block_and_no_scattered_grey():
    x = torch.ones(1, 3, 8, 8)
    x[..., 1:6, 1:5] = 0.09
    assert few_faces.holes(x) == pytest.approx(20 / 64)
    x[0, 1, 5, 2] = 0.5  # not grey in all colours: one block is left
    assert few_faces.holes(x) == pytest.approx(16 / 64)
    x[0, 1, 3, 3] = 0.5
    assert few_faces.holes(x) == 0, "grey, and no block of it"
    assert few_faces.holes(torch.full((1, 3, 8, 8), 0.11)) == 0
    assert few_faces.holes(torch.zeros(1, 3, 8, 8)) == 1


def test_a_gaussian_has_the_pictures_mean_and_covariance():
    x = (0.2 * torch.randn(4000, 1, 2, 2, generator=torch.Generator().manual_seed(0))).cumsum(3)
    found = few_faces.gaussian(x, 1)
    assert torch.allclose(found.mean(0), x.mean(0), atol=0.02)
    assert torch.allclose(torch.cov(found.flatten(1).T), torch.cov(x.flatten(1).T), atol=0.01)


class Knows(nn.Module):
    """Calls some pictures 2, others that are no plain grey 1, and the rest 0."""

    def __init__(self, known):
        super().__init__()
        self.known = known.flatten(1)

    def forward(self, x):
        there = (x.flatten(1)[:, None] == self.known[None]).all(2).any(1)
        return torch.where(there, 2.0, (x.flatten(1).std(1) > 0).float())


def test_memory_is_knowing_ones_own_and_seeing_is_knowing_fakes(stages):
    stage = stages("few_faces")
    game = stage.players(0)
    game.discriminator = Knows(few_faces.to_float(stage.images[:100]))
    found = dict(zip(OF_D, stage.of_d(game, torch.zeros(30, 3, 16, 16)), strict=True))
    expected = {"memory": 1, "sees": 1, "logit_own": 2, "logit_unseen": 1, "logit_fakes": 0, "p": 0}
    assert {score: found[score] for score in expected} == expected
    assert (found["memory_through"], found["sees_through"]) == (1, 1), "nothing stands before it"
    known = stage.images[:100]
    game.discriminator = Knows(few_faces.to_float(torch.cat([known, stage.unseen])))
    assert stage.of_d(game, torch.zeros(30, 3, 16, 16))[:2] == [0, 1], "faces, and not which; ties are no preference"


def test_asking_through_t_leaves_the_training_as_it_was(stages):
    stage = stages("few_faces")
    game, _ = stage.game(EXPERIMENT.arms[few_faces.name("100", DIFFAUGMENT)], 30)
    before, fakes = game.source.get_state(), game.sample(30, seed=1)
    found = dict(zip(OF_D, stage.of_d(game, fakes), strict=True))
    assert torch.equal(before, game.source.get_state()) and game.discriminator.training
    assert found["p"] == 1 and found["memory"] != found["memory_through"]
    assert found == dict(zip(OF_D, stage.of_d(game, fakes), strict=True))


def test_on_the_way_only_d_is_asked(stages):
    stage = stages("few_faces")
    game, _ = stage.game(EXPERIMENT.arms["100: none"], 30)
    run = types.SimpleNamespace(gan=game, sample=lambda n, seed: game.sample(n, seed=seed))
    early, late = (stage.drawn(run, final) for final in (False, True))
    n = len(few_faces.OF_G)
    assert early[:n].isnan().all() and torch.equal(early[n:], late[n:]) and not late.isnan().any()


def test_judges_know_copies_from_faces_and_holes_from_a_gaussian(stages):
    stage = stages("few_faces")
    rows = {name: runner.scores(stage, sample) for name, sample in stage.nulls().items()}
    far = {name: row["frechet"] for name, row in rows.items()}
    assert all(far[name] > 2 * far["other faces"] for name in ("noise", "untrained", "mean changed face, with noise"))
    assert all(rows[name]["holes"] > 0.05 for name in ("other faces, changed", "the hundred, changed"))
    without = ("other faces", "Gaussian of changed faces", "noise", "mean changed face, with noise")
    assert all(rows[name]["holes"] < 0.01 for name in without)
