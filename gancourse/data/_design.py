"""Balanced designs: which combination of attribute values each of n pictures gets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations
from math import prod

import numpy as np


def factorial(levels: Sequence[int]) -> np.ndarray:
    """Every combination of values once: int64 [prod(levels), A], the last attribute fastest."""
    return np.indices(levels).reshape(len(levels), -1).T.copy()


def design(levels: Sequence[int], n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Combinations for n pictures, as even as n allows.

    First as many complete factorials as fit, each in random order; then the rest, no combination twice, in which every
    attribute is balanced to within one and every pair of attributes nearly so.  Returns for each picture the number of its
    combination in ``factorial(levels)`` and the number of its round (0 for the first factorial, 1 for the next...).
    """
    total = prod(levels)
    rounds, rest = divmod(n, total)
    parts = [rng.permutation(total) for _ in range(rounds)]
    if rest <= total // 2:
        last = _balanced(levels, rest, rng)
    else:  # what is left out is balanced instead, so no search ever has to fill the last few gaps
        last = np.setdiff1d(np.arange(total), _balanced(levels, total - rest, rng))
    parts.append(rng.permutation(last))
    numbers = np.concatenate(parts).astype(np.int64)
    return numbers, np.repeat(np.arange(rounds + 1), [total] * rounds + [rest])


def _balanced(levels: Sequence[int], n: int, rng: np.random.Generator) -> np.ndarray:
    """Numbers of n different combinations, each attribute balanced to within one, pairs as even as a local search gets them.

    Starts from balanced columns in random order.  A move swaps two rows' values of one attribute, which keeps the columns
    balanced; it is kept if it does not raise the cost: sum of squared pair counts (weighted to be comparable) plus a heavy
    charge for repeated combinations.
    """
    if n == 0:
        return np.zeros(0, np.int64)
    columns = [rng.permutation(np.concatenate([np.tile(range(k), n // k), rng.permutation(k)[: n % k]])) for k in levels]
    rows = [tuple(row) for row in np.stack(columns, axis=1).astype(int).tolist()]
    pairs = [(a, b, levels[a] * levels[b]) for a, b in combinations(range(len(levels)), 2)]
    counts: Counter[tuple[int, ...]] = Counter()

    def cells(row: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], int]]:
        yield (-1, *row), 1000 * prod(levels)
        for a, b, weight in pairs:
            yield (a, b, row[a], row[b]), weight

    def add(row: tuple[int, ...]) -> int:
        change = 0
        for cell, weight in cells(row):
            change += weight * (2 * counts[cell] + 1)
            counts[cell] += 1
        return change

    def remove(row: tuple[int, ...]) -> int:
        change = 0
        for cell, weight in cells(row):
            counts[cell] -= 1
            change -= weight * (2 * counts[cell] + 1)
        return change

    for row in rows:
        add(row)
    while True:
        for i, j, a in zip(*(rng.integers(high, size=20 * n).tolist() for high in (n, n, len(levels))), strict=True):
            old = rows[i], rows[j]
            if old[0][a] == old[1][a]:
                continue
            new = old[0][:a] + (old[1][a],) + old[0][a + 1 :], old[1][:a] + (old[0][a],) + old[1][a + 1 :]
            if sum(map(remove, old)) + sum(map(add, new)) <= 0:
                rows[i], rows[j] = new
            else:
                for row in new:
                    remove(row)
                for row in old:
                    add(row)
        if len(set(rows)) == n:
            return np.asarray(np.ravel_multi_index(tuple(np.array(rows).T), tuple(levels)))
