"""Argument checks whose messages name the fix."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

import torch
from torch import Tensor


def one_of(what: str, value: str, choices: Iterable[str]) -> str:
    """Return ``value`` if it is one of ``choices``; otherwise raise a ValueError that names the nearest one."""
    choices = list(choices)
    if value in choices:
        return value
    near = difflib.get_close_matches(str(value), choices, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise ValueError(f"unknown {what} {value!r}: {hint}choose from {', '.join(map(repr, choices))}")


def positive(what: str, value: float) -> float:
    """Return ``value`` if it is above zero."""
    if not value > 0:
        raise ValueError(f"{what} must be above 0, not {value}")
    return value


def latents(z: Tensor, latent_dim: int) -> Tensor:
    """Return ``z`` if it is a float batch [N, latent_dim]."""
    if not isinstance(z, Tensor) or z.ndim != 2 or z.shape[1] != latent_dim:
        came = list(z.shape) if isinstance(z, Tensor) else type(z).__name__
        raise ValueError(f"latents must be [N, {latent_dim}], not {came}: draw them with torch.randn(n, {latent_dim})")
    if not z.is_floating_point():
        raise TypeError(f"latents must be floating point, not {z.dtype}")
    return z


def images(x: Tensor, channels: int | None = None, size: int | None = None, what: str = "images") -> Tensor:
    """Return ``x`` if it is a float batch [N, C, H, W] with the given channels and size."""
    if not isinstance(x, Tensor) or x.ndim != 4:
        came = list(x.shape) if isinstance(x, Tensor) else type(x).__name__
        raise ValueError(f"{what} must be a batch [N, C, H, W], not {came}")
    if not x.is_floating_point():
        raise TypeError(f"{what} must be floats in [-1, 1], not {x.dtype}: convert with gancourse.data.to_float")
    if channels is not None and x.shape[1] != channels:
        raise ValueError(f"{what} must have {channels} channels, not {x.shape[1]}")
    if size is not None and tuple(x.shape[2:]) != (size, size):
        raise ValueError(f"{what} must be {size} x {size} pixels, not {x.shape[2]} x {x.shape[3]}")
    return x


def finite(what: str, x: Tensor) -> Tensor:
    """Return ``x`` if it holds neither NaN nor infinity."""
    if not torch.isfinite(x).all():
        raise ValueError(f"{what} holds NaN or infinity: look at what made it")
    return x


def power_of_two(what: str, value: int, least: int, most: int | None = None) -> int:
    """Return ``value`` if it is a power of two from ``least`` up, or up to ``most``."""
    if value < least or value & (value - 1) or (most is not None and value > most):
        raise ValueError(f"{what} must be a power of two from {least} {'up' if most is None else f'to {most}'}, not {value}")
    return value


def offered_size(value: int, sizes: Iterable[int], what: str) -> int:
    """Return ``value`` if a network (``what``) comes at that size."""
    sizes = tuple(sizes)
    if value not in sizes:
        raise ValueError(f"{what} comes at {', '.join(map(str, sizes))} px, not {value}")
    return value
