"""R3GAN's networks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from gancourse.models.r3gan import Discriminator, Generator
from gancourse.models.reference import keys

_NAMES = (
    (r"^Model\.", ""),
    (r"\.Layer\.weight$", ".weight"),
    (r"^MainLayers\.(\d+)\.Layers\.", r"stages.\1."),
    (r"\.LinearLayer([123])\.", r".conv\1."),
    (r"\.NonLinearity([12])\.Bias$", r".bias\1"),
    (r"^AggregationLayer\.", "to_rgb."),
    (r"^ExtractionLayer\.", "from_rgb."),
    (r"^EmbeddingLayer\.", "embed."),
    (r"\.Basis\b", ".basis"),
)


def _rename(key: str) -> str | None:
    if key.endswith("Resampler.Kernel"):
        return None
    linear = key.endswith(".LinearLayer.weight")  # beside a basis; a resampler's is a convolution, .LinearLayer.Layer.weight
    for pattern, name in _NAMES:
        key = re.sub(pattern, name, key)
    return key.replace(".LinearLayer.", ".linear." if linear else ".conv.")


def load_reference(module: Generator | Discriminator, state: Mapping[str, Tensor]) -> nn.Module:
    """Fill a network with a state dict that the authors' implementation saved (keys with or without the prefix "Model.")."""
    keys.check_filters(state, "Resampler.Kernel", module.taps)
    return keys.load(module, state, _rename)


def configuration(state: Mapping[str, Tensor]) -> dict[str, Any]:
    """The arguments of :class:`Generator` that a reference's state dict was saved with, read off its shapes."""
    state = {key.removeprefix("Model."): value for key, value in state.items()}
    if "AggregationLayer.Layer.weight" not in state:
        raise ValueError("this is no R3GAN generator's state dict: it has no AggregationLayer")
    found: dict[int, list[Tensor]] = {}
    for key, value in state.items():
        match = re.fullmatch(r"MainLayers\.(\d+)\.Layers\.\d+\.LinearLayer2\.Layer\.weight", key)
        if match:
            found.setdefault(int(match[1]), []).append(value)  # [wide, wide / groups, k, k]
    stages = [found[i] for i in sorted(found)]
    narrow = [state[f"MainLayers.{i}.Layers.1.LinearLayer3.Layer.weight"].shape[0] for i in sorted(found)]
    first_in = state["MainLayers.0.Layers.0.LinearLayer.weight"].shape[1]
    embed = state.get("EmbeddingLayer.weight")  # [embedding, classes]
    return {
        "widths": tuple(narrow),
        "groups": tuple(stage[0].shape[0] // stage[0].shape[1] for stage in stages),
        "blocks": tuple(len(stage) for stage in stages),
        "latent_dim": first_in - (0 if embed is None else embed.shape[0]),
        "expansion": stages[0][0].shape[0] // narrow[0],
        "kernel": stages[0][0].shape[-1],
        "channels": state["AggregationLayer.Layer.weight"].shape[0],
        "label_dim": 0 if embed is None else embed.shape[1],
        "embedding": 64 if embed is None else embed.shape[0],
    }
