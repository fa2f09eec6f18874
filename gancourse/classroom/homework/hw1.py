"""The checks of homework 1: the two-player game."""

from __future__ import annotations

import copy
import inspect
import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse import theory
from gancourse.classroom.homework.checks.calls import gradient, helped, unchanged
from gancourse.classroom.homework.checks.players import MockPlayer, Table, Tape, as_it_was, descend, gradients, weights
from gancourse.classroom.homework.checks.sheets import Sheet, Wrong, built_upon, part, seal
from gancourse.classroom.homework.checks.values import builtin, close, compare, equal, finite, number, scalar, show, true
from gancourse.classroom.slips import Measured, Slips, summed, swapped, times
from gancourse.losses import non_saturating_g as _non_saturating
from gancourse.losses import saturating_d as _d_loss
from gancourse.losses import saturating_g as _saturating

LOG2 = math.log(2.0)

# 1. Losses on logits -----------------------------------------------------------------------------------------------------


_LOST = "the logarithm of a probability that has rounded to 0: compute the loss from the logit, in one step"


def _rounded(loss: Callable[..., Tensor]) -> dict[str, tuple[Callable, ...]]:
    """``loss(log, *logits)`` with a log that is no good logarithm of the sigmoid."""

    def by(*logs: Callable[..., Tensor]) -> tuple[Callable, ...]:
        return tuple(lambda *logits, log=log: loss(log, *logits) for log in logs)

    return {
        f"log(... + {e:g}) stops at {math.log(e):.1f}, and its slope is 0 from there: not in two steps": by(
            lambda v, e=e: (torch.sigmoid(v) + e).log(), lambda v, e=e: (1 - torch.sigmoid(-v) + e).log()
        )
        for e in (1e-6, 1e-7, 1e-8, 1e-10, 1e-12, 1e-16)
    } | {
        "an exponential that overflows, or the logarithm of 0: not in two steps": by(
            lambda v: torch.sigmoid(v).log(), lambda v: -torch.log1p(torch.exp(-v))
        ),
        _LOST: by(lambda v: -F.binary_cross_entropy(torch.sigmoid(v), torch.ones_like(v), reduction="none")),
    }


_SUM = "this is the sum over the batch: take the mean"

_D_LOSS = Slips("discriminator_loss") | {
    "the sign is turned round: this is V, which D maximises; a loss is minimised": times(-1, _d_loss),
    "the labels are exchanged: real is 1, fake is 0": lambda r, f: _d_loss(-r, -f),
    "-log(1 - D) in both terms: what should D say of data?": lambda r, f: _d_loss(-r, f),
    "-log D in both terms: what should D say of a fake?": lambda r, f: _d_loss(r, -f),
    _SUM: summed(_d_loss),
    "one half too much: here the two means are added, as in V": times(1 / 2, _d_loss),
    "a mean over both kinds together: take the mean of each, then add": lambda r, f: _non_saturating(torch.cat([r, -f])),
    "both sums are divided by the number of one kind: each kind has its own mean": (
        lambda r, f: (F.softplus(-r).sum() + F.softplus(f).sum()) / len(r),
        lambda r, f: (F.softplus(-r).sum() + F.softplus(f).sum()) / len(f),
    ),
    "the fakes are missing": lambda r, f: _non_saturating(r),
    "the real ones are missing": lambda r, f: -_saturating(f),
    "a sign: both terms of the loss are positive": lambda r, f: _non_saturating(r) + _saturating(f),
    "the sigmoid is applied twice": lambda r, f: _d_loss(torch.sigmoid(r), torch.sigmoid(f)),
    "in bits: the course takes the natural logarithm": times(1 / LOG2, _d_loss),
    **_rounded(lambda log, r, f: -log(r).mean() - log(-f).mean()),
}
_SATURATING = Slips("saturating_loss") | {
    "the sign is turned round: a probability's logarithm is not positive": times(-1, _saturating),
    "this is the non-saturating loss -log D": _non_saturating,
    "this is log D: the minimax game gives G log(1 - D)": times(-1, _non_saturating),
    _SUM: summed(_saturating),
    "one half too much": times(1 / 2, _saturating),
    **_rounded(lambda log, f: log(-f).mean()),
}
_NON_SATURATING = Slips("non_saturating_loss") | {
    "the sign is turned round: this would push D's answers down": times(-1, _non_saturating),
    "this is the saturating loss log(1 - D)": _saturating,
    "this labels the fakes as fake, which is D's own term: G wants them called real": times(-1, _saturating),
    _SUM: summed(_non_saturating),
    "one half too much": times(1 / 2, _non_saturating),
    **_rounded(lambda log, f: -log(f).mean()),
}


def _far(loss: Callable, right: Callable, slips: Slips, what: str, n: float, *signs: int) -> None:
    """Value and slope at a logit of n in float32, where a sigmoid has long rounded to 0 or 1."""
    at = torch.tensor([n])
    place = f"{what} at a logit of {n:g}"
    compare(loss, right, tuple(sign * at for sign in signs), slips, place, slip=_LOST, rtol=1e-4)
    slope = finite(gradient(lambda v: loss(*(sign * v for sign in signs)), at), f"the slope of {what}", _LOST)
    true(slope.abs() > 0.5, f"{what} with a slope at a logit of {n:g}", show(slope), _LOST)


@part(points=3)
def losses(sheet: Sheet, discriminator_loss: Callable, saturating_loss: Callable, non_saturating_loss: Callable) -> None:
    real, fake = 2 * sheet.randn(7) + 0.5, 2 * sheet.randn(4) - 0.5
    titles = ("the discriminator's loss", "the generator's loss in the minimax game", "the non-saturating loss")
    names = ("D's loss", "the saturating loss", "the non-saturating loss")
    answers = (discriminator_loss, saturating_loss, non_saturating_loss)
    rights: tuple[Callable, ...] = (_d_loss, _saturating, _non_saturating)
    tables = (_D_LOSS, _SATURATING, _NON_SATURATING)

    for title, name, loss, right, slips in zip(titles, names, answers, rights, tables, strict=True):
        both = right is _d_loss
        logits = {"real": real, "fake": fake} if both else {"fake": fake}

        with sheet.item(title, 0.5) as first:
            compare(loss, right, tuple(logits.values()), slips, read=scalar)
            if both:
                zeros = torch.zeros(3, dtype=torch.float64)
                close(loss(zeros, zeros), 2 * LOG2, "where D says 1/2 everywhere")

        with sheet.item(f"no logit is too large: {name}", 0.25):
            built_upon(first, "the loss itself")
            for n in (30.0, 200.0):
                _far(loss, right, slips, name, n, *((-1, 1) if both else (1,) if right is _saturating else (-1,)))

        with sheet.item(f"the slopes of {name}", 0.25):
            built_upon(first, "the loss itself")
            with unchanged(**logits):
                loss(*logits.values())

            def slope(f: Callable, both: bool = both) -> Tensor:
                return _both_slopes(f, real, fake) if both else gradient(f, fake)

            compare(loss, right, slope, slips, f"the gradient of {name}")


def _both_slopes(loss: Callable, real: Tensor, fake: Tensor) -> Tensor:
    """The gradient of D's loss by the real logits and by the fake ones."""
    return torch.cat([gradient(lambda v: loss(v, fake), real), gradient(lambda v: loss(real, v), fake)])


# 2. The best discriminator -----------------------------------------------------------------------------------------------


def _best(p: Tensor, q: Tensor, a: float = 1.0, b: float = 0.0) -> Tensor:
    return torch.where(p + q == 0, 0.5, (a * p + b * q) / (p + q))


_MOVED = "a small number added to p or q moves D* away from 0 and 1"
_SMALL = "a small constant in the denominator is not small beside a p + q of 4e-12"
_EMPTY = "0/0: where p + q is 0 answer 1/2"

_OPTIMAL = Slips("optimal_discriminator") | {
    "p and q are exchanged: D is the probability of *real*": swapped(_best),
    "this is the ratio p/q: D* is a probability": lambda p, q: p / q,
    "this is D*'s logit: apply the sigmoid, or leave the logarithm away": lambda p, q: (p / q).log(),
    "a minus is lost, as in the deck: differentiate log(1 - D) once more": lambda p, q: p / (p - q),
    "the sigmoid belongs to log(p/q), not to p/q": lambda p, q: torch.sigmoid(p / q),
    "the sigmoid belongs to log p - log q": lambda p, q: torch.sigmoid(p - q),
    "divide place by place, by p + q there and not by its sum": lambda p, q: p / (p + q).sum(),
    "this is the best *decision*: D* says how sure it is": lambda p, q: (p > q).double(),
    "1/2 is where D ends when q = p": lambda p, q: torch.full_like(p, 0.5),
    _MOVED: lambda p, q: (p + 1e-9) / (p + q + 2e-9),
    _SMALL: lambda p, q: (p / (p + q + 1e-15)).where(p + q > 0, 0.5),
    _EMPTY: lambda p, q: p / (p + q),
}
_SOFT_ENDS = "soft labels are soft at the ends, too: D* is a where only data lives, and b where only fakes do"
_SOFT = Slips("optimal_discriminator") | {
    "this is D* of hard labels: a and b are not in it": lambda p, q, a=1.0, b=0.0: _best(p, q),
    "(1 - a) p stands before log(1 - D): the denominator does not lose it": lambda p, q, a=1.0, b=0.0: (
        a * p / torch.where(p + q == 0, 1, a * p + (1 - b) * q) + (p + q == 0) / 2
    ),
    "each sample still counts once, so the denominator is p + q": lambda p, q, a=1.0, b=0.0: (
        (a * p + b * q) / torch.where(p + q == 0, 1, a * p + b * q + q) + (p + q == 0) / 2
    ),
    "b is missing: a fake, too, is called real, with weight b": lambda p, q, a=1.0, b=0.0: _best(p, q, a),
    "b is the weight of 'real' for a fake, and 1 - b that of 'fake'": lambda p, q, a=1.0, b=0.0: _best(p, q, a, 1 - b),
    "a and b are exchanged": lambda p, q, a=1.0, b=0.0: _best(p, q, b, a),
    "D* is not cut off at b and a: where both live it changes, too": lambda p, q, a=1.0, b=0.0: _best(p, q).clamp(b, a),
    _SOFT_ENDS: lambda p, q, a=1.0, b=0.0: _best(p, q, a, b).where(p > 0, 0.0).where(q > 0, 1.0),
}


@part(points=3)
def optimal(sheet: Sheet, optimal_discriminator: Callable) -> None:
    p, q = theory.normalise(sheet.rand(2, 9) + 0.05)

    with sheet.item("D* on two histograms", 0.5):
        compare(optimal_discriminator, _best, (p, q), _OPTIMAL)

    alone = torch.tensor([[0.5, 0.5, 0.0], [0.0, 0.5, 0.5]]).double()

    with sheet.item("where only one of the two lives", 0.5):
        what = "1 where only data lives, 0 where only fakes do"
        compare(optimal_discriminator, _best, tuple(alone.clone()), _OPTIMAL, what, atol=1e-12, slip=_MOVED)
        tiny = torch.tensor([[1 - 1e-12, 1e-12], [1 - 3e-12, 3e-12]], dtype=torch.float64)
        compare(optimal_discriminator, _best, tuple(tiny), _OPTIMAL, "at rare places", atol=0, rtol=1e-6, slip=_SMALL)

    with sheet.item("where nobody lives, and many pairs at once", 1):
        p2 = torch.tensor([[0.25, 0.0, 0.75, 0.0], [1.0, 0.0, 0.0, 0.0]]).double()
        q2 = torch.tensor([[0.75, 0.0, 0.25, 0.0], [0.0, 0.0, 0.0, 1.0]]).double()
        with unchanged(p=p2, q=q2):
            compare(optimal_discriminator, _best, (p2, q2), _OPTIMAL, slip=_EMPTY)

    with sheet.item("D* of soft labels", 1):
        for a, b in ((0.7, 0.4), (0.9, 0.0), (1.0, 0.2)):
            compare(optimal_discriminator, _best, (p, q, a, b), _SOFT, f"a = {a:g}, b = {b:g}")
            what = f"where only one of the two lives, a = {a:g}, b = {b:g}"
            compare(optimal_discriminator, _best, (*alone.clone(), a, b), _SOFT, what)


# 3. What is left for the generator ---------------------------------------------------------------------------------------


def _kl(p: Tensor, q: Tensor) -> Tensor:
    return (p * (p / q).log()).sum()


def _js(p: Tensor, q: Tensor) -> Tensor:
    m = torch.where(p + q > 0, (p + q) / 2, 1.0)
    return (torch.xlogy(p, p / m) + torch.xlogy(q, q / m)).sum() / 2


def _js_by(kl: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Callable:
    """A mean over p and q of something that knows this one, the other one and the middle."""
    return lambda p, q: (kl(p, q, (p + q) / 2) + kl(q, p, (p + q) / 2)) / 2


def _js_with(e: float) -> Callable:
    """With a small number in both logarithms."""
    return _js_by(lambda p, q, m: (p * ((p + e) / (m + e)).log()).sum())


def _v(p: Tensor, q: Tensor, d: Tensor) -> Tensor:
    return (torch.xlogy(p, d) + torch.xlogy(q, 1 - d)).sum()


_ZERO = "0 log 0 = 0: where p is 0 the term is 0, whatever the logarithm says (torch.xlogy)"
_NOBODY = "0 log 0 = 0: nobody visits the places where D is wrong"
_MINUS = "minus infinity: D was sure, and somebody did visit"
_ADDED = "a small number in the logarithm, or a D kept away from 0 and 1, moves the ends: 0 log 0 = 0 needs none (torch.xlogy)"
_BITS = "in bits: take the natural logarithm"

_JS = Slips("js") | {
    _ZERO: _js_by(lambda p, q, m: _kl(p, m)),
    _BITS: times(1 / LOG2, _js),
    "the halves before the two divergences are missing": times(2, _js),
    "this is Jeffreys' mean of KL(p, q) and KL(q, p): JS compares with the middle m": _js_by(lambda p, q, m: _kl(p, q)),
    "this is KL(p, q)": _kl,
    "this is KL, which is infinite here": lambda p, q: torch.xlogy(p, p / q.where(p > 0, 1)).sum(),
    "only p is compared with the middle: q is, too": lambda p, q: _kl(p, (p + q) / 2),
    "KL's arguments are exchanged: KL(p, m), not KL(m, p)": _js_by(lambda p, q, m: _kl(m, p)),
    "the middle is (p + q)/2: without the 2 it is no distribution": _js_by(lambda p, q, m: _kl(p, 2 * m)),
    "the sign is turned round": times(-1, _js),
    "this is the root of JS, the distance: leave the root away": lambda p, q: _js(p, q).sqrt(),
    "a mean over the places: an expectation is a sum with weights p": lambda p, q: _js(p, q) / len(p),
    _ADDED: tuple(map(_js_with, (1e-6, 1e-7, 1e-8))),
}
_VALUE_ENDS = Slips("value") | {
    _NOBODY: lambda p, q, d: (p * d.log() + q * (1 - d).log()).sum(),
    _ADDED: tuple(lambda p, q, d, e=e: _v(p, q, d.clamp(e, 1 - e)) for e in (1e-6, 1e-7, 1e-8)),
    _MINUS: lambda p, q, d: torch.stack([torch.xlogy(p, d), torch.xlogy(q, 1 - d)]).nan_to_num(neginf=0.0).sum(),
}
_VALUE = Slips("value") | {
    "the sign is turned round: V is what D maximises": times(-1, _v),
    "Kurmi's one half is not in V": times(1 / 2, _v),
    "p and q are exchanged": swapped(_v),
    "a sign: V is the sum of two negative numbers": lambda p, q, d: _v(p, -q, d),
    "plain means: an expectation weights the places by p, or by q": lambda p, q, d: d.log().mean() + (1 - d).log().mean(),
    "means of weighted terms: the weights p sum to 1 already, so sum": lambda p, q, d: _v(p, q, d) / len(p),
    _BITS: times(1 / LOG2, _v),
}


def _end(came: Any, wanted: float, what: str, slips: Measured, slip: str) -> None:
    """A value that is known exactly; one that is off by little has a small number somewhere."""
    came = number(came)
    slip = _ADDED if 0 < abs(came - wanted) < 1e-3 else slip
    close(came, wanted, what, slips, slip, rtol=1e-9, atol=0.0 if wanted else 1e-9)


@part(points=3)
def divergence(sheet: Sheet, js: Callable, value: Callable) -> None:
    p, q = theory.normalise(sheet.rand(2, 12) + 0.02)

    with sheet.item("JS of two histograms", 1):
        compare(js, _js, (p, q), _JS, read=number)
        compare(js, _js, (q, p), _JS, "the other way round", read=number)

    with sheet.item("its two ends, 0 and log 2", 1):
        a, b = torch.tensor([0.5, 0.5, 0.0, 0.0]).double(), torch.tensor([0.0, 0.0, 0.25, 0.75]).double()
        _end(js(a, a), 0.0, "JS of a distribution with itself", _JS.at(a, a), _ZERO)
        _end(js(a, b), LOG2, "JS of two that never meet", _JS.at(a, b), _ZERO)
        with unchanged(p=a, q=b):
            js(a, b)

    with sheet.item("the value of the game", 1):
        compare(value, _v, (p, q, 0.05 + 0.9 * sheet.rand(12)), _VALUE, read=number)
        close(number(value(p, q, p / (p + q))), 2 * theory.js(p, q) - 2 * LOG2, "V(D*, G) = 2 JS - 2 log 2")
        sure = torch.tensor([1.0, 1.0, 0.0, 0.0]).double()
        _end(value(a, b, sure), 0.0, "V where D is sure and right", _VALUE_ENDS.at(a, b, sure), _NOBODY)
        _end(value(a, b, 1 - sure), -math.inf, "V where D is sure and wrong", _VALUE_ENDS.at(a, b, 1 - sure), _MINUS)


# 4. Saturating or not ----------------------------------------------------------------------------------------------------


def _saturating_slope(v: Tensor) -> Tensor:
    return -torch.sigmoid(v)


def _non_saturating_slope(v: Tensor) -> Tensor:
    return -torch.sigmoid(-v)


def _slope_slips(answer: str, other: Callable) -> Slips:
    def of(f: Callable[[Tensor], Tensor]) -> Callable:
        return lambda v: f(torch.sigmoid(v))

    return Slips(answer) | {
        "the two slopes are exchanged": other,
        "the sign: the loss falls when the logit grows, so its slope is negative": (of(lambda d: d), of(lambda d: 1 - d)),
        "this is dD/dl: multiply by the derivative of the loss in D": of(lambda d: d * (1 - d)),
        "this is -dD/dl: divide by 1 - D or by D": of(lambda d: -d * (1 - d)),
        "this is the slope in D: the chain rule brings in dD/dl = D (1 - D)": (of(lambda d: 1 / (d - 1)), of(lambda d: -1 / d)),
    }


_SATURATING_SLOPE = _slope_slips("saturating_slope", _non_saturating_slope)
_NON_SATURATING_SLOPE = _slope_slips("non_saturating_slope", _saturating_slope)


def _parts(loss: Callable, generator: nn.Module, discriminator: nn.Module, z: Tensor, *, of: str = "G") -> list[Tensor]:
    """The gradient, parameter by parameter, in those of G, D or both ("GD")."""
    networks = {"G": generator, "D": discriminator}
    return list(torch.autograd.grad(loss(discriminator(generator(z))), [p for name in of for p in networks[name].parameters()]))


def _length(parts: list[Tensor]) -> Tensor:
    return torch.cat([part.flatten() for part in parts]).norm()


def _gradient_norm(*game: Any) -> Tensor:
    return _length(_parts(*game))


def _total(size: Callable[[Tensor], Tensor], *game: Any) -> Tensor:
    return torch.stack([size(part) for part in _parts(*game)]).sum()


def _mean_square(*game: Any) -> Tensor:
    return torch.cat([part.flatten() for part in _parts(*game)]).square().mean().sqrt()


def _in_fakes(loss: Callable, generator: nn.Module, discriminator: nn.Module, z: Tensor) -> Tensor:
    return gradient(lambda x: loss(discriminator(x)), generator(z)).norm()


def _of_each(loss: Callable, generator: nn.Module, discriminator: nn.Module, z: Tensor) -> Tensor:
    return torch.stack([_gradient_norm(loss, generator, discriminator, one[None]) for one in z]).mean()


_GRADIENT_NORM = Slips("gradient_norm") | {
    "this is the square of the length": lambda *game: _gradient_norm(*game).square(),
    "the lengths of the parts are added: add their squares, then take the root": lambda *game: _total(torch.norm, *game),
    "this is the sum of absolute values: take the Euclidean length": lambda *game: _total(lambda v: v.abs().sum(), *game),
    "only the first parameter's gradient: take all of them": lambda *game: _length(_parts(*game)[:1]),
    "only the last parameter's gradient: take all of them": lambda *game: _length(_parts(*game)[-1:]),
    "this is the discriminator's gradient: differentiate by G's parameters": lambda *game: _length(_parts(*game, of="D")),
    "the discriminator's gradient is in it: take G's parameters only": lambda *game: _length(_parts(*game, of="GD")),
    "this is the root of the *mean* square: take the sum of the squares": _mean_square,
    "this is the gradient in the fakes: differentiate by G's parameters": _in_fakes,
    "one length for each sample, then a mean: the loss is one number, with one gradient": _of_each,
}


@part(points=3)
def slopes(sheet: Sheet, saturating_slope: Callable, non_saturating_slope: Callable, gradient_norm: Callable) -> None:
    logits = 3 * sheet.randn(9)

    with sheet.item("the two slopes in the logit", 1):
        compare(saturating_slope, _saturating_slope, (logits,), _SATURATING_SLOPE, "of log(1 - D)")
        compare(non_saturating_slope, _non_saturating_slope, (logits,), _NON_SATURATING_SLOPE, "of -log D")
        far = torch.tensor([-1000.0, 1000.0]).double()
        close(saturating_slope(far), [0.0, -1.0], "of log(1 - D) at logits -1000 and 1000")
        close(non_saturating_slope(far), [-1.0, 0.0], "of -log D at logits -1000 and 1000")

    g, discriminator, z, _ = _players(sheet, Tape())
    others = copy.deepcopy(g), copy.deepcopy(discriminator)

    with sheet.item("the length of the generator's gradient", 1):
        for loss in (torch.mean, _non_saturating):
            compare(gradient_norm, _gradient_norm, (loss, g, discriminator, z), _GRADIENT_NORM, read=number)

    with sheet.item("measuring changes nothing", 1):

        def of(n: int) -> float:
            return number(gradient_norm(lambda v: n * v.mean(), *copy.deepcopy(others), z), "the length as a number")

        once, twice = of(1), of(2)
        true(once > 0, "a length", show(once))
        if abs(twice - 4 * once) > 1e-6 * twice:  # the square of a length was named above
            close(twice, 2 * once, "the length for a loss that is twice as large")  # as of any length, if it is another one
        g, discriminator = others  # nobody has touched them yet
        for p in [*g.parameters(), *discriminator.parameters()]:
            p.grad = torch.full_like(p, 7.0)
        before = [weights(network) for network in (g, discriminator)]
        slip = "old gradients are added to yours: use torch.autograd.grad, which leaves .grad alone"
        with as_it_was(G=g, D=discriminator):
            came = number(gradient_norm(torch.mean, g, discriminator, z))
            close(came, once, "the length, with old gradients lying about", slip=slip)
        slip = "backward() adds to .grad, and zero_grad() throws away what was there: use torch.autograd.grad"
        for network, was, name in zip((g, discriminator), before, ("G", "D"), strict=True):
            close(weights(network), was, f"the weights of {name} afterwards")
            close(gradients(network), torch.full_like(was, 7.0), f"the .grad of {name} afterwards", slip=slip)


# 5. One step of each player ----------------------------------------------------------------------------------------------


def _players(sheet: Sheet, tape: Tape) -> tuple[MockPlayer, MockPlayer, Tensor, Tensor]:
    """G: [N, 2] -> [N, 3], D: [N, 3] -> [N], latents and real points; all float64."""
    g = MockPlayer("G", tape, sheet.randn(2, 3), sheet.randn(3), latent_dim=2)
    d = MockPlayer("D", tape, sheet.randn(3), sheet.randn())
    return g, d, sheet.randn(6, 2), sheet.randn(6, 3) + 1


def _d_step(acts: str = "zero back step", loss: Callable = _d_loss, late: bool = False) -> Callable:
    def step(generator: nn.Module, discriminator: nn.Module, optimiser: Any, real: Tensor, z: Tensor) -> float:
        fake = generator(z).detach()
        return descend(acts, lambda: loss(discriminator(real), discriminator(fake)), optimiser, late)

    return step


def _g_step(acts: str = "zero back step", loss: Callable = _non_saturating, late: bool = False, cut: bool = False) -> Callable:
    def step(generator: nn.Module, discriminator: nn.Module, optimiser: Any, z: Tensor) -> float:
        return descend(acts, lambda: loss(discriminator(generator(z).detach() if cut else generator(z))), optimiser, late)

    return step


_CLEARED = "the gradients were cleared between backward() and step()"
_LATE = "return the loss from before the step"

_D_STEP = Slips("discriminator_step") | {
    "D has not moved: is optimiser.step() there, after backward()?": _d_step("zero back"),
    _CLEARED: _d_step("back zero step"),
    "D climbs its loss: a sign is turned round": _d_step(loss=times(-1, _d_loss)),
    "old gradients are added to the new ones: zero_grad() before backward()": (_d_step("back step"), _d_step("back step zero")),
    "the step used old gradients only: backward() is missing, or zero_grad() comes too late": _d_step("step zero back"),
    "the fakes are missing from D's loss": _d_step(loss=lambda r, f: _non_saturating(r)),
    "the real ones are missing from D's loss": _d_step(loss=lambda r, f: -_saturating(f)),
    "real and fake are exchanged": _d_step(loss=swapped(_d_loss)),
    "the sum over the batch instead of the mean": _d_step(loss=summed(_d_loss)),
    "one half too much": _d_step(loss=times(1 / 2, _d_loss)),
    _LATE: _d_step(late=True),
}
_G_STEP = Slips("generator_step") | {
    "G has not moved: was the fake detached, or is optimiser.step() missing?": (_g_step("zero back"), _g_step(cut=True)),
    "this is the saturating loss log(1 - D)": _g_step(loss=_saturating),
    "G climbs its loss: a sign is turned round": _g_step(loss=times(-1, _non_saturating)),
    "G helps D: the fakes must be labelled as real": _g_step(loss=times(-1, _saturating)),
    "D's step left gradients in G, and they are added: zero_grad() before backward()": _g_step("back step"),
    "the step used old gradients only: no new ones reached G; was the fake detached?": _g_step("back step", cut=True),
    "the sum over the batch instead of the mean": _g_step(loss=summed(_non_saturating)),
    "one half too much": _g_step(loss=times(1 / 2, _non_saturating)),
    _LATE: _g_step(late=True),
}


def _lent(step: Callable) -> Callable:
    """The step, which finds right losses under the names of the student's own."""

    def f(*given: Any) -> Any:
        with helped(step, discriminator_loss=_d_loss, non_saturating_loss=_non_saturating):
            return step(*given)

    return f


@part(points=4)
def steps(sheet: Sheet, discriminator_step: Callable, generator_step: Callable) -> None:
    tape = Tape()
    first_g, first_d, z, real = _players(sheet, tape)
    table = Table(tape, first_g, first_d, lr=0.1)
    discriminator_step, generator_step = _lent(discriminator_step), _lent(generator_step)

    given: list[Tensor] = []  # the latents that G was called with

    def d_step(step: Callable) -> tuple[nn.Module, Any]:
        g, d, _, optimiser = table.lay()
        given.clear()
        g.register_forward_pre_hook(lambda _, arguments: given.extend(arguments))
        return d, step(g, d, optimiser, real, z)

    def g_step(step: Callable) -> tuple[nn.Module, Any]:
        g, d, optimiser, _ = table.lay()
        return g, step(g, d, optimiser, z)

    what = "the loss that is returned"

    with sheet.item("the discriminator moves down its own loss", 1):
        moved = weights(d_step(discriminator_step)[0])
        true("G" in tape, "fakes made of the latents z", "no call of the generator", "the fakes are generator(z)")
        stuck = "step D" in tape and torch.equal(moved, weights(first_d))
        true(not stuck, "D's weights moved by its step", "the weights from before it", _CLEARED)
        own = "" if not given or torch.equal(torch.cat(given), z) else "the fakes are generator(z), of the z that is handed over"
        what_moved = "D's weights after one step"
        compare(discriminator_step, _d_step(), lambda f: weights(d_step(f)[0]), _D_STEP, what_moved, slip=own)
        compare(discriminator_step, _d_step(), lambda f: d_step(f)[1], _D_STEP, what, read=number, slip=_LATE)

    with sheet.item("and leaves the generator alone", 0.5):
        g, d, _, opt_d = table.lay()
        g.zero_grad()
        reached: list[Tensor] = []
        for p in g.parameters():
            p.register_hook(reached.append)
        with as_it_was(G=g, D=d):
            loss = discriminator_step(g, d, opt_d, real, z)
        true("step D" in tape, "a step of D", f"{tape}")
        close(weights(g), weights(first_g), "G's weights after D's step", slip="D's step moved the generator")
        slip = "detach the fakes: D's loss must not ask G to change"
        true(not gradients(g).any(), "no gradient in the generator", "a gradient from D's loss", slip)
        true(not reached, "no gradient on its way into the generator", "one that went there and was thrown away", slip)
        _plain_number(loss)

    with sheet.item("the generator moves down the non-saturating loss", 1):
        compare(generator_step, _g_step(), lambda f: weights(g_step(f)[0]), _G_STEP, "G's weights after one step")
        compare(generator_step, _g_step(), lambda f: g_step(f)[1], _G_STEP, what, read=number, slip=_LATE)

    with sheet.item("and leaves the discriminator alone", 0.5):
        g, d, opt_g, _ = table.lay()
        with as_it_was(G=g, D=d):
            loss = generator_step(g, d, opt_g, z)
        true("step G" in tape, "a step of G", f"{tape}")
        close(weights(d), weights(first_d), "D's weights after G's step", slip="only G's optimiser may step")
        _plain_number(loss)

    with sheet.item("three rounds in a row", 1):

        def three(steps: tuple[Callable, Callable]) -> Tensor:
            g, d, opt_g, opt_d = table.lay()
            for i in range(3):
                steps[0](g, d, opt_d, real + i, z + i)
                steps[1](g, d, opt_g, z - i)
            return torch.cat([weights(d), weights(g)])

        slip = "each step is right by itself: do gradients of the last round, or old fakes, get into this one's?"
        if not all(item.got for item in sheet.report.items[:-1]):
            slip = "as above: one of the two steps is not right yet"
        what = "D's and G's weights after three rounds"
        close(three((discriminator_step, generator_step)), three((_d_step(), _g_step())), what, slip=slip)


def _plain_number(loss: Any) -> None:
    number(loss, "the loss as a number")
    slip = "return loss.item(): a history of such tensors keeps every graph in memory"
    true(not getattr(loss, "requires_grad", False), "a number", "a tensor with its whole graph", slip)


# 6. A test for a step ----------------------------------------------------------------------------------------------------


def _joined(generator: nn.Module, discriminator: nn.Module, optimiser: Any, real: Tensor, z: Tensor) -> float:
    """No graph behind the fakes, and real and fake in one batch."""
    with torch.no_grad():
        fake = generator(z)
    logits = discriminator(torch.cat([real, fake]))
    return descend("zero back step", lambda: _d_loss(logits[: len(real)], logits[len(real) :]), optimiser)


def _in_two(generator: nn.Module, discriminator: nn.Module, optimiser: Any, real: Tensor, z: Tensor) -> float:
    """A backward pass for each half of the loss."""
    optimiser.zero_grad()
    halves = F.softplus(-discriminator(real)).mean(), F.softplus(discriminator(generator(z).detach())).mean()
    for half in halves:
        half.backward()
    optimiser.step()
    return sum(half.item() for half in halves)


def _for_d(generator: nn.Module, discriminator: nn.Module, optimiser: Any, real: Tensor, z: Tensor) -> float:
    """Gradients for D's weights only, by hand."""
    loss = _d_loss(discriminator(real), discriminator(generator(z)))
    asked = list(discriminator.parameters())
    for p, slope in zip(asked, torch.autograd.grad(loss, asked), strict=True):
        p.grad = slope
    optimiser.step()
    return loss.item()


def _attached(generator: nn.Module, discriminator: nn.Module, optimiser: Any, real: Tensor, z: Tensor) -> float:
    return descend("zero back step", lambda: _d_loss(discriminator(real), discriminator(generator(z))), optimiser)


def _both(generator: nn.Module, discriminator: nn.Module, optimiser: Any, real: Tensor, z: Tensor) -> float:
    loss = _d_step()(generator, discriminator, optimiser, real, z)
    with torch.no_grad():
        for p in generator.parameters():
            p.sub_(0.1)
    return loss


_SOUND = {
    "the plain one": _d_step(),
    "no_grad() in place of detach(), and one batch": _joined,
    "two backward passes": _in_two,
    "torch.autograd.grad": _for_d,
}
_UNSOUND = dict(_D_STEP.each()) | {"the fakes are not detached": _attached, "the generator is moved, too": _both}


@part(points=2)
def sounding(sheet: Sheet, sound: Callable) -> None:
    def says(step: Callable) -> bool:
        torch.manual_seed(sheet.seed)
        with helped(sound, discriminator_loss=_d_loss, discriminator_step=_d_step()):
            came = builtin(sound(step))
        came = came.item() if type(came) is Tensor and came.numel() == 1 else came
        true(type(came) is bool, "True or False", show(came))
        return bool(came)

    def passes(step: Callable) -> bool:
        """Whether a broken step is let through; a test that stumbles over one has found it."""
        try:
            return says(step)
        except Wrong:
            raise
        except Exception:
            return False

    with sheet.item("right steps pass, however they are written", 1):
        for name, step in _SOUND.items():
            slip = "a right step may be written in any way: ask what it does, not how, and allow for rounding"
            true(says(step), f"True for a right step ({name})", "False", slip)
        true(not passes(_d_step("zero back")), "False for a step that does not move D", "True")

    with sheet.item("broken steps are found", 1):
        true(says(_d_step()), "True for the right step", "False")
        missed = [name for name, step in _UNSOUND.items() if passes(step)]
        came = f"True for some: {len(missed)} of the broken steps pass"
        true(not missed, f"False for each of {len(_UNSOUND)} broken steps", came, f"one of them: {(missed or [''])[0]}")


# 7. Rounds of the game ---------------------------------------------------------------------------------------------------


def _rounds(play: Callable) -> Callable:
    """A training loop made of ``play(n, k, d, g)``, whose d() and g() step with fresh samples and return the loss."""

    def train(rounds: int, k: int, draw_real: Callable, draw_z: Callable, d_step: Callable, g_step: Callable) -> list:
        return play(rounds, k, lambda: d_step(draw_real(), draw_z()), lambda: g_step(draw_z()))

    return train


def _round(k: int, d: Callable, g: Callable, ks: int = 1) -> tuple[Any, Any]:
    """k steps of D, then ``ks`` of G; the last losses."""
    return [d() for _ in range(k)][-1], [g() for _ in range(ks)][-1]


def _each(play: Callable) -> Callable:
    """The loop of rounds ``play(k, d, g)``, n of them."""
    return _rounds(lambda n, *given: [play(*given) for _ in range(n)])


_train = _each(_round)

_TRAIN = Slips("train") | {
    # a public course
    "k counts steps of the *discriminator*: here G makes k of them": _each(lambda k, d, g: _round(1, d, g, k)),
    "D makes k steps in each round, not one": _each(lambda k, d, g: _round(1, d, g)),
    "G steps once after k steps of D, not after each": _rounds(lambda n, k, d, g: [_round(1, d, g) for _ in range(n * k)]),
    "the discriminator goes first": _each(lambda k, d, g: (g(), [d() for _ in range(k)])[::-1]),
    "the players alternate: one round is k steps of D and one of G": _rounds(lambda n, k, d, g: [_round(k * n, d, g, n)]),
    "one round is missing: range(1, n) has n - 1 entries": _rounds(lambda n, k, d, g: [_round(k, d, g) for _ in range(1, n)]),
    "one round too many": _rounds(lambda n, k, d, g: [_round(k, d, g) for _ in range(n + 1)]),
    "one step of D is missing in each round": _each(lambda k, d, g: ([d() for _ in range(k - 1)], g())),
    "one step of D too many in each round": _each(lambda k, d, g: _round(k + 1, d, g)),
    "n counts rounds, not steps of D": _rounds(lambda n, k, d, g: [(d(), g() if i % k == k - 1 else None) for i in range(n)]),
    "the two losses of a pair are exchanged": _each(lambda k, d, g: _round(k, d, g)[::-1]),
}


def _notes(train: Callable, n: int, k: int) -> tuple[list[tuple[Any, ...]], Any]:
    """Call the answer with players that only take notes: their steps in order, and what came."""
    seen: list[tuple[Any, ...]] = []
    drawn = Tape()

    def draw(name: str) -> str:
        drawn.append(name)
        return f"{name}{drawn.count_of(name)}"

    def step(name: str, sign: float, *samples: Any) -> float:
        seen.append((name, *samples))
        return sign * sum(step[0] == name for step in seen)

    history = train(
        n, k, lambda: draw("real"), lambda: draw("z"), lambda real, z: step("D", 1.0, real, z), lambda z: step("G", -1.0, z)
    )
    slip = "a generator does nothing until somebody asks: return a list, without yield"
    true(not inspect.isgenerator(history), "a list", "a generator", slip)
    return seen, history


_INNER = "draw inside the inner loop: k steps on one batch are not k steps of Algorithm 1"
_AGAIN = "draw new latents for G's step too, and inside the inner loop for D's"


def _fresh(values: list[Any], name: str, source: str, once: str, slip: str) -> None:
    """Samples from their own source, each of them used once."""
    true(all(isinstance(v, str) and v.startswith(name) for v in values), source, show(values))
    true(len(set(values)) == len(values), once, f"{len(set(values))} draws for {len(values)} steps", slip)


@part(points=2)
def rounds(sheet: Sheet, train: Callable) -> None:
    n, k = sheet.integer(3, 5), sheet.integer(2, 4)

    with sheet.item("k steps of D, then one of G, round after round", 1):
        for this in ((n, 1), (n, k)):

            def order(f: Callable, this: tuple[int, int] = this) -> str:
                return "".join(step[0] for step in _notes(f, *this)[0])

            equal(order(train), order(_train), slips=_TRAIN.by(order))

    with sheet.item("fresh samples for every step, and the history", 1):
        seen, history = _notes(train, n, k)
        reals = [step[1] for step in seen if step[0] == "D"]
        latents = [step[-1] for step in seen]
        _fresh(reals, "real", "the first argument of d_step from draw_real()", "a new real batch for each step of D", _INNER)
        _fresh(latents, "z", "latents from draw_z()", "new latents for each step", _AGAIN)
        slip = "one pair (D's last loss, G's loss) for each round, in this order"
        equal(history, _notes(_train, n, k)[1], slip, _TRAIN.by(lambda f: _notes(f, n, k)[1]))


seal(__name__, "gancourse.theory", "gancourse.losses.objectives", "gancourse.base.check")
