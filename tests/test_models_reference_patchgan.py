import pytest
import torch

from gancourse.models import patchgan
from gancourse.models.reference import patchgan as reference
from tests import golden_outputs


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


def test_reproduces_the_reference_and_its_input_gradient():
    case = golden_outputs.golden("patchgan_basic_ndf8")
    network = patchgan.PatchGAN(6, 8)
    reference.load_reference(network, golden_outputs.filled_state(case, network.state_dict())).eval()
    assert count(network) == case["params"]
    x = golden_outputs.inputs(case)["x"].requires_grad_(True)
    logits = network(x)
    golden_outputs.assert_matches(case, logits)
    (gradient,) = torch.autograd.grad(logits.sum(), x)
    assert gradient.square().sum().item() == pytest.approx(case["grad"]["sum_sq_grad"], rel=1e-5)
