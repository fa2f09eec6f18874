"""A small segmenter: which class does each pixel of a picture show?

The pix2pix paper scores pictures made from label maps by reading the labels back out of them, with a fully convolutional network
trained on real photographs (the FCN score).  This is such a judge for drawn pictures, trained in seconds on exact maps.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.base import check, networks


class Segmenter(nn.Module):
    """Pictures [N, channels, H, W] in [-1, 1] -> logits [N, classes, H, W]; H and W even.

    Two levels: three convolutions at half the side, the last with holes; a pixel sees 19 across. Their maps, enlarged, join those
    of the first convolution, which know where the edges are.

    Source: the idea after Long, Shelhamer & Darrell 2015 (FCN) and Ronneberger, Fischer & Brox 2015 (U-Net).
    """

    def __init__(self, classes: int, channels: int = 3, width: int = 16) -> None:
        super().__init__()
        classes, channels, width = check.counts(classes=classes, channels=channels, width=width)
        check.fits("weights", max(3 * width, channels, classes), 3 * width, 3, 3)
        self.classes, self.channels = classes, channels
        self.fine = _convolution(channels, width)
        self.coarse = nn.Sequential(
            _convolution(width, 2 * width, stride=2),
            _convolution(2 * width, 2 * width),
            _convolution(2 * width, 2 * width, holes=2),
        )
        self.join = _convolution(3 * width, width)
        self.last = nn.Conv2d(width, classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        fine = self.fine(check.images(x, self.channels, network=self, least=1))
        coarse = F.interpolate(self.coarse(fine), size=fine.shape[2:], mode="nearest")
        return self.last(self.join(torch.cat([fine, coarse], 1)))

    def predict(self, x: Tensor) -> Tensor:
        """The most likely class of each pixel: int64 [N, 1, H, W], in evaluation mode, 128 pictures at a time."""
        device = self.last.weight.device
        with networks.evaluating(self):
            return torch.cat([self(part.to(device)).argmax(1, keepdim=True).cpu() for part in x.split(128)])


def _convolution(n_in: int, n_out: int, stride: int = 1, holes: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(n_in, n_out, 3, stride, padding=holes, dilation=holes, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(n_out), nn.ReLU())


def train_segmenter(
    pictures: Tensor, maps: Tensor, classes: int, steps: int = 250, *, batch_size: int = 32, lr: float = 5e-3, seed: int = 0
) -> Segmenter:
    """A segmenter trained on pictures [N, C, H, W] in [-1, 1] and their class maps [N, 1, H, W], with cross-entropy.

    The learning rate falls to zero along a cosine.  The global random state is left alone.
    """
    check.images(pictures, what="pictures", least=1)
    check.tensor("maps", maps)
    steps, batch_size, seed = check.rounds("steps", steps), check.whole("batch_size", batch_size), check.seed(seed)
    lr = check.positive("lr", lr)
    if len(pictures) != len(maps) or pictures.shape[2:] != maps.shape[2:] or maps.shape[1:2] != (1,):
        raise ValueError(f"maps must be [N, 1, H, W] for pictures {list(pictures.shape)}, not {list(maps.shape)}")
    if not check.integers("maps", maps).numel() or not 0 <= int(maps.min()) <= int(maps.max()) < check.whole("classes", classes):
        raise ValueError(f"maps must hold the numbers of {classes} classes, 0 .. {classes - 1}")
    check.fits("a batch", batch_size, *pictures.shape[1:])
    with networks.seeded(seed):
        network = Segmenter(classes, pictures.shape[1]).to(pictures.device)
    source = torch.Generator().manual_seed(seed)
    network.train()

    def loss() -> Tensor:
        rows = torch.randint(len(pictures), (batch_size,), generator=source)
        return F.cross_entropy(network(pictures[rows]), maps[rows, 0].long())

    networks.descend(network, loss, steps, lr, cosine=True)
    return network.eval()
