r"""The inception score of any classifier's probabilities (Salimans et al., 2016).

    IS = exp( E_x KL( p(y|x) || p(y) ) ),     p(y) = E_x p(y|x)

The exponent is the mutual information of image and label: H(y) - H(y|x).  It is large when each image has one clear label
(low H(y|x)) and all labels occur alike (high H(y)), 1 at least and K, the number of classes, at most.  No real image enters it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from gancourse.base import check


class InceptionScore(NamedTuple):
    """Mean and standard deviation of the score over the splits (0 for a single one)."""

    mean: float
    std: float


def inception_score(probabilities: Tensor | np.ndarray, splits: int = 1) -> InceptionScore:
    """exp of the mean KL(p(y|x) || p(y)), from probabilities [N, K] as a softmax gives them.

    ``splits`` > 1 follows the published protocol (10): cut the samples, in the order they come, into that many parts, score
    each with its own p(y), report mean and standard deviation (divided by their number, as in the authors' code).  Each part's
    score is too low for want of samples, so values with different splits are not comparable.

    The published numbers are those of one Inception network on ImageNet's 1,000 classes (1,008 outputs in the authors' copy).
    With another classifier the score is about that classifier's classes.  Salimans et al. (2016); Barratt & Sharma (2018) on
    its faults.

    Raises ValueError for rows that are no probabilities, or fewer than 2 samples a split: one sample is its own p(y) and scores
    1.
    """
    if not isinstance(probabilities, Tensor | np.ndarray):
        raise TypeError(f"probabilities must be a tensor or an array [N, K], not {type(probabilities).__name__}")
    p = torch.as_tensor(probabilities).detach()
    if p.is_complex() or p.dtype == torch.bool:
        raise TypeError(f"probabilities must be real numbers, not {p.dtype}")
    p = check.probabilities("probabilities", p if p.is_floating_point() else p.float())
    p = p.to("cpu" if p.device.type == "mps" else p.device).double()
    splits = check.whole("splits", splits)
    if len(p) < 2 * splits:
        raise ValueError(
            f"{splits} splits need at least {2 * splits} samples, and there are {len(p)}: a sample alone is its own "
            "p(y) and scores 1 whatever it shows"
        )
    p = p / p.sum(1, keepdim=True)
    scores = torch.stack([_score(part) for part in p.tensor_split(splits)])
    return InceptionScore(float(scores.mean()), float(scores.std(correction=0)))


def _score(p: Tensor) -> Tensor:
    return (torch.xlogy(p, p) - torch.xlogy(p, p.mean(0))).sum(1).mean().exp()
