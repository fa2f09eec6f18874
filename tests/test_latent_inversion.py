"""Inversion: the latent of a picture."""

import pytest
import torch

from gancourse.latent import inversion
from gancourse.models import mlp

SHAPE = (1, 4, 4)


def source(seed=0):
    return torch.Generator().manual_seed(seed)


def pictures(n=12, seed=3):
    return torch.rand(n, *SHAPE, generator=source(seed)) * 2 - 1


def test_inversion_finds_the_latent_of_a_linear_generator():
    torch.manual_seed(0)
    generator = mlp.Generator(4, SHAPE, hidden=())
    z = torch.randn(3, 4, generator=source())
    found = inversion.invert(generator, generator(z).detach(), steps=300, restarts=2, lr=0.2)
    assert torch.allclose(found.z, z, atol=0.02)
    assert found.error.max() < 1e-4
    assert found.history.shape == (300, 3)
    assert all(p.grad is None for p in generator.parameters())


@pytest.mark.parametrize("prior", [0.003, 1.0])
def test_a_prior_pulls_the_latent_of_a_linear_generator_to_where_the_closed_form_has_it(prior):
    """z* = (W'W / P + prior / D I)^-1 W'(x - b) / P, for D latent components and P pixels."""
    torch.manual_seed(0)
    generator = mlp.Generator(4, SHAPE, hidden=())
    layer, images = generator.layers[0], pictures(3)
    found = inversion.invert(generator, images, steps=300, restarts=1, lr=0.2, prior=prior)
    w, rest = layer.weight.detach(), images.flatten(1) - layer.bias.detach()
    exact = torch.linalg.solve(w.T @ w / 16 + prior / 4 * torch.eye(4), (rest @ w / 16).T).T
    torch.testing.assert_close(found.z, exact, atol=1e-2, rtol=1e-2)
    free = inversion.invert(generator, images, steps=300, restarts=1, lr=0.2)
    assert (found.z.norm(dim=1) < free.z.norm(dim=1)).all()


def test_each_image_keeps_its_own_best_start():
    torch.manual_seed(0)
    generator = mlp.Generator(3, SHAPE, hidden=(16,), norm="batch", out="tanh")
    images = pictures(5)
    found = inversion.invert(generator, images, steps=15, restarts=4)
    assert torch.equal(found.error, found.errors.amin(1))
    assert torch.allclose(inversion.reconstruction_error(found.images, images), found.error, atol=1e-6)
    assert (found.best_of(1) >= found.best_of(4)).all()
    assert generator.training


def test_an_image_is_inverted_alike_alone_and_in_company():
    """The bug: batch normalisation left in training mode, so that every reconstruction leans on its neighbours."""
    torch.manual_seed(0)
    generator = mlp.Generator(3, SHAPE, hidden=(16,), norm="batch", out="tanh")
    images, start = pictures(5), torch.randn(5, 3, generator=source())
    together = inversion.invert(generator, images, steps=20, restarts=1, start=start)
    alone = inversion.invert(generator, images[:1], steps=20, restarts=1, start=start[:1])
    assert torch.allclose(together.z[:1], alone.z, atol=1e-5)


def test_each_image_has_a_start_of_its_own():
    torch.manual_seed(0)
    generator = mlp.Generator(4, SHAPE, hidden=())
    with pytest.raises(ValueError, match="5 pictures came with 1 latents"):
        inversion.invert(generator, pictures(5), start=torch.zeros(1, 4), steps=2)


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"images": [1.0]}, TypeError, "images must be a torch"),
        ({"images": torch.zeros(2, *SHAPE, dtype=torch.uint8)}, TypeError, "to_float"),
        ({"images": 255 * torch.rand(2, *SHAPE)}, ValueError, "convert bytes with"),
        ({"images": torch.full((2, *SHAPE), torch.nan)}, ValueError, "images holds NaN"),
        ({"images": torch.full((2, 16), torch.inf)}, ValueError, "images holds NaN or infinity"),
        ({"start": [[0.0] * 4] * 5}, ValueError, "latents must be"),
        ({"lr": 0}, ValueError, "lr must be above 0"),
        ({"prior": -1.0}, ValueError, "prior must be 0 or more"),
        ({"steps": 2.5}, TypeError, "steps must be a whole number"),
        ({"restarts": 1.5}, TypeError, "restarts must be a whole number"),
        ({"restarts": 0}, ValueError, "restarts must be above 0"),
        ({"seed": 0.5}, TypeError, "seed must be a whole number"),
    ],
)
def test_bad_input_names_the_fix(wrong, error, message):
    torch.manual_seed(0)
    right = {"images": pictures(5), "steps": 1, "restarts": 1}
    with pytest.raises(error, match=message):
        inversion.invert(mlp.Generator(4, SHAPE, hidden=()), **right | wrong)
