"""Shares of variance given back, and the linear reader that anything learnt must beat."""

import pytest
import torch

from gancourse.latent import trips


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_an_inverse_the_mean_and_anothers_answer():
    z = normal(4000, 5)
    assert trips.given_back(z, z) == 1
    assert trips.given_back(torch.zeros_like(z), z) == 0
    assert trips.given_back(z.roll(1, 0), z) == pytest.approx(-1, abs=0.1)
    x = z + 3
    assert trips.given_back(x.mean(0).expand_as(x), x, x.mean(0)) == pytest.approx(0, abs=1e-5)
    assert trips.given_back(x.mean(0).expand_as(x), x, x.mean(0, keepdim=True)) == pytest.approx(0, abs=1e-5)
    pictures, colour = normal(200, 3, 4, 4), torch.tensor([1.0, 2.0, 3.0])[:, None, None]
    assert trips.given_back(colour.expand_as(pictures), pictures + colour, colour) == pytest.approx(0, abs=1e-5)
    assert trips.given_back(0.5 * z, z) == pytest.approx(0.75)
    with pytest.raises(ValueError, match="shaped like"):
        trips.given_back(z[:, :1], z)
    with pytest.raises(ValueError, match="the mean must be a number, or shaped like one sample"):
        trips.given_back(z, z, z.mean(1, keepdim=True))
    with pytest.raises(ValueError, match="the mean must be a number, or shaped like one sample"):
        trips.given_back(pictures, pictures, colour[:2])
    with pytest.raises(ValueError, match="no variance"):
        trips.given_back(torch.ones(3, 2), torch.ones(3, 2), 1.0)


def test_a_linear_map_is_read_and_two_thirds_of_a_bent_plane():
    """x = (a, (b + a^2 - 1) / 2): a comes back whole, b to a third, as algebra says."""
    z = normal(20_000, 2)
    matrix = normal(2, 12, seed=1)
    assert trips.given_back(trips.linear_reader(z @ matrix + 4, z)(z @ matrix + 4), z) == pytest.approx(1, abs=1e-6)
    a, b = z.T
    bent = torch.stack([a, (b + a.square() - 1) / 2], 1)
    fresh = normal(20_000, 2, seed=2)
    a, b = fresh.T
    back = trips.linear_reader(bent, z)(torch.stack([a, (b + a.square() - 1) / 2], 1))
    assert trips.given_back(back, fresh) == pytest.approx(2 / 3, abs=0.02)


def test_pixels_that_never_change_do_no_harm():
    z = normal(300, 2)
    x = torch.cat([z, torch.full((300, 3), -1.0), z[:, :1]], 1).view(300, 1, 2, 3)
    back = trips.linear_reader(x, z)(x)
    assert back.dtype == z.dtype and torch.allclose(back, z, atol=1e-4)
    with pytest.raises(ValueError, match="its own latent"):
        trips.linear_reader(x[:10], z)
