import pytest
import torch

from gancourse.models import spade
from gancourse.models.reference import spade as reference
from tests import golden_outputs


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


def filled(case, network):
    old = {"parametrizations.weight.original": "weight_orig", "parametrizations.weight.0._u": "weight_u"}
    old["parametrizations.weight.0._v"] = "weight_v"
    constructed = network.state_dict()
    for ours, theirs in old.items():
        constructed = {key.replace(ours, theirs): value for key, value in constructed.items()}
    return reference.load_reference(network, golden_outputs.filled_state(case, constructed)).eval()


def test_generator_reproduces_the_reference():
    case = golden_outputs.golden("spade_G")
    network = filled(case, spade.SPADEGenerator(5, 64, 4))
    assert count(network) == case["params"]
    golden_outputs.assert_matches(case, network(golden_outputs.inputs(case)["seg"]))


def test_discriminator_reproduces_the_reference_and_its_input_gradient():
    case = golden_outputs.golden("spade_D")
    network = filled(case, spade.MultiScaleDiscriminator(8, 8))
    assert count(network) == case["params"]
    x = golden_outputs.inputs(case)["x"].requires_grad_(True)
    logits = network(x)
    golden_outputs.assert_matches(case, *logits)
    (gradient,) = torch.autograd.grad(logits[-1].sum(), x)  # what was recorded is the gradient of the last scale's sum
    assert gradient.square().sum().item() == pytest.approx(case["grad"]["sum_sq_grad"], rel=1e-5)
