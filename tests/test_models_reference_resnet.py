import collections

import pytest
import torch

from gancourse.models import resnet
from gancourse.models.reference import resnet as reference
from tests import golden_outputs

COUNTERS = collections.defaultdict(lambda: torch.tensor(0))  # what the references' constructors set: batches seen


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


def test_generator_reproduces_the_reference():
    case = golden_outputs.golden("sngan32_G")
    network = resnet.Generator(32, latent_dim=16, width=32).eval()
    reference.load_reference(network, golden_outputs.filled_state(case, COUNTERS))
    assert count(network) == case["params"]
    golden_outputs.assert_matches(case, network(golden_outputs.inputs(case)["z"]))


def reference_discriminator():
    case = golden_outputs.golden("sngan32_D")
    network = resnet.Discriminator(32, width=16, shortcut_sees_relu=True).eval()
    return case, reference.load_reference(network, golden_outputs.filled_state(case, COUNTERS))


def test_discriminator_reproduces_the_reference():
    case, network = reference_discriminator()
    assert count(network) == case["params"]
    x = golden_outputs.inputs(case)["x"].requires_grad_(True)
    logits = network(x)
    golden_outputs.assert_matches(case, logits[:, None])
    (gradient,) = torch.autograd.grad(logits.sum(), x)
    assert gradient.square().sum().item() == pytest.approx(case["grad"]["sum_sq_grad"], rel=1e-5)


def test_the_papers_shortcut_is_another_network():
    case, ours = reference_discriminator()
    paper = resnet.Discriminator(32, width=16).eval()
    paper.load_state_dict(ours.state_dict())
    x = golden_outputs.inputs(case)["x"]
    assert (paper(x) - ours(x)).abs().max() > 0.01


def test_conditional_state_dict_of_the_reference():
    """Its gain and bias stand in one table [classes, 2 C], the gain about 1; and u, v of a layer as weight_u, weight_v."""
    torch.manual_seed(0)
    network = resnet.Generator(32, latent_dim=4, width=8, classes=3).eval()
    names = {"conv1": "c1", "conv2": "c2", "shortcut": "c_sc", "norm1": "b1", "norm2": "b2"}
    state = {}
    for key, value in network.state_dict().items():
        parts = key.split(".")
        if parts[0] == "blocks":
            stem = f"block{int(parts[1]) + 2}.{names[parts[2]]}"
            if parts[3] == "norm":
                state[f"{stem}.bn.{parts[4]}"] = value
            elif parts[3] == "gain":
                bias = network.state_dict()[key.replace("gain", "bias")]
                state[f"{stem}.embed.weight"] = torch.cat([1 + value, bias], 1)
            elif parts[3] != "bias" or parts[2].startswith(("conv", "short")):
                state[f"{stem}.{parts[3]}"] = value
        else:
            state[{"first": "l1", "norm": "b5", "last": "c5"}[parts[0]] + "." + parts[1]] = value
    other = reference.load_reference(resnet.Generator(32, latent_dim=4, width=8, classes=3).eval(), state)
    z, y = torch.randn(3, 4), torch.tensor([0, 1, 2])
    assert torch.allclose(other(z, y), network(z, y), atol=1e-6)

    network = resnet.Discriminator(32, width=8, classes=3, shortcut_sees_relu=True).eval()
    state = {}
    for key, value in network.state_dict().items():
        key = key.replace("head.embedding.table", "l_y").replace("head.linear", "l5")
        key = key.replace("parametrizations.weight.original", "weight_orig").replace("parametrizations.weight.0.", "weight_")
        for ours, theirs in names.items():
            key = key.replace(f".{ours}.", f".{theirs}.")
        if key.startswith("blocks."):
            number, rest = key.removeprefix("blocks.").split(".", 1)
            key = f"block{int(number) + 1}.{rest}"
        state[f"module.{key}"] = value  # the prefix that parallel training leaves
    other = reference.load_reference(resnet.Discriminator(32, width=8, classes=3, shortcut_sees_relu=True).eval(), state)
    x = torch.randn(3, 3, 32, 32)
    assert torch.equal(other(x, y), network(x, y))


def test_a_state_dict_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="build Generator with the size, width"):
        reference.load_reference(resnet.Generator(32, latent_dim=4, width=8), {"l1.weight": torch.zeros(128, 4)})
