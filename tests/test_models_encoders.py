"""Encoders: a convolutional VAE, and the networks of a convolutional BiGAN."""

import math

import pytest
import torch
from torch import nn

from gancourse import data, zoo
from gancourse.latent.posterior import GridPosterior, bound_at, refined_code
from gancourse.models.encoders import ConvBidirectional, ConvVAE, Encoder, PairDiscriminator
from gancourse.models.vae import Code
from gancourse.theory.likelihood import gaussian_kl
from gancourse.viz import posterior_ellipses

SMALL = {"size": 8, "latent_dim": 3, "width": 4}


def source(seed=0):
    return torch.Generator().manual_seed(seed)


def pictures(n=6, seed=1):
    return torch.rand(n, 3, 8, 8, generator=source(seed)) * 2 - 1


def seeded(kind, **arguments):
    torch.manual_seed(0)
    return kind(**arguments)


def test_the_bound_of_the_convolutional_vae_is_that_of_its_gaussians():
    vae = seeded(ConvVAE, **SMALL).eval()
    with torch.no_grad():
        vae.log_sigma.fill_(-0.7)
    x = pictures()
    terms = vae.elbo_terms(x, generator=source())
    code = vae.encode(x)
    z = code.mean + (code.log_variance / 2).exp() * torch.randn(code.mean.shape, generator=source())
    pixels = torch.distributions.Normal(vae.decode(z), math.exp(-0.7))
    assert torch.allclose(terms.reconstruction, pixels.log_prob(x).flatten(1).sum(1), rtol=1e-5)
    assert torch.allclose(terms.kl, gaussian_kl(*code))
    assert torch.equal(vae.reconstruct(x), vae(code.mean))
    assert vae.importance_bound(x, k=2, generator=source()).shape == (6,)  # a leading axis of latents


def test_an_encoder_reads_each_picture_alone():
    encoder = seeded(Encoder, size=8, n_out=5, width=4)
    x = pictures()
    assert torch.allclose(encoder(x)[:1], encoder(x[:1]), atol=1e-6)
    assert encoder.out_shape == (5,) and encoder(x).shape == (6, 5)


def test_a_pair_discriminator_looks_at_the_pair():
    """The bug: the latent is dropped on the way, so that E never learns."""
    judge = seeded(PairDiscriminator, **SMALL)
    nn.init.normal_(judge.last.weight)
    x, z = pictures(), torch.randn(6, 3, generator=source())
    assert judge(x, z).shape == (6,)
    assert (judge(x, z) - judge(x, z.flip(0))).abs().max() > 1e-3
    assert (judge(x, z) - judge(x.flip(0), z)).abs().max() > 1e-3
    with pytest.raises(ValueError, match="6 pictures came with 5 latents"):
        judge(x, z[:5])
    with pytest.raises(TypeError, match="to_float"):
        judge(data.to_uint8(x), z)


@pytest.mark.parametrize("kind", [ConvVAE, ConvBidirectional])
def test_a_saved_network_keeps_both_ways(kind, tmp_path):
    model = seeded(kind, **SMALL).eval()
    zoo.save(tmp_path / "both.safetensors", model, zoo.fill_card(model, SMALL), dtype=None)
    back = zoo.load(tmp_path / "both.safetensors")
    assert torch.equal(back.model.reconstruct(pictures()), model.reconstruct(pictures()))
    assert back.sample(2).shape == (2, 3, 8, 8)


DRAWS = {
    "sample": lambda vae, x: vae.sample(4, seed=0),
    "fill": lambda vae, x: vae.fill(x, torch.ones(vae.shape).bool(), steps=2),
    "fill, corrected": lambda vae, x: vae.fill(x, torch.zeros(vae.shape).bool(), steps=2, corrected=True),
    "quadrature": lambda vae, x: vae.quadrature(x, points=5),
    "GridPosterior": lambda vae, x: GridPosterior(vae, x, points=5).log_prob,
    "refined_code": lambda vae, x: refined_code(vae, x, Code(torch.zeros(6, 2), torch.zeros(6, 2)), steps=2, draws=3).mean,
    "bound_at": lambda vae, x: bound_at(vae, x, Code(torch.zeros(6, 2), torch.zeros(6, 2)), draws=3),
    "posterior_ellipses": lambda vae, x: posterior_ellipses(vae, x, {"fake": Code(torch.zeros(6, 2), torch.zeros(6, 2))}) and x,
}


@pytest.mark.parametrize("name", DRAWS)
def test_a_model_in_training_answers_as_in_evaluation_mode_and_is_left_as_it_was(name):
    vae, x = seeded(ConvVAE, **SMALL | {"latent_dim": 2}), pictures()
    for _ in range(3):
        vae.decode(torch.randn(8, 2, generator=source()))  # statistics that differ from those of a batch
    before = {key: value.clone() for key, value in vae.state_dict().items()}
    found = DRAWS[name](vae.train(), x)
    assert all(torch.equal(before[key], value) for key, value in vae.state_dict().items())
    assert all(part.training for part in vae.modules()) and all(p.grad is None for p in vae.parameters())
    assert torch.equal(found, DRAWS[name](vae.eval(), x)) and not found.requires_grad
