r"""Backpropagation written out for perceptrons, so that a small game in the plane takes many steps a second.

For layers of a few dozen neurons, recording a graph takes several times as long as the products themselves.  Here the chain rule
stands as products of matrices: with h_l = W_l a_{l-1} + b_l, a_l = phi(h_l) and delta_l = dL / dh_l,

    dL/dW_l = delta_l^T a_{l-1},   dL/db_l = sum delta_l,   delta_{l-1} = (delta_l W_l) * phi'(h_{l-1}).

A test compares every number with autograd's.  Source: Rumelhart, Hinton & Williams 1986.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.base import check


class ByHand:
    """A perceptron's passes, forward and back, without a graph.

    ``network`` is made of linear layers with (leaky) ReLUs of one slope between them, as those of :mod:`gancourse.models.mlp`.
    Its parameters become views of one vector, ``weights``, and record no graph any more; ``slopes`` is dL/dweights, which every
    backward pass writes anew; ``parts`` are its views, a weight and a bias for each layer.

    Raises: TypeError at a layer of another kind, ValueError for slopes that differ.
    """

    def __init__(self, network: nn.Module) -> None:
        leaves = [layer for layer in check.module("network", network).modules() if not any(True for _ in layer.children())]
        for layer in leaves:
            if not isinstance(layer, nn.Linear | nn.ReLU | nn.LeakyReLU):
                raise TypeError(f"backpropagation is written out for linear layers and (leaky) ReLUs, not {type(layer).__name__}")
        self.layers = [layer for layer in leaves if isinstance(layer, nn.Linear)]
        in_turn = all(isinstance(layer, nn.Linear) == (i % 2 == 0) for i, layer in enumerate(leaves))
        if not self.layers or not in_turn or len(leaves) != 2 * len(self.layers) - 1:
            raise ValueError("a perceptron has linear layers with one activation between two: take gancourse.models.mlp")
        if any(layer.bias is None for layer in self.layers):
            raise ValueError("backpropagation is written out for layers with a bias: make them with one, which may be zero")
        slopes = {float(getattr(layer, "negative_slope", 0.0)) for layer in leaves if not isinstance(layer, nn.Linear)}
        if len(slopes) > 1:
            raise ValueError(f"all activations must have one slope below zero, not {sorted(slopes)}")
        self.slope = slopes.pop() if slopes else 0.0
        self.weights, self.slopes, self.parts = _one_vector([p for layer in self.layers for p in (layer.weight, layer.bias)])

    def forward(self, x: Tensor) -> Tensor:
        """The output [N, out] for x [N, in]; what the backward pass needs is kept."""
        self._inputs, self._before = [x], []
        for layer in self.layers[:-1]:
            self._before.append(torch.addmm(layer.bias, self._inputs[-1], layer.weight.t()))
            self._inputs.append(F.leaky_relu(self._before[-1], self.slope))
        last = self.layers[-1]
        return torch.addmm(last.bias, self._inputs[-1], last.weight.t())

    def into_weights(self, delta: Tensor) -> None:
        """Write dL/dweights for the last forward pass, given delta = dL/d(output) [N, out]."""
        for i in reversed(range(len(self.layers))):
            of_weight, of_bias = self.parts[2 * i : 2 * i + 2]
            torch.mm(delta.t(), self._inputs[i], out=of_weight)
            torch.sum(delta, 0, out=of_bias)
            if i:
                delta = self._past(delta @ self.layers[i].weight, i - 1)

    def into_input(self, delta: Tensor) -> Tensor:
        """dL/dx [N, in] for the last forward pass, given delta = dL/d(output) [N, out]."""
        for i in reversed(range(len(self.layers))):
            delta = delta @ self.layers[i].weight
            if i:
                delta = self._past(delta, i - 1)
        return delta

    def add_penalty(self, x: Tensor, of_slopes: Callable[[Tensor], Tensor]) -> None:
        r"""Add dP/dweights of a penalty P on the slopes s = grad_x D(x) to what is in ``slopes``; D has one output.

        ``of_slopes`` maps s [N, in] to dP/ds [N, in].  Between its kinks D is linear, s = W_L^T * phi' ... W_1, so the
        derivative is that of a linear chain with the factors phi'(h_l) held fixed; the biases have none.
        """
        rows = torch.ones_like(self.forward(x))  # [N, 1]
        kept: list[Tensor] = []  # what enters each layer on the way down, the last layer's first
        for i in reversed(range(len(self.layers))):
            kept.append(rows)
            rows = rows @ self.layers[i].weight
            if i:
                rows = self._past(rows, i - 1)
        delta = of_slopes(rows)
        for i, entered in enumerate(reversed(kept)):
            self.parts[2 * i].addmm_(entered.t(), delta)
            if i < len(self.layers) - 1:
                delta = self._past(delta @ self.layers[i].weight.t(), i)

    def _past(self, delta: Tensor, i: int) -> Tensor:
        """delta * phi'(h_i)."""
        return cast(Tensor, torch.ops.aten.leaky_relu_backward(delta, self._before[i], self.slope, False))


def zero_centred(gamma: float) -> Callable[[Tensor], Tensor]:
    """dP/ds of P = gamma / 2 E||s||^2, the penalty of :func:`gancourse.losses.penalties.r1`."""
    return lambda s: s * (gamma / len(s))


def to_target(weight: float, target: float = 1.0) -> Callable[[Tensor], Tensor]:
    """dP/ds of P = weight * E(||s|| - target)^2, that of :func:`gancourse.losses.penalties.gradient_penalty`; 0 where s = 0."""

    def slopes(s: Tensor) -> Tensor:
        norms = s.norm(dim=1, keepdim=True)
        return torch.where(norms > 0, (2 * weight / len(s)) * (norms - target) * s / norms, 0.0)

    return slopes


class Descent:
    """Gradient descent: w <- w - lr dL/dw."""

    def __init__(self, player: ByHand, lr: float) -> None:
        self.player, self.lr = player, lr

    def step(self) -> None:
        self.player.weights.add_(self.player.slopes, alpha=-self.lr)


class Adam(Descent):
    r"""Adam: with m and v the running means of the slope and of its square, w <- w - lr m^ / (sqrt(v^) + eps).

    m^ = m / (1 - beta1^t) and v^ = v / (1 - beta2^t) are the means corrected for their start at 0.  Source: Kingma & Ba 2015.
    """

    def __init__(self, player: ByHand, lr: float, betas: tuple[float, float] = (0.5, 0.999), eps: float = 1e-8) -> None:
        super().__init__(player, lr)
        self.betas, self.eps, self.steps = betas, eps, 0
        self.mean, self.square = torch.zeros_like(player.weights), torch.zeros_like(player.weights)

    def step(self) -> None:
        self.steps += 1
        (beta1, beta2), slopes = self.betas, self.player.slopes
        self.mean.lerp_(slopes, 1 - beta1)
        self.square.mul_(beta2).addcmul_(slopes, slopes, value=1 - beta2)
        root = self.square.sqrt().div_((1 - beta2**self.steps) ** 0.5).add_(self.eps)
        self.player.weights.addcdiv_(self.mean, root, value=-self.lr / (1 - beta1**self.steps))


def _one_vector(parameters: Sequence[Tensor]) -> tuple[Tensor, Tensor, list[Tensor]]:
    """The parameters' numbers in one vector, of which each becomes a view, its slopes, and views of these."""
    vector = torch.cat([p.detach().flatten() for p in parameters])
    slopes = torch.zeros_like(vector)
    sizes = [p.numel() for p in parameters]
    for parameter, part in zip(parameters, vector.split(sizes), strict=True):
        parameter.requires_grad_(False)
        parameter.data = part.view_as(parameter)
    return vector, slopes, [part.view_as(p) for p, part in zip(parameters, slopes.split(sizes), strict=True)]
