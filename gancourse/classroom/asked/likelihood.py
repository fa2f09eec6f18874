"""Lecture 01: what a pixel may see, and the divergence in the bound."""

from __future__ import annotations

import torch
from torch import Tensor

from gancourse.classroom.lines import Line
from gancourse.classroom.slips import times
from gancourse.theory.likelihood import gaussian_kl as _price


def _offsets(seed: int) -> tuple[Tensor, Tensor]:
    """Row and column of each place of a kernel, counted from its centre."""
    reach = torch.arange(-1 - seed % 3, 2 + seed % 3)
    i, j = torch.meshgrid(reach, reach, indexing="ij")
    return i, j


MAY_SEE = Line(
    lambda i, j: (i < 0) | ((i == 0) & (j < 0)),
    {
        "a pixel sees itself: this is mask B, for later layers": lambda i, j: (i < 0) | ((i == 0) & (j <= 0)),
        "the pixels to the left in its own row are missing": lambda i, j: i < 0,
        "the rows above are cut off at the pixel's column: all of each row above is known": lambda i, j: (i <= 0) & (j < 0),
        "the rows above are cut off at the pixel's column, and it sees itself": lambda i, j: (i <= 0) & (j <= 0),
        "every pixel to the left is let in, those in the rows below too": lambda i, j: (i < 0) | (j < 0),
        "this reads column by column: raster order goes along the rows": lambda i, j: (j < 0) | ((j == 0) & (i < 0)),
        "this is the future: above is i < 0, left is j < 0": lambda i, j: (i > 0) | ((i == 0) & (j > 0)),
        "this lets through what is to be hidden: True is for what may be seen": lambda i, j: (i > 0) | ((i == 0) & (j >= 0)),
    },
    _offsets,
)


def _code(seed: int) -> tuple[Tensor, Tensor]:
    """Mean and log-variance of q(z|x) for 5 images, 3 latent variables."""
    m, s = torch.randn(2, 5, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return m, s


KL_TERM = Line(
    _price,
    {
        "one half is missing": times(2, _price),
        "the sign is turned round: a divergence is never negative": times(-1, _price),
        "the −1 is missing: then q = p(z) would not cost 0": lambda m, s: (m.square() + s.exp() - s).sum(1) / 2,
        "log v has the wrong sign": lambda m, s: (m.square() + s.exp() - 1 + s).sum(1) / 2,
        "the mean is not squared": lambda m, s: (m + s.exp() - 1 - s).sum(1) / 2,
        "log v was taken for v: take exp for the variance itself": lambda m, s: (m.square() + s - 1 - s.log()).sum(1) / 2,
        "log v was taken for the logarithm of the standard deviation, and is half as much": lambda m, s: _price(m, 2 * s),
        "the two are exchanged: this is KL(p(z) || q)": lambda m, s: ((1 + m.square()) / s.exp() - 1 + s).sum(1) / 2,
        "it is a mean over the latent variables: they add up": lambda m, s: _price(m, s) / 3,
        "it is summed over the batch as well: one number for each image": lambda m, s: _price(m, s).sum(),
        "it is the mean of the batch: one number for each image is asked for": lambda m, s: _price(m, s).mean(),
    },
    _code,
)
