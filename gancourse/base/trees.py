"""Trees of tensors and plain values in one safetensors file, written atomically and read without unpickling anything."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gancourse.base.files import atomic_write

PLAIN = bool | int | float | str | np.bool_ | np.integer | np.floating | None  # numpy's come back as Python's
KEY = str | int | float | None  # what comes back from JSON as it went
WHOLE = (torch.uint8, torch.int8, torch.uint16, torch.int16, torch.uint32, torch.int32, torch.uint64, torch.int64)
STORED = {torch.bool, *WHOLE, torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64}
_TENSOR, _ARRAY, _PAIRS = "__tensor__", "__array__", "__pairs__"


def _flatten(node: Any, path: str, tensors: dict[str, Tensor]) -> Any:
    name = f"{len(tensors)}{path}"  # by its number: two paths may read alike, {"a/b": ...} and {"a": {"b": ...}}
    if isinstance(node, Tensor):
        tensors[name] = node.detach().cpu().contiguous().clone()
        return {_TENSOR: name}
    if isinstance(node, np.ndarray):
        tensors[name] = torch.from_numpy(np.asarray(node, order="C"))  # ascontiguousarray gives a number an axis
        return {_ARRAY: name}
    if isinstance(node, dict):
        return {_PAIRS: [[key, _flatten(value, f"{path}/{key}", tensors)] for key, value in node.items()]}
    if isinstance(node, list | tuple):
        return [_flatten(value, f"{path}/{i}", tensors) for i, value in enumerate(node)]
    return node.item() if isinstance(node, np.generic) else node


def savable(node: Any, path: str = "") -> None:
    """Raise a TypeError for what :func:`save` cannot write or :func:`load` not read back, before there is anything to lose."""
    if isinstance(node, dict):
        for key, value in node.items():
            if not isinstance(key, KEY):
                raise TypeError(f"a checkpoint's keys are text and numbers, not {type(key).__name__} (at {path}/{key})")
            savable(value, f"{path}/{key}")
    elif isinstance(node, list | tuple):
        for i, value in enumerate(node):
            savable(value, f"{path}/{i}")
    elif isinstance(node, Tensor | np.ndarray):
        if not _stored(node):
            raise TypeError(f"a checkpoint holds dense tensors and arrays of numbers, not {_kind(node)} (at {path})")
    elif not isinstance(node, PLAIN):
        raise TypeError(f"a checkpoint holds tensors, arrays, numbers and text, not {type(node).__name__} (at {path})")


def _stored(node: Tensor | np.ndarray) -> bool:
    if isinstance(node, np.ndarray):
        try:
            return torch.from_numpy(np.empty(0, node.dtype)).dtype in STORED
        except (TypeError, ValueError):  # text, objects, another machine's order of bytes
            return False
    return node.layout == torch.strided and not node.is_meta and node.dtype in STORED


def _kind(node: Tensor | np.ndarray) -> str:
    return f"an array of {node.dtype}" if isinstance(node, np.ndarray) else f"{node.layout} of {node.dtype} on {node.device}"


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


def on_cpu(node: Any) -> Any:
    """The tree with its tensors on the CPU, for another process that may have no other device."""
    if isinstance(node, Tensor):
        return node.detach().cpu()
    if isinstance(node, dict):
        return {key: on_cpu(value) for key, value in node.items()}
    return [on_cpu(value) for value in node] if isinstance(node, list | tuple) else node


def tuples(node: Any) -> Any:
    """The tree with tuples in the place of lists, at every depth: JSON has lists where Python had tuples."""
    if isinstance(node, Mapping):
        return {key: tuples(value) for key, value in node.items()}
    return tuple(map(tuples, node)) if isinstance(node, list) else node


def content(tensor: Tensor) -> memoryview:
    """The bytes of a tensor, row by row, whatever its strides are."""
    flat = torch.empty(tensor.numel(), dtype=tensor.dtype).copy_(tensor.detach().reshape(-1))
    return flat.view(torch.uint8).numpy().data


def content_hash(layout: str, tensors: Mapping[str, Tensor]) -> str:
    """A digest of a file's layout and of its tensors: names, shapes, types and numbers."""
    digest = hashlib.sha256(layout.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name} {list(tensor.shape)} {tensor.dtype}".encode())
        digest.update(content(tensor))
    return digest.hexdigest()


def save(path: Path, tree: dict[str, Any]) -> None:
    """Write the tree; whoever reads ``path`` meanwhile sees the old file or the new one.

    A file that cannot be written, on a full disk say, raises an OSError that names it; what was there stays.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    savable(tree)
    tensors: dict[str, Tensor] = {}
    layout = json.dumps(_flatten(tree, "", tensors))
    try:
        with atomic_write(path) as part:
            save_file(tensors, part, metadata={"gancourse": layout, "sha256": content_hash(layout, tensors)})
    except (OSError, SafetensorError) as error:
        raise OSError(f"{path} could not be written: {error}") from error


def value(path: Path, name: str) -> Any:
    """The plain value of that name at the top of a file's tree, read without its tensors; a ValueError where there is none."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            layout = json.loads(file.metadata()["gancourse"])
        return dict(layout[_PAIRS])[name]
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is not a checkpoint of this course, or it is damaged: move it away to start anew") from error


def load(path: Path) -> dict[str, Any]:
    """Read a tree back; a file that is not one of ours, or in which a bit has changed, gets a ValueError that says so."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            known = file.metadata() or {}
            layout = known["gancourse"]
            # copies, for a tensor that is a view of the file keeps it open, and Windows replaces no open file
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118 (not a dict)
        tree: dict[str, Any] = _unflatten(json.loads(layout), tensors)
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is not a checkpoint of this course, or it is damaged: move it away to start anew") from error
    if "sha256" not in known:
        raise ValueError(f"{path} is of an older version, which kept no digest: finish it with that version, or start anew")
    if known["sha256"] != content_hash(layout, tensors):
        raise ValueError(f"{path} is damaged, its content does not give its digest: move it away to start anew")
    return tree
