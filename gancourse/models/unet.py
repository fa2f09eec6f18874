"""The U-Net generator of pix2pix (Isola, Zhu, Zhou & Efros 2017).

An encoder halves the picture down to one pixel, a decoder doubles it back, and skip connections hand every encoder map to
the decoder map of the same side: what input and output share, the places of their edges, need not pass the bottleneck.

At width 64 with 256 px these are, weight for weight, the networks of the authors' PyTorch code (54,413,955 parameters with batch
normalisation, 54,409,603 with instance normalisation; 41,828,995 at 128 px), and
:mod:`gancourse.models.reference.unet` reads their weights.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.base import check
from gancourse.models.dcgan import init_dcgan

NORMS = ("batch", "instance", "none")


def normalise(norm: str, channels: int) -> nn.Module:
    """The normalisation layer of that name; instance normalisation without gain and shift, as in the authors' code."""
    check.one_of("norm", norm, NORMS)
    if norm == "none":
        return nn.Identity()
    return nn.BatchNorm2d(channels) if norm == "batch" else nn.InstanceNorm2d(channels)


class Down(nn.Module):
    """Halve the side: [N, n_in, H, W] -> [N, n_out, H/2, W/2]; with ``stride=1`` keep it."""

    def __init__(self, n_in: int, n_out: int, norm: str, bias: bool, stride: int = 2) -> None:
        super().__init__()
        self.pad = nn.Identity() if stride == 2 else nn.ZeroPad2d((0, 1, 0, 1))  # 4 x 4 kernels: one pixel more on one side
        self.conv = nn.Conv2d(n_in, n_out, 4, stride=stride, padding=1, bias=bias)
        self.norm = normalise(norm, n_out)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.conv(self.pad(x)))


class Up(nn.Module):
    """Double the side: [N, n_in, H, W] -> [N, n_out, 2H, 2W], with ``stride=1`` keep it; then dropout if asked for."""

    def __init__(self, n_in: int, n_out: int, norm: str, bias: bool, dropout: float = 0.0, stride: int = 2) -> None:
        super().__init__()
        self.pad = nn.Identity() if stride == 2 else nn.ZeroPad2d((1, 0, 1, 0))  # against the shift of Down
        kind = nn.ConvTranspose2d if stride == 2 else nn.Conv2d
        self.conv = kind(n_in, n_out, 4, stride=stride, padding=1, bias=bias)
        self.norm = normalise(norm, n_out)
        self.dropout = nn.Dropout(dropout) if dropout else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.dropout(self.norm(self.conv(self.pad(x))))


class UNet(nn.Module):
    """G: pictures [N, in_channels, size, size] -> pictures [N, out_channels, size, size] in [-1, 1].

    size      a power of two from 32 up; log2(size) halvings lead to one pixel
    width     channels at half the side; twice, four and eight times as many further in
    norm      "batch", "instance" or "none"; the bottleneck, one pixel, is never normalised
    dropout   probability in the decoder's inner blocks (three at 256 px, two at 128, one at 64, none at 32), pix2pix's
              only source of randomness; it acts in training mode and where :func:`keep_dropout` switches it on
    skips     False cuts the skip connections: the plain encoder-decoder that the paper compares with
    middle    side of the innermost map, a power of two; above 1 the innermost halvings and doublings keep the side (stride 1),
              with as many layers, channels and weights as before.  Ours, to ask what one pixel in the middle costs

    Source: Isola et al. 2017, section 3.2 and appendix 6.1.
    """

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 3,
        size: int = 256,
        width: int = 64,
        *,
        norm: str = "batch",
        dropout: float = 0.5,
        skips: bool = True,
        middle: int = 1,
    ) -> None:
        super().__init__()
        size = check.power_of_two("size", size, 32)
        in_channels, out_channels = check.counts(in_channels=in_channels, out_channels=out_channels)
        (width,), skips = check.counts(width=width), check.flag("skips", skips)
        dropout = check.probability("dropout", dropout)
        check.fits("weights", max(16 * width, in_channels, out_channels), 8 * width, 4, 4)
        middle = check.power_of_two("middle", middle, 1)
        if middle > size // 4:
            raise ValueError(f"middle must be at most {size // 4}, a quarter of the size, not {middle}")
        self.in_channels, self.size, self.skips = in_channels, size, skips
        depth = size.bit_length() - 1  # halvings down to one pixel
        strides = [2 if size >> (i + 1) >= middle else 1 for i in range(depth)]
        channels = [width * min(8, 2**i) for i in range(depth)]  # w, 2w, 4w, 8w, 8w, ...
        bias = norm != "batch"  # batch normalisation brings its own shift
        twice = 2 if skips else 1

        def kind(i: int) -> str:
            return "none" if i in (0, depth - 1) else norm  # neither the first map nor the bottleneck is normalised

        pairs = zip([in_channels, *channels], channels, strict=False)
        self.down = nn.ModuleList(Down(n_in, n_out, kind(i), bias, strides[i]) for i, (n_in, n_out) in enumerate(pairs))
        self.up = nn.ModuleList([Up(channels[-1], channels[-2], norm, bias, stride=strides[-1])])
        for i in range(depth - 2, 0, -1):  # from side 2 up to half the size
            self.up.append(Up(twice * channels[i], channels[i - 1], norm, bias, dropout if i >= 4 else 0.0, strides[i]))
        self.last = nn.ConvTranspose2d(twice * width, out_channels, 4, stride=2, padding=1)
        init_dcgan(self)

    def forward(self, x: Tensor) -> Tensor:
        x = check.images(x, self.in_channels, self.size, network=self)
        maps = [self.down[0](x)]
        for down in self.down[1:]:
            maps.append(down(F.leaky_relu(maps[-1], 0.2)))
        x = maps.pop()  # [N, 8 width, middle, middle]
        for up in self.up:
            x = up(F.relu(x))
            skip = maps.pop()
            x = torch.cat([skip, x], 1) if self.skips else x
        return torch.tanh(self.last(F.relu(x)))


def keep_dropout(module: nn.Module) -> nn.Module:
    """Evaluation mode with dropout left on, so that one input gives several outputs.  Returns the module.

    Source: Isola et al. 2017, section 3.2: dropout "at both training and test time".
    """
    check.module("the network", module).eval()
    for layer in module.modules():
        if isinstance(layer, nn.Dropout):
            layer.train()
    return module
