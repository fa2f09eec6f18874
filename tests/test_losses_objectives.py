import math

import pytest
import torch

from gancourse import losses

REAL = torch.tensor([-2.0, 0.5, 3.0], dtype=torch.float64)
FAKE = torch.tensor([1.5, -4.0, 0.25], dtype=torch.float64)


def closed_form(name):
    """Each pair written with probabilities, as the papers print it."""
    p, q = torch.sigmoid(REAL), torch.sigmoid(FAKE)
    relativistic = torch.sigmoid(REAL - FAKE)
    return {
        "saturating": (-p.log().mean() - (1 - q).log().mean(), (1 - q).log().mean()),
        "non_saturating": (-p.log().mean() - (1 - q).log().mean(), -q.log().mean()),
        "least_squares": (((REAL - 1) ** 2).mean() / 2 + (FAKE**2).mean() / 2, ((FAKE - 1) ** 2).mean() / 2),
        "least_squares_pm1": (((REAL - 1) ** 2).mean() / 2 + ((FAKE + 1) ** 2).mean() / 2, (FAKE**2).mean() / 2),
        "wasserstein": (-(REAL.mean() - FAKE.mean()), -FAKE.mean()),
        "hinge": ((1 - REAL).clamp(min=0).mean() + (1 + FAKE).clamp(min=0).mean(), -FAKE.mean()),
        "boundary_seeking": (-p.log().mean() - (1 - q).log().mean(), ((q.log() - (1 - q).log()) ** 2).mean() / 2),
        "relativistic": (-relativistic.log().mean(), -(1 - relativistic).log().mean()),
    }[name]


@pytest.mark.parametrize("name", losses.OBJECTIVES)
def test_equals_the_printed_formula(name):
    objective = losses.objective(name)
    expected_d, expected_g = closed_form(name)
    assert objective.discriminator(REAL, FAKE).item() == pytest.approx(expected_d.item(), rel=1e-12)
    assert objective.generator(FAKE, REAL).item() == pytest.approx(expected_g.item(), rel=1e-12)


@pytest.mark.parametrize("name", losses.OBJECTIVES)
def test_gradients_by_finite_differences(name):
    objective = losses.objective(name)
    real, fake = REAL.clone().requires_grad_(True), FAKE.clone().requires_grad_(True)
    assert torch.autograd.gradcheck(objective.discriminator, (real, fake))
    assert torch.autograd.gradcheck(lambda f: objective.generator(f, REAL), (fake,))


@pytest.mark.parametrize("name", ["saturating", "non_saturating", "least_squares", "hinge", "relativistic", "wasserstein"])
def test_players_pull_the_fake_logit_apart(name):
    """D's loss falls when fakes are judged lower, G's when they are judged higher."""
    objective = losses.objective(name)
    fake = torch.tensor([0.1, 0.4], dtype=torch.float64, requires_grad=True)  # between least squares' codes 0 and 1
    real = torch.tensor([0.3, 0.2], dtype=torch.float64)
    (slope_d,) = torch.autograd.grad(objective.discriminator(real, fake), fake)
    (slope_g,) = torch.autograd.grad(objective.generator(fake, real), fake)
    assert (slope_d > 0).all()
    assert (slope_g < 0).all()


def test_indifferent_discriminator_pays_two_log_two():
    zero = torch.zeros(4)
    assert losses.saturating_d(zero, zero).item() == pytest.approx(2 * math.log(2))
    assert losses.relativistic_d(zero, zero).item() == pytest.approx(math.log(2))


def test_gradient_survives_a_very_confident_discriminator():
    """-log(sigmoid(l) + 1e-8), as public code has it, has no gradient at l = -30; softplus has slope -1."""
    fake = torch.tensor([-30.0], requires_grad=True)
    (slope,) = torch.autograd.grad(losses.non_saturating_g(fake), fake)
    assert slope.item() == pytest.approx(-1.0)
    (saturated,) = torch.autograd.grad(losses.saturating_g(fake), fake)
    assert abs(saturated.item()) < 1e-12
    (lost,) = torch.autograd.grad(-(torch.sigmoid(fake) + 1e-8).log().mean(), fake)
    assert abs(lost.item()) < 1e-4


def test_least_squares_codes_of_pearson():
    objective = losses.least_squares(-1, 1, 0)
    assert objective.generator(torch.zeros(3)).item() == 0
    assert objective.discriminator(torch.ones(3), -torch.ones(3)).item() == 0


def test_boundary_seeking_stops_at_the_boundary():
    """Non-saturating G goes on pulling a fake that D takes for real; boundary-seeking G pulls it back."""
    fake = torch.tensor([-3.0, 0.0, 3.0], requires_grad=True)
    (slope,) = torch.autograd.grad(3 * losses.boundary_seeking_g(fake), fake)
    assert slope.tolist() == [-3.0, 0.0, 3.0]


def test_bad_input_names_the_fix():
    with pytest.raises(ValueError, match="did you mean 'hinge'"):
        losses.objective("hing")
    with pytest.raises(ValueError, match="pass the real logits"):
        losses.relativistic_g(FAKE)
    with pytest.raises(ValueError, match="as many real as fake"):
        losses.relativistic_d(REAL, FAKE[:2])


def test_own_objective_passes_through():
    own = losses.Objective("mine", losses.hinge_d, losses.non_saturating_g)
    assert own.middle == 0
    assert losses.objective(own) is own
