import pytest
import torch

from gancourse import penalties
from gancourse.models import mlp


def linear(w):
    return lambda x: x.flatten(1) @ w


def test_linear_critic_has_the_norm_of_its_weights():
    w = torch.randn(12, dtype=torch.float64)
    x = torch.randn(5, 3, 2, 2, dtype=torch.float64)
    norms = penalties.squared_gradient_norm(linear(w), x)
    assert norms.shape == (5,)
    assert torch.allclose(norms, w.square().sum().expand(5))


def test_quadratic_critic_by_hand():
    """D(x) = ||x||^2 / 2 has gradient x: R1 = gamma / 2 * E||x||^2."""
    x = torch.randn(6, 4, dtype=torch.float64)
    fake = torch.randn(6, 4, dtype=torch.float64)

    def critic(x):
        return x.square().sum(1) / 2

    assert penalties.r1(3.0)(critic, x, fake).item() == pytest.approx(1.5 * x.square().sum(1).mean().item())
    both = 1.5 * (x.square().sum(1).mean() + fake.square().sum(1).mean()).item()
    assert penalties.r1_r2(3.0)(critic, x, fake).item() == pytest.approx(both)


def test_differentiable_in_the_weights():
    torch.manual_seed(0)
    critic = mlp.Discriminator(3, hidden=(8,), activation="tanh").double()
    x = torch.randn(4, 3, dtype=torch.float64)

    def penalty_at(shift):
        weight = critic.layers[0].weight
        with torch.no_grad():
            weight[0, 0] += shift
        value = penalties.r1(1.0)(critic, x, x)
        with torch.no_grad():
            weight[0, 0] -= shift
        return value

    penalties.r1(1.0)(critic, x, x).backward()
    slope = (penalty_at(1e-5) - penalty_at(-1e-5)).item() / 2e-5
    assert critic.layers[0].weight.grad[0, 0].item() == pytest.approx(slope, rel=1e-6)


def test_leaves_no_gradient_on_its_input():
    x = torch.randn(2, 3)
    penalties.squared_gradient_norm(linear(torch.ones(3)), x)
    assert not x.requires_grad


def test_bad_input_names_the_fix():
    with pytest.raises(ValueError, match="gamma must be 0 or more"):
        penalties.r1(-1)
    with pytest.raises(TypeError, match="to_float"):
        penalties.squared_gradient_norm(linear(torch.ones(3)), torch.zeros(2, 3, dtype=torch.uint8))
