"""Right answers stand once: lectures and homework ask for the same functions, which are what the library computes."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from gancourse import losses
from gancourse.classroom import asked, right
from gancourse.classroom.homework import hw1, hw2, hw3, hw5, hw6, hw7
from gancourse.losses import penalties
from gancourse.models.layers.minibatch import MinibatchStdDev
from gancourse.theory import convolution


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
    assert hw3.centred_at_1 is right.centred_at_1 and hw3._move is right.pull and hw6._gap is right.gap


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
    z = torch.tensor([[1.0], [3.0], [10.0]])
    assert right.direction(z, torch.tensor([True, False, True])) == pytest.approx(2.5)
    picture = torch.arange(4.0).reshape(1, 1, 2, 2)
    torch.testing.assert_close(right.doubled(picture), F.interpolate(picture, scale_factor=2, mode="nearest"))
    torch.testing.assert_close(right.faded(picture, 0 * right.doubled(picture), 0.25), 0.75 * right.doubled(picture))
