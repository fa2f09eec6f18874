"""Latents: drawing, truncating and joining them, and how a generator is run to be looked at."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from gancourse.base import check
from gancourse.base.networks import evaluating

Network = nn.Module | Callable[..., Tensor]


def device_of(network: Network, otherwise: torch.device | str = "cpu") -> torch.device:
    """Where the network's parameters are; ``otherwise`` for a plain function."""
    if isinstance(network, nn.Module):
        for tensor in (*network.parameters(), *network.buffers()):
            return tensor.device
    return torch.device(otherwise)


def latent_dim_of(generator: Network, latent_dim: int | None) -> int:
    """The given latent_dim, else the generator's own."""
    if latent_dim is None:
        latent_dim = getattr(generator, "latent_dim", None)
    if latent_dim is None:
        raise ValueError("the generator has no attribute latent_dim: pass latent_dim=...")
    return check.whole("latent_dim", latent_dim)


def draw_latents(n: int, latent_dim: int, seed: int) -> Tensor:
    """z ~ N(0, I), float32 [n, latent_dim] on the CPU; the same for a seed on every device."""
    n, latent_dim = check.whole("n", n, 0), check.whole("latent_dim", latent_dim)
    return torch.randn(n, latent_dim, generator=torch.Generator().manual_seed(check.seed(seed)))


def run(generator: Network, z: Tensor, chunk: int = 64) -> Tensor:
    """G(z) in evaluation mode, a few at a time: float32 on the CPU."""
    with evaluating(generator):
        z = z.to(device_of(generator, z.device))
        return torch.cat([generator(part).float().cpu() for part in z.split(chunk)])


def _across(u: Tensor) -> Tensor:
    """Unit vectors at right angles to u [N, D]: the coordinate axis that u uses least, made orthogonal to it."""
    axis = torch.zeros_like(u).scatter_(1, u.abs().argmin(1, keepdim=True), 1.0)
    axis = axis - (axis * u).sum(1, keepdim=True) * u
    unit: Tensor = axis / axis.norm(dim=1, keepdim=True)
    return unit


def slerp(z0: Tensor, z1: Tensor, t: Tensor | float) -> Tensor:
    r"""Spherical interpolation: along the great circle from z0 to z1, the length passing linearly from |z0| to |z1|.

    With unit vectors u, v, the angle w between them and e the unit vector along v - (u.v) u,

        slerp(t) = ((1 - t) |z0| + t |z1|) (cos(t w) u + sin(t w) e).

    In many dimensions a Gaussian lies close to a sphere of radius sqrt(D); the straight line leaves that sphere (half-way
    it is shorter by sqrt(2) for independent ends), this path does not.  Parallel ends give the straight line; opposite ends
    leave the plane open, and the path goes through the coordinate axis that z0 uses least.  Where an end is 0, or D is
    1, no circle exists and the path is straight.

    z0, z1: [D] or [N, D]; t: a number, [T] for all pairs, or [N, T] for each its own.  Returns [..., D] for a number,
    [..., T, D] otherwise.

    Source: Shoemake 1985; White 2016 for latents of generative networks.
    """
    check.floats("z0", z0)
    if check.floats("z1", z1).shape != z0.shape or z0.ndim not in (1, 2):
        raise ValueError(f"z0 and z1 must both be [D] or both [N, D], not {list(z0.shape)} and {list(z1.shape)}")
    single, number = z0.ndim == 1, not isinstance(t, Tensor)
    a, b = (z.reshape(-1, z.shape[-1]).double() for z in (z0, z1))  # [N, D]
    steps = torch.as_tensor(t, dtype=torch.float64, device=a.device)
    if steps.ndim == 2 and len(steps) != len(a):
        raise ValueError(f"t must be a number, [T], or [N, T] with a row for each of the {len(a)} pairs, not {list(steps.shape)}")
    steps = steps[..., None] if steps.ndim == 2 else steps.reshape(1, -1, 1)  # [N or 1, T, 1]
    length_a, length_b = a.norm(dim=1, keepdim=True), b.norm(dim=1, keepdim=True)  # [N, 1]
    straight = (1 - steps) * a[:, None] + steps * b[:, None]  # [N, T, D]
    path = straight
    if a.shape[1] > 1:
        u, v = a / length_a.clamp_min(1e-300), b / length_b.clamp_min(1e-300)
        angle = 2 * torch.atan2((u - v).norm(dim=1, keepdim=True), (u + v).norm(dim=1, keepdim=True))  # exact near 0 and pi
        side = v - (u * v).sum(1, keepdim=True) * u
        reach = side.norm(dim=1, keepdim=True)
        side = torch.where(reach > 1e-7, side / reach.clamp_min(1e-300), _across(u))
        turn = steps * angle[:, None]
        length = (1 - steps) * length_a[:, None] + steps * length_b[:, None]
        circle = length * (turn.cos() * u[:, None] + turn.sin() * side[:, None])
        path = torch.where(((length_a > 0) & (length_b > 0))[:, None], circle, straight)
    path = path.to(z0.dtype)
    if number:
        path = path[:, 0]
    return path[0] if single else path


def truncated_latents(n: int, latent_dim: int, threshold: float, seed: int = 0) -> Tensor:
    r"""n latents whose every component is normal, given that its magnitude is at most ``threshold``: float32 [n, latent_dim].

    The same distribution as drawing again each component that falls outside, here by the inverse of the distribution
    function: z = Phi^-1(u) with u uniform between Phi(-threshold) and Phi(threshold).  A lower threshold brings the latents
    nearer to their mean: samples look more typical and differ less.

    Source: Brock et al. 2019 (BigGAN), section 3.1, the truncation trick.
    """
    check.fits("latents", n, latent_dim, bytes_each=8)
    check.positive("threshold", threshold)
    u = torch.rand(n, latent_dim, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    return _truncated(u, threshold)


def truncate(z: Tensor, threshold: float) -> Tensor:
    r"""Standard normal latents z [N, D] -> truncated ones: float32 [N, D], each component moved to its quantile.

        z' = F^-1(Phi(z)),    F the distribution function of N(0, 1) given that the magnitude is at most ``threshold``

    The result is distributed as :func:`truncated_latents` is, keeps order and signs, and moves continuously with the threshold:
    one z gives one picture at every threshold.  It is neither clamping, which heaps components up at the threshold, nor
    scaling, which keeps the normal's tails.

    What style generators call truncation is another thing: psi pulls styles w towards their mean
    (:func:`gancourse.models.layers.styles.truncate`).
    """
    if not z.is_floating_point():
        raise TypeError(f"latents must be floats, not {z.dtype}")
    check.positive("threshold", threshold)
    return _truncated(torch.special.erf(z.double() / math.sqrt(2)), threshold)


def _truncated(u: Tensor, threshold: float) -> Tensor:
    """u, uniform in (-1, 1) and float64 -> components of the truncated normal distribution, float32."""
    # In float64: where Phi is next to 1, steps of float32 in u would be wide gaps in z.
    half = math.erf(threshold / math.sqrt(2))  # Phi(threshold) - Phi(-threshold)
    z: Tensor = torch.special.erfinv(u * half) * math.sqrt(2)
    return z.float().clamp(-threshold, threshold)


def in_parts(network: Callable[..., Tensor], inputs: Sequence[Tensor], size: int, **options: Any) -> Tensor:
    """``network(*inputs, **options)`` in parts of ``size`` rows, put together.

    Raises a ValueError after the first part where all of them, and what they are put together into, would not fit into memory.
    """
    made: list[Tensor] = []
    for rows in zip(*(torch.split(x, size) for x in inputs), strict=True):
        made.append(network(*rows, **options))
        if len(made) == 1:
            check.fits("samples", len(inputs[0]), *made[0].shape[1:], bytes_each=2 * made[0].element_size())
    return torch.cat(made)
