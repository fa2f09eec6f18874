import pytest
import torch
import torch.nn.functional as F

from gancourse.models import encoder_decoder as models


def test_channelwise_layer_is_a_matrix_for_each_channel():
    torch.manual_seed(0)
    layer = models.ChannelwiseLinear(2, 3)
    assert layer.weight.numel() == 2 * 3**4
    x = torch.randn(4, 2, 3, 3)
    y = layer(x)
    for channel in range(2):
        expected = x[:, channel].flatten(1) @ layer.weight[channel] + layer.bias[channel]
        assert torch.allclose(y[:, channel].flatten(1), expected, atol=1e-6)


@pytest.mark.parametrize("size", [32, 64, 128])
@pytest.mark.parametrize("bottleneck", ["convolution", "channelwise"])
def test_context_encoder_gives_the_hole_or_the_whole(size, bottleneck):
    x = torch.randn(2, 3, size, size)
    for output, side in (("centre", size // 2), ("image", size)):
        network = models.ContextEncoder(size, 4, output=output, bottleneck=bottleneck, bottleneck_dim=8)
        assert network(x).shape == (2, 3, side, side)
        assert network.encode(x).shape[2:] == (4, 4)


def test_context_encoder_has_the_published_layers():
    with torch.device("meta"):
        network = models.ContextEncoder()
    shapes = [tuple(layer.weight.shape[:2]) for layer in network.modules() if isinstance(layer, torch.nn.Conv2d)]
    assert shapes == [(64, 3), (64, 64), (128, 64), (256, 128), (512, 256), (4000, 512)]
    shapes = [tuple(layer.weight.shape[:2]) for layer in network.modules() if isinstance(layer, torch.nn.ConvTranspose2d)]
    assert shapes == [(4000, 512), (512, 256), (256, 128), (128, 64), (64, 3)]


def test_the_far_corner_reaches_the_hole():
    torch.manual_seed(0)
    network = models.ContextEncoder(32, 4, bottleneck="channelwise").eval()
    x = torch.randn(1, 3, 32, 32, requires_grad=True)
    (gradient,) = torch.autograd.grad(network(x)[0, :, -1, -1].sum(), x)
    assert gradient[0, :, 0, 0].abs().max() > 0


def test_gate_multiplies():
    torch.manual_seed(0)
    layer = models.GatedConv2d(2, 3)
    x = torch.randn(1, 2, 6, 6)
    content, gate = layer.conv(x).chunk(2, 1)
    assert torch.allclose(layer(x), F.elu(content) * torch.sigmoid(gate))
    assert torch.equal(layer.gate(x), torch.sigmoid(gate))
    layer.conv.bias.data[3:] = -100  # closed
    assert layer(x).abs().max() < 1e-20
    plain = models.GatedConv2d(2, 3, gated=False)
    assert plain(x).shape == (1, 3, 6, 6)
    with pytest.raises(ValueError, match="gated=True"):
        plain.gate(x)


def test_gated_inpainter_sees_everything_at_64():
    torch.manual_seed(0)
    network = models.GatedInpainter(4)
    x = torch.randn(1, 4, 64, 64, requires_grad=True)
    out = network(x)
    assert out.shape == (1, 3, 64, 64) and out.abs().max() <= 1
    (gradient,) = torch.autograd.grad(out[0, :, 32, 32].sum(), x)
    rows = (gradient[0].abs().sum((0, 2)) > 0).nonzero()
    assert rows.min() == 0 and rows.max() == 63
    with pytest.raises(ValueError, match="4 channels, not 3"):
        network(torch.zeros(1, 3, 64, 64))


@pytest.mark.parametrize("scale", [2, 4])
def test_srresnet_enlarges_any_shape(scale):
    network = models.SRResNet(scale, width=4, blocks=2)
    assert network(torch.randn(2, 3, 8, 12)).shape == (2, 3, 8 * scale, 12 * scale)


def test_srresnet_has_the_papers_layers():
    with torch.device("meta"):
        network = models.SRResNet()
        judge = models.SRDiscriminator()
    convs = [(layer.out_channels, layer.kernel_size[0]) for layer in network.modules() if isinstance(layer, torch.nn.Conv2d)]
    assert convs == [(64, 9)] + 33 * [(64, 3)] + 2 * [(256, 3)] + [(3, 9)]
    convs = [(layer.out_channels, layer.stride[0]) for layer in judge.modules() if isinstance(layer, torch.nn.Conv2d)]
    assert convs == [(64, 1), (64, 2), (128, 1), (128, 2), (256, 1), (256, 2), (512, 1), (512, 2)]
    assert judge.judge[1].out_features == 1024


def test_sr_discriminator_gives_one_logit_each():
    assert models.SRDiscriminator(32, 4)(torch.zeros(3, 3, 32, 32)).shape == (3,)


def test_bad_input_names_the_fix():
    with pytest.raises(ValueError, match="power of two from 16 up, not 96"):
        models.ContextEncoder(96)
    with pytest.raises(ValueError, match="did you mean 'centre'"):
        models.ContextEncoder(64, output="center")
    with pytest.raises(ValueError, match="power of two from 2 up, not 3"):
        models.SRResNet(3)
    with pytest.raises(ValueError, match="multiple of 16"):
        models.SRDiscriminator(40)
