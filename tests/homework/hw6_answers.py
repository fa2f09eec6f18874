"""Planted answers to homework 6: right ones, and wrong ones that no table of slips holds."""

from __future__ import annotations

import functools

import numpy as np
import torch
import torch.nn.functional as F

from tests.homework.planting import Garden

garden = Garden("hw6")
wrong, right = garden.plant_wrong, garden.plant_right

# 1. The U and its skips


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


def zipped(downs, ups, x):
    maps = [x := down(x) for down in downs]
    for up, skip in zip(ups, [None, *maps[-2::-1]], strict=True):
        x = up(x if skip is None else torch.concat((skip, x), -3))
    return x


def written_out(downs, ups, x):
    e1 = downs[0](x)
    e2 = downs[1](e1)
    e3 = downs[2](e2)
    u1 = ups[0](downs[3](e3))
    u2 = ups[1](torch.cat([e3, u1], 1))
    u3 = ups[2](torch.cat([e2, u2], 1))
    return ups[3](torch.cat([e1, u3], 1))


wrong("four levels, written out", "a loop", run_unet=written_out)
wrong("an iterator", "list(zip(...))", decoder_channels=lambda c, out: zip(*zip(*by_places(c, out), strict=True), strict=True))
wrong("nothing returned", "is a return missing?", run_unet=lambda *given: None)
wrong("the caller's list popped", "change it", decoder_channels=lambda c, out: by_places([c.pop(0) for _ in list(c)], out))
wrong("the encoder run twice", "keep the encoder's maps", run_unet=lambda *given: zipped(*given) + 0 * nested(*given))
wrong("the layers popped", "pop the maps", run_unet=lambda downs, ups, x: zipped(downs, [ups.pop(0) for _ in list(ups)], x))
right("nested, level by level", run_unet=nested, decoder_channels=by_places)
right("zip over reversed maps", run_unet=zipped)

# 2. Receptive fields


def field_by_gradient(layers):
    """One output of a chain of convolutions whose weights are 1, differentiated."""
    x = torch.ones(1, 1, 3000, dtype=torch.float64, requires_grad=True)
    y = x
    for k, s in layers:
        y = F.conv1d(y, torch.ones(1, 1, k, dtype=torch.float64) / k, stride=s)
    y[0, 0, 0].backward()
    return int((x.grad > 0).sum())


def field_by_recursion(layers):
    side = 1
    for k, s in reversed(layers):
        side = s * (side - 1) + k
    return side


def field_in_numpy(layers):
    kernels, strides = np.array(layers).T
    return 1 + np.sum((kernels - 1) * np.cumprod([1, *strides[:-1]]))


def window_by_offset(layers, i):
    start, stride, side = 0, 1, 1
    for k, s, p in layers:
        start, side, stride = start - p * stride, side + (k - 1) * stride, stride * s
    return [start + i * stride, start + i * stride + side - 1]


wrong("reversed", "the caller's list", window=lambda layers, i: layers.reverse() or window_by_offset(layers[::-1], i))
right("the field in numpy", receptive_field=field_in_numpy, window=lambda *given: np.array(window_by_offset(*given)).tolist())
right("the field from a gradient", receptive_field=field_by_gradient)
right("the recursion from the output", receptive_field=field_by_recursion, window=window_by_offset)


def by_columns(network, size, i, channels=1):
    """Without slopes: what changes if a column does."""
    still = torch.linspace(0, 1, size * size).reshape(1, 1, size, size).repeat(1, channels, 1, 1).square().double()
    before, reached = network(still)[0, 0, i, i], []
    for column in range(size):
        other = still.clone()
        other[..., column] += 0.5
        if network(other)[0, 0, i, i] != before:
            reached.append(column)
    return reached[0], reached[-1]


def by_slopes(network, size, i, channels=1):
    x = torch.ones(1, channels, size, size, requires_grad=True)
    network(x)[:, 0, i, i].sum().backward()
    where = x.grad.abs().amax((0, 1, 2)).numpy().nonzero()[0]
    return where.min(), where.max()


def positive_slopes(network, size, i, channels=1):
    x = torch.ones(1, channels, size, size, requires_grad=True)
    network(x)[0, 0, i, i].backward()
    columns = (x.grad > 0).any(0).any(0).any(0).nonzero().flatten()
    return int(columns[0]), int(columns[-1])


def by_one_row(network, size, i, channels=1, ends=lambda columns: (int(columns[0]), int(columns[-1]))):
    x = torch.ones(1, channels, size, size, requires_grad=True)
    network(x)[0, 0, i, i].backward()
    columns = x.grad[0, 0, i].nonzero()
    return ends(columns)


wrong(
    "a picture of one channel", "`channels` is an argument", measured_window=lambda n, size, i, channels=1: by_slopes(n, size, i)
)
wrong("a picture of 32 columns", "", measured_window=lambda network, size, i, channels=1: by_slopes(network, 32, i, channels))
wrong("one row of the picture", "all rows of the picture count", measured_window=by_one_row)
for _name, _ends in (
    ("torch", lambda columns: (int(columns.min()), int(columns.max()))),
    ("numpy", lambda columns: (columns.numpy().min(), columns.numpy().max())),
    ("Python", lambda columns: (min(columns.flatten().tolist()), max(columns.flatten().tolist()))),
):
    wrong(
        f"one row, by {_name}'s min", "all rows of the picture count", measured_window=functools.partial(by_one_row, ends=_ends)
    )
wrong("slopes above 0 only", "a negative slope is a dependence", measured_window=positive_slopes)
wrong(
    "in evaluation mode",
    "puts the mode back",
    measured_window=lambda network, *more: by_slopes(network.eval(), *more),
)
wrong("by the list", "no slope", measured_window=lambda network, size, i, channels=1: window_by_offset(network.layers, i))
right("a column at a time", measured_window=by_columns)
right("slopes through numpy", measured_window=by_slopes)

# 3. The losses of pix2pix


def g_loss(judge, a, b, fake, weight):
    return -F.logsigmoid(judge(torch.cat([a, fake], 1))).mean() + weight * F.l1_loss(fake, b)


def g_loss_in_place(judge, a, b, fake, weight):
    return g_loss(judge, a, b, fake, 0) + weight * b.sub_(fake).abs_().mean()


def by_labels(judge, a, b, fake):
    with torch.no_grad():
        fake = fake + 0
    real, made = judge(torch.cat((a, b), 1)), judge(torch.cat((a, fake), 1))
    bce = F.binary_cross_entropy_with_logits
    return 0.5 * bce(real, torch.ones_like(real)) + 0.5 * bce(made, torch.zeros_like(made))


def judge_frozen(judge, *more):
    judge.requires_grad_(False)
    return g_loss(judge, *more)


left = "puts the mode back"
wrong("D left in evaluation mode by its loss", left, discriminator_loss=lambda judge, *more: by_labels(judge.eval(), *more))
wrong("D left in evaluation mode by G's loss", left, generator_loss=lambda judge, *more: g_loss(judge.eval(), *more))
wrong("D frozen for good by G's loss", "or D will never learn", generator_loss=judge_frozen)
wrong("the fake subtracted in place", generator_loss=g_loss_in_place)
wrong(
    "labels on the CPU",
    "on the CPU",
    discriminator_loss=lambda judge, a, b, fake: (
        F.binary_cross_entropy_with_logits(real := judge(torch.cat((a, b), 1)), torch.ones(real.shape, dtype=a.dtype)) / 2
        + F.softplus(judge(torch.cat((a, fake.detach()), 1))).mean() / 2
    ),
)
wrong(
    "labels on the CPU in G's loss",
    "on the CPU",
    generator_loss=lambda judge, a, b, fake, weight: (
        F.binary_cross_entropy_with_logits(made := judge(torch.cat((a, fake), 1)), torch.ones(made.shape, dtype=a.dtype))
        + weight * F.l1_loss(fake, b)
    ),
)
right("binary cross-entropy with logits, l1_loss", discriminator_loss=by_labels, generator_loss=g_loss)

# 4. One step of both


def with_d_frozen(generator, discriminator, opt_g, opt_d, a, b, d_loss, g_loss):
    """As in the authors' code: D's gradients are switched off in G's turn."""
    fake = generator(a)
    discriminator.requires_grad_(True)
    opt_d.zero_grad(set_to_none=True)
    d = d_loss(discriminator, a, b, fake.detach())
    d.backward()
    opt_d.step()
    discriminator.requires_grad_(False)
    opt_g.zero_grad()
    g = g_loss(discriminator, a, b, fake)
    g.backward()
    opt_g.step()
    discriminator.requires_grad_(True)
    return [float(d.detach()), g.detach()]


def frozen_for_good(*arguments):
    came = with_d_frozen(*arguments)
    arguments[1].requires_grad_(False)
    return came


wrong("D frozen for good", "requires_grad", train_step=frozen_for_good)


def step_in_evaluation(generator, discriminator, *more):
    generator.eval(), discriminator.eval()
    return with_d_frozen(generator, discriminator, *more)


def step_there_and_back(generator, discriminator, *more):
    came = step_in_evaluation(generator, discriminator, *more)
    generator.train(), discriminator.train()
    return [np.float64(loss) for loss in came]


wrong("both left in evaluation mode", "puts the mode back", train_step=step_in_evaluation)
right("losses as numbers of numpy, modes put back", train_step=step_there_and_back)
right("D frozen in G's turn, as the authors do", train_step=with_d_frozen)

# 5. There and back


def cycles(ab, ba, a, b):
    return (ba(ab(a)) - a).abs().sum() / a.numel() + (ab(ba(b)) - b).abs().sum() / b.numel()


def cycles_in_evaluation(ab, ba, a, b):
    return cycles(ab.eval(), ba, a, b)


wrong("a translator left in evaluation mode", left, cycle_loss=cycles_in_evaluation)
wrong("backward() inside", "backward() is the caller's", cycle_loss=lambda *given: cycles(*given).backward() or cycles(*given))
wrong("a number without a graph", "a scalar tensor", cycle_loss=lambda *given: cycles(*given).item())


def identities(ab, ba, a, b):
    return torch.abs(ab(b) - b).mean() + torch.linalg.vector_norm(ba(a) - a, 1) / a.numel()


there = "the identity translates nothing"
wrong("impostors that do nothing", there, impostors=lambda: (lambda x: x, lambda x: x))
wrong("impostors that exchange pictures", there, impostors=lambda: (lambda x: x.flip(0), lambda x: x.flip(0)))
wrong("twice the same roll", "ba has to undo ab", impostors=lambda: (lambda x: x.roll(1, 1), lambda x: x.roll(1, 1)))
wrong("impostors beyond 1", "a picture stays a picture", impostors=lambda: (lambda x: 2 * x, lambda x: x / 2))
wrong("impostors in place", "in place", impostors=lambda: (torch.Tensor.neg_, torch.Tensor.neg_))


def negative_corner(x):
    y = x.clone()
    y[:, :, :2, :2] *= -1
    return y


wrong("impostors that change the first picture", there, impostors=lambda: (lambda x: torch.cat([-x[:1], x[1:]]),) * 2)
right("one corner turned round", impostors=lambda: (negative_corner, negative_corner))
right("a small shift round the circle", impostors=lambda: (lambda x: (x + 1.05) % 2 - 1, lambda x: (x + 0.95) % 2 - 1))
right("the mirror", impostors=lambda: [lambda x: x.flip(3)] * 2)
right("colours rolled there and back", impostors=lambda: (lambda x: x.roll(1, 1), lambda x: x.roll(-1, 1)))
right("brightness bent and bent back", impostors=lambda: (lambda x: -x.pow(3), lambda x: -(x.sign() * x.abs() ** (1 / 3))))
wrong("the identity without a graph", "cuts the graph", identity_loss=torch.no_grad()(identities))
wrong(
    "one half of the identity detached",
    "the identity of B is cut off",
    identity_loss=lambda ab, ba, a, b: F.l1_loss(ab(b).detach(), b) + F.l1_loss(ba(a), a),
)
wrong(
    "the identity in evaluation mode",
    left,
    identity_loss=lambda ab, ba, a, b: identities(ab.eval(), ba, a, b),
)
right("sums over sizes", cycle_loss=cycles, identity_loss=identities)

# 6. Masks


def erased_in_place(x, mask, fill=0.0):
    x[mask.expand_as(x) == 1] = fill
    return x


def by_selection(output, x, mask):
    hole = mask.expand_as(x).bool()
    return (output[hole] - x[hole]).square().mean() if hole.any() else output.sum() * 0


hides, no_graph = "hide 0/0 from the value, not from the slope", "backward() is called on it"


def sum_and_count(o, x, m):
    return (m * (o - x) ** 2).sum(), m.sum() * x.shape[1]


def by_where(*given):
    total, n = sum_and_count(*given)
    return torch.where(n > 0, total / n, 0.0)


def by_nan_to_num(*given):
    total, n = sum_and_count(*given)
    return torch.nan_to_num(total / n)


def number_for_nothing(o, x, m):
    return 0.0 if m.sum() == 0 else by_where(o, x, m)


def zeros_for_nothing(o, x, m):
    return torch.zeros(()) if m.sum() == 0 else by_where(o, x, m)


wrong("0/0 under torch.where", hides, masked_loss=by_where)
wrong("0/0 under nan_to_num", hides, masked_loss=by_nan_to_num)
wrong("a number where nothing is missing", no_graph, masked_loss=number_for_nothing)
wrong("a constant where nothing is missing", no_graph, masked_loss=zeros_for_nothing)
wrong("a mask that is not expanded", "expand_as", masked_loss=lambda o, x, m: (o[m.bool()] - x[m.bool()]).square().mean())
right("a small eps", masked_loss=lambda o, x, m: sum_and_count(o, x, m)[0] / (sum_and_count(o, x, m)[1] + 1e-8))
wrong("an eps that is not small", masked_loss=lambda o, x, m: (m * (o - x) ** 2).sum() / (m.sum() * x.shape[1] + 1))
wrong(
    "a filler on the CPU",
    "on the CPU",
    erase=lambda x, m, fill=0.0: torch.where(m > 0, torch.full(x.shape, fill, dtype=x.dtype), x),
)
wrong("the caller's picture erased", "in place", erase=erased_in_place)
right("selection by a boolean mask", masked_loss=by_selection)
right(
    "torch.where and lerp",
    erase=lambda x, m, fill=0.0: torch.where(m > 0, fill, x),
    complete=lambda x, o, m: torch.lerp(x, o, m.expand_as(x)),
)
right("masked_fill", erase=lambda x, m, fill=0.0: x.masked_fill(m.bool(), fill), complete=lambda x, o, m: x + m * (o - x))

# Answers that do not answer

wrong("the oracle replaced", "no longer", code="hw6._u = lambda *a, **k: run_unet", part="unet")
wrong("the losses of the check replaced", "no longer", code="hw6._g_loss = hw6._d_loss", part="step")
