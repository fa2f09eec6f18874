import math

import pytest
import torch

from gancourse.theory.dirac import METHODS, DiracGAN, r1_eigenvalues, radius, spiral_radius


def end(method, alternating=False, **options):
    return radius(DiracGAN(method, **options).play(500, 0.2, alternating=alternating))[-1].item()


def test_velocity_is_the_closed_form():
    theta, psi = torch.tensor(0.7, dtype=torch.float64), torch.tensor(-1.3, dtype=torch.float64)
    s = torch.sigmoid(psi * theta)
    expected = {
        "minimax": (s * psi, -s * theta),
        "non_saturating": ((1 - s) * psi, -s * theta),
        "wasserstein": (psi, -theta),
        "wasserstein_gp": (psi, -theta + 2 * (psi.abs() - 1)),  # psi < 0: minus lambda sign(psi) (|psi| - 1)
        "r1": (s * psi, -s * theta - 2 * psi),
    }
    for method, (a, b) in expected.items():
        v = DiracGAN(method, strength=2.0).velocity(theta, psi)
        assert v[0].item() == pytest.approx(a.item())
        assert v[1].item() == pytest.approx(b.item())


@pytest.mark.parametrize("gamma", [0.1, 0.3, 1.0, 3.0])
def test_eigenvalues_are_those_of_the_theory(gamma):
    got, theory = DiracGAN("r1", gamma).eigenvalues(), r1_eigenvalues(gamma)
    assert torch.allclose(got, theory, atol=1e-12)
    assert bool((got.real < 0).all())


@pytest.mark.parametrize(("method", "slope"), [("minimax", 0.5), ("non_saturating", 0.5), ("wasserstein", 1.0)])
def test_without_a_penalty_nothing_pulls(method, slope):
    got = DiracGAN(method).eigenvalues()
    assert torch.allclose(got, r1_eigenvalues(0, slope), atol=1e-12)
    assert got.real.abs().max() < 1e-12


@pytest.mark.parametrize("method", ["minimax", "non_saturating", "wasserstein"])
def test_multipliers_of_one_update(method):
    dirac, slope = DiracGAN(method), 1.0 if method == "wasserstein" else 0.5
    assert torch.allclose(dirac.multipliers(0.2).abs(), torch.full((2,), math.sqrt(1 + (0.2 * slope) ** 2)).double())
    assert torch.allclose(dirac.multipliers(0.2, alternating=True).abs(), torch.ones(2).double())


def test_the_linear_game_does_what_its_multipliers_say():
    """Wasserstein's field is linear everywhere."""
    path = DiracGAN("wasserstein").play(50, 0.2)
    assert radius(path)[-1].item() == pytest.approx(math.sqrt(2) * spiral_radius(0.2, 50, slope=1.0))


def test_who_arrives_and_who_circles():
    """Mescheder et al.'s settings: h = 0.2, 500 steps from radius sqrt(2)."""
    start = math.sqrt(2)
    assert end("minimax") > 2 * start
    assert end("minimax", alternating=True) == pytest.approx(start, rel=0.02)
    assert 0.1 < end("non_saturating", alternating=True) < start
    assert end("wasserstein_gp", strength=1.0) > 0.5
    assert 0.5 < end("wasserstein_clip") < 2
    for gamma in (0.3, 1.0):
        for alternating in (False, True):
            assert end("r1", alternating, strength=gamma) < 1e-4


def test_clipping_holds_the_discriminator():
    path = DiracGAN("wasserstein_clip", 0.5).play(300, 0.2)
    assert path[1:, 1].abs().max() <= 0.5


def test_bad_input_names_the_fix():
    with pytest.raises(ValueError, match="did you mean 'minimax'"):
        DiracGAN("minmax")
    with pytest.raises(ValueError, match="no derivative"):
        DiracGAN("wasserstein_gp").eigenvalues()
    with pytest.raises(TypeError, match="steps must be a whole number"):
        DiracGAN().play(2.5)
    with pytest.raises(ValueError, match="steps must be above 0"):
        DiracGAN().play(0)
    assert all(DiracGAN(method).play(2).shape == (3, 2) for method in METHODS)


@pytest.mark.parametrize("rule", ["extragradient", "optimism"])
@pytest.mark.parametrize("method", ["minimax", "wasserstein"])
def test_looking_ahead_arrives_at_the_rate_of_its_multipliers(method, rule):
    game, steps = DiracGAN(method), 400
    small = game.play(steps, 0.2, start=(-1e-3, 1e-3), rule=rule)
    rate = game.multipliers(0.2, rule=rule).abs().max().item()
    assert rate < 1 < game.multipliers(0.2).abs().max().item()
    assert (radius(small)[-1] / radius(small)[steps // 2]).item() == pytest.approx(rate ** (steps // 2), rel=1e-3)


@pytest.mark.parametrize("h", [0.1, 0.5, 0.9])
def test_multipliers_of_looking_ahead_are_those_of_the_formulas(h):
    turn = torch.tensor(1j * h, dtype=torch.complex128)  # Wasserstein's game turns by i
    ahead = DiracGAN("wasserstein").multipliers(h, rule="extragradient")
    assert (ahead - (1 + turn + turn**2)).abs().min().item() == pytest.approx(0, abs=1e-12)
    for mu in DiracGAN("wasserstein").multipliers(h, rule="optimism"):
        roots = [(mu**2 - (1 + 2 * t) * mu + t).abs().item() for t in (turn, -turn)]
        assert min(roots) == pytest.approx(0, abs=1e-12)


def test_optimism_runs_away_beyond_a_step_of_one_over_the_root_of_three():
    sizes = [DiracGAN("wasserstein").multipliers(h, rule="optimism").abs().max().item() for h in (0.99 / 3**0.5, 1.01 / 3**0.5)]
    assert sizes[0] < 1 < sizes[1]


def test_a_step_ahead_by_hand():
    path = DiracGAN("wasserstein").play(2, 0.1, start=(1.0, 0.0), rule="optimism")
    torch.testing.assert_close(path[1], torch.tensor([1.0, -0.1], dtype=torch.float64))  # plain: nothing lies before it
    torch.testing.assert_close(path[2], torch.tensor([1.0 - 0.02, -0.1 - 0.1], dtype=torch.float64))
    ahead = DiracGAN("wasserstein").play(1, 0.1, start=(1.0, 0.0), rule="extragradient")
    torch.testing.assert_close(ahead[1], torch.tensor([1.0 - 0.01, -0.1], dtype=torch.float64))


def test_rules_that_do_not_go_together_are_named():
    for run in (DiracGAN().play, lambda **options: DiracGAN().multipliers(0.2, **options)):
        with pytest.raises(ValueError, match="both players at once"):
            run(alternating=True, rule="optimism")
        with pytest.raises(ValueError, match="rule"):
            run(rule="adam")
    with pytest.raises(ValueError, match="clipping"):
        DiracGAN("wasserstein_clip").play(3, rule="extragradient")
