"""Lines that a reader writes: right, a known slip, different, broken, or not written, each said and none raised."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gancourse.classroom import lines

SLIPS = {"the sign is turned round": lambda x: -2 * x, "a half is too much": lambda x: x}


def trials(seed: int):
    return (torch.randn(3, generator=torch.Generator().manual_seed(seed)),)


def said(capsys, yours, **changes) -> str:
    options = {"right": lambda x: 2 * x, "slips": SLIPS, "trials": trials} | changes
    assert lines.answered(yours, **options) is None
    return capsys.readouterr().out


def double(x):
    return x + x


def test_a_right_line_in_other_words(capsys):
    assert said(capsys, double) == "Right, on 5 random trials.\n"


@pytest.mark.parametrize(("slip", "function"), SLIPS.items())
def test_a_known_slip_is_named(capsys, slip, function):
    assert f"It looks as if {slip}." in said(capsys, function)


def test_anything_else_is_shown_with_its_numbers(capsys):
    out = said(capsys, lambda x: 2 * x + (torch.arange(3) == 1))
    place = f"{float(2 * trials(0)[0][1] + 1):.4g} at place 1, and should be {float(2 * trials(0)[0][1]):.4g} at place 1"
    assert place in out and "It looks as if" not in out


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (lambda x: None, "nothing at all"),
        (lambda x: x[:2], "a tensor of shape [2]"),
        (lambda x: "two", "a str"),
        (lambda x: 3.0, "3, and should be a tensor of shape [3]"),
        (lambda x: 2 * x * float("nan"), "nan at place"),
        (lambda x: 2 * x + 5j, "the value of your line is complex (take .real, if what is left is rounding), and should be"),
        (lambda x: torch.complex(2 * x, 1e-9 * x), "complex"),
        (lambda x: (2 * x + 5j).numpy(), "complex"),
        (lambda x: 3 + 5j, "complex"),
        (lambda x: np.complex128(3 + 5j), "complex"),
        (lambda x: (2 * x).to("meta"), "a Tensor"),
        (lambda x: (2 * x).to_sparse(), "a Tensor"),
    ],
)
def test_what_is_no_number_is_named(capsys, line, words):
    assert words in said(capsys, line)


@pytest.mark.parametrize(
    "as_numpy",
    [
        lambda x: x.numpy(),
        lambda x: x.numpy().astype("float32"),
        lambda x: x.numpy().astype("complex64"),  # as eigenvalues are that are real
        lambda x: x.flip(0).numpy()[::-1],  # torch takes no negative strides
    ],
)
def test_arrays_of_numpy_are_numbers(capsys, as_numpy):
    assert said(capsys, lambda x: as_numpy(2 * x)) == "Right, on 5 random trials.\n"
    assert "It looks as if the sign is turned round." in said(capsys, lambda x: as_numpy(-2 * x))


@pytest.mark.parametrize("kind", [float, np.float64, np.float32, np.array, torch.tensor])
def test_single_numbers_are_taken_whoever_made_them(capsys, kind):
    options = {"right": lambda x: 2 * x.sum(), "slips": {}}
    assert said(capsys, lambda x: kind(2 * float(x.sum())), **options) == "Right, on 5 random trials.\n"
    assert "is 1, and should be" in said(capsys, lambda x: kind(1.0), **options)


def test_whole_numbers_of_numpy_count_and_truth_is_no_number(capsys):
    options = {"right": lambda x: 3, "slips": {}}
    assert said(capsys, lambda x: np.int64(3), **options) == "Right, on 5 random trials.\n"
    for truth in (True, np.True_):
        assert "is a bool" in said(capsys, lambda x, truth=truth: truth, **options)
    assert "is a ndarray" in said(capsys, lambda x: np.array(["a"]), **options)


@pytest.mark.parametrize("thing", [True, "a", None])
def test_what_is_no_number_equals_nothing(capsys, thing):
    assert not lines._near(thing, thing, 1e-4) and not lines._near(False, thing, 1e-4)
    with pytest.raises(ValueError, match="the right value is a .*: let the measure make a number"):
        said(capsys, lambda x: thing, right=lambda x: thing)
    assert "It looks" not in said(capsys, lambda x: thing, slips={"it is nothing": lambda x: thing})


def test_an_unwritten_line_says_so_and_raises_nothing(capsys):
    def loss_of_d(x):
        return ...

    assert said(capsys, loss_of_d) == "loss_of_d is not written yet: put your line where the dots are, and run this cell again.\n"
    assert "your line is not written yet" in said(capsys, lambda x: ...)

    def as_in_homework(x):
        raise NotImplementedError

    assert said(capsys, as_in_homework).startswith("as_in_homework is not written yet")
    assert "does not run yet. NotImplementedError" in said(capsys, lambda x: (2 * x).to("meta").to("cpu"))
    assert "not written yet" in said(capsys, lambda x: ..., measure=lambda f, x: {"": lines.written(f(x)).sum()})


def test_an_error_is_a_sentence_and_no_traceback(capsys):
    out = said(capsys, lambda x: x + torch.ones(4))
    assert out.startswith("your line does not run yet. RuntimeError") and len(out.splitlines()) == 1


def test_a_slip_that_cannot_be_computed_or_is_right_is_not_said(capsys):
    odd = {"broken": lambda x: x + torch.ones(4), "right after all": double}
    assert "It looks as if" not in said(capsys, lambda x: 3 * x, slips=odd)
    assert said(capsys, double, slips=odd).startswith("Right")


def test_a_slip_must_agree_in_every_trial(capsys):
    sometimes = {"it is the absolute value": lambda x: 2 * x.abs()}
    out = said(capsys, lambda x: -2 * x, slips=sometimes, trials=lambda seed: (torch.tensor([-1.0 if seed < 4 else 1.0]),))
    assert "It looks as if" not in out


def test_what_is_measured_is_compared_by_its_name(capsys):
    def gradient(function, x):
        x = x.requires_grad_()
        made = function(x).sum()
        made.backward()
        return {"the sum": made, "the slope": x.grad}

    assert said(capsys, lambda x: 2 * x, measure=gradient).startswith("Right")
    out = said(capsys, lambda x: 2 * x.detach() + 0 * x, measure=gradient)
    assert "the slope is 0 at place 0, and should be 2 at place 0" in out


def test_each_function_gets_arguments_of_its_own(capsys):
    def spoils(x):
        return x.mul_(2)

    assert said(capsys, spoils).startswith("Right")
