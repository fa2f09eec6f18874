"""One slip costs its points once: the items behind the one that names it ask what is wrong beside it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F

from tests.homework import planting


def _he(shape, gain=2**0.5):
    return gain / math.sqrt(shape[1])


def _deviation(x, group, eps=1e-8):
    """The root is missing."""
    g = x.unflatten(0, (group, -1))
    s = g.var(0, unbiased=False).mean((1, 2, 3))
    return torch.cat([x, s.repeat(group)[:, None, None, None].expand_as(x[:, :1])], 1)


def _fade(older, newer, alpha):
    return alpha * older.repeat_interleave(2, 2).repeat_interleave(2, 3) + (1 - alpha) * newer


def _stage(step, fade, stable, last):
    """i / F."""
    level, i = divmod(step - stable, fade + stable)
    if step < stable or level >= last:
        return (0 if step < stable else last), 1.0
    return level + 1, min(1.0, (i + 1) / fade if fade else 1.0)


def _by_outputs(weight, style, demodulate=True, eps=1e-8):
    v = weight[None] * (1 + style[:, None, :, None, None])
    return v / (v.square().sum((2, 3, 4), keepdim=True) + eps).sqrt() if demodulate else v


def _truncated(ws, average, psi, layers=None):
    pulled = average + (1 - psi) * (ws - average)
    return pulled if layers is None else torch.cat([pulled[:, :layers], ws[:, layers:]], 1)


def _mixed(ws, other, crossover):
    return torch.where((torch.arange(ws.shape[1], device=ws.device) <= crossover[:, None])[:, :, None], ws, other)


def _d_loss(judge, a, b, fake):
    """The one half is missing."""
    return F.softplus(-judge(torch.cat([a, b], 1))).mean() + F.softplus(judge(torch.cat([a, fake.detach()], 1))).mean()


def _g_loss(judge, a, b, fake, weight):
    """b and a exchanged."""
    return F.softplus(-judge(torch.cat([fake, a], 1))).mean() + weight * (b - fake).abs().mean()


def _masked(output, x, mask):
    return (mask * (output - x).square()).sum() / mask.sum().clamp(min=1)


SEARCHED = """
def transposed_size(n, k, s, p): return n * s + k - 2 * p
def doubling_padding(k):
    return next((p for p in range(k) if transposed_size(8, k, 2, p) == 16), None)
"""
LERP_BACKWARDS = """
straight = lerp
def lerp(z0, z1, t): return straight(z1, z0, t)
"""
BY_ONES_OWN = """
import copy, torch
from torch import nn
def discriminator_step(generator, discriminator, optimiser, real, z): return 0.0
def sound(d_step):
    torch.manual_seed(1)
    g, d = nn.Linear(2, 3), nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1), nn.Flatten(0))
    real, z, ends = torch.randn(8, 3) + 1, torch.randn(8, 2), []
    for step in (d_step, discriminator_step):
        g2, d2 = copy.deepcopy(g), copy.deepcopy(d)
        for p in d2.parameters():
            p.grad = torch.ones_like(p)
        loss = float(step(g2, d2, torch.optim.SGD(d2.parameters(), lr=0.1), real, z))
        old = torch.cat([p.detach().flatten() for p in [*d2.parameters(), *g2.parameters()]])
        ends.append((torch.cat([old, torch.tensor([loss])]), any(p.grad is not None for p in g2.parameters())))
    return torch.allclose(ends[0][0], ends[1][0], atol=1e-5) and not ends[0][1]
"""
_ALONE, _FROM_NORMAL = "the loss where no other sentence fits", "its divergence from N(0, I)"


def _matching(p, s, fits, temperature, times=0.5, heat=1.0, turn=False):
    scores = F.normalize(p, dim=1) @ F.normalize(s, dim=1).T / (temperature * heat)
    left = (fits.T if turn else fits) & ~torch.eye(len(p), dtype=torch.bool)
    scores = scores.masked_fill(left, -torch.inf)
    return times * (scores.logsumexp(1) + scores.logsumexp(0) - 2 * scores.diagonal()).mean()


def _whole_terms(d, x, e, wrong, fake):
    """Both false terms at weight 1."""
    return F.softplus(-d(x, e)).mean() + F.softplus(d(x, wrong)).mean() + F.softplus(d(fake.detach(), e)).mean()


def _least(t, f, w):
    """Both false kinds of pairs at weight 1."""
    return -(
        torch.xlogy(t, t / (t + f + w).clamp(min=1e-300)) + torch.xlogy(f + w, (f + w) / (t + f + w).clamp(min=1e-300))
    ).sum()


def _by_n(a, b):
    s, t = torch.cov(a.T, correction=0), torch.cov(b.T, correction=0)
    roots = torch.linalg.eigvals(s @ t).real.clamp(min=0).sqrt()
    return (a.mean(0) - b.mean(0)).square().sum() + s.trace() + t.trace() - 2 * roots.sum()


@pytest.mark.parametrize(
    ("homework", "part", "answers", "lost", "wrong"),
    [
        ("hw5", "equalised", {"he_constant": _he}, 0.5, ["He's constant"]),
        (
            "hw5",
            "equalised",
            {
                "he_constant": _he,
                "equalised_conv": lambda x, w, b, gain=2**0.5: F.conv2d(x, _he(w.shape, gain) * w, b, padding=w.shape[2] // 2),
                "step_share": lambda s, lr, gain=2**0.5, equalised=True, m=1.0: lr * m if equalised else lr / _he(s, gain),
            },
            0.5,
            ["He's constant"],
        ),
        (
            "hw5",
            "equalised",
            {"equalised_linear": lambda x, w, b, gain=1.0, m=1.0: m * gain / math.sqrt(w.shape[1]) * (x @ w.T + b)},
            1,
            ["the linear layer and its multiplier"],
        ),
        ("hw5", "batch", {"minibatch_std": _deviation}, 1, ["the spread of a batch, in one group"]),
        ("hw5", "fading", {"fade_in": _fade}, 0.5, ["fading an image in"]),
        (
            "hw5",
            "fading",
            {"fade_in": _fade, "fade_real": lambda x, alpha: _fade(F.avg_pool2d(x, 2), x, alpha)},
            0.5,
            ["fading an image in"],
        ),
        ("hw5", "fading", {"stage": _stage}, 1.5, ["the timetable"]),
        ("hw5", "modulation", {"modulated_weights": _by_outputs}, 1, ["modulation"]),
        ("hw5", "truncation", {"truncate": _truncated}, 0.75, ["truncation"]),
        ("hw5", "mixing", {"mix": _mixed}, 1, ["a crossover for each sample"]),
        ("hw6", "losses", {"discriminator_loss": _d_loss}, 1, ["the discriminator's loss"]),
        ("hw6", "losses", {"generator_loss": _g_loss}, 1, ["the generator's loss"]),
        (
            "hw6",
            "cycle",
            {
                "cycle_loss": lambda ab, ba, a, b: (F.l1_loss(ba(ab(a)), a) + F.l1_loss(ab(ba(b)), b)) / 2,
                "identity_loss": lambda ab, ba, a, b: (F.l1_loss(ab(b), b) + F.l1_loss(ba(a), a)) / 2,
            },
            1,
            ["the cycle", "the identity loss"],
        ),
        ("hw6", "masks", {"masked_loss": _masked}, 1, ["the loss over the hole"]),
        (
            "hw6",
            "masks",
            {"masked_loss": lambda o, x, m: (m * (o - x).square()).mean(), "complete": lambda x, o, m: m * x + (1 - m) * o},
            2,
            ["holes made and filled", "the loss over the hole"],
        ),
        ("hw7", "matching", {"matching_loss": lambda *given: _matching(*given, times=1)}, 1.5, [_ALONE]),
        ("hw7", "matching", {"matching_loss": lambda p, s, f, t: _matching(p, s, f, t, heat=1 / t**2)}, 1.5, [_ALONE]),
        (
            "hw7",
            "matching",
            {"matching_loss": lambda *given: _matching(*given, turn=True)},
            1.5,
            ["a wrong sentence that is right"],
        ),
        ("hw7", "losses", {"discriminator_loss": _whole_terms}, 1, ["the discriminator's loss"]),
        ("hw7", "losses", {"generator_loss": lambda d, fake, e: -F.softplus(d(fake, e)).mean()}, 0.5, ["the generator's loss"]),
        ("hw7", "cloud", {"divergence": lambda m, s: (m**2 + (2 * s).exp() - 1 - 2 * s).sum(1).mean()}, 0.5, [_FROM_NORMAL]),
        ("hw7", "cloud", {"divergence": lambda m, s: (m**2 + s.exp() - 1 - s).sum(1).mean() / 2}, 0.5, [_FROM_NORMAL]),
        (
            "hw7",
            "reading",
            {"least_loss": _least, "blind_loss": lambda *tables: _least(*(t.sum(1, keepdim=True) for t in tables))},
            0.75,
            ["the least of a D that reads"],
        ),
        ("hw8", "chance", {"frechet": _by_n}, 1, ["the Frechet distance of two sets"]),
    ],
)
def test_a_slip_costs_the_item_that_names_it(
    homework: str, part: str, answers: dict[str, Callable], lost: float, wrong: list[str]
) -> None:
    outcome = planting.judge(homework, planting.Planted("one slip", part, "", answers, ""))
    assert re.findall(r"  WRONG  (.*) \(", outcome.report) == 2 * wrong, outcome.report  # the check is run with two seeds
    assert outcome.points == outcome.of - lost, outcome.report
    assert outcome.report.count("perhaps") == 2 * len(wrong), outcome.report


def test_the_square_of_a_length_costs_the_length() -> None:
    def squared(loss, generator, discriminator, z):
        slopes = torch.autograd.grad(loss(discriminator(generator(z))), list(generator.parameters()))
        return sum(slope.square().sum() for slope in slopes)

    outcome = planting.judge("hw1", planting.Planted("one slip", "slopes", "", {"gradient_norm": squared}, ""))
    assert re.findall(r"  WRONG  (.*) \(", outcome.report) == 2 * ["the length of the generator's gradient"], outcome.report
    assert outcome.points == outcome.of - 1 and outcome.report.count("perhaps") == 2, outcome.report


@pytest.mark.parametrize(
    ("homework", "part", "code", "lost"),
    [
        ("hw1", "steps", "discriminator_loss = lambda r, f: (F.softplus(-r).mean() + F.softplus(f).mean()) / 2", 0),
        ("hw1", "steps", "non_saturating_loss = lambda f: F.softplus(-f).sum()", 0),
        ("hw1", "sounding", "discriminator_loss = lambda r, f: (F.softplus(-r).mean() + F.softplus(f).mean()) / 2", 0),
        ("hw1", "sounding", BY_ONES_OWN, 0),
        ("hw2", "sizes", SEARCHED, 0.5),
        ("hw2", "walks", LERP_BACKWARDS, 1),
        ("hw2", "chance", "def pictures(generator, z): return generator(z).detach()", 0),
        ("hw2", "chance", "def pictures(generator, z): raise NotImplementedError()", 0),
    ],
)
def test_a_slip_of_an_answer_costs_nothing_where_others_call_it(homework: str, part: str, code: str, lost: float) -> None:
    outcome = planting.judge(homework, planting.Planted("one slip", part, "", {}, "import torch.nn.functional as F\n" + code))
    assert outcome.points == outcome.of - lost, outcome.report


@pytest.mark.parametrize(
    ("answers", "beside"),
    [
        ({"discriminator_loss": lambda d, a, b, f: _d_loss(d, b, a, f)}, "the mean over whatever D returns"),
        ({"generator_loss": lambda d, a, b, f, w: _g_loss(d, b, b, f, w) + 1}, "rounded to 0"),
    ],
)
def test_what_is_right_is_not_blamed_for_something_else(answers: dict[str, Callable], beside: str) -> None:
    """A wrong loss that no slip explains: its mean, and its softplus, are right all the same."""
    outcome = planting.judge("hw6", planting.Planted("a loss", "losses", "", answers, ""))
    assert outcome.points < outcome.of and beside not in outcome.report, outcome.report


def _below(x, group):
    """The maps are put under the batch."""
    s = x.unflatten(0, (group, -1)).var(0, unbiased=False).sqrt().mean((1, 2, 3))
    return torch.cat([x, s[:, None, None, None].expand(-1, *x.shape[1:])])


def _of_neighbours(x, group):
    """G - 1 in place of G."""
    s = x.unflatten(0, (group, -1)).std(0).mean((1, 2, 3)).repeat(group)
    return torch.cat([x, s[:, None, None, None].expand_as(x[:, :1])], 1)


def test_what_a_report_expects_is_right_or_said_to_be_a_slips() -> None:
    """An item behind the one that told a slip: no wrong shape is expected, and a slip's number is said to be one."""
    report = planting.judge("hw5", planting.Planted("one slip", "batch", "", {"minibatch_std": _below}, "")).report
    assert "expected  a tensor of shape [6, 3, 3, 3]" in report and "IndexError" not in report, report

    def own_groups(x, group):  # the slip, and groups of neighbours beside it
        order = torch.arange(len(x)).unflatten(0, (-1, group)).T.flatten()
        return _of_neighbours(x[order], group)[order.argsort()]

    report = planting.judge("hw5", planting.Planted("two slips", "batch", "", {"minibatch_std": own_groups}, "")).report
    assert "groups of 2, the slip above left as it is" in report, report


def test_answers_that_agree_on_nothing_earn_nothing_by_it() -> None:
    """No level is ever reached, so the timetable costs what it costs: that is 1, whatever it is."""
    answers = {"stage": lambda *given: (given[3], 1.0), "work": lambda *given: 1.0}
    outcome = planting.judge("hw5", planting.Planted("the last level alone", "fading", "", answers, ""))
    assert re.findall(r"  WRONG  (.*) \(", outcome.report) == 2 * ["the timetable", "what the timetable costs"], outcome.report
