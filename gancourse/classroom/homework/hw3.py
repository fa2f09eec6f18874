"""The checks of homework 3: Wasserstein and friends."""

from __future__ import annotations

import contextlib
import copy
import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse import theory
from gancourse.classroom.homework.checks.calls import gradient, helped, unchanged
from gancourse.classroom.homework.checks.players import MockPlayer, Table, Tape, as_it_was, descend, gradients, weights
from gancourse.classroom.homework.checks.sheets import Sheet, Wrong, part, seal
from gancourse.classroom.homework.checks.values import builtin, close, compare, finite, number, pair, scalar, shape, show, true
from gancourse.classroom.right import centred_at_1
from gancourse.classroom.right import lengths as _lengths
from gancourse.classroom.right import squares as _squares_d
from gancourse.classroom.slips import Slips, summed, times
from gancourse.losses import wasserstein_d as _critic_loss
from gancourse.losses import wasserstein_g as _generator_loss
from gancourse.theory import transport as oracle

# 1. Moving earth ---------------------------------------------------------------------------------------------------------


def _work(p: Tensor, q: Tensor) -> Tensor:
    return (p - q).cumsum(0).abs().sum()


_LEFT = "earth that goes left and earth that goes right cancel: the absolute value of each gap, then the sum"
_OUTSIDE = "the absolute value belongs to each gap, before the sum: left and right must not cancel"
_PLACES = "this compares place by place and does not know how far earth goes: what crosses a gap is a running sum"

_ON_A_LINE = Slips("on_a_line") | {
    _LEFT: lambda p, q: (p - q).cumsum(0).sum(),
    _OUTSIDE: lambda p, q: (p - q).cumsum(0).sum().abs(),
    _PLACES: lambda p, q: (p - q).abs().sum(),
    "this is the total variation: how much is moved, not how far": lambda p, q: (p - q).abs().sum() / 2,
    "compare the two running sums by their difference": lambda p, q: (p.cumsum(0) * q.cumsum(0)).sum(),
    "squares in place of absolute values: the work is mass times way": lambda p, q: (p - q).cumsum(0).square().sum(),
    "a mean over the gaps: the work is their sum": (lambda p, q: _work(p, q) / len(p), lambda p, q: _work(p, q) / (len(p) - 1)),
    "one half too much": times(1 / 2, _work),
    "this is the busiest gap only: add up all of them": lambda p, q: (p - q).cumsum(0).abs().max(),
    "the first gap is missing, between place 0 and place 1": lambda p, q: (p - q).cumsum(0)[1:].abs().sum(),
    "the last gap is missing": lambda p, q: (p - q).cumsum(0)[:-2].abs().sum(),
}


def _best(p: Tensor, q: Tensor, cost: Tensor) -> tuple[Tensor, float]:
    best = oracle.earth_mover(p, q, cost)
    return best.plan, best.value


def _planned(plan: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Callable:
    """A plan of one's own, and its work."""
    return lambda p, q, cost: (made := plan(p, q, cost), (made * cost).sum())


def _nearest(p: Tensor, q: Tensor, cost: Tensor) -> Tensor:
    """Each heap to its nearest hole."""
    return p[:, None] * F.one_hot(cost.argmin(1), len(q))


def _shaped(change: Callable[[Tensor], Tensor]) -> Callable:
    """The best plan in another shape, and its work."""
    return lambda p, q, cost: (change(_best(p, q, cost)[0]), _best(p, q, cost)[1])


def _worked(work: Callable[[Tensor, Tensor], Tensor]) -> Callable:
    """The best plan, and what is taken for its work."""
    return lambda p, q, cost: (plan := _best(p, q, cost)[0], work(plan, cost))


_NONE = "linprog found none (its message says why): does each row of A add up the entries of its own heap or hole, in b's order?"
_ORDER = "the entries are out of order: flatten() reads row by row, and they go back the same way"
_UNFILLED = "the holes are not filled: A has m more rows, one for each hole"
_SPREAD = "this is the plan p_i q_j, which sends a bit of everything everywhere: find the cheapest"
_DEAREST = "this is the dearest plan: linprog minimises, so leave the sign as it is"
_TWO_ORDERS = "A and flatten() read x in two orders: which entries of x are row i of the plan?"
_TOO_LITTLE = "each hole takes from its nearest heap, but the heaps do not hold that much"


def _back_by_columns(p: Tensor, q: Tensor, cost: Tensor) -> Tensor:
    """The best plan, put back column by column."""
    return _best(p, q, cost)[0].reshape(len(q), len(p)).T


def _two_orders(p: Tensor, q: Tensor, cost: Tensor) -> Tensor:
    """The rows of A are for a plan that is read column by column, costs and plan are read row by row."""
    return _best(p, q, cost.reshape(len(q), len(p)).T)[0].T.reshape(len(p), len(q))


_PLAN = Slips("earth_mover") | {
    "a matrix, not a vector: reshape it": _shaped(Tensor.flatten),
    "rows are heaps and columns are holes": _shaped(Tensor.t),
    _ORDER: _planned(_back_by_columns),
    _TWO_ORDERS: _planned(_two_orders),
    "every heap is taken as large as the others": _planned(lambda p, q, cost: _best(torch.full_like(p, 1 / len(p)), q, cost)[0]),
    "each row of the plan sums to 1: it must sum to p_i": _planned(lambda p, q, cost: _best(p, q, cost)[0] / p[:, None]),
    _UNFILLED: _planned(_nearest),
}
_WORK = Slips("earth_mover") | {
    _ORDER: _planned(_back_by_columns),
    _TWO_ORDERS: _planned(_two_orders),
    _SPREAD: _planned(lambda p, q, cost: p[:, None] * q),
    _DEAREST: (_planned(lambda p, q, cost: _best(p, q, -cost)[0]), lambda p, q, cost: _best(p, q, -cost)),
    "the sign is turned round": _worked(lambda plan, cost: -(plan * cost).sum()),
    "the costs are squared": _worked(lambda plan, cost: (plan * cost.square()).sum()),
    "this plan is best for other costs, squared ones": _planned(lambda p, q, cost: _best(p, q, cost.square())[0]),
    "a mean over the plan's entries: the work is their sum": _worked(lambda plan, cost: (plan * cost).mean()),
    "each heap goes to its nearest hole, but the holes have no room for that": _planned(_nearest),
    _TOO_LITTLE: _planned(lambda p, q, cost: _nearest(q, p, cost.T).T),
}


@part(points=4)
def transport(sheet: Sheet, on_a_line: Callable, earth_mover: Callable) -> None:
    with sheet.item("on a line", 1):
        # The heaps lie in the middle and the holes at both ends, so that earth goes to the left and to the right.
        p = theory.normalise(sheet.rand(7) + torch.tensor([0, 0, 9, 9, 9, 0, 0]).double())
        q = theory.normalise(sheet.rand(7) + torch.tensor([9, 9, 0, 0, 0, 5, 5]).double())
        with unchanged(p=p, q=q):
            compare(on_a_line, _work, (p, q), _ON_A_LINE, read=number)
        i, j = torch.eye(5, dtype=torch.float64)[[4, 1]]
        close(number(on_a_line(i, j)), 3.0, "all earth from place 4 to place 1")

    with sheet.item("a plan that moves all of p onto all of q", 1):
        for n, m in ((3, 5), (6, 2)):
            p, q, cost = _program(sheet, n, m)
            with unchanged(p=p, q=q, cost=cost):
                plan, _ = _solved(earth_mover, p, q, cost)
            true(plan.min() >= -1e-9, "a plan without negative entries", show(plan), "nobody can move less than nothing: T >= 0")
            leaves, arrives = (_PLAN.by(lambda f, d=d, a=(p, q, cost): f(*a)[0].sum(d)) for d in (1, 0))
            close(plan.sum(1), p, "what leaves each heap (sums of the rows)", leaves, atol=1e-6)
            close(plan.sum(0), q, "what arrives in each hole (sums of the columns)", arrives, slip=_UNFILLED, atol=1e-6)

    with sheet.item("and none is cheaper", 1):
        for n, m in ((4, 6), (5, 3)):
            p, q, cost = _program(sheet, n, m)
            plan, work = _solved(earth_mover, p, q, cost)
            best, slips = _best(p, q, cost)[1], _WORK.by(lambda f, a=(p, q, cost): (f(*a)[0] * a[2]).sum())
            close((plan * cost).sum(), best, "the work of the plan", slips, atol=1e-6)
            slips = _WORK.by(lambda f, a=(p, q, cost): f(*a)[1])
            close(work, (plan * cost).sum(), "the work that is returned", slips, atol=1e-6)

    with sheet.item("the same by trying everything", 1):
        n = 5
        even, cost = torch.full((n,), 1 / n, dtype=torch.float64), sheet.rand(n, n)
        every = torch.tensor(list(itertools.permutations(range(n))))
        right = cost[torch.arange(n), every].mean(1).min()
        _, work = _solved(earth_mover, even, even, cost)
        close(work, right, "five heaps, five holes, all equal: the best of 120 pairings", atol=1e-6)
        place = torch.arange(6.0, dtype=torch.float64)
        p, q = theory.normalise(sheet.rand(2, 6))
        _, work = _solved(earth_mover, p, q, (place[:, None] - place).abs())
        close(work, _work(p, q), "heaps and holes on a line", atol=1e-6)


def _program(sheet: Sheet, n: int, m: int) -> tuple[Tensor, Tensor, Tensor]:
    """Heaps, holes and costs."""
    return theory.normalise(sheet.rand(n) + 0.05), theory.normalise(sheet.rand(m) + 0.05), sheet.rand(n, m) + 0.1


@contextlib.contextmanager
def _not_none(expected: str, slip: str) -> Iterator[None]:
    """A linear program without a solution gives None; an answer that stumbles over that is told in the task's words."""
    try:
        yield
    except (TypeError, AttributeError, RuntimeError, ValueError) as error:
        if "None" in str(error):
            raise Wrong(expected, "None", slip) from None
        raise


def _solved(earth_mover: Callable, p: Tensor, q: Tensor, cost: Tensor) -> tuple[Tensor, float]:
    """The student's plan and work, if they are a plan and a number."""
    with _not_none("a plan", _NONE):
        came = earth_mover(p, q, cost)
    plan, work = pair(came, "two results: the plan and its work", "return plan, work")
    if isinstance(work, Tensor) and work.ndim == 2:
        raise Wrong("the plan, then its work", "the other way round", "return plan, work")
    true(plan is not None and work is not None, "a plan and its work", show(came), _NONE)
    n, m = cost.shape
    plans = _PLAN.by(lambda f: f(p, q, cost)[0])
    return finite(shape(plan, [n, m], slips=plans)).double(), number(work)


# 2. What a critic proves -------------------------------------------------------------------------------------------------


def _means(f: Tensor, p: Tensor, q: Tensor, *_: Any) -> Tensor:
    return ((p - q) * f).sum()


def _slopes(f: Tensor, distance: Tensor) -> Tensor:
    """The slope of each pair of two places."""
    apart = ~torch.eye(len(f), dtype=torch.bool)
    return (f[:, None] - f).abs()[apart] / distance[apart]


def _over(constant: Callable[[Tensor, Tensor], Any], means: Callable = _means) -> Callable:
    """Some difference of means over some constant of f and the distances."""
    return lambda f, p, q, distance: means(f, p, q) / constant(f, distance)


def _steepest(f: Tensor, distance: Tensor) -> Tensor:
    return _slopes(f, distance).max()


def _shown(f: Tensor, p: Tensor, q: Tensor, distance: Tensor) -> Tensor:
    return _over(_steepest)(f, p, q, distance) if _steepest(f, distance) else torch.zeros(())


_DIAGONAL = "0/0: leave the diagonal out, where f_i - f_i is divided by a distance of 0"
_FLAT = "0/0: for a constant f, K is 0 and the answer 0"
_NO_CRITIC = "linprog found none (its message says why): are all pairs there, both ways round, in b's order?"
_NEARLY = "a small number in place of K makes rounding large: ask whether K is 0"

_SHOWN = Slips("shown") | {
    "also an f that is flatter than 1 is divided by its K: it may be made steeper": _over(
        lambda f, d: _steepest(f, d).clamp(min=1)
    ),
    "f may be steep: divide by its Lipschitz constant K": _means,
    "f may be steep, and upside down: divide by K, and keep the sign": lambda *a: _means(*a).abs(),
    "an f that is upside down proves a negative number: keep the sign": lambda *a: _shown(*a).abs(),
    "p and q are exchanged": times(-1, _shown),
    "divide by K: a steeper f proves less": _over(lambda f, d: 1 / _steepest(f, d)),
    "this divides by the mean slope: K is the largest": _over(lambda f, d: _slopes(f, d).mean()),
    "this divides by the smallest slope: K is the largest": _over(lambda f, d: _slopes(f, d).min()),
    "these are the slopes between neighbours in the list: take all pairs": _over(
        lambda f, d: (f.diff().abs() / d.diagonal(1)).max()
    ),
    "K is a slope: divide each difference by the distance of its pair": _over(lambda f, d: f.max() - f.min()),
    "K is the largest slope, not the largest value": _over(lambda f, d: f.abs().max()),
    "the quotient of each pair first, then the maximum": _over(lambda f, d: (f.max() - f.min()) / d.max()),
    "the slope is the difference *divided* by the distance": _over(lambda f, d: ((f[:, None] - f).abs() * d).max()),
    "K came out infinite: leave the diagonal out": _over(lambda f, d: (((f[:, None] - f).abs() + 1e-12) / d).max()),
    "a mean over the places: an expectation is a sum with weights p": lambda f, *a: _shown(f, *a) / len(f),
    "the expectation under q is missing": _over(_steepest, lambda f, p, q: (p * f).sum()),
    "divided by K twice": _over(lambda f, d: _steepest(f, d).square()),
    _DIAGONAL: _over(lambda f, d: ((f[:, None] - f).abs() / d).max()),
    _FLAT: _over(_steepest),
}


def _best_shown(p: Tensor, q: Tensor, distance: Tensor) -> Tensor:
    return oracle.best_critic(p, q, distance)[1]


def _within(allowed: Callable[[Tensor], Tensor]) -> Callable:
    """The best critic under other distances."""
    return lambda p, q, distance: _best_shown(p, q, allowed(distance))


_BEST_CRITIC = Slips("best_critic") | {
    "this f shows the least: linprog minimises, so give it the sum with its sign turned round": times(-1, _best_shown),
    "a constant shows nothing: linprog was given nothing to minimise": lambda p, q, distance: torch.zeros_like(p),
    "the distances are missing: f_i - f_j is at most d_ij, not 1": _within(lambda d: (d > 0).double()),
    "f may be twice as steep: |f_i - f_j| <= d_ij, and no half": _within(lambda d: d / 2),
    "d_ij is exceeded: f_i - f_j <= d_ij": _within(lambda d: 2 * d),
    "this is the mass that differs, which knows no distances": lambda p, q, distance: p - q,
    "the distances are squared": _within(Tensor.square),
}


@part(points=3)
def duality(sheet: Sheet, shown: Callable, best_critic: Callable) -> None:
    points = sheet.randn(9, 2)
    metric = oracle.distances(points, points)
    p, q = theory.normalise(sheet.rand(2, 9))
    f = 3 * sheet.randn(9)
    f = -f * _means(f, p, q).sign()  # upside down: it proves a negative number

    def asked(came: Any) -> float:
        came = number(came)
        true(not math.isnan(came), "a number", "NaN", _DIAGONAL)
        return came

    with sheet.item("the difference of means, over the steepest slope", 1):
        with unchanged(f=f, p=p, q=q, distance=metric):
            compare(shown, _shown, (f, p, q, metric), _SHOWN, read=asked)
        compare(shown, _shown, (f.flip(0), p, q, metric), _SHOWN, "another f", read=asked)

    with sheet.item("the best critic proves W, and ten times it, or it plus 5, the same", 0.5):
        value, best = oracle.best_critic(p, q, metric)
        for what, g in {"f": best, "10 f": 10 * best, "f + 5": best + 5, "f / 100": best / 100, "-f": -best}.items():
            right, slips = -value if what == "-f" else value, _SHOWN.at(g, p, q, metric)
            close(asked(shown(g, p, q, metric)), right, f"{what}, for the best critic f", slips, atol=1e-6)

    with sheet.item("a constant proves nothing", 0.5):
        true(number(shown(f, p, q, metric)) != 0, "a number other than 0 for an f that is not constant", "0")
        for constant in (3.0, 0.1, 7.7):  # of several, some do not cancel to the last digit
            came = number(shown(torch.full_like(p, constant), p, q, metric))
            true(math.isfinite(came) and abs(came) < 1e-9, "0", show(came), _NEARLY if abs(came) < 1e300 else _FLAT)

    with sheet.item("a best critic: of slope 1 at most, and what it shows is W", 1):
        for n in (9, 15):
            places = sheet.randn(n, 2)
            p, q = theory.normalise(sheet.rand(2, n))
            _best_of(best_critic, p, q, oracle.distances(places, places))


def _best_of(best_critic: Callable, p: Tensor, q: Tensor, metric: Tensor) -> None:
    """Raise Wrong unless the answer is a best critic; there are many."""

    def measured(f: Callable) -> Tensor:
        return (p - q) @ f(p, q, metric)

    with unchanged(p=p, q=q, distance=metric), _not_none("a critic", _NO_CRITIC):
        came = best_critic(p, q, metric)
    f = finite(shape(came, [len(p)], "an f has one value for each place")).double()
    value, _ = oracle.best_critic(p, q, metric)
    close((p - q) @ f, value, "what f shows", _BEST_CRITIC.by(measured), atol=1e-6)
    over = float((f[:, None] - f - metric).max())  # f may be of single precision
    true(over <= 1e-5, "no f_i - f_j above d_ij", f"one by {over:.3g}", "f_i - f_j <= d_ij for all pairs, both ways round")


# 3. The clipped critic ---------------------------------------------------------------------------------------------------


def _written(change: Callable[[Tensor, float], Tensor]) -> Callable:
    """``change(p, c)`` written into every parameter."""

    def clip(critic: nn.Module, c: float) -> None:
        with torch.no_grad():
            for p in critic.parameters():
                p.copy_(change(p, c))

    return clip


_clip = _written(lambda p, c: p.clamp(-c, c))


def _clip_gradients(critic: nn.Module, c: float) -> None:
    nn.utils.clip_grad_value_(critic.parameters(), c)


def _clip_both(critic: nn.Module, c: float) -> None:
    _clip(critic, c)
    _clip_gradients(critic, c)


_ANY = "a critic has no sigmoid: its values may be any number"
_NOT_GRADIENTS = "clip the weights, not the gradients"
_TRAINABLE = "clamp inside torch.no_grad(), and leave requires_grad as it was"

_CRITIC_LOSS = Slips("critic_loss") | {
    "no absolute value: the critic must learn which of the two is high": lambda r, f: -_critic_loss(r, f).abs(),
    "the sign is turned round: this is what the critic maximises, and a loss is minimised": times(-1, _critic_loss),
    "this is the hinge loss, as in the annotated repository: here nothing is cut off at 1": lambda r, f: (
        F.relu(1 - r).mean() + F.relu(1 + f).mean()
    ),
    "this is the cross-entropy of homework 1": lambda r, f: F.softplus(-r).mean() + F.softplus(f).mean(),
    _ANY: lambda r, f: _critic_loss(torch.sigmoid(r), torch.sigmoid(f)),
    "no square": lambda r, f: _critic_loss(r, f).square(),
    "these are sums over the batch: take the means": summed(_critic_loss),
    "a mean over both kinds together: take the mean of each": lambda r, f: torch.cat([f, -r]).mean(),
    "one half too much": times(1 / 2, _critic_loss),
    "a sign: the two are pushed apart": (lambda r, f: f.mean() + r.mean(), lambda r, f: -f.mean() - r.mean()),
    "the fakes are missing": lambda r, f: -r.mean(),
    "the real ones are missing": lambda r, f: f.mean(),
}
_GENERATOR_LOSS = Slips("generator_loss") | {
    "the sign: the generator wants high values": times(-1, _generator_loss),
    _ANY: lambda f: _generator_loss(torch.sigmoid(f)),
    "this is -log D of homework 1": lambda f: F.softplus(-f).mean(),
    "this is a hinge: here nothing is cut off": lambda f: F.relu(1 - f).mean(),
    "this is the sum over the batch: take the mean": summed(_generator_loss),
    "one half too much": times(1 / 2, _generator_loss),
}
_BOX = Slips("clip") | {
    "nothing has changed: clamp() makes a new tensor, clamp_() writes into the old one": _written(lambda p, c: p),
    "the lower wall is missing: -c": _written(lambda p, c: p.clamp(max=c)),
    "the upper wall is missing: c": _written(lambda p, c: p.clamp(min=-c)),
    "the box begins at -c, not at 0": _written(lambda p, c: p.clamp(0, c)),
    "biases are parameters, too": _written(lambda p, c: p.clamp(-c, c) if p.ndim > 1 else p),
    "only the first layer is in the box: take all parameters": lambda critic, c: _clip(critic[0], c),
    "parameters() gives all of them, also those that are in no layer": lambda critic, c: [_clip(m, c) for m in critic.children()],
    "this makes the weights shorter; clipping cuts each number off by itself": (
        _written(lambda p, c: p * c / p.norm()),
        _written(lambda p, c: p * min(1.0, c / float(p.norm()))),
    ),
    "this scales all weights; those inside the box stay as they are": _written(lambda p, c: p * c / p.abs().max()),
    "a soft wall moves the weights inside the box, too: clamp": _written(lambda p, c: c * torch.tanh(p)),
    "all weights are on the walls: those inside the box stay as they are": _written(lambda p, c: c * p.sign()),
    _NOT_GRADIENTS: (_clip_both, _clip_gradients),
    _TRAINABLE: lambda critic, c: (_clip(critic, c), critic.requires_grad_(False)),
}


def _critic_step(acts: str = "zero back step box", loss: Callable = _critic_loss, sign: int = -1, late: bool = False) -> Callable:
    """The acts of a step in this order; the result is ``sign`` times the loss before them, or after."""

    def step(generator: nn.Module, critic: nn.Module, optimiser: Any, real: Tensor, z: Tensor, c: float) -> float:
        fake = generator(z).detach()
        others = {"box": lambda: _clip(critic, c), "grads": lambda: _clip_gradients(critic, c)}
        return sign * descend(acts, lambda: loss(critic(real), critic(fake)), optimiser, late, **others)

    return step


_CRITIC_STEP = Slips("critic_step") | {
    "this is the loss: the estimate is minus the loss": _critic_step(sign=1),
    "this is the estimate after the step: take the loss from before": _critic_step(late=True),
    "this is the loss after the step: the estimate is minus the loss before it": _critic_step(sign=1, late=True),
    "the box is missing: clip after the step": _critic_step("zero back step"),
    "clipped *before* the step, which then leaves the box": _critic_step("box zero back step"),
    "the critic has not moved: is optimiser.step() there, after backward()?": (
        _critic_step("zero back box"),
        _critic_step("zero back"),
    ),
    "the critic makes its estimate smaller: a sign is turned round": _critic_step(loss=times(-1, _critic_loss)),
    "old gradients are added to the new ones: zero_grad() before backward()": _critic_step("back step box"),
    "the step used old gradients only: backward() is missing, or zero_grad() comes too late": _critic_step("step zero back box"),
    "the fakes are missing from the critic's loss": _critic_step(loss=lambda r, f: -r.mean()),
    "the real ones are missing from the critic's loss": _critic_step(loss=lambda r, f: f.mean()),
    "the gradients were clipped: it is the weights that go into the box": _critic_step("zero back grads step box"),
}


@part(points=4)
def clipping(sheet: Sheet, critic_loss: Callable, generator_loss: Callable, clip: Callable, critic_step: Callable) -> None:
    with sheet.item("two losses without a sigmoid", 1):
        high, low = 2 * sheet.randn(7) + 2, 2 * sheet.randn(4) - 2
        for real, fake in ((high, low), (low, high)):  # a critic may be wrong, too
            with unchanged(real=real, fake=fake):
                compare(critic_loss, _critic_loss, (real, fake), _CRITIC_LOSS, "the critic's loss", read=scalar)
        compare(generator_loss, _generator_loss, (low,), _GENERATOR_LOSS, "the generator's loss", read=scalar)
        slope = gradient(generator_loss, low)
        close(slope, torch.full_like(low, -1 / len(low)), "the slope of the generator's loss, the same at every value")

    with sheet.item("the box", 1):
        _into_the_box(_box_critic(sheet), clip)

    with sheet.item("one step of the critic, and then the box", 1):
        table, real, z = _critics(sheet)

        def moved(step: Callable) -> Tensor:
            g, f, _, optimiser = table.lay()
            step(g, f, optimiser, real, z, 0.3)
            return weights(f)

        with helped(critic_step, critic_loss=_critic_loss, clip=_clip):
            moved(critic_step)
        steps, tape = table.tape.count_of("step D"), str(table.tape)
        true("G" in table.tape, "fakes made of the latents z", "no call of the generator", "the fakes are generator(z)")
        with helped(critic_step, critic_loss=_critic_loss, clip=_clip):
            compare(critic_step, _critic_step(), moved, _CRITIC_STEP, "the critic's weights afterwards")
        true(steps == 1, "one step of the optimiser", tape)

    estimate = sheet.item("the estimate, and the generator left alone", 1)
    with estimate, helped(critic_step, critic_loss=_critic_loss, clip=_clip):
        _estimated(table, critic_step, real, z)


def _box_critic(sheet: Sheet) -> nn.Module:
    """A critic with something to cut off in every parameter, biases included, and one that is in no layer."""
    critic = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1)).double()
    critic.register_parameter("scale", nn.Parameter(torch.zeros(3, dtype=torch.float64)))
    with torch.no_grad():
        for p in critic.parameters():
            p.copy_(sheet.randn(*p.shape))
            p.view(-1)[0] = 0.9 if p.numel() > 1 else -0.9
    return critic


def _into_the_box(first: nn.Module, clip: Callable) -> None:
    """The weights after clipping, in the critic's own parameters and without a change of anything else."""

    def clipped(f: Callable) -> tuple[list[nn.Parameter], nn.Module]:
        critic = copy.deepcopy(first)
        known = list(critic.parameters())
        for p in known:
            p.grad = torch.full_like(p, 7.0)
        f(critic, 0.3)
        return known, critic

    known, critic = clipped(clip)
    modes = all(module.training for module in critic.modules())
    true(modes, "a critic in the mode it was in", "one in the other mode", "eval() and train() are not part of clipping")
    own = [id(p) for p in critic.parameters()] == [id(p) for p in known]
    true(own, "the critic's own parameters", "new ones", "the optimiser still holds the old ones: write into them, clamp_()")
    old = torch.full_like(weights(critic), 7.0)
    misplaced = torch.equal(weights(critic), weights(first)) and not torch.equal(gradients(critic), old)
    true(not misplaced, "the weights in the box", "the gradients there", _NOT_GRADIENTS)
    compare(clip, _clip, lambda f: weights(clipped(f)[1]), _BOX, "the weights after clipping")
    trainable = all(p.requires_grad and p.is_leaf for p in known)
    true(trainable, "parameters that can be trained on", "some that cannot", _TRAINABLE)
    close(gradients(critic), old, ".grad as it was", slip=_NOT_GRADIENTS)


def _critics(sheet: Sheet) -> tuple[Table, Tensor, Tensor]:
    """Players, real points and latents; some weights will have to be clipped after the step, others will not."""
    tape = Tape()
    g = MockPlayer("G", tape, 0.5 * sheet.randn(2, 4), 0.5 * sheet.randn(4), latent_dim=2)
    f = MockPlayer("D", tape, torch.tensor([0.6, -0.6, 0.02, -0.03]).double(), torch.tensor(0.1).double())
    return Table(tape, g, f, lr=0.05), sheet.randn(6, 4) + 0.5, sheet.randn(4, 2)


def _estimated(table: Table, critic_step: Callable, real: Tensor, z: Tensor) -> None:
    """The estimate that is returned, and nothing done to the generator."""

    def returned(step: Callable) -> Any:
        g, f, _, optimiser = table.lay()
        g.zero_grad()
        with as_it_was(G=g, **{"the critic": f}):
            came = step(g, f, optimiser, real, z, 0.3)
        close(weights(g), weights(table.g), "G's weights after the critic's step", slip="the critic's step moved the generator")
        pulled, graph = gradients(g).any(), getattr(came, "requires_grad", False)
        true(not pulled, "no gradient in the generator", "a gradient from the critic's loss", "detach the fakes")
        true(not graph, "a plain number", "a tensor that holds on to its graph", "return .item()")
        return came

    compare(critic_step, _critic_step(), returned, _CRITIC_STEP, "the estimate that is returned", read=number)


# 4. Where the penalty looks ----------------------------------------------------------------------------------------------


def _column(x: Tensor) -> list[int]:
    """The shape of one number for each sample."""
    return [len(x)] + [1] * (x.ndim - 1)


def _mix(epsilon: Callable[[Tensor], Tensor]) -> Callable:
    def between(real: Tensor, fake: Tensor) -> Tensor:
        e = epsilon(real).to(real)
        return e * real + (1 - e) * fake

    return between


ROUNDED = 1e-5  # what single precision leaves of an epsilon that is the same in all entries, and of its ends

_AXES = "epsilon has the wrong number of axes: one number for each sample, lined up with all entries of that sample"
_EVERY = "every sample is mixed with every other: epsilon has too many axes"
_AT_REAL = "epsilon is 1: the penalty is taken at real samples only"
_AT_FAKE = "epsilon is 0: the penalty is taken at fake samples only"
_ONE = "one epsilon for the whole batch: draw one for each pair"
_OUT = "epsilon is from a normal distribution, or another that leaves [0, 1]: torch.rand, not torch.randn"
_LOST_PLUS = "a plus is lost, as in one deck: epsilon x *plus* (1 - epsilon) x_fake"
_TWO = "the weights of real and fake do not sum to 1: they are epsilon and 1 - epsilon, with the same epsilon"
_LAST_AXIS = "epsilon [N] lines up with the *last* axis, and N is the first one of the samples"
_SHARED = "one epsilon for each entry, the same in all pairs: its shape must begin with N and go on with ones"
_CHANNEL = "one epsilon for each channel: the points leave the line"
_BOX_FILLED = "one epsilon for each entry (rand_like): the points fill a box in place of a line; one for each pair is wanted"
_ADDED = "a number is added to all entries: move along real - fake"
_NOISE = "noise around the samples, not points between pairs: a normal epsilon for each entry, or DRAGAN's recipe"
_UNEVEN = "epsilon does not fill [0, 1] evenly: torch.rand does"
_SEEDED = "a seed is set inside: draw anew each time"

_BETWEEN = Slips("between") | {
    _AXES: (_mix(lambda x: torch.rand(len(x), 1)), _mix(lambda x: torch.rand(len(x), 1, 1, 1))),
    _EVERY: _mix(lambda x: torch.rand(len(x), *[1] * x.ndim)),
    # a public implementation
    _AT_REAL: _mix(lambda x: torch.ones(_column(x))),
    _AT_FAKE: _mix(lambda x: torch.zeros(_column(x))),
    _ONE: (_mix(lambda x: torch.rand(1)), _mix(lambda x: torch.full(_column(x), 0.5))),
    # a textbook, keras.io
    _OUT: _mix(lambda x: torch.randn(_column(x))),
    # a deck
    _LOST_PLUS: lambda real, fake: (e := torch.rand(_column(real))) * real * (1 - e) * fake,
    _TWO: lambda real, fake: torch.rand(_column(real)) * real + torch.rand(_column(real)) * fake,
    _LAST_AXIS: _mix(lambda x: torch.rand(len(x) if x.shape[-1] == len(x) else _column(x))),
    _SHARED: _mix(lambda x: torch.rand(1, *x.shape[1:])),
    _CHANNEL: _mix(lambda x: torch.rand(*x.shape[:2], 1, 1) if x.ndim == 4 else torch.rand(_column(x))),
    # PyTorch-GAN, issue 5
    _BOX_FILLED: _mix(torch.rand_like),
    _ADDED: lambda real, fake: real + torch.rand(_column(real)),
    _NOISE: (_mix(torch.randn_like), lambda real, fake: real + 0.5 * torch.randn_like(real)),
    _UNEVEN: _mix(lambda x: 0.5 + torch.rand(_column(x)) / 2),
    _SEEDED: _mix(lambda x: torch.rand(_column(x), generator=torch.Generator().manual_seed(0))),
}


@part(points=2)
def places(sheet: Sheet, between: Callable) -> None:
    torch.manual_seed(sheet.integer(0, 10**6))  # the answer's own epsilon; the caller's random numbers are put back

    def drawn(*size: int) -> tuple[Tensor, Tensor]:
        """Real and fake samples that differ in every entry, in single precision, as the training at the end has them."""
        fake = sheet.randn(*size)
        sign = sheet.randn(*size).sign()
        return (fake + torch.where(sign == 0, 1.0, sign) * (0.5 + sheet.rand(*size))).float(), fake.float()

    with sheet.item("on the line between each pair", 1):
        for size in ((40, 6), (40, 2, 3, 5), (5, 3, 4, 5)):  # in the last one, [N] lines up with the width
            real, fake = drawn(*size)
            with unchanged(real=real, fake=fake):
                came = _mixed(between, real, fake)
            _on_lines(finite(came), real, fake)

    with sheet.item("a uniform epsilon for each pair", 1):
        real, fake = drawn(4000, 5)
        _mixed(between, real[:7], fake[:7])  # 4000 pairs of a wrong shape would be 80 million numbers
        came = _mixed(between, real, fake)
        _on_lines(came, real, fake)
        epsilon = ((came.double() - fake) / (real.double() - fake)).mean(1)
        mean, variance = float(epsilon.mean()), float(epsilon.var())
        # Six standard errors: of the mean sqrt(1/12 / n), of the variance sqrt(1/180 / n).
        well = abs(mean - 0.5) < 6 * math.sqrt(1 / 12 / 4000) and abs(variance - 1 / 12) < 6 * math.sqrt(1 / 180 / 4000)
        found = f"mean {mean:.3f}, variance {variance:.3f}"
        true(well, "epsilon uniform in [0, 1]: mean 0.5, variance 0.083", found, _UNEVEN)
        other = not torch.equal(_mixed(between, real, fake), came)
        true(other, "new random points in the next call", "the same points again", _SEEDED)


def _mixed(between: Callable, real: Tensor, fake: Tensor) -> Tensor:
    """The student's points, if their shape is right."""
    n, *rest = real.shape
    try:
        came = between(real, fake)
    except RuntimeError as error:
        if "must match" not in str(error):
            raise
        raise Wrong(f"points of shape {[n, *rest]}", "shapes that do not line up", _AXES) from None
    return shape(came, [n, *rest], _AXES, _BETWEEN.at(real, fake))


def _same(values: Tensor, *dims: int) -> bool:
    """Whether the values do not change along these dimensions."""
    return bool((values.amax(dims) - values.amin(dims)).max() < ROUNDED)


def _same_in_each(values: Tensor) -> bool:
    return _same(values.flatten(1), 1)


def _on_lines(came: Tensor, real: Tensor, fake: Tensor) -> None:
    """Raise Wrong unless came = e real + (1 - e) fake with one random e for each pair, all of them in [0, 1]."""
    came, real, fake = came.double(), real.double(), fake.double()
    e = (came - fake) / (real - fake)  # epsilon as each entry tells it
    one = _same_in_each(e)
    if one and _same(e, 0):
        value = float(e.mean())
        slip = {1.0: _AT_REAL, 0.0: _AT_FAKE}.get(round(value, 6), _ONE)
        raise Wrong("an epsilon for each pair", f"{value:.4g} for all of them", slip)
    if not one:
        raise Wrong("points on the lines between pairs", "points beside them", _beside(came, real, fake, e))
    found = f"epsilon from {float(e.min()):.3g} to {float(e.max()):.3g}"
    true(e.min() >= -ROUNDED and e.max() <= 1 + ROUNDED, "points between real and fake, epsilon in [0, 1]", found, _OUT)


def _beside(came: Tensor, real: Tensor, fake: Tensor, e: Tensor) -> str:
    """Which way the points went that are not on the lines."""
    x, both = came.flatten(1)[..., None], torch.stack([real.flatten(1), fake.flatten(1)], -1)
    weights = torch.linalg.lstsq(both, x).solution  # [N, 2, 1]: one for real, one for fake
    picture = came.ndim == 4
    told = {
        _LOST_PLUS: _same_in_each(came / (real * fake)),
        _TWO: (both @ weights - x).abs().max() < ROUNDED,
        _LAST_AXIS: picture and _same(e, 0, 1, 2),
        _SHARED: _same(e, 0),
        _CHANNEL: picture and _same(e, 2, 3),
        _BOX_FILLED: e.min() >= -ROUNDED and e.max() <= 1 + ROUNDED,
        _ADDED: _same_in_each(came - real) or _same_in_each(came - fake),
        _NOISE: True,
    }
    return next(slip for slip, holds in told.items() if holds)


# 5. The gradient penalty -------------------------------------------------------------------------------------------------


def _gradients(critic: Callable, x: Tensor, create: bool = True) -> Tensor:
    """The critic's gradient at each sample, [N, ...]."""
    x = x.detach().requires_grad_()
    return torch.autograd.grad(critic(x).sum(), x, create_graph=create)[0]


def _penalty_by(value: Callable[[Tensor], Tensor], create: bool = True) -> Callable:
    """Something made of the gradients."""
    return lambda critic, x: value(_gradients(critic, x, create))


def _penalty_of(lengths: Callable[[Tensor], Tensor]) -> Callable:
    """The squared distance from 1 of something that is taken for the gradients' lengths."""
    return _penalty_by(lambda g: centred_at_1(lengths(g)))


_penalty = _penalty_of(_lengths)

_AXIS = "the norm is taken along the wrong axis: "
_FIRST = "; flatten(1) the sample first"
_BLOCKED = "the way back is cut: the gradient needs a graph of its own, and no detach(), .data or .item() after it"
_ROOT = "the root of 0 has an infinite slope: norm() knows what to do there, sqrt() does not"
_MEAN_LAST = "the mean comes last: first the square of each sample's difference, then the mean"
_TOO_SHORT = "this is the gradient of the *mean* of the values, N times too short: differentiate their sum"
_ROOT_MEAN = "a mean of the squares under the root: the norm is the root of their *sum*"
_BATCH_AXIS = _AXIS + "it runs over the batch (dim=0), and it should run over everything else"

_PENALTY = Slips("gradient_penalty") | {
    "the 1 is missing: this pulls the slope to 0": _penalty_by(lambda g: _lengths(g).square().mean()),
    "this is the *squared* norm against 1: a root is missing": _penalty_of(lambda g: _lengths(g).square()),
    "the absolute difference: square it": _penalty_by(lambda g: (_lengths(g) - 1).abs().mean()),
    "the square is missing: slopes above and below 1 cancel": _penalty_by(lambda g: (_lengths(g) - 1).mean()),
    _MEAN_LAST: _penalty_by(lambda g: (_lengths(g).mean() - 1).square()),
    "this is the one-sided penalty: here slopes below 1 cost, too": _penalty_of(lambda g: _lengths(g).clamp(min=1)),
    "this is the sum over the batch: take the mean": summed(_penalty),
    "one half too much": times(1 / 2, _penalty),
    "the weight 10 is not part of this function": times(10, _penalty),
    "the sign: a penalty is not negative": times(-1, _penalty),
    _AXIS + "all samples got one norm together, and each needs its own": _penalty_of(torch.norm),
    _BATCH_AXIS: (_penalty_of(lambda g: g.norm(dim=0)), _penalty_of(lambda g: g.flatten(1).norm(dim=0))),
    _TOO_SHORT: _penalty_of(lambda g: _lengths(g) / len(g)),
    "this is the sum of absolute values: take the Euclidean norm": _penalty_of(lambda g: g.flatten(1).abs().sum(1)),
    _ROOT_MEAN: _penalty_of(lambda g: g.flatten(1).square().mean(1).sqrt()),
    "the mean of a gradient's entries is not its length": _penalty_of(lambda g: g.flatten(1).mean(1)),
    "the sum of a gradient's entries is not its length: take the norm": _penalty_of(lambda g: g.flatten(1).sum(1)),
    "the largest entry is not the Euclidean norm": _penalty_of(lambda g: g.flatten(1).abs().amax(1)),
    "only the first sample's value was differentiated: sum them all": _penalty_of(
        lambda g: _lengths(g) * (torch.arange(len(g)) == 0)
    ),
    # Zeleni9, issue 40
    _AXIS + "dim=1 is the channels, so every pixel got a norm" + _FIRST: _penalty_of(lambda g: g.norm(dim=1)),
    _AXIS + "the last one only" + _FIRST: _penalty_of(lambda g: g.norm(dim=3)),
    _AXIS + "the rows only" + _FIRST: _penalty_of(lambda g: g.norm(dim=2)),
    _AXIS + "every channel got a norm" + _FIRST: _penalty_of(lambda g: g.norm(dim=(2, 3))),
    _AXIS + "every column got a norm" + _FIRST: _penalty_of(lambda g: g.norm(dim=(1, 2))),
    _BLOCKED: (
        _penalty_by(lambda g: (_lengths(g) - 1).square().mean(), create=False),
        _penalty_by(lambda g: (_lengths(g.requires_grad_()) - 1).square().mean(), create=False),
        lambda critic, x: _penalty(critic, x).detach() + 0 * critic(x).sum(),
    ),
    _ROOT: _penalty_of(lambda g: g.flatten(1).square().sum(1).sqrt()),
    "a number under the root that one sees in the result: norm() needs none": _penalty_of(
        lambda g: (g.flatten(1).square().sum(1) + 1e-6).sqrt()
    ),
}


@part(points=4)
def penalty(sheet: Sheet, gradient_penalty: Callable) -> None:
    def curved(weight: Tensor, x: Tensor) -> Tensor:
        """A critic whose gradient at x is weight * x."""
        return (weight * x.square()).flatten(1).sum(1) / 2

    weight = sheet.randn(2, 3, 4)
    x = sheet.randn(5, 2, 3, 4) * torch.tensor([0.04, 0.1, 0.4, 1.0, 2.0]).double().reshape(5, 1, 1, 1)

    def asked(w: Tensor, at: Tensor, f: Callable = gradient_penalty) -> Tensor:
        return scalar(f(lambda points: curved(w, points), at))

    with sheet.item("critics known by heart: of slope 1 and of slope 0", 1):
        for size in ((6, 2), (4, 3, 2, 5)):
            w = sheet.randn(*size[1:])
            w = (w / w.norm()).requires_grad_()
            at = sheet.randn(*size)

            def linear(points: Tensor, w: Tensor = w) -> Tensor:
                return (w * points).flatten(1).sum(1)

            kind = "points [N, 2]" if len(size) == 2 else "pictures [N, C, H, W]"
            came = scalar(gradient_penalty(linear, at))
            close(came, 0.0, f"f(x) = w . x with a w of length 1, {kind}", _PENALTY.at(linear, at), atol=1e-9)

            def constant(points: Tensor, f: Callable = linear) -> Tensor:
                return 0 * f(points)

            slips, slip = _PENALTY.at(constant, at), "its slope is 0, and 0 is 1 away from 1"
            close(scalar(gradient_penalty(constant, at)), 1.0, f"a constant critic, {kind}", slips, slip, rtol=1e-3)

    with sheet.item("a critic whose slope differs from sample to sample", 1):
        with unchanged(x=x):
            compare(gradient_penalty, _penalty, lambda f: asked(weight.clone().requires_grad_(), x, f), _PENALTY)
        flat, points = sheet.randn(3).requires_grad_(), sheet.randn(7, 3)
        compare(gradient_penalty, _penalty, lambda f: asked(flat, points, f), _PENALTY, "points [N, 3]")

    with sheet.item("it can be learnt from", 1):

        def slope_of(f: Callable) -> Tensor:
            return gradient(lambda w: asked(w, x, f), weight, _BLOCKED)

        what = "the slope of the penalty by the critic's parameters"
        compare(gradient_penalty, _penalty, slope_of, _PENALTY, what, rtol=1e-4, atol=1e-5)

    steep = "a penalty above 0 where slopes are not 1"

    with sheet.item("also where the critic is flat", 0.5):
        true(asked(torch.zeros_like(weight).requires_grad_(), x) > 0, steep, "0 or less")
        slope = gradient(lambda w: asked(w, x), torch.zeros_like(weight), _BLOCKED)
        finite(slope, "the slope by the parameters of a flat critic", _ROOT)

    with sheet.item("and leaves no trace", 0.5):
        source = x.detach().clone().requires_grad_()
        mine = weight.clone().requires_grad_()
        mine.grad = torch.full_like(mine, 7.0)
        came = asked(mine, source * 1.0)
        true(came > 0, steep, "0 or less")
        kept, slip = (mine.grad == 7).all(), "backward() writes into everybody's .grad: torch.autograd.grad does not"
        true(kept, "the critic's .grad as it was", "something added to it", slip)
        if came.requires_grad:  # else it was said above
            came.backward()
        clean = source.grad is None or not source.grad.any()
        slip = "x hangs on the generator: x.detach().requires_grad_() cuts it off"
        true(clean, "no gradient in what x was made from", "a gradient of the penalty there", slip)


# 6. Least squares --------------------------------------------------------------------------------------------------------


def _squares_g(fake: Tensor, c: float) -> Tensor:
    return (fake - c).square().mean() / 2


def _best_d(p: Tensor, q: Tensor, a: float, b: float) -> Tensor:
    return (b * p + a * q) / (p + q)


_BRACKET = "a bracket is in the wrong place: the code belongs inside the square"
_CURES = "no sigmoid: it brings back the flat parts that the squares should cure"
_ZERO = "a sign: differentiate L_D by D(x) once more, place by place"

_SQUARES_D = Slips("squares_d") | {
    "the halves are missing": times(2, _squares_d),
    "the codes are exchanged: b is for real, a is for fake": lambda r, f, a, b: _squares_d(r, f, b, a),
    _CURES: lambda r, f, a, b: _squares_d(torch.sigmoid(r), torch.sigmoid(f), a, b),  # two public repositories
    _BRACKET: lambda r, f, a, b: (r.square() - b).mean() / 2 + (f.square() - a).mean() / 2,  # a deck
    "first the square, then the mean": lambda r, f, a, b: _squares_d(r.mean(), f.mean(), a, b),
    "absolute values in place of squares": lambda r, f, a, b: (r - b).abs().mean() / 2 + (f - a).abs().mean() / 2,
    "these are sums over the batch: take the means": summed(_squares_d),
    "a sign: the code is subtracted": lambda r, f, a, b: _squares_d(r, f, -a, -b),
    "a sign: the code of the fakes is subtracted": lambda r, f, a, b: _squares_d(r, f, -a, b),
    "the sign is turned round: a loss is minimised": times(-1, _squares_d),
    "a sign: both terms of the loss are positive": lambda r, f, a, b: _squares_g(r, b) - _squares_g(f, a),
    "the fakes are missing": lambda r, f, a, b: _squares_g(r, b),
    "the real ones are missing": lambda r, f, a, b: _squares_g(f, a),
    "the codes are arguments: do not take 0 and 1 for granted": lambda r, f, a, b: _squares_d(r, f, 0, 1),
    "the codes are arguments: do not take -1 and 1 for granted": lambda r, f, a, b: _squares_d(r, f, -1, 1),
}
_SQUARES_G = Slips("squares_g") | {
    "the half is missing": times(2, _squares_g),
    "the sign is turned round": times(-1, _squares_g),
    "no sigmoid: it brings back the flat parts": lambda f, c: _squares_g(torch.sigmoid(f), c),
    _BRACKET: lambda f, c: (f.square() - c).mean() / 2,
    "this is the sum over the batch: take the mean": summed(_squares_g),
    "an absolute value in place of the square": lambda f, c: (f - c).abs().mean() / 2,
    "a sign: the code is subtracted": lambda f, c: _squares_g(f, -c),
    "the code is an argument: do not take 1 for granted": lambda f, c: _squares_g(f, 1),
    "the code is missing": lambda f, c: _squares_g(f, 0),
    "this is the Wasserstein generator's loss": lambda f, c: -f.mean(),
}
_BEST_D = Slips("best_d") | {
    "the codes are exchanged: b goes with the data p": lambda p, q, a, b: _best_d(p, q, b, a),
    "that is for the codes 0 and 1 only": lambda p, q, a, b: p / (p + q),
    _ZERO: (lambda p, q, a, b: _best_d(p, q, -a, b), lambda p, q, a, b: (b * p - a * q) / (p - q)),
    "divide by p + q": lambda p, q, a, b: b * p + a * q,
    "divide place by place, by p + q there and not by its sum": lambda p, q, a, b: (b * p + a * q) / (p + q).sum(),
    "that is where D ends when q = p": lambda p, q, a, b: torch.full_like(p, (a + b) / 2),
    "this is the best decision: D may say anything between the codes": lambda p, q, a, b: torch.where(p > q, b, a).double(),
}


@part(points=1)
def least_squares(sheet: Sheet, squares_d: Callable, squares_g: Callable, best_d: Callable) -> None:
    a, b, c = (float(code) for code in torch.tensor([-1.0, 1.0, 0.3]).double() + 0.2 * sheet.rand(3))
    real, fake = 2 * sheet.randn(7), 2 * sheet.randn(4)

    with sheet.item("the discriminator's loss", 0.25), unchanged(real=real, fake=fake):
        compare(squares_d, _squares_d, (real, fake, a, b), _SQUARES_D, read=scalar)

    with sheet.item("the generator's loss", 0.25):
        compare(squares_g, _squares_g, (fake, c), _SQUARES_G, read=scalar)

    with sheet.item("the best discriminator", 0.25):
        p, q = theory.normalise(sheet.rand(2, 9) + 0.05)
        with unchanged(p=p, q=q):
            compare(best_d, _best_d, (p, q, a, b), _BEST_D)

    with sheet.item("the slopes, and no flat part", 0.25):
        far = torch.tensor([-10.0, 10.0]).double()
        pull = _SQUARES_G.by(lambda f: gradient(lambda v: f(v, c), far))
        close(gradient(lambda f: squares_g(f, c), far), (far - c) / 2, "G's pull at outputs of -10 and 10", pull)

        def slopes(f: Callable) -> Tensor:
            return torch.cat([gradient(lambda v: f(v, fake, a, b), real), gradient(lambda v: f(real, v, a, b), fake)])

        compare(squares_d, _squares_d, slopes, _SQUARES_D, "the gradient of D's loss")


# 7. Would your test have found it? ---------------------------------------------------------------------------------------

Penalty = Callable[[Callable, Tensor, Tensor], Tensor]  # of a critic, real and fake samples


_between = _mix(lambda x: torch.rand(_column(x)))


def _taken(between: Callable = _between, value: Callable = _penalty) -> Penalty:
    """A penalty that looks where ``between`` says and is what ``value`` makes of it."""
    return lambda critic, real, fake: value(critic, between(real, fake))


def _always_7(critic: Callable, real: Tensor, fake: Tensor) -> Tensor:
    return 7 + 0 * critic(real).sum()


def _by_vector_product(critic: Callable, x: Tensor) -> Tensor:
    x = x.detach().clone().requires_grad_()
    values = critic(x)
    (g,) = torch.autograd.grad(values, x, torch.ones_like(values), create_graph=True)
    return F.mse_loss(g.flatten(1).norm(dim=1), torch.ones(len(g), dtype=g.dtype))


def _without_graph(critic: Callable, x: Tensor) -> Tensor:
    return _penalty_by(lambda g: centred_at_1(_lengths(g)), create=False)(critic, x)


def _by_backward(critic: Callable, x: Tensor) -> Tensor:
    x = x.detach().requires_grad_()
    critic(x).sum().backward(create_graph=True)
    assert x.grad is not None
    return centred_at_1(_lengths(x.grad))


def _attached(critic: Callable, x: Tensor) -> Tensor:
    x = x if x.requires_grad else x.requires_grad_()
    (g,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return centred_at_1(_lengths(g))


_RIGHT_ONES: tuple[Penalty, ...] = (
    _taken(),
    _taken(lambda real, fake: real + torch.rand(_column(real)).to(real) * (fake - real)),
    _taken(value=_by_vector_product),
)
_ELSEWHERE: dict[str, Penalty] = {
    "epsilon is 1, so that it looks at the data only": _taken(lambda real, fake: real.clone()),
    "epsilon is 1/2": _taken(lambda real, fake: (real + fake) / 2),
    "epsilon is normal": _taken(_mix(lambda x: torch.randn(_column(x)))),
    "epsilon is one for the whole batch": _taken(_mix(lambda x: torch.rand(1))),
    "epsilon is one for each entry": _taken(_mix(torch.rand_like)),
}
_ELSE: dict[str, Penalty] = {
    "norm is taken along axis 1 of a picture": _taken(value=_penalty_of(lambda g: g.norm(dim=1))),
    "norm is one of all gradients together": _taken(value=_penalty_of(torch.norm)),
    "norm is squared": _taken(value=_penalty_of(lambda g: _lengths(g).square())),
    "terms are summed over the batch": _taken(value=summed(_penalty)),
    "slopes below 1 cost nothing": _taken(value=_penalty_of(lambda g: _lengths(g).clamp(min=1))),
    "mean is taken before the square": _taken(value=_penalty_by(lambda g: (_lengths(g).mean() - 1).square())),
}
_LEFT_BEHIND: dict[str, Penalty] = {
    "gradients have no graph, so that no critic learns from it": _taken(
        value=_penalty_by(lambda g: centred_at_1(_lengths(g)), create=False)
    ),
    "points hang on the generator": _taken(value=_attached),
    "gradients come by backward(), which writes into the critic's .grad": _taken(value=_by_backward),
}
_TOO_STRICT = "what differs: is it chance, or does the test ask too much?"
_CHANCE = (
    "right ones differ by chance, also under one seed, for epsilon may be counted from either end: more points, or more room"
)
_WHERE = "a critic of one slope everywhere is the same wherever one looks: take one whose slope tells where it was asked"
_WHAT = "critics with slopes below and above 1, pictures as well as points, and the number that a right one gives"
_TRACES = "give fakes that hang on something, a critic with a parameter, call backward(), and look who has a .grad, also before"


@part(points=2)
def soundness(sheet: Sheet, sound: Callable) -> None:
    torch.manual_seed(sheet.integer(0, 10**6))  # the penalties' own epsilon; the caller's random numbers are put back
    unable: list[Exception] = [
        Wrong("True for a right penalty", "False", "what differs: is it chance, or does the test ask too much?")
    ]

    with sheet.item("right ones pass, and not everything does", 0.5), helped(sound, between=_between, gradient_penalty=_penalty):
        try:
            verdicts = [_verdict(sound(ours)) for ours in _RIGHT_ONES * 2]
        except Exception as error:
            unable[:] = [error]
        else:
            unable = [] if any(verdicts) else unable
        if unable:
            raise unable[0]
        true(all(verdicts), "True for a right penalty", f"False in {verdicts.count(False)} of {len(verdicts)} cases", _CHANCE)
        true(not _passed(sound, _always_7), "False for a penalty that is always 7", "True")

    for title, wrong, slip in (
        ("one that looks in the wrong place is found", _ELSEWHERE, _WHERE),
        ("one that measures something else is found", _ELSE, _WHAT),
        ("one that leaves the wrong things behind is found", _LEFT_BEHIND, _TRACES),
    ):
        with sheet.item(title, 0.5), helped(sound, between=_between, gradient_penalty=_penalty):
            if unable:  # a test that lets nobody pass finds nothing
                raise unable[0]
            for what, theirs in wrong.items():
                true(not _passed(sound, theirs), f"False for a penalty whose {what}", "True", slip)


def _verdict(came: Any) -> bool:
    """What a test says, if it is True or False."""
    came = builtin(came)
    if isinstance(came, Tensor) and came.dtype == torch.bool and came.numel() == 1:
        came = came.item()
    if type(came) is not bool:
        raise Wrong("True or False", show(came))
    return came


def _passed(sound: Callable, wrong: Penalty) -> bool:
    """Whether a test that lets right ones pass says True; one that stumbles over a wrong one has found it."""
    try:
        return _verdict(sound(wrong))
    except Wrong:
        raise
    except Exception:
        return False


seal(__name__, "gancourse.theory", "gancourse.theory.transport", "gancourse.classroom.right")
seal("gancourse.losses.objectives", "gancourse.base.check")
