"""Did the generator copy its training images?  The nearest ones, found exactly."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw
from torch import Tensor

from gancourse.viz import pictures

Features = Callable[[Tensor], Tensor]
_MOVES = tuple((y, x) for y in (-1, 0, 1) for x in (-1, 0, 1))
_SPARE = 8  # candidates kept beyond k, so that rounding in the first pass cannot lose a tie


def _as_tensor(x: Any) -> Tensor:
    return torch.as_tensor(getattr(x, "images", x)).detach()


def _pixels(x: Tensor) -> Tensor:
    """Images as float64 vectors [N, D] on the CPU, in units of [-1, 1].

    float64 because |a|^2 + |b|^2 - 2 a.b cancels for near neighbours, just where the answer matters.
    """
    x = x.cpu()
    return (x.double() / 127.5 - 1 if x.dtype == torch.uint8 else x.double()).flatten(1)


def _finite(**given: Tensor) -> None:
    """Nothing is near to what has diverged: without this the first of all training images would be."""
    for what, x in given.items():
        if x.is_floating_point() and not bool(torch.isfinite(x).all()):
            raise ValueError(f"{what.replace('_', ' ')} hold NaN or infinity: look at what made them")


def _features(x: Tensor, features: Features, chunk: int) -> Tensor:
    with torch.no_grad():
        return torch.cat([torch.as_tensor(features(part)).detach().cpu().double().flatten(1) for part in x.split(chunk)])


def _parts(x: Tensor, chunk: int) -> Iterator[tuple[int, Tensor]]:
    for start in range(0, len(x), chunk):
        yield start, _pixels(x[start : start + chunk])


def _nearest(a: Tensor, train: Tensor, k: int, chunk: int) -> tuple[Tensor, Tensor]:
    """Indices and distances [N, k] of the vectors a [N, D]: candidates by matrix products, then exact differences."""
    keep = min(k + _SPARE, len(train))
    best = torch.empty(len(a), 0, dtype=torch.float64)  # |b|^2 - 2 a.b: the square less |a|^2, which changes no order
    index = torch.empty(len(a), 0, dtype=torch.int64)
    for start, b in _parts(train, chunk):
        best = torch.cat([best, b.square().sum(1) - 2 * a @ b.T], 1)
        index = torch.cat([index, torch.arange(start, start + len(b)).expand(len(a), -1)], 1)
        best, order = best.topk(min(keep, best.shape[1]), largest=False)
        index = index.gather(1, order)
    index = index.sort(1).values  # a stable sort by distance then puts the lower index first
    exact = torch.stack([(_pixels(train[near]) - one).norm(dim=1) for one, near in zip(a, index.to(train.device), strict=True)])
    order = exact.argsort(dim=1, stable=True)[:, :k]
    return index.gather(1, order), exact.gather(1, order)


def _blurred_half(images: Tensor) -> Tensor:
    """The mean of each 3 x 3 window, at half the side: what noise and a blur leave of a drawing."""
    return F.avg_pool2d(F.avg_pool2d(F.pad(images, (1, 1, 1, 1), mode="replicate"), 3, 1), 2)


def _halves(images: Tensor, chunk: int, moves: Sequence[tuple[int, int]] = ((0, 0),)) -> Tensor:
    """The images moved and blurred, [N, moves, D]; the rim is repeated where a move lays it bare."""
    height, width = images.shape[2:]
    found = []
    for part in images.split(chunk):
        wide = F.pad(_pixels(part).view(len(part), *images.shape[1:]), (1, 1, 1, 1), mode="replicate")
        moved = [wide[:, :, 1 + y : 1 + y + height, 1 + x : 1 + x + width] for y, x in moves]
        found.append(torch.stack([_blurred_half(picture).flatten(1) for picture in moved], 1))
    return torch.cat(found)


def _nearest_copies(samples: Tensor, train: Tensor, k: int, chunk: int) -> tuple[Tensor, Tensor]:
    """By the least distance over nine moves.  What is among the k nearest is so at its best move, too: so k of each will do."""
    moved, halved = _halves(samples, chunk, _MOVES).flatten(0, 1), _halves(train, chunk)[:, 0]
    found = [_nearest(a, halved, k, chunk) for a in moved.split(chunk)]
    index, far = (torch.cat(parts).view(len(samples), -1) for parts in zip(*found, strict=True))  # [N, 9 k], some images twice
    nearest = [sorted(zip(f, i, strict=True)) for f, i in zip(far.tolist(), index.tolist(), strict=True)]
    once = [list({i: f for f, i in reversed(row)}.items()) for row in nearest]  # the least distance of each image
    best = [sorted((f, i) for i, f in row)[:k] for row in once]
    return torch.tensor([[i for _, i in row] for row in best]), torch.tensor(
        [[f for f, _ in row] for row in best], dtype=far.dtype
    )


def nearest_neighbours(
    samples: Any, train: Any, k: int = 1, distance: str | Features = "pixels", chunk: int = 1024
) -> tuple[Tensor, Tensor]:
    """For each sample the k nearest training images: indices int64 [N, k] and Euclidean distances float64 [N, k], nearest first.

    samples, train: uint8, or float in [-1, 1], [N, C, H, W] or [N, D].  ``distance`` is "pixels" (in units of [-1, 1]), "copies",
    or a function from a part of the batch, as given, to features [N, D].  Exact: every pair is compared, ``chunk`` by ``chunk``,
    so memory stays at chunk^2 distances.  Of equally near images the one with the lower index comes first.

    "copies" is for finding copies that are noisy, blurred or moved.  Pixel by pixel a drawing moved by one pixel is a stranger to
    itself, for each outline counts twice.  So both sides are blurred by 3 x 3 and halved, and the sample is moved by -1, 0 or 1
    pixel each way: with h the blurred half and s the move, d(x, t) = min_s |h(s x) - h(t)|.  Such a least distance over small
    transformations is the idea of the tangent distance (Simard, LeCun & Denker 1993), which takes them to first order.
    It is not symmetric, and needs images [N, C, H, W] of side 2 or more.  NaN and infinity are refused: ValueError.
    """
    if distance not in ("pixels", "copies") and not callable(distance):
        raise ValueError(f'distance must be "pixels", "copies" or a function that gives features, not {distance!r}')
    samples, train = _as_tensor(samples), _as_tensor(train)
    if samples.ndim < 2 or len(samples) == 0 or samples.shape[1:] != train.shape[1:]:
        shapes = f"{list(samples.shape)} and {list(train.shape)}"
        raise ValueError(f"samples and train must be batches of one image shape, [N, C, H, W] and [M, C, H, W], not {shapes}")
    if not isinstance(k, int) or not 1 <= k <= len(train):
        raise ValueError(f"k must be a whole number between 1 and the {len(train)} training images, not {k!r}")
    pictures.positive_int("chunk", chunk)
    _finite(samples=samples, train=train)
    if distance == "copies":
        if samples.ndim != 4 or min(samples.shape[2:]) < 2:
            raise ValueError(f'distance="copies" moves pictures: give [N, C, H, W] of side 2 or more, not {list(samples.shape)}')
        return _nearest_copies(samples, train, k, chunk)
    if callable(distance):
        samples, train = _features(samples, distance, chunk), _features(train, distance, chunk)
        _finite(features_of_samples=samples, features_of_train=train)
    found = [_nearest(a, train, k, chunk) for _, a in _parts(samples, chunk)]
    return torch.cat([index for index, _ in found]), torch.cat([far for _, far in found])


def nearest_neighbour_figure(
    samples: Any, train: Any, k: int = 1, distance: str | Features = "pixels", n: int = 16, scale: int | None = None
) -> Image.Image:
    """The first n samples, each with its k nearest training images to the right of it in a yellow border.

    The border is that of Goodfellow et al. (2014), figure 2: a generator that copies shows the same picture twice.
    """
    samples, train = _as_tensor(samples)[: pictures.positive_int("n", n)], _as_tensor(train)
    index, _ = nearest_neighbours(samples, train, k, distance)
    left = pictures.as_array("samples", samples)  # [N, H, W, C]
    right = pictures.as_array("train", train[index.flatten().to(train.device)])
    height, width, _ = left.shape[1:]
    down, across = _layout(len(left), k, width)
    if scale is None:
        scale = pictures.enlargement(across * (_block(width, k, 2) + 6) - 6, width)
    tile_w, tile_h, gap = pictures.positive_int("scale", scale) * width, scale * height, 2 * scale
    block_w, row_h = _block(tile_w, k, gap), tile_h + gap
    head, between = 22, 3 * gap
    sheet = pictures.blank(across * block_w + (across - 1) * between, head + down * row_h + gap)
    pen = ImageDraw.Draw(sheet)
    heading = "nearest" if k == 1 else "nearest training images"
    for block in range(across):
        x = block * (block_w + between)
        members = range(block * down, min((block + 1) * down, len(left)))
        yellow = (x + tile_w + gap, head, x + block_w - 1, head + gap + len(members) * row_h - 1)
        pen.rectangle(yellow, fill=pictures.COLOURS["accent"])
        pictures.write(sheet, (x + tile_w / 2, head / 2), "sample", width=tile_w)
        pictures.write(sheet, (x + tile_w + gap + (block_w - tile_w) / 2, head / 2), heading, width=block_w - tile_w)
        for row, i in enumerate(members):
            y = head + gap + row * row_h
            sheet.paste(pictures.enlarged(left[i], scale), (x, y))
            for j in range(k):
                sheet.paste(pictures.enlarged(right[i * k + j], scale), (x + tile_w + 2 * gap + j * (tile_w + gap), y))
    return sheet


def _block(tile: int, k: int, gap: int) -> int:
    """The width of a sample, a gap, and a yellow field with its k neighbours."""
    return tile + gap + k * (tile + gap) + gap


def _layout(n: int, k: int, width: int) -> tuple[int, int]:
    """Rows and blocks: blocks side by side, so that the picture is rather wider than high."""
    across = max(1, round(math.sqrt(1.6 * n / (1 + k))))
    across = min(across, max(1, (pictures.WIDEST + 6) // (_block(width, k, 2) + 6)), n)
    down = math.ceil(n / across)
    return down, math.ceil(n / down)
