import pytest
import torch

from gancourse.models import unet
from gancourse.models.reference import unet as reference
from tests import golden_outputs


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


def reference_state():
    case = golden_outputs.golden("pix2pix_unet256_ngf8")
    network = unet.UNet(width=8)
    names = reference.reference_names(network)
    constructed = {theirs: network.state_dict()[ours] for ours, theirs in names.items()}
    return case, network, golden_outputs.filled_state(case, constructed)


def test_reproduces_the_reference():
    case, network, state = reference_state()
    reference.load_reference(network, state).eval()
    assert count(network) == case["params"]
    golden_outputs.assert_matches(case, network(golden_outputs.inputs(case)["x"]))


def test_a_state_dict_that_does_not_fit_is_refused():
    _, network, state = reference_state()
    with pytest.raises(ValueError, match="shapes differ: .*: build UNet with"):
        reference.load_reference(unet.UNet(width=4), state)
    with pytest.raises(ValueError, match="and 3 more: build UNet with the size"):
        reference.load_reference(unet.UNet(width=8, size=128), state)
    key = "model.model.3.bias"
    with pytest.raises(ValueError, match="it lacks what fills last.bias"):
        reference.load_reference(network, {name: value for name, value in state.items() if name != key})
    with pytest.raises(ValueError, match="no place for extra"):
        reference.load_reference(network, {**state, "extra": torch.zeros(1)})
    reference.load_reference(network, {f"module.{name}": value for name, value in state.items()})  # saved by parallel training
