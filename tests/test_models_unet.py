import pytest
import torch

from gancourse.models import unet


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize(
    ("size", "norm", "published"),
    [(256, "batch", 54_413_955), (128, "batch", 41_828_995), (256, "instance", 54_409_603)],
)
def test_published_parameter_counts(size, norm, published):
    with torch.device("meta"):
        assert count(unet.UNet(size=size, norm=norm)) == published


def test_input_gradient_is_the_derivative_of_the_output():
    torch.manual_seed(0)
    network = unet.UNet(size=32, width=4, dropout=0).double().eval()
    x, direction = torch.randn(2, 1, 3, 32, 32, dtype=torch.float64)
    x.requires_grad_(True)
    (gradient,) = torch.autograd.grad(network(x).sum(), x)
    h = 1e-6
    with torch.no_grad():
        numeric = (network(x + h * direction).sum() - network(x - h * direction).sum()) / (2 * h)
    assert (gradient * direction).sum().item() == pytest.approx(numeric.item(), rel=1e-5)


@pytest.mark.parametrize("size", [32, 64, 128])
@pytest.mark.parametrize("norm", unet.NORMS)
def test_shapes_and_range(size, norm):
    network = unet.UNet(1, 3, size, width=2, norm=norm)
    images = network(torch.randn(2, 1, size, size))
    assert images.shape == (2, 3, size, size)
    assert images.abs().max() <= 1


@pytest.mark.parametrize(("size", "layers"), [(64, 1), (128, 2), (256, 3)])
def test_dropout_is_where_the_paper_has_it_and_can_be_kept(size, layers):
    torch.manual_seed(0)
    network = unet.UNet(size=size, width=2)
    assert sum(isinstance(layer, torch.nn.Dropout) for layer in network.modules()) == layers
    x = torch.randn(1, 3, size, size)
    network.eval()
    assert torch.equal(network(x), network(x))
    unet.keep_dropout(network)
    assert not network.training
    assert not torch.equal(network(x), network(x))


def test_without_skips_everything_passes_the_bottleneck():
    torch.manual_seed(0)
    x = torch.randn(1, 3, 32, 32)
    for skips in (True, False):
        network = unet.UNet(size=32, width=2, skips=skips).eval()
        network.up[0].conv.weight.data.zero_()  # cut the way through the bottleneck
        depends = not torch.equal(network(x), network(-x))
        assert depends == skips


@pytest.mark.parametrize("skips", [True, False])
@pytest.mark.parametrize("middle", [2, 4, 8])
def test_a_wider_middle_has_the_same_weights_and_keeps_the_side(middle, skips):
    plain, wide = (unet.UNet(size=32, width=2, skips=skips, middle=side) for side in (1, middle))
    assert count(plain) == count(wide)
    assert [layer.weight.shape[:2].numel() for layer in plain.down.modules() if isinstance(layer, torch.nn.Conv2d)] == [
        layer.weight.shape[:2].numel() for layer in wide.down.modules() if isinstance(layer, torch.nn.Conv2d)
    ]
    sides = []
    for down in wide.down:
        down.register_forward_hook(lambda module, given, found: sides.append(found.shape[-1]))
    assert wide(torch.randn(2, 3, 32, 32)).shape == (2, 3, 32, 32)
    assert sides == [max(32 >> (i + 1), middle) for i in range(5)]


def test_padding_of_a_wider_middle_shifts_nothing():
    down, up = unet.Down(1, 1, "none", False, stride=1), unet.Up(1, 1, "none", False, stride=1)
    for layer in (down, up):
        layer.conv.weight.data.fill_(1)
    point = torch.zeros(1, 1, 9, 9)
    point[0, 0, 4, 4] = 1
    with torch.no_grad():
        found = up(down(point))
    assert torch.equal(found, found.flip(2, 3)) and found.argmax() == point.argmax()


def test_bad_input_names_the_fix():
    with pytest.raises(ValueError, match="middle must be at most 8, a quarter of the size, not 16"):
        unet.UNet(size=32, middle=16)
    with pytest.raises(ValueError, match="power of two from 32 up, not 48"):
        unet.UNet(size=48)
    with pytest.raises(ValueError, match="did you mean 'instance'"):
        unet.UNet(size=32, norm="instanc")
    with pytest.raises(ValueError, match="64 x 64 pixels, not 32 x 32"):
        unet.UNet(size=64, width=2)(torch.zeros(1, 3, 32, 32))
