"""Argument checks whose messages name the fix.

Each takes the name that the caller's reader knows the value by, and the value; it returns the value, a whole number as Python's
int.  What is of the wrong kind raises a TypeError, what is out of range a ValueError.
"""

from __future__ import annotations

import difflib
import functools
import math
import numbers
import os
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gancourse.base.networks import batch_norms

FAR = 8.0  # pixels beyond this are in other units than [-1, 1]; a network that is still learning stays well below
GIB = 2**30
SEEDS = (-(2**63), 2**64 - 1)  # what torch.Generator takes
ROUNDS = 10**9  # of a loop
COUNT = 2**16  # channels of a map, numbers of a vector
DEPTH = 1000  # layers one after another
SIDE = 2**14  # pixels


def one_of(what: str, value: str, choices: Iterable[str]) -> str:
    """Return ``value`` if it is one of ``choices``; otherwise raise a ValueError that names the nearest one."""
    choices = list(choices)
    if isinstance(value, str) and value in choices:
        return value
    near = difflib.get_close_matches(str(value), choices, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise ValueError(f"unknown {what} {value!r}: {hint}choose from {', '.join(map(repr, choices))}")


# Numbers


def number(what: str, value: Any) -> float:
    """Return ``value`` if it is a finite number, numpy's and 0-d tensors included; truth values are none."""
    plain = value.item() if isinstance(value, Tensor) and value.ndim == 0 else value
    if isinstance(plain, bool) or not isinstance(plain, numbers.Real):
        raise TypeError(f"{what} must be a number, not {_shown(value)}")
    if not isinstance(plain, int | float):
        plain = int(plain) if isinstance(plain, numbers.Integral) else float(plain)
    if isinstance(plain, int) and plain.bit_length() > 63:  # torch takes such a number as a float only
        plain = float(plain) if plain.bit_length() < 1000 else math.inf
    if not math.isfinite(plain):
        raise ValueError(f"{what} must be finite, not {plain}")
    return plain


def positive(what: str, value: Any) -> float:
    """Return ``value`` if it is a finite number above zero."""
    plain = number(what, value)
    if plain <= 0:
        raise ValueError(f"{what} must be above 0, not {value}")
    return plain


def at_least(what: str, value: Any, least: float = 0) -> float:
    """Return ``value`` if it is a finite number that is not below ``least``."""
    plain = number(what, value)
    if plain < least:
        raise ValueError(f"{what} must be {least:g} or more, not {value}")
    return plain


def within(what: str, value: Any, low: float, high: float) -> float:
    """Return ``value`` if it is a number in [low, high]."""
    plain = number(what, value)
    if not low <= plain <= high:
        raise ValueError(f"{what} must lie in [{low:g}, {high:g}], not {value}")
    return plain


def probability(what: str, value: Any) -> float:
    """Return ``value`` if it is a number in [0, 1]."""
    return within(what, value, 0, 1)


def fraction(what: str, value: Any) -> float:
    """Return ``value`` if it is a number in (0, 1), both ends excluded."""
    plain = number(what, value)
    if not 0 < plain < 1:
        raise ValueError(f"{what} must lie between 0 and 1, both excluded, not {value}")
    return plain


def whole(what: str, value: Any, least: int | None = 1, most: int | None = None) -> int:
    """Return ``value`` as an int if it is a whole number, numpy's included, from ``least`` to ``most``; None is no bound."""
    plain = value.item() if isinstance(value, Tensor) and value.ndim == 0 else value
    if isinstance(plain, bool) or not isinstance(plain, numbers.Integral):
        fix = f": int({plain:g})" if isinstance(plain, float) and plain.is_integer() else ""
        raise TypeError(f"{what} must be a whole number, not {_shown(value)}{fix}")
    plain = int(plain)
    if least is not None and plain < least:
        raise ValueError(f"{what} must be {'above 0' if least == 1 else f'{least} or more'}, not {plain}")
    if most is not None and plain > most:
        raise ValueError(f"{what} must be at most {most}, not {plain}")
    return plain


def counts(**named: Any) -> list[int]:
    """Return numbers of channels, latents or features, given by their names, as ints: whole, from 1 to ``COUNT``."""
    return [whole(what, value, 1, COUNT) for what, value in named.items()]


def depth(what: str, value: Any, least: int = 1) -> int:
    """Return ``value`` as an int if a network can have so many layers."""
    return whole(what, value, least, DEPTH)


def row(what: str, value: Any, least: int = 1, most: int | None = COUNT) -> tuple[int, ...]:
    """Return a tuple or list of whole numbers from ``least`` to ``most``, perhaps of none, as a tuple of ints."""
    if not isinstance(value, tuple | list | range):
        raise TypeError(f"{what} must be a row of whole numbers, as (64, 32), not {_shown(value)}")
    if len(value) > DEPTH:
        raise ValueError(f"{what} must be at most {DEPTH} numbers, not {len(value)}")
    return tuple(whole(what, one, least, most) for one in value)


def is_row(value: object) -> bool:
    """Whether ``value`` is a sequence of things: a string, which is a sequence of its letters, is none."""
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def seed(value: Any, what: str = "seed") -> int:
    """Return ``value`` as an int if a random generator can start from it."""
    return whole(what, value, *SEEDS)


def seed_or_source(value: Any) -> int | torch.Generator:
    """Return a torch.Generator as it is, a seed as an int."""
    return value if isinstance(value, torch.Generator) else seed(value)


def rounds(what: str, value: Any) -> int:
    """Return ``value`` as an int if so many repetitions end within a lifetime."""
    return whole(what, value, 1, ROUNDS)


def batch_size(value: Any) -> int:
    """Return ``value`` as an int if torch can cut a set into parts of it; more than there are samples is all of them."""
    return min(whole("batch_size", value), 2**31)


def sides(what: str, value: Any) -> tuple[int, ...]:
    """Return a size or a shape as a tuple of whole numbers above zero."""
    row = value if isinstance(value, tuple | list | torch.Size) else (value,)
    if not row:
        raise ValueError(f"{what} must have at least one side, not {value!r}")
    return tuple(whole(what, side) for side in row)


@functools.cache
def machine_memory() -> int:
    """The bytes of this machine's memory; 64 GiB where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 64 * GIB


def fits(what: str, *shape: Any, bytes_each: int = 4) -> tuple[int, ...]:
    """Return ``shape``, whole numbers above zero, if a tensor of it fits this machine's memory; asked before it is made."""
    row = sides(what, shape)
    needed = math.prod(row) * bytes_each
    if needed > machine_memory():
        took = f"{needed / GIB:,.0f} GiB, and this machine has {machine_memory() / GIB:,.0f}"
        raise ValueError(f"{what} of {' x '.join(f'{side:,}' for side in row)} would take {took}: ask for less")
    return row


def flag(what: str, value: Any) -> bool:
    """Return ``value`` as a bool if it is one, or 0 or 1."""
    if not isinstance(value, bool | numbers.Integral) and type(value).__name__ not in ("bool", "bool_") or value not in (0, 1):
        raise TypeError(f"{what} must be True or False, not {_shown(value)}")
    return bool(value)


def text(what: str, value: Any) -> str:
    """Return ``value`` if it is a string."""
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a string, not {_shown(value)}")
    return value


def path(what: str, value: Any) -> Path:
    """Return ``value`` as a path if it is one, or the name of one that this system can look for."""
    if not isinstance(value, str | Path):
        raise TypeError(f"{what} must be a path, not {_shown(value)}")
    try:
        os.path.lexists(os.fsencode(found := Path(value).expanduser()))
        found.exists()
    except (OSError, ValueError, RuntimeError) as error:
        raise ValueError(f"{what} must be a path of this system, not {_shown(str(value))}: {error}") from None
    return found


def device(value: Any) -> torch.device:
    """Return the torch.device of that name, if it is here; the processor for None."""
    try:
        found = torch.device("cpu" if value is None else value)
        torch.empty(0, device=found)
    except (RuntimeError, TypeError, AssertionError) as error:
        reason = str(error).partition("\n")[0]
        raise ValueError(f"device must be one that is here, such as 'cpu', not {_shown(value)}: {reason}") from None
    return found


def function(what: str, value: Any) -> Any:
    """Return ``value`` if it can be called."""
    if not callable(value):
        raise TypeError(f"{what} must be a network or a function, not {_shown(value)}")
    return value


def module(what: str, value: Any) -> nn.Module:
    """Return ``value`` if it is a network."""
    if not isinstance(value, nn.Module):
        raise TypeError(f"{what} must be a network, an nn.Module, not {_shown(value)}")
    return value


# Tensors


def tensor(what: str, x: object, ndim: int | None = None) -> Tensor:
    """Return ``x`` if it is a tensor, with ``ndim`` axes if that is given."""
    if not isinstance(x, Tensor):
        raise TypeError(f"{what} must be a torch.Tensor, not {_shown(x)}")
    if ndim is not None and x.ndim != ndim:
        raise ValueError(f"{what} must have {ndim} axes, not shape {list(x.shape)}")
    return x


def integers(what: str, x: object, ndim: int | None = None) -> Tensor:
    """Return ``x`` if it is a tensor of whole numbers; truth values are none."""
    known = tensor(what, x, ndim)
    if known.is_floating_point() or known.is_complex() or known.dtype == torch.bool:
        raise TypeError(f"{what} must be integers, not {known.dtype}")
    return known


def floats(what: str, x: object, ndim: int | None = None) -> Tensor:
    """Return ``x`` if it is a tensor of real floats."""
    known = tensor(what, x, ndim)
    if not known.is_floating_point():
        fix = ": convert with gancourse.data.to_float" if known.dtype == torch.uint8 else ""
        raise TypeError(f"{what} must be floats, not {known.dtype}{fix}")
    return known


def filled(what: str, x: object) -> Tensor:
    """Return ``x`` if it is a tensor of real floats with at least one entry: the mean of none is NaN."""
    known = floats(what, x)
    if not known.numel():
        raise ValueError(f"{what} is empty, {list(known.shape)}: pass at least one sample")
    return known


def finite(what: str, x: Tensor) -> Tensor:
    """Return ``x`` if it holds neither NaN nor infinity."""
    if not torch.isfinite(x).all():
        raise ValueError(f"{what} holds NaN or infinity: look at what made it")
    return x


def probabilities(what: str, p: Tensor) -> Tensor:
    """Return ``p`` [N, K] if each row holds probabilities of K > 1 classes, that sum to 1 but for the rounding of their type."""
    if p.ndim != 2 or p.shape[1] < 2:
        raise ValueError(f"{what} must be [N, K] with K > 1 classes, not {list(p.shape)}")
    known = floats(what, p)
    off = max(1e-3, torch.finfo(known.dtype).eps)
    if not known.numel() or not torch.isfinite(known).all() or known.min() < 0 or (known.float().sum(1) - 1).abs().max() > off:
        raise ValueError(f"each row of {what} must hold probabilities that sum to 1: apply softmax to logits first")
    return known


def typed(what: str, x: Tensor, network: nn.Module | None) -> Tensor:
    """Return ``x`` if its type is that of the network's weights; under autocast any will do, and so it will without weights."""
    weight = next(network.parameters(), None) if network is not None else None
    if weight is None or weight.dtype == x.dtype:
        return x
    device = x.device.type
    if torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device):
        return x
    raise TypeError(f"{what} are {x.dtype}, the network's weights {weight.dtype}: convert with .to({weight.dtype})")


def latents(z: object, latent_dim: int, network: nn.Module | None = None) -> Tensor:
    """Return ``z`` if it is a float batch [N, latent_dim], of the type of the ``network`` that takes it."""
    if not isinstance(z, Tensor) or z.ndim != 2 or z.shape[1] != latent_dim:
        came = list(z.shape) if isinstance(z, Tensor) else type(z).__name__
        raise ValueError(f"latents must be [N, {latent_dim}], not {came}: draw them with torch.randn(n, {latent_dim})")
    if not z.is_floating_point():
        raise TypeError(f"latents must be floating point, not {z.dtype}")
    return typed("latents", z, network)


def a_latent_for_each(x: Tensor, z: Tensor) -> None:
    """Raise ValueError unless there are as many latents as pictures."""
    if len(x) != len(z):
        raise ValueError(f"each picture needs its own latent: {len(x)} pictures came with {len(z)} latents")


def samples(x: object, shape: tuple[int, ...], network: nn.Module | None = None, what: str = "samples") -> Tensor:
    """Return ``x`` if it is a float batch [N, *shape], of the type of the ``network`` that takes it."""
    if not isinstance(x, Tensor) or x.ndim == 0 or tuple(x.shape[1:]) != shape:
        came = list(x.shape) if isinstance(x, Tensor) else type(x).__name__
        raise ValueError(f"{what} must be [N, {', '.join(map(str, shape))}], not {came}")
    return typed(what, floats(what, x), network)


def images(
    x: object,
    channels: int | None = None,
    size: int | None = None,
    what: str = "images",
    *,
    network: nn.Module | None = None,
    least: int = 0,
) -> Tensor:
    """Return ``x`` if it is a float batch [N, C, H, W] with the given channels and size, no side below ``least``.

    With ``network`` its type must be that of the network's weights.
    """
    if not isinstance(x, Tensor) or x.ndim != 4:
        came = list(x.shape) if isinstance(x, Tensor) else type(x).__name__
        raise ValueError(f"{what} must be a batch [N, C, H, W], not {came}")
    if not x.is_floating_point():
        raise TypeError(f"{what} must be floats in [-1, 1], not {x.dtype}: convert with gancourse.data.to_float")
    if channels is not None and x.shape[1] != channels:
        raise ValueError(f"{what} must have {channels} channels, not {x.shape[1]}")
    if size is not None and tuple(x.shape[2:]) != (size, size):
        raise ValueError(f"{what} must be {size} x {size} pixels, not {x.shape[2]} x {x.shape[3]}")
    if min(x.shape[2:]) < least:
        raise ValueError(f"{what} must be {least} x {least} pixels or more, not {x.shape[2]} x {x.shape[3]}")
    return typed(what, x, network)


def pixels(x: object, what: str = "images", channels: int | None = None, size: int | None = None) -> Tensor:
    """Return a batch of pictures [N, C, H, W] if its values can be those of pictures in [-1, 1].

    Values far outside, as 0 .. 255 are, raise a ValueError.  If nothing is negative, as in [0, 1], it warns; a mask of zeros
    and ones passes.
    """
    known = drawn(x, what, channels, size)
    if known.numel() and known.min() >= 0 and grey(known):
        warn_of_range(what, stacklevel=4)
    return known


def grey(x: Tensor) -> bool:
    """Whether pictures have other values than 0 and 1, and so are no masks."""
    return not bool(((x == 0) | (x == 1)).all())


def warn_of_range(what: str = "images", stacklevel: int = 3) -> None:
    """Warn of pictures that seem to lie in [0, 1]."""
    warnings.warn(f"nothing in {what} is below 0: pictures are floats in [-1, 1]; take 2 * x - 1", stacklevel=stacklevel)


def drawn(x: object, what: str = "images", channels: int | None = None, size: int | None = None) -> Tensor:
    """Return a batch of pictures [N, C, H, W], however pale, if its values are not far outside of [-1, 1], as 0 .. 255 are.

    For what a network draws, and for parts of a larger set: of these one may have nothing below 0.
    """
    known = finite(what, images(x, channels, size, what))
    low, high = (float(value) for value in known.detach().aminmax()) if known.numel() else (0.0, 0.0)
    if max(-low, high) > FAR:
        raise ValueError(
            f"{what} must be floats in [-1, 1] and reach from {low:g} to {high:g}: "
            "convert bytes with gancourse.data.to_float, 0 .. 255 with x / 127.5 - 1"
        )
    return known


def power_of_two(what: str, value: int, least: int, most: int | None = None) -> int:
    """Return ``value`` if it is a power of two from ``least`` up to ``most``; without one, to ``SIDE``."""
    value = whole(what, value, None)
    if value < least or value & (value - 1) or (most is not None and value > most):
        raise ValueError(f"{what} must be a power of two from {least} {'up' if most is None else f'to {most}'}, not {value}")
    return whole(what, value, None, SIDE)


def offered_size(value: int, sizes: Iterable[int], what: str) -> int:
    """Return ``value`` if a network (``what``) comes at that size."""
    value, sizes = whole("size", value, None), tuple(sizes)
    if value not in sizes:
        raise ValueError(f"{what} comes at {', '.join(map(str, sizes))} px, not {value}")
    return value


def one_by_one(network: Any, what: str = "a gradient penalty") -> None:
    """Raise a ValueError if ``network`` normalises over the batch: then its gradient at one sample depends on the others."""
    if isinstance(network, nn.Module) and batch_norms(network):
        raise ValueError(
            f"{what} needs a critic that judges samples one by one: replace its batch normalisation by layer "
            "normalisation, or leave normalisation out"
        )


def _shown(value: Any) -> str:
    """A value as a message shows it, cut where it is long."""
    if isinstance(value, Tensor):
        return f"a tensor {list(value.shape)} of {value.dtype}"
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 40 else text[:37] + '...'}"
