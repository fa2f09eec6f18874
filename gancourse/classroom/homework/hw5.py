"""The checks of homework 5: growing and styling."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse.classroom.homework.checks.calls import fitting, gradient, on_meta, unchanged
from gancourse.classroom.homework.checks.likeness import agrees, learns, likeness
from gancourse.classroom.homework.checks.sheets import Sheet, part, seal
from gancourse.classroom.homework.checks.values import close, compare, equal, finite, number, pair, shape, show, tensor, true
from gancourse.classroom.right import deviation as _deviation
from gancourse.classroom.right import doubled as _double
from gancourse.classroom.right import faded
from gancourse.classroom.right import mean_deviation as _mean_deviation
from gancourse.classroom.right import pulled as _pulled
from gancourse.classroom.slips import Slips, times

# 1. Equalised layers -----------------------------------------------------------------------------------------------------


def _c(shape: Sequence[int], gain: float = math.sqrt(2)) -> float:
    return gain / math.sqrt(math.prod(shape[1:]))


def _fan(fan: Callable) -> Callable:
    """He's constant with another fan-in."""
    return lambda shape, gain: gain / math.sqrt(fan(shape))


_HE = Slips("he_constant") | {
    "this is the fan-out: one output sums over the *inputs*": _fan(lambda s: s[0] * math.prod(s[2:])),
    "one output of a convolution sums over the kernel's places, too": _fan(lambda s: s[1]),
    "one output of a convolution sums over k times k places of the kernel": _fan(lambda s: math.prod(s[1:3])),
    "the root of the fan-in is missing": lambda s, gain: gain / math.prod(s[1:]),
    "this is the variance c^2: c is its root": lambda s, gain: _c(s, gain) ** 2,
    "the gain does not belong under the root": lambda s, gain: math.sqrt(gain) * _c(s, 1),
    "upside down": lambda s, gain: 1 / _c(s, gain),
    "the gain is not used": lambda s, gain: _c(s, 1),
    "the gain is an argument: sqrt(2) is its default": lambda s, gain: _c(s),
    "n_out is not part of the fan-in: how many weights does one output sum over?": _fan(math.prod),
    "this is Glorot's constant: He takes the fan-in alone": _fan(lambda s: (s[0] + s[1]) * math.prod(s[2:])),
}


def _conv(c: Callable = _c, padding: Callable = lambda k: k // 2) -> Callable:
    """The convolution with another constant, or padding."""
    return lambda x, w, b, gain: F.conv2d(x, c(w.shape, gain) * w, b, padding=padding(w.shape[2]))


_CONV = Slips("equalised_conv") | {
    "c scales the weights, and the bias too: add the bias after c (a well-known public code has this)": (
        lambda x, w, b, gain: _conv()(x, w, _c(w.shape, gain) * b, gain)
    ),
    "the weights are used as they are stored: where is c?": _conv(lambda s, gain: 1),
    "the bias is missing": lambda x, w, b, gain: _conv()(x, w, 0 * b, gain),
    "c comes in twice": _conv(lambda s, gain: _c(s, gain) ** 2),
    "the gain is an argument": _conv(lambda s, gain: _c(s)),
    "divided by c: multiply": _conv(lambda s, gain: 1 / _c(s, gain)),
    "c of the fan-out: one output sums over the inputs": _conv(_fan(lambda s: s[0] * math.prod(s[2:]))),
    "c forgets the kernel: one output sums over its places, too": _conv(_fan(lambda s: s[1])),
    "the convolution keeps the size: which padding does a kernel of k need?": (
        _conv(padding=lambda k: 0),
        _conv(padding=lambda k: 1),
        _conv(padding=lambda k: k),
    ),
}


def _linear(weight: Callable, bias: Callable, default: float = 1.0, constant: Callable = _c) -> Callable:
    """x W^T times ``weight(c, m)`` plus the bias times ``bias(c, m)``."""

    def f(x: Tensor, w: Tensor, b: Tensor, gain: float = default, m: float = 1.0) -> Tensor:
        c = constant(w.shape, gain)
        return weight(c, m) * (x @ w.T) + bias(c, m) * b

    return f


_LINEAR = Slips("equalised_linear") | {
    "c of the fan-out: one output sums over the inputs": (
        lambda x, w, b, gain=1.0, m=1.0: m * (gain / math.sqrt(len(w)) * (x @ w.T) + b)
    ),
    "the linear layer's gain is 1 by default": _linear(lambda c, m: m * c, lambda c, m: m, math.sqrt(2)),
    "the bias is stored 1/m times too large, too: m multiplies it as well": _linear(lambda c, m: m * c, lambda c, m: 1),
    "the multiplier is not used": _linear(lambda c, m: c, lambda c, m: 1),
    "m multiplies the weights, too": _linear(lambda c, m: c, lambda c, m: m),
    "c multiplies the bias: it belongs to the weights alone": _linear(lambda c, m: m * c, lambda c, m: m * c),
    "divided by m: the *stored* weights are 1/m times larger, the layer multiplies by m": (
        _linear(lambda c, m: c / m, lambda c, m: 1 / m),
        _linear(lambda c, m: c / m, lambda c, m: 1),
    ),
    "where is c?": _linear(lambda c, m: m, lambda c, m: m),
    "the gain is an argument": lambda x, w, b, gain=1.0, m=1.0: m * (_c(w.shape, 1) * (x @ w.T) + b),
    "the bias is missing": _linear(lambda c, m: m * c, lambda c, m: 0),
}


_GAIN = math.sqrt(2)


def _share(of: Callable) -> Callable:
    """Adam's step over the size of what is stored: ``of(lr, c, m)`` where the layer is equalised and where it is not."""
    return lambda shape, lr, gain=_GAIN, equalised=True, m=1.0: of(lr, _c(shape, gain), m if equalised else 1.0, equalised)


def _step_by(c: Callable) -> Callable:
    """The right share of a step, with a function for He's constant."""
    return lambda shape, lr, gain=_GAIN, equalised=True, m=1.0: lr * m if equalised else lr / c(shape, gain)


_step_share = _step_by(_c)
_STEP_SHARE = Slips("step_share") | {
    "an ordinary layer stores c W, of size c: the step is lr whatever the size, so the share is lr / c": (
        _share(lambda lr, c, m, equal: lr * m if equal else lr * c),
        _share(lambda lr, c, m, equal: lr * m if equal else lr),
    ),
    "W / m is stored, which is 1/m times as large: the same step is a smaller share of it": (
        _share(lambda lr, c, m, equal: lr / m if equal else lr / c)
    ),
    "the multiplier is not used": _share(lambda lr, c, m, equal: lr if equal else lr / c),
    "an equalised layer stores W, of size 1 whatever c is": _share(lambda lr, c, m, equal: lr * m / c),
    "the learning rate is an argument": _share(lambda lr, c, m, equal: 0.01 * m if equal else 0.01 / c),
    "this is the size over the step: turn it round": _share(lambda lr, c, m, equal: 1 / (lr * m) if equal else c / lr),
}


@part(points=4)
def equalised(
    sheet: Sheet, he_constant: Callable, equalised_conv: Callable, equalised_linear: Callable, step_share: Callable
) -> None:
    with sheet.item("He's constant", 0.5):
        sizes = ((sheet.integer(2, 5), sheet.integer(6, 9)), (7, sheet.integer(3, 6), 3, 3), (4, 9, 1, 1))
        for size in sizes:
            for gain in (3.0, 1.0, math.sqrt(2)):
                what = f"c for weights {list(size)} and gain {gain:.3g}"
                compare(he_constant, _c, (size, gain), _HE, what, number)
        close(number(he_constant((5, 8))), 0.5, "c for weights [5, 8] and the gain's default")
        of_weight = torch.zeros(2, 3, 5, 5).shape  # a weight's own shape is as good as a tuple
        close(number(he_constant(of_weight, 2.0)), 2 / math.sqrt(75), "c for weight.shape [2, 3, 5, 5] and gain 2")

    constant = likeness(he_constant, _c, _HE, *((size, gain) for size in sizes for gain in (3.0, 1.0, math.sqrt(2))))
    given = [(sheet.randn(2, 4, 5, 6), sheet.randn(3, 4, k, k), sheet.randn(3), 1.7) for k in (3, 1)]
    conv = next((f for f in (_conv(), _conv(constant)) if agrees(equalised_conv, f, *given)), _conv())

    with sheet.item("the convolution", 0.5):
        for x, w, b, gain in given:
            k = w.shape[2]
            compare(equalised_conv, conv, (x, w, b, gain), _CONV, f"a {k} x {k} convolution with gain 1.7")

    x, w, b = sheet.randn(5, 7), sheet.randn(3, 7), sheet.randn(3)
    lines = [(x, w, b), (x, w, b, 1.3, 0.01)]
    right = _linear(lambda c, m: m * c, lambda c, m: m)
    own = _linear(lambda c, m: m * c, lambda c, m: m, constant=constant)
    linear = next((f for f in (right, own) if agrees(equalised_linear, f, *lines)), right)

    with sheet.item("the linear layer and its multiplier", 1):
        compare(equalised_linear, linear, lines[0], _LINEAR, "with gain 1 and multiplier 1")
        compare(equalised_linear, linear, lines[1], _LINEAR, "with gain 1.3 and multiplier 0.01")

    with sheet.item("what is stored stays as it is, and learns", 1):
        conv = likeness(equalised_conv, conv, _CONV, *given)
        linear = likeness(equalised_linear, linear, _LINEAR, *lines)
        _stored(sheet, equalised_conv, conv, _CONV, sheet.randn(2, 4, 5, 5), sheet.randn(3, 4, 3, 3))
        _stored(sheet, equalised_linear, linear, _LINEAR, sheet.randn(2, 4), sheet.randn(3, 4))

    with sheet.item("the first step of Adam", 1):
        shares = [
            ((size, sheet.integer(2, 9) / 1000, 1.5, equal, m), f"weights {list(size)}, {kind}")
            for size in ((sheet.integer(2, 5), sheet.integer(6, 30)), (7, sheet.integer(3, 6), 3, 3))
            for equal, m, kind in ((False, 1.0, "ordinary"), (True, 1.0, "equalised"), (True, 0.01, "with m = 0.01"))
        ]
        by_own = _step_by(lambda *given: number(he_constant(*given)))  # a wrong constant has cost its points above
        share = by_own if agrees(step_share, by_own, *(arguments for arguments, _ in shares)) else _step_share
        for arguments, kind in shares:
            what = f"the share for {kind}, lr = {arguments[1]:g} and gain 1.5"
            compare(step_share, share, arguments, _STEP_SHARE, what, number)
        close(number(step_share((5, 8), 0.004)), 0.004, "the share for the defaults of gain, equalised and lr_mult")


def _stored(sheet: Sheet, layer: Callable, right: Callable, slips: Slips, x: Tensor, w: Tensor) -> None:
    """The layer twice, and its gradients."""
    b, old = sheet.randn(3), w.clone()
    stored = "the stored weights were overwritten: they are multiplied again at the next call. Scale a copy, c * weight"
    with unchanged(x=x, bias=b):
        first, second = (tensor(layer(x, w, b, 1.5)).detach().clone() for _ in range(2))
    close(w, old, "the weights afterwards", slip=stored)
    close(second, first, "the second call with the same weights", slip=stored)

    def slope_of(f: Callable) -> Tensor:
        return gradient(lambda v: f(x, v, b, 1.5).square().sum(), w, "no gradient reaches W: was it detached?")

    compare(layer, right, slope_of, slips, "the gradient in the stored weights")
    learns(sheet, layer, right, slips, x=x, weight=w, bias=b, gain=1.5)


# 2. Pixels and batches ---------------------------------------------------------------------------------------------------


def _over(*dims: int, size: Callable = lambda x, dims: x.square().mean(dims, keepdim=True).sqrt()) -> Callable:
    """x divided by a size over other dimensions than the channels, or by another size."""
    return lambda x: x / size(x, dims or 1)


def _own_eps(f: Callable) -> Callable:
    """The function f, whatever eps it is given."""
    return lambda *arguments, eps=1e-8: f(*arguments)


def _pixels(x: Tensor, eps: float = 1e-8) -> Tensor:
    return x / (x.square().mean(1, keepdim=True) + eps).sqrt()


_GIVEN_EPS = "eps is an argument: use it"
_KEEPDIM = "keepdim=True keeps the axis of the channels, so that it meets x"
_CENTRED = "a mean is subtracted: that is layer normalisation"
_EPS_UNDER = "0/0: eps belongs under the root"
_EPS_ADDED = "eps = 1e-8 is added to the mean square, under the root"
_PIXEL_NORM = Slips("pixel_norm") | {
    "the root depends on x, too: do not detach it": _over(
        size=lambda x, d: (x.square().mean(d, keepdim=True) + 1e-8).sqrt().detach()
    ),
    "the mean runs over the places as well: each place by itself, dim 1 only": _over(1, 2, 3),
    "the mean runs over the places: this is instance normalisation; take dim 1": _over(2, 3),
    "the mean runs over the columns: the channels are dim 1": _over(-1),
    "the mean runs over the batch: the channels are dim 1": _over(0),
    "this makes the length 1: divide by the root of the *mean* square, as sqrt(C) is missing": F.normalize,
    "the root is missing": _over(size=lambda x, d: x.square().mean(d, keepdim=True)),
    "multiplied: divide": lambda x: x * x.square().mean(1, keepdim=True).sqrt(),
    _CENTRED: (
        lambda x: (x - x.mean(1, keepdim=True)) / x.std(1, keepdim=True, unbiased=False),
        lambda x: F.layer_norm(x.movedim(1, -1), x.shape[1:2]).movedim(-1, 1),
    ),
    "the standard deviation subtracts a mean: take the mean of the squares": (
        _over(size=lambda x, d: x.std(d, keepdim=True)),
        _over(size=lambda x, d: x.std(d, keepdim=True, unbiased=False)),
    ),
    "the mean of absolute values: take squares, and the root of their mean": _over(
        size=lambda x, d: x.abs().mean(d, keepdim=True)
    ),
    "a plain mean: take squares, and the root of their mean": _over(size=lambda x, d: x.mean(d, keepdim=True)),
    _EPS_UNDER: (_over(1), _over(size=lambda x, d: x.square().mean(d, keepdim=True).sqrt() + 1e-8)),
    _EPS_ADDED: _over(size=lambda x, d: (x.square().mean(d, keepdim=True) + 1e-6).sqrt()),
    _GIVEN_EPS: _own_eps(_pixels),
}


def _apart(i: int, m: int, group: int) -> slice:
    return slice(i, None, m)


def _spread(s: Callable, members: Callable = _apart, to: Callable | None = None) -> Callable:
    """Minibatch deviation: ``s`` of each group's samples ``members``, written into the map of the samples ``to``."""

    def f(x: Tensor, group: int) -> Tensor:
        m = len(x) // group
        out = x.new_zeros(len(x), 1, *x.shape[2:])
        for i in range(m):
            out[(to or members)(i, m, group), 0] = s(x[members(i, m, group)])
        return torch.cat([x, out], 1)

    return f


def _neighbours(i: int, m: int, group: int) -> slice:
    return slice(i * group, (i + 1) * group)


def _var(x: Tensor) -> Tensor:
    """The variance of each channel and place, over the samples."""
    return x.var(0, unbiased=False)


_std = _spread(_mean_deviation)
_MAP_LAST = "the features come first and unchanged, the new map behind them"
_ROOT_AT_0 = "the root's slope at 0 is infinite: eps = 1e-8 belongs under the root"
_STD = Slips("minibatch_std") | {
    "where is eps?": _spread(lambda x: _var(x).sqrt().mean()),
    "nothing was appended: one map more than came in": lambda x, group: x + 0,
    "one map for each channel: the mean over c, h and w is one number": (
        lambda x, group: torch.cat([x, _deviation(_var(x)).expand_as(x)], 1)
    ),
    "appended to the batch: the channels are dim 1": lambda x, group: torch.cat([x, _deviation(_var(x))[None]]),
    _MAP_LAST: lambda x, group: _std(x, group).roll(1, 1),
    "divided by G - 1: the variance here is the mean of the squares, over G": _spread(lambda x: x.std(0).mean()),
    "the root is missing: the *standard deviation*, then the mean": _spread(lambda x: _var(x).mean()),
    "the mean before the root: the root of each place's variance, then the mean": _spread(lambda x: _var(x).mean().sqrt()),
    "the mean before the root, and G - 1": _spread(lambda x: x.var(0).mean().sqrt()),
    "one deviation over everything: over the samples of the group at each place, then the mean": (
        _spread(torch.std),
        _spread(lambda x: x.std(unbiased=False)),
    ),
    "the deviation within each sample: it runs over the samples of the group, dim 0": (
        _spread(lambda x: x.std((1, 2, 3), unbiased=False).mean()),
        _spread(lambda x: x.std((1, 2, 3), unbiased=False)[:, None, None]),
    ),
    "the deviation over the channels: it runs over the samples of the group": _spread(lambda x: x.std(1, unbiased=False)),
    "the mean over the channels only: over h and w, too": _spread(lambda x: _deviation(_var(x)).mean(0)),
    "a sum over c, h, w: take the mean": _spread(lambda x: _deviation(_var(x)).sum()),
    "the deviation of the mean image: first the deviation of the samples, then the mean": (
        _spread(lambda x: x.mean(0).std(unbiased=False))
    ),
    "the group's mean is not subtracted": _spread(lambda x: x.square().mean(0).sqrt().mean()),
    "groups of neighbours: sample i belongs to group i mod M, so a group is i, i + M, i + 2M, ...": (
        _spread(_mean_deviation, _neighbours)
    ),
    "the numbers go to the wrong samples: sample i's is that of group i mod M": _spread(_mean_deviation, to=_neighbours),
    "groups of neighbours, and their numbers go to other samples": _spread(_mean_deviation, _neighbours, _apart),
    "G and M are exchanged: groups of G samples, M = N/G of them": lambda x, group: _std(x, len(x) // group),
    "one number for the whole batch: each group has its own": lambda x, group: _std(x, len(x)),
    "the mean over the groups: each group has its own number": (
        lambda x, group: torch.cat([x, 0 * x[:, :1] + _std(x, group)[:, -1].mean()], 1)
    ),
    "eps is added after the root: put it under it": _spread(lambda x: (_var(x).sqrt() + 1e-8).mean()),
    _ROOT_AT_0: _spread(lambda x: _var(x).sqrt().clamp(min=1e-4).mean()),
    "no gradient reaches the features through the map: was it detached?": _spread(lambda x: _mean_deviation(x).detach()),
    _GIVEN_EPS: _own_eps(_std),
}


@part(points=4)
def batch(sheet: Sheet, pixel_norm: Callable, minibatch_std: Callable) -> None:
    with sheet.item("pixel normalisation", 1), fitting("one size for each place", _KEEPDIM):
        x, z = 2 * sheet.randn(3, 4, 5, 2) + 0.7, sheet.randn(5, 8)
        with unchanged(x=x):
            compare(pixel_norm, _over(1), (x,), _PIXEL_NORM)
        compare(pixel_norm, _over(1), (z,), _PIXEL_NORM, "latents [N, C]")
        learns(sheet, pixel_norm, _pixels, _PIXEL_NORM, x=x)

    with sheet.item("where all channels are 0", 0.5), fitting("one size for each place", _KEEPDIM):
        zeros = torch.zeros(2, 3, 2, 2, dtype=torch.float64)
        close(pixel_norm(zeros), zeros, "zeros", slip=_EPS_UNDER)
        finite(gradient(lambda v: pixel_norm(v).sum(), zeros), "the gradient at zeros", _EPS_UNDER)
        at = torch.full((1, 2, 1, 1), 1e-4, dtype=torch.float64)
        close(pixel_norm(at), at / math.sqrt(2e-8), "two channels of 1e-4", slip=_EPS_ADDED)
        close(pixel_norm(x, eps=0.5), _pixels(x, eps=0.5), "with eps=0.5", slip=_GIVEN_EPS)

    with sheet.item("the spread of a batch, in one group", 1):
        one = x = sheet.randn(6, 3, 4, 5) * (1 + 2 * sheet.rand(1, 3, 4, 5))
        with unchanged(x=x):
            minibatch_std(x, 6)
        out = shape(minibatch_std(x, 6), [6, 4, 4, 5], slips=_STD.at(x, 6))
        close(out[:, :3], x, "the first maps", slip=_MAP_LAST)
        compare(minibatch_std, _std, lambda f: f(x, 6)[:, 3], _STD, "the new map")

    std = _of_its_shape(likeness(minibatch_std, _std, _STD, (one, 6)), one, 6)

    with sheet.item("several groups", 1):
        x = sheet.randn(6, 2, 3, 3) * torch.tensor([1, 5, 2, 9, 3, 4.0]).double()[:, None, None, None]
        for size in (2, 3):
            expected = std(x, size)
            out = shape(minibatch_std(x, size), expected.shape)
            close(out[:, :2], expected[:, :2], f"the first maps, groups of {size}", slip=_MAP_LAST)
            what = f"six samples in groups of {size}"
            compare(minibatch_std, std, lambda f, size=size: f(x, size)[:, 2], _STD, what)
        on_meta(lambda v: minibatch_std(v, 2), torch.zeros(4, 3, 2, 2))
        if std is _std:
            wide = _spread(lambda v: (_var(v) + 0.5).sqrt().mean())(x, 2)[:, 2]
            close(minibatch_std(x, 2, eps=0.5)[:, 2], wide, "the new map with eps=0.5", slip=_GIVEN_EPS)

    with sheet.item("a collapsed batch", 0.5):
        _collapsed(sheet, minibatch_std, _of_its_shape(likeness(minibatch_std, std, _STD, (x, 2), (x, 3)), x, 2))


def _of_its_shape(like: Callable, x: Tensor, group: int) -> Callable:
    """A slip that is compared with; the right function in place of one whose result has another shape."""
    return like if like(x, group).shape == _std(x, group).shape else _std


def _collapsed(sheet: Sheet, minibatch_std: Callable, right: Callable) -> None:
    same, x = sheet.randn(1, 2, 3, 3).expand(4, 2, 3, 3).clone(), sheet.randn(4, 2, 2, 2)
    compare(minibatch_std, right, (same, 4), _STD, "four equal samples and their new map", rtol=1e-3, atol=1e-9)
    gone = "no gradient reaches the features: was the map detached?"
    slope = gradient(lambda v: minibatch_std(v, 4)[:, 2].sum(), same, gone)
    finite(slope, "the gradient for four equal samples", _ROOT_AT_0)

    def loss(f: Callable) -> Callable[[Tensor], Tensor]:
        return lambda v: f(v, 2)[:, 2].square().sum()

    compare(minibatch_std, right, lambda f: gradient(loss(f), x), _STD, "the gradient", atol=1e-6)


# 3. Fading in ------------------------------------------------------------------------------------------------------------


def _smooth(x: Tensor, corners: bool = False) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=corners)


def _fade(up: Callable = _double) -> Callable:
    """Fading with another way to double the older image."""
    return lambda older, newer, alpha: faded(older, newer, alpha, up)


_PATH = "no gradient reaches that path: it must learn while it fades"
_FADE_IN = Slips("fade_in") | {
    "alpha turned round: 1 is all new here (a well-known public code has it the other way)": (
        lambda older, newer, alpha: _fade()(older, newer, 1 - alpha)
    ),
    "smooth doubling: every pixel is repeated 2 x 2 times, mode='nearest'": (
        _fade(_smooth),
        _fade(lambda x: _smooth(x, corners=True)),
    ),
    "the *image* is repeated like tiles: repeat each pixel (repeat_interleave, or interpolate)": _fade(lambda x: x.tile(2, 2)),
    "the older image is not faded out: (1 - alpha)": lambda older, newer, alpha: _double(older) + alpha * newer,
    "where is alpha?": lambda older, newer, alpha: _double(older) + newer,
    "where is the older image?": lambda older, newer, alpha: newer + 0,
    "a tanh that nobody asked for": lambda *given: torch.tanh(_fade()(*given)),
    "one half too much": times(1 / 2, _fade()),
    _PATH: _fade(lambda x: _double(x.detach())),
}


def _halve(x: Tensor) -> Tensor:
    return x.unflatten(2, (-1, 2)).unflatten(4, (-1, 2)).mean((3, 5))


def _fade_real(half: Callable = _halve, up: Callable = _double) -> Callable:
    """Fading a real image with another way to halve, or to double."""
    return lambda x, alpha: (1 - alpha) * up(half(x)) + alpha * x


_FADE_REAL = Slips("fade_real") | {
    "the real images must fade, too, or D knows the fakes by their missing detail": lambda x, alpha: x + 0,
    "alpha turned round: at 1 the image is as it was": lambda x, alpha: _fade_real()(x, 1 - alpha),
    "every second pixel: halve by the mean of each 2 x 2 square": _fade_real(lambda x: x[:, :, ::2, ::2]),
    "the largest of each square: take its mean": _fade_real(lambda x: F.max_pool2d(x, 2)),
    "smooth doubling: the same doubling as for the fakes": _fade_real(up=_smooth),
    "this is alpha = 0: where are alpha and the image itself?": lambda x, alpha: _double(_halve(x)),
    "the fading image is darkened: where is its halved and doubled copy?": lambda x, alpha: alpha * x,
    "half the side came out: double it again, D takes images of the new side": lambda x, alpha: _halve(x),
    "the side was doubled: halve first": lambda x, alpha: _double(x),
}


def _timetable(
    alpha=lambda i, fade, stable: min(1.0, i / (fade + 1)),
    level=lambda i, period: i // period + 1,
    start=lambda fade, stable: stable,
    levels=lambda last: last,
) -> Callable:
    """The timetable of training, with a slip where an argument is not the default."""

    def stage(step: int, fade: int, stable: int, last: int) -> tuple[int, float]:
        i, period = step - start(fade, stable), fade + stable
        if i < 0:
            return 0, 1.0
        return (level(i, period), alpha(i % period + 1, fade, stable)) if i < levels(last) * period else (last, 1.0)

    return stage


_planned = _timetable()


def _fading_at_once(step: int, fade: int, stable: int, last: int) -> tuple[int, float]:
    level, alpha = _planned(step, fade, stable, last)
    return level, alpha if level else min(1.0, (step + 1) / (fade + 1))


def _fading_for_ever(step: int, fade: int, stable: int, last: int) -> tuple[int, float]:
    level, alpha = _timetable(levels=lambda last: 99)(step, fade, stable, last)
    return min(level, last), alpha


_WHOLE = "the level is a whole number: divide with // or divmod"
_LEVEL_0 = "level 0 has no fade: alpha is 1 from the start"
_END = "after the last level's steps: the last level and alpha = 1, for ever"
_NO_FADE = "fade = 0: each level begins at once with alpha = 1"
_NO_GROWTH = "last = 0: nothing grows"
_STAGE = Slips("stage") | {
    _LEVEL_0: _fading_at_once,
    _END: _fading_for_ever,
    "level 0 lasts `stable` steps, as it has no fade; the next steps are level 1, and so on": (
        _timetable(level=lambda i, period: i // period),
        _timetable(start=lambda fade, stable: fade + stable),
    ),
    "the level must not go beyond the last one": _timetable(levels=lambda last: 99),
    _WHOLE: _timetable(level=lambda i, period: i / period + 1),
    "off by one: the first step of a fade is i = 1": (
        _timetable(lambda i, fade, stable: min(1.0, (i - 1) / (fade + 1))),
        _timetable(lambda i, fade, stable: min(1.0, (i + 1) / (fade + 1))),
    ),
    "i / F reaches 1 in the last step of the fade: i / (F + 1)": _timetable(lambda i, fade, stable: min(1.0, i / (fade or 1))),
    "(i - 1) / F is 0 in the first step of the fade: i / (F + 1)": (
        _timetable(lambda i, fade, stable: min(1.0, (i - 1) / fade if fade else 1.0))
    ),
    "alpha falls: it rises, 1 is all new": _timetable(lambda i, fade, stable: 1 - i / (fade + 1) if i <= fade else 1.0),
    "alpha rises over fade + stable steps: it rises over fade": (
        _timetable(lambda i, fade, stable: i / (fade + stable)),
        _timetable(lambda i, fade, stable: i / (fade + stable + 1)),
    ),
    "alpha stops at 1": _timetable(lambda i, fade, stable: i / (fade + 1)),
    _NO_FADE: _timetable(lambda i, fade, stable: min(1.0, i / (fade + 1)) if fade else 0.0),
    _NO_GROWTH: _timetable(levels=lambda last: max(last, 1)),
}


def _phases(*plan: int, of: Callable = _planned) -> list[int]:
    """The level of each step of a whole plan of fade, stable and last."""
    fade, stable, last = plan
    return [int(number(of(step, *plan)[0])) for step in range(stable + last * (fade + stable))]


def _pixels_of(stage: Callable, pixels: float = 4.0) -> Callable:
    """The share of the pixels that a timetable draws, of those of as many steps at the last level."""

    def share(fade: int, stable: int, last: int) -> float:
        levels = _phases(fade, stable, last, of=stage)
        return sum(pixels ** (level - last) for level in levels) / len(levels)

    return share


_work = _pixels_of(_planned)
_WORK = Slips("work") | {
    "a level doubles both sides: four times as many pixels": _pixels_of(_planned, 2.0),
    "the side goes into the square: 4 times for each level, not 16": _pixels_of(_planned, 16.0),
    "the share of the steps at the last level: the others draw pixels, too": (
        lambda *plan: _phases(*plan).count(plan[2]) / len(_phases(*plan))
    ),
    "divided by the last level's steps alone: by *all* steps, at the last level": (
        lambda *plan: _work(*plan) * len(_phases(*plan)) / _phases(*plan).count(plan[2])
    ),
    "this is what is saved: the share that is drawn is asked for": lambda *plan: 1 - _work(*plan),
    "turned round: the timetable's pixels over those of the last level": lambda *plan: 1 / _work(*plan),
    "each level counts as often as it has steps: level 0 has no fade, and is shorter": (
        lambda fade, stable, last: sum(4.0 ** (level - last) for level in range(last + 1)) / (last + 1)
    ),
    "a number of pixels: divide by those of as many steps at the last level": (
        lambda *plan: sum(4.0**level for level in _phases(*plan))
    ),
}


@part(points=4)
def fading(sheet: Sheet, fade_in: Callable, fade_real: Callable, stage: Callable, work: Callable) -> None:
    older, newer = sheet.randn(2, 3, 2, 4), sheet.randn(2, 3, 4, 8)

    with sheet.item("fading an image in", 0.5):
        with unchanged(older=older, newer=newer):
            fade_in(older, newer, 0.5)
        for alpha in (0.3, 1.0, 0.0):
            compare(fade_in, _fade(), (older, newer, alpha), _FADE_IN, f"alpha = {alpha}")
        on_meta(fade_in, torch.zeros(1, 3, 2, 2), torch.zeros(1, 3, 4, 4), 0.5)

    fade = likeness(fade_in, _fade(), _FADE_IN, *((older, newer, alpha) for alpha in (0.3, 1.0, 0.0)))

    with sheet.item("alpha as a tensor, gradients to both paths", 0.5):
        blend = torch.tensor(0.25, dtype=torch.float64)
        compare(fade_in, fade, (older, newer, blend), _FADE_IN, "alpha = 0.25, in a tensor")
        for name, at, given in (
            ("older", older, lambda v: (v, newer, 0.25)),
            ("newer", newer, lambda v: (older, v, 0.25)),
        ):

            def slope(f: Callable, at: Tensor = at, given: Callable = given) -> Tensor:
                return gradient(lambda v: f(*given(v)).sum(), at, _PATH)

            compare(fade_in, fade, slope, _FADE_IN, f"the slopes in the {name} image")

    with sheet.item("fading real images", 1):
        x = sheet.randn(2, 3, 4, 6)
        with unchanged(real=x):
            fade_real(x, 0.5)
        real = [(x, alpha) for alpha in (0.3, 1.0, 0.0)]

        def by_own(x: Tensor, alpha: float) -> Tensor:
            return fade(_halve(x), x, alpha)  # a slip of fade_in has cost its points above

        right = by_own if agrees(fade_real, by_own, *real) else _fade_real()
        for x, alpha in real:
            compare(fade_real, right, (x, alpha), _FADE_REAL, f"alpha = {alpha}")

    with sheet.item("the timetable", 1.5):
        length, stable, last = sheet.integer(3, 5), sheet.integer(2, 6), sheet.integer(2, 3)
        end = stable + last * (length + stable)
        _stages(stage, range(stable), length, stable, last, said=_LEVEL_0)
        _stages(stage, range(end), length, stable, last)
        _stages(stage, (end, end + 1, end + 10 * (length + stable)), length, stable, last, said=_END)
        _stages(stage, range(8), 0, 2, 2, said=_NO_FADE)
        _stages(stage, range(12), 3, 4, 0, said=_NO_GROWTH)

    with sheet.item("what the timetable costs", 0.5):
        plans = [(sheet.integer(1, 9), sheet.integer(2, 9), last) for last in (2, 4)] + [(0, 3, 1), (3, 4, 0)]
        by_own_stage = _pixels_of(stage)  # a wrong timetable has cost its points above
        right = by_own_stage if agrees(work, by_own_stage, *plans) and by_own_stage(*plans[0]) != 1 else _work
        for plan in plans:
            compare(work, right, plan, _WORK, "fade = {}, stable = {}, last = {}".format(*plan), number)


def _stages(stage: Callable, steps: Sequence[int], *plan: int, said: str = "") -> None:
    """(level, alpha) at some steps, by the ``plan`` of fade, stable and last."""
    for step in steps:
        came, right = pair(stage(step, *plan), "a pair (level, alpha)")[0], _planned(step, *plan)[0]
        whole = type(came) is int or number(came, "the level as a number") % 1 == 0
        true(whole, f"level {right} at step {step}", show(came), _WHOLE)
    at = ", ".join(map(str, steps)) if len(steps) < 9 else f"{steps[0]} to {steps[-1]}"
    for k, name in enumerate(("level", "alpha")):

        def column(f: Callable, k: int = k, what: str = f"the {name} as a number") -> Tensor:
            return torch.tensor([number(f(step, *plan)[k], what) for step in steps], dtype=torch.float64)

        what = "{} at steps {} with fade = {}, stable = {}, last = {}".format(name, at, *plan)
        compare(stage, _planned, column, _STAGE, what, slip=said)


# 4. Modulation and demodulation ------------------------------------------------------------------------------------------


def _modulate(weight: Tensor, style: Tensor) -> Tensor:
    return style[:, None, :, None, None] * weight


def _length(*dims: int, root: float = 0.5) -> Callable:
    """The root of the sum of squares over these dimensions; eps is left away."""
    return lambda v, w=None: v.square().sum(dims or (2, 3, 4), keepdim=True) ** root


def _weights(modulated: Callable = _modulate, size: Callable | None = None, after: Callable = lambda v, w: v) -> Callable:
    """Modulated weights, with a slip in modulation, in the ``size`` that divides them, or in what is divided (``after``)."""

    def f(weight: Tensor, style: Tensor, demodulate: bool = True, eps: float = 1e-8) -> Tensor:
        v = modulated(weight, style)
        sizes = size or (lambda v, w: (_length()(v).square() + eps).sqrt())
        return after(v, weight) / sizes(v, weight) if demodulate else v

    return f


_EPS_STYLE = "eps = 1e-8 is added to the sum of squares, under the root"
_ATTACHED = "the denominator depends on the style and on the weights, too: do not detach it"
_WEIGHTS = Slips("modulated_weights") | {
    _ATTACHED: _weights(size=lambda v, w: (_length()(v).square() + 1e-8).sqrt().detach()),
    _EPS_UNDER: _weights(size=_length()),
    "the style scales the *output* channels: input channels are the second axis of the weights": (
        _weights(lambda w, s: s[:, :, None, None, None] * w)
    ),
    "1 + s: the ones are in the affine layer's bias already": _weights(lambda w, s: _modulate(w, 1 + s)),
    "the style is not used": _weights(lambda w, s: w.expand(len(s), *w.shape)),
    "divided by the style: multiply": _weights(lambda w, s: _modulate(w, 1 / s)),
    "one style for all: each sample has its own weights": _weights(lambda w, s: _modulate(w, s.mean(0).expand_as(s))),
    "one set of weights: each sample has its own, [N, O, I, k, k]": lambda w, s, demodulate=True: _modulate(w, s)[0],
    "demodulate=False is not looked at": lambda w, s, demodulate=True: _weights()(w, s),
    "not demodulated": lambda w, s, demodulate=True: _modulate(w, s),
    "one length for all outputs: each *output* channel is divided by its own, so the sum leaves axis 1 alone": (
        _weights(size=_length(1, 2, 3, 4))
    ),
    "the sum runs over the outputs: it runs over the inputs i and the places k": (
        _weights(size=_length(1, 3, 4)),
        _weights(size=_length(1)),
    ),
    "the sum runs over the inputs only: over the kernel's places, too": _weights(size=_length(2)),
    "the sum runs over the kernel's places only: over the inputs, too": _weights(size=_length(3, 4)),
    "the sum runs over the samples, too: each has its own weights": _weights(size=_length(0, 2, 3, 4)),
    "the mean of the squares: take their sum": _weights(size=lambda v, w: v.square().mean((2, 3, 4), keepdim=True).sqrt()),
    "the root is missing": _weights(size=_length(root=1)),
    "the sum of absolute values: take squares, and the root": _weights(size=lambda v, w: v.abs().sum((2, 3, 4), keepdim=True)),
    "multiplied by the length: divide": _weights(size=_length(root=-0.5)),
    "the length of the weights *before* the style: take w', the modulated ones": _weights(size=lambda v, w: _length()(w[None])),
    "w' is divided by its length: here it is w, and the style is lost": _weights(after=lambda v, w: w),
    "no mean is subtracted": _weights(after=lambda v, w: v - v.mean((2, 3, 4), keepdim=True)),
    "the standard deviation: no mean is subtracted, no mean taken": _weights(size=lambda v, w: v.std((2, 3, 4), keepdim=True)),
    _EPS_STYLE: _weights(size=lambda v, w: _length()(v) + 1e-8),
    _GIVEN_EPS: _own_eps(_weights()),
}


def _each(weights: Callable | None = None, padding: Callable = lambda k: k // 2) -> Callable:
    """A modulated convolution, sample by sample, with other weights than the right ones."""

    def f(x: Tensor, weight: Tensor, style: Tensor, demodulate: bool = True, eps: float = 1e-8) -> Tensor:
        w = weights(weight, style, demodulate) if weights else _weights()(weight, style, demodulate, eps)
        return torch.cat([F.conv2d(x[i : i + 1], w[i], padding=padding(w.shape[-1])) for i in range(len(x))])

    return f


def _outputs(change: Callable) -> Callable:
    """Demodulation of the outputs: ``change(y, w', w, s)``, w' the modulated weights."""

    def f(x: Tensor, w: Tensor, s: Tensor, demodulate: bool = True) -> Tensor:
        y = _each()(x, w, s, False)
        return change(y, _modulate(w, s), w, s) if demodulate else y

    return f


def _sizes(w: Tensor) -> Tensor:
    """[N, O, 1, 1]: the lengths of w', or of w."""
    return w.square().sum((-3, -2, -1)).sqrt()[..., None, None]


def _then(change: Callable) -> Callable:
    """The right weights changed."""
    return lambda w, s, demodulate=True: change(_weights()(w, s, demodulate))


_STYLE_0 = "0/0: where a style is 0 nothing is left to divide by; where does eps stand?"
_MODULATED_CONV = Slips("modulated_conv") | {
    _STYLE_0: _outputs(lambda y, v, w, s: y / _sizes(v)),
    "demodulate=False is not looked at": _each(lambda w, s, demodulate: _weights()(w, s)),
    "not demodulated": _outputs(lambda y, v, w, s: y),
    "all samples meet the first one's weights": _each(_then(lambda v: v[:1].expand_as(v))),
    "samples and weights do not belong together": _each(_then(lambda v: v.roll(1, 0))),
    "the style is not used": lambda x, w, s, demodulate=True: F.conv2d(x, w, padding=w.shape[2] // 2),
    "the style scales the *outputs*: it belongs to the inputs": (
        lambda x, w, s, demodulate=True: F.conv2d(x, w, padding=w.shape[2] // 2) * s[:, :, None, None]
    ),
    "the denominator is of the unmodulated weights: the style belongs under the root, too": (
        _outputs(lambda y, v, w, s: y / _sizes(w))
    ),
    "the root is missing in the denominator": _outputs(lambda y, v, w, s: y / _sizes(v).square()),
    "multiplied by the length: divide": _outputs(lambda y, v, w, s: y * _sizes(v)),
    "divided by the outputs' own deviation: that is StyleGAN's instance normalisation; demodulate by weights only": (
        _outputs(lambda y, v, w, s: y / y.std((2, 3), keepdim=True, unbiased=False))
    ),
    "instance normalisation: demodulation looks at the weights only": _outputs(lambda y, v, w, s: F.instance_norm(y)),
    "the style is squared in the denominator, as the weights are": (
        _outputs(lambda y, v, w, s: y / (s @ w.square().sum((2, 3)).T).abs().sqrt()[:, :, None, None])
    ),
    "the kernel is upside down": _each(_then(lambda v: v.flip(3, 4))),
    "padding k // 2 keeps the size": (_each(padding=lambda k: 0), _each(padding=lambda k: 1)),
    "with groups=N the samples are side by side in the channels: put them back": lambda *a: _each()(*a).flatten(0, 1)[None],
    _ATTACHED: _outputs(lambda y, v, w, s: y / (_sizes(v).square() + 1e-8).sqrt().detach()),
    _GIVEN_EPS: _own_eps(_each()),
}


@part(points=4)
def modulation(sheet: Sheet, modulated_weights: Callable, modulated_conv: Callable) -> None:
    square, style = sheet.randn(3, 3, 3, 3), sheet.randn(2, 3) + 1
    oblong, wide = sheet.randn(4, 2, 3, 3), sheet.randn(5, 2) + 1
    nothing, tiny = torch.zeros(1, 2).double(), torch.full((1, 2), 1e-4).double()

    with sheet.item("modulation", 1):
        with unchanged(weight=square, style=style):
            modulated_weights(square, style, False), modulated_weights(square, style)
        for w, s in ((square, style), (oblong, wide)):
            what = f"weights {list(w.shape)}, {len(s)} styles, no demodulation"
            compare(modulated_weights, _weights(), (w, s, False), _WEIGHTS, what)

    right = _weights()
    weights = likeness(modulated_weights, right, _WEIGHTS, (square, style, False), (oblong, wide, False))

    with sheet.item("demodulation", 1):
        for w, s, what in (
            (square, style, f"weights {list(square.shape)}"),
            (oblong, wide, f"weights {list(oblong.shape)}"),
            (oblong, 7 * wide, "styles seven times as large"),
            (oblong, nothing, "a style of zeros"),
            (oblong, tiny, "a style of 1e-4"),
        ):
            compare(modulated_weights, weights, (w, s), _WEIGHTS, what)
        learns(sheet, modulated_weights, weights, _WEIGHTS, weight=oblong, style=wide)
        wide_eps = _weights()(oblong, wide, True, 0.5)
        if weights is right:
            close(modulated_weights(oblong, wide, True, eps=0.5), wide_eps, "with eps=0.5", slip=_GIVEN_EPS)

    with sheet.item("every sample with its own weights", 1.5):
        point = oblong[:, :, 1:2, 1:2]
        asked = [
            (sheet.randn(len(s), w.shape[1], 5, 4), w, s, demodulate)
            for w, s, demodulate in ((square, style, False), (square, style, True), (oblong, wide, True), (point, wide, True))
        ]
        for x, w, s, demodulate in asked:
            with unchanged(x=x, weight=w, style=s):
                modulated_conv(x, w, s, demodulate)
            what = f"{len(s)} samples, weights {list(w.shape)}, demodulate={demodulate}"
            compare(modulated_conv, _each(), (x, w, s, demodulate), _MODULATED_CONV, what)
        for s, what in ((nothing, "a style of zeros"), (tiny, "a style of 1e-4")):
            compare(modulated_conv, _each(), (x[:1], oblong, s), _MODULATED_CONV, what, slip=_STYLE_0)
        wide_eps = _each()(x, oblong, wide, True, 0.5)
        close(modulated_conv(x, oblong, wide, True, eps=0.5), wide_eps, "with eps=0.5", slip=_GIVEN_EPS)
        on_meta(modulated_conv, torch.zeros(2, 2, 3, 3), torch.ones(4, 2, 3, 3), torch.ones(2, 2))

    with sheet.item("gradients reach input, weights and style", 0.5):
        conv = likeness(modulated_conv, _each(), _MODULATED_CONV, *asked)
        x, style, weight, mark = sheet.randn(2, 2, 3, 3), sheet.randn(2, 2) + 1, sheet.randn(2, 2, 3, 3), sheet.randn(2, 2, 3, 3)
        lost = "no gradient reaches it: was something detached, or computed without a graph?"
        for name, at, given in (
            ("the input", x, lambda v: (v, weight, style)),
            ("the style", style, lambda v: (x, weight, v)),
            ("the weights", weight, lambda v: (x, v, style)),
        ):

            def slope(f: Callable, at: Tensor = at, given: Callable = given) -> Tensor:
                return gradient(lambda v: (f(*given(v)) * mark).sum(), at, lost)

            compare(modulated_conv, conv, slope, _MODULATED_CONV, f"the slopes in {name}", atol=1e-6)


# 5. Truncation -----------------------------------------------------------------------------------------------------------


def _running(new=lambda w: w.mean(0), share=lambda beta: 1 - beta, old=lambda b: b) -> Callable:
    """The running mean, with a slip where an argument is not the default."""
    return lambda average, w, beta=0.998: old(beta) * average + share(beta) * new(w.detach())


_GRAPH = "detach w: the running mean would keep the graphs of all steps"
_RUNNING_MEAN = Slips("running_mean") | {
    "beta turned round: the old mean keeps most of its weight": lambda a, w, beta=0.998: _running()(a, w, 1 - beta),
    "the mean over the batch is missing": _running(lambda w: w),
    "the sum over the batch: take the mean": _running(lambda w: w.sum(0)),
    "the first w only: take the mean over the batch": _running(lambda w: w[0]),
    "the mean over the batch keeps an axis that the old mean has not: [D] is wanted": _running(lambda w: w.mean(0, keepdim=True)),
    "one number for all: the mean runs over the batch only": _running(torch.mean),
    "the mean of this batch alone: the old one keeps most of its weight": _running(share=lambda b: 1, old=lambda b: 0),
    "the batch's mean counts 1 - beta": _running(share=lambda beta: 1),
    "the old mean counts beta": _running(old=lambda beta: 1),
    "beta is an argument": lambda a, w, beta=0.998: _running()(a, w),
    _GRAPH: lambda a, w, beta=0.998: beta * a + (1 - beta) * w.mean(0),
}


def _first(pulled: Tensor, ws: Tensor, layers: int) -> Tensor:
    return torch.cat([pulled[:, :layers], ws[:, layers:]], 1)


def _pull(to: Callable = lambda ws, a: a, some: Callable = _first, move: Callable = _pulled) -> Callable:
    """Truncation towards another centre, of other layers, or with another way to pull."""

    def f(ws: Tensor, average: Tensor, psi: float, layers: int | None = None) -> Tensor:
        moved = move(ws, to(ws, average), psi)
        return moved if layers is None else some(moved, ws, layers)

    return f


_TRUNCATE = Slips("truncate") | {
    "all layers were pulled: 0 is not None, ask `layers is None`": _pull(some=lambda p, ws, n: _first(p, ws, n) if n else p),
    "all layers were pulled": _pull(some=lambda p, ws, n: p),
    "psi turned round: psi = 1 leaves w as it is, psi = 0 is the mean": _pull(move=lambda ws, a, psi: _pulled(ws, a, 1 - psi)),
    "this pulls towards 0: pull towards the running mean": _pull(lambda ws, a: 0 * a),
    "the mean is not added again": _pull(move=lambda ws, a, psi: psi * (ws - a)),
    "the difference to the mean is what psi scales": _pull(move=lambda ws, a, psi: a + psi * ws),
    "this is the batch's own mean: pull towards the running mean, or the face depends on its neighbours": (
        _pull(lambda ws, a: ws.mean(0)),
        _pull(lambda ws, a: ws.mean((0, 1))),
    ),
    "this is the mean over w's entries: pull towards the running mean": _pull(lambda ws, a: ws.mean(2, keepdim=True)),
    "this clips: BigGAN's truncation works in z; here w is pulled towards the mean": (
        _pull(move=lambda ws, a, psi: ws.clamp(-abs(psi), abs(psi)))
    ),
    "psi may lie outside 0 and 1: that is how to exaggerate": (
        _pull(move=lambda ws, a, psi: _pulled(ws, a, max(0.0, min(1.0, psi))))
    ),
    "the *last* layers were pulled: the first ones are": (
        _pull(some=lambda p, ws, n: _first(ws, p, n)),
        _pull(some=lambda p, ws, n: _first(ws, p, 5 - n)),
    ),
    "no layer was pulled": _pull(some=lambda p, ws, n: ws),
    "off by one: `layers` counts the layers that are pulled": _pull(some=lambda p, ws, n: _first(p, ws, n + 1)),
    "that is the batch: the layers are dim 1": _pull(some=lambda p, ws, n: torch.cat([p[:n], ws[n:]])),
    "the other layers are lost: they stay as they are": _pull(some=lambda p, ws, n: p[:, :n]),
}


@part(points=2)
def truncation(sheet: Sheet, running_mean: Callable, truncate: Callable) -> None:
    with sheet.item("the running mean", 0.75):
        average, w = sheet.randn(4), sheet.randn(6, 4) + 1
        for beta in (0.998, 0.7):
            with unchanged(average=average, w=w):
                compare(running_mean, _running(), (average, w, beta), _RUNNING_MEAN, f"beta = {beta}")
        asking = w.clone().requires_grad_()
        graph = tensor(running_mean(average, asking)).requires_grad
        true(not graph, "a tensor without a graph", "one that remembers how it came about", _GRAPH)

    ws, average = sheet.randn(3, 5, 4), 2 * sheet.randn(4)

    psis = (0.7, 0.0, 1.0, -0.5, 1.4)

    with sheet.item("truncation", 0.75), unchanged(ws=ws, average=average):
        for psi in psis:
            compare(truncate, _pull(), (ws, average, psi), _TRUNCATE, f"psi = {psi}")
        learns(sheet, truncate, _pull(), _TRUNCATE, of="ws", ws=ws, average=average, psi=0.7)
        on_meta(truncate, torch.zeros(2, 5, 3), torch.ones(3), 0.7)

    pull = likeness(truncate, _pull(), _TRUNCATE, *((ws, average, psi) for psi in psis))

    with sheet.item("in the first layers only", 0.5), unchanged(ws=ws, average=average):
        for layers in (2, 4, 5, 0):
            given = (ws, average, 0.3, layers)
            compare(truncate, pull, given, _TRUNCATE, f"layers = {layers} of 5")
        on_meta(truncate, torch.zeros(2, 5, 3), torch.ones(3), 0.7, 2)


# 6. Mixing styles --------------------------------------------------------------------------------------------------------


def _mixed(ws: Tensor, other: Tensor, crossover: Tensor) -> Tensor:
    return torch.stack([torch.cat([a[:c], b[c:]]) for a, b, c in zip(ws, other, crossover.tolist(), strict=True)])


def _shifted(change: Callable) -> Callable:
    """Mixing with other crossovers."""
    return lambda ws, other, c: _mixed(ws, other, change(c))


_MIX = Slips("mix") | {
    "turned round: ws gives the layers *before* the crossover, the coarse ones": lambda ws, other, c: _mixed(other, ws, c),
    "off by one: the crossover's own layer is the other's already (l < crossover)": _shifted(lambda c: c + 1),
    "off by one: ws gives the layers l < crossover, counted from 0": _shifted(lambda c: (c - 1).clamp(min=0)),
    "one crossover for all: each sample has its own": (
        _shifted(lambda c: c[0].expand_as(c)),
        _shifted(lambda c: c.max().expand_as(c)),
        _shifted(lambda c: c.min().expand_as(c)),
    ),
    "nothing was mixed": lambda ws, other, c: ws + 0,
    "nothing is left of ws": lambda ws, other, c: other + 0,
    "this blends: mixing *replaces* the styles of whole layers": lambda ws, other, c: (ws + other) / 2,
    "that is the batch: the layers are dim 1": lambda ws, other, c: torch.cat([ws[: c[0]], other[c[0] :]]),
    "samples and layers are exchanged: crossover[:, None]": (
        lambda ws, other, c: torch.where((torch.arange(ws.shape[1])[:, None] < c)[:, :, None], ws, other)
    ),
}


@part(points=2)
def mixing(sheet: Sheet, mix: Callable) -> None:
    ws, other = sheet.randn(6, 5, 3), sheet.randn(6, 5, 3)

    def ask(crossover: Tensor, n: int = 6, right: Callable = _mixed) -> None:
        compare(mix, right, (ws[:n], other[:n], crossover), _MIX, f"crossovers {crossover.tolist()}")

    axis = "the styles have one axis more than the choice: [:, :, None]"
    first = torch.tensor([2, 1, 4, 3, 2, 1])[torch.randperm(6, generator=sheet.generator)]

    with sheet.item("a crossover for each sample", 1), fitting("[N, L, 1] beside [N, L, D]", axis):
        with unchanged(ws=ws, other=other):
            mix(ws, other, torch.tensor([2, 0, 5, 1, 3, 4]))
        ask(first)
        on_meta(mix, torch.zeros(4, 5, 3), torch.ones(4, 5, 3), torch.tensor([2, 0, 5, 1]))

    like = likeness(mix, _mixed, _MIX, (ws, other, first))

    with sheet.item("the two ends, and one crossover in all samples", 0.5), fitting("[N, L, 1] beside [N, L, D]", axis):
        ask(torch.tensor([4, 0, 2, 1, 3]), 5, like)  # as many samples as layers, where a forgotten axis does not raise
        for places in ([0, 5, 0, 5, 5, 0], [3] * 6, [0] * 6, [5] * 6):
            ask(torch.tensor(places), right=like)

    with sheet.item("the crossovers stay as they are, gradients pass", 0.5), fitting("[N, L, 1] beside [N, L, D]", axis):
        crossover = torch.tensor([2, 0, 5, 1, 3, 4])
        with unchanged(crossover=crossover):
            mix(ws, other, crossover)
        learns(sheet, mix, like, _MIX, ws=ws, other=other, crossover=crossover)
        equal(str(tensor(mix(ws, other, crossover)).dtype), "torch.float64", "the result has the styles' type")


seal(__name__, "gancourse.classroom.right")
