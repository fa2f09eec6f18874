from __future__ import annotations

import pytest
import torch

from gancourse.base.features import mark
from gancourse.metrics.neighbourhoods import density_coverage, expected_coverage, precision_recall


def normal(n: int, d: int, seed: int, shift: float = 0.0) -> torch.Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed)) + shift


def by_hand(real: torch.Tensor, fake: torch.Tensor, k: int) -> tuple[float, float, float, float]:
    """The four definitions, point by point."""

    def radius(x: torch.Tensor, i: int) -> float:
        return sorted(float((x[i] - x[j]).norm()) for j in range(len(x)) if j != i)[k - 1]

    def inside(centres: torch.Tensor, points: torch.Tensor) -> list[list[bool]]:
        radii = [radius(centres, i) for i in range(len(centres))]
        return [[float((p - c).norm()) <= r for c, r in zip(centres, radii, strict=True)] for p in points]

    in_real, in_fake = inside(real.double(), fake.double()), inside(fake.double(), real.double())
    precision = sum(any(row) for row in in_real) / len(fake)
    recall = sum(any(row) for row in in_fake) / len(real)
    density = sum(map(sum, in_real)) / (k * len(fake))
    coverage = sum(any(column) for column in zip(*in_real, strict=True)) / len(real)
    return precision, recall, density, coverage


@pytest.mark.parametrize("k", [1, 3, 5])
def test_the_definitions_point_by_point(k, monkeypatch):
    real, fake = normal(30, 3, seed=0), 0.7 * normal(22, 3, seed=1, shift=0.8)
    truth = by_hand(real, fake, k)
    assert len(set(truth)) == 4 and all(value > 0 for value in truth)
    assert (*precision_recall(real, fake, k), *density_coverage(real, fake, k)) == pytest.approx(truth, abs=1e-12)
    monkeypatch.setattr("gancourse.metrics.neighbourhoods._ROWS", 4)
    assert (*precision_recall(real, fake, k), *density_coverage(real, fake, k)) == pytest.approx(truth, abs=1e-12)


def test_three_points_on_a_line():
    real, fake = torch.tensor([[0.0], [1.0], [3.0]]), torch.tensor([[0.5], [10.0], [11.0]])
    # k = 1: real radii 1, 1, 2; 0.5 lies in the first two balls, the others in none.  Fake radii 9.5, 1, 1: all real within 9.5.
    assert precision_recall(real, fake, k=1) == pytest.approx((1 / 3, 1.0))
    assert density_coverage(real, fake, k=1) == pytest.approx((2 / 3, 2 / 3))


def test_a_perfect_copy():
    x = normal(60, 4, seed=2, shift=100.0)
    assert precision_recall(x, x.clone()) == (1, 1)
    # a ball holds its own centre and k neighbours
    assert density_coverage(x, x.clone(), k=5) == pytest.approx((6 / 5, 1))


@pytest.mark.parametrize("scale", [1.0, 0.37, 1e6])
def test_a_tie_on_the_border_of_a_ball_counts(scale):
    real, fake = scale * torch.tensor([[1.0, 1], [1, 2], [0, 1]]), scale * torch.tensor([[0.0, 1], [2, 1], [1, 2]])
    assert precision_recall(real, fake, k=1).precision == 1
    found = (*precision_recall(real, fake, 1), *density_coverage(real, fake, 1))
    assert found == pytest.approx(by_hand(real, fake, 1), abs=1e-12)


@pytest.mark.parametrize(("levels", "dims", "shift"), [(2, 6, 0.0), (3, 12, 100.0), (2, 64, 0.3)])
def test_features_on_a_grid_are_compared_exactly(levels, dims, shift):
    for seed in range(8):
        source = torch.Generator().manual_seed(seed)
        real, fake = (torch.randint(levels, (n, dims), generator=source).float() + shift for n in (25, 20))
        found = (*precision_recall(real, fake, 3), *density_coverage(real, fake, 3))
        assert found == pytest.approx(by_hand(real, fake, 3), abs=1e-12)


def test_equal_points_are_at_distance_zero():
    x = normal(23, 301, seed=3).repeat(3, 1)  # every point three times: with k = 2 all radii are 0, and rounding must not show
    copies = x[torch.randperm(69, generator=torch.Generator().manual_seed(4))[:50]]
    assert precision_recall(x, copies, k=2).precision == 1
    assert density_coverage(x, copies, k=2) == (3 / 2, 1)


def test_nothing_in_common():
    a, b = normal(50, 3, seed=4), normal(50, 3, seed=5, shift=100.0)
    assert precision_recall(a, b) == density_coverage(a, b) == (0, 0)


def test_equal_distributions_have_density_one_and_the_expected_coverage():
    density, coverage = torch.tensor([density_coverage(normal(400, 3, i), normal(300, 3, 1000 + i)) for i in range(12)]).mean(0)
    assert density == pytest.approx(1, abs=0.05)
    assert coverage == pytest.approx(expected_coverage(400, 300, 5), abs=0.015)


def test_expected_coverage_by_hand():
    # N = 3, M = 2, k = 1: the nearest of the 4 others is one of the 2 generated ones
    assert expected_coverage(3, 2, k=1) == pytest.approx(1 / 2)
    # N = 3, M = 2, k = 2: both nearest are real with chance (2/4)(1/3)
    assert expected_coverage(3, 2, k=2) == pytest.approx(5 / 6)


def test_a_dropped_half_costs_recall_and_coverage():
    real = torch.cat([normal(300, 2, 6, shift=-20), normal(300, 2, 7, shift=20)])
    fake = normal(600, 2, 8, shift=20)
    precision, recall = precision_recall(real, fake)
    density, coverage = density_coverage(real, fake)
    assert precision > 0.9 and density > 0.8
    assert 0.4 < recall <= 0.5 and 0.4 < coverage <= 0.5


def test_one_outlier_fools_precision_and_not_density():
    real = torch.cat([normal(300, 2, 9), torch.full((1, 2), 30.0)])
    garbage = normal(300, 2, 10, shift=15.0)
    assert precision_recall(real, garbage).precision > 0.9
    density, coverage = density_coverage(real, garbage)
    assert density < 0.25 and coverage < 0.01


def test_equals_torch_fidelity():
    fidelity = pytest.importorskip("torch_fidelity.metric_prc")
    real, fake = normal(300, 8, 11).double(), normal(250, 8, 12, shift=0.5).double()
    theirs = fidelity.prc_features_to_metric(fake, real, prc_neighborhood=3, verbose=False)
    assert precision_recall(real, fake) == pytest.approx((theirs["precision"], theirs["recall"]), abs=1e-6)


def test_bad_input_is_refused():
    a, b = normal(10, 3, 0), normal(5, 3, 1)
    for bad in (0, 5):
        with pytest.raises(ValueError, match=f"k must be 1 to 4, one less than the smaller set, not {bad}"):
            precision_recall(a, b, k=bad)
    with pytest.raises(ValueError, match="k must be"):
        density_coverage(a, b, k=5)
    with pytest.raises(ValueError, match="different spaces"):
        density_coverage(mark(a.clone(), "x"), mark(b.clone(), "y"), k=2)
    with pytest.raises(ValueError, match="k must be below n_real"):
        expected_coverage(5, 5, k=5)
