"""ProGAN's networks in pytorch_GAN_zoo."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from gancourse.models.progan import Discriminator, Generator
from gancourse.models.reference import keys

_ZOO_G = (
    (r"^formatLayer\.", "first."),
    (r"^groupScale0\.0\.", "conv."),
    (r"^toRGBLayers\.", "to_rgb."),
)
_ZOO_D = (
    (r"^groupScaleZero\.0\.", "conv."),
    (r"^groupScaleZero\.1\.", "fc."),
    (r"^decisionLayer\.", "out."),
    (r"^fromRGBLayers\.", "from_rgb."),
)


def load_reference(module: Generator | Discriminator, state: Mapping[str, Tensor]) -> nn.Module:
    """Fill a network of ``variant="gan_zoo"`` with a state dict that pytorch_GAN_zoo's ProGAN saved.

    Its alpha runs the other way round: there 1 is the old path, here 1 is the new one.
    """
    if module.variant != "gan_zoo":
        raise ValueError("the file's layers differ from the paper's: build the network with variant=\"gan_zoo\"")
    rules = _ZOO_G if isinstance(module, Generator) else _ZOO_D

    def rename(key: str) -> str:
        key = re.sub(r"^scaleLayers\.(\d+)\.(\d+)\.", r"blocks.\1.conv\2.", key.replace(".module.", "."))
        for pattern, name in rules:
            key = re.sub(pattern, name, key)
        return key

    stage = {name: value for name, value in module.state_dict().items() if name in ("_level", "_alpha")}
    return keys.load(module, {**stage, **state}, rename)


def configuration(state: Mapping[str, Tensor]) -> dict[str, Any]:
    """The arguments of :class:`Generator` that a pytorch_GAN_zoo state dict was saved with, read off its shapes."""
    if "formatLayer.module.weight" not in state:
        raise ValueError("this is no ProGAN generator's state dict of pytorch_GAN_zoo: it has no formatLayer")
    heads = sum(bool(re.fullmatch(r"toRGBLayers\.\d+\.module\.weight", key)) for key in state)
    colours = [state[f"toRGBLayers.{i}.module.weight"] for i in range(heads)]
    return {
        "size": 4 * 2 ** (heads - 1),
        "latent_dim": state["formatLayer.module.weight"].shape[1],
        "channels": colours[0].shape[0],
        "widths": tuple(colour.shape[1] for colour in colours),
        "variant": "gan_zoo",
    }
