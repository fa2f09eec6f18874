"""Planted answers to homework 5."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from tests.homework.planting import Garden

garden = Garden("hw5")
wrong, right = garden.plant_wrong, garden.plant_right

# 1. Equalised layers


def he(shape, gain=2**0.5):
    return gain / math.sqrt(math.prod(shape[1:]))


def conv(x, weight, bias, gain=2**0.5, c=he):
    return F.conv2d(x, c(weight.shape, gain) * weight, bias, padding=weight.shape[2] // 2)


def in_place(x, weight, bias, gain=2**0.5):
    weight.data.mul_(he(weight.shape, gain))
    return F.conv2d(x, weight, bias, padding=weight.shape[2] // 2)


def zoo_conv(x, weight, bias, gain=2**0.5):
    return he(weight.shape, gain) * F.conv2d(x, weight, bias, padding=weight.shape[2] // 2)


def conv_in_numpy(x, weight, bias, gain=2**0.5):
    weight = torch.from_numpy(he(weight.shape, gain) * weight.detach().numpy())
    return F.conv2d(x, weight, bias, padding=weight.shape[2] // 2)


wrong(
    "the fan-out",
    "equalised",
    "this is the fan-out",
    he_constant=lambda s, gain=2**0.5: gain / math.sqrt(s[0] * math.prod(s[2:])),
)
wrong("the kernel's places forgotten", "equalised", "kernel's places", he_constant=lambda s, gain=2**0.5: gain / math.sqrt(s[1]))
wrong("k in place of k^2", "equalised", "k times k", he_constant=lambda s, gain=2**0.5: gain / math.sqrt(math.prod(s[1:3])))
wrong("the root forgotten", "equalised", "root of the fan-in", he_constant=lambda s, gain=2**0.5: gain / math.prod(s[1:]))
wrong(
    "the gain under the root",
    "equalised",
    "under the root",
    he_constant=lambda s, gain=2**0.5: math.sqrt(gain / math.prod(s[1:])),
)
wrong("sqrt 2 for every gain", "equalised", "the gain is an argument", he_constant=lambda s, gain=2**0.5: he(s))
wrong("n_out in the fan-in", "equalised", "n_out is not part", he_constant=lambda s, gain=2**0.5: gain / math.sqrt(math.prod(s)))
wrong("the bias scaled too (a public ProGAN)", "equalised", "and the bias too", equalised_conv=zoo_conv)
wrong(
    "no constant at all (a public StyleGAN2)",
    "equalised",
    "where is c",
    equalised_conv=lambda x, w, b, gain=1: conv(x, w, b, 1, lambda *a: 1),
)
wrong("the stored weights multiplied at every call", "equalised", "overwritten", equalised_conv=in_place)
wrong(
    "no padding",
    "equalised",
    "padding is k // 2",
    equalised_conv=lambda x, w, b, gain=2**0.5: F.conv2d(x, he(w.shape, gain) * w, b),
)
wrong("weights through numpy", "equalised", "was it detached", equalised_conv=conv_in_numpy)
wrong(
    "the multiplier on the weights only",
    "equalised",
    "multiplies it as well",
    equalised_linear=lambda x, w, b, gain=1.0, lr_mult=1.0: F.linear(x, lr_mult * he(w.shape, gain) * w, b),
)
wrong(
    "divided by the multiplier",
    "equalised",
    "divided by m",
    equalised_linear=lambda x, w, b, gain=1.0, lr_mult=1.0: F.linear(x, he(w.shape, gain) * w, b) / lr_mult,
)
wrong(
    "weights not transposed",
    "equalised",
    "",
    equalised_linear=lambda x, w, b, gain=1.0, lr_mult=1.0: lr_mult * (x @ (he(w.shape, gain) * w) + b),
)
right(
    "the input scaled in place of the weights",
    "equalised",
    equalised_conv=lambda x, w, b, gain=2**0.5: F.conv2d(x * he(w.shape, gain), w, b, padding="same"),
    equalised_linear=lambda x, w, b, gain=1.0, lr_mult=1.0: (
        lr_mult * torch.einsum("ni,oi->no", he(w.shape, gain) * x, w) + lr_mult * b
    ),
)
right(
    "fan-in from a tensor on meta, initialisers' gain",
    "equalised",
    he_constant=lambda s, gain=2**0.5: gain * torch.empty(s, device="meta")[0].numel() ** -0.5,
    equalised_conv=lambda x, w, b, gain=2**0.5: (
        F.conv2d(x, he(w.shape, gain) * w, None, 1, w.shape[-1] // 2) + b.view(1, -1, 1, 1)
    ),
)

# 2. Pixels and batches


def norm(dim=1, mean=torch.mean, eps=1e-8):
    return lambda x, eps=eps: x / (mean(x.square(), dim, keepdim=True) + eps).sqrt()


def norm_in_place(x, eps=1e-8):
    return x.div_((x.square().mean(1, keepdim=True) + eps).sqrt())


def std(
    x,
    group,
    eps=1e-8,
    unbiased=False,
    consecutive=False,
    back=None,
    order="root first",
    eps_where="under",
    detach=False,
    front=False,
):
    n, c, height, width = x.shape
    m = n // group
    groups = x.reshape(m, group, c, height, width).transpose(0, 1) if consecutive else x.reshape(group, m, c, height, width)
    variance = groups.var(0, unbiased=unbiased)
    if order == "root first":
        spread = (variance + eps).sqrt() if eps_where == "under" else variance.sqrt() + eps
        spread = spread.mean((1, 2, 3))
    elif order == "no root":
        spread = variance.mean((1, 2, 3))
    else:
        spread = (variance.mean((1, 2, 3)) + eps).sqrt()
    back = back or ("interleave" if consecutive else "repeat")
    spread = spread.repeat_interleave(group) if back == "interleave" else spread.repeat(group)
    extra = spread.reshape(n, 1, 1, 1).expand(n, 1, height, width)
    extra = extra.detach() if detach else extra
    return torch.cat([extra, x] if front else [x, extra], 1)


def std_with(**kind):
    return lambda x, group, eps=1e-8: std(x, group, eps, **kind)


def whole_batch(x, group, eps=1e-8):
    return std(x, len(x), eps)


def on_the_cpu(x, group, eps=1e-8):
    extra = torch.zeros(len(x), 1, *x.shape[2:], dtype=x.dtype)
    return torch.cat([x, extra + std(x, group, eps)[:, -1:]], 1)


def map_per_channel(x, group, eps=1e-8):
    groups = x.reshape(group, -1, *x.shape[1:])
    s = (groups.var(0, unbiased=False) + eps).sqrt().mean((2, 3), keepdim=True)  # [M, C, 1, 1]
    return torch.cat([x, s.repeat(group, 1, 1, 1).expand_as(x)], 1)


wrong("the mean over all but the batch", "batch", "each place by itself", pixel_norm=norm(dim=(1, 2, 3)))
wrong("the last dimension", "batch", "the channels are dim 1", pixel_norm=norm(dim=-1))
wrong("length 1 (F.normalize)", "batch", "sqrt(C) is missing", pixel_norm=lambda x, eps=1e-8: F.normalize(x, dim=1))
wrong(
    "the root of the mean square forgotten",
    "batch",
    "root is missing",
    pixel_norm=lambda x, eps=1e-8: x / (x.square().mean(1, keepdim=True) + eps),
)
wrong(
    "eps outside the root",
    "batch",
    "eps belongs under the root",
    pixel_norm=lambda x, eps=1e-8: x / x.square().mean(1, keepdim=True).sqrt().add(eps),
)
wrong(
    "a mean subtracted",
    "batch",
    "layer normalisation",
    pixel_norm=lambda x, eps=1e-8: F.layer_norm(x.movedim(1, -1), x.shape[1:2]).movedim(-1, 1),
)
wrong("pixel norm in place", "batch", "in place", pixel_norm=norm_in_place)
wrong("groups of neighbours (a public ProGAN)", "batch", "groups of neighbours", minibatch_std=std_with(consecutive=True))
wrong("G - 1 (the same)", "batch", "divided by G - 1", minibatch_std=std_with(unbiased=True))
wrong("the numbers to the wrong samples", "batch", "wrong samples", minibatch_std=std_with(back="interleave"))
wrong("one number for the whole batch", "batch", "one number for the whole batch", minibatch_std=whole_batch)
wrong("the variance", "batch", "the root is missing", minibatch_std=std_with(order="no root"))
wrong("the mean before the root", "batch", "the mean before the root", minibatch_std=std_with(order="mean first"))
wrong("eps after the root", "batch", "under", minibatch_std=std_with(eps_where="after"))
wrong("no eps: NaN when it collapses", "batch", "where is eps", minibatch_std=lambda x, group, eps=0: std(x, group, 0))
wrong("the map in front", "batch", "features come first", minibatch_std=std_with(front=True))
wrong("the map detached", "batch", "detached", minibatch_std=std_with(detach=True))
wrong("a map on the CPU", "batch", "on the CPU", minibatch_std=on_the_cpu)
wrong("a map for each channel", "batch", "", minibatch_std=map_per_channel)
wrong(
    "G and M exchanged",
    "batch",
    "G and M are exchanged",
    minibatch_std=lambda x, group, eps=1e-8: std(x, len(x) // group if len(x) > group else group, eps),
)


def std_by_slices(x, group, eps=1e-8):
    m = len(x) // group
    out = torch.cat([x, torch.zeros_like(x[:, :1])], 1)
    for j in range(m):
        mine = x[j::m]
        deviation = ((mine - mine.mean(0)) ** 2).mean(0).add(eps).sqrt()
        out[j::m, -1] = deviation.mean()
    return out


def std_by_moments(x, group, eps=1e-8):
    g = torch.stack(x.chunk(group))
    s = torch.sqrt(torch.mean((g - torch.mean(g, 0, True)) ** 2, 0) + eps).flatten(1).mean(1)
    return F.pad(x, (0, 0, 0, 0, 0, 1)) + F.pad(
        s.tile(group)[:, None, None, None].expand(-1, 1, *x.shape[2:]), (0, 0, 0, 0, x.shape[1], 0)
    )


right(
    "rsqrt, and slices in a loop",
    "batch",
    pixel_norm=lambda x, eps=1e-8: x * torch.rsqrt(x.pow(2).mean(1, True) + eps),
    minibatch_std=std_by_slices,
)
right(
    "by chunks and padding",
    "batch",
    pixel_norm=lambda x, eps=1e-8: x / torch.sqrt((x * x).sum(1)[:, None] / x.shape[1] + eps),
    minibatch_std=std_by_moments,
)

# 3. Fading


def up(x):
    return F.interpolate(x, scale_factor=2, mode="nearest")


def real_with(down=lambda x: F.avg_pool2d(x, 2), doubled=up):
    return lambda real, alpha: (1 - alpha) * doubled(down(real)) + alpha * real


def timetable(first=None, over="fade", count=1, cap=True, rising=True, stop=True):
    def stage(step, fade, stable, last):
        start = stable if first is None else first(fade, stable)
        if step < start:
            return 0, 1.0
        level, i = divmod(step - start, fade + stable)
        if cap and level >= last:
            return last, 1.0
        alpha = (i + count) / (fade + 1 if over == "fade" else fade + stable)
        alpha = min(1.0, alpha) if stop else alpha
        return level + 1, alpha if rising or i >= fade else 1 - alpha

    return stage


def from_level_zero(step, fade, stable, last):
    level, i = divmod(step, fade + stable)
    return min(level, last), 1.0 if level == 0 or level > last else min(1.0, (i + 1) / (fade + 1))


def closed_at_one(step, fade, stable, last):
    level, alpha = timetable()(step, fade, stable, last)
    return (level, alpha) if alpha == 1 else (level, alpha * (fade + 1) / fade)


def true_division(step, fade, stable, last):
    return max(0.0, min(last, (step - stable) / (fade + stable) + 1)), timetable()(step, fade, stable, last)[1]


wrong("alpha turned round (a public ProGAN)", "fading", "alpha turned round", fade_in=lambda a, b, t: t * up(a) + (1 - t) * b)
wrong(
    "smooth doubling",
    "fading",
    "smooth doubling",
    fade_in=lambda a, b, t: (1 - t) * F.interpolate(a, scale_factor=2, mode="bilinear") + t * b,
)
wrong("tiles", "fading", "like tiles", fade_in=lambda a, b, t: (1 - t) * a.repeat(1, 1, 2, 2) + t * b)
wrong("the older image never fades", "fading", "not faded out", fade_in=lambda a, b, t: up(a) + t * b)
wrong("tanh", "fading", "tanh", fade_in=lambda a, b, t: torch.tanh((1 - t) * up(a) + t * b))
wrong("the older path frozen", "fading", "no gradient reaches", fade_in=lambda a, b, t: (1 - t) * up(a.detach()) + t * b)
wrong("the newer image overwritten", "fading", "in place", fade_in=lambda a, b, t: b.mul_(t).add_((1 - t) * up(a)))
wrong("real images not faded", "fading", "must fade, too", fade_real=lambda x, t: x)
wrong("every second pixel", "fading", "every second pixel", fade_real=real_with(down=lambda x: x[:, :, ::2, ::2]))
wrong("the largest of each square", "fading", "the largest", fade_real=real_with(down=lambda x: F.max_pool2d(x, 2)))
wrong("halved and left so", "fading", "double it again", fade_real=lambda x, t: F.avg_pool2d(x, 2))
wrong("real images turned round", "fading", "alpha turned round", fade_real=lambda x, t: real_with()(x, 1 - t))
wrong("level 0 lasts fade + stable steps", "fading", "as it has no fade", stage=from_level_zero)
wrong("i / F", "fading", "reaches 1 in the last", stage=closed_at_one)
wrong("i from 0", "fading", "i = 1", stage=timetable(count=0))
wrong("alpha falls", "fading", "alpha falls", stage=timetable(rising=False))
wrong("alpha rises over the whole level", "fading", "over fade + stable", stage=timetable(over="both"))
wrong("alpha beyond 1", "fading", "alpha stops at 1", stage=timetable(stop=False))
wrong("the level goes on for ever", "fading", "the last level", stage=timetable(cap=False))
wrong("a true division", "fading", "whole number", stage=true_division)
wrong("the level alone", "fading", "a pair", stage=lambda *a: timetable()(*a)[0])


def by_counting(step, fade, stable, last):
    table = [(0, 1.0)] * stable
    for level in range(1, last + 1):
        table += [(level, (i + 1) / (fade + 1)) for i in range(fade)]
        table += [(level, 1.0)] * stable
    return table[step] if step < len(table) else (last, 1.0)


right(
    "lerp, repeat_interleave, a table",
    "fading",
    fade_in=lambda a, b, t: torch.lerp(a.repeat_interleave(2, -1).repeat_interleave(2, -2), b, t),
    fade_real=lambda x, t: torch.lerp(up(F.interpolate(x, scale_factor=0.5, mode="area")), x, t),
    stage=by_counting,
)
right(
    "transposed convolution and kron",
    "fading",
    fade_in=lambda a, b, t: t * b + (1 - t) * torch.kron(a, torch.ones(1, 1, 2, 2, dtype=a.dtype)),
    fade_real=lambda x, t: x + (1 - t) * (up(x.unfold(2, 2, 2).unfold(3, 2, 2).mean((4, 5))) - x),
)

# 4. Modulation


def modulated(weight, style, demodulate=True, eps=1e-8, axis="in", over=(2, 3, 4), root=True, mean=False, before=False):
    s = style[:, None, :, None, None] if axis == "in" else style[:, :, None, None, None]
    w = weight[None] * s
    if not demodulate:
        return w
    square = (weight[None].expand_as(w) if before else w).square()
    energy = (square.mean(over, keepdim=True) if mean else square.sum(over, keepdim=True)) + eps
    return w / (energy.sqrt() if root else energy)


def modulated_with(**kind):
    return lambda weight, style, demodulate=True, eps=1e-8: modulated(weight, style, demodulate, eps, **kind)


def each(x, weight, style, demodulate=True, eps=1e-8, weights=modulated):
    w = weights(weight, style, demodulate, eps)
    return torch.cat([F.conv2d(x[i : i + 1], w[i], padding=w.shape[-1] // 2) for i in range(len(x))])


def grouped(x, weight, style, demodulate=True, eps=1e-8):
    w = modulated(weight, style, demodulate, eps)
    n, o = w.shape[:2]
    y = F.conv2d(x.reshape(1, -1, *x.shape[2:]), w.flatten(0, 1), padding=w.shape[-1] // 2, groups=n)
    return y.reshape(n, o, *y.shape[2:])


def grouped_not_undone(x, weight, style, demodulate=True, eps=1e-8):
    w = modulated(weight, style, demodulate, eps)
    return F.conv2d(x.reshape(1, -1, *x.shape[2:]), w.flatten(0, 1), padding=w.shape[-1] // 2, groups=len(w))


def by_statistics(x, weight, style, demodulate=True, eps=1e-8):
    y = each(x, weight, style, False)
    return y / (y.var((2, 3), keepdim=True, unbiased=False) + eps).sqrt() if demodulate else y


def scaled(x, weight, style, demodulate=True, eps=1e-8, square_style=True, square=True, scale_out=False, detach=False):
    if scale_out:
        y = F.conv2d(x, weight, padding=weight.shape[2] // 2) * style[:, :, None, None]
    else:
        y = F.conv2d(x * style[:, :, None, None], weight, padding=weight.shape[2] // 2)
    if not demodulate:
        return y
    s = style.square() if square_style else torch.ones_like(style)
    energy = s @ weight.square().sum((2, 3)).T + eps
    energy = energy.detach() if detach else energy
    return y / (energy.sqrt() if square else energy)[:, :, None, None]


def scaled_with(**kind):
    return lambda x, weight, style, demodulate=True, eps=1e-8: scaled(x, weight, style, demodulate, eps, **kind)


def scale_input_in_place(x, weight, style, demodulate=True, eps=1e-8):
    with torch.no_grad():
        x.mul_(style[:, :, None, None])
    return each(x, weight, torch.ones_like(style), demodulate, eps)


wrong("the style on the output channels", "modulation", "*output* channels", modulated_weights=modulated_with(axis="out"))
wrong(
    "one length for all outputs", "modulation", "one length for all outputs", modulated_weights=modulated_with(over=(1, 2, 3, 4))
)
wrong("the sum over the outputs", "modulation", "runs over the outputs", modulated_weights=modulated_with(over=(1, 3, 4)))
wrong("the sum over the inputs only", "modulation", "over the inputs only", modulated_weights=modulated_with(over=(2,)))
wrong("the sum over the kernel only", "modulation", "kernel's places only", modulated_weights=modulated_with(over=(3, 4)))
wrong("the mean of the squares", "modulation", "take their sum", modulated_weights=modulated_with(mean=True))
wrong(
    "the square root over the energy forgotten", "modulation", "the root is missing", modulated_weights=modulated_with(root=False)
)
wrong("the length before the style", "modulation", "*before* the style", modulated_weights=modulated_with(before=True))
wrong(
    "demodulate not looked at",
    "modulation",
    "not looked at",
    modulated_weights=lambda w, s, demodulate=True, eps=1e-8: modulated(w, s),
)
wrong(
    "never demodulated",
    "modulation",
    "not demodulated",
    modulated_weights=lambda w, s, demodulate=True, eps=1e-8: modulated(w, s, False),
)
wrong(
    "no eps",
    "modulation",
    "eps belongs under the root",
    modulated_weights=lambda w, s, demodulate=True, eps=0: modulated(w, s, demodulate, 0),
)
wrong(
    "the first sample's weights for all",
    "modulation",
    "the first one's weights",
    modulated_conv=lambda x, w, s, demodulate=True, eps=1e-8: F.conv2d(
        x, modulated(w, s, demodulate)[0], padding=w.shape[2] // 2
    ),
)
wrong("the groups not put back", "modulation", "put them back", modulated_conv=grouped_not_undone)
wrong("demodulation by the data (StyleGAN's norm)", "modulation", "instance normalisation", modulated_conv=by_statistics)
wrong("the style missing in the denominator", "modulation", "unmodulated weights", modulated_conv=scaled_with(square_style=False))
wrong("the outputs scaled by the style", "modulation", "scales the *outputs*", modulated_conv=scaled_with(scale_out=True))
wrong(
    "the root of the energy forgotten",
    "modulation",
    "root is missing in the denominator",
    modulated_conv=scaled_with(square=False),
)
wrong("the denominator detached", "modulation", "do not detach", modulated_conv=scaled_with(detach=True))
wrong("the input overwritten", "modulation", "", modulated_conv=scale_input_in_place)
right("a loop", "modulation", modulated_conv=each)
right("groups", "modulation", modulated_conv=grouped)
right(
    "einsum, and lengths by torch.linalg",
    "modulation",
    modulated_weights=lambda w, s, demodulate=True, eps=1e-8: (
        (v := torch.einsum("oikl,ni->noikl", w, s))
        * ((torch.linalg.vector_norm(v, dim=(2, 3, 4)) ** 2 + eps).rsqrt()[:, :, None, None, None] if demodulate else 1)
    ),
)
right(
    "vmap",
    "modulation",
    modulated_conv=lambda x, w, s, demodulate=True, eps=1e-8: torch.vmap(
        lambda x, s: each(x[None], w, s[None], demodulate, eps)[0]
    )(x, s),
)

# 5. Truncation


def cut(ws, average, psi, layers=None, last=False, zero_is_none=False):
    pulled = average + psi * (ws - average)
    if layers is None or (zero_is_none and not layers):
        return pulled
    if last:
        return torch.cat([ws[:, : ws.shape[1] - layers], pulled[:, ws.shape[1] - layers :]], 1)
    return torch.cat([pulled[:, :layers], ws[:, layers:]], 1)


def cut_in_place(ws, average, psi, layers=None):
    ws[:, :layers] = average + psi * (ws[:, :layers] - average)
    return ws


wrong(
    "beta turned round",
    "truncation",
    "beta turned round",
    running_mean=lambda a, w, beta=0.998: (1 - beta) * a + beta * w.detach().mean(0),
)
wrong(
    "the batch's mean for the running one",
    "truncation",
    "this batch alone",
    running_mean=lambda a, w, beta=0.998: w.detach().mean(0),
)
wrong(
    "no mean over the batch",
    "truncation",
    "mean over the batch",
    running_mean=lambda a, w, beta=0.998: beta * a + (1 - beta) * w.detach(),
)
wrong(
    "one number for all entries",
    "truncation",
    "runs over the batch only",
    running_mean=lambda a, w, beta=0.998: beta * a + (1 - beta) * w.detach().mean(),
)
wrong(
    "the graph kept",
    "truncation",
    "the graphs of all steps",
    running_mean=lambda a, w, beta=0.998: beta * a + (1 - beta) * w.mean(0),
)
wrong(
    "the mean changed in place",
    "truncation",
    "in place",
    running_mean=lambda a, w, beta=0.998: a.mul_(beta).add_((1 - beta) * w.detach().mean(0)),
)
wrong("psi turned round", "truncation", "psi turned round", truncate=lambda ws, a, psi, layers=None: cut(ws, a, 1 - psi, layers))
wrong("towards 0", "truncation", "towards 0", truncate=lambda ws, a, psi, layers=None: cut(ws, 0 * a, psi, layers))
wrong(
    "towards the batch's mean",
    "truncation",
    "neighbours",
    truncate=lambda ws, a, psi, layers=None: cut(ws, ws.mean(0), psi, layers),
)
wrong(
    "the mean not added again",
    "truncation",
    "not added again",
    truncate=lambda ws, a, psi, layers=None: cut(ws, a, psi, layers) - a,
)
wrong("clipped, as BigGAN's z", "truncation", "BigGAN", truncate=lambda ws, a, psi, layers=None: ws.clamp(-abs(psi), abs(psi)))
wrong(
    "psi kept in [0, 1]",
    "truncation",
    "exaggerate",
    truncate=lambda ws, a, psi, layers=None: cut(ws, a, min(1.0, max(0.0, psi)), layers),
)
wrong("the last layers", "truncation", "*last* layers", truncate=lambda *a: cut(*a, last=True))
wrong("layers not looked at", "truncation", "all layers were pulled", truncate=lambda ws, a, psi, layers=None: cut(ws, a, psi))
wrong("if not layers", "truncation", "0 is not None", truncate=lambda *a: cut(*a, zero_is_none=True))
wrong("the other layers lost", "truncation", "are lost", truncate=lambda ws, a, psi, layers=None: cut(ws, a, psi)[:, :layers])
wrong("styles overwritten", "truncation", "in place", truncate=cut_in_place)


def with_psis(ws, average, psi, layers=None):
    psis = ws.new_full((ws.shape[1],), psi)
    if layers is not None:
        psis[layers:] = 1
    return torch.lerp(average.expand_as(ws), ws, psis[:, None])


def mean_without_graph(average, w, beta=0.998):
    with torch.no_grad():
        return average + (1 - beta) * (w.sum(0) / len(w) - average)


def copied(ws, average, psi, layers=None):
    out = ws.clone()
    layers = ws.shape[1] if layers is None else layers
    for i in range(layers):
        out[:, i] = psi * ws[:, i] + (1 - psi) * average
    return out


right("a psi for each layer, no_grad", "truncation", truncate=with_psis, running_mean=mean_without_graph)
right("layer by layer in a copy", "truncation", truncate=copied)

# 6. Mixing


def mixed(ws, other, crossover, shift=0):
    return torch.where((torch.arange(ws.shape[1]) < crossover[:, None] + shift)[:, :, None], ws, other)


def one_for_all(ws, other, crossover):
    c = int(crossover[0])
    return torch.cat([ws[:, :c], other[:, c:]], 1)


def over_the_batch(ws, other, crossover):
    c = int(crossover[0])
    return torch.cat([ws[:c], other[c:]])


def overwriting(ws, other, crossover):
    for i, c in enumerate(crossover.tolist()):
        ws[i, c:] = other[i, c:]
    return ws


def in_numpy(ws, other, crossover):
    keep = np.arange(ws.shape[1]) < crossover.numpy()[:, None]
    return torch.from_numpy(np.where(keep[:, :, None], ws.detach().numpy(), other.detach().numpy()))


wrong("coarse and fine turned round", "mixing", "turned round", mix=lambda a, b, c: mixed(b, a, c))
wrong("off by one: the crossover included", "mixing", "crossover's own layer", mix=lambda a, b, c: mixed(a, b, c, 1))
wrong("off by one: counted from 1", "mixing", "counted from 0", mix=lambda a, b, c: mixed(a, b, c, -1))
wrong("one crossover for all samples", "mixing", "each sample has its own", mix=one_for_all)
wrong("samples in place of layers", "mixing", "layers are dim 1", mix=over_the_batch)
wrong("the styles blended", "mixing", "*replaces*", mix=lambda a, b, c: (a + b) / 2)
wrong("ws overwritten", "mixing", "in place", mix=overwriting)
wrong("through numpy, without gradients", "mixing", "detached", mix=in_numpy)
wrong("float32", "mixing", "the styles' type", mix=lambda a, b, c: mixed(a.float(), b.float(), c))


def row_by_row(ws, other, crossover):
    return torch.stack([torch.cat([a[:c], b[c:]]) for a, b, c in zip(ws, other, crossover.tolist(), strict=True)])


def by_mask(ws, other, crossover):
    keep = torch.ones(len(ws), ws.shape[1], 1, dtype=ws.dtype).cumsum(1) <= crossover.reshape(-1, 1, 1)
    return ws * keep + other * ~keep


right("row by row", "mixing", mix=row_by_row)
right("with a mask of zeros and ones", "mixing", mix=by_mask)


class Mixer(nn.Module):
    def forward(self, ws, other, crossover):
        out = other.clone()
        for i in range(ws.shape[1]):
            out[:, i] = torch.where((crossover > i)[:, None], ws[:, i], other[:, i])
        return out


right("a module, layer by layer", "mixing", mix=Mixer())

# Answers that do not answer

wrong(
    "the check replaced",
    "mixing",
    "no longer what it was",
    code="import gancourse.classroom.homework.checks as c\nc.close = lambda *a, **k: None",
)
wrong(
    "the check's code rewritten",
    "modulation",
    "no longer",
    code="hw5.modulation.__wrapped__.__code__ = (lambda sheet, f, g: None).__code__",
)
wrong("a number looked up for the visible seed", "equalised", "", he_constant=lambda s, gain=2**0.5: 0.5)
