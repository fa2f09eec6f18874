"""Landscapes drawn by formula: an exact layout, and the same place at any time of day and in any season.

A scene is a few numbers (ridges, trees, a house, a lake), drawn on a grid by comparing heights, so a layout and every
picture of it agree pixel for pixel.  By day the hills have a tint of their own; by night all scenes share one palette, so the
tint is lost: day to night is a function, night to day is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from gancourse.base import check

CLASSES = ("sky", "sun or moon", "mountains", "hills", "meadow", "lake", "tree", "house", "roof", "window")
ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "time": ("day", "dusk", "night"),
    "season": ("summer", "autumn", "winter"),
}
LICENCE, AUTHOR = "CC0 1.0", "drawn by this course"
SKY, ORB, MOUNTAINS, HILLS, MEADOW, LAKE, TREE, HOUSE, ROOF, WINDOW = range(len(CLASSES))
_TREES = 5
_SUPERSAMPLING = 3

_DAY = {
    "sky": (150, 205, 240), "orb": (255, 214, 70), "lake": (90, 160, 210), "house": (236, 222, 200), "roof": (190, 80, 60),
    "window": (120, 150, 175),
}  # fmt: skip
_GROUND = {  # mountains, hills, meadow, tree by season
    "summer": ((128, 150, 140), (104, 158, 84), (138, 186, 92), (44, 104, 58)),
    "autumn": ((150, 138, 128), (176, 136, 70), (190, 168, 88), (188, 84, 36)),
    "winter": ((196, 206, 220), (222, 230, 238), (242, 245, 250), (96, 122, 118)),
}
_NIGHT_GROUND = {  # the same for every scene: what tint it had by day is gone
    "summer": ((52, 60, 96), (38, 50, 80), (30, 42, 66), (18, 28, 44)),
    "autumn": ((58, 56, 92), (52, 46, 72), (44, 40, 60), (34, 24, 36)),
    "winter": ((88, 100, 142), (100, 114, 158), (112, 128, 172), (40, 52, 80)),
}
_NIGHT = {"sky": (18, 24, 58), "orb": (238, 238, 216), "lake": (26, 40, 86), "house": (72, 70, 96), "roof": (52, 36, 60),
          "window": (255, 208, 96)}  # fmt: skip


@dataclass(frozen=True)
class Scenes:
    """The numbers of n scenes; every array has n rows.  Lengths are parts of the picture's side, heights from the top."""

    ridges: np.ndarray  # [N, 3, 7]: base height, then amplitude and phase of three waves
    orb: np.ndarray  # [N, 3]: x, y, radius
    trees: np.ndarray  # [N, TREES, 3]: x, foot, height; height 0 for none
    house: np.ndarray  # [N, 4]: x, foot, width, flag
    lake: np.ndarray  # [N, 4]: x, y, half width, flag
    tint: np.ndarray  # [N, 3]: what daylight adds to the hills' colours, in grey values
    sky: np.ndarray  # [N, 3]: likewise for the sky

    def __len__(self) -> int:
        return len(self.ridges)

    def __getitem__(self, rows: slice | np.ndarray) -> Scenes:
        return Scenes(**{name: value[rows] for name, value in vars(self).items()})


def scenes(n: int, seed: int | list[int] = 0) -> Scenes:
    """Draw the numbers of n scenes."""
    n = check.whole("n", n)
    check.fits("scenes", n, 100, bytes_each=8)
    for part in seed if isinstance(seed, list) else [seed]:
        check.whole("seed", part, 0)
    rng = np.random.default_rng(seed)
    ridges = np.empty((n, 3, 7))
    for i, (low, high, amplitude) in enumerate([(0.34, 0.46, 0.07), (0.52, 0.62, 0.045), (0.68, 0.78, 0.025)]):
        ridges[:, i, 0] = rng.uniform(low, high, n)
        ridges[:, i, 1:4] = amplitude * rng.uniform(0.3, 1, (n, 3)) * [1, 0.6, 0.35]
        ridges[:, i, 4:] = rng.uniform(0, 2 * np.pi, (n, 3))
    orb = np.stack([rng.uniform(0.1, 0.9, n), rng.uniform(0.1, 0.26, n), rng.uniform(0.055, 0.085, n)], 1)
    foot = rng.uniform(0.72, 0.97, (n, _TREES))
    present = rng.random((n, _TREES)) < 0.6
    trees = np.stack([rng.uniform(0.05, 0.95, (n, _TREES)), foot, present * (0.1 + 0.32 * (foot - 0.6))], 2)
    trees = np.take_along_axis(trees, np.argsort(foot, 1)[:, :, None], 1)  # the nearest last, on top of the others

    def placed(x: float, y: tuple[float, float], width: tuple[float, float], share: float) -> np.ndarray:
        return np.stack([rng.uniform(x, 1 - x, n), rng.uniform(*y, n), rng.uniform(*width, n), rng.random(n) < share], 1)

    house = placed(0.16, (0.74, 0.86), (0.15, 0.22), 0.65)
    lake = placed(0.2, (0.86, 0.93), (0.14, 0.28), 0.4)
    tint = rng.uniform(-34, 34, (n, 3))
    sky = rng.uniform(-1, 1, (n, 1)) * [38, -4, -28] + rng.uniform(-6, 6, (n, 3))
    return Scenes(ridges, orb, trees, house, lake, tint, sky)


def _classes(some: Scenes, side: int) -> np.ndarray:
    """The class of each of side x side points: uint8 [N, side, side]."""
    n = len(some)
    at = (np.arange(side) + 0.5) / side
    x, y = at[None, None, :], at[None, :, None]  # [1, 1, side], [1, side, 1]
    out = np.full((n, side, side), SKY, np.uint8)

    def column(values: np.ndarray) -> np.ndarray:
        return values[:, None, None]

    orb = (x - column(some.orb[:, 0])) ** 2 + (y - column(some.orb[:, 1])) ** 2 < column(some.orb[:, 2]) ** 2
    out[orb] = ORB
    for i, kind in enumerate((MOUNTAINS, HILLS, MEADOW)):
        base, amplitudes, phases = some.ridges[:, i, 0], some.ridges[:, i, 1:4], some.ridges[:, i, 4:]
        waves = 2 * np.pi * np.array([1.1, 2.3, 4.7])[None, :, None] * at + phases[:, :, None]  # [N, 3, side]
        height = base[:, None] + (amplitudes[:, :, None] * np.sin(waves)).sum(1)  # [N, side]
        out[y > height[:, None, :]] = kind
    lake = ((x - column(some.lake[:, 0])) / column(some.lake[:, 2])) ** 2 + ((y - column(some.lake[:, 1])) / 0.05) ** 2 < 1
    out[lake & (column(some.lake[:, 3]) > 0)] = LAKE
    here = column(some.house[:, 3]) > 0
    across = (x - column(some.house[:, 0])) / column(some.house[:, 2])  # -1/2 .. 1/2 along the wall
    up = (column(some.house[:, 1]) - y) / column(some.house[:, 2])  # 0 at the foot; the wall is 0.6 high, the roof 0.5
    out[here & (np.abs(across) < 0.5) & (up > 0) & (up < 0.6)] = HOUSE
    out[here & (np.abs(across) < 0.6 * (1.1 - up) / 0.5) & (up >= 0.6) & (up < 1.1)] = ROOF
    out[here & (np.abs(np.abs(across) - 0.23) < 0.12) & (up > 0.2) & (up < 0.46)] = WINDOW
    for i in range(_TREES):
        foot, height = column(some.trees[:, i, 1]), column(some.trees[:, i, 2])
        up = (foot - y) / np.maximum(height, 1e-9)
        out[(height > 0) & (up > 0) & (up < 1) & (np.abs(x - column(some.trees[:, i, 0])) < 0.36 * height * (1 - up))] = TREE
    return out


def _size(some: Scenes, size: int) -> int:
    """The side of pictures of some scenes as an int."""
    if not isinstance(some, Scenes) or not len(some):
        raise TypeError(f"some must be Scenes, not {type(some).__name__}: draw them with scenes(n)")
    size = check.whole("size", size)
    check.fits("pictures", len(some), len(CLASSES), _SUPERSAMPLING * size, _SUPERSAMPLING * size, bytes_each=1)
    return size


def layout(some: Scenes, size: int = 64) -> np.ndarray:
    """The class at the middle of each pixel: uint8 [N, 1, size, size], indices into CLASSES."""
    size = _size(some, size)
    parts = [_classes(some[i : i + 100], size) for i in range(0, len(some), 100)]
    return np.concatenate(parts)[:, None]


def palette(some: Scenes, time: str, season: str) -> np.ndarray:
    """The colour of each class of each scene: float [N, classes, 3] in grey values 0..255."""
    _size(some, 1)
    check.one_of("time", time, ATTRIBUTES["time"])
    check.one_of("season", season, ATTRIBUTES["season"])
    n = len(some)

    def colours(base: Mapping[str, tuple[int, ...]], ground: tuple[tuple[int, ...], ...]) -> np.ndarray:
        mountains, hills, meadow, tree = ground
        sky, orb, lake, house, roof, window = (base[name] for name in ("sky", "orb", "lake", "house", "roof", "window"))
        rows = [sky, orb, mountains, hills, meadow, lake, tree, house, roof, window]
        return np.tile(np.array(rows, float), (n, 1, 1))

    day = colours(_DAY, _GROUND[season])
    day[:, SKY] += some.sky
    strength = 0.35 if season == "winter" else 1.0
    for kind, share in ((MOUNTAINS, 0.6), (HILLS, 1.0), (MEADOW, 1.0)):
        day[:, kind] += strength * share * some.tint
    night = colours(_NIGHT, _NIGHT_GROUND[season])
    if time == "dusk":
        mixed = 0.55 * day + 0.45 * night
        mixed[:, SKY] = 0.35 * day[:, SKY] + np.array([158, 84, 60])
        mixed[:, ORB] = (255, 128, 64)
        mixed[:, WINDOW] = (255, 208, 96)
        return mixed.clip(0, 255)
    return (day if time == "day" else night).clip(0, 255)


def coverage(some: Scenes, size: int) -> np.ndarray:
    """How much of each pixel each class covers, in ninths: uint8 [N, classes, size, size]."""
    k, size = _SUPERSAMPLING, _size(some, size)
    kinds = _classes(some, k * size)
    counts = np.empty((len(some), len(CLASSES), size, size), np.uint8)
    for kind in range(len(CLASSES)):
        here = (kinds == kind).view(np.uint8)
        rows = sum(here[:, i::k] for i in range(k))  # [N, size, k size]
        counts[:, kind] = sum(rows[:, :, i::k] for i in range(k))
    return counts


def _paint(some: Scenes, size: int, palettes: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The scenes in each of some palettes, [N, classes, 3]: a pixel is the mean of the colours that cover it."""
    size = _size(some, size)
    out = [np.empty((len(some), 3, size, size), np.uint8) for _ in palettes]
    for start in range(0, len(some), 25):
        part = slice(start, start + 25)
        shares = coverage(some[part], size).reshape(-1, len(CLASSES), size * size).astype(np.float32) / _SUPERSAMPLING**2
        for pictures, colours in zip(out, palettes, strict=True):
            mixed = colours[part].astype(np.float32).transpose(0, 2, 1) @ shares  # [n, 3, size^2]
            pictures[part] = mixed.round().reshape(-1, 3, size, size)
    return out


def pictures(some: Scenes, attributes: np.ndarray, size: int = 64) -> np.ndarray:
    """Each scene with attributes of its own, int [N, 2]: uint8 [N, 3, size, size], edges smoothed by nine points a pixel."""
    _size(some, size)
    times, seasons = ATTRIBUTES.values()
    attributes = np.asarray(attributes)
    if (
        attributes.shape != (len(some), 2)
        or attributes.dtype.kind not in "iu"
        or not ((attributes >= 0) & (attributes < 3)).all()
    ):
        raise ValueError(f"attributes must be int [{len(some)}, 2], a time and a season in 0 .. 2 for each scene")
    colours = np.empty((len(some), len(CLASSES), 3))
    for time, season in {tuple(row) for row in attributes.tolist()}:
        rows = (attributes == (time, season)).all(1).nonzero()[0]
        colours[rows] = palette(some[rows], times[time], seasons[season])
    return _paint(some, size, [colours])[0]


def picture(some: Scenes, size: int = 64, time: str = "day", season: str = "summer") -> np.ndarray:
    """All scenes at that time and season: uint8 [N, 3, size, size]."""
    return _paint(some, size, [palette(some, time, season)])[0]


def day_and_night(some: Scenes, size: int = 64, season: str = "summer") -> tuple[np.ndarray, np.ndarray]:
    """All scenes by day and by night: two arrays uint8 [N, 3, size, size]."""
    day, night = _paint(some, size, [palette(some, time, season) for time in ("day", "night")])
    return day, night


def one_hot(attributes: torch.Tensor) -> torch.Tensor:
    """Scene attributes as a vector: int64 [N, 2] -> float [N, 6], three numbers for the time and three for the season."""
    counts = [len(values) for values in ATTRIBUTES.values()]
    known = check.integers("attributes", attributes, 2)
    if known.shape[1] != 2 or (known < 0).any() or (known.long() >= torch.tensor(counts)).any():
        raise ValueError(f"attributes must be [N, 2], a time and a season in 0 .. 2, not {list(known.shape)}")
    attributes = known.long()
    columns = [torch.nn.functional.one_hot(attributes[:, i], k) for i, k in enumerate(counts)]
    return torch.cat(columns, 1).float()
