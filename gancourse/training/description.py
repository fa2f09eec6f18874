"""What a checkpoint was made with, in words that can be compared: everything that the next step depends on.

A description has an entry for each thing that could differ, ``{"penalty.gamma": "1.0", ...}``.  Objects are described by their
class and their values; what they keep in ``state_dict()`` moves during training and is left out.  Functions, and classes from
outside the course, are described by a digest of their code as well.  Tensors are described by shape and checksum.  Of networks
that are trained, whose weights are in the checkpoint, shapes are told; of others a digest of the weights, too.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import math
import re
import sys
import types
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gancourse.base import features, trees
from gancourse.gans.gan import GAN
from gancourse.training.settings import Settings

PLAIN = (bool, int, float, complex, str, bytes, type(None), Path, torch.dtype)
PYTHON = ".".join(map(str, sys.version_info[:2]))  # bytecode differs from version to version
LOOKED_AT = 2**30  # bytes of a tensor that its checksum is of
LATER = ("discriminator's optimizer.", "objective.middle", "'s weights")  # what older files do not tell
ALSO = "told of late"  # names of more that they do not tell; files that hold this entry tell all
OWN, KNOWN = "gancourse.", ("gancourse.", "torch.", "builtins.", "typing.", "abc.")


def describe(gan: GAN[Any], optimizers: Mapping[str, torch.optim.Optimizer], settings: Settings, batches: Any) -> dict[str, str]:
    """The description of a run before its first step; settings first, since they are what most often differs."""
    trained = (
        parameter for optimizer in optimizers.values() for group in optimizer.param_groups for parameter in group["params"]
    )
    told = _Description([*trained, *_tensors(gan.state_dict())])
    free = {"steps"} if settings.schedule == "constant" else set()  # other schedules depend on the number of steps
    for name in ("k", "lr", "betas", "schedule", "ema", "seed", "steps"):
        if name not in free:
            told.add(name, getattr(settings, name))
    told.network("generator", gan.generator)
    told.network("discriminator", gan.discriminator)
    told.add("objective", gan.objective)
    told.add("penalty", gan.penalty)
    told.add("game", gan)
    for player, optimizer in optimizers.items():
        told.optimizer(f"{player}'s optimizer", optimizer, settings.rates[player == "discriminator"])
    told.add("data", batches)
    return {**told.lines, ALSO: repr(told.of_late)}


def difference(made: Mapping[str, str], asked: Mapping[str, str]) -> tuple[str, str, str] | None:
    """The first entry in which two descriptions differ, and what each says there; what older files do not tell is none."""
    untold = [later for later in LATER if not any(later in name for name in made)]
    of_late = [] if ALSO in made else ast.literal_eval(asked.get(ALSO, "[]"))
    for name in [*asked, *(name for name in made if name not in asked)]:
        if name == ALSO or any(later in name for later in untold) or (name not in made and _within(name, of_late)):
            continue
        before, now = made.get(name, "nothing"), asked.get(name, "nothing")
        if not _same_value(before, now) and _without_other_bytecode(before, now) != _without_other_bytecode(now, before):
            return name, before, now
    return None


def _within(name: str, wholes: Iterable[str]) -> bool:
    """Whether an entry is one of ``wholes`` or of a part of it."""
    return any(name == whole or name.startswith((f"{whole}.", f"{whole}'s ")) for whole in wholes)


def _same_value(before: str, now: str) -> bool:
    """Whether two texts are one, or of numbers that are equal, 1 and 1.0, or of rows of such."""
    if before == now:
        return True
    try:
        return _equal(ast.literal_eval(before), ast.literal_eval(now))
    except (ValueError, SyntaxError):
        return False


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(_equal, a, b))
    return isinstance(a, bool) == isinstance(b, bool) and bool(a == b)


def _without_other_bytecode(text: str, other: str) -> str:
    """``text`` without its digests of code if the other's come from another version of Python."""
    versions = [set(re.findall(r"code (\d+\.\d+):", each)) for each in (text, other)]
    return text if versions[0] == versions[1] else re.sub(r", code \d+\.\d+:\w+", "", text)


class _Description:
    def __init__(self, moving: Iterable[Tensor] = ()) -> None:
        self.lines: dict[str, str] = {}
        self.of_late: list[str] = []
        self._moving = {tensor.data_ptr() for tensor in moving}  # what is trained, or saved with the game
        self._seen: dict[int, object] = {}  # kept alive: the number of an object that is gone goes to a new one

    def add(self, name: str, value: Any) -> None:
        """Add ``value`` and what it consists of."""
        if isinstance(value, PLAIN):
            self.lines[name] = repr(value)
        elif isinstance(value, Tensor):
            self.lines[name] = tensor_text(value)
        elif isinstance(value, type):
            self.lines[name] = _class_text(value)
        elif isinstance(value, tuple | list) and all(isinstance(part, PLAIN) for part in value):
            if id(value) in self._seen:
                self.of_late.append(name)
            self._seen[id(value)] = value
            self.lines[name] = repr([*value])  # one that stands twice is told twice: it may be two equal ones another time
        elif isinstance(value, torch.Generator | torch.device) or id(value) in self._seen:
            return  # a position, a place, or what has been described
        elif isinstance(value, nn.Module):
            self.network(name, value)
        else:
            self._seen[id(value)] = value
            self._composed(name, value)

    def _add_of_late(self, name: str, value: Any) -> None:
        """Add what older files do not tell."""
        self.of_late.append(name)
        self.add(name, value)

    def _composed(self, name: str, value: Any) -> None:
        if isinstance(value, Mapping):
            for key, part in value.items():
                self.add(f"{name}.{key}", part)
        elif isinstance(value, set | frozenset):
            self.add(name, sorted(value, key=repr))
        elif isinstance(value, tuple | list):
            for i, part in enumerate(value):
                self.add(f"{name}.{value._fields[i] if hasattr(value, '_fields') else i}", part)
        elif isinstance(value, functools.partial):
            self.add(name, value.func)
            self.add(f"{name}.args", [*value.args, *value.keywords.items()])
        elif hasattr(value, "__code__") or isinstance(value, types.MethodType | types.BuiltinFunctionType):
            self._function(name, value)
        else:
            self._object(name, value)

    def _function(self, name: str, function: Any) -> None:
        """Its code, its defaults, and the values that it found around it: what it counts with."""
        code = getattr(function, "__code__", None)
        self.lines[name] = f"{getattr(function, '__qualname__', function)}{_digest([function])}"
        if isinstance(function, types.MethodType):
            if isinstance(function.__self__, nn.Module):
                self._add_of_late(f"{name}.of", function.__self__)
            return
        if code is None:
            return
        if function.__defaults__ and _plain(function.__defaults__):
            self.lines[f"{name}.defaults"] = repr(function.__defaults__)  # in one line, as older files have it
        elif function.__defaults__:
            self._add_of_late(f"{name}.defaults", function.__defaults__)
        if function.__kwdefaults__:
            self._add_of_late(f"{name}.defaults by name", function.__kwdefaults__)
        for variable, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
            content = _held(cell)
            if isinstance(content, (*PLAIN, tuple)) or callable(content):
                self.add(f"{name}.{variable}", content)
            elif isinstance(content, list | dict | Tensor):
                self._add_of_late(f"{name}.{variable}", content)

    def _object(self, name: str, value: Any) -> None:
        self.lines[name] = _class_text(type(value))
        own = type(value).__module__.startswith(OWN)
        if name == "data" and not own:
            return  # a stream from outside keeps its place where it likes
        state = value.state_dict() if hasattr(value, "state_dict") else {}
        for key, part in getattr(value, "__dict__", {}).items():
            hidden = key.startswith("_") and (isinstance(value, GAN) or not own)
            if part is not None and not hidden and not (key.lstrip("_") in state and _moves(part)):
                self.add(f"{name}.{key}", part)

    def network(self, name: str, network: nn.Module) -> None:
        """Each module of a network: its class, its settings, the shapes of its tensors; of one that nobody trains its weights."""
        if id(network) in self._seen:
            return
        state = network.state_dict()
        if state and not any(tensor.data_ptr() in self._moving for tensor in _tensors(state)):
            self.lines[f"{name}'s weights"] = features.digest(network)
        for path, module in network.named_modules():
            self._seen[id(module)] = module
            words = [f"{_class_text(type(module))}({module.extra_repr()})"]
            if type(module).__module__.startswith(OWN):
                values = {k: v for k, v in vars(module).items() if k != "training" and not k.startswith("_") and _plain(v)}
                words += [f"{key}={value!r}" for key, value in values.items()]
            tensors = [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]
            words += [f"{key} {list(tensor.shape)} {tensor.dtype}" for key, tensor in tensors]
            self.lines[f"{name}.{path}" if path else name] = ", ".join(words)

    def optimizer(self, name: str, optimizer: torch.optim.Optimizer, rate: float) -> None:
        """The class of an optimiser and the settings of its groups, the rate where it is not ``rate``; a schedule moves it."""
        self.lines[name] = _class_text(type(optimizer))
        for i, group in enumerate(optimizer.param_groups):
            if (first := group.get("initial_lr", group["lr"])) != rate:
                self.add(f"{name}.{i}.initial_lr", first)
            for key, part in group.items():
                if key not in ("params", "lr", "initial_lr"):
                    self.add(f"{name}.{i}.{key}", part)


def tensor_text(x: Tensor) -> str:
    """Shape, type and checksum of a tensor; beyond ``LOOKED_AT`` bytes (it may lie in a file) that of evenly spaced rows."""
    rows = x[:: math.ceil(x.numel() * x.element_size() / LOOKED_AT)] if x.ndim and x.numel() else x
    return f"{list(x.shape)} {x.dtype}, checksum {zlib.crc32(trees.content(rows)):08x}"


def _tensors(node: Any) -> Iterator[Tensor]:
    """The tensors of a tree that have an address."""
    if isinstance(node, Tensor):
        if node.numel() and node.layout == torch.strided:
            yield node
    elif isinstance(node, Mapping | tuple | list):
        for part in node.values() if isinstance(node, Mapping) else node:
            yield from _tensors(part)


def _held(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # nothing yet, or no longer
        return None


def _plain(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return all(_plain(part) for part in value)
    return isinstance(value, PLAIN)


def _moves(value: Any) -> bool:
    """Whether it is a value that training changes, not an object that says itself what of it does."""
    if isinstance(value, Mapping):
        return all(_moves(part) for part in value.values())
    if isinstance(value, tuple | list):
        return all(_moves(part) for part in value)
    return isinstance(value, Tensor | torch.Generator) or _plain(value)


def _class_text(kind: type) -> str:
    foreign = [part for part in kind.__mro__ if not f"{part.__module__}.".startswith(KNOWN)]
    return f"{kind.__qualname__}{_digest([f for part in foreign for f in vars(part).values()])}"


def _digest(functions: list[Any]) -> str:
    """ ", code 3.11:5f0c..." for functions from outside the course, "" for others."""
    codes = []
    for function in functions:
        code = getattr(getattr(function, "__func__", function), "__code__", None)
        if code is not None and not f"{getattr(function, '__module__', '')}.".startswith(KNOWN):
            codes.append(_code_text(code, function.__doc__))
    return f", code {PYTHON}:{hashlib.sha256(repr(codes).encode()).hexdigest()[:12]}" if codes else ""


def _code_text(code: types.CodeType, doc: str | None = None) -> str:
    constants = []
    for part in code.co_consts:
        if isinstance(part, types.CodeType):
            constants.append(_code_text(part))
        elif part is None or part != doc:
            constants.append(repr(sorted(part, key=repr)) if isinstance(part, frozenset) else repr(part))
    return repr((code.co_code.hex(), code.co_names, constants))
