r"""Perceptual path length: how much the image changes with a small step in latent space.

    l_Z = E[ d( G(slerp(z1, z2; t)), G(slerp(z1, z2; t + eps)) ) / eps^2 ]
    l_W = E[ d( g(lerp(f(z1), f(z2); t)), g(lerp(f(z1), f(z2); t + eps)) ) / eps^2 ],      t uniform in (0, 1), or t = 0 ("end")

with d a distance that is quadratic in small differences.  A space without sudden changes has short paths.

>>> perceptual_path_length(generator, 2000, space="w")
PathLengths(mean=..., trimmed_mean=..., standard_error=..., n=2000, space='w', sampling='full', epsilon=0.0001)

Source: Karras et al. 2019, section 4.1.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gancourse.base import check
from gancourse.base.latents import device_of, latent_dim_of, slerp
from gancourse.base.networks import evaluating

Distance = Callable[[Tensor, Tensor], Tensor]
SPACES, SAMPLINGS = ("z", "w"), ("full", "end")


@dataclass(frozen=True, repr=False)
class PathLengths:
    """d / eps^2 of each of n short steps, float64 [n], and how it was measured."""

    values: Tensor
    space: str
    sampling: str
    epsilon: float

    @property
    def mean(self) -> float:
        """The mean of all values."""
        return float(self.values.mean())

    @property
    def trimmed_mean(self) -> float:
        """The mean of the values between the 1 % and the 99 % quantile, ends included: what the authors' program reports.

        Quantiles are members of the sample, the lower neighbour for 1 % and the higher one for 99 %.
        """
        values = self.values.numpy()
        low, high = np.percentile(values, 1, method="lower"), np.percentile(values, 99, method="higher")
        return float(values[(values >= low) & (values <= high)].mean())

    @property
    def standard_error(self) -> float:
        """The standard error of the mean."""
        return float(self.values.std() / math.sqrt(len(self.values)))

    def __repr__(self) -> str:
        return (
            f"PathLengths(mean={self.mean:.4g}, trimmed_mean={self.trimmed_mean:.4g}, standard_error={self.standard_error:.2g}, "
            f"n={len(self.values)}, space={self.space!r}, sampling={self.sampling!r}, epsilon={self.epsilon:g})"
        )


def perceptual_path_length(
    generator: nn.Module | Callable[..., Tensor],
    n: int,
    *,
    space: str = "z",
    sampling: str = "full",
    epsilon: float = 1e-4,
    distance: Distance | None = None,
    labels: Tensor | None = None,
    seed: int = 0,
    latent_dim: int | None = None,
    batch_size: int = 64,
) -> PathLengths:
    """The path lengths of ``n`` steps, each between two latents of its own.

    generator  for "z" any network or function from latents (and labels) to images; for "w" one with ``styles`` and
               ``synthesis`` as :mod:`gancourse.models.stylegan2` has them.  It runs in evaluation mode, where its noise is
               constant: both images of a step share it
    sampling   "full": anywhere on the path; "end": at its beginning, so that every w is one that the mapping gave
    distance   images [N, ...] and [N, ...] -> [N], quadratic in small differences; by default the course's
               :func:`~gancourse.metrics.perceptual.perceptual_features` of faces.  That is LPIPS's construction on a small
               classifier: the numbers cannot be compared with published ones, which use VGG at 256 px
    labels     classes int [n], or vectors [n, label_dim], of a conditional generator; both ends of a path have the same
    seed       decides latents and places: the same seed walks the same paths in both spaces

    The authors' slerp moves between unit vectors, which is the same for networks that normalise z, as theirs do; this one passes
    the length linearly, so that other generators see latents of the length they know.  The authors also cut out the middle of
    the face, and the whole image is compared here.  An ``epsilon`` far below 1e-4 drowns in float32's rounding.
    """
    check.one_of("space", space, SPACES)
    check.one_of("sampling", sampling, SAMPLINGS)
    check.function("generator", generator)
    n, epsilon, batch_size = check.whole("n", n), check.within("epsilon", epsilon, 1e-30, 1), check.batch_size(batch_size)
    if space == "w" and not (hasattr(generator, "styles") and hasattr(generator, "synthesis")):
        raise ValueError(f"{type(generator).__name__} has no styles and synthesis, hence no W: measure it with space='z'")
    if labels is not None and len(check.tensor("labels", labels)) != n:
        raise ValueError(f"labels must be one for each of the {n} paths, not {len(labels)}")
    if distance is None:
        from gancourse.metrics.perceptual import perceptual_features

        distance = functools.partial(perceptual_features("faces").to(device_of(generator)).distance, pale=True)
    check.function("distance", distance)
    first, second, t = paths(n, latent_dim_of(generator, latent_dim), sampling, seed)
    device = device_of(generator)
    found = []
    with evaluating(generator):
        for part in torch.split(torch.arange(n), batch_size):
            y = None if labels is None else labels[part].to(device)
            ends = first[part].to(device), second[part].to(device)
            steps = _steps(generator, space, ends, t[part].to(device), epsilon, y)
            found.append(_values(distance, *steps).cpu().double() / epsilon**2)
    return PathLengths(torch.cat(found), space, sampling, epsilon)


def paths(n: int, latent_dim: int, sampling: str, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Both ends of n paths, z [n, latent_dim] each, and the places on them, t [n]."""
    check.fits("latents", 2, n, latent_dim)
    source = torch.Generator().manual_seed(check.seed(seed))
    first, second = torch.randn(2, n, latent_dim, generator=source)
    return first, second, torch.rand(n, generator=source) if sampling == "full" else torch.zeros(n)


def _steps(
    generator: nn.Module | Callable[..., Tensor],
    space: str,
    ends: tuple[Tensor, Tensor],
    t: Tensor,
    epsilon: float,
    labels: Tensor | None,
) -> Iterator[Tensor]:
    """The images at t and at t + epsilon."""
    given = () if labels is None else (labels,)
    if space == "w":
        styled: Any = generator  # with styles and synthesis, which perceptual_path_length has looked for
        start, end = (styled.styles(z, *given) for z in ends)  # [N, layers, w_dim]
        for at in (t, t + epsilon):
            yield styled.synthesis(start.lerp(end, at[:, None, None]))
        return
    start, end = ends
    for at in (t, t + epsilon):
        yield generator(slerp(start, end, at[:, None])[:, 0], *given)


def _values(distance: Distance, x: Tensor, y: Tensor) -> Tensor:
    x, y = (check.tensor("what the generator gives", images).float() for images in (x, y))
    values = check.tensor("what the distance gives", distance(x, y))
    if values.shape != (len(x),):
        raise ValueError(f"the distance must give one number for each of the {len(x)} pairs, not {list(values.shape)}")
    return check.finite("the distance between images", values)
