"""Fill a network by the golden rule and compare its outputs; see golden/README.md."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

FOLDER = Path(__file__).parent / "golden"
TOLERANCE = 1e-5  # of the largest magnitude


def golden(name: str) -> dict[str, Any]:
    return json.loads((FOLDER / f"{name}.json").read_text())


def _normal(key: str, shape: list[int]) -> np.ndarray:
    return np.random.RandomState(zlib.crc32(key.encode())).standard_normal(shape)


def filled_state(case: dict[str, Any], constructed: dict[str, Tensor]) -> dict[str, Tensor]:
    """A state dict under the reference's key names; ``constructed`` gives the tensors that are kept."""
    state = {}
    for key, (shape, kind, scale, offset) in case["fill"].items():
        if kind == "keep":
            state[key] = constructed[key]
            continue
        if kind == "spectral":
            continue  # below, from the filled weight
        values = _normal(key, shape)
        if kind == "absnormal":
            values = np.abs(values)
        elif kind != "normal":
            raise ValueError(f"no rule for {kind}")
        state[key] = torch.from_numpy(np.asarray(offset + scale * values, dtype=np.float32))
    for key, (_, kind, *_) in case["fill"].items():
        if kind == "spectral" and key.endswith("weight_u"):  # the exact leading singular vectors, so that sigma is exact
            weight = state[key.removesuffix("_u") + "_orig"]
            u, _, v = torch.linalg.svd(weight.flatten(1).double(), full_matrices=False)
            state[key], state[key.removesuffix("_u") + "_v"] = u[:, 0].float(), v[0].float()
        elif kind == "spectral" and key.endswith(".u0"):  # BigGAN's names: u as a row, and sigma
            weight = state[key.removesuffix("u0") + "weight"]
            u, sigma, _ = torch.linalg.svd(weight.flatten(1).double(), full_matrices=False)
            state[key], state[key.removesuffix("u0") + "sv0"] = u[:, :1].T.float(), sigma[:1].float()
    return state


def inputs(case: dict[str, Any]) -> dict[str, Tensor]:
    made = {}
    for name, (shape, scale) in case["inputs"].items():
        if scale is None:
            made[name] = torch.arange(int(np.prod(shape))).remainder(6).reshape(shape)
        else:
            made[name] = torch.from_numpy((scale * _normal(f"{case['name']}:{name}", shape)).astype(np.float32))
    return made


def assert_matches(case: dict[str, Any], *outputs: Tensor) -> None:
    for expected, output in zip(case["outputs"], outputs, strict=True):
        assert list(output.shape) == expected["shape"]
        flat = output.detach().flatten()
        bar = TOLERANCE * expected["absmax"]
        came = flat[torch.tensor(expected["idx"])]
        assert torch.allclose(came, torch.tensor(expected["val"]), rtol=0, atol=bar)
        assert abs(flat.mean().item() - expected["mean"]) < bar
        assert abs(flat.double().norm().item() - expected["l2"]) < TOLERANCE * max(1.0, expected["l2"])
