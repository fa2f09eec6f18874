"""Scenes: an exact layout, and what the night leaves out."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gancourse.data import scenes


def test_day_to_night_is_a_function_and_night_to_day_is_not() -> None:
    some = scenes.scenes(30, 0)
    day, night = scenes.day_and_night(some, 32)
    other = scenes.Scenes(**{**vars(some), "tint": some.tint + 20, "sky": some.sky + 5})
    other_day, other_night = scenes.day_and_night(other, 32)
    assert np.array_equal(night, other_night)  # the tint leaves no trace
    assert not np.array_equal(day, other_day)


def test_a_layout_fixes_the_colours_up_to_the_tint() -> None:
    some = scenes.scenes(5, 1)
    layout, night = scenes.layout(some, 64), scenes.picture(some, 64, "night")
    colours = scenes.palette(some, "night", "summer")
    expected = np.take_along_axis(colours, layout.reshape(5, -1, 1).astype(int), 1).round().reshape(5, 64, 64, 3)
    same = (np.abs(night.transpose(0, 2, 3, 1) - expected) <= 1).all(-1)
    assert same.mean() > 0.9  # all but the smoothed edges
    assert set(np.unique(layout)) <= set(range(len(scenes.CLASSES)))
    assert np.array_equal(scenes.coverage(some, 16).sum(1), np.full((5, 16, 16), 9))


def test_a_picture_with_attributes_of_its_own_is_that_of_all_with_these() -> None:
    some = scenes.scenes(6, 2)
    attributes = np.array([[0, 0], [0, 1], [0, 2], [1, 0], [2, 1], [2, 2]])
    made = scenes.pictures(some, attributes, 16)
    for i, (time, season) in enumerate([("day", "summer"), ("day", "autumn"), ("day", "winter"), ("dusk", "summer")]):
        assert np.array_equal(made[i], scenes.picture(some, 16, time, season)[i])
    assert scenes.one_hot(torch.from_numpy(attributes))[4].tolist() == [0, 0, 1, 0, 1, 0]


def test_scenes_depend_on_the_seed_and_a_part_is_a_part() -> None:
    some, again, other = scenes.scenes(5, 1), scenes.scenes(5, 1), scenes.scenes(5, 2)
    assert np.array_equal(scenes.layout(some, 16), scenes.layout(again, 16))
    assert not np.array_equal(scenes.layout(some, 16), scenes.layout(other, 16))
    assert np.array_equal(scenes.layout(some[1:3], 16), scenes.layout(some, 16)[1:3])
    assert len(some[np.array([0, 4])]) == 2


def test_nearer_things_hide_farther_ones() -> None:
    some = scenes.scenes(40, 3)
    foot, height = some.trees[..., 1], some.trees[..., 2]
    assert (np.diff(foot, axis=1) >= 0).all()  # the nearest is painted last
    assert (height[height > 0] > 0.1).all()
    kinds = scenes.layout(some, 48)
    assert (kinds[:, 0, 0] <= scenes.ORB).all(), "the upper edge is sky"
    assert (kinds[:, 0, -1] != scenes.SKY).all(), "the lower edge is ground"


@pytest.mark.parametrize(("time", "season", "says"), [("noon", "summer", "time"), ("day", "winte", "did you mean 'winter'")])
def test_a_time_that_is_none_is_named(time: str, season: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        scenes.palette(scenes.scenes(1), time, season)
