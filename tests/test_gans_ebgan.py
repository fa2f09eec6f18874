import pytest
import torch

from gancourse.data import Batches
from gancourse.data.toys import ring
from gancourse.gans.ebgan import EBGAN, codes, energy, pulling_away
from gancourse.gans.ensemble import EnsembleBatches, stack
from gancourse.models import mlp
from gancourse.training import fit


def players(seed=0):
    torch.manual_seed(seed)
    return mlp.Generator(2, 2, hidden=(8,)), mlp.Autoencoder(2, code_dim=2, hidden=(8,))


def one_round(game):
    return game.play(torch.randn(6, 2, generator=torch.Generator().manual_seed(3)), torch.Generator().manual_seed(1))


def error(game, x):
    return (x - game.discriminator(x)).square().sum(1).sqrt().detach()


@pytest.mark.parametrize("margin", [0.1, 1.0, 50.0])
def test_losses_are_those_of_the_paper(margin):
    game = EBGAN(*players(), margin=margin)
    batch = one_round(game)
    real, fake = error(game, batch.real), error(game, batch.fake)
    expected = real.mean() + (margin - fake).clamp_min(0).mean()
    assert game.discriminator_loss(batch).item() == pytest.approx(expected.item(), rel=1e-5)
    assert game.generator_loss(batch).item() == pytest.approx(fake.mean().item(), rel=1e-5)


def test_fakes_beyond_the_margin_do_not_move_d():
    game = EBGAN(*players(), margin=1e-6)
    game.discriminator_loss(one_round(game)).backward()
    moved = [p.grad.clone() for p in game.discriminator.parameters()]
    game.discriminator.zero_grad()
    energy(game.discriminator, one_round(game).real).mean().backward()
    for a, p in zip(moved, game.discriminator.parameters(), strict=True):
        assert torch.allclose(a, p.grad)


def test_each_loss_moves_its_own_player():
    game = EBGAN(*players(), repelling=0.1)
    game.discriminator_loss(one_round(game)).backward()
    assert all(p.grad is None for p in game.generator.parameters())
    game.generator_loss(one_round(game)).backward()
    assert all(p.grad.abs().sum() > 0 for p in game.generator.parameters())


def test_pulling_away_is_the_mean_squared_cosine_of_pairs():
    s = torch.tensor([[1.0, 0.0], [0.0, 2.0], [3.0, 3.0]])
    cosines = [0.0, 0.5, 0.5]  # squared, of the three pairs
    assert pulling_away(s).item() == pytest.approx(sum(cosines) / 3, rel=1e-6)
    assert pulling_away(torch.ones(4, 3)).item() == pytest.approx(1)
    assert pulling_away(torch.eye(4)[None].expand(2, -1, -1)).tolist() == pytest.approx([0, 0], abs=1e-6)


def test_a_code_of_zeros_has_no_part_in_the_term():
    assert pulling_away(torch.zeros(3, 2)).item() == 0
    s = torch.tensor([[1.0, 0.0], [0.0, 0.0], [2.0, 0.0]])
    assert pulling_away(s).item() == pytest.approx(1 / 3)  # one pair of three points one way
    assert pulling_away(torch.stack([s, torch.ones(3, 2)])).tolist() == pytest.approx([1 / 3, 1])


def test_a_code_of_almost_no_length_has_no_direction_either():
    for size in (1e-20, 1e-13):
        assert pulling_away(torch.full((3, 2), size)).item() == 0
    assert pulling_away(torch.full((3, 2), 1e-11)).item() == pytest.approx(1)
    s = torch.tensor([[1.0, 0.0], [1e-13, 0.0], [2.0, 0.0]], requires_grad=True)
    pulling_away(s).backward()
    assert torch.isfinite(s.grad).all() and pulling_away(s).item() == pytest.approx(1 / 3)


def test_the_term_is_exact_under_autocast():
    s = torch.randn(16, 5, generator=torch.Generator().manual_seed(0))
    s = s @ torch.linalg.svd(s).Vh.T  # no matter in which axes
    with torch.autocast("cpu", torch.bfloat16):
        assert pulling_away(s).item() == pytest.approx(pulling_away(s.float()).item(), rel=1e-6)
        assert pulling_away(torch.eye(7, 9).bfloat16()).item() == pytest.approx(0, abs=1e-6)
    assert pulling_away(s.bfloat16()).dtype == torch.float32


def test_the_repelling_term_is_weighed_and_logged():
    game = EBGAN(*players(), repelling=0.5)
    batch = one_round(game)
    with_term = game.generator_loss(batch).item()
    apart = pulling_away(codes(game.discriminator, batch.fake)).item()
    assert batch.log["pulling_away"].item() == pytest.approx(apart)
    game.repelling = 0.0
    assert with_term == pytest.approx(game.generator_loss(batch).item() + 0.5 * apart, rel=1e-5)


def test_an_ensemble_plays_the_sum_of_its_members():
    networks = [players(seed) for seed in range(3)]
    game = EBGAN(stack([g for g, _ in networks]), stack([d for _, d in networks]), margin=2.0, repelling=0.1)
    batch = game.play(torch.randn(3, 6, 2, generator=torch.Generator().manual_seed(3)), torch.Generator().manual_seed(1))
    for loss in ("discriminator_loss", "generator_loss"):
        alone = 0.0
        for k, pair in enumerate(networks):
            single = EBGAN(*pair, margin=2.0, repelling=0.1)
            part = single.play(batch.real[k], torch.Generator().manual_seed(0))
            part.fake = batch.fake[k]
            alone += getattr(single, loss)(part).item()
        assert getattr(game, loss)(batch).item() == pytest.approx(alone, rel=1e-5)


def test_training_lowers_the_energy_of_the_data_below_that_of_noise():
    torch.manual_seed(0)
    game = EBGAN(mlp.Generator(2, 2, hidden=(32,)), mlp.Autoencoder(2, code_dim=1, hidden=(32, 32)), margin=0.5)
    fit(game, Batches(ring(), 64, seed=0), 150, lr=2e-3, progress=False)
    with torch.no_grad():
        on, off = energy(game.discriminator, ring().sample(200, seed=1)), energy(game.discriminator, 3 * torch.randn(200, 2))
    assert on.mean() < 0.5 * off.mean()


def test_ensemble_of_an_autoencoder_trains():
    networks = [players(seed) for seed in range(2)]
    game = EBGAN(stack([g for g, _ in networks]), stack([d for _, d in networks]))
    run = fit(game, EnsembleBatches(ring(), 8, [0, 1]), 3, progress=False)
    assert game.sample(4).shape == (2, 4, 2) and len(run.history["d_loss"]) == 3


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: EBGAN(*players(), margin=0), "margin must be above 0"),
        (lambda: EBGAN(*players(), repelling=-1), "repelling must be 0 or more"),
        (lambda: energy(mlp.Discriminator(2), torch.zeros(3, 2)), "must return samples as it was given"),
        (lambda: codes(mlp.Discriminator(2), torch.zeros(3, 2)), "repelling=0"),
        (lambda: pulling_away(torch.ones(1, 3)), "two or more"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
