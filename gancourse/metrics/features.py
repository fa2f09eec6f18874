"""From images to features, and a mark that keeps features of different networks apart.

A distance between two sets of features means something only if one network made both.  ``image_features`` and the
``features`` method of the course's classifiers therefore leave the network's name on the tensor they return (a plain
tensor with the attribute ``extractor_id``); every two-set metric refuses two different names.  A slice or a product of
such a tensor carries no name and is not checked.
"""

from __future__ import annotations

import inspect
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from gancourse.base import check
from gancourse.base.features import extractor_of, mark
from gancourse.data.images import to_float

LARGEST = 1e75  # of features: fourth powers of differences stay within float64


@runtime_checkable
class Extractor(Protocol):
    """What ``image_features`` needs: a name, and images [N, C, H, W] (uint8, or float in [-1, 1]) to float32 [N, D]."""

    extractor_id: str

    def features(self, images: Tensor, batch_size: int = 256) -> Tensor: ...


def image_features(images: Tensor, extractor: Extractor, batch_size: int = 256) -> Tensor:
    """Features float32 [N, D] of ``images`` [N, C, H, W] (uint8, or float in [-1, 1]), named after ``extractor``.

    ``extractor`` is anything with ``.features(images, batch_size)`` and ``.extractor_id``: an ``AttributeClassifier``, or
    your own.  ``images`` may also be an ``ImageSet`` of ``gancourse.data``.
    """
    if not _extracts(extractor):
        raise TypeError(
            f"the extractor needs .features(images, batch_size) and .extractor_id, and {type(extractor).__name__} lacks one: "
            "take gancourse.metrics.attribute_classifier('faces')"
        )
    images = checked_images(images)
    batch_size = check.batch_size(batch_size)
    found = extractor.features(images, batch_size=batch_size)
    return mark(found, extractor_of(found) or extractor.extractor_id)


def _extracts(extractor: object) -> bool:
    """Whether this is an :class:`Extractor`; its name is looked for and not asked, as it may be a digest of all weights."""
    unnamed = object()
    named = inspect.getattr_static(extractor, "extractor_id", unnamed) is not unnamed
    if not named and hasattr(type(extractor), "__getattr__"):  # a wrapper may hand the name on
        named = hasattr(extractor, "extractor_id")
    return named and callable(getattr(extractor, "features", None))


def checked_images(images: Tensor, what: str = "images") -> Tensor:
    """A batch [N, C, H, W] with N > 0, uint8 or floats that can be pictures in [-1, 1]; also that of an ImageSet."""
    images = check.tensor(what, getattr(images, "images", images), 4)
    if images.dtype != torch.uint8:
        images = check.pixels(images, what)
    if not images.numel():
        raise ValueError(f"{what} must be [N, C, H, W] with N > 0, not {list(images.shape)}")
    return images


def float_images(images: Tensor, what: str = "images") -> Tensor:
    """Such a batch as float32 in [-1, 1], without a gradient."""
    images = checked_images(images, what)
    return to_float(images) if images.dtype == torch.uint8 else images.detach().float()


def feature_pair(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Both sets as float64 [N, D] and [M, D], checked: two-dimensional, finite, of one dimension and one extractor."""
    first, second = extractor_of(a), extractor_of(b)
    if first and second and first != second:
        raise ValueError(f"features of {first!r} and of {second!r} live in different spaces: use one extractor for both sets")
    a, b = feature_matrix(a, "the first features"), feature_matrix(b, "the second features")
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"the two sets have {a.shape[1]} and {b.shape[1]} dimensions: use one extractor for both sets")
    return a, b.to(a.device)


def feature_matrix(features: Tensor | np.ndarray, what: str = "features", least: int = 2) -> Tensor:
    """``features`` as finite float64 [N, D] with N >= ``least``; an error names what is wrong."""
    if not isinstance(features, Tensor | np.ndarray):
        raise TypeError(f"{what} must be a tensor or an array [N, D], not {type(features).__name__}")
    features = torch.as_tensor(features).detach()
    if features.ndim != 2:
        raise ValueError(f"{what} must be [N, D], not {list(features.shape)}: flatten all but the first dimension")
    if features.is_complex() or features.dtype == torch.bool:
        raise TypeError(f"{what} must be real numbers, not {features.dtype}")
    if features.shape[0] < least or features.shape[1] < 1:
        raise ValueError(
            f"{what} must hold at least {least} samples of at least 1 dimension, not {list(features.shape)}: "
            "fewer have no spread to compare"
        )
    features = features.to("cpu" if features.device.type == "mps" else features.device).double()  # mps has no float64
    if not torch.isfinite(features).all():
        bad = int((~torch.isfinite(features).all(dim=1)).sum())
        raise ValueError(f"{what} hold NaN or infinity in {bad} of {len(features)} rows: look at the images that made them")
    if features.abs().max() > LARGEST:
        raise ValueError(f"{what} reach {float(features.abs().max()):.3g}, and their squares leave float64: divide by one number")
    return features
