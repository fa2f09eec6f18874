import collections

import pytest
import torch
from torch import nn

from gancourse.models import biggan
from gancourse.models.layers import spectral
from gancourse.models.layers.attention import SelfAttention
from gancourse.models.reference import biggan as reference
from tests import golden_outputs

COUNTERS = collections.defaultdict(lambda: torch.tensor(0))
Y = torch.tensor([0, 2])


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


def test_generator_reproduces_the_reference():
    case = golden_outputs.golden("biggan_G_c10style")
    network = biggan.Generator(32, latent_dim=16, width=8, classes=6).eval()
    reference.load_reference(network, golden_outputs.filled_state(case, COUNTERS))
    assert count(network) == case["params"]
    given = golden_outputs.inputs(case)
    golden_outputs.assert_matches(case, network(given["z"], given["y"]))


def test_discriminator_reproduces_the_reference():
    case = golden_outputs.golden("biggan_D_c10style")
    network = biggan.Discriminator(32, width=8, classes=6).eval()
    reference.load_reference(network, golden_outputs.filled_state(case, COUNTERS))
    assert count(network) == case["params"]
    given = golden_outputs.inputs(case)
    x = given["x"].requires_grad_(True)
    logits = network(x, given["y"])
    golden_outputs.assert_matches(case, logits[:, None])
    (gradient,) = torch.autograd.grad(logits.sum(), x)
    assert gradient.square().sum().item() == pytest.approx(case["grad"]["sum_sq_grad"], rel=1e-5)


def small(size=64, **options):
    torch.manual_seed(0)
    options = {"classes": 3, "attention": (size // 2,), "init": "normal", "width": 8} | options
    generator = biggan.Generator(size, latent_dim=15 if size == 64 else 8, shared_dim=6, hierarchical=size == 64, **options)
    return generator, biggan.Discriminator(size, **options)


def deep():
    torch.manual_seed(0)
    options = {"classes": 3, "attention": (32,), "init": "normal", "width": 8}
    return biggan.DeepGenerator(64, latent_dim=5, shared_dim=6, **options), biggan.DeepDiscriminator(64, **options)


def as_the_reference_names_it(network, generator):
    """A state dict under the reference's names, u converged: it stores u as a row, sigma, and no v."""
    names = {"first": "linear", "shared": "shared", "norm": "output_layer.0", "last": "output_layer.2"}
    if not generator:
        names = {"first": "input_conv", "head.linear": "linear", "head.embedding": "embed"}
    inside = {"shortcut": "conv_sc", **{f"norm{i}": f"bn{i}" for i in range(1, 5)}}
    statistics = {"running_mean": "stored_mean", "running_var": "stored_var"}
    state = {}
    for key, value in network.state_dict().items():
        key = key.replace(".table", "")
        if key.endswith((".0.v", "num_batches_tracked")):
            continue
        key = key.replace(".parametrizations.weight.original", ".weight").replace(".parametrizations.weight.0.u", ".u0")
        stem, _, name = key.rpartition(".")
        if stem.startswith("stages"):
            stem = ".".join(["blocks", *(inside.get(part, part) for part in stem.split(".")[1:])]).removesuffix(".norm")
        elif stem == "norm":
            stem, name = "output_layer.0", {"weight": "gain"}.get(name, name)
        else:
            stem = names[stem]
        if name == "u0":
            state[f"{stem}.sv0"], value = torch.ones(1), value[None]
        state[f"{stem}.{statistics.get(name, name)}"] = value
    return state


def settled(network):
    """The same network with u and v of every layer converged, running statistics and gammas away from where they start."""
    for layer in network.modules():
        if isinstance(layer, SelfAttention):
            nn.init.constant_(layer.gamma, 0.5)
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.normal_()
        if isinstance(layer, nn.Conv2d | nn.Linear | nn.Embedding) and spectral.is_normalised(layer):
            part = layer.parametrizations.weight
            matrix = part.original.detach().flatten(1)
            u, _, v = torch.linalg.svd(matrix, full_matrices=False)
            part[0].u, part[0].v = u[:, 0].contiguous(), v[0].contiguous()
    return network.eval()


@pytest.mark.parametrize("pair", [small, lambda: small(32), deep], ids=["hierarchical", "shared", "deep"])
def test_state_dicts_of_the_reference(pair):
    generator, discriminator = (settled(network) for network in pair())
    fresh_generator, fresh_discriminator = (network.eval() for network in pair())
    z = torch.randn(2, generator.latent_dim)
    state = as_the_reference_names_it(generator, True)
    if not isinstance(generator, biggan.DeepGenerator):
        assert "blocks.0.0.bn1.gain.weight" in state
        fresh_generator = biggan.Generator(**reference.configuration(state)).eval()
    reference.load_reference(fresh_generator, state)
    images = generator(z, Y)
    assert torch.allclose(fresh_generator(z, Y), images, atol=1e-5)
    reference.load_reference(fresh_discriminator, as_the_reference_names_it(discriminator, False))
    expected = discriminator(images, Y)
    assert torch.allclose(fresh_discriminator(images, Y), expected, atol=1e-5 * expected.abs().max().item())


def test_configuration_is_read_off_a_state_dict():
    generator = biggan.Generator(32, latent_dim=7, width=4, channels=1, classes=5)
    found = reference.configuration({f"module.{key}": value for key, value in as_the_reference_names_it(generator, True).items()})
    wanted = {"size": 32, "latent_dim": 7, "width": 4, "channels": 1, "classes": 5, "shared_dim": None, "hierarchical": False}
    assert wanted.items() <= found.items()
    with pytest.raises(ValueError, match="no state dict of BigGAN's generator"):
        reference.configuration({"a.weight": torch.zeros(1)})


def test_a_state_dict_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="build Generator with the size, width"):
        reference.load_reference(biggan.Generator(32, width=2, init="normal"), {"linear.weight": torch.zeros(2, 2)})
