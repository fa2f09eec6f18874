"""Pictures and figures of a record."""

import math

import numpy as np
import pytest
import torch

from gancourse.experiments import drawing


@pytest.mark.parametrize(
    ("value", "shown"), [(math.nan, "-"), (0.123456, "0.123"), (12.0, "12"), (1234567.8, "1,234,568"), (-2000.4, "-2,000")]
)
def test_a_number_has_three_digits(value, shown):
    assert drawing.number(value) == shown


def test_a_spread_says_how_many_seeds_have_a_value():
    assert drawing.spread(np.array([1.0, 2.0, 3.0])) == "2 ± 1"
    assert drawing.spread(np.array([1.0, np.nan, 3.0])) == "2 ± 1.41 (2 of 3)"
    assert drawing.spread(np.array([1.0, np.nan])) == "1 (1 of 2)"
    assert drawing.spread(np.array([1.0])) == "1"
    assert drawing.spread(np.array([np.nan])) == "-"


def test_a_band_is_of_the_seeds_that_have_a_value():
    values = np.array([[1.0, np.nan, np.nan], [3.0, 5.0, np.nan]])
    low, mean, high, fewer = drawing.band(values)
    assert [*low[:2], *mean[:2], *high[:2]] == [1, 5, 2, 5, 3, 5]
    assert np.isnan([low[2], mean[2], high[2]]).all()
    assert fewer.tolist() == [False, True, False]  # of the last there is nothing to mark


def test_one_seed_without_a_number_leaves_the_others_curve_and_a_mark():
    at, values = np.array([0, 10, 20]), np.array([[1.0, np.nan, np.nan], [1.0, 3.0, 2.0]])
    others = np.array([[1.0, 3.0, 2.0]] * 2)
    drawn = drawing.curves({"x": {"arm": (at, values)}})
    assert drawn.tobytes() != drawing.curves({"x": {"arm": (at, others)}}).tobytes()  # marked
    colour = tuple(int(drawing.COLOURS[0][i : i + 2], 16) for i in (1, 3, 5))

    def inked(picture):
        return (np.asarray(picture.convert("RGB")) == colour).all(-1).sum()

    assert inked(drawn) >= inked(drawing.curves({"x": {"arm": (at, others)}}))


def film(steps, value):
    """Two pictures of 4 px at each step, of one grey that tells arm and step."""
    return [torch.full((2, 1, 4, 4), value + i, dtype=torch.uint8) for i in range(steps)]


def test_frames_are_laid_out_arm_by_arm_with_the_first_and_the_last_step():
    sheet, layout = drawing.frames({"a": film(9, 0), "b": film(9, 100)}, range(0, 90, 10))
    assert layout == {"arms": ["a", "b"], "steps": [0, 20, 40, 60, 80], "k": 2, "side": 4}
    assert sheet.shape == (3, 2 * 4, 5 * 2 * 4)
    assert sheet[0, 0, ::8].tolist() == [0, 2, 4, 6, 8]
    assert sheet[2, 4, ::8].tolist() == [100, 102, 104, 106, 108]


def test_frames_are_those_of_the_steps_that_are_asked_for():
    films = {"a": film(9, 0), "b": film(9, 100)}
    sheet, layout = drawing.frames(films, range(0, 90, 10), [50, 10, 60, 1000])
    assert layout["steps"] == [10, 50, 60] and sheet[0, 0, ::8].tolist() == [1, 5, 6]
    assert drawing.frames(films, range(0, 90, 10), [7])[1]["steps"] == [0, 20, 40, 60, 80]  # none of them was measured


def test_a_film_that_ended_early_leaves_its_row_empty_there():
    sheet, layout = drawing.frames({"a": film(3, 1), "diverged": film(1, 7)}, [0, 5, 10])
    assert layout["steps"] == [0, 5, 10]
    assert sheet[0, 4].tolist() == [7] * 8 + [0] * 16


def test_a_strip_is_read_back_and_labelled(tmp_path):
    from PIL import Image

    sheet, layout = drawing.frames({"a": film(3, 0), "b": film(3, 100)}, [0, 5, 10])
    Image.fromarray(sheet.permute(1, 2, 0).numpy()).save(tmp_path / "strip.png")
    made = drawing.strip(tmp_path / "strip.png", layout)
    assert made.height > 2 * 4 and made.width > 6 * 4


def test_curves_have_a_panel_for_each_score():
    at = np.array([0, 10, 20])
    arms = {"a": (at, np.array([[1.0, 2, 3], [1, 3, 4]])), "b": (at, np.array([[0.0, 0, 1], [1, 1, 1]]))}
    one, three = drawing.curves({"modes": arms}), drawing.curves(dict.fromkeys(("modes", "kl", "l1"), arms), "seconds")
    assert one.height == three.height and three.width > one.width


def lines_of(n_arms):
    at = np.array([0, 10, 20])
    return {f"arm {i}": (at, np.array([[i, i + 1.0, i + 2]])) for i in range(n_arms)}


def test_every_arm_is_drawn_and_no_two_look_alike(monkeypatch):
    drawn = []
    monkeypatch.setattr(
        "matplotlib.axes.Axes.plot",
        lambda self, at, values, **look: drawn.append((look["label"], look["color"], look["linestyle"])),
    )
    drawing.curves({"modes": lines_of(18)})
    assert [label for label, *_ in drawn] == list(lines_of(18))
    assert len({tuple(look) for _, *look in drawn}) == 18


def test_more_arms_than_lines_one_can_tell_apart_are_refused():
    with pytest.raises(ValueError, match="21 arms apart, and here are 22"):
        drawing.curves({"modes": lines_of(22)})


def test_pictures_need_not_be_square(tmp_path):
    from PIL import Image

    wide = torch.ones(2, 3, 4, 12, dtype=torch.uint8)
    films = {arm: [wide * (10 * step + i) for step in range(3)] for i, arm in enumerate("ab")}
    sheet, layout = drawing.frames(films, [0, 5, 10])
    Image.fromarray(sheet.permute(1, 2, 0).numpy()).save(tmp_path / "wide.png")
    found = drawing.tiles(tmp_path / "wide.png", layout)
    assert found.shape == (2, 6, 3, 4, 12) and found[1, -1].unique().tolist() == [21]
    assert drawing.strip(tmp_path / "wide.png", layout).width > 72


def test_what_is_not_above_its_floor_stands_in_brackets():
    values = np.array([1.0, 2.0, 3.0])  # the 95 % interval begins at 2 - 4.30 / sqrt(3) = -0.48
    assert drawing.spread(values, -0.5) == "2 ± 1" and drawing.spread(values, -0.48) == "(2 ± 1)"
    assert drawing.spread(values, 1.9) == "(2 ± 1)"
    one = np.array([1.0, np.nan])
    assert drawing.spread(one, 1.0) == "(1 (1 of 2))" and drawing.spread(one, 0.9) == "1 (1 of 2)"
    assert drawing.spread(np.array([np.nan]), 0.0) == "-"
