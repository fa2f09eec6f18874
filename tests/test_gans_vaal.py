"""VAAL: nothing labelled is asked, the class that no label has is, hiding hides, each loss moves its player alone."""

import pytest
import torch

from gancourse.gans import active, vaal
from tests.test_gans_active import blobs


def test_it_asks_for_the_class_that_no_label_has_and_for_nothing_twice():
    pool = blobs()
    asked = torch.where(pool.y < 3)[0][:60].expand(2, -1)
    chosen = vaal.choose_unlike(pool.x, asked, 10, latent_dim=2, steps=200)
    assert chosen.shape == (2, 10) and all(len(set(rows.tolist())) == 10 for rows in chosen)
    assert not torch.isin(chosen, asked).any()
    assert (pool.y[chosen] == 3).float().mean() > 0.8  # at random about a third of those left


def told(weight, seed=0):
    """How far D's logits of labelled and other samples are apart at the end."""
    pool = blobs()
    asked = torch.where(pool.y < 2)[0].expand(3, -1)
    players = vaal.Players(3, 2, 2, seed=seed)
    vaal._play(players, pool.x, asked, 200, weight, seed)
    with torch.no_grad():
        logits = players.unlike(pool.x.expand(3, -1, -1))
    return (logits[:, pool.y >= 2].mean() - logits[:, pool.y < 2].mean()).item()


def test_a_strong_autoencoder_hides_who_has_a_label():
    assert told(0.0) > 1 and told(100.0) < told(0.0) / 2


def test_each_loss_reaches_its_player():
    players, x = vaal.Players(2, 3, 2), torch.randn(2, 8, 3)
    vaal.discriminator_loss(players, x, x).backward()
    assert all(p.grad is None for p in players.encoder.parameters())
    assert all(p.grad is not None for p in players.discriminator.parameters())
    vaal.autoencoder_loss(players, x, 1.0, torch.Generator().manual_seed(0)).backward()
    assert all(p.grad is not None for side in (players.encoder, players.decoder) for p in side.parameters())


def test_a_code_of_the_prior_pays_nothing_but_the_error():
    """With q = N(0, I), a decoder that draws 0 and an even D the loss is |x|^2 + weight log 2."""
    players, x = vaal.Players(1, 3, 2), torch.randn(1, 50, 3)
    for network in (players.encoder, players.decoder, players.discriminator):
        for parameter in network.parameters():
            torch.nn.init.zeros_(parameter)
    found = vaal.autoencoder_loss(players, x, 2.0, torch.Generator().manual_seed(0))
    assert found.item() == pytest.approx(x.square().sum(-1).mean().item() + 2 * 0.693147, rel=1e-5)


def test_too_small_a_pool_is_refused():
    with pytest.raises(ValueError, match="larger pool"):
        vaal.choose_unlike(torch.randn(10, 3), torch.arange(8)[None], 5)


def test_samples_that_are_not_finite_are_named():
    x, asked = torch.zeros(9, 2), torch.tensor([[0, 1]])
    x[4, 0] = torch.inf
    with pytest.raises(ValueError, match="x holds NaN or infinity"):
        vaal.choose_unlike(x, asked, 2)
    with pytest.raises(ValueError, match="h holds NaN or infinity"):
        active.choose_by_codes(x[None], asked, 2)
