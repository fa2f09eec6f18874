from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
import torch

from gancourse.data import toys
from gancourse.metrics.modes import mode_report, stacked_mode_report

PLUS = SimpleNamespace(modes=torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]]), std=0.1, name="plus")


def test_real_samples_score_one_minus_exp_minus_four_and_a_half():
    ring = toys.ring("pacgan")
    report = mode_report(ring.sample(200_000, seed=0), ring)
    share = 1 - math.exp(-4.5)
    error = math.sqrt(share * (1 - share) / 200_000)
    assert abs(report.high_quality - share) < 4 * error
    assert report.modes == report.total == 8
    assert report.reverse_kl < 1e-3
    assert abs(mode_report(ring.sample(200_000, seed=1), ring, threshold=1).high_quality - (1 - math.exp(-0.5))) < 5e-3


@pytest.mark.parametrize("toy", [toys.ring("wgan_gp"), toys.grid("pacgan"), toys.grid("bourgan"), toys.ring("unrolled")])
def test_real_samples_capture_every_mode_evenly(toy):
    report = mode_report(toy.sample(2500, seed=0), toy)
    assert report.modes == report.total == len(toy.modes)
    assert report.high_quality > 0.98
    assert report.reverse_kl < 0.02  # about (K - 1) / 2N, with the unequal weights of the unrolled ring allowed for


def test_a_histogram_by_hand():
    """Three samples on the first mode, one near the second, one 3.5 std off the third, one in the middle."""
    samples = torch.tensor([[1.0, 0.0], [1.0, 0.29], [0.8, 0.0], [0.05, 1.0], [-1.0, 0.35], [0.0, 0.0]])
    report = mode_report(samples, PLUS)
    assert report.histogram.tolist() == [3, 1, 0, 0]
    assert (report.modes, report.total, report.high_quality) == (2, 4, 4 / 6)
    assert report.reverse_kl == pytest.approx(0.75 * math.log(3) + 0.25 * math.log(1), abs=1e-14)
    assert report.total_variation == 0.5
    assert report.served == 2  # 3 and 1 of 6 samples, where 6 / 8 of a sample are asked for
    assert report.missed == pytest.approx(1 - (1 / 4 + 1 / 6))
    assert str(report) == "2 of 4 modes, 66.7 % high quality, reverse KL 0.824"
    wider = mode_report(samples, PLUS, threshold=4)
    assert wider.histogram.tolist() == [3, 1, 1, 0]


def test_one_mode_has_log_k_and_even_modes_have_zero():
    assert mode_report(PLUS.modes[:1].repeat(10, 1), PLUS).reverse_kl == pytest.approx(math.log(4))
    assert mode_report(PLUS.modes.repeat(10, 1), PLUS).reverse_kl == 0
    assert mode_report(PLUS.modes[:1].repeat(10, 1), PLUS).total_variation == 0.75


def test_noise_captures_modes_and_serves_none():
    """25 modes in a square: a sample in fifty falls near one by chance, so that each gets a tenth of its due at most."""
    grid = toys.grid("pacgan")
    noise = 9 * torch.rand(2500, 2, generator=torch.Generator().manual_seed(0)) - 4.5
    report = mode_report(noise, grid)
    assert report.modes > 20 and report.served == 0 and report.missed > 0.97


def test_served_and_missed_by_hand():
    one = mode_report(PLUS.modes[:1].repeat(10, 1), PLUS)
    assert (one.served, one.missed) == (1, 0.75)
    data = mode_report(toys.ring("pacgan").sample(20_000, seed=0), toys.ring("pacgan"))
    assert data.served == 8 and data.missed < 0.03
    eighth = torch.cat([PLUS.modes[:1].repeat(7, 1), PLUS.modes[1:2]])  # half of a quarter: just served
    assert mode_report(eighth, PLUS).served == 2
    assert mode_report(torch.cat([eighth, PLUS.modes[:1]]), PLUS).served == 1


def test_a_ring_without_modes_serves_none():
    ring = toys.gaussian_mixture(toys.ring().modes, 0.05)
    angle, radius = 6.2832 * torch.rand(20_000, generator=torch.Generator().manual_seed(0)), torch.ones(20_000)
    report = mode_report(torch.polar(radius, angle).view(torch.float32).reshape(-1, 2), ring)
    assert report.modes == 8 and report.served == 0 and 0.5 < report.missed < 0.7


def test_unequal_weights_are_the_target():
    toy = toys.gaussian_mixture(PLUS.modes, 0.1, torch.tensor([2.0, 1, 1, 1]))
    samples = torch.cat([PLUS.modes, PLUS.modes[:1]])  # 2 : 1 : 1 : 1
    assert mode_report(samples, toy).reverse_kl == pytest.approx(0, abs=1e-7)
    assert mode_report(samples, PLUS).reverse_kl == pytest.approx(0.4 * math.log(1.6) + 0.6 * math.log(0.8))


def test_the_edge_is_outside():
    edge = SimpleNamespace(modes=torch.zeros(1, 2), std=1.0)
    assert mode_report(torch.tensor([[3.0, 0.0]]), edge).high_quality == 0
    assert mode_report(torch.tensor([[2.999, 0.0]]), edge).high_quality == 1


def test_no_high_quality_sample_is_no_crash():
    report = mode_report(torch.full((5, 2), 50.0), PLUS)
    assert (report.modes, report.high_quality, report.histogram.sum()) == (0, 0.0, 0)
    assert math.isnan(report.reverse_kl) and math.isnan(report.total_variation)
    assert (report.served, report.missed) == (0, 1)


def test_bad_samples_are_refused():
    with pytest.raises(ValueError, match=r"samples must be \[N, 2\]"):
        mode_report(torch.zeros(5, 3), PLUS)
    with pytest.raises(ValueError, match="at least 1 samples|N > 0"):
        mode_report(torch.zeros(0, 2), PLUS)
    with pytest.raises(ValueError, match="NaN"):
        mode_report(torch.tensor([[math.nan, 0.0]]), PLUS)
    with pytest.raises(ValueError, match="threshold must be above 0"):
        mode_report(torch.zeros(5, 2), PLUS, threshold=0)
    with pytest.raises(ValueError, match="'moons' has no modes to count: take a mixture"):
        mode_report(torch.zeros(5, 2), toys.moons())


# stacked digits


def test_every_code_once_is_even():
    report = stacked_mode_report(torch.arange(1000))
    assert (report.modes, report.total, report.reverse_kl) == (1000, 1000, 0)


def test_digits_become_codes():
    report = stacked_mode_report(torch.tensor([[7, 0, 3], [7, 0, 3], [0, 0, 0], [9, 9, 9]]))
    assert report.histogram.nonzero().flatten().tolist() == [0, 703, 999]
    assert report.modes == 3
    assert report.reverse_kl == pytest.approx(0.5 * math.log(500) + 0.5 * math.log(250))


def test_even_modes_and_few_samples_have_the_kl_that_the_docstring_states():
    n = 26_000
    codes = torch.randint(1000, (n,), generator=torch.Generator().manual_seed(0))
    assert stacked_mode_report(codes).reverse_kl == pytest.approx(999 / (2 * n), rel=0.1)


def test_bad_codes_are_refused():
    with pytest.raises(TypeError, match="argmax"):
        stacked_mode_report(torch.rand(10))
    with pytest.raises(ValueError, match=r"0..999, not 1000..1000"):
        stacked_mode_report(torch.tensor([1000]))
    with pytest.raises(ValueError, match=r"digits must lie in 0..9"):
        stacked_mode_report(torch.tensor([[1, 2, 10]]))
    with pytest.raises(ValueError, match="at least 1 samples|N > 0"):
        stacked_mode_report(torch.zeros(0, dtype=torch.int64))


class Odd:
    std = 0.1

    def __init__(self, modes, weights=None):
        self.modes = torch.tensor(modes)
        if weights is not None:
            self.weights = torch.tensor(weights)


@pytest.mark.parametrize(
    ("distribution", "message"),
    [
        (Odd([[0.0, math.nan], [1.0, 1.0]]), "modes holds NaN"),
        (Odd([0.0, 1.0]), r"modes must be \[K, D\]"),
        (Odd([[0.0, 0.0], [1.0, 1.0]], [1.0]), "one for each mode"),
        (Odd([[0.0, 0.0], [1.0, 1.0]], [1.0, -1.0]), "none below 0"),
        (Odd([[0.0, 0.0], [1.0, 1.0]], [0.0, 0.0]), "one above"),
        (Odd([[0.0, 0.0], [1.0, 1.0]], [1.0, math.nan]), "weights holds NaN"),
    ],
)
def test_a_mixture_that_is_none_is_refused(distribution, message):
    with pytest.raises(ValueError, match=message):
        mode_report(torch.zeros(4, 2), distribution)


def test_a_mode_of_weight_zero_is_due_nothing_and_not_served():
    found = mode_report(torch.zeros(4, 2), Odd([[0.0, 0.0], [1.0, 1.0]], [1.0, 0.0]))
    assert (found.modes, found.served, found.missed) == (1, 1, 0)
