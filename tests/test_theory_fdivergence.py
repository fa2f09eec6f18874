import math

import pytest
import torch

from gancourse import losses, theory
from gancourse.gans.gan import GAN
from gancourse.models import mlp
from gancourse.theory import fdivergence

X, DX = theory.grid(-7, 7, 1401)
P = theory.normalise(theory.gaussian(X, 0.6, 1.0), DX)
Q = theory.normalise(theory.gaussian(X, -0.3, 1.3), DX)
ROWS = list(fdivergence.DIVERGENCES.values())
SMOOTH = [row for row in ROWS if row.name != "total_variation"]
RATIOS = torch.logspace(-1.5, 1.5, 31, dtype=torch.float64)
OUTPUTS = torch.linspace(-4, 4, 33, dtype=torch.float64)


def ids(row):
    return row.name


@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_vanishes_at_equality_and_is_convex(row):
    at_one = row.f(torch.ones(1, dtype=torch.float64)).item()
    assert at_one == pytest.approx(-2 * math.log(2) if row.name == "gan" else 0)
    u = torch.linspace(0.05, 5, 200, dtype=torch.float64)
    assert (row.f(u).diff().diff() >= -1e-12).all()


@pytest.mark.parametrize("row", SMOOTH, ids=ids)
def test_slope_by_autograd(row):
    u = RATIOS.clone().requires_grad_(True)
    (slope,) = torch.autograd.grad(row.f(u).sum(), u)
    assert torch.allclose(slope, row.slope(RATIOS), atol=1e-10)


@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_conjugate_is_the_supremum(row):
    """f*(t) = max_u (u t - f(u)), over a fine grid of ratios."""
    u = torch.logspace(-9, 9, 200_001, dtype=torch.float64)
    for t in row.slope(torch.logspace(-1, 1, 9, dtype=torch.float64)):
        best = (u * t - row.f(u)).max().item()
        assert row.conjugate(t).item() == pytest.approx(best, abs=1e-6)


@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_output_is_increasing_and_stays_in_the_domain(row):
    values = row.output(OUTPUTS)
    assert (values <= row.limit).all()
    assert (values.diff() > 0).all()
    assert torch.allclose(row.conjugate(values), row.conjugate_of_output(OUTPUTS), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("row", SMOOTH, ids=ids)
def test_conjugate_of_output_is_finite_for_large_outputs(row):
    v = torch.tensor([-80.0, 80.0])
    assert torch.isfinite(row.output(v)).all()
    assert torch.isfinite(row.conjugate_of_output(v)).all()


@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_bound_is_attained_at_the_best_and_nowhere_exceeded(row):
    exact = row.exact(P, Q, DX).item()
    best = row.best(P, Q, DX)
    assert row.bound(P, Q, best, DX).item() == pytest.approx(exact, abs=1e-10)
    source = torch.Generator().manual_seed(0)
    for size in (0.01, 0.3, 2.0):
        v = size * torch.randn(len(X), generator=source, dtype=torch.float64)
        assert row.bound_of_output(P, Q, v, DX).item() <= exact + 1e-12


def test_bound_is_minus_infinity_outside_the_domain():
    assert fdivergence.divergence("reverse_kl").bound(P, Q, torch.full_like(X, 0.5), DX).item() == -math.inf


def test_agrees_with_theory():
    exact = {name: row.exact(P, Q, DX).item() for name, row in fdivergence.DIVERGENCES.items()}
    assert exact["kl"] == pytest.approx(theory.kl(P, Q, DX).item(), abs=1e-10)
    assert exact["reverse_kl"] == pytest.approx(theory.reverse_kl(P, Q, DX).item(), abs=1e-10)
    assert exact["pearson"] == pytest.approx(theory.pearson_chi2(P, Q, DX).item(), abs=1e-10)
    assert exact["neyman"] == pytest.approx(theory.pearson_chi2(Q, P, DX).item(), abs=1e-10)
    assert exact["js"] == pytest.approx(2 * theory.js(P, Q, DX).item(), abs=1e-10)
    assert exact["gan"] == pytest.approx(theory.value_at_optimum(P, Q, DX).item(), abs=1e-10)
    assert exact["total_variation"] == pytest.approx(theory.total_variation(P, Q, DX).item(), abs=1e-10)
    affinity = ((P * Q).sqrt().sum() * DX).item()
    assert exact["hellinger"] == pytest.approx(2 - 2 * affinity, abs=1e-10)


def test_gan_row_is_the_first_gan():
    """On outputs read as logits, the game of the row "gan" is the minimax game, term by term."""
    real, fake = torch.randn(2, 9, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    game = fdivergence.divergence("gan").game()
    assert game.discriminator(real, fake).item() == pytest.approx(losses.saturating_d(real, fake).item())
    assert game.generator(fake).item() == pytest.approx(losses.saturating_g(fake).item())
    trick = fdivergence.divergence("gan").game(non_saturating=True)
    assert trick.generator(fake).item() == pytest.approx(losses.non_saturating_g(fake).item())


@pytest.mark.parametrize("row", ROWS, ids=ids)
@pytest.mark.parametrize("non_saturating", [False, True])
def test_game_trains_both_players(row, non_saturating):
    torch.manual_seed(0)
    gan = GAN(mlp.Generator(2, 2, hidden=(8,)), mlp.Discriminator(2, hidden=(8,)), row.game(non_saturating))
    batch = gan.play(torch.randn(6, 2), torch.Generator().manual_seed(0))
    gan.discriminator_loss(batch).backward()
    assert gan.discriminator.layers[0].weight.grad.abs().sum() > 0
    gan.generator_loss(batch).backward()
    assert gan.generator.layers[0].weight.grad.abs().sum() > 0


@pytest.mark.parametrize("a, b, c", [(-1, 1, 0), (0, 2, 1), (-0.5, 1.5, 0.5)])
def test_least_squares_is_half_pearson(a, b, c):
    """Theorem 1 of Mao et al.: with b - c = 1 and b - a = 2, 2 C = chi^2(p + q || 2 q)."""
    best = fdivergence.least_squares_best(P, Q, a, b, DX)
    value = fdivergence.least_squares_value(P, Q, best, c, DX).item()
    assert 2 * value == pytest.approx(2 * theory.pearson_chi2(Q, (P + Q) / 2, DX).item(), abs=1e-10)


def test_least_squares_with_the_usual_codes_is_not():
    best = fdivergence.least_squares_best(P, Q, 0, 1, DX)
    value = fdivergence.least_squares_value(P, Q, best, 1, DX).item()
    assert abs(2 * value - 2 * theory.pearson_chi2(Q, (P + Q) / 2, DX).item()) > 0.1


def test_least_squares_best_minimises_its_loss():
    best = fdivergence.least_squares_best(P, Q, -1, 1, DX).requires_grad_(True)
    loss = theory.expectation(P, (best - 1).square(), DX) + theory.expectation(Q, (best + 1).square(), DX)
    (slope,) = torch.autograd.grad(loss, best)
    assert slope.abs().max().item() < 1e-12


@pytest.mark.parametrize(
    "call",
    [
        lambda p, t: fdivergence.divergence("kl").bound(p, Q, t, DX),
        lambda p, t: fdivergence.divergence("kl").bound_of_output(p, Q, t, DX),
        lambda p, t: fdivergence.least_squares_value(p, Q, t, 1, DX),
    ],
)
def test_a_list_is_no_distribution(call):
    with pytest.raises(TypeError, match="p must be a tensor .* wrap it in torch.tensor"):
        call([0.5, 0.5], torch.zeros_like(Q))


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: fdivergence.divergence("kll"), "did you mean 'kl'"),
        (lambda: fdivergence.divergence("kl").exact(P[:-1], Q, DX), "integrate|share one grid"),
        (lambda: fdivergence.divergence("kl").exact(torch.tensor([1.0, 0.0]), torch.tensor([0.5, 0.5])), "above 0"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
