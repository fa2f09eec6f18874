"""Every metric that takes pictures asks of them the same: floats in [-1, 1], or bytes."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from gancourse import metrics
from gancourse.metrics import PerceptualFeatures, digits, pairs, validation
from gancourse.metrics.inception import InceptionFeatures
from gancourse.models.classifier import AttributeClassifier
from tests.odd import normal


def classifier(channels: int) -> AttributeClassifier:
    torch.manual_seed(0)
    return AttributeClassifier({"digit": tuple("0123456789")}, channels=channels, width=4, extractor_id="untrained").eval()


GREY, COLOUR = classifier(1), classifier(3)
INCEPTION = InceptionFeatures(torch.nn.Conv2d(3, 2, 1), lambda network, x: x.float().flatten(1)[:, :2], "torchvision", "0")

# Everything through which pictures [N, 3, H, W] come into the metrics.
TAKES: dict[str, Callable[[Tensor], Any]] = {
    "image_features": lambda x: metrics.image_features(x, COLOUR),
    "features": COLOUR.features,
    "predict": COLOUR.predict,
    "probabilities": COLOUR.probabilities,
    "accuracy": lambda x: COLOUR.accuracy(x, torch.zeros(len(x), 1, dtype=torch.int64)),
    "Inception": INCEPTION.features,
    "perceptual features": PerceptualFeatures(COLOUR),
    "perceptual distance": lambda x: PerceptualFeatures(COLOUR).distance(x, x),
    "stacked_codes": lambda x: metrics.stacked_codes(x, GREY),
    "levelled": digits.levelled,
    "laplacian_pyramid": lambda x: metrics.laplacian_pyramid(x, 8),
    "sliced_wasserstein_pyramid": lambda x: metrics.sliced_wasserstein_pyramid(x, x, smallest=8, patches=2, projections=2),
    "psnr": lambda x: pairs.psnr(x, x),
    "l1": lambda x: pairs.l1(x, x),
    "retrieved": lambda x: pairs.retrieved(x, x),
    "gradient_energy": pairs.gradient_energy,
    "roughened": lambda x: pairs.roughened(x, 0.5),
    "sharpened": lambda x: pairs.sharpened(x, 0.5),
    "patch_distances": lambda x: metrics.patch_distances(x, RIGHT),
    "validate": lambda x: validation.validate(lambda y: 0.0, x),
    "validate's copies": lambda x: validation.validate(lambda y: 0.0, RIGHT, copies=x),
}
RIGHT = normal(4, 3, 16, 16).clamp(-1, 1)


def test_no_function_of_pictures_is_left_out() -> None:
    words = {"images", "images_a", "output", "pictures"}
    named = {name: getattr(metrics, name) for name in metrics.__all__} | vars(pairs)
    takers = {name: inspect.signature(value).parameters for name, value in named.items() if inspect.isfunction(value)}
    known = {name for name, parameters in takers.items() if words & set(parameters)}
    assert {name for name in known if name[0] != "_" and name != "checked_images"} <= set(TAKES)


@pytest.mark.parametrize("name", TAKES)
def test_pictures_in_minus_one_to_one_pass_without_a_word(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        TAKES[name](RIGHT)


@pytest.mark.parametrize("name", TAKES)
def test_pictures_with_nothing_below_zero_are_warned_of(name: str) -> None:
    with pytest.warns(UserWarning, match=r"below 0: pictures are floats in \[-1, 1\]"):
        TAKES[name]((RIGHT + 1) / 2)


@pytest.mark.parametrize("name", TAKES)
@pytest.mark.parametrize("far", [255 * (RIGHT + 1) / 2, 100 * RIGHT], ids=["bytes as floats", "hundreds"])
def test_pictures_in_other_units_are_refused(name: str, far: Tensor) -> None:
    with pytest.raises(ValueError, match=r"must be floats in \[-1, 1\] and reach from"):
        TAKES[name](far)


@pytest.mark.parametrize("name", TAKES)
def test_pictures_with_nan_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="NaN or infinity"):
        TAKES[name](RIGHT.masked_fill(RIGHT > 0.99, float("nan")))
