"""Every planted wrong answer is caught and told why; every right one passes, however it is written."""

from __future__ import annotations

import functools
import importlib
import inspect
import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from gancourse.classroom.homework import build, checks
from tests.homework import planting

GARDENS = planting.gardens()


@pytest.mark.parametrize(
    ("homework", "planted"),
    [pytest.param(g.homework, p, id=f"{g.homework}-{p.part}-{p.what}") for g in GARDENS for p in planting.slips(g.homework)],
)
def test_a_slip_is_caught_and_named(homework: str, planted: planting.Planted) -> None:
    outcome = planting.judge(homework, planted)
    assert outcome.points < outcome.of, outcome.report
    assert planted.says in outcome.report, outcome.report


@pytest.mark.parametrize(
    ("homework", "planted"),
    [pytest.param(g.homework, p, id=f"{g.homework}-{p.part}-{p.what}") for g in GARDENS for p in g.wrong],
)
def test_a_wrong_answer_is_caught(homework: str, planted: planting.Planted) -> None:
    outcome = planting.judge(homework, planted)
    assert outcome.points < outcome.of, outcome.report
    assert planted.says in outcome.report, outcome.report


@pytest.mark.parametrize(
    ("homework", "planted"),
    [pytest.param(g.homework, p, id=f"{g.homework}-{p.part}-{p.what}") for g in GARDENS for p in g.right],
)
def test_a_right_answer_passes(homework: str, planted: planting.Planted) -> None:
    outcome = planting.judge(homework, planted)
    assert outcome.points == outcome.of, outcome.report


def _raising(*given: Any, **named: Any) -> None:
    raise NotImplementedError


IDLE = {
    "unwritten": _raising,
    "None": lambda *given, **named: None,
    "its argument": lambda *given, **named: given[0],
    "0": lambda *given, **named: 0,
    "a tensor of 0": lambda *given, **named: torch.zeros(()),
    "a 0 with a graph": lambda f, x, *given: 0 * f(x).sum(),
}


@pytest.mark.parametrize("idle", IDLE.values(), ids=IDLE)
@pytest.mark.parametrize("garden", GARDENS, ids=lambda garden: garden.homework)
def test_an_answer_that_does_nothing_earns_nothing_and_costs_its_own_items(garden: planting.Garden, idle: Callable) -> None:
    """All answers of a part at once earn nothing; one of them alone never makes the check stumble."""
    module = importlib.import_module(f"gancourse.classroom.homework.{garden.homework}")
    for part in checks.parts(module):
        names = list(inspect.signature(getattr(module, part)).parameters)[1:]
        outcome = planting.judge(garden.homework, planting.Planted("nothing", part, "", dict.fromkeys(names, idle), ""))
        assert outcome.points == 0, outcome.report
        for name in names:
            outcome = planting.judge(garden.homework, planting.Planted("nothing", part, "", {name: idle}, ""))
            assert outcome.points < outcome.of, outcome.report
            for stumble in ("UnboundLocalError", "NameError", "the rest of this part"):
                assert stumble not in outcome.report, outcome.report


@pytest.mark.parametrize("what", ["real and fake are exchanged", "the step used old gradients only"])
def test_a_wrong_step_of_one_player_leaves_the_other_ones_points(what: str) -> None:
    (planted, *_) = (p for p in planting.slips("hw1") if what in p.what and "discriminator_step" in p.functions)
    outcome = planting.judge("hw1", planted)
    right = [line.split("right")[1].strip() for line in outcome.report.split("\n") if "right  " in line]
    assert "the generator moves down the non-saturating loss (1/1)" in right, outcome.report
    assert "and leaves the discriminator alone (0.5/0.5)" in right, outcome.report
    assert "as above: one of the two steps is not right yet" in outcome.report


@pytest.mark.parametrize(
    ("name", "slip"),
    [
        ("non_saturating_loss", lambda f: F.softplus(f).mean()),
        ("saturating_loss", lambda f: F.softplus(f).mean()),
        ("discriminator_loss", lambda r, f: F.softplus(-r).mean() - F.softplus(f).mean()),
    ],
)
def test_one_wrong_loss_leaves_the_points_of_the_other_two_and_is_explained_once(name: str, slip: Callable) -> None:
    outcome = planting.judge("hw1", planting.Planted("a slip", "losses", "", {name: slip}, ""))
    report = outcome.report.split("losses: ")[1]  # the notebook's own seed
    assert outcome.points == 2, report
    assert report.count("perhaps") == 2 and report.count("as above: the loss itself is not right yet") == 1, report


def test_another_length_keeps_the_points_for_leaving_no_trace() -> None:
    for words in ("the root of the *mean* square", "this is the gradient in the fakes", "one length for each sample"):
        (planted, *_) = (p for p in planting.slips("hw1") if words in p.what)
        report = planting.judge("hw1", planted).report
        assert "WRONG  the length of the generator's gradient" in report and "right  measuring changes nothing (1/1)" in report


def test_two_ends_that_differ_by_little_are_shown_so_that_they_do() -> None:
    (planted,) = (p for g in GARDENS for p in g.wrong if "JS with a small number (2e-07)" in p.what)
    report = planting.judge("hw1", planted).report
    ends = re.findall(r"never meet: (\S+)\n +came +(\S+)\n", report)
    assert ends and all(wanted != came for wanted, came in ends), report


def test_a_penalty_without_a_graph_of_its_own_keeps_the_points_for_what_it_leaves_alone() -> None:
    planted = [p for p in planting.slips("hw3") if "the way back is cut" in p.what]
    reports = [planting.judge("hw3", p).report for p in planted]
    assert sum("right  and leaves no trace (0.5/0.5)" in report for report in reports) == len(reports) == 3, reports


@pytest.mark.parametrize(
    ("homework", "part", "item", "nonsense"),
    [
        (
            "hw1",
            "losses",
            "the slopes",
            {
                "discriminator_loss": lambda r, f: r.square().mean() + f.square().mean(),
                "saturating_loss": lambda f: f.square().mean(),
                "non_saturating_loss": lambda f: f.square().mean(),
            },
        ),
        ("hw3", "penalty", "it can be learnt from", {"gradient_penalty": lambda critic, x: critic(x).square().mean()}),
        ("hw3", "least_squares", "the slopes", {"squares_d": lambda r, f, a, b: r.square().mean() + f.mean()}),
        (
            "hw4",
            "normalisation",
            "the slopes",
            {"conditional_batch_norm": lambda x, y, g, b, eps=1e-5: x.square() + (g[y].sin() + 3 * b[y])[:, :, None, None]},
        ),
        ("hw4", "codes", "of a reader that never looks", {"blind_bound": lambda c: -0.1765 + 0 * c.sum()}),
        ("hw5", "equalised", "what is stored", {"equalised_linear": lambda x, w, b, gain=1.0, m=1.0: x @ w.T + b}),
        ("hw5", "batch", "a collapsed batch", {"minibatch_std": lambda *a, **k: _steeper(*a, **k)}),
        (
            "hw5",
            "modulation",
            "gradients reach",
            {"modulated_conv": lambda x, w, s, *a, **k: F.conv2d(x * s[..., None, None], w, padding=1)},
        ),
        ("hw6", "losses", "where the gradients go", {"generator_loss": lambda d, a, b, fake, weight: fake.square().mean()}),
    ],
)
def test_slopes_that_fit_their_own_function_earn_nothing(homework: str, part: str, item: str, nonsense: dict) -> None:
    """Any function that can be differentiated has the slopes that finite differences of itself find."""
    outcome = planting.judge(homework, planting.Planted("nonsense", part, "", nonsense, ""))
    assert f"WRONG  {item}" in outcome.report, outcome.report


def _steeper(x: torch.Tensor, group: int, eps: float = 1e-8) -> torch.Tensor:
    """Minibatch deviation that is right where all samples are alike, and too steep beside it."""
    variance = x.var(0, unbiased=False)
    return torch.cat([x, ((variance + eps).sqrt() * (1 + variance)).mean().expand_as(x[:, :1])], 1)


_STAYS_RIGHT = {  # what is said of effects, layers, whole numbers, permutations, errors, and no value that can be off by a factor
    "hw1 steps": ["and leaves the generator alone", "and leaves the discriminator alone", "three rounds in a row"],
    "hw1 sounding": ["right steps pass, however they are written", "broken steps are found"],
    "hw1 rounds": ["k steps of D, then one of G, round after round"],
    "hw2 sizes": ["convolution", "transposed convolution", "the padding that doubles"],
    "hw2 networks": [
        *("the generator's pictures", "the generator's layers, in order", "the discriminator's logits"),
        *("the discriminator's layers, in order", "as many parameters as there should be"),
    ],
    "hw2 initial": ["convolutions", "batch norm, and nothing else"],
    "hw3 clipping": ["the box", "one step of the critic, and then the box"],
    "hw3 soundness": [
        *("right ones pass, and not everything does", "one that looks in the wrong place is found"),
        *("one that measures something else is found", "one that leaves the wrong things behind is found"),
    ],
    "hw3 penalty": ["also where the critic is flat", "and leaves no trace"],
    "hw4 normalisation": ["nothing is overwritten, any device will do"],
    "hw4 pairs": ["each picture meets its own label", "whose gradients"],
    "hw6 unet": ["the decoder's channels", "every layer works once"],
    "hw6 patches": ["the receptive field", "the window of one logit", "a window that is measured"],
    "hw6 cycle": ["two impostors"],
    "hw6 step": ["the discriminator's step", "the generator's step, with the D of now", "one fake for both"],
    "hw7 sentences": ["words as numbers", "what is refused"],
    "hw7 matching": ["which sentences fit which pictures"],
    "hw7 mismatched": ["another's sentence for each picture", "none that fits", "drawn by the generator", "where there is none"],
    "hw8 worthless": ["recall 0.999, and nothing learnt"],
    "hw8 verdicts": ["reproduced, contradicted, open", "a tolerance that something worthless passes is refused"],
}


def _distorted(answer: Callable, change: Callable) -> Callable:
    """The answer, with every value that is no whole number changed."""

    def off(v: Any) -> Any:
        if isinstance(v, torch.Tensor):
            return change(v) if v.is_floating_point() else v
        if isinstance(v, tuple | list):
            return type(v)(map(off, v))
        return change(v) if isinstance(v, float) else v

    return functools.wraps(answer)(lambda *a, **k: off(answer(*a, **k)))


@pytest.mark.parametrize("homework", [garden.homework for garden in GARDENS])
@pytest.mark.parametrize(
    "change", [lambda v: 1.5 * v + 0.3, lambda v: v + 5j], ids=["another number", "right, but for an imaginary part"]
)
def test_no_item_about_a_value_lets_a_distorted_one_pass(homework: str, change: Callable) -> None:
    module, right = importlib.import_module(f"gancourse.classroom.homework.{homework}"), planting.answers(homework)
    for part in checks.parts(module):
        asked = list(inspect.signature(getattr(module, part)).parameters)[1:]
        off = {name: _distorted(right[name], change) for name in asked}
        report = planting.judge(homework, planting.Planted("distorted", part, "", off, "")).report
        stays = re.findall(r"  right  (.*) \(", report)
        assert set(stays) <= set(_STAYS_RIGHT.get(f"{homework} {part}", [])), report


def test_enough_is_planted() -> None:
    assert [g.homework for g in GARDENS] == [source.stem.partition("_")[0] for source in build.sources()]
    for garden in GARDENS:
        assert len(garden.wrong + planting.slips(garden.homework)) >= 20, garden.homework
        assert len(garden.right) >= 5, garden.homework
        names = [planted.what for planted in garden.wrong + garden.right]
        assert len(set(names)) == len(names), garden.homework


@pytest.mark.parametrize("garden", GARDENS, ids=lambda garden: garden.homework)
def test_every_part_is_graded_and_its_items_add_up(garden: planting.Garden) -> None:
    module = importlib.import_module(f"gancourse.classroom.homework.{garden.homework}")
    assignment = planting.assignments.load_assignment(planting.notebook(garden.homework))
    assert {f"{name}-check": points for name, points in checks.parts(module).items()} == {
        name: check.points for name, check in assignment.checks.items()
    }
    for name, points in checks.parts(module).items():
        outcome = planting.judge(garden.homework, planting.Planted("the answers", name, "", {}, ""))
        assert outcome.points == outcome.of == points, outcome.report
        score = planting.child.execute(assignment.checks[f"{name}-check"].code, name, planting.answers(garden.homework))
        assert sum(item.points for item in score.report.items) == points, name
        assert "### BEGIN HIDDEN TESTS" in assignment.checks[f"{name}-check"].code, name
