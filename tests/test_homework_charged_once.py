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
