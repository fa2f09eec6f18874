import torch

from gancourse.models import translator
from gancourse.models.reference import translator as reference
from tests import golden_outputs


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


def test_reproduces_the_reference():
    case = golden_outputs.golden("cyclegan_resnet9_ngf8")
    network = translator.ResNetTranslator(width=8)
    state = golden_outputs.filled_state(case, network.state_dict())
    old = {**state, "model.2.running_mean": torch.zeros(8)}  # as PyTorch before 0.4 wrote for instance normalisation
    reference.load_reference(network, old).eval()
    assert count(network) == case["params"]
    golden_outputs.assert_matches(case, network(golden_outputs.inputs(case)["x"]))
