import pytest
import torch
import torch.nn.functional as F

from gancourse.models import progan
from gancourse.models.reference import progan as reference
from tests import golden_outputs

SMALL = {"channel_base": 128, "channel_max": 16}


def test_generator_reproduces_the_reference():
    case = golden_outputs.golden("pganzoo_G_a0")
    state = golden_outputs.filled_state(case, {})
    assert reference.configuration(state) == {
        "size": 16,
        "latent_dim": 32,
        "channels": 3,
        "widths": (32, 32, 16),
        "variant": "gan_zoo",
    }
    network = reference.load_reference(progan.Generator(**reference.configuration(state)), state).eval()
    assert sum(parameter.numel() for parameter in network.parameters()) == case["params"]
    golden_outputs.assert_matches(case, network(golden_outputs.inputs(case)["z"]))


def test_discriminator_reproduces_the_reference():
    case = golden_outputs.golden("pganzoo_D_a0")
    network = progan.Discriminator(16, widths=(32, 32, 16), variant="gan_zoo")
    reference.load_reference(network, golden_outputs.filled_state(case, {}))
    assert sum(parameter.numel() for parameter in network.parameters()) == case["params"]
    x = golden_outputs.inputs(case)["x"].requires_grad_(True)
    logits = network(x)
    golden_outputs.assert_matches(case, logits[:, None])
    (gradient,) = torch.autograd.grad(logits.sum(), x)
    assert gradient.square().sum().item() == pytest.approx(case["grad"]["sum_sq_grad"], rel=1e-5)


def test_references_blend_is_ours_read_backwards():
    """There, alpha is the weight of the old path: rebuilt from its definition by two of our levels."""
    torch.manual_seed(0)
    network = progan.Generator(16, 8, widths=(8, 8, 4), variant="gan_zoo")
    z = torch.randn(3, 8)
    new = network(z)
    network.grow(1)
    old = F.interpolate(network(z), scale_factor=2, mode="nearest")
    network.grow(2, 1 - 0.3)
    assert torch.allclose(network(z), 0.3 * old + 0.7 * new, atol=1e-6)


def test_the_official_network_is_refused():
    with pytest.raises(ValueError, match="gan_zoo"):
        reference.load_reference(progan.Generator(16, 8, **SMALL), {})
