"""PixelCNN: an autoregressive model of small grey images with an exact likelihood.

The chain rule writes any distribution over images as a product of conditionals, one for each pixel in raster order (left to
right, top to bottom):

    log p(x) = sum_{t=1}^{d} log p(x_t | x_1, ..., x_{t-1}).

One convolutional network computes all d conditionals in one pass over a *known* image, because no output sees its own pixel
or a later one.  Drawing an image needs d passes: pixel t must be drawn before the conditional of pixel t + 1 is known.

Two ways of keeping later pixels out:

``stack="masked"``  square kernels with zeros where the future is (van den Oord, Kalchbrenner & Kavukcuoglu 2016).  Simple, but
    a stack of them never sees a wedge of earlier pixels to the upper right: the blind spot.
``stack="gated"``   one stack for the rows above and one for the row itself, joined in every layer (van den Oord, Kalchbrenner,
    Vinyals, Espeholt, Graves & Kavukcuoglu 2016, "Conditional Image Generation with PixelCNN Decoders").  No blind spot.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.base import check
from gancourse.base.networks import as_generator
from gancourse.theory.likelihood import from_levels, level_index


def causal_mask(kind: str, kernel: int) -> Tensor:
    """The mask [kernel, kernel] of a causal convolution: 1 above the centre and to its left, 0 below and to its right.

    The centre is 0 for kind "A" (the first layer: a pixel must not see itself) and 1 for kind "B" (later layers: the feature
    there has not seen the pixel).  Source: van den Oord, Kalchbrenner & Kavukcuoglu 2016, section 3.4.
    """
    check.one_of("mask", kind, ["A", "B"])
    kernel = check.whole("kernel", kernel, None, check.COUNT)
    if kernel < 1 or kernel % 2 == 0:
        raise ValueError(f"a mask has a centre, so kernel must be odd, not {kernel}")
    mask = torch.zeros(check.fits("a mask", kernel, kernel))
    mask[: kernel // 2] = 1
    mask[kernel // 2, : kernel // 2 + (kind == "B")] = 1
    return mask


class MaskedConv2d(nn.Conv2d):
    """A convolution whose kernel is multiplied by :func:`causal_mask`; the output has the input's height and width."""

    mask: Tensor

    def __init__(self, kind: str, in_channels: int, out_channels: int, kernel: int) -> None:
        mask = causal_mask(kind, kernel)
        super().__init__(in_channels, out_channels, kernel, padding=kernel // 2)
        self.register_buffer("mask", mask)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.weight * self.mask, self.bias, padding=self.padding)


class _MaskedBlock(nn.Module):
    """1x1, masked kernel, 1x1, around a skip: the residual block of the 2016 paper, half as wide inside."""

    def __init__(self, width: int, kernel: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(width, width // 2, 1),
            nn.ReLU(),
            MaskedConv2d("B", width // 2, width // 2, kernel),
            nn.ReLU(),
            nn.Conv2d(width // 2, width, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


class _MaskedStack(nn.Module):
    """x [N, 1, H, W] -> features [N, width, H, W], causal but with a blind spot."""

    def __init__(self, width: int, depth: int, kernel: int, first_kernel: int) -> None:
        super().__init__()
        self.first = MaskedConv2d("A", 1, width, first_kernel)
        self.blocks = nn.Sequential(*[_MaskedBlock(width, kernel) for _ in range(depth)])

    def forward(self, x: Tensor) -> Tensor:
        return self.blocks(self.first(x))


class _RowsAbove(nn.Conv2d):
    """Output row i sees ``rows`` input rows: i - rows ... i - 1 if ``strict``, else i - rows + 1 ... i; columns on both sides."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, strict: bool) -> None:
        self.rows, self.strict = kernel // 2 + (not strict), strict
        super().__init__(in_channels, out_channels, (self.rows, kernel))

    def forward(self, x: Tensor) -> Tensor:
        side = self.kernel_size[1] // 2
        x = F.pad(x, (side, side, self.rows, -1) if self.strict else (side, side, self.rows - 1, 0))
        return super().forward(x)


class _PixelsLeft(nn.Conv2d):
    """Output column j sees ``columns`` input columns of its row: j - columns ... j - 1 if ``strict``, else ... j."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, strict: bool) -> None:
        self.columns, self.strict = kernel // 2 + (not strict), strict
        super().__init__(in_channels, out_channels, (1, self.columns))

    def forward(self, x: Tensor) -> Tensor:
        x = F.pad(x, (self.columns, -1, 0, 0) if self.strict else (self.columns - 1, 0, 0, 0))
        return super().forward(x)


def _gate(x: Tensor) -> Tensor:
    """tanh(a) * sigmoid(b) for the two halves of the channels."""
    a, b = x.chunk(2, dim=1)
    return torch.tanh(a) * torch.sigmoid(b)


class _GatedLayer(nn.Module):
    """One step of both stacks: ``above`` has seen the rows over the pixel, ``left`` those and the pixels to its left."""

    def __init__(self, in_channels: int, width: int, kernel: int, first: bool) -> None:
        super().__init__()
        self.first = first
        self.above = _RowsAbove(in_channels, 2 * width, kernel, strict=first)
        self.left = _PixelsLeft(in_channels, 2 * width, kernel, strict=first)
        self.link = nn.Conv2d(2 * width, 2 * width, 1)
        self.out = nn.Conv2d(width, width, 1)

    def forward(self, above: Tensor, left: Tensor) -> tuple[Tensor, Tensor]:
        rows = self.above(above)  # [N, 2 width, H, W]
        new = self.out(_gate(self.left(left) + self.link(rows)))
        return _gate(rows), new if self.first else left + new


class _GatedStack(nn.Module):
    """x [N, 1, H, W] -> features [N, width, H, W], causal, without a blind spot."""

    def __init__(self, width: int, depth: int, kernel: int, first_kernel: int) -> None:
        super().__init__()
        self.first = _GatedLayer(1, width, first_kernel, first=True)
        self.blocks = nn.ModuleList(_GatedLayer(width, width, kernel, first=False) for _ in range(depth))

    def forward(self, x: Tensor) -> Tensor:
        above, left = self.first(x, x)
        for block in self.blocks:
            above, left = block(above, left)
        return left


STACKS: dict[str, type[nn.Module]] = {"masked": _MaskedStack, "gated": _GatedStack}


class PixelCNN(nn.Module):
    r"""An autoregressive model of grey images [N, 1, size, size] whose pixels take ``levels`` values in [-1, 1].

    ``model(x)`` returns the logits [N, levels, H, W] of p(x_t | x_{<t}) for every pixel t at once.  ``log_prob(x)`` is their sum
    along the image, log p(x) = \sum_t log p(x_t | x_{<t}), exact, in nats.  ``sample(n, seed)`` draws pixel after pixel.

    ``depth`` layers of ``kernel`` x ``kernel`` follow a first one of ``first_kernel``; the receptive field reaches
    first_kernel // 2 + depth * (kernel // 2) pixels.
    """

    def __init__(
        self,
        size: int = 16,
        levels: int = 2,
        width: int = 32,
        depth: int = 5,
        kernel: int = 3,
        first_kernel: int = 7,
        stack: str = "gated",
    ) -> None:
        super().__init__()
        if not 2 <= check.whole("levels", levels, None) <= 256:
            raise ValueError(f"levels must be 2 to 256, not {levels}")
        kernel, first_kernel = check.counts(kernel=kernel, first_kernel=first_kernel)
        for name, value in (("kernel", kernel), ("first_kernel", first_kernel)):
            if value < 3 or value % 2 == 0:
                raise ValueError(f"{name} must be odd and at least 3, not {value}")
        (width,), depth = check.counts(width=width), check.depth("depth", depth, 0)
        if stack == "masked" and width < 2:
            raise ValueError("a masked block is half as wide inside: take a width of 2 or more, not 1")
        check.fits("weights", depth + 1, 2 * width, width, kernel, kernel)
        check.fits("weights", 2 * width, first_kernel, first_kernel)
        self.size, self.levels = check.whole("size", size, 1, check.SIDE), int(levels)
        self.features = STACKS[check.one_of("stack", stack, STACKS)](width, depth, kernel, first_kernel)
        self.head = nn.Sequential(nn.ReLU(), nn.Conv2d(width, width, 1), nn.ReLU(), nn.Conv2d(width, levels, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Logits [N, levels, H, W] of every pixel's conditional, given the image to its left and above."""
        return self.head(self.features(check.images(x, channels=1, network=self, least=1)))

    def log_conditionals(self, x: Tensor) -> Tensor:
        """log p(x_t | x_{<t}) of every pixel, [N, H, W], in nats: one pass for all of them."""
        index = level_index(check.images(x, channels=1, size=self.size), self.levels)
        return F.log_softmax(self(x), dim=1).gather(1, index).squeeze(1)

    def log_prob(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """log p(x) = sum_t log p(x_t | x_{<t}), [N], in nats; exact, so ``generator`` is not used."""
        return self.log_conditionals(x).flatten(1).sum(1)

    @torch.no_grad()
    def sample(self, n: int, seed: int | torch.Generator = 0, given: Tensor | None = None, rows: int = 0) -> Tensor:
        """Draw n images [n, 1, size, size]; with ``given`` keep its first ``rows`` rows and draw the rest from p(rest | rows)."""
        image = self._start(n, given)  # what stays if every row is given
        for _, drawn in self.sampling(n, seed, given, rows):
            image = drawn
        return image

    @torch.no_grad()
    def sampling(
        self, n: int, seed: int | torch.Generator = 0, given: Tensor | None = None, rows: int = 0
    ) -> Iterator[tuple[int, Tensor]]:
        """The draw, watched: yields (pixels known so far, image [n, 1, size, size]) after every pixel, one network pass each.

        Pixels still to come hold the lowest level; by causality their value cannot matter.
        """
        x = self._start(n, given)
        if not 0 <= check.whole("rows", rows, None) <= self.size:
            raise ValueError(f"rows must be 0 to {self.size}, not {rows}")
        if rows and given is None:
            raise ValueError(f"there are no {rows} rows to keep: pass given=, images [{n}, 1, {self.size}, {self.size}]")
        generator = as_generator(check.seed_or_source(seed), x.device)
        x[:, :, rows:] = -1
        for i in range(rows, self.size):
            for j in range(self.size):
                logits = self(x[:, :, : i + 1])[:, :, i, j]  # rows below are not needed: causality
                index = torch.multinomial(logits.softmax(1), 1, generator=generator)  # [n, 1]
                x[:, :, i, j] = from_levels(index, self.levels)
                yield i * self.size + j + 1, x.clone()

    def _start(self, n: int, given: Tensor | None) -> Tensor:
        parameter = next(self.parameters())
        if check.whole("n", n, None) < 1:
            raise ValueError(f"n must be at least 1, not {n}")
        check.fits("images", n, self.levels, self.size, self.size)
        if given is None:
            return torch.full((n, 1, self.size, self.size), -1.0, dtype=parameter.dtype, device=parameter.device)
        level_index(check.images(given, channels=1, size=self.size, what="given"), self.levels)
        if len(given) != n:
            raise ValueError(f"given has {len(given)} images but n is {n}")
        return given.to(parameter).clone()
