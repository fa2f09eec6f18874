"""Ways to spoil a picture whose repair is then known: holes of every shape, lost pixels, lost colour.

A mask is float [N, 1, size, size], 1 where the picture is missing.  The functions that draw masks take (n, size, source)
and nothing else that is required, so that games can call any of them; ``source`` is a torch.Generator, which the middle square
alone does without, and ``functools.partial`` sets the rest: ``partial(central, fraction=0.25)``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse.base import check

LUMINANCE = (0.299, 0.587, 0.114)  # of red, green, blue; ITU-R BT.601


def central(n: int, size: int, source: torch.Generator | None = None, *, fraction: float = 0.5) -> Tensor:
    """The middle square with ``fraction`` of the side, the same for all; half the side is a quarter of the picture.

    Source: Pathak et al. 2016, section 3.3 ("central region").
    """
    n, size = _sides(n, size)
    if not 0 < check.number("fraction", fraction) <= 1:
        raise ValueError(f"fraction must be in (0, 1], not {fraction}")
    odd = size % 2  # the hole's side is odd where the picture's is: otherwise it has no middle
    side = max(1, round(size * fraction / 2)) * 2 if not odd else 2 * round((size * fraction - 1) / 2) + 1
    start = (size - side) // 2
    mask = torch.zeros(n, 1, size, size)
    mask[:, :, start : start + side, start : start + side] = 1
    return mask


def random_blocks(
    n: int, size: int, source: torch.Generator | None = None, *, covered: float = 0.25, side: float = 0.25
) -> Tensor:
    """Squares of ``side`` times the size at random places, also on top of each other, until ``covered`` of each picture is gone.

    Source: Pathak et al. 2016, section 3.3 ("random block"), up to a quarter of the picture.
    """
    n, size = _sides(n, size)
    covered, side = check.fraction("covered", covered), check.fraction("side", side)
    edge, source = max(1, round(side * size)), _source(source)
    masks = np.zeros((n, 1, size, size), np.float32)
    for mask in masks[:, 0]:
        while mask.mean() < covered:
            top, left = torch.randint(size - edge + 1, (2,), generator=source).tolist()
            mask[top : top + edge, left : left + edge] = 1
    return torch.from_numpy(masks)


def free_form(
    n: int,
    size: int,
    source: torch.Generator | None = None,
    *,
    strokes: tuple[int, int] = (1, 4),
    width: tuple[float, float] = (0.06, 0.16),
) -> Tensor:
    """Brush strokes: each a chain of two to five straight pieces that turns at random, with round ends and joints.

    strokes   how many, from .. to
    width     of the brush, as parts of the size

    Source: Yu et al. 2019, algorithm 1; the numbers are ours, for small pictures.
    """
    n, size = _sides(n, size)
    strokes, width = _ends("strokes", strokes, check.whole), _ends("width", width, check.number)
    if not (0 < strokes[0] <= strokes[1] <= 1000 and 0 < width[0] <= width[1] < 1):
        raise ValueError(f"strokes and width are ranges (from, to) above 0, not {strokes} and {width}")
    from PIL import Image, ImageDraw

    source = _source(source)
    masks = np.empty((n, 1, size, size), np.float32)
    for mask in masks:
        sheet = Image.new("L", (size, size))
        pen = ImageDraw.Draw(sheet)
        many = int(torch.randint(strokes[0], strokes[1] + 1, (), generator=source))
        for row in torch.rand(many, 15, generator=source).tolist():
            x, y, brush, angle, pieces = size * row[0], size * row[1], row[2], 2 * math.pi * row[3], 2 + int(4 * row[4])
            brush = size * (width[0] + brush * (width[1] - width[0]))
            points = [(x, y)]
            for turn, length in zip(row[5 : 5 + pieces], row[10 : 10 + pieces], strict=True):
                angle, step = angle + 1.2 * (2 * turn - 1), (0.1 + 0.25 * length) * size
                x = min(max(x + step * math.cos(angle), 0), size)
                y = min(max(y + step * math.sin(angle), 0), size)
                points.append((x, y))
            pen.line(points, fill=1, width=round(brush))
            for x, y in points:
                pen.ellipse([x - brush / 2, y - brush / 2, x + brush / 2, y + brush / 2], fill=1)
        mask[0] = np.asarray(sheet)
    return torch.from_numpy(masks)


def stroke(size: int, points: Sequence[tuple[float, float]], width: float) -> Tensor:
    """A painted line as a mask [size, size]: every pixel whose middle is within width / 2 of the chain through ``points``.

    Points are (x, y) in pixels from the upper left corner; one point alone gives a dot.
    """
    _, size = _sides(1, size)
    if not isinstance(points, Sequence) or not points:
        raise ValueError("a stroke needs at least one point (x, y)")
    width = check.positive("width", width)
    chain = torch.tensor([_ends("a point", point, check.number) for point in points], dtype=torch.float32)  # [P, 2]
    check.finite("points", chain)
    check.fits("distances", size, size, len(chain), 2)
    at = torch.arange(size) + 0.5
    pixels = torch.stack(torch.meshgrid(at, at, indexing="xy"), -1)  # [size, size, 2] as (x, y)
    start, end = (chain, chain) if len(chain) == 1 else (chain[:-1], chain[1:])
    along = end - start  # [S, 2]
    offset = pixels[:, :, None] - start  # [size, size, S, 2]
    place = ((offset * along).sum(-1) / along.square().sum(-1).clamp(min=1e-9)).clamp(0, 1)
    distance: Tensor = (offset - place[..., None] * along).norm(dim=-1).amin(-1)
    return (distance <= width / 2).float()


def painted(size: int, strokes: Sequence[tuple[Sequence[tuple[float, float]], float]]) -> Tensor:
    """What a hand has painted: strokes as (points, width) -> mask [1, 1, size, size].  No stroke, no hole."""
    _, size = _sides(1, size)
    pairs = isinstance(strokes, list | tuple) and all(isinstance(one, list | tuple) and len(one) == 2 for one in strokes)
    if not pairs:
        raise TypeError("strokes must be a list of (points, width)")
    mask = torch.zeros(size, size)
    for points, width in strokes:
        mask = torch.maximum(mask, stroke(size, points, width))
    return mask[None, None]


MASKS = {"central": central, "random_blocks": random_blocks, "free_form": free_form}


def downscale(x: Tensor, factor: int, method: str = "bicubic") -> Tensor:
    """Floats [N, C, H, W] -> [N, C, H / factor, W / factor], smoothed first so that nothing folds back.

    "bicubic" with antialiasing is what super-resolution papers call downsampling; "area" averages squares of pixels.
    """
    x, factor = check.finite("images", check.images(x)), check.whole("factor", factor)
    x = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    if not x.numel():
        raise ValueError(f"images must be [N, C, H, W] with N > 0, not {list(x.shape)}")
    if x.shape[2] % factor or x.shape[3] % factor:
        raise ValueError(f"{x.shape[2]} x {x.shape[3]} pixels cannot be made {factor} times smaller: take a divisor of both")
    if method == "area":
        return F.avg_pool2d(x, factor)
    if method != "bicubic":
        raise ValueError(f"method must be 'bicubic' or 'area', not {method!r}")
    shape = (x.shape[2] // factor, x.shape[3] // factor)
    smaller: Tensor = F.interpolate(x, size=shape, mode="bicubic", antialias=True, align_corners=False)
    return smaller.clamp(-1, 1)


def grey(images: Tensor) -> Tensor:
    """Luminance of colour pictures: [N, 3, H, W] -> [N, 1, H, W], uint8 (rounded) or float.

    Y = 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601).
    """
    if check.tensor("images", images).ndim != 4 or images.shape[1] != 3:
        raise ValueError(f"images must be [N, 3, H, W], not {list(images.shape)}")
    if images.dtype == torch.uint8:
        return torch.cat([grey(part.float()).round().to(torch.uint8) for part in torch.split(images, 1024)])
    check.finite("images", check.images(images))
    return (images * torch.tensor(LUMINANCE).to(images).reshape(1, 3, 1, 1)).sum(1, keepdim=True)


def _source(source: torch.Generator | None) -> torch.Generator:
    """Where the randomness comes from; a seed of our own would give each batch the same holes."""
    if source is None:
        raise ValueError("say where the randomness comes from, pass a torch.Generator: torch.Generator().manual_seed(0)")
    if not isinstance(source, torch.Generator):
        raise TypeError(f"source must be a torch.Generator, not {type(source).__name__}: torch.Generator().manual_seed(0)")
    return source


def _sides(n: int, size: int) -> tuple[int, int]:
    n, _, size, _ = check.fits("masks", n, 1, size, size)
    return n, size


def _ends(what: str, pair: Any, helper: Callable[[str, Any], Any]) -> tuple[Any, Any]:
    """A pair of numbers, each checked by ``helper``."""
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise ValueError(f"{what} must be two numbers, not {pair!r}")
    return helper(what, pair[0]), helper(what, pair[1])
