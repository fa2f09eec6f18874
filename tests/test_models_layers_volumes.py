import pytest
import torch
from torch import nn

from gancourse.models.layers import volumes


@pytest.mark.parametrize(
    ("size", "first", "shape"), [(16, (2, 4, 4), (4, 8, 8)), (32, (4, 4, 4), (16, 16, 16)), (16, (4, 4), (8, 8))]
)
def test_a_stream_rises_to_half_the_size(size, first, shape):
    stream = volumes.rising(5, size, 3, first)
    assert stream(torch.randn(2, 5, *[1] * len(first))).shape == (2, 3, *shape)
    assert volumes.last(3, 2, len(first))(torch.randn(2, 3, *shape)).shape == (2, 2, *[2 * side for side in shape])


def test_blocks_fall_to_four_and_the_first_has_no_normalisation():
    blocks = volumes.falling(32, 2, 3, norm=True)
    x = torch.randn(2, 3, 16, 32, 32)
    for block in blocks:
        x = block(x)
    assert x.shape == (2, 8, 2, 4, 4)
    counts = [sum(isinstance(layer, nn.BatchNorm3d) for layer in block) for block in blocks]
    assert counts == [0, 1, 1]
    assert not any(isinstance(layer, nn.BatchNorm3d) for layer in volumes.falling(32, 2, 3, norm=False).modules())


def test_a_judge_without_normalisation_judges_one_by_one():
    torch.manual_seed(0)
    alone = volumes.Judge((8, 16, 16), 4, 1, False, "clips")
    x = torch.randn(5, 1, 8, 16, 16)
    assert torch.allclose(alone(x)[:2], alone(x[:2]), atol=1e-6)
    assert [list(one.shape[1:]) for one in alone.maps(x)] == [[4, 4, 8, 8], [8, 2, 4, 4]]
    together = volumes.Judge((8, 16, 16), 4, 1, True, "clips")
    assert not torch.allclose(together(x)[:2], together(x[:2]), atol=1e-6)


def test_weights_begin_small():
    torch.manual_seed(0)
    layer = volumes.init_small(nn.ConvTranspose3d(32, 32, 4))
    assert abs(layer.weight.std().item() - 0.02) < 1e-3 and (layer.bias == 0).all()


def test_sizes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="size must be a power of two from 8"):
        volumes.checked(12, 4, 1)
    with pytest.raises(ValueError, match="width must be above 0"):
        volumes.checked(16, 0, 1)
