"""Features that an adversary cannot read: the losses, the descent, and that each player moves the way it should."""

import copy
import math

import pytest
import torch
import torch.nn.functional as F

from gancourse.data.domains import moons
from gancourse.gans import adaptation
from gancourse.gans.adaptation import UNLABELLED, Players
from gancourse.gans.ensemble import stack
from gancourse.losses.reversal import ramp
from gancourse.models import mlp
from gancourse.models.latent_codes import Classifier, Encoder


def players(seed=0, size=4):
    torch.manual_seed(seed)
    return Players(Encoder(2, size, (8,)), Classifier(size, 2, (8,)), mlp.Discriminator(size, (8,)))


def batch(seed=0, n=6):
    source = torch.Generator().manual_seed(seed)
    y = torch.cat([torch.randint(2, (n,), generator=source), torch.full((n,), UNLABELLED)])
    return torch.randn(2 * n, 2, generator=source), y, torch.arange(2).repeat_interleave(n)


def endless(*parts):
    while True:
        yield parts


def test_the_class_loss_is_cross_entropy_over_the_labelled_ones():
    logits, y = torch.randn(6, 3), torch.tensor([0, -1, 2, -1, 1, 1])
    wanted = F.cross_entropy(logits, y, ignore_index=UNLABELLED)
    assert torch.allclose(adaptation.class_loss(logits, y), wanted)
    with pytest.raises(ValueError, match="without a labelled sample"):
        adaptation.class_loss(logits, torch.full((6,), UNLABELLED))


def test_an_adversary_that_says_nothing_has_log_2():
    assert adaptation.adversary_loss(torch.zeros(4), torch.tensor([0, 1, 1, 0])).item() == pytest.approx(math.log(2))


def test_one_descent_moves_each_player_its_own_way():
    game, (x, y, d) = players(), batch()
    of_class, of_adversary = adaptation.losses(game, x, y, d, 0.5)
    slope = torch.autograd.grad(of_class + of_adversary, next(game.features.parameters()), retain_graph=True)[0]
    h = game.features(x)
    plain_class = adaptation.class_loss(game.classifier(h), y)
    plain_adversary = adaptation.adversary_loss(game.adversary(h), d)
    wanted = torch.autograd.grad(plain_class - 0.5 * plain_adversary, next(game.features.parameters()), retain_graph=True)[0]
    assert torch.allclose(slope, wanted, atol=1e-6)
    own = torch.autograd.grad(of_adversary, next(game.adversary.parameters()))[0]
    assert torch.allclose(own, torch.autograd.grad(plain_adversary, next(game.adversary.parameters()))[0], atol=1e-6)


def test_strength_zero_trains_the_classifier_alone():
    one, two = players(), players()
    x, y, d = batch()
    adaptation.fit_reversed(one, endless(x, y, d), 5, strength=0.0)
    adaptation.fit_reversed(two, endless(x, y, 1 - d), 5, strength=0.0)
    for a, b in zip(one.features.parameters(), two.features.parameters(), strict=True):
        assert torch.equal(a, b)
    assert one.history["strength"] == [0.0] * 5


def test_an_ensemble_is_its_members():
    alone = [players(seed) for seed in (0, 1)]
    sides = zip(*((p.features, p.classifier, p.adversary) for p in copy.deepcopy(alone)), strict=True)
    together = Players(*(stack(side) for side in sides))
    x, y, d = batch()
    adaptation.fit_reversed(together, endless(x.expand(2, -1, -1), y.expand(2, -1), d.expand(2, -1)), 4, ahead=1)
    for k, game in enumerate(alone):
        adaptation.fit_reversed(game, endless(x, y, d), 4, ahead=1)
        for a, b in zip(game.features.parameters(), together.features.member(k).parameters(), strict=True):
            assert torch.allclose(a, b, atol=1e-5)
    assert torch.equal(together.predict(x.expand(2, -1, -1))[0], alone[0].predict(x))


def test_steps_ahead_move_the_adversary_alone():
    game, (x, y, d) = players(), batch()
    before = copy.deepcopy(game)
    optimizer = torch.optim.Adam(game.adversary.parameters(), lr=1e-2)
    adaptation._adversary_step(game, optimizer, x, y, d)
    assert all(torch.equal(a, b) for a, b in zip(game.features.parameters(), before.features.parameters(), strict=True))
    h = game.features(x)
    assert adaptation.adversary_loss(game.adversary(h), d) < adaptation.adversary_loss(before.adversary(h), d)


def test_reversal_adapts_to_turned_moons():
    """Three trainings at once, on batches, in the mean."""
    (xs, ys), (xt, yt) = moons(150, seed=3), moons(150, seed=4, degrees=35)
    x, y = torch.cat([xs, xt]), torch.cat([ys, torch.full_like(yt, UNLABELLED)])
    d = torch.arange(2).repeat_interleave(300)

    def batches():
        source = torch.Generator().manual_seed(0)
        while True:
            rows = torch.cat([torch.randint(300, (32,), generator=source), 300 + torch.randint(300, (32,), generator=source)])
            yield x[rows].expand(3, -1, -1), y[rows].expand(3, -1), d[rows].expand(3, -1)

    reached = {}
    for strength in (0.0, ramp):
        torch.manual_seed(0)
        sides = ([make() for _ in range(3)] for make in MAKERS)
        game = adaptation.fit_reversed(Players(*map(stack, sides)), batches(), 1000, lr=3e-3, strength=strength)
        reached[strength] = (game.predict(xt.expand(3, -1, -1)) == yt).float().mean().item()
        assert (game.predict(xs.expand(3, -1, -1)) == ys).float().mean() > 0.95
    assert reached[ramp] > reached[0.0] + 0.05
    assert game.read(x.expand(3, -1, -1)).shape == (3, 600)


MAKERS = (lambda: Encoder(2, 16, (32,)), lambda: Classifier(16, 2, (16,)), lambda: mlp.Discriminator(16, (32,)))


def test_a_training_that_ends_in_nan_is_no_answer():
    x, y, d = batch()
    with pytest.raises(ValueError, match="the loss became nan within 3 steps: lower lr"):
        adaptation.fit_reversed(players(), endless(x * math.nan, y, d), 3)
    with pytest.raises(ValueError, match="ahead must be 0 or more"):
        adaptation.fit_reversed(players(), endless(x, y, d), 3, ahead=-1)
