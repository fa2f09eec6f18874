"""Walks and directions in latent space."""

from __future__ import annotations

import pytest
import torch

from gancourse import latent, viz
from tests.shown import conv_generator


@pytest.mark.parametrize("how", ["linear", "spherical"])
def test_interpolation_begins_and_ends_at_the_given_latents(how):
    generator = conv_generator()
    z0, z1 = torch.randn(3, 6), torch.randn(3, 6)
    walks = latent.interpolate(generator, z0, z1, 5, how)
    assert walks.shape == (15, 3, 8, 8)
    with viz.evaluating(generator):
        assert torch.allclose(walks[::5], generator(z0), atol=1e-6)
        assert torch.allclose(walks[4::5], generator(z1), atol=1e-6)
        middle = (z0 + z1) / 2 if how == "linear" else latent.slerp(z0, z1, 0.5)
        assert torch.allclose(walks[2::5], generator(middle), atol=1e-5)
    assert latent.interpolate(generator, z0[0], z1[0], 4, how).shape == (4, 3, 8, 8)


def test_bad_interpolations_name_the_fix():
    z = torch.randn(2, 6)
    with pytest.raises(ValueError, match="did you mean 'spherical'"):
        latent.interpolate(conv_generator(), z, z, 3, "spherical_")
    with pytest.raises(ValueError, match="2 or more"):
        latent.interpolate(conv_generator(), z, z, 1)
    with pytest.raises(ValueError, match="one shape"):
        latent.interpolate(conv_generator(), z, z[:1])


def test_the_strongest_directions_are_the_singular_vectors_of_a_linear_generator():
    weights = torch.randn(5, 3 * 4 * 4, generator=torch.Generator().manual_seed(1)) * torch.tensor([[5.0], [1], [3], [0.5], [2]])
    found = latent.strongest_directions(lambda z: (z @ weights).reshape(-1, 3, 4, 4), 5, 3)
    expected = torch.linalg.svd(weights).U.T[:3]
    assert torch.allclose((found * expected).sum(1).abs(), torch.ones(3), atol=1e-3)
    assert torch.allclose(found @ found.T, torch.eye(3), atol=1e-5)


def test_random_directions_are_orthonormal_and_seeded():
    d = latent.random_directions(10, 4, seed=3)
    assert torch.allclose(d @ d.T, torch.eye(4), atol=1e-6)
    assert torch.equal(d, latent.random_directions(10, 4, seed=3))
    assert not torch.equal(d, latent.random_directions(10, 4, seed=4))
