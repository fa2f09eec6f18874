"""Toy distributions: the published numbers, exact densities, samples that agree with them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from gancourse.data import toys

MIXTURES: dict[str, Callable[[], toys.GaussianMixture]] = {
    **{f"ring {variant}": lambda variant=variant: toys.ring(variant) for variant in toys.RINGS},
    **{f"grid {variant}": lambda variant=variant: toys.grid(variant) for variant in toys.GRIDS},
}
CURVES = {"spiral": toys.spiral, "moons": toys.moons, "swiss_roll": toys.swiss_roll}


def integral(distribution: toys.Distribution, half_width: float, points: int, **options: int) -> float:
    """Sum of the density over a square grid times the area of a cell."""
    axis = torch.linspace(-half_width, half_width, points, dtype=torch.float64)
    cell = (axis[1] - axis[0]) ** 2
    total = sum(distribution.log_density(torch.cartesian_prod(part, axis), **options).exp().sum() for part in axis.split(40))
    return float(total * cell)


@pytest.mark.parametrize(
    ("build", "count", "radius", "std"),
    [
        (lambda: toys.ring("pacgan"), 8, 1, 0.01),
        (lambda: toys.ring("wgan_gp"), 8, 2 / 1.414, 0.02 / 1.414),
        (lambda: toys.ring("unrolled"), 7, 1, 0.01),
    ],
)
def test_rings_have_the_published_numbers(
    build: Callable[[], toys.GaussianMixture], count: int, radius: float, std: float
) -> None:
    ring = build()
    assert ring.modes.shape == (count, 2) and ring.std == std
    torch.testing.assert_close(ring.modes.norm(dim=1), torch.full((count,), float(radius)))
    gaps = torch.cdist(ring.modes, ring.modes).fill_diagonal_(9).min(dim=1).values
    torch.testing.assert_close(gaps, torch.full((count,), 2 * radius * math.sin(math.pi / count)))


def test_the_unrolled_ring_has_the_published_slip() -> None:
    angles = torch.linspace(0, 2 * math.pi, 8)  # both ends: 0 and 2 pi are the same place
    published = torch.stack([angles.sin(), angles.cos()], dim=1)
    ring = toys.ring("unrolled")
    share = (torch.cdist(published, ring.modes) < 1e-5).float().mean(dim=0)
    torch.testing.assert_close(share, ring.weights)
    torch.testing.assert_close(ring.modes[ring.weights.argmax()], torch.tensor([0.0, 1.0]))


@pytest.mark.parametrize(
    ("variant", "pitch", "std"), [("pacgan", 2, 0.05), ("wgan_gp", 2 / 2.828, 0.05 / 2.828), ("bourgan", 2, 0.1)]
)
def test_grids_have_the_published_numbers(variant: str, pitch: float, std: float) -> None:
    grid = toys.grid(variant)
    assert grid.modes.shape == (25, 2) and grid.std == pytest.approx(std)
    torch.testing.assert_close(grid.modes[:, 0].unique(), pitch * torch.arange(-2.0, 3.0))
    torch.testing.assert_close(grid.modes[:, 1].unique(), pitch * torch.arange(-2.0, 3.0))


@pytest.mark.parametrize(
    ("distribution", "half_width", "points"),
    [
        (toys.ring("pacgan"), 1.1, 400),
        (toys.ring("wgan_gp"), 1.6, 400),
        (toys.ring("unrolled"), 1.1, 400),
        (toys.grid("wgan_gp"), 1.6, 300),
        (toys.grid("bourgan"), 5, 200),
    ],
)
def test_the_density_of_a_mixture_integrates_to_one(distribution: toys.GaussianMixture, half_width: float, points: int) -> None:
    assert integral(distribution, half_width, points) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(("name", "half_width", "points"), [("spiral", 1.1, 120), ("moons", 2.5, 60), ("swiss_roll", 2.1, 130)])
def test_the_density_of_a_curve_integrates_to_one(name: str, half_width: float, points: int) -> None:
    assert integral(CURVES[name](), half_width, points, nodes=400) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("name", CURVES)
def test_the_quadrature_has_converged(name: str) -> None:
    curve = CURVES[name]()
    x = curve.sample(100, seed=0).double()
    torch.testing.assert_close(curve.log_density(x), curve.log_density(x, nodes=10_000), atol=2e-2, rtol=0)


@pytest.mark.parametrize("std", [1e-2, 1e-3, 3e-4])
@pytest.mark.parametrize("name", ["spiral", "moons", "swiss_roll"])
def test_the_promise_about_the_density_holds_for_narrow_curves(name: str, std: float) -> None:
    """Against thirty nodes in each std, counted by hand; also for points in single precision, which are what they are."""
    curve = replace(CURVES[name](), std=std)
    length = max(float(c(torch.linspace(0, 1, 20_000).double()).diff(dim=0).norm(dim=1).sum()) for c in curve.curves)
    x = curve.sample(8, seed=0)
    exact = curve.log_density(x.double(), nodes=max(10_000, round(30 * length / std)))
    found = curve.log_density(x)
    assert found.dtype == torch.float32
    assert (found.double() - exact).abs().max() < 0.02


def test_a_curve_that_no_nodes_will_do_for_says_so() -> None:
    with pytest.raises(ValueError, match=r"std 1e-06 is too small .* pass nodes=.*or take a larger std"):
        toys.spiral(std=1e-6).log_density(torch.zeros(1, 2))
    assert toys.spiral(std=1e-6).log_density(torch.zeros(1, 2), nodes=10).shape == (1,)
    with pytest.raises(ValueError, match="nodes must be above 0"):
        toys.moons().log_density(torch.zeros(1, 2), nodes=0)


@pytest.mark.parametrize("name", MIXTURES)
def test_mean_log_density_of_samples_is_minus_the_entropy(name: str) -> None:
    mixture = MIXTURES[name]()
    mean = mixture.log_density(mixture.sample(40_000, seed=1)).mean().item()
    # far apart modes: entropy = that of the weights + that of one Gaussian in the plane
    entropy = -(mixture.weights * mixture.weights.log()).sum().item() + 1 + math.log(2 * math.pi * mixture.std**2)
    assert mean == pytest.approx(-entropy, abs=0.03)


def test_high_quality_share_of_the_data_itself() -> None:
    ring = toys.ring("pacgan")
    distance = torch.cdist(ring.sample(50_000, seed=0), ring.modes).min(dim=1).values
    share = (distance < 3 * ring.std).float().mean().item()
    assert share == pytest.approx(1 - math.exp(-4.5), abs=0.002)


def test_log_density_matches_one_gaussian_in_closed_form() -> None:
    single = toys.gaussian_mixture(torch.tensor([[1.0, -2.0, 0.5]]), 0.7)
    x = torch.randn(9, 4, 3, generator=torch.Generator().manual_seed(0))
    expected = torch.distributions.Normal(single.modes[0], 0.7).log_prob(x).sum(-1)
    torch.testing.assert_close(single.log_density(x), expected)


def test_labels_name_the_mode_and_weights_hold() -> None:
    mixture = toys.gaussian_mixture(torch.tensor([[0.0, 0.0], [5.0, 0.0]]), 0.1, torch.tensor([3.0, 1.0]))
    x, label = mixture.sample_labelled(8000, seed=2)
    assert torch.equal(torch.cdist(x, mixture.modes).argmin(dim=1), label)
    assert label.float().mean().item() == pytest.approx(0.25, abs=0.02)


def test_moons_and_roll_lie_where_scikit_learn_puts_them() -> None:
    from sklearn.datasets import make_moons, make_swiss_roll

    def far(ours: Tensor, theirs: Tensor) -> float:
        return torch.cdist(theirs, ours).min(dim=1).values.max().item()

    theirs = torch.from_numpy(make_moons(400, noise=None, random_state=0)[0]).float()
    assert far(toys.moons(std=1e-6).sample(20_000, seed=0), theirs) < 0.02
    roll = toys.swiss_roll()
    theirs = torch.from_numpy(make_swiss_roll(400, noise=0.25, random_state=0)[0][:, [0, 2]] / 7.5).float()
    clean = torch.cat([curve(torch.linspace(0, 1, 5000)) for curve in roll.curves])
    distance = torch.cdist(theirs, clean).min(dim=1).values
    assert distance.square().mean().sqrt().item() == pytest.approx(roll.std, rel=0.15)  # the noise across the curve


def test_parallel_lines() -> None:
    line = toys.parallel_lines(0.3)
    x = line.sample(4000, seed=0)
    assert x[:, 0].eq(torch.tensor(0.3)).all()
    assert 0 <= x[:, 1].min() < 0.01 and 0.99 < x[:, 1].max() <= 1
    with pytest.raises(ValueError, match="no density in the plane"):
        line.log_density(x)


@pytest.mark.parametrize("name", [*MIXTURES, *CURVES, "line"])
def test_samples_follow_the_seed_and_leave_the_global_generator_alone(name: str) -> None:
    distribution = {**MIXTURES, **CURVES, "line": lambda: toys.parallel_lines(1.0)}[name]()
    torch.manual_seed(0)
    before = torch.get_rng_state()
    x = distribution.sample(50, seed=7)
    assert x.shape == (50, 2) and x.dtype == torch.float32
    assert torch.equal(x, distribution.sample(50, seed=7))
    assert torch.equal(x, distribution.sample(50, generator=torch.Generator().manual_seed(7)))
    assert not torch.equal(x, distribution.sample(50, seed=8))
    assert torch.equal(before, torch.get_rng_state())
    assert distribution.name and distribution.source


def test_bad_arguments_name_the_fix() -> None:
    with pytest.raises(ValueError, match="did you mean 'pacgan'"):
        toys.ring("pacgn")
    with pytest.raises(ValueError, match="did you mean 'bourgan'"):
        toys.grid("bourgain")
    with pytest.raises(ValueError, match="seed=0"):
        toys.ring().sample(5)
    with pytest.raises(ValueError, match="one of the two"):
        toys.ring().sample(5, seed=0, generator=torch.Generator())
    with pytest.raises(ValueError, match="above 0"):
        toys.ring().sample(0, seed=0)
    with pytest.raises(ValueError, match="points must be floats"):
        toys.ring().log_density(torch.zeros(5, 3))
    with pytest.raises(ValueError, match="std must be above 0"):
        toys.gaussian_mixture(torch.zeros(2, 2), 0.0)
    with pytest.raises(ValueError, match="weights must be 2"):
        toys.gaussian_mixture(torch.zeros(2, 2), 1.0, torch.ones(3))
    with pytest.raises(ValueError, match="K, D"):
        toys.gaussian_mixture(torch.zeros(2), 1.0)
