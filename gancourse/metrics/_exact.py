"""Comparisons of squared distances that rounding cannot turn round.

The product x.y gives all distances of two sets at once, and each with an error of some 1e-13 of |x|^2 + |y|^2.  Where a
comparison is closer than that (ties: copies, binary features, points on a grid) the pair is measured again from the difference
x - y.  That way is the same for every pair, so equal distances come out equal; it is exact for features on a grid.
"""

from __future__ import annotations

import torch
from torch import Tensor

_EPS = torch.finfo(torch.float64).eps
_NUMBERS = 4_000_000  # at a time, in what is measured again
_ROWS = 1024  # of x at a time, where the nearest of y is looked for
_FAR = 1e3  # as many widths of y away from 0 the products' rounding would choose the neighbour


def nearest_rows(x: Tensor, y: Tensor) -> Tensor:
    """The row of y [m, D] that is nearest to each row of x [n, D]: int64 [n].

    By |y|^2 - 2 x.y, which cancels for copies: take the distance itself from the difference of the two rows.  Sets that lie far
    from 0 are moved there first.  Others are not: where they are on a grid their products are exact, and ties stay ties.
    """
    middle = y.mean(0)
    if middle.square().sum() > _FAR**2 * y.var(0, correction=0).sum():
        x, y = x - middle, y - middle
    squares = y.square().sum(1)
    return torch.cat([(squares - 2 * rows @ y.T).argmin(1) for rows in x.split(_ROWS)])


class Rounded:
    """Squared distances between rows of x [n, D] and y [m, D], float64, and how far off each may be."""

    def __init__(self, x: Tensor, y: Tensor, middle: Tensor) -> None:
        self.x, self.y = x, y
        a, b = x - middle, y - middle  # near the origin the errors are smaller
        sizes = a.square().sum(1)[:, None] + b.square().sum(1)
        self.squares = sizes - 2 * a @ b.T
        self.error = 8 * (x.shape[1] + 4) * _EPS * (sizes + middle.square().sum())

    def exact(self, rows: Tensor, columns: Tensor) -> Tensor:
        """The squared distances of pairs of rows of x and of y, [P], from their differences."""
        step = max(1, _NUMBERS // self.x.shape[1])
        pairs = zip(torch.split(rows, step), torch.split(columns, step), strict=True)
        parts = [(self.x[i] - self.y[j]).square().sum(1) for i, j in pairs]
        return torch.cat(parts) if parts else self.squares.new_empty(0)

    def at_most(self, limits: Tensor) -> Tensor:
        """Which squared distances are at most ``limits``, [m] or [n, 1]: bool [n, m]."""
        found = self.squares <= limits
        rows, columns = ((self.squares - limits).abs() <= self.error).nonzero(as_tuple=True)
        found[rows, columns] = self.exact(rows, columns) <= limits.expand_as(self.squares)[rows, columns]
        return found

    def kth(self, k: int) -> Tensor:
        """The k-th smallest squared distance of each row, k from 1: [n]."""
        border = self.squares.kthvalue(k, dim=1, keepdim=True).values
        reach = 2 * self.error.amax(1, keepdim=True)
        below = self.squares < border - reach
        rows, columns = ((self.squares <= border + reach) & ~below).nonzero(as_tuple=True)
        near = torch.full_like(self.squares, torch.inf)
        near[rows, columns] = self.exact(rows, columns)
        place = k - 1 - below.sum(1, keepdim=True)
        return near.sort(1).values.gather(1, place).squeeze(1)
