"""The checks of homework 5: growing and styling."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse.classroom.homework.checks import (
    Sheet,
    Wrong,
    close,
    equal,
    finite,
    finite_differences,
    gradient,
    number,
    on_meta,
    part,
    seal,
    shape,
    show,
    tensor,
    unchanged,
)

# 1. Equalised layers -----------------------------------------------------------------------------------------------------


@part(points=4)
def equalised(sheet: Sheet, he_constant: Callable, equalised_conv: Callable, equalised_linear: Callable) -> None:
    with sheet.item("He's constant", 1):
        for n_out, n_in, kernel in (
            (sheet.integer(2, 5), sheet.integer(6, 9), ()),
            (7, sheet.integer(3, 6), (3, 3)),
            (4, 9, (1, 1)),
        ):
            for gain in (1.0, math.sqrt(2), 3.0):
                fan_in = n_in * math.prod(kernel)
                slips = [
                    (gain / math.sqrt(n_out * math.prod(kernel)), "this is the fan-out: one output sums over the *inputs*"),
                    (gain / math.sqrt(n_in), "one output of a convolution sums over the kernel's places, too"),
                    (gain / math.sqrt(n_in * 3), "one output of a convolution sums over k times k places of the kernel"),
                    (gain / fan_in, "the root of the fan-in is missing"),
                    (gain**2 / fan_in, "this is the variance c^2: c is its root"),
                    (math.sqrt(gain / fan_in), "the gain does not belong under the root"),
                    (math.sqrt(fan_in) / gain, "upside down"),
                    (1 / math.sqrt(fan_in), "the gain is not used"),
                    (math.sqrt(2 / fan_in), "the gain is an argument: sqrt(2) is its default"),
                    (gain / math.sqrt(n_out * fan_in), "n_out is not part of the fan-in: one output sums over shape[1:]"),
                    (
                        gain / math.sqrt(fan_in + n_out * math.prod(kernel)),
                        "this is Glorot's constant: He takes the fan-in alone",
                    ),
                ]
                what = f"c for weights {[n_out, n_in, *kernel]} and gain {gain:.3g}"
                close(number(he_constant((n_out, n_in, *kernel), gain)), gain / math.sqrt(fan_in), what, slips=slips)
        close(number(he_constant((5, 8))), 0.5, "c for weights [5, 8] and the gain's default")
        _accepts_size(he_constant)

    with sheet.item("the convolution", 1):
        for kernel in (3, 1):
            x, w, b = sheet.randn(2, 4, 5, 6), sheet.randn(3, 4, kernel, kernel), sheet.randn(3)
            c, pad = 1.7 / math.sqrt(4 * kernel**2), kernel // 2
            plain = F.conv2d(x, w, padding=pad)
            bias = b[:, None, None]
            slips = [
                (
                    c * (plain + bias),
                    "c scales the weights, and the bias too: add the bias after c (a well-known public code has this)",
                ),
                (plain + bias, "the weights are used as they are stored: where is c?"),
                (c * plain, "the bias is missing"),
                (F.conv2d(c * x, c * w, b, padding=pad), "c comes in twice"),
                (math.sqrt(2) / 1.7 * c * plain + bias, "the gain is an argument"),
                (plain / c + bias, "divided by c: multiply"),
                (1.7 / math.sqrt(3 * kernel**2) * plain + bias, "c of the fan-out: one output sums over the inputs"),
                (1.7 / math.sqrt(4) * plain + bias, "c forgets the kernel: one output sums over its places, too"),
            ]
            came = shape(equalised_conv(x, w, b, 1.7), [2, 3, 5, 6], "the convolution keeps the size: padding is k // 2")
            close(came, c * plain + bias, f"a {kernel} x {kernel} convolution with gain 1.7", slips=slips)

    with sheet.item("the linear layer and its multiplier", 1):
        x, w, b = sheet.randn(5, 6), sheet.randn(3, 6), sheet.randn(3)
        c, m = 1.3 / math.sqrt(6), 0.01
        plain = x @ w.T
        close(
            equalised_linear(x, w, b),
            plain / math.sqrt(6) + b,
            "with gain 1 and multiplier 1",
            slips=[(plain * math.sqrt(2 / 6) + b, "the linear layer's gain is 1 by default")],
        )
        slips = [
            (m * c * plain + b, "the bias is stored 1/m times too large, too: m multiplies it as well"),
            (c * plain + b, "the multiplier is not used"),
            (c * plain + m * b, "m multiplies the weights, too"),
            (m * c * (plain + b), "c multiplies the bias: it belongs to the weights alone"),
            (c / m * plain + b / m, "divided by m: the *stored* weights are 1/m times larger, the layer multiplies by m"),
            (c / m * plain + b, "divided by m: the *stored* weights are 1/m times larger, the layer multiplies by m"),
            (m * plain + m * b, "where is c?"),
            (m / math.sqrt(6) * plain + m * b, "the gain is an argument"),
            (m * c * plain, "the bias is missing"),
        ]
        close(equalised_linear(x, w, b, 1.3, m), m * (c * plain + b), "with gain 1.3 and multiplier 0.01", slips=slips)

    with sheet.item("what is stored stays as it is, and learns", 1):
        stored = "the stored weights were overwritten: they are multiplied again at the next call. Scale a copy, c * weight"
        for layer, x, w in (
            (equalised_conv, sheet.randn(2, 4, 5, 5), sheet.randn(3, 4, 3, 3)),
            (equalised_linear, sheet.randn(2, 4), sheet.randn(3, 4)),
        ):
            b, old = sheet.randn(3), w.clone()
            with unchanged(x=x, bias=b):
                first, second = (tensor(layer(x, w, b, 1.5)).detach().clone() for _ in range(2))
            close(w, old, "the weights afterwards", slip=stored)
            close(second, first, "the second call with the same weights", slip=stored)
            slope = gradient(
                lambda v, f=layer, x=x, b=b: f(x, v, b, 1.5).square().sum(), w, "no gradient reaches W: was it detached?"
            )
            expected = finite_differences(lambda v, f=layer, x=x, b=b: f(x, v, b, 1.5).square().sum(), w)
            close(slope, expected, "the gradient in the stored weights, by finite differences", atol=1e-5, rtol=1e-4)
            close(
                gradient(lambda v, f=layer, x=x, w=w: f(x, w, v, 1.5).sum(), b),
                _bias_slope(x),
                "the gradient in the bias",
                slip="no constant multiplies the bias here",
            )


def _bias_slope(x: Tensor) -> Tensor:
    """d sum(y) / db: every sample and place counts once."""
    return torch.full((3,), float(x.numel() // x.shape[1]), dtype=torch.float64)


def _accepts_size(he_constant: Callable) -> None:
    """A weight's own shape is as good as a tuple."""
    close(
        number(he_constant(torch.zeros(2, 3, 5, 5).shape, 2.0)), 2 / math.sqrt(75), "c for weight.shape [2, 3, 5, 5] and gain 2"
    )


# 2. Pixels and batches ---------------------------------------------------------------------------------------------------


def _pixel_norm(sheet: Sheet, pixel_norm: Callable) -> None:
    with sheet.item("pixel normalisation", 1):
        x = 2 * sheet.randn(3, 4, 5, 2) + 0.7
        square = x.square()
        slips = [
            (
                x / square.mean((1, 2, 3), keepdim=True).sqrt(),
                "the mean runs over the places as well: each place by itself, dim 1 only",
            ),
            (
                x / square.mean((2, 3), keepdim=True).sqrt(),
                "the mean runs over the places: this is instance normalisation; take dim 1",
            ),
            (x / square.mean(-1, keepdim=True).sqrt(), "the mean runs over the columns: the channels are dim 1"),
            (x / square.mean(0, keepdim=True).sqrt(), "the mean runs over the batch: the channels are dim 1"),
            (
                x / square.sum(1, keepdim=True).sqrt(),
                "this makes the length 1: divide by the root of the *mean* square, as sqrt(C) is missing",
            ),
            (x / square.mean(1, keepdim=True), "the root is missing"),
            (x * square.mean(1, keepdim=True).sqrt(), "multiplied: divide"),
            (
                (x - x.mean(1, keepdim=True)) / x.var(1, keepdim=True, unbiased=False).sqrt(),
                "a mean is subtracted: that is layer normalisation",
            ),
            (x / x.std(1, keepdim=True), "the standard deviation subtracts a mean: take the mean of the squares"),
            (
                x / x.var(1, keepdim=True, unbiased=False).sqrt(),
                "the standard deviation subtracts a mean: take the mean of the squares",
            ),
            (
                F.layer_norm(x.movedim(1, -1), (4,)).movedim(-1, 1),
                "a mean is subtracted: that is layer normalisation",
            ),
            (x / x.abs().mean(1, keepdim=True), "the mean of absolute values: take squares, and the root of their mean"),
            (x / x.mean(1, keepdim=True), "a plain mean: take squares, and the root of their mean"),
        ]
        expected = x / square.mean(1, keepdim=True).sqrt()
        with unchanged(x=x):
            came = pixel_norm(x)
        close(came, expected, slips=slips)
        z = sheet.randn(5, 8)
        close(pixel_norm(z), z / z.square().mean(1, keepdim=True).sqrt(), "latents [N, C]")


def _where_all_is_zero(sheet: Sheet, pixel_norm: Callable) -> None:
    with sheet.item("where all channels are 0", 0.5):
        zeros = torch.zeros(2, 3, 2, 2, dtype=torch.float64)
        said = "0/0: eps belongs under the root"
        close(pixel_norm(zeros), zeros, "zeros", slip=said)
        finite(gradient(lambda v: pixel_norm(v).sum(), zeros), "the gradient at zeros", said)
        at = torch.full((1, 2, 1, 1), 1e-4, dtype=torch.float64)
        close(
            pixel_norm(at),
            at / math.sqrt(2e-8),
            "two channels of 1e-4",
            slip="eps = 1e-8 is added to the mean square, under the root",
        )


def _one_group(sheet: Sheet, minibatch_std: Callable) -> None:
    with sheet.item("the spread of a batch, in one group", 1):
        x = sheet.randn(6, 3, 4, 5) * (1 + 2 * sheet.rand(1, 3, 4, 5))
        with unchanged(x=x):
            minibatch_std(x, 6)
        out = shape(
            minibatch_std(x, 6),
            [6, 4, 4, 5],
            slips={
                (6, 3, 4, 5): "nothing was appended: one map more than came in",
                (6, 6, 4, 5): "one map for each channel: the mean over c, h and w is one number",
                (7, 3, 4, 5): "appended to the batch: the channels are dim 1",
            },
        )
        close(out[:, :3], x, "the first maps", slip="the features come first and unchanged, the new map behind them")
        variance, unbiased = x.var(0, unbiased=False), x.var(0)

        def everywhere(s: Any) -> Tensor:
            return torch.as_tensor(s, dtype=torch.float64).expand(6, 4, 5)

        slips = [
            (everywhere(unbiased.sqrt().mean()), "divided by G - 1: the variance here is the mean of the squares, over G"),
            (everywhere(variance.mean()), "the root is missing: the *standard deviation*, then the mean"),
            (everywhere(variance.mean().sqrt()), "the mean before the root: the root of each place's variance, then the mean"),
            (everywhere(unbiased.mean().sqrt()), "the mean before the root, and G - 1"),
            (everywhere(x.std()), "one deviation over everything: over the samples of the group at each place, then the mean"),
            (
                everywhere(x.std(unbiased=False)),
                "one deviation over everything: over the samples of the group at each place, then the mean",
            ),
            (
                everywhere(x.std((1, 2, 3), unbiased=False).mean()),
                "the deviation within each sample: it runs over the samples of the group, dim 0",
            ),
            (
                x.std((1, 2, 3), unbiased=False)[:, None, None].expand(6, 4, 5),
                "the deviation within each sample: it runs over the samples of the group",
            ),
            (x.std(1, unbiased=False), "the deviation over the channels: it runs over the samples of the group"),
            (variance.sqrt().mean(0).expand(6, 4, 5), "the mean over the channels only: over h and w, too"),
            (everywhere(variance.sqrt().sum()), "a sum over c, h, w: take the mean"),
            (
                everywhere(x.mean(0).std(unbiased=False)),
                "the deviation of the mean image: first the deviation of the samples, then the mean",
            ),
            (everywhere(x.square().mean(0).sqrt().mean()), "the group's mean is not subtracted"),
        ]
        close(out[:, 3], everywhere((variance + 1e-8).sqrt().mean()), "the new map", slips=slips)


def _several_groups(sheet: Sheet, minibatch_std: Callable) -> None:
    with sheet.item("several groups", 1):
        x = sheet.randn(6, 2, 3, 3) * torch.tensor([1, 5, 2, 9, 3, 4.0]).double()[:, None, None, None]
        for size in (2, 3):
            m = 6 // size
            right = [x[i % m :: m].std(0, unbiased=False).mean() for i in range(6)]
            neighbours = [x[i // size * size : i // size * size + size].std(0, unbiased=False).mean() for i in range(6)]
            swapped = [x[i % size :: size].std(0, unbiased=False).mean() for i in range(6)]
            each = [right[i // size] for i in range(6)]  # the right numbers handed to the wrong samples
            slips = [
                (
                    torch.stack(neighbours),
                    "groups of neighbours: sample i belongs to group i mod M, so a group is i, i + M, i + 2M, ...",
                ),
                (
                    torch.stack(each),
                    "the numbers go to the wrong samples: sample i's is that of group i mod M (repeat, not repeat_interleave)",
                ),
                (
                    torch.stack([neighbours[i % m * size] for i in range(6)]),
                    "groups of neighbours, and their numbers go to other samples",
                ),
                (torch.stack(swapped), "G and M are exchanged: groups of G samples, M = N/G of them"),
                (x.std(0, unbiased=False).mean().expand(6), "one number for the whole batch: each group has its own"),
                (torch.stack(right).mean().expand(6), "the mean over the groups: each group has its own number"),
            ]
            out = shape(minibatch_std(x, size), [6, 3, 3, 3])
            close(out[:, 2, 0, 0], torch.stack(right), f"six samples in groups of {size}", slips=slips)
        on_meta(lambda v: minibatch_std(v, 2), torch.zeros(4, 3, 2, 2))


def _collapsed(sheet: Sheet, minibatch_std: Callable) -> None:
    with sheet.item("a collapsed batch", 0.5):
        same = sheet.randn(1, 2, 3, 3).expand(4, 2, 3, 3).clone()
        close(
            shape(minibatch_std(same, 4), [4, 3, 3, 3])[:, 2],
            torch.full((4, 3, 3), 1e-4),
            "the new map of four equal samples",
            slips=[
                (torch.full((4, 3, 3), 1e-8), "eps is added after the root: put it under it"),
                (torch.zeros(4, 3, 3), "where is eps?"),
            ],
            rtol=1e-3,
            atol=1e-9,
        )
        under = "the root's slope at 0 is infinite: eps = 1e-8 belongs under the root"
        finite(gradient(lambda v: minibatch_std(v, 4)[:, 2].sum(), same), "the gradient for four equal samples", under)
        x = sheet.randn(4, 2, 2, 2)
        close(
            gradient(
                lambda v: minibatch_std(v, 2)[:, 2].square().sum(), x, "no gradient reaches the features: was the map detached?"
            ),
            finite_differences(lambda v: minibatch_std(v, 2)[:, 2].square().sum(), x),
            "the gradient by finite differences",
            slips=[(torch.zeros_like(x), "no gradient reaches the features through the map: was it detached?")],
            atol=1e-6,
        )


@part(points=4)
def batch(sheet: Sheet, pixel_norm: Callable, minibatch_std: Callable) -> None:
    _pixel_norm(sheet, pixel_norm)
    _where_all_is_zero(sheet, pixel_norm)
    _one_group(sheet, minibatch_std)
    _several_groups(sheet, minibatch_std)
    _collapsed(sheet, minibatch_std)


# 3. Fading in ------------------------------------------------------------------------------------------------------------


def _double(x: Tensor) -> Tensor:
    return x.repeat_interleave(2, 2).repeat_interleave(2, 3)


@part(points=4)
def fading(sheet: Sheet, fade_in: Callable, fade_real: Callable, stage: Callable) -> None:
    older, newer = sheet.randn(2, 3, 2, 4), sheet.randn(2, 3, 4, 8)

    with sheet.item("fading an image in", 1):
        with unchanged(older=older, newer=newer):
            fade_in(older, newer, 0.5)
        up = _double(older)
        smooth = F.interpolate(older, scale_factor=2, mode="bilinear")
        for alpha in (0.3, 1.0, 0.0):
            right = (1 - alpha) * up + alpha * newer
            slips = [
                (
                    alpha * up + (1 - alpha) * newer,
                    "alpha turned round: 1 is all new here (a well-known public code has it the other way)",
                ),
                ((1 - alpha) * smooth + alpha * newer, "smooth doubling: every pixel is repeated 2 x 2 times, mode='nearest'"),
                (
                    (1 - alpha) * F.interpolate(older, scale_factor=2, mode="bilinear", align_corners=True) + alpha * newer,
                    "smooth doubling: every pixel is repeated 2 x 2 times",
                ),
                (
                    (1 - alpha) * older.repeat(1, 1, 2, 2) + alpha * newer,
                    "the *image* is repeated like tiles: repeat each pixel (repeat_interleave, or interpolate)",
                ),
                (up + alpha * newer, "the older image is not faded out: (1 - alpha)"),
                (up + newer, "where is alpha?"),
                (newer, "where is the older image?"),
                (torch.tanh(right), "a tanh that nobody asked for"),
                ((right) / 2, "one half too much"),
            ]
            close(fade_in(older, newer, alpha), right, f"alpha = {alpha}", slips=slips)

    with sheet.item("alpha as a tensor, gradients to both paths", 0.5):
        alpha = torch.tensor(0.25, dtype=torch.float64)
        close(fade_in(older, newer, alpha), 0.75 * _double(older) + 0.25 * newer, "alpha = 0.25, in a tensor")
        none = "no gradient reaches that path: it must learn while it fades"
        close(
            gradient(lambda v: fade_in(v, newer, 0.25).sum(), older, none),
            torch.full_like(older, 3.0),
            "the slopes in the older image",
        )
        close(
            gradient(lambda v: fade_in(older, v, 0.25).sum(), newer, none),
            torch.full_like(newer, 0.25),
            "the slopes in the newer image",
        )

    with sheet.item("fading real images", 1):
        x = sheet.randn(2, 3, 4, 6)
        with unchanged(real=x):
            fade_real(x, 0.5)
        half = x.unflatten(2, (2, 2)).unflatten(4, (3, 2)).mean((3, 5))
        strided = x[:, :, ::2, ::2]
        for alpha in (0.3, 1.0, 0.0):
            right = (1 - alpha) * _double(half) + alpha * x
            slips = [
                (x, "the real images must fade, too, or D knows the fakes by their missing detail"),
                (alpha * _double(half) + (1 - alpha) * x, "alpha turned round: at 1 the image is as it was"),
                ((1 - alpha) * _double(strided) + alpha * x, "every second pixel: halve by the mean of each 2 x 2 square"),
                ((1 - alpha) * _double(F.max_pool2d(x, 2)) + alpha * x, "the largest of each square: take its mean"),
                (
                    (1 - alpha) * F.interpolate(half, scale_factor=2, mode="bilinear") + alpha * x,
                    "smooth doubling: the same doubling as for the fakes",
                ),
                (_double(half), "this is alpha = 0: where are alpha and the image itself?"),
                (alpha * x, "the fading image is darkened: where is its halved and doubled copy?"),
            ]
            said = {
                (2, 3, 2, 3): "half the side came out: double it again, D takes images of the new side",
                (2, 3, 8, 12): "the side was doubled: halve first",
            }
            came = shape(fade_real(x, alpha), x.shape, slips=said)
            close(came, right, f"alpha = {alpha}", slips=slips)

    with sheet.item("the timetable", 1.5):
        fade, stable, last = sheet.integer(3, 5), sheet.integer(2, 6), sheet.integer(2, 3)
        end = stable + last * (fade + stable)
        for step in (0, stable - 1):
            _stage(stage, step, fade, stable, last, "level 0 has no fade: alpha is 1 from the start")
        for step in range(end):
            _stage(stage, step, fade, stable, last)
        for step in (end, end + 1, end + 10 * (fade + stable)):
            _stage(stage, step, fade, stable, last, "after the last level's steps: the last level and alpha = 1, for ever")
        for step in range(8):
            _stage(stage, step, 0, 2, 2, "fade = 0: each level begins at once with alpha = 1")
        for step in range(4):
            _stage(stage, step, 3, 4, 0, "last = 0: nothing grows")


def _timetable(fade: int, stable: int, last: int) -> list[tuple[int, float]]:
    """One entry for each step, written out."""
    table = [(0, 1.0)] * stable
    for level in range(1, last + 1):
        table += [(level, i / (fade + 1)) for i in range(1, fade + 1)] + [(level, 1.0)] * stable
    return table


def _stage(stage: Callable, step: int, fade: int, stable: int, last: int, said: str = "") -> None:
    """(level, alpha) at one step against the timetable that is written out."""
    table = _timetable(fade, stable, last)
    level, alpha = table[step] if step < len(table) else (last, 1.0)
    came = stage(step, fade, stable, last)
    if type(came) not in (tuple, list) or len(came) != 2:
        raise Wrong("a pair (level, alpha)", show(came))
    what = f"step {step} with fade = {fade}, stable = {stable}, last = {last}"
    got = number(came[0], "the level as a number")
    if type(came[0]) is not int and got != level:
        raise Wrong(f"level {level} at {what}", show(came[0]), "the level is a whole number: divide with // or divmod")
    if got != level:
        period = fade + stable
        wrong = {
            (step - stable) // period: "level 0 lasts `stable` steps, as it has no fade; the next steps are level 1, and so on",
            step // period: "level 0 lasts `stable` steps, as it has no fade; the next steps are level 1, and so on",
            last + 1: "the level must not go beyond the last one",
        }
        raise Wrong(f"level {level} at {what}", f"level {show(came[0])}", said or wrong.get(int(got), ""))
    i = (step - stable) % (fade + stable) + 1 if step >= stable else 0
    slips = [
        ((i - 1) / (fade + 1), "off by one: the first step of a fade is i = 1"),
        (i / fade if fade else 1.0, "i / F reaches 1 in the last step of the fade: i / (F + 1)"),
        ((i - 1) / fade if fade else 1.0, "(i - 1) / F is 0 in the first step of the fade: i / (F + 1)"),
        ((i + 1) / (fade + 1), "off by one: the first step of a fade is i = 1"),
        (1 - i / (fade + 1), "alpha falls: it rises, 1 is all new"),
        (i / (fade + stable), "alpha rises over fade + stable steps: it rises over fade"),
        (i / (fade + stable + 1), "alpha rises over fade + stable steps: it rises over fade"),
        (i / (fade + 1) if i > fade else 2.0, "alpha stops at 1"),
    ]
    close(number(came[1], "alpha as a number"), alpha, f"alpha at {what}", slips=slips, slip=said)


# 4. Modulation and demodulation ------------------------------------------------------------------------------------------


def _modulated(sheet: Sheet, square: Tensor, style: Tensor, oblong: Tensor, wide: Tensor, modulated_weights: Callable) -> None:
    with sheet.item("modulation", 1):
        with unchanged(weight=square, style=style):
            modulated_weights(square, style, False), modulated_weights(square, style)
        for weight, s in ((square, style), (oblong, wide)):
            n, o, i = len(s), *weight.shape[:2]
            right = torch.einsum("ni,oikl->noikl", s, weight)
            slips = [
                (
                    lambda w=weight, s=s: w[None] * s[:, :, None, None, None],
                    "the style scales the *output* channels: input channels are the second axis of the weights",
                ),
                ((1 + s)[:, None, :, None, None] * weight, "1 + s: the ones are in the affine layer's bias already"),
                (weight[None].expand(n, o, i, 3, 3), "the style is not used"),
                (weight / s[:, None, :, None, None], "divided by the style: multiply"),
                (
                    weight * s.mean(0)[:, None, None] * torch.ones(n, 1, 1, 1, 1),
                    "one style for all: each sample has its own weights",
                ),
                (right / (right.square().sum((2, 3, 4), keepdim=True) + 1e-8).sqrt(), "demodulate=False is not looked at"),
            ]
            came = shape(
                modulated_weights(weight, s, False),
                [n, o, i, 3, 3],
                slips={(o, i, 3, 3): "one set of weights: each sample has its own, [N, O, I, k, k]"},
            )
            close(came, right, f"weights {[o, i, 3, 3]}, {n} styles, no demodulation", slips=slips)


def _demodulated(sheet: Sheet, modulated_weights: Callable, oblong: Tensor, square: Tensor, style: Tensor, wide: Tensor) -> None:
    with sheet.item("demodulation", 1):
        for weight, s in ((square, style), (oblong, wide)):
            scaled = torch.einsum("ni,oikl->noikl", s, weight)
            energy = scaled.square()

            def over(*axes: int, e: Tensor = energy, w: Tensor = scaled) -> Tensor:
                return w / e.sum(axes, keepdim=True).sqrt()

            slips = [
                (scaled, "not demodulated"),
                (
                    over(1, 2, 3, 4),
                    "one length for all outputs: each *output* channel is divided by its own, so the sum leaves axis 1 alone",
                ),
                (over(1, 3, 4), "the sum runs over the outputs: it runs over the inputs i and the places k"),
                (over(1), "the sum runs over the outputs: it runs over the inputs i and the places k"),
                (over(2), "the sum runs over the inputs only: over the kernel's places, too"),
                (over(3, 4), "the sum runs over the kernel's places only: over the inputs, too"),
                (over(0, 2, 3, 4), "the sum runs over the samples, too: each has its own weights"),
                (scaled / energy.mean((2, 3, 4), keepdim=True).sqrt(), "the mean of the squares: take their sum"),
                (scaled / energy.sum((2, 3, 4), keepdim=True), "the root is missing"),
                (scaled / scaled.abs().sum((2, 3, 4), keepdim=True), "the sum of absolute values: take squares, and the root"),
                (scaled * energy.sum((2, 3, 4), keepdim=True).sqrt(), "multiplied by the length: divide"),
                (
                    scaled / weight.square().sum((1, 2, 3)).sqrt()[None, :, None, None, None],
                    "the length of the weights *before* the style: take w', the modulated ones",
                ),
                (
                    weight[None] / energy.sum((2, 3, 4), keepdim=True).sqrt(),
                    "w' is divided by its length: here it is w, and the style is lost",
                ),
                (
                    (scaled - scaled.mean((2, 3, 4), keepdim=True)) / energy.sum((2, 3, 4), keepdim=True).sqrt(),
                    "no mean is subtracted",
                ),
                (scaled / scaled.std((2, 3, 4), keepdim=True), "the standard deviation: no mean is subtracted, no mean taken"),
            ]
            came = shape(modulated_weights(weight, s), scaled.shape)
            close(
                came, scaled / (energy.sum((2, 3, 4), keepdim=True) + 1e-8).sqrt(), f"weights {list(weight.shape)}", slips=slips
            )
        twice = modulated_weights(oblong, 7 * wide)
        close(
            twice,
            modulated_weights(oblong, wide),
            "styles seven times as large",
            rtol=1e-4,
            slip="demodulation takes out a common factor",
        )
        nothing = torch.zeros(1, 2, dtype=torch.float64)
        close(
            modulated_weights(oblong, nothing),
            torch.zeros(1, 4, 2, 3, 3),
            "a style of zeros",
            slip="0/0: eps belongs under the root",
        )
        tiny = torch.full((1, 2), 1e-4, dtype=torch.float64)
        close(
            modulated_weights(oblong, tiny),
            1e-4 * oblong[None] / (1e-8 * oblong.square().sum((1, 2, 3)) + 1e-8).sqrt()[None, :, None, None, None],
            "a style of 1e-4",
            slip="eps = 1e-8 is added to the sum of squares, under the root",
        )


def _own_weights(sheet: Sheet, square: Tensor, style: Tensor, oblong: Tensor, wide: Tensor, modulated_conv: Callable) -> None:
    with sheet.item("every sample with its own weights", 1.5):
        for weight, s, demodulate in (
            (square, style, False),
            (square, style, True),
            (oblong, wide, True),
            (oblong[:, :, 1:2, 1:2], wide, True),
        ):
            k = weight.shape[2]
            x = sheet.randn(len(s), weight.shape[1], 5, 4)
            with unchanged(x=x, weight=weight, style=s):
                modulated_conv(x, weight, s, demodulate)
            _convolution(modulated_conv, x, weight, s, demodulate, k)


def _slopes(sheet: Sheet, modulated_conv: Callable) -> None:
    with sheet.item("gradients reach input, weights and style", 0.5):
        x = sheet.randn(2, 2, 3, 3)
        style, weight = sheet.randn(2, 2) + 1, sheet.randn(2, 2, 3, 3)
        mark = sheet.randn(2, 2, 3, 3)
        lost = "no gradient reaches it: was something detached, or computed without a graph?"
        for name, at, f in (
            ("the input", x, lambda v: (modulated_conv(v, weight, style) * mark).sum()),
            ("the style", style, lambda v: (modulated_conv(x, weight, v) * mark).sum()),
            ("the weights", weight, lambda v: (modulated_conv(x, v, style) * mark).sum()),
        ):
            said = "the denominator depends on the style and on the weights, too: do not detach it"
            close(
                gradient(f, at, lost),
                finite_differences(f, at),
                f"the slopes in {name}, by finite differences",
                slip=said,
                atol=1e-6,
            )


@part(points=4)
def modulation(sheet: Sheet, modulated_weights: Callable, modulated_conv: Callable) -> None:
    square, style = sheet.randn(3, 3, 3, 3), sheet.randn(2, 3) + 1
    oblong, wide = sheet.randn(4, 2, 3, 3), sheet.randn(5, 2) + 1
    _modulated(sheet, square, style, oblong, wide, modulated_weights)
    _demodulated(sheet, modulated_weights, oblong, square, style, wide)
    _own_weights(sheet, square, style, oblong, wide, modulated_conv)
    _slopes(sheet, modulated_conv)


def _convolution(modulated_conv: Callable, x: Tensor, weight: Tensor, style: Tensor, demodulate: bool, k: int) -> None:
    n, o = len(x), weight.shape[0]
    w = torch.einsum("ni,oikl->noikl", style, weight)
    length = (w.square().sum((2, 3, 4)) + 1e-8).sqrt()  # [N, O]

    def each(weights: Tensor, x: Tensor = x) -> Tensor:
        return torch.cat([F.conv2d(x[i : i + 1], weights[i], padding=k // 2) for i in range(n)])

    plain = each(w)
    own = w / length[:, :, None, None, None]
    right = each(own) if demodulate else plain
    statistics = plain / plain.std((2, 3), keepdim=True, unbiased=False)
    flat = torch.cat([F.conv2d(x[i : i + 1], own.flip(3, 4)[i], padding=k // 2) for i in range(n)])
    slips = [
        (each(own), "demodulate=False is not looked at") if not demodulate else (plain, "not demodulated"),
        (each(own[:1].expand_as(own)), "all samples meet the first one's weights"),
        (each(w[:1].expand_as(w)), "all samples meet the first one's weights"),
        (each(own.roll(1, 0)), "samples and weights do not belong together"),
        (F.conv2d(x, weight, padding=k // 2), "the style is not used"),
        (
            lambda: F.conv2d(x, weight, padding=k // 2) * style[:, :, None, None],
            "the style scales the *outputs*: it belongs to the inputs",
        ),
        (
            plain / weight.square().sum((1, 2, 3)).sqrt()[:, None, None],
            "the denominator is of the unmodulated weights: the style belongs under the root, too",
        ),
        (plain / length.square()[:, :, None, None], "the root is missing in the denominator"),
        (plain * length[:, :, None, None], "multiplied by the length: divide"),
        (
            statistics,
            "divided by the outputs' own deviation: that is StyleGAN's instance normalisation; demodulate by weights only",
        ),
        (F.instance_norm(plain), "instance normalisation: demodulation looks at the weights only"),
        (
            lambda: plain / (style @ weight.square().sum((2, 3)).T).abs().sqrt()[:, :, None, None],
            "the style is squared in the denominator, as the weights are",
        ),
        (flat, "the kernel is upside down"),
    ]
    said = {
        tuple([n, o, x.shape[2] - k + 1, x.shape[3] - k + 1]): "padding k // 2 keeps the size",
        (1, n * o, *x.shape[2:]): "with groups=N the samples are side by side in the channels: put them back",
    }
    came = shape(modulated_conv(x, weight, style, demodulate), [n, o, *x.shape[2:]], slips=said)
    what = f"{n} samples, weights {list(weight.shape)}, demodulate={demodulate}"
    close(came, right, what, slips=slips)


# 5. Truncation -----------------------------------------------------------------------------------------------------------


@part(points=2)
def truncation(sheet: Sheet, running_mean: Callable, truncate: Callable) -> None:
    with sheet.item("the running mean", 0.75):
        average, w = sheet.randn(4), sheet.randn(6, 4) + 1
        for beta in (0.998, 0.7):
            mean = w.mean(0)
            slips = [
                ((1 - beta) * average + beta * mean, "beta turned round: the old mean keeps most of its weight"),
                (beta * average + (1 - beta) * w, "the mean over the batch is missing"),
                (beta * average + (1 - beta) * w.sum(0), "the sum over the batch: take the mean"),
                (beta * average + (1 - beta) * w[0], "the first w only: take the mean over the batch"),
                (beta * average + (1 - beta) * w.mean(), "one number for all: the mean runs over the batch only"),
                (mean, "the mean of this batch alone: the old one keeps most of its weight"),
                (beta * average + mean, "the batch's mean counts 1 - beta"),
                (average + (1 - beta) * mean, "the old mean counts beta"),
                (0.998 * average + 0.002 * mean, "beta is an argument"),
            ]
            with unchanged(average=average, w=w):
                came = shape(running_mean(average, w, beta), [4], slips={(6, 4): "the mean over the batch is missing"})
            close(came, beta * average + (1 - beta) * mean, f"beta = {beta}", slips=slips)
        asking = w.clone().requires_grad_()
        if tensor(running_mean(average, asking)).requires_grad:
            raise Wrong(
                "a tensor without a graph",
                "one that remembers how it came about",
                "detach w: the running mean would keep the graphs of all steps",
            )

    with sheet.item("truncation", 0.75):
        ws, average = sheet.randn(3, 5, 4), 2 * sheet.randn(4)
        for psi in (0.7, 0.0, 1.0, -0.5, 1.4):
            right = average + psi * (ws - average)
            slips = [
                (ws + psi * (average - ws), "psi turned round: psi = 1 leaves w as it is, psi = 0 is the mean"),
                (psi * ws, "this pulls towards 0: pull towards the running mean"),
                (psi * (ws - average), "the mean is not added again"),
                (average + psi * ws, "the difference to the mean is what psi scales"),
                (
                    ws.mean(0) + psi * (ws - ws.mean(0)),
                    "this is the batch's own mean: pull towards the running mean, or the face depends on its neighbours",
                ),
                (ws.mean((0, 1)) + psi * (ws - ws.mean((0, 1))), "this is the batch's own mean: pull towards the running mean"),
                (
                    ws.mean(2, keepdim=True) + psi * (ws - ws.mean(2, keepdim=True)),
                    "this is the mean over w's entries: pull towards the running mean",
                ),
                (ws.clamp(-abs(psi), abs(psi)), "this clips: BigGAN's truncation works in z; here w is pulled towards the mean"),
                (average + max(0.0, min(1.0, psi)) * (ws - average), "psi may lie outside 0 and 1: that is how to exaggerate"),
            ]
            with unchanged(ws=ws, average=average):
                came = shape(truncate(ws, average, psi), ws.shape)
            close(came, right, f"psi = {psi}", slips=slips)

    with sheet.item("in the first layers only", 0.5):
        for layers in (2, 4, 5, 0):
            pulled = average + 0.3 * (ws - average)
            right = torch.cat([pulled[:, :layers], ws[:, layers:]], 1)
            slips = [
                (pulled, "all layers were pulled" + (": 0 is not None, ask `layers is None`" if layers == 0 else "")),
                (torch.cat([ws[:, :layers], pulled[:, layers:]], 1), "the *last* layers were pulled: the first ones are"),
                (
                    torch.cat([ws[:, : 5 - layers], pulled[:, 5 - layers :]], 1),
                    "the *last* layers were pulled: the first ones are",
                ),
                (ws, "no layer was pulled"),
                (
                    torch.cat([pulled[:, : layers + 1], ws[:, layers + 1 :]], 1),
                    "off by one: `layers` counts the layers that are pulled",
                ),
                (torch.cat([pulled[:layers], ws[layers:]], 0), "that is the batch: the layers are dim 1"),
            ]
            with unchanged(ws=ws, average=average):
                came = shape(
                    truncate(ws, average, 0.3, layers),
                    ws.shape,
                    slips={(3, layers, 4): "the other layers are lost: they stay as they are"},
                )
            close(came, right, f"layers = {layers} of 5", slips=slips)


# 6. Mixing styles --------------------------------------------------------------------------------------------------------


@part(points=2)
def mixing(sheet: Sheet, mix: Callable) -> None:
    ws, other = sheet.randn(6, 5, 3), sheet.randn(6, 5, 3)

    def mixed(crossover: Tensor, shift: int = 0, turned: bool = False) -> Tensor:
        rows = []
        for n, c in enumerate(crossover.tolist()):
            a, b = (other, ws) if turned else (ws, other)
            rows.append(torch.stack([a[n, i] if i < c + shift else b[n, i] for i in range(5)]))
        return torch.stack(rows)

    def slips(crossover: Tensor) -> list[tuple[Any, str]]:
        first, drawn = int(crossover[0]), crossover.tolist()
        return [
            (mixed(crossover, turned=True), "turned round: ws gives the layers *before* the crossover, the coarse ones"),
            (mixed(crossover, shift=1), "off by one: the crossover's own layer is the other's already (l < crossover)"),
            (mixed(crossover, shift=-1), "off by one: ws gives the layers l < crossover, counted from 0"),
            (mixed(torch.full_like(crossover, first)), "one crossover for all: each sample has its own"),
            (mixed(torch.full_like(crossover, max(drawn))), "one crossover for all: each sample has its own"),
            (mixed(torch.full_like(crossover, min(drawn))), "one crossover for all: each sample has its own"),
            (ws, "nothing was mixed"),
            (other, "nothing is left of ws"),
            ((ws + other) / 2, "this blends: mixing *replaces* the styles of whole layers"),
            (torch.cat([ws[:first], other[first:]]), "that is the batch: the layers are dim 1"),
        ]

    with sheet.item("a crossover for each sample", 1):
        with unchanged(ws=ws, other=other):
            mix(ws, other, torch.tensor([2, 0, 5, 1, 3, 4]))
        several = torch.tensor([2, 1, 4, 3, 2, 1])[torch.randperm(6, generator=sheet.generator)]
        came = shape(mix(ws, other, several), ws.shape)
        close(came, mixed(several), f"crossovers {several.tolist()}", slips=slips(several))

    with sheet.item("the two ends, and one crossover in all samples", 0.5):
        for crossover in (
            torch.tensor([0, 5, 0, 5, 5, 0]),
            torch.full((6,), 3),
            torch.zeros(6, dtype=torch.int64),
            torch.full((6,), 5),
        ):
            close(
                shape(mix(ws, other, crossover), ws.shape),
                mixed(crossover),
                f"crossovers {crossover.tolist()}",
                slips=slips(crossover),
            )
        square = torch.tensor([4, 0, 2, 1, 3])  # as many samples as layers, where a forgotten axis does not raise
        rows = torch.stack([torch.cat([ws[i, :c], other[i, c:]]) for i, c in enumerate(square.tolist())])
        columns = torch.where((torch.arange(5)[:, None] < square)[:, :, None], ws[:5], other[:5])
        close(
            mix(ws[:5], other[:5], square),
            rows,
            "five samples of five layers",
            slips=[(columns, "samples and layers are exchanged: crossover[:, None]")],
        )

    with sheet.item("the crossovers stay as they are, gradients pass", 0.5):
        crossover = torch.tensor([2, 0, 5, 1, 3, 4])
        with unchanged(crossover=crossover):
            mix(ws, other, crossover)
        lost = "no gradient reaches the styles: was something detached?"
        kept = (torch.arange(5) < crossover[:, None])[:, :, None].expand(6, 5, 3).double()
        close(gradient(lambda v: mix(v, other, crossover).sum(), ws, lost), kept, "the slopes in ws")
        close(gradient(lambda v: mix(ws, v, crossover).sum(), other, lost), 1 - kept, "the slopes in other")
        equal(show_dtype(mix(ws, other, crossover)), "torch.float64", "the result has the styles' type")


def show_dtype(came: Any) -> str:
    return str(tensor(came).dtype)


seal(__name__)
