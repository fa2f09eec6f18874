"""Sample from real weights: read a state dict that a published implementation saved, and build the network it belongs to.

The files are ones you have downloaded.  Nothing in them is executed: they are read as safetensors or by ``torch.load`` with
``weights_only=True``, which takes tensors and refuses everything else.

>>> from gancourse import viz
>>> from gancourse.zoo import reference
>>> faces = reference.load("stylegan2-ffhq-config-f.pt")
>>> faces
Reference(stylegan2, 1024 px, 30,370,060 parameters)
>>> viz.grid(faces.sample(8, seed=0, truncation=0.7))

What is recognised, by its key names; sizes, widths and conditions are read off the shapes:

    family      implementations                                                        keys
    stylegan2   NVlabs stylegan2-ada-pytorch, stylegan3 (StyleGAN2 configurations)     synthesis.b4.const, mapping.fc0.weight ...
                rosinality/stylegan2-pytorch                                           input.input, convs.0.conv.weight ...
    stylegan1   NVlabs/stylegan, its TensorFlow variables saved as tensors             4x4/Const/const, Dense0/weight ...
    progan      facebookresearch/pytorch_GAN_zoo                                       formatLayer.module.weight ...
    r3gan       brownvc/R3GAN                                                          MainLayers.0.Layers.0.Basis ...
    biggan      ajbrock/BigGAN-PyTorch                                                 linear.weight, blocks.0.0.conv1.weight ...

Some of these projects distribute pickled objects rather than tensors.  Such a file runs code when it is read, so it is not
read here: in that project's own environment, load it once and write ``torch.save(G.state_dict(), "weights.pt")``.

>>> from gancourse.models import stylegan2                          # a discriminator, say: build it, then fill it
>>> from gancourse.models.reference.stylegan2 import load_reference
>>> state = reference.read_state_dict("checkpoint.pt", part="d")
>>> discriminator = load_reference(stylegan2.Discriminator(1024), state)
"""

from __future__ import annotations

import importlib
import os
import pickle
import re
import warnings
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gancourse.base import check
from gancourse.base.kinds import what_is
from gancourse.base.latents import in_parts, latent_dim_of

FAMILIES = (
    "stylegan2",
    "stylegan1",
    "progan",
    "r3gan",
    "biggan",
)  # modules of gancourse.models, and of gancourse.models.reference
AVERAGES = ("g_ema", "G_ema", "avgG", "netG_ema", "G_avg", "g_avg", "Gs", "generator_ema", "ema", "model_ema", "params_ema")
PARTS = (*AVERAGES, "generator", "netG", "G", "g", "state_dict", "model", "params")  # where files keep a generator, best first


@dataclass
class Reference:
    """A published generator with its weights, in evaluation mode."""

    family: str
    network: nn.Module
    arguments: dict[str, Any] = field(repr=False)

    def __repr__(self) -> str:
        count = sum(parameter.numel() for parameter in self.network.parameters())
        return f"Reference({self.family}, {self.network.size} px, {count:,} parameters)"

    @property
    def classes(self) -> int:
        """How many classes the network knows; 0 for none."""
        return self.arguments.get("label_dim") or self.arguments.get("classes") or 0

    @torch.no_grad()
    def sample(self, n: int, seed: int = 0, *, labels: Tensor | None = None, batch: int = 16, **options: Any) -> Tensor:
        """n images [n, C, size, size], about in [-1, 1], of latents z ~ N(0, I); a conditional network takes ``labels`` [n], or
        the classes in turn.  ``options`` go to the network: ``truncation=0.7`` for a StyleGAN."""
        check.fits("latents", check.whole("n", n), latent_dim_of(self.network, None))
        batch, seed = check.whole("batch", batch), check.seed(seed)
        if labels is not None and not self.classes:
            raise ValueError(f"this {self.family} is not conditional: leave labels out")
        if labels is not None and len(labels) != n:
            raise ValueError(f"{n} images need {n} labels, not {len(labels)}")
        device = next(self.network.parameters()).device
        z = torch.randn(n, latent_dim_of(self.network, None), generator=torch.Generator().manual_seed(seed)).to(device)
        if not self.classes:
            return in_parts(self.network, [z], batch, **options)
        labels = (torch.arange(n) % self.classes if labels is None else labels).to(device)
        return in_parts(self.network, [z, labels], batch, **options)


def _is_state(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value) and all(isinstance(part, Tensor) for part in value.values())


def read_state_dict(path: str | os.PathLike[str], part: str | None = None) -> dict[str, Tensor]:
    """The tensors of a file by name, on the CPU; ``part`` says which state dict of a file that holds several.

    Without ``part``, the averaged generator if there is one, else the generator (:data:`PARTS`); a warning says where a part of
    another name sounds like an average.  The prefix "module." that
    parallel training leaves is dropped.

    Raises:
        ValueError: the file holds more than tensors, is damaged, or has no such part.
    """
    path = Path(path).expanduser()
    content = read(path)
    if part is None and _is_state(content):
        return _single(content)
    parts = [name for name, value in content.items() if _is_state(value)]
    if part is None:
        part = next((name for name in PARTS if name in parts), parts[0] if len(parts) == 1 else None)
        if part not in AVERAGES:
            _say_average(path, part, parts)
    if part is None:
        raise ValueError(
            f"{path.name} has no state dict where one is looked for: pass part=, one of {', '.join(parts) or 'none'}"
        )
    state = _single(content[check.one_of("part", part, parts)])
    if isinstance(content.get("latent_avg"), Tensor):  # kept beside the generator by one implementation
        state["latent_avg"] = content["latent_avg"]
    return state


def _single(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {key.removeprefix("module."): value for key, value in state.items()}


def _say_average(path: Path, part: str | None, parts: list[str]) -> None:
    """Warn where a part is taken that is no average, and others sound like one."""
    others = [name for name in parts if re.search("ema|avg|average", name, re.IGNORECASE) and not name.lower().startswith("d")]
    if part is not None and others and part not in others:
        warnings.warn(
            f"{path.name}: {part!r} is taken, and {', '.join(map(repr, others))} may be its average: pass part= to take another",
            stacklevel=3,
        )


def read(path: str | os.PathLike[str]) -> Mapping[str, Any]:
    """What a file of weights holds, tensors in dictionaries, read without running anything; told by its content, not its name.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is something else, which the message names, or it is damaged.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}: give the path of weights that you have downloaded")
    kind = what_is(path)
    if kind == "a safetensors file":
        return _read_safetensors(path)
    if kind == "of an unknown kind":
        kind = "damaged, or weights of no kind that is known"
    if not kind.startswith(("a PyTorch file", "a pickle")):
        raise ValueError(f"{path.name} holds no weights, it is {kind}: download it again")
    return _read_torch(path)


def _read_safetensors(path: Path) -> Mapping[str, Any]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except SafetensorError as error:
        raise ValueError(f"{path.name} is a damaged safetensors file ({error}): download it again") from error


def _read_torch(path: Path) -> Mapping[str, Any]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about pickle's protocol, before a refusal that says more
            with open(path, "rb") as file:  # by its path, torch goes by the ending
                content = torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError(
            f"{path.name} holds objects that run code when they are read, so it is not read: in the environment of the project "
            'that made it, load it and write torch.save(G.state_dict(), "weights.pt")'
        ) from error
    except (RuntimeError, EOFError, KeyError, ValueError, TypeError, IndexError, AttributeError, OSError, zlib.error) as error:
        raise ValueError(f"{path.name} is damaged or no file of weights ({error}): download it again") from error
    if not isinstance(content, Mapping):
        raise ValueError(f"{path.name} holds a {type(content).__name__}, not a state dict")
    return content


def _names(family: str) -> Any:
    """The module with configuration() and load_reference() of a family."""
    return importlib.import_module(f"gancourse.models.reference.{check.one_of('family', family, FAMILIES)}")


def identify(state: Mapping[str, Tensor]) -> tuple[str, dict[str, Any]]:
    """Which family a generator's state dict is of, and the arguments its ``Generator`` is built with."""
    reasons = []
    for family in FAMILIES:
        try:
            return family, _names(family).configuration(state)
        except (ValueError, KeyError) as error:
            reasons.append(f"{family}: {error}")
    raise ValueError(f"these keys ({', '.join(list(state)[:3])} ...) are of no generator that is known: {'; '.join(reasons)}")


def load(path: str | os.PathLike[str], *, part: str | None = None, family: str | None = None, **changes: Any) -> Reference:
    """Read a downloaded file, build the generator it belongs to, and fill it.

    Args:
        path: a file of tensors: .safetensors, or what torch.save made of a state dict (or of a dictionary of state dicts).
        part: which state dict of the file; by default the averaged generator.
        family: one of :data:`FAMILIES`; by default told from the key names.
        changes: arguments of the generator that differ from what the shapes say (``taps=(1, 2, 1)``, say).
    """
    state = read_state_dict(path, part)
    if family is None:
        family, arguments = identify(state)
    else:
        arguments = _names(family).configuration(state)
    arguments = {**arguments, **changes}
    networks = importlib.import_module(f"gancourse.models.{family}")
    with torch.random.fork_rng(devices=[]):  # the first weights are overwritten: that is no business of the caller's seed
        network = networks.Generator(**arguments)
    _names(family).load_reference(network, state)
    network.eval()
    return Reference(family, network, arguments)
