import math

import pytest
import torch

from gancourse.models import dcgan
from gancourse.models.layers import minibatch
from gancourse.models.layers.minibatch import Discriminator, MinibatchDiscrimination, MinibatchSpread, MinibatchStdDev, closeness


def test_closeness_by_a_loop():
    m = torch.randn(5, 3, 2, dtype=torch.float64)
    expected = torch.zeros(5, 3, dtype=torch.float64)
    for i in range(5):
        for b in range(3):
            expected[i, b] = sum(math.exp(-(m[i, b] - m[j, b]).abs().sum().item()) for j in range(5) if j != i)
    assert torch.allclose(closeness(m), expected)


def test_closeness_counts_its_likes():
    same = torch.ones(7, 2, 3)
    assert torch.allclose(closeness(same), torch.full((7, 2), 6.0))
    apart = 1000 * torch.arange(7.0)[:, None, None].expand(7, 2, 3)
    assert torch.allclose(closeness(apart), torch.zeros(7, 2), atol=1e-6)


def test_batches_side_by_side_do_not_mix():
    m = torch.randn(2, 5, 3, 2)
    assert torch.allclose(closeness(m), torch.stack([closeness(part) for part in m]), atol=1e-6)


def test_shapes_and_what_passes_through():
    layer = MinibatchDiscrimination(6, kernels=4, dim=3)
    x = torch.randn(5, 6)
    out = layer(x)
    assert out.shape == (5, 10)
    assert torch.equal(out[:, :6], x)
    assert torch.allclose(out[:, 6:], closeness(torch.einsum("nf,fbc->nbc", x, layer.projection)), atol=1e-5)


def test_spread_is_the_image_layer_on_vectors():
    x = torch.randn(8, 5)
    images = MinibatchStdDev(group_size=8)(x[:, :, None, None])[:, :, 0, 0]
    assert torch.allclose(MinibatchSpread()(x), images, atol=1e-6)


@pytest.mark.parametrize("kind", minibatch.KINDS)
def test_each_logit_depends_on_the_whole_batch(kind):
    """The very difference from a plain discriminator; at first the layer has no say."""
    torch.manual_seed(0)
    d = Discriminator(2, hidden=(8,), kind=kind)
    x = torch.randn(4, 2)
    assert torch.allclose(d(x)[:2], d(torch.cat([x[:2], 2 * x[2:]]))[:2], atol=1e-6)
    torch.nn.init.normal_(d.layers[-1].weight)
    x = torch.randn(4, 2, requires_grad=True)
    (slope,) = torch.autograd.grad(d(x)[0], x)
    assert bool((slope.abs().sum(1) > 0).all())


@pytest.mark.parametrize("kind", minibatch.KINDS)
def test_order_does_not_matter(kind):
    torch.manual_seed(0)
    d = Discriminator((1, 3, 3), hidden=(8,), kind=kind)
    torch.nn.init.normal_(d.layers[-1].weight)
    x = torch.randn(6, 1, 3, 3)
    turned = torch.randperm(6, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(d(x)[turned], d(x[turned]), atol=1e-6)


@pytest.mark.parametrize("kind", minibatch.KINDS)
def test_equal_samples_have_a_finite_gradient(kind):
    d = Discriminator(2, kind=kind)
    torch.nn.init.normal_(d.layers[-1].weight)
    x = torch.zeros(4, 2, requires_grad=True)
    (slope,) = torch.autograd.grad(d(x).sum(), x)
    assert bool(torch.isfinite(slope).all())


def test_bad_input_names_the_fix():
    with pytest.raises(ValueError, match="did you mean 'discrimination'"):
        Discriminator(2, kind="discriminate")
    with pytest.raises(ValueError, match="at least two"):
        Discriminator(2)(torch.zeros(1, 2))
    with pytest.raises(ValueError, match=r"\[N, 2\]"):
        Discriminator(2)(torch.zeros(4, 3))


def test_dcgans_discriminator_can_see_the_batch():
    torch.manual_seed(0)
    plain = dcgan.Discriminator(16, 4)
    seeing = dcgan.seeing_the_batch(plain, kernels=5, dim=2)
    assert seeing is plain
    seeing.eval()
    x = torch.rand(6, 3, 16, 16)
    assert seeing(x).shape == (6,)
    assert torch.allclose(seeing(x)[:3], seeing(x[:3]), atol=1e-5)  # the weights on the batch's numbers begin at zero
    torch.nn.init.ones_(seeing.main[-1].weight)
    assert not torch.allclose(seeing(x)[:3], seeing(x[:3]), atol=1e-3)


def test_minibatch_standard_deviation_groups():
    x = torch.randn(8, 2, 3, 3)
    for consecutive in (False, True):
        layer = MinibatchStdDev(4, consecutive=consecutive, unbiased=True)
        map_ = layer(x)[:, -1]
        for i in range(8):
            group = [j for j in range(8) if (j // 4 == i // 4 if consecutive else j % 2 == i % 2)]
            expected = (x[group].var(0) + 1e-8).sqrt().mean()
            assert torch.allclose(map_[i], expected.expand(3, 3), atol=1e-6)
    assert torch.isfinite(MinibatchStdDev(4, unbiased=True)(x[:1])).all()


def test_the_spread_keeps_the_digits_of_float64():
    x = 1 + 1e-9 * torch.randn(4, 2, 3, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    right = (x.var(0, unbiased=False) + 1e-8).sqrt().mean()
    torch.testing.assert_close(minibatch.MinibatchStdDev(4)(x)[0, -1, 0, 0], right, rtol=1e-12, atol=0)
