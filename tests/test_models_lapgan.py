import pytest
import torch

from gancourse.models.lapgan import DetailDiscriminator, DetailGenerator


@pytest.mark.parametrize("size", [8, 16, 32])
@pytest.mark.parametrize("channels", [1, 3])
def test_shapes(size, channels):
    base = torch.randn(2, channels, size, size)
    assert DetailGenerator(size, 4, 4, channels)(torch.randn(2, 4), base).shape == base.shape
    assert DetailDiscriminator(size, 4, channels)(torch.cat([base, base], 1)).shape == (2,)


def test_the_detail_begins_near_zero_and_depends_on_latent_and_picture():
    torch.manual_seed(0)
    network, z, base = DetailGenerator(8, 4, 8), torch.randn(2, 4), torch.randn(2, 1, 8, 8)
    detail = network(z, base)
    assert detail.abs().mean() < 0.3
    assert not torch.allclose(network(z.flip(0), base), detail) and not torch.allclose(network(z, base.flip(0)), detail)


def test_the_discriminator_sees_the_detail():
    """With the first layer blind to the picture itself, only the difference to the enlargement counts."""
    torch.manual_seed(0)
    network, base, picture = DetailDiscriminator(8, 4), torch.randn(2, 1, 8, 8), torch.randn(2, 1, 8, 8)
    network.body[0].weight.data[:, 1] = 0
    once, again = (network(torch.cat([base + c, picture + c], 1)) for c in (0.0, 0.7))
    assert torch.allclose(once, again, atol=1e-5)


def test_bad_input_names_the_fix():
    with pytest.raises(ValueError, match="size must be a power of two"):
        DetailGenerator(12)
    with pytest.raises(ValueError, match="2 channels"):
        DetailDiscriminator(8, 4)(torch.randn(2, 1, 8, 8))


@pytest.mark.parametrize(("wide", "view"), [(False, 7), (True, 15)])
def test_a_pixel_of_the_detail_sees_so_much_of_the_enlargement(wide, view):
    torch.manual_seed(0)
    network, z = DetailGenerator(32, 4, 8, wide=wide), torch.randn(1, 4)
    base = torch.randn(1, 1, 32, 32).requires_grad_(True)
    (slope,) = torch.autograd.grad(network(z, base)[0, 0, 16, 16], base)
    seen = slope[0, 0].nonzero() - 16
    assert -seen.min() == seen.max() == view // 2
    assert sum(p.numel() for p in network.parameters()) == sum(p.numel() for p in DetailGenerator(32, 4, 8).parameters())
