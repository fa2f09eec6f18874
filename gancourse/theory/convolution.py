r"""Convolution and transposed convolution as index equations, slow and plain, to read and to check fast ones against.

The notation is McAllester's: a layer is L[x, y, i] (place, place, channel), a weight W[dx, dy, i, j] joins channel i of the
larger layer to channel j of the smaller one, s is the stride:

    strided convolution       small[x, y, j]                 += W[dx, dy, i, j] large[s x + dx, s y + dy, i]
    transposed convolution    large[s x + dx, s y + dy, i]   += W[dx, dy, i, j] small[x, y, j]

for all x, y, i, j, dx, dy.  One W serves both, and the two lines differ only in the direction of the arrow: what the first
gathers, the second scatters.  :func:`torch_weight` turns W into the layout [j, i, dx, dy] in which PyTorch keeps the weights of
Conv2d (out, in, height, width) and of ConvTranspose2d (in, out, height, width) alike.  x is the row.

``padding`` frames the large layer with that many zeros on each side before the first, and cuts as many off after the second.

Source: McAllester, lecture deck on GANs; Dumoulin & Visin 2016 for the arithmetic of sizes.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def convolved_size(n: int, kernel: int, stride: int = 1, padding: int = 0) -> int:
    """The side of the small layer: floor((n + 2 padding - kernel) / stride) + 1."""
    _check_numbers(kernel, stride, padding)
    if n + 2 * padding < kernel:
        raise ValueError(f"a kernel of {kernel} does not fit into {n} + 2 * {padding} pixels: add padding or take a smaller one")
    return (n + 2 * padding - kernel) // stride + 1


def transposed_size(n: int, kernel: int, stride: int = 1, padding: int = 0) -> int:
    """The side of the large layer: (n - 1) stride + kernel - 2 padding."""
    _check_numbers(kernel, stride, padding)
    size = (n - 1) * stride + kernel - 2 * padding
    if n < 1 or size < 1:
        raise ValueError(f"{n} pixels, kernel {kernel}, stride {stride} and padding {padding} leave no pixel: take less padding")
    return size


def strided(large: Tensor, w: Tensor, stride: int = 1, padding: int = 0) -> Tensor:
    """The first equation: large [X, Y, I], w [K, K, I, J] -> small [X', Y', J]."""
    _check_layer(large, w, channel=2)
    rows, columns = (convolved_size(n, w.shape[0], stride, padding) for n in large.shape[:2])
    large = F.pad(large, (0, 0, padding, padding, padding, padding))  # zeros around both places, none around the channel
    small = large.new_zeros(rows, columns, w.shape[3])
    for dx in range(w.shape[0]):
        for dy in range(w.shape[1]):
            seen = large[dx : dx + stride * rows : stride, dy : dy + stride * columns : stride][:rows, :columns]
            small += torch.einsum("xyi,ij->xyj", seen, w[dx, dy])
    return small


def transposed(small: Tensor, w: Tensor, stride: int = 1, padding: int = 0) -> Tensor:
    """The second equation: small [X', Y', J], w [K, K, I, J] -> large [X, Y, I]."""
    _check_layer(small, w, channel=3)
    rows, columns = small.shape[:2]
    for n in (rows, columns):
        transposed_size(n, w.shape[0], stride, padding)  # refuses what leaves no pixel
    large = small.new_zeros(*(transposed_size(n, w.shape[0], stride) for n in (rows, columns)), w.shape[2])
    for dx in range(w.shape[0]):
        for dy in range(w.shape[1]):
            written = large[dx : dx + stride * rows : stride, dy : dy + stride * columns : stride]
            written += torch.einsum("xyj,ij->xyi", small, w[dx, dy])
    return large[padding : large.shape[0] - padding, padding : large.shape[1] - padding]


def matrix(w: Tensor, shape: tuple[int, int], stride: int = 1, padding: int = 0) -> Tensor:
    """The strided convolution of layers [X, Y, I] with (X, Y) = ``shape`` as a matrix A: small.flatten() = A @ large.flatten().

    Row (x, y, j) holds W[dx, dy, i, j] in column (s x + dx, s y + dy, i), padding taken off, and zeros elsewhere.  The transposed
    convolution with the same w is A's transpose (where the stride leaves a rest of the large layer, without that rest).
    """
    kernel, _, inside, outside = _check_weight(w).shape
    rows, columns = (convolved_size(n, kernel, stride, padding) for n in shape)
    a = w.new_zeros(rows, columns, outside, *shape, inside)
    for x in range(rows):
        for y in range(columns):
            for dx in range(kernel):
                for dy in range(kernel):
                    to_x, to_y = stride * x + dx - padding, stride * y + dy - padding
                    if 0 <= to_x < shape[0] and 0 <= to_y < shape[1]:  # what lies outside is the frame of zeros
                        a[x, y, :, to_x, to_y] += w[dx, dy].T
    return a.reshape(rows * columns * outside, -1)


def overlap(n: int, kernel: int, stride: int, padding: int = 0) -> Tensor:
    """How many places of an n x n layer write to each place of its transposed convolution: int64 [size, size].

    Where the kernel is no multiple of the stride, neighbours get unequally much: a chequerboard before anything is learned.

    Source: Odena, Dumoulin & Olah 2016.
    """
    ones = torch.ones(n, n, 1)
    return transposed(ones, torch.ones(kernel, kernel, 1, 1), stride, padding).squeeze(2).round().long()


def at_period_two(images: Tensor) -> float:
    """How much of a chequerboard pictures [N, C, n, n] hold: the share of their power that changes from each pixel to the next.

    The power is that of the discrete Fourier transform without each picture's mean.  What has period 2 along a row or along a
    column counts, and the share is over all pictures together.  White noise has (2n - 1) / (n^2 - 1) of it there: 0.122 at 16 px,
    0.062 at 32 px.  Flat pictures have no power to share: NaN.  An odd side has no period 2: ValueError.

    Source: Odena, Dumoulin & Olah 2016, who show the pattern; the measure is ours.
    """
    if images.ndim != 4 or not images.numel() or images.shape[2] != images.shape[3] or images.shape[2] % 2:
        raise ValueError(f"the pictures must be [N, C, n, n] with N > 0 and an even n, not {list(images.shape)}")
    power = torch.fft.fft2(images.float()).abs() ** 2
    power[..., 0, 0] = 0
    half = images.shape[-1] // 2
    share = (power[..., half, :].sum() + power[..., :, half].sum() - power[..., half, half].sum()) / power.sum()
    return share.item()


def torch_weight(w: Tensor) -> Tensor:
    """W[dx, dy, i, j] in PyTorch's layout [j, i, dx, dy], for Conv2d from i to j and for ConvTranspose2d from j to i."""
    return _check_weight(w).permute(3, 2, 0, 1).contiguous()


def _check_numbers(kernel: int, stride: int, padding: int) -> None:
    if kernel < 1 or stride < 1 or padding < 0:
        raise ValueError(f"kernel and stride must be 1 or more, padding 0 or more, not {kernel}, {stride} and {padding}")


def _check_weight(w: Tensor) -> Tensor:
    if w.ndim != 4 or w.shape[0] != w.shape[1]:
        raise ValueError(f"the weight must be [K, K, I, J], not {list(w.shape)}: turn PyTorch's layout by .permute(2, 3, 1, 0)")
    return w


def _check_layer(layer: Tensor, w: Tensor, channel: int) -> None:
    name = "IJ"[channel - 2]
    _check_weight(w)
    if layer.ndim != 3 or layer.shape[2] != w.shape[channel]:
        came, wanted = list(layer.shape), w.shape[channel]
        raise ValueError(f"the layer must be [X, Y, {name}] with {name} = {wanted}, not {came}: a batch has no place here")
