import pytest
import torch
import torch.nn.functional as F
from torch import nn

from gancourse.models import resnet
from gancourse.models.conditional import ConditionalBatchNorm2d, Features
from gancourse.models.layers import spectral


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize(
    ("size", "generator", "discriminator"),
    [(32, 4_276_739, 1_053_825), (64, 12_220_675, 10_141_441), (128, 32_150_787, 29_017_857)],
)
def test_published_parameter_counts(size, generator, discriminator):
    with torch.device("meta"):
        assert count(resnet.Generator(size)) == generator
        assert count(resnet.Discriminator(size)) == discriminator


def test_counts_of_the_relatives():
    with torch.device("meta"):
        assert count(resnet.Generator(32, classes=10)) == 4_304_387  # projection GAN
        assert count(resnet.Discriminator(32, classes=10)) == 1_055_105
        assert count(resnet.Discriminator(32, spectral_norm=False, pool="mean")) == 1_053_825  # WGAN-GP's critic


def test_shortcut_by_hand():
    torch.manual_seed(0)
    x = torch.randn(2, 3, 6, 6)
    for trap in (False, True):
        block = resnet.DiscriminatorBlock(3, 5, n_hidden=4, shortcut_sees_relu=trap)
        kept = x.clone()
        residual = F.avg_pool2d(block.conv2(F.relu(block.conv1(F.relu(x)))), 2)
        shortcut = F.avg_pool2d(block.shortcut(F.relu(x) if trap else x), 2)  # pooled after the convolution, as published
        assert torch.allclose(block(x), residual + shortcut, atol=1e-6)
        assert torch.equal(x, kept)
    first = resnet.DiscriminatorBlock(3, 5, first=True)
    expected = F.avg_pool2d(first.conv2(F.relu(first.conv1(x))), 2) + first.shortcut(F.avg_pool2d(x, 2))
    assert torch.allclose(first(x), expected, atol=1e-6)


@pytest.mark.parametrize("upsample", ["bilinear", "nearest"])
def test_generator_block_by_hand(upsample):
    torch.manual_seed(0)
    block, x = resnet.GeneratorBlock(4, 6, upsample=upsample), torch.randn(2, 4, 5, 5)

    def up(x):
        return nn.Upsample(scale_factor=2, mode=upsample)(x)

    residual = block.conv2(F.relu(block.norm2(block.conv1(up(F.relu(block.norm1(x)))))))
    assert torch.allclose(block(x), residual + block.shortcut(up(x)), atol=1e-5)  # convolved after doubling, as published
    same = resnet.GeneratorBlock(4, 4, upsample=None)
    assert isinstance(same.shortcut, nn.Identity)
    assert same(x).shape == x.shape


def test_pooling_by_sum_or_mean():
    torch.manual_seed(0)
    network = resnet.Discriminator(32, width=8, spectral_norm=False)
    nn.init.zeros_(network.head.bias)
    mean = resnet.Discriminator(32, width=8, spectral_norm=False, pool="mean")
    mean.load_state_dict(network.state_dict())
    x = torch.randn(3, 3, 32, 32)
    assert torch.allclose(network(x), 64 * mean(x), rtol=1e-4)  # over 8 x 8 places


@pytest.mark.parametrize("size", resnet.SIZES)
def test_shapes_with_labels(size):
    generator = resnet.Generator(size, latent_dim=6, width=16, channels=1, classes=3, upsample="nearest")
    discriminator = resnet.Discriminator(size, width=16, channels=1, classes=3)
    y = torch.tensor([0, 2])
    images = generator(torch.randn(2, 6), y)
    assert images.shape == (2, 1, size, size)
    assert images.abs().max() <= 1
    assert discriminator(images, y).shape == (2,)


def test_initialisation():
    torch.manual_seed(0)
    network = resnet.Generator(32, latent_dim=64, width=64)
    fan = 64 * 9 * 2
    assert network.blocks[0].conv1.weight.std().item() == pytest.approx((2 * 2 / fan) ** 0.5, rel=0.02)
    assert network.blocks[0].shortcut.weight.std().item() == pytest.approx((2 / 128) ** 0.5, rel=0.05)
    assert network.last.bias.abs().max() == 0
    normed = [layer for layer in resnet.Discriminator(32, width=8).modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    assert all(spectral.is_normalised(layer) for layer in normed)
    conditional = resnet.Generator(32, width=8, classes=4)
    assert sum(isinstance(layer, ConditionalBatchNorm2d) for layer in conditional.modules()) == 6


def test_features_of_the_critic():
    features = Features(resnet.Discriminator(32, width=8))
    assert features.n_features == 8
    assert features(torch.randn(1, 3, 32, 32)).shape == (1, 8)


def test_bad_input_names_the_fix():
    with pytest.raises(ValueError, match="16, 32, 64, 128 px, not 48"):
        resnet.Generator(48)
    with pytest.raises(ValueError, match="did you mean 'mean'"):
        resnet.Discriminator(32, pool="means")
    with pytest.raises(ValueError, match="reads no labels: build it with classes"):
        resnet.Generator(32, latent_dim=4, width=8)(torch.randn(2, 4), torch.tensor([0, 1]))
    with pytest.raises(ValueError, match="labels must lie in 0 .. 2, not 3"):
        resnet.Discriminator(32, width=8, classes=3)(torch.zeros(1, 3, 32, 32), torch.tensor([3]))
