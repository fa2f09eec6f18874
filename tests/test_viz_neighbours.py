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


@pytest.mark.parametrize("distance", ["pixels", "copies", lambda x: x.flatten(1)])
def test_what_has_diverged_has_no_neighbour(distance):
    fine, lost = (torch.zeros(2, 1, 8, 8) for _ in range(2))
    for value in (float("nan"), float("inf")):
        lost[1, 0, 0, 0] = value
        with pytest.raises(ValueError, match="samples hold NaN or infinity: look at what made them"):
            viz.nearest_neighbours(lost, fine, 1, distance)
        with pytest.raises(ValueError, match="train hold NaN or infinity"):
            viz.nearest_neighbours(fine, lost, 1, distance)
    with pytest.raises(ValueError, match="features of samples hold NaN"):
        viz.nearest_neighbours(fine, fine, 1, lambda x: x.flatten(1) / 0)


def test_nearly_equal_images_are_told_apart():
    train = torch.full((2, 1, 8, 8), 1 - 1e-7, dtype=torch.float64)
    train[1, 0, 0, 0] -= 1e-9
    sample = train[1:].clone()
    assert viz.nearest_neighbours(sample, train)[0].tolist() == [[1]]


@pytest.mark.parametrize("chunk", [5, 1000])
def test_the_distance_for_copies_agrees_with_its_equation(chunk):
    samples, train = images(4, seed=1, height=8, width=6), images(23, seed=2, height=8, width=6)
    train[7] = train[3]  # a tie

    def pixel(picture, y, x):
        return picture[:, min(max(y, 0), 7), min(max(x, 0), 5)].double() / 127.5 - 1

    def half(picture, dy=0, dx=0):
        """Moved, with the rim repeated; blurred, with the moved picture's rim repeated; halved."""
        moved = torch.stack([torch.stack([pixel(picture, y + dy, x + dx) for x in range(6)], -1) for y in range(8)], -2)
        near = [
            moved[:, [min(max(y + a, 0), 7) for y in range(8)]][:, :, [min(max(x + b, 0), 5) for x in range(6)]]
            for a in (-1, 0, 1)
            for b in (-1, 0, 1)
        ]
        return torch.stack(near).mean(0).unfold(1, 2, 2).unfold(2, 2, 2).mean((3, 4)).flatten()

    moves = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    every = torch.tensor(
        [[min(float((half(x, *move) - half(t)).norm()) for move in moves) for t in train] for x in samples], dtype=torch.float64
    )
    index, far = viz.nearest_neighbours(samples, train, 4, "copies", chunk=chunk)
    assert torch.equal(index, every.argsort(dim=1, stable=True)[:, :4])
    assert torch.allclose(far, every.sort(1).values[:, :4], atol=1e-12)


def test_a_moved_drawing_finds_itself_only_by_the_distance_for_copies():
    train = images(30, height=32, width=32).float() / 127.5 - 1
    drawn = torch.zeros(1, 3, 32, 32)
    drawn[..., ::4] = 1  # one outline beside the other: moved by a pixel it meets none of them
    grey = drawn.mean().expand(1, 3, 32, 32)
    train = torch.cat([train, grey, drawn])
    moved = drawn.roll(1, 3)
    assert viz.nearest_neighbours(moved, train)[0].tolist() == [[30]]
    index, far = viz.nearest_neighbours(moved, train, distance="copies")
    assert index.tolist() == [[31]] and far.item() < 1


def test_every_training_image_can_be_asked_for_by_the_distance_for_copies():
    index, far = viz.nearest_neighbours(images(2), images(5, seed=1), 5, "copies")
    assert index.sort(1).values.tolist() == [list(range(5))] * 2 and (far.diff(dim=1) >= 0).all()


def test_bad_neighbour_arguments_name_the_fix():
    with pytest.raises(ValueError, match="between 1 and the 3"):
        viz.nearest_neighbours(images(2), images(3), 4)
    with pytest.raises(ValueError, match="one image shape"):
        viz.nearest_neighbours(images(2), images(3, height=6))
    with pytest.raises(ValueError, match="pixels"):
        viz.nearest_neighbours(images(2), images(3), distance="euclid")
    with pytest.raises(ValueError, match="moves pictures"):
        viz.nearest_neighbours(torch.zeros(2, 5), torch.zeros(3, 5), distance="copies")


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
