"""The number that a training is followed by."""

from __future__ import annotations

import types

import pytest
import torch

from gancourse.data import to_float
from gancourse.experiments.own.scores import score
from gancourse.experiments.own.sources import Source


def pictures(n: int, **more: object) -> Source:
    real = torch.randint(256, (n, 3, 8, 8), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    return Source("x", n, (), "", lambda *_: None, real, **more)


def run_of(**methods: object) -> types.SimpleNamespace:
    game = types.SimpleNamespace(device=torch.device("cpu"), **methods)
    return types.SimpleNamespace(gan=game, generator=None, sample=methods.get("sample"))


def test_a_distance_between_samples_and_pictures() -> None:
    source = pictures(200)
    found = score("dcgan", source)
    good = run_of(sample=lambda n, seed: to_float(source.real[:n]))
    bad = run_of(sample=lambda n, seed: torch.zeros(n, 3, 4, 4))  # half the side, as of a network that grows
    assert found.measure(good) < 0.1 < found.measure(bad)
    metric = found.metric(good)
    assert metric["floor"] > 0 and "100 samples against 200 of the pictures" in metric["protocol"]


def test_too_few_pictures_have_no_distance() -> None:
    found = score("dcgan", pictures(20))
    assert found.measure(None) is None and found.metric(None) == {}


def test_translators_are_measured_on_their_examples() -> None:
    x = torch.zeros(4, 3, 8, 8)
    source = pictures(4, examples=x, targets=x + 0.5, where="the training pairs")
    paired = run_of(translate=lambda examples, generator: examples + 0.25)
    assert score("pix2pix", source).measure(paired) == pytest.approx(0.25)
    assert "4 pairs: the training pairs" in score("pix2pix", source).protocol
    there_and_back = run_of(reconstruct=lambda a, generator: a - 0.125)
    assert score("cyclegan", source).metric(there_and_back)["value"] == pytest.approx(0.125)
