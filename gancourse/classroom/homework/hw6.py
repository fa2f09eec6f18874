"""The checks of homework 6: image to image."""

from __future__ import annotations

import contextlib
import copy
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.classroom.homework.checks.calls import fitting, gradient, on_meta, unchanged
from gancourse.classroom.homework.checks.likeness import learns, likeness
from gancourse.classroom.homework.checks.players import Table, Tape, as_it_was, gradients, weights
from gancourse.classroom.homework.checks.sheets import Sheet, Wrong, part, seal
from gancourse.classroom.homework.checks.values import (
    close,
    compare,
    equal,
    finite,
    number,
    pair,
    scalar,
    shape,
    show,
    tensor,
    true,
)
from gancourse.classroom.right import gap as _gap
from gancourse.classroom.right import joined as _joined
from gancourse.classroom.right import missing_error
from gancourse.classroom.slips import Slips, summed, swapped, times


@contextlib.contextmanager
def _counted(expected: str, slip: str) -> Iterator[None]:
    """Places of a list that is shorter than the answer takes it to be, said in the task's words."""
    try:
        yield
    except (IndexError, RuntimeError, ValueError) as error:
        nothing = "numel() == 0", "zero-size array", "is empty", "empty sequence"  # the least of no places: torch, numpy, Python
        if not isinstance(error, IndexError) and not any(words in str(error) for words in nothing):
            raise
        raise Wrong(expected, f"{type(error).__name__}: {error}", slip) from None


# 1. The U and its skips --------------------------------------------------------------------------------------------------


class _Layer(nn.Module):
    """A layer for any number of channels that halves or doubles the side; it counts its calls."""

    def __init__(self, n_out: int, up: bool, phase: float) -> None:
        super().__init__()
        self.n_out, self.up, self.phase = n_out, up, phase
        self.calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        k, c = torch.arange(x.shape[1], dtype=x.dtype), torch.arange(self.n_out, dtype=x.dtype)
        weight = torch.sin(1.7 * (k + 2) * (c[:, None] + 1) + self.phase)  # [n_out, n_in]
        x = torch.einsum("ck,nkhw->nchw", weight, x)
        x = F.interpolate(x, scale_factor=2, mode="nearest") if self.up else F.avg_pool2d(x, 2)
        return torch.tanh(x / 2 + 0.3 * self.phase)


def _pairs(channels: Sequence[int], out: int, twice: int = 2) -> list[tuple[int, int]]:
    """(n_in, n_out) of the decoder's layers, from the bottom up."""
    ends = [*channels[-2::-1], out]
    return [(n if i == 0 else twice * n, m) for i, (n, m) in enumerate(zip(channels[::-1], ends, strict=True))]


def _but(change: Callable) -> Callable:
    """The right pairs changed: ``change(pairs, channels)``."""
    return lambda channels, out: change(_pairs(channels, out), channels)


_CHANNELS = Slips("decoder_channels") | {
    "the skips bring channels of their own: what they enter takes twice as many": lambda c, out: _pairs(c, out, 1),
    "the bottleneck has no partner: the first layer takes it alone": _but(lambda p, c: [(2 * p[0][0], p[0][1]), *p[1:]]),
    "from the bottom up: the first pair belongs to the layer that takes the bottleneck": _but(lambda p, c: p[::-1]),
    "a pair is (channels in, channels out)": _but(lambda p, c: [pair[::-1] for pair in p]),
    "the last layer, which makes the picture, is missing": _but(lambda p, c: p[:-1]),
    "the last layer is given a skip, too: the first encoder map": _but(lambda p, c: [*p[:-1], (c[0], p[-1][1])]),
    "the last layer makes the picture: its channels are out_channels": _but(lambda p, c: [*p[:-1], (p[-1][0], c[0])]),
    "it is the inputs that are joined, not the outputs": _but(lambda p, c: [(n, 2 * m) for n, m in p[:-1]] + p[-1:]),
}


def _u(join: Callable = _joined, bottom: Callable = lambda x: x, at: int = -1, kept: Callable = lambda ups: ups) -> Callable:
    """Down and up: ``join`` makes one map of the encoder's and the decoder's, ``bottom`` changes the bottleneck."""

    def run(downs: Sequence[Callable], ups: Sequence[Callable], x: Tensor) -> Tensor:
        maps = []
        for down in downs:
            x = down(x)
            maps.append(x)
        x = ups[0](bottom(maps.pop()))
        for up in kept(ups[1:]):
            x = up(join(maps.pop(at), x))
        return x

    return run


_LOOP = "as many levels as there are layers: a loop, or a function that calls itself"
_SIDES = "the last map of the encoder belongs to the first place in the decoder that has its side"
_RUN_UNET = Slips("run_unet") | {
    "the output of the last layer is the result: nothing is joined to it": lambda *given: _joined(given[2], _u()(*given)),
    "the maps are put one after the other in the batch: the channels are dimension 1": _u(lambda s, y: torch.cat([s, y])),
    "the maps are put one above the other: the channels are dimension 1": _u(lambda s, y: torch.cat([s, y], 2)),
    "one layer of the decoder is left out": (_u(kept=lambda ups: ups[:-1]), _u(kept=lambda ups: [*ups[:-2], ups[-1]])),
    "the skips are missing: this is the plain encoder-decoder": _u(lambda s, y: y),
    "the order in the channels: the encoder's map first, then the decoder's": _u(lambda s, y: _joined(y, s)),
    "the maps are added: a U-Net puts them side by side": _u(lambda s, y: s + y),
    "the bottleneck is joined to itself: the first layer takes it alone": _u(bottom=lambda y: _joined(y, y)),
    "the decoder's own map is lost": _u(lambda s, y: _joined(s, s)),
    "the decoder's map is joined to itself: where is the encoder's?": _u(lambda s, y: _joined(y, y)),
    "only the encoder's maps are handed on": _u(lambda s, y: s),
    _SIDES: _u(at=0),
    "the skips are detached: the encoder learns through them": _u(lambda s, y: _joined(s.detach(), y)),
    "the decoder's maps are detached": _u(lambda s, y: _joined(s, y.detach())),
    "the bottleneck is detached": _u(bottom=lambda y: y.detach()),
}


@part(points=4)
def unet(sheet: Sheet, decoder_channels: Callable, run_unet: Callable) -> None:
    with sheet.item("the decoder's channels", 1):
        cases = [([64, 128, 256, 512, 512, 512, 512, 512], 3), ([8, 16], 1)]
        cases += [([sheet.integer(2, 30) for _ in range(sheet.integer(3, 6))], sheet.integer(1, 4)) for _ in range(4)]
        for channels, out in cases:
            given = list(channels)
            came = decoder_channels(given, out)
            same = f"the list of channels {channels} as it was"
            true(given == channels, same, f"{given}", "pop(), reverse() and [i] = change it")
            once = isinstance(came, Iterator)
            true(not once, "a list of pairs", show(came), "zip() and map() can be gone through once only: list(zip(...))")
            pencil = f"for encoder channels {channels} and {out} out: follow one skip with a pencil"
            equal(came, _pairs(channels, out), pencil, _CHANNELS.at(channels, out))

    phases = sheet.rand(8).tolist()
    downs = [_Layer(n, False, p) for n, p in zip((4, 6, 5, 7), phases, strict=False)]
    ups = [_Layer(n, True, p) for n, p in zip((5, 6, 4, 3), phases[4:], strict=False)]
    x = sheet.randn(2, 2, 16, 32)
    network = copy.deepcopy(nn.ModuleList([*downs, *ups]))

    with sheet.item("the way through the U", 1.5), fitting("maps of one side joined", _SIDES):
        compare(run_unet, _u(), lambda run: run(list(downs), list(ups), x), _RUN_UNET)
        for depth in (2, 5):
            halves = [[_Layer(3 + i, up, phase) for i, phase in enumerate(phases[:depth])] for up in (False, True)]
            small = sheet.randn(1, 2, 2**depth, 2**depth)
            what = f"a U of {depth} halvings"
            with _counted(what, _LOOP):
                compare(run_unet, _u(), lambda run, both=halves, v=small: run(*map(list, both), v), what=what, slip=_LOOP)

    def through(run: Callable) -> Callable:
        return lambda v: run(list(downs), list(ups), v)

    known = Slips("run_unet") | _known(_RUN_UNET, through)
    own = likeness(through(run_unet), through(_u()), known, (x,))

    with sheet.item("every layer works once", 0.5), fitting("maps of one side joined", _SIDES):
        layers = list(network)
        own_downs, own_ups = layers[:4], layers[4:]
        with unchanged(x=x), as_it_was(**{"the network": network}):
            tensor(run_unet(own_downs, own_ups, x))
        counts = [layer.calls for layer in layers]
        equal(counts, [1] * 8, "keep the encoder's maps in a list: batch normalisation and dropout give others the second time")
        kept = own_downs == layers[:4] and own_ups == layers[4:]
        true(kept, "the lists of layers as they were", "a list changed", "pop the maps, not the layers")

    with sheet.item("gradients go down the skips as well", 1), fitting("maps of one side joined", _SIDES):

        def slope(f: Callable) -> Tensor:
            return gradient(lambda v: _read(f(v)), x[:1, :, :, :16])

        compare(through(run_unet), own, slope, known, "the gradient by the input")


def _known(slips: Slips, change: Callable) -> dict[str, tuple[Callable, ...]]:
    """The functions of a table, changed."""
    functions: dict[str, tuple[Callable, ...]] = {}
    for message, f in slips.each():
        functions[message] = (*functions.get(message, ()), change(f))
    return functions


def _read(x: Tensor) -> Tensor:
    """A scalar of a map in which every entry has a weight of its own."""
    return (x * torch.linspace(1, 2, x.numel(), dtype=x.dtype).reshape(x.shape)).mean()


# 2. What one logit sees --------------------------------------------------------------------------------------------------


def _side(step: Callable = lambda r, k, s: (r - 1) * s + k, order: Callable = reversed) -> Callable:
    """A recursion for the receptive field."""

    def field(layers: Sequence[tuple[int, int]]) -> int:
        r = 1
        for k, s in order(layers):
            r = step(r, k, s)
        return r

    return field


_field = _side()
_FIELD = Slips("receptive_field") | {
    "the strides are missing: behind a stride of 2 each step is two pixels of the input": _side(lambda r, k, s: r + k - 1),
    "a layer's own stride widens what comes after it: multiply by the strides *before* it": _side(
        lambda r, k, s: (r + k - 2) * s + 1
    ),
    "a recursion on r begins at the output: take the layers from the last to the first": _side(order=list),
    "k pixels have k - 1 steps between them": _side(lambda r, k, s: (r - 1) * s + k + 1),
    "begin with 1, the pixel itself": lambda layers: _field(layers) - 1,
    "r pixels have fewer than r steps between them": _side(lambda r, k, s: r * s + k),
    "kernels do not multiply: each adds k - 1 steps": lambda layers: math.prod(k for k, _ in layers),
    "the kernels' sum: neighbouring windows overlap, and strides count": lambda layers: sum(k for k, _ in layers),
    "the side of the square, not its area": lambda layers: _field(layers) ** 2,
    "70 is for the one discriminator of the paper": lambda layers: 70,
}


def _walk(step: Callable, order: Callable = reversed) -> Callable:
    """A walk of both ends of the window from the output to the input."""

    def window(layers: Sequence[tuple[int, int, int]], i: int) -> tuple[int, int]:
        first = last = i
        for layer in order(layers):
            first, last = step(first, last, *layer)
        return first, last

    return window


def _back(a: int, b: int, k: int, s: int, p: int) -> tuple[int, int]:
    return a * s - p, b * s - p + k - 1


_window = _walk(_back)
_WINDOW = Slips("window") | {
    "the padding shifts the window: the first pixel has the number 0, not p": _walk(lambda a, b, k, s, p: (a * s, b * s + k - 1)),
    "padding stands before pixel 0: it moves the window to the left": _walk(lambda a, b, k, s, p: (a * s + p, b * s + p + k - 1)),
    "the last pixel itself is wanted: a kernel at j ends at j + k - 1": _walk(lambda a, b, k, s, p: (a * s - p, b * s - p + k)),
    "the last logit's window begins where *it* stands, not at the first": _walk(lambda a, b, k, s, p: _back(a, a, k, s, p)),
    "the stride is missing: place j of the output stands at j s": _walk(lambda a, b, k, s, p: _back(a, b, k, 1, p)),
    "the padding moves both ends the same way": _walk(lambda a, b, k, s, p: (a * s - p, b * s + p + k - 1)),
    "walk from the output back to the input: the last layer first": _walk(_back, list),
    "the window may begin in the padding: leave negative numbers as they are": lambda layers, i: tuple(
        max(place, 0) for place in _window(layers, i)
    ),
    "first pixel first": lambda layers, i: _window(layers, i)[::-1],
}


class _Chain(nn.Module):
    """Convolutions with weights of one size, the first below 0, behind the channels' mean: [N, C, H, W] -> [N, 1, h, w].

    In training, and only there, ``norm`` divides the first layer's maps by their deviation and takes their mean away.
    """

    def __init__(self, layers: Sequence[tuple[int, int, int]], norm: bool = False, channels: int = 1) -> None:
        super().__init__()
        self.layers, self.norm, self.channels = list(layers), norm, channels

    def forward(self, x: Tensor) -> Tensor:
        if x.ndim != 4 or x.shape[1] != self.channels:
            raise Wrong(f"a picture [1, {self.channels}, size, size]", show(x), "`channels` is an argument: use it")
        x = x.mean(1, keepdim=True)
        for n, (kernel, stride, padding) in enumerate(self.layers):
            weight = torch.full((1, 1, kernel, kernel), (1 if n else -1) / kernel**2, dtype=x.dtype)
            x = F.conv2d(x, weight, stride=stride, padding=padding)
            if self.norm and self.training and n == 0:
                x = F.instance_norm(x)
        return x


def _reached(chain: _Chain, size: int, i: int) -> tuple[int, int]:
    """The window of an output, cut at the border; all there is where the chain normalises."""
    first, last = _window(chain.layers, i)
    return (0, size - 1) if chain.norm and chain.training else (max(first, 0), min(last, size - 1))


def _slopes(output: Callable = lambda y, i: y[0, 0, i, i], back: Callable = lambda first, last: (first, last)) -> Callable:
    """First and last column in which the slope of an ``output`` is not 0, changed by ``back``."""

    def measured(network: Callable, size: int, i: int, channels: int = 1) -> tuple[int, int]:
        x = torch.rand(1, channels, size, size, dtype=torch.float64, requires_grad=True)
        (slope,) = torch.autograd.grad(output(network(x), i), x)
        columns = slope.abs().sum((0, 1, 2)).nonzero().flatten().tolist()
        return back(columns[0], columns[-1])

    return measured


_CUT_OFF = "what lies outside the picture has no slope: the columns are those of the picture, 0 to size - 1"
_ALL_OF_IT = "mean and variance of a map depend on all its pixels, and so does every output behind them"
_NEGATIVE = "no column is left: a negative slope is a dependence, too, and all rows of the picture count"
_MEASURED = Slips("measured_window") | {
    _ALL_OF_IT: lambda network, size, i, channels=1: _reached(_Chain(network.layers), size, i),
    _CUT_OFF: lambda network, size, i, channels=1: _window(network.layers, i),
    "this is the sum of all outputs: ask one, [0, 0, i, i]": _slopes(lambda y, i: y.sum()),
    "this is the output [0, 0, 0, 0]: ask [0, 0, i, i]": _slopes(lambda y, i: y[0, 0, 0, 0]),
    "the last column itself is wanted, not the one behind it": _slopes(back=lambda first, last: (first, last + 1)),
    "first and last column, not their number": _slopes(back=lambda first, last: (first, last - first + 1)),
}


@part(points=3)
def patches(sheet: Sheet, receptive_field: Callable, window: Callable, measured_window: Callable) -> None:
    def stack() -> list[tuple[int, int, int]]:
        layers = []
        for _ in range(sheet.integer(2, 5)):
            kernel = sheet.integer(2, 5)
            layers.append((kernel, sheet.integer(1, min(kernel, 3)), sheet.integer(1, 2)))
        return [*layers, (3, 2, 1), (4, 1, 1)]  # what comes last is of stride 1, as in a PatchGAN

    def patchgan(n: int) -> list[tuple[int, int, int]]:
        return [(4, 2, 1)] * n + [(4, 1, 1)] * 2

    def ends(came: Any) -> list[float]:
        return [number(end) for end in pair(came, "two numbers, the first and the last pixel")]

    apart = [(2, 1, 0), (2, 2, 0), (5, 1, 0)]  # each slip has another number here

    with sheet.item("the receptive field", 1):
        for layers in (apart, [(3, 1, 0)], [(1, 1, 0)], [(3, 1, 0)] * 3, [(4, 2, 1)], patchgan(1), patchgan(3), stack(), stack()):
            given = [(k, s) for k, s, _ in layers]
            words = f"for the layers (kernel, stride) {', '.join(map(str, given))}: draw them for one dimension"
            equal(receptive_field(list(given)), _field(given), words, _FIELD.at(given))

    with sheet.item("the window of one logit", 1):
        for layers, i in [([(3, 1, 1)], 4), ([(4, 2, 1)], 0), ([(4, 2, 1)], 5), (patchgan(3), 7), (stack(), 3), (stack(), 11)]:
            words = f"logit {i} of the layers (kernel, stride, padding) {', '.join(map(str, layers))}"
            equal(window(list(layers), i), _window(layers, i), words, _WINDOW.at(layers, i))

        # neighbours, and the field beside the window
        layers, i = stack(), sheet.integer(2, 9)
        own = list(layers)
        first = ends(window(own, i))
        true(own == layers, "the list of layers as it was", "a list changed", "pop() and reverse() change the caller's list")
        second = ends(window(own, i + 1))
        step, spread = math.prod(s for _, s, _ in layers), [second[0] - first[0], second[1] - first[1]]
        equal(spread, [step, step], "neighbouring logits stand as far apart as the product of the strides")
        given, wide = [(k, s) for k, s, _ in layers], "a window is as wide as the receptive field"
        equal(first[1] - first[0] + 1, _field(given), wide)

    with sheet.item("a window that is measured", 1):
        inner = [(4, 2, 1), (4, 1, 1), (sheet.integer(3, 4), 1, 1)]  # logits 0 and 13 see the border, 6 does not
        for layers, i, channels, norm, size in (
            (inner, 6, 1, False, 32),
            (inner, 0, 1, False, 32),
            (inner, 12, 3, False, 32),
            ([(3, 2, 1), (3, 1, 1), (5, 2, 2)], sheet.integer(1, 6), 2, False, 32),
            (inner, 6, 2, True, 28),
        ):
            chain = _Chain(layers, norm, channels)
            what = f"output {i} of a network of {len(layers)} layers" + (" and instance normalisation" if norm else "")
            with as_it_was(**{"the network": chain}), _counted("two columns", _NEGATIVE):
                came = measured_window(chain, size, i, channels)
            right = _reached(chain, size, i)
            equal(ends(came), list(right), f"{what}: ask its slopes", _MEASURED.at(chain, size, i, channels))


# 3. The losses of pix2pix ------------------------------------------------------------------------------------------------


class _Judge(nn.Module):
    """D: pictures with up to eight channels, [N, C, H, W] -> a map of logits [N, 1, H/2, W/2]."""

    def __init__(self, sheet: Sheet, tape: Tape | None = None) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(sheet.randn(8)), nn.Parameter(sheet.randn())
        self.tape = Tape() if tape is None else tape

    def forward(self, x: Tensor) -> Tensor:
        self.tape.append("D")
        return F.avg_pool2d(torch.einsum("k,nkhw->nhw", self.weight[: x.shape[1]], x)[:, None], 2) + self.bias


def _gan(real: Tensor, made: Tensor) -> Tensor:
    return (F.softplus(-real).mean() + F.softplus(made).mean()) / 2


def _judged(loss=_gan, real=lambda a, b: (a, b), made=lambda a, b, fake: (a, fake), dim=1) -> Callable:
    """D's loss as a function of its logits for the pictures ``real`` and ``made``."""

    def f(judge: Callable, a: Tensor, b: Tensor, fake: Tensor) -> Tensor:
        return loss(judge(torch.cat(real(a, b), dim)), judge(torch.cat(made(a, b, fake.detach()), dim)))

    return f


_d_loss = _judged()
_ASIDE = "pictures are put side by side in the channels: dimension 1"
_ONE_D, _ONE_G = "one number: the mean over all patches of all pictures", "one number: means over patches, and over pixels"
_LOST = "the logarithm of a probability that has rounded to 0: compute the loss from the logits, by softplus"
_ASKED = "detach the fake: D's loss must not ask G to change"
_UNASKED = "detach the fake, not the logits"
_WHATEVER = "the mean over whatever D returns"
_D_LOSS = Slips("discriminator_loss") | {
    "D's answer to the fake is detached: detach the fake": _judged(lambda r, f: _gan(r, f.detach())),
    "the one half is missing: the paper slows D down by it": times(2, _d_loss),
    "the sign is turned round: a loss is minimised": times(-1, _d_loss),
    "the labels are exchanged: (a, b) is real, (a, G(a)) is fake": _judged(lambda r, f: _gan(-r, -f)),
    "D sees the pictures without a: nothing ties the output to the input": _judged(
        real=lambda a, b: (b,), made=lambda a, b, f: (f,)
    ),
    "the order in the channels: a first": _judged(real=lambda a, b: (b, a), made=lambda a, b, f: (f, a)),
    "the fake's partner is the input a, not the target b": _judged(made=lambda a, b, f: (b, f)),
    "the fake without a: D could tell the two by that alone": _judged(made=lambda a, b, f: (f,)),
    "this is the sum over the patches: take the mean": summed(_d_loss),
    "this is the sum over the patches of a picture: take their mean": lambda *given: summed(_d_loss)(*given) / len(given[1]),
    "the fakes are missing": _judged(lambda r, f: F.softplus(-r).mean() / 2),
    "the real pairs are missing": _judged(lambda r, f: F.softplus(f).mean() / 2),
    "-log D in both terms: what should D say of a fake?": _judged(lambda r, f: _gan(r, -f)),
    "the loss of the mean logit: each patch has a loss of its own, then take the mean": _judged(
        lambda r, f: _gan(r.mean(), f.mean())
    ),
    "least squares is CycleGAN's choice: here it is the logarithm": _judged(
        lambda r, f: ((r - 1).square().mean() + f.square().mean()) / 2
    ),
    _ASIDE: (_judged(dim=0), _judged(dim=3)),
    _ONE_D: _judged(lambda r, f: (F.softplus(-r) + F.softplus(f)).flatten(1).mean(1) / 2),
    _LOST: (
        _judged(lambda r, f: -(torch.sigmoid(r).log().mean() + torch.sigmoid(-f).log().mean()) / 2),
        _judged(lambda r, f: -((torch.sigmoid(r) + 1e-8).log().mean() + (1 - torch.sigmoid(f) + 1e-8).log().mean()) / 2),
    ),
    _ASKED: lambda judge, a, b, f: _gan(judge(torch.cat([a, b], 1)), judge(torch.cat([a, f], 1))),
    _UNASKED: _judged(lambda r, f: _gan(r.detach(), f.detach())),
    _WHATEVER: lambda judge, a, b, f: 4 * summed(_d_loss)(judge, a, b, f) / a[:, 0].numel(),
}


def _wished(
    fooled=lambda logits: F.softplus(-logits).mean(),
    gap=lambda gap: gap.abs().mean(),
    added=lambda fooled, gap, weight: fooled + weight * gap,
    seen=lambda a, b, fake: (a, fake),
    dim=1,
) -> Callable:
    """G's loss, with a slip where an argument is not the default."""

    def f(judge: Callable, a: Tensor, b: Tensor, fake: Tensor, weight: float = 3.0) -> Tensor:
        return added(fooled(judge(torch.cat(seen(a, b, fake), dim))), gap(fake - b), weight)

    return f


_g_loss = _wished()
_G_LOSS = Slips("generator_loss") | {
    "the fake is detached before D sees it: the adversarial term cannot teach G": _wished(seen=lambda a, b, f: (a, f.detach())),
    "the fake is detached in the L1 term": _wished(gap=lambda gap: gap.detach().abs().mean()),
    "the weight of the L1 term is not used": _wished(added=lambda x, y, w: x + y),
    "the weight belongs to the L1 term": _wished(added=lambda x, y, w: w * x + y),
    "the weight belongs to the L1 term alone": _wished(added=lambda x, y, w: w * (x + y)),
    "the weight is an argument: it need not be 100": _wished(added=lambda x, y, w: x + 100 * y),
    "this is L2, which blurs more: take the absolute value": _wished(gap=lambda gap: gap.square().mean()),
    "L1 summed over the pixels: take the mean, or the weight depends on the size of the picture": _wished(
        gap=lambda gap: gap.abs().sum()
    ),
    "L1 summed over a picture's pixels: take the mean": _wished(gap=lambda gap: gap.abs().sum() / len(gap)),
    "absolute value first, then the mean: errors must not cancel": _wished(gap=lambda gap: gap.mean().abs()),
    "the absolute value is missing": _wished(gap=torch.mean),
    "a sign: the L1 term is to become small": _wished(added=lambda x, y, w: x - w * y),
    "the L1 term is missing": _wished(added=lambda x, y, w: x),
    "the adversarial term is missing": _wished(added=lambda x, y, w: w * y),
    "this is the saturating loss log(1 - D)": _wished(lambda logits: -F.softplus(logits).mean()),
    "the fakes are labelled as fake: G wants them called real": _wished(lambda logits: F.softplus(logits).mean()),
    "the adversarial term's sign is turned round": _wished(lambda logits: -F.softplus(-logits).mean()),
    "D was shown the target: G is judged by its fake": _wished(seen=lambda a, b, f: (a, b)),
    "D sees the fake without a": _wished(seen=lambda a, b, f: (f,)),
    "the order in the channels: a first": _wished(seen=lambda a, b, f: (f, a)),
    "the one half is D's alone": _wished(added=lambda x, y, w: x / 2 + w * y),
    "this is the sum over the patches: take the mean": _wished(lambda logits: F.softplus(-logits).sum()),
    "least squares is CycleGAN's choice: here it is the logarithm": _wished(lambda logits: (logits - 1).square().mean()),
    _ASIDE: (_wished(dim=0), _wished(dim=3)),
    _ONE_G: _wished(lambda logits: F.softplus(-logits).flatten(1).mean(1)),
    _LOST: (
        _wished(lambda logits: -torch.sigmoid(logits).log().mean()),
        _wished(lambda logits: -(torch.sigmoid(logits) + 1e-8).log().mean()),
    ),
}


@part(points=4)
def losses(sheet: Sheet, discriminator_loss: Callable, generator_loss: Callable) -> None:
    judge = _Judge(sheet)
    first, second = copy.deepcopy(judge), copy.deepcopy(judge)  # what one loss has done to its judge is not asked of the other
    a, b, fake = sheet.randn(3, 2, 4, 6), sheet.randn(3, 3, 4, 6), sheet.randn(3, 3, 4, 6)
    weight = 1.5 + float(sheet.rand())
    pair = "a and the picture side by side in the channels"

    with sheet.item("the discriminator's loss", 1), fitting(pair, _ASIDE):
        compare(discriminator_loss, _d_loss, (judge, a, b, fake), _D_LOSS, read=lambda came: scalar(came, _ONE_D))

    with sheet.item("the generator's loss", 1), fitting(pair, _ASIDE):
        compare(generator_loss, _g_loss, (judge, a, b, fake, weight), _G_LOSS, read=lambda came: scalar(came, _ONE_G))

    own_d = likeness(discriminator_loss, _d_loss, _D_LOSS, (judge, a, b, fake))
    own_g = likeness(generator_loss, _g_loss, _G_LOSS, (judge, a, b, fake, weight))

    with sheet.item("where the gradients go", 1):
        with unchanged(a=a, b=b, fake=fake), as_it_was(D=first):
            generator_loss(first, a, b, fake, weight)
        _taught(discriminator_loss, own_d, second, a, b, fake)
        a1, b1, fake1 = (picture[:1, :, :2, :4] for picture in (a, b, fake))
        near = fake1 + 0.2 * (fake1 - b1).sign()  # no entry within a step of the L1 term's kink

        def slope(f: Callable) -> Tensor:
            return gradient(lambda v: f(judge, a1, b1, v, weight), near)

        compare(generator_loss, own_g, slope, _G_LOSS, "the fake's gradient in G's loss")

    with sheet.item("large logits, and maps of any size", 1):
        what = "D's loss for a D with one logit for each picture"
        given = (lambda x: x.mean((1, 2, 3)), a, b, fake)
        compare(discriminator_loss, own_d, given, _D_LOSS, what)
        _large(discriminator_loss, generator_loss, own_d, own_g)
        on_meta(discriminator_loss, given[0], a, b, fake)
        on_meta(generator_loss, given[0], a, b, fake, weight)


def _taught(discriminator_loss: Callable, right: Callable, judge: _Judge, a: Tensor, b: Tensor, fake: Tensor) -> None:
    """Whom D's loss teaches."""
    held = fake.clone().requires_grad_()
    with unchanged(a=a, b=b, fake=held), as_it_was(D=judge):
        loss = discriminator_loss(judge, a, b, held)
    slope = torch.autograd.grad(loss, [held, judge.weight], allow_unused=True) if loss.requires_grad else (None, None)
    true(slope[1] is not None and slope[1].any(), "a loss that D can learn from", "no gradient in D", _UNASKED)

    def taught(f: Callable) -> Tensor:
        return torch.autograd.grad(f(judge, a, b, fake), judge.weight)[0]

    close(slope[1], taught(right), "D's gradient", _D_LOSS.by(taught))
    true(slope[0] is None or not slope[0].any(), "no gradient in the fake", "a gradient from D's loss", _ASKED)


def _large(discriminator_loss: Callable, generator_loss: Callable, right_d: Callable, right_g: Callable) -> None:
    """Logits of 200 in float32."""
    one = torch.zeros(1, 1, 2, 2)

    def fixed(real: float, made: float) -> Callable:
        """D that answers by the sign of the last channel."""
        return lambda x: torch.where(x[:, -1:] > 0, real, made) + 0 * x[:, -1:]

    what = "D's loss where its logits are -200 for the real pair and 200 for the fake"
    given = (fixed(-200.0, 200.0), one, one + 1, one - 1)
    compare(discriminator_loss, right_d, given, _D_LOSS, what, rtol=1e-4)
    judge, what = fixed(0.0, -200.0), "G's loss where D's logit for the fake is -200"
    compare(generator_loss, right_g, (judge, one, one - 1, one - 1, 1.0), _G_LOSS, what, rtol=1e-4)
    finite(gradient(lambda v: generator_loss(judge, one, one + 1, v, 1.0), one - 1), "its gradient", _LOST)


# 4. One step of both -----------------------------------------------------------------------------------------------------


class _Painter(nn.Module):
    """G: pictures [N, 2, H, W] -> pictures [N, 3, H, W]."""

    def __init__(self, sheet: Sheet, tape: Tape) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(sheet.randn(3, 2)), nn.Parameter(sheet.randn(3))
        self.tape = tape

    def forward(self, x: Tensor) -> Tensor:
        self.tape.append("G")
        return torch.tanh(torch.einsum("ck,nkhw->nchw", self.weight, x) + self.bias[:, None, None])


def _moves(order: str, back: Callable = lambda kept: (kept["d"].item(), kept["g"].item())) -> Callable:
    """A training step that makes a fake and then these moves in this order, and returns ``back`` of their results."""

    def step(g: Callable, d: Callable, opt_g: Any, opt_d: Any, a: Tensor, b: Tensor, d_loss: Callable, g_loss: Callable) -> Any:
        kept: dict[str, Any] = {"fake": g(a)}
        moves = {
            "fake": lambda: g(a),
            "cut": lambda: kept.update(fake=kept["fake"].detach()),
            "d": lambda: d_loss(d, a, b, kept["fake"]),
            "g": lambda: g_loss(d, a, b, kept["fake"]),
            "early": lambda: g_loss(d, a, b, kept["fake"]),
            "zero_d": opt_d.zero_grad,
            "zero_g": opt_g.zero_grad,
            "back_d": lambda: kept["d"].backward(),
            "back_g": lambda: kept["g"].backward(),
            "climb_d": lambda: (-kept["d"]).backward(),
            "climb_g": lambda: (-kept["g"]).backward(),
            "step_d": opt_d.step,
            "step_g": opt_g.step,
        }
        for move in order.split():
            kept[move] = moves[move]()
        return back(kept)

    return step


_D_TURN, _G_TURN = "d zero_d back_d step_d", "g zero_g back_g step_g"
_step = _moves(f"{_D_TURN} {_G_TURN}")
_LATER = "D's step comes between the generator's loss and its backward(): compute the loss after D's step"
_TWICE = "a graph serves one backward(): give the two losses a graph each"
_STEP_D = Slips("train_step") | {
    "D has not moved: is opt_d.step() there, after backward()?": _moves(f"d zero_d back_d {_G_TURN}"),
    "old gradients of the generator's step are added: opt_d.zero_grad() before backward()": _moves(f"d back_d step_d {_G_TURN}"),
    "the step used old gradients only: opt_d.step() comes after backward()": _moves(f"d step_d zero_d back_d {_G_TURN}"),
    "D climbs its loss": _moves(f"d zero_d climb_d step_d {_G_TURN}"),
    "the generator's loss has added its gradients to D's before opt_d.step(): D's step comes first": _moves(
        "d g zero_d zero_g back_d back_g step_d step_g"
    ),
    "D descends the generator's loss": _moves("d g zero_d zero_g back_g step_d step_g"),
    "opt_d steps a second time, after the generator's loss has written gradients into D": _moves(f"{_D_TURN} {_G_TURN} step_d"),
    _LATER: _moves("d g zero_d back_d step_d zero_g back_g step_g"),
    _TWICE: _moves(f"d zero_d back_d back_d step_d {_G_TURN}"),
}
_STEP_G = Slips("train_step") | {
    "G has not moved: was the fake detached, or made under no_grad, or is opt_g.step() missing?": (
        _moves(f"{_D_TURN} g zero_g back_g"),
        _moves(f"{_D_TURN} cut {_G_TURN}"),
    ),
    "G was judged by the D from before its step: D's step first, then the generator's loss": _moves(f"{_G_TURN} {_D_TURN}"),
    "old gradients are added to the new ones: opt_g.zero_grad() before backward()": _moves(f"{_D_TURN} g back_g step_g"),
    "the step used old gradients only: no new ones reached G; was the fake detached?": (
        _moves(f"{_D_TURN} cut g back_g step_g"),
        _moves(f"{_D_TURN} g step_g zero_g back_g"),
    ),
    "G climbs its loss": _moves(f"{_D_TURN} g zero_g climb_g step_g"),
}
_FRESH = "both losses are about the same fake: dropout would make another"
_BOTH = "return both"
_ITEM = "return loss.item(), or the history keeps every graph in memory"
_RETURNED = Slips("train_step") | {
    _FRESH: _moves(f"{_D_TURN} fake {_G_TURN}"),
    _BOTH: _moves(f"{_D_TURN} {_G_TURN}", lambda kept: None),
    _ITEM: _moves(f"{_D_TURN} {_G_TURN}", lambda kept: (kept["d"], kept["g"])),
    "exchanged: D's loss first": _moves(f"{_D_TURN} {_G_TURN}", lambda kept: (kept["g"].item(), kept["d"].item())),
    "G's loss with the D from before its step": _moves(
        f"early {_D_TURN} {_G_TURN}", lambda kept: (kept["d"].item(), kept["early"].item())
    ),
}


@part(points=3)
def step(sheet: Sheet, train_step: Callable) -> None:
    tape = Tape()
    table = Table(tape, _Painter(sheet, tape), _Judge(sheet, tape), 0.2)
    a, b = sheet.randn(3, 2, 4, 6), sheet.randn(3, 3, 4, 6)

    def play(one: Callable) -> tuple[Any, nn.Module, nn.Module]:
        """One step of fresh players, who hold old gradients; what came, and the players."""
        g, d, *optimisers = table.lay()
        with _graphs():
            return one(g, d, *optimisers, a, b, _d_loss, _g_loss), g, d

    with sheet.item("the discriminator's step", 1):
        compare(train_step, _step, lambda one: weights(play(one)[2]), _STEP_D, "D's weights afterwards")

    with sheet.item("the generator's step, with the D of now", 1):
        compare(train_step, _step, lambda one: weights(play(one)[1]), _STEP_G, "G's weights afterwards")

    with sheet.item("one fake for both", 0.5):
        g, d, *optimisers = table.lay()
        with _graphs(), as_it_was(G=g, D=d):
            train_step(g, d, *optimisers, a, b, _d_loss, _g_loss)
        calls = tape.count_of("G")
        true(calls == 1, "one call of the generator", f"{calls} ({tape})", _FRESH)
        for name in "DG":
            steps = tape.count_of(f"step {name}")
            true(steps == 1, f"one step of opt_{name.lower()}", f"{steps} ({tape})")

    with sheet.item("the two losses, as numbers", 0.5):
        came = pair(play(train_step)[0], "two losses (d, g)", _BOTH)
        graphs = [value for value in came if isinstance(value, Tensor) and value.requires_grad]
        true(not graphs, "a plain number", "a tensor with its graph", _ITEM)

        def returned(one: Callable) -> Tensor:
            return torch.tensor([number(value) for value in play(one)[0]], dtype=torch.float64)

        compare(train_step, _step, returned, _RETURNED, "(d, g)")


@contextlib.contextmanager
def _graphs() -> Iterator[None]:
    """Graphs that are used after a change or a second time, said in the task's words."""
    try:
        yield
    except RuntimeError as error:
        if "inplace operation" in str(error):
            came = "a backward pass through weights of D that its step has overwritten"
            raise Wrong("the generator's loss computed with the D of now", came, _LATER) from None
        if "second time" in str(error):
            raise Wrong("one backward pass through each graph", "a second one through the same graph", _TWICE) from None
        raise


# 5. There and back -------------------------------------------------------------------------------------------------------


class _Translator(nn.Module):
    """A translator of pictures with three channels; it keeps what it was given."""

    def __init__(self, sheet: Sheet) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(sheet.randn(3, 3)), nn.Parameter(sheet.randn(3))

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(torch.einsum("ck,nkhw->nchw", self.weight, x) + self.bias[:, None, None])


def _square_gap(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).square().mean()


def _cycle_by(gap: Callable = _gap, between: Callable = lambda x: x) -> Callable:
    return lambda ab, ba, a, b: gap(ba(between(ab(a))), a) + gap(ab(between(ba(b))), b)


def _identity_by(gap: Callable = _gap) -> Callable:
    return lambda ab, ba, a, b: gap(ab(b), b) + gap(ba(a), a)


_cycle, _identity = _cycle_by(), _identity_by()
_UNPAIRED = "the sets are not paired: a picture is compared with itself, never with one of the other set"
_CUT = "no_grad, detach() or item() cuts the graph"
_ONE = "one number: the mean over pictures, channels and pixels"
_CYCLE = Slips("cycle_loss") | {
    "the translation is detached half-way: the first translator learns, too": _cycle_by(between=lambda x: x.detach()),
    "the cycle from B is cut off": lambda ab, ba, a, b: _gap(ba(ab(a)), a) + _gap(ab(ba(b)), b).detach(),
    "the cycle from A is cut off": lambda ab, ba, a, b: _gap(ba(ab(a)), a).detach() + _gap(ab(ba(b)), b),
    "the way back from B is missing: there are two cycles": lambda ab, ba, a, b: _gap(ba(ab(a)), a),
    "the way back from A is missing: there are two cycles": lambda ab, ba, a, b: _gap(ab(ba(b)), b),
    "the two translators are exchanged: a picture of A goes through ab first": swapped(_cycle),
    _UNPAIRED: (
        lambda ab, ba, a, b: _gap(ab(a), b) + _gap(ba(b), a),
        lambda ab, ba, a, b: _gap(ba(ab(a)), b) + _gap(ab(ba(b)), a),
        lambda ab, ba, a, b: _gap(torch.cat([ba(ab(a)), ab(ba(b))], 1), torch.cat([b, a], 1)),
    ),
    "this is only the way there: come back before you compare": lambda ab, ba, a, b: _gap(ab(a), a) + _gap(ba(b), b),
    "this is the identity loss": _identity,
    "there with one translator, back with the other": lambda ab, ba, a, b: _gap(ab(ab(a)), a) + _gap(ba(ba(b)), b),
    "this is L2: take the absolute value": _cycle_by(_square_gap),
    "this is the sum over the pixels: take the mean": summed(_cycle),
    "one half too much: the two means are added": times(1 / 2, _cycle),
    "lambda = 10 is multiplied outside": times(10, _cycle),
    "absolute value first, then the mean: errors must not cancel": _cycle_by(lambda x, y: (x - y).mean().abs()),
    "the absolute value is missing": _cycle_by(lambda x, y: (x - y).mean()),
    "a sign: both are to become small": lambda ab, ba, a, b: _gap(ba(ab(a)), a) - _gap(ab(ba(b)), b),
    "one mean over both sets together: take the mean of each": (
        lambda ab, ba, a, b: 2 * summed(_cycle)(ab, ba, a, b) / (a.numel() + b.numel())
    ),
    "both sums are divided by the size of a": lambda ab, ba, a, b: summed(_cycle)(ab, ba, a, b) / a.numel(),
    _CUT: torch.no_grad()(_cycle),
    _ONE: _cycle_by(lambda x, y: (x - y).abs().flatten(1).mean(1)),
}
_IDENTITY = Slips("identity_loss") | {
    "the identity of B is cut off: ab learns from it": lambda ab, ba, a, b: _gap(ab(b), b).detach() + _gap(ba(a), a),
    "the identity of A is cut off: ba learns from it": lambda ab, ba, a, b: _gap(ab(b), b) + _gap(ba(a), a).detach(),
    "ab turns A into B: it is a picture of B that it should leave alone": swapped(_identity),
    "ba has its own term": lambda ab, ba, a, b: _gap(ab(b), b),
    "ab has its own term": lambda ab, ba, a, b: _gap(ba(a), a),
    "this is the cycle loss": _cycle,
    "one half too much: the two means are added": times(1 / 2, _identity),
    "the weight is multiplied outside": times(5, _identity),
    "this is L2: take the absolute value": _identity_by(_square_gap),
    "this is the sum over the pixels: take the mean": summed(_identity),
    _UNPAIRED: lambda ab, ba, a, b: _gap(ab(b), a) + _gap(ba(a), b),
    "absolute value first, then the mean: errors must not cancel": _identity_by(lambda x, y: (x - y).mean().abs()),
    "one mean over both sets together: take the mean of each": (
        lambda ab, ba, a, b: 2 * summed(_identity)(ab, ba, a, b) / (a.numel() + b.numel())
    ),
    _CUT: torch.no_grad()(_identity),
}
_BACK = "ba has to undo ab, and ab ba, exactly"
_NOTHING = "the identity translates nothing: every picture is to change, also where the batch has only one"


@part(points=3)
def cycle(sheet: Sheet, cycle_loss: Callable, identity_loss: Callable, impostors: Callable) -> None:
    ab, ba = _Translator(sheet), _Translator(sheet)
    untouched = copy.deepcopy(ab), copy.deepcopy(ba)
    a, b = sheet.randn(3, 3, 4, 6), sheet.randn(3, 3, 4, 6)

    with sheet.item("the cycle", 0.75), unchanged(a=a, b=b):
        compare(cycle_loss, _cycle, (ab, ba, a, b), _CYCLE, read=lambda came: scalar(came, _ONE))

    with sheet.item("the identity loss", 0.25):
        compare(identity_loss, _identity, (ab, ba, a, b), _IDENTITY, read=lambda came: scalar(came, "one number"))

    asked = (*untouched, a, b)
    own_cycle = likeness(cycle_loss, _cycle, _CYCLE, asked)
    own_identity = likeness(identity_loss, _identity, _IDENTITY, asked)

    with sheet.item("sets of different sizes", 0.5), fitting("each set by itself", _UNPAIRED):
        given = (ab, ba, sheet.randn(2, 3, 4, 6), sheet.randn(5, 3, 8, 4))
        compare(cycle_loss, own_cycle, given, _CYCLE, "2 pictures of A, 5 larger ones of B")
        compare(identity_loss, own_identity, given, _IDENTITY, "identity, 2 of A and 5 of B")

    with sheet.item("both translators learn from both cycles", 0.5):
        _both_learn(cycle_loss, own_cycle, _CYCLE, *asked)
        _both_learn(identity_loss, own_identity, _IDENTITY, *asked)

    with sheet.item("two impostors", 1):
        _impostors(sheet, *pair(impostors(), "two functions (ab, ba)"))


def _both_learn(loss: Callable, right: Callable, slips: Slips, ab: _Translator, ba: _Translator, a: Tensor, b: Tensor) -> None:
    """A loss that leaves the players alone, and whose slopes in both translators are right."""
    ab, ba = copy.deepcopy(ab), copy.deepcopy(ba)
    both = [*ab.parameters(), *ba.parameters()]
    with unchanged(a=a, b=b), as_it_was(ab=ab, ba=ba):
        came = tensor(loss(ab, ba, a, b))
    written = gradients(ab).any() or gradients(ba).any()
    true(not written, "a loss", "gradients written already", "backward() is the caller's")
    true(came.requires_grad, "a loss with a gradient", "one without", _CUT)

    def slope(f: Callable) -> Tensor:
        slopes = torch.autograd.grad(f(ab, ba, a, b), both, allow_unused=True, materialize_grads=True)
        return torch.cat([s.flatten() for s in slopes])

    compare(loss, right, slope, slips, "the gradients of ab and ba")


def _impostors(sheet: Sheet, ab: Callable, ba: Callable) -> None:
    """Two translators that change every picture, and whose cycles close on batches of any size."""
    sizes = ((3, 3, 6, 6), (1, 3, 8, 8))
    for a, b in [(2 * sheet.rand(*size) - 1, 2 * sheet.rand(*size) - 1) for size in sizes]:
        for name, f, x in (("ab", ab, a), ("ba", ba, b)):
            with unchanged(x=x):
                y = shape(f(x), x.shape)
            largest, moved = float(y.abs().max()), float((y - x).abs().flatten(1).mean(1).min())
            true(
                largest <= 1 + 1e-6,
                f"{name}'s pictures within -1 and 1",
                f"values up to {largest:.3g}",
                "a picture stays a picture",
            )
            true(moved >= 1e-3, f"pictures that {name} has changed", f"one moved by {moved:.3g} a pixel", _NOTHING)
        loss = float(_cycle(ab, ba, a, b))
        true(loss < 1e-5, "a cycle loss of 0", f"{loss:.3g}", _BACK)


# 6. Masks ----------------------------------------------------------------------------------------------------------------


def _filled(x: Tensor, mask: Tensor, fill: Any) -> Tensor:
    return x * (1 - mask) + fill * mask


_REVERSE = "the mask is 1 where a pixel is *missing*"
_FILLER = "the filler is 0 where none is given"
_ERASE = Slips("erase") | {
    _REVERSE: (lambda x, mask, fill=0.0: _filled(x, 1 - mask, fill), lambda x, mask, fill=0.0: x * mask),
    "the filler is not used": lambda x, mask, fill=0.0: x * (1 - mask),
    "the filler is added everywhere: only where the mask is 1": lambda x, mask, fill=0.0: x * (1 - mask) + fill,
    "the picture is still there under the filler: D, or G, could read it": lambda x, mask, fill=0.0: x + mask * fill,
    _FILLER: lambda x, mask, fill=0.5: _filled(x, mask, fill),
}


def _pasted(x: Tensor, output: Tensor, mask: Tensor) -> Tensor:
    return _filled(x, mask, output)


_PASTE = "D would teach G about pixels that are not its own: paste the known ones"
_COMPLETE = Slips("complete") | {
    _PASTE: lambda x, output, mask: output + ((x - output) * (1 - mask)).detach(),
    _REVERSE: lambda x, output, mask: _filled(output, mask, x),
    "what was there is still under the filling": lambda x, output, mask: x + mask * output,
    "this is the whole output: outside the hole the picture is known": lambda x, output, mask: output + 0,
    "the known part of the picture is missing": lambda x, output, mask: output * mask,
}


def _missing(distance=torch.square, total=torch.sum, count=lambda x, mask: (mask.sum() * x.shape[1]).clamp(min=1)) -> Callable:
    """The masked loss, with a slip where an argument is not the default."""
    return lambda output, x, mask: total(distance(output - x) * mask) / count(x, mask)


_BATCH = "one number for the batch"
_EMPTY = "0/0: where no pixel is missing the loss is 0"
_CHANNELS_OF = "the number of channels is that of the picture, not always 3"
_MASKED = Slips("masked_loss") | {
    "the mean over the whole picture: only the hole counts": lambda output, x, mask: F.mse_loss(output, x),
    "divided by all pixels: divide by the missing ones, or large holes count for more than small": _missing(
        count=lambda x, mask: x.numel()
    ),
    "divided by all pixels: divide by the missing ones": _missing(count=lambda x, mask: mask.numel()),
    "divided by the pixels of the hole: each has three channels": _missing(count=lambda x, mask: mask.sum().clamp(min=1)),
    "divided by the number of pictures or channels: divide by all missing values": _missing(count=lambda x, mask: len(x)),
    "this is the sum: divide by the number of missing values": _missing(count=lambda x, mask: 1),
    _REVERSE: lambda output, x, mask: missing_error(output, x, 1 - mask),
    "a mean of each picture's mean: here every missing pixel of the batch counts the same": (
        lambda output, x, mask: (
            sum(missing_error(output[i : i + 1], x[i : i + 1], mask[i : i + 1]) for i in range(len(x))) / len(x)
        )
    ),
    "this is L1: take the square": _missing(torch.abs),
    "square first, then the sum": _missing(torch.abs, lambda gaps: gaps.sum().square()),
    "a root too much: the squared distance": lambda output, x, mask: missing_error(output, x, mask).sqrt(),
    "a sign": times(-1, missing_error),
    _CHANNELS_OF: _missing(count=lambda x, mask: (3 * mask.sum()).clamp(min=1)),
    _BATCH: _missing(total=lambda gaps: gaps.sum((1, 2, 3))),
    _EMPTY: _missing(count=lambda x, mask: mask.sum() * x.shape[1]),
}
_HIDDEN = "torch.where and nan_to_num hide 0/0 from the value, not from the slope: keep the 0 out of the denominator"
_NO_GRAPH = "where nothing is missing there is still a graph: backward() is called on it"


def _outside(output: Tensor, x: Tensor, mask: Tensor) -> Tensor:
    """The right value with the slopes of the mean over the whole picture."""
    whole = F.mse_loss(output, x)
    return missing_error(output, x, mask) + whole - whole.detach()


_PULLED = Slips("masked_loss") | {"the output outside the hole is pulled, too": _outside}


@part(points=3)
def masks(sheet: Sheet, erase: Callable, complete: Callable, masked_loss: Callable) -> None:
    x, output = sheet.randn(3, 3, 5, 7), sheet.randn(3, 3, 5, 7)
    mask = torch.zeros(3, 1, 5, 7, dtype=torch.float64)
    mask[0, :, 1:3, 2:6], mask[1, :, 0:4, 0 : sheet.integer(3, 6)], mask[2, :, 4, 6] = 1, 1, 1  # 8, 12 to 24, 1 pixels
    fill = float(sheet.rand()) + 0.5
    meet, expand = "a mask [N, 1, H, W] beside pictures [N, C, H, W]", "to pick by a mask, first mask.expand_as(x)"

    with sheet.item("holes made and filled", 1), unchanged(x=x, output=output, mask=mask), fitting(meet, expand):
        compare(erase, _filled, (x, mask, fill), _ERASE, "erased")
        close(erase(x, mask), x * (1 - mask), "erased, no filler given", slip=_FILLER)
        compare(complete, _pasted, (x, output, mask), _COMPLETE, "completed")
        on_meta(erase, x, mask, fill)
        on_meta(complete, x, output, mask)

    with sheet.item("the loss over the hole", 1), unchanged(output=output, x=x, mask=mask), fitting(meet, expand):
        compare(masked_loss, missing_error, (output, x, mask), _MASKED, read=lambda came: scalar(came, _BATCH))
        compare(masked_loss, missing_error, (output[:, :1], x[:, :1], mask), what="grey pictures", slip=_CHANNELS_OF)
        on_meta(masked_loss, output, x, mask)

    own = likeness(masked_loss, missing_error, _MASKED, (output, x, mask))
    pasted = likeness(complete, _pasted, _COMPLETE, (x, output, mask))

    with sheet.item("no hole, and no gradient from outside", 1), fitting(meet, expand):

        def slope(f: Callable, mask: Tensor = mask) -> Tensor:
            return gradient(lambda v: f(v, x, mask), output)

        known = _MASKED | _PULLED.known
        compare(masked_loss, own, slope, known, "the gradient of the loss by the output")
        none = torch.zeros_like(mask)
        compare(masked_loss, own, (output, x, none), _MASKED, "where nothing is missing")
        came = masked_loss(output.clone().requires_grad_(), x, none)
        true(isinstance(came, Tensor) and came.requires_grad, "a loss whose backward() runs", show(came), _NO_GRAPH)
        close(slope(masked_loss, none), slope(own, none), "its gradient, where nothing is missing", slip=_HIDDEN)
        learns(sheet, complete, pasted, _COMPLETE, of="output", x=x, output=output, mask=mask)


seal(__name__, "gancourse.classroom.right")
