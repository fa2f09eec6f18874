import pytest
import torch

from gancourse.models import convnet
from gancourse.models.conditional_convnet import Generator
from gancourse.models.layers.conditional import ConditionalBatchNorm2d

NAMES = {"hair": ("black", "red", "blue"), "smile": ("no", "yes")}


def generator(seed=0, **options):
    torch.manual_seed(seed)
    return Generator(NAMES, size=16, latent_dim=6, width=4, **options)


def weighted(network):
    return [m for m in network.modules() if isinstance(m, torch.nn.Conv2d | torch.nn.Linear)]


def test_it_is_the_plain_network_with_other_norms():
    def shapes(network):
        return [p.shape for module in weighted(network) for p in module.parameters()]

    assert shapes(generator()) == shapes(convnet.Generator(16, 6, 4))
    channels = [m.norm.num_features for m in generator().modules() if isinstance(m, ConditionalBatchNorm2d)]
    tables = sum(p.numel() for m in generator().modules() if isinstance(m, torch.nn.Embedding) for p in m.parameters())
    assert tables == 2 * 5 * sum(channels)


def test_without_gains_and_biases_it_draws_what_the_plain_network_draws():
    torch.manual_seed(3)
    plain = convnet.Generator(16, 6, 4)
    ours = generator()
    for module in ours.modules():
        if isinstance(module, torch.nn.Embedding):
            torch.nn.init.zeros_(module.weight)
    with torch.no_grad():
        for mine, theirs in zip(weighted(ours), weighted(plain), strict=True):
            mine.load_state_dict(theirs.state_dict())
        z = torch.randn(8, 6)
        assert torch.allclose(ours(z, torch.tensor([[1, 0]] * 8)), plain(z), atol=1e-5)


def test_the_label_reaches_every_layer_and_every_attribute_its_own_rows():
    network = generator()
    network(torch.randn(4, 6), torch.tensor([[2, 1]] * 4)).square().sum().backward()
    for module in network.modules():
        if isinstance(module, torch.nn.Embedding):
            moved = module.weight.grad.abs().sum(1) > 0
            assert moved.tolist() == [False, False, True, False, True]


def test_what_a_label_asks_for_does_not_depend_on_its_neighbours_in_evaluation():
    network = generator().eval()
    z, y = torch.randn(3, 6), torch.tensor([[0, 0], [1, 1], [2, 0]])
    assert torch.allclose(network(z, y)[1:2], network(z[1:2], y[1:2]), atol=1e-6)


def test_bad_labels_are_named():
    network = generator()
    with pytest.raises(ValueError, match="labels of 'hair' must lie in 0 .. 2"):
        network(torch.randn(1, 6), torch.tensor([[3, 0]]))
    with pytest.raises(ValueError, match="labels are missing"):
        network(torch.randn(1, 6), None)
    with pytest.raises(ValueError, match="power of two"):
        Generator(NAMES, size=24)
