"""All measures of two sets at once."""

from __future__ import annotations

import warnings

import pytest
import torch

from gancourse.base.features import mark
from gancourse.metrics import frechet_bias, frechet_distance, kernel_distance, precision_recall
from gancourse.metrics.compare import compare


def features(n: int, shift: float = 0.0, seed: int = 0, dims: int = 4) -> torch.Tensor:
    x = torch.randn(n, dims, generator=torch.Generator().manual_seed(seed)) + shift
    return mark(x, "numbers")


def test_the_numbers_are_those_of_the_measures() -> None:
    fake, real = features(60, 1.0, 1), features(80)
    found = compare(fake, real)
    assert found.frechet == frechet_distance(fake, real) and found.kernel == kernel_distance(fake, real)
    assert (found.precision, found.recall) == precision_recall(real, fake), "the second set is the real one"
    assert found.bias == frechet_bias(real, 60, 80)
    assert (found.n, found.m, found.dims, found.extractor) == (60, 80, 4, "numbers")


def test_few_pictures_are_said_once_and_in_words() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        text = str(compare(features(9, dims=16, seed=1), features(12, dims=16)))
    assert "few pictures: 16 dimensions ask for 160 of each" in text and "numbers (16 dimensions)" in text
    assert "few pictures" not in str(compare(features(50, seed=1), features(40)))


def test_fewer_than_four() -> None:
    with pytest.raises(ValueError, match="needs 4 pictures or more in each set, not 3 and 9"):
        compare(features(3), features(9))
