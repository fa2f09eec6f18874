r"""Differentiable augmentation: random changes of a batch through which gradients flow back to the images.

A discriminator that sees T(x) and T(G(z)) instead of x and G(z), T drawn afresh for each image, cannot learn a small training
set by heart.  The generator's gradient passes through T, so T must be differentiable in the pixels: everything here is a
sum, a product or a re-ordering of pixels, with the random numbers held fixed.

Images are float [N, C, H, W] in [-1, 1].  Random numbers come from an explicit ``torch.Generator`` on the CPU, so that a seed
means the same changes on every device; each transform draws as many numbers whatever the images are and whatever ``p`` is.

>>> source = torch.Generator().manual_seed(0)
>>> changed = augment(images, "colour,translation,cutout", source)         # DiffAugment: every transform, every image
>>> changed = augment(images, "flip,translation,colour", source, p=0.3)    # ADA: each with probability p, image by image

Source: Zhao et al. 2020 (DiffAugment: colour, translation, cutout and their ranges); Karras et al. 2020a (ADA: the
probability, flips and quarter turns).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse.base import check, ranks

Transform = Callable[[Tensor, torch.Generator], Tensor]

DIFFAUGMENT = "colour,translation,cutout"


def _drawn(x: Tensor, source: torch.Generator) -> Tensor:
    """U[0, 1), one number for each image: [N, 1, 1, 1]."""
    return ranks.drawn(len(x), lambda n: torch.rand(n, 1, 1, 1, generator=source))


def _uniform(x: Tensor, source: torch.Generator, low: float, high: float) -> Tensor:
    """One number for each image: [N, 1, 1, 1]."""
    return (low + (high - low) * _drawn(x, source)).to(x)


def _integers(x: Tensor, source: torch.Generator, low: int, high: int) -> Tensor:
    """One whole number in [low, high) for each image: int64 [N]."""
    return ranks.drawn(len(x), lambda n: torch.randint(low, high, (n,), generator=source)).to(x.device)


def brightness(x: Tensor, source: torch.Generator) -> Tensor:
    """x + b, b ~ U(-1/2, 1/2): a quarter of the range of [-1, 1] at most.  Values may leave [-1, 1]."""
    return x + _uniform(x, source, -0.5, 0.5)


def saturation(x: Tensor, source: torch.Generator) -> Tensor:
    """m + s (x - m) with m the mean over the colours of a pixel, s ~ U(0, 2): grey at 0, twice as colourful at 2."""
    mean = x.mean(1, keepdim=True)  # [N, 1, H, W]
    return mean + _uniform(x, source, 0.0, 2.0) * (x - mean)


def contrast(x: Tensor, source: torch.Generator) -> Tensor:
    """m + c (x - m) with m the mean over the image, c ~ U(1/2, 3/2)."""
    mean = x.mean((1, 2, 3), keepdim=True)  # [N, 1, 1, 1]
    return mean + _uniform(x, source, 0.5, 1.5) * (x - mean)


def colour(x: Tensor, source: torch.Generator) -> Tensor:
    """Brightness, saturation, contrast, one after the other."""
    return contrast(saturation(brightness(x, source), source), source)


def translation(x: Tensor, source: torch.Generator, ratio: float = 0.125) -> Tensor:
    """A shift by whole pixels, up to ``ratio`` of the side in each direction, zeros (middle grey) moving in."""
    height, width = x.shape[2:]
    reach = round(height * ratio), round(width * ratio)
    down, right = (_integers(x, source, -r, r + 1) for r in reach)
    padded = F.pad(x, (reach[1], reach[1], reach[0], reach[0]))
    rows = torch.arange(height, device=x.device) + (reach[0] - down)[:, None]  # [N, H]: where each new row comes from
    columns = torch.arange(width, device=x.device) + (reach[1] - right)[:, None]  # [N, W]
    images = torch.arange(len(x), device=x.device)[:, None, None]
    return padded.permute(0, 2, 3, 1)[images, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def cutout(x: Tensor, source: torch.Generator, ratio: float = 0.5) -> Tensor:
    """Zeros (middle grey) in a square of ``ratio`` of the side, its centre anywhere in the image."""
    inside = []
    for side in x.shape[2:]:
        size = round(side * ratio)
        start = _integers(x, source, 0, side + 1 - size % 2) - size // 2  # centres lie on pixels, or between for even sizes
        place = torch.arange(side, device=x.device) - start[:, None]  # [N, side]
        inside.append((place >= 0) & (place < size))
    hole = inside[0][:, None, :, None] & inside[1][:, None, None, :]  # [N, 1, H, W]
    return x * ~hole


def flip(x: Tensor, source: torch.Generator) -> Tensor:
    """Left and right exchanged in half of the images."""
    return torch.where(_integers(x, source, 0, 2).bool()[:, None, None, None], x.flip(3), x)


def quarter_turns(x: Tensor, source: torch.Generator) -> Tensor:
    """A turn by 0, 90, 180 or 270 degrees, each as likely; square images only."""
    if x.shape[2] != x.shape[3]:
        raise ValueError(f"quarter turns keep the shape of square images only, not of {list(x.shape[2:])}")
    turns = _integers(x, source, 0, 4)[:, None, None, None]
    for k in (1, 2, 3):
        x = torch.where(turns == k, x.rot90(k, (2, 3)), x)  # each image is turned once: the others keep their place
    return x


TRANSFORMS: dict[str, Transform] = {
    "brightness": brightness,
    "saturation": saturation,
    "contrast": contrast,
    "colour": colour,
    "translation": translation,
    "cutout": cutout,
    "flip": flip,
    "quarter_turns": quarter_turns,
}


Policy = str | Sequence[str | Transform]


def transforms(policy: Policy) -> tuple[Transform, ...]:
    """The functions that "colour,translation,cutout" (or a list of names, and of functions) stands for, in this order."""
    parts = [name.strip() for name in policy.split(",")] if isinstance(policy, str) else list(policy)
    if not parts or parts == [""]:
        raise ValueError(f"an augmentation policy names at least one of {', '.join(TRANSFORMS)}")
    return tuple(_transform(part) for part in parts)


def _transform(part: str | Transform) -> Transform:
    if not isinstance(part, str):
        return cast(Transform, check.function("augmentation", part))
    return TRANSFORMS[check.one_of("augmentation", part, TRANSFORMS)]


def augment(x: Tensor, policy: Policy, source: torch.Generator, p: float | Tensor = 1.0) -> Tensor:
    """Each transform of ``policy`` in turn, on each image with probability ``p``: [N, C, H, W] -> the same shape.

    With p = 1 every image goes through every transform (DiffAugment).  With p < 1 each image draws anew for each transform
    whether it is changed (ADA).
    """
    if not x.is_floating_point():
        raise TypeError(f"augmentation needs float images, not {x.dtype}: convert with gancourse.data.to_float")
    if x.ndim != 4:
        raise ValueError(f"augmentation needs images [N, C, H, W], not shape {list(x.shape)}")
    if not 0 <= float(p) <= 1:
        raise ValueError(f"p is a probability, not {float(p)}")
    for transform in transforms(policy):
        touched = _drawn(x, source) < float(p)  # rand is below 1: p = 1 is always
        x = torch.where(touched.to(x.device), transform(x, source), x)
    return x
