import pytest
import torch

from gancourse.models import r3gan

SMALL = {"widths": (16, 16, 8), "groups": (4, 4, 2)}


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


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
