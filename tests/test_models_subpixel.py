"""The generator whose colours add up and whose last doubling is sub-pixel."""

import pytest
import torch
from torch import nn

from gancourse.models import convnet, subpixel


@pytest.mark.parametrize("size", [8, 16, 32])
def test_shapes_and_range(size):
    torch.manual_seed(0)
    images = subpixel.Generator(size, 5, width=4)(torch.randn(4, 5))
    assert images.shape == (4, 3, size, size) and 0 < images.std() < 0.5 and images.abs().max() <= 1
    assert subpixel.Discriminator is convnet.Discriminator


def test_nothing_with_weights_works_at_the_full_side():
    network, sides = subpixel.Generator(32, 5, width=4), []
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.BatchNorm2d):
            layer.register_forward_hook(lambda _, inputs, out: sides.append(out.shape[-1]))
    network(torch.randn(2, 5))
    assert set(sides) == {4, 8, 16}


def test_every_side_adds_its_colours():
    torch.manual_seed(0)
    network, z = subpixel.Generator(32, 5, width=4).eval(), torch.randn(2, 5)
    before = network(z)
    for layer in (*network.colours, network.last):
        kept = layer.bias.detach().clone()
        layer.bias.data += 0.1
        assert (network(z) - before).min() > 0, "a bias brightens every pixel"
        layer.bias.data.copy_(kept)


def test_a_block_of_pixels_is_laid_out_side_by_side():
    torch.manual_seed(0)
    network = subpixel.Generator(8, 5, width=4, channels=1).eval()
    z = torch.randn(1, 5)
    x = network.begin(network.first(z).unflatten(1, (-1, 4, 4)))
    four = torch.tanh(network.last(x))  # [1, 4, 4, 4]
    made = network(z)[0, 0]
    assert torch.allclose(made[0::2, 0::2], four[0, 0]) and torch.allclose(made[1::2, 0::2], four[0, 2])


def test_bad_input_names_the_fix():
    with pytest.raises(ValueError, match="power of two from 8 up, not 24"):
        subpixel.Generator(24)
