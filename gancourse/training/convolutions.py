"""Convolutions at both ends of a network, written so that a processor's library computes them fast.

Most layers of a GAN are convolutions between tens of channels, for which the library has good kernels.  At the ends it has not:

    a map of one pixel     G's first layer, D's last one.  One sum of products for each output: a matrix product, y = x W.
    a picture              G's last layer, a transposed convolution to a few channels, and the gradient that D's first layer
                           passes on to G's picture: the same operation.

With a kernel of 4, stride 2 and padding 1, the latter takes its picture two by two pixels at a time.  Let X have the pixels of
each 2x2 block as channels, the blocks lying one pixel off the corner (the padding completes those at the border).  Then a value
of the small map belongs to 2x2 neighbouring blocks, and

    4x4 convolution of x, stride 2       =  2x2 convolution of X, stride 1
    4x4 transposed convolution, stride 2 =  2x2 transposed convolution, stride 1, and the blocks laid out as pixels

which is the rearrangement of Shi et al. (2016, *Real-time single image and video super-resolution using an efficient sub-pixel
convolutional neural network*), for a kernel that is wider than the stride.  The sums are the same ones in another order: values
agree up to rounding, and a training takes another course, as it does on another processor.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

MOST_CHANNELS = 4  # of what counts as a picture: grey, colours, colours with a mask
KERNEL, STRIDE, PADDING = (4, 4), (2, 2), (1, 1)

Forward = Callable[..., Tensor]


@contextlib.contextmanager
def fast(*networks: nn.Module) -> Iterator[int]:
    """In this block the layers above are computed the fast way, where a network has some and lies on a processor.

    Yields how many they are.  Their weights, hooks and settings stay as they are, and inputs of other kinds (another side, say)
    are met as before.  Grouped and dilated layers are left alone, and subclasses that compute something else.  Derivatives of
    derivatives work by autograd; those of ``torch.func`` and forward mode do not.
    """
    layers = dict.fromkeys(layer for network in networks for layer in network.modules())  # one in two networks is met once
    changed = [(layer, how) for layer in layers if (how := _way(layer)) is not None]
    try:
        for layer, how in changed:
            layer.__dict__["forward"] = _Fast(how, layer)
        yield len(changed)
    finally:
        for layer, _ in changed:
            layer.__dict__.pop("forward", None)


class _Fast:
    """A layer's forward for the block alone: a copy that is made meanwhile, or a file, has the layer's own."""

    def __init__(self, how: Forward, layer: nn.Module) -> None:
        self.how, self.layer = how, layer

    def __call__(self, *args: Any, **kwargs: Any) -> Tensor:
        return self.how(self.layer, *args, **kwargs)

    def __reduce__(self) -> tuple[Any, ...]:
        return functools.partial, (type(self.layer).forward, self.layer)


def _way(layer: nn.Module) -> Forward | None:
    """How a layer is computed fast, if it may be."""
    if not isinstance(layer, nn.Conv2d | nn.ConvTranspose2d) or not _plain(layer):
        return None
    weights = next(layer.parameters(), None)  # none: frozen into buffers
    if weights is None or weights.device.type != "cpu":  # layer.weight, where it is spectrally normalised, would change by a look
        return None
    grows = isinstance(layer, nn.ConvTranspose2d)
    if (layer.kernel_size, layer.stride, layer.padding) == (KERNEL, STRIDE, PADDING):
        seen = layer.out_channels if grows else layer.in_channels
        return None if seen > MOST_CHANNELS else _to_picture if grows else _of_picture
    if layer.padding == (0, 0) and layer.kernel_size != (1, 1):
        return _from_pixel if grows else _to_pixel
    return None


def _plain(layer: nn.Conv2d | nn.ConvTranspose2d) -> bool:
    """Whether a layer computes what PyTorch's own does, with none of the settings that are not spoken of here."""
    if isinstance(layer, nn.ConvTranspose2d):
        own = type(layer).forward is nn.ConvTranspose2d.forward and layer.output_padding == (0, 0)
    else:
        own = type(layer).forward is nn.Conv2d.forward and type(layer)._conv_forward is nn.Conv2d._conv_forward
    usual = layer.groups == 1 and layer.dilation == (1, 1) and layer.padding_mode == "zeros"
    return own and usual and "forward" not in layer.__dict__


def _from_pixel(layer: nn.ConvTranspose2d, input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """[N, I, 1, 1] -> [N, O, k, k]: y = x W, with the places before the channels as channels-last weights lie."""
    if args or kwargs or input.ndim != 4 or input.shape[2:] != (1, 1):
        return nn.ConvTranspose2d.forward(layer, input, *args, **kwargs)
    weight = layer.weight.permute(0, 2, 3, 1)  # [I, k, k, O]
    y = (input.flatten(1) @ weight.flatten(1)).unflatten(1, weight.shape[1:]).permute(0, 3, 1, 2)
    return _shifted(y, layer.bias)


def _to_pixel(layer: nn.Conv2d, input: Tensor) -> Tensor:
    """[N, I, k, k] -> [N, O, 1, 1]: y = x W^T."""
    if input.ndim != 4 or input.shape[2:] != layer.kernel_size:
        return nn.Conv2d.forward(layer, input)
    y = input.permute(0, 2, 3, 1).flatten(1) @ layer.weight.permute(0, 2, 3, 1).flatten(1).t()
    return _shifted(y[:, :, None, None], layer.bias)


def _to_picture(layer: nn.ConvTranspose2d, input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """[N, I, h, w] -> [N, C, 2h, 2w]."""
    if args or kwargs or input.ndim != 4:
        return nn.ConvTranspose2d.forward(layer, input, *args, **kwargs)
    return _shifted(_Grow.apply(*_as_autocast(input, layer.weight)), layer.bias)


def _of_picture(layer: nn.Conv2d, input: Tensor) -> Tensor:
    """[N, C, 2h, 2w] -> [N, O, h, w].  Slow is the gradient to the picture alone: a real one needs none."""
    if not input.requires_grad or input.ndim != 4 or input.shape[2] % 2 or input.shape[3] % 2:
        return nn.Conv2d.forward(layer, input)
    return _shifted(_Shrink.apply(*_as_autocast(input, layer.weight)), layer.bias)


def _shifted(y: Tensor, bias: Tensor | None) -> Tensor:
    return y if bias is None else y + bias.to(y.dtype)[:, None, None]


def _as_autocast(*tensors: Tensor) -> list[Tensor]:
    """What autocast would hand to a convolution: it does not look into functions of our own."""
    if not torch.is_autocast_enabled("cpu"):
        return list(tensors)
    return [x if x.dtype == torch.float64 else x.to(torch.get_autocast_dtype("cpu")) for x in tensors]


# Slopes are computed in the precision of the values, wherever they are asked for, as PyTorch's convolutions have it.
_as_asked_for: Callable[[Any], Any] = torch.amp.custom_fwd(device_type="cpu")
_as_forward_was: Callable[[Any], Any] = torch.amp.custom_bwd(device_type="cpu")


class _Shrink(torch.autograd.Function):
    """4x4 convolution with stride 2 of a picture x, by weights w of [O, C, 4, 4]; its gradient to x is :class:`_Grow`."""

    @staticmethod
    @_as_asked_for
    def forward(ctx: Any, x: Tensor, w: Tensor) -> Tensor:
        ctx.save_for_backward(x, w)
        return F.conv2d(x, w, stride=STRIDE, padding=PADDING)

    @staticmethod
    @_as_forward_was
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None]:
        x, w = ctx.saved_tensors
        to_x, to_w = ctx.needs_input_grad
        return _Grow.apply(g, w) if to_x else None, _to_weights(x, g, w) if to_w else None


class _Grow(torch.autograd.Function):
    """4x4 transposed convolution with stride 2 to a picture, by weights w of [I, C, 4, 4]; to x, :class:`_Shrink`."""

    @staticmethod
    @_as_asked_for
    def forward(ctx: Any, x: Tensor, w: Tensor) -> Tensor:
        ctx.save_for_backward(x, w)
        return _pixels(F.conv_transpose2d(x, _by_blocks(w)), w.shape[1])

    @staticmethod
    @_as_forward_was
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None]:
        x, w = ctx.saved_tensors
        to_x, to_w = ctx.needs_input_grad
        return _Shrink.apply(g, w) if to_x else None, _to_weights(g, x, w) if to_w else None


def _to_weights(picture: Tensor, small: Tensor, w: Tensor) -> Tensor:
    """The gradient to the weights, the same for both: what of the picture meets what of the small map, summed over places."""
    backward = torch.ops.aten.convolution_backward
    wanted = [False, True, False]
    to_w: Tensor = backward(small, picture, w, None, STRIDE, PADDING, [1, 1], False, [0, 0], 1, wanted)[1]
    return to_w


def _by_blocks(w: Tensor) -> Tensor:
    """[I, C, 4, 4] -> [I, 4C, 2, 2]: the place 2a + p of a kernel lies in block a, pixel p."""
    rows = w.permute(0, 2, 3, 1).unflatten(2, (2, 2)).unflatten(1, (2, 2))  # [I, a, p, b, q, C]
    blocks: Tensor = rows.transpose(2, 3).flatten(3)
    return blocks.permute(0, 3, 1, 2)


def _pixels(blocks: Tensor, channels: int) -> Tensor:
    """[N, 4C, h + 1, w + 1] -> [N, C, 2h, 2w]: the blocks laid out as pixels, without the border that padding added."""
    n, _, rows, columns = blocks.shape
    x = blocks.permute(0, 2, 3, 1).reshape(n, rows, columns, 2, 2 * channels).transpose(2, 3)
    x = x.reshape(n, 2 * rows, 2 * columns, channels)[:, 1:-1, 1:-1]
    return x.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
