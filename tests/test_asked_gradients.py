"""What a loss does to networks: its value, and the length of the gradient in each."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from gancourse.classroom.asked.gradients import length, reached
from gancourse.classroom.lines import Unwritten


def test_the_value_and_the_length_of_each_gradient():
    one, other = nn.Linear(2, 1, bias=False), nn.Linear(2, 1, bias=False)
    found = reached(one(torch.tensor([3.0, 4.0])).sum(), one=one, other=other)
    assert found["the length of its gradient in one"] == pytest.approx(5)
    assert found["the length of its gradient in other"] == length(other) == 0
    assert set(found) == {"the loss", "the length of its gradient in one", "the length of its gradient in other"}


def test_what_has_no_gradient_has_the_length_0():
    net = nn.Linear(2, 1)
    for loss in (1.5, torch.tensor(1.5), net(torch.ones(3, 2))):
        assert reached(loss, net=net)["the length of its gradient in net"] == 0


def test_a_line_that_is_still_dots():
    with pytest.raises(Unwritten):
        reached(..., net=nn.Linear(1, 1))
