"""What can be asked of shapes on a grid of voxels [N, 1, S, S, S]: a voxel is full where its value is above 0.

judge = ShapeJudge(train, held_out)     pieces of furniture
judge.report(samples)                   accepted, covered, kinds
whole(samples), mirrored(samples)       is it of one part, is it its own mirror image
swept(samples)                          its largest part alone
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from gancourse.base import check
from gancourse.data.voxels import KINDS, Shapes

REFUSED = 0.05  # the share of held-out furniture that is less like the training set than the threshold


def full(grids: object) -> Tensor:
    """Which voxels are full: bool [N, S, S, S], of bytes (0 or 255) or floats in [-1, 1] [N, 1, S, S, S]."""
    known = check.tensor("grids", grids)
    if known.ndim != 5 or known.shape[1] != 1 or not len(known):
        raise ValueError(f"grids must be [N, 1, S, S, S] with N > 0, not {list(known.shape)}")
    if known.dtype == torch.uint8:
        return known[:, 0] > 127
    return check.finite("grids", check.floats("grids", known))[:, 0] > 0


def nearest(grids: Tensor, references: Tensor) -> tuple[Tensor, Tensor]:
    """The largest intersection over union of each grid with a reference, and which reference it is: [N], [N], on the CPU."""
    a, b = (full(x).cpu().flatten(1).float() for x in (grids, references))
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"grids and references must be of one size, not {list(grids.shape)} and {list(references.shape)}")
    both = a @ b.T  # [N, M]
    either = a.sum(1, keepdim=True) + b.sum(1) - both
    found = (both / either.clamp(min=1)).max(1)
    return found.values, found.indices


def whole(grids: Tensor) -> Tensor:
    """The share of each shape's voxels that hang together with its largest part, by faces: [N]; 0 where nothing is."""
    return torch.tensor([float(_largest(grid).sum() / max(1, grid.sum())) for grid in full(grids).cpu().numpy()])


def swept(grids: Tensor) -> Tensor:
    """Each shape without what does not hang together with its largest part: bytes [N, 1, S, S, S], 0 or 255."""
    kept = np.stack([_largest(grid) for grid in full(grids).cpu().numpy()])
    return torch.from_numpy(255 * kept[:, None].astype(np.uint8))


def _largest(grid: np.ndarray) -> np.ndarray:
    """The largest part of a shape, by faces: bool [S, S, S]."""
    from scipy import ndimage

    parts, n = ndimage.label(grid)
    largest: np.ndarray = parts == 1 + np.bincount(parts.ravel())[1:].argmax() if n else grid
    return largest


def mirrored(grids: Tensor) -> Tensor:
    """Intersection over union of each shape with its own mirror image, left for right: [N]; 0 where nothing is."""
    x = full(grids)
    both, either = (x & x.flip(1)).flatten(1).sum(1), (x | x.flip(1)).flatten(1).sum(1)
    return both / either.clamp(min=1)


class ShapeJudge:
    """Compares shapes with furniture.

    A shape is *accepted* if its intersection over union with the nearest training piece is not below ``threshold``, which all
    but 5 % of held-out furniture reach; it is of that piece's kind.  A held-out piece is *covered* if some accepted sample is as
    near to it as held-out pieces are to the training set, by the same threshold.
    """

    def __init__(self, train: Shapes, held_out: Shapes) -> None:
        self.train, self.held_out = train, held_out
        self.threshold = nearest(held_out.voxels, train.voxels)[0].quantile(REFUSED).item()

    def kinds(self, grids: Tensor) -> tuple[Tensor, Tensor]:
        """Indices into KINDS of grids [N, 1, S, S, S], and which are accepted: int64 [N], bool [N]."""
        near, at = nearest(grids, self.train.voxels)
        return self.train.labels[at], near >= self.threshold

    def report(self, grids: Tensor) -> dict[str, float]:
        """``likeness``, the mean intersection over union with the nearest piece; ``reached``, that of held-out pieces with the
        nearest shape, which one good shape again and again does not raise; ``accepted``; ``covered``; ``whole`` and
        ``mirrored``, means over all shapes; ``kinds``, how many of the four have at least a twentieth of the accepted.

        Source of ``reached``: the minimum matching distance of Achlioptas et al. 2018, with the overlap in place of a distance.
        """
        grids = check.tensor("grids", grids).cpu()  # where the furniture is
        near, at = nearest(grids, self.train.voxels)
        kind, accepted = self.train.labels[at], near >= self.threshold
        covered = 0.0
        if accepted.any():
            covered = (nearest(self.held_out.voxels, grids[accepted])[0] >= self.threshold).double().mean().item()
        counts = torch.bincount(kind[accepted], minlength=len(KINDS)).double()
        return {
            "likeness": near.double().mean().item(),
            "reached": nearest(self.held_out.voxels, grids)[0].double().mean().item(),
            "accepted": accepted.double().mean().item(),
            "covered": covered,
            "kinds": float((counts >= max(1.0, counts.sum().item() / 20)).sum()),
            "whole": whole(grids).mean().item(),
            "mirrored": mirrored(grids).mean().item(),
        }
