"""Planted answers to homework 2."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import nn

from tests.homework.planting import Garden

garden = Garden("hw2")
wrong, right = garden.plant_wrong, garden.plant_right

# 1. Sizes

wrong("the + 1 forgotten", "sizes", "first window is not counted", conv_size=lambda n, k, s, p: (n + 2 * p - k) // s)
wrong("a true division", "sizes", "round down", conv_size=lambda n, k, s, p: (n + 2 * p - k) / s + 1)
wrong("rounded up", "sizes", "rounded up", conv_size=lambda n, k, s, p: math.ceil((n + 2 * p - k) / s) + 1)
wrong("padding on one side", "sizes", "both sides", conv_size=lambda n, k, s, p: (n + p - k) // s + 1)
wrong("n times stride", "sizes", "not at s n", transposed_size=lambda n, k, s, p: n * s + k - 2 * p)
wrong("padding that adds", "sizes", "makes the result smaller", transposed_size=lambda n, k, s, p: (n - 1) * s + k + 2 * p)
wrong("always doubles", "sizes", "some layers only", transposed_size=lambda n, k, s, p: n * s)
wrong("padding 1 for every kernel", "sizes", "1 is right for a kernel of 4", doubling_padding=lambda k: 1)
wrong("half a pixel of padding", "sizes", "cannot be cut off", doubling_padding=lambda k: (k - 2) / 2 if k > 1 else None)
wrong("an odd kernel rounded down", "sizes", "return None", doubling_padding=lambda k: (k - 2) // 2 if k > 1 else None)
wrong(
    "a tensor for a number of pixels", "sizes", "an int", transposed_size=lambda n, k, s, p: torch.tensor((n - 1) * s + k - 2 * p)
)
right(
    "by counting the windows",
    "sizes",
    conv_size=lambda n, k, s, p: len(range(0, n + 2 * p - k + 1, s)),
    doubling_padding=lambda k: next((p for p in range(k) if 7 * 2 + k - 2 * p == 16), None),
)
right(
    "by asking PyTorch",
    "sizes",
    conv_size=lambda n, k, s, p: F.conv1d(torch.ones(1, 1, n), torch.ones(1, 1, k), None, s, p).shape[2],
)

# 2. Transposed convolution


def scattered(
    put="+=", flip=False, swap=False, cut=lambda y, p: y[:, :, p : y.shape[2] - p, p : y.shape[3] - p], make=None, one=False
):
    def conv(x, weight, stride, padding):
        n, _, height, width = x.shape
        k = weight.shape[2]
        side = [(m - 1) * stride + k for m in (height, width)]
        y = make(n, weight.shape[1], *side) if make else x.new_zeros(n, weight.shape[1], *side)
        for i in range(k):
            for j in range(k):
                w = weight[:, :, k - 1 - i, k - 1 - j] if flip else weight[:, :, j, i] if swap else weight[:, :, i, j]
                place = (slice(i, i + stride * (height - 1) + 1, stride), slice(j, j + stride * (width - 1) + 1, stride))
                laid = torch.einsum("brc,ko->borc", x.sum(1), w) if one else torch.einsum("bkrc,ko->borc", x, w)
                if put == "+=":
                    y[:, :, *place] += laid
                else:
                    y[:, :, *place] = laid
        return cut(y, padding)

    return conv


def square_only(x, weight, stride, padding):
    return scattered()(x[:, :, : x.shape[3]], weight, stride, padding)


def in_place(x, weight, stride, padding):
    with torch.no_grad():
        x.mul_(2)
    return scattered()(x / 2, weight, stride, padding)


wrong("= in place of +=", "scatter", "they add up", transposed_conv=scattered(put="="))
wrong("the kernel upside down", "scatter", "upside down", transposed_conv=scattered(flip=True))
wrong("rows and columns of the kernel exchanged", "scatter", "exchanged", transposed_conv=scattered(swap=True))
wrong("nothing cut off", "scatter", "nothing is cut off", transposed_conv=scattered(cut=lambda y, p: y))
wrong("padding added", "scatter", "makes the result smaller", transposed_conv=scattered(cut=lambda y, p: F.pad(y, [p] * 4)))
wrong("cut at the beginning only", "scatter", "at the end of rows", transposed_conv=scattered(cut=lambda y, p: y[:, :, p:, p:]))
wrong(
    "cut by a slice p:-p", "scatter", "does not work for p = 0", transposed_conv=scattered(cut=lambda y, p: y[:, :, p:-p, p:-p])
)
wrong(
    "conv_transpose2d itself",
    "scatter",
    "off limits",
    transposed_conv=lambda x, w, s, p: F.conv_transpose2d(x, w, stride=s, padding=p),
)
wrong("the layer made of it", "scatter", "off limits", code="""
def transposed_conv(x, weight, stride, padding):
    layer = nn.ConvTranspose2d(weight.shape[0], weight.shape[1], weight.shape[2], stride, padding, bias=False)
    layer.weight.data = weight.detach().clone()
    return layer.to(x.dtype)(x)
""")  # fmt: skip
wrong("the input channels summed first", "scatter", "", transposed_conv=scattered(one=True))
wrong("squares only", "scatter", "", transposed_conv=square_only)
wrong("float32 for everything", "scatter", "new_zeros", transposed_conv=scattered(make=torch.zeros))
wrong(
    "a result on the CPU",
    "scatter",
    "on the CPU",
    transposed_conv=lambda x, w, s, p: scattered(make=lambda *n: torch.zeros(*n, dtype=x.dtype))(x, w, s, p),
)
wrong("the graph cut", "scatter", "cut the graph", transposed_conv=lambda x, w, s, p: scattered()(x.detach(), w.detach(), s, p))
wrong("the input overwritten", "scatter", "in place", transposed_conv=in_place)


def by_dilation(x, weight, stride, padding):
    """The fractionally strided reading: zeros between the pixels, then an ordinary convolution with the kernel turned round."""
    n, c, height, width = x.shape
    spread = x.new_zeros(n, c, (height - 1) * stride + 1, (width - 1) * stride + 1)
    spread[:, :, ::stride, ::stride] = x
    edge = weight.shape[2] - 1 - padding
    return F.conv2d(F.pad(spread, [edge] * 4), weight.transpose(0, 1).flip(2, 3))


def by_fold(x, weight, stride, padding):
    n, c, height, width = x.shape
    k = weight.shape[2]
    columns = weight.reshape(c, -1).T @ x.reshape(n, c, -1)
    side = [(m - 1) * stride + k - 2 * padding for m in (height, width)]
    return F.fold(columns, side, k, stride=stride, padding=padding)


def by_pixels(x, weight, stride, padding):
    k, (height, width) = weight.shape[2], x.shape[2:]
    rows, columns = (height - 1) * stride + k, (width - 1) * stride + k
    parts = []
    for r in range(height):
        for c in range(width):
            stamp = torch.einsum("bk,koij->boij", x[:, :, r, c], weight)
            top, left = r * stride, c * stride
            parts.append(F.pad(stamp, [left, columns - k - left, top, rows - k - top]))
    return sum(parts)[:, :, padding : rows - padding, padding : columns - padding]


right("zeros between the pixels, then conv2d", "scatter", transposed_conv=by_dilation)
right("by fold", "scatter", transposed_conv=by_fold)
right("stamp by stamp, padded", "scatter", transposed_conv=by_pixels)

# 3. Networks


def make_g(
    norm=lambda n: nn.BatchNorm2d(n),
    act=nn.ReLU,
    last=(nn.Tanh,),
    bias=False,
    order="norm",
    last_norm=False,
    widths=(4, 2, 1),
    k=4,
):
    def make(latent_dim, width):
        layers, n = [nn.Unflatten(1, (latent_dim, 1, 1))], latent_dim
        for i, times in enumerate(widths):
            after = [norm(times * width), act()] if order == "norm" else [act(), norm(times * width)]
            kernel, s, p = (4, 1, 0) if i == 0 else (k, 2, (k - 2) // 2)
            layers += [nn.ConvTranspose2d(n, times * width, kernel, s, p, bias=bias), *[layer for layer in after if layer]]
            n = times * width
        layers += [nn.ConvTranspose2d(n, 3, k, 2, (k - 2) // 2, bias=bias), *([nn.BatchNorm2d(3)] if last_norm else [])]
        return nn.Sequential(*layers, *[layer() for layer in last])

    return make


class Mean(nn.Module):
    def forward(self, x):
        return x.mean()


class Squeeze(nn.Module):
    def forward(self, x):
        return x.squeeze()


def make_d(norm=lambda n: nn.BatchNorm2d(n), act=lambda: nn.LeakyReLU(0.2), first=False, bias=False, end=lambda: [nn.Flatten(0)]):
    def make(width):
        layers = [nn.Conv2d(3, width, 4, 2, 1, bias=bias), *([norm(width)] if first else []), act()]
        for n in (width, 2 * width):
            layers += [nn.Conv2d(n, 2 * n, 4, 2, 1, bias=bias), norm(2 * n), act()]
        return nn.Sequential(*layers, nn.Conv2d(4 * width, 1, 4, bias=bias), *end())

    return make


wrong(
    "BatchNorm2d(n, 0.8), as in a much-copied repository",
    "networks",
    "eps, not the momentum",
    make_generator=make_g(norm=lambda n: nn.BatchNorm2d(n, 0.8)),
)
wrong(
    "the same in the discriminator",
    "networks",
    "eps, not the momentum",
    make_discriminator=make_d(norm=lambda n: nn.BatchNorm2d(n, 0.8)),
)
wrong("batch norm on the last layer of G", "networks", "the last layer has no batch norm", make_generator=make_g(last_norm=True))
wrong("batch norm on the first layer of D", "networks", "colours as they are", make_discriminator=make_d(first=True))
wrong("pictures in [0, 1]", "networks", "tanh", make_generator=make_g(last=(nn.Sigmoid,)))
wrong("no last activation", "networks", "last activation is", make_generator=make_g(last=()))
wrong("a sigmoid in D", "networks", "part of the loss", make_discriminator=make_d(end=lambda: [nn.Flatten(0), nn.Sigmoid()]))
wrong("logits [N, 1]", "networks", "flatten", make_discriminator=make_d(end=lambda: [nn.Flatten()]))
wrong(
    "one logit for the batch",
    "networks",
    "by itself",
    make_discriminator=make_d(end=lambda: [Mean()]),
)
wrong(
    "squeeze(), which swallows a batch of one",
    "networks",
    "when it is 1",
    make_discriminator=make_d(end=lambda: [Squeeze()]),
)
wrong("LeakyReLU's default slope", "networks", "default is 0.01", make_discriminator=make_d(act=nn.LeakyReLU))
wrong("ReLU in the discriminator", "networks", "LeakyReLU", make_discriminator=make_d(act=nn.ReLU))
wrong(
    "LeakyReLU in the generator", "networks", "hidden activations are ReLU", make_generator=make_g(act=lambda: nn.LeakyReLU(0.2))
)
wrong("biases before batch norm", "networks", "bias=False", make_generator=make_g(bias=True))
wrong("batch norm after the activation", "networks", "before the activation", make_generator=make_g(order="act"))
wrong("64 x 64", "networks", "one doubling too many", make_generator=make_g(widths=(8, 4, 2, 1)))
wrong("channels that do not halve", "networks", "half as many", make_generator=make_g(widths=(4, 4, 4)))
wrong("no batch norm", "networks", "batch norm is missing", make_generator=make_g(norm=lambda n: None))
wrong(
    "pictures in place of a network",
    "networks",
    "the network itself",
    make_generator=lambda latent_dim, width: make_g()(latent_dim, width)(torch.randn(6, latent_dim)),
)


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
            h = norm(conv(h)).relu()
        return self.convs[3](h).tanh()


right(
    "classes of one's own, functional activations", "networks", make_generator=OwnGenerator, make_discriminator=OwnDiscriminator
)
right(
    "in place activations",
    "networks",
    make_generator=make_g(act=lambda: nn.ReLU(inplace=True)),
    make_discriminator=make_d(act=lambda: nn.LeakyReLU(0.2, inplace=True)),
)

# 4. Initialisation


def init(
    std=0.02, gain=1.0, shift=0.0, draw=nn.init.normal_, convs=(nn.Conv2d, nn.ConvTranspose2d), top=False, others=False, bn=True
):
    def run(network):
        for layer in network.children() if top else network.modules():
            if isinstance(layer, convs) or (others and isinstance(layer, nn.Linear)):
                draw(layer.weight, 0.0, std)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)
            elif bn and isinstance(layer, nn.BatchNorm2d):
                draw(layer.weight, gain, std)
                nn.init.constant_(layer.bias, shift)

    return run


def replaced(network):
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            layer.weight = nn.Parameter(0.02 * torch.randn_like(layer.weight), requires_grad=False)
    init(convs=())(network)


def reseeded(network):
    for layer in network.modules():
        torch.manual_seed(0)
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, 0.0, 0.02)
    init(convs=())(network)


def uniform(w, mean, std):
    return nn.init.uniform_(w, mean - std, mean + std)


def uniform_of_that_std(w, mean, std):
    return nn.init.uniform_(w, mean - std * 3**0.5, mean + std * 3**0.5)


wrong("0.2, as in the tutorial's comment", "initial", "a tutorial's comment", initialise=init(std=0.2))
wrong("0.02 taken for the variance", "initial", "not the variance", initialise=init(std=0.02**0.5))
wrong("uniform from -0.02 to 0.02", "initial", "uniform", initialise=init(draw=uniform))
wrong("uniform with the right spread", "initial", "normal_, and not uniform_", initialise=init(draw=uniform_of_that_std))
wrong("gains around 0", "initial", "around 1", initialise=init(gain=0.0))
wrong("batch norm forgotten", "initial", "not been touched", initialise=init(bn=False))
wrong("transposed convolutions forgotten", "initial", "not been touched", initialise=init(convs=(nn.Conv2d,)))
wrong("only the uppermost layers", "initial", "not been touched", initialise=init(top=True))
wrong("linear layers, too", "initial", "only convolutions", initialise=init(others=True))
wrong("a constant", "initial", "all weights are the same", initialise=init(draw=lambda w, mean, std: nn.init.constant_(w, mean)))
wrong("parameters replaced and frozen", "initial", "still learn", initialise=replaced)
wrong("a seed inside", "initial", "manual_seed", initialise=reseeded)


def one_layer(layer):
    name = type(layer).__name__
    if "Conv" in name:
        layer.weight.data.normal_(0.0, 0.02)
        if layer.bias is not None:
            layer.bias.data.fill_(0)
    elif "BatchNorm" in name:
        layer.weight.data.normal_(1.0, 0.02)
        layer.bias.data.fill_(0)


right("by apply and class names", "initial", initialise=lambda network: network.apply(one_layer))

# 5. Walks


def arc(z0, z1, t, unit=False, degrees=False, lengths=True, sine=True, guard=True):
    cosine = z0 @ z1 / (z0.norm() * z1.norm() if lengths else 1)
    angle = torch.acos(cosine.clamp(-1, 1) if guard else cosine)
    if guard and torch.sin(angle) < 1e-6:
        return z0 + t[:, None] * (z1 - z0)
    if unit:
        z0, z1 = z0 / z0.norm(), z1 / z1.norm()
    turn = torch.rad2deg(angle) if degrees else angle
    path = torch.sin((1 - t) * turn)[:, None] * z0 + torch.sin(t * turn)[:, None] * z1
    return path / torch.sin(turn) if sine else path


wrong("the line backwards", "walks", "t = 0 is z0", lerp=lambda a, b, t: t[:, None] * a + (1 - t)[:, None] * b)
wrong("z0 + t z1", "walks", "t (z1 - z0)", lerp=lambda a, b, t: a + t[:, None] * b)
wrong("the path transposed", "walks", "[T, D]", lerp=lambda a, b, t: ((1 - t)[:, None] * a + t[:, None] * b).T)
wrong("the line for the arc", "walks", "this is the line", slerp=lambda a, b, t: (1 - t)[:, None] * a + t[:, None] * b)
wrong("an arc of length 1", "walks", "keep their length", slerp=lambda a, b, t: arc(a, b, t, unit=True))
wrong("degrees", "walks", "radians", slerp=lambda a, b, t: arc(a, b, t, degrees=True))
wrong(
    "the cosine without the lengths",
    "walks",
    "divide by both lengths",
    slerp=lambda a, b, t: arc(a, b, t, lengths=False, guard=True),
)
wrong("no division by the sine", "walks", "division by sin", slerp=lambda a, b, t: arc(a, b, t, sine=False))
wrong("0/0 between equal directions", "walks", "sin(Omega) = 0", slerp=lambda a, b, t: arc(a, b, t, guard=False))
right("by the package's own", "walks", code="from gancourse.latent import slerp")
right("z0 + t (z1 - z0)", "walks", lerp=lambda a, b, t: torch.stack([a + u * (b - a) for u in t]))

# 6. Attributes


def no_restore(generator, z):
    generator.eval()
    with torch.no_grad():
        return generator(z)


def always_train(generator, z):
    made = no_restore(generator, z)
    generator.train()
    return made


def no_eval(generator, z):
    with torch.no_grad():
        return generator(z)


def with_graph(generator, z):
    mode = generator.training
    made = generator.eval()(z)
    generator.train(mode)
    return made


def by_copy(generator, z):
    import copy

    with torch.inference_mode():
        return copy.deepcopy(generator).eval()(z).clone()


wrong("without less with", "attributes", "with less without", direction=lambda z, has: z[~has].mean(0) - z[has].mean(0))
wrong("less the mean of all", "attributes", "less the mean of *all*", direction=lambda z, has: z[has].mean(0) - z.mean(0))
wrong("sums in place of means", "attributes", "sums", direction=lambda z, has: z[has].sum(0) - z[~has].sum(0))
wrong("a mean over everything", "attributes", "mean(0)", direction=lambda z, has: z[has].mean() - z[~has].mean())
wrong(
    "a unit vector",
    "attributes",
    "how far it reaches",
    direction=lambda z, has: F.normalize(z[has].mean(0) - z[~has].mean(0), dim=0),
)
wrong(
    "latents taken for sorted",
    "attributes",
    "with the mask",
    direction=lambda z, has: z[: has.sum()].mean(0) - z[has.sum() :].mean(0),
)
wrong("a + b - c", "attributes", "this is a + b - c", analogy=lambda a, b, c: a.mean(0) + b.mean(0) - c.mean(0))
wrong("first exemplars only", "attributes", "first exemplar", analogy=lambda a, b, c: a[0] - b[0] + c[0])
wrong("eval() forgotten", "attributes", "eval() first", pictures=no_eval)
wrong("left in evaluation mode", "attributes", "remember generator.training", pictures=no_restore)
wrong("always back to training mode", "attributes", "it is not always training", pictures=always_train)
wrong("no_grad forgotten", "attributes", "torch.no_grad()", pictures=with_graph)
right("a copy, in inference mode", "attributes", pictures=by_copy)
right(
    "weights of a mask",
    "attributes",
    direction=lambda z, has: (has / has.sum() - (~has) / (~has).sum()).to(z) @ z,
    analogy=lambda a, b, c: sum(sign * torch.einsum("nd->d", g) / len(g) for sign, g in ((1, a), (-1, b), (1, c))),
)

# An answer that does not answer

wrong("torch's acos replaced", "walks", "no longer", code="torch.acos = lambda x: x")
