"""Walks in latent space, and how a generator is run to be looked at."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from gancourse import _check
from gancourse._networks import evaluating

Network = nn.Module | Callable[[Tensor], Tensor]


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
    return int(_check.positive("latent_dim", latent_dim))


def draw_latents(n: int, latent_dim: int, seed: int) -> Tensor:
    """z ~ N(0, I), float32 [n, latent_dim] on the CPU; the same for a seed on every device."""
    return torch.randn(n, latent_dim, generator=torch.Generator().manual_seed(seed))


def run(generator: Network, z: Tensor, chunk: int = 64) -> Tensor:
    """G(z) in evaluation mode, a few at a time: float32 on the CPU."""
    with evaluating(generator):
        z = z.to(device_of(generator, z.device))
        return torch.cat([generator(part).float().cpu() for part in z.split(chunk)])


def _across(u: Tensor) -> Tensor:
    """Unit vectors at right angles to u [N, D]: the coordinate axis that u uses least, made orthogonal to it."""
    axis = torch.zeros_like(u).scatter_(1, u.abs().argmin(1, keepdim=True), 1.0)
    axis = axis - (axis * u).sum(1, keepdim=True) * u
    return axis / axis.norm(dim=1, keepdim=True)


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
    if z0.shape != z1.shape or z0.ndim not in (1, 2):
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


def interpolate(generator: Network, z0: Tensor, z1: Tensor, steps: int = 8, how: str = "spherical") -> Tensor:
    """Images on the way from G(z0) to G(z1), ends included.

    z0, z1: [D], or [N, D] for N walks; ``how``: "linear" or "spherical" (:func:`slerp`).  Returns float [N * steps, C, H, W] on
    the CPU, walk by walk: ``grid(interpolate(...), columns=steps)`` shows a walk in each row.
    """
    _check.one_of("how", how, ["linear", "spherical"])
    if not isinstance(steps, int) or steps < 2:
        raise ValueError(f"steps must be a whole number, 2 or more (both ends are shown), not {steps!r}")
    floats = all(isinstance(z, Tensor) and z.is_floating_point() for z in (z0, z1))
    if not floats or z0.shape != z1.shape or z0.ndim not in (1, 2):
        came = [list(z.shape) if isinstance(z, Tensor) else type(z).__name__ for z in (z0, z1)]
        raise ValueError(f"z0 and z1 must be float tensors of one shape, [D] or [N, D], not {came[0]} and {came[1]}")
    if z0.ndim == 1:
        z0, z1 = z0[None], z1[None]
    t = torch.linspace(0, 1, steps, device=z0.device, dtype=z0.dtype)
    path = z0[:, None] + t[:, None] * (z1 - z0)[:, None] if how == "linear" else slerp(z0, z1, t)
    path[:, 0], path[:, -1] = z0, z1  # the ends to the bit
    return run(generator, path.flatten(0, 1))


def strongest_directions(generator: Network, latent_dim: int, k: int, seed: int = 0, around: int = 3) -> Tensor:
    """The k orthonormal directions [k, latent_dim] in which the picture changes most, strongest first.

    They are the leading eigenvectors of E_z[J(z)^T J(z)], J(z) = dG/dz estimated by differences of half a standard deviation at
    ``around`` random latents: around * (latent_dim + 1) images.  The sign makes the largest component positive.

    Source: the local bases of Ramesh, Choi & LeCun 2018; GANSpace (Härkönen et al. 2020) does this on inner features.
    """
    step = 0.5
    total = torch.zeros(latent_dim, latent_dim, dtype=torch.float64)
    for z in draw_latents(around, latent_dim, seed):
        moved = run(generator, torch.cat([z[None], z + step * torch.eye(latent_dim)])).flatten(1).double()
        jacobian = (moved[1:] - moved[0]) / step  # [latent_dim, pixels]
        total += jacobian @ jacobian.T
    vectors = torch.linalg.eigh(total).eigenvectors.flip(1)[:, :k].T  # [k, latent_dim]
    largest = vectors.gather(1, vectors.abs().argmax(1, keepdim=True))
    return (vectors * largest.sign()).float()


def random_directions(latent_dim: int, k: int, seed: int = 0) -> Tensor:
    """k random orthonormal directions [k, latent_dim]."""
    basis, _ = torch.linalg.qr(draw_latents(k, latent_dim, seed).T.double())  # [latent_dim, k]
    return basis.T.float()
