import base64
import io

import pytest
import torch
from PIL import Image
from torch import nn

from gancourse.classroom import widgets
from gancourse.classroom.widgets.base import VIEW

NAMES = {"hair": ("black", "red", "blue"), "smile": ("no", "yes")}


class Asked(nn.Module):
    """Draws each image in one grey tone, which the labels decide, and notes what it was asked."""

    latent_dim = 5

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.calls = []

    def forward(self, z, y):
        assert not self.training and not torch.is_grad_enabled() and torch.get_num_threads() == 1
        self.calls.append((z.clone(), y.clone()))
        tone = (y[:, 0].float() / 2 + y[:, 1].float() / 10) - 0.5
        return tone[:, None, None, None].expand(-1, 3, 8, 8) + self.weight


def test_a_menu_asks_for_its_value_of_the_same_people():
    generator = Asked().train()
    chooser = widgets.attribute_chooser(generator, NAMES, n=4, columns=2)
    (z, y), before = generator.calls[-1], chooser.image.value
    assert y.tolist() == [[0, 0]] * 4 and len(z.unique(dim=0)) == 4
    chooser.menus["hair"].value = "blue"
    (z_after, y_after), after = generator.calls[-1], chooser.image.value
    assert torch.equal(z, z_after) and y_after.tolist() == [[2, 0]] * 4
    assert after != before and generator.training
    chooser.menus["hair"].value = "black"
    assert chooser.image.value == before


def test_other_people_get_the_same_wishes():
    generator = Asked()
    chooser = widgets.attribute_chooser(generator, NAMES, start={"smile": "yes"}, n=3)
    first = chooser.z
    chooser.new_button.click()
    z, y = generator.calls[-1]
    assert not torch.equal(z, first) and torch.equal(z, chooser.z)
    assert y.tolist() == [[0, 1]] * 3


def test_the_still_shows_every_value_of_every_attribute_for_one_person():
    generator = Asked()
    chooser = widgets.attribute_chooser(generator, NAMES, start={"hair": "red"}, n=3)
    picture = chooser.still()
    z, y = generator.calls[-1]
    assert len(z.unique(dim=0)) == 1
    assert y.tolist() == [[0, 0], [1, 0], [2, 0], [1, 0], [1, 1]]
    side = 96
    corner = [picture.getpixel((96 + column * (side + 4), 0))[0] for column in range(3)]
    assert corner == [64, 128, 191]  # -0.5, 0, 0.5 as bytes, in the order of the values
    assert picture.getpixel((96 + 2 * (side + 4) + 50, side + 50)) == (255, 255, 255)  # the second attribute has two values


def test_a_notebook_without_a_front_end_gets_the_picture():
    bundle = widgets.attribute_chooser(Asked(), NAMES)._repr_mimebundle_()
    assert VIEW in bundle and bundle["text/plain"] == "attribute_chooser: hair, smile"
    assert Image.open(io.BytesIO(base64.b64decode(bundle["image/png"]))).width > 200


def test_functions_and_single_attributes_are_welcome():
    asked = []

    def draw(z, y):
        asked.append(y)
        return torch.zeros(len(z), 1, 8, 8)

    chooser = widgets.attribute_chooser(draw, {"digit": tuple("0123456789")}, latent_dim=2, n=2)
    chooser.menus["digit"].value = "7"
    assert asked[-1].tolist() == [7, 7]


def test_wishes_that_do_not_exist_are_refused():
    with pytest.raises(ValueError, match="did you mean 'smile'"):
        widgets.attribute_chooser(Asked(), NAMES, start={"smil": "yes"})
    with pytest.raises(ValueError, match="value of hair"):
        widgets.attribute_chooser(Asked(), NAMES, start={"hair": "green"})
    with pytest.raises(ValueError, match="two values or more"):
        widgets.attribute_chooser(Asked(), {"hair": ("black",)})
