"""The checks of homework 2: DCGAN."""

from __future__ import annotations

import contextlib
import copy
import functools
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.base.latents import slerp as _along_the_circle
from gancourse.classroom.homework.checks.calls import forbidden, helped, on_meta, trace, unchanged
from gancourse.classroom.homework.checks.players import as_it_was
from gancourse.classroom.homework.checks.sheets import Sheet, Wrong, part, seal
from gancourse.classroom.homework.checks.values import builtin, close, compare, equal, number, shape, show, true
from gancourse.classroom.right import angle as _angle
from gancourse.classroom.right import direction as _direction
from gancourse.classroom.slips import Slips, summed, swapped, times
from gancourse.theory.convolution import convolved_size as _conv_size
from gancourse.theory.convolution import transposed_size as _transposed_size

# 1. Sizes ----------------------------------------------------------------------------------------------------------------


def _doubling_padding(k: int) -> int | None:
    return (k - 2) // 2 if k % 2 == 0 else None


_CONV_SIZE = Slips("conv_size") | {
    "the first window is not counted": lambda n, k, s, p: (n + 2 * p - k) // s,
    "the last window must fit, so round down (//)": lambda n, k, s, p: (n + 2 * p - k) / s + 1,
    "rounded up: a window that does not fit is not placed": lambda n, k, s, p: -((n + 2 * p - k) // -s) + 1,
    "the padding is on both sides: 2p": lambda n, k, s, p: (n + p - k) // s + 1,
    "the padding is missing": lambda n, k, s, p: (n - k) // s + 1,
    "the kernel and the padding count, too": lambda n, k, s, p: n // s,
    "this is the transposed convolution": _transposed_size,
}
_TRANSPOSED_SIZE = Slips("transposed_size") | {
    "n kernels have fewer than n steps between the first and the last": lambda n, k, s, p: n * s + k - 2 * p,
    "padding makes the result smaller: it is cut off": lambda n, k, s, p: (n - 1) * s + k + 2 * p,
    "the padding is cut off on both sides: 2p": lambda n, k, s, p: (n - 1) * s + k - p,
    "the padding is missing": lambda n, k, s, p: (n - 1) * s + k,
    "a kernel reaches k - 1 pixels beyond its first": lambda n, k, s, p: (n - 1) * s + 1 - 2 * p,
    "that holds for some layers only: kernel and padding count, too": lambda n, k, s, p: n * s,
    "this is the convolution, from large to small": _conv_size,
}

_DOUBLING_PADDING = Slips("doubling_padding") | {
    "half a pixel cannot be cut off: for such a kernel there is none, so return None": (
        lambda k: (k - 2) / 2 if k > 1 else None,
        lambda k: (k - 2) / 2,
    ),
    "an odd kernel gives 2n + 1 or 2n - 1 pixels, whatever the padding: return None": (
        lambda k: (k - 2) // 2 if k > 1 else None,
        lambda k: (k - 2) // 2,
    ),
    "that is the padding of a convolution that keeps the size: put it into your formula with n = 8": lambda k: (k - 1) // 2,
    "1 is right for a kernel of 4": lambda k: 1,
}


@part(points=2)
def sizes(sheet: Sheet, conv_size: Callable, transposed_size: Callable, doubling_padding: Callable) -> None:
    layers = [(64, 4, 2, 1), (4, 4, 1, 0)]
    for _ in range(14):
        kernel = sheet.integer(1, 6)
        layers.append((sheet.integer(7, 40), kernel, sheet.integer(1, 4), sheet.integer(0, (kernel - 1) // 2)))
    words = [f"{n} pixels, kernel {k}, stride {s}, padding {p}" for n, k, s, p in layers]

    with sheet.item("convolution", 0.5):
        _whole(conv_size, _conv_size, layers, words, _CONV_SIZE)

    with sheet.item("transposed convolution", 0.5):
        _whole(transposed_size, _transposed_size, layers, words, _TRANSPOSED_SIZE)

    with sheet.item("the padding that doubles", 1), helped(doubling_padding, transposed_size=_transposed_size):
        kernels = range(1, 9)
        _whole(doubling_padding, _doubling_padding, [(k,) for k in kernels], [f"kernel {k}" for k in kernels], _DOUBLING_PADDING)


def _whole(answer: Callable, right: Callable, cases: list[tuple], words: list[str], slips: Slips) -> None:
    """Ints (numpy's, too) or None, and neither 3.0 nor a tensor; a slip is named if it explains all the cases."""

    def on_all(f: Callable) -> list:
        return [f(*case) for case in cases]

    came, right_ones = on_all(answer), on_all(right)
    for value, wanted, what in zip(came, right_ones, words, strict=True):
        if type(builtin(value)) not in (int, type(None)) or value != wanted:
            try:
                equal(came, right_ones, slips=slips.by(on_all))
                slip = "a number of pixels is an int: divide with //"
            except Wrong as error:
                slip = error.slip
            kind = f" of type {type(value).__name__}" if type(value) is not int and value is not None else ""
            raise Wrong(f"{wanted} for {what}", f"{show(value)}{kind}", slip)


# 2. Transposed convolution -----------------------------------------------------------------------------------------------


def _transposed(x: Tensor, w: Tensor, s: int, p: int) -> Tensor:
    return F.conv_transpose2d(x, w, stride=s, padding=p)


def _laid(x: Tensor, w: Tensor, s: int) -> Tensor:
    """Every kernel laid down and added, nothing cut off; without the functions that are off limits."""
    high, wide, k = x.shape[2], x.shape[3], w.shape[2]
    columns = torch.einsum("bkp,kf->bfp", x.flatten(2), w.flatten(1))
    return F.fold(columns, ((high - 1) * s + k, (wide - 1) * s + k), k, stride=s)


def _overwritten(x: Tensor, w: Tensor, s: int) -> Tensor:
    """The answer that writes = in place of +=, kernel place by kernel place."""
    (high, wide), k = x.shape[2:], w.shape[2]
    y = torch.zeros_like(_laid(x, w, s))
    for i in range(k):
        for j in range(k):
            rows, columns = slice(i, i + s * (high - 1) + 1, s), slice(j, j + s * (wide - 1) + 1, s)
            y[:, :, rows, columns] = torch.einsum("bkrc,ko->borc", x, w[:, :, i, j])
    return y


def _scattered(lay: Callable = _laid, sides: tuple[int, ...] = (1, 1, 1, 1)) -> Callable:
    """Lay the kernels down, then cut off so many times p above, below, to the left and to the right."""

    def transposed_conv(x: Tensor, w: Tensor, s: int, p: int) -> Tensor:
        y = lay(x, w, s)
        top, bottom, left, right = (times * p for times in sides)
        return y[:, :, top : y.shape[2] - bottom, left : y.shape[3] - right]

    return transposed_conv


def _with(change: Callable[[Tensor], Tensor]) -> Callable:
    return _scattered(lambda x, w, s: _laid(x, change(w), s))


_EMPTY = "y[0:-0] is empty: the slice p:-p does not work for p = 0"
_TWO_ON_ONE = "cut p pixels off on all four sides, not 2p on one"
_ADDED = "here padding makes the result smaller: cut p pixels off on all four sides"

_SCATTER = Slips("transposed_conv") | {
    "the kernel is upside down: i and j run with the place, not against it": _with(lambda w: w.flip(2, 3)),
    "rows and columns of the kernel are exchanged": _with(lambda w: w.mT),
    "where kernels overlap they add up: += and not =": _scattered(_overwritten),
    "each input channel has its own kernel: weight[k, o]": _with(lambda w: w.mean(0, keepdim=True).expand_as(w)),
    "nothing is cut off": _scattered(sides=(0, 0, 0, 0)),
    _ADDED: lambda x, w, s, p: F.pad(_laid(x, w, s), [p] * 4),
    "cut p pixels off at the end of rows and columns, too": _scattered(sides=(1, 0, 1, 0)),
    "cut off p pixels on each side, not 2p": _scattered(sides=(2, 2, 2, 2)),
    _TWO_ON_ONE: tuple(_scattered(sides=(a, 2 - a, b, 2 - b)) for a in (0, 2) for b in (0, 2)),
    _EMPTY: lambda x, w, s, p: _laid(x, w, s)[:, :, p:-p, p:-p],
}


@part(points=4)
def scatter(sheet: Sheet, transposed_conv: Callable) -> None:
    off_limits = ["conv_transpose2d", "conv_transpose1d", "conv_transpose3d", "convolution"]
    rule = "write the sum yourself: conv_transpose2d and ConvTranspose2d are off limits here"

    def run(*arguments: Any) -> Any:
        with forbidden(off_limits, rule):
            came = transposed_conv(*arguments)
        if isinstance(came, Tensor) and came.numel() == 0:
            raise Wrong("pixels", f"none: shape {list(came.shape)}", _EMPTY)
        return came

    def agrees(x: Tensor, w: Tensor, s: int, p: int, what: str = "") -> None:
        size = "as many pixels high and wide as your transposed_size of task 1 says"
        compare(run, _transposed, (x, w, s, p), _SCATTER, what, size=size)

    with sheet.item("one pixel lays one kernel", 1):
        x = torch.zeros(1, 1, 2, 3, dtype=torch.float64)
        x[0, 0, 1, 1] = 2.0
        agrees(x, sheet.randn(1, 1, 3, 3), 2, 0)

    with sheet.item("kernels that overlap, several channels, no square", 1):
        agrees(sheet.randn(2, 3, 4, 5), sheet.randn(3, 2, 4, 4), 2, 0)
        agrees(sheet.randn(1, 2, 3, 3), sheet.randn(2, 2, 2, 2), 3, 0, "a stride that is larger than the kernel")

    with sheet.item("padding is cut off", 1):
        for s, p in ((2, 1), (1, 2)):
            agrees(sheet.randn(2, 2, 5, 3), sheet.randn(2, 3, 4, 4), s, p)
        agrees(sheet.randn(1, 2, 3, 3), sheet.randn(2, 1, 3, 3), 2, 0, "padding 0")

    with sheet.item("gradients, precision, device", 1):
        x, w = sheet.randn(1, 2, 3, 3).requires_grad_(), sheet.randn(2, 3, 4, 4).requires_grad_()
        weight = sheet.randn(*_transposed(x, w, 2, 1).shape)
        with unchanged(x=x, weight=w):
            came = shape(run(x, w, 2, 1), weight.shape)
        cut = "detach(), .data, .item() or numpy cut the graph"
        true(came.requires_grad, "a result with a gradient", "one without", cut)
        ours = torch.autograd.grad((came * weight).sum(), (x, w), allow_unused=True)
        theirs = torch.autograd.grad((_transposed(x, w, 2, 1) * weight).sum(), (x, w))
        for name, a, b in zip(("x", "the weight"), ours, theirs, strict=True):
            true(a is not None, f"a gradient by {name}", "none", cut)
            close(a, b, f"the gradient by {name}")
        single = run(x.detach().float(), w.detach().float(), 2, 1)
        kinds, slip = f"{single.dtype} and {came.dtype}", "make the result with x.new_zeros, or dtype=x.dtype"
        true(kinds == "torch.float32 and torch.float64", "float32 for float32, float64 for float64", kinds, slip)
        on_meta(transposed_conv, x.detach(), w.detach(), 2, 1)


# 3. The networks ---------------------------------------------------------------------------------------------------------

_ACTIVATIONS = ("relu", "relu_", "leaky_relu", "leaky_relu_", "tanh", "tanh_", "sigmoid", "sigmoid_", "elu", "gelu", "silu")
_OTHERS = "conv2d conv_transpose2d batch_norm linear instance_norm group_norm layer_norm dropout interpolate max_pool2d"
_SEEN = (*_OTHERS.split(), *_ACTIVATIONS)


def _network(made: Any, what: str) -> nn.Module:
    slip = "return the network itself, not what it computes"
    true(isinstance(made, nn.Module), f"{what}: a network (nn.Module)", show(made), slip)
    return made


@contextlib.contextmanager
def _of_latents() -> Iterator[None]:
    """A block in which a generator draws; says it plainly if a layer is handed latents for pictures."""
    try:
        yield
    except RuntimeError as error:
        if "Expected 3D" not in str(error):
            raise
        raise Wrong("pictures of latents [N, D]", str(error).split(",")[0], _FLAT) from None


def _words(network: nn.Module, x: Tensor) -> tuple[list[str], list[dict[str, Any]], Any]:
    """The names of the layers that a batch passes, what each was called with, and what came out."""
    calls, out = trace(network, x, _SEEN)
    return [call["name"].rstrip("_") for call in calls], calls, out


def _norms(network: nn.Module, calls: list[dict[str, Any]]) -> None:
    """Batch norm with PyTorch's settings, as they stand in the call; weights that learn and that nothing else normalises."""
    true(all(p.requires_grad for p in network.parameters()), "parameters that can still learn", "frozen ones", _STILL)
    edges = {getattr(layer, "padding_mode", "zeros") for layer in network.modules()} - {"zeros"}
    true(not edges, "padding with zeros", f"padding_mode {' '.join(edges)}", _EDGES)
    for call in calls:
        if call["name"] == "batch_norm":
            given = call["arguments"]
            eps, momentum = given.get("eps", 1e-5), given.get("momentum", 0.1)
            true(math.isclose(eps, 1e-5), "batch norm with eps 1e-5", f"eps {eps:g}", _EPS if eps > 1e-3 else "")
            true(math.isclose(momentum, 0.1), "batch norm with the standard momentum", f"momentum {momentum:g}", _MOMENTUM)
            kept = given.get("running_mean") is not None
            true(kept, "batch norm that keeps running statistics", "one that keeps none", _ALONE)
    names = ("parametrizations", "weight_orig", "weight_g")
    plain = not any(hasattr(layer, name) for layer in network.modules() for name in names)
    true(plain, "weights as the optimiser moves them", "weights that are normalised at every call", _PLAIN)


def _sequence(answer: Callable, right: Callable, words: Callable[[Callable], list[str]], slips: Slips) -> None:
    """The same layers in the same order."""
    came, wanted = words(answer), words(right)
    try:
        equal(came, wanted, slips=slips.by(words))
    except Wrong as error:
        raise Wrong(" ".join(wanted), " ".join(came) or "no layer", error.slip) from None


class _Then(nn.Module):
    """A function as a layer."""

    def __init__(self, f: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.f = f

    def forward(self, x: Tensor) -> Tensor:
        return self.f(x)


def _growing(*times: int) -> Callable:
    """A generator with so many times ``width`` channels before each doubling."""

    def make(latent_dim: int, width: int) -> nn.Sequential:
        layers: list[nn.Module] = [nn.Unflatten(1, (latent_dim, 1, 1))]
        sizes = [latent_dim, *(n * width for n in times), 3]
        for i, (a, b) in enumerate(itertools.pairwise(sizes)):
            layers += [nn.ConvTranspose2d(a, b, 4, *((2, 1) if i else (1, 0)), bias=False), nn.BatchNorm2d(b), nn.ReLU()]
        return nn.Sequential(*layers[:-2], nn.Tanh())

    return make


_generator = _growing(4, 2, 1)


def _discriminator(width: int) -> nn.Sequential:
    layers: list[nn.Module] = [nn.Conv2d(3, width, 4, 2, 1, bias=False), nn.LeakyReLU(0.2)]
    for n in (width, 2 * width):
        layers += [nn.Conv2d(n, 2 * n, 4, 2, 1, bias=False), nn.BatchNorm2d(2 * n), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Conv2d(4 * width, 1, 4, bias=False), nn.Flatten(0))


def _changed(make: Callable, change: Callable[[list[Any]], Sequence[nn.Module]]) -> Callable:
    """The network with other layers."""
    return lambda *sizes: nn.Sequential(*change(list(make(*sizes))))


def _each(make: Callable, kind: type | tuple[type, ...], change: Callable[[Any], Any]) -> Callable:
    """The network with another layer in place of each one of a kind, or with none."""
    return _changed(make, lambda layers: [new for old in layers if (new := change(old) if isinstance(old, kind) else old)])


def _turned(make: Callable) -> Callable:
    """Batch norm after the activation."""

    def change(layers: list[nn.Module]) -> list[nn.Module]:
        for i in [i for i, layer in enumerate(layers) if isinstance(layer, nn.BatchNorm2d)]:
            layers[i : i + 2] = [layers[i + 1], layers[i]]
        return layers

    return _changed(make, change)


_CONV = (nn.Conv2d, nn.ConvTranspose2d)


def _like(conv: Any, kernel: int = 4, bias: bool = True) -> Any:
    """Another convolution in its place."""
    return type(conv)(conv.in_channels, conv.out_channels, kernel, conv.stride, conv.padding, bias=bias)


def _mirrored(conv: nn.Conv2d) -> nn.Conv2d:
    """A convolution that sees a mirror beyond the edges."""
    conv.padding_mode = "reflect"
    conv._reversed_padding_repeated_twice = [n for n in reversed(conv.padding) for _ in range(2)]  # type: ignore[misc]
    return conv


def _counted(make: Callable, name: str) -> dict[str, Callable]:
    """The slips that the number of parameters tells."""

    def biased(layers: list[nn.Module], last: bool) -> list[nn.Module]:
        end = max(i for i, layer in enumerate(layers) if isinstance(layer, _CONV))
        return [_like(v) if isinstance(v, _CONV) and (i == end) == last else v for i, v in enumerate(layers)]

    return {
        f"the {name}'s convolutions have biases: bias=False": _each(make, _CONV, _like),
        f"the {name}'s last convolution has a bias: bias=False": _changed(make, lambda layers: biased(layers, True)),
        f"the {name}'s convolutions before batch norm have biases: bias=False": _changed(make, lambda v: biased(v, False)),
        f"the {name}'s batch norms have no gain and shift (affine=False)": _each(
            make, nn.BatchNorm2d, lambda norm: nn.BatchNorm2d(norm.num_features, affine=False)
        ),
        f"the {name}'s kernels are 3 x 3": _each(make, _CONV, lambda conv: _like(conv, 3, False)),
    }


_EPS = "the second argument of BatchNorm2d is eps, not the momentum"
_MOMENTUM = "the standard momentum is asked for; PyTorch's is the share of the *new* batch, other libraries' that of the old ones"
_ALONE = "without running statistics a picture in evaluation mode depends on its batch"
_STILL = "without requires_grad they do not still learn: the training below would stop with an error"
_EDGES = "beyond the edges are zeros, PyTorch's standard"
_FLAT = "latents are [N, D], and a layer takes pictures: make them [N, D, 1, 1] first"
_PLAIN = "spectral or weight normalisation is not in the table"
_SQUEEZE = "squeeze() takes the batch dimension away when it is 1: use flatten, or squeeze(1)"
_HALVES = "channels and side of each transposed convolution: 4 width at 4, then half as many at twice the side"
_SLOPE = "LeakyReLU's slope is 0.2; PyTorch's default is 0.01"


def _settings(make: Callable) -> dict[str, Callable | tuple[Callable, ...]]:
    """Batch norm with other settings than the standard ones, and convolutions whose weights are normalised."""

    def norm(**given: Any) -> Callable:
        return _each(make, nn.BatchNorm2d, lambda norm: nn.BatchNorm2d(norm.num_features, **given))

    return {
        _EPS: norm(eps=0.8),  # a much-copied repository
        _MOMENTUM: (norm(momentum=0.8), norm(momentum=0.2), norm(momentum=None)),
        _ALONE: norm(track_running_stats=False),
        _PLAIN: (_each(make, _CONV, nn.utils.parametrizations.spectral_norm), _each(make, _CONV, nn.utils.spectral_norm)),
        _STILL: lambda *sizes: make(*sizes).requires_grad_(False),
    }


_flat = functools.partial(_each, _discriminator, nn.Flatten)
_COLOURS = "the first layer has no batch norm: D must see the colours as they are"
_NO_NORM = "the last layer has no batch norm: the pictures would have the batch's mean"
_RELU = "the generator's hidden activations are ReLU, the discriminator's LeakyReLU"

_MAKE_GENERATOR = Slips("make_generator") | {
    **_counted(_generator, "generator"),
    "one doubling too many": _growing(8, 4, 2, 1),
    "one doubling is missing": _growing(4, 2),
    _HALVES: _growing(4, 4, 4),
    _NO_NORM: _changed(_generator, lambda layers: [*layers[:-1], nn.BatchNorm2d(3), nn.Tanh()]),
    "pixels lie in [-1, 1]: the last activation is tanh": _each(_generator, nn.Tanh, lambda _: nn.Sigmoid()),
    "the last activation is missing: pixels lie in [-1, 1]": _each(_generator, nn.Tanh, lambda _: None),
    _RELU: _each(_generator, nn.ReLU, lambda _: nn.LeakyReLU(0.2)),
    "batch norm comes before the activation": _turned(_generator),
    "batch norm is missing": _each(_generator, nn.BatchNorm2d, lambda _: None),
    _FLAT: _each(_generator, nn.Unflatten, lambda _: None),
    "a ReLU before tanh leaves no dark pixels": _each(_generator, nn.Tanh, lambda tanh: nn.Sequential(nn.ReLU(), tanh)),
    **_settings(_generator),
}
_MAKE_DISCRIMINATOR = Slips("make_discriminator") | {
    **_counted(_discriminator, "discriminator"),
    "logits are [N]: flatten the last dimension away": _flat(lambda _: nn.Flatten()),
    "logits are [N]: flatten the three last dimensions away": _flat(lambda _: None),
    "one number for the batch: D judges every picture by itself": _flat(lambda _: _Then(torch.mean)),
    _SQUEEZE: _flat(lambda _: _Then(torch.squeeze)),
    _COLOURS: _changed(_discriminator, lambda layers: [layers[0], nn.BatchNorm2d(layers[0].out_channels), *layers[1:]]),
    "D returns logits: the sigmoid is part of the loss": _flat(lambda flat: nn.Sequential(flat, nn.Sigmoid())),
    "the discriminator's activations are LeakyReLU": _each(_discriminator, nn.LeakyReLU, lambda _: nn.ReLU()),
    "batch norm comes before the activation": _turned(_discriminator),
    "batch norm is missing": _each(_discriminator, nn.BatchNorm2d, lambda _: None),
    "the last layer gives the logit as it is: no batch norm there": _flat(lambda flat: nn.Sequential(nn.BatchNorm2d(1), flat)),
    "the last layer gives the logit as it is: no activation there": _flat(lambda f: nn.Sequential(f, nn.LeakyReLU(0.2))),
    _SLOPE: _each(_discriminator, nn.LeakyReLU, lambda _: nn.LeakyReLU()),
    _EDGES: _each(_discriminator, nn.Conv2d, lambda conv: _mirrored(conv)),
    **_settings(_discriminator),
}


@part(points=4)
def networks(sheet: Sheet, make_generator: Callable, make_discriminator: Callable) -> None:
    latent_dim, width, n = sheet.integer(5, 9), sheet.integer(2, 4), 6
    z, x = sheet.randn(n, latent_dim, dtype=torch.float32), sheet.randn(n, 3, 32, 32, dtype=torch.float32)
    torch.manual_seed(sheet.seed)

    with sheet.item("the generator's pictures", 1), _of_latents():
        g = _network(make_generator(latent_dim, width), "make_generator")
        came = shape(g(z), (n, 3, 32, 32), slips=_MAKE_GENERATOR.by(lambda make: make(latent_dim, width)(z)))
        true(came.abs().max() <= 1, "pixels in [-1, 1]", show(came), "the last activation is tanh")
        true((came < 0).any(), "pixels on both sides of 0", show(came), "the last activation is tanh, and no ReLU or sigmoid")
        shape(_network(make_generator(2 * latent_dim, width), "make_generator")(torch.cat([z, z], 1)), (n, 3, 32, 32))

    with sheet.item("the generator's layers, in order", 0.75), _of_latents():
        _sequence(make_generator, _generator, lambda f: _words(f(latent_dim, width).train(), z)[0], _MAKE_GENERATOR)
        g = make_generator(latent_dim, width).train()
        calls = _words(g, z)[1]
        _norms(g, calls)
        made = [tuple(call["shape"][1:3]) for call in calls if call["name"] == "conv_transpose2d"]
        equal(made, [(4 * width, 4), (2 * width, 8), (width, 16), (3, 32)], _HALVES)

    with sheet.item("the discriminator's logits", 1):
        d = _network(make_discriminator(width), "make_discriminator")
        shape(d(x), (n,), slips=_MAKE_DISCRIMINATOR.by(lambda make: make(width)(x)))
        shape(d.eval()(x[:1]), (1,), _SQUEEZE)
        with torch.no_grad():
            for p in d.parameters():
                p.mul_(30.0)
        loud = d.train()(x)
        slip = "a sigmoid at the end: it is part of the loss"
        true(loud.max() > 1.5 or loud.min() < -0.5, "logits, which may be any number", show(loud), slip)

    with sheet.item("the discriminator's layers, in order", 0.75):
        _sequence(make_discriminator, _discriminator, lambda f: _words(f(width).train(), x)[0], _MAKE_DISCRIMINATOR)
        d = make_discriminator(width).train()
        calls = _words(d, x)[1]
        _norms(d, calls)
        leaks = {call["arguments"].get("negative_slope", 0.01) for call in calls if call["name"].startswith("leaky")}
        equal(sorted(leaks), [0.2], _SLOPE)
        made = [tuple(call["shape"][1:3]) for call in calls if call["name"] == "conv2d"]
        slip = "channels and side of each convolution: they double as the side halves"
        equal(made, [(width, 16), (2 * width, 8), (4 * width, 4), (1, 1)], slip)

    with sheet.item("as many parameters as there should be", 0.5):
        for name, make, right, arguments, slips in (
            ("generator", make_generator, _generator, (latent_dim, width), _MAKE_GENERATOR),
            ("discriminator", make_discriminator, _discriminator, (width,), _MAKE_DISCRIMINATOR),
        ):

            def count(f: Callable, arguments: tuple[int, ...] = arguments) -> int:
                return sum(p.numel() for p in f(*arguments).parameters())

            slip = f"the {name}'s kernels are 4 x 4, and nothing has weights but convolutions and batch norms"
            equal(count(make), count(right), slip, slips.by(count))


# 4. Initialisation -------------------------------------------------------------------------------------------------------


class _Deep(nn.Module):
    """Layers at several depths, some of which are nobody's business."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(48, 64, 4)
        self.inside = nn.Sequential(nn.Sequential(nn.ConvTranspose2d(64, 48, 4, bias=False), nn.BatchNorm2d(6000)), nn.PReLU(3))
        self.last = nn.Linear(4, 3)


def _init(
    std: float = 0.02,
    gain: float = 1.0,
    shift: float = 0.0,
    draw: Callable = nn.init.normal_,
    kinds: tuple[type[Any], ...] = (*_CONV, nn.BatchNorm2d),
    layers: Callable[[nn.Module], Iterable[Any]] = nn.Module.modules,
    seed: int | None = None,
) -> Callable:
    """Write into the layers of some kinds; ``seed`` is set before each of them."""

    def initialise(network: nn.Module) -> None:
        for layer in layers(network):
            if isinstance(layer, kinds):
                norm = isinstance(layer, nn.BatchNorm2d)
                if seed is not None:
                    torch.manual_seed(seed)
                draw(layer.weight, gain if norm else 0.0, std)
                if layer.bias is not None:
                    nn.init.constant_(layer.bias, shift if norm else 0.0)

    return initialise


def _and_then(change: Callable[[Any], Any]) -> Callable:
    """Right, and then something is done to every layer."""

    def initialise(network: nn.Module) -> None:
        _init()(network)
        for layer in network.modules():
            change(layer)

    return initialise


def _biased(layer: Any) -> None:
    if isinstance(layer, _CONV) and layer.bias is not None:
        nn.init.normal_(layer.bias, 3.0, 5.0)


def _averaged(layer: Any) -> None:
    if isinstance(layer, nn.BatchNorm2d):
        nn.init.normal_(layer.get_buffer("running_mean"), 5.0, 1.0)


_SPREADS = {
    0.2: "0.2 is in a tutorial's comment; the paper says 0.02",
    math.sqrt(0.02): "0.02 is the standard deviation, not the variance",
    0.02**2: "0.02 is the standard deviation; torch's normal_ takes it as it is",
    0.02 / math.sqrt(3): "this is a uniform distribution",
    0.0: "all weights are the same: they would stay so",
}
_UNTOUCHED = "these have not been touched"
_AROUND = "the gains of batch norm are around 1, the weights of convolutions around 0"
_NORMAL = "normal_, and not uniform_ or trunc_normal_"
_SEEDED = "no manual_seed inside"
_SHIFT = "the shift (bias) of batch norm starts at 0"
_ZEROS = "the biases of convolutions start at 0, or are left as they were"
_REMEMBERED = "what batch norm remembers of batches (running_mean, running_var) is no weight: leave it"
_IN_PLACE = "write into the weights in place (nn.init does); do not replace them"
_ONLY = "only convolutions and batch norms are asked for"

_INITIALISE = Slips("initialise") | {
    **{message: _init(std) for std, message in _SPREADS.items()},
    _UNTOUCHED: (_init(kinds=_CONV), _init(kinds=(nn.Conv2d, nn.BatchNorm2d)), _init(layers=nn.Module.children)),
    _AROUND: _init(gain=0.0),
    _NORMAL: _init(draw=lambda w, mean, std: nn.init.uniform_(w, mean - std * 3**0.5, mean + std * 3**0.5)),
    _SEEDED: _init(seed=0),
    _SHIFT: _init(shift=0.5),
    _ZEROS: _and_then(_biased),
    _REMEMBERED: _and_then(_averaged),
    _ONLY: _init(kinds=(*_CONV, nn.BatchNorm2d, nn.Linear)),
}


def _spread(w: Tensor, mean: float, name: str) -> None:
    """Numbers around the mean with a standard deviation of 0.02, from a normal distribution."""
    w = w.detach().double().flatten()
    std = float(w.std())
    said, came = f"{name} with mean {mean:g} and standard deviation 0.02", f"mean {w.mean():.4g}, standard deviation {std:.4g}"
    slip = next((text for value, text in _SPREADS.items() if abs(std - value) <= 0.05 * value + 1e-6), "")
    if abs(w.mean() - mean) > 6 * 0.02 / math.sqrt(len(w)):  # six standard errors
        untouched = abs(w.mean() - mean - 0.5) < 0.1 or std > 0.5
        raise Wrong(said, came, _UNTOUCHED if untouched else slip or _AROUND)
    true(abs(std / 0.02 - 1) < 6 / math.sqrt(2 * len(w)), said, came, slip)
    outside = float(((w - mean).abs() > 0.04).double().mean())  # beyond two standard deviations: 4.55 %
    well = abs(outside - 0.0455) < 6 * math.sqrt(0.0455 / len(w))
    true(well, f"{name} from a normal distribution", f"{100 * outside:.1f} % beyond 2 std", _NORMAL)


@part(points=2)
def initial(sheet: Sheet, initialise: Callable) -> None:
    def fresh(change: Callable[[nn.Module], Any]) -> _Deep:
        torch.manual_seed(1000 + sheet.seed)
        network = _Deep()
        with torch.no_grad():
            for p in network.parameters():
                p.add_(0.5)
        change(network)
        return network

    with sheet.item("convolutions", 1):
        network = fresh(initialise)
        first, deeper = network.first.weight, network.get_parameter("inside.0.0.weight")
        _spread(first, 0.0, "the weights of a Conv2d")
        _spread(deeper, 0.0, "the weights of a ConvTranspose2d that sits deeper")
        bias = network.get_parameter("first.bias")
        if not torch.equal(bias, fresh(lambda network: None).get_parameter("first.bias")):
            close(bias, torch.zeros(64), "the biases of a Conv2d", slip=_ZEROS)
        other = not torch.equal(first.flatten()[:9], deeper.flatten()[:9])
        true(other, "new random numbers for every layer", "the same numbers in two layers", _SEEDED)

    with sheet.item("batch norm, and nothing else", 1):
        network, untouched = (fresh(lambda network: None) for _ in range(2))
        with as_it_was(**{"the network": network}):
            initialise(network)
            learning = all(p.requires_grad and p.is_leaf for p in network.parameters())
            true(learning, "parameters that can still learn", "one that cannot", _IN_PLACE)
        gains, shifts = (network.get_parameter(f"inside.0.1.{name}") for name in ("weight", "bias"))
        _spread(gains, 1.0, "the gains of a BatchNorm2d")
        close(shifts, torch.zeros(6000), "the shifts of a BatchNorm2d", slip=_SHIFT)
        for name in ("inside.1.weight", "last.weight", "last.bias"):
            what = f"{name}, which is no convolution and no batch norm"
            close(network.get_parameter(name), untouched.get_parameter(name), what, slip=_ONLY)
        for name, value in network.named_buffers():
            close(value, untouched.get_buffer(name), name, slip=_REMEMBERED)


# 5. Walks ----------------------------------------------------------------------------------------------------------------


def _line(z0: Tensor, z1: Tensor, t: Tensor) -> Tensor:
    return (1 - t)[:, None] * z0 + t[:, None] * z1


def _arc_by(angle: Callable[[Tensor, Tensor], Tensor]) -> Callable:
    """The formula of the arc, with this angle between the latents."""

    def slerp(z0: Tensor, z1: Tensor, t: Tensor) -> Tensor:
        omega = angle(z0, z1)
        return (torch.sin((1 - t) * omega)[:, None] * z0 + torch.sin(t * omega)[:, None] * z1) / torch.sin(omega)

    return slerp


def _arc(z0: Tensor, z1: Tensor, t: Tensor) -> Tensor:
    path = _arc_by(_angle)(z0, z1, t)
    return path if path.isfinite().all() else _line(z0, z1, t)


_PATH = {
    "the path is [T, D]: times along the first dimension": lambda a, b, t: _line(a, b, t).T,
    "one latent for each time: [T, D]": lambda a, b, t: a + t.mean() * (b - a),
}
_UNIT = "put z0 and z1 into the formula as they are: only the angle is taken from unit vectors"
_SAME = "sin(Omega) = 0: where the directions are the same return the line (and clamp the cosine before acos)"
_DIRECTIONS = "the angle is that of the directions: divide by both lengths before acos"
_LENGTH = "the path has length 1: only the angle is taken from unit vectors, the latents keep their length"

_LERP = Slips("lerp") | {
    **_PATH,
    "it runs from z1 to z0: t = 0 is z0": swapped(_line),
    "z0 + t z1 is not between them: where is it at t = 1?": lambda a, b, t: a + t[:, None] * b,
}
_SLERP = Slips("slerp") | {
    **_PATH,
    "this is the line": _line,
    _SAME: _arc_by(_angle),
    _LENGTH: lambda a, b, t: _arc(a / a.norm(), b / b.norm(), t),
    "it runs from z1 to z0: t = 0 is z0": swapped(_arc),
    "the angle is in degrees: torch.sin takes radians": _arc_by(lambda a, b: torch.rad2deg(_angle(a, b))),
    _DIRECTIONS: _arc_by(lambda a, b: torch.acos((a @ b).clamp(-1, 1))),
    "the division by sin(Omega) is missing": lambda a, b, t: _arc(a, b, t) * torch.sin(_angle(a, b)),
    "Omega is the angle: acos of the cosine": _arc_by(lambda a, b: torch.cos(_angle(a, b))),
    _UNIT: lambda a, b, t: _arc(a, b / b.norm() * a.norm(), t),
}


@part(points=3)
def walks(sheet: Sheet, lerp: Callable, slerp: Callable) -> None:
    z0, z1 = sheet.randn(2, 7)
    t = torch.tensor([0.0, 0.2, 0.5, 0.9, 1.0], dtype=torch.float64)

    with sheet.item("the line", 1):
        compare(lerp, _line, (z0, z1, t), _LERP)

    with sheet.item("the arc, between latents of one length", 1), helped(slerp, lerp=_line):
        z0 = 0.8 * z0 / z0.norm()  # shorter than 1, so that an angle taken without the lengths is another angle
        for b in (z1, -0.7 * z0 + 0.1 * z1):
            compare(slerp, _arc, (z0, b / b.norm() * z0.norm(), t), _SLERP, atol=1e-6)

    with sheet.item("its ends, and where there is no arc", 1), helped(slerp, lerp=_line):
        longer = 3 * sheet.randn(7)
        ends = torch.tensor([0.0, 1.0], dtype=torch.float64)
        near: dict[str, Any] = {"slip": _SAME, "rtol": 1e-4, "atol": 1e-5}
        with unchanged(z0=z0, z1=longer):
            compare(slerp, _arc, (z0, longer, ends), _SLERP, "the ends, of different lengths", slip=_UNIT, atol=1e-6)
            try:
                close(slerp(z0, longer, t), _along_the_circle(z0, longer, t), atol=1e-6)  # the course's own, for lengths, too
            except Wrong:
                compare(slerp, _arc, (z0, longer, t), _SLERP, "between different lengths", slip=_UNIT, atol=1e-6)
        compare(slerp, _line, (z0, z0, t), _SLERP, "from a latent to itself", **near)
        compare(slerp, _line, (z0, 2 * z0, ends), _SLERP, "to the same direction, twice as far", **near)
        near |= {"rtol": 1e-3, "atol": 1e-4}
        for _ in range(25):  # the cosine of some of them is rounded to more than 1
            z = sheet.randn(7, dtype=torch.float32)
            close_by = (z, z * (1 + 1e-7), t.float())
            compare(slerp, _line, close_by, _SLERP, "in single precision, to a latent that is nearly the same", **near)


# 6. Attributes -----------------------------------------------------------------------------------------------------------


class _Mood(nn.Module):
    """A generator whose answers give away its mode: batch norm and dropout."""

    def __init__(self, sheet: Sheet) -> None:
        super().__init__()
        self.latent_dim = 4
        self.layers = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Dropout(0.3), nn.Linear(6, 3)).double()
        with torch.no_grad():
            for p in self.parameters():
                p.copy_(sheet.randn(*p.shape))
            self.layers[1].get_buffer("running_mean").copy_(sheet.randn(6))
            self.layers[1].get_buffer("running_var").copy_(sheet.rand(6) + 0.5)
        self.graph: list[bool] = []  # whether each pass built one

    def forward(self, z: Tensor) -> Tensor:
        made = self.layers(z)
        self.graph.append(made.requires_grad)
        return made


def _signed(z: Tensor, has: Tensor) -> Tensor:
    return torch.where(has[:, None], z, -z)


def _analogy(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    return a.mean(0) - b.mean(0) + c.mean(0)


_ONE = "one latent [D]: mean(0), and without keepdim"

_DIRECTION = Slips("direction") | {
    "the sign is turned round: with less without": times(-1, _direction),
    "only the mean of those that have it: subtract the mean of the others": lambda z, has: z[has].mean(0),
    "less the mean of *all*: subtract the mean of those without": lambda z, has: z[has].mean(0) - z.mean(0),
    "sums instead of means: there are more without than with": summed(_direction),
    "divided by its length: how far it reaches matters here": lambda z, has: F.normalize(_direction(z, has), dim=0),
    "the latents are not sorted: pick them with the mask": lambda z, has: _direction(z, has.sort(descending=True).values),
    "one mean over all, with signs: the two groups are not equally large": lambda z, has: _signed(z, has).mean(0),
    "a mean over everything: mean(0)": lambda z, has: z[has].mean() - z[~has].mean(),
    "a mean over the wrong dimension: mean(0)": lambda z, has: _signed(z, has).mean(1),
}
_ANALOGY = Slips("analogy") | {
    "a - b + c, and this is a + b - c": lambda a, b, c: _analogy(a, c, b),
    "a - b + c, and this is a - b - c": lambda a, b, c: _analogy(a, b, -c),
    "a - b + c, and this is b - a + c": swapped(_analogy),
    "sums instead of means": summed(_analogy),
    "the first exemplar only: take the mean of each group": lambda a, b, c: a[0] - b[0] + c[0],
    "a mean over everything: mean(0)": lambda a, b, c: a.mean() - b.mean() + c.mean(),
    "groups may differ in size: the mean of each, then the sum": lambda a, b, c: _analogy(
        *(group[: min(len(a), len(b), len(c))] for group in (a, b, c))
    ),
    _ONE: lambda a, b, c: _analogy(a, b, c)[None],
}


@part(points=3)
def attributes(sheet: Sheet, direction: Callable, analogy: Callable, pictures: Callable) -> None:
    z = sheet.randn(11, 5)
    has = torch.tensor([True, False, False, True, False, False, True, False, False, False, True])

    with sheet.item("the direction of an attribute", 1), unchanged(z=z):
        compare(direction, _direction, (z, has), _DIRECTION)

    with sheet.item("a - b + c", 1):
        a, b, c = sheet.randn(3, 5), sheet.randn(4, 5), sheet.randn(2, 5)
        with unchanged(a=a, b=b, c=c):
            compare(analogy, _analogy, (a, b, c), _ANALOGY, size=_ONE)

    with sheet.item("pictures in evaluation mode, and no trace", 1):
        torch.manual_seed(sheet.seed)
        for mode in (True, False):
            g = _Mood(sheet)
            g.train(mode)
            latents = sheet.randn(5, 4)
            twin = copy.deepcopy(g).eval()
            with torch.no_grad():
                right = twin(latents)
            state = copy.deepcopy(g.state_dict())
            came = pictures(g, latents)
            on = torch.is_grad_enabled()
            torch.set_grad_enabled(True)
            true(on, "gradients for all that follows", "none any more", "with torch.no_grad(): ends with its block")
            close(came, right, "G(z) in evaluation mode", slip="the generator is in training mode: eval() first")
            true(not came.requires_grad, "pictures without a gradient", "pictures with a graph behind them", "torch.no_grad()")
            learning = all(p.requires_grad for p in g.parameters())
            true(learning, "a generator that can still learn", "a frozen one", "torch.no_grad() around the call freezes nothing")
            slip = "a pass in training mode has moved batch norm's running statistics"
            for name, value in g.state_dict().items():
                close(value, state[name], f"{name} afterwards", slip=slip)
            slip = "detach() comes too late: torch.no_grad() around the call"
            true(not any(g.graph), "a pass that builds no graph", "one that does", slip)
            close(pictures(g, latents[:1]), right[:1], "one picture alone, the same as in company")
            word = {True: "training", False: "evaluation"}
            slip = "remember generator.training before eval() and go back to it: it is not always training"
            true(g.training == mode, f"the generator back in {word[mode]} mode", f"left in {word[g.training]} mode", slip)
            layers = all(layer.training == mode for layer in g.modules())
            true(
                layers, f"all its layers back in {word[mode]} mode", "some left in the other one", "a mode is set by train(mode)"
            )


# 7. Beside chance --------------------------------------------------------------------------------------------------------


def _shown(g: nn.Module, z: Tensor) -> Tensor:
    """The pictures of a copy in evaluation mode."""
    with torch.no_grad():
        return copy.deepcopy(g).eval()(z)


def _shows(has: Callable, g: nn.Module, z: Tensor) -> Tensor:
    """What the pictures of a copy in evaluation mode have."""
    return has(_shown(g, z))


def _share(has: Callable, g: nn.Module, z: Tensor, step: Tensor) -> Tensor:
    return _shows(has, g, z + step)[~_shows(has, g, z)].double().mean()


def _share_by(count: Callable[[Tensor, Tensor], Tensor]) -> Callable:
    """A share made of what the pictures had before and have afterwards."""
    return lambda has, g, z, step: count(_shows(has, g, z), _shows(has, g, z + step)).double().mean()


_CHANGED = Slips("changed") | {
    "the share of all that have it afterwards: ask only those that had it not": _share_by(lambda before, after: after),
    "divided by all: divide by the number of those that had it not": _share_by(lambda before, after: after & ~before),
    "after less before: those that lost it must not be taken off": _share_by(
        lambda before, after: after.double() - before.double()
    ),
    "all that changed, those that lost it, too": _share_by(lambda before, after: after != before),
    "the share that did not change": lambda *given: 1 - _share(*given),
    "those that had it already were asked": _share_by(lambda before, after: after[before]),
}


@part(points=2)
def chance(sheet: Sheet, as_long: Callable, changed: Callable) -> None:
    with sheet.item("anywhere, and as far", 1):
        step, n = 3 * sheet.randn(2), 4000

        def draw(step: Tensor, more: int = 0) -> Tensor:
            source = torch.Generator().manual_seed(sheet.seed + more)
            return shape(as_long(step, n, source), (n, len(step))).double()

        rows = draw(step)
        close(rows.norm(dim=1), step.norm().expand(n), "the lengths", slip="each row is as long as step")
        different = len(rows.unique(dim=0))
        true(different > 3000, f"{n} directions", f"{different} of them", "a direction of its own for each row")
        unit = rows / step.norm()
        gap, fourth = float(unit.mean(0).norm()), float((unit**4).mean())
        slip = "no side preferred: rand() has no negative numbers"
        true(gap < 6 / math.sqrt(n), "no side preferred, so a mean near 0", f"a mean of length {gap:.2g}", slip)
        slip = "a square has corners, and more numbers in them: normalise normal numbers, not uniform ones"
        true(abs(fourth - 3 / 8) < 0.0084, "all directions alike: a mean fourth power of 0.375", f"{fourth:.3f}", slip)
        close(draw(step), rows, "the same source, the same directions", slip="draw with generator=source")
        other = not torch.equal(draw(step, 1), rows)
        true(other, "other directions from another source", "the same ones", "draw with generator=source, and set no seed")
        five = sheet.randn(5)
        rows = draw(five)
        close(rows.norm(dim=1), five.norm().expand(n), "the lengths, of five numbers", slip="each row is as long as step")
        even = 5 * (rows / five.norm()).square().mean(0)
        slip = "some coordinates move more than others: normal numbers in all of them, then one length"
        true((even - 1).abs().max() < 0.11, "all five coordinates alike: mean squares of 1", show(even), slip)

    with sheet.item("the share that changes", 1), helped(changed, pictures=_shown):
        g, z = _Mood(sheet).train(), sheet.randn(60, 4)

        def has(made: Tensor) -> Tensor:
            return made[:, 0] > 0.3

        for move in (1.5 * sheet.randn(60, 4), 1.5 * sheet.randn(4)):  # one for each first: with it some lose it, too
            with unchanged(z=z, step=move):
                compare(changed, _share, (has, g, z, move), _CHANGED, read=number)
        true(g.training, "the generator in the mode it was in", "in the other one", "look through your pictures()")


seal(__name__, "gancourse.classroom.right", "gancourse.theory.convolution", "gancourse.base.latents")
