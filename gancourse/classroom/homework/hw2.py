"""The checks of homework 2: DCGAN."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.classroom.homework.checks import (
    Sheet,
    Wrong,
    close,
    equal,
    forbidden,
    on_meta,
    part,
    seal,
    shape,
    show,
    trace,
    true,
    unchanged,
)

# 1. Sizes ----------------------------------------------------------------------------------------------------------------


@part(points=3)
def sizes(sheet: Sheet, conv_size: Callable, transposed_size: Callable, doubling_padding: Callable) -> None:
    layers = [(64, 4, 2, 1), (4, 4, 1, 0)]
    for _ in range(14):
        kernel = sheet.integer(1, 6)
        layers.append((sheet.integer(7, 40), kernel, sheet.integer(1, 4), sheet.integer(0, (kernel - 1) // 2)))
    words = [f"{n} pixels, kernel {k}, stride {s}, padding {p}" for n, k, s, p in layers]

    with sheet.item("convolution", 1):
        slips = {
            "the first window is not counted: + 1": lambda n, k, s, p: (n + 2 * p - k) // s,
            "the last window must fit, so round down (//)": lambda n, k, s, p: (n + 2 * p - k) / s + 1,
            "rounded up: a window that does not fit is not placed": lambda n, k, s, p: -((n + 2 * p - k) // -s) + 1,
            "the padding is on both sides: 2p": lambda n, k, s, p: (n + p - k) // s + 1,
            "the padding is missing": lambda n, k, s, p: (n - k) // s + 1,
            "the kernel and the padding count, too": lambda n, k, s, p: n // s,
            "this is the transposed convolution": lambda n, k, s, p: (n - 1) * s + k - 2 * p,
        }
        _whole(conv_size, lambda n, k, s, p: (n + 2 * p - k) // s + 1, layers, words, slips)

    with sheet.item("transposed convolution", 1):
        slips = {
            "the last kernel begins at s (n - 1), not at s n": lambda n, k, s, p: n * s + k - 2 * p,
            "padding makes the result smaller: it is cut off": lambda n, k, s, p: (n - 1) * s + k + 2 * p,
            "the padding is cut off on both sides: 2p": lambda n, k, s, p: (n - 1) * s + k - p,
            "the padding is missing": lambda n, k, s, p: (n - 1) * s + k,
            "a kernel reaches k - 1 pixels beyond its first": lambda n, k, s, p: (n - 1) * s + 1 - 2 * p,
            "that holds for some layers only: kernel and padding count, too": lambda n, k, s, p: n * s,
            "this is the convolution, from large to small": lambda n, k, s, p: (n + 2 * p - k) // s + 1,
        }
        _whole(transposed_size, lambda n, k, s, p: (n - 1) * s + k - 2 * p, layers, words, slips)

    with sheet.item("the padding that doubles", 1):
        kernels = [(k,) for k in range(1, 9)]
        slips = {
            "half a pixel cannot be cut off: for such a kernel there is none, so return None": lambda k: (
                (k - 2) / 2 if k > 1 else None
            ),
            "an odd kernel gives 2n + 1 or 2n - 1 pixels, whatever the padding: return None": lambda k: (
                (k - 2) // 2 if k > 1 else None
            ),
            "that is the padding of a convolution that keeps the size: put it into your formula with n = 8": lambda k: (
                (k - 1) // 2
            ),
            "1 is right for a kernel of 4": lambda k: 1,
        }
        right = [(k - 2) // 2 if k % 2 == 0 else None for k in range(1, 9)]
        _whole(doubling_padding, lambda k: right[k - 1], kernels, [f"kernel {k}" for (k,) in kernels], slips)


def _whole(answer: Callable, right: Callable, cases: list[tuple], words: list[str], slips: dict[str, Callable]) -> None:
    """Ints or None, and neither 3.0 nor a tensor; a slip is named if it explains all the cases."""
    came = [answer(*case) for case in cases]
    meaning = [([f(*case) for case in cases], slip) for slip, f in slips.items()]
    for case, value, what in zip(cases, came, words, strict=True):
        wanted = right(*case)
        if type(value) not in (int, type(None)) or value != wanted:
            try:
                equal(came, [right(*case) for case in cases], slips=meaning)
                slip = "a number of pixels is an int: divide with //"
            except Wrong as error:
                slip = error.slip
            kind = f" of type {type(value).__name__}" if type(value) is not int and value is not None else ""
            raise Wrong(f"{wanted} for {what}", f"{show(value)}{kind}", slip)


# 2. Transposed convolution -----------------------------------------------------------------------------------------------


def _scatter(x: Tensor, w: Tensor, s: int, p: int) -> Tensor:
    return F.conv_transpose2d(x, w, stride=s, padding=p)


def _overwritten(x: Tensor, w: Tensor, s: int) -> Tensor:
    """The answer that writes = in place of +=, kernel place by kernel place."""
    height, width, k = x.shape[2], x.shape[3], w.shape[2]
    y = x.new_zeros(len(x), w.shape[1], (height - 1) * s + k, (width - 1) * s + k)
    for i in range(k):
        for j in range(k):
            rows, columns = slice(i, i + s * (height - 1) + 1, s), slice(j, j + s * (width - 1) + 1, s)
            y[:, :, rows, columns] = torch.einsum("bkrc,ko->borc", x, w[:, :, i, j])
    return y


@part(points=4)
def scatter(sheet: Sheet, transposed_conv: Callable) -> None:
    off_limits = ["conv_transpose2d", "conv_transpose1d", "conv_transpose3d", "convolution"]
    rule = "write the sum yourself: conv_transpose2d and ConvTranspose2d are off limits here"

    def run(*arguments: Any) -> Any:
        with forbidden(off_limits, rule):
            came = transposed_conv(*arguments)
        if isinstance(came, Tensor) and came.numel() == 0:
            raise Wrong("pixels", f"none: shape {list(came.shape)}", "y[0:-0] is empty: the slice p:-p does not work for p = 0")
        return came

    with sheet.item("one pixel lays one kernel", 1):
        w = sheet.randn(1, 1, 3, 3)
        x = torch.zeros(1, 1, 2, 3, dtype=torch.float64)
        x[0, 0, 1, 1] = 2.0
        right = _scatter(x, w, 2, 0)
        slips = [
            (_scatter(x, w.flip(2, 3), 2, 0), "the kernel is upside down: i and j run with the place, not against it"),
            (_scatter(x, w.transpose(2, 3), 2, 0), "rows and columns of the kernel are exchanged"),
        ]
        came = shape(run(x, w, 2, 0), right.shape, "the result is (n - 1) s + K pixels high and wide")
        close(came, right, slips=slips)

    with sheet.item("kernels that overlap, several channels, no square", 1):
        x, w = sheet.randn(2, 3, 4, 5), sheet.randn(3, 2, 4, 4)
        right = _scatter(x, w, 2, 0)
        slips = [
            (lambda: _overwritten(x, w, 2), "where kernels overlap they add up: += and not ="),
            (_scatter(x, w.flip(2, 3), 2, 0), "the kernel is upside down: i and j run with the place, not against it"),
            (_scatter(x, w.transpose(2, 3), 2, 0), "rows and columns of the kernel are exchanged"),
            (
                lambda: _scatter(x, w.sum(0, keepdim=True).expand_as(w) / 3, 2, 0),
                "each input channel has its own kernel: weight[k, o]",
            ),
        ]
        close(shape(run(x, w, 2, 0), right.shape), right, slips=slips)
        x, w = sheet.randn(1, 2, 3, 3), sheet.randn(2, 2, 2, 2)
        close(shape(run(x, w, 3, 0), (1, 2, 8, 8)), _scatter(x, w, 3, 0), "a stride that is larger than the kernel")

    with sheet.item("padding is cut off", 1):
        for s, p in ((2, 1), (1, 2)):
            x, w = sheet.randn(2, 2, 5, 3), sheet.randn(2, 3, 4, 4)
            right, whole = _scatter(x, w, s, p), _scatter(x, w, s, 0)
            meaning = {
                tuple(whole.shape): "nothing is cut off",
                tuple(F.pad(whole, [p] * 4).shape): "here padding makes the result smaller: cut p pixels off on all four sides",
                tuple(whole[:, :, p:, p:].shape): "cut p pixels off at the end of rows and columns, too",
                tuple(whole[:, :, 2 * p : -2 * p, 2 * p : -2 * p].shape): "cut off p pixels on each side, not 2p",
            }
            came = shape(run(x, w, s, p), right.shape, "(n - 1) s + K - 2p pixels high and wide", meaning)
            high, wide = right.shape[2:]
            cuts = [
                (whole[:, :, a : a + high, b : b + wide], "cut p pixels off on all four sides, not 2p on one")
                for a in (0, 2 * p)
                for b in (0, 2 * p)
            ]
            close(came, right, slips=cuts)
        x, w = sheet.randn(1, 2, 3, 3), sheet.randn(2, 1, 3, 3)
        close(
            shape(run(x, w, 2, 0), (1, 1, 7, 7)),
            _scatter(x, w, 2, 0),
            "padding 0",
            slip="y[0:-0] is empty: 0:-p does not work for p = 0",
        )

    with sheet.item("gradients, precision, device", 1):
        x, w = sheet.randn(1, 2, 3, 3).requires_grad_(), sheet.randn(2, 3, 4, 4).requires_grad_()
        weight = sheet.randn(*_scatter(x, w, 2, 1).shape)
        with unchanged(x=x, weight=w):
            came = shape(run(x, w, 2, 1), weight.shape)
        if not came.requires_grad:
            raise Wrong("a result with a gradient", "one without", "detach(), .data, .item() or numpy cut the graph")
        ours = torch.autograd.grad((came * weight).sum(), (x, w), allow_unused=True)
        theirs = torch.autograd.grad((_scatter(x, w, 2, 1) * weight).sum(), (x, w))
        for name, a, b in zip(("x", "the weight"), ours, theirs, strict=True):
            if a is None:
                raise Wrong(f"a gradient by {name}", "none", "detach(), .data, .item() or numpy cut the graph")
            close(a, b, f"the gradient by {name}")
        single = run(x.detach().float(), w.detach().float(), 2, 1)
        slip = "make the result with x.new_zeros, or dtype=x.dtype"
        true(
            single.dtype == torch.float32 and came.dtype == torch.float64,
            "float32 for float32, float64 for float64",
            f"{single.dtype} and {came.dtype}",
            slip,
        )
        on_meta(transposed_conv, x.detach(), w.detach(), 2, 1)


# 3. The networks ---------------------------------------------------------------------------------------------------------

_ACTIVATIONS = ("relu", "relu_", "leaky_relu", "leaky_relu_", "tanh", "tanh_", "sigmoid", "sigmoid_", "elu", "gelu", "silu")
_OTHERS = "conv2d conv_transpose2d batch_norm linear instance_norm group_norm layer_norm dropout interpolate max_pool2d"
_SEEN = (*_OTHERS.split(), *_ACTIVATIONS)


def _network(made: Any, what: str) -> nn.Module:
    if not isinstance(made, nn.Module):
        raise Wrong(f"{what}: a network (nn.Module)", show(made), "return the network itself, not what it computes")
    return made


def _words(network: nn.Module, x: Tensor) -> tuple[list[str], list[dict[str, Any]], Any]:
    """The names of the layers that a batch passes, what each was called with, and what came out."""
    calls, out = trace(network, x, _SEEN)
    return [call["name"].rstrip("_") for call in calls], calls, out


def _norms(calls: list[dict[str, Any]]) -> None:
    """Batch norm with PyTorch's settings: the eps that stands in the call, and statistics of the batch in training."""
    for call in calls:
        if call["name"] == "batch_norm":
            eps = call["arguments"].get("eps", 1e-5)
            true(
                math.isclose(eps, 1e-5),
                "batch norm with eps 1e-5",
                f"eps {eps:g}",
                "the second argument of BatchNorm2d is eps, not the momentum" if eps > 1e-3 else "",
            )


def _sequence(came: list[str], right: list[str], slips: dict[str, list[str]]) -> None:
    for slip, wrong in slips.items():
        if came == wrong:
            raise Wrong(" ".join(right), " ".join(came), slip)
    if came != right:
        raise Wrong(" ".join(right), " ".join(came) or "no layer")


def _with(words: list[str], place: int, *put: str, drop: int = 1) -> list[str]:
    return words[:place] + list(put) + words[place + drop :]


_BLOCK = ["conv_transpose2d", "batch_norm", "relu"]
_G = [*_BLOCK, *_BLOCK, *_BLOCK, "conv_transpose2d", "tanh"]
_G_SLIPS = {
    "the last layer has no batch norm: the pictures would have the batch's mean": _with(_G, 9, "conv_transpose2d", "batch_norm"),
    "pixels lie in [-1, 1]: the last activation is tanh": _with(_G, 10, "sigmoid"),
    "the last activation is missing: pixels lie in [-1, 1]": _G[:-1],
    "the generator's hidden activations are ReLU, the discriminator's LeakyReLU": [
        "leaky_relu" if w == "relu" else w for w in _G
    ],
    "batch norm comes before the activation": [*["conv_transpose2d", "relu", "batch_norm"] * 3, "conv_transpose2d", "tanh"],
    "batch norm is missing": [w for w in _G if w != "batch_norm"],
    "a ReLU before tanh leaves no dark pixels": _with(_G, 10, "relu", "tanh"),
}
_D = ["conv2d", "leaky_relu", *["conv2d", "batch_norm", "leaky_relu"] * 2, "conv2d"]
_D_SLIPS = {
    "the first layer has no batch norm: D must see the colours as they are": _with(_D, 0, "conv2d", "batch_norm"),
    "D returns logits: the sigmoid is part of the loss": [*_D, "sigmoid"],
    "the discriminator's activations are LeakyReLU": ["relu" if w == "leaky_relu" else w for w in _D],
    "batch norm comes before the activation": ["conv2d", "leaky_relu", *["conv2d", "leaky_relu", "batch_norm"] * 2, "conv2d"],
    "batch norm is missing": [w for w in _D if w != "batch_norm"],
    "the last layer gives the logit as it is: no batch norm there": [*_D, "batch_norm"],
    "the last layer gives the logit as it is: no activation there": [*_D, "leaky_relu"],
}


@part(points=5)
def networks(sheet: Sheet, make_generator: Callable, make_discriminator: Callable) -> None:
    latent_dim, width, n = sheet.integer(5, 9), sheet.integer(2, 4), 6
    z, x = sheet.randn(n, latent_dim, dtype=torch.float32), sheet.randn(n, 3, 32, 32, dtype=torch.float32)
    torch.manual_seed(sheet.seed)

    with sheet.item("the generator's pictures", 1):
        g = _network(make_generator(latent_dim, width), "make_generator")
        came = shape(
            g(z), (n, 3, 32, 32), slips={(n, 3, 64, 64): "one doubling too many", (n, 3, 16, 16): "one doubling is missing"}
        )
        true(came.abs().max() <= 1, "pixels in [-1, 1]", show(came), "the last activation is tanh")
        true((came < 0).any(), "pixels on both sides of 0", show(came), "the last activation is tanh, and no ReLU or sigmoid")
        shape(_network(make_generator(2 * latent_dim, width), "make_generator")(torch.cat([z, z], 1)), (n, 3, 32, 32))

    with sheet.item("the generator's layers, in order", 1):
        words, calls, _ = _words(make_generator(latent_dim, width).train(), z)
        _sequence(words, _G, _G_SLIPS)
        _norms(calls)
        wanted = [(4 * width, 4), (2 * width, 8), (width, 16), (3, 32)]
        made = [tuple(call["shape"][1:3]) for call in calls if call["name"] == "conv_transpose2d"]
        equal(made, wanted, "channels and side of each transposed convolution: 4 width at 4, then half as many at twice the side")

    with sheet.item("the discriminator's logits", 1):
        d = _network(make_discriminator(width), "make_discriminator")
        meaning = {
            (n, 1): "logits are [N]: flatten the last dimension away",
            (n, 1, 1, 1): "logits are [N]: flatten the three last dimensions away",
            (): "one number for the batch: D judges every picture by itself",
            (1,): "squeeze() takes the batch dimension away when it is 1: use flatten or view(-1)",
        }
        shape(d(x), (n,), slips=meaning)
        shape(d.eval()(x[:1]), (1,), "squeeze() takes the batch dimension away when it is 1: use flatten, or squeeze(1)", {})
        with torch.no_grad():
            for p in d.parameters():
                p.mul_(30.0)
        loud = d.train()(x)
        true(
            loud.max() > 1.5 or loud.min() < -0.5,
            "logits, which may be any number",
            show(loud),
            "a sigmoid at the end: it is part of the loss",
        )

    with sheet.item("the discriminator's layers, in order", 1):
        words, calls, _ = _words(make_discriminator(width).train(), x)
        _sequence(words, _D, _D_SLIPS)
        _norms(calls)
        leaks = {call["arguments"].get("negative_slope", 0.01) for call in calls if call["name"].startswith("leaky")}
        equal(sorted(leaks), [0.2], "LeakyReLU's slope is 0.2; PyTorch's default is 0.01")
        made = [tuple(call["shape"][1:3]) for call in calls if call["name"] == "conv2d"]
        equal(
            made,
            [(width, 16), (2 * width, 8), (4 * width, 4), (1, 1)],
            "channels and side of each convolution: they double as the side halves",
        )

    with sheet.item("as many parameters as there should be", 1):
        w = width
        in_g = 16 * (latent_dim * 4 * w + 8 * w * w + 2 * w * w + 3 * w)
        in_d = 16 * (3 * w + 2 * w * w + 8 * w * w + 4 * w)
        norms_g, norms_d = 2 * (4 * w + 2 * w + w), 2 * (2 * w + 4 * w)
        bias_g, bias_d = 4 * w + 2 * w + w + 3, w + 2 * w + 4 * w + 1
        for name, net, conv, norm, bias in (
            ("generator", make_generator(latent_dim, w), in_g, norms_g, bias_g),
            ("discriminator", make_discriminator(w), in_d, norms_d, bias_d),
        ):
            last = 3 if name == "generator" else 1
            equal(sum(p.numel() for p in net.parameters()), conv + norm,
                  f"the {name}'s kernels are 4 x 4, and nothing has weights but convolutions and batch norms",
                  slips=[(conv + norm + bias, f"the {name}'s convolutions have biases: bias=False"),
                         (conv + norm + last, f"the {name}'s last convolution has a bias: bias=False"),
                         (conv + norm + bias - last, f"the {name}'s convolutions before batch norm have biases: bias=False"),
                         (conv, f"the {name}'s batch norms have no gain and shift (affine=False)"),
                         (conv // 16 * 9 + norm, f"the {name}'s kernels are 3 x 3")])  # fmt: skip


# 4. Initialisation -------------------------------------------------------------------------------------------------------


class _Deep(nn.Module):
    """Layers at several depths, some of which are nobody's business."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(48, 64, 4)
        self.inside = nn.Sequential(nn.Sequential(nn.ConvTranspose2d(64, 48, 4, bias=False), nn.BatchNorm2d(6000)), nn.PReLU(3))
        self.last = nn.Linear(4, 3)


@part(points=2)
def initial(sheet: Sheet, initialise: Callable) -> None:
    def fresh() -> tuple[_Deep, Any]:
        torch.manual_seed(1000 + sheet.seed)
        network = _Deep()
        with torch.no_grad():
            for p in network.parameters():
                p.add_(0.5)
        return network, initialise(network)

    def spread(w: Tensor, mean: float, name: str) -> None:
        w = w.detach().double().flatten()
        error = 6 * 0.02 / math.sqrt(len(w))  # six standard errors of the mean
        said = f"{name} with mean {mean:g} and standard deviation 0.02"
        came = f"mean {w.mean():.4g}, standard deviation {w.std():.4g}"
        slips = [
            (0.2, "0.2 is in a tutorial's comment; the paper says 0.02"),
            (math.sqrt(0.02), "0.02 is the standard deviation, not the variance"),
            (0.02**2, "0.02 is the standard deviation; torch's normal_ takes it as it is"),
            (0.02 / math.sqrt(3), "this is a uniform distribution"),
            (0.0, "all weights are the same: they would stay so"),
        ]
        std = float(w.std())
        slip = next((text for value, text in slips if abs(std - value) <= 0.05 * value + 1e-6), "")
        if abs(w.mean() - mean) > error:
            moved = abs(w.mean() - mean - 0.5) < 0.1 or std > 0.5
            said_slip = (
                "these have not been touched"
                if moved
                else slip or "the gains of batch norm are around 1, the weights of convolutions around 0"
            )
            raise Wrong(said, came, said_slip)
        true(abs(std / 0.02 - 1) < 6 / math.sqrt(2 * len(w)), said, came, slip)
        outside = float(((w - mean).abs() > 0.04).double().mean())  # beyond two standard deviations: 4.55 %
        true(
            abs(outside - 0.0455) < 6 * math.sqrt(0.0455 / len(w)),
            f"{name} from a normal distribution",
            f"{100 * outside:.1f} % beyond 2 std",
            "normal_, and not uniform_ or trunc_normal_",
        )

    with sheet.item("convolutions", 1):
        network, _ = fresh()
        spread(network.first.weight, 0.0, "the weights of a Conv2d")
        spread(network.inside[0][0].weight, 0.0, "the weights of a ConvTranspose2d that sits deeper")
        other, _ = fresh()[0], None
        true(
            not torch.equal(network.first.weight.flatten()[:9], network.inside[0][0].weight.flatten()[:9]),
            "new random numbers for every layer",
            "the same numbers in two layers",
            "no manual_seed inside",
        )
        del other

    with sheet.item("batch norm, and nothing else", 1):
        network, returned = fresh()
        norm = network.inside[0][1]
        spread(norm.weight, 1.0, "the gains of a BatchNorm2d")
        close(norm.bias, torch.zeros(6000), "the shifts of a BatchNorm2d", slip="the shift (bias) of batch norm starts at 0")
        torch.manual_seed(1000 + sheet.seed)
        untouched = _Deep()
        for name in ("inside.1.weight", "last.weight", "last.bias"):
            close(
                network.get_parameter(name),
                untouched.get_parameter(name) + 0.5,
                f"{name}, which is no convolution and no batch norm",
                slip="only convolutions and batch norms are asked for",
            )
        true(
            all(p.requires_grad and p.is_leaf for p in network.parameters()),
            "parameters that can still learn",
            "one that cannot",
            "write into the weights in place (nn.init does); do not replace them",
        )
        del returned


# 5. Walks ----------------------------------------------------------------------------------------------------------------


@part(points=3)
def walks(sheet: Sheet, lerp: Callable, slerp: Callable) -> None:
    z0, z1 = sheet.randn(2, 7)
    t = torch.tensor([0.0, 0.2, 0.5, 0.9, 1.0], dtype=torch.float64)

    def along(a: Tensor, b: Tensor) -> Tensor:
        return a[:, None] * z0 + b[:, None] * z1

    with sheet.item("the line", 1):
        right = along(1 - t, t)
        came = lerp(z0, z1, t)
        wrong_way = {(7, 5): "the path is [T, D]: times along the first dimension", (7,): "one latent for each time: [T, D]"}
        shape(came, (5, 7), slips=wrong_way)
        close(
            came,
            right,
            slips=[
                (along(t, 1 - t), "it runs from z1 to z0: t = 0 is z0"),
                (along(torch.ones(5).double(), t), "z0 + t z1 is not between them: z0 + t (z1 - z0)"),
            ],
        )

    with sheet.item("the arc, between latents of one length", 1):
        z0 = 0.8 * z0 / z0.norm()  # shorter than 1, so that an angle taken without the lengths is another angle
        for a, b in ((z0, z1), (z0, -0.7 * z0 + 0.1 * z1)):
            b = b / b.norm() * a.norm()
            omega = torch.acos((a @ b) / (a.norm() * b.norm()))

            def arc(w: Any, a: Tensor = a, b: Tensor = b) -> Tensor:
                return (torch.sin((1 - t) * w)[:, None] * a + torch.sin(t * w)[:, None] * b) / torch.sin(torch.as_tensor(w))

            right = arc(omega)
            slips = [
                ((1 - t)[:, None] * a + t[:, None] * b, "this is the line"),
                (
                    right / a.norm(),
                    "the path has length 1: only the angle is taken from unit vectors, the latents keep their length",
                ),
                (right.flip(0), "it runs from z1 to z0: t = 0 is z0"),
                (lambda arc=arc, omega=omega: arc(torch.rad2deg(omega)), "the angle is in degrees: torch.sin takes radians"),
                (
                    lambda arc=arc, a=a, b=b: arc(torch.acos((a @ b).clamp(-1, 1))),
                    "the angle is that of the directions: divide by both lengths before acos",
                ),
                (right * torch.sin(omega), "the division by sin(Omega) is missing"),
                (lambda arc=arc, omega=omega: arc(torch.cos(omega)), "Omega is the angle: acos of the cosine"),
            ]
            close(shape(slerp(a, b, t), (5, 7), slips=wrong_way), right, slips=slips, rtol=1e-5, atol=1e-6)

    with sheet.item("its ends, and where there is no arc", 1):
        longer = 3 * sheet.randn(7)
        ends = torch.tensor([0.0, 1.0], dtype=torch.float64)
        unit = "the latents keep their lengths: only the angle is taken from unit vectors"
        with unchanged(z0=z0, z1=longer):
            close(slerp(z0, longer, ends), torch.stack([z0, longer]), "the ends, of different lengths", slip=unit, atol=1e-6)
        same = "sin(Omega) = 0: where the directions are the same return the line (and clamp the cosine before acos)"
        close(slerp(z0, z0, t), z0.expand(5, 7), "from a latent to itself", slip=same, rtol=1e-4, atol=1e-5)
        close(
            slerp(z0, 2 * z0, ends),
            torch.stack([z0, 2 * z0]),
            "to the same direction, twice as far",
            slip=same,
            rtol=1e-4,
            atol=1e-5,
        )
        float32 = slerp(z0.float(), z0.float() * (1 + 1e-7), t.float())
        close(
            float32, z0.expand(5, 7), "in single precision, to a latent that is nearly the same", slip=same, rtol=1e-3, atol=1e-4
        )


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
            self.layers[1].running_mean.copy_(sheet.randn(6))
            self.layers[1].running_var.copy_(sheet.rand(6) + 0.5)
        self.graph: list[bool] = []

    def forward(self, z: Tensor) -> Tensor:
        self.graph.append(torch.is_grad_enabled())
        return self.layers(z)


@part(points=3)
def attributes(sheet: Sheet, direction: Callable, analogy: Callable, pictures: Callable) -> None:
    z = sheet.randn(11, 5)
    has = torch.tensor([True, False, False, True, False, False, True, False, False, False, True])

    with sheet.item("the direction of an attribute", 1):
        right = z[has].mean(0) - z[~has].mean(0)
        slips = [
            (-right, "the sign is turned round: with less without"),
            (z[has].mean(0), "only the mean of those that have it: subtract the mean of the others"),
            (z[has].mean(0) - z.mean(0), "less the mean of *all*: subtract the mean of those without"),
            (z[has].sum(0) - z[~has].sum(0), "sums instead of means: there are more without than with"),
            (right / right.norm(), "divided by its length: how far it reaches matters here"),
            (z[:4].mean(0) - z[4:].mean(0), "the latents are not sorted: pick them with the mask"),
            (
                ((2 * has.double() - 1)[:, None] * z).mean(0),
                "one mean over all, with signs: the two groups are not equally large",
            ),
        ]
        with unchanged(z=z):
            close(
                shape(
                    direction(z, has),
                    (5,),
                    slips={(): "a mean over everything: mean(0)", (11,): "a mean over the wrong dimension: mean(0)"},
                ),
                right,
                slips=slips,
            )

    with sheet.item("a - b + c", 1):
        a, b, c = sheet.randn(3, 5), sheet.randn(4, 5), sheet.randn(2, 5)
        ma, mb, mc = a.mean(0), b.mean(0), c.mean(0)
        slips = [
            (ma + mb - mc, "a - b + c, and this is a + b - c"),
            (ma - mb - mc, "a - b + c, and this is a - b - c"),
            (mb - ma + mc, "a - b + c, and this is b - a + c"),
            (a.sum(0) - b.sum(0) + c.sum(0), "sums instead of means"),
            (a[0] - b[0] + c[0], "the first exemplar only: take the mean of each group"),
        ]
        with unchanged(a=a, b=b, c=c):
            close(shape(analogy(a, b, c), (5,), slips={(): "a mean over everything: mean(0)"}), ma - mb + mc, slips=slips)

    with sheet.item("pictures in evaluation mode, and no trace", 1):
        torch.manual_seed(sheet.seed)
        for mode in (True, False):
            g = _Mood(sheet)
            g.train(mode)
            g.layers[2].train(False)  # part of it is in another mode
            latents = sheet.randn(5, 4)
            twin = copy.deepcopy(g).eval()
            with torch.no_grad():
                right = twin(latents)
            state = copy.deepcopy(g.state_dict())
            came = pictures(g, latents)
            close(came, right, "G(z) in evaluation mode", slip="the generator is in training mode: eval() first")
            if came.requires_grad:
                raise Wrong("pictures without a gradient", "pictures with a graph behind them", "torch.no_grad()")
            close(
                pictures(g, latents[:1]),
                right[:1],
                "one picture alone, the same as in company",
                slip="batch statistics: eval() first",
            )
            for name, value in g.state_dict().items():
                close(
                    value,
                    state[name],
                    f"{name} afterwards",
                    slip="a pass in training mode has moved batch norm's running statistics",
                )
            word = {True: "training", False: "evaluation"}
            true(
                g.training == mode,
                f"the generator back in {word[mode]} mode",
                f"left in {word[g.training]} mode",
                "remember generator.training before eval() and go back to it: it is not always training",
            )


seal(__name__)
