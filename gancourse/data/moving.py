"""Films of handwritten digits that drift about a dark frame and bounce off its edges: Moving MNIST, offline.

Source: Srivastava, Mansimov & Salakhutdinov 2015, "Unsupervised Learning of Video Representations using LSTMs", section 3.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from gancourse.base import check
from gancourse.data._request import SPLITS, request
from gancourse.data.handwritten import SIDE, handwritten_digits
from gancourse.data.images import ImageSet

DEFAULT_N = {"train": 1_000, "test": 200}
SPEED = (2.0, 4.5)  # pixels a frame at 64 pixels


class Films(NamedTuple):
    """``frames`` uint8 [N, T, 1, H, W]; ``labels`` int64 [N, digits], which digits move in each film."""

    frames: Tensor
    labels: Tensor


def moving_digits(
    size: int = 64,
    n: int | None = None,
    split: str = "train",
    seed: int = 0,
    *,
    frames: int = 20,
    digits: int = 2,
    base: ImageSet | None = None,
) -> Films:
    """``n`` films of ``frames`` frames in which ``digits`` handwritten digits move, each at a speed of its own.

    A digit goes straight ahead and comes back from the edges as light does from a mirror; where digits meet, the brighter pixel
    is seen.  ``base`` is a set of grey digits with labels (default: the split's handwritten digits at 28 px); it must fit the
    frame.  n defaults to 1,000 (test: 200); the published set has 20 frames of 64 px and two digits.
    """
    size, n, seed = request(size, n, split, seed, DEFAULT_N, channels=1)
    frames, digits = check.whole("frames", frames), check.whole("digits", digits)
    check.fits("films", n, frames, size, size, bytes_each=1)
    check.fits("paths", n, digits, frames, 2, bytes_each=8)
    base = handwritten_digits(split, SIDE) if base is None else base
    if not isinstance(base, ImageSet) or not len(base):
        raise TypeError(f"base must be an ImageSet of digits, not {base!r}")
    if base.channels != 1 or base.labels is None or base.size > size:
        raise ValueError(f"base must hold grey digits with labels, of at most {size} pixels, not {base!r}")
    rng = np.random.default_rng([seed, SPLITS[split], 4])
    chosen = rng.integers(len(base), size=(n, digits))
    speed = (SPEED[0] * size / 64, SPEED[1] * size / 64)
    places = paths(rng, (n, digits), frames, size - base.size, speed)[1].round().astype(np.int64)
    pictures, out = base.images[:, 0].numpy(), np.zeros((n, frames, 1, size, size), np.uint8)
    for film in range(n):
        for which in range(digits):
            picture = pictures[chosen[film, which]]
            for t, (top, left) in enumerate(places[film, which]):
                window = out[film, t, 0, top : top + base.size, left : left + base.size]
                np.maximum(window, picture, out=window)
    return Films(torch.from_numpy(out), base.labels[torch.from_numpy(chosen)])


def paths(
    rng: np.random.Generator, shape: tuple[int, ...], frames: int, room: float, speed: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """First steps [*shape, 2], and upper left corners [*shape, frames, 2] of squares that bounce in ``room`` pixels.

    Each goes straight at a speed of its own, between the two of ``speed`` in pixels a frame, and is mirrored at the edges.
    """
    start = rng.uniform(0, room, (*shape, 2)) if room else np.zeros((*shape, 2))
    step = steps(rng, shape, speed)
    return step, bounced(start, step, frames, room)


def steps(rng: np.random.Generator, shape: tuple[int, ...], speed: tuple[float, float]) -> np.ndarray:
    """First steps [*shape, 2], down and across: every direction is as likely, and every length between the two of ``speed``."""
    angle, fast = rng.uniform(0, 2 * np.pi, shape), rng.uniform(*speed, shape)
    return np.stack([np.sin(angle), np.cos(angle)], -1) * fast[..., None]


def bounced(start: np.ndarray, step: np.ndarray, frames: int, room: float) -> np.ndarray:
    """Places [..., frames, 2] of what starts at start [..., 2], goes by step [..., 2] a frame, and is mirrored at 0 and room."""
    free = start[..., None, :] + step[..., None, :] * np.arange(frames)[:, None]  # as if there were no edges
    return room - np.abs(free % (2 * room) - room) if room else np.zeros_like(free)
