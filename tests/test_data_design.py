"""Balanced designs: every combination as often as every other, as far as n allows."""

from __future__ import annotations

import numpy as np
import pytest

from gancourse.data._design import design, factorial

LEVELS = [6, 2, 4, 2, 2, 5]  # the faces' attributes: 960 combinations


def rows(n: int, seed: int = 0, levels: list[int] = LEVELS) -> np.ndarray:
    return factorial(levels)[design(levels, n, np.random.default_rng(seed))[0]]


def test_the_factorial_holds_every_combination_once() -> None:
    combinations = factorial([2, 3])
    assert combinations.tolist() == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]


@pytest.mark.parametrize("n", [1, 2, 13, 60, 300, 480, 481, 700, 959, 960, 961, 1500, 2880])
def test_every_attribute_is_balanced_to_within_one(n: int) -> None:
    table = rows(n)
    for column, k in zip(table.T, LEVELS, strict=True):
        counts = np.bincount(column, minlength=k)
        assert len(table) == n and np.ptp(counts) <= 1, counts


@pytest.mark.parametrize("n", [60, 480, 700, 960, 1500])
def test_no_combination_is_used_again_before_all_are_used(n: int) -> None:
    numbers, rounds = design(LEVELS, n, np.random.default_rng(1))
    counts = np.bincount(numbers, minlength=960)
    assert counts.max() - counts.min() <= 1
    for turn in range(rounds.max()):
        assert sorted(numbers[rounds == turn]) == list(range(960))
    assert len(set(zip(numbers.tolist(), rounds.tolist(), strict=True))) == n


@pytest.mark.parametrize(("n", "bound"), [(60, 0.2), (300, 0.05), (960, 1e-12), (2000, 0.01)])
def test_attributes_are_nearly_uncorrelated(n: int, bound: float) -> None:
    correlation = np.corrcoef(rows(n).T) - np.eye(len(LEVELS))
    assert np.abs(correlation).max() < bound


def test_the_seed_decides_the_order() -> None:
    assert np.array_equal(rows(1000, seed=4), rows(1000, seed=4))
    assert not np.array_equal(rows(1000, seed=4), rows(1000, seed=5))


@pytest.mark.parametrize("levels", [[7], [2, 2], [3, 1, 4], [2, 3, 4, 2]])
def test_it_works_for_other_numbers_of_attributes(levels: list[int]) -> None:
    for n in range(1, int(np.prod(levels)) + 1):
        table = rows(n, levels=levels)
        assert len(np.unique(table, axis=0)) == n
        assert all(np.ptp(np.bincount(column, minlength=k)) <= 1 for column, k in zip(table.T, levels, strict=True))
