import pytest
import torch

from gancourse.models import patchgan


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize(
    ("network", "published"),
    [
        (lambda: patchgan.PatchGAN(), 2_768_705),
        (lambda: patchgan.PatchGAN(3, norm="instance"), 2_764_737),
        (lambda: patchgan.PatchGAN(3), 2_765_633),
        (lambda: patchgan.PixelDiscriminator(), 9_024),
    ],
)
def test_published_parameter_counts(network, published):
    with torch.device("meta"):
        assert count(network()) == published


def test_thirty_by_thirty_patches_at_256():
    assert patchgan.PatchGAN(width=2)(torch.zeros(1, 6, 256, 256)).shape == (1, 1, 30, 30)
    assert patchgan.PixelDiscriminator(width=2)(torch.zeros(1, 6, 32, 32)).shape == (1, 1, 32, 32)


@pytest.mark.parametrize(("layers", "side"), [(1, 16), (2, 34), (3, 70), (4, 142), (5, 286)])
def test_receptive_field_is_the_papers_in_closed_form_and_by_gradients(layers, side):
    torch.manual_seed(0)
    network = patchgan.PatchGAN(1, 1, layers)
    assert patchgan.receptive_field(patchgan.convolutions(network)) == side == 9 * 2**layers - 2
    # one map and LeakyReLU: no gradient is exactly zero, so the measured field is the whole of it
    assert patchgan.measured_receptive_field(network, 1, side + 2 ** (layers + 2)) == (side, side)


def test_a_pixel_discriminator_sees_one_pixel_and_instance_norm_sees_everything():
    torch.manual_seed(0)
    pixel = patchgan.PixelDiscriminator(3, 4)
    assert patchgan.receptive_field(patchgan.convolutions(pixel)) == 1
    assert patchgan.measured_receptive_field(pixel, 3, 16) == (1, 1)
    assert pixel.training  # as it was
    assert patchgan.measured_receptive_field(patchgan.PatchGAN(3, 4, 1, norm="instance"), 3, 64) == (64, 64)


def test_spectral_norm_bounds_every_layer():
    torch.manual_seed(0)
    network = patchgan.PatchGAN(4, 4, 2, norm="spectral")
    for _ in range(50):
        network(torch.randn(1, 4, 32, 32))  # one step of power iteration each
    for layer in network.model:
        if isinstance(layer, torch.nn.Conv2d):
            assert torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() == pytest.approx(1, abs=0.02)


def test_bad_input_names_the_fix():
    with pytest.raises(ValueError, match="did you mean 'batch'"):
        patchgan.PatchGAN(norm="batc")
    with pytest.raises(ValueError, match="6 channels, not 3"):
        patchgan.PatchGAN(width=2)(torch.zeros(1, 3, 64, 64))
    with pytest.raises(ValueError, match="layers must be above 0"):
        patchgan.PatchGAN(layers=0)
