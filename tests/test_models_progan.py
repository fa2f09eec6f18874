import pytest
import torch
import torch.nn.functional as F

from gancourse.models import progan

SMALL = {"channel_base": 128, "channel_max": 16}


def count(make, *arguments, **options):
    with torch.device("meta"):  # shapes without memory
        return sum(parameter.numel() for parameter in make(*arguments, **options).parameters())


def test_parameter_counts_of_the_authors_networks():
    assert count(progan.Generator) == 23_079_115
    assert count(progan.Generator, heads="last") == 23_071_507
    assert count(progan.Discriminator) == 23_087_249
    assert count(progan.Discriminator, heads="last") == 23_077_137


@pytest.mark.parametrize(
    "size, generator, discriminator",
    [(1024, 23_086_795, 23_087_249), (256, 23_051_989, 23_052_353), (128, 22_941_074, 22_941_313)],
)
def test_parameter_counts_of_other_implementations(size, generator, discriminator):
    assert count(progan.Generator, size, variant="gan_zoo") == generator
    assert count(progan.Discriminator, size, variant="gan_zoo") == discriminator


def test_parameter_counts_that_are_often_quoted():
    assert count(progan.Generator, variant="gan_zoo", heads="last") == 23_079_187
    assert count(progan.Discriminator, variant="gan_zoo", heads="last") == 23_077_137
    assert count(progan.Generator, channel_base=16384) == 27_793_275  # a third implementation, twice as wide above 32 px
    assert count(progan.Discriminator, channel_base=16384) == 27_801_889


@pytest.mark.parametrize("level", range(4))
def test_shapes_at_every_level(level):
    generator, discriminator = progan.Generator(32, 8, **SMALL), progan.Discriminator(32, **SMALL)
    for network in (generator, discriminator):
        network.grow(level, 0.5)
        assert network.side == 4 * 2**level
    images = generator(torch.randn(4, 8))
    assert images.shape == (4, 3, 4 * 2**level, 4 * 2**level)
    assert discriminator(images).shape == (4,)
    (images.mean() + discriminator(images).mean()).backward()
    used = [name for name, p in generator.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0]
    assert {f"to_rgb.{i}.weight" for i in range(max(0, level - 1), level + 1)} == {
        name for name in used if name.startswith("to_rgb") and name.endswith("weight")
    }
    assert not any(name.startswith(f"blocks.{level}.") for name in used)


def test_fade_starts_as_the_old_network_and_ends_as_the_new_one():
    torch.manual_seed(1)
    generator, discriminator = progan.Generator(16, 8, **SMALL), progan.Discriminator(16, **SMALL)
    z = torch.randn(4, 8)

    def at(level, alpha=1.0):
        generator.grow(level, alpha)
        discriminator.grow(level, alpha)
        return generator(z)

    small, big = at(1), at(2)
    assert torch.allclose(at(2, 0.0), F.interpolate(small, scale_factor=2, mode="nearest"), atol=1e-6)
    assert torch.allclose(at(2, 0.25), at(2, 0.0).lerp(big, 0.25), atol=1e-6)
    x = torch.randn(4, 3, 16, 16)
    at(2, 0.0)
    faded = discriminator(x)
    at(1)
    assert torch.allclose(faded, discriminator(F.avg_pool2d(x, 2)), atol=1e-6)


def test_the_stage_travels_with_the_state_dict():
    network = progan.Generator(32, 8, **SMALL)
    network.grow(2, 0.375)
    copy = progan.Generator(32, 8, **SMALL)
    copy.load_state_dict(network.state_dict())
    assert (copy.level, copy.alpha) == (2, 0.375)


def test_first_layer_is_normalised_latent_and_options_switch_parts_off():
    network = progan.Generator(8, 6, **SMALL)
    z = torch.randn(2, 6)
    assert torch.allclose(network(z), network(5 * z), atol=1e-5)  # pixel normalisation takes the latent's length out
    plain = progan.Generator(8, 6, pixel_norm=False, equalised=False, **SMALL)
    assert not torch.allclose(plain(z), plain(5 * z))
    assert plain.conv.weight.std() < 0.5 < network.conv.weight.std()
    assert progan.Discriminator(8, group_size=0, **SMALL).conv.weight.shape[1] == 16


def test_blur_keeps_shapes_and_a_flat_image():
    torch.manual_seed(0)
    plain, blurred = progan.Discriminator(16, **SMALL), progan.Discriminator(16, blur=True, **SMALL)
    blurred.load_state_dict(plain.state_dict())
    x = torch.randn(4, 3, 16, 16)
    assert blurred(x).shape == (4,)
    assert not torch.allclose(blurred(x), plain(x))


def test_bad_input_names_the_fix():
    with pytest.raises(ValueError, match="power of two from 4 to 1024, not 48"):
        progan.Generator(48)
    network = progan.Generator(16, 8, **SMALL)
    with pytest.raises(ValueError, match=r"levels 0\.\.2, not 3"):
        network.grow(3)
    with pytest.raises(ValueError, match=r"\[0, 1\], not 2"):
        network.grow(1, 2)
    with pytest.raises(ValueError, match="give 3 of them, not 2"):
        progan.Generator(16, widths=(8, 8))
    last = progan.Generator(16, 8, heads="last", **SMALL)
    last.grow(1)
    with pytest.raises(ValueError, match='heads="all"'):
        last(torch.randn(1, 8))
    with pytest.raises(ValueError, match="did you mean 'gan_zoo'"):
        progan.Generator(16, variant="ganzoo")
    with pytest.raises(ValueError, match="8 x 8 pixels, not 16 x 16"):
        discriminator = progan.Discriminator(16, **SMALL)
        discriminator.grow(1)
        discriminator(torch.zeros(2, 3, 16, 16))


def test_a_fade_stands_float32_beside_bfloat16(monkeypatch):
    enlarge = F.interpolate
    monkeypatch.setattr(F, "interpolate", lambda x, **how: enlarge(x.float(), **how))  # what autocast does on a GPU
    g = progan.Generator(16, **SMALL)
    g.grow(1, 0.5)
    with torch.autocast("cpu", torch.bfloat16):
        assert g(torch.randn(2, g.latent_dim)).shape == (2, 3, 8, 8)
