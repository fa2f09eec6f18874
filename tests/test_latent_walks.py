"""Walks and directions in latent space."""

from __future__ import annotations

import numpy as np
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


def test_random_walks_are_walks_on_great_circles_between_drawn_latents():
    generator = conv_generator()
    ends = latent.draw_latents(6, 6, seed=3)
    walks = latent.random_walks(generator, 3, 4, seed=3, latent_dim=6)
    assert torch.equal(walks, latent.interpolate(generator, ends[:3], ends[3:], 4, "spherical"))
    with pytest.raises(ValueError, match="walks must be above 0"):
        latent.random_walks(generator, 0, 4, seed=3, latent_dim=6)


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


def test_the_longest_step_of_a_steady_walk_and_of_a_jump():
    steady = torch.linspace(0, 1, 5)[:, None] * torch.tensor([[3.0, 4.0]])
    jump = torch.tensor([0.0, 0, 0, 1, 1])[:, None] * torch.tensor([[3.0, 4.0]])
    assert torch.allclose(latent.longest_steps(torch.cat([steady, jump]), 5), torch.tensor([0.25, 1.0]))
    assert torch.allclose(latent.longest_steps(latent.every(torch.cat([steady, jump]), 5, 2), 3), torch.tensor([0.5, 1.0]))


def test_every_kth_point_keeps_both_ends_of_each_walk():
    assert latent.every(torch.arange(10), 5, 4).tolist() == [0, 4, 5, 9]
    assert latent.every(torch.arange(10), 5, 2).tolist() == [0, 2, 4, 5, 7, 9]
    with pytest.raises(ValueError, match="k must divide 4"):
        latent.every(torch.arange(10), 5, 3)
    with pytest.raises(ValueError, match="whole walks of 4"):
        latent.every(torch.arange(10), 4, 3)
    with pytest.raises(ValueError, match=r"\[walks \* 3, D\]"):
        latent.longest_steps(torch.zeros(10, 2), 3)


WEIGHTS = torch.randn(5, 12, generator=torch.Generator().manual_seed(2))


def linear(z):
    return (z @ WEIGHTS).reshape(-1, 3, 2, 2)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: latent.random_directions(2, 5), ValueError, "k must be at most 2"),
        (lambda: latent.random_directions(2, 0), ValueError, "k must be above 0"),
        (lambda: latent.random_directions(2.5, 1), TypeError, "latent_dim must be a whole number"),
        (lambda: latent.strongest_directions(linear, 5, 9), ValueError, "k must be at most 5"),
        (lambda: latent.strongest_directions(linear, 5, 1, around=0), ValueError, "around must be above 0"),
        (lambda: latent.strongest_directions(lambda z: 0 * linear(z), 5, 1), ValueError, "the picture does not change"),
        (lambda: latent.interpolate(linear, torch.ones(5), torch.ones(5), 2.5), TypeError, "steps must be a whole number"),
        (lambda: latent.longest_steps(torch.tensor([[0.0], [1.0], [0.0]]), 3), ValueError, "walk 0 ends where it begins"),
        (lambda: latent.longest_steps(torch.ones(3, 2), 3), ValueError, "walk 0 ends where it begins"),
    ],
)
def test_counts_and_walks_that_give_no_number_name_the_fix(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_counts_may_be_numpys():
    z = torch.eye(5)
    assert torch.equal(latent.interpolate(linear, z[0], z[1], np.int64(3)), latent.interpolate(linear, z[0], z[1], 3))
    assert latent.random_directions(np.int64(4), np.int64(2)).shape == (2, 4)
