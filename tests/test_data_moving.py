"""Films of moving digits: the digits of the label, straight ahead between the edges, never outside."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gancourse.data import ImageSet, moving_digits
from gancourse.data.handwritten import handwritten_digits
from gancourse.data.moving import paths


def test_frames_hold_the_digits_of_the_label() -> None:
    films = moving_digits(n=6, frames=4, digits=1, seed=2)
    assert films.frames.shape == (6, 4, 1, 64, 64) and films.frames.dtype == torch.uint8
    base = handwritten_digits("train", 28)
    for frames, (label,) in zip(films.frames, films.labels.tolist(), strict=True):
        sums = frames.flatten(1).long().sum(1)
        assert len(set(sums.tolist())) == 1  # all of the digit's ink, in every frame
        assert int(sums[0]) in base.images[base.labels == label].flatten(1).long().sum(1).tolist()


def test_paths_are_straight_and_bounce() -> None:
    first, places = paths(np.random.default_rng(0), (50, 2), 30, 36, (2.0, 4.5))
    assert places.min() >= 0 and places.max() <= 36
    steps = np.diff(places, axis=2)
    assert np.hypot(*np.moveaxis(steps, 3, 0)).max() <= 4.5 + 1e-9
    assert (np.isclose(steps[:, :, 0], first) | (np.abs(steps[:, :, 0]) < np.abs(first))).all()  # straight, or just mirrored
    turned = (np.diff(places, axis=2).min(2) < 0) & (np.diff(places, axis=2).max(2) > 0)
    assert turned.mean() > 0.3


def test_the_seed_decides_and_splits_differ() -> None:
    one, same = moving_digits(n=3, frames=2, seed=1), moving_digits(n=3, frames=2, seed=1)
    assert torch.equal(one.frames, same.frames) and torch.equal(one.labels, same.labels)
    assert not torch.equal(one.frames, moving_digits(n=3, frames=2, seed=2).frames)
    assert not torch.equal(one.frames, moving_digits(n=3, frames=2, split="test", seed=1).frames)


def test_a_digit_as_large_as_the_frame_stands_still_and_a_larger_one_is_refused() -> None:
    frames = moving_digits(28, n=2, frames=3, digits=1).frames
    assert torch.equal(frames[:, 0], frames[:, 2])
    with pytest.raises(ValueError, match="at most 20 pixels"):
        moving_digits(20, n=2)
    with pytest.raises(ValueError, match="grey digits with labels"):
        moving_digits(n=2, base=ImageSet(torch.zeros(2, 3, 8, 8, dtype=torch.uint8)))
    with pytest.raises(ValueError, match="frames must be above 0"):
        moving_digits(n=2, frames=0)
