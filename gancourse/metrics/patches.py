r"""Patch by patch: how far is each part of a picture from the nearest that real pictures have at the same place?

    d_p(x) = min_r  mean over the patch of (x_p - r_p)^2,      r a picture of the reference, p a place of the patch

A double exposure shows two things where a real picture shows one.  A classifier that was taught good pictures alone may read it
without complaint; no real patch is near it.  The price: what is slightly wrong everywhere, such as a generator's own texture,
counts as well, and a copied picture has distance 0.  So compare a picture after an edit with the same picture before it, and ask
a second measure what it shows.  Pictures must be aligned, as faces with their eyes at one place are.

Boiman & Irani (2007) call what no patch of the known pictures explains an irregularity.
"""

from __future__ import annotations

import torch
from torch import Tensor

from gancourse.base import check
from gancourse.metrics._exact import nearest_rows
from gancourse.metrics.features import float_images


def patch_distances(images: Tensor, reference: Tensor, *, patch: int = 8, step: int = 8) -> Tensor:
    """d_p of every picture and place: float32 [N, rows, columns], squared error per value, for pictures in [-1, 1].

    ``images`` [N, C, H, W] and ``reference`` [M, C, H, W], uint8 or floats in [-1, 1].  Patches of ``patch`` x ``patch`` pixels
    lie ``step`` pixels apart; what is left at the right and at the bottom is not looked at.  Smaller is better; 0 is a patch of
    the reference itself.  It falls as M grows: compare numbers with one reference only.
    """
    images, reference = float_images(images), float_images(reference, "reference").to(images.device)
    if images.shape[1:] != reference.shape[1:]:
        shapes = f"{list(images.shape)} and {list(reference.shape)}"
        raise ValueError(f"images and reference must be pictures of one shape, not {shapes}")
    height, width = images.shape[2:]
    patch, step = check.whole("patch", patch, 1, min(height, width)), check.whole("step", step)
    tops, lefts = (range(0, side - patch + 1, step) for side in (height, width))
    found = [[_nearest(_cut(images, top, left, patch), _cut(reference, top, left, patch)) for left in lefts] for top in tops]
    return torch.stack([torch.stack(row, 1) for row in found], 1)


def _cut(pictures: Tensor, top: int, left: int, patch: int) -> Tensor:
    return pictures[:, :, top : top + patch, left : left + patch].flatten(1)


def _nearest(a: Tensor, b: Tensor) -> Tensor:
    """The mean squared difference [N] of each row of a [N, D] from its nearest row of b [M, D]."""
    return (a - b[nearest_rows(a, b)]).square().mean(1)
