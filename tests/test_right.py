"""Right answers stand once: lectures and homework ask for the same functions, which are what the library computes."""

from __future__ import annotations

import ast
import math
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from gancourse import losses
from gancourse.classroom import asked, right
from gancourse.classroom.homework import hw1, hw2, hw3, hw4, hw5, hw6, hw7, hw8
from gancourse.losses import penalties
from gancourse.models.layers.minibatch import MinibatchStdDev
from gancourse.theory import convolution, likelihood


def test_lectures_and_homework_ask_for_the_same_functions() -> None:
    assert asked.D_LOSS.right is hw1._d_loss is losses.saturating_d
    assert asked.CRITIC_LOSS.right is hw3._critic_loss is losses.wasserstein_d
    assert asked.LEAST_SQUARES.right is hw3._squares_d is right.squares
    assert asked.TRANSPOSED_SIZE.right is hw2._transposed_size is convolution.transposed_size
    assert asked.ATTRIBUTE.right is hw2._direction is right.direction
    assert asked.FADE.right is hw5.faded is right.faded
    assert asked.SPREAD.right is hw5._mean_deviation is right.mean_deviation
    assert asked.CLS_LOSS.right is hw7._cls is right.matching
    assert asked.AUGMENT.right is hw7._augment is right.augmented
    assert asked.KL_TERM.right is likelihood.gaussian_kl
    assert asked.BOUND.right is hw4._of_a_category is right.information
    assert asked.TRUNCATED.right is hw5._pulled is right.pulled
    assert asked.conditional.products is hw4._meeting is right.products
    assert asked.translation._pair is hw6._joined is right.joined
    assert asked.repair._rec is hw6.missing_error is right.missing_error
    assert asked.measuring.trace_of_root is hw8.trace_of_root is right.trace_of_root
    assert (hw4._hinge, hw4._raised, hw4._minus_log) == (losses.hinge_d, losses.hinge_g, losses.non_saturating_g)
    assert hw2._conv_size is convolution.convolved_size
    assert hw3.centred_at_1 is right.centred_at_1 and asked.objectives.pull is right.pull and hw6._gap is right.gap


def _bodies(path: Path) -> dict[str, str]:
    """What each function of a module computes, its arguments by their places: body -> name; a lecture's right answers too."""
    found = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        function = node
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and ast.unparse(node.value.func) == "Line":
            function = node.value.args[0]
        if isinstance(function, ast.FunctionDef | ast.Lambda):
            places = {each.arg: f"argument {place}" for place, each in enumerate(function.args.args)}
            steps = [ast.Return(function.body)] if isinstance(function, ast.Lambda) else function.body
            steps = [step for step in steps if not (isinstance(step, ast.Expr) and isinstance(step.value, ast.Constant))]
            for each in (each for step in steps for each in ast.walk(step)):
                if isinstance(each, ast.Name):
                    each.id = places.get(each.id, each.id)
            body = "; ".join(map(ast.unparse, steps))
            if body != "return argument 0":  # the identity is nobody's answer
                found[body] = f"{path.name}: {getattr(function, 'name', body)}"
    return found


def test_no_answer_stands_in_two_files() -> None:
    package = Path(right.__file__).resolve().parents[1]
    known: dict[str, str] = {}
    for pattern in (
        "losses/objectives.py",
        "theory/*.py",
        "classroom/right.py",
        "classroom/asked/*.py",
        "classroom/homework/hw*.py",
    ):
        for path in sorted(package.glob(pattern)):
            own = _bodies(path)
            twice = {known[body]: name for body, name in own.items() if body in known}
            assert not twice, "take the library's, or put it into classroom/right.py"
            known |= own
    assert len(known) > 300


def _draw(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


def test_the_penalty_is_the_library_s() -> None:
    x, weight = _draw(5, 2, 3), _draw(2, 3)

    def critic(x: torch.Tensor) -> torch.Tensor:
        return (weight * x.square()).flatten(1).sum(1) / 2

    ours = right.centred_at_1(right.lengths(weight * x))
    torch.testing.assert_close(ours, penalties.gradient_penalty(critic, x, x, torch.zeros(5, dtype=x.dtype)))


def test_the_batch_s_deviation_is_the_layer_s() -> None:
    x = _draw(4, 3, 2, 2).float()
    torch.testing.assert_close(MinibatchStdDev(4)(x)[0, -1, 0, 0], right.mean_deviation(x))


def test_what_the_library_does_not_have_as_a_function() -> None:
    r, f, w = _draw(3, 7)
    loss = (2 * F.binary_cross_entropy_with_logits(r, torch.ones(7).double()) + F.softplus(f).mean() + F.softplus(w).mean()) / 2
    torch.testing.assert_close(right.matching(r, f, w), loss)
    assert right.augmented(torch.tensor(2.0), torch.tensor(0.0), torch.tensor(3.0)) == 5
    assert right.pull(0.5, 0.2, 0.8, 0.1) == pytest.approx(0.02)
    assert right.gap(r, r + 0.5) == pytest.approx(0.5)
    assert right.deviation(torch.zeros(())) == pytest.approx(1e-4)
    assert right.angle(torch.tensor([2.0, 0.0]), torch.tensor([0.0, 5.0])) == pytest.approx(math.pi / 2)
    s, t = torch.cov(_draw(3, 9)), torch.cov(_draw(4, 9)[1:])
    torch.testing.assert_close(right.symmetric_root(s) @ right.symmetric_root(s), s)
    torch.testing.assert_close(right.trace_of_root(s, s), s.trace())
    whole = right.symmetric_root(right.symmetric_root(s) @ t @ right.symmetric_root(s)).trace()
    torch.testing.assert_close(right.trace_of_root(s, t), whole)
    logits, codes = torch.full((4, 3), -1000.0), torch.tensor([2, 0, 1, 1])
    assert right.information(0 * logits, codes) == pytest.approx(0, abs=1e-6)
    assert right.information(logits.scatter(1, codes[:, None], 0), codes) == pytest.approx(math.log(3))
    assert right.products(torch.ones(2, 3), torch.tensor([1, 0]), torch.tensor([[1.0, 2, 3], [4, 5, 6]])).tolist() == [15, 6]
    assert right.pulled(torch.tensor(3.0), torch.tensor(1.0), 0.25) == 1.5
    hole = torch.tensor([[[[1.0, 0.0]]]])
    assert right.missing_error(torch.tensor([[[[3.0, 9.0]], [[1.0, 9.0]]]]), torch.zeros(1, 2, 1, 2), hole) == 5
    assert right.missing_error(torch.ones(1, 2, 1, 2), torch.zeros(1, 2, 1, 2), 0 * hole) == 0
    assert right.joined(torch.zeros(2, 1, 4, 4), torch.zeros(2, 3, 4, 4)).shape == (2, 4, 4, 4)
    z = torch.tensor([[1.0], [3.0], [10.0]])
    assert right.direction(z, torch.tensor([True, False, True])) == pytest.approx(2.5)
    picture = torch.arange(4.0).reshape(1, 1, 2, 2)
    torch.testing.assert_close(right.doubled(picture), F.interpolate(picture, scale_factor=2, mode="nearest"))
    torch.testing.assert_close(right.faded(picture, 0 * right.doubled(picture), 0.25), 0.75 * right.doubled(picture))
