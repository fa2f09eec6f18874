"""Furniture out of little cubes: tables, chairs, lamps and sofas, each drawn from a few random lengths.

They stand in for the CAD models of ShapeNet that Wu et al. (2016) fill their grids with.  Every piece stands on the floor, is of
one part, and is its own mirror image from left to right; what is made of them can be held to all three.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from gancourse.base import check
from gancourse.data._request import SPLITS, request

DEFAULT_N = {"train": 2_000, "test": 500}
SIZES = (16, 32)
_STREAM = 6  # keeps these shapes' random numbers apart from those of other sets

Grid = np.ndarray  # bool [across, back, up]


class Shapes(NamedTuple):
    """``voxels`` uint8 [N, 1, S, S, S], 0 or 255, axes across (left to right), back (front to back) and up;
    ``labels`` int64 [N], indices into KINDS; ``arms`` bool [N], whether a chair has arms."""

    voxels: Tensor
    labels: Tensor
    arms: Tensor


class _Piece:
    """An empty grid, and the lengths of a piece: drawn in sixteenths of the side, so that 32 has the pieces of 16, finer."""

    def __init__(self, rng: np.random.Generator, size: int) -> None:
        self.rng, self.unit, self.size = rng, size // 16, size
        self.grid = np.zeros((size, size, size), bool)

    def between(self, low: int, high: int) -> int:
        """A whole number of sixteenths, both ends included."""
        return int(self.rng.integers(low, high + 1))

    def block(self, half: int, back: tuple[int, int], up: tuple[int, int], inner: int = 0) -> None:
        """Fill from ``inner`` to ``half``, counted from the middle to both sides; ``back`` and ``up`` are from where to where."""
        u, middle = self.unit, self.size // 2
        rest = (slice(back[0] * u, back[1] * u), slice(up[0] * u, up[1] * u))
        self.grid[(slice(middle + inner * u, middle + half * u), *rest)] = True
        self.grid[(slice(middle - half * u, middle - inner * u), *rest)] = True

    def round(self, radius: Callable[[float], float], up: tuple[int, int]) -> None:
        """Fill a body of revolution; ``radius`` in sixteenths, of the share 0 .. 1 of its height."""
        at = (np.arange(self.size) + 0.5) / self.unit - 8
        across, back = at[:, None], at[None, :]
        for level in range(up[0] * self.unit, up[1] * self.unit):
            share = (level + 0.5 - up[0] * self.unit) / ((up[1] - up[0]) * self.unit)
            self.grid[:, :, level] |= across**2 + back**2 < radius(share) ** 2

    def legs(self, half: int, back: tuple[int, int], top: int, thick: int = 1) -> None:
        """Four legs under the corners."""
        for near in ((back[0], back[0] + thick), (back[1] - thick, back[1])):
            self.block(half, near, (0, top), inner=half - thick)


def _table(piece: _Piece) -> bool:
    half, deep, high = piece.between(4, 7), piece.between(3, 6), piece.between(6, 10)
    piece.block(half, (8 - deep, 8 + deep), (high, high + piece.between(1, 2)))
    if piece.rng.random() < 0.5:
        piece.legs(half, (8 - deep, 8 + deep), high, piece.between(1, 2))
    else:
        foot = piece.between(2, 4)
        piece.block(piece.between(1, 2), (7, 9), (0, high))
        piece.block(foot, (8 - foot, 8 + foot), (0, piece.between(1, 2)))
    return False


def _chair(piece: _Piece) -> bool:
    half, high, back, thick = piece.between(3, 4), piece.between(4, 6), piece.between(5, 7), piece.between(1, 2)
    ends = (8 - piece.between(3, 4), 8 + piece.between(3, 4))
    piece.legs(half, ends, high, piece.between(1, 2))
    piece.block(half, ends, (high, high + thick))
    behind = (ends[1] - piece.between(1, 2), ends[1])
    if piece.rng.random() < 0.5:
        piece.block(half, behind, (high, high + thick + back))
    else:  # two posts and a rail
        piece.block(half, behind, (high, high + thick + back), inner=half - 1)
        piece.block(half, behind, (high + thick + back - piece.between(1, 3), high + thick + back))
    arms = bool(piece.rng.random() < 0.5)
    if arms:
        rest = high + thick + piece.between(2, 3)
        piece.block(half + 1, ends, (rest, rest + 1), inner=half)
        piece.block(half + 1, (ends[0], ends[0] + 1), (high, rest), inner=half)
        piece.block(half + 1, behind, (high, rest), inner=half)
    return arms


def _lamp(piece: _Piece) -> bool:
    foot, high, tall = piece.between(2, 4), piece.between(6, 10), piece.between(3, 5)
    below, above = piece.between(3, 6), piece.between(1, 6)
    piece.round(lambda share: foot + 0.5, (0, piece.between(1, 2)))
    piece.block(1, (7, 9), (0, high))
    piece.round(lambda share: below + (above - below) * share + 0.5, (high, high + tall))
    return False


def _sofa(piece: _Piece) -> bool:
    half, seat, back, low = piece.between(5, 7), piece.between(3, 5), piece.between(3, 5), piece.between(0, 2)
    ends = (8 - piece.between(3, 5), 8 + piece.between(3, 5))
    piece.block(half, ends, (low, seat))
    piece.block(half, (ends[1] - piece.between(1, 3), ends[1]), (low, seat + back))
    piece.block(half, ends, (low, seat + piece.between(1, 3)), inner=half - piece.between(1, 2))
    if low:
        piece.legs(half, ends, low)
    return False


_KINDS: dict[str, Callable[[_Piece], bool]] = {"table": _table, "chair": _chair, "lamp": _lamp, "sofa": _sofa}
KINDS = tuple(_KINDS)


def furniture(size: int = 16, n: int | None = None, split: str = "train", seed: int = 0) -> Shapes:
    """``n`` pieces of furniture, evenly by kind, on a grid of size^3 voxels; a seed gives the same pieces at 16 and at 32.

    n defaults to 2,000 (test: 500).  Two splits draw apart; as a piece is some eight whole numbers, one of a split may be in the
    other too.
    """
    size, n, seed = request(check.offered_size(size, SIZES, "furniture"), n, split, seed, DEFAULT_N, channels=1)
    check.fits("voxels", n, size, size, size, bytes_each=1)
    rng = np.random.default_rng([seed, SPLITS[split], _STREAM])
    voxels, arms = np.zeros((n, 1, size, size, size), np.uint8), np.zeros(n, bool)
    for i in range(n):
        piece = _Piece(rng, size)
        arms[i] = _KINDS[KINDS[i % len(KINDS)]](piece)
        voxels[i, 0][piece.grid] = 255
    return Shapes(torch.from_numpy(voxels), torch.arange(n) % len(KINDS), torch.from_numpy(arms))
