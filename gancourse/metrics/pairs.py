"""Scores against a known truth: what translation, inpainting and super-resolution can be measured by when the pairs are exact."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse.base import check
from gancourse.metrics.features import checked_images
from gancourse.models.layers import resample


def psnr(output: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
    r"""Peak signal-to-noise ratio of each picture in decibels, for floats in [-1, 1]: [N].

    10 log10(2^2 / mean squared error), the peak being the range from -1 to 1.  Identical pictures score infinity.
    With a ``mask`` [N or 1, 1, H, W] the mean is over the pixels where it is 1: what a filled hole is measured by, for pixels
    that were given would add to the score.
    """
    _pictures(output, target)
    return 10 * (4 / _mean((output.double() - target.double()).square(), mask)).log10()


def l1(output: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
    """Mean absolute difference of each picture, or of its pixels where ``mask`` is 1: [N]."""
    _pictures(output, target)
    return _mean((output.double() - target.double()).abs(), mask)


def _mean(x: Tensor, mask: Tensor | None) -> Tensor:
    """The mean of each picture of x [N, C, H, W] over the pixels where the mask is 1: [N]."""
    if mask is None:
        return x.flatten(1).mean(1)
    if (
        check.tensor("mask", mask).ndim != 4
        or mask.shape[1] != 1
        or mask.shape[2:] != x.shape[2:]
        or mask.shape[0] not in (1, len(x))
    ):
        raise ValueError(f"mask must be [{len(x)} or 1, 1, {x.shape[2]}, {x.shape[3]}], not {list(mask.shape)}")
    if not bool(((mask == 0) | (mask == 1)).all()) or not bool(mask.flatten(1).any(1).all()):
        raise ValueError("mask must be 1 where it counts and 0 elsewhere, and count at least one pixel of each picture")
    mask = mask.to(x).expand(len(x), *x.shape[1:])
    return (x * mask).flatten(1).sum(1) / mask.flatten(1).sum(1)


def retrieved(output: Tensor, target: Tensor) -> float:
    """The share of outputs whose own target is nearer, in mean absolute difference, than all other targets.

    Asks whether an output belongs to its input, which an average does not: one picture for all inputs may be close to every
    target and scores 1/N.  Both are [N, C, H, W], pair i at place i; targets that are equal count against the output.
    """
    _pictures(output, target)
    distance = torch.cdist(output.flatten(1).double(), target.flatten(1).double(), p=1)  # [N, N]
    own = distance.diagonal()
    others = distance.masked_fill(torch.eye(len(output), dtype=torch.bool, device=output.device), float("inf")).amin(1)
    return (own < others).double().mean().item()


def gradient_energy(images: Tensor) -> Tensor:
    """Mean absolute difference between neighbouring pixels, across and down: [N].  Blur lowers it, noise raises it."""
    if check.tensor("images", images).dtype == torch.uint8 or images.ndim != 4 or min(images.shape[2:]) < 2:
        raise ValueError(f"images must be floats [N, C, H, W] of 2 x 2 pixels or more, not {images.dtype} {list(images.shape)}")
    checked_images(images)
    across = images.diff(dim=3).abs().flatten(1).mean(1)
    down = images.diff(dim=2).abs().flatten(1).mean(1)
    return (across + down) / 2


def roughened(images: Tensor, energy: float, seed: int = 0) -> Tensor:
    """images + s N(0, I), cut to [-1, 1], with s so that their mean gradient energy is ``energy``: [N, C, H, W].

    The null of every measure that takes sharpness for realism: as many differences between neighbours, and nothing in them.
    Images that have as much already come back as they are; s ends at 2, where little is left of a picture.
    """
    low, high, energy = 0.0, 2.0, check.at_least("energy", energy)
    if gradient_energy(images).mean() >= energy:
        return images
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(check.seed(seed))).to(images)
    for _ in range(20):
        middle = (low + high) / 2
        rough = (images + middle * noise).clamp(-1, 1)
        low, high = (middle, high) if gradient_energy(rough).mean() < energy else (low, middle)
    return rough


def sharpened(images: Tensor, energy: float) -> Tensor:
    """images + a (images - B images), cut to [-1, 1], with a so that their mean gradient energy is ``energy``: [N, C, H, W].

    B is the binomial blur (1, 4, 6, 4, 1) / 16 across and down, of standard deviation 1, the edge repeated.  A filter that has
    learnt nothing, and a harder null than ``roughened``: what it adds stands at the edges that the images have.  Images that have
    as much energy already come back as they are; a ends at 16, where nearly all that is not flat is black or white.

    Source: unsharp masking, in Gonzalez & Woods, Digital Image Processing.
    """
    low, high, energy = 0.0, 16.0, check.at_least("energy", energy)
    if gradient_energy(images).mean() >= energy:
        return images
    detail = images - resample.blur(F.pad(images, (2, 2, 2, 2), mode="replicate"), (1, 4, 6, 4, 1), pad=(0, 0))
    for _ in range(20):
        middle = (low + high) / 2
        sharp = (images + middle * detail).clamp(-1, 1)
        low, high = (middle, high) if gradient_energy(sharp).mean() < energy else (low, middle)
    return sharp


class SegmentationScores(NamedTuple):
    """The three scores of the pix2pix paper: right pixels, and the means over classes of right pixels and of IoU."""

    pixel_accuracy: float
    class_accuracy: float
    iou: float


def segmentation_scores(predicted: Tensor, truth: Tensor, classes: int) -> SegmentationScores:
    r"""Compare two class maps, integers of one shape; classes that do not occur in the truth are left out of the means.

    With n_ij the number of pixels of class i called j and t_i = sum_j n_ij: sum_i n_ii / sum_i t_i; mean of n_ii / t_i; mean of
    n_ii / (t_i + sum_j n_ji - n_ii).

    Source: Long, Shelhamer & Darrell 2015, section 5.
    """
    _same_shape(predicted, truth)
    classes = check.whole("classes", classes)
    check.fits("a table", classes, classes, bytes_each=8)
    for what, x in (("predicted", predicted), ("truth", truth)):
        if x.is_floating_point() or x.is_complex() or not x.numel() or int(x.min()) < 0 or int(x.max()) >= classes:
            raise ValueError(f"{what} must hold the numbers of classes, whole and in 0 .. {classes - 1}, at least one pixel")
    pairs = truth.long().flatten() * classes + predicted.long().flatten()
    n = torch.bincount(pairs, minlength=classes**2).reshape(classes, classes).double()  # [true, predicted]
    right, true, called = n.diagonal(), n.sum(1), n.sum(0)
    present = true > 0
    accuracy = (right / true)[present].mean().item()
    iou = (right / (true + called - right))[present].mean().item()
    return SegmentationScores((right.sum() / n.sum()).item(), accuracy, iou)


def _pictures(output: Tensor, target: Tensor) -> None:
    for what, x in (("output", output), ("target", target)):
        if check.tensor(what, x).dtype == torch.uint8:
            raise TypeError(f"{what} must be floats in [-1, 1], not bytes: convert with gancourse.data.to_float")
        checked_images(x, what)
    _same_shape(output, target)


def _same_shape(a: Tensor, b: Tensor) -> None:
    check.tensor("output", a), check.tensor("target", b)
    if a.shape != b.shape:
        raise ValueError(f"output and target must have one shape, not {list(a.shape)} and {list(b.shape)}")
