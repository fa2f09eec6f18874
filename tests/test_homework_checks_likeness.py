"""Likeness: which slip an answer is, what it costs once, and slopes beside values."""

from __future__ import annotations

import pytest
import torch

from gancourse.classroom.homework.checks import Slips, Wrong, calls, likeness
from gancourse.classroom.homework.checks.sheets import Sheet

SLIPS = Slips("f") | {
    "raises": lambda x, k: 1 / 0,
    "doubled": lambda x, k: 2 * k * x,
    "k is not used": lambda x, k: x + 0,
    "half of it is detached": lambda x, k: k * (x + x.detach()) / 2,
}


def right(x, k):
    return k * x


X = torch.tensor([1.0, 2.0, -3.0], dtype=torch.float64)


def test_an_answer_is_the_slip_that_makes_all_its_numbers() -> None:
    def which(answer, *given):
        return likeness.likeness(answer, right, SLIPS, *given)

    doubled = SLIPS.known["doubled"]
    assert which(lambda x, k: x * k + k * x, (X, 3.0)) is doubled
    assert which(lambda x, k: 2 * x, (X, 1.0)) is doubled
    assert which(lambda x, k: 2 * x, (X, 1.0), (X, 3.0)) is right  # no slip of the table: nothing is given away
    assert which(lambda x, k: k * x, (X, 3.0)) is right
    assert which(lambda x, k: (k * x).detach(), (X, 3.0)) is right
    assert which(lambda x, k: x + 0, (X, 3.0)) is right  # it does nothing, though a slip of the table does no more
    for stumbling in (lambda x, k: 1 / 0, lambda x, k: exit(), lambda x, k: None, lambda x, k: x[:1], lambda x: x):
        assert which(stumbling, (X, 3.0)) is right


def test_what_an_answer_writes_into_its_arguments_is_thrown_away() -> None:
    x = X.clone()
    assert likeness.agrees(lambda x, k: x.mul_(k), right, (x, 3.0))
    assert torch.equal(x, X)


def test_slopes_are_asked_in_every_tensor_among_the_arguments() -> None:
    sheet = Sheet("f", 1, 0)
    likeness.learns(sheet, lambda x, k: x * k, right, SLIPS, x=X, k=torch.tensor(3.0).double())
    likeness.learns(sheet, lambda x, k: x * k.item(), right, SLIPS, of="x", x=X, k=torch.tensor(3.0).double())
    for answer, says in (
        (lambda x, k: k * x.detach(), "no gradient reaches x"),
        (lambda x, k: x * k.item(), "no gradient reaches k"),
        (lambda x, k: k * (x / 2 + x.detach() / 2), "the slopes in x.*half of it is detached"),
        (torch.no_grad()(right), "no gradient reaches x"),
    ):
        with pytest.raises(Wrong, match=says):
            likeness.learns(sheet, answer, right, SLIPS, x=X, k=torch.tensor(3.0).double())


def test_sizes_that_do_not_meet_are_said_in_the_words_of_the_task() -> None:
    for meeting in (
        lambda: torch.zeros(2, 3) + torch.zeros(2, 4),
        lambda: torch.cat([torch.zeros(2, 3), torch.zeros(3, 2)]),
        lambda: torch.zeros(2, 3)[torch.zeros(2, 1, dtype=torch.bool)],
    ):
        with (
            pytest.raises(Wrong, match="what was asked.*do not fit together.*keep the axis"),
            calls.fitting("what was asked", "keep the axis"),
        ):
            meeting()
    with pytest.raises(IndexError), calls.fitting("what was asked", "keep the axis"):
        _ = [][0]
