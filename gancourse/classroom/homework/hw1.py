"""The checks of homework 1: the two-player game."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse import theory
from gancourse.classroom.homework.checks import (
    MockOptimiser,
    MockPlayer,
    Sheet,
    Tape,
    Wrong,
    close,
    equal,
    finite,
    finite_differences,
    gradient,
    gradients,
    number,
    part,
    scalar,
    seal,
    show,
    true,
    unchanged,
    weights,
)

LOG2 = math.log(2.0)

# 1. Losses on logits -----------------------------------------------------------------------------------------------------


@part(points=4)
def losses(sheet: Sheet, discriminator_loss: Callable, saturating_loss: Callable, non_saturating_loss: Callable) -> None:
    real, fake = 2 * sheet.randn(7) + 0.5, 2 * sheet.randn(4) - 0.5
    softplus = F.softplus

    with sheet.item("the discriminator's loss", 1):
        scalar(discriminator_loss(real, fake))
        r, f = softplus(-real), softplus(fake)
        slips = [
            (-r.mean() - f.mean(), "the sign is turned round: this is V, which D maximises; a loss is minimised"),
            (softplus(real).mean() + softplus(-fake).mean(), "the labels are exchanged: real is 1, fake is 0"),
            (softplus(real).mean() + f.mean(), "log(1 - D) in both terms: the real one is -log D = softplus(-l)"),
            (r.mean() + softplus(-fake).mean(), "-log D in both terms: the fake one is -log(1 - D) = softplus(l)"),
            (r.sum() + f.sum(), "this is the sum over the batch: take the mean"),
            ((r.mean() + f.mean()) / 2, "one half too much: here the two means are added, as in V"),
            ((r.sum() + f.sum()) / 11, "a mean over both kinds together: take the mean of each, then add"),
            (r.mean(), "the fakes are missing"),
            (f.mean(), "the real ones are missing"),
            (r.mean() - f.mean(), "a sign: both terms of the loss are positive"),
            (softplus(-torch.sigmoid(real)).mean() + softplus(torch.sigmoid(fake)).mean(), "the sigmoid is applied twice"),
            ((r.mean() + f.mean()) / LOG2, "in bits: the course takes the natural logarithm"),
        ]
        close(discriminator_loss(real, fake), r.mean() + f.mean(), slips=slips)
        zeros = torch.zeros(3, dtype=torch.float64)
        close(discriminator_loss(zeros, zeros), 2 * LOG2, "where D says 1/2 everywhere")

    with sheet.item("the generator's loss in the minimax game", 0.5):
        f = softplus(fake)
        slips = [
            (f.mean(), "the sign is turned round: log(1 - D) = -softplus(l)"),
            (softplus(-fake).mean(), "this is the non-saturating loss -log D"),
            (-softplus(-fake).mean(), "this is log D: the minimax game gives G log(1 - D)"),
            (-f.sum(), "this is the sum over the batch: take the mean"),
            (-f.mean() / 2, "one half too much"),
        ]
        close(scalar(saturating_loss(fake)), -f.mean(), slips=slips)

    with sheet.item("the non-saturating loss", 0.5):
        f = softplus(-fake)
        slips = [
            (-f.mean(), "the sign is turned round: this would push D's answers down"),
            (-softplus(fake).mean(), "this is the saturating loss log(1 - D)"),
            (softplus(fake).mean(), "this labels the fakes as fake, which is D's own term: G wants them called real"),
            (f.sum(), "this is the sum over the batch: take the mean"),
            (f.mean() / 2, "one half too much"),
        ]
        close(scalar(non_saturating_loss(fake)), f.mean(), slips=slips)

    with sheet.item("no logit is too large", 1):
        for n in (30.0, 200.0):
            _far(lambda v: discriminator_loss(-v, v), n, 2 * n, "D's loss")
            _far(lambda v: non_saturating_loss(-v), n, n, "the non-saturating loss")
            _far(lambda v: saturating_loss(v), n, -n, "the saturating loss")

    with sheet.item("the slopes", 1):
        with unchanged(real=real, fake=fake):
            discriminator_loss(real, fake), saturating_loss(fake), non_saturating_loss(fake)
        for loss in (
            lambda v: discriminator_loss(real, v),
            lambda v: discriminator_loss(v, fake),
            saturating_loss,
            non_saturating_loss,
        ):
            at = sheet.randn(5)
            close(gradient(loss, at), finite_differences(loss, at), "the gradient, by finite differences", atol=1e-6)


def _far(loss: Callable[[Tensor], Any], n: float, expected: float, what: str) -> None:
    """Value and slope at a logit of n in float32, where a sigmoid has long rounded to 0 or 1."""
    at = torch.tensor([n])
    eps = [
        (sign * k * -math.log(e), f"log(... + {e:g}) stops at {math.log(e):.1f}, and its slope is 0 from there: write softplus")
        for e in (1e-6, 1e-7, 1e-8, 1e-10, 1e-12, 1e-16)
        for k in (1, 2)
        for sign in (1, -1)
    ]
    eps += [(sign * math.inf, "an exponential that overflows, or the logarithm of 0: write softplus") for sign in (1, -1)]
    lost = "the logarithm of a probability that has rounded to 0: compute the loss from the logit, by softplus"
    close(loss(at), expected, f"{what} at a logit of {n:g}", slips=eps, slip=lost, rtol=1e-4)
    slope = finite(gradient(loss, at), f"the slope of {what}", lost)
    true(slope.abs() > 0.5, f"{what} with a slope at a logit of {n:g}", show(slope), lost)


# 2. The best discriminator -----------------------------------------------------------------------------------------------


@part(points=3)
def optimal(sheet: Sheet, optimal_discriminator: Callable) -> None:
    p, q = theory.normalise(sheet.rand(2, 9) + 0.05)

    with sheet.item("D* on two histograms", 1):
        slips = [
            (q / (p + q), "p and q are exchanged: D is the probability of *real*"),
            (p / q, "this is the ratio p/q: D* is a probability"),
            ((p / q).log(), "this is D*'s logit: apply the sigmoid, or leave the logarithm away"),
            (p / (p - q), "a minus is lost, as in the deck: the derivative is p/D - q/(1 - D)"),
            (torch.sigmoid(p / q), "the sigmoid belongs to log(p/q), not to p/q"),
            (torch.sigmoid(p - q), "the sigmoid belongs to log p - log q"),
            (p / (p + q).sum(), "divide place by place, by p + q there and not by its sum"),
            ((p > q).double(), "this is the best *decision*: D* says how sure it is"),
            (torch.full_like(p, 0.5), "1/2 is where D ends when q = p"),
        ]
        close(optimal_discriminator(p, q), p / (p + q), slips=slips)

    with sheet.item("where only one of the two lives", 1):
        p1, q1 = torch.tensor([0.5, 0.5, 0.0]).double(), torch.tensor([0.0, 0.5, 0.5]).double()
        close(
            optimal_discriminator(p1, q1),
            torch.tensor([1.0, 0.5, 0.0]),
            "1 where only data lives, 0 where only fakes do",
            atol=1e-12,
            slip="a small number added to p or q moves D* away from 0 and 1",
        )
        tiny, tiny_q = torch.tensor([[1 - 1e-12, 1e-12], [1 - 3e-12, 3e-12]], dtype=torch.float64)
        close(
            optimal_discriminator(tiny, tiny_q),
            tiny / (tiny + tiny_q),
            "at rare places",
            atol=0,
            rtol=1e-6,
            slip="a small constant in the denominator is not small beside a p + q of 4e-12",
        )

    with sheet.item("where nobody lives, and many pairs at once", 1):
        p2 = torch.tensor([[0.25, 0.0, 0.75, 0.0], [1.0, 0.0, 0.0, 0.0]]).double()
        q2 = torch.tensor([[0.75, 0.0, 0.25, 0.0], [0.0, 0.0, 0.0, 1.0]]).double()
        expected = torch.tensor([[0.25, 0.5, 0.75, 0.5], [1.0, 0.5, 0.5, 0.0]]).double()
        with unchanged(p=p2, q=q2):
            close(optimal_discriminator(p2, q2), expected, slip="0/0: where p + q is 0 answer 1/2")


# 3. What is left for the generator ---------------------------------------------------------------------------------------


@part(points=3)
def divergence(sheet: Sheet, js: Callable, value: Callable) -> None:
    p, q = theory.normalise(sheet.rand(2, 12) + 0.02)
    m = (p + q) / 2

    def kl(a: Tensor, b: Tensor) -> Tensor:
        return (a * (a / b).log()).sum()

    with sheet.item("JS of two histograms", 1):
        right = (kl(p, m) + kl(q, m)) / 2
        slips = [
            (right / LOG2, "in bits: take the natural logarithm"),
            (2 * right, "the halves before the two divergences are missing"),
            ((kl(p, q) + kl(q, p)) / 2, "this is Jeffreys' mean of KL(p, q) and KL(q, p): JS compares with the middle m"),
            (kl(p, q), "this is KL(p, q)"),
            (kl(p, m), "only p is compared with the middle: q is, too"),
            ((kl(m, p) + kl(m, q)) / 2, "KL's arguments are exchanged: KL(p, m), not KL(m, p)"),
            ((kl(p, p + q) + kl(q, p + q)) / 2, "the middle is (p + q)/2: without the 2 it is no distribution"),
            (-right, "the sign is turned round"),
            (right.sqrt(), "this is the root of JS, the distance: leave the root away"),
            (right / 12, "a mean over the places: an expectation is a sum with weights p"),
        ]
        close(number(js(p, q)), right, slips=slips)
        close(number(js(q, p)), right, "the other way round")

    with sheet.item("its two ends, 0 and log 2", 1):
        a, b = torch.tensor([0.5, 0.5, 0.0, 0.0]).double(), torch.tensor([0.0, 0.0, 0.25, 0.75]).double()
        zero = "0 log 0 = 0: where p is 0 the term is 0, whatever the logarithm says (torch.xlogy)"
        close(number(js(a, a)), 0.0, "JS of a distribution with itself", slip=zero, atol=1e-9)
        close(
            number(js(a, b)),
            LOG2,
            "JS of two that never meet",
            slip=zero,
            rtol=1e-9,
            slips=[(math.inf, "this is KL, which is infinite here")],
        )
        with unchanged(p=a, q=b):
            js(a, b)

    with sheet.item("the value of the game", 1):
        d = 0.05 + 0.9 * sheet.rand(12)
        right = (p * d.log()).sum() + (q * (1 - d).log()).sum()
        slips = [
            (-right, "the sign is turned round: V is what D maximises"),
            (right / 2, "Kurmi's one half is not in V"),
            ((q * d.log()).sum() + (p * (1 - d).log()).sum(), "p and q are exchanged"),
            ((p * d.log()).sum() - (q * (1 - d).log()).sum(), "a sign: V is the sum of two negative numbers"),
            (d.log().mean() + (1 - d).log().mean(), "plain means: an expectation weights the places by p, or by q"),
            (
                (p * d.log()).mean() + (q * (1 - d).log()).mean(),
                "means of weighted terms: the weights p sum to 1 already, so sum",
            ),
            (right / LOG2, "in bits: take the natural logarithm"),
        ]
        close(number(value(p, q, d)), right, slips=slips)
        best = p / (p + q)
        close(number(value(p, q, best)), 2 * theory.js(p, q) - 2 * LOG2, "V(D*, G) = 2 JS - 2 log 2")
        sure = torch.tensor([1.0, 1.0, 0.0, 0.0]).double()
        close(
            number(value(a, b, sure)),
            0.0,
            "V where D* is sure and right",
            slip="0 log 0 = 0: nobody visits the places where D is wrong",
        )


# 4. Saturating or not ----------------------------------------------------------------------------------------------------


@part(points=3)
def slopes(sheet: Sheet, saturating_slope: Callable, non_saturating_slope: Callable, gradient_norm: Callable) -> None:
    logits = 3 * sheet.randn(9)
    d = torch.sigmoid(logits)

    with sheet.item("the two slopes in the logit", 1):
        wrong = [
            (d, "the sign: the loss falls when the logit grows, so its slope is negative"),
            (1 - d, "the sign: the loss falls when the logit grows, so its slope is negative"),
            (d * (1 - d), "this is dD/dl: multiply by the derivative of the loss in D"),
            (-d * (1 - d), "this is -dD/dl: divide by 1 - D or by D"),
            (-1 / (1 - d), "this is the slope in D: the chain rule brings in dD/dl = D (1 - D)"),
            (-1 / d, "this is the slope in D: the chain rule brings in dD/dl = D (1 - D)"),
        ]
        close(saturating_slope(logits), -d, "of log(1 - D)", slips=[(d - 1, "the two slopes are exchanged"), *wrong])
        close(non_saturating_slope(logits), d - 1, "of -log D", slips=[(-d, "the two slopes are exchanged"), *wrong])
        far = torch.tensor([-1000.0, 1000.0]).double()
        close(saturating_slope(far), [0.0, -1.0], "of log(1 - D) at logits -1000 and 1000")
        close(non_saturating_slope(far), [-1.0, 0.0], "of -log D at logits -1000 and 1000")

    g, discriminator, z, _ = _players(sheet)

    def plain(fake: Tensor) -> Tensor:
        return fake.mean()

    def expected(loss: Callable[[Tensor], Tensor], network: torch.nn.Module) -> list[Tensor]:
        return list(torch.autograd.grad(loss(discriminator(g(z))), list(network.parameters())))

    def length(parts: list[Tensor]) -> Tensor:
        return torch.cat([part.flatten() for part in parts]).norm()

    with sheet.item("the length of the generator's gradient", 1):
        for loss in (plain, lambda fake: F.softplus(-fake).mean()):
            right = expected(loss, g)
            slips = [
                (length(right).square(), "this is the square of the length"),
                (sum(part.norm() for part in right), "the lengths of the parts are added: add their squares, then take the root"),
                (
                    torch.cat([part.flatten() for part in right]).abs().sum(),
                    "this is the sum of absolute values: take the Euclidean length",
                ),
                (right[0].norm(), "only the first parameter's gradient: take all of them"),
                (right[-1].norm(), "only the last parameter's gradient: take all of them"),
                (length(expected(loss, discriminator)), "this is the discriminator's gradient: differentiate by G's parameters"),
                (
                    length([*right, *expected(loss, discriminator)]),
                    "the discriminator's gradient is in it: take G's parameters only",
                ),
            ]
            close(number(gradient_norm(loss, g, discriminator, z)), length(right), slips=slips)

    with sheet.item("measuring changes nothing", 1):
        for network in (g, discriminator):
            for p in network.parameters():
                p.grad = torch.full_like(p, 7.0)
        before = [weights(network) for network in (g, discriminator)]
        first = number(gradient_norm(plain, g, discriminator, z))
        close(
            first,
            length(expected(plain, g)),
            "the length, with old gradients lying about",
            slip="old gradients are added to yours: use torch.autograd.grad, which leaves .grad alone",
        )
        for network, was, name in zip((g, discriminator), before, ("G", "D"), strict=True):
            close(weights(network), was, f"the weights of {name} afterwards")
            close(
                gradients(network),
                torch.full_like(was, 7.0),
                f"the .grad of {name} afterwards",
                slip="backward() adds to .grad, and zero_grad() throws away what was there: use torch.autograd.grad",
            )


# 5. One step of each player ----------------------------------------------------------------------------------------------


def _players(sheet: Sheet, tape: Tape | None = None) -> tuple[MockPlayer, MockPlayer, Tensor, Tensor]:
    """G: [N, 2] -> [N, 3], D: [N, 3] -> [N], latents and real points; all float64."""
    tape = Tape() if tape is None else tape
    g = MockPlayer("G", tape, sheet.randn(2, 3), sheet.randn(3), latent_dim=2)
    d = MockPlayer("D", tape, sheet.randn(3), sheet.randn(()))
    return g, d, sheet.randn(6, 2), sheet.randn(6, 3) + 1


def _after(network: torch.nn.Module, loss: Tensor, lr: float, old: float = 0.0) -> Tensor:
    """The weights after one step of gradient descent on ``loss``, ``old`` being what each .grad held before."""
    slopes = torch.autograd.grad(loss, list(network.parameters()), retain_graph=True)
    return weights(network) - lr * (torch.cat([s.flatten() for s in slopes]) + old)


def _d_loss(g: MockPlayer, d: MockPlayer, real: Tensor, z: Tensor) -> Tensor:
    return F.softplus(-d(real)).mean() + F.softplus(d(g(z).detach())).mean()


@part(points=5)
def steps(sheet: Sheet, discriminator_step: Callable, generator_step: Callable) -> None:
    lr, stale = 0.1, 5.0

    def table() -> tuple[Any, ...]:
        """Fresh players; D and G hold stale gradients, as the other player's step leaves them."""
        tape = Tape()
        g, d, z, real = _players(sheet, tape)
        opt_g, opt_d = MockOptimiser("G", tape, g, lr), MockOptimiser("D", tape, d, lr)
        for p in [*g.parameters(), *d.parameters()]:
            p.grad = torch.full_like(p, stale)
        return tape, g, d, z, real, opt_g, opt_d

    with sheet.item("the discriminator moves down its own loss", 1):
        tape, g, d, z, real, _, opt_d = table()
        r, f = F.softplus(-d(real)), F.softplus(d(g(z).detach()))
        right, start = _after(d, r.mean() + f.mean(), lr), weights(d)
        slips = [
            (start, "D has not moved: is optimiser.step() there, after backward()?"),
            (_after(d, -(r.mean() + f.mean()), lr), "D climbs its loss: a sign is turned round"),
            (_after(d, r.mean() + f.mean(), lr, stale), "old gradients are added to the new ones: zero_grad() before backward()"),
            (start - lr * stale, "the step used old gradients only: backward() is missing, or zero_grad() comes too late"),
            (start, "the gradients were cleared between backward() and step()"),
            (_after(d, r.mean(), lr), "the fakes are missing from D's loss"),
            (_after(d, f.mean(), lr), "the real ones are missing from D's loss"),
            (_after(d, F.softplus(d(real)).mean() + F.softplus(-d(g(z))).mean(), lr), "real and fake are exchanged"),
            (_after(d, r.sum() + f.sum(), lr), "the sum over the batch instead of the mean"),
            (_after(d, (r.mean() + f.mean()) / 2, lr), "one half too much"),
        ]
        tape.clear()
        loss = discriminator_step(g, d, opt_d, real, z)
        if tape.count_of("G") == 0:
            raise Wrong("fakes made of the latents z", "no call of the generator", "the fakes are generator(z)")
        close(weights(d), right, "D's weights after one step", slips=slips)
        close(number(loss), r.mean() + f.mean(), "the loss that is returned", slip="return the loss from before the step")

    with sheet.item("and leaves the generator alone", 1):
        tape, g, d, z, real, _, opt_d = table()
        start = weights(g)
        for p in g.parameters():
            p.grad = None
        loss = discriminator_step(g, d, opt_d, real, z)
        true("step D" in tape, "a step of D", f"{tape}")
        close(weights(g), start, "G's weights after D's step", slip="D's step moved the generator")
        if gradients(g).any():
            raise Wrong(
                "no gradient in the generator", "a gradient from D's loss", "detach the fakes: D's loss must not ask G to change"
            )
        _plain_number(loss)

    with sheet.item("the generator moves down the non-saturating loss", 1):
        tape, g, d, z, _, opt_g, _ = table()
        fake = d(g(z))
        start = weights(g)
        slips = [
            (start, "G has not moved: was the fake detached, or is optimiser.step() missing?"),
            (_after(g, -F.softplus(fake).mean(), lr), "this is the saturating loss log(1 - D)"),
            (_after(g, -F.softplus(-fake).mean(), lr), "G climbs its loss: a sign is turned round"),
            (_after(g, F.softplus(fake).mean(), lr), "G helps D: the fakes must be labelled as real"),
            (
                _after(g, F.softplus(-fake).mean(), lr, stale),
                "D's step left gradients in G, and they are added: zero_grad() before backward()",
            ),
            (start - lr * stale, "the step used old gradients only: no new ones reached G; was the fake detached?"),
            (_after(g, F.softplus(-fake).sum(), lr), "the sum over the batch instead of the mean"),
            (_after(g, F.softplus(-fake).mean() / 2, lr), "one half too much"),
        ]
        loss = generator_step(g, d, opt_g, z)
        close(weights(g), _copy_after(g, d, z, start, lr), "G's weights after one step", slips=slips)
        close(number(loss), F.softplus(-fake).mean(), "the loss that is returned", slip="return the loss from before the step")

    with sheet.item("and leaves the discriminator alone", 1):
        tape, g, d, z, _, opt_g, _ = table()
        start, mode = weights(d), d.training
        loss = generator_step(g, d, opt_g, z)
        true("step G" in tape, "a step of G", f"{tape}")
        close(weights(d), start, "D's weights after G's step", slip="only G's optimiser may step")
        true(
            all(p.requires_grad for p in d.parameters()),
            "D's parameters as they were",
            "parameters that no longer ask for gradients",
            "set requires_grad back to True, or D will never learn again",
        )
        true(d.training == mode, "D in the mode it was in", "D in the other mode", "eval() and train() are not part of the step")
        _plain_number(loss)

    with sheet.item("three rounds in a row", 1):
        tape, g, d, z, real, opt_g, opt_d = table()
        g2, d2 = copy.deepcopy(g), copy.deepcopy(d)
        for i in range(3):
            discriminator_step(g, d, opt_d, real + i, z + i)
            generator_step(g, d, opt_g, z - i)
            for network, loss in (
                (d2, lambda i=i: _d_loss(g2, d2, real + i, z + i)),
                (g2, lambda i=i: F.softplus(-d2(g2(z - i))).mean()),
            ):
                _set(network, _after(network, loss(), lr))
        close(
            weights(d),
            weights(d2),
            "D's weights after three rounds",
            slip="gradients from G's step are still in D, or the loss is computed with old weights or old fakes",
        )
        close(
            weights(g), weights(g2), "G's weights after three rounds", slip="judge the fakes with D as it is now, after its step"
        )


def _copy_after(g: MockPlayer, d: MockPlayer, z: Tensor, start: Tensor, lr: float) -> Tensor:
    """Where G should be after a step from the weights ``start``."""
    twin = copy.deepcopy(g)
    _set(twin, start)
    return _after(twin, F.softplus(-d(twin(z))).mean(), lr)


def _set(network: torch.nn.Module, vector: Tensor) -> None:
    with torch.no_grad():
        torch.nn.utils.vector_to_parameters(vector, network.parameters())


def _plain_number(loss: Any) -> None:
    number(loss, "the loss as a number")
    if isinstance(loss, Tensor) and loss.requires_grad:
        raise Wrong(
            "a number",
            "a tensor with its whole graph",
            "return loss.item(): a history of such tensors keeps every graph in memory",
        )


# 6. Rounds of the game ---------------------------------------------------------------------------------------------------


@part(points=2)
def rounds(sheet: Sheet, train: Callable) -> None:
    def play(n: int, k: int) -> tuple[Tape, list[tuple[Any, ...]], Any]:
        """Call the answer with players that only take notes."""
        tape, seen = Tape(), []

        def draw(name: str) -> Callable[[], str]:
            def one() -> str:
                tape.append(name)
                return f"{name}{tape.count_of(name)}"

            return one

        def d_step(real: Any, z: Any) -> float:
            tape.append("D")
            seen.append(("D", real, z))
            return float(tape.count_of("D"))

        def g_step(z: Any) -> float:
            tape.append("G")
            seen.append(("G", z))
            return -float(tape.count_of("G"))

        return tape, seen, train(n, k, draw("real"), draw("z"), d_step, g_step)

    n, k = sheet.integer(3, 5), sheet.integer(2, 4)

    with sheet.item("k steps of D, then one of G, round after round", 1):
        for this_n, this_k in ((n, 1), (n, k)):
            tape, seen, _ = play(this_n, this_k)
            order = "".join(step[0] for step in seen)
            slips = [
                (("D" + "G" * this_k) * this_n, "k counts steps of the *discriminator*: here G makes k of them"),
                (("D" + "G") * this_n, "D makes k steps in each round, not one"),
                (("D" + "G") * this_n * this_k, "G steps once after k steps of D, not after each"),
                (("G" + "D" * this_k) * this_n, "the discriminator goes first"),
                ("D" * this_k * this_n + "G" * this_n, "the players alternate: one round is k steps of D and one of G"),
                (("D" * this_k + "G") * (this_n - 1), "one round is missing: range(1, n) has n - 1 entries"),
                (("D" * this_k + "G") * (this_n + 1), "one round too many"),
                (("D" * (this_k - 1) + "G") * this_n, "one step of D is missing in each round"),
                (("D" * (this_k + 1) + "G") * this_n, "one step of D too many in each round"),
                ("".join("DG" if i % this_k == this_k - 1 else "D" for i in range(this_n)), "n counts rounds, not steps of D"),
            ]
            equal(order, ("D" * this_k + "G") * this_n, slips=slips)

    with sheet.item("fresh samples for every step, and the history", 1):
        tape, seen, history = play(n, k)
        reals = [step[1] for step in seen if step[0] == "D"]
        latents = [step[-1] for step in seen]
        true(
            all(isinstance(v, str) and v.startswith("real") for v in reals),
            "the first argument of d_step from draw_real()",
            show(reals),
        )
        true(all(isinstance(v, str) and v.startswith("z") for v in latents), "latents from draw_z()", show(latents))
        true(
            len(set(reals)) == len(reals),
            "a new real batch for each step of D",
            f"{len(set(reals))} batches for {len(reals)} steps",
            "draw inside the inner loop: k steps on one batch are not k steps of Algorithm 1",
        )
        true(
            len(set(latents)) == len(latents),
            "new latents for each step",
            f"{len(set(latents))} draws for {len(latents)} steps",
            "draw new latents for G's step too, and inside the inner loop for D's",
        )
        slip = "one pair (D's last loss, G's loss) for each round, in this order"
        equal(
            history,
            [(float(k * i), -float(i)) for i in range(1, n + 1)],
            slip,
            slips=[([(-float(i), float(k * i)) for i in range(1, n + 1)], "the two losses of a pair are exchanged")],
        )


seal(__name__, "gancourse.theory")
