from functools import partial

import pytest
import torch

from gancourse.data import Batches
from gancourse.gans import tips
from gancourse.gans.gan import GAN
from gancourse.losses import penalties
from gancourse.models import dcgan, mlp
from gancourse.training import fit


def players():
    torch.manual_seed(0)
    return mlp.Generator(2, 2, hidden=(8,)), mlp.Discriminator(2, hidden=(8,))


def one_round(game, step=0):
    return game.play(torch.randn(6, 2, generator=torch.Generator().manual_seed(3)), torch.Generator().manual_seed(1), step=step)


GAMES = {
    "uniform": tips.UniformLatents,
    "mixed": tips.MixedBatch,
    "half": tips.HalfRange,
    "labels": partial(tips.NoisyLabels, real=(0.7, 1.2), fake=(0.0, 0.3), flip=0.1),
    "noise": partial(tips.InstanceNoise, sigma=0.5, until=10),
    "replay": partial(tips.Replay, size=8),
    "balanced": tips.Balanced,
}


@pytest.mark.parametrize("name", GAMES)
def test_each_loss_moves_its_own_player(name):
    game = GAMES[name](*players())
    game.discriminator_loss(one_round(game)).backward()
    assert all(p.grad is None for p in game.generator.parameters())
    assert any(p.grad.abs().sum() > 0 for p in game.discriminator.parameters())
    game.generator_loss(one_round(game)).backward()
    assert any(p.grad.abs().sum() > 0 for p in game.generator.parameters())


@pytest.mark.parametrize("name", GAMES)
def test_a_run_cut_in_two_is_the_same_run(name, tmp_path):
    points = torch.randn(40, 2, generator=torch.Generator().manual_seed(0))
    options = {"lr": 1e-2, "progress": False}
    whole = fit(GAMES[name](*players()), Batches(points, 4, seed=0), 8, **options)
    fit(GAMES[name](*players()), Batches(points, 4, seed=0), 4, checkpoint=tmp_path / "run", **options)
    halves = fit(GAMES[name](*players()), Batches(points, 4, seed=0), 8, checkpoint=tmp_path / "run", **options)
    assert halves.history["d_loss"].tolist() == whole.history["d_loss"].tolist()


@pytest.mark.parametrize("name", GAMES)
def test_a_penalty_is_paid(name):
    game, plain = (GAMES[name](*players(), **options) for options in ({"penalty": penalties.r1(2.0)}, {}))
    found, free = game.discriminator_loss(batch := one_round(game)), plain.discriminator_loss(one_round(plain))
    assert batch.log["penalty"] > 0
    assert found.item() == pytest.approx((free + batch.log["penalty"]).item(), rel=1e-5)


def test_labels_are_of_the_cross_entropy():
    for objective in ("saturating", "boundary_seeking"):
        tips.NoisyLabels(*players(), objective)
    with pytest.raises(ValueError, match="unknown objective of noisy labels, .* choose from 'non_saturating'"):
        tips.NoisyLabels(*players(), "wasserstein")


def test_uniform_latents_fill_the_cube():
    z = tips.UniformLatents(*players()).latents(4000, torch.Generator().manual_seed(0))
    assert z.abs().max() <= 1 and z.var().item() == pytest.approx(1 / 3, rel=0.05)


def test_mixed_batches_share_their_statistics():
    torch.manual_seed(0)
    networks = dcgan.Generator(16, 4, 2, 1), dcgan.Discriminator(16, 2, 1)
    x = torch.rand(4, 1, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
    plain, mixed = GAN(*networks), tips.MixedBatch(*networks)
    batch = plain.play(x, torch.Generator().manual_seed(1))
    assert plain.discriminator_loss(batch).item() != pytest.approx(mixed.discriminator_loss(batch).item(), rel=1e-3)
    without = mlp.Generator(2, 2), mlp.Discriminator(2)
    batch = one_round(GAN(*without))
    same = [game(*without).discriminator_loss(batch).item() for game in (GAN, tips.MixedBatch)]
    assert same[0] == pytest.approx(same[1], rel=1e-5)


def test_hard_labels_are_the_plain_loss_and_all_flipped_is_the_other_game():
    game, plain = tips.NoisyLabels(*players()), GAN(*players())
    batch = one_round(plain)
    assert game.discriminator_loss(batch).item() == pytest.approx(plain.discriminator_loss(batch).item(), rel=1e-6)
    game.flip = 1.0
    turned = plain.objective.discriminator(plain.judge(batch.fake), plain.judge(batch.real))
    assert game.discriminator_loss(batch).item() == pytest.approx(turned.item(), rel=1e-6)


def test_soft_labels_are_of_their_intervals():
    game = tips.NoisyLabels(*players(), real=(0.7, 1.2), fake=(0.0, 0.3))
    y = game._labels(game.real, game.fake, torch.zeros(5000))
    assert y.min() >= 0.7 and y.max() <= 1.2 and y.mean().item() == pytest.approx(0.95, abs=0.01)


def test_noise_fades_and_is_none_outside_a_round():
    game = tips.InstanceNoise(*players(), sigma=1.0, until=10)
    x = torch.zeros(400, 2)

    def spread(step):
        return (game.judge(x, one_round(game, step)) - game.judge(x)).abs().mean().item()

    assert spread(0) > 1.5 * spread(8) > 0
    assert spread(10) == spread(50) == 0


def test_replay_brings_back_old_fakes():
    game = tips.Replay(*players(), size=6)
    seen, judge = [], game.judge
    game.judge = lambda x, batch=None: seen.append(x) or judge(x, batch)
    first, second = one_round(game), one_round(game)
    second.fake = second.fake + 100
    game.discriminator_loss(first)
    game.discriminator_loss(second)
    old = (seen[-1].abs() < 50).all(1).sum()
    assert 0 < old < 6


def test_half_the_range_is_played_and_given_back_whole():
    game = tips.HalfRange(*players())
    batch = game.play(torch.tensor([[-1.0, 1.0]]), torch.Generator())
    assert batch.real.tolist() == [[0.0, 1.0]]
    made = GAN(*players()).sample(50)
    assert torch.allclose(game.sample(50), (2 * made - 1).clamp(-1, 1))


def test_a_balanced_d_rests_while_its_loss_is_low():
    low, high = tips.Balanced(*players(), level=100.0), tips.Balanced(*players(), level=1e-3)
    batch = one_round(low)
    assert low.discriminator_loss(batch).item() == pytest.approx(high.discriminator_loss(batch).item())
    low.discriminator_loss(batch).backward()
    assert all((p.grad == 0).all() for p in low.discriminator.parameters())
    assert batch.log["d_learns"] == 0
    high.discriminator_loss(batch).backward()
    assert any((p.grad != 0).any() for p in high.discriminator.parameters())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: tips.NoisyLabels(*players(), real=(1.2, 0.7)), r"real must be \(low, high\)"),
        (lambda: tips.NoisyLabels(*players(), flip=2), "flip"),
        (lambda: tips.InstanceNoise(*players(), sigma=0), "sigma must be above 0"),
        (lambda: tips.Balanced(*players(), level=-1), "level must be above 0"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
