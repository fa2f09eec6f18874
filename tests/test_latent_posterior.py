"""Posteriors on a grid against closed forms, the two gaps, and what is asked for wrongly."""

from __future__ import annotations

import pytest
import torch

from gancourse.latent.posterior import Gaps, GridPosterior, bound_at, gaps, refined_code
from gancourse.models.vae import VAE, Code, LinearGaussian


def linear_vae(seed: int = 1) -> tuple[VAE, LinearGaussian, torch.Tensor]:
    """A VAE whose decoder is linear: posterior and likelihood have closed forms."""
    torch.manual_seed(seed)
    model = VAE((4,), 2, hidden=(), likelihood="gaussian").double()
    with torch.no_grad():
        model.decoder.layers[0].weight.mul_(3)
        model.log_sigma.fill_(-0.5)
    layer = model.decoder.layers[0]
    linear = LinearGaussian(layer.weight.detach(), layer.bias.detach(), model.log_sigma.exp().item())
    return model, linear, linear.sample(5, seed=2)


def test_the_grid_has_the_likelihood_and_the_posterior_of_the_closed_form():
    model, linear, x = linear_vae()
    posterior = GridPosterior(model, x, points=150, reach=6.0)
    torch.testing.assert_close(posterior.log_prob, linear.log_prob(x), atol=1e-5, rtol=0)
    assert (posterior.log_mass.exp().sum((1, 2)) - 1).abs().max() < 1e-9
    mean, covariance = linear.posterior(x)
    found = posterior.moments()
    torch.testing.assert_close(found.mean, mean, atol=1e-4, rtol=0)
    torch.testing.assert_close(found.log_variance.exp(), covariance.diagonal().expand(5, 2), atol=1e-4, rtol=0)
    assert (posterior.peak() - mean).abs().max() < 12 / 150


def test_the_divergence_is_that_of_two_gaussians():
    model, linear, x = linear_vae()
    posterior = GridPosterior(model, x, points=150, reach=6.0)
    mean, covariance = linear.posterior(x)
    code = Code(mean + 0.2, torch.tensor([-1.0, -1.5], dtype=torch.float64).expand(5, 2))
    q = torch.distributions.MultivariateNormal(code.mean, torch.diag_embed(code.log_variance.exp()))
    right = torch.distributions.kl_divergence(q, torch.distributions.MultivariateNormal(mean, covariance))
    torch.testing.assert_close(posterior.divergence(code), right, atol=1e-4, rtol=0)
    gap = linear.log_prob(x) - bound_at(model, x, code, draws=20_000)
    torch.testing.assert_close(gap, right, atol=0.05, rtol=0)


def test_the_best_upright_gaussian_is_the_known_one():
    """For a Gaussian posterior with precision P it has the posterior's mean and the variances 1 / P_ii."""
    model, linear, x = linear_vae()
    mean, covariance = linear.posterior(x)
    best = GridPosterior(model, x, points=150, reach=6.0).best(model.encode(x))
    torch.testing.assert_close(best.mean, mean, atol=0.01, rtol=0)
    variance = 1 / torch.linalg.inv(covariance).diagonal()
    torch.testing.assert_close(best.log_variance.exp(), variance.expand(5, 2), atol=0.003, rtol=0.03)


def test_starts_descend_together_as_each_does_alone():
    """An image's best code is the lowest of its own three descents: which start another image keeps cannot matter."""
    torch.manual_seed(3)
    model, x = VAE((1, 4, 4), 2, hidden=(8,)), torch.rand(6, 1, 4, 4).round() * 2 - 1
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(4)  # posteriors that are bent, so that the starts end apart
        guess = model.encode(x)
    posterior = GridPosterior(model, x, points=80)
    both = posterior._divergences(Code(torch.stack([guess.mean, posterior.peak()]), guess.log_variance.expand(2, 6, 2)))
    torch.testing.assert_close(both[0], posterior.divergence(guess))
    torch.testing.assert_close(both[1], posterior.divergence(Code(posterior.peak(), guess.log_variance)))
    together = posterior.divergence(posterior.best(guess, steps=15))
    for at in range(6):
        one = GridPosterior(model, x[at : at + 1], points=80)
        alone = one.divergence(one.best(Code(*(part[at : at + 1] for part in guess)), steps=15))
        torch.testing.assert_close(together[at : at + 1], alone, atol=1e-4, rtol=1e-3)


def test_the_gaps_add_up_and_an_optimal_encoder_has_no_amortisation_gap():
    model, linear, x = linear_vae()
    posterior = GridPosterior(model, x, points=150, reach=6.0)
    best = posterior.best(model.encode(x))
    missed, least = (posterior.divergence(code).detach() for code in (model.encode(x), best))
    assert (least <= missed + 1e-9).all()
    split = gaps(missed, least)
    torch.testing.assert_close(split.total, missed)
    assert 0 < split.share < 1
    assert gaps(least, least).share == 0
    assert isinstance(split, Gaps)


def test_a_refined_code_closes_what_the_encoder_left():
    model, linear, x = linear_vae()
    code = Code(*(part.detach() for part in model.encode(x)))
    better = refined_code(model, x, code, steps=300, draws=32)
    posterior = GridPosterior(model, x, points=150, reach=6.0)
    before, after = posterior.divergence(code), posterior.divergence(better)
    least = posterior.divergence(posterior.best(code))
    assert (before - least).min() > 0.05
    assert (after - least).max() < 0.02
    assert torch.equal(refined_code(model, x, code, steps=5).mean, refined_code(model, x, code, steps=5).mean)


def test_the_bound_at_any_q_is_the_closed_form():
    model, linear, x = linear_vae()
    code = Code(linear.posterior(x)[0] + 0.1, torch.full((5, 2), -2.0).double())
    right = linear.elbo(x, code.mean, torch.diag(code.log_variance[0].exp()))
    torch.testing.assert_close(bound_at(model, x, code, draws=20_000), right, atol=0.05, rtol=0)


def test_what_is_asked_for_wrongly_names_the_fix():
    with pytest.raises(ValueError, match="refined_code"):
        GridPosterior(VAE((1, 4, 4), 3), torch.ones(2, 1, 4, 4))
    model, _, x = linear_vae()
    posterior = GridPosterior(model, x, points=20)
    with pytest.raises(ValueError, match="one for each"):
        posterior.divergence(Code(torch.zeros(2, 2).double(), torch.zeros(2, 2).double()))
    one = Code(torch.zeros(1, 2).double(), torch.zeros(1, 2).double())
    with pytest.raises(ValueError, match="one for each"):
        posterior.best(one)
    for refused in (bound_at, refined_code):
        with pytest.raises(ValueError, match="5 pictures came with 1 latents"):
            refused(model, x, one)
    with pytest.raises(ValueError, match=r"\[N\]"):
        gaps(torch.zeros(2, 1), torch.zeros(2))
