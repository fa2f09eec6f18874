"""Named pictures to choose from."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image

from gancourse import viz
from gancourse.classroom import widgets
from tests.shown import small_frames


@pytest.mark.parametrize("kind", ["dropdown", "slider"])
def test_the_explorer_shows_the_chosen_picture(kind):
    named = {"dark": small_frames()[0], "light": small_frames()[3], "images": torch.zeros(4, 1, 8, 8)}
    explorer = widgets.explorer(named, "shade", kind)
    explorer.choice.value = "light"
    assert np.array_equal(Image.open(io.BytesIO(explorer.image.value)), named["light"])
    explorer.choice.value = "images"
    assert Image.open(io.BytesIO(explorer.image.value)).size == viz.grid(named["images"]).size
    assert explorer.image.layout.width == f"{viz.grid(named['images']).width}px"
    assert explorer.still().width <= 900


def test_the_still_of_many_pictures_shows_some_of_them():
    explorer = widgets.explorer({str(i): frame for i, frame in enumerate(small_frames(5) * 6)}, most=4)
    assert explorer.still().height < 4 * 60
    with pytest.raises(ValueError, match="no pictures"):
        widgets.explorer({})
