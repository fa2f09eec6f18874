"""The name of the network that made some features."""

import torch

from gancourse.base.features import extractor_of, mark


def test_a_mark_stays_on_the_tensor_and_not_on_what_is_made_of_it():
    x = torch.rand(3, 2)
    assert extractor_of(x) is None
    assert mark(x, "probe 1") is x and extractor_of(x) == "probe 1"
    assert extractor_of(x[:2]) is None and extractor_of(x + 1) is None


def test_a_second_mark_replaces_the_first():
    assert extractor_of(mark(mark(torch.zeros(1, 1), "one"), "two")) == "two"
