import math

import pytest
import torch

from gancourse.gans.catgan import CatGAN, entropy, marginal_entropy
from gancourse.gans.ensemble import stack
from gancourse.models import mlp
from gancourse.models.latent_codes import Classifier

SURE = torch.tensor([[50.0, 0, 0], [0, 50.0, 0], [0, 0, 50.0]])
UNSURE = torch.zeros(4, 3)


def players(seed=0):
    torch.manual_seed(seed)
    return mlp.Generator(2, 2, hidden=(8,)), Classifier(2, 3, hidden=(8,))


def one_round(game):
    return game.play(torch.randn(6, 2, generator=torch.Generator().manual_seed(3)), torch.Generator().manual_seed(1))


def test_entropies_at_the_ends():
    assert entropy(SURE).item() == pytest.approx(0, abs=1e-6)
    assert entropy(UNSURE).item() == pytest.approx(math.log(3))
    assert marginal_entropy(SURE).item() == pytest.approx(math.log(3))
    assert marginal_entropy(SURE[:1].expand(5, -1)).item() == pytest.approx(0, abs=1e-6)


def test_the_losses_are_the_papers():
    game = CatGAN(*players())
    batch = one_round(game)
    real, fake = game.discriminator(batch.real), game.discriminator(batch.fake)

    def h(p):
        return -(p * p.log()).sum(-1)

    p, q = real.softmax(1), fake.softmax(1)
    of_d = -(h(p.mean(0)) - h(p).mean() + h(q).mean())
    of_g = -(h(q.mean(0)) - h(q).mean())
    assert game.discriminator_loss(batch).item() == pytest.approx(of_d.item(), rel=1e-5)
    assert game.generator_loss(batch).item() == pytest.approx(of_g.item(), rel=1e-4)
    alone = CatGAN(*players(), against_fakes=False)
    assert alone.discriminator_loss(batch).item() == pytest.approx((h(p).mean() - h(p.mean(0))).item(), rel=1e-5)


def test_each_loss_moves_its_own_player():
    game = CatGAN(*players())
    game.discriminator_loss(one_round(game)).backward()
    assert all(p.grad is None for p in game.generator.parameters())
    game.generator_loss(one_round(game)).backward()
    assert any(p.grad.abs().sum() > 0 for p in game.generator.parameters())


def test_an_ensemble_plays_the_sum_of_its_members():
    networks = [players(seed) for seed in range(3)]
    game = CatGAN(stack([g for g, _ in networks]), stack([d for _, d in networks]))
    batch = game.play(torch.randn(3, 6, 2, generator=torch.Generator().manual_seed(3)), torch.Generator().manual_seed(1))
    assert game.classes(batch.real).shape == (3, 6)
    for loss in ("discriminator_loss", "generator_loss"):
        alone = 0.0
        for k, pair in enumerate(networks):
            single = CatGAN(*pair)
            part = single.play(batch.real[k], torch.Generator().manual_seed(0))
            part.fake = batch.fake[k]
            alone += getattr(single, loss)(part).item()
        assert getattr(game, loss)(batch).item() == pytest.approx(alone, rel=1e-4)


def test_a_discriminator_of_one_logit_is_refused():
    game = CatGAN(mlp.Generator(2, 2, hidden=(8,)), mlp.Discriminator(2, hidden=(8,)))
    with pytest.raises(ValueError, match="two or more classes"):
        game.discriminator_loss(one_round(game))
