import pytest
import torch

from gancourse.models import stylegan2
from gancourse.models.layers import resample
from gancourse.models.reference import stylegan2 as reference
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


@pytest.mark.parametrize("name", ["sg2_G_orig", "sg2_G_skip"])
def test_generator_reproduces_the_reference(name):
    case, state = reference_state(name)
    arguments = reference.configuration(state)
    assert arguments["architecture"] == name.removeprefix("sg2_G_")
    network = reference.load_reference(stylegan2.Generator(**arguments), state).eval()
    assert count(network) == case["params"]
    golden_outputs.assert_matches(case, network(golden_outputs.inputs(case)["z"]))  # evaluation: constant noise


@pytest.mark.parametrize("name", ["sg2_D_orig", "sg2_D_resnet"])
def test_discriminator_reproduces_the_reference(name):
    case, state = reference_state(name)
    network = stylegan2.Discriminator(32, channel_base=1024, channel_max=64, architecture=name.removeprefix("sg2_D_"))
    reference.load_reference(network, state)
    assert count(network) == case["params"]
    x = golden_outputs.inputs(case)["x"].requires_grad_(True)
    logits = network(x)
    golden_outputs.assert_matches(case, logits[:, None])
    (gradient,) = torch.autograd.grad(logits.sum(), x)
    assert gradient.square().sum().item() == pytest.approx(case["grad"]["sum_sq_grad"], rel=1e-5)


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
        copy = stylegan2.Generator(**reference.configuration(state))
        assert torch.equal(reference.load_reference(copy, state).eval()(z, truncation=0.5), network(z, truncation=0.5))
    del other["latent_avg"]  # a file without the mean of w: it is measured, since truncation pulls towards it
    copy = reference.load_reference(stylegan2.Generator(**reference.configuration(other)), other)
    assert torch.equal(copy.mapping.average, stylegan2.measure_average(network))
    assert torch.equal(copy.synthesis.blocks[0].const, network.synthesis.blocks[0].const)


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
    copy = reference.load_reference(stylegan2.Discriminator(16, **SMALL), state)
    x = torch.randn(4, 3, 16, 16)
    assert torch.equal(copy(x), network(x))


def test_a_state_dict_that_does_not_fit_is_refused():
    case, state = reference_state("sg2_G_skip")
    arguments = reference.configuration(state)
    with pytest.raises(ValueError, match="another filter"):
        reference.load_reference(stylegan2.Generator(**{**arguments, "taps": (1, 2, 2, 1)}), state)
    with pytest.raises(ValueError, match="this network has no place for synthesis.b4.torgb.weight"):
        reference.load_reference(stylegan2.Generator(**{**arguments, "architecture": "orig"}), state)
    with pytest.raises(ValueError, match="shapes differ: .*: build Generator with the size"):
        reference.load_reference(stylegan2.Generator(**{**arguments, "channel_max": 32}), state)
    with pytest.raises(ValueError, match="it lacks what fills synthesis.blocks.3.conv1.bias"):
        del state["synthesis.b32.conv1.bias"]
        reference.load_reference(stylegan2.Generator(**arguments), state)
