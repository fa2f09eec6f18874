"""Neighbours in a data set, and the picture of them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gancourse import viz
from tests.shown import has_colour, images


@pytest.mark.parametrize("chunk", [3, 7, 1000])
@pytest.mark.parametrize("kind", ["uint8", "float", "features"])
def test_neighbours_agree_with_brute_force(chunk, kind):
    samples, train = images(6, seed=1), images(31, seed=2)
    if kind == "float":
        samples, train = (x.float() / 127.5 - 1 for x in (samples, train))
    distance = (lambda x: x.float().flatten(2).mean(2)) if kind == "features" else "pixels"
    index, far = viz.nearest_neighbours(samples, train, 4, distance, chunk=chunk)

    def vectors(x):
        x = distance(x) if kind == "features" else x.double() / 127.5 - 1 if kind == "uint8" else x
        return x.double().flatten(1)

    every = (vectors(samples)[:, None] - vectors(train)[None]).norm(dim=-1)  # [6, 31]
    order = every.argsort(dim=1, stable=True)[:, :4]
    assert torch.equal(index, order)
    assert torch.allclose(far, every.gather(1, order), atol=1e-12)


def test_a_copy_is_at_distance_zero_and_ties_go_to_the_lower_index():
    train = images(20)
    train[13] = train[4]
    train[17] = train[4]
    index, far = viz.nearest_neighbours(train[4:5], train, 3, chunk=5)
    assert index.tolist() == [[4, 13, 17]]
    assert far.tolist() == [[0, 0, 0]]


def test_nearly_equal_images_are_told_apart():
    train = torch.full((2, 1, 8, 8), 1 - 1e-7, dtype=torch.float64)
    train[1, 0, 0, 0] -= 1e-9
    sample = train[1:].clone()
    assert viz.nearest_neighbours(sample, train)[0].tolist() == [[1]]


def test_bad_neighbour_arguments_name_the_fix():
    with pytest.raises(ValueError, match="between 1 and the 3"):
        viz.nearest_neighbours(images(2), images(3), 4)
    with pytest.raises(ValueError, match="one image shape"):
        viz.nearest_neighbours(images(2), images(3, height=6))
    with pytest.raises(ValueError, match="pixels"):
        viz.nearest_neighbours(images(2), images(3), distance="euclid")


@pytest.mark.parametrize(("n", "k"), [(16, 1), (16, 3), (3, 5), (1, 1)])
def test_the_neighbour_figure_holds_samples_and_framed_neighbours(n, k):
    train = images(40, height=32, width=32)
    picture = viz.nearest_neighbour_figure(train[:n], train, k)
    assert picture.width <= 900
    assert has_colour(picture, viz.COLOURS["accent"], 100)
    shown = np.asarray(picture)
    scale = next(s for s in range(1, 9) if contains(shown, np.asarray(viz.grid(train[0], scale=s))) or s == 8)
    for i in range(n):  # each training image occurs at least twice: as the sample and as its own neighbour
        assert contains(shown, np.asarray(viz.grid(train[i], scale=scale)), times=2)


def contains(picture: np.ndarray, tile: np.ndarray, times: int = 1) -> bool:
    height, width = tile.shape[:2]
    corners = np.argwhere((picture == tile[0, 0]).all(-1))
    fitting = [(y, x) for y, x in corners if np.array_equal(picture[y : y + height, x : x + width], tile)]
    return len(fitting) >= times
