import pytest
import torch
import torch.nn.functional as F

from gancourse.models import progan, stylegan1, stylegan2

SMALL = {"w_dim": 12, "channel_base": 128, "channel_max": 16, "mapping_layers": 2}


def generator(size=16):
    torch.manual_seed(0)
    return stylegan1.Generator(size, 8, **SMALL).eval()


def test_parameter_counts_of_the_published_network():
    with torch.device("meta"):
        network = stylegan1.Generator()
        heads = sum(p.numel() for head in network.synthesis.to_rgb[:-1] for p in head.parameters())
        total = sum(p.numel() for p in network.parameters())
        assert total == 26_219_627
        assert total - heads == 26_212_019
        assert network.layers == 18


def test_adain_sets_mean_and_spread():
    torch.manual_seed(0)
    x = 3 + 5 * torch.randn(2, 4, 16, 16)
    scale, shift = torch.rand(2, 4), torch.randn(2, 4)
    y = stylegan1.adain(x, scale, shift)
    assert torch.allclose(y.mean((2, 3)), shift, atol=1e-5)
    assert torch.allclose(y.std((2, 3), unbiased=False), 1 + scale, atol=1e-4)
    assert torch.allclose(stylegan1.instance_norm(x), F.instance_norm(x, eps=1e-8), atol=1e-5)


def test_adain_forgets_the_scale_of_its_input_as_demodulation_does():
    """Both take the style of the layer before out of the statistics: that is what they have in common."""
    torch.manual_seed(0)
    x, w = torch.randn(2, 6, 8, 8), torch.randn(2, 12)
    layer = stylegan1.Epilogue(6, 12, 8)
    assert torch.allclose(layer(x, w, "none"), layer(10 * x, w, "none"), atol=1e-4)
    weight, style = torch.randn(5, 6, 3, 3), torch.rand(2, 6) + 0.5
    once, tenfold = (stylegan2.modulated_conv2d(x, weight, s) for s in (style, 10 * style))
    assert torch.allclose(once, tenfold, atol=1e-4)


def test_grows_as_progan_does():
    network, discriminator = generator(), progan.Discriminator(16, channel_base=128, channel_max=16, blur=True)
    z = torch.randn(4, 8)
    new = network(z)
    assert new.shape == (4, 3, 16, 16)
    network.grow(1)
    old = F.interpolate(network(z), scale_factor=2, mode="nearest")
    network.grow(2, 0.25)
    discriminator.grow(2, 0.25)
    assert (network.level, network.alpha) == (2, 0.25)
    assert torch.allclose(network(z), old.lerp(new, 0.25), atol=1e-5)
    assert discriminator(network(z)).shape == (4,)


def test_styles_noise_and_truncation_work_as_in_stylegan2():
    network = generator()
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.endswith("noise_strength"):
                parameter.fill_(0.5)
    network.mapping.average.normal_()
    z = torch.randn(2, 8)
    ws = network.styles(z)
    assert ws.shape == (2, 6, 12)
    assert torch.equal(network(z), network.synthesis(ws))
    assert not torch.allclose(network(z), network(z, noise="none"))
    assert not torch.allclose(network(z, noise="random"), network(z, noise="random"))
    other = network.styles(torch.randn(2, 8))
    network.synthesis.grow(0)
    coarse = stylegan2.mix(ws, other, 2)
    assert torch.equal(network.synthesis(coarse), network.synthesis(ws))  # at 4 px only the first two styles are used
    assert torch.allclose(network(z, truncation=0.0)[0], network(z, truncation=0.0)[1], atol=1e-6)


def test_which_style_goes_to_which_layer():
    network = generator()
    taken = []
    for module in network.modules():
        if isinstance(module, stylegan1.Epilogue):
            module.register_forward_hook(lambda module, inputs, output: taken.append(inputs[1][0, 0].item()))
    network.synthesis(torch.arange(6.0)[None, :, None].expand(1, 6, 12))
    assert taken == [0, 1, 2, 3, 4, 5]


def test_every_parameter_learns():
    network = generator().train()
    network.grow(2, 0.5)
    network(torch.randn(4, 8)).square().sum().backward()
    idle = [name for name, p in network.named_parameters() if p.grad is None or not (p.grad != 0).any()]
    assert idle == ["synthesis.to_rgb.0.weight", "synthesis.to_rgb.0.bias"]  # of a level that is past


def test_bad_input_names_the_fix():
    with pytest.raises(ValueError, match="styles must be"):
        generator().synthesis(torch.zeros(1, 4, 12))
    with pytest.raises(ValueError, match="did you mean 'random'"):
        generator()(torch.zeros(1, 8), noise="randon")


def test_a_fade_stands_float32_beside_bfloat16(monkeypatch):
    enlarge = F.interpolate
    monkeypatch.setattr(F, "interpolate", lambda x, **how: enlarge(x.float(), **how))  # what autocast does on a GPU
    g = generator(16)
    g.grow(1, 0.5)
    with torch.autocast("cpu", torch.bfloat16):
        assert g(torch.randn(2, 8)).shape == (2, 3, 8, 8)
