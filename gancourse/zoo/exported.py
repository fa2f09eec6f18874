"""A generator for programs without PyTorch: as ONNX, and compared with what PyTorch gives.

The packages are an optional extra: ``pip install "gancourse[export]"``.
"""

from __future__ import annotations

import copy
import inspect
import logging
import os
import re
import warnings
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from gancourse.base import check, files, networks
from gancourse.zoo.cards import required_inputs

PACKAGES = ("onnx", "onnxscript", "onnxruntime")
TOLERANCE = 1e-4  # between what onnxruntime and PyTorch give, in the units of the output
BATCHES = (1, 3)  # sizes that are compared; the export is told another


@dataclass(frozen=True)
class Exported:
    """A file that onnxruntime runs: ``inputs`` by name with their shapes, and the largest difference from PyTorch."""

    path: Path
    inputs: dict[str, str]
    output: str
    difference: float

    def __str__(self) -> str:
        taken = ", ".join(f"{name} {shape}" for name, shape in self.inputs.items())
        return f"{taken} -> images {self.output}, within {self.difference:.1e} of PyTorch"


def to_onnx(network: nn.Module, path: str | os.PathLike[str], *, size: int = 64, seed: int = 0) -> Exported:
    """Write ``network`` in evaluation mode as ONNX, for batches of any size, and run the file once to compare.

    A generator takes latents z [N, latent_dim], and labels [N] or [N, A] where it knows classes; a translator pictures x [N, C,
    size, size] in [-1, 1].  The file is written only if onnxruntime gives what PyTorch gives, within ``TOLERANCE``.

    Raises ImportError that names the command where a package is missing; ValueError where the network cannot be written, or the
    file gives something else.
    """
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        raise ImportError(f'ONNX needs {", ".join(missing)}: pip install "gancourse[export]"')
    path = files.writable(path)
    named = _inputs(check.module("the network", network), check.whole("size", size), 2, seed)
    with networks.evaluating(network), files.atomic_write(path) as part:
        _write(_traceable(network), named, part)
        difference, output = _compare(network, part, size, seed)
        if not difference <= TOLERANCE:
            raise ValueError(
                f"onnxruntime gives pictures {difference:.2g} from PyTorch's, and {TOLERANCE:g} is allowed: nothing was written"
            )
    shapes = {name: str(["N", *x.shape[1:]]).replace("'", "") for name, x in named.items()}
    return Exported(path, shapes, str(["N", *output.shape[1:]]).replace("'", ""), difference)


def _inputs(network: nn.Module, size: int, n: int, seed: int) -> dict[str, Tensor]:
    """n inputs by name, drawn from a seed.  Raises ValueError where the network wants others than latents, labels or pictures."""
    known: Any = network
    source = torch.Generator().manual_seed(seed)
    classes = label_sizes(network)
    if isinstance(latent_dim := getattr(network, "latent_dim", None), int):
        drawn = {"z": torch.randn(n, latent_dim, generator=source)}
        if classes:
            columns = [torch.randint(k, (n,), generator=source) for k in classes]
            drawn["labels"] = columns[0] if len(columns) == 1 else torch.stack(columns, 1)
    else:
        channels = getattr(known, "in_channels", None)
        drawn = {"x": torch.rand(n, channels, size, size, generator=source) * 2 - 1} if isinstance(channels, int) else {}
    required = required_inputs(network)
    if not drawn or len(required) > len(drawn):
        raise ValueError(
            f"{type(network).__name__} takes {' and '.join(required)}: only generators of latents (latent_dim) and labels, and "
            "translators of pictures (in_channels) are written and compared here; for others call torch.onnx.export"
        )
    return drawn


def label_sizes(network: nn.Module) -> tuple[int, ...]:
    """How many values each attribute of the labels has that a generator takes beside latents; none where it takes no labels."""
    known: Any = network
    if label_dim := getattr(network, "label_dim", 0):
        return (int(label_dim),)
    if not hasattr(network, "classes") or len(inspect.signature(network.forward).parameters) < 2:
        return ()
    return tuple(known.classes.sizes)


def _traceable(network: nn.Module) -> nn.Module:
    """The same network without what an exporter cannot follow: branches on a stage kept in buffers."""
    known: Any = network
    if not hasattr(network, "grow"):
        return network
    standing = {"level": known.level, "alpha": known.alpha}  # in place of the properties that read buffers
    fixed: Any = copy.copy(network)
    fixed.__class__ = type(type(network).__name__, (type(network),), standing)
    return cast(nn.Module, fixed)


def _write(network: nn.Module, named: dict[str, Tensor], path: Path) -> None:
    batch = torch.export.Dim("batch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter about itself
        before = logging.root.manager.disable
        logging.disable(logging.WARNING)
        try:
            torch.onnx.export(
                network,
                tuple(named.values()),
                str(path),
                input_names=list(named),
                output_names=["images"],
                dynamic_shapes=tuple({0: batch} for _ in named),
                dynamo=True,
                external_data=False,
                verbose=False,
            )
        except Exception as error:  # the exporter runs the network, and passes on whatever happens there
            raise ValueError(
                f"{type(network).__name__} cannot be written as ONNX, its exporter says: {_reason(error)}"
            ) from error
        finally:
            logging.disable(before)


def _reason(error: BaseException) -> str:
    """The first line of the innermost cause: those around it say only at which step of the exporter it happened."""
    while (inner := error.__cause__) is not None:
        error = inner
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error)).strip()
    return text.partition("\n")[0] or type(error).__name__


def _compare(network: nn.Module, path: Path, size: int, seed: int) -> tuple[float, Tensor]:
    """The largest difference over batches of several sizes, and the last output."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    differences, ours = [], torch.empty(0)
    for n in BATCHES:
        named = _inputs(network, size, n, seed + n)
        with torch.no_grad():
            ours = network(*named.values())
        (found,) = map(torch.from_numpy, session.run(None, {name: x.numpy() for name, x in named.items()}))
        if found.shape != ours.shape:
            shapes = f"{list(found.shape)} where PyTorch gives {list(ours.shape)}"
            raise ValueError(f"onnxruntime gives {shapes}: nothing was written")
        differences.append((found - ours).abs().max())
    return float(torch.stack(differences).max()), ours  # NaN, if there is one: Python's max may pass over it
