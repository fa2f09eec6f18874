"""Sheets: points item by item, and what is said of answers that stumble."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from gancourse.classroom.homework import checks
from gancourse.classroom.homework.checks import values


def test_a_part_gives_points_item_by_item(capsys: pytest.CaptureFixture[str]) -> None:
    @checks.part(points=3)
    def example(sheet, f):
        with sheet.item("first", 1):
            values.compare(f, lambda x: 2 * x, (1.0,), checks.Slips("f") | {"not doubled": lambda x: x})
        with sheet.item("second", 0.5):
            raise KeyError("x")
        with sheet.item("third", 1.5):
            pass

    score = example(lambda x: x)
    said = capsys.readouterr().out
    assert (score, repr(score), score.report.points) == (1.5, "1.5", 3)
    assert "perhaps   not doubled" in said and "KeyError" in said and "example: 1.5 of 3 points" in said
    assert example(lambda x: 2 * x, quiet=True) == 2.5
    assert capsys.readouterr().out == ""
    assert example.points == 3


def test_what_stumbles_outside_an_item_costs_the_rest() -> None:
    @checks.part(points=2)
    def example(sheet, f):
        with sheet.item("first", 1):
            pass
        f()
        with sheet.item("second", 1):
            pass

    score = example(lambda: 1 / 0, quiet=True)
    assert score == 1 and "ZeroDivisionError" in str(score.report)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda: torch.ones(4) - torch.ones(7), "perhaps   two batches of different size, an axis too few, or other shapes"),
        (lambda: torch.lerp(torch.ones(2).double(), torch.ones(2).double(), torch.rand(2)), "perhaps   two precisions that meet"),
        (lambda: torch.ones(2, 2) @ torch.ones(2, 2).double(), "perhaps   two precisions that meet"),
        (lambda: torch.linalg.eigvals(torch.eye(2)).clamp(min=0), "perhaps   eigenvalues come as complex numbers"),
        (lambda: torch.linalg.eigvals(torch.eye(2)).max(), "perhaps   eigenvalues come as complex numbers"),
        (lambda: torch.nn.BatchNorm2d(2)(torch.ones(2, 2, 3, 3).double()), "perhaps   two precisions that meet"),
        (lambda: F.nll_loss(torch.ones(2, 2).double(), torch.ones(2).double()), "to be Long"),  # labels that became floats
        (lambda: torch.ones(2, dtype=torch.long).add_(torch.ones(2).double()), "result type Double"),
        (lambda: torch.ones(3).reshape(2, 2), "is invalid for input of size 3"),
        (lambda: torch.arange(3).mean(), "Input dtype must be"),
    ],
)
def test_what_torch_says_of_shapes_and_precisions_is_put_in_words(answer, said: str) -> None:
    @checks.part(points=1)
    def example(sheet, f):
        with sheet.item("first", 1):
            f()

    report = str(example(answer, quiet=True).report)
    assert said in report, report
    assert ("perhaps" in report) == said.startswith("perhaps")


def test_stubs_exits_and_time_are_named() -> None:
    @checks.part(points=2)
    def example(sheet, f):
        for name in "ab":
            with sheet.item(name, 1):
                f()

    def raising(error):
        def f():
            raise error

        return f

    assert "not written yet" in str(example(raising(NotImplementedError()), quiet=True).report)
    assert "exit()" in str(example(raising(SystemExit()), quiet=True).report)
    late = example(raising(checks.TimeUp("too long")), quiet=True).report
    assert len(late.items) == 2 and "too long" in str(late), "no further item is tried when the time is up"
    with pytest.raises(KeyboardInterrupt):
        example(raising(KeyboardInterrupt()), quiet=True)


def test_what_is_not_written_is_named_and_what_torch_misses_is_said() -> None:
    """An answer that calls another one, which is missing, is written itself; PyTorch's NotImplementedError has a text."""
    space: dict = {"nn": torch.nn, "torch": torch}
    source = """
def half(x): raise NotImplementedError()
def double(x): return 4 * half(x)
def plain(x): return 4 * x
class Net(torch.nn.Module):
    def foward(self, x): return x
def made(x): return Net()(x)
def abstract(x): return torch.optim.Optimizer([x], {}).step()
"""
    exec(compile(source, "<answers>", "exec"), space)

    @checks.part(points=2)
    def example(sheet, *answers):
        for i, f in enumerate(answers):
            with sheet.item(f"item {i}", 1):
                f(torch.nn.Parameter(torch.ones(())))

    def said(*names: str) -> str:
        return str(example(*(space[name] for name in names), quiet=True).report)

    assert said("double", "double") == "example: 0 of 2 points, not written yet: half()"
    assert said("half", "made").startswith(
        "example: 0 of 2 points\n  open   item 0 (0/1)\n         not written yet: half()\n  WRONG"
    )
    assert 'is missing the required "forward" function' in said("made", "made") and "not written yet" not in said("made", "made")
    assert "open   item 1" in said("plain", "half")
    assert "came      NotImplementedError" in said("abstract", "plain"), "torch's own without a text is not the student's"
    space["other"] = eval(compile("lambda x: other_half(x)", "<answers>", "eval"), space)
    exec(compile("def other_half(x): raise NotImplementedError", "<answers>", "exec"), space)
    assert said("half", "other", "half") == "example: 0 of 2 points, not written yet: half(), other_half()"


def test_the_seed_decides_and_the_global_one_is_left_alone() -> None:
    drawn = []

    @checks.part(points=1)
    def example(sheet):
        drawn.append(torch.cat([sheet.randn(2), sheet.rand(2), torch.tensor([float(sheet.integer(0, 10**6))])]))
        torch.manual_seed(5)

    torch.manual_seed(0)
    before = torch.get_rng_state()
    for seed in (0, 0, 1):
        example(seed=seed, quiet=True)
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(drawn[0], drawn[1]) and not torch.equal(drawn[0], drawn[2])
