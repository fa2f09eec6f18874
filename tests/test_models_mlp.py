import pytest
import torch

from gancourse.models import mlp


def test_shapes():
    generator = mlp.Generator(5, (1, 8, 8), hidden=(16, 32), norm="batch", out="tanh")
    images = generator(torch.randn(4, 5))
    assert images.shape == (4, 1, 8, 8)
    assert images.abs().max() <= 1
    assert mlp.Discriminator((1, 8, 8), hidden=(16,))(images).shape == (4,)
    points = mlp.Generator(2, 2, hidden=(16,))(torch.randn(4, 2))
    assert points.shape == (4, 2)
    assert mlp.Discriminator(2)(points).shape == (4,)


def test_no_hidden_layer_is_an_affine_map():
    generator = mlp.Generator(3, 2, hidden=())
    a, b = torch.randn(1, 3), torch.randn(1, 3)
    assert torch.allclose(generator((a + b) / 2), (generator(a) + generator(b)) / 2, atol=1e-6)


def test_the_autoencoder_passes_through_its_code():
    network = mlp.Autoencoder((1, 4, 4), code_dim=3, hidden=(16, 8))
    x = torch.randn(5, 1, 4, 4)
    code = network.layers[: network.encoder_layers](x.flatten(1))
    assert code.shape == (5, 3)
    assert torch.equal(network.layers[network.encoder_layers :](code).view(5, 1, 4, 4), network(x))
    assert [layer.out_features for layer in network.layers if hasattr(layer, "out_features")] == [16, 8, 3, 8, 16, 16]


def test_bad_input_names_the_fix():
    with pytest.raises(ValueError, match="did you mean 'relu'"):
        mlp.Generator(activation="rellu")
    with pytest.raises(ValueError, match="torch.randn"):
        mlp.Generator(3)(torch.randn(2, 4))
    with pytest.raises(ValueError, match=r"\[N, 2\]"):
        mlp.Discriminator(2)(torch.randn(2, 3))


def test_an_autoencoder_without_hidden_layers_is_affine_both_ways():
    network = mlp.Autoencoder(3, 2, hidden=()).double()
    x = torch.randn(5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    first, second = network.layers
    assert network.encoder_layers == 1
    torch.testing.assert_close(network(x), x @ first.weight.T @ second.weight.T + first.bias @ second.weight.T + second.bias)
