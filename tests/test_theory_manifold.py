import pytest
import torch

from gancourse.models import convnet, dcgan, mlp, stylegan2
from gancourse.theory import manifold


def latents(n, dim):
    return torch.randn(n, dim, generator=torch.Generator().manual_seed(0))


def test_jacobian_of_a_linear_map_is_its_matrix():
    torch.manual_seed(0)
    generator = mlp.Generator(3, (5,), hidden=())
    weight = generator.layers[0].weight.double()
    j = manifold.jacobian(generator, latents(4, 3))
    assert j.dtype == torch.float64
    assert torch.allclose(j, weight.expand(4, 5, 3))
    assert torch.allclose(manifold.singular_values(generator, latents(1, 3))[0], torch.linalg.svdvals(weight))


def test_jacobian_by_finite_differences():
    torch.manual_seed(0)
    generator = convnet.Generator(16, latent_dim=3, width=4, max_width=8)
    z = latents(2, 3).double()
    j = manifold.jacobian(generator, z)
    generator.double().eval()
    step = torch.zeros(2, 3, dtype=torch.float64)
    step[:, 1] = 1e-6
    difference = (generator(z + step) - generator(z - step)).flatten(1) / 2e-6
    assert torch.allclose(j[:, :, 1], difference, atol=1e-6)


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "tanh"])
@pytest.mark.parametrize("dim", [1, 2, 7])
def test_rank_is_at_most_the_latent_dimension(activation, dim):
    """Lemma 1, and for wide layers with no dead units nearly always equality."""
    torch.manual_seed(0)
    generator = mlp.Generator(dim, (1, 6, 6), hidden=(32, 64), activation=activation)
    rank = manifold.jacobian_rank(generator, latents(20, dim))
    assert rank.max().item() == dim


def test_a_narrow_layer_lowers_it():
    torch.manual_seed(0)
    generator = mlp.Generator(10, (40,), hidden=(32, 3, 32), activation="tanh")
    assert manifold.jacobian_rank(generator, latents(5, 10)).tolist() == [3] * 5


def test_the_generator_is_left_as_it_is():
    torch.manual_seed(0)
    generator = dcgan.Generator(16, latent_dim=4, width=4)
    before = {name: value.clone() for name, value in generator.state_dict().items()}
    manifold.jacobian_rank(generator, latents(3, 4))
    assert generator.training
    for name, value in generator.state_dict().items():
        assert torch.equal(before[name], value)
        assert value.dtype == before[name].dtype


def test_bad_input_names_the_fix():
    with pytest.raises(ValueError, match=r"\[N, 4\]"):
        manifold.jacobian(mlp.Generator(4, 2), torch.zeros(3, 5))


def test_a_jacobian_is_the_same_without_gradients():
    torch.manual_seed(0)
    generator, z = mlp.Generator(4, 2), torch.randn(3, 4)
    with torch.no_grad():
        found = manifold.jacobian(generator, z)
    assert torch.equal(found, manifold.jacobian(generator, z)) and not found.requires_grad


def test_the_jacobian_of_a_style_generator_is_that_of_differences():
    torch.manual_seed(0)
    generator = stylegan2.Generator(8, 3, w_dim=4, channels=1, channel_base=32, channel_max=4, mapping_layers=1).double().eval()
    z, step = torch.randn(1, 3, dtype=torch.float64), 1e-5
    with torch.no_grad():
        sides = [generator(z + sign * step * torch.eye(3, dtype=torch.float64)).flatten(1) for sign in (1, -1)]
    torch.testing.assert_close(
        manifold.jacobian(generator.float(), z)[0], (sides[0] - sides[1]).T / (2 * step), atol=1e-5, rtol=1e-4
    )
