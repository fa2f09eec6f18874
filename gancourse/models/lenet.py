"""The features of a small convolutional network for digits, after LeNet: what a classifier and a domain's adversary share.

>>> features = Features(size=28, channels=3)
>>> classifier = latent_codes.Classifier(features.out_shape, 10, (64,))      # behind it: classifier(features(x))
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gancourse.base import check


class Features(nn.Module):
    """Images [N, channels, size, size] -> features [N, 2 width * side^2]; side = 4 at 28 px and 5 at 32 px.

    Two 5x5 convolutions without padding, of ``width`` and 2 ``width`` maps, each with a ReLU and the maximum over 2x2.
    Source: the extractor for MNIST of Ganin et al. 2016 (32 and 48 maps), figure 4a, after LeCun et al. 1998.
    """

    def __init__(self, size: int = 28, channels: int = 1, width: int = 16) -> None:
        super().__init__()
        size = check.whole("size", size, 16, check.SIDE)
        channels, width = check.counts(channels=channels, width=width)
        side = ((size - 4) // 2 - 4) // 2
        self.size, self.channels, self.out_shape = size, channels, (2 * width * side**2,)
        check.fits("weights", width, 2 * width, 5, 5)
        self.layers = nn.Sequential(
            nn.Conv2d(channels, width, 5),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(width, 2 * width, 5),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.flatten(self.layers(check.images(x, self.channels, self.size, network=self)), 1)
