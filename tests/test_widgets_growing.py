import base64
import io

import pytest
import torch
from PIL import Image
from torch import nn

from gancourse.classroom import widgets
from gancourse.classroom.widgets.base import VIEW
from gancourse.gans import growing
from gancourse.models.progan import Generator


def small():
    torch.manual_seed(0)
    return Generator(16, 5, widths=(6, 6, 4))


def test_the_slider_goes_through_levels_and_fades():
    generator = small()
    generator.grow(1, 0.4)
    slider = widgets.growth_slider(generator, start=0, n=4, columns=2)
    first, z = slider.image.value, slider.z
    assert slider.text.value == "4 px"
    slider.slider.value = 1.25
    assert slider.text.value == "8 px, with 16 px faded in by alpha = 0.25"
    assert slider.image.value != first and torch.equal(slider.z, z)
    slider.slider.value = 0
    assert slider.image.value == first
    assert (generator.level, generator.alpha) == (1, 0.4)  # the network stands where it stood


def test_the_picture_shows_what_the_network_draws_there():
    generator = small()
    slider = widgets.growth_slider(generator, start=1.5, n=1, columns=1, size=16)
    drawn = growing.images_at(generator, slider.z, 1.5)[0, 0, 3, 5]
    assert abs(slider.picture().getpixel((5, 3))[0] - (drawn.item() + 1) * 127.5) < 1


def test_other_people_at_the_same_level():
    slider = widgets.growth_slider(small(), start=2, n=3)
    first, picture = slider.z, slider.image.value
    slider.new_button.click()
    assert not torch.equal(slider.z, first) and slider.image.value != picture
    assert slider.slider.value == 2


def test_without_a_front_end_there_is_a_picture_of_the_whole_way():
    slider = widgets.growth_slider(small(), n=3)
    bundle = slider._repr_mimebundle_()
    assert VIEW in bundle and bundle["text/plain"] == "growth_slider: 4 to 16 px"
    still = Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))
    assert still.height > 5 * 64  # five rows: 4, fade, 8, fade, 16


def test_bad_input_names_the_fix():
    with pytest.raises(TypeError, match="does not grow"):
        widgets.growth_slider(nn.Linear(2, 2))
    with pytest.raises(ValueError, match=r"0\.\.2"):
        widgets.growth_slider(small(), start=2.5)
