import pytest
import torch
import torch.nn.functional as F

from gancourse.models import stylegan2
from gancourse.models.layers import resample

SMALL = {"channel_base": 128, "channel_max": 16}


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


def generator(size=16, **options):
    torch.manual_seed(0)
    return stylegan2.Generator(size, 8, **{"w_dim": 12, "mapping_layers": 2, **SMALL, **options}).eval()


@pytest.mark.parametrize(
    "name, labels, in_generator, in_discriminator",
    [
        ("ffhq1024", 0, 30_370_060, 29_012_513),
        ("ffhq256", 0, 30_034_338, 28_864_129),
        ("paper256", 0, 24_767_458, 24_001_089),
        ("cifar10", 10, 20_215_315, 23_089_664),
        ("cifar10", 0, 19_947_539, 20_720_641),
    ],
)
def test_parameter_counts_of_published_configurations(name, labels, in_generator, in_discriminator):
    with torch.device("meta"):
        networks = stylegan2.players(name, labels)
    assert [count(network) for network in networks] == [in_generator, in_discriminator]


def test_parameter_counts_of_other_configurations():
    with torch.device("meta"):
        full = stylegan2.Generator(1024)
        assert count(full.mapping) == 2_101_248
        assert count(full.synthesis) == 28_268_812
        assert full.layers == 18
        assert count(stylegan2.Generator(64)) == 27_032_600
        assert count(stylegan2.Discriminator(64)) == 26_488_833
        assert count(stylegan2.Discriminator(32)) == 21_507_073
        assert count(stylegan2.Generator(32, mapping_layers=2, architecture="orig")) == 19_154_954
        assert count(stylegan2.Generator(32, mapping_layers=2, architecture="orig", label_dim=10)) == 19_422_730
        # the stripped discriminator that R3GAN's roadmap starts from
        assert count(stylegan2.Discriminator(256, channel_base=16384, group_size=0, equalised=False)) == 23_996_481


@pytest.mark.parametrize("name", ["small32", "small64"])
def test_small_configurations_are_small(name):
    networks = stylegan2.players(name)
    assert 4 * count(networks[0]) < 5e6
    z = torch.randn(4, networks[0].latent_dim)
    assert networks[1](networks[0](z)).shape == (4,)


@pytest.mark.parametrize("demodulate", [True, False])
@pytest.mark.parametrize("up", [True, False])
def test_scaling_activations_is_convolving_with_modulated_weights(demodulate, up):
    torch.manual_seed(0)
    x, weight, style = torch.randn(3, 4, 6, 6), torch.randn(5, 4, 3, 3), torch.randn(3, 4)
    own = stylegan2.modulated_weights(weight, style, demodulate)  # [3, 5, 4, 3, 3]
    one_by_one = [resample.conv_up(x[i : i + 1], own[i]) if up else F.conv2d(x[i : i + 1], own[i], padding=1) for i in range(3)]
    assert torch.allclose(stylegan2.modulated_conv2d(x, weight, style, demodulate, up), torch.cat(one_by_one), atol=1e-5)


def test_demodulation_does_what_instance_norm_expects_of_it():
    """For independent inputs of variance 1 each output map has variance 1, whatever the style."""
    torch.manual_seed(0)
    weight, style = torch.randn(6, 8, 3, 3), torch.randn(4, 8).exp()
    y = stylegan2.modulated_conv2d(torch.randn(4, 8, 96, 96), weight, style)
    assert torch.allclose(y.var((2, 3)), torch.ones(4, 6), atol=0.15)
    assert (stylegan2.modulated_weights(weight, style).square().sum((2, 3, 4)) - 1).abs().max() < 1e-5


def test_styled_layer_is_its_equation():
    torch.manual_seed(0)
    layer = stylegan2.StyledConv(stylegan2.SynthesisConfig(w_dim=7), 4, 5, side=6)
    with torch.no_grad():
        layer.noise_strength.fill_(0.7)
        layer.bias.normal_()
    x, w = torch.randn(2, 4, 6, 6), torch.randn(2, 7)
    y = stylegan2.modulated_conv2d(x, layer.weight, layer.affine(w)) + 0.7 * layer.noise + layer.bias[:, None, None]
    expected = F.leaky_relu(y, 0.2) * 2**0.5
    assert torch.allclose(layer(x, w, "constant"), expected, atol=1e-5)
    assert layer.affine(torch.zeros(1, 7)).tolist() == [[1.0] * 4]  # a new network's styles lie around 1


def test_clamp_bounds_every_layer():
    network, bounded = generator(), generator(clamp=0.5)
    bounded.load_state_dict(network.state_dict())
    seen = []
    for block in bounded.synthesis.blocks:
        for layer in (block.conv0, block.conv1, block.to_rgb):
            if layer is not None:
                layer.register_forward_hook(lambda module, inputs, output: seen.append(output.abs().max().item()))
    z = torch.randn(2, 8)
    assert not torch.allclose(bounded(z), network(z))
    assert len(seen) == 8
    assert max(seen) == 0.5
    with torch.no_grad():
        assert torch.equal(generator(clamp=1e6)(z), network(z))


def test_which_style_goes_to_which_layer():
    """Convolutions take the styles in turn; a colour layer takes that of the convolution after it, as the references have it."""
    network = generator(16)
    ws = torch.arange(6.0)[None, :, None].expand(1, 6, 12)
    taken = {}
    for i, block in enumerate(network.synthesis.blocks):
        for name in ("conv0", "conv1", "to_rgb"):
            layer = getattr(block, name)
            if layer is not None:
                layer.affine.register_forward_hook(
                    lambda module, inputs, output, key=(i, name): taken.update({key: inputs[0][0, 0].item()})
                )
    network.synthesis(ws)
    assert [taken[key] for key in [(0, "conv1"), (1, "conv0"), (1, "conv1"), (2, "conv0"), (2, "conv1")]] == [0, 1, 2, 3, 4]
    assert [taken[i, "to_rgb"] for i in range(3)] == [1, 3, 5]


@pytest.mark.parametrize("architecture", stylegan2.ARCHITECTURES)
@pytest.mark.parametrize("labels", [0, 5])
def test_variants(architecture, labels):
    """Every architecture, conditional or not, makes images, judges them, and sends gradients to each of its parameters."""
    network = generator(architecture=architecture, label_dim=labels)
    discriminator = stylegan2.Discriminator(16, architecture=architecture, label_dim=labels, label_layers=2, **SMALL)
    z, y = torch.randn(4, 8), torch.arange(4) if labels else None
    images = network.train()(z, y)
    assert images.shape == (4, 3, 16, 16)
    logits = discriminator(images, y)
    assert logits.shape == (4,)
    logits.square().sum().backward()
    for module in (network, discriminator):
        assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in module.parameters())
        assert sum((p.grad != 0).any().item() for p in module.parameters()) == len(list(module.parameters()))
    if labels:
        other = (y + 1) % labels
        assert not torch.allclose(network.eval()(z, y), network(z, other))
        assert not torch.allclose(discriminator(images, y), discriminator(images, other))
        assert torch.allclose(network(z, y), network(z, F.one_hot(y, labels).float()))


def test_residual_sums_keep_the_variance():
    torch.manual_seed(0)
    block = stylegan2.SynthesisBlock(stylegan2.SynthesisConfig(8, architecture="resnet"), 32, 32, side=16, last=False)
    x, ws = torch.randn(8, 32, 8, 8), torch.randn(8, 3, 8)
    y, image = block(x, None, ws, "none")
    assert image is None
    short = resample.conv_up(x, block.skip.scaled_weight())
    long = block.conv1(block.conv0(x, ws[:, 0], "none"), ws[:, 1], "none")
    assert torch.allclose(y, (short + long) * 0.5**0.5, atol=1e-5)


def test_conditional_logit_is_a_projection():
    torch.manual_seed(0)
    network = stylegan2.Discriminator(8, label_dim=3, label_layers=1, **SMALL)
    x, y = torch.randn(4, 3, 8, 8), torch.tensor([0, 1, 2, 1])
    features, image = network.blocks[0](None, x)
    wanted = network.mapping(None, y)
    assert torch.allclose(network(x, y), (network.head(features, image) * wanted).sum(1) / 4, atol=1e-6)


def test_bad_input_names_the_fix():
    network = generator()
    with pytest.raises(ValueError, match="power of two from 8 to 1024, not 48"):
        stylegan2.Generator(48)
    with pytest.raises(ValueError, match="did you mean 'resnet'"):
        stylegan2.Generator(16, architecture="resnets")
    with pytest.raises(ValueError, match="pass labels"):
        generator(label_dim=3)(torch.randn(2, 8))
    with pytest.raises(ValueError, match=r"0\.\.2, not 0\.\.3"):
        generator(label_dim=3)(torch.randn(2, 8), torch.tensor([0, 3]))
    with pytest.raises(ValueError, match=r"\[N, 6, w_dim\], not \[2, 12\]"):
        network.synthesis(torch.randn(2, 12))
