"""Planted answers to homework 1."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F

from tests.homework.planting import Garden

garden = Garden("hw1")
wrong, right = garden.plant_wrong, garden.plant_right


def d_loss(real, fake):
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def g_loss(fake):
    return F.softplus(-fake).mean()


# 1. Losses

wrong("D's loss with its sign turned round", "losses", "a loss is minimised", discriminator_loss=lambda r, f: -d_loss(r, f))
wrong("real and fake exchanged", "losses", "labels are exchanged", discriminator_loss=lambda r, f: d_loss(-r, -f))
wrong("sum in place of mean", "losses", "sum over the batch", non_saturating_loss=lambda f: F.softplus(-f).sum())
wrong(
    "one mean over real and fake together",
    "losses",
    "take the mean of each",
    discriminator_loss=lambda r, f: torch.cat([F.softplus(-r), F.softplus(f)]).mean(),
)
wrong("Kurmi's one half kept", "losses", "one half too much", discriminator_loss=lambda r, f: d_loss(r, f) / 2)
wrong("no reduction", "losses", "one number", non_saturating_loss=lambda f: F.softplus(-f))
wrong(
    "log(sigmoid + 1e-8), as in many public codes",
    "losses",
    "write softplus",
    non_saturating_loss=lambda f: -(torch.sigmoid(f) + 1e-8).log().mean(),
)
wrong(
    "log(sigmoid) without an eps",
    "losses",
    "the logarithm of 0",
    non_saturating_loss=lambda f: -torch.sigmoid(f).log().mean(),
)
wrong(
    "binary_cross_entropy of probabilities, clamped at 100",
    "losses",
    "compute the loss from the logit",
    non_saturating_loss=lambda f: F.binary_cross_entropy(torch.sigmoid(f), torch.ones_like(f)),
)
wrong(
    "softplus spelt out, log(1 + exp)",
    "losses",
    "exponential that overflows",
    non_saturating_loss=lambda f: (
        torch.log1p(torch.exp(-f)).mean() if f.abs().max() < 50 else torch.log1p(torch.exp(-f)).mean() * 1
    ),
)
wrong(
    "sigmoid applied twice", "losses", "applied twice", discriminator_loss=lambda r, f: d_loss(torch.sigmoid(r), torch.sigmoid(f))
)
wrong(
    "the saturating loss for the other",
    "losses",
    "saturating loss log(1 - D)",
    non_saturating_loss=lambda f: -F.softplus(f).mean(),
)
wrong("+ log D in place of log(1 - D)", "losses", "log(1 - D)", saturating_loss=lambda f: -F.softplus(-f).mean())
wrong("the logits detached", "losses", "detached", saturating_loss=lambda f: -F.softplus(f.detach()).mean())
wrong(
    "an operation in place",
    "losses",
    "in place",
    discriminator_loss=lambda r, f: F.softplus(r.neg_()).mean() + F.softplus(f).mean() if not r.requires_grad else d_loss(r, f),
)
wrong("a number in place of a tensor", "losses", "a scalar tensor", non_saturating_loss=lambda f: g_loss(f).item())
wrong("hard-coded from the report", "losses", "", discriminator_loss=lambda r, f: (r.sum() + f.sum()) * 0 + 2 * math.log(2))
wrong("the fakes forgotten", "losses", "fakes are missing", discriminator_loss=lambda r, f: F.softplus(-r).mean() + 0 * f.sum())
wrong("not written", "losses", "not written yet", code="def saturating_loss(fake_logits):\n    raise NotImplementedError()")
wrong("a syntax slip at run time", "losses", "NameError", saturating_loss=lambda f: -softplus(f).mean())  # noqa: F821
right("logsigmoid", "losses", discriminator_loss=lambda r, f: -F.logsigmoid(r).mean() - F.logsigmoid(-f).mean())
right(
    "binary cross-entropy with logits",
    "losses",
    discriminator_loss=lambda r, f: (
        F.binary_cross_entropy_with_logits(r, torch.ones_like(r)) + F.binary_cross_entropy_with_logits(f, torch.zeros_like(f))
    ),
    non_saturating_loss=lambda f: F.binary_cross_entropy_with_logits(f, torch.ones_like(f)),
    saturating_loss=lambda f: -F.binary_cross_entropy_with_logits(f, torch.zeros_like(f)),
)
right("logaddexp", "losses", non_saturating_loss=lambda f: torch.logaddexp(torch.zeros_like(f), -f).mean())
right("sum over length", "losses", saturating_loss=lambda f: -F.softplus(f).sum() / len(f))

# 2. The best discriminator

wrong("p and q exchanged", "optimal", "probability of *real*", optimal_discriminator=lambda p, q: q / (p + q))
wrong("the deck's lost minus", "optimal", "a minus is lost", optimal_discriminator=lambda p, q: p / (p - q))
wrong("0/0 left to float", "optimal", "0/0", optimal_discriminator=lambda p, q: p / (p + q))
wrong("an eps in the denominator", "optimal", "small", optimal_discriminator=lambda p, q: p / (p + q + 1e-8))
wrong("an eps above and below", "optimal", "away from 0 and 1", optimal_discriminator=lambda p, q: (p + 1e-9) / (p + q + 2e-9))
wrong("divided by the total over places", "optimal", "place by place", optimal_discriminator=lambda p, q: p / (p + q).sum())
wrong("the best decision, not the probability", "optimal", "best *decision*", optimal_discriminator=lambda p, q: (p > q).double())


def in_place(p, q):
    p /= torch.where(p + q == 0, 1.0, p + q)
    p[(p == 0) & (q == 0)] = 0.5
    return p


wrong("the caller's p overwritten", "optimal", "", optimal_discriminator=in_place)
right(
    "sigmoid of the log-ratio",
    "optimal",
    optimal_discriminator=lambda p, q: torch.where(p + q > 0, torch.sigmoid(p.log() - q.log()), 0.5),
)
right("nan_to_num", "optimal", optimal_discriminator=lambda p, q: (p / (p + q)).nan_to_num(0.5))

# 3. JS and V

wrong("JS in bits", "divergence", "in bits", js=lambda p, q: right_js(p, q) / math.log(2))
wrong("the halves of JS forgotten", "divergence", "halves", js=lambda p, q: 2 * right_js(p, q))
wrong("the middle without its half", "divergence", "the middle is (p + q)/2", js=lambda p, q: right_js(p, q) - math.log(2))
wrong(
    "0 log 0 is NaN",
    "divergence",
    "0 log 0",
    js=lambda p, q: ((p * (2 * p / (p + q)).log()).sum() + (q * (2 * q / (p + q)).log()).sum()) / 2,
)
wrong("a mean over the places", "divergence", "a sum with weights p", js=lambda p, q: right_js(p, q) / len(p))
wrong("V's sign", "divergence", "V is what D maximises", value=lambda p, q, d: -(torch.xlogy(p, d) + torch.xlogy(q, 1 - d)).sum())
wrong("plain means in V", "divergence", "weights the places", value=lambda p, q, d: d.log().mean() + (1 - d).log().mean())


def right_js(p, q):
    m = torch.where(p + q > 0, (p + q) / 2, 1.0)
    return (torch.xlogy(p, p / m) + torch.xlogy(q, q / m)).sum() / 2


def js_by_entropies(p, q):
    middle, first, second = (torch.special.entr(r).sum() for r in ((p + q) / 2, p, q))
    return middle - (first + second) / 2


def js_in_numpy(p, q):
    p, q = p.numpy(), q.numpy()
    return float(sum(0.5 * a * np.log(2 * a / (a + b)) for x, y in ((p, q), (q, p)) for a, b in zip(x, y, strict=True) if a > 0))


right("JS as a difference of entropies", "divergence", js=js_by_entropies)
right("JS in numpy, place by place", "divergence", js=js_in_numpy)
right(
    "V with nan_to_num",
    "divergence",
    value=lambda p, q, d: torch.nan_to_num(p * d.log()).sum() + torch.nan_to_num(q * (1 - d).log()).sum(),
)

# 4. Slopes

wrong(
    "the slopes exchanged",
    "slopes",
    "exchanged",
    saturating_slope=lambda v: -torch.sigmoid(-v),
    non_saturating_slope=lambda v: -torch.sigmoid(v),
)
wrong("the slopes' sign", "slopes", "negative", saturating_slope=lambda v: torch.sigmoid(v))
wrong("the slope in D", "slopes", "chain rule", saturating_slope=lambda v: -1 / (1 - torch.sigmoid(v)))
wrong("exp overflows in the slope", "slopes", "", non_saturating_slope=lambda v: -torch.exp(-v) / (1 + torch.exp(-v)))


def norm_by_backward(loss, generator, discriminator, z):
    loss(discriminator(generator(z))).backward()
    return torch.cat([p.grad.flatten() for p in generator.parameters()]).norm().item()


def norm_with_zero_grad(loss, generator, discriminator, z):
    generator.zero_grad()
    return norm_by_backward(loss, generator, discriminator, z)


def norm_of(power):
    def norm(loss, generator, discriminator, z):
        parts = torch.autograd.grad(loss(discriminator(generator(z))), list(generator.parameters()))
        return sum(part.norm() ** power for part in parts).item()

    return norm


wrong("the gradient's length by backward()", "slopes", "torch.autograd.grad", gradient_norm=norm_by_backward)
wrong("zero_grad() that throws others' gradients away", "slopes", "throws away", gradient_norm=norm_with_zero_grad)
wrong("lengths of the parts added", "slopes", "add their squares", gradient_norm=norm_of(1))
wrong("the square of the length", "slopes", "the square", gradient_norm=norm_of(2))
right("the length by squares", "slopes", gradient_norm=lambda *a: math.sqrt(norm_of(2)(*a)))
right("slopes by autograd", "slopes", non_saturating_slope=lambda v: torch.func.grad(lambda w: F.softplus(-w).sum())(v))

# 5. Steps


def d_step(detach=True, zero="before", sign=1, halves=1.0, step=True, real_only=False):
    def run(generator, discriminator, optimiser, real, z):
        fake = generator(z).detach() if detach else generator(z)
        loss = F.softplus(-discriminator(real)).mean() + (0 if real_only else F.softplus(discriminator(fake)).mean())
        if zero == "before":
            optimiser.zero_grad()
        (sign * halves * loss).backward()
        if zero == "between":
            optimiser.zero_grad()
        if step:
            optimiser.step()
        if zero == "after":
            optimiser.zero_grad()
        return loss.item()

    return run


def g_step(loss=g_loss, zero=True, detach=False, returned=lambda loss: loss.item()):
    def run(generator, discriminator, optimiser, z):
        fake = generator(z).detach() if detach else generator(z)
        value = loss(discriminator(fake))
        if zero:
            optimiser.zero_grad()
        value.backward()
        optimiser.step()
        return returned(value)

    return run


def g_step_both(generator, discriminator, optimiser, z):
    value = g_step()(generator, discriminator, optimiser, z)
    with torch.no_grad():
        for p in discriminator.parameters():
            p -= 0.1 * p.grad
    return value


def g_step_frozen(generator, discriminator, optimiser, z):
    discriminator.requires_grad_(False)
    return g_step()(generator, discriminator, optimiser, z)


wrong("detach() forgotten", "steps", "detach the fakes", discriminator_step=d_step(detach=False))
wrong("zero_grad() forgotten in D's step", "steps", "old gradients are added", discriminator_step=d_step(zero="never"))
wrong("zero_grad() between backward() and step()", "steps", "D has not moved", discriminator_step=d_step(zero="between"))
wrong("zero_grad() only after the step", "steps", "zero_grad() before backward()", discriminator_step=d_step(zero="after"))
wrong("D climbs", "steps", "climbs", discriminator_step=d_step(sign=-1))
wrong("one half in D's step", "steps", "one half", discriminator_step=d_step(halves=0.5))
wrong("no step", "steps", "optimiser.step()", discriminator_step=d_step(step=False))
wrong("D sees no fakes", "steps", "", discriminator_step=d_step(real_only=True))
wrong("G minimises the saturating loss", "steps", "saturating loss", generator_step=g_step(lambda f: -F.softplus(f).mean()))
wrong("G labels its fakes as fake", "steps", "labelled as real", generator_step=g_step(lambda f: F.softplus(f).mean()))
wrong("D's gradients left in G", "steps", "D's step left gradients in G", generator_step=g_step(zero=False))
wrong("the fake detached in G's step", "steps", "", generator_step=g_step(detach=True))
wrong("a loss with its graph", "steps", "loss.item()", generator_step=g_step(returned=lambda loss: loss))
wrong("nothing returned", "steps", "return missing", generator_step=g_step(returned=lambda loss: None))
wrong("G's step moves D, too", "steps", "only G's optimiser", generator_step=g_step_both)
wrong("D frozen for good", "steps", "requires_grad", generator_step=g_step_frozen)


def joined_d_step(generator, discriminator, optimiser, real, z):
    with torch.no_grad():
        fake = generator(z)
    logits = discriminator(torch.cat([real, fake]))
    loss = F.binary_cross_entropy_with_logits(logits, torch.cat([torch.ones(len(real)), torch.zeros(len(fake))]).to(logits)) * 2
    discriminator.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()
    return float(loss.detach())


def frozen_g_step(generator, discriminator, optimiser, z):
    discriminator.requires_grad_(False)
    value = g_step()(generator, discriminator, optimiser, z)
    discriminator.requires_grad_(True)
    return value


def two_backwards(generator, discriminator, optimiser, real, z):
    optimiser.zero_grad()
    a = F.softplus(-discriminator(real)).mean()
    a.backward()
    b = F.softplus(discriminator(generator(z).detach())).mean()
    b.backward()
    optimiser.step()
    return (a + b).detach()


right("real and fake in one batch, no_grad", "steps", discriminator_step=joined_d_step)
right("D frozen during G's step", "steps", generator_step=frozen_g_step)
right("two backward passes", "steps", discriminator_step=two_backwards)

# 6. Rounds


def loop(order):
    def train(rounds, k, draw_real, draw_z, d_step, g_step):
        return order(rounds, k, lambda: d_step(draw_real(), draw_z()), lambda: g_step(draw_z()))

    return train


def inverted(n, k, d, g):
    return [(d(), [g() for _ in range(k)][-1]) for _ in range(n)]


def reused_batch(rounds, k, draw_real, draw_z, d_step, g_step):
    history = []
    for _ in range(rounds):
        real, z = draw_real(), draw_z()
        for _ in range(k):
            d_loss = d_step(real, z)
        history.append((d_loss, g_step(draw_z())))
    return history


def reused_latents(rounds, k, draw_real, draw_z, d_step, g_step):
    history = []
    for _ in range(rounds):
        for _ in range(k):
            z = draw_z()
            d_loss = d_step(draw_real(), z)
        history.append((d_loss, g_step(z)))
    return history


wrong("n_critic inverted (a public course)", "rounds", "k counts steps of the *discriminator*", train=loop(inverted))
wrong("k ignored", "rounds", "D makes k steps", train=loop(lambda n, k, d, g: [(d(), g()) for _ in range(n)]))
wrong(
    "the generator first",
    "rounds",
    "goes first",
    train=loop(lambda n, k, d, g: [(g(), [d() for _ in range(k)][-1])[::-1] for _ in range(n)]),
)
wrong(
    "off by one round",
    "rounds",
    "one round is missing",
    train=loop(lambda n, k, d, g: [([d() for _ in range(k)][-1], g()) for _ in range(1, n)]),
)
wrong("one batch for all k steps", "rounds", "inner loop", train=reused_batch)
wrong("D's latents used again for G", "rounds", "new latents for G", train=reused_latents)
wrong(
    "the losses of a pair exchanged",
    "rounds",
    "exchanged",
    train=loop(lambda n, k, d, g: [([d() for _ in range(k)][-1], g())[::-1] for _ in range(n)]),
)
wrong(
    "no history",
    "rounds",
    "return missing",
    train=loop(lambda n, k, d, g: [([d() for _ in range(k)], g()) for _ in range(n)] and None),
)
right("comprehensions", "rounds", train=loop(lambda n, k, d, g: [([d() for _ in range(k)][-1], g()) for _ in range(n)]))


def by_modulo(rounds, k, draw_real, draw_z, d_step, g_step):
    history, i = [], 0
    while len(history) < rounds:
        d_loss = d_step(draw_real(), draw_z())
        i += 1
        if i % k == 0:
            history.append([d_loss, g_step(draw_z())])
    return history


right("counting modulo k", "rounds", train=by_modulo)

# Answers that do not answer

wrong("torch.allclose always true", "rounds", "torch.allclose is no longer", code="torch.allclose = lambda *a, **k: True")
wrong(
    "the check replaced",
    "optimal",
    "no longer what it was",
    code="import gancourse.classroom.homework.checks as c\nc.close = lambda *a, **k: None",
)
wrong(
    "Score made generous",
    "optimal",
    "no longer",
    code="from gancourse.classroom.homework import checks\nchecks.Report.got = property(lambda report: 3.0)",
)
wrong(
    "the check's code rewritten",
    "optimal",
    "no longer",
    code="hw1.optimal.__wrapped__.__code__ = (lambda sheet, f: None).__code__",
)
wrong(
    "a tensor that equals everything",
    "optimal",
    "something of type",
    code="""
class Yes(torch.Tensor):
    def __eq__(self, other): return True
    def __sub__(self, other): return 0 * other
optimal_discriminator = lambda p, q: torch.zeros_like(p).as_subclass(Yes)
""",
)
wrong(
    "Tensor.__eq__ replaced when called",
    "optimal",
    "no longer",
    code="""
def optimal_discriminator(p, q):
    torch.Tensor.__eq__ = lambda s, o: True
    return p
""",
)
wrong("exit() in the answer", "optimal", "exit()", code="def optimal_discriminator(p, q):\n    raise SystemExit(0)")
