"""Hidden layers of perceptrons."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from gancourse.base import check

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "tanh": nn.Tanh,
}


def activation(name: str) -> nn.Module:
    """One of ``ACTIVATIONS``; a leaky ReLU has the slope 0.2 of Radford et al. 2016 below zero."""
    kind = ACTIVATIONS[check.one_of("activation", name, ACTIVATIONS)]
    return nn.LeakyReLU(0.2) if kind is nn.LeakyReLU else kind()


def linear(n_in: int, n_out: int) -> nn.Linear:
    """A linear layer whose weights this machine can hold."""
    check.fits("weights", n_out, n_in)
    return nn.Linear(n_in, n_out)


def hidden_layers(sizes: Sequence[int], activated: str, norm: str | None = None) -> list[nn.Module]:
    """Linear layers from each size to the next, each followed by batch normalisation (``norm="batch"``) and the activation."""
    if norm is not None:
        check.one_of("norm", norm, ["batch"])
    layers: list[nn.Module] = []
    for n_in, n_out in zip(sizes[:-1], sizes[1:], strict=True):
        layers.append(linear(n_in, n_out))
        if norm is not None:
            layers.append(nn.BatchNorm1d(n_out))
        layers.append(activation(activated))
    return layers
