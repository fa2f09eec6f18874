"""Real and generated samples side by side."""

from __future__ import annotations

from typing import Any

import torch
from PIL import Image

from gancourse.viz.pictures import COLOURS, WIDEST, beside, grid, positive_int
from gancourse.viz.plane import two_scatters


def real_and_fake(
    real: Any,
    fake: Any,
    n: int | None = None,
    columns: int | None = None,
    titles: tuple[str, str] = ("real", "generated"),
) -> Image.Image:
    """The first n real and the first n generated samples side by side: images [N, C, H, W], or points [N, 2] as two scatters.

    n        by default 36 images, or all points (of which 2,000 are drawn)
    columns  of each half's images, by default 6; ValueError for points
    """
    n = positive_int("n", n) if n is not None else None
    real, fake = (torch.as_tensor(getattr(x, "images", x)).detach() for x in (real, fake))
    if real.ndim == 2 and fake.ndim == 2:
        if columns is not None:
            raise ValueError(f"columns are for images, and points become two scatters: leave columns={columns!r} away")
        return two_scatters(real[:n], fake[:n], titles)
    columns = positive_int("columns", columns) if columns is not None else 6
    if real.shape[1:] != fake.shape[1:]:
        raise ValueError(f"real and fake must have one shape, not {list(real.shape[1:])} and {list(fake.shape[1:])}")
    n = min(n or 36, len(real), len(fake))
    halves = [grid(x[:n], columns=min(n, columns), widest=(WIDEST - 24) // 2) for x in (real, fake)]
    return beside(halves, titles, (COLOURS["real"], COLOURS["fake"]), gap=24)
