"""Lecture 07: the divergence that −log D lowers, and the smallest GAN in turns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from gancourse.classroom.lines import Found, Line, written


def _probabilities(seed: int) -> tuple[Tensor]:
    """What D* says of 9 samples of the generator."""
    return (0.05 + 0.9 * torch.rand(9, generator=torch.Generator().manual_seed(seed), dtype=torch.float64),)


KL_FROM_D = Line(
    lambda d: ((1 - d) / d).log().mean(),
    {
        "the ratio is turned round: D*/(1 − D*) is p/q, and KL(q || p) asks for q/p": lambda d: (d / (1 - d)).log().mean(),
        "this is the generator's loss −log D, which has log(1 − D) too little": lambda d: -d.log().mean(),
        "this is the saturating loss, which has −log D too little": lambda d: (1 - d).log().mean(),
        "the logarithm is missing: this is the mean of the ratio itself": lambda d: ((1 - d) / d).mean(),
        "the logarithm is taken of the mean: a divergence is the mean of logarithms": lambda d: ((1 - d) / d).mean().log(),
        "it is a sum over the samples: an expectation is their mean": lambda d: ((1 - d) / d).log().sum(),
        "both logarithms have one sign: the logarithm of a ratio is a difference": lambda d: ((1 - d) * d).log().mean(),
    },
    _probabilities,
)


def _point(seed: int) -> tuple[Tensor, Tensor, float, float]:
    """theta, psi, the step and gamma."""
    theta, psi = torch.randn(2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return theta, psi, 0.3, 0.7


def _moved(function: Callable[..., Any], *arguments: Any) -> Found:
    theta, psi = written(function(*arguments))
    return {"theta": written(theta), "psi": written(psi)}


def _up(theta: Tensor, psi: Tensor) -> Tensor:
    """sigma(psi theta): what D, a straight line, makes of the fake."""
    return torch.sigmoid(psi * theta)


def _round(theta: Tensor, psi: Tensor, h: float, gamma: float) -> tuple[Tensor, Tensor]:
    theta = theta + h * _up(theta, psi) * psi
    return theta, psi - h * (_up(theta, psi) * theta + gamma * psi)


def _at_once(theta: Tensor, psi: Tensor, h: float, gamma: float) -> tuple[Tensor, Tensor]:
    slope = _up(theta, psi)
    return theta + h * slope * psi, psi - h * (slope * theta + gamma * psi)


def _d_first(theta: Tensor, psi: Tensor, h: float, gamma: float) -> tuple[Tensor, Tensor]:
    psi = psi - h * (_up(theta, psi) * theta + gamma * psi)
    return theta + h * _up(theta, psi) * psi, psi


def _then(change: Callable[[Tensor, Tensor, float, float], Tensor]) -> Callable[..., tuple[Tensor, Tensor]]:
    """A right step of theta, and then psi by ``change`` of the new theta."""

    def both(theta: Tensor, psi: Tensor, h: float, gamma: float) -> tuple[Tensor, Tensor]:
        theta = theta + h * _up(theta, psi) * psi
        return theta, change(theta, psi, h, gamma)

    return both


def _flees(theta: Tensor, psi: Tensor, h: float, gamma: float) -> tuple[Tensor, Tensor]:
    theta = theta - h * _up(theta, psi) * psi
    return theta, psi - h * (_up(theta, psi) * theta + gamma * psi)


IN_TURNS = Line(
    _round,
    {
        "both moved at once: in turns, psi answers the new theta": _at_once,
        "psi moved first: here theta does, and psi answers": _d_first,
        "the penalty is missing: this is the minimax game, which circles": _then(lambda t, p, h, g: p - h * _up(t, p) * t),
        "the penalty is added and not subtracted: it is to pull psi to 0": _then(
            lambda t, p, h, g: p - h * (_up(t, p) * t - g * p)
        ),
        "a half was kept: the derivative of gamma/2 psi^2 is gamma psi": _then(
            lambda t, p, h, g: p - h * (_up(t, p) * t + g / 2 * p)
        ),
        "the penalty itself stands where its derivative belongs": _then(
            lambda t, p, h, g: p - h * (_up(t, p) * t + g / 2 * p**2)
        ),
        "theta goes down where D's line goes up: it wants to be called real": _flees,
        "psi climbs its own loss: its velocity is −sigma theta": _then(lambda t, p, h, g: p + h * (_up(t, p) * t - g * p)),
        "the penalty is not multiplied by the step": _then(lambda t, p, h, g: p - h * _up(t, p) * t - g * p),
    },
    _point,
    _moved,
)
