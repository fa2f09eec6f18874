import numpy as np
import pytest

from gancourse import viz
from gancourse.viz.stacks import KINDS


def test_each_column_is_drawn_and_kinds_have_their_colours():
    one = viz.blocks({"a": [("convolve", "plain")]})
    two = viz.blocks({"a": [("convolve", "plain"), ("+ noise", "noise")], "b": [("AdaIN", "style")]})
    assert two.width == 2 * one.width and two.height > one.height

    def has(picture, kind):
        wanted = [int(KINDS[kind][i : i + 2], 16) for i in (1, 3, 5)]
        return bool((np.asarray(picture.convert("RGB")) == wanted).all(-1).any())

    assert has(two, "noise") and has(two, "style") and not has(one, "noise")


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match="kind"):
        viz.blocks({"a": [("convolve", "red")]})
    for empty in ({}, {"a": []}):
        with pytest.raises(ValueError, match="one column or more"):
            viz.blocks(empty)
