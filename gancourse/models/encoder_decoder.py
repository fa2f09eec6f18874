"""Networks that fill holes and add detail: the context encoder, gated convolutions, and SRGAN's generator and discriminator."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.base import check
from gancourse.models.dcgan import init_dcgan
from gancourse.models.layers.initialisation import init_he


class ChannelwiseLinear(nn.Module):
    """A full linear layer within each channel: every pixel of a map is a sum over all pixels of the same map.

    m maps of n x n pixels take m n^4 weights, where a layer across channels would take m^2 n^4.  It carries information from
    one corner to the other; the 1 x 1 convolution that follows it in the network carries it between channels.

    Source: Pathak et al. 2016, section 3.1.
    """

    def __init__(self, channels: int, side: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(channels, side * side, side * side))
        self.bias = nn.Parameter(torch.zeros(channels, side * side))
        nn.init.normal_(self.weight, 0.0, 1.0 / side)  # variance 1 / fan_in

    def forward(self, x: Tensor) -> Tensor:
        y = torch.einsum("ncp,cpq->ncq", x.flatten(2), self.weight) + self.bias  # [N, C, H * W]
        return y.unflatten(2, x.shape[2:])


class ContextEncoder(nn.Module):
    """G: pictures with a hole [N, channels, size, size] -> the hole's content, or the whole picture, in [-1, 1].

    output      "centre": the middle square of half the side, the paper's first network; "image": all of it, for holes anywhere
    bottleneck  "convolution": every pixel of the 4 x 4 map into ``bottleneck_dim`` numbers and back (authors' code, 4,000 of them
                at 128 px); "channelwise": a linear layer within each channel, then a 1 x 1 convolution (the paper's figure)

    The encoder halves down to 4 x 4 with ``width``, ``width``, 2, 4, 8... times ``width`` channels; the decoder mirrors it.
    ``encode`` gives its 4 x 4 map, the features that the paper transfers to other tasks.

    Source: Pathak, Krahenbuhl, Donahue, Darrell & Efros 2016.
    """

    def __init__(
        self,
        size: int = 128,
        width: int = 64,
        channels: int = 3,
        *,
        output: str = "centre",
        bottleneck: str = "convolution",
        bottleneck_dim: int = 4000,
    ) -> None:
        super().__init__()
        check.one_of("output", output, ["centre", "image"])
        check.one_of("bottleneck", bottleneck, ["convolution", "channelwise"])
        size = check.power_of_two("size", size, 16)
        width, channels, bottleneck_dim = check.counts(width=width, channels=channels, bottleneck_dim=bottleneck_dim)
        self.size, self.channels, self.output = size, channels, output
        halvings = size.bit_length() - 3  # down to 4 x 4
        counts = [width] + [width * 2**i for i in range(halvings - 1)]
        check.fits("weights", counts[-1], max(counts[-1], bottleneck_dim), 4, 4)
        check.fits("weights", channels, width, 4, 4)
        parts: list[nn.Module] = [nn.Conv2d(channels, width, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        for n_in, n_out in zip(counts, counts[1:], strict=False):
            conv = nn.Conv2d(n_in, n_out, 4, stride=2, padding=1, bias=False)
            parts += [conv, nn.BatchNorm2d(n_out), nn.LeakyReLU(0.2)]
        self.encoder = nn.Sequential(*parts)
        n = counts[-1]
        if bottleneck == "convolution":
            self.bottleneck = nn.Sequential(
                nn.Conv2d(n, bottleneck_dim, 4, bias=False),
                nn.BatchNorm2d(bottleneck_dim),
                nn.LeakyReLU(0.2),
                nn.ConvTranspose2d(bottleneck_dim, n, 4, bias=False),
            )
        else:
            self.bottleneck = nn.Sequential(ChannelwiseLinear(n, 4), nn.ReLU(), nn.Conv2d(n, n, 1, bias=False))
        widths = counts[::-1][: halvings if output == "image" else halvings - 1]  # 4 x 4, 8 x 8, ... half the output's side
        parts = [nn.BatchNorm2d(n), nn.ReLU()]
        for n_in, n_out in zip(widths, widths[1:], strict=False):
            up = nn.ConvTranspose2d(n_in, n_out, 4, stride=2, padding=1, bias=False)
            parts += [up, nn.BatchNorm2d(n_out), nn.ReLU()]
        parts += [nn.ConvTranspose2d(widths[-1], channels, 4, stride=2, padding=1), nn.Tanh()]
        self.decoder = nn.Sequential(*parts)
        init_dcgan(self)

    def encode(self, x: Tensor) -> Tensor:
        """Features [N, C, 4, 4] of pictures, with or without a hole."""
        return self.encoder(check.images(x, self.channels, self.size, network=self))

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(self.bottleneck(self.encode(x)))


def channels_of(width: int, channels: int, most: int) -> list[int]:
    """``width`` and ``channels`` as ints, if this machine holds a convolution with ``most`` times the width on both sides."""
    width, channels = check.counts(width=width, channels=channels)
    check.fits("weights", most * width, max(most * width, channels), 3, 3)
    return [width, channels]


class GatedConv2d(nn.Module):
    """A convolution that learns where to look: y = phi(W x) * sigmoid(W_g x), with phi = ELU or another activation.

    An ordinary convolution treats a hole's filler as if it were paint; the gate can switch it off, place by place and channel
    by channel.  ``gated=False`` gives the ordinary convolution with as many channels, for comparison.

    Source: Yu et al. 2019 ("Free-form image inpainting with gated convolution"), equation 3.
    """

    def __init__(
        self,
        n_in: int,
        n_out: int,
        kernel: int = 3,
        stride: int = 1,
        dilation: int = 1,
        *,
        gated: bool = True,
        activation: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.gated = gated
        padding = dilation * (kernel - 1) // 2
        self.conv = nn.Conv2d(n_in, n_out * (1 + gated), kernel, stride, padding, dilation)
        self.activation = nn.ELU() if activation is None else activation

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        if not self.gated:
            return self.activation(x)
        content, gate = x.chunk(2, 1)
        return self.activation(content) * torch.sigmoid(gate)

    def gate(self, x: Tensor) -> Tensor:
        """The gates [N, n_out, H, W], in (0, 1), to look at."""
        if not self.gated:
            raise ValueError("this layer has no gate: build it with gated=True")
        return torch.sigmoid(self.conv(x).chunk(2, 1)[1])


class GatedInpainter(nn.Module):
    """G: pictures with holes and their masks [N, channels + 1, H, W] -> whole pictures [N, channels, H, W] in [-1, 1].

    The coarse network of the paper at a choice of width: two halvings, dilated convolutions that see the whole picture at a
    quarter of its side, two doublings by nearest neighbours.  The mask (1 where the picture is missing) is the last channel, so
    any shape of hole will do.  ``takes_mask`` tells the game to hand it over.

    Source: Yu et al. 2019, section 3; without its refinement network and contextual attention.
    """

    takes_mask = True

    def __init__(self, width: int = 24, channels: int = 3, *, gated: bool = True) -> None:
        super().__init__()
        w, self.channels = channels_of(width, channels, 4)
        channels, gated = self.channels, check.flag("gated", gated)

        def conv(n_in: int, n_out: int, kernel: int = 3, stride: int = 1, dilation: int = 1) -> GatedConv2d:
            return GatedConv2d(n_in, n_out, kernel, stride, dilation, gated=gated)

        self.net = nn.Sequential(
            conv(channels + 1, w, 5),
            conv(w, 2 * w, 3, 2),
            conv(2 * w, 2 * w),
            conv(2 * w, 4 * w, 3, 2),
            conv(4 * w, 4 * w),
            *(conv(4 * w, 4 * w, dilation=d) for d in (2, 4, 8)),
            conv(4 * w, 4 * w),
            nn.Upsample(scale_factor=2, mode="nearest"),
            conv(4 * w, 2 * w),
            nn.Upsample(scale_factor=2, mode="nearest"),
            conv(2 * w, w),
            nn.Conv2d(w, channels, 3, padding=1),
            nn.Tanh(),
        )
        init_he(self)

    def forward(self, x: Tensor) -> Tensor:
        x = check.images(x, self.channels + 1, what="pictures with their masks", network=self, least=4)
        if x.shape[2] % 4 or x.shape[3] % 4:
            raise ValueError(f"height and width must be multiples of 4, not {x.shape[2]} x {x.shape[3]}")
        return self.net(x)


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.PReLU(),
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class SRResNet(nn.Module):
    """G: small pictures [N, channels, h, w] -> pictures ``scale`` times as large on each side.

    A 9 x 9 convolution, ``blocks`` residual blocks with one skip around them all, then for each doubling a convolution to four
    times the channels whose pixels are shuffled into squares (:class:`torch.nn.PixelShuffle`), and a 9 x 9 convolution.  No
    activation at the end: what leaves [-1, 1] is clipped only to look at.

    Trained on squared error it is the paper's SRResNet, with a discriminator its SRGAN.  ``skip=True`` adds the bicubic
    enlargement to the output, so that only what it lacks has to be learnt (Kim, Lee & Lee 2016): for short trainings.

    The four filters whose pixels meet in one square begin alike: random ones begin with a grain that takes long to unlearn.

    Source: Ledig et al. 2017, figure 4; the sub-pixel convolution is Shi et al. 2016, its start Aitken et al. 2017.
    """

    def __init__(self, scale: int = 4, width: int = 64, blocks: int = 16, channels: int = 3, *, skip: bool = False) -> None:
        super().__init__()
        scale, blocks = check.power_of_two("scale", scale, 2), check.depth("blocks", blocks, 0)
        width, channels = channels_of(width, channels, 4)
        self.scale, self.channels, self.skip = scale, channels, check.flag("skip", skip)
        self.first = nn.Sequential(nn.Conv2d(channels, width, 9, padding=4), nn.PReLU())
        middle = [nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)]
        self.body = nn.Sequential(*(_Residual(width) for _ in range(blocks)), *middle)
        ups: list[nn.Module] = []
        for _ in range(scale.bit_length() - 1):
            ups += [nn.Conv2d(width, 4 * width, 3, padding=1), nn.PixelShuffle(2), nn.PReLU()]
        self.up = nn.Sequential(*ups)
        self.last = nn.Conv2d(width, channels, 9, padding=4)
        init_he(self)
        with torch.no_grad():
            for conv in self.up:
                if isinstance(conv, nn.Conv2d):
                    conv.weight.copy_(conv.weight[::4].repeat_interleave(4, 0))
        nn.init.normal_(self.last.weight, 0.0, 0.01)  # begin near grey, so that the first steps are not spent on unlearning noise

    def forward(self, x: Tensor) -> Tensor:
        low = check.images(x, self.channels, network=self, least=1)
        x = self.first(low)
        x = self.last(self.up(x + self.body(x)))
        return x + bicubic(low, self.scale) if self.skip else x


class SRDiscriminator(nn.Module):
    """D: pictures [N, channels, size, size] -> logits [N], by convolutions of stride 1 and 2 in turn and two linear layers.

    Channels go width, 2, 4, 8 times width, each twice; batch normalisation in all but the first; LeakyReLU(0.2).  At width 64
    the layers are the paper's, which trains on 96 px.

    Source: Ledig et al. 2017, figure 4.
    """

    def __init__(self, size: int = 96, width: int = 64, channels: int = 3) -> None:
        super().__init__()
        size = check.whole("size", size, 1, check.SIDE)
        width, channels = channels_of(width, channels, 8)
        if size % 16:
            raise ValueError(f"size must be a multiple of 16, not {size}")
        self.size, self.channels = size, channels
        parts: list[nn.Module] = [nn.Conv2d(channels, width, 3, padding=1), nn.LeakyReLU(0.2)]
        n = width
        for n_out in (width, 2 * width, 4 * width, 8 * width):
            strides = [2] if n_out == width else [1, 2]
            for stride in strides:
                conv = nn.Conv2d(n, n_out, 3, stride=stride, padding=1, bias=False)
                parts += [conv, nn.BatchNorm2d(n_out), nn.LeakyReLU(0.2)]
                n = n_out
        self.features = nn.Sequential(*parts)  # [N, 8 width, size / 16, size / 16]
        side = size // 16
        check.fits("weights", 16 * width, n, side, side)
        self.judge = nn.Sequential(
            nn.Flatten(), nn.Linear(n * side * side, 16 * width), nn.LeakyReLU(0.2), nn.Linear(16 * width, 1)
        )
        init_dcgan(self)

    def forward(self, x: Tensor) -> Tensor:
        return self.judge(self.features(check.images(x, self.channels, self.size, network=self))).squeeze(1)  # [N]


def bicubic(low: Tensor, scale: int) -> Tensor:
    """What needs no learning: ``scale`` times as large by bicubic interpolation, clipped to [-1, 1]."""
    low, scale = check.images(low, what="pictures", least=1), check.whole("scale", scale, 1, check.SIDE)
    check.fits("pictures", *(max(1, side) for side in low.shape), scale, scale)
    return F.interpolate(low, scale_factor=scale, mode="bicubic", align_corners=False).clamp(-1, 1)
