"""Judging a generator that was asked for something: variety within a condition, and a distance for each condition.

Two numbers per condition that need each other.  A generator can be obedient and dull (every red-haired face the same one), or
varied and deaf.  The share of samples that show what was asked for is
:meth:`gancourse.models.classifier.AttributeClassifier.accuracy`; here is the rest.
"""

from __future__ import annotations

import torch
from torch import Tensor

from gancourse.base import check
from gancourse.base.features import extractor_of, mark
from gancourse.metrics.features import feature_matrix
from gancourse.metrics.frechet import frechet_distance


def spread_within(features: Tensor, labels: Tensor) -> dict[int, float]:
    """Mean Euclidean distance between two different samples of the same label, for each label.

    features [N, D], labels int [N].  Raises ValueError where a label has fewer than two samples.
    """
    features, labels = _checked(features, labels)
    spreads = {}
    for label in torch.unique(labels).tolist():
        own = features[labels == label].double()
        if len(own) < 2:
            raise ValueError(f"label {label} has one sample: a spread needs two or more of each label")
        spreads[label] = float(torch.pdist(own).mean())
    return spreads


def diversity_within(features: Tensor, labels: Tensor, real_features: Tensor, real_labels: Tensor) -> float:
    """The spread within a label relative to that of real data, averaged over the labels: 1 for the data, 0 for one sample each.

    Spreads of real and generated samples are compared label by label, so it does not matter how often each label was asked for.
    """
    fake, real = spread_within(features, labels), spread_within(real_features, real_labels)
    _same_labels(list(fake), list(real))
    if flat := [label for label, spread in real.items() if spread == 0]:
        raise ValueError(f"the real samples of label {flat[0]} are all equal: there is no spread to compare with")
    return sum(fake[label] / real[label] for label in fake) / len(fake)


def frechet_within(features: Tensor, labels: Tensor, real_features: Tensor, real_labels: Tensor) -> dict[int, float]:
    """The Frechet distance between generated samples that were asked for a label and real ones that have it, for each label.

    The overall distance sees the mixture of all labels and cannot notice a generator that mixes them up; these can.  Keep the
    numbers of samples per label equal between generators that are compared (see ``frechet_distance``).
    """
    features, labels = _checked(features, labels)
    real_features, real_labels = _checked(real_features, real_labels)
    found, known = torch.unique(labels).tolist(), torch.unique(real_labels).tolist()
    _same_labels(found, known)
    return {label: frechet_distance(_of(features, labels, label), _of(real_features, real_labels, label)) for label in found}


def _of(features: Tensor, labels: Tensor, label: int) -> Tensor:
    part = features[labels == label]
    identity = extractor_of(features)
    return mark(part, identity) if identity is not None else part


def _same_labels(found: list[int], known: list[int]) -> None:
    if sorted(found) != sorted(known):
        raise ValueError(f"generated samples have the labels {sorted(found)}, real ones {sorted(known)}")


def _checked(features: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    labels = check.tensor("labels", labels).cpu()
    if labels.ndim != 1 or labels.is_floating_point() or labels.is_complex():
        raise ValueError(f"labels must be integers [N], one attribute at a time, not {labels.dtype} {list(labels.shape)}")
    feature_matrix(features)
    identity, features = extractor_of(features), torch.as_tensor(features)
    if len(features) != len(labels):
        raise ValueError(f"features must be [N, D] with a label each, not {list(features.shape)} for {len(labels)} labels")
    features = features.cpu()
    return features if identity is None else mark(features, identity), labels
