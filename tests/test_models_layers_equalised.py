import math

import pytest
import torch
import torch.nn.functional as F

from gancourse.models.layers.equalised import EqualisedConv2d, EqualisedLinear, PixelNorm, pixel_norm


@pytest.mark.parametrize("equalised", [True, False])
def test_both_kinds_start_with_the_same_function(equalised):
    """N(0, 1) times c at run time, or N(0, c^2): outputs have variance gain^2 for inputs of variance 1."""
    torch.manual_seed(0)
    linear = EqualisedLinear(400, 300, gain=math.sqrt(2), equalised=equalised)
    assert linear.weight.std().item() == pytest.approx(1 if equalised else math.sqrt(2 / 400), rel=0.02)
    assert linear(torch.randn(200, 400)).var().item() == pytest.approx(2, rel=0.05)
    conv = EqualisedConv2d(40, 50, 3, equalised=equalised)
    inner = conv(torch.randn(20, 40, 8, 8))[:, :, 1:-1, 1:-1]
    assert inner.var().item() == pytest.approx(1, rel=0.1)


def test_adam_moves_equalised_layers_by_the_same_share():
    """The first step of Adam is lr for every weight: a share lr of weights of size 1, lr / c of weights of size c."""
    shares = {}
    for equalised in (True, False):
        for n_in in (4, 4096):
            torch.manual_seed(0)
            layer = EqualisedLinear(n_in, 8, equalised=equalised)
            before = layer.scaled_weight().detach().clone()
            optimizer = torch.optim.Adam(layer.parameters(), lr=1e-3)
            layer(torch.randn(16, n_in)).square().sum().backward()
            optimizer.step()
            change = (layer.scaled_weight() - before).square().mean().sqrt()
            shares[equalised, n_in] = (change / before.square().mean().sqrt()).item()
    assert shares[True, 4] == pytest.approx(1e-3, rel=0.3)
    assert shares[True, 4096] == pytest.approx(1e-3, rel=0.3)
    assert shares[False, 4096] / shares[False, 4] > 20  # sqrt(4096 / 4) = 32


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_pixel_norm_of_zeros_and_of_large_numbers_in_every_type(dtype):
    x = torch.tensor([[0.0, 0.0], [300.0, -300.0], [3.0, 4.0]])
    found = pixel_norm(x.to(dtype))
    assert found.dtype == dtype
    torch.testing.assert_close(found.float(), pixel_norm(x), atol=1e-2, rtol=1e-2)


def test_lr_mult_learns_slower_and_computes_the_same():
    torch.manual_seed(1)
    plain = EqualisedLinear(6, 5, bias_init=0.5)
    torch.manual_seed(1)
    slow = EqualisedLinear(6, 5, bias_init=0.5, lr_mult=0.01)
    x = torch.randn(3, 6)
    assert torch.allclose(plain(x), slow(x), atol=1e-6)
    assert slow.weight.std() > 50 * plain.weight.std()
    moved = []
    for layer in (plain, slow):
        before = layer(x).detach()
        optimizer = torch.optim.SGD(layer.parameters(), lr=1e-2)
        layer(x).sum().backward()
        optimizer.step()
        moved.append((layer(x) - before).abs().mean().item())
    assert moved[1] == pytest.approx(1e-4 * moved[0], rel=0.01)  # SGD: the multiplier acts twice, on gradient and weight


def test_scaled_bias():
    layer = EqualisedConv2d(4, 2, 3, scale_bias=True)
    with torch.no_grad():
        layer.bias.fill_(3.0)
    x = torch.randn(2, 4, 5, 5)
    expected = F.conv2d(x, layer.weight, layer.bias, padding=1) / math.sqrt(36)
    assert torch.allclose(layer(x), expected, atol=1e-6)


def test_pixel_norm_has_unit_mean_square_over_channels_at_every_place():
    x = 7 * torch.randn(2, 16, 3, 5)
    y = PixelNorm()(x)
    assert torch.allclose(y.square().mean(1), torch.ones(2, 3, 5), atol=1e-5)
    assert torch.allclose(F.cosine_similarity(x, y, dim=1), torch.ones(2, 3, 5), atol=1e-6)
    assert torch.equal(pixel_norm(torch.zeros(1, 4)), torch.zeros(1, 4))
