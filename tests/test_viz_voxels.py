"""Solids: the right faces, the near ones last, in the right place, and pictures that differ by side."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gancourse.data import furniture
from gancourse.viz import animate
from gancourse.viz.voxels import faces, solid, solids, turntable


def cube(*places, side=4):
    grid = np.zeros((side,) * 3, bool)
    for place in places:
        grid[place] = True
    return grid


def test_a_voxel_shows_three_faces_and_hides_its_neighbours():
    assert len(faces(cube((1, 1, 1)), 30, 30)[1]) == 3
    corners, axes, heights = faces(cube((1, 1, 1), (1, 1, 2)), 30, 30)
    assert sorted(axes.tolist()) == [0, 0, 1, 1, 2], "the lower one's top is covered"
    assert set(np.round(heights, 6)) == {round(1 / 3, 6), round(2 / 3, 6)}
    assert corners.shape == (5, 4, 2)


def test_near_voxels_are_drawn_after_far_ones():
    for turn in range(0, 360, 40):
        corners, axes, _ = faces(cube((0, 0, 0), (3, 3, 0)), turn, 20)
        a, b = np.radians(turn), np.radians(20)
        towards = np.array([np.sin(a) * np.cos(b), -np.cos(a) * np.cos(b), np.sin(b)])
        far_first = (np.array([3, 3, 0]) @ towards) > 0  # the second voxel is the nearer one
        right = np.array([np.cos(a), np.sin(a), 0])
        middle = (np.array([0.5, 0.5, 0.5]) - 2) @ right, (np.array([3.5, 3.5, 0.5]) - 2) @ right
        if abs(middle[0] - middle[1]) > 1.5:
            last = corners[-1, :, 0].mean()
            assert (abs(last - middle[1]) < abs(last - middle[0])) == far_first


def test_the_whole_grid_fits_at_every_turn():
    for turn in (0, 35, 45, 80):
        edge = np.asarray(solid(np.ones((4, 4, 4), bool), 90, turn)).astype(int)
        border = np.concatenate([edge[0], edge[-1], edge[:, 0], edge[:, -1]])
        assert (border > 200).all(), turn


def test_a_back_is_seen_from_behind():
    chair = furniture(16, 2).voxels[1]
    front, behind = (np.asarray(solid(chair[None], 60, turn)).astype(int) for turn in (0, 180))
    assert np.abs(front - behind).mean() > 2
    left, right = (np.asarray(solid(chair[None], 60, turn)).astype(int) for turn in (30, -30))
    assert (left < 250).any(2).sum() == pytest.approx((right < 250).any(2).sum(), rel=0.1), "it is its own mirror image"


def test_grids_labels_and_turntables():
    some = furniture(16, 6).voxels
    assert solids(some, columns=3, size=50).size == (150, 100)
    assert solids(some, rows=["real", "fake"], columns=3, size=50).width > 150
    film = turntable(some[:2], frames=3, size=40)
    assert len(film) == 3 and film[0].size == (80, 40) and animate(film).n_frames == 3
    assert solids(torch.zeros(1, 1, 4, 4, 4), size=20).size == (20, 20), "an empty grid is an empty picture"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: solid(furniture(16, 2).voxels), "one shape, not 2"),
        (lambda: solids(torch.zeros(2, 16, 16)), r"\[N, 1, S, S, S\]"),
        (lambda: solid(np.zeros((4, 4, 4)), tilt=120), "tilt must lie in"),
        (lambda: solid(np.zeros((4, 4, 4)), size=0), "size must be"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
    with pytest.raises(TypeError, match="bytes, finite floats"):
        solid(np.full((4, 4, 4), np.nan))
