"""How good, how varied: distances between sets of images, counts of modes, and the networks whose features they use.

``attribute_classifier`` and ``train_attribute_classifier`` are imported on first use: they need the checkpoints and the data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gancourse.metrics.features import Extractor, image_features
from gancourse.metrics.frechet import (
    FewSamplesWarning,
    frechet_distance,
    frechet_from_statistics,
    frechet_of_generator,
    real_against_real,
    statistics,
)
from gancourse.metrics.kernel import SubsetDistance, kernel_distance, kernel_distance_subsets
from gancourse.metrics.modes import ModeReport, mode_report, stacked_mode_report
from gancourse.metrics.precision_recall import (
    DensityCoverage,
    PrecisionRecall,
    density_coverage,
    expected_coverage,
    precision_recall,
)

if TYPE_CHECKING:
    from gancourse.metrics.attributes import attribute_classifier, stacked_codes, train_attribute_classifier

_LATER = ("attribute_classifier", "stacked_codes", "train_attribute_classifier")


def __getattr__(name: str) -> Any:
    if name in _LATER:
        from gancourse.metrics import attributes

        return getattr(attributes, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


__all__ = [
    "DensityCoverage",
    "Extractor",
    "FewSamplesWarning",
    "ModeReport",
    "PrecisionRecall",
    "SubsetDistance",
    "attribute_classifier",
    "density_coverage",
    "expected_coverage",
    "frechet_distance",
    "frechet_from_statistics",
    "frechet_of_generator",
    "image_features",
    "kernel_distance",
    "kernel_distance_subsets",
    "mode_report",
    "precision_recall",
    "real_against_real",
    "stacked_codes",
    "stacked_mode_report",
    "statistics",
    "train_attribute_classifier",
]
