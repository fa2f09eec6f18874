"""What a line's loss does to networks: its value, and the length of the gradient that each of them gets."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from gancourse.classroom.lines import Found, written


def length(network: nn.Module) -> float:
    """The length of the gradient that the network's weights have; 0 where there is none."""
    return float(sum(p.grad.square().sum() for p in network.parameters() if p.grad is not None)) ** 0.5


def reached(loss: Any, **networks: nn.Module) -> Found:
    """The loss, and the length of its gradient in each network."""
    loss = written(loss)
    if isinstance(loss, Tensor) and loss.requires_grad and loss.ndim == 0:
        loss.backward()
    return {"the loss": loss} | {f"the length of its gradient in {name}": length(network) for name, network in networks.items()}
