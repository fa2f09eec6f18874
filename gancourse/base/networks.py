"""What many places do with whole networks: run them in evaluation mode, make them from a seed, measure batch statistics anew."""

from __future__ import annotations

import contextlib
import copy
import math
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

ONE_VALUE = "more than 1 value per channel"  # what PyTorch says of batch normalisation where there is no variance


@contextlib.contextmanager
def evaluating(*networks: object) -> Iterator[None]:
    """In this block the networks are in evaluation mode and record no gradients; after it each submodule is as it was.

    Plain functions among ``networks`` are left alone.
    """
    modules = [network for network in networks if isinstance(network, nn.Module)]
    with _modes_kept(modules), torch.no_grad():
        for module in modules:
            for part in module.modules():
                part.training = False
        yield


@contextlib.contextmanager
def _modes_kept(modules: Sequence[nn.Module]) -> Iterator[None]:
    """After this block each submodule is in the mode that it was in."""
    before = [(part, part.training) for module in modules for part in module.modules()]
    try:
        yield
    finally:
        for part, training in before:
            part.training = training


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """In this block the global generators, the source of first weights and of dropout, start from ``seed``.

    Afterwards they are as before, those of the GPUs too, which ``torch.manual_seed`` also seeds.
    """
    gpus = range(torch.cuda.device_count()) if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices=gpus):
        torch.manual_seed(seed)
        yield


def half_cosine(progress: float) -> float:
    """The factor that falls from 1 to 0 along half a cosine, as ``progress`` goes from 0 to 1."""
    return (1.0 + math.cos(math.pi * progress)) / 2


def widened(x: Tensor) -> Tensor:
    """x in float32 where its type has fewer digits, else as it is: float64 stays float64."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def fixed(network: Any) -> Any:
    """A copy of a network that no training moves, in evaluation mode and without gradients for its weights; the network stays.

    So is the network of a bound method, ``classifier.features``; any other function passes through.
    """
    if isinstance(network, types.MethodType) and isinstance(network.__self__, nn.Module):
        return types.MethodType(network.__func__, fixed(network.__self__))
    return copy.deepcopy(network).eval().requires_grad_(False) if isinstance(network, nn.Module) else network


def counted(compute: Callable[[], Any], *networks: nn.Module) -> tuple[Any, int]:
    """What ``compute`` returns, and how many inputs went through the networks for it.

    An image [N, C, H, W] that comes out counts once, of outputs [..., F] each vector: a batch of 300 codes is 300 passes.
    """
    inputs: list[int] = []

    def note(network: nn.Module, given: Any, out: Tensor) -> None:
        inputs.append(len(out) if out.ndim == 4 else out[..., 0].numel())

    hooks = [network.register_forward_hook(note) for network in networks]
    try:
        return compute(), sum(inputs)
    finally:
        for hook in hooks:
            hook.remove()


def batch_norms(network: nn.Module) -> list[nn.modules.batchnorm._BatchNorm]:
    """The batch normalisation layers of a network."""
    return [layer for layer in network.modules() if isinstance(layer, nn.modules.batchnorm._BatchNorm)]


@contextlib.contextmanager
def measuring_statistics(network: nn.Module, seed: int | None = None) -> Iterator[None]:
    """The running statistics of ``network``'s batch normalisation become plain means over the batches of this block.

    With a ``seed`` dropout and noise layers draw from a stream of their own in it, so that looking on changes no training.

    Raises:
        ValueError: a layer meets one value per channel, as of a single sample on a map of 1 x 1: it has no variance.
    """
    layers = batch_norms(network)
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # a plain mean
    try:
        with _modes_kept([network]), contextlib.nullcontext() if seed is None else seeded(seed):
            network.train()
            yield
    except ValueError as error:
        if ONE_VALUE not in str(error):
            raise
        raise ValueError(
            "batch normalisation has no statistics of one value per channel: measure them on two examples or more "
            "(examples=, stills= or seen= of the game), or train without ema"
        ) from error
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum


def whole_batches(inputs: Tensor, n: int) -> tuple[Tensor, ...]:
    """``inputs`` [N, ...] in batches of n, for a mean over batches: a rest of fewer is left out, N < n are one batch.

    In such a mean a rest of one would weigh as much as n others, and has no variance.
    """
    parts: tuple[Tensor, ...] = inputs[: max(1, len(inputs) // n) * n].split(n)
    return parts


def as_generator(seed: int | torch.Generator, device: torch.device | str = "cpu") -> torch.Generator:
    """A torch.Generator: the one given, or a new one that starts from the seed."""
    return seed if isinstance(seed, torch.Generator) else torch.Generator(device).manual_seed(seed)


@torch.no_grad()
def update_average(average: nn.Module, model: nn.Module, decay: float) -> None:
    """average <- decay * average + (1 - decay) * model, for parameters; buffers (batch norm's statistics) are copied.

    Source: Polyak & Juditsky 1992; for GANs Karras et al. 2018, section 4.1 (Yazici et al. 2019 study it).
    """
    torch._foreach_lerp_(list(average.parameters()), list(model.parameters()), 1 - decay)
    for kept, fresh in zip(average.buffers(), model.buffers(), strict=True):
        kept.copy_(fresh)


def descend(
    network: nn.Module, loss: Callable[[], Tensor], steps: int, lr: float, *, weight_decay: float = 0.0, cosine: bool = False
) -> None:
    """``steps`` steps of Adam on ``loss()``, which draws its own batch: for a network that plays against nobody.

    cosine  the learning rate falls to zero along half a cosine

    Raises: ValueError where the last loss is NaN or infinite, for what such a network then says looks like an answer.
    """
    value = torch.zeros(())
    optimizer = torch.optim.Adam(network.parameters(), lr=lr, weight_decay=weight_decay)
    for step in range(steps):
        if cosine:
            optimizer.param_groups[0]["lr"] = lr * half_cosine(step / steps)
        optimizer.zero_grad(set_to_none=True)
        value = loss()
        torch.autograd.backward(value)
        optimizer.step()
    ended_well(value, steps)


def ended_well(loss: Tensor, steps: int) -> None:
    """Raise a ValueError where the last of a training's losses is NaN or infinite."""
    if not math.isfinite(value := loss.item()):
        raise ValueError(f"the loss became {value} within {steps} steps: lower lr, or look at the data for NaN")
