"""Planted answers to homework 2."""

from __future__ import annotations

import copy

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from tests.homework.planting import Garden

garden = Garden("hw2")
wrong, right = garden.plant_wrong, garden.plant_right

# 1. Sizes

wrong("a tensor", "an int", transposed_size=lambda n, k, s, p: torch.tensor((n - 1) * s + k - 2 * p))
wrong("rounded down by numpy, no int", "divide with //", conv_size=lambda n, k, s, p: np.floor((n + 2 * p - k) / s) + 1)
wrong("half, less one, for every kernel", "return None", doubling_padding=lambda k: k // 2 - 1)
right("numpy's ints", conv_size=lambda n, k, s, p: np.int64(n + 2 * p - k) // s + 1)
right("by counting", conv_size=lambda n, k, s, p: len(range(0, n + 2 * p - k + 1, s)))
right("by trying", doubling_padding=lambda k: next((p for p in range(k) if 7 * 2 + k - 2 * p == 16), None))
ones = torch.ones
right("PyTorch", conv_size=lambda n, k, s, p: F.conv1d(ones(1, 1, n), ones(1, 1, k), None, s, p).shape[2])

# 2. Transposed convolution


def by_dilation(x, weight, stride, padding):
    """The fractionally strided reading: zeros between the pixels, then an ordinary convolution with the kernel turned round."""
    n, c, height, width = x.shape
    spread = x.new_zeros(n, c, (height - 1) * stride + 1, (width - 1) * stride + 1)
    spread[:, :, ::stride, ::stride] = x
    edge = weight.shape[2] - 1 - padding
    return F.conv2d(F.pad(spread, [edge] * 4), weight.transpose(0, 1).flip(2, 3))


def by_places(x, weight, stride, padding, make=torch.Tensor.new_zeros):
    (n, _, height, width), k = x.shape, weight.shape[2]
    y = make(x, (n, weight.shape[1], (height - 1) * stride + k, (width - 1) * stride + k))
    for i in range(k):
        for j in range(k):
            place = (slice(i, i + stride * (height - 1) + 1, stride), slice(j, j + stride * (width - 1) + 1, stride))
            y[:, :, *place] += torch.einsum("bkrc,ko->borc", x, weight[:, :, i, j])
    return y[:, :, padding : y.shape[2] - padding, padding : y.shape[3] - padding]


def in_place(x, weight, stride, padding):
    with torch.no_grad():
        x.mul_(2)
    return by_places(x / 2, weight, stride, padding)


wrong("the function", "off limits", transposed_conv=lambda x, w, s, p: F.conv_transpose2d(x, w, None, s, p))
wrong("the layer made of it", "off limits", code="""
def transposed_conv(x, weight, stride, padding):
    layer = nn.ConvTranspose2d(weight.shape[0], weight.shape[1], weight.shape[2], stride, padding, bias=False)
    layer.weight.data = weight.detach().clone()
    return layer.to(x.dtype)(x)
""", part="scatter")  # fmt: skip
wrong("squares only", transposed_conv=lambda x, *more: by_places(x[:, :, : x.shape[3]], *more))
wrong("float32", "new_zeros", transposed_conv=lambda *a: by_places(*a, lambda x, size: torch.zeros(size)))
wrong("CPU", "on the CPU", transposed_conv=lambda *a: by_places(*a, lambda x, size: torch.zeros(size, dtype=x.dtype)))
wrong("the graph cut", "cut the graph", transposed_conv=lambda x, w, s, p: by_places(x.detach(), w.detach(), s, p))
wrong("the input overwritten", "in place", transposed_conv=in_place)


def by_fold(x, weight, stride, padding):
    n, c, height, width = x.shape
    k = weight.shape[2]
    columns = weight.reshape(c, -1).T @ x.reshape(n, c, -1)
    side = [(m - 1) * stride + k - 2 * padding for m in (height, width)]
    return F.fold(columns, side, k, stride=stride, padding=padding)


right("zeros between the pixels, then conv2d", transposed_conv=by_dilation)
right("by fold", transposed_conv=by_fold)
right("kernel place by kernel place", transposed_conv=by_places)

# 3. Networks


wrong("pictures", "the network itself", make_generator=lambda latent_dim, width: torch.randn(6, 3, 32, 32))


class OwnDiscriminator(nn.Module):
    def __init__(self, w):
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(a, b, 4, 2, 1, bias=False) for a, b in ((3, w), (w, 2 * w), (2 * w, 4 * w)))
        self.norms = nn.ModuleList([nn.Identity(), nn.BatchNorm2d(2 * w), nn.BatchNorm2d(4 * w)])
        self.last = nn.Conv2d(4 * w, 1, 4, bias=False)

    def forward(self, x):
        for conv, norm in zip(self.convs, self.norms, strict=True):
            x = F.leaky_relu(norm(conv(x)), 0.2)
        return self.last(x).view(-1)


class OwnGenerator(nn.Module):
    def __init__(self, d, w):
        super().__init__()
        self.convs = nn.ModuleList([nn.ConvTranspose2d(d, 4 * w, 4, bias=False)])
        self.convs.extend(nn.ConvTranspose2d(a, b, 4, 2, 1, bias=False) for a, b in ((4 * w, 2 * w), (2 * w, w), (w, 3)))
        self.norms = nn.ModuleList(nn.BatchNorm2d(n) for n in (4 * w, 2 * w, w))

    def forward(self, z):
        h = z[:, :, None, None]
        for conv, norm in zip(self.convs[:3], self.norms, strict=True):
            h = norm(conv(h)).relu_()
        return self.convs[3](h).tanh()


class Foward(OwnGenerator):
    """One letter is missing."""

    foward = OwnGenerator.forward
    forward = nn.Module.forward


class Flat(OwnGenerator):
    def forward(self, z):
        return self.convs[0](z)


wrong("a class without forward()", 'missing the required "forward" function', make_generator=Foward)
wrong("latents sent into a convolution as they are", "[N, D, 1, 1]", make_generator=Flat)
wrong("reflected edges", "the edges are zeros", make_discriminator=lambda w: reflected(OwnDiscriminator(w)))
wrong("a frozen D", "still learn", make_discriminator=lambda w: OwnDiscriminator(w).requires_grad_(False))
wrong("a frozen G", "still learn", make_generator=lambda *n: OwnGenerator(*n).requires_grad_(False))


def reflected(network):
    for conv in network.convs:
        conv.padding_mode = "reflect"
    return network


right("classes of one's own", make_generator=OwnGenerator, make_discriminator=OwnDiscriminator)
wrong("more", "nothing has weights but", make_generator=lambda *n: nn.Sequential(OwnGenerator(*n), nn.PReLU()))

# 4. Initialisation


def one_layer(layer):
    name = type(layer).__name__
    if "Conv" in name or "BatchNorm" in name:
        layer.weight.data.normal_(float("BatchNorm" in name), 0.02)
        if layer.bias is not None:
            layer.bias.data.fill_(0)


right("by apply and class names", initialise=lambda network: network.apply(one_layer))


def renewed(network):
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.BatchNorm2d):
            mean = float(isinstance(layer, nn.BatchNorm2d))
            layer.weight = nn.Parameter(mean + 0.02 * torch.randn_like(layer.weight))
            if layer.bias is not None:
                layer.bias = nn.Parameter(torch.zeros_like(layer.bias))


def and_then(change):
    def initialise(network):
        network.apply(one_layer)
        for layer in network.modules():
            change(layer, type(layer).__name__)

    return initialise


def biased(layer, name):
    if "Conv" in name and layer.bias is not None:
        layer.bias.data.normal_(3.0, 5.0)


def averaged(layer, name):
    if "BatchNorm" in name:
        layer.running_mean.normal_(5.0, 1.0)


wrong("drawn biases", "start at 0", initialise=and_then(biased))
wrong("drawn running means", "what batch norm remembers", initialise=and_then(averaged))
wrong("new parameters", "still holds the old ones", initialise=renewed)
wrong("left in evaluation mode", "puts the mode back", initialise=lambda network: network.apply(one_layer).eval())
wrong("frozen", "still learn", initialise=lambda network: network.apply(one_layer).requires_grad_(False))

# 5. Walks


right("by the package's own", code="from gancourse.latent import slerp", part="walks")


def arc(omega, line=lambda omega: omega < 1e-6, scale=lambda a, b, t: 1.0):
    def slerp(z0, z1, t):
        w = omega(z0, z1)
        if line(w):
            return (1 - t)[:, None] * z0 + t[:, None] * z1
        path = torch.sin((1 - t) * w)[:, None] * z0 + torch.sin(t * w)[:, None] * z1
        return path / torch.sin(w) * scale(z0, z1, t)

    return slerp


def cosine(z0, z1):
    return z0 @ z1 / (z0.norm() * z1.norm())


def unclamped(z0, z1):
    return torch.acos(cosine(z0, z1))


def jumping(z0, z1, t):
    unit = arc(unclamped)(z0 / z0.norm(), z1 / z1.norm(), t)
    return torch.where(t < 1, z0.norm(), z1.norm())[:, None] * unit


def until_alike(z0, z1, t):
    u, v = z0 / z0.norm(), z1 / z1.norm()
    if torch.allclose(u, v, atol=1e-5):
        return (1 - t)[:, None] * z0 + t[:, None] * z1
    return arc(unclamped)(z0, z1, t)


wrong("no clamp", "clamp the cosine", slerp=arc(unclamped))
wrong("no clamp, a line where the angle is 0", "clamp the cosine", slerp=arc(unclamped, lambda w: w == 0))
wrong("no clamp, a line where the sine is small", "clamp the cosine", slerp=arc(unclamped, lambda w: torch.sin(w) < 1e-6))
wrong("a length that jumps at the end", "as they are", slerp=jumping)
right("clamped", slerp=arc(lambda z0, z1: torch.acos(cosine(z0, z1).clamp(-1, 1))))
right("unclamped behind allclose", slerp=until_alike)
right("z0 + t (z1 - z0)", lerp=lambda a, b, t: torch.stack([a + u * (b - a) for u in t]))

# 6. Attributes


def pictured(before=lambda g: g.eval(), after=lambda g, mode: g.train(mode), graph=False):
    def pictures(generator, z):
        mode = generator.training
        before(generator)
        with torch.set_grad_enabled(graph):
            made = generator(z)
        after(generator, mode)
        return made

    return pictures


def passed_again(generator, mode):
    generator.train()(torch.randn(5, 4, dtype=torch.float64))
    generator.train(mode)


wrong("eval() forgotten", "eval() first", pictures=pictured(before=lambda g: None))
wrong("left", "remember generator.training", pictures=pictured(after=lambda g, mode: None))
wrong("always to training", "it is not always training", pictures=pictured(after=lambda g, mode: g.train()))
wrong("only the flag", "train(mode)", pictures=pictured(after=lambda g, mode: setattr(g, "training", mode)))
wrong("no_grad forgotten", "torch.no_grad()", pictures=pictured(graph=True))


def frozen(generator, z):
    mode = generator.training
    generator.eval().requires_grad_(False)
    made = generator(z)
    generator.train(mode)
    return made


def switched_off(generator, z):
    mode = generator.training
    generator.eval()
    torch.set_grad_enabled(False)
    made = generator(z)
    generator.train(mode)
    return made


def late(generator, z):
    return pictured(graph=True)(generator, z).detach()


def thawed(generator, z):
    mode = generator.training
    generator.eval()
    for p in generator.parameters():
        p.requires_grad_(False)
    made = generator(z)
    for p in generator.parameters():
        p.requires_grad_(True)
    generator.train(mode)
    return made


wrong("G frozen for good", "freezes nothing", pictures=frozen)
wrong("gradients off for good", "ends with its block", pictures=switched_off)
wrong("detached afterwards", "comes too late", pictures=late)
right("frozen and thawed", pictures=thawed)
wrong(
    "exemplars by zip",
    "groups may differ in size",
    analogy=lambda a, b, c: torch.stack([x - y + z for x, y, z in zip(a, b, c, strict=False)]).mean(0),
)
wrong("keepdim", "one latent [D]", analogy=lambda a, b, c: sum(s * g.mean(0, keepdim=True) for s, g in ((1, a), (-1, b), (1, c))))
wrong("a pass in training mode", "running statistics", pictures=pictured(after=passed_again))


@torch.inference_mode()
def by_copy(generator, z):
    return copy.deepcopy(generator).eval()(z).clone()


def layer_by_layer(generator, z):
    modes = [(layer, layer.training) for layer in generator.modules()]
    with torch.no_grad():
        made = generator.eval()(z)
    for layer, mode in modes:
        layer.training = mode
    return made


right("each layer's mode put back", pictures=layer_by_layer)
right("a copy, in inference mode", pictures=by_copy)
right(
    "weights of a mask",
    direction=lambda z, has: (has / has.sum() - (~has) / (~has).sum()).to(z) @ z,
    analogy=lambda a, b, c: sum(sign * torch.einsum("nd->d", g) / len(g) for sign, g in ((1, a), (-1, b), (1, c))),
)

# 7. Beside chance


def drawn(make=torch.randn, norm=lambda v: v.norm(dim=1, keepdim=True)):
    def as_long(step, n, source):
        v = make(n, len(step), generator=source, dtype=step.dtype)
        return v / norm(v) * step.norm()

    return as_long


def between(*size, **given):
    return 2 * torch.rand(*size, **given) - 1


def one_for_all(step, n, source):
    return drawn()(step, 1, source).expand(n, -1)


def anywhere(step, n, source):
    return drawn(lambda *size, generator, dtype: torch.randn(*size, dtype=dtype))(step, n, source)


def signs(step, n, source):
    return (2 * torch.randint(2, (n, len(step)), generator=source).to(step) - 1) * step


def by_angle(step, n, source):
    """In the plane a direction is an angle; elsewhere, normal numbers."""
    if len(step) != 2:
        return drawn()(step, n, source)
    turn = 2 * torch.pi * torch.rand(n, generator=source, dtype=step.dtype)
    return step.norm() * torch.stack([turn.cos(), turn.sin()], 1)


def in_a_plane(step, n, source):
    turn = 2 * torch.pi * torch.rand(n, generator=source, dtype=step.dtype)
    v = torch.zeros(n, len(step), dtype=step.dtype)
    v[:, 0], v[:, 1] = turn.cos(), turn.sin()
    return step.norm() * v


def counted(has, generator, z, step):
    generator = copy.deepcopy(generator).eval()
    step = step.expand_as(z)
    kept = [(a, s) for a, s in zip(z, step, strict=True) if not has(generator(a[None]).detach())]
    return sum(bool(has(generator((a + s)[None]).detach())) for a, s in kept) / len(kept)


wrong("lengths of their own", "each row is as long as step", as_long=drawn(norm=lambda v: len(v[0]) ** 0.5))
wrong("one direction for all", "a direction of its own", as_long=one_for_all)
wrong("no negative numbers", "no side preferred", as_long=drawn(torch.rand))
wrong("more corners than sides", "normalise normal numbers", as_long=drawn(between))
wrong("signs only", "a direction of its own", as_long=signs)
wrong("from nowhere", "generator=source", as_long=anywhere)
wrong(
    "a seed of its own",
    "set no seed",
    as_long=lambda step, n, source: drawn()(step, n, torch.Generator().manual_seed(0)),
)
wrong("two coordinates of five", "some coordinates move more", as_long=in_a_plane)
wrong("pictures in training mode", changed=lambda has, g, z, step: has(g(z + step))[~has(g(z))].double().mean())
right("an angle in the plane", as_long=by_angle)
right("float32 numbers", as_long=lambda step, n, source: drawn()(step.float(), n, source))
right("one by one", changed=counted)

# An answer that does not answer

wrong("torch's acos replaced", "no longer", code="torch.acos = lambda x: x", part="walks")
