import pytest
import torch
import torch.nn.functional as F

from gancourse.models import stylegan2
from gancourse.models.layers import resample
from tests import golden_outputs

SMALL = {"channel_base": 128, "channel_max": 16}


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


def generator(size=16, **options):
    torch.manual_seed(0)
    return stylegan2.Generator(size, 8, **{"w_dim": 12, "mapping_layers": 2, **SMALL, **options}).eval()


def reference_state(name):
    """A golden case and its filled state; the filters and the mean of w are what the constructor sets."""
    case = golden_outputs.golden(name)
    kept = {key: resample.filter2d() if len(shape) == 2 else torch.zeros(shape) for key, (shape, *_) in case["fill"].items()}
    return case, golden_outputs.filled_state(case, kept)


# ------------------------------------------------------------------------------------------------- the published networks


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


@pytest.mark.parametrize("name", ["sg2_G_orig", "sg2_G_skip"])
def test_generator_reproduces_the_reference(name):
    case, state = reference_state(name)
    arguments = stylegan2.configuration(state)
    assert arguments["architecture"] == name.removeprefix("sg2_G_")
    network = stylegan2.load_reference(stylegan2.Generator(**arguments), state).eval()
    assert count(network) == case["params"]
    golden_outputs.assert_matches(case, network(golden_outputs.inputs(case)["z"]))  # evaluation: constant noise


@pytest.mark.parametrize("name", ["sg2_D_orig", "sg2_D_resnet"])
def test_discriminator_reproduces_the_reference(name):
    case, state = reference_state(name)
    network = stylegan2.Discriminator(32, channel_base=1024, channel_max=64, architecture=name.removeprefix("sg2_D_"))
    stylegan2.load_reference(network, state)
    assert count(network) == case["params"]
    x = golden_outputs.inputs(case)["x"].requires_grad_(True)
    logits = network(x)
    golden_outputs.assert_matches(case, logits[:, None])
    (gradient,) = torch.autograd.grad(logits.sum(), x)
    assert gradient.square().sum().item() == pytest.approx(case["grad"]["sum_sq_grad"], rel=1e-5)


# ----------------------------------------------------------------------------------------------------------- the operations


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
    layer = stylegan2.StyledConv(4, 5, 7, 6, False, resample.BINOMIAL)
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
    block = stylegan2.SynthesisBlock(32, 32, 8, 16, 3, False, "resnet", resample.BINOMIAL)
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


def test_both_key_names_load():
    """A network written under the names of each implementation comes back as the same function."""
    network = generator(32, architecture="skip", w_dim=8)
    z = torch.randn(2, 8)
    network.mapping.average.normal_()
    official, other = {}, {}
    for key, value in network.state_dict().items():
        parts = key.split(".")
        if parts[0] == "mapping":
            official["mapping.w_avg" if parts[1] == "average" else f"mapping.fc{parts[2]}.{parts[3]}"] = value
            other["latent_avg" if parts[1] == "average" else f"style.{int(parts[2]) + 1}.{parts[3]}"] = value
            continue
        i, rest = int(parts[2]), ".".join(parts[3:])
        rest_official = rest.replace("to_rgb", "torgb")
        if rest.endswith(".noise"):
            rest_official += "_const"
        official[f"synthesis.b{4 * 2**i}.{rest_official}"] = value
        if rest == "const":
            other["input.input"] = value[None]
            continue
        layer, name = parts[3], ".".join(parts[4:])
        place = {"conv0": f"convs.{2 * i - 2}", "conv1": f"convs.{2 * i - 1}" if i else "conv1"}
        place["to_rgb"] = f"to_rgbs.{i - 1}" if i else "to_rgb1"
        if name == "noise":
            other[f"noises.noise_{2 * i - (layer == 'conv0')}"] = value[None, None]
            continue
        theirs = {"weight": "conv.weight", "noise_strength": "noise.weight"}.get(name, name.replace("affine", "conv.modulation"))
        if name == "bias" and layer != "to_rgb":
            theirs = "activate.bias"
        shaped = value[None] if name == "weight" else value.reshape(1) if name == "noise_strength" else value
        other[f"{place[layer]}.{theirs}"] = shaped.reshape(1, -1, 1, 1) if name == "bias" and layer == "to_rgb" else shaped
    official["synthesis.b8.resample_filter"] = resample.filter2d()
    other["convs.0.conv.blur.kernel"] = 4 * resample.filter2d()
    for state in (official, other):
        copy = stylegan2.Generator(**stylegan2.configuration(state))
        assert torch.equal(stylegan2.load_reference(copy, state).eval()(z, truncation=0.5), network(z, truncation=0.5))


def test_second_key_names_of_the_discriminator():
    torch.manual_seed(0)
    network = stylegan2.Discriminator(16, **SMALL)
    names = {"head.conv.weight": "final_conv.0.weight", "head.conv.bias": "final_conv.1.bias"}
    names |= {f"head.{a}.{b}": f"final_linear.{i}.{b}" for i, a in enumerate(("fc", "out")) for b in ("weight", "bias")}
    names |= {"blocks.0.from_rgb.weight": "convs.0.0.weight", "blocks.0.from_rgb.bias": "convs.0.1.bias"}
    for i in range(2):
        for j, (a, b) in enumerate([(0, 1), (1, 2)]):
            names |= {f"blocks.{i}.conv{j}.weight": f"convs.{i + 1}.conv{j + 1}.{a}.weight"}
            names |= {f"blocks.{i}.conv{j}.bias": f"convs.{i + 1}.conv{j + 1}.{b}.bias"}
        names[f"blocks.{i}.skip.weight"] = f"convs.{i + 1}.skip.1.weight"
    state = {names[key]: value for key, value in network.state_dict().items()}
    copy = stylegan2.load_reference(stylegan2.Discriminator(16, **SMALL), state)
    x = torch.randn(4, 3, 16, 16)
    assert torch.equal(copy(x), network(x))


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
    with pytest.raises(ValueError, match="0..6, the number of layers, not 7"):
        stylegan2.mix(torch.zeros(1, 6, 2), torch.zeros(1, 6, 2), 7)
    case, state = reference_state("sg2_G_skip")
    arguments = stylegan2.configuration(state)
    with pytest.raises(ValueError, match="another filter"):
        stylegan2.load_reference(stylegan2.Generator(**{**arguments, "taps": (1, 2, 2, 1)}), state)
    with pytest.raises(ValueError, match="this network has no place for synthesis.b4.torgb.weight"):
        stylegan2.load_reference(stylegan2.Generator(**{**arguments, "architecture": "orig"}), state)
    with pytest.raises(ValueError, match="shapes differ: .*: build Generator with the size"):
        stylegan2.load_reference(stylegan2.Generator(**{**arguments, "channel_max": 32}), state)
    with pytest.raises(ValueError, match="it lacks what fills synthesis.blocks.3.conv1.bias"):
        del state["synthesis.b32.conv1.bias"]
        stylegan2.load_reference(stylegan2.Generator(**arguments), state)


def test_the_mappings_rate_changes_its_speed_and_not_its_function():
    """Stored weights are 1 / rate times larger: the same draws give the same f, and a step of Adam counts less."""
    torch.manual_seed(0)
    slow = stylegan2.Generator(8, 4, w_dim=6, mapping_layers=2, channel_base=64, channel_max=8)
    torch.manual_seed(0)
    fast = stylegan2.Generator(8, 4, w_dim=6, mapping_layers=2, channel_base=64, channel_max=8, mapping_lr_mult=0.1)
    z = torch.randn(5, 4)
    assert torch.allclose(slow.styles(z), fast.styles(z), atol=1e-5)
    assert torch.allclose(slow.mapping.layers[0].weight, 10 * fast.mapping.layers[0].weight)
