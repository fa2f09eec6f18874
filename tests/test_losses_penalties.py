import pytest
import torch

from gancourse.losses import penalties
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


# Gradient penalty between pairs -------------------------------------------------------------------------------------------


def pairs(n=8, shape=(3, 4, 4), seed=0):
    draw = torch.Generator().manual_seed(seed)
    real, fake = torch.randn(2, n, *shape, generator=draw, dtype=torch.float64)
    return real, fake, torch.rand(n, generator=draw, dtype=torch.float64)


def test_a_constant_critic_is_punished_by_the_squared_target_and_can_still_learn():
    real, fake, epsilon = pairs()
    weight = torch.zeros(48, dtype=torch.float64, requires_grad=True)
    penalty = penalties.gradient_penalty(lambda x: x.flatten(1) @ weight, real, fake, epsilon)
    assert penalty.item() == 1.0
    penalty.backward()
    assert torch.isfinite(weight.grad).all()  # a square root written out gives NaN here
    assert penalties.gradient_penalty(lambda x: 0 * x.flatten(1).sum(1), real, fake, epsilon, target=0.5).item() == 0.25


def test_a_linear_critic_of_unit_norm_is_free():
    """A norm over one axis only (a published bug) sees parts of the gradient and finds fault."""
    real, fake, epsilon = pairs()
    w = torch.randn(48, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    for length, expected in [(1.0, 0.0), (3.0, 4.0), (0.5, 0.25)]:
        critic = linear(length * w / w.norm())
        assert penalties.gradient_penalty(critic, real, fake, epsilon).item() == pytest.approx(expected, abs=1e-12)
    assert penalties.gradient_penalty(linear(0.5 * w / w.norm()), real, fake, epsilon, one_sided=True).item() == 0
    assert penalties.gradient_penalty(linear(3 * w / w.norm()), real, fake, epsilon, one_sided=True).item() == pytest.approx(4)


def test_the_points_lie_on_the_lines():
    """f(x) = ||x||^2 / 2 has gradient x, so the penalty tells where it was taken: real, fake, or at epsilon between."""
    real, fake, epsilon = pairs(shape=(2,))

    def critic(x):
        return x.square().sum(1) / 2

    place = epsilon[:, None] * real + (1 - epsilon[:, None]) * fake
    for e, x in [(epsilon, place), (torch.ones(8), real), (torch.zeros(8), fake)]:
        expected = (x.norm(dim=1) - 1).square().mean().item()
        assert penalties.gradient_penalty(critic, real, fake, e).item() == pytest.approx(expected)


def test_one_epsilon_for_all_pixels_of_a_pair():
    """With real = 1 and fake = 0 every pixel of x_hat is its pair's epsilon; drawn per pixel (a published bug) it is not."""
    epsilon = torch.rand(5, generator=torch.Generator().manual_seed(0))
    x = penalties.between(torch.ones(5, 3, 4, 4), torch.zeros(5, 3, 4, 4), epsilon)
    assert torch.equal(x, epsilon[:, None, None, None].expand(5, 3, 4, 4))


def test_the_penalty_is_differentiable_in_the_weights_and_silent_on_its_inputs():
    torch.manual_seed(0)
    critic = mlp.Discriminator(3, hidden=(8,), activation="tanh").double()
    real, fake, epsilon = pairs(shape=(3,))
    fake.requires_grad_(True)
    penalties.gradient_penalty(critic, real, fake, epsilon).backward()
    weight, slope = critic.layers[0].weight, []
    for shift in (1e-5, -1e-5):
        with torch.no_grad():
            weight[0, 0] += shift
        slope.append(penalties.gradient_penalty(critic, real, fake, epsilon).item())
        with torch.no_grad():
            weight[0, 0] -= shift
    assert weight.grad[0, 0].item() == pytest.approx((slope[0] - slope[1]) / 2e-5, rel=1e-6)
    assert fake.grad is None  # the generator learns nothing from the penalty


def test_clipping_reaches_every_parameter():
    torch.manual_seed(0)
    critic = mlp.Discriminator(2, hidden=(8,))
    before = [p.clone() for p in critic.parameters()]
    assert penalties.clip_weights(critic, 0.1) is critic
    for old, new in zip(before, critic.parameters(), strict=True):
        assert torch.equal(new, old.clamp(-0.1, 0.1))
    assert any(not torch.equal(old, new) for old, new in zip(before, critic.parameters(), strict=True))


def test_bad_pairs_name_the_fix():
    with pytest.raises(ValueError, match="one shape"):
        penalties.gradient_penalty(linear(torch.ones(2)), torch.zeros(4, 2), torch.zeros(3, 2), torch.zeros(4))
    with pytest.raises(ValueError, match=r"one number for each pair, \[4\]"):
        penalties.gradient_penalty(linear(torch.ones(2)), torch.zeros(4, 2), torch.zeros(4, 2), torch.zeros(4, 2))
    with pytest.raises(TypeError, match="to_float"):
        images = torch.zeros(2, 3, dtype=torch.uint8)
        penalties.gradient_penalty(linear(torch.ones(3)), images, images, torch.zeros(2))
    with pytest.raises(ValueError, match="c must be above 0"):
        penalties.clip_weights(torch.nn.Linear(2, 2), 0)


def test_a_sample_with_several_logits_counts_with_their_mean():
    """A patch discriminator's loss is a mean over patches; the penalty on their sum would be as many times squared too large."""
    x = torch.randn(4, 3, 6, 6)
    conv = torch.nn.Conv2d(3, 1, 3)
    of_mean = penalties.squared_gradient_norm(lambda x: conv(x).mean((1, 2, 3)), x)
    assert torch.allclose(penalties.squared_gradient_norm(conv, x), of_mean)
    assert torch.equal(penalties.squared_gradient_norm(lambda x: conv(x).mean((1, 2, 3))[:, None], x), of_mean)


def test_a_penalty_at_nothing_is_refused():
    with pytest.raises(ValueError, match="at neither real nor fake samples is none"):
        penalties.ZeroCentred(1.0, real=False, fake=False)
