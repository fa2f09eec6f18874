"""Walks in latent space: from one latent to another, and along directions that change the picture."""

from __future__ import annotations

import torch
from torch import Tensor

from gancourse.base import check
from gancourse.base.latents import Network, draw_latents, latent_dim_of, run, slerp


def interpolate(generator: Network, z0: Tensor, z1: Tensor, steps: int = 8, how: str = "spherical") -> Tensor:
    """Images on the way from G(z0) to G(z1), ends included.

    z0, z1: [D], or [N, D] for N walks; ``how``: "linear" or "spherical" (:func:`slerp`).  Returns float [N * steps, C, H, W] on
    the CPU, walk by walk: ``grid(interpolate(...), columns=steps)`` shows a walk in each row.
    """
    check.one_of("how", how, ["linear", "spherical"])
    steps = check.whole("steps", steps, 2)  # both ends are shown
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


def random_walks(generator: Network, walks: int, points: int, seed: int, latent_dim: int | None = None) -> Tensor:
    """Images [walks * points, C, H, W] of walks on great circles between random latents, walk by walk."""
    ends = draw_latents(2 * check.whole("walks", walks), latent_dim_of(generator, latent_dim), seed)
    return interpolate(generator, ends[:walks], ends[walks:], points)


def every(points: Tensor, length: int, k: int) -> Tensor:
    """Of walks in ``length`` points each, one after the other [walks * length, ...], every k-th point; k divides length - 1."""
    if len(points) % check.whole("length", length, 2) or (length - 1) % check.whole("k", k):
        raise ValueError(f"{len(points)} points must be whole walks of {length}, and k must divide {length - 1}, not be {k}")
    return points.unflatten(0, (-1, length))[:, ::k].flatten(0, 1)


def longest_steps(features: Tensor, length: int) -> Tensor:
    """Of each walk in ``length`` points, features [walks * length, D], the longest step over the distance between the ends.

    A steady walk on a straight line has 1 / (length - 1); a walk that stands still and jumps once has 1.  Raises ValueError for
    a walk whose ends have the same features: no step is a share of their distance.
    """
    if features.ndim != 2 or len(features) % check.whole("length", length, 2):
        raise ValueError(f"features must be [walks * {length}, D], not {list(features.shape)}")
    f = features.unflatten(0, (-1, length))  # [walks, length, D]
    between = (f[:, -1] - f[:, 0]).norm(dim=1)
    if not between.all():
        raise ValueError(f"walk {int((between == 0).nonzero()[0])} ends where it begins: take ends with different pictures")
    return (f[:, 1:] - f[:, :-1]).norm(dim=2).amax(1) / between


def strongest_directions(generator: Network, latent_dim: int, k: int, seed: int = 0, around: int = 3) -> Tensor:
    """The k orthonormal directions [k, latent_dim] in which the picture changes most, strongest first.

    They are the leading eigenvectors of E_z[J(z)^T J(z)], J(z) = dG/dz estimated by differences of half a standard deviation at
    ``around`` random latents: around * (latent_dim + 1) images.  The sign makes the largest component positive.

    Source: the local bases of Ramesh, Choi & LeCun 2018; GANSpace (Härkönen et al. 2020) does this on inner features.
    """
    latent_dim, around = check.whole("latent_dim", latent_dim), check.whole("around", around)
    k, step = check.whole("k", k, 1, latent_dim), 0.5
    total = torch.zeros(latent_dim, latent_dim, dtype=torch.float64)
    for z in draw_latents(around, latent_dim, seed):
        moved = run(generator, torch.cat([z[None], z + step * torch.eye(latent_dim)])).flatten(1).double()
        jacobian = (moved[1:] - moved[0]) / step  # [latent_dim, pixels]
        total += jacobian @ jacobian.T
    if not total.any():
        raise ValueError("the picture does not change with the latent: no direction is stronger than another")
    vectors = torch.linalg.eigh(total).eigenvectors.flip(1)[:, :k].T  # [k, latent_dim]
    largest = vectors.gather(1, vectors.abs().argmax(1, keepdim=True))
    return (vectors * largest.sign()).float()


def random_directions(latent_dim: int, k: int, seed: int = 0) -> Tensor:
    """k random orthonormal directions [k, latent_dim], at most latent_dim of them."""
    latent_dim = check.whole("latent_dim", latent_dim)
    k = check.whole("k", k, 1, latent_dim)
    basis, _ = torch.linalg.qr(draw_latents(k, latent_dim, seed).T.double())  # [latent_dim, k]
    return basis.T.float()
