from __future__ import annotations

import math

import pytest
import torch

from gancourse.metrics.label_entropy import inception_score


def softmax(n: int, k: int, seed: int, sharpness: float = 2.0) -> torch.Tensor:
    return (sharpness * torch.randn(n, k, generator=torch.Generator().manual_seed(seed))).softmax(1)


def test_its_two_ends():
    sure = torch.eye(7).repeat(20, 1)
    assert inception_score(sure).mean == pytest.approx(7, rel=1e-12)  # each image sure of itself, all labels alike
    assert inception_score(torch.full((20, 7), 1 / 7)).mean == pytest.approx(1, abs=1e-12)  # no image has a label
    assert inception_score(sure[:1].repeat(20, 1)).mean == pytest.approx(1, abs=1e-12)  # one label for all


def test_it_is_the_exponential_of_the_mutual_information():
    p = softmax(50, 5, 0).double()
    p = p / p.sum(1, keepdim=True)  # softmax in float32 leaves 1e-7
    marginal = p.mean(0)
    conditional = -sum(float(x * math.log(x)) for row in p for x in row) / 50
    entropy = -sum(float(x * math.log(x)) for x in marginal)
    assert inception_score(p).mean == pytest.approx(math.exp(entropy - conditional), rel=1e-12)


def test_zero_probabilities_cost_nothing():
    p = torch.tensor([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]])
    assert math.isfinite(inception_score(p).mean)


def test_splits_take_the_samples_in_order():
    p = softmax(90, 5, 1)
    parts = torch.tensor([inception_score(part).mean for part in p.split(30)], dtype=torch.float64)
    mean, std = inception_score(p, splits=3)
    assert mean == pytest.approx(float(parts.mean()), rel=1e-12) and std == pytest.approx(
        float(parts.std(correction=0)), rel=1e-12
    )
    assert inception_score(p).std == 0


@pytest.mark.parametrize("splits", [1, 4])
def test_equals_torch_fidelity(splits):
    fidelity = pytest.importorskip("torch_fidelity.metric_isc")
    logits = 2 * torch.randn(200, 6, generator=torch.Generator().manual_seed(2))
    theirs = fidelity.isc_features_to_metric(logits, splits=splits, shuffle=False)
    mean, std = inception_score(logits.softmax(1), splits)
    assert mean == pytest.approx(theirs["inception_score_mean"], rel=1e-6)
    assert std == pytest.approx(theirs["inception_score_std"], rel=1e-5, abs=1e-9)


@pytest.mark.parametrize(
    ("p", "splits", "message"),
    [
        (torch.randn(30, 4), 1, "apply softmax"),
        (torch.randn(30, 4).softmax(1) / 2, 1, "apply softmax"),
        (torch.rand(30), 1, r"must be \[N, K\]"),
        (torch.full((30, 4), 0.25), 20, "20 splits need at least 40 samples, and there are 30: a sample alone is its own p"),
        (torch.full((30, 4), 0.25), 0, "splits must be above 0"),
    ],
)
def test_bad_input_is_refused(p, splits, message):
    with pytest.raises(ValueError, match=message):
        inception_score(p, splits)
