"""What styles do: pictures that mix two, and films through W."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from gancourse.base import check
from gancourse.latent.mixing import styles_of_seeds, synthesised
from gancourse.viz import pictures
from gancourse.viz.film import Animation, animate

if TYPE_CHECKING:
    from PIL import Image

NOISE = ("auto", "constant", "none")
_GAP = 8  # pixels between the sources and what is made of them


def mixing_grid(
    generator: Any,
    row_seeds: Sequence[int],
    column_seeds: Sequence[int],
    crossover: int,
    *,
    truncation: float = 1.0,
    labels: Tensor | None = None,
    noise: str = "auto",
    scale: int | None = None,
    widest: int = pictures.WIDEST,
) -> Image.Image:
    """Style mixing as one picture: sources at the left and at the top, and each pair's mixture where row and column meet.

    The mixture takes the layers before ``crossover`` (the coarse ones) from its row, and those from there on from its column.  At
    0 every row repeats the top one; at ``generator.layers`` every column repeats the left one.  One latent is drawn for each
    seed.  ``labels`` [rows + columns] of a conditional generator.

    Source: Karras et al. 2019, section 3.1 and figure 3.
    """
    from gancourse.models.layers.styles import mix

    rows, columns = len(row_seeds), len(column_seeds)
    ws = styles_of_seeds(generator, [*row_seeds, *column_seeds], truncation, labels)
    mixed = mix(ws[:rows].repeat_interleave(columns, 0), ws[rows:].repeat(rows, 1, 1), crossover)
    images = synthesised(generator, torch.cat([ws, mixed]), check.one_of("noise", noise, NOISE))
    side, head, margin = images.shape[-1], 22, 62
    if scale is None:
        scale = pictures.enlargement((columns + 1) * (side + 1) - 1, side, max(1, widest - margin - _GAP))
    left, top, body = (
        pictures.grid(part, columns=across, scale=scale).convert("RGB")
        for part, across in ((images[:rows], 1), (images[rows : rows + columns], columns), (images[rows + columns :], columns))
    )
    x, y = margin + left.width + _GAP, head + top.height + _GAP
    sheet = pictures.blank(x + body.width, y + body.height)
    for part, at in ((left, (margin, y)), (top, (x, head)), (body, (x, y))):
        sheet.paste(part, at)
    step = scale * (side + 1)
    for i, seed in enumerate(row_seeds):
        pictures.write(sheet, (margin - 6, y + i * step + scale * side / 2), f"seed {seed}", anchor="rm", width=margin - 8)
    for i, seed in enumerate(column_seeds):
        pictures.write(sheet, (x + i * step + scale * side / 2, head / 2), f"seed {seed}", width=step)
    fine = generator.layers - crossover
    corner = (margin + left.width / 2, head + top.height / 2)
    coarse = f"{crossover} coarse layer{'s' * (crossover != 1)}"
    for line, text in enumerate((coarse, "from the row,", f"{fine} fine ones", "from the column")):
        pictures.write(sheet, (corner[0], corner[1] + 17 * (line - 1.5)), text, size=12, width=left.width)
    return sheet


def closed_path(points: Tensor, frames: int, how: str = "spline") -> Tensor:
    r"""A closed path through points [K, ...] in order and back to the first: [frames, ...], evenly spread over K equal stretches.

    "linear" goes straight from point to point.  "spline" is the closed Catmull-Rom curve, which passes through all points without
    corners: between p_1 and p_2, with neighbours p_0 and p_3,

        p(t) = p_1 + t (p_2 - p_0) / 2 + t^2 (p_0 - 5/2 p_1 + 2 p_2 - p_3 / 2) + t^3 (3 (p_1 - p_2) + p_3 - p_0) / 2

    The first frame is the first point; the last is one step before it, so that the path can be played round and round.

    Source: Catmull & Rom 1974.
    """
    check.one_of("how", how, ("linear", "spline"))
    pictures.positive_int("frames", frames)
    if points.ndim < 2 or len(points) < 2:
        raise ValueError(f"a path needs two points or more, [K, ...], not {list(points.shape)}")
    place = torch.arange(frames, dtype=torch.float64) * len(points) / frames
    stretch = place.floor().long()
    t = (place - stretch).to(points).reshape(-1, *[1] * (points.ndim - 1))
    p0, p1, p2, p3 = (points[(stretch + k) % len(points)] for k in (-1, 0, 1, 2))
    if how == "linear":
        return p1.lerp(p2, t)
    return p1 + t * (p2 - p0) / 2 + t.square() * (p0 - 2.5 * p1 + 2 * p2 - 0.5 * p3) + t**3 * (3 * (p1 - p2) + p3 - p0) / 2


def style_film(
    generator: nn.Module,
    seeds: Sequence[int],
    frames: int = 30,
    *,
    how: str = "spline",
    truncation: float = 1.0,
    labels: Tensor | None = None,
    fps: float = 10,
    width: int = 256,
    colours: int | None = 128,
) -> Animation:
    """A film that goes through the styles of the seeds and back to the first (:func:`closed_path` in W), without end.

    ``seeds``: [K], for one picture; or [R][K], for R pictures side by side, each on a loop of its own.  ``labels`` [R * K], loop
    by loop, of a conditional generator.
    """
    loops = [list(loop) if isinstance(loop, Sequence) else [loop] for loop in seeds]
    if not isinstance(seeds[0], Sequence):
        loops = [list(seeds)]
    if len({len(loop) for loop in loops}) != 1:
        raise ValueError("all loops must have equally many seeds")
    ws = styles_of_seeds(generator, [seed for loop in loops for seed in loop], truncation, labels)
    walks = [closed_path(part, frames, how) for part in ws.split(len(loops[0]))]
    images = synthesised(generator, torch.stack(walks, 1).flatten(0, 1)).unflatten(0, (frames, len(walks)))
    pixels = np.stack([np.asarray(pictures.grid(frame, columns=len(walks), scale=1)) for frame in images])
    return animate(pixels, fps, width, colours=colours, hold=1 / fps, most=frames)
