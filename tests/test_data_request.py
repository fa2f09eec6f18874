"""What is asked of a data set: checked once, before anything is made."""

import numpy as np
import pytest

from gancourse.data._request import pixels, request, seed_of

DEFAULTS = {"train": 500, "test": 100}


def test_numbers_come_back_as_ints_and_the_split_says_how_many():
    assert request(np.int64(32), None, "test", np.int32(3), DEFAULTS) == (32, 100, 3)
    assert request(32, np.int64(7), "train", 0, DEFAULTS) == (32, 7, 0)
    assert all(type(x) is int for x in request(np.int64(32), np.int64(7), "train", np.int64(0), DEFAULTS))


@pytest.mark.parametrize(
    ("changed", "error", "says"),
    [
        ({"size": 7}, ValueError, "8 to 256 pixels, not 7"),
        ({"size": 512}, ValueError, "8 to 256 pixels, not 512"),
        ({"size": 32.5}, TypeError, "size"),
        ({"n": 0}, ValueError, "n must be"),
        ({"n": 10**12}, ValueError, "a set"),
        ({"split": "tset"}, ValueError, "did you mean 'test'"),
        ({"seed": -1}, ValueError, "seed must be"),
        ({"seed": 2**70}, ValueError, "seed must be"),
    ],
)
def test_what_cannot_be_made_is_named(changed, error, says):
    with pytest.raises(error, match=says):
        request(**({"size": 32, "n": 10, "split": "train", "seed": 0, "defaults": DEFAULTS} | changed))


def test_ends_belong_to_the_range_and_may_be_others():
    assert [pixels(side) for side in (8, 256)] == [8, 256]
    assert pixels(512, 1024) == 512 and pixels(4, smallest=4) == 4
    assert request(512, 1, "train", 0, DEFAULTS, largest=512)[0] == 512
    assert seed_of(0) == 0


def test_splits_have_one_number_each_wherever_they_are_drawn() -> None:
    from gancourse.data import _request, avatars, handwritten, moving, numerals, photos

    assert numerals.SPLITS is moving.SPLITS is handwritten.SPLITS is photos.SPLITS is _request.SPLITS
    assert avatars.SPLITS.items() >= _request.SPLITS.items()
