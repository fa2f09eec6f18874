"""Squared distances that rounding does not decide."""

import pytest
import torch

from gancourse.metrics._exact import Rounded, nearest_rows


def far_grid(n, seed):
    """Points on a grid so far out that squares have more digits than float64: their true distances are small whole numbers."""
    return torch.randint(3, (n, 12), generator=torch.Generator().manual_seed(seed)).double() + 1e8 + 0.25


@pytest.fixture
def pair():
    x, y = far_grid(30, 0), far_grid(25, 1)
    return Rounded(x, y, torch.zeros(12, dtype=torch.float64)), (x[:, None] - y).square().sum(2)


def test_the_product_alone_would_err_within_the_error_that_is_stated(pair):
    rounded, true = pair
    off = (rounded.squares - true).abs()
    assert off.max() >= 1
    assert (off <= rounded.error).all()


def test_pairs_are_measured_again_exactly(pair):
    rounded, true = pair
    rows, columns = torch.tensor([0, 4, 29]), torch.tensor([3, 3, 24])
    assert torch.equal(rounded.exact(rows, columns), true[rows, columns])
    assert rounded.exact(rows[:0], columns[:0]).shape == (0,)


def test_ties_count_as_at_most(pair):
    rounded, true = pair
    limits = true[:, :1]  # of each row: met exactly by at least one column
    assert torch.equal(rounded.at_most(limits), true <= limits)
    assert torch.equal(rounded.at_most(true[0]), true <= true[0])


@pytest.mark.parametrize("k", [1, 2, 7, 25])
def test_the_kth_distance_is_that_of_the_differences(pair, k):
    rounded, true = pair
    assert torch.equal(rounded.kth(k), true.sort(1).values[:, k - 1])


def test_the_nearest_row_is_that_of_the_full_table():
    x, y = (torch.randn(n, 5, generator=torch.Generator().manual_seed(n)).double() for n in (1500, 40))  # x in two parts
    assert torch.equal(nearest_rows(x, y), torch.cdist(x, y).argmin(1))


def test_the_nearest_row_is_found_far_from_the_origin():
    draw = torch.Generator().manual_seed(0)
    x, y = (torch.randint(-99, 100, (n, 3), generator=draw).double() / 128 for n in (200, 300))
    found = nearest_rows(x + 2.0**27, y + 2.0**27)  # the sums are exact
    least = torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist").min(1).values
    torch.testing.assert_close((x - y[found]).norm(dim=1), least, rtol=0, atol=1e-12)


def test_near_the_origin_ties_go_to_the_first():
    x = torch.randint(0, 2, (50, 4), generator=torch.Generator().manual_seed(0)).double()
    y = torch.cat([x, x.flip(0), 1 - x])
    exact = (x[:, None] - y[None]).square().sum(2)
    assert torch.equal(nearest_rows(x, y), exact.argmin(1))
