"""Planted answers to homework 6."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from tests.homework.planting import Garden

garden = Garden("hw6")
wrong, right = garden.plant_wrong, garden.plant_right

# 1. The U and its skips


def channels(first=1, rest=2, last=2):
    """Decoder channels with factors on the bottleneck, the middle and the last layer's input."""

    def pairs(encoder, out):
        n = len(encoder)
        ins = [encoder[-1] * first] + [rest * c for c in encoder[-2:0:-1]] + [last * encoder[0]]
        return list(zip(ins[:n], [*encoder[-2::-1], out], strict=True))

    return pairs


def u(join=lambda s, y: torch.cat([s, y], 1), bottom=lambda x: x, order=lambda maps: maps[::-1]):
    def run(downs, ups, x):
        maps = []
        for down in downs:
            x = down(x)
            maps.append(x)
        x = ups[0](bottom(maps[-1]))
        for up, skip in zip(ups[1:], order(maps[:-1]), strict=True):
            x = up(join(skip, x))
        return x

    return run


def popping_channels(encoder, out):
    pairs = [(encoder[-1], encoder[-2])]
    encoder.pop()
    while len(encoder) > 1:
        n = encoder.pop()
        pairs.append((2 * n, encoder[-1]))
    return [*pairs, (2 * encoder[0], out)]


def joined_at_the_end(downs, ups, x):
    return torch.cat([x, u()(downs, ups, x)], 1)


def encoder_run_again(downs, ups, x):
    def depth(i):
        y = x
        for down in downs[:i]:
            y = down(y)
        return y

    y = ups[0](depth(len(downs)))
    for i, up in enumerate(ups[1:], start=1):
        y = up(torch.cat([depth(len(downs) - i), y], 1))
    return y


def layers_popped(downs, ups, x):
    maps = []
    for down in downs:
        x = down(x)
        maps.append(x)
    x = ups.pop(0)(maps.pop())
    while ups:
        x = ups.pop(0)(torch.cat([maps.pop(), x], 1))
    return x


wrong("the skips' channels forgotten", "unet", "twice as many", decoder_channels=channels(1, 1, 1))
wrong("the bottleneck doubled, too", "unet", "the first layer takes it alone", decoder_channels=channels(2, 2, 2))
wrong("the last layer without its skip", "unet", "the last layer is given a skip", decoder_channels=channels(1, 2, 1))
wrong("from the top down", "unet", "from the bottom up", decoder_channels=lambda c, o: channels()(c, o)[::-1])
wrong("(out, in)", "unet", "(channels in, channels out)", decoder_channels=lambda c, o: [p[::-1] for p in channels()(c, o)])
wrong("the last layer forgotten", "unet", "makes the picture, is missing", decoder_channels=lambda c, o: channels()(c, o)[:-1])
wrong("the caller's list popped", "unet", "change it", decoder_channels=popping_channels)
wrong("no skips: an encoder-decoder", "unet", "the skips are missing", run_unet=u(lambda s, y: y))
wrong("[decoder, encoder]", "unet", "the order in the channels", run_unet=u(lambda s, y: torch.cat([y, s], 1)))
wrong("maps added", "unet", "side by side", run_unet=u(lambda s, y: s + y))
wrong("joined in the batch", "unet", "dimension 1", run_unet=u(lambda s, y: torch.cat([s, y])))
wrong("the first map for the first layer", "unet", "has its side", run_unet=u(order=lambda maps: maps))
wrong("the bottleneck joined to itself", "unet", "joined to itself", run_unet=u(bottom=lambda x: torch.cat([x, x], 1)))
wrong("the input joined to the result", "unet", "the output of the last layer", run_unet=joined_at_the_end)
wrong("the skips detached", "unet", "skips are detached", run_unet=u(lambda s, y: torch.cat([s.detach(), y], 1)))
wrong("the encoder run anew for each skip", "unet", "keep the encoder's maps", run_unet=encoder_run_again)
wrong("the layers popped", "unet", "pop the maps", run_unet=layers_popped)
wrong("not written", "unet", "not written yet", code="def run_unet(downs, ups, x):\n    raise NotImplementedError()")


def nested(downs, ups, x):
    """As in the authors' code: each level holds the next."""
    inner = downs[0](x)
    if len(downs) == 1:
        return ups[0](inner)
    return ups[-1](torch.cat([inner, nested(downs[1:], ups[:-1], inner)], 1))


def by_places(encoder, out):
    pairs = []
    for i in range(len(encoder) - 1, -1, -1):
        n_in = encoder[i] if i == len(encoder) - 1 else encoder[i] + encoder[i]
        pairs.append([n_in, encoder[i - 1] if i else out])
    return pairs


right("nested, level by level", "unet", run_unet=nested, decoder_channels=by_places)
right("zip over reversed maps", "unet", run_unet=u(lambda s, y: torch.concat((s, y), -3)))

# 2. Receptive fields


def recursion(step, order=reversed, start=1):
    def field(layers):
        r = start
        for k, s in order(layers):
            r = step(r, k, s)
        return r

    return field


def walk(step, order=reversed):
    def window(layers, i):
        first = last = i
        for k, s, p in order(layers):
            first, last = step(first, last, k, s, p)
        return first, last

    return window


def own_stride(layers):
    side, stride = 1, 1
    for k, s in layers:
        stride *= s
        side += (k - 1) * stride
    return side


wrong("70 by heart", "patches", "70 is for", receptive_field=lambda layers: 70)
wrong("strides forgotten", "patches", "strides are missing", receptive_field=lambda layers: 1 + sum(k - 1 for k, _ in layers))
wrong("a layer's own stride", "patches", "*before* it", receptive_field=own_stride)
wrong(
    "the recursion from the input",
    "patches",
    "last to the first",
    receptive_field=recursion(lambda r, k, s: (r - 1) * s + k, list),
)
wrong("r s + k", "patches", "r - 1 steps", receptive_field=recursion(lambda r, k, s: r * s + k))
wrong(
    "begun with 0",
    "patches",
    "the pixel itself",
    receptive_field=lambda layers: recursion(lambda r, k, s: (r - 1) * s + k)(layers) - 1,
)
wrong("kernels multiplied", "patches", "", receptive_field=lambda layers: int(np.prod([k for k, _ in layers])))
wrong(
    "the area", "patches", "not its area", receptive_field=lambda layers: recursion(lambda r, k, s: (r - 1) * s + k)(layers) ** 2
)
wrong("the padding forgotten", "patches", "padding shifts", window=walk(lambda a, b, k, s, p: (a * s, b * s + k - 1)))
wrong("the padding added", "patches", "to the left", window=walk(lambda a, b, k, s, p: (a * s + p, b * s + p + k - 1)))
wrong("one past the end", "patches", "j + k - 1", window=walk(lambda a, b, k, s, p: (a * s - p, b * s - p + k)))
wrong(
    "clipped at the edge",
    "patches",
    "leave negative",
    window=lambda layers, i: (max(0, right_window(layers, i)[0]), right_window(layers, i)[1]),
)
wrong(
    "from the input to the output",
    "patches",
    "the last layer first",
    window=walk(lambda a, b, k, s, p: (a * s - p, b * s - p + k - 1), list),
)
wrong(
    "the list reversed in place",
    "patches",
    "",
    window=lambda layers, i: walk(lambda a, b, k, s, p: (a * s - p, b * s - p + k - 1), list)(layers.reverse() or layers, i),
)


def right_window(layers, i):
    return walk(lambda a, b, k, s, p: (a * s - p, b * s - p + k - 1))(layers, i)


def field_by_gradient(layers):
    """One output of a chain of convolutions whose weights are 1, differentiated."""
    x = torch.ones(1, 1, 3000, dtype=torch.float64, requires_grad=True)
    y = x
    for k, s in layers:
        y = F.conv1d(y, torch.ones(1, 1, k, dtype=torch.float64) / k, stride=s)
    y[0, 0, 0].backward()
    return int((x.grad > 0).sum())


def window_by_offset(layers, i):
    start, stride, side = 0, 1, 1
    for k, s, p in layers:
        start, side, stride = start - p * stride, side + (k - 1) * stride, stride * s
    return [start + i * stride, start + i * stride + side - 1]


right("the field from a gradient", "patches", receptive_field=field_by_gradient)
right(
    "the recursion from the output",
    "patches",
    receptive_field=recursion(lambda r, k, s: s * (r - 1) + k),
    window=window_by_offset,
)

# 3. The losses of pix2pix


def d_loss(half=0.5, detach=True, real=lambda a, b: (a, b), made=lambda a, b, f: (a, f), dim=1, reduce=torch.mean, sign=1):
    def loss(judge, a, b, fake):
        fake = fake.detach() if detach else fake
        r, f = judge(torch.cat(real(a, b), dim)), judge(torch.cat(made(a, b, fake), dim))
        return half * (reduce(F.softplus(-sign * r)) + reduce(F.softplus(sign * f)))

    return loss


def g_loss(
    distance=F.l1_loss, look=lambda a, b, f: (a, f), fooled=lambda f: F.softplus(-f).mean(), mix=lambda x, y, w: x + w * y
):
    def loss(judge, a, b, fake, weight):
        return mix(fooled(judge(torch.cat(look(a, b, fake), 1))), distance(fake, b), weight)

    return loss


wrong("the paper's one half forgotten", "losses", "one half is missing", discriminator_loss=d_loss(half=1))
wrong("detach() forgotten in D's loss", "losses", "detach the fake", discriminator_loss=d_loss(detach=False))
wrong("D sees no input", "losses", "without a", discriminator_loss=d_loss(real=lambda a, b: (b,), made=lambda a, b, f: (f,)))
wrong("(b, a)", "losses", "a first", discriminator_loss=d_loss(real=lambda a, b: (b, a), made=lambda a, b, f: (f, a)))
wrong("the fake beside the target", "losses", "partner is the input", discriminator_loss=d_loss(made=lambda a, b, f: (b, f)))
wrong("pairs put together in the batch", "losses", "dimension 1", discriminator_loss=d_loss(dim=0))
wrong("pairs put together in the width", "losses", "dimension 1", discriminator_loss=d_loss(dim=3))
wrong("labels exchanged", "losses", "labels are exchanged", discriminator_loss=d_loss(sign=-1))
wrong("the sum over the patches", "losses", "the sum over the patches", discriminator_loss=d_loss(reduce=torch.sum))
wrong(
    "one loss for each picture",
    "losses",
    "one number",
    discriminator_loss=d_loss(reduce=lambda x: x.flatten(1).mean(1) if x.ndim > 1 else x),
)
wrong(
    "the loss of the mean logit",
    "losses",
    "mean logit",
    discriminator_loss=lambda judge, a, b, f: (
        (F.softplus(-judge(torch.cat([a, b], 1)).mean()) + F.softplus(judge(torch.cat([a, f.detach()], 1)).mean())) / 2
    ),
)
wrong("L2", "losses", "L2, which blurs", generator_loss=g_loss(F.mse_loss))
wrong("L1 summed", "losses", "size of the picture", generator_loss=g_loss(lambda f, b: (f - b).abs().sum()))
wrong("lambda on the wrong term", "losses", "belongs to the L1 term", generator_loss=g_loss(mix=lambda x, y, w: w * x + y))
wrong("lambda = 100 for ever", "losses", "need not be 100", generator_loss=g_loss(mix=lambda x, y, w: x + 100 * y))
wrong("no adversarial term", "losses", "adversarial term is missing", generator_loss=g_loss(mix=lambda x, y, w: w * y))
wrong("the saturating loss", "losses", "saturating loss", generator_loss=g_loss(fooled=lambda f: -F.softplus(f).mean()))
wrong("the fake detached in G's loss", "losses", "cannot teach G", generator_loss=g_loss(look=lambda a, b, f: (a, f.detach())))
wrong("D shown the target in G's loss", "losses", "shown the target", generator_loss=g_loss(look=lambda a, b, f: (a, b)))
wrong("errors that cancel", "losses", "must not cancel", generator_loss=g_loss(lambda f, b: (f - b).mean().abs()))
wrong(
    "log(sigmoid + 1e-8)",
    "losses",
    "by softplus",
    generator_loss=g_loss(fooled=lambda f: -(torch.sigmoid(f) + 1e-8).log().mean()),
)
wrong(
    "the fake subtracted in place",
    "losses",
    "",
    generator_loss=lambda judge, a, b, f, w: F.softplus(-judge(torch.cat([a, f], 1))).mean() + w * b.sub_(f).abs_().mean(),
)


def by_labels(judge, a, b, fake):
    with torch.no_grad():
        fake = fake + 0
    real, made = judge(torch.cat((a, b), 1)), judge(torch.cat((a, fake), 1))
    bce = F.binary_cross_entropy_with_logits
    return 0.5 * bce(real, torch.ones_like(real)) + 0.5 * bce(made, torch.zeros_like(made))


right(
    "binary cross-entropy with logits, l1_loss",
    "losses",
    discriminator_loss=by_labels,
    generator_loss=g_loss(fooled=lambda f: -F.logsigmoid(f).sum() / f.numel()),
)

# 4. One step of both


def step(order="dg", fresh=False, zero="dg", sign=1, detach=False, both=False, returned=lambda d, g: (d.item(), g.item())):
    def run(generator, discriminator, opt_g, opt_d, a, b, d_loss, g_loss):
        fake = generator(a)
        d = d_loss(discriminator, a, b, fake)
        if "d" in zero:
            opt_d.zero_grad()
        d.backward()
        opt_d.step()
        if fresh:
            fake = generator(a)
        g = sign * g_loss(discriminator, a, b, fake.detach() if detach else fake)
        if "g" in zero:
            opt_g.zero_grad()
        if detach:
            g = g + 0 * sum(p.sum() for p in generator.parameters())
        g.backward()
        opt_g.step()
        if both:
            opt_d.step()
        return returned(d, g)

    return run


def early_loss(generator, discriminator, opt_g, opt_d, a, b, d_loss, g_loss):
    fake = generator(a)
    d, g = d_loss(discriminator, a, b, fake), g_loss(discriminator, a, b, fake)
    opt_d.zero_grad()
    d.backward(retain_graph=True)
    opt_d.step()
    opt_g.zero_grad()
    g.backward()
    opt_g.step()
    return d.item(), g.item()


def steps_last(generator, discriminator, opt_g, opt_d, a, b, d_loss, g_loss):
    fake = generator(a)
    d, g = d_loss(discriminator, a, b, fake), g_loss(discriminator, a, b, fake)
    opt_d.zero_grad()
    opt_g.zero_grad()
    d.backward()
    g.backward()
    opt_d.step()
    opt_g.step()
    return d.item(), g.item()


def generator_first(generator, discriminator, opt_g, opt_d, a, b, d_loss, g_loss):
    fake = generator(a)
    g = g_loss(discriminator, a, b, fake)
    opt_g.zero_grad()
    g.backward()
    opt_g.step()
    d = d_loss(discriminator, a, b, fake)
    opt_d.zero_grad()
    d.backward()
    opt_d.step()
    return d.item(), g.item()


wrong("PyTorch's issue 39141: the loss before the step", "step", "compute the loss after D's step", train_step=early_loss)
wrong("both backward passes, then both steps", "step", "D's step comes first", train_step=steps_last)
wrong("the generator first", "step", "the D from before its step", train_step=generator_first)
wrong("a second fake", "step", "dropout would make another", train_step=step(fresh=True))
wrong("zero_grad() of D forgotten", "step", "opt_d.zero_grad()", train_step=step(zero="g"))
wrong("zero_grad() of G forgotten", "step", "opt_g.zero_grad()", train_step=step(zero="d"))
wrong("the fake detached for G", "step", "was the fake detached", train_step=step(detach=True))
wrong("G climbs", "step", "G climbs", train_step=step(sign=-1))
wrong("opt_d steps twice", "step", "a second time", train_step=step(both=True))
wrong("losses with their graphs", "step", "loss.item()", train_step=step(returned=lambda d, g: (d, g)))
wrong("losses exchanged", "step", "exchanged", train_step=step(returned=lambda d, g: (g.item(), d.item())))
wrong("nothing returned", "step", "return both", train_step=step(returned=lambda d, g: None))


def with_d_frozen(generator, discriminator, opt_g, opt_d, a, b, d_loss, g_loss):
    """As in the authors' code: D's gradients are switched off in G's turn."""
    fake = generator(a)
    for p in discriminator.parameters():
        p.requires_grad_(True)
    opt_d.zero_grad(set_to_none=True)
    d = d_loss(discriminator, a, b, fake.detach())
    d.backward()
    opt_d.step()
    for p in discriminator.parameters():
        p.requires_grad_(False)
    opt_g.zero_grad()
    g = g_loss(discriminator, a, b, fake)
    g.backward()
    opt_g.step()
    for p in discriminator.parameters():
        p.requires_grad_(True)
    return [float(d.detach()), g.detach()]


def frozen_for_good(*arguments):
    came = with_d_frozen(*arguments)
    arguments[1].requires_grad_(False)
    return came


wrong("D frozen for good", "step", "requires_grad", train_step=frozen_for_good)
right("D frozen in G's turn, as the authors do", "step", train_step=with_d_frozen)

# 5. There and back


def cycles(first=lambda ab, ba, a: ba(ab(a)), second=lambda ab, ba, b: ab(ba(b)), gap=F.l1_loss, swap=False):
    def loss(ab, ba, a, b):
        x, y = (b, a) if swap else (a, b)
        return gap(first(ab, ba, a), x) + gap(second(ab, ba, b), y)

    return loss


wrong("one cycle only", "cycle", "there are two cycles", cycle_loss=lambda ab, ba, a, b: F.l1_loss(ba(ab(a)), a))
wrong(
    "the translators exchanged", "cycle", "ab first", cycle_loss=cycles(lambda ab, ba, a: ab(ba(a)), lambda ab, ba, b: ba(ab(b)))
)
wrong(
    "the translation compared with the other set",
    "cycle",
    "not paired",
    cycle_loss=cycles(lambda ab, ba, a: ab(a), lambda ab, ba, b: ba(b), gap=lambda x, y: (x - y).abs().mean(), swap=True),
)
wrong("no way back", "cycle", "come back before", cycle_loss=cycles(lambda ab, ba, a: ab(a), lambda ab, ba, b: ba(b)))
wrong("squares", "cycle", "this is L2", cycle_loss=cycles(gap=F.mse_loss))
wrong("sums", "cycle", "sum over the pixels", cycle_loss=cycles(gap=lambda x, y: (x - y).abs().sum()))
wrong("lambda inside", "cycle", "multiplied outside", cycle_loss=lambda *args: 10 * cycles()(*args))
wrong(
    "detached half-way",
    "cycle",
    "detached half-way",
    cycle_loss=cycles(lambda ab, ba, a: ba(ab(a).detach()), lambda ab, ba, b: ab(ba(b).detach())),
)
wrong(
    "one mean over both sets",
    "cycle",
    "take the mean of each",
    cycle_loss=lambda ab, ba, a, b: 2 * torch.cat([(ba(ab(a)) - a).abs().flatten(), (ab(ba(b)) - b).abs().flatten()]).mean(),
)
wrong(
    "the identity of the wrong set",
    "cycle",
    "picture of B",
    identity_loss=lambda ab, ba, a, b: F.l1_loss(ab(a), a) + F.l1_loss(ba(b), b),
)
wrong("the cycle for the identity", "cycle", "this is the cycle loss", identity_loss=cycles())
wrong(
    "backward() inside",
    "cycle",
    "backward() is the caller's",
    cycle_loss=lambda *args: cycles()(*args).backward() or cycles()(*args),
)
wrong("a number without a graph", "cycle", "a scalar tensor", cycle_loss=lambda *args: cycles()(*args).item())

right(
    "sums over sizes",
    "cycle",
    cycle_loss=cycles(gap=lambda x, y: (y - x).abs().sum() / y.numel()),
    identity_loss=lambda ab, ba, a, b: torch.abs(ab(b) - b).mean() + torch.linalg.vector_norm(ba(a) - a, 1) / a.numel(),
)

# 6. Masks


def rec(count=lambda x, m: m.sum() * x.shape[1], power=2):
    return lambda output, x, m: ((output - x).abs().pow(power) * m).sum() / count(x, m).clamp(min=1)


wrong("the mask the other way round", "masks", "*missing*", erase=lambda x, m, fill=0.0: x * m + fill * (1 - m))
wrong("the other way round in completion", "masks", "*missing*", complete=lambda x, o, m: x * m + o * (1 - m))
wrong("the filler added everywhere", "masks", "added everywhere", erase=lambda x, m, fill=0.0: x * (1 - m) + fill)
wrong("the picture still there", "masks", "still there under", erase=lambda x, m, fill=0.0: x + m * fill)
wrong("the whole output kept", "masks", "whole output", complete=lambda x, o, m: o)
wrong("the loss over everything", "masks", "only the hole counts", masked_loss=lambda o, x, m: F.mse_loss(o, x))
wrong(
    "mean() of what is masked", "masks", "divide by the missing ones", masked_loss=lambda o, x, m: ((o - x).square() * m).mean()
)
wrong("channels forgotten", "masks", "three channels", masked_loss=rec(lambda x, m: m.sum()))
wrong("always three channels", "masks", "not always 3", masked_loss=rec(lambda x, m: 3 * m.sum()))
wrong("L1", "masks", "this is L1", masked_loss=rec(power=1))
wrong(
    "0/0 where nothing is missing", "masks", "0/0", masked_loss=lambda o, x, m: (m * (o - x) ** 2).sum() / (m.sum() * x.shape[1])
)
wrong(
    "a mean of means",
    "masks",
    "counts the same",
    masked_loss=lambda o, x, m: ((o - x).square() * m).sum((1, 2, 3)).div((m.sum((1, 2, 3)) * x.shape[1]).clamp(min=1)).mean(),
)
wrong("an eps that is not small", "masks", "", masked_loss=lambda o, x, m: (m * (o - x) ** 2).sum() / (m.sum() * x.shape[1] + 1))


def erased_in_place(x, mask, fill=0.0):
    x[mask.expand_as(x) == 1] = fill
    return x


wrong("the caller's picture erased", "masks", "in place", erase=erased_in_place)


def by_selection(output, x, mask):
    hole = mask.expand_as(x).bool()
    return (output[hole] - x[hole]).square().mean() if hole.any() else output.sum() * 0


right("selection by a boolean mask", "masks", masked_loss=by_selection)
right(
    "torch.where and lerp",
    "masks",
    erase=lambda x, m, fill=0.0: torch.where(m > 0, fill, x),
    complete=lambda x, o, m: torch.lerp(x, o, m.expand_as(x)),
)
right(
    "masked_fill", "masks", erase=lambda x, m, fill=0.0: x.masked_fill(m.bool(), fill), complete=lambda x, o, m: x + m * (o - x)
)

# Answers that do not answer

wrong(
    "close() replaced",
    "masks",
    "no longer what it was",
    code="import gancourse.classroom.homework.checks as c\nc.close = lambda *a, **k: None",
)
wrong("the oracle replaced", "unet", "no longer", code="hw6._u = lambda *a, **k: run_unet(*a[:3])")
wrong("the losses of the check replaced", "step", "no longer", code="hw6._g_loss = hw6._d_loss")
