import pytest
import torch

from gancourse.models import r3gan
from gancourse.models.layers import resample
from tests import golden_outputs

SMALL = {"widths": (16, 16, 8), "groups": (4, 4, 2)}


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


def reference_state(name):
    case = golden_outputs.golden(name)
    kept = {key: resample.filter2d() for key in case["fill"]}
    return case, golden_outputs.filled_state(case, kept)


@pytest.mark.parametrize(
    "name, labels, in_generator, in_discriminator",
    [
        ("cifar10", 0, 20_732_160, 20_683_776),
        ("cifar10", 10, 20_781_952, 21_280_512),
        ("ffhq64", 0, 22_429_824, 22_381_440),
        ("ffhq256", 0, 23_057_952, 23_009_568),
        ("imagenet32", 1000, 82_914_304, 86_548_992),
        ("imagenet64", 1000, 103_570_432, 107_205_120),
    ],
)
def test_parameter_counts_of_published_configurations(name, labels, in_generator, in_discriminator):
    with torch.device("meta"):
        networks = r3gan.players(name, labels)
    assert [count(network) for network in networks] == [in_generator, in_discriminator]


def test_stripped_generator():
    with torch.device("meta"):
        assert count(r3gan.StrippedGenerator()) == 18_890_453
    network = r3gan.StrippedGenerator(16, 8, channel_base=128, channel_max=16)
    images = network(torch.randn(3, 8))
    assert images.shape == (3, 3, 16, 16)
    images.square().sum().backward()
    assert all((p.grad != 0).any() for p in network.parameters())


@pytest.mark.parametrize("prefix", ["", "Model."])
def test_generator_reproduces_the_reference(prefix):
    case, state = reference_state("r3gan_G_cNone")
    state = {prefix + key: value for key, value in state.items()}
    arguments = r3gan.configuration(state)
    assert arguments["widths"] == (48, 48, 24)
    assert arguments["groups"] == (3, 3, 3)
    network = r3gan.load_reference(r3gan.Generator(**arguments), state)
    assert count(network) == case["params"]
    golden_outputs.assert_matches(case, network(golden_outputs.inputs(case)["z"]))


def test_discriminator_reproduces_the_reference():
    case, state = reference_state("r3gan_D_cNone")
    network = r3gan.load_reference(r3gan.Discriminator((48, 48, 24), (3, 3, 3)), state)
    assert count(network) == case["params"]
    x = golden_outputs.inputs(case)["x"].requires_grad_(True)
    logits = network(x)
    golden_outputs.assert_matches(case, logits)
    (gradient,) = torch.autograd.grad(logits.sum(), x)
    assert gradient.square().sum().item() == pytest.approx(case["grad"]["sum_sq_grad"], rel=1e-5)


def test_conditional_networks_load_and_depend_on_the_label():
    torch.manual_seed(0)
    network = r3gan.Generator(**SMALL, latent_dim=6, label_dim=3, embedding=5)
    z, y = torch.randn(3, 6), torch.tensor([0, 1, 2])
    assert network(z, y).shape == (3, 3, 16, 16)
    assert not torch.allclose(network(z, y), network(z, y.flip(0)))
    state = {"EmbeddingLayer.weight": network.embed.weight, "AggregationLayer.Layer.weight": network.to_rgb.weight}
    for key, value in network.state_dict().items():
        parts = key.split(".")
        if parts[0] != "stages":
            continue
        layer = {"conv": "LinearLayer.Layer", "linear": "LinearLayer", "basis": "Basis"}
        layer |= {f"conv{i}": f"LinearLayer{i}.Layer" for i in (1, 2, 3)} | {f"bias{i}": f"NonLinearity{i}.Bias" for i in (1, 2)}
        state[".".join(["MainLayers", parts[1], "Layers", parts[2], layer[parts[3]], *parts[4:]])] = value
    copy = r3gan.load_reference(r3gan.Generator(**r3gan.configuration(state)), state)
    assert torch.equal(copy(z, y), network(z, y))


def test_conditional_logit_is_a_projection():
    torch.manual_seed(0)
    network = r3gan.Discriminator(**SMALL, label_dim=4)
    x = torch.randn(2, 3, 16, 16)
    all_labels = torch.stack([network(x, torch.full((2,), label)) for label in range(4)], 1)  # [2, 4]
    mixed = network(x, torch.full((2, 4), 0.25))
    assert torch.allclose(mixed, all_labels.mean(1), atol=1e-5)  # linear in the label's vector


def test_blocks_start_as_the_identity():
    block = r3gan.Block(8, 2, 2, 3, blocks=4)
    x = torch.randn(2, 8, 5, 5)
    assert torch.equal(block(x), x)
    assert block.conv2.weight.shape == (16, 8, 3, 3)  # 16 wide, in two groups
    wide = r3gan.Block(256, 1, 2, 3, blocks=16)
    assert wide.conv1.weight.std().item() == pytest.approx(r3gan.GAIN / 16 / 2, rel=0.02)  # fan_in 256, 16^(-1/4)


def test_networks_mirror_each_other():
    torch.manual_seed(0)
    generator, discriminator = r3gan.Generator(**SMALL, blocks=(1, 2, 1)), r3gan.Discriminator(**SMALL, blocks=(1, 2, 1))
    assert [len(stage) for stage in generator.stages] == [2, 3, 2]
    assert [len(stage) for stage in discriminator.stages] == [2, 3, 2]
    images = generator(torch.randn(4, 64))
    assert discriminator(images).shape == (4,)
    assert not any(isinstance(m, torch.nn.modules.batchnorm._NormBase) for m in discriminator.modules())


def test_bad_input_names_the_fix():
    with pytest.raises(ValueError, match="an entry for each side, not 3, 2 and 3"):
        r3gan.Generator((8, 8, 8), (2, 2))
    with pytest.raises(ValueError, match="pass labels"):
        r3gan.Generator(**SMALL, label_dim=3)(torch.randn(1, 64))
    with pytest.raises(ValueError, match="class numbers"):
        r3gan.Generator(**SMALL, label_dim=3)(torch.randn(1, 64), torch.ones(1, 2))
    with pytest.raises(ValueError, match="did you mean 'cifar10'"):
        r3gan.players("cifar")
    with pytest.raises(ValueError, match="no AggregationLayer"):
        r3gan.configuration({"a": torch.zeros(1)})
