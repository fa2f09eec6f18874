from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
import torch

from gancourse.base import check
from gancourse.base.features import mark
from gancourse.data import to_float
from gancourse.metrics.frechet import (
    FewSamplesWarning,
    frechet_distance,
    frechet_from_statistics,
    frechet_of_generator,
    real_against_real,
    statistics,
)

F64 = torch.float64


def draw(n: int, d: int, seed: int, condition: float = 1.0, rank: int | None = None, shift: float = 0.0) -> torch.Tensor:
    """n float64 samples of a Gaussian whose standard deviations run from 1 down to 1/condition in a random basis."""
    source = torch.Generator().manual_seed(seed)
    basis, _ = torch.linalg.qr(torch.randn(d, d, generator=source, dtype=F64))
    scale = torch.logspace(0, -math.log10(condition), d, dtype=F64)
    if rank is not None:
        scale[rank:] = 0
    return torch.randn(n, d, generator=source, dtype=F64) * scale @ basis.T + shift


def by_sqrtm(mu1, sigma1, mu2, sigma2) -> float:
    linalg = pytest.importorskip("scipy.linalg")
    root = linalg.sqrtm(sigma1.numpy() @ sigma2.numpy())
    return float((mu1 - mu2).square().sum() + sigma1.trace() + sigma2.trace()) - 2 * float(np.trace(root).real)


# closed forms


def test_two_correlated_gaussians_of_the_plane():
    # S_1 S_2 has the eigenvalues 1 and 3, its root the trace 1 + sqrt(3); the traces are 2 and 4
    sigma = torch.tensor([[2.0, 1.0], [1.0, 2.0]])
    zero = torch.zeros(2)
    assert frechet_from_statistics(zero, torch.eye(2), zero, sigma) == pytest.approx(4 - 2 * math.sqrt(3), abs=1e-14)


def test_covariances_that_do_not_commute():
    # for 2 x 2 matrices tr(M^(1/2)) = sqrt(tr M + 2 sqrt(det M))
    a, b = torch.tensor([[2.0, 1.0], [1.0, 2.0]], dtype=F64), torch.tensor([[5.0, 0.0], [0.0, 0.2]], dtype=F64)
    assert not torch.allclose(a @ b, b @ a)
    product = a @ b
    root = math.sqrt(product.trace() + 2 * math.sqrt(torch.linalg.det(product)))
    mu = torch.tensor([1.0, -2.0])
    assert frechet_from_statistics(mu, a, torch.zeros(2), b) == pytest.approx(5 + 4 + 5.2 - 2 * root, rel=1e-13)


def test_diagonal_gaussians():
    s, t = torch.tensor([0.5, 1.0, 3.0]), torch.tensor([2.0, 1.0, 0.25])
    zero = torch.zeros(3)
    truth = float((s - t).square().sum())
    assert frechet_from_statistics(zero, s.square().diag(), zero, t.square().diag()) == pytest.approx(truth, rel=1e-13)


def test_a_shift_costs_its_squared_length():
    x = draw(300, 8, seed=0)
    move = torch.arange(8, dtype=F64) / 7
    assert frechet_distance(x, x + move) == pytest.approx(float(move.square().sum()), rel=1e-12)


def test_a_scaling_costs_the_difference_of_the_standard_deviations():
    x = draw(300, 8, seed=1)
    x = x - x.mean(0)
    truth = (3 - 1) ** 2 * float(statistics(x)[1].trace())
    assert frechet_distance(x, 3 * x) == pytest.approx(truth, rel=1e-12)


@pytest.mark.parametrize("n", [20, 64, 65, 500])
def test_identical_sets_are_at_distance_zero(n):
    x = draw(n, 64, seed=2, condition=100)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewSamplesWarning)
        assert 0 <= frechet_distance(x, x.clone()) < 1e-9
        assert frechet_distance(x, x[torch.randperm(n, generator=torch.Generator().manual_seed(0))]) < 1e-9


def test_symmetric_and_unchanged_by_a_rotation():
    a, b = draw(400, 16, seed=3, condition=50), draw(300, 16, seed=4, condition=5, shift=0.3)
    turn, _ = torch.linalg.qr(torch.randn(16, 16, generator=torch.Generator().manual_seed(9), dtype=F64))
    d = frechet_distance(a, b)
    assert frechet_distance(b, a) == pytest.approx(d, rel=1e-12)
    assert frechet_distance(a @ turn, b @ turn) == pytest.approx(d, rel=1e-11)


# the two methods against each other and against others' code


def test_equals_the_matrix_square_root_of_scipy():
    a, b = draw(700, 96, seed=5, condition=30), draw(900, 96, seed=6, condition=3, shift=0.1)
    stats = (*statistics(a), *statistics(b))
    truth = by_sqrtm(*stats)
    assert frechet_distance(a, b) == pytest.approx(truth, rel=1e-10)
    assert frechet_from_statistics(*stats) == pytest.approx(truth, rel=1e-10)


def test_statistics_are_numpys():
    x = draw(50, 7, seed=7)
    mean, covariance = statistics(x)
    np.testing.assert_allclose(mean, x.numpy().mean(0), atol=1e-15)
    np.testing.assert_allclose(covariance, np.cov(x.numpy(), rowvar=False), rtol=1e-12)


def test_large_matrices_are_computed_block_by_block(monkeypatch):
    a, b = draw(150, 60, seed=20, condition=5), draw(130, 60, seed=21, condition=5, shift=0.2)
    truth = by_sqrtm(*statistics(a), *statistics(b))
    monkeypatch.setattr("gancourse.metrics.frechet._COLUMNS", 16)
    monkeypatch.setattr("gancourse.metrics.frechet._ROWS", 33)
    np.testing.assert_allclose(statistics(a)[1], np.cov(a.numpy(), rowvar=False), rtol=1e-10, atol=1e-15)
    assert frechet_distance(a, b) == pytest.approx(truth, rel=1e-10)


@pytest.mark.parametrize(("n", "m"), [(12, 15), (12, 400), (400, 12)])
def test_fewer_samples_than_dimensions_is_exact(n, m):
    """The oracle: both sets lie in a subspace of few dimensions, where the covariances have full rank."""
    d = 48
    a, b = draw(n, d, seed=8), draw(m, d, seed=9)
    with pytest.warns(FewSamplesWarning):
        got = frechet_distance(a, b)
    mu1, s1 = statistics(a)
    mu2, s2 = statistics(b)
    values, vectors = torch.linalg.eigh(s1 if n < m else s2)  # of the set with the fewer samples
    keep = values > 1e-10
    basis, root = vectors[:, keep], values[keep].sqrt()
    inner = root[:, None] * (basis.T @ (s2 if n < m else s1) @ basis) * root
    values = torch.linalg.eigvalsh(inner)
    assert keep.sum() == min(n, m) - 1
    truth = float((mu1 - mu2).square().sum() + s1.trace() + s2.trace() - 2 * values[values > 1e-12 * values[-1]].sqrt().sum())
    assert got == pytest.approx(truth, rel=1e-11)
    assert frechet_from_statistics(mu1, s1, mu2, s2) == pytest.approx(truth, rel=1e-9)


@pytest.mark.parametrize("rank", [1, 5, 31])
def test_flat_gaussians_with_many_samples(rank):
    a, b = draw(500, 32, seed=10, rank=rank), draw(500, 32, seed=11, shift=0.1)
    # a's samples in its own subspace are the data product's singular values; no Cholesky factor exists
    root = torch.linalg.svdvals((a - a.mean(0)) @ (b - b.mean(0)).T / 499).sum()
    (mu1, s1), (mu2, s2) = statistics(a), statistics(b)
    truth = float((mu1 - mu2).square().sum() + s1.trace() + s2.trace() - 2 * root)
    assert frechet_distance(a, b) == pytest.approx(truth, rel=1e-11)
    assert frechet_distance(b, a) == pytest.approx(truth, rel=1e-11)
    assert frechet_from_statistics(mu1, s1, mu2, s2) == pytest.approx(truth, rel=1e-8)


def test_one_flat_direction_in_the_plane():
    # S_1 = diag(1, 0), S_2 = diag(4, 9): (1 - 2)^2 + (0 - 3)^2; the null direction must not cost 1e-8
    sigma1, sigma2, zero = torch.tensor([1.0, 0.0]).diag(), torch.tensor([4.0, 9.0]).diag(), torch.zeros(2)
    assert frechet_from_statistics(zero, sigma1, zero, sigma2) == pytest.approx(10, rel=1e-14)
    assert frechet_from_statistics(zero, sigma2, zero, sigma1) == pytest.approx(10, rel=1e-14)


@pytest.mark.parametrize("condition", [1e2, 1e4, 1e7])
def test_ill_conditioned_features_keep_their_accuracy(condition):
    a, b = draw(400, 64, seed=12, condition=condition), draw(400, 64, seed=13, condition=condition)
    root = torch.linalg.svdvals((a - a.mean(0)) @ (b - b.mean(0)).T / 399).sum()
    (mu1, s1), (mu2, s2) = statistics(a), statistics(b)
    truth = float((mu1 - mu2).square().sum() + s1.trace() + s2.trace() - 2 * root)
    assert frechet_distance(a, b) == pytest.approx(truth, rel=1e-9)
    assert frechet_from_statistics(mu1, s1, mu2, s2) == pytest.approx(truth, rel=1e-8)


def test_a_dead_dimension_is_no_obstacle():
    a, b = draw(200, 10, seed=14), draw(200, 10, seed=15, shift=0.2)
    dead = torch.zeros(200, 1, dtype=F64)
    assert frechet_distance(torch.cat([a, dead], 1), torch.cat([b, dead], 1)) == pytest.approx(frechet_distance(a, b), rel=1e-11)


def test_float32_and_numpy_features_lose_nothing_further():
    a, b = (1000 + draw(300, 24, seed=16)).float(), (1000.1 + draw(300, 24, seed=17)).float()  # a large mean eats float32
    truth = frechet_distance(a.double(), b.double())
    assert frechet_distance(a, b) == truth
    assert frechet_distance(a.numpy(), b.numpy()) == truth
    assert truth == pytest.approx(by_sqrtm(*statistics(a), *statistics(b)), rel=1e-8)


def test_equals_torchmetrics():
    image = pytest.importorskip("torchmetrics.image.fid")

    class Flat(torch.nn.Module):
        num_features = 3 * 4 * 4

        def forward(self, x):
            return x.flatten(1)

    source = torch.Generator().manual_seed(18)
    a, b = torch.rand(200, 3, 4, 4, generator=source), torch.rand(150, 3, 4, 4, generator=source) ** 2
    metric = image.FrechetInceptionDistance(feature=Flat(), normalize=False, input_img_size=(3, 4, 4))
    metric.update(a, real=True)
    metric.update(b, real=False)
    assert frechet_distance(a.flatten(1), b.flatten(1)) == pytest.approx(float(metric.compute()), rel=2e-6)  # float32 there


# the floor, and generators


def test_the_floor_shrinks_like_one_over_n_and_is_reproducible():
    x = draw(8000, 8, seed=19)
    floors = [sum(real_against_real(x[:n], seed=s) for s in range(20)) / 20 for n in (500, 2000, 8000)]
    assert floors[0] > 2.5 * floors[1] > 6 * floors[2] > 0
    assert real_against_real(x, seed=3) == real_against_real(x, seed=3) != real_against_real(x, seed=4)


class Pixels:
    extractor_id = "pixels"

    def features(self, images, batch_size=256):
        return 10 * images.flatten(1).float()


class Noise(torch.nn.Module):
    """Latents shown a tenth as bright, one pixel each; eval mode switches a shift off."""

    latent_dim = 4

    def __init__(self):
        super().__init__()
        self.gain = torch.nn.Parameter(torch.ones(()))

    def forward(self, z):
        return (self.gain * z / 10 + (0.5 if self.training else 0.0))[:, :, None, None]


def test_a_generator_that_draws_the_real_distribution_is_at_the_floor():
    real = mark(torch.randn(4000, 4, generator=torch.Generator().manual_seed(1)), "pixels")
    generator = Noise().train()
    d = frechet_of_generator(generator, real, extractor=Pixels(), n=4000, seed=5)
    assert d < 0.02 and generator.training
    assert d == frechet_of_generator(generator, real, extractor=Pixels(), seed=5, batch_size=37)
    assert d != frechet_of_generator(generator, real, extractor=Pixels(), seed=6)
    with torch.no_grad():
        generator.gain.fill_(2.0)
    assert frechet_of_generator(generator, real, extractor=Pixels()) == pytest.approx(4.0, rel=0.1)  # 4 (2 - 1)^2


class Bright(Noise):
    """Draws black pictures and, last, a pale one."""

    def forward(self, z):
        made = super().forward(z)
        return torch.where(torch.arange(len(z))[:, None, None, None] + 1 < len(z), -1.0, 0.5) + 0 * made


def test_a_pale_picture_in_the_last_part_is_no_set_in_another_range():
    real = mark(torch.randn(40, 4, generator=torch.Generator().manual_seed(1)), "pixels")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frechet_of_generator(Bright(), real, extractor=Pixels(), n=33, batch_size=32)


class Bytes(Noise):
    """Draws the same pictures as bytes, and keeps count of how many it drew at once."""

    def forward(self, z):
        self.most = max(getattr(self, "most", 0), len(z))
        return (super().forward(z).clamp(-1, 1) * 127.5 + 127.5).round().to(torch.uint8)


class FromBytes(Pixels):
    """Keeps count of how many pictures it saw at once."""

    most = 0

    def features(self, images, batch_size=256):
        self.most = max(self.most, len(images))
        return super().features(to_float(images))


def test_a_generator_of_bytes_is_judged_part_by_part():
    real = mark(torch.randn(400, 4, generator=torch.Generator().manual_seed(1)), "pixels")
    generator, extractor = Bytes(), FromBytes()
    d = frechet_of_generator(generator, real, extractor=extractor, batch_size=32)
    assert d == pytest.approx(frechet_of_generator(Noise(), real, extractor=Pixels()), abs=0.01)
    assert generator.most == extractor.most == 32
    with pytest.raises(ValueError, match="live in different spaces"):
        frechet_of_generator(generator, mark(torch.randn(400, 4), "others"), extractor=extractor)


class Half(Noise):
    """Draws in [0, 1]."""

    def forward(self, z):
        return super().forward(z).sigmoid()


def test_a_generator_in_another_range_is_warned_of_once():
    real = mark(torch.randn(40, 4, generator=torch.Generator().manual_seed(1)), "pixels")
    with pytest.warns(UserWarning, match="nothing in images is below 0") as told:
        frechet_of_generator(Half(), real, extractor=Pixels(), batch_size=8)
    assert len(told) == 1


def test_features_that_would_not_fit_are_refused_after_the_first_part(monkeypatch):
    real, generator = mark(torch.randn(40, 4), "pixels"), Bytes()
    monkeypatch.setattr(check, "machine_memory", lambda: 1000)
    with pytest.raises(ValueError, match="ask for less"):
        frechet_of_generator(generator, real, extractor=FromBytes(), batch_size=8)


# bad input


def test_few_samples_are_named_with_the_number_needed():
    with pytest.warns(FewSamplesWarning, match=r"30 samples of 64-dimensional features: .* rank 29 .* at least 65"):
        frechet_distance(draw(30, 64, seed=0), draw(100, 64, seed=1))
    with pytest.warns(FewSamplesWarning, match="rank 63"):
        frechet_distance(draw(64, 64, seed=0), draw(65, 64, seed=1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frechet_distance(draw(65, 64, seed=0), draw(65, 64, seed=1))


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        (torch.zeros(1, 3), torch.zeros(5, 3), "at least 2 samples"),
        (torch.zeros(5, 3), torch.zeros(5, 4), "3 and 4 dimensions"),
        (torch.zeros(5, 3), torch.zeros(5), r"second features must be \[N, D\], not \[5\]"),
        (torch.zeros(5, 3, 2, 2), torch.zeros(5, 3), "flatten"),
        (torch.tensor([[0.0, math.nan], [1.0, 2.0]]), torch.zeros(5, 2), "NaN or infinity in 1 of 2 rows"),
        (torch.tensor([[0.0, math.inf], [1.0, 2.0]]), torch.zeros(5, 2), "NaN or infinity"),
    ],
)
def test_bad_features_are_refused(a, b, message):
    with pytest.raises(ValueError, match=message):
        frechet_distance(a, b)


def test_features_of_two_extractors_are_refused():
    x = draw(20, 3, seed=0)
    with pytest.raises(ValueError, match="'faces-32' and of 'digits-32' live in different spaces"):
        frechet_distance(mark(x.clone(), "faces-32"), mark(x.clone(), "digits-32"))
    assert frechet_distance(mark(x.clone(), "faces-32"), x) < 1e-12  # unnamed features are the caller's business


def test_bad_statistics_are_refused():
    zero, eye = torch.zeros(2), torch.eye(2)
    with pytest.raises(ValueError, match="not symmetric"):
        frechet_from_statistics(zero, torch.tensor([[1.0, 0.5], [0.0, 1.0]]), zero, eye)
    for bad in [(zero, -eye, zero, eye), (zero, eye, zero, torch.tensor([1.0, -1.0]).diag())]:
        with pytest.raises(ValueError, match="negative eigenvalue"):
            frechet_from_statistics(*bad)
    with pytest.raises(ValueError, match=r"needs mean \[D\] and covariance"):
        frechet_from_statistics(zero, eye, zero, torch.eye(3))
    with pytest.raises(ValueError, match="2 and 3 dimensions"):
        frechet_from_statistics(zero, eye, torch.zeros(3), torch.eye(3))
    with pytest.raises(ValueError, match="NaN"):
        frechet_from_statistics(zero, eye * math.nan, zero, eye)


class Fixed(torch.nn.Module):
    latent_dim = 3

    def forward(self, z):
        return z.clamp(-1, 1)[:, :, None, None].expand(-1, -1, 2, 2)


def test_a_generator_without_weights_is_drawn_from():
    real = mark(Pixels().features(Fixed()(torch.randn(60, 3, generator=torch.Generator().manual_seed(1)))), "pixels")
    assert math.isfinite(frechet_of_generator(Fixed(), real, extractor=Pixels()))
