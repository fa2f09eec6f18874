r"""The sliced Wasserstein distance: transport in one dimension, along many directions.

On a line the cheapest transport between two sets of n points pairs them in sorted order, so it costs one sort:

    W_p^p = mean_i |x_(i) - y_(i)|^p.

In D dimensions the sliced distance averages that over random directions theta on the unit sphere (Rabin et al., 2011):

    SW_p^p = E_theta W_p^p(theta . x, theta . y).

Karras et al. (2018) apply it, p = 1, to 7 x 7 patches of every level of a Laplacian pyramid: a number for each scale of detail.
"""

from __future__ import annotations

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse.base import check
from gancourse.metrics.features import checked_images, feature_pair, float_images

_COLUMNS = 128  # directions at a time


def sliced_wasserstein(a: Tensor, b: Tensor, *, projections: int = 512, p: int = 1, seed: int = 0) -> float:
    """SW_p between points (or features, or flattened images) [N, D] and [M, D], p = 1 or 2, by ``projections`` random directions.

    In units of the data.  Where N and M differ the two empirical quantile functions are compared exactly.  Rabin et al. (2011).
    With one dimension it is the Wasserstein distance itself.  In D dimensions isotropic differences count by about 1/sqrt(D): a
    shift by a vector v costs SW_2 = |v| / sqrt(D).  Like the Frechet distance it is above zero for equal distributions and falls
    as the samples grow, about as 1/sqrt(N); the dimension hardly matters.  Raises ValueError as ``frechet_distance`` does.
    """
    a, b = feature_pair(a, b)
    projections, seed = check.whole("projections", projections), check.seed(seed)
    check.fits("directions", projections, a.shape[1], bytes_each=8)
    if p not in (1, 2):
        raise ValueError(f"p must be 1 or 2, not {p}")
    source = torch.Generator().manual_seed(seed)
    directions = torch.randn(projections, a.shape[1], generator=source, dtype=torch.float64).to(a.device)
    directions = directions / directions.norm(dim=1, keepdim=True)
    cost = sum(float(_line_cost(a @ part.T, b @ part.T, p).sum()) for part in directions.split(_COLUMNS))
    return float((cost / projections) ** (1 / p))


def sliced_wasserstein_pyramid(
    images_a: Tensor,
    images_b: Tensor,
    *,
    smallest: int = 16,
    patches: int = 128,
    patch: int = 7,
    projections: int = 512,
    seed: int = 0,
) -> dict[int, float]:
    """Sliced Wasserstein distance of patches at each level of the Laplacian pyramid: {resolution: distance}, finest first.

    ``images_a`` and ``images_b`` [N, C, H, H], uint8 or float in [-1, 1], equally many; H halves down to ``smallest`` (the
    last level holds the blurred image itself, the others what the next one lacks).  ``patches`` of ``patch`` x ``patch`` pixels
    are drawn from each image; each set's patches are brought to mean 0 and standard deviation 1 in every channel, as published.
    So a change of colour or contrast of *all* images together is invisible, and so is where in the image a patch lies.

    Karras et al. (2018) take 16,384 images, 128 patches, 4 x 128 directions, ``smallest`` 16, and print the values times 1000.
    """
    pyramids = [laplacian_pyramid(float_images(x), smallest) for x in (images_a, images_b)]
    if pyramids[0][0].shape != pyramids[1][0].shape:
        shapes = " and ".join(str(list(levels[0].shape)) for levels in pyramids)
        raise ValueError(f"both sets must have one shape, not {shapes}")
    patch = check.whole("patch", patch)
    patches = check.fits("patches", len(images_a), patches, pyramids[0][0].shape[1], patch, patch, bytes_each=8)[1]
    projections, seed = check.whole("projections", projections), check.whole("seed", seed, 0, 2**32)
    if smallest < patch:
        raise ValueError(f"patches of {patch} pixels do not fit the smallest level of {smallest}: raise smallest or lower patch")
    distances = {}
    for i, (a, b) in enumerate(zip(*pyramids, strict=True)):
        both = [_descriptors(x, patches, patch, 2 * (1000 * seed + i) + k) for k, x in enumerate((a, b))]
        distances[a.shape[-1]] = sliced_wasserstein(*both, projections=projections, seed=seed)
    return distances


def laplacian_pyramid(images: Tensor, smallest: int = 16) -> list[Tensor]:
    """Levels [N, C, H, H], [N, C, H/2, H/2], ... down to ``smallest`` of float images; the last is the low-pass image.

    Burt and Adelson (1983): blur with the binomial filter [1, 4, 6, 4, 1]/16 in both directions, keep every second pixel; a
    level is the image minus the enlarged next one.  ``reconstruct`` inverts it exactly.
    """
    check.images(images)  # bytes are refused
    images = checked_images(images)
    images = images if images.dtype == torch.float64 else images.float()
    size, smallest = images.shape[-1], check.whole("smallest", smallest, None)
    if images.shape[-2] != size:
        raise ValueError(f"images must be square [N, C, H, H], not {list(images.shape)}")
    if not 4 <= smallest <= size:
        raise ValueError(f"smallest must be 4 to {size} pixels, the size of the images, not {smallest}")
    levels = [images]
    while levels[-1].shape[-1] >= 2 * smallest:
        if levels[-1].shape[-1] % 2:
            raise ValueError(f"a level of {levels[-1].shape[-1]} pixels cannot be halved: give images of 2^k * smallest pixels")
        below = _blur(levels[-1])[..., ::2, ::2]
        levels[-1] = levels[-1] - _enlarge(below)
        levels.append(below)
    return levels


def reconstruct(pyramid: list[Tensor]) -> Tensor:
    """The images that ``laplacian_pyramid`` took apart."""
    if not isinstance(pyramid, list | tuple) or not pyramid:
        raise TypeError("a pyramid must be the list of levels that laplacian_pyramid gives")
    shapes = [check.finite("a level", check.images(level, what="a level")).shape for level in pyramid]
    if any(list(below) != [*above[:2], above[2] / 2, above[3] / 2] for above, below in itertools.pairwise(shapes)):
        raise ValueError(f"each level must have half the sides of the one before, not {[list(shape) for shape in shapes]}")
    image = pyramid[-1]
    for level in reversed(pyramid[:-1]):
        image = _enlarge(image) + level
    return image


def _blur(x: Tensor) -> Tensor:
    taps = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0], dtype=x.dtype, device=x.device) / 16
    flat = F.pad(x.flatten(0, 1)[:, None], (2, 2, 2, 2), mode="reflect")
    flat = F.conv2d(F.conv2d(flat, taps.view(1, 1, 1, 5)), taps.view(1, 1, 5, 1))
    return flat.view_as(x)


def _enlarge(x: Tensor) -> Tensor:
    n, c, h, w = x.shape
    spread = x.new_zeros(n, c, 2 * h, 2 * w)
    spread[..., ::2, ::2] = x
    return 4 * _blur(spread)


def _descriptors(x: Tensor, patches: int, patch: int, seed: int) -> Tensor:
    """Random patches as vectors [N * patches, C * patch * patch], each channel standardised over the whole set."""
    n, c, h, w = x.shape
    source = torch.Generator().manual_seed(seed)
    top, left = (torch.randint(side - patch + 1, (n, patches, 1, 1), generator=source).to(x.device) for side in (h, w))
    step = torch.arange(patch, device=x.device)
    index = ((top + step.view(-1, 1)) * w + left + step).view(n, 1, -1).expand(-1, c, -1)  # [N, C, patches * patch^2]
    found = x.flatten(2).gather(2, index).view(n, c, patches, patch * patch)
    spread = found.std(dim=(0, 2, 3), correction=0, keepdim=True)
    found = (found - found.mean(dim=(0, 2, 3), keepdim=True)) / spread.clamp(min=1e-12)
    return found.transpose(1, 2).reshape(n * patches, -1)


def _line_cost(a: Tensor, b: Tensor, p: int) -> Tensor:
    """W_p^p of each pair of columns [N, K], [M, K]: sorted values matched, quantile by quantile where N and M differ."""
    a, b = a.sort(0).values, b.sort(0).values
    if len(a) == len(b):
        return (a - b).abs().pow(p).mean(0)
    ends = torch.cat([torch.arange(1, len(x) + 1, dtype=torch.float64, device=a.device) / len(x) for x in (a, b)])
    ends = ends.sort().values
    widths = torch.diff(ends, prepend=ends.new_zeros(1))
    middle = ends - widths / 2
    i, j = ((middle * len(x)).long().clamp(max=len(x) - 1) for x in (a, b))
    return (widths[:, None] * (a[i] - b[j]).abs().pow(p)).sum(0)
