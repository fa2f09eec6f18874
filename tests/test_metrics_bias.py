from __future__ import annotations

import statistics

import pytest
import torch

from gancourse.base.features import mark
from gancourse.metrics.bias import frechet_bias, frechet_bias_from_covariance, frechet_infinity
from gancourse.metrics.frechet import frechet_distance

F64 = torch.float64


def normal(n: int, d: int, seed: int) -> torch.Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=F64)


def test_the_bracket_of_the_identity():
    for d in (1, 2, 64, 500):
        assert frechet_bias_from_covariance(torch.eye(d), 1000) == pytest.approx(d * (d + 5) / 4 / 1000, rel=1e-10)
    assert frechet_bias_from_covariance(torch.eye(3), 10, 20) == pytest.approx(6 * (1 / 10 + 1 / 20), rel=1e-12)


def test_it_scales_with_the_covariance_and_ignores_flat_directions():
    sigma = torch.diag(torch.tensor([4.0, 1.0, 0.0]))
    # sum 5; pairs: 16*2/8 + 1*2/2 + 2 * 4/5 = 6.6, half of it 3.3
    assert frechet_bias_from_covariance(sigma, 2) == pytest.approx(8.3 / 2, rel=1e-6)
    assert frechet_bias_from_covariance(9 * sigma, 2) == pytest.approx(9 * 8.3 / 2, rel=1e-6)


@pytest.mark.parametrize("scales", [(1.0, 1.0, 1.0, 1.0), (3.0, 1.0, 0.3, 0.1)])
def test_it_predicts_what_is_measured(scales):
    scale = torch.tensor(scales, dtype=F64)
    n, m = 200, 300
    found = [frechet_distance(normal(n, 4, i) * scale, normal(m, 4, 5000 + i) * scale) for i in range(300)]
    error = statistics.stdev(found) / 300**0.5
    expected = frechet_bias_from_covariance(torch.diag(scale.square()), n, m)
    assert abs(statistics.mean(found) - expected) < 3 * error + 0.03 * expected


def test_from_features_it_takes_their_covariance():
    x = normal(5000, 3, 0)
    assert frechet_bias(x, 100) == pytest.approx(6 / 100, rel=0.1)


def test_heavy_tails_raise_it_and_are_predicted():
    def draw(n: int, seed: int) -> torch.Tensor:  # one sample in ten is five times as large
        large = torch.rand(n, 1, generator=torch.Generator().manual_seed(9000 + seed)) < 0.1
        return normal(n, 3, seed) * torch.where(large, 5.0, 1.0)

    pool = draw(100_000, 77)
    found = [frechet_distance(draw(1000, i), draw(1000, 3000 + i)) for i in range(200)]
    expected = frechet_bias(pool, 1000, 1000)
    assert statistics.mean(found) == pytest.approx(expected, rel=0.15)
    assert expected > 1.7 * frechet_bias_from_covariance(pool.T.cov(), 1000, 1000)


@pytest.mark.parametrize("vary", ["both", "first"])
def test_extrapolation_gets_below_what_the_samples_allow(vary):
    found = [frechet_infinity(normal(2000, 8, i), normal(20_000, 8, 50 + i) + 0.1, vary=vary, seed=i) for i in range(6)]
    finite = statistics.mean(float(f.distances[-1]) for f in found)
    truth = 8 * 0.01
    assert abs(statistics.mean(f.value for f in found) - truth) < 0.5 * abs(finite - truth)
    slope = 8 * 13 / 4 * (2 if vary == "both" else 1)
    assert statistics.mean(f.slope for f in found) == pytest.approx(slope, rel=0.25)


def test_the_line_goes_through_points_on_a_line():
    f = frechet_infinity(normal(400, 2, 1), normal(400, 2, 2), points=5, least=100)
    assert f.sizes.tolist() == [100, 175, 250, 325, 400] and f.distances.shape == (5,)
    design = torch.stack([torch.ones(5, dtype=F64), 1 / f.sizes.double()], 1)
    value, slope = torch.linalg.lstsq(design, f.distances[:, None]).solution.flatten().tolist()
    assert (f.value, f.slope) == pytest.approx((value, slope), rel=1e-8)
    assert f == f and -1 <= f.r <= 1 and "at 1/n = 0" in str(f)


def test_bad_input_is_refused():
    a = normal(50, 8, 0)
    with pytest.raises(ValueError, match="from where the covariance of 8 dimensions has full rank.*give at least 80 samples"):
        frechet_infinity(a[:30], a)
    with pytest.raises(ValueError, match="at least 3 points"):
        frechet_infinity(a, a, points=2)
    with pytest.raises(ValueError, match="did you mean 'first'"):
        frechet_infinity(a, a, vary="frist")
    with pytest.raises(ValueError, match="different spaces"):
        frechet_infinity(mark(a.clone(), "x"), mark(a.clone(), "y"))
    with pytest.raises(ValueError, match="n must be at least 2 samples, not 1"):
        frechet_bias(a, 1)
