"""BiGAN: pairs keep their latents, each player has its own loss, and G and E become inverse."""

import pytest
import torch
import torch.nn.functional as F

from gancourse.base.networks import batch_norms
from gancourse.data import Batches
from gancourse.gans.bigan import BiGAN, LatentRegressor, refresh_encoder
from gancourse.gans.ensemble import stack
from gancourse.models import mlp
from gancourse.models.latent_codes import Bidirectional, Encoder, JointDiscriminator
from gancourse.training import fit

SHAPE = (1, 4, 4)


def source(seed=0):
    return torch.Generator().manual_seed(seed)


def pictures(n=12, seed=3):
    return torch.rand(n, *SHAPE, generator=source(seed)) * 2 - 1


def gradient(loss, parameters):
    found = torch.autograd.grad(loss, list(parameters), allow_unused=True, retain_graph=True)
    return [torch.zeros(1) if g is None else g for g in found]


def bigan(seed=0):
    torch.manual_seed(seed)
    players = Bidirectional(mlp.Generator(3, SHAPE, hidden=(12,), out="tanh"), Encoder(SHAPE, 3, hidden=(12,)))
    return BiGAN(players, JointDiscriminator(mlp.Discriminator(16 + 3, hidden=(16,))))


def test_each_picture_is_judged_with_its_own_latent():
    """The bug: E(x) beside G(z) and z beside x, so that nothing ties a latent to its picture."""
    game = bigan()
    batch = game.play(pictures(), source())
    judge, players = game.discriminator, game.generator
    real, fake = judge(batch.real, players.encode(batch.real)), judge(players(batch.z), batch.z)
    right = F.softplus(-real).mean() + F.softplus(fake).mean()
    swapped = F.softplus(-judge(batch.real, batch.z)).mean() + F.softplus(judge(batch.fake, batch.code)).mean()
    assert game.discriminator_loss(batch).item() == pytest.approx(right.item(), abs=1e-6)
    assert abs(right.item() - swapped.item()) > 1e-4
    wanted = F.softplus(-fake).mean() + F.softplus(real).mean()
    assert game.generator_loss(batch).item() == pytest.approx(wanted.item(), abs=1e-6)


def test_bigan_moves_each_player_by_its_own_loss():
    game = bigan()
    game.discriminator_loss(game.play(pictures(), source())).backward()
    assert all(p.grad is None for p in game.generator.parameters())
    game.generator_loss(game.play(pictures(), source())).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in game.generator.parameters())


def test_bigan_inverts_a_line():
    """Points on a curve: after training, E undoes G better than it did at the start."""
    torch.manual_seed(0)
    t = torch.randn(2000, 1, generator=source())
    points = torch.cat([t, t.tanh()], 1)
    players = Bidirectional(mlp.Generator(1, 2, hidden=(32, 32)), Encoder(2, 1, hidden=(32, 32)))
    game = BiGAN(players, JointDiscriminator(mlp.Discriminator(3, hidden=(64, 64))))

    def error():
        with torch.no_grad():
            return (players.reconstruct(points) - points).square().mean().item()

    before = error()
    fit(game, Batches(points, 128, seed=0), 600, lr=1e-3, progress=False)
    assert error() < 0.6 * before


def test_averaging_leaves_the_encoders_statistics_alone():
    """The bug: statistics measured anew from latents, which never pass E, so that E's are reset to mean 0 and variance 1."""
    torch.manual_seed(0)
    generator = mlp.Generator(3, SHAPE, hidden=(12,), norm="batch", out="tanh")
    players = Bidirectional(generator, Encoder(SHAPE, 3, hidden=(12,), norm="batch"))
    game = BiGAN(players, JointDiscriminator(mlp.Discriminator(16 + 3, hidden=(16,))))
    run = fit(game, Batches(pictures(40) + 5, 8, seed=0), 20, ema=0.9, progress=False)
    kept = run.generator.encoder.layers[1].running_mean
    assert torch.equal(kept, players.encoder.layers[1].running_mean)
    assert kept.abs().max() > 0.1
    assert int(run.generator.generator.layers[1].num_batches_tracked) == 8


def test_the_encoders_statistics_are_measured_anew_from_real_samples():
    """The bug: an averaged encoder that normalises by the statistics of other weights."""
    torch.manual_seed(0)
    generator = mlp.Generator(3, SHAPE, hidden=(12,), out="tanh")
    players = Bidirectional(generator, Encoder(SHAPE, 3, hidden=(12,), norm="batch")).eval()
    real = pictures(70) + 5
    refresh_encoder(players, real, n=32)
    first, norm = players.encoder.layers[0], players.encoder.layers[1]
    assert torch.allclose(norm.running_mean, first(real[:64].flatten(1)).mean(0), atol=1e-5)
    assert int(norm.num_batches_tracked) == 2
    assert not players.encoder.training
    assert norm.momentum == 0.1


def test_the_statistics_of_an_ensemble_are_measured_member_by_member():
    pairs = [(mlp.Generator(3, SHAPE, hidden=(12,)), Encoder(SHAPE, 3, hidden=(12,), norm="batch")) for _ in range(2)]
    players = Bidirectional(*(stack(part) for part in zip(*pairs, strict=True)))
    with pytest.raises(ValueError, match="take its members first"):
        refresh_encoder(players, pictures(20))


def test_bigan_refuses_what_it_cannot_play():
    with pytest.raises(ValueError, match="objective of BiGAN"):
        BiGAN(bigan().generator, bigan().discriminator, "least_squares")
    with pytest.raises(ValueError, match="E gives 4"):
        Bidirectional(mlp.Generator(3, SHAPE), Encoder(SHAPE, 4))
    with pytest.raises(ValueError, match="its own latent"):
        bigan().discriminator(pictures(4), torch.randn(5, 3))


def test_a_latent_regressor_moves_e_alone_and_compares_latents():
    """The bugs: G trained along, or its batch statistics moved by the pictures that it draws."""
    torch.manual_seed(0)
    g = mlp.Generator(3, SHAPE, hidden=(12,), norm="batch", out="tanh")
    players = Bidirectional(g, Encoder(SHAPE, 3, hidden=(12,), norm="batch"))
    kept = {name: value.clone() for name, value in g.state_dict().items()}
    game = LatentRegressor(players)
    players.train()
    batch = game.play(pictures(), source())
    loss = game.generator_loss(batch)
    assert loss.item() == pytest.approx((players.encode(batch.fake) - batch.z).square().mean().item(), rel=1e-5)
    run = fit(game, Batches(pictures(64), 16, seed=0), 60, lr=1e-2, ema=0.9, progress=False)
    assert all(torch.equal(value, kept[name]) for name, value in g.state_dict().items())
    assert run.history["g_loss"][-10:].mean() < 0.7 * run.history["g_loss"][:5].mean()
    averaged = run.generator  # its statistics are those of pictures that G draws
    assert all(torch.equal(value, kept[name]) for name, value in averaged.generator.state_dict().items())
    with pytest.raises(ValueError, match="needs G and E"):
        LatentRegressor(g)


def test_a_stack_of_regressors_sums_the_losses_of_its_members():
    torch.manual_seed(0)
    pairs = [Bidirectional(mlp.Generator(2, 3, hidden=(5,)), Encoder(3, 2, hidden=(5,))) for _ in range(3)]
    many = Bidirectional(stack([p.generator for p in pairs]), stack([p.encoder for p in pairs]))
    game = LatentRegressor(many)
    batch = game.play(torch.zeros(3, 8, 3), source())
    alone = [(pair.encode(batch.fake[k]) - batch.z[k]).square().mean() for k, pair in enumerate(pairs)]
    assert game.generator_loss(batch).item() == pytest.approx(sum(alone).item(), rel=1e-5)


def test_measuring_the_encoders_statistics_draws_nothing_from_the_trainings_stream():
    players = Bidirectional(mlp.Generator(3, SHAPE, hidden=(4,)), Encoder(SHAPE, 3, hidden=(4,), norm="batch"))
    batch_norms(players.encoder)[0].register_forward_hook(lambda layer, given, out: out + 0 * torch.rand(()))
    before = torch.get_rng_state()
    refresh_encoder(players, pictures(20))
    assert torch.equal(torch.get_rng_state(), before)
