"""Divergences against closed forms and each other; the game's identities on random histograms; zeros and bad input."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gancourse import theory
from gancourse.theory import fdivergence

LOG2 = math.log(2)


def random_pair(seed: int, n: int = 12, zeros: bool = False) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    p, q = torch.rand(2, n, generator=generator, dtype=torch.float64)
    if zeros:
        p[:3] = 0
        q[-3:] = 0
    return theory.normalise(p), theory.normalise(q)


def close(a, b, tolerance=1e-12):
    a, b = (float(v.detach()) if isinstance(v, torch.Tensor) else float(v) for v in (a, b))
    assert abs(a - b) <= tolerance, f"{a!r} is not {b!r}"


# Divergences


@pytest.mark.parametrize(("mp", "sp", "mq", "sq"), [(0, 1, 0, 1), (0, 1, 1.5, 1), (-1, 0.5, 2, 1.3), (0.3, 1.2, 0, 1.0)])
def test_densities_on_a_grid_meet_the_gaussian_closed_forms(mp, sp, mq, sq):
    x, dx = theory.grid(-16, 16, 8001)
    p, q = theory.gaussian(x, mp, sp), theory.gaussian(x, mq, sq)
    close(theory.kl(p, q, dx), theory.kl_gaussian(mp, sp, mq, sq), 1e-9)
    close(theory.reverse_kl(p, q, dx), theory.kl_gaussian(mq, sq, mp, sp), 1e-9)
    close(theory.pearson_chi2(p, q, dx), theory.pearson_chi2_gaussian(mp, sp, mq, sq), 1e-8)


@pytest.mark.parametrize("shift", [0.0, 0.7, 3.0])
def test_total_variation_of_shifted_gaussians(shift):
    x, dx = theory.grid(-20, 20, 40001)
    p, q = theory.gaussian(x, 0, 1.5), theory.gaussian(x, shift, 1.5)
    close(theory.total_variation(p, q, dx), theory.total_variation_gaussian(0, shift, 1.5), 1e-6)


def test_chi2_of_a_too_wide_gaussian_is_infinite():
    assert theory.pearson_chi2_gaussian(0, 1.5, 0, 1) == math.inf
    assert torch.isfinite(theory.pearson_chi2_gaussian(0, 1.4, 0, 1))


def test_values_worked_by_hand():
    p, q = torch.tensor([0.5, 0.5]), torch.tensor([0.25, 0.75])
    close(theory.kl(p, q), 0.5 * math.log(2) + 0.5 * math.log(2 / 3))
    close(theory.total_variation(p, q), 0.25)
    close(theory.pearson_chi2(p, q), 0.0625 / 0.25 + 0.0625 / 0.75)
    close(theory.value(p, q, torch.tensor([0.5, 0.5])), -2 * LOG2)
    close(theory.expectation(p, torch.tensor([1.0, 3.0])), 2)


@pytest.mark.parametrize("seed", range(5))
def test_divergences_vanish_only_at_equality_and_keep_their_bounds(seed):
    p, q = random_pair(seed)
    for divergence in (theory.kl, theory.reverse_kl, theory.js, theory.total_variation, theory.pearson_chi2):
        close(divergence(p, p), 0, 1e-15)
        assert divergence(p, q) > 1e-4
    close(theory.js(p, q), theory.js(q, p))
    assert theory.js(p, q) < LOG2
    tv, kl = theory.total_variation(p, q), theory.kl(p, q)
    assert tv <= math.sqrt(kl / 2)  # Pinsker
    assert theory.js(p, q) <= LOG2 * tv  # Lin 1991, theorem 3
    assert kl <= torch.log1p(theory.pearson_chi2(p, q))  # Jensen


def test_zeros_are_treated_as_measure_theory_asks():
    p, q = torch.tensor([0.5, 0.5, 0.0]), torch.tensor([0.0, 0.5, 0.5])
    assert theory.kl(p, q) == math.inf
    assert theory.reverse_kl(p, q) == math.inf
    assert theory.pearson_chi2(p, q) == math.inf
    close(theory.js(p, q), LOG2 / 2)
    narrow = torch.tensor([1.0, 0.0, 0.0])
    close(theory.kl(narrow, p), LOG2)  # 0 log 0 = 0, also where both are zero
    close(theory.pearson_chi2(narrow, p), 1)


def test_disjoint_supports():
    p, q = torch.tensor([[0.5, 0.5, 0.0, 0.0], [0.0, 0.0, 0.1, 0.9]], dtype=torch.float64)
    close(theory.js(p, q), LOG2)
    close(theory.total_variation(p, q), 1)
    close(theory.value_at_optimum(p, q), 0)
    assert theory.optimal_discriminator(p, q).tolist() == [1, 1, 0, 0]
    assert theory.optimal_logit(p, q).tolist() == [math.inf, math.inf, -math.inf, -math.inf]
    assert theory.non_saturating_at_optimum(p, q) == math.inf


def test_a_density_that_underflows_to_zero_reads_as_a_zero():
    x, dx = theory.grid(-25, 25, 8001)
    narrow, wide = theory.gaussian(x, 0, 0.5), theory.gaussian(x, 0, 1.3)  # 25 is 50 standard deviations of the narrow one
    assert theory.kl(wide, narrow, dx) == math.inf
    assert torch.isfinite(theory.kl_gaussian(0, 1.3, 0, 0.5))
    assert torch.isfinite(theory.js(wide, narrow, dx))


def test_underflowing_tails_do_not_turn_js_infinite():
    x, dx = theory.grid(-60, 60, 4001)
    p, q = theory.gaussian(x), theory.gaussian(x, 1)
    assert (p == 0).any() and ((p > 0) & (p < 1e-320)).any()  # the tails pass through the subnormals
    assert 0.05 < theory.js(p, q, dx) < 0.2
    assert torch.isfinite(theory.saturating_at_optimum(p, q, dx))
    spike = torch.zeros_like(p)
    spike[2000] = 1 / dx
    assert theory.js(p, spike, dx) < LOG2


def test_js_is_the_mutual_information_of_label_and_sample():
    p, q = random_pair(3, zeros=True)
    joint = torch.stack([p, q]) / 2
    independent = joint.sum(0, keepdim=True) * joint.sum(1, keepdim=True)
    information = torch.where(joint > 0, joint * (joint / independent).log(), 0.0).nansum()
    close(theory.js(p, q), information)


def test_batches_of_histograms_run_over_the_last_dimension():
    pairs = [random_pair(seed) for seed in range(4)]
    p, q = torch.stack([a for a, _ in pairs]), torch.stack([b for _, b in pairs])
    for f in (theory.kl, theory.js, theory.pearson_chi2, theory.value_at_optimum, theory.non_saturating_at_optimum):
        assert torch.allclose(f(p, q), torch.stack([f(a, b) for a, b in pairs]), rtol=0, atol=1e-14)


# The game


@pytest.mark.parametrize("zeros", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_the_value_at_the_optimum_is_twice_js_less_log_four(seed, zeros):
    p, q = random_pair(seed, zeros=zeros)
    close(theory.value(p, q, theory.optimal_discriminator(p, q)), 2 * theory.js(p, q) - 2 * LOG2)
    close(theory.value_at_optimum(p, q), 2 * theory.js(p, q) - 2 * LOG2)


@pytest.mark.parametrize("seed", range(5))
def test_no_discriminator_beats_the_optimal_one_and_regret_says_by_how_much(seed):
    p, q = random_pair(seed, zeros=True)
    generator = torch.Generator().manual_seed(100 + seed)
    best = theory.value(p, q, theory.optimal_discriminator(p, q))
    for _ in range(20):
        d = torch.rand(p.shape, generator=generator, dtype=torch.float64)
        assert theory.value(p, q, d) < best
        close(theory.regret(p, q, d), best - theory.value(p, q, d))
    close(theory.regret(p, q, theory.optimal_discriminator(p, q)), 0, 1e-15)


def test_the_value_from_logits_is_exact_where_the_sigmoid_rounds():
    p, q = random_pair(1)
    logits = torch.linspace(-10, 10, p.numel(), dtype=torch.float64)
    close(theory.value_from_logits(p, q, logits), theory.value(p, q, torch.sigmoid(logits)))
    close(theory.value_from_logits(p, q, theory.optimal_logit(p, q)), theory.value_at_optimum(p, q))
    sure = torch.tensor([800.0, -800.0], dtype=torch.float64)
    half = torch.tensor([0.5, 0.5], dtype=torch.float64)
    assert theory.value(half, half, torch.sigmoid(sure)) == -math.inf
    close(theory.value_from_logits(half, half, sure), -800)


def test_the_optimum_is_a_stationary_point_of_the_value():
    p, q = random_pair(0)
    d = theory.optimal_discriminator(p, q).requires_grad_()
    (gradient,) = torch.autograd.grad(theory.value(p, q, d), d)
    assert gradient.abs().max() < 1e-14
    close(torch.sigmoid(theory.optimal_logit(p, q)).sub(d).abs().max(), 0, 1e-15)


@pytest.mark.parametrize("seed", range(20))
def test_arjovsky_and_bottous_identity_for_the_non_saturating_loss(seed):
    p, q = random_pair(seed)  # p the data, q the generator
    loss = theory.expectation(q, -theory.optimal_discriminator(p, q).log())
    right = theory.kl(q, p) - 2 * theory.js(p, q) + 2 * LOG2 + theory.expectation(p, theory.optimal_discriminator(p, q).log())
    close(loss, right)
    close(theory.non_saturating_at_optimum(p, q), right)


@pytest.mark.parametrize("seed", range(5))
def test_the_saturating_loss_is_the_value_less_the_data_term(seed):
    p, q = random_pair(seed, zeros=True)
    data_term = theory.expectation(p, theory.optimal_discriminator(p, q).log())
    close(theory.saturating_at_optimum(p, q), theory.value_at_optimum(p, q) - data_term)


def test_envelope_theorem_the_frozen_gradient_is_that_of_js():
    x, dx = theory.grid(-12, 12, 2001)
    p = theory.gaussian(x)
    shift = torch.tensor(1.3, dtype=torch.float64, requires_grad=True)
    q = theory.gaussian(x, shift)
    frozen = theory.optimal_discriminator(p, q, dx).detach()
    (partial,) = torch.autograd.grad(theory.value(p, q, frozen, dx), shift, retain_graph=True)
    (total,) = torch.autograd.grad(theory.value_at_optimum(p, q, dx), shift, retain_graph=True)
    (unfrozen,) = torch.autograd.grad(theory.saturating_at_optimum(p, q, dx), shift)
    close(partial, total, 1e-10)
    assert abs(unfrozen - total) > 0.05


def test_a_sure_and_wrong_discriminator_has_value_minus_infinity():
    p, q = torch.tensor([0.5, 0.5]), torch.tensor([0.5, 0.5])
    assert theory.value(p, q, torch.tensor([0.0, 0.5])) == -math.inf
    assert theory.value(p, q, torch.tensor([1.0, 0.5])) == -math.inf
    assert theory.regret(p, q, torch.tensor([1.0, 0.5])) == math.inf


def test_the_gradient_in_d_is_finite_where_d_is_rightly_certain():
    p, q = random_pair(2, zeros=True)
    d = theory.optimal_discriminator(p, q).requires_grad_()
    (gradient,) = torch.autograd.grad(theory.value(p, q, d), d)
    assert torch.isfinite(gradient).all()
    assert (gradient[:3] < 0).all() and (gradient[-3:] > 0).all()  # at D = 0 and D = 1 it points out of [0, 1]


def test_the_best_discriminator_has_its_exact_value_where_float64_rounds_it_to_one():
    x, dx = theory.grid(-9, 9, 1801)
    p, q = theory.gaussian(x), theory.gaussian(x, 1.5, 0.5)
    best = theory.optimal_discriminator(p, q, dx)
    assert ((best == 1) & (q > 0)).any()
    close(theory.value(p, q, best, dx), theory.value_at_optimum(p, q, dx))
    close(theory.value(q, p, 1 - best, dx), theory.value_at_optimum(p, q, dx))
    close(theory.regret(p, q, best, dx), 0)


def test_points_that_nobody_visits_cost_nothing():
    p, q = torch.tensor([1.0, 0.0]), torch.tensor([1.0, 0.0])
    assert theory.optimal_discriminator(p, q).tolist() == [0.5, 0.5]
    assert theory.optimal_logit(p, q).tolist() == [0, 0]
    for odd in (0.0, 1.0):
        close(theory.value(p, q, torch.tensor([0.5, odd])), -2 * LOG2)


LOSSES = ("kl", "js", "pearson_chi2", "value_at_optimum", "saturating_at_optimum", "non_saturating_at_optimum")


@pytest.mark.parametrize("name", LOSSES)
def test_gradients_match_finite_differences_with_a_zero_in_the_histogram(name):
    p = theory.normalise(torch.tensor([0.2, 0.5, 0.3, 0.0], dtype=torch.float64))
    direction = torch.tensor([0.1, -0.3, 0.2, 0.0], dtype=torch.float64)
    data = theory.normalise(torch.tensor([0.4, 0.3, 0.3, 0.0], dtype=torch.float64))
    f = getattr(theory, name)
    t = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(f(data, p + t * direction), t)
    step = 1e-6
    difference = (f(data, p + step * direction) - f(data, p - step * direction)) / (2 * step)
    close(slope, difference, 1e-8)


# Bad input


def test_messages_name_by_how_much_and_the_cure():
    with pytest.raises(ValueError, match=r"q must sum to 1, not 0\.9: it misses by -0\.1; use theory\.normalise\(q"):
        theory.kl(torch.tensor([0.5, 0.5]), torch.tensor([0.5, 0.4]))
    x, dx = theory.grid(-1, 1, 201)
    with pytest.raises(ValueError, match="p must integrate to 1.*a wider grid"):
        theory.js(theory.gaussian(x), theory.gaussian(x), dx)
    with pytest.raises(ValueError, match=r"p must not be negative; its smallest entry is -0\.5"):
        theory.kl(torch.tensor([1.5, -0.5]), torch.tensor([0.5, 0.5]))
    with pytest.raises(ValueError, match="p holds NaN"):
        theory.kl(torch.tensor([math.nan, 1.0]), torch.tensor([0.5, 0.5]))
    with pytest.raises(TypeError, match="wrap it in torch.tensor"):
        theory.kl([0.5, 0.5], torch.tensor([0.5, 0.5]))
    with pytest.raises(ValueError, match="share one grid: p has 2 points and q has 3"):
        theory.kl(torch.tensor([0.5, 0.5]), torch.tensor([0.5, 0.25, 0.25]))
    with pytest.raises(ValueError, match="pass torch.sigmoid"):
        theory.value(torch.tensor([0.5, 0.5]), torch.tensor([0.5, 0.5]), torch.tensor([-1.0, 3.0]))
    with pytest.raises(ValueError, match="std must be above 0"):
        theory.kl_gaussian(0, 1, 0, -1)
    with pytest.raises(ValueError, match="std must be above 0"):
        theory.gaussian(x, 0, 0)
    with pytest.raises(ValueError, match="nothing to normalise"):
        theory.normalise(torch.zeros(3))
    with pytest.raises(ValueError, match="3 is not below 1"):
        theory.grid(3, 1)
    with pytest.raises(ValueError, match="at least 2 points"):
        theory.grid(0, 1, 1)
    with pytest.raises(TypeError, match="n must be a whole number"):
        theory.grid(0, 1, 2.5)
    with pytest.raises(ValueError, match="dx must be above 0"):
        theory.kl(torch.tensor([0.5, 0.5]), torch.tensor([0.5, 0.5]), dx=0)
    with pytest.raises(ValueError, match="at least one point"):
        theory.kl(torch.tensor([]), torch.tensor([]))


@given(st.integers(0, 10_000), st.integers(1, 12))
def test_onto_simplex_is_the_nearest_distribution(seed, n):
    draw = torch.Generator().manual_seed(seed)
    v = 3 * torch.randn(n, generator=draw, dtype=torch.float64)
    q = theory.onto_simplex(v)
    assert q.min() >= 0 and float(q.sum()) == pytest.approx(1, abs=1e-12)
    others = torch.distributions.Dirichlet(torch.ones(n, dtype=torch.float64)).sample((50,))
    assert ((q - v).norm() <= (others - v).norm(dim=1) + 1e-12).all()
    assert torch.allclose(theory.onto_simplex(q), q, atol=1e-12)


@pytest.mark.parametrize("v", [torch.ones(2, 2), torch.tensor([1, 2]), torch.tensor([]), torch.tensor([float("nan"), 1.0])])
def test_onto_simplex_refuses_what_is_no_row_of_floats(v):
    with pytest.raises(ValueError, match="v "):
        theory.onto_simplex(v)


ON_A_GRID = {
    "expectation": lambda p, q, v: theory.expectation(p, v),
    "value": lambda p, q, v: theory.value(p, q, v.sigmoid()),
    "value_from_logits": theory.value_from_logits,
    "regret": lambda p, q, v: theory.regret(p, q, v.sigmoid()),
    "bound": lambda p, q, v: fdivergence.divergence("kl").bound(p, q, v),
    "bound_of_output": lambda p, q, v: fdivergence.divergence("gan").bound_of_output(p, q, v),
    "least_squares_value": lambda p, q, v: fdivergence.least_squares_value(p, q, v, 0.0),
}


@pytest.mark.parametrize("name", ON_A_GRID)
def test_a_network_s_column_is_no_function_on_the_grid(name):
    p, q = torch.tensor([0.2, 0.5, 0.3]), torch.tensor([0.6, 0.3, 0.1])
    column = torch.tensor([[1.0], [-2.0], [0.5]], dtype=torch.float64)
    for wrong in (column, column[:2, 0], column[:1]):
        with pytest.raises(ValueError, match=r"must have 3 values in its last dimension.*squeeze\(1\)"):
            ON_A_GRID[name](p, q, wrong)
    assert ON_A_GRID[name](p, q, column.squeeze(1)).shape == ()
    constant = ON_A_GRID[name](p, q, torch.tensor(0.5))
    close(constant, ON_A_GRID[name](p, q, torch.full((3,), 0.5)))
    assert ON_A_GRID[name](p, q, torch.stack([column[:, 0], 2 * column[:, 0]])).shape == (2,)  # two functions
