"""Real and generated samples side by side."""

from __future__ import annotations

from typing import Any

import torch
from PIL import Image

from gancourse.viz.pictures import COLOURS, WIDEST, beside, grid, positive_int
from gancourse.viz.plane import two_scatters


def real_and_fake(
    real: Any, fake: Any, n: int = 36, columns: int = 6, titles: tuple[str, str] = ("real", "generated")
) -> Image.Image:
    """The first n real and the first n generated samples side by side: images [N, C, H, W], or points [N, 2] as two scatters."""
    n, columns = positive_int("n", n), positive_int("columns", columns)
    real, fake = (torch.as_tensor(getattr(x, "images", x)).detach() for x in (real, fake))
    if real.ndim == 2 and fake.ndim == 2:
        return two_scatters(real, fake, titles)
    if real.shape[1:] != fake.shape[1:]:
        raise ValueError(f"real and fake must have one shape, not {list(real.shape[1:])} and {list(fake.shape[1:])}")
    n = min(n, len(real), len(fake))
    halves = [grid(x[:n], columns=min(n, columns), widest=(WIDEST - 24) // 2) for x in (real, fake)]
    return beside(halves, titles, (COLOURS["real"], COLOURS["fake"]), gap=24)
