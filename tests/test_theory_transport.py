import math

import pytest
import torch
from scipy.stats import wasserstein_distance
from torch import nn

from gancourse import theory
from gancourse.data import toys
from gancourse.losses import penalties
from gancourse.models import mlp
from gancourse.models.layers import spectral
from gancourse.theory import transport


def histograms(seed, n, m):
    draw = torch.Generator().manual_seed(seed)
    return (theory.normalise(torch.rand(k, generator=draw, dtype=torch.float64)) for k in (n, m))


def clouds(seed, n, m, d=2):
    draw = torch.Generator().manual_seed(seed)
    return (torch.randn(k, d, generator=draw, dtype=torch.float64) for k in (n, m))


def test_plan_by_hand():
    """Half the mass of 0 has to go to 2, whatever the solver; the rest stays."""
    p, q = torch.tensor([0.75, 0.25]), torch.tensor([0.25, 0.75])
    cost = transport.distances(torch.tensor([0.0, 2.0]), torch.tensor([0.0, 2.0]))
    answer = transport.earth_mover(p, q, cost)
    assert answer.value == pytest.approx(1.0)
    assert torch.allclose(answer.plan, torch.tensor([[0.25, 0.5], [0.0, 0.25]], dtype=torch.float64), atol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_a_plan_has_its_margins_and_meets_its_dual(seed):
    p, q = histograms(seed, 9, 14)
    x, y = clouds(seed, 9, 14)
    cost = transport.distances(x, y)
    answer = transport.earth_mover(p, q, cost)
    assert (answer.plan >= -1e-12).all()
    assert torch.allclose(answer.plan.sum(1), p, atol=1e-9)
    assert torch.allclose(answer.plan.sum(0), q, atol=1e-9)
    assert answer.value == pytest.approx(answer.dual_value, abs=1e-9)
    slack = cost - answer.f[:, None] - answer.g[None, :]
    assert slack.min() > -1e-9  # feasible prices
    assert slack[answer.plan > 1e-9].abs().max() < 1e-9  # complementary slackness


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_peaked_histograms_have_a_plan(dtype):
    """Their totals differ in the last digit, which one equation too many would take for a contradiction."""
    places = torch.arange(20.0)
    cost = transport.distances(places, places)
    for seed in range(60):
        p, q = torch.randn(2, 20, generator=torch.Generator().manual_seed(seed), dtype=dtype).mul(6).softmax(1)
        answer = transport.earth_mover(p, q, cost)
        assert answer.value == pytest.approx(float(transport.wasserstein_grid(p, q)), rel=1e-5)
        assert answer.dual_value == pytest.approx(answer.value, abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_the_best_critic_is_lipschitz_and_shows_the_distance(seed):
    (x,) = list(clouds(seed, 12, 1))[:1]
    p, q = histograms(seed, 12, 12)
    d = transport.distances(x, x)
    value, f = transport.best_critic(p, q, d)
    assert value == pytest.approx(transport.earth_mover(p, q, d).value, abs=1e-9)
    assert value == pytest.approx(float((p - q) @ f), abs=1e-9)
    assert ((f[:, None] - f[None, :]).abs() <= d + 1e-9).all()
    assert f[0] == 0


@pytest.mark.parametrize("seed", range(3))
def test_the_critic_of_samples_is_lipschitz_shows_the_distance_and_is_that_of_the_program(seed):
    x, y = clouds(seed, 15, 15)
    points, f = transport.critic_of_samples(x, y)
    assert torch.equal(points[:15], x) and torch.equal(points[15:].sort(0).values, y.sort(0).values)
    shown = float(f[:15].mean() - f[15:].mean())
    assert shown == pytest.approx(transport.wasserstein_samples(x, y), abs=1e-9)
    even = torch.full((15,), 1 / 15, dtype=torch.float64)
    program = transport.earth_mover(even, even, transport.distances(x, points[15:]))
    assert shown == pytest.approx(program.dual_value, abs=1e-9)
    assert ((f[:, None] - f[None, :]).abs() <= transport.distances(points, points) + 1e-9).all()
    assert torch.allclose(transport.extend(points, f, points), f, atol=1e-9)
    with pytest.raises(ValueError, match="equally many"):
        transport.critic_of_samples(x, y[:14])


def test_the_critic_of_samples_by_hand():
    """Each of two points has one to the right of it, 1 and 3 away, on a line: the critic falls by 1 for each unit."""
    points, f = transport.critic_of_samples(torch.tensor([0.0, 10.0]), torch.tensor([13.0, 1.0]))
    assert points.flatten().tolist() == [0, 10, 1, 13]
    assert (f[:2] - f[2:]).tolist() == [1, 3] and (f[0] - f[1]).abs() <= 10


def test_extension_keeps_values_and_constant():
    x, y = clouds(0, 12, 200)
    p, q = histograms(0, 12, 12)
    f = transport.best_critic(p, q, transport.distances(x, x))[1]
    assert torch.allclose(transport.extend(x, f, x), f, atol=1e-9)
    g = transport.extend(x, f, y)
    slopes = (g[:, None] - g[None, :]).abs() / transport.distances(y, y).clamp(min=1e-12)
    assert slopes.max() <= 1 + 1e-9


@pytest.mark.parametrize(("n", "m"), [(50, 50), (30, 47)])
def test_on_a_line_it_is_scipys_distance(n, m):
    x, y = clouds(1, n, m, d=1)
    x, y = x[:, 0], 2 * y[:, 0] + 1
    expected = wasserstein_distance(x.numpy(), y.numpy())
    assert transport.wasserstein_1d(x, y) == pytest.approx(expected, rel=1e-12)
    even = [torch.full((k,), 1 / k, dtype=torch.float64) for k in (n, m)]
    assert transport.earth_mover(*even, transport.distances(x, y)).value == pytest.approx(expected, rel=1e-8)


def test_clouds_are_paired_as_the_program_pairs_them():
    x, y = clouds(2, 20, 20)
    even = torch.full((20,), 1 / 20, dtype=torch.float64)
    planned = transport.earth_mover(even, even, transport.distances(x, y)).value
    assert transport.wasserstein_samples(x, y) == pytest.approx(planned)
    assert transport.wasserstein_samples(x, x + torch.tensor([3.0, 4.0])) == pytest.approx(5.0)


def test_on_a_grid_a_shift_is_its_length():
    x, dx = theory.grid(-10, 14, 2401)
    w = transport.wasserstein_grid(theory.gaussian(x), theory.gaussian(x, torch.tensor([[0.0], [1.5], [4.0]])), dx)
    assert torch.allclose(w, torch.tensor([0.0, 1.5, 4.0], dtype=torch.float64), atol=1e-9)
    assert transport.wasserstein_grid(torch.tensor([1.0, 0, 0]), torch.tensor([0, 0, 1.0])) == 2


def test_parallel_lines_closed_forms():
    """W = |theta| on samples too; JS = log 2 on the histograms of two segments that do not meet."""
    x = toys.parallel_lines(0).sample(60, seed=0)
    for theta in (-0.5, 0.3):
        y = toys.parallel_lines(theta).sample(60, seed=0)
        assert transport.wasserstein_samples(x, y) == pytest.approx(transport.parallel_lines(theta).wasserstein, rel=1e-6)
    assert transport.parallel_lines(0.3)[1:] == (math.log(2), math.inf, math.inf, 1.0)
    assert transport.parallel_lines(0) == (0, 0, 0, 0, 0)


def test_lipschitz_bound_is_exact_for_a_linear_map_and_above_samples_for_a_network():
    rotation = torch.linalg.qr(torch.randn(4, 4, generator=torch.Generator().manual_seed(0)))[0]
    assert transport.lipschitz_linear(3 * rotation) == pytest.approx(3, rel=1e-6)
    torch.manual_seed(0)
    network = mlp.Discriminator(2, hidden=(16, 16))
    x = torch.randn(500, 2, generator=torch.Generator().manual_seed(1))
    sampled = transport.lipschitz_sampled(network, x)
    assert 0 < sampled <= transport.lipschitz_bound(network)
    single = nn.Sequential(nn.Linear(2, 1), nn.Flatten(0))
    assert transport.lipschitz_sampled(single, x) == pytest.approx(transport.lipschitz_bound(single), rel=1e-6)


def stretching(factor):
    layer = nn.Linear(2, 2)
    with torch.no_grad():
        layer.weight.copy_(factor * torch.eye(2))
    return layer


@pytest.mark.parametrize(
    ("network", "constant"),
    [
        (nn.Sequential(*[stretching(3)] * 2), 9),  # one layer at two places counts twice
        (nn.Sequential(nn.Sequential(stretching(3)), nn.Flatten(), stretching(2)), 6),
        (nn.ELU(alpha=5), 5),
        (nn.ELU(alpha=0.5), 1),
        (nn.LeakyReLU(3.0), 3),
        (nn.LeakyReLU(-3.0), 3),
        (nn.LeakyReLU(0.2), 1),
        (nn.Sigmoid(), 0.25),
        (nn.Softplus(beta=10), 1),
        (nn.Sequential(stretching(3), nn.Dropout(0.5), stretching(2)).eval(), 6),
    ],
)
def test_a_lipschitz_bound_knows_every_layer_at_its_place_and_every_slope(network, constant):
    assert transport.lipschitz_bound(network) == pytest.approx(constant)
    x = 0.02 * torch.randn(400, 2, dtype=torch.float32, generator=torch.Generator().manual_seed(0))
    steepest = max(transport.lipschitz_sampled(lambda x, i=i: network(x)[:, i], x) for i in range(2))
    assert steepest <= constant + 1e-5


def test_the_steepest_slope_of_silu():
    x = torch.linspace(-10, 10, 2_000_001, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(nn.functional.silu(x).sum(), x)
    assert 0 <= transport.lipschitz_bound(nn.SiLU()) - slope.abs().max() < 1e-5


def test_a_lipschitz_bound_reads_spectrally_normalised_layers_and_leaves_them_as_they_are():
    torch.manual_seed(0)
    network = spectral.normalise(mlp.Discriminator(2, hidden=(8,)))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    bound = transport.lipschitz_bound(network)
    weights = [layer.weight for layer in network.eval().layers if isinstance(layer, nn.Linear)]
    assert bound == pytest.approx(math.prod(transport.lipschitz_linear(weight) for weight in weights))
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_networks_of_pictures_and_with_tiny_weights_have_a_bound_too():
    torch.manual_seed(0)
    network = mlp.Discriminator((1, 3, 4), hidden=(8, 8, 8)).double()
    penalties.clip_weights(network, 1e-4)
    weights = [layer.weight for layer in network.layers if isinstance(layer, nn.Linear)]
    assert transport.lipschitz_bound(network) == pytest.approx(math.prod(map(transport.lipschitz_linear, weights)))
    with pytest.raises(TypeError, match="not Scaled"):
        scaled = Scaled()
        penalties.clip_weights(scaled, 1e-12)
        transport.lipschitz_bound(scaled)


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(stretching(3))

    def forward(self, x):
        return x + self.layers(x)


class Scaled(Residual):
    def forward(self, x):
        return 10 * self.layers(x)


class Branched(Residual):
    def __init__(self):
        super().__init__()
        self.other = stretching(1)

    def forward(self, x):
        return self.layers(x) + self.other(x)


class Doubling(nn.Linear):
    def forward(self, x):
        return 2 * super().forward(x)


@pytest.mark.parametrize("network", [Residual(), Scaled(), Branched(), Doubling(2, 2), nn.Sequential(Residual())])
def test_what_a_forward_pass_adds_to_its_layers_has_no_bound_in_silence(network):
    with pytest.raises(TypeError, match=r"nn\.Sequential.*not (Residual|Scaled|Branched|Doubling)"):
        transport.lipschitz_bound(network)


def test_gradient_norms_take_all_axes_but_the_batchs():
    x = torch.randn(5, 3, 4, 4, dtype=torch.float64)
    w = torch.randn(48, dtype=torch.float64)
    assert torch.allclose(transport.gradient_norms(lambda x: x.flatten(1) @ w, x), w.norm().expand(5))
    assert torch.allclose(transport.gradient_norms(lambda x: x.square().sum((1, 2, 3)) / 2, x), x.flatten(1).norm(dim=1))


def test_bad_input_names_the_fix():
    even = torch.full((3,), 1 / 3)
    with pytest.raises(ValueError, match=r"cost must be \[3, 3\]"):
        transport.earth_mover(even, even, torch.zeros(3, 2))
    with pytest.raises(ValueError, match="normalise"):
        transport.earth_mover(torch.ones(3), even, torch.zeros(3, 3))
    with pytest.raises(ValueError, match="wasserstein_samples"):
        transport.earth_mover(torch.full((600,), 1 / 600), torch.full((600,), 1 / 600), torch.zeros(600, 600))
    with pytest.raises(ValueError, match="earth_mover"):
        transport.best_critic(even, torch.full((2,), 0.5), torch.zeros(3, 3))
    with pytest.raises(ValueError, match="equally many"):
        transport.wasserstein_samples(torch.zeros(3, 2), torch.zeros(4, 2))
    with pytest.raises(ValueError, match="one dimension"):
        transport.distances(torch.zeros(3, 2), torch.zeros(4, 3))
    with pytest.raises(ValueError, match="flatten images"):
        transport.distances(torch.zeros(3, 1, 2, 2), torch.zeros(3, 4))
    with pytest.raises(ValueError, match="NaN"):
        transport.wasserstein_1d(torch.tensor([0.0, math.nan]), torch.zeros(2))
    with pytest.raises(TypeError, match="BatchNorm1d"):
        transport.lipschitz_bound(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)))
    with pytest.raises(ValueError, match="one number for each sample"):
        transport.gradient_norms(lambda x: x, torch.zeros(3, 2))


def test_histograms_with_a_gradient_are_transported_and_the_potentials_are_the_slopes():
    p, q = (x.requires_grad_() for x in histograms(3, 4, 4))
    places = torch.arange(4.0)
    cost = transport.distances(places, places)
    answer, (value, critic) = transport.earth_mover(p, q, cost), transport.best_critic(p, q, cost)
    assert answer.value == pytest.approx(value) and not answer.plan.requires_grad and not critic.requires_grad
    (slope,) = torch.autograd.grad(transport.wasserstein_grid(p, q), p)
    torch.testing.assert_close(slope.diff(), critic.diff(), atol=1e-9, rtol=0)
