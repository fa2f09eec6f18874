import pytest
import torch

from gancourse.models import spade


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize(
    ("classes", "size", "halvings", "aspect", "generator", "discriminator"),
    [
        (184, 256, 5, 1.0, 97_480_899, 5_904_514),  # COCO-Stuff: 182 classes, "don't care", instance edges
        (151, 256, 5, 1.0, 96_492_483, 5_836_930),  # ADE20K: 150 and "don't care"
        (36, 512, 6, 2.0, 93_048_003, 5_601_410),  # Cityscapes: 35 and instance edges
    ],
    ids=["coco", "ade20k", "cityscapes"],
)
def test_published_parameter_counts(classes, size, halvings, aspect, generator, discriminator):
    with torch.device("meta"):  # spectral normalisation adds buffers, no parameters, and takes long to set up at this width
        assert count(spade.SPADEGenerator(classes, size, halvings=halvings, aspect=aspect, spectral=False)) == generator
    assert count(spade.MultiScaleDiscriminator(classes + 3)) == discriminator


def test_two_scales_at_256():
    shapes = [list(logits.shape) for logits in spade.MultiScaleDiscriminator(4, 2)(torch.zeros(1, 4, 256, 256))]
    assert shapes == [[1, 1, 35, 35], [1, 1, 19, 19]]


def test_spade_is_its_equation():
    torch.manual_seed(0)
    layer = spade.SPADE(3, 4, hidden=5)
    x, layout = torch.randn(6, 3, 8, 8), torch.randn(6, 4, 16, 16)
    y = layer(x, layout)
    small = layout[:, :, ::2, ::2]  # nearest neighbours
    shared = layer.mlp_shared(small)
    mean, variance = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), unbiased=False, keepdim=True)
    expected = (1 + layer.mlp_gamma(shared)) * (x - mean) / (variance + 1e-5).sqrt() + layer.mlp_beta(shared)
    assert torch.allclose(y, expected, atol=1e-5)


def test_an_even_layout_is_washed_away_by_instance_norm_but_not_by_spade():
    # Park et al. 2019, section 3: after a convolution of an even layout, instance normalisation leaves zero whatever the class.
    torch.manual_seed(0)
    first, second = (torch.zeros(1, 2, 8, 8).index_fill(1, torch.tensor([k]), 1.0) for k in (0, 1))
    conv = torch.nn.Conv2d(2, 3, 1)
    washed = [torch.nn.InstanceNorm2d(3)(conv(layout)) for layout in (first, second)]
    assert washed[0].abs().max() < 1e-3
    assert torch.allclose(washed[0], washed[1], atol=1e-3)
    layer = spade.SPADE(3, 2, hidden=4).eval()
    x = torch.randn(1, 3, 8, 8)
    assert (layer(x, first) - layer(x, second)).abs().max() > 0.1


@pytest.mark.parametrize("condition", spade.CONDITIONS)
def test_conditions_differ_in_how_much_of_the_layout_they_see(condition):
    torch.manual_seed(0)
    network = spade.SPADEGenerator(3, 32, 2, condition=condition, hidden=4).eval()
    network.conv_img.weight.data.mul_(100)
    layout = torch.zeros(1, 3, 32, 32)
    layout[:, 0] = 1
    moved = layout.clone()
    moved[:, :, 5, 7] = torch.tensor([0.0, 1.0, 0.0])  # one pixel of another class; the 1 x 1 start does not sample it
    changed = not torch.equal(network(layout), network(moved))
    assert changed == (condition != "input")
    assert network(layout).shape == (1, 3, 32, 32)


def test_latent_gives_one_layout_many_pictures():
    torch.manual_seed(0)
    network = spade.SPADEGenerator(3, 32, 2, latent_dim=4, hidden=4).eval()
    layout = torch.rand(2, 3, 32, 32)
    assert not torch.equal(network(layout, torch.randn(2, 4)), network(layout, torch.randn(2, 4)))
    with pytest.raises(ValueError, match=r"pass z \[N, 4\]"):
        network(layout)


@pytest.mark.parametrize(("halvings", "start"), [(5, 4), (6, 2), (7, 1)])
def test_every_number_of_halvings_returns_to_the_size(halvings, start):
    network = spade.SPADEGenerator(2, 128, 2, halvings=halvings, hidden=2, spectral=False).eval()
    assert network.start == (start, start)
    assert network(torch.zeros(1, 2, 128, 128)).shape == (1, 3, 128, 128)


def test_attributes_become_planes():
    layout = torch.rand(2, 3, 4, 4)
    joined = spade.with_attributes(layout, torch.tensor([[1, 0], [0, 1]]))
    assert joined.shape == (2, 5, 4, 4)
    assert torch.equal(joined[:, :3], layout)
    assert (joined[0, 3] == 1).all() and (joined[0, 4] == 0).all()
    with pytest.raises(ValueError, match=r"must be \[2, A\]"):
        spade.with_attributes(layout, torch.zeros(3, 2))


def test_bad_input_names_the_fix():
    with pytest.raises(ValueError, match="5, 6 or 7, not 4"):
        spade.SPADEGenerator(3, 64, halvings=4)
    with pytest.raises(ValueError, match="multiple of 32"):
        spade.SPADEGenerator(3, 48)
    with pytest.raises(ValueError, match="did you mean 'concatenate'"):
        spade.SPADEGenerator(3, 64, condition="concat")
    with pytest.raises(ValueError, match="layouts must have 3 channels, not 1"):
        spade.SPADEGenerator(3, 32, 2, hidden=2)(torch.zeros(1, 1, 32, 32))
