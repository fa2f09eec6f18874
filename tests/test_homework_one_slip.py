"""One slip costs its own item: a step that calls another answer of the student is asked with the right one in its place."""

from __future__ import annotations

import re

import pytest

from tests.homework import planting


def _outcome(homework: str, part: str, code: str = "", **functions) -> planting.Outcome:
    return planting.judge(homework, planting.Planted("one slip", part, "", functions, code))


def _wrong(report: str) -> list[str]:
    """The items that are wrong at one seed or at both."""
    return list(dict.fromkeys(re.findall(r"  WRONG  (.*) \(", report)))


OWN = """
def gradient_penalty(critic, x): return 10 * critic(x).square().mean()

def sound(penalty):
    u = torch.randn(4000, 3, 2, 2)
    scale, made = torch.ones((), requires_grad=True), torch.randn(4000, 3, 2, 2).requires_grad_()
    critic = lambda x: (scale * x.square()).flatten(1).sum(1) / 8
    first = penalty(critic, 2 * u, made * 1.0)
    clean = scale.grad is None
    if not first.requires_grad: return False
    first.backward()
    mine = gradient_penalty(critic, between(2 * u, made))
    return clean and made.grad is None and abs(first.item() - mine.item()) < 0.03
"""
BY_READER = "def blind_bound(c): return uniform_bound(c.mean().expand_as(c), c.std(correction=0).log().expand_as(c), c)"
ALL_BUT_BLIND = ["of a number", "what they say of readers that one knows", "the slopes"]


@pytest.mark.parametrize(
    ("homework", "part", "code", "items"),
    [
        ("hw3", "clipping", "def critic_loss(r, f): return r.mean() - f.mean()", ["two losses without a sigmoid"]),
        ("hw3", "clipping", "def critic_loss(r, f): return f.sum() - r.sum()", ["two losses without a sigmoid"]),
        ("hw3", "clipping", "def clip(critic, c): torch.nn.utils.clip_grad_value_(critic.parameters(), c)", ["the box"]),
        ("hw3", "soundness", OWN, []),
        ("hw4", "codes", "def uniform_bound(m, s, c): return 0 * c.sum()\n" + BY_READER, ALL_BUT_BLIND),
        ("hw4", "classes", "def real_logit(v): return v.max(1).values", ['the logit of "real"']),
    ],
)
def test_a_slip_in_one_answer_costs_the_item_of_that_answer(homework, part, code, items) -> None:
    outcome = _outcome(homework, part, code)
    assert _wrong(outcome.report) == items, outcome.report
    assert "perhaps" in outcome.report or not items


D_LOSS, G_LOSS = "the discriminator's hinge loss", "the generator's loss"


@pytest.mark.parametrize(
    ("code", "items"),
    [
        ("def generator_loss(g, d, z, y): return d(g(z, y), y).mean()", [G_LOSS]),
        (
            "def discriminator_loss(g, d, x, y, z, k):\n"
            "    return (F.relu(1 - d(x, y)).mean() + F.relu(1 + d(g(z, k).detach(), k)).mean()) / 2",
            [D_LOSS],
        ),
        (
            "def discriminator_loss(g, d, x, y, z, k):\n"
            "    return (F.relu(1 - d(x, y)) + F.relu(1 + d(g(z, k).detach(), k))).mean()",
            [D_LOSS],
        ),
        (
            "def discriminator_loss(g, d, x, y, z, k):\n"
            "    return F.relu(1 - d(x, y)).mean() + F.relu(1 + d(g(z, k).detach(), y)).mean()",
            ["each picture meets its own label"],
        ),
    ],
)
def test_a_sign_or_a_half_is_not_taken_for_a_label_or_a_gradient(code: str, items: list[str]) -> None:
    outcome = _outcome("hw4", "pairs", code)
    assert _wrong(outcome.report) == items, outcome.report
