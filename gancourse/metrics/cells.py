"""Features without a network: colour and contrast in the cells of a coarse grid, for pictures of any kind and size.

They are the stand-in where no trained network is at hand.  What is finer than a cell they see as contrast alone, and what a
picture shows they do not see at all: distances in them tell pale, one-sided or repeated samples from good ones, and rank nothing
by its likeness.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse.base import check
from gancourse.base.features import mark
from gancourse.data.images import to_float
from gancourse.metrics.features import checked_images


class CellFeatures:
    """An extractor for :func:`gancourse.metrics.image_features`: [N, C, H, W] -> float32 [N, (C + 1) cells^2].

    In each of cells x cells equal parts of the picture, the mean m_c of every colour c over its pixels p and the standard
    deviation s of the brightness b, in units where a picture's values lie in [-1, 1]:

        m_c = mean_p x_cp,      b_p = mean_c x_cp,      s = sqrt(mean_p b_p^2 - (mean_p b_p)^2)

    Four cells a side give 64 features of a colour picture: a covariance that a few hundred pictures fill.
    """

    def __init__(self, cells: int = 4) -> None:
        self.cells = check.whole("cells", cells, 1, 64)
        self.extractor_id = f"colour and contrast in {cells} x {cells} cells"

    def features(self, images: Tensor, batch_size: int = 256) -> Tensor:
        """Features of uint8 images, or floats in [-1, 1]; raises ValueError for pictures with fewer pixels than cells a side."""
        images = checked_images(images)
        if min(images.shape[2:]) < self.cells:
            raise ValueError(f"{self.cells} x {self.cells} cells need as many pixels a side, not {list(images.shape[2:])}")
        parts = [self._of(part) for part in torch.split(images, check.batch_size(batch_size))]
        return mark(torch.cat(parts), self.extractor_id)

    def _of(self, images: Tensor) -> Tensor:
        x = to_float(images) if images.dtype == torch.uint8 else images.detach().float()
        means = F.adaptive_avg_pool2d(x, self.cells)  # [N, C, cells, cells]
        bright = x.mean(1, keepdim=True).double()
        square = F.adaptive_avg_pool2d(bright.square(), self.cells)
        spread = (square - F.adaptive_avg_pool2d(bright, self.cells).square()).clamp(min=0).sqrt()
        return torch.cat([means, spread.to(means.dtype)], 1).flatten(1)
