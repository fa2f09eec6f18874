"""How good, how varied: distances between sets of images, counts of modes, and the networks whose features they use.

``attribute_classifier`` and ``train_attribute_classifier`` are imported on first use: they need the checkpoints and the data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gancourse.metrics.bias import Extrapolation, frechet_bias, frechet_bias_from_covariance, frechet_infinity
from gancourse.metrics.copying import CopyingTest, copying_test, nearest_distances
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
from gancourse.metrics.label_entropy import InceptionScore, inception_score
from gancourse.metrics.modes import ModeReport, mode_report, stacked_mode_report
from gancourse.metrics.neighbourhoods import (
    DensityCoverage,
    PrecisionRecall,
    density_coverage,
    expected_coverage,
    precision_recall,
)
from gancourse.metrics.patches import patch_distances
from gancourse.metrics.path_length import PathLengths, perceptual_path_length
from gancourse.metrics.perceptual import PerceptualFeatures, perceptual_features
from gancourse.metrics.separability import Separability, linear_separability
from gancourse.metrics.slices import laplacian_pyramid, sliced_wasserstein, sliced_wasserstein_pyramid
from gancourse.metrics.two_sample import TwoSampleTest, leave_one_out_accuracy, two_sample_test

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
    "CopyingTest",
    "DensityCoverage",
    "Extractor",
    "Extrapolation",
    "FewSamplesWarning",
    "InceptionScore",
    "ModeReport",
    "PathLengths",
    "PerceptualFeatures",
    "PrecisionRecall",
    "Separability",
    "SubsetDistance",
    "TwoSampleTest",
    "attribute_classifier",
    "copying_test",
    "density_coverage",
    "expected_coverage",
    "frechet_bias",
    "frechet_bias_from_covariance",
    "frechet_distance",
    "frechet_from_statistics",
    "frechet_infinity",
    "frechet_of_generator",
    "image_features",
    "inception_score",
    "kernel_distance",
    "kernel_distance_subsets",
    "laplacian_pyramid",
    "leave_one_out_accuracy",
    "linear_separability",
    "mode_report",
    "nearest_distances",
    "patch_distances",
    "perceptual_features",
    "perceptual_path_length",
    "precision_recall",
    "real_against_real",
    "sliced_wasserstein",
    "sliced_wasserstein_pyramid",
    "stacked_codes",
    "stacked_mode_report",
    "statistics",
    "train_attribute_classifier",
    "two_sample_test",
]
