"""Real and fake side by side."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from gancourse import viz
from tests.shown import has_colour, images


def test_real_and_fake_stand_side_by_side():
    real, fake = images(40, height=32, width=32), images(40, height=32, width=32, seed=1)
    picture = viz.real_and_fake(real, fake)
    left = np.asarray(viz.grid(real[:36], columns=6, scale=2))
    right = np.asarray(viz.grid(fake[:36], columns=6, scale=2))
    shown = np.asarray(picture)[-left.shape[0] :]
    assert np.array_equal(shown[:, : left.shape[1]], left)
    assert np.array_equal(shown[:, -right.shape[1] :], right)
    assert picture.width <= 900
    with pytest.raises(ValueError, match="one shape"):
        viz.real_and_fake(real, images(4))


def test_real_and_fake_points_become_two_scatters():
    picture = viz.real_and_fake(torch.randn(50, 2), torch.randn(60, 2))
    assert isinstance(picture, Image.Image)
    for name in ("real", "fake"):
        assert has_colour(picture, viz.COLOURS[name])


def test_of_points_all_are_drawn_or_the_first_n():
    real, fake = torch.randn(50, 2), torch.randn(60, 2)
    every, five = viz.real_and_fake(real, fake), viz.real_and_fake(real, fake, n=5)
    assert np.array_equal(every, viz.real_and_fake(real, fake, n=60))
    assert np.array_equal(five, viz.real_and_fake(real[:5], fake[:5])) and not np.array_equal(every, five)
    with pytest.raises(ValueError, match="columns are for images"):
        viz.real_and_fake(real, fake, columns=3)
