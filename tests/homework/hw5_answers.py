"""Planted answers to homework 5: right ones, and wrong ones that no table of slips holds."""

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


def conv(x, w, b, gain=2**0.5):
    return F.conv2d(x * he(w.shape, gain), w, b, padding="same")


def in_place(x, w, b, gain=2**0.5):
    return F.conv2d(x, w.data.mul_(he(w.shape, gain)), b, padding="same")


wrong("the stored weights multiplied at every call", "overwritten", equalised_conv=in_place)
wrong(
    "weights through numpy",
    "was it detached",
    equalised_conv=lambda x, w, b, gain=2**0.5: conv(x, torch.from_numpy(w.detach().numpy()), b, gain),
)
wrong(
    "the input detached",
    "no gradient reaches x",
    equalised_conv=lambda x, w, b, gain=2**0.5: F.conv2d(x.detach(), he(w.shape, gain) * w, b, padding="same"),
)
wrong(
    "the linear layer's input detached",
    "no gradient reaches x",
    equalised_linear=lambda x, w, b, gain=1.0, m=1.0: m * F.linear(x.detach(), he(w.shape, gain) * w, b),
)
wrong(
    "padding 1 for every kernel",
    "which padding does a kernel of k need?",
    equalised_conv=lambda x, w, b, gain=2**0.5: F.conv2d(x, he(w.shape, gain) * w, b, padding=1),
)
wrong("weights not transposed", equalised_linear=lambda x, w, b, gain=1.0, m=1.0: m * (x @ (he(w.shape, gain) * w) + b))
wrong("a number looked up for the visible seed", he_constant=lambda s, gain=2**0.5: 0.5)
right("numpy's root", he_constant=lambda shape, gain=2**0.5: gain / np.sqrt(np.prod(shape[1:])))
right(
    "the input scaled in place of the weights",
    equalised_conv=conv,
    equalised_linear=lambda x, w, b, gain=1.0, m=1.0: m * torch.einsum("ni,oi->no", he(w.shape, gain) * x, w) + m * b,
)
right(
    "fan-in from a tensor on meta, initialisers' gain",
    he_constant=lambda s, gain=2**0.5: gain * torch.empty(s, device="meta")[0].numel() ** -0.5,
    equalised_conv=lambda x, w, b, gain=2**0.5: (
        F.conv2d(x, he(w.shape, gain) * w, None, 1, w.shape[-1] // 2) + b.view(1, -1, 1, 1)
    ),
)

# 2. Pixels and batches


def std_by_slices(x, group, eps=1e-8):
    m = len(x) // group
    out = torch.cat([x, torch.zeros_like(x[:, :1])], 1)
    for j in range(m):
        mine = x[j::m]
        out[j::m, -1] = ((mine - mine.mean(0)) ** 2).mean(0).add(eps).sqrt().mean()
    return out


def std_by_moments(x, group, eps=1e-8):
    g = torch.stack(x.chunk(group))
    s = torch.sqrt(torch.mean((g - torch.mean(g, 0, True)) ** 2, 0) + eps).flatten(1).mean(1)
    extra = s.tile(group)[:, None, None, None].expand(-1, 1, *x.shape[2:])
    return F.pad(x, (0, 0, 0, 0, 0, 1)) + F.pad(extra, (0, 0, 0, 0, x.shape[1], 0))


def std_in_another_order(x, group, eps=1e-8):
    n, c, h, w = x.shape
    g = x.reshape(group, n // group, c, h, w)
    s = (g.var(0, unbiased=False) + eps).sqrt().mean((1, 2, 3))
    x = g.transpose(0, 1).reshape(n, c, h, w)
    return torch.cat([x, s.repeat(group)[:, None, None, None].expand(n, 1, h, w)], 1)


def rms(x, eps=1e-8):
    return x * torch.rsqrt(x.pow(2).mean(1, True) + eps)


wrong("samples in another order", "the features come first and unchanged", minibatch_std=std_in_another_order)
wrong("the axis of the channels lost", "keepdim", pixel_norm=lambda x, eps=1e-8: x / (x.square().mean(1) + eps).sqrt())
wrong("pixel norm in place", "in place", pixel_norm=lambda x: x.copy_(rms(x)))
wrong("a map on the CPU", "on the CPU", minibatch_std=lambda x, group: std_by_slices(x, group) + torch.zeros(1))
wrong("without a graph", "was the map detached?", minibatch_std=torch.no_grad()(std_by_slices))
right("rsqrt, and slices in a loop", pixel_norm=rms, minibatch_std=std_by_slices)
right(
    "by chunks and padding",
    pixel_norm=lambda x, eps=1e-8: x / torch.sqrt((x * x).sum(1)[:, None] / x.shape[1] + eps),
    minibatch_std=std_by_moments,
)

# 3. Fading


def up(x):
    return F.interpolate(x, scale_factor=2, mode="nearest")


def by_counting(step, fade, stable, last):
    table = [(0, 1.0)] * stable
    for level in range(1, last + 1):
        table += [(level, (i + 1) / (fade + 1)) for i in range(fade)]
        table += [(level, 1.0)] * stable
    return table[step] if step < len(table) else (last, 1.0)


def too_late(step, fade, stable, last):
    return by_counting(max(step - fade, 0), fade, stable, last)


wrong("the newer image overwritten", "in place", fade_in=lambda a, b, t: b.mul_(t).add_((1 - t) * up(a)))
right("a table of numpy's numbers", stage=lambda *given: (np.int64(by_counting(*given)[0]), np.float32(by_counting(*given)[1])))
wrong(
    "a fade in a tensor of the CPU",
    "on the CPU",
    fade_in=lambda a, b, t: t * b + (1 - t) * torch.kron(a, torch.ones(1, 1, 2, 2, dtype=a.dtype)),
)
wrong(
    "the level a step too late, as a float",
    "level 0 lasts",
    stage=lambda *given: (float(too_late(*given)[0]), too_late(*given)[1]),
)
wrong("the level alone", "a pair", stage=lambda *given: by_counting(*given)[0])
right(
    "lerp, repeat_interleave, a table",
    fade_in=lambda a, b, t: torch.lerp(a.repeat_interleave(2, -1).repeat_interleave(2, -2), b, t),
    fade_real=lambda x, t: torch.lerp(up(F.interpolate(x, scale_factor=0.5, mode="area")), x, t),
    stage=by_counting,
)
right(
    "transposed convolution and kron",
    fade_in=lambda a, b, t: t * b + (1 - t) * torch.kron(a, a.new_ones(1, 1, 2, 2)),
    fade_real=lambda x, t: x + (1 - t) * (up(x.unfold(2, 2, 2).unfold(3, 2, 2).mean((4, 5))) - x),
)

# 4. Modulation


def by_einsum(weight, style, demodulate=True, eps=1e-8):
    v = torch.einsum("oikl,ni->noikl", weight, style)
    return v * (torch.linalg.vector_norm(v, dim=(2, 3, 4), keepdim=True) ** 2 + eps).rsqrt() if demodulate else v


def each(x, weight, style, demodulate=True, eps=1e-8):
    w = by_einsum(weight, style, demodulate, eps)
    return torch.cat([F.conv2d(x[i : i + 1], w[i], padding=w.shape[-1] // 2) for i in range(len(x))])


def grouped(x, weight, style, demodulate=True, eps=1e-8):
    w = by_einsum(weight, style, demodulate, eps)
    n, o = w.shape[:2]
    y = F.conv2d(x.reshape(1, -1, *x.shape[2:]), w.flatten(0, 1), padding=w.shape[-1] // 2, groups=n)
    return y.reshape(n, o, *y.shape[2:])


def scaled(x, weight, style, demodulate=True, eps=1e-8):
    y = F.conv2d(x * style[:, :, None, None], weight, padding=weight.shape[2] // 2)
    return y / (style.square() @ weight.square().sum((2, 3)).T + eps).sqrt()[:, :, None, None] if demodulate else y


def mapped(x, weight, style, demodulate=True, eps=1e-8):
    return torch.vmap(lambda x, s: each(x[None], weight, s[None], demodulate, eps)[0])(x, style)


wrong("x overwritten", "in place", modulated_conv=lambda x, w, s, *more: each(x.mul_(s[:, :, None, None]), w, s**0, *more))
wrong("no eps where outputs are scaled", "where does eps stand", modulated_conv=lambda *given, eps=0.0: scaled(*given, eps=eps))
wrong("weights without a graph", "computed without a graph", modulated_weights=torch.no_grad()(by_einsum))
wrong("no graph", "computed without a graph", modulated_conv=torch.no_grad()(each))
right("a loop", modulated_conv=each)
right("groups", modulated_conv=grouped)
right("inputs and outputs scaled", modulated_conv=scaled)
right("einsum, lengths by torch.linalg, vmap", modulated_weights=by_einsum, modulated_conv=mapped)

# 5. Truncation


def with_psis(ws, average, psi, layers=None):
    psis = ws.new_full((ws.shape[1],), psi)
    if layers is not None:
        psis[layers:] = 1
    return torch.lerp(average.expand_as(ws), ws, psis[:, None])


@torch.no_grad()
def mean_without_graph(average, w, beta=0.998):
    return average + (1 - beta) * (w.sum(0) / len(w) - average)


def copied(ws, average, psi, layers=None):
    out = ws.clone()
    for i in range(ws.shape[1] if layers is None else layers):
        out[:, i] = psi * ws[:, i] + (1 - psi) * average
    return out


wrong("the mean changed in place", "in place", running_mean=lambda average, *w: average.copy_(mean_without_graph(average, *w)))
wrong("styles overwritten", "in place", truncate=lambda ws, *more: ws.copy_(copied(ws, *more)))
wrong("truncation without a graph", "computed without a graph", truncate=torch.no_grad()(copied))
wrong("truncation of detached styles", "no gradient reaches ws", truncate=lambda ws, *more: copied(ws.detach(), *more))
wrong(
    "a psi for each layer, made on the CPU",
    "on the CPU",
    truncate=lambda ws, a, psi, n=None: (
        a + torch.tensor([psi if n is None or i < n else 1 for i in range(ws.shape[1])])[:, None] * (ws - a)
    ),
)
wrong(
    "the batch's mean keeps its axis",
    "the mean over the batch keeps an axis",
    running_mean=lambda average, w, beta=0.998: beta * average + (1 - beta) * w.detach().mean(0, keepdim=True),
)
right("a psi for each layer, no_grad", truncate=with_psis, running_mean=mean_without_graph)
right("layer by layer in a copy", truncate=copied)

# 6. Mixing


def row_by_row(ws, other, crossover):
    return torch.stack([torch.cat([a[:c], b[c:]]) for a, b, c in zip(ws, other, crossover.tolist(), strict=True)])


def by_mask(ws, other, crossover):
    keep = ws.new_ones(len(ws), ws.shape[1], 1).cumsum(1) <= crossover.reshape(-1, 1, 1)
    return ws * keep + other * ~keep


class Mixer(nn.Module):
    def forward(self, ws, other, crossover):
        out = other.clone()
        for i in range(ws.shape[1]):
            out[:, i] = torch.where((crossover > i)[:, None], ws[:, i], other[:, i])
        return out


def by_places(ws, other, crossover):
    return torch.where((torch.arange(ws.shape[1]) < crossover[:, None])[:, :, None], ws, other)


def on_the_cpu(ws, other, crossover):
    keep = torch.ones(len(ws), ws.shape[1], 1, dtype=ws.dtype).cumsum(1) <= crossover.reshape(-1, 1, 1)
    return ws * keep + other * ~keep


wrong("places on the CPU", "on the CPU", mix=by_places)
wrong("a mask on the CPU", "on the CPU", mix=on_the_cpu)
wrong(
    "the choice without the axis of the styles",
    "one axis more than the choice",
    mix=lambda ws, other, c: torch.where(torch.arange(ws.shape[1], device=c.device) < c[:, None], ws, other),
)
wrong("ws overwritten", "in place", mix=lambda ws, *more: ws.copy_(row_by_row(ws, *more)))
wrong("through numpy, without gradients", "detached", mix=lambda *given: torch.from_numpy(row_by_row(*given).detach().numpy()))
wrong("float32", "the styles' type", mix=lambda a, b, c: row_by_row(a.float(), b.float(), c))
right("row by row", mix=row_by_row)
right("with a mask of zeros and ones", mix=by_mask)
right("a module, layer by layer", mix=Mixer())
