import pytest
import torch

from gancourse.models import voxels


def test_shapes_and_features():
    x = voxels.Generator(16, 6, 4)(torch.randn(2, 6))
    assert x.shape == (2, 1, 16, 16, 16) and x.abs().max() <= 1
    judge = voxels.Discriminator(16, 4)
    assert judge(x).shape == (2,)
    assert judge.train().features(x).shape == (2, 8 * (4 + 8)) and judge.training and not judge.features(x).requires_grad


def test_the_papers_generator_has_its_maps():
    network = voxels.Generator(64, 200, 64)
    widths = [layer.out_channels for layer in network.modules() if isinstance(layer, torch.nn.ConvTranspose3d)]
    assert widths == [512, 256, 128, 64, 1]


def test_bad_input_names_the_fix():
    with pytest.raises(ValueError, match=r"grids must be \[N, 1, 16, 16, 16\]"):
        voxels.Discriminator()(torch.randn(2, 16, 16, 16))
    with pytest.raises(ValueError, match="latents must be"):
        voxels.Generator()(torch.randn(2, 3))


def test_a_shape_from_a_picture_is_the_generator_of_the_codes_mean():
    torch.manual_seed(0)
    players = voxels.FromPicture(8, 3, 2, picture_size=16, encoder_width=2).eval()
    y = torch.rand(5, 1, 16, 16)
    code = players.encode(y)
    assert code.mean.shape == code.log_variance.shape == (5, 3)
    assert torch.equal(players.reconstruct(y), players.generator(code.mean)) and players(code.mean).shape == (5, 1, 8, 8, 8)
    with pytest.raises(ValueError, match="images must be"):
        players.encode(torch.rand(5, 1, 8, 8))
