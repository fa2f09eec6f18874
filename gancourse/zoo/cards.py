"""Trained networks that travel with the course, each with a model card; load one, or train and save it.

A checkpoint is two files: ``name.safetensors`` (weights only, nothing that runs) and ``name.json`` (its card: which class of
``gancourse.models`` with which arguments, on which data, how long, which seed, how good by which protocol, whose licence, and
the SHA-256 of the weights).

>>> shipped = zoo.load("faces32")
>>> images = shipped.sample(64, seed=0)          # [64, 3, 32, 32] in [-1, 1]
>>> shipped.model, shipped.card                   # the network in evaluation mode; the card shows itself in a notebook

A card given to ``save`` is a dictionary (``fill_card`` makes one); these are its keys, those with a star needed to ship:

    title*     what it makes, in a few words
    network    {"class": "gancourse.models.dcgan.Generator", "arguments": {"size": 32, ...}}
    data*      {"name": "faces", "arguments": {"size": 32, "n": 10000, "seed": 0}}
    training*  {"recipe": "faces32", "arguments": {"lr": 0.0002, ...}}
    steps*     steps of training;  seconds*: how long they took;  seed*
    metric*    {"name": "Frechet distance", "value": 1.2, "floor": 0.3, "protocol": "..."}; the floor, real data against
               real data, belongs to distances and may be missing elsewhere (accuracies)
    licence*   {"data": "CC BY 4.0, Lisa Wischofsky", "weights": "CC BY 4.0"}
    note       anything else a user should know
    exported   the files that ``gancourse export`` wrote with it, which it may replace
    name, versions, weights, sha256   are filled in by ``save``; sha256 is the hash of the card's own text
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import json
import os
import platform
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gancourse import __version__, scale
from gancourse.base import check, files, latents, trees
from gancourse.base.kinds import what_is
from gancourse.zoo._values import wrong_values

SUFFIX = ".safetensors"
FORMAT = 1
_CLASS = re.compile(r"(gancourse\.models(?:\.[a-z]\w*)+)\.([A-Z]\w*)")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_NEEDED = ("title", "data", "training", "steps", "seconds", "seed", "metric", "licence", "versions")


class Card(dict[str, Any]):
    """A model card: a dictionary that shows itself as a short table."""

    def _lines(self) -> list[tuple[str, str]]:
        lines = [
            ("network", _told(partial(_call, head="class"), self.get("network"))),
            ("data", _told(partial(_call, head="name"), self.get("data"))),
            ("training", _told(partial(_call, head="recipe"), self.get("training"))),
            ("effort", _told(_effort, {key: self[key] for key in ("steps", "seconds", "seed") if key in self})),
            ("measured", _told(_measured, self.get("metric"))),
            ("licence", _told(_licences, self.get("licence"))),
            ("versions", _told(_listed, self.get("versions"))),
            ("weights", _told(_file, self.get("weights"))),
            ("note", str(self.get("note", ""))),
        ]
        return [(what, text) for what, text in lines if text]

    def _title(self) -> str:
        return ": ".join(str(text) for text in (self.get("name", ""), self.get("title", "")) if text) or "model card"

    def __str__(self) -> str:
        return "\n".join([self._title(), *(f"  {what:<9} {text}" for what, text in self._lines())])

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    def _repr_html_(self) -> str:
        cell = "text-align: left; vertical-align: top; padding: 2px 18px 2px 10px; white-space: normal; max-width: 48em"
        head = f'<tr style="background: none"><td colspan="2" style="{cell}"><b>{escape(self._title())}</b></td></tr>'
        rows = "".join(
            f'<tr style="background: none"><th style="{cell}; font-weight: normal; opacity: 0.8">{what}</th>'
            f'<td style="{cell}">{escape(text)}</td></tr>'
            for what, text in self._lines()
        )
        style = "border-left: 5px solid #888888; border-collapse: collapse; margin: 6px 0"
        return f'<table style="{style}"><tbody>{head}{rows}</tbody></table>'


@dataclass
class Shipped:
    """A loaded checkpoint: its network in evaluation mode, and its card."""

    model: nn.Module
    card: Card

    def named(self, name: str) -> str:
        """``name`` with the beginning of the weights' hash behind it: what tells these weights from others of the name."""
        return f"{name} {self.card['weights']['sha256'][:8]}"

    @torch.no_grad()
    def sample(self, n: int, seed: int = 0, labels: Tensor | None = None) -> Tensor:
        """``n`` samples from latents z ~ N(0, I), on the model's device; a conditional network takes ``labels``, one for each.

        Images are cut to [-1, 1], for some networks end without a tanh.
        """
        n, seed = check.whole("n", n), check.seed(seed)
        latent_dim = getattr(self.model, "latent_dim", None)
        if not isinstance(latent_dim, int) or len(required_inputs(self.model)) > 1 + (labels is not None):
            name = self.card.get("name", "this network")
            raise ValueError(f"{name} does not map latents alone to samples: pass labels=, or call .model on its inputs")
        if labels is not None and len(labels) != n:
            raise ValueError(f"{n} samples need {n} labels, not {len(labels)}")
        check.fits("latents", n, latent_dim)
        device = next(self.model.parameters()).device
        inputs = [torch.randn(n, latent_dim, generator=torch.Generator().manual_seed(seed)).to(device)]
        inputs += [labels.to(device)] if labels is not None else []
        samples = latents.in_parts(self.model, inputs, 256).float()
        return samples.clamp(-1, 1) if samples.ndim == 4 else samples


def required_inputs(model: nn.Module) -> list[str]:
    """The inputs that a network cannot do without."""
    parameters = inspect.signature(model.forward).parameters.values()
    return [p.name for p in parameters if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


# ---------------------------------------------------------------------------------------------------------------- cards


def fill_card(model: nn.Module, arguments: Mapping[str, Any], **fields: Any) -> Card:
    """A card for ``model``, which was made with ``arguments``; ``fields`` are the card's other keys."""
    network = {"class": f"{type(model).__module__}.{type(model).__qualname__}", "arguments": dict(arguments)}
    return Card({"network": network, **fields})


def check_card(card: Mapping[str, Any], complete: bool = True) -> None:
    """Raise a ValueError that names what a card lacks; ``complete=False`` asks only for what loading needs."""
    wrong = [*_wrong_network(card.get("network"))]
    if complete:
        wrong += [f"{key} is missing" for key in _NEEDED if key not in card]
        wrong += wrong_values(card)
    if wrong:
        raise ValueError(f"the model card {card.get('name', '')!r} is not in order: {'; '.join(wrong)}")


def _wrong_network(network: Any) -> list[str]:
    if not isinstance(network, Mapping) or not isinstance(network.get("class"), str):
        return ["network must be {'class': 'gancourse.models...', 'arguments': {...}}"]
    if not _CLASS.fullmatch(network["class"]):
        return [f"network class {network['class']!r} is not a class of gancourse.models"]
    if not isinstance(network.get("arguments"), Mapping):
        return ["network arguments must be a dictionary"]
    return []


def _told(show: Callable[[Any], str], value: Any) -> str:
    """A value as ``show`` tells it, or as it is: a card that is not in order is shown, too, to see what is wrong with it."""
    try:
        return show(value)
    except (AttributeError, KeyError, TypeError, ValueError):
        return str(value)


def _listed(values: Mapping[str, Any] | None) -> str:
    return ", ".join(f"{what} {version}" for what, version in (values or {}).items())


def _licences(values: Mapping[str, Any] | None) -> str:
    return "; ".join(f"{what}: {text}" for what, text in (values or {}).items())


def _call(spec: Mapping[str, Any] | None, head: str) -> str:
    if not spec:
        return ""
    arguments = ", ".join(f"{key}={value!r}" for key, value in spec.get("arguments", {}).items())
    return f"{str(spec.get(head, '')).removeprefix('gancourse.')}({arguments})"


def _file(weights: Mapping[str, Any] | None) -> str:
    return f"{weights['bytes'] / 1e6:.2f} MB, {weights['dtype']}, sha256 {weights['sha256'][:12]}" if weights else ""


def _effort(card: Mapping[str, Any]) -> str:
    parts = []
    if "steps" in card:
        parts.append(f"{card['steps']:,} steps")
    if "seconds" in card:
        parts.append(f"{card['seconds']:,.0f} seconds")
    if "seed" in card:
        parts.append(f"seed {card['seed']}")
    return ", ".join(parts)


def _measured(metric: Mapping[str, Any] | None) -> str:
    if not metric:
        return ""
    floor = f" (real against real: {metric['floor']:.4g})" if "floor" in metric else ""
    return f"{metric['name']} {metric['value']:.4g}{floor}; {metric['protocol']}"


# -------------------------------------------------------------------------------------------------------------- finding


def names() -> list[str]:
    """The checkpoints that ship with the course."""
    return _names_in(files.shipped("checkpoints"))


def card(name: str | os.PathLike[str]) -> Card:
    """The card of a checkpoint, without loading its weights."""
    return _read_card(_find(name))


def cached(name: str) -> Path:
    """Where ``load_or_train`` keeps what it trained: one place for each scale, for a network trained at ci scale is no good."""
    return files.cache_dir() / "checkpoints" / scale.name() / (_plain(name) + SUFFIX)


def _names_in(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return sorted(path.stem for path in folder.glob(f"*{SUFFIX}") if path.with_suffix(".json").is_file())


def _plain(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"a checkpoint's name is made of letters, digits, - and _, not {name!r}")
    return name


def _is_path(name: str | os.PathLike[str]) -> bool:
    text = os.fspath(name)
    return isinstance(name, os.PathLike) or text.endswith((SUFFIX, ".json")) or "/" in text or os.sep in text


def weights_path(name: str | os.PathLike[str]) -> Path:
    """The weights' file that a path means: with its ending, whether it was given without, with, or as the card's."""
    path = Path(name)
    if path.suffix == ".json":
        return path.with_suffix(SUFFIX)
    return path if path.suffix == SUFFIX else path.with_name(path.name + SUFFIX)


def _find(name: str | os.PathLike[str]) -> Path:
    """The weights' path of a shipped name, of a name trained here before, or of a path."""
    if _is_path(name):
        path = weights_path(name).expanduser()
        if not path.is_file():
            one_of = f"one of {', '.join(names())} or " if names() else ""
            raise FileNotFoundError(f"there is no checkpoint {path}: give {one_of}the path of a {SUFFIX} file")
        return path
    name = str(name)
    known = names()
    if name in known:
        return files.shipped("checkpoints", name + SUFFIX)
    if _NAME.fullmatch(name) and cached(name).is_file():
        return cached(name)
    if not known:
        raise ValueError(f"there is no checkpoint {name!r}, for none is shipped here: make one by a recipe of gancourse train")
    check.one_of("checkpoint", name, [*known, *_names_in(files.cache_dir() / "checkpoints" / scale.name())])
    raise AssertionError("unreachable: one_of raises for a name that was not found")


def _read_card(path: Path) -> Card:
    beside = path.with_suffix(".json")
    if not beside.is_file():
        raise FileNotFoundError(f"{path.name} has no model card {beside.name} beside it: copy both files, or train it again")
    try:
        read = json.loads(beside.read_text(encoding="utf-8"))
        if not isinstance(read, dict):
            raise ValueError("not a dictionary")
        if "sha256" in read and read["sha256"] != _text_hash(read):  # cards of earlier versions have none
            raise ValueError("its text is not the one that was saved")
    except ValueError as error:
        raise ValueError(f"the model card {beside} is damaged ({error}): {_fix(path)}") from None
    return Card(read)


def _text_hash(card: Mapping[str, Any]) -> str:
    """SHA-256 of all that a card says, but for this hash itself."""
    text = json.dumps({key: value for key, value in card.items() if key != "sha256"}, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _fix(path: Path) -> str:
    """What to do about a damaged checkpoint."""
    if path.parent == files.shipped("checkpoints"):
        return f"restore it (git checkout -- {path.name}, or install gancourse again)"
    return f"delete {path} and train it again, or copy it again with its card"


# --------------------------------------------------------------------------------------------------------- load and save


def load(name: str | os.PathLike[str]) -> Shipped:
    """A shipped checkpoint by name, or your own by path, on the CPU in evaluation mode.

    The weights must have the hash that the card states; only classes of ``gancourse.models`` are built, and nothing is unpickled.
    """
    path = _find(name)
    card = _read_card(path)
    check_card(card, complete=False)
    weights = path.read_bytes()
    stated = card["weights"].get("sha256") if isinstance(card.get("weights"), dict) else None
    if hashlib.sha256(weights).hexdigest() != stated:
        raise ValueError(
            f"{path.name} is not the file its card describes (sha256 differs; it is {what_is(path)}; half a copy?): {_fix(path)}"
        )
    model = _build(card)
    _fill(model, weights, path)
    return Shipped(model.eval(), card)


def _build(card: Mapping[str, Any]) -> nn.Module:
    """The network of a card, untrained."""
    module_name, class_name = card["network"]["class"].rsplit(".", 1)  # check_card has looked at it
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError:
        raise ValueError(f"this gancourse has no module {module_name}: a newer version made the file, so update") from None
    kinds = {
        key: kind
        for key, kind in vars(module).items()
        if inspect.isclass(kind) and issubclass(kind, nn.Module) and kind.__module__.startswith("gancourse.models.")
    }
    kind = kinds[check.one_of(f"network of {module_name}", class_name, kinds)]
    arguments = trees.tuples(card["network"]["arguments"])
    try:
        with torch.random.fork_rng(devices=[]):  # networks draw their first weights: that is no business of the caller's seed
            return kind(**arguments)
    except TypeError as error:
        raise ValueError(f"{module_name}.{class_name} does not take the card's arguments ({error}): update gancourse") from None


def _fill(model: nn.Module, weights: bytes, path: Path) -> None:
    from safetensors import SafetensorError
    from safetensors.torch import load as read

    try:
        state = read(weights)
    except SafetensorError as error:
        raise ValueError(f"{path.name} holds no weights, it is {what_is(path)} ({error}): {_fix(path)}") from None
    kept = model.state_dict()
    try:
        # copies into the network's own dtypes, which restores float32 from float16
        model.load_state_dict({key: value.to(kept[key].dtype) if key in kept else value for key, value in state.items()})
    except RuntimeError as error:
        first = str(error).strip().splitlines()[-1].strip()
        raise ValueError(f"the weights of {path.name} do not fit the network of its card ({first}): {_fix(path)}") from None


def save(
    name: str | os.PathLike[str], model: nn.Module, card: Mapping[str, Any], dtype: torch.dtype | None = torch.float16
) -> Path:
    """Write weights and card so that ``load(path)`` gives the network back; returns the path of the weights.

    ``name`` without a folder goes to the shipped checkpoints of the checkout, a path goes where it says.  Floating-point weights
    are stored as ``dtype`` (float16 halves the file; ``load`` restores float32); None keeps them as they are.
    """
    path = weights_path(name).expanduser() if _is_path(name) else files.shipped("checkpoints", _plain(str(name)) + SUFFIX)
    card = Card(json.loads(json.dumps({**fill_card(model, {}), **card})))  # plain data only, and a copy
    card["name"] = path.stem
    check_card(card, complete=False)
    if _shapes(_build(card)) != _shapes(model):
        raise ValueError("the card's network has other weights than the model: put its arguments into card['network']")
    weights = _weights(model, dtype)
    card["format"] = FORMAT
    torch_version = torch.__version__.split("+")[0]
    card.setdefault("versions", {"gancourse": __version__, "torch": torch_version, "python": platform.python_version()})
    stored = "as trained" if dtype is None else str(dtype).removeprefix("torch.")
    card["weights"] = {"sha256": hashlib.sha256(weights).hexdigest(), "bytes": len(weights), "dtype": stored}
    card["sha256"] = _text_hash(card)
    with files.atomic_write(path) as part:
        part.write_bytes(weights)
    with files.atomic_write(path.with_suffix(".json")) as part:
        part.write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def _shapes(model: nn.Module) -> dict[str, torch.Size]:
    return {key: value.shape for key, value in model.state_dict().items()}


def _weights(model: nn.Module, dtype: torch.dtype | None) -> bytes:
    from safetensors.torch import save as write

    state = {}
    for key, value in model.state_dict().items():
        value = value.detach().cpu()
        if value.is_floating_point():
            if not torch.isfinite(value).all():
                raise ValueError(f"the weights {key} hold NaN or infinity: there is nothing worth saving")
            value = value if dtype is None else value.to(dtype)
            if not torch.isfinite(value).all():
                raise ValueError(f"the weights {key} do not fit into {dtype}: save with dtype=None")
        state[key] = value.contiguous().clone()
    return write(state)


def load_or_train(
    name: str, train: Callable[[], tuple[Any, Mapping[str, Any]]], path: str | os.PathLike[str] | None = None
) -> Shipped:
    """The shipped checkpoint ``name`` if there is one, else what was trained here before, else what ``train()`` gives.

    ``train()`` returns (network, card) or (run, card), where a run is what ``training.fit`` returns: its ``generator`` is kept.
    The result is saved at ``path``, by default in the cache under the scale in force, and loaded from there the next time.  What
    cannot be loaded from the cache is trained again with a warning; what lies at a path of your own is left as it is.

    Raises ValueError or FileNotFoundError where the checkpoint at ``path`` is damaged, of a newer version, or lacks one of its
    two files.
    """
    if name in names():
        return load(name)
    if path is not None:
        path = weights_path(path).expanduser()
        if path.is_file():
            return load(path)
        if (beside := path.with_suffix(".json")).exists():
            raise FileNotFoundError(f"{beside} is there without its weights, {path.name}: put them back, or name another path")
    elif (path := cached(name)).is_file():
        try:
            return load(path)
        except (ValueError, FileNotFoundError) as error:
            warnings.warn(f"training {name} again, because the copy in the cache cannot be used: {error}", stacklevel=2)
    trained = train()
    if not isinstance(trained, tuple) or len(trained) != 2:
        raise TypeError(f"train() of {name} must return (network, card), not {type(trained).__name__}")
    network, card = trained
    save(path, network if isinstance(network, nn.Module) else network.generator, card)
    return load(path)
