import pytest
import torch

from gancourse.models import translator


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize(
    ("blocks", "norm", "published"),
    [(9, "instance", 11_378_179), (9, "batch", 11_383_427), (6, "instance", 7_837_699)],
)
def test_published_parameter_counts(blocks, norm, published):
    with torch.device("meta"):
        assert count(translator.ResNetTranslator(blocks=blocks, norm=norm)) == published


def test_input_gradient_is_the_derivative_of_the_output():
    torch.manual_seed(0)
    network = translator.ResNetTranslator(width=4, blocks=2).double()
    x, direction = torch.randn(2, 1, 3, 16, 16, dtype=torch.float64)
    x.requires_grad_(True)
    (gradient,) = torch.autograd.grad(network(x).square().sum(), x)
    h = 1e-6
    with torch.no_grad():
        numeric = (network(x + h * direction).square().sum() - network(x - h * direction).square().sum()) / (2 * h)
    assert (gradient * direction).sum().item() == pytest.approx(numeric.item(), rel=1e-5)


@pytest.mark.parametrize("shape", [(32, 32), (64, 48)])
def test_any_size_that_can_be_halved_twice(shape):
    network = translator.ResNetTranslator(1, 3, width=2, blocks=1, dropout=0.5)
    assert network(torch.randn(2, 1, *shape)).shape == (2, 3, *shape)


def test_bad_input_names_the_fix():
    with pytest.raises(ValueError, match="multiples of 4, not 30 x 32"):
        translator.ResNetTranslator(width=2, blocks=1)(torch.zeros(1, 3, 30, 32))
    with pytest.raises(ValueError, match="did you mean 'instance'"):
        translator.ResNetTranslator(norm="instant")
    with pytest.raises(ValueError, match="blocks must be 0 or more"):
        translator.ResNetTranslator(blocks=-1)


def test_a_residual_translator_draws_the_change():
    torch.manual_seed(0)
    network = translator.ResNetTranslator(width=2, blocks=0, residual=True)
    x = torch.rand(2, 3, 16, 16) * 2 - 1
    assert torch.allclose(network(x), (x + 2 * network.model(x)).clamp(-1, 1))
    last = network.model[-2]  # before the tanh
    torch.nn.init.zeros_(last.weight)
    torch.nn.init.zeros_(last.bias)
    assert torch.equal(network(x), x)
    torch.nn.init.constant_(last.bias, 20.0)
    assert torch.equal(network(x), torch.ones_like(x))  # any target can be reached
    with pytest.raises(ValueError, match="channels must be equal"):
        translator.ResNetTranslator(1, 3, residual=True)


def test_two_ways_are_two_networks():
    torch.manual_seed(0)
    both = translator.TwoWay(2, 1, (1, 3))
    x = torch.rand(1, 1, 16, 16)
    assert torch.equal(both(x), both.ab(x)) and both.ab(x).shape[1] == 3
    assert both.ba(both.ab(x)).shape == x.shape
    assert not torch.equal(both.ab.model[4].weight, both.ba.model[4].weight)
