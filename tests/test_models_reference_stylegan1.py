import pytest
import torch
import torch.nn.functional as F

from gancourse.models import stylegan1
from gancourse.models.reference import stylegan1 as reference

SMALL = {"w_dim": 12, "channel_base": 128, "channel_max": 16, "mapping_layers": 2}


def generator(size=16):
    torch.manual_seed(0)
    return stylegan1.Generator(size, 8, **SMALL).eval()


def reference_variables(network):
    """A network's tensors under the names and in the layout of the authors' TensorFlow implementation."""
    names = {"noise_strength": "Noise/weight", "bias": "bias", "affine.weight": "StyleMod/weight", "affine.bias": "StyleMod/bias"}
    variables = {"lod": torch.tensor(0.0)}
    for key, value in network.state_dict().items():
        if key.endswith(("_level", "_alpha")):
            continue
        parts = key.split(".")
        if parts[0] == "mapping":
            name = "dlatent_avg" if parts[1] == "average" else f"G_mapping/Dense{parts[2]}/{parts[3]}"
            value = value * 2**0.5 if parts[-1] == "bias" else value
        elif parts[1] == "to_rgb":
            name = f"G_synthesis/ToRGB_lod{network.levels - int(parts[2])}/{parts[3]}"
        else:
            level = int(parts[2]) + 1 if parts[1] == "blocks" else 0
            layer, rest = parts[3 if level else 1], ".".join(parts[4 if level else 2 :])
            second = layer in ("conv", "conv1", "epilogue1")
            scope = (
                f"G_synthesis/{4 * 2**level}x{4 * 2**level}/" + (("Conv0_up", "Conv1") if level else ("Const", "Conv"))[second]
            )
            name = f"{scope}/const" if layer == "const" else f"{scope}/{'weight' if 'conv' in layer else names.get(rest)}"
            name = f"G_synthesis/noise{2 * level + second}" if rest == "noise" else name
            value = value.flip(2, 3) if name.endswith("128x128/Conv0_up/weight") else value
        if name.endswith("weight") and value.ndim > 1:
            value = value.permute(2, 3, 1, 0) if value.ndim == 4 else value.T
        variables[name] = value
    return variables


def test_loads_the_authors_variables():
    network = generator(128)
    network.mapping.average.normal_()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    state = reference_variables(network)
    arguments = reference.configuration(state)
    assert arguments["size"] == 128
    copy = reference.load_reference(stylegan1.Generator(**arguments), state).eval()
    z = torch.randn(2, 8)
    assert torch.allclose(copy(z, truncation=0.7), network(z, truncation=0.7), atol=1e-5)
    del state["G_synthesis/8x8/Conv1/bias"]
    with pytest.raises(ValueError, match="it lacks"):
        reference.load_reference(copy, state)


def test_fused_doubling_turns_the_weights_round():
    """The reference's fused form: weights spread over 2 x 2 shifts, then a transposed convolution of stride 2."""
    x, weight = torch.randn(1, 2, 5, 5), torch.randn(3, 2, 3, 3)
    wide = F.pad(weight, (1, 1, 1, 1))
    spread = wide[:, :, 1:, 1:] + wide[:, :, :-1, 1:] + wide[:, :, 1:, :-1] + wide[:, :, :-1, :-1]  # [3, 2, 4, 4]
    fused = F.conv_transpose2d(x, spread.transpose(0, 1), stride=2, padding=1)
    ours = F.conv2d(F.interpolate(x, scale_factor=2, mode="nearest"), weight.flip(2, 3), padding=1)
    assert torch.allclose(fused, ours, atol=1e-5)
