import pytest
import torch

from gancourse.models import convnet


@pytest.mark.parametrize("size", [8, 16, 32])
def test_shapes_and_range(size):
    torch.manual_seed(0)
    images = convnet.Generator(size, 5, width=4, max_width=16)(torch.randn(4, 5))
    assert images.shape == (4, 3, size, size) and images.abs().max() <= 1
    assert convnet.Discriminator(size, width=4, max_width=16)(images).shape == (4,)


def test_widths_double_as_sides_halve_up_to_the_largest():
    layers, n = convnet.halving(32, 6, max_width=20)
    assert [layer.out_channels for layer in layers[::2]] == [12, 20, 20] and n == 20
    assert layers(torch.zeros(1, 3, 32, 32)).shape == (1, 20, 4, 4)


def test_spread_alone_looks_at_the_others():
    torch.manual_seed(0)
    x = torch.rand(4, 3, 8, 8) * 2 - 1
    for spread in (True, False):
        judge = convnet.Discriminator(8, width=4, max_width=16, spread=spread)
        assert torch.allclose(judge(x)[:1], judge(x[:1]), atol=1e-6) is not spread


def test_they_begin_near_grey_and_undecided():
    torch.manual_seed(0)
    images = convnet.Generator(16, 8, width=8)(torch.randn(64, 8))
    assert images.std() < 0.5
    assert convnet.Discriminator(16, width=8)(images).abs().max() < 1


def test_bad_input_names_the_fix():
    for make in (convnet.Generator, convnet.Discriminator):
        with pytest.raises(ValueError, match="power of two from 8 up, not 24"):
            make(24)
