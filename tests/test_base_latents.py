"""Latents: drawn, truncated, joined, and run through a generator."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from gancourse import latent
from gancourse.base.latents import in_parts
from tests.shown import conv_generator


@pytest.mark.parametrize("threshold", [0.2, 1.0, 2.5])
def test_truncated_latents_keep_their_quantiles(threshold):
    z = torch.randn(4000, 20, generator=torch.Generator().manual_seed(0))
    moved = latent.truncate(z, threshold)
    assert moved.dtype == torch.float32 and moved.abs().max() <= threshold
    in_order = moved.flatten()[z.flatten().argsort()]
    assert (in_order.diff() >= 0).all()  # order is kept,
    assert (moved.abs() > 0.999 * threshold).float().mean() < 0.02  # and nothing heaps up at the ends
    t = threshold
    density = math.exp(-t * t / 2) / math.sqrt(2 * math.pi)
    variance = 1 - 2 * t * density / math.erf(t / math.sqrt(2))  # of N(0, 1) given |z| <= t
    assert moved.var().item() == pytest.approx(variance, rel=0.02)
    drawn = latent.truncated_latents(4000, 20, threshold, seed=1)
    for q in (0.05, 0.25, 0.9):
        assert moved.flatten().quantile(q).item() == pytest.approx(drawn.flatten().quantile(q).item(), abs=0.02 * threshold)


def test_truncation_far_out_changes_nothing_and_is_odd():
    z = torch.randn(100, 8, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(latent.truncate(z, 30.0), z, atol=1e-5)
    assert torch.allclose(latent.truncate(-z, 0.7), -latent.truncate(z, 0.7))
    with pytest.raises(ValueError, match="threshold"):
        latent.truncate(z, 0.0)
    with pytest.raises(TypeError, match="floats"):
        latent.truncate(torch.ones(2, 3, dtype=torch.int64), 1.0)


@pytest.mark.parametrize("threshold", [0.1, 0.5, 2.0])
def test_truncated_latents_have_the_truncated_normals_moments(threshold):
    z = latent.truncated_latents(2000, 50, threshold, seed=1)
    assert z.dtype == torch.float32
    assert z.shape == (2000, 50)
    assert z.abs().max() <= threshold + 1e-6
    inside = math.erf(threshold / math.sqrt(2))
    density = math.exp(-(threshold**2) / 2) / math.sqrt(2 * math.pi)
    variance = 1 - 2 * threshold * density / inside
    assert z.double().var().item() == pytest.approx(variance, rel=0.02)
    assert z.double().mean().item() == pytest.approx(0, abs=5 * math.sqrt(variance / 1e5))
    assert torch.equal(z, latent.truncated_latents(2000, 50, threshold, seed=1))


def test_wide_threshold_is_no_truncation():
    z = latent.truncated_latents(2000, 50, 20.0)
    assert torch.isfinite(z).all()
    assert z.std().item() == pytest.approx(1, rel=0.01)
    assert (z.abs() > 3).float().mean().item() == pytest.approx(0.0027, rel=0.3)
    with pytest.raises(ValueError, match="threshold must be above 0"):
        latent.truncated_latents(2, 3, 0.0)


def test_slerp_keeps_the_length_of_equally_long_ends_and_moves_at_one_speed():
    a, b = (torch.randn(9, dtype=torch.float64, generator=torch.Generator().manual_seed(s)) for s in (0, 1))
    a, b = a / a.norm() * 3, b / b.norm() * 3
    path = latent.slerp(a, b, torch.linspace(0, 1, 11))
    assert torch.allclose(path.norm(dim=1), torch.full((11,), 3.0, dtype=torch.float64))
    cosines = torch.cosine_similarity(path[:-1], path[1:])
    assert torch.allclose(cosines, cosines[:1].expand(10))
    assert torch.allclose(path[0], a) and torch.allclose(path[-1], b)


def test_slerp_is_of_floats():
    with pytest.raises(TypeError, match="z0"):
        latent.slerp(torch.tensor([1, 0]), torch.tensor([0, 1]), 0.5)


def test_slerp_agrees_with_shoemakes_formula():
    a, b = (nn.functional.normalize(torch.randn(7, dtype=torch.float64), dim=0) for _ in range(2))
    angle = torch.arccos(a @ b)
    expected = (torch.sin(0.7 * angle) * a + torch.sin(0.3 * angle) * b) / torch.sin(angle)
    assert torch.allclose(latent.slerp(a, b, 0.3), expected)


def test_slerp_passes_from_one_length_to_the_other_linearly():
    path = latent.slerp(torch.tensor([2.0, 0.0]), torch.tensor([0.0, 6.0]), torch.tensor([0.0, 0.25, 1.0]))
    assert torch.allclose(path.norm(dim=1), torch.tensor([2.0, 3.0, 6.0]))


def test_slerp_takes_places_of_its_own_for_each_pair():
    a, b = torch.randn(2, 3, 6, generator=torch.Generator().manual_seed(0))
    t = torch.tensor([[0.1, 0.7], [0.5, 0.2], [0.9, 0.0]])
    path = latent.slerp(a, b, t)
    for i in range(3):
        assert torch.allclose(path[i], latent.slerp(a[i], b[i], t[i]))
    with pytest.raises(ValueError, match="a row for each of the 3 pairs"):
        latent.slerp(a, b, t[:2])


@pytest.mark.parametrize("scale", [1.0, 1 + 1e-9, 2.5])
def test_slerp_of_parallel_ends_is_straight(scale):
    a = torch.randn(5, dtype=torch.float64)
    t = torch.linspace(0, 1, 5, dtype=torch.float64)
    assert torch.allclose(latent.slerp(a, scale * a, t), (1 - t[:, None]) * a + t[:, None] * scale * a)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_slerp_of_opposite_ends_goes_round_and_never_through_zero(dtype):
    a = torch.randn(2, 6, dtype=dtype)
    path = latent.slerp(a, -a, torch.linspace(0, 1, 9))
    assert path.isfinite().all()
    assert torch.allclose(path.norm(dim=2), a.norm(dim=1)[:, None].expand(2, 9), atol=1e-5)
    assert torch.allclose((path[:, 4] * a).sum(1), torch.zeros(2, dtype=dtype), atol=1e-5)  # half-way: at right angles
    assert torch.allclose(path[:, -1], -a, atol=1e-5)


def test_slerp_from_zero_or_in_one_dimension_is_straight():
    assert torch.allclose(latent.slerp(torch.zeros(3), torch.ones(3), 0.5), torch.full((3,), 0.5))
    assert torch.allclose(latent.slerp(torch.tensor([-1.0]), torch.tensor([1.0]), 0.5), torch.zeros(1))


def test_drawing_does_not_move_the_running_statistics():
    net = conv_generator().train()
    before = net[2].running_mean.clone()
    latent.interpolate(net, torch.randn(6), torch.randn(6), 4)
    assert torch.equal(net[2].running_mean, before)


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"n": 2.5}, TypeError, "n must be a whole number"),
        ({"n": -1}, ValueError, "n must be 0 or more"),
        ({"latent_dim": 0}, ValueError, "latent_dim must be above 0"),
        ({"seed": 0.5}, TypeError, "seed must be a whole number"),
    ],
)
def test_latents_are_drawn_by_whole_numbers(wrong, error, message):
    with pytest.raises(error, match=message):
        latent.draw_latents(**{"n": 2, "latent_dim": 3, "seed": 0} | wrong)


def test_a_network_in_parts_is_what_it_is_at_once():
    network = nn.Bilinear(3, 2, 4)
    x, y = torch.rand(7, 3), torch.rand(7, 2)
    with torch.no_grad():
        torch.testing.assert_close(in_parts(network, [x, y], 3), network(x, y))
    grown = in_parts(lambda x, times: x * times, [x], 2, times=2)
    assert torch.equal(grown, 2 * x)
