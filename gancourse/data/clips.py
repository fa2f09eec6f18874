"""Clips of a ball that flies over a landscape: one thing moves, everything behind it stands still, and which is which is known.

The camera of Vondrick, Pirsiavash & Torralba (2016) is steadied by software; here it never moved.  A clip has half as many frames
as its pictures have pixels on a side, as theirs have (32 of 64 px).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from gancourse.base import check
from gancourse.data import scenes
from gancourse.data._request import SPLITS, request
from gancourse.data.moving import bounced, steps

DEFAULT_N = {"train": 2_000, "test": 500}
SEASONS = scenes.ATTRIBUTES["season"]
COLOURS = {"red": (226, 48, 40), "black": (36, 36, 52), "violet": (132, 60, 210)}
RADIUS = 0.14  # of the side
SPEED = (0.1, 0.17)  # of the side, each frame
_FINE = 4  # samples along each side of a pixel
_STREAM = 5  # keeps these clips' random numbers apart from those of other sets


class Clips(NamedTuple):
    """``frames`` uint8 [N, 3, T, H, W]; ``masks`` uint8 [N, 1, T, H, W], how much of each pixel the ball covers;
    ``backgrounds`` uint8 [N, 3, H, W]; ``labels`` int64 [N, 3]: the ball's colour, the season, the quarter that it starts
    towards (0 up left, 1 up right, 2 down left, 3 down right)."""

    frames: Tensor
    masks: Tensor
    backgrounds: Tensor
    labels: Tensor


class _Flights(NamedTuple):
    """What n clips are drawn from: ``colour`` and ``season`` int [N], ``behind`` uint8 [N, 3, size, size], the ball's upper left
    corner in the first frame ``start`` [N, 2] and its first ``step`` [N, 2], down and across, in pixels."""

    colour: np.ndarray
    season: np.ndarray
    behind: np.ndarray
    start: np.ndarray
    step: np.ndarray

    def drawn(self, frames: int) -> tuple[np.ndarray, np.ndarray]:
        """The clips uint8 [N, 3, T, H, W], and how much of each pixel the ball covers, float32 [N, 1, T, H, W]."""
        size = self.behind.shape[-1]
        places = bounced(self.start, self.step, frames, _room(size))
        cover, light = _balls(places + RADIUS * size, RADIUS * size, size)
        paint = np.array(list(COLOURS.values()), np.float32)[self.colour][:, :, None, None, None] * light  # [N, 3, T, H, W]
        pictures = cover * paint + (1 - cover) * self.behind[:, :, None]
        return pictures.round().clip(0, 255).astype(np.uint8), cover


def flying_balls(
    size: int = 16, n: int | None = None, split: str = "train", seed: int = 0, *, frames: int | None = None
) -> Clips:
    """``n`` clips of ``frames`` frames (default: size // 2) of a ball that flies straight and bounces off the frame's edges.

    n defaults to 2,000 (test: 500); a landscape of one split is in no other.
    """
    flights, frames = _flights(size, n, split, seed, frames)
    pictures, cover = flights.drawn(frames)
    quarter = 2 * (flights.step[:, 0] > 0) + (flights.step[:, 1] > 0)
    return Clips(
        torch.from_numpy(pictures),
        torch.from_numpy((255 * cover).round().astype(np.uint8)),
        torch.from_numpy(flights.behind),
        torch.from_numpy(np.stack([flights.colour, flights.season, quarter], 1).astype(np.int64)),
    )


def other_futures(
    size: int = 16,
    n: int | None = None,
    split: str = "train",
    seed: int = 0,
    *,
    draws: int = 40,
    frames: int | None = None,
) -> Tensor:
    """What could follow on the first frames of ``flying_balls(size, n, split, seed)``: uint8 [N, draws, 3, T, H, W].

    Landscape, ball and the place where it starts are the clip's own; direction and speed are drawn anew, by the law of
    :func:`flying_balls`, where they know nothing of the place.  So the clip x itself is one more draw.  With the variance s^2 of
    a pixel over the futures, expected squared errors are

        s^2 (1 + 1/K) of the mean of K draws,   2 s^2 of a single draw.

    Raises what :func:`flying_balls` raises, and a ValueError for fewer than 1 draw.
    """
    flights, frames = _flights(size, n, split, seed, frames)
    draws = check.whole("draws", draws)
    count, size = flights.start.shape[0], flights.behind.shape[-1]
    check.fits("futures", count, draws, 3, frames, size, size, bytes_each=1)
    rng = np.random.default_rng([seed, SPLITS[split], _STREAM, 1])
    out = np.empty((count, draws, 3, frames, size, size), np.uint8)
    for draw in range(draws):
        out[:, draw] = flights._replace(step=steps(rng, (count,), _speed(size))).drawn(frames)[0]
    return torch.from_numpy(out)


def _flights(size: int, n: int | None, split: str, seed: int, frames: int | None) -> tuple[_Flights, int]:
    """What the clips of that request are drawn from, and their number of frames."""
    size, n, seed = request(size, n, split, seed, DEFAULT_N)
    frames = check.whole("frames", max(1, size // 2) if frames is None else frames)
    check.fits("clips", n, 4, frames, size, size, bytes_each=5)
    rng = np.random.default_rng([seed, SPLITS[split], _STREAM])
    colour, season = rng.integers(len(COLOURS), size=n), rng.integers(len(SEASONS), size=n)
    some = scenes.scenes(n, [seed, SPLITS[split], _STREAM])
    behind = scenes.pictures(some, np.stack([np.zeros(n, np.int64), season], 1), size)
    start = rng.uniform(0, _room(size), (n, 2))
    return _Flights(colour, season, behind, start, steps(rng, (n,), _speed(size))), frames


def _room(size: int) -> float:
    """How far the ball's corner can go, in pixels."""
    return size - 2 * RADIUS * size


def _speed(size: int) -> tuple[float, float]:
    return SPEED[0] * size, SPEED[1] * size


def _balls(centres: np.ndarray, radius: float, size: int) -> tuple[np.ndarray, np.ndarray]:
    """How much of each pixel a ball covers, and how bright it is there: two float32 [N, 1, T, size, size].

    centres [N, T, 2]: from the top, from the left.  Light falls from the upper left.
    """
    at = (np.arange(size * _FINE, dtype=np.float32) + 0.5) / _FINE
    down = (at - centres[..., 0, None]).astype(np.float32)[..., :, None] / radius  # [N, T, fine, 1]
    across = (at - centres[..., 1, None]).astype(np.float32)[..., None, :] / radius
    covers, lights = [], []
    for y, x in zip(down, across, strict=True):  # one clip at a time: samples take sixteen times the memory of pixels
        covers.append(_mean((y**2 + x**2 < 1).astype(np.float32)))
        lights.append(_mean(np.clip(1.1 - 0.45 * np.hypot(y + 0.4, x + 0.4), 0.3, 1.1)))
    return np.stack(covers)[:, None], np.stack(lights)[:, None].astype(np.float32)


def _mean(fine: np.ndarray) -> np.ndarray:
    """Means over squares of _FINE x _FINE: [T, H, W]."""
    frames, side = fine.shape[0], fine.shape[1] // _FINE
    means: np.ndarray = fine.reshape(frames, side, _FINE, side, _FINE).mean((2, 4))
    return means
