"""Planted answers to homework 1."""

from __future__ import annotations

import copy
import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from tests.homework.planting import Garden

garden = Garden("hw1")
wrong, right = garden.plant_wrong, garden.plant_right


def d_loss(real, fake):
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def g_loss(fake):
    return F.softplus(-fake).mean()


def cross_entropy(logits, label):
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


# 1. Losses

wrong("no reduction", "one number", non_saturating_loss=lambda f: F.softplus(-f))
wrong("the logits detached", "detached", saturating_loss=lambda f: -F.softplus(f.detach()).mean())
wrong("in place", "in place", discriminator_loss=lambda r, f: d_loss(r if r.requires_grad else r.neg_().neg(), f))
wrong("a number in place of a tensor", "a scalar tensor", non_saturating_loss=lambda f: g_loss(f).item())
wrong("hard-coded from the report", discriminator_loss=lambda r, f: (r.sum() + f.sum()) * 0 + 2 * math.log(2))
wrong("a syntax slip at run time", "NameError", saturating_loss=lambda f: -softplus(f).mean())  # noqa: F821
right("logsigmoid", discriminator_loss=lambda r, f: -F.logsigmoid(r).mean() - F.logsigmoid(-f).mean())
bce = {"discriminator_loss": lambda r, f: cross_entropy(r, 1) + cross_entropy(f, 0)}
bce |= {"non_saturating_loss": lambda f: cross_entropy(f, 1), "saturating_loss": lambda f: -cross_entropy(f, 0)}
right("binary cross-entropy with logits", **bce)
right("logaddexp", non_saturating_loss=lambda f: torch.logaddexp(torch.zeros_like(f), -f).mean())
right("sum over length", saturating_loss=lambda f: -F.softplus(f).sum() / len(f))

# 2. The best discriminator


def in_place(p, q):
    p /= torch.where(p + q == 0, 1.0, p + q)
    p[(p == 0) & (q == 0)] = 0.5
    return p


wrong("the caller's p overwritten", optimal_discriminator=in_place)


def in_numpy(p, q):
    p, q = p.numpy(), q.numpy()
    return np.where(p + q == 0, 0.5, p / np.where(p + q == 0, 1.0, p + q))


wrong("an array of numpy", "torch.as_tensor", optimal_discriminator=in_numpy)
right("by logs", optimal_discriminator=lambda p, q: torch.sigmoid(p.log() - q.log()).nan_to_num(0.5))
right("nan_to_num", optimal_discriminator=lambda p, q: (p / (p + q)).nan_to_num(0.5))

# 3. JS and V


def js_by_entropies(p, q):
    middle, first, second = (torch.special.entr(r).sum() for r in ((p + q) / 2, p, q))
    return middle - (first + second) / 2


def js_in_numpy(p, q):
    p, q = p.numpy(), q.numpy()
    return float(sum(0.5 * a * np.log(2 * a / (a + b)) for x, y in ((p, q), (q, p)) for a, b in zip(x, y, strict=True) if a > 0))


right("JS as a difference of entropies", js=js_by_entropies)
right("JS in numpy, place by place", js=js_in_numpy)
right("JS as a number of numpy", js=lambda p, q: np.float64(js_in_numpy(p, q)))
right("JS as an array of numpy without axes", js=lambda p, q: np.array(js_in_numpy(p, q)))
right("V with nan_to_num", value=lambda p, q, d: (p * d.log()).nan_to_num().add((q * (1 - d).log()).nan_to_num()).sum())

# 4. Slopes


def norm_by_backward(loss, generator, discriminator, z):
    loss(discriminator(generator(z))).backward()
    return torch.cat([p.grad.flatten() for p in generator.parameters()]).norm().item()


def norm_with_zero_grad(loss, generator, discriminator, z):
    generator.zero_grad()
    return norm_by_backward(loss, generator, discriminator, z)


def norm_by_squares(loss, generator, discriminator, z):
    parts = torch.autograd.grad(loss(discriminator(generator(z))), list(generator.parameters()))
    return math.sqrt(sum(part.square().sum() for part in parts))


def norm_by_copies(loss, generator, discriminator, z):
    generator, discriminator = copy.deepcopy(generator), copy.deepcopy(discriminator)
    generator.zero_grad()
    norm_by_backward(loss, generator, discriminator, z)
    return np.sqrt(sum(float(p.grad.square().sum()) for p in generator.parameters()))


def norm_and(after):
    def gradient_norm(loss, generator, discriminator, z):
        length = norm_by_squares(loss, generator, discriminator, z)
        after(generator, discriminator)
        return length

    return gradient_norm


wrong("D frozen by the instrument", "requires_grad", gradient_norm=norm_and(lambda g, d: d.requires_grad_(False)))
wrong(
    "both put in the other mode by the instrument",
    "puts the mode back",
    gradient_norm=norm_and(lambda g, d: (g.eval(), d.eval())),
)
right("the length from copies of the players, as a number of numpy", gradient_norm=norm_by_copies)
wrong("exp overflows in the slope", non_saturating_slope=lambda v: -torch.exp(-v) / (1 + torch.exp(-v)))
wrong("the gradient's length by backward()", "torch.autograd.grad", gradient_norm=norm_by_backward)
wrong("zero_grad() that throws others' gradients away", "throws away", gradient_norm=norm_with_zero_grad)
right("the length by squares", gradient_norm=norm_by_squares)
right("slopes by autograd", non_saturating_slope=lambda v: torch.func.grad(lambda w: F.softplus(-w).sum())(v))

# 5. Steps


def stepped(before=lambda g, d: None, after=lambda g, d: None, returned=Tensor.item, cut=Tensor.detach):
    """A step of each player, with something else before or after it."""

    def d_step(generator, discriminator, optimiser, real, z):
        before(generator, discriminator)
        return move(d_loss(discriminator(real), discriminator(cut(generator(z)))), generator, discriminator, optimiser)

    def g_step(generator, discriminator, optimiser, z):
        before(generator, discriminator)
        return move(g_loss(discriminator(generator(z))), generator, discriminator, optimiser)

    def move(loss, generator, discriminator, optimiser):
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        after(generator, discriminator)
        return returned(loss)

    return d_step, g_step


def shifted(network):
    with torch.no_grad():
        for p in network.parameters():
            p += 0.1


wrong("detach() forgotten", "detach the fakes", discriminator_step=stepped(cut=lambda x: x)[0])
wrong("fakes out of thin air", "generator(z)", discriminator_step=lambda g, d, o, real, z: 0.0)
wrong("a loss with its graph", "loss.item()", generator_step=stepped(returned=lambda loss: loss)[1])
wrong("nothing returned", "return missing", generator_step=stepped(returned=lambda loss: None)[1])
wrong("D's step moves G, too", "moved the generator", discriminator_step=stepped(after=lambda g, d: shifted(g))[0])
wrong("G's step moves D, too", "only G's optimiser", generator_step=stepped(after=lambda g, d: shifted(d))[1])
wrong("D frozen for good", "requires_grad", generator_step=stepped(after=lambda g, d: d.requires_grad_(False))[1])
wrong("D left in the other mode", "not part of the step", generator_step=stepped(after=lambda g, d: d.eval())[1])
wrong("G left in the other mode", "not part of", discriminator_step=stepped(after=lambda g, d: g.eval())[0])
wrong("D left in the other mode by its own step", "not part of", discriminator_step=stepped(after=lambda g, d: d.eval())[0])
wrong("G frozen for good", "or G will never learn", discriminator_step=stepped(after=lambda g, d: g.requires_grad_(False))[0])
quiet = stepped(before=lambda g, d: g.eval(), after=lambda g, d: g.train())[0]
right("G in evaluation mode during D's step", discriminator_step=quiet)
frozen = stepped(before=lambda g, d: d.requires_grad_(False), after=lambda g, d: d.requires_grad_(True))[1]
right("D frozen during G's step", generator_step=frozen)


def joined_d_step(generator, discriminator, optimiser, real, z):
    with torch.no_grad():
        fake = generator(z)
    logits = discriminator(torch.cat([real, fake]))
    loss = cross_entropy(logits[: len(real)], 1) + cross_entropy(logits[len(real) :], 0)
    discriminator.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()
    return float(loss.detach())


def two_backwards(generator, discriminator, optimiser, real, z):
    optimiser.zero_grad()
    a = F.softplus(-discriminator(real)).mean()
    a.backward()
    b = F.softplus(discriminator(generator(z).detach())).mean()
    b.backward()
    optimiser.step()
    return (a + b).detach()


right("real and fake in one batch, no_grad", discriminator_step=joined_d_step)
right("two backward passes", discriminator_step=two_backwards)

# 6. Rounds


def loop(order):
    return lambda n, k, draw_real, draw_z, d_step, g_step: [order(k, draw_real, draw_z, d_step, g_step) for _ in range(n)]


def reused_latents(k, real, z, d_step, g_step):
    drawn = [z() for _ in range(k)]
    return [d_step(real(), latents) for latents in drawn][-1], g_step(drawn[-1])


def reused_batch(k, real, z, d_step, g_step):
    batch = real()
    return [d_step(batch, z()) for _ in range(k)][-1], g_step(z())


wrong("one batch for all k steps", "inner loop", train=loop(reused_batch))
wrong("D's latents used again for G", "new latents for G", train=loop(reused_latents))
wrong("z for real", "d_step from draw_real()", train=loop(lambda k, r, z, d, g: ([d(z(), r()) for _ in range(k)], g(z()))))
wrong("real for z", "from draw_z()", train=loop(lambda k, r, z, d, g: ([d(r(), z()) for _ in range(k)], g(r()))))
wrong("no history", "return missing", train=lambda *a: loop(lambda k, r, z, d, g: [d(r(), z()), g(z())])(*a) and None)
right("comprehensions", train=loop(lambda k, real, z, d, g: ([d(real(), z()) for _ in range(k)][-1], g(z()))))


def by_modulo(rounds, k, draw_real, draw_z, d_step, g_step):
    history, i = [], 0
    while len(history) < rounds:
        d_loss = d_step(draw_real(), draw_z())
        i += 1
        if i % k == 0:
            history.append([d_loss, g_step(draw_z())])
    return history


right("counting modulo k", train=by_modulo)

# Answers that do not answer

wrong("torch.allclose always true", "torch.allclose is no longer", code="torch.allclose = lambda *a, **k: True", part="rounds")
generous = "from gancourse.classroom.homework import checks\nchecks.Report.got = property(lambda report: 3.0)"
wrong("Score made generous", "no longer", code=generous, part="optimal")
wrong("a tensor that equals everything", "something of type", code="""
class Yes(torch.Tensor):
    def __eq__(self, other): return True
    def __sub__(self, other): return 0 * other
optimal_discriminator = lambda p, q: torch.zeros_like(p).as_subclass(Yes)
""", part="optimal")  # fmt: skip
wrong("Tensor.__eq__ replaced when called", "no longer", code="""
def optimal_discriminator(p, q):
    torch.Tensor.__eq__ = lambda s, o: True
    return p
""", part="optimal")  # fmt: skip
