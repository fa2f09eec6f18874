import pytest
import torch
from torch import nn

from gancourse.gans.gan import GAN
from gancourse.gans.unrolled import UnrolledGAN
from gancourse.losses import penalties
from gancourse.models import mlp
from gancourse.training import fit


class Point(nn.Module):
    """The Dirac generator: z is ignored."""

    latent_dim = 1

    def __init__(self, theta):
        super().__init__()
        self.theta = nn.Parameter(torch.tensor(float(theta)))

    def forward(self, z):
        return self.theta.expand(len(z), 1)


class Line(nn.Module):
    """l(x) = psi x."""

    def __init__(self, psi):
        super().__init__()
        self.psi = nn.Parameter(torch.tensor(float(psi)))

    def forward(self, x):
        return (self.psi * x).squeeze(1)


def players(seed=0):
    torch.manual_seed(seed)
    return mlp.Generator(2, 2, hidden=(8,), activation="tanh"), mlp.Discriminator(2, hidden=(8,), activation="tanh")


def round_of(gan, seed=0):
    return gan.play(torch.randn(6, 2, generator=torch.Generator().manual_seed(9)), torch.Generator().manual_seed(seed))


def test_no_steps_is_the_plain_game():
    g, d = players()
    plain, unrolled = GAN(g, d, "saturating"), UnrolledGAN(g, d, "saturating", steps=0)
    assert plain.generator_loss(round_of(plain)).item() == unrolled.generator_loss(round_of(unrolled)).item()


def test_one_step_on_the_smallest_gan_by_hand():
    """Wasserstein's losses, l(x) = psi x: D steps to psi - eta theta, so L_G = -(psi - eta theta) theta."""
    theta, psi, eta = 0.7, 0.4, 0.3
    for through, slope in ((True, 2 * eta * theta - psi), (False, eta * theta - psi)):
        gan = UnrolledGAN(Point(theta), Line(psi), "wasserstein", steps=1, step_size=eta, through=through)
        loss = gan.generator_loss(gan.play(torch.zeros(4, 1), torch.Generator().manual_seed(0)))
        loss.backward()
        assert loss.item() == pytest.approx(-(psi - eta * theta) * theta)
        assert gan.generator.theta.grad.item() == pytest.approx(slope)


def test_gradient_by_finite_differences():
    g, d = (network.double() for network in players())
    gan = UnrolledGAN(g, d, "saturating", steps=3, step_size=0.5)
    z = torch.randn(6, 2, dtype=torch.float64)
    real = torch.randn(6, 2, dtype=torch.float64)
    gan.judge_with = lambda phi, x: torch.func.functional_call(d, phi, (x,))

    def loss():
        fake = g(z)
        return gan.objective.generator(gan.judge_with(gan.unroll(real, fake), fake))

    weight = g.layers[0].weight
    (slope,) = torch.autograd.grad(loss(), weight)
    values = []
    for shift in (1e-5, -2e-5):
        with torch.no_grad():
            weight[2, 1] += shift
        values.append(loss().item())
    assert slope[2, 1].item() == pytest.approx((values[0] - values[1]) / 2e-5, rel=1e-5)


def test_thinking_ahead_moves_nobody():
    """The unrolled steps leave D's weights and gradients alone; G's step reaches G."""
    gan = UnrolledGAN(*players(), "saturating", steps=3)
    before = [p.clone() for p in gan.discriminator.parameters()]
    gan.generator_loss(round_of(gan)).backward()
    assert all(torch.equal(a, b) for a, b in zip(before, gan.discriminator.parameters(), strict=True))
    assert all(p.grad is None for p in gan.discriminator.parameters())
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in gan.generator.parameters())


def test_it_trains_in_fit():
    """On the smallest Wasserstein GAN plain steps circle for ever and one step of foresight damps them (eta 0.5)."""
    ends = {}
    for steps in (0, 1):
        gan = UnrolledGAN(Point(1.0), Line(1.0), "wasserstein", steps=steps, step_size=0.5)
        run = fit(gan, iter(lambda: torch.zeros(2, 1), None), 300, optimizer=torch.optim.SGD, lr=0.1, progress=False)
        ends[steps] = abs(run.gan.generator.theta.item()) + abs(run.gan.discriminator.psi.item())
    assert ends[0] > 0.5
    assert ends[1] < 0.01


def test_bad_input_names_the_fix():
    g, d = players()
    with pytest.raises(ValueError, match="0 or more"):
        UnrolledGAN(g, d, steps=-1)
    with pytest.raises(ValueError, match="batch normalisation out"):
        UnrolledGAN(g, nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)))


def test_a_penalty_that_the_steps_in_thought_would_lack_is_refused():
    with pytest.raises(ValueError, match="without a penalty"):
        UnrolledGAN(mlp.Generator(2, 2), mlp.Discriminator(2), penalty=penalties.r1(1.0))
