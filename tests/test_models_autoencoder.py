import pytest
import torch

from gancourse.models import autoencoder


@pytest.mark.parametrize("size", autoencoder.SIZES)
def test_pictures_come_back_in_their_shape(size):
    x = torch.rand(2, 3, size, size) * 2 - 1
    assert autoencoder.Autoencoder(size, latent_dim=5, width=4)(x).shape == x.shape
    assert autoencoder.Generator(size, latent_dim=5, width=4)(torch.randn(2, 5)).shape == x.shape


def test_everything_passes_the_code():
    torch.manual_seed(0)
    network = autoencoder.Autoencoder(16, latent_dim=3, width=4)
    x = torch.rand(2, 3, 16, 16) * 2 - 1
    h = network.encoder(x)
    assert h.shape == (2, 3)
    assert torch.equal(network(x), network.decoder(h))
    jacobian = torch.autograd.functional.jacobian(lambda x: network(x[None]).flatten(), x[0]).flatten(1)
    assert torch.linalg.matrix_rank(jacobian, rtol=1e-4) == 3


def test_generator_is_the_decoder():
    generator, judge = autoencoder.Generator(32, 8, 4), autoencoder.Autoencoder(32, 8, 4)
    generator.decoder.load_state_dict(judge.decoder.state_dict())
    z = torch.randn(2, 8)
    assert torch.equal(generator(z), judge.decoder(z))


def test_bad_input_names_the_fix():
    with pytest.raises(ValueError, match="8, 16, 32, 64 px, not 48"):
        autoencoder.Generator(48)
    with pytest.raises(ValueError, match="32 x 32 pixels, not 16 x 16"):
        autoencoder.Autoencoder(32, 8, 4)(torch.zeros(1, 3, 16, 16))
