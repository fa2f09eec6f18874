"""Argument checks: what is right comes back, what is wrong is named."""

import warnings

import numpy as np
import pytest
import torch
from torch import nn

from gancourse.base import check


@pytest.mark.parametrize("value", [3, np.int64(3), np.uint8(3), torch.tensor(3)], ids=repr)
def test_whole_numbers_of_every_kind_come_back_as_ints(value):
    assert check.whole("n", value) == 3
    assert type(check.whole("n", value)) is int


@pytest.mark.parametrize("value", [True, 3.0, 2.5, "3", None, [3], np.float64(3), torch.tensor(3.0), torch.tensor([3])], ids=repr)
def test_what_is_no_whole_number_is_named(value):
    with pytest.raises(TypeError, match="n must be a whole number, not "):
        check.whole("n", value)


def test_whole_numbers_have_bounds():
    with pytest.raises(ValueError, match="n must be above 0, not 0"):
        check.whole("n", 0)
    with pytest.raises(ValueError, match="n must be 2 or more, not 1"):
        check.whole("n", 1, least=2)
    with pytest.raises(ValueError, match="n must be at most 5, not 6"):
        check.whole("n", 6, most=5)
    assert check.whole("n", -7, least=None) == -7
    with pytest.raises(TypeError, match=r"int\(3\)"):
        check.whole("n", 3.0)
    assert check.seed(2**64 - 1) == 2**64 - 1
    with pytest.raises(ValueError, match="seed must be at most"):
        check.seed(2**64)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), np.float32("nan")], ids=repr)
@pytest.mark.parametrize("helper", [check.number, check.positive, check.at_least, check.probability, check.fraction])
def test_numbers_are_finite(helper, value):
    with pytest.raises(ValueError, match="x must be finite"):
        helper("x", value)


@pytest.mark.parametrize("helper", [check.number, check.positive, check.at_least, check.probability, check.fraction])
def test_numbers_keep_their_value(helper):
    assert helper("x", 0.5) == helper("x", np.float32(0.5)) == helper("x", torch.tensor(0.5)) == 0.5
    assert type(helper("x", np.float64(0.5))) in (float, np.float64)
    for wrong in ("0.5", None, [0.5], 0.5j, True):
        with pytest.raises(TypeError, match="x must be a number"):
            helper("x", wrong)


def test_ranges_say_whether_their_ends_belong_to_them():
    assert check.positive("x", 2) == 2 and type(check.positive("x", 2)) is int
    assert check.at_least("x", 0) == 0
    assert check.probability("x", 0) == 0 and check.probability("x", 1) == 1
    for call, message in [
        (lambda: check.positive("x", 0), "above 0, not 0"),
        (lambda: check.at_least("x", -1e-9), "0 or more"),
        (lambda: check.fraction("x", 0), "both excluded"),
        (lambda: check.fraction("x", 1), "both excluded"),
        (lambda: check.probability("x", 1.01), r"\[0, 1\]"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()


def test_absurd_sizes_are_refused_before_memory_is_asked_for():
    assert check.fits("n", 4, np.int32(3)) == (4, 3)
    with pytest.raises(ValueError, match=r"latents of 1,000,000,000,000 x 512 would take .* GiB"):
        check.fits("latents", 10**12, 512)
    with pytest.raises(ValueError, match="above 0"):
        check.fits("latents", 4, 0)
    assert check.sides("hidden", [8, 4]) == (8, 4) and check.sides("hidden", 8) == (8,)


def test_tensors_are_told_from_what_looks_like_them():
    x = torch.zeros(2, 3)
    assert check.filled("x", x) is x
    for wrong, kind, message in [
        ([0.0], TypeError, "torch.Tensor, not list"),
        (np.zeros(2), TypeError, "torch.Tensor, not ndarray"),
        (torch.zeros(2, dtype=torch.int64), TypeError, "floats, not torch.int64"),
        (torch.zeros(2, dtype=torch.uint8), TypeError, "to_float"),
        (torch.zeros(2, dtype=torch.complex64), TypeError, "floats, not torch.complex64"),
        (torch.zeros(0, 3), ValueError, "empty"),
    ]:
        with pytest.raises(kind, match=message):
            check.filled("x", wrong)
    with pytest.raises(ValueError, match="NaN or infinity"):
        check.finite("x", torch.tensor([0.0, float("inf")]))


def test_pictures_are_in_their_range():
    x = torch.rand(4, 3, 8, 8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert check.pixels(2 * x - 1) is not None
        check.pixels((x > 0.5).float())  # a mask
        check.pixels(torch.randn(64, 3, 32, 32, generator=torch.Generator().manual_seed(0)))  # a network that is still learning
    with pytest.warns(UserWarning, match=r"nothing in images is below 0.*2 \* x - 1"):
        check.pixels(x)
    with pytest.raises(ValueError, match="127.5"):
        check.pixels(255 * x)
    with pytest.raises(ValueError, match="NaN"):
        check.pixels(x * float("nan"))
    with pytest.raises(TypeError, match="to_float"):
        check.pixels((255 * x).byte())


def test_a_critic_that_looks_across_the_batch_is_named():
    check.one_by_one(nn.Sequential(nn.Linear(2, 1), nn.LayerNorm(1)))
    check.one_by_one(lambda x: x)
    with pytest.raises(ValueError, match="judges samples one by one"):
        check.one_by_one(nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)))


def test_names_are_matched():
    assert check.one_of("loss", "l1", ("l1", "l2")) == "l1"
    with pytest.raises(ValueError, match="did you mean 'cosine'"):
        check.one_of("schedule", "cosin", ("constant", "cosine"))
    with pytest.raises(ValueError, match="unknown loss"):
        check.one_of("loss", None, ("l1", "l2"))


@pytest.mark.parametrize(
    ("value", "row"), [((1, 2), True), (["a"], True), ("ab", False), (b"ab", False), ({1}, False), (3, False)]
)
def test_a_string_is_no_row(value, row):
    assert check.is_row(value) is row
