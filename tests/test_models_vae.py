"""The VAE: bounds against exact likelihoods, closed forms against samples, gradients, and messages."""

from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import MultivariateNormal, kl_divergence

from gancourse.models.vae import VAE, Code, Decoder, LinearGaussian, latent_grid, reparameterise
from gancourse.theory.likelihood import gaussian_kl
from gancourse.training.likelihood import fit_likelihood


def binary_images(n: int = 6, size: int = 3, seed: int = 0) -> torch.Tensor:
    return 2 * torch.bernoulli(torch.full((n, 1, size, size), 0.4), generator=torch.Generator().manual_seed(seed)).double() - 1


def small_vae(likelihood: str = "bernoulli", shape=(1, 3, 3), latent_dim: int = 2, seed: int = 0) -> VAE:
    torch.manual_seed(seed)
    vae = VAE(shape, latent_dim, hidden=(8,), likelihood=likelihood).double()
    with torch.no_grad():
        for p in vae.decoder.parameters():
            p.mul_(3)
        if vae.log_sigma is not None:
            vae.log_sigma.fill_(-0.7)
    return vae


def linear_model(seed: int = 0) -> tuple[LinearGaussian, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    model = LinearGaussian(torch.randn(5, 2, generator=generator), torch.randn(5, generator=generator), 0.6)
    return model, model.sample(7, seed=1)


def noise(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# ------------------------------------------------------------------------------------------------- linear-Gaussian model


def test_linear_model_obeys_bayes():
    """log p(x|z) + log p(z) - log p(z|x) = log p(x) for every z."""
    model, x = linear_model()
    mean, covariance = model.posterior(x)
    for z in (torch.zeros_like(mean), mean, mean + 1.3):
        prior = MultivariateNormal(torch.zeros(2).double(), torch.eye(2).double()).log_prob(z)
        right = model.log_likelihood(x, z) + prior - MultivariateNormal(mean, covariance).log_prob(z)
        torch.testing.assert_close(right, model.log_prob(x))


def test_the_gap_of_the_bound_is_the_divergence_from_the_posterior():
    model, x = linear_model()
    mean, covariance = model.posterior(x)
    torch.testing.assert_close(model.elbo(x, mean, covariance), model.log_prob(x))
    q_mean, q_covariance = mean + 0.2, torch.diag(torch.tensor([0.3, 0.1])).double()
    gap = model.log_prob(x) - model.elbo(x, q_mean, q_covariance)
    divergence = kl_divergence(MultivariateNormal(q_mean, q_covariance), MultivariateNormal(mean, covariance))
    torch.testing.assert_close(gap, divergence)
    assert (gap > 0.01).all()


def test_importance_bound_is_exact_with_the_posterior_and_grows_with_k():
    model, x = linear_model()
    mean, covariance = model.posterior(x)
    torch.testing.assert_close(model.importance_bound(x, mean, covariance, k=1), model.log_prob(x))
    many = x.repeat(400, 1)
    q = torch.zeros(len(many), 2), 0.5 * torch.eye(2)
    bounds = [model.importance_bound(many, *q, k=k, seed=k).mean().item() for k in (1, 4, 32)]
    exact = model.log_prob(x).mean().item()
    assert bounds[0] < bounds[1] < bounds[2] < exact
    assert bounds[0] == pytest.approx(model.elbo(x, q[0][:7], q[1]).mean().item(), rel=0.05)


def test_linear_fit_is_the_maximum_of_the_likelihood():
    _, x = linear_model()
    x = LinearGaussian(torch.randn(5, 2, generator=noise(3)), torch.zeros(5), 0.5).sample(300, seed=4)
    fitted = LinearGaussian.fit(x, 2)
    best = fitted.log_prob(x).mean()
    weight = fitted.weight.clone().requires_grad_()
    sigma = torch.tensor(fitted.sigma, dtype=torch.float64, requires_grad=True)
    covariance = weight @ weight.T + sigma**2 * torch.eye(5).double()
    loss = MultivariateNormal(fitted.mean, covariance).log_prob(x).mean()
    torch.testing.assert_close(loss, best)
    for gradient in torch.autograd.grad(loss, (weight, sigma)):
        assert gradient.abs().max() < 1e-8


def test_linear_samples_have_the_covariance_of_the_model():
    model, _ = linear_model()
    x = model.sample(100_000, seed=2)
    target = model.weight @ model.weight.T + model.sigma**2 * torch.eye(5).double()
    torch.testing.assert_close(torch.cov(x.T), target, atol=0.1, rtol=0.03)
    torch.testing.assert_close(x.mean(0), model.mean, atol=0.03, rtol=0)


def test_a_linear_vae_trained_by_gradient_reaches_the_closed_form():
    """Its bound becomes tight: a diagonal q suffices, for W is free up to a rotation (Lucas et al. 2019)."""
    x = LinearGaussian(torch.randn(4, 1, generator=noise(3)), torch.zeros(4), 0.5).sample(2000, seed=4).float()
    torch.manual_seed(0)
    vae = VAE((4,), 1, hidden=(), likelihood="gaussian")

    def batches():
        generator = noise()
        while True:
            yield x[torch.randint(len(x), (256,), generator=generator)]

    fit_likelihood(vae, batches(), 1500, lr=0.02, clip=None)
    exact = LinearGaussian.fit(x, 1).log_prob(x).mean().item()
    with torch.no_grad():
        elbo = torch.stack([vae.elbo(x, noise(i)).mean() for i in range(20)]).mean().item()
    assert elbo == pytest.approx(exact, abs=0.02)
    assert elbo < exact + 0.005


# ------------------------------------------------------------------------------------------------------------------ VAE


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_decoder_likelihood_against_torch_distributions(likelihood):
    vae, x = small_vae(likelihood), binary_images()
    z = torch.randn(6, 2, generator=noise(), dtype=torch.float64)
    out = vae.decoder.outputs(z)
    if likelihood == "bernoulli":
        expected = torch.distributions.Bernoulli(logits=out).log_prob((x.flatten(1) + 1) / 2).sum(1)
        torch.testing.assert_close(vae.decode(z).flatten(1), 2 * torch.sigmoid(out) - 1)
    else:
        expected = torch.distributions.Normal(out, vae.log_sigma.exp()).log_prob(x.flatten(1)).sum(1)
        torch.testing.assert_close(vae.decode(z).flatten(1), out)
    torch.testing.assert_close(vae.log_likelihood(x, z), expected)
    prior = torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(1)
    torch.testing.assert_close(vae.log_joint_table(x, z).diagonal(), expected + prior)
    shared = vae.log_likelihood(x, z[:, None])  # six codes, the same for all images
    torch.testing.assert_close(shared.diagonal(), expected)
    torch.testing.assert_close(vae.log_likelihood(x[:1], z), shared[:, 0])  # six codes of one image
    torch.testing.assert_close(vae.log_likelihood(x[:1], z.view(2, 3, 2)), shared[:, 0].view(2, 3))
    for wrong in (z[:1], z[:5], z[None, :5], z[0], torch.zeros(6, 3).double()):
        with pytest.raises(ValueError, match="a code for each of what it is asked of"):
            vae.log_likelihood(x, wrong)


def test_a_code_of_the_linear_model_is_that_of_its_point():
    linear = LinearGaussian(torch.eye(3, 2), torch.zeros(3), 0.5)
    x, z = torch.randn(4, 3, generator=noise()), torch.randn(4, 2, generator=noise())
    torch.testing.assert_close(linear.log_likelihood(x, z[:, None]).diagonal(), linear.log_likelihood(x, z))
    torch.testing.assert_close(linear.log_likelihood(x[:1], z), linear.log_likelihood(x, z[:, None])[:, 0])
    for refused in (linear.log_likelihood, lambda x, z: linear.elbo(x, z, torch.eye(2))):
        with pytest.raises(ValueError, match=r"z must be \[4, 2\] or"):
            refused(x, z[:1])


def test_quadrature_sums_to_one_over_all_images_and_does_not_depend_on_the_grid():
    vae = small_vae()
    bits = ((torch.arange(512)[:, None] >> torch.arange(9)) & 1).double() * 2 - 1
    log_p = vae.quadrature(bits.reshape(512, 1, 3, 3), points=100)
    assert log_p.exp().sum().item() == pytest.approx(1, abs=1e-5)
    torch.testing.assert_close(vae.quadrature(bits.reshape(512, 1, 3, 3), points=200, reach=6), log_p, atol=1e-4, rtol=0)


@pytest.mark.parametrize("latent_dim", [1, 2])
def test_quadrature_is_exact_on_a_linear_gaussian_vae(latent_dim):
    torch.manual_seed(1)
    vae = VAE((4,), latent_dim, hidden=(), likelihood="gaussian").double()
    linear = LinearGaussian(vae.decoder.layers[0].weight.detach(), vae.decoder.layers[0].bias.detach(), 1.0)
    x = torch.randn(5, 4, generator=noise(), dtype=torch.float64)
    torch.testing.assert_close(vae.quadrature(x, points=150, reach=7), linear.log_prob(x), atol=1e-5, rtol=0)


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_elbo_is_below_and_the_gap_is_the_divergence_from_the_true_posterior(likelihood):
    vae, x = small_vae(likelihood), binary_images()
    exact = vae.quadrature(x, points=300)
    z, log_volume = latent_grid(2, 300)
    z = z.double()
    with torch.no_grad():
        code = vae.encode(x)
        log_posterior = vae.log_joint_table(x, z) - exact[:, None]  # [N, G]
        log_q = torch.distributions.Normal(code.mean[:, None], (code.log_variance / 2).exp()[:, None]).log_prob(z).sum(-1)
        gap = (log_q.exp() * (log_q - log_posterior)).sum(1) * math.exp(log_volume)
        draws = torch.stack([vae.elbo(x, noise(i)) for i in range(2000)])
    error = 5 * draws.std(0) / math.sqrt(len(draws))
    assert ((draws.mean(0) - (exact - gap)).abs() < error + 1e-4).all()
    assert (gap > 10 * error).any()


def test_importance_bound_starts_at_the_elbo_and_ends_at_the_likelihood():
    vae, x = small_vae(), binary_images()
    with torch.no_grad():
        for p in vae.encoder.parameters():
            p.mul_(0.3)  # q near the prior, wider than the posterior, so that its weights have a finite variance
        one = torch.stack([vae.importance_bound(x, 1, noise(i)) for i in range(2000)])
        elbo = torch.stack([vae.elbo(x, noise(10_000 + i)) for i in range(2000)])
        many = vae.importance_bound(x, 20_000, noise())
    error = 5 * (one.std(0) + elbo.std(0)) / math.sqrt(2000)
    assert ((one.mean(0) - elbo.mean(0)).abs() < error).all()
    exact = vae.quadrature(x)
    torch.testing.assert_close(many, exact, atol=0.05, rtol=0)
    assert (exact - elbo.mean(0) > 0.02).any()


def test_terms_add_up_and_the_kl_is_the_closed_form():
    vae, x = small_vae(), binary_images()
    terms = vae.elbo_terms(x, noise(4))
    torch.testing.assert_close(terms.elbo, vae.elbo(x, noise(4)))
    torch.testing.assert_close(terms.kl, gaussian_kl(*vae.encode(x)))
    assert terms.reconstruction.shape == terms.kl.shape == (6,)


def test_reparameterised_draws_have_the_law_and_the_gradient_of_q():
    code = Code(torch.tensor([[1.5, -0.5]]).requires_grad_(), torch.tensor([[0.4, -1.0]]).requires_grad_())
    z = reparameterise(Code(*(c.expand(200_000, 2) for c in code)), torch.randn(200_000, 2, generator=noise()))
    torch.testing.assert_close(z.mean(0), code.mean[0], atol=0.02, rtol=0)
    torch.testing.assert_close(z.var(0), code.log_variance[0].exp(), atol=0.02, rtol=0)
    # E[z^2] = mean^2 + variance: derivatives 2 mean and variance.
    gradients = torch.autograd.grad(z.square().sum(1).mean(), code)
    torch.testing.assert_close(gradients[0], 2 * code.mean, atol=0.02, rtol=0)
    torch.testing.assert_close(gradients[1], code.log_variance.exp(), atol=0.02, rtol=0)


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_samples_in_one_pass_mean_and_drawn(likelihood):
    vae, passes = small_vae(likelihood), []
    vae.decoder.layers.register_forward_hook(lambda *_: passes.append(1))
    mean, drawn = vae.sample(4000, 3), vae.sample(4000, 3, pixels="drawn")
    assert len(passes) == 2 and mean.shape == drawn.shape == (4000, 1, 3, 3)
    assert torch.equal(vae.sample(4000, 3), mean)
    torch.testing.assert_close(drawn.mean(0), mean.mean(0), atol=0.06, rtol=0)
    if likelihood == "bernoulli":
        assert set(drawn.unique().tolist()) == {-1.0, 1.0} and mean.abs().max() < 1
    else:
        assert (drawn - mean).std().item() == pytest.approx(math.exp(-0.7), rel=0.03)


def lower_given_upper(vae: VAE) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """An image of 3 x 3, which pixels of it are known, and p(the others | those) of their 8 settings, by enumeration."""
    x = binary_images(1)
    known = torch.ones(1, 3, 3, dtype=torch.bool)
    known[:, 2] = False
    settings = 2 * ((torch.arange(8)[:, None] >> torch.arange(3)) & 1).double() - 1
    every = x.repeat(8, 1, 1, 1)
    every[:, 0, 2] = settings
    return x, known, vae.quadrature(every, points=150).softmax(0)


def test_a_corrected_chain_draws_from_the_conditional_distribution_and_the_plain_one_need_not():
    vae = small_vae()
    with torch.no_grad():
        for p in vae.encoder.parameters():
            p.mul_(0.5)  # not the posterior, but wide enough to propose all of it
        vae.encoder[-1].bias[:2] += 0.7
    x, known, right = lower_given_upper(vae)
    n, found = 20_000, {}
    for corrected in (False, True):
        filled = vae.fill(x.repeat(n, 1, 1, 1), known, steps=25, seed=1, corrected=corrected)
        assert torch.equal(filled[:, known], x[0][known].expand(n, -1))
        index = ((filled[:, 0, 2] > 0).long() * torch.tensor([1, 2, 4])).sum(1)
        shares = torch.bincount(index, minlength=8) / n
        found[corrected] = (shares - right).abs().sum().item() / 2
    assert found[True] < 0.02 < 0.04 < found[False]


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_filling_keeps_what_is_known_and_repeats_itself(likelihood):
    vae, x = small_vae(likelihood), binary_images()
    known = torch.zeros(1, 3, 3, dtype=torch.bool)
    known[:, 0] = True
    filled = vae.fill(x, known, steps=3, seed=2, corrected=True)
    assert torch.equal(filled[:, :, 0], x[:, :, 0]) and not torch.equal(filled, x)
    assert torch.equal(filled, vae.fill(x, known, steps=3, seed=2, corrected=True))
    assert torch.equal(vae.fill(x, torch.ones_like(known), steps=2), x)
    assert vae.fill(x, known, steps=0).shape == x.shape


@pytest.mark.parametrize("known", [torch.ones(1, 3, 3), torch.ones(3, 3, dtype=torch.bool), True])
def test_a_mask_that_is_none_names_the_fix(known):
    with pytest.raises(ValueError, match="True where a pixel is given"):
        small_vae().fill(binary_images(), known)


def test_the_decoder_is_a_generator():
    vae = VAE((1, 4, 4), 3)
    assert vae.decoder.latent_dim == 3
    z = torch.randn(5, 3)
    assert torch.equal(vae.decoder(z), vae.decode(z)) and vae.decode(z).shape == (5, 1, 4, 4)
    assert isinstance(vae.decoder, Decoder)


def test_latent_grid_integrates_the_prior():
    for dim in (1, 2):
        z, log_volume = latent_grid(dim, 100)
        assert z.shape == (100**dim, dim)
        density = (-(z.double().square() + math.log(2 * math.pi)).sum(1) / 2).exp()
        assert density.sum().item() * math.exp(log_volume) == pytest.approx(1, abs=1e-5)


def test_bad_input_names_the_fix():
    vae = VAE((1, 3, 3), 2, hidden=(8,))
    with pytest.raises(ValueError, match="quantise"):
        vae.elbo(torch.zeros(2, 1, 3, 3), noise())
    with pytest.raises(ValueError, match=r"\[N, 1, 3, 3\]"):
        vae.encode(torch.ones(2, 1, 4, 4))
    with pytest.raises(ValueError, match="generator=torch.Generator"):
        vae.elbo(torch.ones(2, 1, 3, 3))
    with pytest.raises(ValueError, match=r"\[N, 2\]"):
        vae.decode(torch.zeros(2, 3))
    with pytest.raises(ValueError, match="did you mean 'bernoulli'"):
        VAE(likelihood="bernouli")
    with pytest.raises(ValueError, match="did you mean 'drawn'"):
        vae.sample(1, pixels="draw")
    with pytest.raises(ValueError, match="at least 1"):
        vae.importance_bound(torch.ones(2, 1, 3, 3), 0, noise())
    with pytest.raises(ValueError, match="importance_bound"):
        VAE((1, 3, 3), 3).quadrature(torch.ones(2, 1, 3, 3))
    with pytest.raises(ValueError, match=r"\[D, d\]"):
        LinearGaussian(torch.ones(3), torch.ones(3), 1.0)
    with pytest.raises(ValueError, match="sigma"):
        LinearGaussian(torch.ones(3, 1), torch.ones(3), 0.0)
    with pytest.raises(ValueError, match="above latent_dim"):
        LinearGaussian.fit(torch.ones(10, 2), 2)
    with pytest.raises(ValueError, match="fewer dimensions"):
        LinearGaussian.fit(torch.arange(10.0)[:, None] * torch.ones(3), 1)
