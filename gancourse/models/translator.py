"""The residual translator of CycleGAN (Zhu, Park, Isola & Efros 2017), after Johnson, Alahi & Fei-Fei (2016).

At width 64 these are, weight for weight, the networks of the authors' PyTorch code: 11,378,179 parameters with nine blocks and
instance normalisation (batch normalisation: 11,383,427), 7,837,699 with six.
"""

from __future__ import annotations

from torch import Tensor, nn

from gancourse.base import check
from gancourse.models.dcgan import init_dcgan
from gancourse.models.unet import normalise


class ResidualBlock(nn.Module):
    """x + f(x) at one size: two 3 x 3 convolutions on mirrored edges, each normalised, ReLU between; no ReLU after the sum."""

    def __init__(self, channels: int, norm: str, dropout: float = 0.0) -> None:
        super().__init__()
        bias = norm != "batch"

        def conv() -> list[nn.Module]:
            return [nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3, bias=bias), normalise(norm, channels)]

        between = [nn.ReLU(), nn.Dropout(dropout)] if dropout else [nn.ReLU()]
        self.conv_block = nn.Sequential(*conv(), *between, *conv())

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv_block(x)


class ResNetTranslator(nn.Module):
    """G: pictures [N, in_channels, H, W] -> pictures [N, out_channels, H, W] in [-1, 1], H and W multiples of 4.

    A 7 x 7 convolution, two of stride 2, ``blocks`` residual blocks at a quarter of the side, two transposed convolutions back, a
    7 x 7 convolution.  Nothing depends on the size, so a network trained at one size runs at another.  The paper takes six
    blocks at 128 px and nine at 256.

    ``residual=True`` adds the output to the input, x + 2 f(x) cut to [-1, 1]: the network draws the change alone and starts
    close to the identity.  For sets that differ in a detail.

    Source: Zhu et al. 2017, section 4 and appendix 7.2; residual: Shen & Liu 2017.
    """

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 3,
        width: int = 64,
        blocks: int = 9,
        *,
        norm: str = "instance",
        dropout: float = 0.0,
        residual: bool = False,
    ) -> None:
        super().__init__()
        in_channels, out_channels = check.counts(in_channels=in_channels, out_channels=out_channels)
        (width,), blocks = check.counts(width=width), check.depth("blocks", blocks, 0)
        dropout, residual = check.probability("dropout", dropout), check.flag("residual", residual)
        check.fits("weights", blocks + 1, 4 * width, 4 * width, 3, 3)
        check.fits("weights", width, max(in_channels, out_channels), 7, 7)
        if residual and in_channels != out_channels:
            came = f"{in_channels} and {out_channels}"
            raise ValueError(f"a residual translator adds to its input: channels must be equal, not {came}")
        self.in_channels, self.residual = in_channels, residual
        bias = norm != "batch"

        def finish(n: int) -> list[nn.Module]:
            return [normalise(norm, n), nn.ReLU()]

        parts: list[nn.Module] = [nn.ReflectionPad2d(3), nn.Conv2d(in_channels, width, 7, bias=bias), *finish(width)]
        for n in (width, 2 * width):
            parts += [nn.Conv2d(n, 2 * n, 3, stride=2, padding=1, bias=bias), *finish(2 * n)]
        parts += [ResidualBlock(4 * width, norm, dropout) for _ in range(blocks)]
        for n in (4 * width, 2 * width):
            up = nn.ConvTranspose2d(n, n // 2, 3, stride=2, padding=1, output_padding=1, bias=bias)
            parts += [up, *finish(n // 2)]
        parts += [nn.ReflectionPad2d(3), nn.Conv2d(width, out_channels, 7), nn.Tanh()]
        self.model = nn.Sequential(*parts)
        init_dcgan(self)

    def forward(self, x: Tensor) -> Tensor:
        x = check.images(x, self.in_channels, network=self, least=8)
        if x.shape[2] % 4 or x.shape[3] % 4:
            raise ValueError(f"height and width must be multiples of 4, not {x.shape[2]} x {x.shape[3]}")
        return (x + 2 * self.model(x)).clamp(-1, 1) if self.residual else self.model(x)


class TwoWay(nn.Module):
    """Both translators of a CycleGAN as one network: ``ab`` from the set A to the set B, ``ba`` back; called, it is ``ab``.

    Two :class:`ResNetTranslator` of one ``width`` and number of ``blocks``; ``channels`` are those of the pictures of A and B.
    """

    def __init__(
        self,
        width: int = 64,
        blocks: int = 9,
        channels: tuple[int, int] = (3, 3),
        *,
        norm: str = "instance",
        residual: bool = False,
    ) -> None:
        super().__init__()
        if len(check.row("channels", channels)) != 2:
            raise ValueError(f"channels are those of A and of B, as (3, 3), not {channels!r}")
        a, b = channels
        self.ab = ResNetTranslator(a, b, width, blocks, norm=norm, residual=residual)
        self.ba = ResNetTranslator(b, a, width, blocks, norm=norm, residual=residual)

    def forward(self, x: Tensor) -> Tensor:
        return self.ab(x)
