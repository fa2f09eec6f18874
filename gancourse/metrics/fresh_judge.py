"""How well does a network tell generated pictures from real ones, if it was trained on none of those that it is shown?

The discriminator of a game cannot be asked: it has trained on the real pictures, and its generator against it.
"""

from __future__ import annotations

import torch
from torch import Tensor

from gancourse.base import check, networks
from gancourse.metrics.attributes import fit_classifier
from gancourse.metrics.features import float_images
from gancourse.models.classifier import AttributeClassifier

MADE = {"picture": ("real", "generated")}


def told_apart(
    real: Tensor,
    generated: Tensor,
    unseen_real: Tensor,
    unseen_generated: Tensor,
    *,
    steps: int = 120,
    width: int = 16,
    seed: int = 0,
) -> float:
    """Share of unseen pictures that a fresh classifier puts on the right side: 1/2 where nobody could tell, 1 where all are told.

    It learns from ``real`` and ``generated`` and is counted on the unseen ones, [N, C, H, W] each, uint8 or float in [-1, 1]; as
    many of both kinds are taken, so that a guess is right half the time; of the larger set that is a random part, for sets are
    often in order.  A poor classifier misses a difference and never invents one (Lopez-Paz & Oquab 2017).
    Raises ValueError for fewer than 64 pictures to learn from, one batch.
    """
    steps, width, seed = check.rounds("steps", steps), check.whole("width", width), check.seed(seed)
    source = torch.Generator().manual_seed(seed)
    real, generated = _evenly(real, generated, source)
    unseen_real, unseen_generated = _evenly(unseen_real, unseen_generated, source)
    if 2 * len(real) < 64:
        raise ValueError(f"a fresh judge needs 32 pictures of each kind to learn from, not {len(real)}: draw more")
    images, labels = torch.cat([real, generated]), torch.arange(2).repeat_interleave(len(real))
    with networks.seeded(seed):
        judge = AttributeClassifier(MADE, channels=images.shape[1], width=width, extractor_id="fresh judge")
    fit_classifier(judge, images, labels[:, None], steps, seed)
    shown = torch.cat([unseen_real, unseen_generated])
    return judge.accuracy(shown, torch.arange(2).repeat_interleave(len(unseen_real))[:, None])["picture"]


def _evenly(real: Tensor, generated: Tensor, source: torch.Generator) -> tuple[Tensor, Tensor]:
    """As many of each as the fewer, as floats in [-1, 1] on the processor: of the larger set a random part, the other whole."""
    one, other = (float_images(x, what).cpu() for x, what in ((real, "real pictures"), (generated, "generated pictures")))
    if one.shape[1:] != other.shape[1:]:
        raise ValueError(f"pictures must be [N, C, H, W] of one size, not {list(one.shape)} and {list(other.shape)}")
    n = min(len(one), len(other))
    one, other = (x if len(x) == n else x[torch.randperm(len(x), generator=source)[:n]] for x in (one, other))
    return one, other
