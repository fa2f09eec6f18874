import pytest
import torch
import torch.nn.functional as F

from gancourse.models import dcgan
from tests import golden_outputs


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


def test_published_parameter_counts():
    assert count(dcgan.Generator()) == 3_576_704
    assert count(dcgan.Discriminator()) == 2_765_568
    assert count(dcgan.Generator(channels=1)) == 3_574_656
    assert count(dcgan.Discriminator(channels=1)) == 2_763_520


def test_generator_reproduces_the_reference():
    case = golden_outputs.golden("dcgan64_G")
    network = dcgan.Generator(size=64, latent_dim=16, width=8).eval()
    network.load_state_dict(golden_outputs.filled_state(case, network.state_dict()), strict=True)
    assert count(network) == case["params"]
    z = golden_outputs.inputs(case)["z"]
    golden_outputs.assert_matches(case, network(z.flatten(1)))


def test_discriminator_reproduces_the_reference():
    case = golden_outputs.golden("dcgan64_D")
    network = dcgan.Discriminator(size=64, width=8).eval()
    network.load_state_dict(golden_outputs.filled_state(case, network.state_dict()), strict=True)
    assert count(network) == case["params"]
    x = golden_outputs.inputs(case)["x"].requires_grad_(True)
    probability = torch.sigmoid(network(x))  # the reference ends in a sigmoid
    golden_outputs.assert_matches(case, probability)
    (gradient,) = torch.autograd.grad(probability.sum(), x)
    assert gradient.square().sum().item() == pytest.approx(case["grad"]["sum_sq_grad"], rel=1e-4)


@pytest.mark.parametrize("size", dcgan.SIZES)
@pytest.mark.parametrize("channels", [1, 3])
def test_shapes_and_range(size, channels):
    generator = dcgan.Generator(size, latent_dim=10, width=4, channels=channels)
    images = generator(torch.randn(2, 10))
    assert images.shape == (2, channels, size, size)
    assert images.abs().max() <= 1
    assert dcgan.Discriminator(size, width=4, channels=channels)(images).shape == (2,)


@pytest.mark.parametrize(
    "options", [{"norm": False}, {"upsample": "nearest"}, {"hidden_linear": True}, {"activation": "tanh"}], ids=str
)
def test_generator_options_change_one_thing(options):
    network = dcgan.Generator(32, latent_dim=6, width=4, **options)
    assert network(torch.randn(2, 6)).shape == (2, 3, 32, 32)
    kinds = {type(layer).__name__ for layer in network.modules()}
    assert ("BatchNorm2d" in kinds) == options.get("norm", True)
    assert ("Upsample" in kinds) == (options.get("upsample") == "nearest")
    assert ("Linear" in kinds) == options.get("hidden_linear", False)
    assert ("ReLU" in kinds) == (options.get("activation", "relu") == "relu")


@pytest.mark.parametrize(
    "options",
    [{"norm": False}, {"downsample": "pool"}, {"downsample": "strided 3x3"}, {"hidden_linear": True}, {"activation": "relu"}],
    ids=str,
)
def test_discriminator_options_change_one_thing(options):
    network = dcgan.Discriminator(32, width=4, **options)
    assert network(torch.zeros(2, 3, 32, 32)).shape == (2,)
    kinds = {type(layer).__name__ for layer in network.modules()}
    assert ("BatchNorm2d" in kinds) == options.get("norm", True)
    assert ("MaxPool2d" in kinds) == (options.get("downsample") == "pool")
    assert ("Linear" in kinds) == options.get("hidden_linear", False)
    assert ("LeakyReLU" in kinds) == (options.get("activation", "leaky_relu") == "leaky_relu")


def test_small_kernels_are_poolings():
    def kernels(downsample):
        trunk = dcgan.Discriminator(32, width=4, downsample=downsample).main[:-1]
        return {layer.kernel_size for layer in trunk if isinstance(layer, torch.nn.Conv2d)}

    assert kernels("pool") == kernels("strided 3x3") == {(3, 3)} and kernels("strided") == {(4, 4)}


def test_a_hidden_layer_is_normalised_on_request():
    plain, normed = (dcgan.Generator(32, 6, 4, hidden_linear=True, hidden_norm=flag) for flag in (False, True))
    assert [type(layer).__name__ for layer in normed.main[:5]] == ["Flatten", "Linear", "Unflatten", "BatchNorm2d", "ReLU"]
    assert len(normed.main) == len(plain.main) + 1 and normed(torch.randn(2, 6)).shape == (2, 3, 32, 32)
    centred = dcgan.Generator(32, 6, 4, hidden_linear=True, hidden_centred=True)
    assert [type(layer).__name__ for layer in centred.main[3:5]] == ["ReLU", "BatchNorm2d"]
    for name in ("hidden_norm", "hidden_centred"):
        with pytest.raises(ValueError, match=f"{name} .* hidden_linear=True"):
            dcgan.Generator(32, 6, 4, **{name: True})


def test_only_the_mean_goes_out_of_a_hidden_layer_on_request():
    network = dcgan.Generator(32, 6, 4, hidden_linear=True, hidden_mean_out=True).train()
    assert [type(layer).__name__ for layer in network.main[3:5]] == ["ReLU", "MeanOnlyBatchNorm"]
    with pytest.raises(ValueError, match="not for both"):
        dcgan.Generator(32, 6, 4, hidden_linear=True, hidden_mean_out=True, hidden_centred=True)
    with pytest.raises(ValueError, match="hidden_mean_out .* hidden_linear=True"):
        dcgan.Generator(32, 6, 4, hidden_mean_out=True)


def test_the_authors_first_map_has_a_mean_for_each_place():
    network = dcgan.Generator(32, 6, 4, first_norm="units").train()
    kinds = ["ConvTranspose2d", "Flatten", "BatchNorm1d", "Unflatten", "ReLU"]
    assert [type(layer).__name__ for layer in network.main[:5]] == kinds
    with torch.no_grad():
        maps = network.main[:4](torch.randn(500, 6, 1, 1))
        by_channel = dcgan.Generator(32, 6, 4).train().main[:2](torch.randn(500, 6, 1, 1) + 3)
    assert maps.mean(0).abs().max() < 1e-5  # nothing that all latents share is left, at any place
    assert by_channel.mean(0).abs().max() > 0.1 and by_channel.mean((0, 2, 3)).abs().max() < 1e-5
    assert network.main[2].weight.std() > 0.01  # the gains' start is that of the authors' code
    assert network(torch.randn(2, 6)).shape == (2, 3, 32, 32)
    with pytest.raises(ValueError, match="needs norm=True"):
        dcgan.Generator(32, 6, 4, first_norm="units", norm=False)
    with pytest.raises(ValueError, match="did you mean 'units'"):
        dcgan.Generator(32, 6, 4, first_norm="unit")


def test_initialisation_is_the_papers():
    torch.manual_seed(0)
    network = dcgan.Generator(64, width=32)
    weight = network.main[3].weight
    assert weight.mean().abs() < 1e-3
    assert weight.std().item() == pytest.approx(0.02, rel=0.02)
    gain = torch.cat([layer.weight for layer in network.modules() if isinstance(layer, torch.nn.BatchNorm2d)])
    assert gain.mean().item() == pytest.approx(1, abs=0.005)
    assert gain.std().item() == pytest.approx(0.02, rel=0.2)


def test_initialisation_by_an_explicit_generator_is_reproducible():
    networks = [dcgan.init_dcgan(dcgan.Generator(16, width=4), generator=torch.Generator().manual_seed(3)) for _ in range(2)]
    for one, other in zip(networks[0].parameters(), networks[1].parameters(), strict=True):
        assert torch.equal(one, other)


def test_bad_input_names_the_fix():
    with pytest.raises(ValueError, match="16, 32, 64, 128 px, not 48"):
        dcgan.Generator(48)
    with pytest.raises(ValueError, match="did you mean 'nearest'"):
        dcgan.Generator(32, upsample="neares")
    with pytest.raises(ValueError, match=r"\[N, 100\], not \[2, 100, 1, 1\]"):
        dcgan.Generator(16, width=4)(torch.randn(2, 100, 1, 1))
    with pytest.raises(ValueError, match="64 x 64 pixels, not 32 x 32"):
        dcgan.Discriminator(64, width=4)(torch.zeros(1, 3, 32, 32))
    with pytest.raises(TypeError, match="to_float"):
        dcgan.Discriminator(64, width=4)(torch.zeros(1, 3, 64, 64, dtype=torch.uint8))


def test_doubling_and_a_3x3_convolution_are_one_transposed_4x4_layer_with_tied_weights():
    torch.manual_seed(0)
    x, w = torch.randn(2, 3, 5, 5), torch.randn(4, 3, 3, 3)
    doubled = F.conv2d(F.interpolate(x, scale_factor=2, mode="nearest"), w, padding=1)
    ties = torch.tensor([[0.0, 0, 1], [0, 1, 1], [1, 1, 0], [1, 0, 0]])  # each of four weights in a row is a sum of three
    tied = torch.einsum("ka,lb,oiab->iokl", ties, ties, w)
    assert torch.allclose(F.conv_transpose2d(x, tied, stride=2, padding=1), doubled, atol=1e-5)
