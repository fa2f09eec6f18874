import pytest
import torch

from gancourse.models import stylegan2
from gancourse.models.layers import styles

SMALL = {"channel_base": 128, "channel_max": 16}


def generator(size=16, **options):
    torch.manual_seed(0)
    return stylegan2.Generator(size, 8, **{"w_dim": 12, "mapping_layers": 2, **SMALL, **options}).eval()


def test_noise_modes():
    network = generator()
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.endswith("noise_strength"):
                parameter.fill_(0.5)
    z = torch.randn(2, 8)
    assert torch.equal(network(z), network(z))
    assert torch.equal(network(z), network(z, noise="constant"))
    assert not torch.allclose(network(z), network(z, noise="none"))
    assert not torch.allclose(network(z, noise="random"), network(z, noise="random"))
    network.train()
    assert not torch.allclose(network(z), network(z))


def test_style_mixing_splits_coarse_from_fine():
    """Layers before the crossover belong to the first latent: the image at the sides they make stays as it was."""
    network = generator(32)
    a, b = network.styles(torch.randn(1, 8)), network.styles(torch.randn(1, 8))
    assert torch.equal(network.synthesis(stylegan2.mix(a, b, network.layers)), network.synthesis(a))
    assert torch.equal(network.synthesis(stylegan2.mix(a, b, 0)), network.synthesis(b))
    mixed = stylegan2.mix(a, b, 3)
    features = []
    hook = network.synthesis.blocks[1].conv1.register_forward_hook(lambda module, inputs, output: features.append(output))
    for ws in (a, mixed):
        network.synthesis(ws)
    hook.remove()
    assert torch.equal(*features)  # styles 0 to 2 make the features up to 8 px
    assert not torch.allclose(network.synthesis(mixed), network.synthesis(a))


def test_truncation_pulls_towards_the_mean():
    network = generator()
    network.mapping.average.normal_()
    z = torch.randn(3, 8)
    full, mean = network.styles(z), network.mapping.average
    half = network.styles(z, truncation=0.5)
    assert torch.allclose(half, (full + mean) / 2, atol=1e-6)
    assert torch.allclose(network.styles(z, truncation=0.0), mean.expand_as(full))
    coarse = network.styles(z, truncation=0.5, truncation_layers=2)
    assert torch.equal(coarse[:, 2:], full[:, 2:])
    assert torch.allclose(coarse[:, :2], half[:, :2])
    assert torch.allclose(network(z, truncation=0.5), network.synthesis(half))


def test_the_mean_of_w_is_tracked_while_training_only():
    network = generator()
    z = torch.randn(64, 8)
    network(z)
    assert network.mapping.average.abs().max() == 0
    network.train()
    with torch.no_grad():
        network(z)
    assert network.mapping.average.abs().max() == 0
    network(z)
    w = network.mapping(z).mean(0)
    assert torch.allclose(network.eval().mapping.average, (1 - 0.998**2) * w, rtol=1e-3, atol=1e-6)


def test_the_mappings_rate_changes_its_speed_and_not_its_function():
    """Stored weights are 1 / rate times larger: the same draws give the same f, and a step of Adam counts less."""
    torch.manual_seed(0)
    slow = stylegan2.Generator(8, 4, w_dim=6, mapping_layers=2, channel_base=64, channel_max=8)
    torch.manual_seed(0)
    fast = stylegan2.Generator(8, 4, w_dim=6, mapping_layers=2, channel_base=64, channel_max=8, mapping_lr_mult=0.1)
    z = torch.randn(5, 4)
    assert torch.allclose(slow.styles(z), fast.styles(z), atol=1e-5)
    assert torch.allclose(slow.mapping.layers[0].weight, 10 * fast.mapping.layers[0].weight)


def test_bad_styles_name_the_fix():
    with pytest.raises(ValueError, match="0..6, the number of layers, not 7"):
        styles.mix(torch.zeros(1, 6, 2), torch.zeros(1, 6, 2), 7)
    with pytest.raises(ValueError, match="one shape"):
        styles.mix(torch.zeros(1, 6, 2), torch.zeros(2, 6, 2), 3)
