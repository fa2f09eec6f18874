"""The checks of homework 6: image to image."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.classroom.homework.checks import (
    MockOptimiser,
    Sheet,
    Tape,
    Wrong,
    close,
    equal,
    finite,
    finite_differences,
    gradient,
    gradients,
    number,
    part,
    scalar,
    seal,
    shape,
    show,
    true,
    unchanged,
    weights,
)

TITLE = "Image to image"


@contextlib.contextmanager
def _sizes(expected: str, slip: str) -> Iterator[None]:
    """Tensors that do not fit together, said in the task's words."""
    try:
        yield
    except RuntimeError as error:
        message = str(error).split("\n")[0]
        if "izes of tensors must match" not in message and "must match the size" not in message:
            raise
        raise Wrong(expected, f"tensors that do not fit together ({message[:160]})", slip) from None


# 1. The U and its skips --------------------------------------------------------------------------------------------------


class _Layer(nn.Module):
    """A layer for any number of channels that halves or doubles the side; it keeps what it was given."""

    def __init__(self, n_out: int, up: bool, phase: float) -> None:
        super().__init__()
        self.n_out, self.up, self.phase = n_out, up, phase
        self.inputs: list[Tensor] = []

    def forward(self, x: Tensor) -> Tensor:
        self.inputs.append(x)
        k, c = torch.arange(x.shape[1], dtype=x.dtype), torch.arange(self.n_out, dtype=x.dtype)
        weight = torch.sin(1.7 * (k + 2) * (c[:, None] + 1) + self.phase)  # [n_out, n_in]
        x = torch.einsum("ck,nkhw->nchw", weight, x)
        x = F.interpolate(x, scale_factor=2, mode="nearest") if self.up else F.avg_pool2d(x, 2)
        return torch.tanh(x / 2 + 0.3 * self.phase)


def _u(downs: Sequence[Callable], ups: Sequence[Callable], x: Tensor, join: Callable, bottom: Callable = lambda x: x) -> Tensor:
    """Down and up; ``join`` makes one map of the encoder's and the decoder's, ``bottom`` changes the bottleneck."""
    maps = []
    for down in downs:
        x = down(x)
        maps.append(x)
    x = ups[0](bottom(maps.pop()))
    for up in ups[1:]:
        x = up(join(maps.pop(), x))
    return x


def _pairs(channels: Sequence[int], out: int, twice: int = 2) -> list[tuple[int, int]]:
    """(n_in, n_out) of the decoder's layers, from the bottom up."""
    ends = [*channels[-2::-1], out]
    return [(n if i == 0 else twice * n, m) for i, (n, m) in enumerate(zip(channels[::-1], ends, strict=True))]


@part(points=4)
def unet(sheet: Sheet, decoder_channels: Callable, run_unet: Callable) -> None:
    with sheet.item("the decoder's channels", 1):
        cases = [([64, 128, 256, 512, 512, 512, 512, 512], 3), ([8, 16], 1)]
        cases += [([sheet.integer(2, 30) for _ in range(sheet.integer(3, 6))], sheet.integer(1, 4)) for _ in range(4)]
        for channels, out in cases:
            given = list(channels)
            came = decoder_channels(given, out)
            true(
                given == channels,
                f"the list of channels {channels} as it was",
                f"{given}",
                "pop(), reverse() and [i] = change it",
            )
            right = _pairs(channels, out)
            slips = [
                (_pairs(channels, out, 1), "the skips bring channels of their own: what they enter takes twice as many"),
                ([(2 * right[0][0], right[0][1]), *right[1:]], "the bottleneck has no partner: the first layer takes it alone"),
                (right[::-1], "from the bottom up: the first pair belongs to the layer that takes the bottleneck"),
                ([pair[::-1] for pair in right], "a pair is (channels in, channels out)"),
                (right[:-1], "the last layer, which makes the picture, is missing"),
                ([*right[:-1], (right[-1][0] // 2, out)], "the last layer is given a skip, too: the first encoder map"),
                ([*right[:-1], (right[-1][0], channels[0])], "the last layer makes the picture: its channels are out_channels"),
                ([(a, 2 * b) for a, b in right[:-1]] + [right[-1]], "it is the inputs that are joined, not the outputs"),
            ]
            equal(came, right, f"for encoder channels {channels} and {out} out: follow one skip with a pencil", slips)

    phases = sheet.rand(8).tolist()
    downs = [_Layer(n, False, p) for n, p in zip((4, 6, 5, 7), phases, strict=False)]
    ups = [_Layer(n, True, p) for n, p in zip((5, 6, 4, 3), phases[4:], strict=False)]
    x = sheet.randn(2, 2, 16, 32)

    def run(given: Tensor) -> Any:
        with _sizes(
            "maps of one side joined", "the last map of the encoder belongs to the first place in the decoder that has its side"
        ):
            return run_unet(list(downs), list(ups), given)

    def by(join: Callable, bottom: Callable = lambda x: x, at: Tensor = x) -> Tensor:
        return _u(downs, ups, at, join, bottom)

    def joined(skip: Tensor, y: Tensor) -> Tensor:
        return torch.cat([skip, y], 1)

    right = by(joined)

    with sheet.item("the way through the U", 1.5):
        shapes = {
            (2, 5, 16, 32): "the output of the last layer is the result: nothing is joined to it",
            (8, 3, 16, 32): "the maps are put one after the other in the batch: the channels are dimension 1",
            (2, 3, 8, 16): "one layer of the decoder is left out",
            (2, 4, 8, 16): "one layer of the decoder is left out",
        }
        came = shape(run(x), right.shape, slips=shapes)
        slips = [
            (by(lambda s, y: y), "the skips are missing: this is the plain encoder-decoder"),
            (by(lambda s, y: torch.cat([y, s], 1)), "the order in the channels: the encoder's map first, then the decoder's"),
            (by(lambda s, y: s + y), "the maps are added: a U-Net puts them side by side"),
            (by(joined, lambda y: torch.cat([y, y], 1)), "the bottleneck is joined to itself: the first layer takes it alone"),
            (by(lambda s, y: torch.cat([s, s], 1)), "the decoder's own map is lost"),
            (by(lambda s, y: torch.cat([y, y], 1)), "the decoder's map is joined to itself: where is the encoder's?"),
            (by(lambda s, y: s), "only the encoder's maps are handed on"),
        ]
        close(came, right, slips=slips)

    with sheet.item("every layer works once", 0.5):
        own_downs, own_ups = list(downs), list(ups)
        for layer in (*downs, *ups):
            layer.inputs.clear()
        with unchanged(x=x):
            run_unet(own_downs, own_ups, x)
        counts = [len(layer.inputs) for layer in (*downs, *ups)]
        equal(counts, [1] * 8, "keep the encoder's maps in a list: batch normalisation and dropout give others the second time")
        true(
            own_downs == downs and own_ups == ups,
            "the lists of layers as they were",
            "a list changed",
            "pop the maps, not the layers",
        )

    with sheet.item("gradients go down the skips as well", 1):
        at = x[:1, :, :, :16]

        def loss(v: Tensor) -> Tensor:
            return _read(run(v))

        def slope(join: Callable, bottom: Callable = lambda y: y) -> Tensor:
            return gradient(lambda v: _read(by(join, bottom, v)), at)

        slips = [
            (slope(lambda s, y: joined(s.detach(), y)), "the skips are detached: the encoder learns through them"),
            (slope(lambda s, y: joined(s, y.detach())), "the decoder's maps are detached"),
            (slope(joined, lambda y: y.detach()), "the bottleneck is detached"),
        ]
        close(gradient(loss, at), slope(joined), "the gradient by the input", slips=slips)


def _read(x: Tensor) -> Tensor:
    """A scalar of a map in which every entry has a weight of its own."""
    return (x * torch.linspace(1, 2, x.numel(), dtype=x.dtype).reshape(x.shape)).mean()


# 2. What one logit sees --------------------------------------------------------------------------------------------------


def _seen(layers: Sequence[tuple[int, int, int]], i: int) -> set[int]:
    """The places of the input that place i of the output depends on, one by one."""
    places = {i}
    for kernel, stride, padding in reversed(layers):
        places = {place * stride - padding + j for place in places for j in range(kernel)}
    return places


@part(points=3)
def patches(sheet: Sheet, receptive_field: Callable, window: Callable) -> None:
    def stack() -> list[tuple[int, int, int]]:
        layers = []
        for _ in range(sheet.integer(2, 5)):
            kernel = sheet.integer(2, 5)
            layers.append((kernel, sheet.integer(1, min(kernel, 3)), sheet.integer(1, 2)))
        return [*layers, (3, 2, 1), (4, 1, 1)]  # what comes last is of stride 1, as in a PatchGAN

    def patchgan(n: int) -> list[tuple[int, int, int]]:
        return [(4, 2, 1)] * n + [(4, 1, 1)] * 2

    def side(layers: Sequence[tuple[int, int, int]]) -> int:
        places = _seen(layers, 0)
        return max(places) - min(places) + 1

    with sheet.item("the receptive field", 1):
        for layers in ([(3, 1, 0)], [(1, 1, 0)], [(3, 1, 0)] * 3, [(4, 2, 1)], patchgan(1), patchgan(3), stack(), stack()):
            came = receptive_field([(k, s) for k, s, _ in layers])
            words = ", ".join(f"({k}, {s})" for k, s, _ in layers)
            slips = [(value, text) for value, text in _field_slips(layers)]
            equal(came, side(layers), f"for the layers (kernel, stride) {words}: draw them for one dimension", slips)

    with sheet.item("the window of one logit", 1):
        for layers, i in [([(3, 1, 1)], 4), ([(4, 2, 1)], 0), ([(4, 2, 1)], 5), (patchgan(3), 7), (stack(), 3), (stack(), 11)]:
            places = _seen(layers, i)
            slips = []
            for wrong, text in (
                (
                    lambda a, b, k, s, p: (a * s, b * s + k - 1),
                    "the padding shifts the window: the first pixel has the number 0, not p",
                ),
                (
                    lambda a, b, k, s, p: (a * s + p, b * s + p + k - 1),
                    "padding stands before pixel 0: it moves the window to the left",
                ),
                (
                    lambda a, b, k, s, p: (a * s - p, b * s - p + k),
                    "the last pixel itself is wanted: a kernel at j ends at j + k - 1",
                ),
                (
                    lambda a, b, k, s, p: (a * s - p, a * s - p + k - 1),
                    "the last logit's window begins where *it* stands, not at the first",
                ),
                (lambda a, b, k, s, p: (a - p, b - p + k - 1), "the stride is missing: place j of the output stands at j s"),
                (lambda a, b, k, s, p: (a * s - p, b * s + p + k - 1), "the padding moves both ends the same way"),
            ):
                slips.append((_walk(layers, i, wrong), text))
            forwards = _walk(layers[::-1], i, lambda a, b, k, s, p: (a * s - p, b * s - p + k - 1))
            slips.append((forwards, "walk from the output back to the input: the last layer first"))
            kept = (max(min(places), 0), max(places))
            slips.append((kept, "the window may begin in the padding: leave negative numbers as they are"))
            slips.append(((max(places), min(places)), "first pixel first"))
            words = ", ".join(f"({k}, {s}, {p})" for k, s, p in layers)
            equal(
                window(list(layers), i),
                (min(places), max(places)),
                f"logit {i} of the layers (kernel, stride, padding) {words}",
                slips,
            )

    with sheet.item("neighbours and overlaps", 1):
        layers, i = stack(), sheet.integer(2, 9)
        given = list(layers)
        first, second = _ends(window(given, i)), _ends(window(given, i + 1))
        true(given == layers, "the list of layers as it was", "a list changed", "pop() and reverse() change the caller's list")
        step = 1
        for _, stride, _ in layers:
            step *= stride
        slip = "neighbouring logits stand as far apart as the product of the strides"
        equal([second[0] - first[0], second[1] - first[1]], [step, step], slip)
        field = number(receptive_field([(k, s) for k, s, _ in layers]))
        equal(first[1] - first[0] + 1, side(layers), "a window is as wide as the receptive field")
        equal(field, side(layers), "a window is as wide as the receptive field", [(v, t) for v, t in _field_slips(layers)])


def _ends(came: Any) -> tuple[float, float]:
    if type(came) not in (tuple, list) or len(came) != 2:
        raise Wrong("two numbers, the first and the last pixel", show(came))
    return number(came[0]), number(came[1])


def _walk(layers: Sequence[tuple[int, int, int]], i: int, step: Callable) -> tuple[int, int]:
    first = last = i
    for layer in reversed(layers):
        first, last = step(first, last, *layer)
    return first, last


def _field_slips(layers: Sequence[tuple[int, int, int]]) -> Iterator[tuple[int, str]]:
    """Wrong receptive fields."""
    plain = own = over = 1
    stride = 1
    for k, s, _ in layers:
        plain += k - 1
        over += k * stride
        stride *= s
        own += (k - 1) * stride
    yield plain, "the strides are missing: behind a stride of 2 each step is two pixels of the input"
    yield own, "a layer's own stride widens what comes after it: multiply by the strides *before* it"
    forwards = 1
    for k, s, _ in layers:
        forwards = (forwards - 1) * s + k
    yield forwards, "the recursion (r - 1) s + k begins at the output: take the layers from the last to the first"
    yield over, "k pixels have k - 1 steps between them"
    right = 1
    for k, s, _ in reversed(layers):
        right = (right - 1) * s + k
    yield right - 1, "begin with 1, the pixel itself"
    wide = 1
    for k, s, _ in reversed(layers):
        wide = wide * s + k
    yield wide, "r pixels have r - 1 steps between them: (r - 1) s + k"
    product = 1
    for k, _, _ in layers:
        product *= k
    yield product, "kernels do not multiply: each adds k - 1 steps"
    yield sum(k for k, _, _ in layers), "the kernels' sum: neighbouring windows overlap, and strides count"
    yield right * right, "the side of the square, not its area"
    if right != 70:
        yield 70, "70 is for the one discriminator of the paper"


# 3. The losses of pix2pix ------------------------------------------------------------------------------------------------


class _Judge(nn.Module):
    """D: pictures with up to eight channels, [N, C, H, W] -> a map of logits [N, 1, H/2, W/2]."""

    def __init__(self, sheet: Sheet, tape: Tape | None = None) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(sheet.randn(8)), nn.Parameter(sheet.randn(()))
        self.tape = Tape() if tape is None else tape

    def forward(self, x: Tensor) -> Tensor:
        self.tape.append("D")
        return F.avg_pool2d(torch.einsum("k,nkhw->nhw", self.weight[: x.shape[1]], x)[:, None], 2) + self.bias


def _d_loss(judge: Callable, a: Tensor, b: Tensor, fake: Tensor) -> Tensor:
    real, made = judge(torch.cat([a, b], 1)), judge(torch.cat([a, fake.detach()], 1))
    return (F.softplus(-real).mean() + F.softplus(made).mean()) / 2


def _g_loss(judge: Callable, a: Tensor, b: Tensor, fake: Tensor, weight: float = 3.0) -> Tensor:
    return F.softplus(-judge(torch.cat([a, fake], 1))).mean() + weight * (fake - b).abs().mean()


@part(points=4)
def losses(sheet: Sheet, discriminator_loss: Callable, generator_loss: Callable) -> None:
    judge = _Judge(sheet)
    a, b, fake = sheet.randn(3, 2, 4, 6), sheet.randn(3, 3, 4, 6), sheet.randn(3, 3, 4, 6)
    weight = 1.5 + float(sheet.rand(()))
    aside = "pictures are put side by side in the channels: dimension 1"
    pair = "a and the picture side by side in the channels"
    sp = F.softplus

    def look(*pictures: Tensor) -> Tensor:
        return judge(torch.cat(pictures, 1))

    with sheet.item("the discriminator's loss", 1):
        with _sizes(pair, aside):
            came = scalar(discriminator_loss(judge, a, b, fake), "one number: the mean over all patches of all pictures")
        real, made = look(a, b), look(a, fake)
        right = (sp(-real).mean() + sp(made).mean()) / 2
        slips = [
            (2 * right, "the one half is missing: the paper slows D down by it"),
            (-right, "the sign is turned round: a loss is minimised"),
            ((sp(real).mean() + sp(-made).mean()) / 2, "the labels are exchanged: (a, b) is real, (a, G(a)) is fake"),
            (
                (sp(-judge(b)).mean() + sp(judge(fake)).mean()) / 2,
                "D sees the pictures without a: nothing ties the output to the input",
            ),
            ((sp(-look(b, a)).mean() + sp(look(fake, a)).mean()) / 2, "the order in the channels: a first"),
            ((sp(-real).mean() + sp(look(b, fake)).mean()) / 2, "the fake's partner is the input a, not the target b"),
            ((sp(-real).mean() + sp(judge(fake)).mean()) / 2, "the fake without a: D could tell the two by that alone"),
            ((sp(-real).sum() + sp(made).sum()) / 2, "this is the sum over the patches: take the mean"),
            ((sp(-real).sum() + sp(made).sum()) / 6, "this is the sum over the patches of a picture: take their mean"),
            (sp(-real).mean() / 2, "the fakes are missing"),
            (sp(made).mean() / 2, "the real pairs are missing"),
            ((sp(-real).mean() + sp(-made).mean()) / 2, "-log D in both terms: the fake one is -log(1 - D) = softplus(l)"),
            (
                (sp(-real.mean()) + sp(made.mean())) / 2,
                "the loss of the mean logit: each patch has a loss of its own, then take the mean",
            ),
            (
                ((real - 1).square().mean() + made.square().mean()) / 2,
                "least squares is CycleGAN's choice: here it is the logarithm",
            ),
        ]
        close(came, right, slips=slips)

    with sheet.item("the generator's loss", 1):
        with _sizes(pair, aside):
            came = scalar(generator_loss(judge, a, b, fake, weight), "one number: means over patches, and over pixels")
        made, l1 = look(a, fake), (fake - b).abs()
        fooled = sp(-made).mean()
        slips = [
            (fooled + l1.mean(), "the weight of the L1 term is not used"),
            (weight * fooled + l1.mean(), "the weight belongs to the L1 term"),
            (weight * (fooled + l1.mean()), "the weight belongs to the L1 term alone"),
            (fooled + 100 * l1.mean(), "the weight is an argument: it need not be 100"),
            (fooled + weight * (fake - b).square().mean(), "this is L2, which blurs more: take the absolute value"),
            (
                fooled + weight * l1.sum(),
                "L1 summed over the pixels: take the mean, or the weight depends on the size of the picture",
            ),
            (fooled + weight * l1.sum() / 3, "L1 summed over a picture's pixels: take the mean"),
            (fooled + weight * (fake - b).mean().abs(), "absolute value first, then the mean: errors must not cancel"),
            (fooled + weight * (fake - b).mean(), "the absolute value is missing"),
            (fooled - weight * l1.mean(), "a sign: the L1 term is to become small"),
            (fooled, "the L1 term is missing"),
            (weight * l1.mean(), "the adversarial term is missing"),
            (-sp(made).mean() + weight * l1.mean(), "this is the saturating loss log(1 - D)"),
            (sp(made).mean() + weight * l1.mean(), "the fakes are labelled as fake: G wants them called real"),
            (-fooled + weight * l1.mean(), "the adversarial term's sign is turned round"),
            (sp(-look(a, b)).mean() + weight * l1.mean(), "D was shown the target: G is judged by its fake"),
            (sp(-judge(fake)).mean() + weight * l1.mean(), "D sees the fake without a"),
            (sp(-look(fake, a)).mean() + weight * l1.mean(), "the order in the channels: a first"),
            (fooled / 2 + weight * l1.mean(), "the one half is D's alone"),
            (sp(-made).sum() + weight * l1.mean(), "this is the sum over the patches: take the mean"),
            ((made - 1).square().mean() + weight * l1.mean(), "least squares is CycleGAN's choice: here it is the logarithm"),
        ]
        close(came, fooled + weight * l1.mean(), slips=slips)

    with sheet.item("where the gradients go", 1):
        held = fake.clone().requires_grad_()
        with unchanged(a=a, b=b, fake=held):
            loss = discriminator_loss(judge, a, b, held)
            generator_loss(judge, a, b, held, weight)
        slope = torch.autograd.grad(loss, [held, judge.weight], allow_unused=True) if loss.requires_grad else (None, None)
        if slope[1] is None or not slope[1].any():
            raise Wrong("a loss that D can learn from", "no gradient in D", "detach the fake, not the logits")
        expected = torch.autograd.grad(_d_loss(judge, a, b, fake), judge.weight)[0]
        slips = [
            (
                torch.autograd.grad(sp(-look(a, b)).mean() / 2, judge.weight)[0],
                "D's answer to the fake is detached: detach the fake",
            )
        ]
        close(slope[1], expected, "D's gradient", slips=slips)
        if slope[0] is not None and slope[0].any():
            raise Wrong(
                "no gradient in the fake", "a gradient from D's loss", "detach the fake: D's loss must not ask G to change"
            )

        a1, b1, fake1 = (picture[:1, :, :2, :4] for picture in (a, b, fake))  # finite differences take two calls an entry

        def wish(v: Tensor) -> Tensor:
            return generator_loss(judge, a1, b1, v, weight)

        near = fake1 + 0.2 * (fake1 - b1).sign()  # no entry within a step of the L1 term's kink
        slips = [
            (
                gradient(lambda v: weight * (v - b1).abs().mean(), near),
                "the fake is detached before D sees it: the adversarial term cannot teach G",
            ),
            (gradient(lambda v: sp(-look(a1, v)).mean(), near), "the fake is detached in the L1 term"),
        ]
        close(gradient(wish, near), finite_differences(wish, near), "the fake's gradient in G's loss", slips=slips, atol=1e-6)

    with sheet.item("large logits, and maps of any size", 1):
        lost = "the logarithm of a probability that has rounded to 0: compute the loss from the logits, by softplus"
        one = torch.zeros(1, 1, 2, 2)

        def fixed(real: float, made: float) -> Callable:
            """D that answers by the sign of the last channel."""
            return lambda x: torch.where(x[:, -1:] > 0, real, made) + 0 * x[:, -1:]

        sure = fixed(-200.0, 200.0)  # wrong about both
        came = discriminator_loss(sure, one, one + 1, one - 1)
        inf = (
            [(float("inf"), lost)]
            + [(-torch.tensor(e).log(), lost) for e in (1e-6, 1e-7, 1e-8, 1e-10, 1e-12, 1e-16)]
            + [(100.0, lost)]
        )
        close(
            came,
            200.0,
            "D's loss where its logits are -200 for the real pair and 200 for the fake",
            slips=inf,
            slip=lost,
            rtol=1e-4,
        )
        came = generator_loss(fixed(0.0, -200.0), one, one - 1, one - 1, 1.0)
        close(came, 200.0, "G's loss where D's logit for the fake is -200", slips=inf, slip=lost, rtol=1e-4)
        finite(gradient(lambda v: generator_loss(fixed(0.0, -200.0), one, one + 1, v, 1.0), one - 1), "its gradient", lost)
        flat = discriminator_loss(lambda x: x.mean((1, 2, 3)), a, b, fake)
        expected = (sp(-torch.cat([a, b], 1).mean((1, 2, 3))).mean() + sp(torch.cat([a, fake], 1).mean((1, 2, 3))).mean()) / 2
        close(flat, expected, "D's loss for a D with one logit for each picture", slip="the mean over whatever D returns")


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


def _descended(network: nn.Module, loss: Tensor, lr: float, old: float = 0.0, start: Tensor | None = None) -> Tensor:
    """The weights after a step of gradient descent on ``loss``, ``old`` being what each .grad held before."""
    slopes = torch.autograd.grad(loss, list(network.parameters()), retain_graph=True)
    return (weights(network) if start is None else start) - lr * (torch.cat([s.flatten() for s in slopes]) + old)


@part(points=3)
def step(sheet: Sheet, train_step: Callable) -> None:
    lr, stale = 0.2, 5.0
    tape = Tape()
    first_g, first_d = _Painter(sheet, tape), _Judge(sheet, tape)
    a, b = sheet.randn(3, 2, 4, 6), sheet.randn(3, 3, 4, 6)

    def play() -> tuple[Any, nn.Module, nn.Module]:
        """One step of fresh players, who hold old gradients; what came, and the players."""
        g, d = copy.deepcopy(first_g), copy.deepcopy(first_d)
        g.tape, d.tape = tape, tape
        opt_g, opt_d = MockOptimiser("G", tape, g, lr), MockOptimiser("D", tape, d, lr)
        for p in [*g.parameters(), *d.parameters()]:
            p.grad = torch.full_like(p, stale)
        tape.clear()
        try:
            came = train_step(g, d, opt_g, opt_d, a, b, _d_loss, _g_loss)
        except RuntimeError as error:
            if "inplace operation" in str(error):
                raise Wrong(
                    "the generator's loss computed with the D of now",
                    "a backward pass through weights of D that its step has overwritten",
                    "D's step comes between the generator's loss and its backward(): compute the loss after D's step",
                ) from None
            if "second time" in str(error):
                raise Wrong(
                    "one backward pass through each graph",
                    "a second one through the same graph",
                    "a graph serves one backward(): give the two losses a graph each",
                ) from None
            raise
        return came, g, d

    fake = first_g(a)
    d_loss = _d_loss(first_d, a, b, fake)
    moved = copy.deepcopy(first_d)
    torch.nn.utils.vector_to_parameters(_descended(first_d, d_loss, lr), moved.parameters())
    g_loss, early = _g_loss(moved, a, b, fake), _g_loss(first_d, a, b, fake)

    with sheet.item("the discriminator's step", 1):
        start = weights(first_d)
        both = _descended(first_d, early, lr, start=_descended(first_d, d_loss, lr))
        slips = [
            (start, "D has not moved: is opt_d.step() there, after backward()?"),
            (
                _descended(first_d, d_loss, lr, stale),
                "old gradients of the generator's step are added: opt_d.zero_grad() before backward()",
            ),
            (start - lr * stale, "the step used old gradients only: opt_d.step() comes after backward()"),
            (_descended(first_d, -d_loss, lr), "D climbs its loss"),
            (both, "the generator's loss has added its gradients to D's before opt_d.step(): D's step comes first"),
            (_descended(first_d, early, lr), "D descends the generator's loss"),
        ]
        again = _descended(moved, g_loss, lr) + weights(moved) - start  # D's own gradients are still in .grad
        slips.append((again, "opt_d steps a second time, after the generator's loss has written gradients into D"))
        _, _, d = play()
        close(weights(d), weights(moved), "D's weights afterwards", slips=slips)

    with sheet.item("the generator's step, with the D of now", 1):
        start = weights(first_g)
        slips = [
            (start, "G has not moved: was the fake detached, or made under no_grad, or is opt_g.step() missing?"),
            (
                _descended(first_g, early, lr),
                "G was judged by the D from before its step: D's step first, then the generator's loss",
            ),
            (
                _descended(first_g, g_loss, lr, stale),
                "old gradients are added to the new ones: opt_g.zero_grad() before backward()",
            ),
            (start - lr * stale, "the step used old gradients only: no new ones reached G; was the fake detached?"),
            (_descended(first_g, -g_loss, lr), "G climbs its loss"),
        ]
        _, g, _ = play()
        close(weights(g), _descended(first_g, g_loss, lr), "G's weights afterwards", slips=slips)

    with sheet.item("one fake for both", 0.5):
        _, _, d = play()
        calls = tape.count_of("G")
        true(
            calls == 1,
            "one call of the generator",
            f"{calls} ({tape})",
            "both losses are about the same fake: dropout would make another",
        )
        for name in "DG":
            steps = tape.count_of(f"step {name}")
            true(steps == 1, f"one step of opt_{name.lower()}", f"{steps} ({tape})")
        true(all(p.requires_grad for p in d.parameters()), "a D that can learn in the next round", "requires_grad left at False")

    with sheet.item("the two losses, as numbers", 0.5):
        came, _, _ = play()
        if type(came) not in (tuple, list) or len(came) != 2:
            raise Wrong("two losses (d, g)", show(came), "return both")
        for value in came:
            if isinstance(value, Tensor) and value.requires_grad:
                raise Wrong(
                    "a plain number", "a tensor with its graph", "return loss.item(), or the history keeps every graph in memory"
                )
        d, g = (number(value) for value in came)
        slips = [(torch.stack([g_loss, d_loss]), "exchanged: D's loss first")]
        slips.append((torch.stack([d_loss, early]), "G's loss with the D from before its step"))
        close(torch.tensor([d, g], dtype=torch.float64), torch.stack([d_loss, g_loss]), "(d, g)", slips=slips)


# 5. There and back -------------------------------------------------------------------------------------------------------


class _Translator(nn.Module):
    """A translator of pictures with three channels; it keeps what it was given."""

    def __init__(self, sheet: Sheet) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(sheet.randn(3, 3)), nn.Parameter(sheet.randn(3))

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(torch.einsum("ck,nkhw->nchw", self.weight, x) + self.bias[:, None, None])


@part(points=3)
def cycle(sheet: Sheet, cycle_loss: Callable, identity_loss: Callable) -> None:
    ab, ba = _Translator(sheet), _Translator(sheet)
    a, b = sheet.randn(3, 3, 4, 6), sheet.randn(3, 3, 4, 6)
    unpaired = "the sets are not paired: a picture is compared with itself, never with one of the other set"

    def gap(x: Tensor, y: Tensor) -> Tensor:
        return (x - y).abs().mean()

    def right(a: Tensor, b: Tensor, inner: Callable = lambda x: x) -> Tensor:
        return gap(ba(inner(ab(a))), a) + gap(ab(inner(ba(b))), b)

    with sheet.item("the cycle", 1):
        there, back = (ba(ab(a)) - a, ab(ba(b)) - b)
        slips = [
            (gap(ba(ab(a)), a), "the way back from B is missing: there are two cycles"),
            (gap(ab(ba(b)), b), "the way back from A is missing: there are two cycles"),
            (gap(ab(ba(a)), a) + gap(ba(ab(b)), b), "the two translators are exchanged: a picture of A goes through ab first"),
            (gap(ab(a), b) + gap(ba(b), a), unpaired),
            (gap(ba(ab(a)), b) + gap(ab(ba(b)), a), unpaired),
            (gap(ab(a), a) + gap(ba(b), b), "this is only the way there: come back before you compare"),
            (gap(ab(b), b) + gap(ba(a), a), "this is the identity loss"),
            (gap(ab(ab(a)), a) + gap(ba(ba(b)), b), "there with one translator, back with the other"),
            (there.square().mean() + back.square().mean(), "this is L2: take the absolute value"),
            (there.abs().sum() + back.abs().sum(), "this is the sum over the pixels: take the mean"),
            (right(a, b) / 2, "one half too much: the two means are added"),
            (10 * right(a, b), "lambda = 10 is multiplied outside"),
            (there.mean().abs() + back.mean().abs(), "absolute value first, then the mean: errors must not cancel"),
            (there.mean() + back.mean(), "the absolute value is missing"),
            (gap(ba(ab(a)), a) - gap(ab(ba(b)), b), "a sign: both are to become small"),
            (gap(torch.cat([ba(ab(a)), ab(ba(b))], 1), torch.cat([b, a], 1)), unpaired),
        ]
        with unchanged(a=a, b=b):
            came = cycle_loss(ab, ba, a, b)
        close(scalar(came, "one number: the mean over pictures, channels and pixels"), right(a, b), slips=slips)

    with sheet.item("the identity loss", 0.5):
        expected = gap(ab(b), b) + gap(ba(a), a)
        slips = [
            (gap(ab(a), a) + gap(ba(b), b), "ab turns A into B: it is a picture of B that it should leave alone"),
            (gap(ab(b), b), "ba has its own term"),
            (gap(ba(a), a), "ab has its own term"),
            (right(a, b), "this is the cycle loss"),
            (expected / 2, "one half too much: the two means are added"),
            (5 * expected, "the weight is multiplied outside"),
            ((ab(b) - b).square().mean() + (ba(a) - a).square().mean(), "this is L2: take the absolute value"),
            ((ab(b) - b).abs().sum() + (ba(a) - a).abs().sum(), "this is the sum over the pixels: take the mean"),
            (gap(ab(b), a) + gap(ba(a), b), unpaired),
        ]
        close(scalar(identity_loss(ab, ba, a, b), "one number"), expected, slips=slips)

    with sheet.item("sets of different sizes", 0.5):
        a2, b2 = sheet.randn(2, 3, 4, 6), sheet.randn(5, 3, 8, 4)
        slips = [
            (
                (gap(ba(ab(a2)), a2) * a2.numel() + gap(ab(ba(b2)), b2) * b2.numel()) / (a2.numel() + b2.numel()) * 2,
                "one mean over both sets together: take the mean of each",
            ),
            (
                (gap(ba(ab(a2)), a2) * a2.numel() + gap(ab(ba(b2)), b2) * b2.numel()) / a2.numel(),
                "both sums are divided by the size of a",
            ),
        ]
        with _sizes("each set by itself", unpaired):
            close(cycle_loss(ab, ba, a2, b2), right(a2, b2), "2 pictures of A, 5 larger ones of B", slips=slips)
            close(identity_loss(ab, ba, a2, b2), gap(ab(b2), b2) + gap(ba(a2), a2), "identity, 2 of A and 5 of B")

    with sheet.item("both translators learn from both cycles", 1):
        for network in (ab, ba):
            for p in network.parameters():
                p.grad = None
        loss = cycle_loss(ab, ba, a, b)
        if gradients(ab).any() or gradients(ba).any():
            raise Wrong("a loss", "gradients written already", "backward() is the caller's")
        for network, name in ((ab, "ab"), (ba, "ba")):
            pick = list(network.parameters())

            def slope(value: Tensor, pick: list[Tensor] = pick) -> Tensor:
                parts = torch.autograd.grad(value, pick, retain_graph=True, allow_unused=True)
                return torch.cat(
                    [torch.zeros_like(p).flatten() if s is None else s.flatten() for s, p in zip(parts, pick, strict=True)]
                )

            if not loss.requires_grad:
                raise Wrong("a loss with a gradient", "one without", "no_grad, detach() or item() cuts the graph")
            slips = [
                (
                    slope(right(a, b, lambda x: x.detach())),
                    "the translation is detached half-way: the first translator learns, too",
                ),
                (slope(gap(ba(ab(a)), a)), "the cycle from B is cut off"),
                (slope(gap(ab(ba(b)), b)), "the cycle from A is cut off"),
            ]
            close(slope(loss), slope(right(a, b)), f"the gradient of {name}", slips=slips)


# 6. Masks ----------------------------------------------------------------------------------------------------------------


@part(points=3)
def masks(sheet: Sheet, erase: Callable, complete: Callable, masked_loss: Callable) -> None:
    x, output = sheet.randn(3, 3, 5, 7), sheet.randn(3, 3, 5, 7)
    mask = torch.zeros(3, 1, 5, 7, dtype=torch.float64)
    mask[0, :, 1:3, 2:6], mask[1, :, 0:4, 0 : sheet.integer(3, 6)], mask[2, :, 4, 6] = 1, 1, 1  # 8, 12 to 24, 1 pixels
    keep, fill = 1 - mask, float(sheet.rand(())) + 0.5
    reverse = "the mask is 1 where a pixel is *missing*"

    with sheet.item("holes made and filled", 1):
        slips = [
            (x * mask + fill * keep, reverse),
            (x * keep, "the filler is not used"),
            (x * keep + fill, "the filler is added everywhere: only where the mask is 1"),
            (x + mask * fill, "the picture is still there under the filler: D, or G, could read it"),
            (x * mask, reverse),
        ]
        with unchanged(x=x, mask=mask):
            close(erase(x, mask, fill), x * keep + fill * mask, "erased", slips=slips)
        close(erase(x, mask), x * keep, "erased, no filler given", slip="the filler is 0 where none is given")
        slips = [
            (x * mask + output * keep, reverse),
            (x + mask * output, "what was there is still under the filling"),
            (output, "this is the whole output: outside the hole the picture is known"),
            (output * mask, "the known part of the picture is missing"),
            (output * keep + output * mask, "this is the whole output: outside the hole the picture is known"),
        ]
        with unchanged(x=x, output=output, mask=mask):
            close(complete(x, output, mask), x * keep + output * mask, "completed", slips=slips)

    with sheet.item("the loss over the hole", 1):
        square = (output - x).square()
        each = (square * mask).sum((1, 2, 3)) / (3 * mask.sum((1, 2, 3)))
        right = (square * mask).sum() / (3 * mask.sum())
        slips = [
            (square.mean(), "the mean over the whole picture: only the hole counts"),
            (
                (square * mask).mean(),
                "divided by all pixels: divide by the missing ones, or large holes count for more than small",
            ),
            ((square * mask).sum() / mask.sum(), "divided by the pixels of the hole: each has three channels"),
            ((square * mask).sum() / 3, "divided by the number of pictures or channels: divide by all missing values"),
            ((square * mask).sum(), "this is the sum: divide by the number of missing values"),
            ((square * keep).sum() / (3 * keep.sum()), reverse),
            (each.mean(), "a mean of each picture's mean: here every missing pixel of the batch counts the same"),
            (((output - x).abs() * mask).sum() / (3 * mask.sum()), "this is L1: take the square"),
            (((output - x).abs() * mask).sum().square() / (3 * mask.sum()), "square first, then the sum"),
            (right.sqrt(), "a root too much: the squared distance"),
            (-right, "a sign"),
            ((square * mask).sum(1).mean(), "divided by all pixels: divide by the missing ones"),
            (3 * right, "divided by the pixels of the hole: each has three channels"),
        ]
        with unchanged(output=output, x=x, mask=mask):
            came = masked_loss(output, x, mask)
        close(scalar(came, "one number for the batch"), right, slips=slips)
        grey, grey_output = x[:, :1], output[:, :1]
        close(
            masked_loss(grey_output, grey, mask),
            ((grey_output - grey).square() * mask).sum() / mask.sum(),
            "grey pictures",
            slip="the number of channels is that of the picture, not always 3",
        )

    with sheet.item("no hole, and no gradient from outside", 1):
        none = torch.zeros_like(mask)
        came = masked_loss(output, x, none)
        close(came, 0.0, "where nothing is missing", slip="0/0: where no pixel is missing the loss is 0")
        slope = gradient(lambda v: masked_loss(v, x, mask), output)
        wrong = gradient(lambda v: (v - x).square().mean(), output)
        slips = [(wrong, "the output outside the hole is pulled, too")]
        close(slope, 2 * (output - x) * mask / (3 * mask.sum()), "the gradient of the loss by the output", slips=slips)
        weight = sheet.randn(3, 3, 5, 7)
        slope = gradient(lambda v: (complete(x, v, mask) * weight).sum(), output)
        slips = [(weight, "D would teach G about pixels that are not its own: paste the known ones")]
        close(slope, weight * mask, "the gradient of a completed picture by the output", slips=slips)


seal(__name__)
