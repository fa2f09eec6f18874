"""Codes are matched with classes one to one, as well as can be."""

import pytest
import torch

from gancourse.metrics.matching import match


def test_matching_is_one_to_one_and_the_best():
    labels = torch.arange(300) % 3
    renamed = torch.tensor([2, 0, 1])[labels]
    perfect = match(renamed, labels)
    assert perfect.accuracy == 1
    assert torch.equal(perfect.predict(renamed), labels)
    assert perfect.score(renamed[:7], labels[:7]) == 1
    # codes 0 and 1 both hold mostly class 0; one of them has to give way
    codes, classes = torch.tensor([0, 0, 0, 1, 1, 1, 2]), torch.tensor([0, 0, 0, 0, 0, 1, 2])
    both = match(codes, classes)
    assert both.accuracy == pytest.approx(5 / 7)
    assert both.majority == pytest.approx(6 / 7)


def test_more_codes_than_classes_leave_some_without_one():
    spare = match(torch.tensor([0, 1, 2, 3]), torch.tensor([0, 1, 0, 1]))
    assert sorted(spare.classes.tolist()).count(-1) == 2
    assert spare.accuracy == 0.5
    with pytest.raises(ValueError, match="3 codes for 2 labels"):
        match(torch.tensor([0, 1, 1]), torch.tensor([0, 1]))
