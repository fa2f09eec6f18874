"""Fast convolutions give the values, gradients and second derivatives of PyTorch's, and trainings that differ by rounding."""

import copy
import pickle

import pytest
import torch
from torch import nn
from torch.autograd import gradcheck, gradgradcheck

from gancourse.gans.gan import GAN
from gancourse.losses import penalties
from gancourse.models import dcgan
from gancourse.models.layers.spectral import spectral_norm
from gancourse.training import convolutions, fit
from gancourse.training.convolutions import fast
from tests.test_training_loop import Points, weights

ENDS = {  # at both ends of a DCGAN: the layer, and the shape of what it is given
    "from a pixel": (lambda bias: nn.ConvTranspose2d(5, 7, 4, bias=bias), (2, 5, 1, 1)),
    "to a pixel": (lambda bias: nn.Conv2d(5, 2, 4, bias=bias), (2, 5, 4, 4)),
    "to a picture": (lambda bias: nn.ConvTranspose2d(5, 3, 4, 2, 1, bias=bias), (2, 5, 4, 3)),
    "from a pixel, oblong": (lambda bias: nn.ConvTranspose2d(5, 7, (3, 5), 2, bias=bias), (2, 5, 1, 1)),
    "to a pixel, oblong": (lambda bias: nn.Conv2d(5, 2, (3, 5), 2, bias=bias), (2, 5, 3, 5)),
    "of a picture": (lambda bias: nn.Conv2d(3, 5, 4, 2, 1, bias=bias), (2, 3, 8, 6)),
}


def end(name, bias=True, dtype=torch.float64):
    make, shape = ENDS[name]
    torch.manual_seed(0)
    return make(bias).to(dtype), torch.randn(shape, dtype=dtype, requires_grad=True)


def other_way(monkeypatch):
    """Count the calls of PyTorch's own layers."""
    calls = []
    for kind in (nn.Conv2d, nn.ConvTranspose2d):
        own = kind.forward
        monkeypatch.setattr(kind, "forward", lambda self, *args, own=own, **kw: (calls.append(self), own(self, *args, **kw))[1])
    return calls


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("name", ENDS)
def test_values_and_gradients_are_those_of_pytorchs_layer(name, bias, monkeypatch):
    layer, x = end(name, bias)
    plain = layer(x)
    gradients = torch.autograd.grad(plain.square().sum(), [x, *layer.parameters()])
    calls = other_way(monkeypatch)
    with fast(layer) as found:
        y = layer(x)
        again = torch.autograd.grad(y.square().sum(), [x, *layer.parameters()])
    assert found == 1 and not calls  # the layer's own way was not gone
    torch.testing.assert_close(y, plain)
    torch.testing.assert_close(again, gradients)


@pytest.mark.parametrize("name", ENDS)
def test_derivatives_of_derivatives_work(name):
    layer, x = end(name)
    names = [name for name, _ in layer.named_parameters()]

    def output(x, *values):
        return torch.func.functional_call(layer, dict(zip(names, values, strict=True)), (x,))

    inputs = (x, *(value.detach().requires_grad_() for value in layer.parameters()))
    with fast(layer):
        assert gradcheck(output, inputs)
        assert gradgradcheck(output, inputs)


@pytest.mark.parametrize("name", ENDS)
def test_afterwards_a_layer_is_as_it_was_whatever_happens(name):
    layer, x = end(name)
    with pytest.raises(RuntimeError, match="stop"), fast(layer):
        assert "forward" in layer.__dict__
        raise RuntimeError("stop")
    assert "forward" not in layer.__dict__
    with fast(layer) as outer, fast(layer) as inner:
        assert (outer, inner) == (1, 0)  # a layer is changed once
        layer(x)
    assert "forward" not in layer.__dict__


@pytest.mark.parametrize("name", ENDS)
def test_a_copy_made_meanwhile_has_weights_of_its_own(name):
    layer, x = end(name)
    with fast(layer):
        twin = copy.deepcopy(layer)
        with torch.no_grad():
            for parameter in twin.parameters():
                parameter.zero_()
        assert layer(x).abs().sum() > 0
        assert twin(x).abs().sum() == 0
    assert twin(x).abs().sum() == 0


@pytest.mark.parametrize("name", ENDS)
def test_what_was_copied_or_saved_meanwhile_goes_pytorchs_way(name, monkeypatch):
    layer, x = end(name)
    plain = layer(x)
    with fast(layer):
        twin, text = copy.deepcopy(layer), pickle.dumps(layer)
    assert b"convolutions" not in text  # a file that no later version need be able to read
    calls = []
    monkeypatch.setattr(convolutions, "_pixels", lambda *args, own=convolutions._pixels: (calls.append(1), own(*args))[1])
    for copied in (twin, pickle.loads(text)):
        torch.testing.assert_close(copied(x), plain)
        torch.func.jacrev(lambda v, copied=copied: copied(v).sum())(x)
    assert not calls


@pytest.mark.parametrize("name", ENDS)
def test_the_input_may_be_named(name):
    layer, x = end(name)
    plain = layer(x)
    with fast(layer):
        torch.testing.assert_close(layer(input=x), plain)


def test_a_layer_in_two_networks_is_met_once_and_one_without_parameters_not_at_all():
    layer = nn.Conv2d(3, 5, 4, 2, 1)
    frozen = nn.Conv2d(3, 5, 4, 2, 1, bias=False)
    weight = frozen.weight.detach()
    del frozen.weight
    frozen.register_buffer("weight", weight)
    with fast(nn.Sequential(layer, frozen), nn.Sequential(layer)) as found:
        assert found == 1


def test_slopes_have_the_precision_of_the_values_wherever_they_are_asked_for():
    layer, x = end("of a picture", dtype=torch.float32)
    plain = torch.autograd.grad(layer(x).square().sum(), x)[0]
    with fast(layer):
        value = layer(x).square().sum()
        with torch.autocast("cpu", torch.bfloat16):
            (slope,) = torch.autograd.grad(value, x)
    torch.testing.assert_close(slope, plain, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "layer, shape",
    [
        (nn.ConvTranspose2d(5, 7, 4), (2, 5, 2, 2)),
        (nn.ConvTranspose2d(5, 7, 4), (5, 1, 1)),
        (nn.Conv2d(5, 2, 4), (2, 5, 6, 6)),
        (nn.Conv2d(5, 2, 4), (5, 4, 4)),
        (nn.ConvTranspose2d(5, 3, 4, 2, 1), (5, 4, 4)),
        (nn.Conv2d(3, 5, 4, 2, 1), (2, 3, 7, 8)),
        (nn.Conv2d(3, 5, 4, 2, 1), (3, 8, 8)),
    ],
)
def test_inputs_of_other_kinds_are_met_as_before(layer, shape):
    x = torch.randn(shape, requires_grad=True)
    plain = layer(x)
    with fast(layer) as found:
        assert found == 1
        assert torch.equal(layer(x), plain)


def test_an_output_size_is_met_as_before():
    layer, x = nn.ConvTranspose2d(5, 3, 4, 2, 1), torch.randn(2, 5, 4, 4)
    plain = layer(x, output_size=[9, 9])
    with fast(layer):
        assert torch.equal(layer(x, output_size=[9, 9]), plain)


class Doubled(nn.Conv2d):
    def forward(self, x):
        return 2 * super().forward(x)


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(4, 4, 4, groups=2),
        nn.Conv2d(4, 4, 2, dilation=2),
        nn.Conv2d(3, 4, 4, 2, 1, padding_mode="reflect"),
        nn.Conv2d(5, 4, 4, 2, 1),  # no picture: more channels than one has
        nn.Conv2d(3, 4, 3, 1, 1),
        nn.Conv2d(5, 4, 1),
        nn.ConvTranspose2d(4, 3, 4, 2, 1, output_padding=1),
        nn.ConvTranspose2d(4, 4, 4, groups=2),
        Doubled(3, 4, 4, 2, 1),
        nn.Linear(3, 4),
    ],
)
def test_layers_of_other_kinds_are_left_alone(layer):
    with fast(layer) as found:
        assert found == 0 and "forward" not in layer.__dict__


def test_a_layer_on_another_device_is_left_alone():
    with fast(nn.Conv2d(3, 4, 4, 2, 1, device="meta")) as found:
        assert found == 0


def test_spectral_norms_still_hold():
    layer = nn.utils.parametrizations.spectral_norm(nn.Conv2d(3, 5, 4, 2, 1)).eval()
    x = torch.randn(2, 3, 8, 8, requires_grad=True)
    plain = layer(x)
    with fast(layer) as found:
        assert found == 1
        torch.testing.assert_close(layer(x), plain)


def test_a_layer_is_looked_at_without_a_step_of_its_power_iteration():
    layer = spectral_norm(nn.Conv2d(3, 5, 4, 2, 1))
    before = copy.deepcopy(layer.state_dict())
    with fast(layer) as found:
        assert found == 1
    torch.testing.assert_close(layer.state_dict(), before, rtol=0, atol=0)


@pytest.mark.parametrize("name", ENDS)
def test_autocast_computes_in_what_it_says(name):
    layer, x = end(name, dtype=torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        plain = layer(x)
        with fast(layer):
            y = layer(x)
    assert y.dtype == plain.dtype == torch.bfloat16
    torch.testing.assert_close(y, plain, rtol=0.05, atol=0.05)
    y.float().square().sum().backward()
    assert all(p.grad.dtype == torch.float32 and p.grad.abs().sum() > 0 for p in layer.parameters())
    assert x.grad.dtype == torch.float32


def doubles():
    return iter([next(Points(8, (3, 16, 16))).double() for _ in range(5)])


def game(**options):
    torch.manual_seed(0)
    players = dcgan.Generator(16, 8, 8), dcgan.Discriminator(16, 8, norm="penalty" not in options)
    return GAN(*(player.double() for player in players), **options)


@pytest.mark.parametrize("options", [{}, {"penalty": penalties.r1(1.0)}])
def test_a_training_takes_the_same_course_up_to_rounding(options, monkeypatch):
    plain, quick = game(**options), game(**options)
    grown = []
    monkeypatch.setattr(convolutions, "_pixels", lambda *args, own=convolutions._pixels: (grown.append(1), own(*args))[1])
    fit(plain, doubles(), 5, precision="float32", progress=False)
    assert not grown  # unasked, nothing changes
    fit(quick, doubles(), 5, precision="float32", progress=False, fast_convolutions=True)
    assert grown
    for one, other in ((plain.generator, quick.generator), (plain.discriminator, quick.discriminator)):
        torch.testing.assert_close(weights(one), weights(other), rtol=1e-9, atol=1e-9)
    assert not any("forward" in layer.__dict__ for layer in quick.generator.modules())


def test_the_flag_is_a_flag():
    with pytest.raises(TypeError, match="fast_convolutions"):
        fit(game(), doubles(), 1, progress=False, fast_convolutions="yes")
