"""Slips: known wrong answers, told from others by what they make."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from gancourse.classroom import slips
from gancourse.classroom.homework import checks
from gancourse.classroom.homework.checks import Wrong, values

LOSS = checks.Slips("loss") | {
    "a stumble": lambda x: 1 / 0,
    "the same for these numbers": torch.mean,
    "the sum": slips.summed(torch.mean),
    "a sign": slips.times(-1, torch.mean),
    "no mean": (lambda x: x, lambda x: 2 * x),
    "one for each pair": lambda x: x[:, None] - x,
    "never a number": lambda x: x.mean() * math.nan,
}


@pytest.mark.parametrize(
    ("answer", "slip"),
    [
        (lambda x: x.sum(), "the sum"),
        (lambda x: -x.sum() / 3, "a sign"),
        (lambda x: 2 * x, "no mean"),
        (lambda x: 7 * x, "no mean"),
        (lambda x: torch.zeros(3, 3), "one for each pair"),
        (lambda x: torch.tensor(math.nan), "never a number"),
        (lambda x: x.mean() + 1, "no slip"),
        (lambda x: torch.zeros(4), "no slip"),
    ],
)
def test_slips_are_functions(answer, slip: str) -> None:
    x = torch.tensor([1.0, 2.0, 6.0])
    with pytest.raises(Wrong) as caught:
        values.compare(answer, torch.mean, (x,), LOSS, "the loss", slip="no slip")
    assert caught.value.slip == slip
    with pytest.raises(Wrong) as caught:
        values.compare(answer, torch.mean, lambda f: f(x), LOSS, "the loss", slip="no slip")
    assert caught.value.slip == slip
    values.compare(lambda x: x.sum() / 3, torch.mean, (x,), LOSS, read=values.scalar)


def test_a_wrong_shape_is_told_by_the_slips_that_have_it() -> None:
    x = torch.tensor([1.0, 2.0, 6.0])
    for came, slip in [(x, "no mean"), (torch.zeros(3, 3), "one for each pair"), (torch.zeros(4), "another")]:
        with pytest.raises(Wrong) as caught:
            values.shape(came, [2], "another", LOSS.at(x))
        assert caught.value.slip == slip
    with pytest.raises(Wrong, match="no mean"):
        checks.equal([1, 2, 6], 3, slips=LOSS.at(x))
    assert [message for message, _ in LOSS.each()].count("no mean") == 2
    assert slips.swapped(lambda a, b, c: a - b + c)(1, 2, 3) == 4


@pytest.mark.parametrize(
    ("thing", "made"),
    [
        (2, [2.0]),
        (np.int64(2), [2.0]),
        (np.float32(2.5), [2.5]),
        (np.array([1, 2])[::-1], [2.0, 1.0]),
        (2 + 0j, [2.0]),
        (np.complex64(2), [2.0]),
        (np.array([2 + 0j]), [2.0]),
        (torch.tensor([2 + 0j]), [2.0]),
        (torch.tensor([1.0, math.inf], dtype=torch.bfloat16), [1.0, math.inf]),
        (torch.tensor([True, False]), [1.0, 0.0]),
        (torch.ones(1, requires_grad=True), [1.0]),
    ],
)
def test_numbers_are_taken_whoever_made_them(thing, made: list[float]) -> None:
    found = slips.numbers(thing)
    assert found is not None and found.dtype == torch.float64 and found.flatten().tolist() == made and not found.requires_grad


@pytest.mark.parametrize(
    "thing",
    [
        *(True, np.True_, "2", None, ..., [2.0], np.array(["a"])),
        *(2 + 5j, np.complex64(2 + 5j), np.array([2 + 5j]), torch.tensor(2 + 5j), complex(2, math.nan)),
        *(torch.ones(2, device="meta"), torch.ones(2).to_sparse()),
    ],
    ids=repr,
)
def test_what_is_no_real_number_is_none(thing) -> None:
    assert slips.numbers(thing) is None
