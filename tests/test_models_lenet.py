"""The features of a small network for digits."""

import pytest
import torch

from gancourse.models import lenet


@pytest.mark.parametrize(("size", "side"), [(28, 4), (32, 5), (16, 1)])
def test_shapes(size, side):
    network = lenet.Features(size, 3, 4)
    assert network.out_shape == (8 * side**2,)
    assert network(torch.zeros(2, 3, size, size)).shape == (2, *network.out_shape)


def test_parameters_are_those_of_two_convolutions():
    assert sum(p.numel() for p in lenet.Features(28, 3, 16).parameters()) == (75 + 1) * 16 + (16 * 25 + 1) * 32


def test_it_refuses_other_pictures():
    with pytest.raises(ValueError, match="28"):
        lenet.Features(28, 3, 4)(torch.zeros(1, 3, 32, 32))
    with pytest.raises(ValueError, match="size must be 16 or more"):
        lenet.Features(8)
