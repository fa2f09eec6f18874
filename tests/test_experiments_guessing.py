"""One missing value: the data, what each player may see, and scores with known answers."""

import numpy as np
import pytest
import torch
from torch import nn

from gancourse.experiments import guessing
from gancourse.gans.ensemble import EnsembleBatches
from gancourse.training import fit

SEEDS = (0, 1)


def test_the_chances_hang_on_the_context():
    x = guessing.Pixel().sample(40_000, 0)
    for sign, chances in zip((-1, 1), guessing.CHANCES, strict=True):
        values = x[x[:, 0] == sign, 1]
        assert len(values) == pytest.approx(20_000, rel=0.03)
        for value, chance in zip(guessing.VALUES, chances, strict=True):
            assert ((values - value).abs() < 0.2).float().mean().item() == pytest.approx(chance, abs=0.02)
    assert torch.equal(x, guessing.Pixel().sample(40_000, generator=torch.Generator().manual_seed(0)))


def test_without_noise_there_is_one_answer_for_a_context():
    c = torch.tensor([[[-1.0], [1.0], [1.0]]]).expand(2, -1, -1)
    z = torch.randn(2, 3, 2, generator=torch.Generator().manual_seed(0))
    for noise in (True, False):
        game = guessing.Guessing(SEEDS, noise=noise)
        answer = game.answer(game.generator, c, z)
        assert answer.shape == (2, 3, 2) and torch.equal(answer[..., :1], c)
        assert torch.equal(answer[:, 1], answer[:, 2]) is not noise
        assert not torch.allclose(answer[:, 0, 1], answer[:, 1, 1])


def test_a_blind_discriminator_does_not_see_the_context():
    x = guessing.Pixel().sample(64, 0).expand(2, -1, -1)
    other = torch.cat([-x[..., :1], x[..., 1:]], -1)
    for context in (True, False):
        game = guessing.Guessing(SEEDS, context=context)
        assert torch.equal(game.judge(x), game.judge(other)) is not context


def test_squared_error_alone_leaves_the_discriminator_out():
    game = guessing.Guessing(SEEDS, squared=1.0, adversarial=0.0)
    real = guessing.Pixel().sample(64, 0).expand(2, -1, -1)
    loss = game.generator_loss(game.play(real, torch.Generator()))
    loss.backward()
    assert all(p.grad is None for p in game.discriminator.parameters())
    with pytest.raises(ValueError, match="not both 0"):
        guessing.Guessing(SEEDS, adversarial=0.0)


class Oracle(nn.Module):
    """Knows the distribution: answers with the mean, or with a draw whose noise comes from outside."""

    def __init__(self, draws):
        super().__init__()
        self.draws = draws

    def forward(self, x):
        kind = (x[..., 0] > 0).long()
        if not self.draws:
            return (torch.tensor(guessing.CHANCES) @ torch.tensor(guessing.VALUES))[kind][..., None]
        u = torch.special.ndtr(x[..., 1])  # uniform
        which = (u[..., None] > torch.tensor(guessing.CHANCES).cumsum(1)[kind]).sum(-1).clamp(max=2)
        return torch.tensor(guessing.VALUES)[which][..., None]


def test_the_mean_costs_once_and_a_draw_twice_the_least_error():
    game = guessing.Guessing(SEEDS)
    mean, draw = (guessing.asked(game, Oracle(draws), 40_000) for draws in (False, True))
    assert mean.error.tolist() == pytest.approx([1, 1])
    assert mean.variation.tolist() == pytest.approx([1, 1]) and mean.none.tolist() == [1, 1]
    assert draw.error.tolist() == pytest.approx([2, 2], abs=0.05)
    assert draw.variation.max() < 0.01 and draw.none.max() == 0
    assert draw.distance.max() < 0.06 < mean.distance.min()  # the oracle's draws lack the noise of STD
    assert mean.contexts.shape == mean.truth.shape == (40_000,) and mean.values.shape == (2, 40_000)


def test_a_value_left_out_and_two_in_one_heap_are_seen():
    x = guessing.Pixel().sample(40_000, 0)
    kind = (x[:, 0] > 0).long()
    truth = guessing.Pixel.given(kind, torch.Generator().manual_seed(1))
    rarest = torch.where(kind == 0, (truth + 0.9).abs() < 0.3, (truth - 0.8).abs() < 0.2)
    left_out = torch.where(rarest, 0.4 + (truth - truth.round(decimals=1)) / 10, truth)
    heap = torch.where((kind == 1) & (truth > 0), 0.55, truth)
    got = guessing.scored(x, torch.stack([truth, left_out, heap]))
    assert got.variation[0] < 0.03 and got.none[0] < 0.025 and got.distance[0] < 0.02
    assert got.variation[1].item() == pytest.approx(0.125, abs=0.02)
    assert got.variation[2].item() == pytest.approx(0.45 / 2, abs=0.03)
    assert got.error[2] < 2 and got.distance[1:].min() > 0.03


def test_closed_forms_are_what_such_players_score():
    assert guessing.expected(guessing.CHANCES) == pytest.approx((2, 0))
    assert guessing.expected(((0, 0.3, 0.7), (0.55, 0.45, 0))) == pytest.approx((1.61, 0.125), abs=0.01)
    ignored = torch.tensor(guessing.CHANCES).mean(0).expand(2, 3)
    x = guessing.Pixel().sample(40_000, 0)
    shuffled = guessing.scored(x, x[torch.randperm(len(x), generator=torch.Generator().manual_seed(1)), 1][None])
    assert guessing.expected(ignored) == pytest.approx((shuffled.error.item(), shuffled.variation.item()), abs=0.03)
    for c in torch.eye(3):  # nine players with one value for each context: none costs what a draw costs
        for d in torch.eye(3):
            error, variation = guessing.expected(torch.stack([c, d]))
            assert abs(error - 2) > 0.25 and variation >= 0.375
    with pytest.raises(ValueError, match="sum to 1"):
        guessing.expected(((1, 1, 1), (1, 0, 0)))


def test_realism_of_all_answers_together_is_cheaper_than_a_draw():
    """The right shares of the three values, on the wrong contexts: nothing together, and 1.61 to 4.03 times the least error."""
    cheapest, dearest = ([[0, 0.15, 0.85], [0.65, 0.35, 0]], [[0.65, 0.35, 0], [0, 0.15, 0.85]])
    assert guessing.expected(cheapest) == pytest.approx((1.61, 0.15), abs=0.005)
    assert guessing.expected(dearest) == pytest.approx((4.03, 0.70), abs=0.005)
    everyone = torch.tensor(guessing.CHANCES).sum(0)
    for first in torch.cartesian_prod(*[torch.linspace(0, 1, 21)] * 2):  # all ways to share the values out, in steps of 0.05
        here = torch.stack([first[0], first[1], 1 - first.sum()])
        there = everyone - here
        if min(here.min(), there.min()) > -1e-5:
            error, _ = guessing.expected(torch.stack([here, there]).clamp(min=0))
            assert guessing.expected(cheapest)[0] - 1e-4 <= error <= guessing.expected(dearest)[0] + 1e-4
    x = guessing.Pixel().sample(40_000, 0)
    source = torch.Generator().manual_seed(1)
    kind = (x[:, 0] > 0).long()
    noise = guessing.STD * torch.randn(len(x), generator=source)
    by_chance = [
        torch.tensor(guessing.VALUES)[torch.multinomial(torch.tensor(c)[kind], 1, generator=source)[:, 0]] + noise
        for c in (cheapest, dearest)
    ]
    got = guessing.scored(x, torch.stack([*by_chance, torch.full((len(x),), 0.8)]))
    assert got.error[:2].tolist() == pytest.approx([1.61, 4.03], abs=0.05)
    assert got.together[:2].max() < 0.025 < 0.14 < got.variation[:2].min()
    assert got.together[2].item() == pytest.approx(1 - everyone[2].item() / 2, abs=0.01)
    assert (got.together <= got.variation + 1e-6).all()


def test_an_honest_draw_costs_twice_the_least_error():
    honest = guessing.honest_draw(40_000, times=2)
    assert honest.values.shape == (2, 40_000) and torch.equal(honest.truth, guessing.Pixel().sample(40_000, 99)[:, 1])
    assert honest.error.tolist() == pytest.approx([2, 2], abs=0.05)
    assert honest.variation.max() < 0.03 and honest.distance.max() < 0.02
    assert not torch.equal(*honest.values)


def test_histograms_have_a_column_for_each_player():
    honest = guessing.honest_draw(500, times=2)
    picture = guessing.histograms({"one": honest, "another": honest})
    assert picture.width > 2 * picture.height
    assert np.asarray(picture).std() > 10


def test_it_trains():
    game = guessing.Guessing(SEEDS, squared=1.0, adversarial=0.0, hidden=(16,))
    run = fit(game, EnsembleBatches(guessing.Pixel(), 64, SEEDS), 150, lr=1e-2, progress=False)
    assert guessing.asked(run.gan, run.generator, 1000).error.max() < 1.1
