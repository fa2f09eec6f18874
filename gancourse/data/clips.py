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
from gancourse.data._request import request
from gancourse.data.moving import SPLITS, paths

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


def flying_balls(
    size: int = 16, n: int | None = None, split: str = "train", seed: int = 0, *, frames: int | None = None
) -> Clips:
    """``n`` clips of ``frames`` frames (default: size // 2) of a ball that flies straight and bounces off the frame's edges.

    n defaults to 2,000 (test: 500); a landscape of one split is in no other.
    """
    size, n, seed = request(size, n, split, seed, DEFAULT_N)
    frames = check.whole("frames", max(1, size // 2) if frames is None else frames)
    check.fits("clips", n, 4, frames, size, size, bytes_each=5)
    rng = np.random.default_rng([seed, SPLITS[split], _STREAM])
    colour, season = rng.integers(len(COLOURS), size=n), rng.integers(len(SEASONS), size=n)
    some = scenes.scenes(n, [seed, SPLITS[split], _STREAM])
    behind = scenes.pictures(some, np.stack([np.zeros(n, np.int64), season], 1), size)
    radius = RADIUS * size
    way, places = paths(rng, (n,), frames, size - 2 * radius, (SPEED[0] * size, SPEED[1] * size))
    cover, light = _balls(places + radius, radius, size)
    paint = np.array(list(COLOURS.values()), np.float32)[colour][:, :, None, None, None] * light  # [N, 3, T, H, W]
    pictures = cover * paint + (1 - cover) * behind[:, :, None]
    quarter = 2 * (way[:, 0] > 0) + (way[:, 1] > 0)
    return Clips(
        torch.from_numpy(pictures.round().clip(0, 255).astype(np.uint8)),
        torch.from_numpy((255 * cover).round().astype(np.uint8)),
        torch.from_numpy(behind),
        torch.from_numpy(np.stack([colour, season, quarter], 1).astype(np.int64)),
    )


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
