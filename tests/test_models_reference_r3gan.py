import pytest
import torch

from gancourse.models import r3gan
from gancourse.models.layers import resample
from gancourse.models.reference import r3gan as reference
from tests import golden_outputs

SMALL = {"widths": (16, 16, 8), "groups": (4, 4, 2)}


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


def reference_state(name):
    case = golden_outputs.golden(name)
    kept = {key: resample.filter2d() for key in case["fill"]}
    return case, golden_outputs.filled_state(case, kept)


@pytest.mark.parametrize("prefix", ["", "Model."])
def test_generator_reproduces_the_reference(prefix):
    case, state = reference_state("r3gan_G_cNone")
    state = {prefix + key: value for key, value in state.items()}
    arguments = reference.configuration(state)
    assert arguments["widths"] == (48, 48, 24)
    assert arguments["groups"] == (3, 3, 3)
    network = reference.load_reference(r3gan.Generator(**arguments), state)
    assert count(network) == case["params"]
    golden_outputs.assert_matches(case, network(golden_outputs.inputs(case)["z"]))


def test_discriminator_reproduces_the_reference():
    case, state = reference_state("r3gan_D_cNone")
    network = reference.load_reference(r3gan.Discriminator((48, 48, 24), (3, 3, 3)), state)
    assert count(network) == case["params"]
    x = golden_outputs.inputs(case)["x"].requires_grad_(True)
    logits = network(x)
    golden_outputs.assert_matches(case, logits)
    (gradient,) = torch.autograd.grad(logits.sum(), x)
    assert gradient.square().sum().item() == pytest.approx(case["grad"]["sum_sq_grad"], rel=1e-5)


def test_conditional_networks_load_and_depend_on_the_label():
    torch.manual_seed(0)
    network = r3gan.Generator(**SMALL, latent_dim=6, label_dim=3, embedding=5)
    z, y = torch.randn(3, 6), torch.tensor([0, 1, 2])
    assert network(z, y).shape == (3, 3, 16, 16)
    assert not torch.allclose(network(z, y), network(z, y.flip(0)))
    state = {"EmbeddingLayer.weight": network.embed.weight, "AggregationLayer.Layer.weight": network.to_rgb.weight}
    for key, value in network.state_dict().items():
        parts = key.split(".")
        if parts[0] != "stages":
            continue
        layer = {"conv": "LinearLayer.Layer", "linear": "LinearLayer", "basis": "Basis"}
        layer |= {f"conv{i}": f"LinearLayer{i}.Layer" for i in (1, 2, 3)} | {f"bias{i}": f"NonLinearity{i}.Bias" for i in (1, 2)}
        state[".".join(["MainLayers", parts[1], "Layers", parts[2], layer[parts[3]], *parts[4:]])] = value
    copy = reference.load_reference(r3gan.Generator(**reference.configuration(state)), state)
    assert torch.equal(copy(z, y), network(z, y))


def test_other_state_dicts_are_refused():
    with pytest.raises(ValueError, match="no AggregationLayer"):
        reference.configuration({"a": torch.zeros(1)})
