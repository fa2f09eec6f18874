"""Folders of small drawn pictures, for the tests of trainings on one's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def draw(i: int, size: int = 16, width: int = 16) -> np.ndarray:
    """A disc of one of three colours on a grey field, somewhere: uint8 [size, width, 3]."""
    rng = np.random.default_rng(i)
    pixels = np.full((size, width, 3), 90, np.uint8)
    rows, columns = np.ogrid[:size, :width]
    centre, radius = rng.uniform(0.3, 0.7, 2) * (size, width), rng.uniform(0.15, 0.3) * size
    pixels[(rows - centre[0]) ** 2 + (columns - centre[1]) ** 2 < radius**2] = np.eye(3, dtype=np.uint8)[i % 3] * 220
    return pixels


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def pets(folder: Path, n: int = 40, size: int = 16) -> Path:
    """n pictures in the subfolders red, green and blue."""
    for i in range(n):
        save(folder / ("red", "green", "blue")[i % 3] / f"{i:03d}.png", draw(i, size, size))
    return folder


def pairs(folder: Path, n: int = 8, size: int = 32, split: str = "train") -> Path:
    """n pictures of two halves, the right one the negative of the left."""
    for i in range(n):
        left = draw(i, size, size)
        save(folder / split / f"{i:03d}.png", np.concatenate([left, 255 - left], 1))
    return folder


def two(folder: Path, n: int = 8, size: int = 32) -> Path:
    """trainA and trainB, the second one negatives."""
    for i in range(n):
        save(folder / "trainA" / f"{i}.png", draw(i, size, size))
        save(folder / "trainB" / f"{i}.png", 255 - draw(i + n, size, size))
    return folder
