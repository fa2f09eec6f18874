import base64
import io

import pytest
import torch
from PIL import Image
from torch import nn

from gancourse.classroom import widgets
from gancourse.classroom.widgets.base import VIEW


class Scaled(nn.Module):
    def __init__(self, factor):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(factor))

    def forward(self, x):
        assert not self.training and not torch.is_grad_enabled() and torch.get_num_threads() == 1
        return self.factor * x


def pictures(n=4, channels=3, size=8, seed=0):
    return torch.rand(n, channels, size, size, generator=torch.Generator().manual_seed(seed)) * 0.5


def chooser(**options):
    return widgets.translator(Scaled(0.5).train(), Scaled(2.0).train(), pictures(), pictures(seed=1), ("day", "night"), **options)


def test_each_row_is_given_translated_and_back():
    one = chooser()
    a, b = pictures()[2], pictures(seed=1)[2]
    tiles = one.tiles(2)
    for tile, expected in zip(tiles, (a, a / 2, a, b, (2 * b).clamp(-1, 1), b), strict=True):
        assert torch.allclose(tile, expected, atol=1e-6)
    assert all(network.training for network in one.networks)


def test_noise_goes_between_and_the_way_back_feels_it():
    one = chooser()
    clean, noisy = one.tiles(0), one.tiles(0, 0.05)
    assert torch.equal(clean[0], noisy[0])
    assert 0.035 < (noisy[1] - clean[1]).std() < 0.065
    assert torch.allclose(noisy[2] - clean[2], 2 * (noisy[1] - clean[1]), atol=1e-5)  # not clamped here: |values| < 1
    assert torch.equal(noisy, one.tiles(0, 0.05))


def test_sliders_change_the_picture():
    one = chooser()
    first = one.image.value
    one.choice.value = 3
    second = one.image.value
    assert first != second
    one.strength.value = 0.1
    assert one.image.value != second
    one.strength.value, one.choice.value = 0.0, 0
    assert one.image.value == first


def test_a_notebook_without_a_front_end_gets_the_picture():
    bundle = chooser(most=2)._repr_mimebundle_()
    assert VIEW in bundle and bundle["text/plain"] == "translator: 4 pictures, day to night and back"
    assert 300 < Image.open(io.BytesIO(base64.b64decode(bundle["image/png"]))).width <= 900


def test_grey_pictures_and_functions_are_welcome():
    grey = pictures(channels=1)
    one = widgets.translator(lambda x: -x, lambda x: -x, grey, grey)
    assert one.tiles(1).shape == (6, 3, 8, 8)


def test_a_move_costs_four_passes_of_one_picture():
    passed = []

    def network(x):
        passed.append(len(x))
        return x

    one = widgets.translator(network, network, pictures(3), pictures(3))
    passed.clear()
    one.choice.value = 1
    assert passed == [1, 1, 1, 1]
    one.strength.value = one.noise / 2
    assert passed == [1] * 8


def test_letters_are_shown_as_they_are_drawn():
    one = chooser()
    assert one.image.layout.width == f"{one.picture().width}px"  # no scaling, which would blur them


def test_bad_pictures_name_the_fix():
    with pytest.raises(ValueError, match=r"floats \[N, C, H, W\]"):
        widgets.translator(Scaled(1.0), Scaled(1.0), torch.zeros(2, 3, 8, 8, dtype=torch.uint8), pictures(2))
    with pytest.raises(ValueError, match="as many"):
        widgets.translator(Scaled(1.0), Scaled(1.0), pictures(2), pictures(3))
