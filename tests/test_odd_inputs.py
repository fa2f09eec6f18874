"""Data and metrics given what nobody means to give them: a clear error of ours, or a right answer; nothing else."""

from __future__ import annotations

import dataclasses
import math
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gancourse
from gancourse import data, metrics
from gancourse.data import corruptions, toys
from gancourse.metrics import conditional, matching, pairs
from gancourse.metrics.slices import laplacian_pyramid

PACKAGE = Path(gancourse.__file__).parent


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


X, Y = normal(40, 3), normal(44, 3, seed=1)
PICTURES, OTHERS = normal(4, 1, 16, 16).clamp(-1, 1), normal(4, 1, 16, 16, seed=1).clamp(-1, 1)
LABELS = torch.arange(40) % 2
BYTES = torch.zeros(4, 1, 8, 8, dtype=torch.uint8)

# Each function with arguments that are right; one of them is exchanged for something odd.
CALLS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "frechet_distance": (metrics.frechet_distance, {"features_a": X, "features_b": Y}),
    "statistics": (metrics.statistics, {"features": X}),
    "real_against_real": (metrics.real_against_real, {"features": X, "seed": 0}),
    "frechet_infinity": (metrics.frechet_infinity, {"features_a": X, "features_b": Y, "points": 4, "seed": 0}),
    "frechet_bias": (metrics.frechet_bias, {"features": X, "n": 10, "m": 20}),
    "frechet_bias_from_covariance": (metrics.frechet_bias_from_covariance, {"sigma": torch.eye(3), "n": 10, "m": 20}),
    "kernel_distance": (metrics.kernel_distance, {"features_a": X, "features_b": Y, "degree": 3, "gamma": 0.1, "coef": 1.0}),
    "kernel_distance_subsets": (
        metrics.kernel_distance_subsets,
        {"features_a": X, "features_b": Y, "subsets": 2, "subset_size": 10, "seed": 0},
    ),
    "precision_recall": (metrics.precision_recall, {"real_features": X, "fake_features": Y, "k": 3}),
    "density_coverage": (metrics.density_coverage, {"real_features": X, "fake_features": Y, "k": 3}),
    "expected_coverage": (metrics.expected_coverage, {"n_real": 40, "n_fake": 44, "k": 3}),
    "leave_one_out_accuracy": (metrics.leave_one_out_accuracy, {"a": X, "b": Y}),
    "nearest_distances": (metrics.nearest_distances, {"samples": X, "train": Y}),
    "copying_test": (
        metrics.copying_test,
        {"samples": X, "train": normal(30, 3, seed=3), "held_out": Y, "quantile": 0.1, "rounds": 5, "seed": 0},
    ),
    "sliced_wasserstein": (metrics.sliced_wasserstein, {"a": X, "b": Y, "projections": 4, "p": 1, "seed": 0}),
    "sliced_wasserstein_pyramid": (
        metrics.sliced_wasserstein_pyramid,
        {"images_a": PICTURES, "images_b": OTHERS, "smallest": 8, "patches": 4, "patch": 3, "projections": 4, "seed": 0},
    ),
    "laplacian_pyramid": (laplacian_pyramid, {"images": PICTURES, "smallest": 8}),
    "inception_score": (metrics.inception_score, {"probabilities": X.softmax(1), "splits": 2}),
    "mode_report": (metrics.mode_report, {"samples": X[:, :2], "distribution": toys.ring(), "threshold": 100.0}),
    "stacked_mode_report": (metrics.stacked_mode_report, {"codes": torch.arange(40), "total": 1000}),
    "linear_separability": (
        metrics.linear_separability,
        {"latents": X, "judged": {"a": X[:, :2].softmax(1)}, "keep": 0.5, "holdout": 0.2, "seed": 0},
    ),
    "psnr": (pairs.psnr, {"output": PICTURES, "target": OTHERS}),
    "l1": (pairs.l1, {"output": PICTURES, "target": OTHERS}),
    "retrieved": (pairs.retrieved, {"output": PICTURES, "target": OTHERS}),
    "gradient_energy": (pairs.gradient_energy, {"images": PICTURES}),
    "segmentation_scores": (pairs.segmentation_scores, {"predicted": LABELS, "truth": LABELS, "classes": 2}),
    "spread_within": (conditional.spread_within, {"features": X, "labels": LABELS}),
    "diversity_within": (
        conditional.diversity_within,
        {"features": X, "labels": LABELS, "real_features": X, "real_labels": LABELS},
    ),
    "match": (matching.match, {"codes": LABELS, "labels": LABELS, "n_codes": 2, "n_classes": 2}),
    "digits": (data.digits, {"size": 8, "n": 5, "split": "train", "seed": 0}),
    "optical_digits": (data.optical_digits, {"size": 8, "n": 5, "split": "train", "seed": 0}),
    "font_digits": (data.font_digits, {"size": 8, "n": 5, "split": "train", "seed": 0}),
    "stacked_digits": (data.stacked_digits, {"size": 8, "n": 5, "split": "train", "seed": 0}),
    "moving_digits": (data.moving_digits, {"size": 32, "n": 2, "split": "train", "seed": 0, "frames": 2, "digits": 1}),
    "photo_patches": (data.photo_patches, {"size": 8, "n": 3, "split": "train", "seed": 0, "texture": 1.0}),
    "load_pairs": (data.load_pairs, {"kind": "night", "size": 8, "n": 2, "split": "train", "seed": 0}),
    "Batches": (lambda **given: next(data.Batches(**given)), {"source": BYTES, "batch_size": 2, "seed": 0, "order": "random"}),
    "UnpairedBatches": (
        lambda **given: next(data.UnpairedBatches(**given)),
        {"a": BYTES, "b": BYTES, "batch_size": 2, "seed": 0},
    ),
    "ring": (lambda **given: toys.ring().sample(**given), {"n": 3, "seed": 0}),
    "central": (corruptions.central, {"n": 2, "size": 8, "fraction": 0.5}),
    "random_blocks": (corruptions.random_blocks, {"n": 2, "size": 8, "covered": 0.3, "side": 0.25}),
    "free_form": (corruptions.free_form, {"n": 2, "size": 8}),
    "downscale": (corruptions.downscale, {"x": PICTURES, "factor": 2, "method": "area"}),
    "grey": (corruptions.grey, {"images": PICTURES.expand(-1, 3, -1, -1)}),
}

NUMBERS: list[Any] = [
    *(0, -1, 1, 3, 10**13, 2**70, 1.5, 0.5, 2.0, -0.0, 1e-300, math.nan, math.inf, -math.inf, True, "3", b"3", [3], (2, 3)),
    *(np.int64(3), np.float32(0.5), np.array([3]), torch.tensor(3), torch.tensor(0.5), torch.zeros(2), 1j, object()),
]
TENSORS: list[Any] = [
    *(
        torch.empty(0),
        torch.empty(0, 3),
        torch.empty(3, 0),
        torch.zeros(()),
        torch.zeros(40),
        torch.zeros(1, 3),
        torch.ones(40, 3),
    ),
    *(torch.full((40, 3), math.nan), torch.full((40, 3), math.inf), torch.full((40, 3), 1e200, dtype=torch.float64)),
    *(torch.zeros(40, 3, dtype=torch.int64), torch.zeros(40, 3, dtype=torch.bool), torch.zeros(40, 3, dtype=torch.complex64)),
    *(X.half(), X.double(), X.numpy(), X.tolist(), X.requires_grad_(False), X[:, :2], X.T, None, "x", 3),
    *(torch.zeros(4, 1, 16, 16), 255 * PICTURES.abs(), torch.full((4, 1, 16, 16), math.nan), PICTURES[:0], PICTURES[:, :0]),
    *(PICTURES[..., :1], PICTURES[0], PICTURES.double(), PICTURES.to(torch.uint8), PICTURES.long(), torch.zeros(4, 1, 3, 5)),
    *(LABELS - 1, LABELS.float(), LABELS * 10**9, LABELS[:, None], LABELS.bool(), LABELS[:1], LABELS.to(torch.uint8)),
]
WORDS: list[Any] = ["", "Train", "random", 3, None, b"train", ["train"], "x" * 1000, "\ud800"]


def odd(right: Any) -> list[Any]:
    if isinstance(right, str):
        return WORDS
    return NUMBERS if isinstance(right, int | float) else TENSORS


def ours(error: BaseException) -> bool:
    """Raised by a line of the package, with a message."""
    return bool(str(error)) and Path(traceback.extract_tb(error.__traceback__)[-1].filename).is_relative_to(PACKAGE)


def without_nan(found: Any) -> bool:
    if isinstance(found, torch.Tensor):
        return not (found.is_floating_point() and torch.isnan(found).any())
    if isinstance(found, float):
        return not math.isnan(found)
    if dataclasses.is_dataclass(found):
        return without_nan([getattr(found, field.name) for field in dataclasses.fields(found)])
    if isinstance(found, dict):
        return without_nan(list(found.values()))
    return all(map(without_nan, found)) if isinstance(found, list | tuple) else True


@pytest.mark.parametrize("name", CALLS)
@settings(max_examples=25, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(chosen=st.data())
def test_an_error_of_ours_or_an_answer(name: str, chosen: st.DataObject) -> None:
    call, right = CALLS[name]
    which = chosen.draw(st.sampled_from(list(right)))
    value = chosen.draw(st.sampled_from(odd(right[which])))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = call(**(right | {which: value}))
        except (ValueError, TypeError) as error:
            assert ours(error), f"{name}({which}={value!r}) fails obscurely: {type(error).__name__}: {error}"
            return
    assert name == "mode_report" or without_nan(found), (
        f"{name}({which}={value!r}) gives NaN"
    )  # no sample near a mode: said there


@pytest.mark.parametrize("name", CALLS)
def test_the_right_arguments_are_right(name: str) -> None:
    call, right = CALLS[name]
    assert without_nan(call(**right))
