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

wrong("unwritten, and used", "not written yet: helper()", code="""
def helper(v): raise NotImplementedError()
def saturating_loss(f): return helper(f)
""", part="losses")  # fmt: skip
wrong(
    "both divided by one length",
    "its own mean",
    discriminator_loss=lambda r, f: (F.softplus(-r).sum() + F.softplus(f).sum()) / len(r),
)

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
wrong(
    "hard labels only",
    "positional",
    code="optimal_discriminator = lambda p, q: right['optimal_discriminator'](p, q)",
    part="optimal",
)


def by_logs(p, q, a=1.0, b=0.0):
    d = torch.sigmoid(p.log() - q.log())
    return (a * d + b * (1 - d)).nan_to_num(0.5)


right("by logs", optimal_discriminator=by_logs)
right("nan_to_num", optimal_discriminator=lambda p, q, a=1.0, b=0.0: ((a * p + b * q) / (p + q)).nan_to_num(0.5))

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


def terms(clean):
    return lambda p, q, d: clean(p * d.log()).add(clean(q * (1 - d).log())).sum()


def weighted_bce(p, q, d):
    both = ((torch.ones_like(d), p), (torch.zeros_like(d), q))
    return -sum(F.binary_cross_entropy(d, label, weight=w, reduction="sum") for label, w in both)


def js_with(e):
    return lambda p, q: sum((r * ((r + e) / ((p + q) / 2 + e)).log()).sum() for r in (p, q)) / 2


right("V with nan_to_num", value=terms(torch.Tensor.nan_to_num))  # two of the largest numbers sum to infinity
right("V with nan_to_num, and minus infinity kept", value=terms(lambda v: v.nan_to_num(nan=0.0, neginf=-math.inf)))
wrong("V without what is not finite", "minus infinity", value=terms(lambda v: v.where(v.isfinite(), 0.0)))
wrong("V by cross-entropy, whose logarithms stop at -100", "minus infinity", value=weighted_bce)
for e in (1e-6, 2e-7, 1e-8):
    away = f"a small number ({e:g})"
    wrong(f"JS with {away} in its logarithms", "a small number in the logarithm", js=js_with(e))
    wrong(f"V of probabilities kept {away} away from 0 and 1", "a small number", value=lambda p, q, d, e=e: terms(
        lambda v: v)(p, q, d.clamp(e, 1 - e)))  # fmt: skip

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


def through_g(generator, discriminator, optimiser, real, z):
    loss = d_loss(discriminator(real), discriminator(generator(z)))
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    generator.zero_grad()
    return loss.item()


def of_own_latents(generator, discriminator, optimiser, real, z):
    return stepped()[0](generator, discriminator, optimiser, real, torch.randn_like(z))


def for_d_alone(generator, discriminator, optimiser, real, z):
    loss = d_loss(discriminator(real), discriminator(generator(z)))
    optimiser.zero_grad()
    loss.backward(inputs=list(discriminator.parameters()))
    optimiser.step()
    return loss.item()


wrong("through the generator, which is cleared afterwards", "detach the fakes", discriminator_step=through_g)
wrong("latents of its own", "the z that is handed over", discriminator_step=of_own_latents)
right("gradients for D alone", discriminator_step=for_d_alone)
right("real and fake in one batch, no_grad", discriminator_step=joined_d_step)
right("two backward passes", discriminator_step=two_backwards)

# 6. A test for a step


def played(judged, lr=0.1, old=True, optimiser=torch.optim.SGD, kind=torch.float32):
    """A test of a step with small networks: ``judged(moved, wanted, came, loss, g, held)``."""

    def sound(step):
        draw = torch.Generator().manual_seed(1)
        g, d = torch.nn.Linear(2, 3).to(kind), torch.nn.Sequential(torch.nn.Linear(3, 1), torch.nn.Flatten(0)).to(kind)
        real, z = torch.randn(8, 3, generator=draw).to(kind) + 1, torch.randn(8, 2, generator=draw).to(kind)
        loss = d_loss(d(real), d(g(z).detach()))
        wanted = copy.deepcopy(d)
        grads = torch.autograd.grad(loss, d.parameters())
        for p, slope in zip(wanted.parameters(), grads, strict=True):
            p.data -= lr * slope
        for p in [*d.parameters(), *g.parameters()] if old else []:
            p.grad = torch.ones_like(p)
        if old:
            g.zero_grad()
        held = copy.deepcopy(g)
        before = copy.deepcopy(d)
        came = step(g, d, optimiser(d.parameters(), lr=lr), real, z)
        return judged(d, wanted, before, came, loss.item(), g, held)

    return sound


def alike(a, b):
    return all(torch.allclose(p, q, atol=1e-5) for p, q in zip(a.parameters(), b.parameters(), strict=True))


def whole(d, wanted, before, came, loss, g, held):
    return alike(d, wanted) and alike(g, held) and all(p.grad is None for p in g.parameters()) and abs(came - loss) < 1e-5


def falling(step):
    """What everybody tries first: does the loss fall?"""
    torch.manual_seed(0)
    g, d = torch.nn.Linear(2, 3), torch.nn.Sequential(torch.nn.Linear(3, 1), torch.nn.Flatten(0))
    real, z = torch.randn(8, 3) + 1, torch.randn(8, 2)
    optimiser = torch.optim.SGD(d.parameters(), lr=0.1)
    losses = [float(step(g, d, optimiser, real, z)) for _ in range(20)]
    return losses[-1] < losses[0]


passed = "of the broken steps pass"
wrong("all are sound", "False for a step that does not move D", sound=lambda step: True)
wrong("none is sound", "may be written in any way", sound=lambda step: False)
wrong("moved", passed, sound=played(lambda d, wanted, before, *_: not alike(d, before)))
wrong("the loss falls", passed, sound=falling)
wrong("no old gradients on the table", "old gradients are added", sound=played(whole, old=False))


def by_adam(d, wanted, before, came, loss, g, held):
    return not alike(d, before) and alike(g, held) and abs(came - loss) < 1e-5


def without_g(d, wanted, before, came, loss, *others):
    return alike(d, wanted) and abs(came - loss) < 1e-5


def by_bits(d, wanted, before, came, loss, *others):
    return came == loss and all(torch.equal(p, q) for p, q in zip(d.parameters(), wanted.parameters(), strict=True))


wrong("Adam, which divides by the length", passed, sound=played(by_adam, optimiser=torch.optim.Adam))
wrong("the generator is not looked at", "detached", sound=played(without_g))
wrong("exactly the same bits", "may be written in any way", sound=played(by_bits))
wrong("a word", "True or False", sound=lambda step: "yes")
wrong("None", "return missing", sound=lambda step: None)
right("with networks of float64", sound=played(whole, kind=torch.float64))
right("a boolean of torch", sound=played(lambda *a: torch.tensor(whole(*a))))
right("an assertion that is caught", code="""
def sound(d_step):
    try:
        assert right["sound"](d_step)
    except AssertionError:
        return False
    return True
""", part="sounding")  # fmt: skip


def hidden_layers(told):
    """A test with networks of two layers, which a step before backward() makes stumble; ``told``: how it says what it found."""

    def sound(step):
        torch.manual_seed(1)
        g = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.ReLU(), torch.nn.Linear(4, 3))
        d = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.ReLU(), torch.nn.Linear(5, 1))
        real, z = torch.randn(8, 3) + 1, torch.randn(8, 2)
        loss, before = d_loss(d(real), d(g(z).detach())), copy.deepcopy(g)
        slopes = torch.autograd.grad(loss, list(d.parameters()))
        wanted = [p.detach() - 0.1 * slope for p, slope in zip(d.parameters(), slopes, strict=True)]
        for p in d.parameters():
            p.grad = torch.ones_like(p)
        came = step(g, d, torch.optim.SGD(d.parameters(), lr=0.1), real, z)
        moved = all(torch.allclose(p, q, atol=1e-5) for p, q in zip(d.parameters(), wanted, strict=True))
        untouched = alike(g, before) and all(p.grad is None for p in g.parameters())
        return told(moved and untouched and abs(float(came) - loss.item()) < 1e-5)

    return sound


def asserted(found):
    assert found
    return True


right("with hidden layers", sound=hidden_layers(bool))
right("an assertion that nobody catches", sound=hidden_layers(asserted))

# 7. Rounds


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
wrong("yield", "a generator does nothing", code="""
def train(rounds, k, draw_real, draw_z, d_step, g_step):
    for _ in range(rounds):
        for _ in range(k):
            d_loss = d_step(draw_real(), draw_z())
        yield d_loss, g_step(draw_z())
""", part="rounds")  # fmt: skip
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
