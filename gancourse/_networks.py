"""What many places do with whole networks: run them in evaluation mode, make them from a seed, measure batch statistics anew."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch
from torch import nn


@contextlib.contextmanager
def evaluating(*networks: object) -> Iterator[None]:
    """In this block the networks are in evaluation mode and record no gradients; after it each submodule is as it was.

    Plain functions among ``networks`` are left alone.
    """
    before = [(module, module.training) for network in networks if isinstance(network, nn.Module) for module in network.modules()]
    for module, _ in before:
        module.training = False
    try:
        with torch.no_grad():
            yield
    finally:
        for module, training in before:
            module.training = training


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """In this block the global generator, the source of first weights, starts from ``seed``; afterwards it is as before."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def batch_norms(network: nn.Module) -> list[nn.Module]:
    """The batch normalisation layers of a network."""
    return [layer for layer in network.modules() if isinstance(layer, nn.modules.batchnorm._BatchNorm)]


@contextlib.contextmanager
def measuring_statistics(network: nn.Module) -> Iterator[None]:
    """The running statistics of ``network``'s batch normalisation become plain means over the batches of this block."""
    layers, training = batch_norms(network), network.training
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # a plain mean
    network.train()
    try:
        yield
    finally:
        network.train(training)
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
