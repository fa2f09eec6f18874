"""Levels, bits per dimension, and the sums that likelihoods are made of."""

from __future__ import annotations

import math

import pytest
import torch

from gancourse.theory.likelihood import bits_per_dim, from_levels, gaussian_kl, level_index, log_mean_exp, quantise


@pytest.mark.parametrize("levels", [2, 3, 4, 5, 16, 17, 256])
def test_levels_survive_the_byte(levels):
    every_byte = torch.arange(256, dtype=torch.uint8)
    rounded = quantise(every_byte, levels)
    assert len(rounded.unique()) == levels and rounded.min() == 0 and rounded.max() == 255
    assert (rounded.int() - every_byte.int()).abs().max() <= 255 / (levels - 1) / 2 + 0.5
    assert torch.equal(quantise(rounded, levels), rounded)
    index = level_index(rounded.float() / 127.5 - 1, levels)
    assert torch.equal(index.unique(), torch.arange(levels)) and (index.diff() >= 0).all()
    torch.testing.assert_close(from_levels(index, levels), rounded.float() / 127.5 - 1, atol=1 / 255 + 1e-6, rtol=0)


@pytest.mark.parametrize("value", [0.0, 0.98, 1.5, -3.0, math.nan])
def test_values_between_two_levels_are_refused(value):
    with pytest.raises(ValueError, match=r"quantise\(images, 2\)"):
        level_index(torch.tensor([1.0, -1.0, value]), 2)


def test_wrong_types_name_the_fix():
    with pytest.raises(TypeError, match="to_uint8"):
        quantise(torch.zeros(3), 2)
    with pytest.raises(TypeError, match="to_float"):
        level_index(torch.zeros(3, dtype=torch.uint8), 2)
    for call, x in ((quantise, torch.zeros(3, dtype=torch.uint8)), (level_index, torch.zeros(3)), (from_levels, torch.zeros(3))):
        with pytest.raises(ValueError, match="levels must be 2 or more"):
            call(x, 1)
        with pytest.raises(ValueError, match="levels must be at most 256"):
            call(x, 257)
        with pytest.raises(TypeError, match="levels must be a whole number"):
            call(x, 2.5)


def test_bits_per_dim_of_the_uniform_model_is_the_entropy_of_a_pixel():
    assert bits_per_dim(64 * math.log(1 / 4), 64) == pytest.approx(2)
    with pytest.raises(ValueError, match="dims"):
        bits_per_dim(-1.0, 0)
    with pytest.raises(TypeError, match="dims must be a whole number"):
        bits_per_dim(-1.0, 2.5)


def test_gaussian_kl_against_torch_and_against_samples():
    generator = torch.Generator().manual_seed(0)
    mean, log_variance = torch.randn(2, 5, 3, generator=generator, dtype=torch.float64)
    q = torch.distributions.Normal(mean, (log_variance / 2).exp())
    p = torch.distributions.Normal(torch.zeros_like(mean), torch.ones_like(mean))
    torch.testing.assert_close(gaussian_kl(mean, log_variance), torch.distributions.kl_divergence(q, p).sum(1))
    z = mean + (log_variance / 2).exp() * torch.randn(200_000, 5, 3, generator=generator, dtype=torch.float64)
    terms = (q.log_prob(z) - p.log_prob(z)).sum(-1)
    error = (terms.mean(0) - gaussian_kl(mean, log_variance)).abs()
    assert (error < 5 * terms.std(0) / math.sqrt(len(z))).all()
    assert gaussian_kl(torch.zeros(1, 3), torch.zeros(1, 3)).item() == 0


def test_log_mean_exp_does_not_overflow():
    x = torch.tensor([[1000.0, -1000.0], [1001.0, -1001.0]])
    expected = torch.tensor([1000 + math.log((1 + math.e) / 2), -1000 + math.log((1 + math.exp(-1)) / 2)])
    torch.testing.assert_close(log_mean_exp(x), expected)
