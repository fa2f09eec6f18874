"""The checks of homework 3: Wasserstein and friends."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse import theory
from gancourse.classroom.homework.checks import (
    MockOptimiser,
    MockPlayer,
    Sheet,
    Slips,
    Tape,
    Wrong,
    close,
    finite,
    finite_differences,
    gradient,
    gradients,
    number,
    part,
    scalar,
    seal,
    shape,
    show,
    true,
    unchanged,
    weights,
)
from gancourse.theory import transport as oracle

TITLE = "Wasserstein and friends"


# 1. Moving earth ---------------------------------------------------------------------------------------------------------


@part(points=4)
def transport(sheet: Sheet, on_a_line: Callable, earth_mover: Callable) -> None:
    with sheet.item("on a line", 1):
        # The heaps lie in the middle and the holes at both ends, so that earth goes to the left and to the right.
        p = theory.normalise(sheet.rand(7) + torch.tensor([0, 0, 9, 9, 9, 0, 0]).double())
        q = theory.normalise(sheet.rand(7) + torch.tensor([9, 9, 0, 0, 0, 5, 5]).double())
        crossing = (p - q).cumsum(0)
        right = crossing.abs().sum()
        slips = [
            (
                crossing.sum(),
                "earth that goes left and earth that goes right cancel: the absolute value of each gap, then the sum",
            ),
            (crossing.sum().abs(), "the absolute value belongs to each gap, before the sum: left and right must not cancel"),
            (
                (p - q).abs().sum(),
                "this compares place by place and does not know how far earth goes: what crosses a gap is a running sum",
            ),
            ((p - q).abs().sum() / 2, "this is the total variation: how much is moved, not how far"),
            ((p.cumsum(0) * q.cumsum(0)).sum(), "compare the two running sums by their difference"),
            (crossing.square().sum(), "squares in place of absolute values: the work is mass times way"),
            (right / 7, "a mean over the gaps: the work is their sum"),
            (right / 6, "a mean over the gaps: the work is their sum"),
            (right / 2, "one half too much"),
            (crossing.abs().max(), "this is the busiest gap only: add up all of them"),
            (crossing[1:].abs().sum(), "the first gap is missing, between place 0 and place 1"),
            (crossing[:-2].abs().sum(), "the last gap is missing"),
        ]
        with unchanged(p=p, q=q):
            close(_number(on_a_line(p, q)), right, slips=slips)
        i, j = torch.eye(5, dtype=torch.float64)[[4, 1]]
        close(_number(on_a_line(i, j)), 3.0, "all earth from place 4 to place 1")

    with sheet.item("a plan that moves all of p onto all of q", 1):
        for n, m in ((3, 5), (6, 2)):
            p, q, cost = _program(sheet, n, m)
            with unchanged(p=p, q=q, cost=cost):
                plan, _ = _solved(earth_mover, p, q, cost)
            true(plan.min() >= -1e-9, "a plan without negative entries", show(plan), "nobody can move less than nothing: T >= 0")
            best = oracle.earth_mover(p, q, cost).plan
            mixed = best.reshape(m, n).T
            slips = [
                (mixed.sum(1), "the entries are out of order: flatten() reads row by row, so reshape(n, m) writes them back"),
                (torch.full_like(p, 1 / n), "every heap is taken as large as the others"),
                (torch.ones_like(p), "each row of the plan sums to 1: it must sum to p_i"),
            ]
            close(plan.sum(1), p, "what leaves each heap (sums of the rows)", slips=slips, atol=1e-6)
            slip = "the holes are not filled: A has m more rows, one for each hole"
            close(plan.sum(0), q, "what arrives in each hole (sums of the columns)", slip=slip, atol=1e-6)

    with sheet.item("and none is cheaper", 1):
        for n, m in ((4, 6), (5, 3)):
            p, q, cost = _program(sheet, n, m)
            plan, work = _solved(earth_mover, p, q, cost)
            best = oracle.earth_mover(p, q, cost)
            independent = (p[:, None] * q * cost).sum()
            slips = [
                (independent, "this is the plan p_i q_j, which sends a bit of everything everywhere: find the cheapest"),
                (
                    -oracle.earth_mover(p, q, -cost).value,
                    "this is the dearest plan: linprog minimises, so leave the sign as it is",
                ),
                (
                    oracle.earth_mover(p, q, -cost).value,
                    "this is the dearest plan: linprog minimises, so leave the sign as it is",
                ),
                (-best.value, "the sign is turned round"),
                (oracle.earth_mover(p, q, cost.square()).value, "the costs are squared"),
                ((oracle.earth_mover(p, q, cost.square()).plan * cost).sum(), "this plan is best for other costs, squared ones"),
                (best.value / (n * m), "a mean over the plan's entries: the work is their sum"),
                (cost.min(1).values @ p, "each heap goes to its nearest hole, but the holes have no room for that"),
                (cost.min(0).values @ q, "each hole takes from its nearest heap, but the heaps do not hold that much"),
            ]
            close((plan * cost).sum(), best.value, "the work of the plan", slips=slips, atol=1e-6)
            close(work, (plan * cost).sum(), "the work that is returned", slips=slips, atol=1e-6)

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
        close(work, (p - q).cumsum(0).abs().sum(), "heaps and holes on a line", atol=1e-6)


def _program(sheet: Sheet, n: int, m: int) -> tuple[Tensor, Tensor, Tensor]:
    """Heaps, holes and costs."""
    return theory.normalise(sheet.rand(n) + 0.05), theory.normalise(sheet.rand(m) + 0.05), sheet.rand(n, m) + 0.1


def _number(came: Any) -> float:
    """A number, numpy's included: scipy's answers hold those."""
    return number(float(came) if type(came) in (np.float64, np.float32) else came)


def _solved(earth_mover: Callable, p: Tensor, q: Tensor, cost: Tensor) -> tuple[Tensor, float]:
    """The student's plan and work, if they are a plan and a number."""
    nothing = (
        "linprog found none (its message says why): does each row of A add up the entries of its own heap or hole, in b's order?"
    )
    try:
        came = earth_mover(p, q, cost)
    except (TypeError, AttributeError, RuntimeError, ValueError) as error:
        if "None" in str(error):
            raise Wrong("a plan", "None", nothing) from None
        raise
    if type(came) not in (tuple, list) or len(came) != 2:
        raise Wrong("two results: the plan and its work", show(came), "return plan, work")
    plan, work = came
    if plan is None or work is None:
        raise Wrong("a plan and its work", show(came), nothing)
    if type(plan) is np.ndarray:
        raise Wrong("the plan as a tensor", "an array of numpy", "torch.as_tensor(...)")
    n, m = cost.shape
    slips = {(n * m,): "a matrix, not a vector: reshape it", (m, n): "rows are heaps and columns are holes"}
    return finite(shape(plan, [n, m], slips=slips)).double(), _number(work)


# 2. What a critic proves -------------------------------------------------------------------------------------------------


@part(points=2)
def duality(sheet: Sheet, shown: Callable) -> None:
    points = sheet.randn(9, 2)
    metric = oracle.distances(points, points)
    p, q = theory.normalise(sheet.rand(2, 9))
    f = 3 * sheet.randn(9)
    apart = ~torch.eye(9, dtype=torch.bool)
    slopes = (f[:, None] - f).abs()[apart] / metric[apart]

    def asked(f: Tensor) -> float:
        came = _number(shown(f, p, q, metric))
        true(
            not math.isnan(came), "a number", "NaN", "0/0: leave the diagonal out, where f_i - f_i is divided by a distance of 0"
        )
        return came

    with sheet.item("the difference of means, over the steepest slope", 1):
        means = ((p - q) * f).sum()
        gaps, ways = f.diff().abs(), metric.diagonal(1)
        slips = [
            (means, "f may be steep: divide by its Lipschitz constant K"),
            (means.abs(), "f may be steep, and upside down: divide by K, and keep the sign"),
            (means.abs() / slopes.max(), "an f that is upside down proves a negative number: keep the sign"),
            (-means / slopes.max(), "p and q are exchanged"),
            (means * slopes.max(), "divide by K: a steeper f proves less"),
            (means / slopes.mean(), "this divides by the mean slope: K is the largest"),
            (means / slopes.min(), "this divides by the smallest slope: K is the largest"),
            (means / (gaps / ways).max(), "these are the slopes between neighbours in the list: take all pairs"),
            (means / (f.max() - f.min()), "K is a slope: divide each difference by the distance of its pair"),
            (means / f.abs().max(), "K is the largest slope, not the largest value"),
            (means / ((f[:, None] - f).abs().max() / metric.max()), "the quotient of each pair first, then the maximum"),
            (means / ((f[:, None] - f).abs() * metric).max(), "the slope is the difference *divided* by the distance"),
            (0.0, "K came out infinite: leave the diagonal out"),
            (means / 9 / slopes.max(), "a mean over the places: an expectation is a sum with weights p"),
            ((p * f).sum() / slopes.max(), "the expectation under q is missing"),
            (means / slopes.max().square(), "divided by K twice"),
        ]
        with unchanged(f=f, p=p, q=q, distance=metric):
            close(asked(f), means / slopes.max(), slips=slips)
        close(asked(f.flip(0)), _proved(f.flip(0), p, q, metric), "another f")

    with sheet.item("the best critic proves W, and ten times it, or it plus 5, the same", 0.5):
        value, best = oracle.best_critic(p, q, metric)
        for what, g in (("f", best), ("10 f", 10 * best), ("f + 5", best + 5), ("f / 100", best / 100)):
            slips = [
                (
                    min(10.0, 1.0) * ((p - q) * g).sum(),
                    "also an f that is flatter than 1 is divided by its K: it may be made steeper",
                ),
                (10 * value, "divide by K"),
            ]
            close(asked(g), value, f"{what}, for the best critic f", slips=slips, atol=1e-6)
        close(asked(-best), -value, "-f, for the best critic f", atol=1e-6, slip="upside down, it proves a negative number")

    with sheet.item("a constant proves nothing", 0.5):
        flat = "0/0: for a constant f, K is 0 and the answer 0"
        came = _number(shown(torch.full_like(p, 3.0), p, q, metric))
        true(math.isfinite(came) and abs(came) < 1e-9, "0", show(came), flat)


def _proved(f: Tensor, p: Tensor, q: Tensor, metric: Tensor) -> Tensor:
    apart = ~torch.eye(len(f), dtype=torch.bool)
    return ((p - q) * f).sum() / ((f[:, None] - f).abs()[apart] / metric[apart]).max()


# 3. The clipped critic ---------------------------------------------------------------------------------------------------


@part(points=4)
def clipping(sheet: Sheet, critic_loss: Callable, generator_loss: Callable, clip: Callable, critic_step: Callable) -> None:
    with sheet.item("two losses without a sigmoid", 1):
        high, low = 2 * sheet.randn(7) + 2, 2 * sheet.randn(4) - 2
        for real, fake in ((high, low), (low, high)):  # a critic may be wrong, too
            r, f = real.mean(), fake.mean()
            hinge = F.relu(1 - real).mean() + F.relu(1 + fake).mean()
            size = (-(r - f).abs(), "no absolute value: the critic must learn which of the two is high")
            slips = [
                *([size] if real is low else []),
                (r - f, "the sign is turned round: this is what the critic maximises, and a loss is minimised"),
                (hinge, "this is the hinge loss, as in the annotated repository: here nothing is cut off at 1"),
                (F.softplus(-real).mean() + F.softplus(fake).mean(), "this is the cross-entropy of homework 1"),
                (
                    torch.sigmoid(fake).mean() - torch.sigmoid(real).mean(),
                    "a critic has no sigmoid: its values may be any number",
                ),
                ((r - f).square(), "no square"),
                (fake.sum() - real.sum(), "these are sums over the batch: take the means"),
                ((fake.sum() - real.sum()) / 11, "a mean over both kinds together: take the mean of each"),
                ((f - r) / 2, "one half too much"),
                (f + r, "a sign: the two are pushed apart"),
                (-f - r, "a sign: the two are pushed apart"),
                (-r, "the fakes are missing"),
                (f, "the real ones are missing"),
            ]
            with unchanged(real=real, fake=fake):
                close(scalar(critic_loss(real, fake)), f - r, "the critic's loss", slips=slips)
        slips = [
            (f, "the sign: the generator wants high values"),
            (-torch.sigmoid(fake).mean(), "a critic has no sigmoid: its values may be any number"),
            (F.softplus(-fake).mean(), "this is -log D of homework 1"),
            (F.relu(1 - fake).mean(), "this is a hinge: here nothing is cut off"),
            (-fake.sum(), "this is the sum over the batch: take the mean"),
            (-f / 2, "one half too much"),
        ]
        close(scalar(generator_loss(fake)), -f, "the generator's loss", slips=slips)
        slope = gradient(generator_loss, fake)
        close(slope, torch.full_like(fake, -1 / len(fake)), "the slope of the generator's loss, the same at every value")

    with sheet.item("the box", 1):
        c = 0.3
        critic = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1)).double()
        known = list(critic.parameters())
        with torch.no_grad():
            for p in known:
                p.copy_(sheet.randn(*p.shape))
                p.view(-1)[0] = 0.9 if p.numel() > 1 else -0.9  # something to cut off, biases included
        for p in known:
            p.grad = torch.full_like(p, 7.0)
        start = weights(critic)

        def on_each(f: Callable[[Tensor], Tensor]) -> Tensor:
            return torch.cat([f(p.detach()).flatten() for p in known])

        right = start.clamp(-c, c)
        slips = [
            (start, "nothing has changed: clamp() makes a new tensor, clamp_() writes into the old one"),
            (start.clamp(max=c), "the lower wall is missing: -c"),
            (start.clamp(min=-c), "the upper wall is missing: c"),
            (start.clamp(min=0, max=c), "the box begins at -c, not at 0"),
            (on_each(lambda p: p.clamp(-c, c) if p.ndim > 1 else p), "biases are parameters, too"),
            (torch.cat([start[:16].clamp(-c, c), start[16:]]), "only the first layer is in the box: take all parameters"),
            (on_each(lambda p: p * c / p.norm()), "this makes the weights shorter; clipping cuts each number off by itself"),
            (
                on_each(lambda p: p * min(1.0, c / float(p.norm()))),
                "this makes the weights shorter; clipping cuts each number off",
            ),
            (on_each(lambda p: p * c / p.abs().max()), "this scales all weights; those inside the box stay as they are"),
            (c * torch.tanh(start), "a soft wall moves the weights inside the box, too: clamp"),
            (c * start.sign(), "all weights are on the walls: those inside the box stay as they are"),
        ]
        clip(critic, c)
        now = list(critic.parameters())
        if len(now) != len(known) or any(a is not b for a, b in zip(now, known, strict=True)):
            raise Wrong(
                "the critic's own parameters", "new ones", "the optimiser still holds the old ones: write into them, clamp_()"
            )
        close(weights(critic), right, "the weights after clipping", slips=slips)
        true(
            all(p.requires_grad and p.is_leaf for p in known),
            "parameters that can be trained on",
            "some that cannot",
            "clamp inside torch.no_grad(), and leave requires_grad as it was",
        )
        close(gradients(critic), torch.full_like(start, 7.0), ".grad as it was", slip="clip the weights, not the gradients")

    lr, c, stale = 0.05, 0.3, 5.0
    w0 = torch.tensor([0.6, -0.6, 0.02, -0.03]).double()

    def table() -> tuple[Any, ...]:
        """Fresh players whose gradients are stale; some weights will have to be clipped after the step, others will not."""
        tape = Tape()
        g = MockPlayer("G", tape, 0.5 * sheet.randn(2, 4), 0.5 * sheet.randn(4), latent_dim=2)
        f = MockPlayer("D", tape, w0, torch.tensor(0.1).double())
        for p in [*g.parameters(), *f.parameters()]:
            p.grad = torch.full_like(p, stale)
        return tape, g, f, MockOptimiser("D", tape, f, lr), sheet.randn(6, 4) + 0.5, sheet.randn(4, 2)

    with sheet.item("one step of the critic, and then the box", 1):
        tape, g, f, optimiser, real, z = table()
        start = weights(f)
        with torch.no_grad():
            fake = g(z)
        to_real, to_fake = torch.cat([real.mean(0), torch.ones(1)]), torch.cat([fake.mean(0), torch.ones(1)])
        slope = (to_fake - to_real).double()

        def box(w: Tensor) -> Tensor:
            return w.clamp(-c, c)

        slips = [
            (start - lr * slope, "the box is missing: clip after the step"),
            (box(start) - lr * slope, "clipped *before* the step, which then leaves the box"),
            (box(start), "the critic has not moved: is optimiser.step() there, after backward()?"),
            (start, "the critic has not moved: is optimiser.step() there, after backward()?"),
            (box(start + lr * slope), "the critic makes its estimate smaller: a sign is turned round"),
            (box(start - lr * (slope + stale)), "old gradients are added to the new ones: zero_grad() before backward()"),
            (box(start - lr * stale), "the step used old gradients only: backward() is missing, or zero_grad() comes too late"),
            (box(start + lr * to_real), "the fakes are missing from the critic's loss"),
            (box(start - lr * to_fake), "the real ones are missing from the critic's loss"),
            (box(start - lr * slope.clamp(-c, c)), "the gradients were clipped: it is the weights that go into the box"),
        ]
        tape.clear()
        critic_step(g, f, optimiser, real, z, c)
        if tape.count_of("G") == 0:
            raise Wrong("fakes made of the latents z", "no call of the generator", "the fakes are generator(z)")
        close(weights(f), box(start - lr * slope), "the critic's weights afterwards", slips=slips)
        true(tape.count_of("step D") == 1, "one step of the optimiser", f"{tape}")

    with sheet.item("the estimate, and the generator left alone", 1):
        tape, g, f, optimiser, real, z = table()
        start = weights(g)
        for p in g.parameters():
            p.grad = None
        with torch.no_grad():
            fake = g(z)
            estimate = f(real).mean() - f(fake).mean()
        came = critic_step(g, f, optimiser, real, z, c)
        if isinstance(came, Tensor) and came.requires_grad:
            raise Wrong("a plain number", "a tensor that holds on to its graph", "return .item()")
        with torch.no_grad():
            later = f(real).mean() - f(fake).mean()
        slips = [
            (-estimate, "this is the loss: the estimate is minus the loss"),
            (later, "this is the estimate after the step: take the loss from before"),
            (-later, "this is the loss after the step: the estimate is minus the loss before it"),
        ]
        close(number(came), estimate, "the estimate that is returned", slips=slips)
        close(weights(g), start, "G's weights after the critic's step", slip="the critic's step moved the generator")
        if gradients(g).any():
            raise Wrong("no gradient in the generator", "a gradient from the critic's loss", "detach the fakes")


# 4. Where the penalty looks ----------------------------------------------------------------------------------------------


@part(points=2)
def places(sheet: Sheet, between: Callable) -> None:
    torch.manual_seed(sheet.integer(0, 10**6))  # the answer's own epsilon; the caller's random numbers are put back

    def pair(*size: int) -> tuple[Tensor, Tensor]:
        """Real and fake samples that differ in every entry."""
        fake = sheet.randn(*size)
        sign = sheet.randn(*size).sign()
        return fake + torch.where(sign == 0, 1.0, sign) * (0.5 + sheet.rand(*size)), fake

    with sheet.item("on the line between each pair", 1):
        for size in ((40, 6), (40, 2, 3, 5), (5, 3, 4, 5)):  # in the last one, [N] lines up with the width
            real, fake = pair(*size)
            with unchanged(real=real, fake=fake):
                came = _mixed(between, real, fake)
            _on_lines(finite(came).double(), real, fake)

    with sheet.item("a uniform epsilon for each pair", 1):
        real, fake = pair(4000, 5)
        came = _mixed(between, real, fake).double()
        _on_lines(came, real, fake)
        epsilon = ((came - fake) / (real - fake)).mean(1)
        mean, variance = float(epsilon.mean()), float(epsilon.var())
        # Six standard errors: of the mean sqrt(1/12 / n), of the variance sqrt(1/180 / n).
        well = abs(mean - 0.5) < 6 * math.sqrt(1 / 12 / 4000) and abs(variance - 1 / 12) < 6 * math.sqrt(1 / 180 / 4000)
        true(
            well,
            "epsilon uniform in [0, 1]: mean 0.5, variance 0.083",
            f"mean {mean:.3f}, variance {variance:.3f}",
            "epsilon does not fill [0, 1] evenly: torch.rand does",
        )
        again = _mixed(between, real, fake).double()
        true(
            not torch.equal(again, came),
            "new random points in the next call",
            "the same points again",
            "a seed is set inside: draw anew each time",
        )


def _mixed(between: Callable, real: Tensor, fake: Tensor) -> Tensor:
    """The student's points, if their shape is right."""
    n, *rest = real.shape
    ones = "epsilon has the wrong number of axes: [N], and then a 1 for each further axis of the samples, [N, 1] or [N, 1, 1, 1]"
    try:
        came = between(real, fake)
    except RuntimeError as error:
        if "must match" not in str(error):
            raise
        raise Wrong(f"points of shape {[n, *rest]}", "shapes that do not line up", ones) from None
    slips = {(n, n, *rest): "every sample is mixed with every other: epsilon needs a 1 for each further axis"}
    return shape(came, [n, *rest], ones, slips)


def _on_lines(came: Tensor, real: Tensor, fake: Tensor) -> None:
    """Raise Wrong unless came = e real + (1 - e) fake with one random e for each pair, all of them in [0, 1]."""
    e = ((came - fake) / (real - fake)).flatten(1)  # [N, entries]: epsilon as each entry tells it

    def same(values: Tensor, dim: int) -> bool:
        return bool((values.amax(dim) - values.amin(dim)).max() < 1e-5)

    if same(e, 1) and same(e, 0):
        value = float(e.mean())
        slips = {
            1.0: "epsilon is 1: the penalty is taken at real samples only",
            0.0: "epsilon is 0: the penalty is taken at fake samples only",
        }
        slip = slips.get(round(value, 6), "one epsilon for the whole batch: draw one for each pair")
        raise Wrong("an epsilon for each pair", f"{value:.4g} for all of them", slip)
    if not same(e, 1):
        raise Wrong("points on the lines between pairs", "points beside them", _beside(came, real, fake, e, same))
    if e.min() < -1e-6 or e.max() > 1 + 1e-6:
        raise Wrong(
            "points between real and fake, epsilon in [0, 1]",
            f"epsilon from {float(e.min()):.3g} to {float(e.max()):.3g}",
            "epsilon is from a normal distribution, or another that leaves [0, 1]: torch.rand, not torch.randn",
        )


def _beside(came: Tensor, real: Tensor, fake: Tensor, e: Tensor, same: Callable[[Tensor, int], bool]) -> str:
    """Which way the points went that are not on the lines."""
    product = (came / (real * fake)).flatten(1)
    if same(product, 1):
        return "a plus is lost, as in one deck: epsilon x *plus* (1 - epsilon) x_fake"
    x, r, f = (t.flatten(1) for t in (came, real, fake))
    weight = torch.linalg.lstsq(torch.stack([r, f], -1), x[..., None]).solution  # [N, 2, 1]
    if bool(((torch.stack([r, f], -1) @ weight)[..., 0] - x).abs().max() < 1e-6):
        return "the weights of real and fake do not sum to 1: they are epsilon and 1 - epsilon, with the same epsilon"
    axes = e.reshape(came.shape)
    outside = bool(e.min() < -1e-6 or e.max() > 1 + 1e-6)
    if came.ndim == 4 and same(axes.permute(3, 0, 1, 2).flatten(1), 1):
        return "epsilon [N] lines up with the *last* axis: give it the shape [N, 1, 1, 1]"
    if same(e, 0):
        return "one epsilon for each entry, the same in all pairs: its shape must begin with N and go on with ones"
    if came.ndim == 4 and same(axes.flatten(2), 2):
        return "one epsilon for each channel: the points leave the line"
    if not outside:
        return "one epsilon for each entry (rand_like): the points fill a box in place of a line; one for each pair is wanted"
    if same((came - real).flatten(1), 1) or same((came - fake).flatten(1), 1):
        return "a number is added to all entries: move along real - fake"
    return "noise around the samples, not points between pairs: a normal epsilon for each entry, or DRAGAN's recipe"


# 5. The gradient penalty -------------------------------------------------------------------------------------------------


def _penalties(g: Tensor) -> Slips:
    """What wrong penalties make of the critic's gradients g [N, ...]."""
    norms = g.flatten(1).norm(dim=1)
    n = len(g)

    def of(lengths: Tensor) -> Tensor:
        return (lengths - 1).square().mean()

    axis = "the norm is taken along the wrong axis: "
    found = [
        (norms.square().mean(), "the 1 is missing: this pulls the slope to 0"),
        (of(norms.square()), "this is the *squared* norm against 1: a root is missing"),
        ((norms - 1).abs().mean(), "the absolute difference: square it"),
        ((norms - 1).mean(), "the square is missing: slopes above and below 1 cancel"),
        ((norms.mean() - 1).square(), "the mean comes last: first the square of each sample's difference, then the mean"),
        ((norms.mean() - 1), "the square is missing"),
        ((norms - 1).clamp(min=0).square().mean(), "this is the one-sided penalty: here slopes below 1 cost, too"),
        ((norms - 1).square().sum(), "this is the sum over the batch: take the mean"),
        (of(norms) / 2, "one half too much"),
        (10 * of(norms), "the weight 10 is not part of this function"),
        (-of(norms), "the sign: a penalty is not negative"),
        ((g.norm() - 1).square(), axis + "all samples got one norm together, and each needs its own"),
        (of(g.norm(dim=0)), axis + "it runs over the batch (dim=0), and it should run over everything else"),
        (of(g.flatten(1).norm(dim=0)), axis + "it runs over the batch (dim=0), and it should run over everything else"),
        (of(norms / n), "this is the gradient of the *mean* of the values, N times too short: differentiate their sum"),
        (of(g.flatten(1).abs().sum(1)), "this is the sum of absolute values: take the Euclidean norm"),
        (of(g.flatten(1).square().mean(1).sqrt()), "a mean of the squares under the root: the norm is the root of their *sum*"),
        (of(g.flatten(1).mean(1)), "the mean of a gradient's entries is not its length"),
        (of(g.flatten(1).sum(1)), "the sum of a gradient's entries is not its length: take the norm"),
        (of(g.flatten(1).abs().amax(1)), "the largest entry is not the Euclidean norm"),
        (
            of(torch.cat([norms[:1], torch.zeros_like(norms[1:])])),
            "only the first sample's value was differentiated: sum them all",
        ),
    ]
    if g.ndim == 4:
        found += [
            (of(g.norm(dim=1)), axis + "dim=1 is the channels, so every pixel got a norm; flatten(1) the sample first"),
            (of(g.norm(dim=3)), axis + "the last one only; flatten(1) the sample first"),
            (of(g.norm(dim=2)), axis + "the rows only; flatten(1) the sample first"),
            (of(g.norm(dim=(2, 3))), axis + "every channel got a norm; flatten(1) the sample first"),
            (of(g.norm(dim=(1, 2))), axis + "every column got a norm; flatten(1) the sample first"),
        ]
    return found


@part(points=4)
def penalty(sheet: Sheet, gradient_penalty: Callable) -> None:
    def curved(weight: Tensor, x: Tensor) -> Tensor:
        """A critic whose gradient at x is weight * x."""
        return (weight * x.square()).flatten(1).sum(1) / 2

    weight = sheet.randn(2, 3, 4)
    x = sheet.randn(5, 2, 3, 4) * torch.tensor([0.04, 0.1, 0.4, 1.0, 2.0]).double().reshape(5, 1, 1, 1)

    def asked(w: Tensor, at: Tensor) -> Tensor:
        return scalar(gradient_penalty(lambda points: curved(w, points), at))

    with sheet.item("critics known by heart: of slope 1 and of slope 0", 1):
        for size in ((6, 2), (4, 3, 2, 5)):
            w = sheet.randn(*size[1:])
            w = (w / w.norm()).requires_grad_()
            at = sheet.randn(*size)

            def linear(points: Tensor, w: Tensor = w) -> Tensor:
                return (w * points).flatten(1).sum(1)

            kind = "points [N, 2]" if len(size) == 2 else "pictures [N, C, H, W]"
            slopes = w.detach().expand(size)
            came = scalar(gradient_penalty(linear, at))
            close(came, 0.0, f"f(x) = w . x with a w of length 1, {kind}", slips=_penalties(slopes), atol=1e-9)
            came = scalar(gradient_penalty(lambda points, f=linear: 0 * f(points), at))
            close(came, 1.0, f"a constant critic, {kind}", slip="its slope is 0, and 0 is 1 away from 1", rtol=1e-3)

    with sheet.item("a critic whose slope differs from sample to sample", 1):
        g = weight * x
        right = (g.flatten(1).norm(dim=1) - 1).square().mean()
        with unchanged(x=x):
            close(asked(weight.clone().requires_grad_(), x), right, slips=_penalties(g))
        flat, points = sheet.randn(3), sheet.randn(7, 3)
        g = flat * points
        right = (g.norm(dim=1) - 1).square().mean()
        close(asked(flat.requires_grad_(), points), right, "points [N, 3]", slips=_penalties(g))

    with sheet.item("it can be learnt from", 1):
        blocked = "the way back is cut: create_graph=True in torch.autograd.grad, and no detach(), .data or .item() after it"

        came = gradient(lambda w: asked(w, x), weight, blocked)
        own = finite_differences(lambda w: asked(w.requires_grad_(), x), weight)
        close(
            came, own, "the slope of your penalty by the critic's parameters", slips=[(0 * weight, blocked)], rtol=1e-4, atol=1e-5
        )

    with sheet.item("also where the critic is flat", 0.5):
        still = torch.zeros_like(weight)
        slope = gradient(lambda w: asked(w, x), still, blocked)
        slip = "the root of 0 has an infinite slope: norm() knows what to do there, sqrt() does not"
        finite(slope, "the slope by the parameters of a flat critic", slip)

    with sheet.item("and leaves no trace", 0.5):
        source = x.detach().clone().requires_grad_()
        mine = weight.clone().requires_grad_()
        mine.grad = torch.full_like(mine, 7.0)
        came = asked(mine, source * 1.0)
        if not torch.equal(mine.grad, torch.full_like(mine, 7.0)):
            raise Wrong(
                "the critic's .grad as it was",
                "something added to it",
                "backward() writes into everybody's .grad: torch.autograd.grad does not",
            )
        true(came.requires_grad, "a penalty that can be minimised", "one without a gradient", blocked)
        came.backward()
        if source.grad is not None and source.grad.any():
            raise Wrong(
                "no gradient in what x was made from",
                "a gradient of the penalty there",
                "x hangs on the generator: x.detach().requires_grad_() cuts it off",
            )


# 6. Least squares --------------------------------------------------------------------------------------------------------


@part(points=2)
def least_squares(sheet: Sheet, squares_d: Callable, squares_g: Callable, best_d: Callable) -> None:
    a, b, c = (float(code) for code in torch.tensor([-1.0, 1.0, 0.3]).double() + 0.2 * sheet.rand(3))
    real, fake = 2 * sheet.randn(7), 2 * sheet.randn(4)

    with sheet.item("the discriminator's loss", 0.5):

        def loss(r: Tensor, f: Tensor, a: float = a, b: float = b) -> Tensor:
            return (r - b).square().mean() / 2 + (f - a).square().mean() / 2

        right = loss(real, fake)
        slips = [
            (2 * right, "the halves are missing"),
            (loss(real, fake, b, a), "the codes are exchanged: b is for real, a is for fake"),
            (
                loss(torch.sigmoid(real), torch.sigmoid(fake)),
                "no sigmoid: it brings back the flat parts that the squares should cure",
            ),
            (
                (real.square() - b).mean() / 2 + (fake.square() - a).mean() / 2,
                "a bracket is in the wrong place: the code belongs inside the square",
            ),
            ((real - b).mean().square() / 2 + (fake - a).mean().square() / 2, "first the square, then the mean"),
            ((real - b).abs().mean() / 2 + (fake - a).abs().mean() / 2, "absolute values in place of squares"),
            ((real - b).square().sum() / 2 + (fake - a).square().sum() / 2, "these are sums over the batch: take the means"),
            (loss(real, fake, -a, -b), "a sign: the code is subtracted"),
            (loss(real, fake, -a, b), "a sign: the code of the fakes is subtracted"),
            (-right, "the sign is turned round: a loss is minimised"),
            ((real - b).square().mean() / 2 - (fake - a).square().mean() / 2, "a sign: both terms of the loss are positive"),
            ((real - b).square().mean() / 2, "the fakes are missing"),
            ((fake - a).square().mean() / 2, "the real ones are missing"),
            (loss(real, fake, 0.0, 1.0), "the codes are arguments: do not take 0 and 1 for granted"),
            (loss(real, fake, -1.0, 1.0), "the codes are arguments: do not take -1 and 1 for granted"),
        ]
        with unchanged(real=real, fake=fake):
            close(scalar(squares_d(real, fake, a, b)), right, slips=slips)

    with sheet.item("the generator's loss", 0.5):
        right = (fake - c).square().mean() / 2
        slips = [
            (2 * right, "the half is missing"),
            (-right, "the sign is turned round"),
            ((torch.sigmoid(fake) - c).square().mean() / 2, "no sigmoid: it brings back the flat parts"),
            ((fake.square() - c).mean() / 2, "a bracket is in the wrong place: the code belongs inside the square"),
            ((fake - c).square().sum() / 2, "this is the sum over the batch: take the mean"),
            ((fake - c).abs().mean() / 2, "an absolute value in place of the square"),
            ((fake + c).square().mean() / 2, "a sign: the code is subtracted"),
            ((fake - 1).square().mean() / 2, "the code is an argument: do not take 1 for granted"),
            (fake.square().mean() / 2, "the code is missing"),
            (-fake.mean(), "this is the Wasserstein generator's loss"),
        ]
        close(scalar(squares_g(fake, c)), right, slips=slips)

    with sheet.item("the best discriminator", 0.5):
        p, q = theory.normalise(sheet.rand(2, 9) + 0.05)
        slips = [
            ((a * p + b * q) / (p + q), "the codes are exchanged: b goes with the data p"),
            (p / (p + q), "that is for the codes 0 and 1 only"),
            ((b * p - a * q) / (p + q), "a sign: set p (D - b) + q (D - a) to zero"),
            ((b * p - a * q) / (p - q), "a sign: set p (D - b) + q (D - a) to zero"),
            (b * p + a * q, "divide by p + q"),
            ((b * p + a * q) / 2, "divide by p + q, place by place"),
            ((b * p + a * q) / (p + q).sum(), "divide place by place, by p + q there and not by its sum"),
            (torch.full_like(p, (a + b) / 2), "that is where D ends when q = p"),
            (torch.where(p > q, b, a).double(), "this is the best decision: D may say anything between the codes"),
        ]
        with unchanged(p=p, q=q):
            close(best_d(p, q, a, b), (b * p + a * q) / (p + q), slips=slips)

    with sheet.item("the slopes, and no flat part", 0.5):
        far = torch.tensor([-10.0, 10.0]).double()
        flat = torch.sigmoid(far) * (1 - torch.sigmoid(far)) * (torch.sigmoid(far) - c) / 2
        slips = [(flat, "the sigmoid is back, and with it the flat parts")]
        close(gradient(lambda f: squares_g(f, c), far), (far - c) / 2, "G's pull at outputs of -10 and 10", slips=slips)
        for f in (lambda v: squares_d(real, v, a, b), lambda v: squares_d(v, fake, a, b)):
            at = sheet.randn(5)
            close(gradient(f, at), finite_differences(f, at), "the gradient of D's loss, by finite differences", atol=1e-6)


# 7. A thermostat ---------------------------------------------------------------------------------------------------------


class _Drawer(nn.Module):
    """An autoencoder of one weight."""

    def __init__(self, weight: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(weight, dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(self.weight * x + 0.3)


@part(points=2)
def thermostat(sheet: Sheet, errors: Callable, began_losses: Callable, next_k: Callable) -> None:
    with sheet.item("how badly a picture is drawn", 0.5):
        draws, x = _Drawer(0.6), sheet.randn(3, 2, 4, 5)
        gap = (x - draws(x)).detach().flatten(1)
        slips = [
            (gap.square().mean(1), "these are squares: BEGAN takes absolute values"),
            (gap.abs().sum(1), "this is the sum over the pixels: take their mean"),
            (gap.norm(dim=1), "this is the Euclidean length: take the mean of the absolute values"),
            (gap.mean(1), "pixels that are too bright and too dark cancel: the absolute value first"),
            (gap.mean(1).abs(), "the absolute value of each pixel, before the mean"),
            (gap.abs().amax(1), "this is the worst pixel: take the mean"),
        ]
        wrong = {
            (): "one number for each picture: the mean runs over all axes but the first",
            (3, 4, 5): "this is the mean over the channels: flatten(1) the picture first",
            (3, 2): "one number for each picture: the channels belong to it",
            (2, 4, 5): "this is the mean over the batch: keep the first axis, and average over all others",
            (3, 2, 4, 5): "the mean over the pixels is missing",
        }
        with unchanged(x=x):
            close(shape(errors(draws, x), [3], slips=wrong), gap.abs().mean(1), slips=slips)
        at = sheet.randn(2, 1, 2, 2)
        true_slope = gradient(lambda v: (v - draws(v)).abs().mean(), at)
        half = gradient(lambda v: (v - draws(v).detach()).abs().mean(), at)
        other = gradient(lambda v: (v.detach() - draws(v)).abs().mean(), at)
        slips = [(half, "the drawing is detached: the slope goes through it, too"), (other, "the picture is detached")]
        close(gradient(lambda v: errors(draws, v).mean(), at), true_slope, "the slope by the picture", slips=slips)

    with sheet.item("the two losses", 0.5):
        r, f, k = sheet.rand(6) + 0.2, sheet.rand(4) + 0.4, 0.3 + 0.1 * float(sheet.rand(1))
        came = began_losses(r, f, k)
        if type(came) not in (tuple, list) or len(came) != 2:
            raise Wrong("two losses, L_D and L_G", show(came), "return both")
        mr, mf = r.mean(), f.mean()
        slips = [
            (mr + k * mf, "a sign: D wants to draw the fakes *badly*"),
            (k * mf - mr, "the sign is turned round: D minimises its error on real pictures"),
            (mr - mf, "k is missing"),
            (k * mr - mf, "k belongs to the fakes"),
            (k * (mr - mf), "k belongs to the fakes only"),
            (mr, "the fakes are missing"),
            (mr - (1 - k) * mf, "k, not 1 - k"),
            (mf, "the two losses are exchanged"),
            (r.sum() - k * f.sum(), "these are sums over the batch: take the means"),
        ]
        close(scalar(came[0]), mr - k * mf, "L_D", slips=slips)
        slips = [
            (-mf, "the sign: G wants pictures that D draws *well*"),
            (k * mf, "k is D's business: it is not in G's loss"),
            (-k * mf, "k is D's business, and G wants a small error"),
            (mr - k * mf, "the two losses are exchanged"),
            (mr, "this is the error on real pictures"),
            (f.sum(), "this is the sum over the batch: take the mean"),
        ]
        close(scalar(came[1]), mf, "L_G", slips=slips)

    with sheet.item("k moves the right way", 0.5):
        for _ in range(3):
            k, real, fake, gamma, rate = (float(v) for v in 0.4 + 0.2 * sheet.rand(5))
            gamma, rate, fake = gamma + 0.2, rate / 5, fake / 2
            move = gamma * real - fake
            slips = [
                (k - rate * move, "the sign: fakes that are drawn too well (below gamma L(x)) must make k rise"),
                (k + rate * (real - gamma * fake), "gamma multiplies the real error"),
                (k + rate * (gamma * fake - real), "the two errors are exchanged"),
                (k + rate * (real - fake), "gamma is missing"),
                (k + rate * gamma * (real - fake), "gamma belongs to the real error only"),
                (k + rate * abs(move), "the move has a sign: k must be able to fall"),
                (k + move, "the rate lambda is missing"),
                (min(max(k + move, 0.0), 1.0), "the rate lambda is missing"),
                (rate * move, "k moves from where it was: the old k is missing"),
                (min(max(rate * move, 0.0), 1.0), "k moves from where it was: the old k is missing"),
                (k + rate * (gamma - fake / real), "the errors, not their ratio"),
                (k, "k has not moved"),
            ]
            close(_number(next_k(k, real, fake, gamma, rate)), k + rate * move, slips=slips)

    with sheet.item("and stops at 0 and 1", 0.5):
        for k, real, fake, stop in ((0.02, 0.3, 0.9, 0.0), (0.0, 0.3, 0.9, 0.0), (0.99, 0.9, 0.05, 1.0), (1.0, 0.9, 0.05, 1.0)):
            free = k + 0.1 * (0.5 * real - fake)
            slips = [(free, "k left [0, 1]: clip it after each move, or D will one day *help* to draw the fakes")]
            slips += [(k, "k must be able to reach the ends: clip it, and do not refuse the move")]
            came = _number(next_k(k, real, fake, 0.5, 0.1))
            close(came, stop, f"from k = {k:g}, real error {real:g}, fake error {fake:g}", slips=slips)
        k = 0.5
        for _ in range(200):
            k = _number(next_k(k, 0.4, 0.9, 0.5, 0.02))
        close(k, 0.0, "k after 200 rounds in which the fakes are drawn badly")


seal(__name__, "gancourse.theory", "gancourse.theory.transport")
