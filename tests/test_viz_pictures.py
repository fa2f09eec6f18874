"""Pictures of tensors: grids, labels, and what fits a page."""

from __future__ import annotations

import itertools
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from gancourse import viz
from gancourse.viz import pictures
from tests.shown import images


def test_a_grid_puts_every_pixel_where_the_formula_says():
    x = images(5)
    picture = np.asarray(viz.grid(x, columns=2, scale=3, pad=2))
    assert picture.shape == (3 * (3 * 5 + 2 * 2), 3 * (2 * 4 + 2), 3)
    for i in range(5):
        for row, column in itertools.product(range(5), range(4)):
            top, left = 3 * (i // 2 * 7 + row), 3 * (i % 2 * 6 + column)
            block = picture[top : top + 3, left : left + 3]
            assert (block == x[i, :, row, column].numpy()).all()
    between = picture[:, 3 * 4 : 3 * 6]
    assert (between == 255).all()
    assert (picture[3 * 14 :, 3 * 6 :] == 255).all()  # the sixth tile is empty


def test_few_colours_keep_a_thin_frame_and_are_nearer_than_an_octree():
    """Soft colour ramps, as generators draw them, and a frame of one pixel in a colour that is nowhere else."""
    rng = np.random.default_rng(0)
    ramps = rng.normal(size=(3, 6, 12)).repeat(16, 1).repeat(16, 2).cumsum(2)
    pixels = np.interp(ramps, (ramps.min(), ramps.max()), (0, 200)).astype(np.uint8).transpose(1, 2, 0)
    pixels[10, 10:40] = (255, 0, 255)
    few = viz.few_colours(Image.fromarray(pixels))
    assert few.mode == "P" and len(few.getcolors()) <= 96
    assert np.asarray(few.convert("RGB"))[10, 25].tolist() == [255, 0, 255]
    octree = Image.fromarray(pixels).quantize(96, method=Image.Quantize.FASTOCTREE)
    off = [np.abs(np.asarray(p.convert("RGB"), float) - pixels).mean() for p in (few, octree)]
    assert off[0] < 0.8 * off[1], off
    grey = viz.few_colours(Image.new("L", (4, 4), 7), 2)
    assert np.asarray(grey.convert("RGB")).tolist() == [[[7, 7, 7]] * 4] * 4


def test_floats_map_minus_one_to_black_and_one_to_white_and_grey_stays_grey():
    x = torch.tensor([-1.0, 0.0, 1.0]).reshape(1, 1, 1, 3)
    picture = viz.grid(x, scale=1)
    assert picture.mode == "L"
    assert np.asarray(picture).tolist() == [[0, 128, 255]]
    assert np.array_equal(viz.grid(x.half(), scale=1), viz.grid(x, scale=1))


@pytest.mark.parametrize(("n", "size"), [(1, 32), (8, 32), (16, 32), (36, 28), (64, 32), (64, 64), (100, 8), (7, 64)])
def test_a_grid_is_enlarged_to_fit_the_page(n, size):
    picture = viz.grid(torch.zeros(n, 3, size, size))
    columns = pictures.columns_for(n)
    tile = picture.width / (columns * size + columns - 1) * size
    assert picture.width <= 900 or tile == size
    assert tile <= 192
    assert tile == 192 or picture.width > 900 / 2  # as large as a whole factor allows


def test_default_columns_hold_all_images_in_a_rectangle_that_is_not_upright():
    for n in range(1, 130):
        columns = pictures.columns_for(n)
        assert math.ceil(n / columns) <= columns <= n


def test_a_notebook_stores_a_picture_once():
    from IPython.core.formatters import DisplayFormatter

    made = DisplayFormatter()
    made.active_types = made.format_types  # a terminal shows text only
    for shown in (viz.grid(images(2)), viz.beside([viz.grid(images(2))] * 2), viz.scatter(torch.randn(5, 2))):
        assert {kind for kind in made.format(shown)[0] if kind.startswith("image/")} == {"image/png"}


def test_bad_images_are_refused_with_the_fix():
    with pytest.raises(ValueError, match=r"permute\(0, 3, 1, 2\)"):
        viz.grid(torch.zeros(2, 8, 9, 3))
    with pytest.raises(ValueError, match=r"\[-1, 1\], not \[0, 255\].*clamp"):
        viz.grid(torch.tensor([0.0, 255.0]).reshape(1, 1, 1, 2))
    with pytest.raises(ValueError, match="NaN"):
        viz.grid(torch.full((1, 1, 2, 2), math.nan))
    with pytest.raises(TypeError, match="uint8"):
        viz.grid(torch.zeros(1, 1, 2, 2, dtype=torch.int64))
    with pytest.raises(ValueError, match="N > 0"):
        viz.grid(torch.zeros(0, 3, 4, 4))
    with pytest.raises(ValueError, match="columns"):
        viz.grid(images(2), columns=0)
    with pytest.raises(ValueError, match="pad"):
        viz.grid(images(2), pad=-1)


def test_a_grid_takes_arrays_single_images_and_data_sets():
    x = images(4)
    expected = np.asarray(viz.grid(x))
    assert np.array_equal(viz.grid(x.numpy()), expected)
    assert np.array_equal(viz.grid(SimpleNamespace(images=x)), expected)
    assert np.array_equal(viz.grid(x[0]), viz.grid(x[:1]))


def test_beside_keeps_the_pictures_and_puts_titles_above():
    parts = [viz.grid(images(1, seed=s), scale=20) for s in range(2)]
    row = np.asarray(viz.beside(parts, ["a", "b"], gap=10))
    head = row.shape[0] - parts[0].height
    assert head > 0
    assert np.array_equal(row[head:, :80], np.asarray(parts[0]))
    assert np.array_equal(row[head:, 90:], np.asarray(parts[1]))
    assert (row[:head, :40] < 128).any()  # ink
    with pytest.raises(ValueError, match="one for each of the 2"):
        viz.beside(parts, ["a"])


def test_a_labelled_grid_holds_the_plain_grid():
    x = images(6, height=20, width=20)
    picture = np.asarray(viz.labelled_grid(x, ["first", "second"], ["a", "b", "c"], scale=2))
    plain = np.asarray(viz.grid(x, columns=3, scale=2))
    assert np.array_equal(picture[-plain.shape[0] :, -plain.shape[1] :], plain)
    margin = picture.shape[1] - plain.shape[1]
    assert (picture[:, :10] == 255).all() and (picture[:, margin - 6 : margin] == 255).all(), "labels keep away from both sides"
    assert (picture[:, :margin] < 128).any()
    with pytest.raises(ValueError, match="6 images do not fill 2 rows of 4"):
        viz.labelled_grid(x, ["first", "second"], list("abcd"))
    assert np.array_equal(viz.labelled_grid(x, ["first", "second"], ["a", "b", "c"], n_columns=3, scale=2), picture)
    with pytest.raises(ValueError, match="n_columns must be a whole number above 0, not 0"):
        viz.labelled_grid(x, ["first", "second"], n_columns=0)
    with pytest.raises(ValueError, match="names 3 columns, and n_columns=2"):
        viz.labelled_grid(x, ["first", "second"], ["a", "b", "c"], n_columns=2)


def test_a_labelled_grid_has_labels_at_both_ends_of_its_rows():
    x = images(6, height=20, width=20)
    left = np.asarray(viz.labelled_grid(x, ["first", "second"], n_columns=3, scale=2))
    both = np.asarray(viz.labelled_grid(x, ["first", "second"], right=["55.7", "8.2"], n_columns=3, scale=2))
    assert np.array_equal(both[:, : left.shape[1]], left)
    beyond = both[:, left.shape[1] :]
    assert (beyond < 128).any() and (beyond[:, :6] == 255).all() and (beyond[:, -10:] == 255).all()
    assert viz.labelled_grid(images(6, height=200, width=200), right=["55.7"] * 2, n_columns=3).width <= 900
    with pytest.raises(ValueError, match="right must be one label for each of the 2 rows, not 1"):
        viz.labelled_grid(x, ["first", "second"], right=["55.7"], n_columns=3)
