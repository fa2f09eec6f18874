from __future__ import annotations

import math

import pytest
import torch

from gancourse.base.features import mark
from gancourse.metrics.frechet import frechet_distance
from gancourse.metrics.kernel import kernel_distance, kernel_distance_subsets

F64 = torch.float64


def normal(n: int, d: int, seed: int, scale: float = 1.0, shift: float = 0.0) -> torch.Tensor:
    return scale * torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=F64) + shift


def test_the_definition_pair_by_pair():
    a, b = normal(5, 3, 0), normal(7, 3, 1, shift=0.5)

    def k(x, y):
        return float((x @ y / 3 + 1) ** 3)

    truth = sum(k(a[i], a[j]) for i in range(5) for j in range(5) if i != j) / 20
    truth += sum(k(b[i], b[j]) for i in range(7) for j in range(7) if i != j) / 42
    truth -= 2 * sum(k(x, y) for x in a for y in b) / 35
    assert kernel_distance(a, b) == pytest.approx(truth, rel=1e-12)


def test_the_linear_kernel_is_the_squared_distance_of_the_means_without_its_bias():
    a, b = normal(40, 4, 2), normal(25, 4, 3, shift=0.2)
    bias = float(a.var(0).sum()) / 40 + float(b.var(0).sum()) / 25
    truth = float((a.mean(0) - b.mean(0)).square().sum()) - bias
    assert kernel_distance(a, b, degree=1, gamma=1.0, coef=0.0) == pytest.approx(truth, rel=1e-11)


def test_two_gaussians_on_the_line():
    # E (xy + 1)^3 is 1 + 3 E x^2 E y^2 for centred x, y: 4 within N(0, 1), 49 within N(0, 4), 13 between: 4 + 49 - 26 = 27
    assert kernel_distance(normal(1500, 1, 4), normal(1500, 1, 5, scale=2)) == pytest.approx(27, rel=0.2)


def test_no_bias_where_the_frechet_distance_has_one():
    values = [kernel_distance(normal(20, 4, 100 + i), normal(30, 4, 900 + i)) for i in range(400)]
    mean, error = sum(values) / 400, torch.tensor(values).std().item() / 20
    assert abs(mean) < 3 * error and min(values) < 0
    assert sum(frechet_distance(normal(20, 4, 100 + i), normal(30, 4, 900 + i)) for i in range(20)) / 20 > 0.2


def test_equals_torchmetrics_and_does_not_depend_on_the_chunks(monkeypatch):
    kid = pytest.importorskip("torchmetrics.image.kid")
    a, b = normal(60, 8, 6), normal(60, 8, 7, shift=0.3)
    d = kernel_distance(a, b)
    assert d == pytest.approx(float(kid.poly_mmd(a, b)), rel=1e-10)
    monkeypatch.setattr("gancourse.metrics.kernel._ROWS", 7)
    assert kernel_distance(a, b) == pytest.approx(d, rel=1e-11)


def test_subsets_follow_the_published_protocol():
    a, b = normal(500, 6, 8), normal(400, 6, 9, shift=0.5)
    whole = kernel_distance_subsets(a[:400], b, subsets=1, subset_size=400)
    assert whole.mean == pytest.approx(kernel_distance(a[:400], b), rel=1e-10) and whole.std == 0
    mean, std = kernel_distance_subsets(a, b, subsets=60, subset_size=100, seed=1)
    assert abs(mean - kernel_distance(a, b)) < 4 * std / math.sqrt(60) and std > 0
    assert kernel_distance_subsets(a, b, subsets=3, subset_size=100, seed=1) == kernel_distance_subsets(
        a, b, subsets=3, subset_size=100, seed=1
    )


def test_bad_input_is_refused():
    a, b = normal(10, 3, 0), normal(20, 3, 1)
    with pytest.raises(ValueError, match="different spaces"):
        kernel_distance(mark(a.clone(), "x"), mark(b.clone(), "y"))
    with pytest.raises(ValueError, match="degree must be above 0"):
        kernel_distance(a, b, degree=0)
    with pytest.raises(ValueError, match="subset_size must be 2 to 10, the size of the smaller set, not 1000"):
        kernel_distance_subsets(a, b)
    with pytest.raises(ValueError, match="subsets must be above 0"):
        kernel_distance_subsets(a, b, subsets=0, subset_size=5)
    with pytest.raises(ValueError, match="NaN"):
        kernel_distance(a * math.nan, b)
