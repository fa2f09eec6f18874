import pytest
import torch
from torch import nn

from gancourse.models.layers import resample
from gancourse.models.reference import keys

STATE = {"module.w": torch.ones(2, 3), "module.b": torch.zeros(2)}


def renamed(key):
    return {"w": "weight", "b": "bias", "left": None}.get(key, key)


def test_keys_are_renamed_and_the_prefix_dropped():
    layer = keys.load(nn.Linear(3, 2), {**STATE, "left": torch.zeros(9)}, renamed)
    assert torch.equal(layer.weight, torch.ones(2, 3)) and torch.equal(layer.bias, torch.zeros(2))


def test_axes_of_length_one_may_differ():
    layer = keys.load(nn.Linear(3, 1), {"w": torch.ones(3), "b": torch.zeros(1, 1)}, renamed)
    assert layer.weight.shape == (1, 3)


def test_what_does_not_fit_is_named():
    with pytest.raises(ValueError, match="it lacks what fills bias: build Linear with"):
        keys.load(nn.Linear(3, 2), {"w": torch.ones(2, 3)}, renamed)
    with pytest.raises(ValueError, match="no place for other"):
        keys.load(nn.Linear(3, 2), {**STATE, "other": torch.ones(1)}, renamed)
    with pytest.raises(ValueError, match=r"shapes differ: w is \[2, 4\], here \[2, 3\]"):
        keys.load(nn.Linear(3, 2), {"w": torch.ones(2, 4), "b": torch.zeros(2)}, renamed)


def test_a_table_our_key_to_theirs():
    rename = keys.renaming({"weight": "a.b"})
    assert rename("a.b") == "weight" and rename("c") not in ("weight", "c")


def test_filters_are_compared_up_to_their_gain():
    line = torch.tensor(resample.BINOMIAL, dtype=torch.float32)
    keys.check_filters({"x.kernel": 4 * torch.outer(line, line), "y.kernel": line}, ".kernel", resample.BINOMIAL)
    with pytest.raises(ValueError, match="x.kernel is another filter"):
        keys.check_filters({"x.kernel": torch.ones(4, 4)}, ".kernel", resample.BINOMIAL)
