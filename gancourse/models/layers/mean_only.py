"""Batch normalisation that takes the mean out and leaves the spread."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from gancourse.base import check, ranks


class MeanOnlyBatchNorm(nn.modules.batchnorm._BatchNorm):
    """Take the batch's mean out of each channel, y = x - mean(x) over batch and places, and leave the spread: shape [N, C, H, W].

    At evaluation a running average of the means stands for the batch's, as in ``nn.BatchNorm2d``; there is no gain and no shift.
    Of the same base class as those, it is a batch normalisation to all who ask for one.

    Source: Salimans & Kingma 2016 (weight normalization), section 4.
    """

    running_mean: Tensor
    num_batches_tracked: Tensor

    def __init__(self, channels: int, momentum: float = 0.1) -> None:
        (channels,), momentum = check.counts(channels=channels), check.fraction("momentum", momentum)
        super().__init__(channels, momentum=momentum, affine=False)
        self.running_var = None  # no spread is measured

    def reset_running_stats(self) -> None:
        """Forget the means: zeros again, and no batch counted."""
        self.running_mean.zero_()
        self.num_batches_tracked.zero_()

    def forward(self, x: Tensor) -> Tensor:
        check.images(x, self.num_features, what="maps")
        if not self.training:
            return x - self.running_mean.to(x.dtype)[:, None, None]
        if not x.numel():  # the mean of none is NaN, and would stay in the average
            return x
        # Under autocast maps may be bfloat16: their mean is added up in the average's own type.
        mean = ranks.mean(x.mean((0, 2, 3), dtype=torch.promote_types(x.dtype, self.running_mean.dtype)))
        with torch.no_grad():
            self.num_batches_tracked.add_(1)
            share: Any = 1 / self.num_batches_tracked if self.momentum is None else self.momentum
            self.running_mean.lerp_(mean.to(self.running_mean.dtype), share)
        return x - mean.to(x.dtype)[:, None, None]
