"""Calls: slopes, side effects, devices, and what a network calls."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from gancourse.classroom.homework import checks
from gancourse.classroom.homework.checks import Wrong, calls


def test_slopes() -> None:
    at = torch.linspace(-2, 2, 5, dtype=torch.float64)

    def f(x):
        return F.softplus(x).sum()

    checks.close(calls.gradient(f, at), calls.finite_differences(f, at), atol=1e-6)
    for dead in (lambda x: x.detach().sum(), lambda x: torch.zeros((), requires_grad=True) + 0):
        with pytest.raises(Wrong, match="depends on its argument"):
            calls.gradient(dead, at)


def test_an_answer_is_helped_with_the_others_that_it_calls() -> None:
    space: dict = {"double": lambda x: 3 * x}
    exec("def answer(x): return double(x)", space)
    own = space["double"]
    with calls.helped(space["answer"], double=lambda x: 2 * x, unknown=len):
        assert space["answer"](1) == 2 and "unknown" not in space
    assert space["answer"](1) == 3 and space["double"] is own
    with pytest.raises(ZeroDivisionError), calls.helped(space["answer"], double=lambda x: x / 0):
        space["answer"](1)
    assert space["double"] is own
    for other in (len, torch.nn.ReLU(), None):
        with calls.helped(other, double=len):
            pass


def test_in_place_calls_and_devices() -> None:
    x = torch.ones(3)
    with calls.unchanged(x=x):
        _ = x + 1
    with pytest.raises(Wrong, match="in place"), calls.unchanged(x=x):
        x += 1
    with calls.forbidden(["relu"], "no"):
        F.leaky_relu(x)
    with pytest.raises(Wrong, match="a call of relu"), calls.forbidden(["relu"], "no"):
        torch.nn.ReLU()(x)
    assert calls.on_meta(lambda t: t + torch.ones_like(t), x).shape == (3,)
    for stuck in (lambda t: torch.cat([t, torch.ones(3)]), lambda t: torch.ones(3)):
        with pytest.raises(Wrong, match="on the CPU"):
            calls.on_meta(stuck, x)
        with pytest.raises(Wrong, match="on the CPU"):
            calls.harmless(lambda t, k, stuck=stuck: stuck(t), t=x, k=2)
    calls.harmless(lambda t, k: k * t, t=x, k=2)
    with pytest.raises(Wrong, match="t overwritten"):
        calls.harmless(lambda t, k: t.mul_(k), t=x, k=2)


@pytest.mark.parametrize(
    "answer",
    [
        lambda x, y: torch.stack([x[n] * y[n] for n in range(len(x))]),
        lambda x, y: torch.stack([x[n] * k for n, k in enumerate(y.tolist())]),
        lambda x, y: x * int(y.max()),
        lambda x, y: x * y if (y > 0).any() else x + 1,
        lambda x, y: x[y == 1] + 1,
        lambda x, y: (x.cpu() + 1).to(x),
    ],
)
def test_who_asks_for_values_is_not_accused_of_a_device(answer) -> None:
    """What meta cannot answer it says by an error; none of these makes a tensor elsewhere."""
    x, y = torch.rand(4), torch.tensor([0, 1, 1, 2])
    calls.on_meta(answer, x, y)
    calls.harmless(answer, x=x, y=y)


def test_who_works_in_numpy_or_stumbles_is_told() -> None:
    x = torch.rand(4)
    with pytest.raises(Wrong, match="an array of numpy.*stay with tensors"):
        calls.on_meta(lambda x: torch.from_numpy(x.numpy() + 1), x)
    with pytest.raises(NotImplementedError):
        calls.on_meta(_unwritten, x)
    with pytest.raises(RuntimeError, match="(?i)torch.Size|size of tensor"):
        calls.on_meta(lambda x: x + x.new_zeros(3), x)


def _unwritten(x):
    raise NotImplementedError


def test_who_does_nothing_does_no_harm_and_earns_nothing() -> None:
    x, k = torch.rand(4), torch.tensor([1, 0, 1, 1])
    for idle, says in (
        (lambda x, k: x, "x itself"),
        (lambda x, k: x + 0, "x itself"),
        (lambda x, k: torch.zeros_like(x), "whatever they are"),
        (lambda x, k: k, "k itself"),
        (lambda x, k: None, "return missing"),
    ):
        with pytest.raises(Wrong, match=says):
            calls.harmless(idle, x=x, k=k)


def test_the_trace_of_a_network() -> None:
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4, 0.8), torch.nn.LeakyReLU(0.2))
    seen, out = calls.trace(network, torch.zeros(2, 3, 5, 5), ("conv2d", "batch_norm", "leaky_relu"))
    assert [call["name"] for call in seen] == ["conv2d", "batch_norm", "leaky_relu"]
    assert seen[1]["arguments"]["eps"] == 0.8 and seen[2]["arguments"]["negative_slope"] == 0.2
    assert seen[0]["shape"] == [2, 4, 3, 3] == list(out.shape)
