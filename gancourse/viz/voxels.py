"""Shapes on a grid of voxels as shaded pictures: each visible face a polygon, the far ones drawn first.

No library of three dimensions is needed: seen from far away, a voxel has three faces towards the eye, the same three for all, and
a nearer voxel is never drawn before a farther one if all are drawn in the order of their depth.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from gancourse.base import check
from gancourse.viz import pictures

COLOUR = (118, 176, 240)
LIGHT = {0: 0.76, 1: 0.52, 2: 1.0}  # how bright a face is that looks across, to the front or back, up
_FINE = 2  # drawn larger by this, then averaged: smooth edges
_CORNERS = {  # of the face at the far end of its axis, in order around it
    0: ((1, 0, 0), (1, 1, 0), (1, 1, 1), (1, 0, 1)),
    1: ((0, 1, 0), (1, 1, 0), (1, 1, 1), (0, 1, 1)),
    2: ((0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)),
}


def as_solids(shapes: Any) -> np.ndarray:
    """Shapes as bool [N, S, S, S], axes across, back, up: of bytes (full above 127) or numbers (full above 0), [N, 1, S, S, S];
    one of them also as [1, S, S, S] or [S, S, S]."""
    array = np.asarray(shapes.detach().cpu() if hasattr(shapes, "detach") else shapes)
    array = array[(None,) * (5 - array.ndim)] if array.ndim in (3, 4) else array
    if array.ndim != 5 or array.shape[1] != 1 or not array.size or len(set(array.shape[2:])) != 1:
        raise ValueError(f"shapes must be [N, 1, S, S, S] with N > 0, or one [S, S, S], not {list(array.shape)}")
    if array.dtype == bool:
        return array[:, 0]
    if array.dtype != np.uint8 and not (np.issubdtype(array.dtype, np.floating) and np.isfinite(array).all()):
        raise TypeError(f"shapes must be bytes, finite floats or truth values, not {array.dtype}")
    return array[:, 0] > (127 if array.dtype == np.uint8 else 0)


def faces(solid: np.ndarray, turn: float, tilt: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The faces of one shape [S, S, S] that look towards the eye, the farthest first.

    turn and tilt in degrees: around the upright axis, and how far the eye looks down.  Returns corners [F, 4, 2] in the plane of
    the picture, right and up, a voxel being 1; the axis that each face looks along [F]; and how far up it stands, 0 to 1 [F].
    """
    right, up, towards = _axes(turn, tilt)
    size = len(solid)
    padded = np.pad(solid, 1)
    corners, axes, heights, depths = [], [], [], []
    for axis in range(3):
        ahead = 1 if towards[axis] > 0 else -1
        beside = np.roll(padded, -ahead, axis)[1:-1, 1:-1, 1:-1]
        places = np.argwhere(solid & ~beside)  # [F, 3]
        face = np.array(_CORNERS[axis])
        if ahead < 0:
            face = face - np.eye(3, dtype=int)[axis]
        at = places[:, None] + face - size / 2  # [F, 4, 3]
        corners.append(np.stack([at @ right, at @ up], -1))
        axes.append(np.full(len(places), axis))
        heights.append(places[:, 2] / max(1, size - 1))
        depths.append((places + 0.5) @ towards + 0.01 * abs(towards[axis]))
    order = np.argsort(np.concatenate(depths), kind="stable")
    return np.concatenate(corners)[order], np.concatenate(axes)[order], np.concatenate(heights)[order]


def _axes(turn: float, tilt: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Unit vectors: right and up in the picture, and towards the eye; at 0, 0 the eye stands in front."""
    a, b = math.radians(turn), math.radians(tilt)
    right = np.array([math.cos(a), math.sin(a), 0.0])
    towards = np.array([math.sin(a) * math.cos(b), -math.cos(a) * math.cos(b), math.sin(b)])
    return right, np.cross(towards, right), towards


def solid(
    shape: Any, size: int = 150, turn: float = 35.0, tilt: float = 25.0, colour: tuple[int, int, int] = COLOUR
) -> Image.Image:
    """One shape, shaded, on white: a picture of size x size pixels.

    Faces are brightest that look up; everything darkens a little towards the floor.
    """
    grids = as_solids(shape)
    if len(grids) != 1:
        raise ValueError(f"solid draws one shape, not {len(grids)}: take solids for several")
    size, turn, tilt = pictures.positive_int("size", size), check.number("turn", turn), check.within("tilt", tilt, 0, 90)
    side = size * _FINE
    scale = side / (1.6 * grids.shape[1])  # the diagonal of the floor, and the height, fit at every turn
    corners, axes, heights = faces(grids[0], turn, tilt)
    points = corners * [scale, -scale] + side / 2
    sheet = Image.new("RGB", (side, side), "white")
    pen = ImageDraw.Draw(sheet)
    paint = np.array(colour)
    for corner, axis, height in zip(points, axes.tolist(), heights.tolist(), strict=True):
        bright = LIGHT[axis] * (0.78 + 0.22 * height)
        fill, edge = (tuple(int(v) for v in (paint * bright * share).clip(0, 255)) for share in (1.0, 0.86))
        pen.polygon([(float(x), float(y)) for x, y in corner], fill=fill, outline=edge)
    return sheet.resize((size, size), Image.Resampling.BOX)


def solids(
    shapes: Any,
    rows: list[str] | None = None,
    columns: int | None = None,
    size: int = 150,
    turn: float = 35.0,
    tilt: float = 25.0,
    colour: tuple[int, int, int] = COLOUR,
) -> Image.Image:
    """Shapes [N, 1, S, S, S] as one picture, row by row; ``rows`` names them, as :func:`gancourse.viz.labelled_grid` does."""
    grids = as_solids(shapes)
    drawn = np.stack([np.asarray(solid(grid, size, turn, tilt, colour)) for grid in grids]).transpose(0, 3, 1, 2)
    if rows is None:
        return pictures.grid(drawn, columns, scale=1, pad=0)
    return pictures.labelled_grid(drawn, rows, n_columns=columns, scale=1)


def turntable(
    shapes: Any, frames: int = 24, columns: int | None = None, size: int = 150, tilt: float = 25.0
) -> list[Image.Image]:
    """Frames of the shapes on a table that turns once round, for :func:`gancourse.viz.animate`."""
    frames = check.whole("frames", frames)
    return [solids(shapes, columns=columns, size=size, turn=360 * i / frames + 35, tilt=tilt) for i in range(frames)]
