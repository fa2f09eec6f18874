import copy
import math

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations

from gancourse.gans.gan import GAN
from gancourse.models import convnet, mlp, patchgan
from gancourse.models.layers import spectral
from gancourse.models.reference import spectral as reference
from gancourse.training import fit

LAYERS = {
    "linear": lambda: nn.Linear(7, 5),
    "conv": lambda: nn.Conv2d(3, 6, 3),
    "transposed": lambda: nn.ConvTranspose2d(4, 6, 3),
    "embedding": lambda: nn.Embedding(9, 4),
}


def layer(kind, seed=0):
    torch.manual_seed(seed)
    return LAYERS[kind]()


def true_norm(weight, dim=0):
    """By a singular value decomposition of the matrix with the outputs as rows."""
    return torch.linalg.svdvals(weight.detach().transpose(0, dim).flatten(1))[0].item()


def is_transposed(kind):
    return int(kind == "transposed")


@pytest.mark.parametrize("kind", LAYERS)
def test_norm_is_one_after_many_iterations(kind):
    normalised = spectral.spectral_norm(layer(kind), iterations=300)
    assert true_norm(normalised.weight, is_transposed(kind)) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("kind", LAYERS)
def test_largest_singular_value_is_that_of_the_matrix_of_outputs(kind):
    weight, dim = layer(kind).weight, is_transposed(kind)
    assert spectral.largest_singular_value(weight, dim).item() == pytest.approx(true_norm(weight, dim), rel=1e-6)


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("iterations", [1, 3])
def test_follows_torch_pass_by_pass(kind, iterations):
    """Same u and v at the start, then the same weights after every pass, in training and in evaluation mode."""
    ours = spectral.spectral_norm(layer(kind), iterations)
    theirs = parametrizations.spectral_norm(layer(kind), n_power_iterations=iterations)
    reference.load_reference(ours, theirs.state_dict())
    for step in range(6):
        training = step != 3
        ours.train(training), theirs.train(training)
        assert torch.allclose(ours.weight, theirs.weight, atol=1e-6)
        with torch.no_grad():  # as an optimiser would
            for network in (ours, theirs):
                network.parametrizations.weight.original.add_(0.1 * torch.ones(1))


def test_gradient_is_torchs():
    """sigma is differentiated, u and v are not; with sigma detached the two gradients differ."""
    ours, theirs = spectral.spectral_norm(layer("conv")), parametrizations.spectral_norm(layer("conv"))
    reference.load_reference(ours, theirs.state_dict())
    x = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    for network in (ours, theirs):
        network(x).square().sum().backward()
    mine, other = (network.parametrizations.weight.original.grad for network in (ours, theirs))
    assert torch.allclose(mine, other, rtol=1e-5, atol=1e-5)
    # W / sigma does not change along W, so its gradient has no part along W (up to the error of u and v)
    original = ours.parametrizations.weight.original.detach()
    assert (mine * original).sum().abs() < 1e-4 * mine.norm() * original.norm()


def test_state_dict_is_exact():
    first = spectral.normalise(convnet.Discriminator(16, width=4))
    x = torch.randn(4, 3, 16, 16)
    first(x)
    torch.manual_seed(5)
    second = spectral.normalise(convnet.Discriminator(16, width=4))
    second.load_state_dict(first.state_dict())
    for _ in range(3):
        assert torch.equal(first(x), second(x))


def test_evaluation_changes_nothing():
    network = spectral.spectral_norm(layer("conv")).eval()
    before = copy.deepcopy(network.state_dict())
    x = torch.randn(1, 3, 6, 6)
    assert torch.equal(network(x), network(x))
    assert all(torch.equal(before[key], value) for key, value in network.state_dict().items())
    network.train()
    network(x)
    assert not torch.equal(before["parametrizations.weight.0.u"], network.state_dict()["parametrizations.weight.0.u"])


def test_two_passes_before_one_backward():
    """As a discriminator is used: real, then fake, then backward; buffers changed in place would raise here."""
    network = spectral.normalise(mlp.Discriminator(2, hidden=(8,)))
    (network(torch.randn(3, 2)).sum() + network(torch.randn(3, 2)).sum()).backward()
    assert all(p.grad is not None for p in network.parameters())


def test_second_derivatives_pass():
    network = spectral.normalise(mlp.Discriminator(2, hidden=(8,), activation="tanh"))
    x = torch.randn(3, 2, requires_grad=True)
    (slope,) = torch.autograd.grad(network(x).sum(), x, create_graph=True)
    slope.square().sum().backward()
    assert network.layers[0].parametrizations.weight.original.grad.abs().sum() > 0


def test_network_is_one_lipschitz():
    torch.manual_seed(0)
    network = spectral.normalise(mlp.Discriminator(2, hidden=(32, 32)), iterations=200)
    a, b = torch.randn(2, 500, 2)
    network(a)
    network.eval()
    assert ((network(a) - network(b)).abs() <= (a - b).norm(dim=1) * (1 + 1e-4)).all()


def test_power_iteration_approaches_from_below():
    matrix = torch.randn(20, 30, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    u, v = torch.ones(20, dtype=torch.float64), torch.ones(30, dtype=torch.float64)
    last, exact = 0.0, torch.linalg.svdvals(matrix)[0].item()
    for _ in range(40):
        u, v = spectral.power_iteration(matrix, u, v)
        sigma = (u @ matrix @ v).item()
        assert last <= sigma <= exact + 1e-12
        last = sigma
    assert last == pytest.approx(exact, rel=1e-3)


def test_trains_and_resumes_bit_for_bit(tmp_path):
    from gancourse import data

    def game():
        torch.manual_seed(0)
        return GAN(mlp.Generator(2, 2, hidden=(8,)), spectral.normalise(mlp.Discriminator(2, hidden=(8,))), "hinge")

    def batches():
        return data.Batches(data.toys.moons(), 16, seed=0)

    whole = fit(game(), batches(), 8, progress=False)
    fit(game(), batches(), 4, progress=False, checkpoint=tmp_path / "run.safetensors")
    halves = fit(game(), batches(), 8, progress=False, checkpoint=tmp_path / "run.safetensors")
    for a, b in zip(whole.gan.discriminator.state_dict().values(), halves.gan.discriminator.state_dict().values(), strict=True):
        assert torch.equal(a, b)


def test_removal_keeps_the_function():
    network = spectral.normalise(convnet.Discriminator(16, width=4, spread=False))
    x = torch.randn(3, 3, 16, 16)
    network(x)
    network.eval()
    before = network(x)
    plain = spectral.remove(network)
    assert torch.allclose(plain(x), before, atol=1e-6)
    assert set(plain.state_dict()) == set(convnet.Discriminator(16, width=4, spread=False).state_dict())


@pytest.mark.parametrize("stride, size", [(1, 8), (2, 8), (2, 9)])
def test_operator_norm_is_that_of_the_matrix_of_the_map(stride, size):
    torch.manual_seed(0)
    conv = nn.Conv2d(2, 3, 3, stride=stride, padding=1).double()
    pixels = torch.eye(2 * size * size, dtype=torch.float64).view(-1, 2, size, size)
    matrix = torch.nn.functional.conv2d(pixels, conv.weight, stride=stride, padding=1).flatten(1)
    assert spectral.operator_norm(conv, size).item() == pytest.approx(torch.linalg.svdvals(matrix)[0].item(), rel=1e-4)
    sigma = spectral.largest_singular_value(conv.weight).item()
    assert sigma <= spectral.operator_norm(conv, size).item() <= math.ceil(3 / stride) * sigma


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: spectral.spectral_norm(nn.ReLU()), "no tensor 'weight'"),
        (lambda: spectral.spectral_norm(nn.BatchNorm2d(3)), "two or more axes"),
        (lambda: spectral.spectral_norm(nn.Linear(2, 2), iterations=0), "1 or more"),
        (lambda: spectral.spectral_norm(spectral.spectral_norm(nn.Linear(2, 2))), "already"),
        (lambda: spectral.normalise(nn.ReLU()), "no convolution"),
        (lambda: spectral.operator_norm(nn.Linear(2, 2), 8), "Conv2d"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def torch_normalised():
    return nn.Sequential(
        parametrizations.spectral_norm(nn.Conv2d(3, 4, 3)), nn.ReLU(), parametrizations.spectral_norm(layer("conv"))
    )


def test_torchs_own_normalisation_is_known():
    network = torch_normalised()
    assert spectral.is_normalised(network[0]) and spectral.is_normalised(network[2])
    with pytest.raises(ValueError, match="normalised already"):
        spectral.spectral_norm(network[0])
    with pytest.raises(ValueError, match="left to normalise"):
        spectral.normalise(network)
    with pytest.raises(ValueError, match="left to normalise"):
        spectral.normalise(patchgan.PatchGAN(3, 4, 1, norm="spectral"))


def test_remove_takes_torchs_own_out_and_says_where_there_is_none():
    network = torch_normalised().eval()
    kept = network[0].weight.detach().clone()
    spectral.remove(network)
    assert not hasattr(network[0], "parametrizations") and isinstance(network[2].weight, nn.Parameter)
    assert torch.equal(network[0].weight, kept)
    with pytest.raises(ValueError, match="nothing to remove"):
        spectral.remove(network)


@pytest.mark.parametrize("normalise", [spectral.spectral_norm, spectral.normalise])
def test_a_weight_of_zeros_is_refused(normalise):
    zero = layer("conv")
    nn.init.zeros_(zero.weight)
    with pytest.raises(ValueError, match="zero"):
        normalise(zero)
    assert not hasattr(zero, "parametrizations")


def test_a_refused_network_is_left_as_it_was():
    network = nn.Sequential(layer("conv"), layer("conv"))
    nn.init.zeros_(network[1].weight)
    with pytest.raises(ValueError, match="zero"):
        spectral.normalise(network)
    assert not hasattr(network[0], "parametrizations")
