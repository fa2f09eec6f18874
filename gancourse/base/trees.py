"""Trees of tensors and plain values in one safetensors file, written atomically and read without unpickling anything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gancourse.base.files import atomic_write

_TENSOR, _ARRAY, _PAIRS = "__tensor__", "__array__", "__pairs__"


def _flatten(node: Any, path: str, tensors: dict[str, Tensor]) -> Any:
    if isinstance(node, Tensor):
        tensors[path] = node.detach().cpu().contiguous().clone()
        return {_TENSOR: path}
    if isinstance(node, np.ndarray):
        tensors[path] = torch.from_numpy(np.ascontiguousarray(node))
        return {_ARRAY: path}
    if isinstance(node, dict):
        return {_PAIRS: [[key, _flatten(value, f"{path}/{key}", tensors)] for key, value in node.items()]}
    if isinstance(node, list | tuple):
        return [_flatten(value, f"{path}/{i}", tensors) for i, value in enumerate(node)]
    if node is None or isinstance(node, bool | int | float | str):
        return node
    raise TypeError(f"a checkpoint holds tensors, arrays, numbers and text, not {type(node).__name__} (at {path})")


def _unflatten(node: Any, tensors: dict[str, Tensor]) -> Any:
    if isinstance(node, list):
        return [_unflatten(value, tensors) for value in node]
    if isinstance(node, dict):
        if _TENSOR in node:
            return tensors[node[_TENSOR]]
        if _ARRAY in node:
            return tensors[node[_ARRAY]].numpy()
        return {key: _unflatten(value, tensors) for key, value in node[_PAIRS]}
    return node


def save(path: Path, tree: dict[str, Any]) -> None:
    """Write the tree; whoever reads ``path`` meanwhile sees the old file or the new one."""
    from safetensors.torch import save_file

    tensors: dict[str, Tensor] = {}
    layout = _flatten(tree, "", tensors)
    with atomic_write(path) as part:
        save_file(tensors, part, metadata={"gancourse": json.dumps(layout)})


def load(path: Path) -> dict[str, Any]:
    """Read a tree back; a file that is not one of ours gets a ValueError that says so."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            layout = json.loads((file.metadata() or {})["gancourse"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except (SafetensorError, KeyError, json.JSONDecodeError) as error:
        raise ValueError(f"{path} is not a checkpoint of this course, or it is damaged: move it away to start anew") from error
    return _unflatten(layout, tensors)
