"""One training in several processes: what ``fit`` does where torchrun has started K of them.

    torchrun --nproc-per-node=K train.py

Every process plays the same game on its rows of the joint batch (:mod:`gancourse.base.ranks`), with gloo between processors and
NCCL between GPUs.  Gradients are averaged before every step of an optimiser, so K processes give the weights of one process with
the joint batch, up to the order in which sums are rounded.  In the layers that look across a batch the statistics are joint ones.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import importlib
import os
import zlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from gancourse.base import ranks, trees
from gancourse.base.ranks import World
from gancourse.models.layers.minibatch import MinibatchDiscrimination, MinibatchSpread, MinibatchStdDev

PATIENCE = timedelta(minutes=30)  # how long a process waits for the others: hooks and checkpoints of process 0 take their time
BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
DROPOUTS = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d)
ACROSS = (MinibatchDiscrimination, MinibatchSpread, MinibatchStdDev)


def join(device: torch.device, together: int = 1) -> World:
    """The processes that train together: those that ``torch.distributed`` knows or torchrun started, else this one alone."""
    if not dist.is_available():
        return ranks.ALONE
    if not dist.is_initialized():
        if not dist.is_torchelastic_launched() or os.environ["WORLD_SIZE"] == "1":
            return ranks.ALONE
        if device.type == "cuda":
            torch.cuda.set_device(device)
        # PyTorch's optimisers import this module at their first step.  Imported after the group was made, it keeps the group as a
        # default of its functions: gloo's threads outlive _leave, and now and then abort a process that has finished.
        importlib.import_module("torch.distributed.nn.functional")
        # small things that concern all, such as states of random numbers, stay on the processor and go through gloo
        _meet("cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo")
        atexit.register(_leave)
    size = dist.get_world_size()
    return World(dist.get_rank(), size, together) if size > 1 else ranks.ALONE


def _meet(backend: str) -> None:
    """Make the group of the processes that torchrun started.

    The addresses by which they find each other lie in a store that outlives them: what ``--max-restarts`` starts anew would find
    those of the processes before, so each attempt has names of its own.  On several hosts each counts its attempts by itself;
    there TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1 gives every attempt a store of its own.
    """
    store, rank, size = next(dist.rendezvous("env://", timeout=PATIENCE))
    if os.environ["GROUP_WORLD_SIZE"] == "1":
        store = dist.PrefixStore(f"attempt {os.environ['TORCHELASTIC_RESTART_COUNT']}", store)
    dist.init_process_group(backend, store=store, rank=rank, world_size=size, timeout=PATIENCE)


def _leave() -> None:
    if dist.is_initialized():
        dist.destroy_process_group()


def average_gradients(world: World, optimizer: torch.optim.Optimizer) -> None:
    """Before every step of ``optimizer`` each gradient becomes its mean over the processes, all of them in one message."""

    def average(optimizer: Any, *_: Any) -> None:
        parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        if not gradients:  # of a player that rests, in every process
            return
        flat = world.mean(torch.cat([gradient.flatten() for gradient in gradients]))
        for gradient, mean in zip(gradients, flat.split([gradient.numel() for gradient in gradients]), strict=True):
            gradient.copy_(mean.view(gradient.shape))

    if world.size > 1:
        optimizer.register_step_pre_hook(average)


@contextlib.contextmanager
def shared(world: World, *networks: nn.Module) -> Iterator[None]:
    """In this block batches are parts of joint ones, and the layers of ``networks`` that look across a batch see all of it."""
    if world.size == 1:
        yield
        return
    layers = [layer for network in networks for layer in network.modules() if isinstance(layer, BATCH_NORMS + DROPOUTS + ACROSS)]
    for layer in layers:
        vars(layer)["forward"] = functools.partial(_forward_of(layer), layer)  # in the place of its class's
    try:
        with ranks.joint(world):
            yield
    finally:
        for layer in layers:
            vars(layer).pop("forward", None)  # a layer in two networks is met twice


def _forward_of(layer: nn.Module) -> Callable[[Any, Tensor], Tensor]:
    if isinstance(layer, ACROSS):
        return _across
    return _batch_norm if isinstance(layer, BATCH_NORMS) else _dropout


def _across(layer: Any, x: Tensor) -> Tensor:
    """The layer on the joint batch; kept are this process's rows."""
    return ranks.part(type(layer).forward(layer, ranks.gathered(x)))


def _dropout(layer: Any, x: Tensor) -> Tensor:
    """Dropout by this process's rows of the joint batch's mask, from the global generator."""
    if not layer.training:
        return x
    joint = torch.ones_like(torch.cat([x.detach()] * ranks.here().size))
    return x * ranks.part(type(layer).forward(layer, joint))


def _batch_norm(layer: Any, x: Tensor) -> Tensor:
    r"""Batch normalisation by the mean and variance of the joint batch: x [N, C, ...] -> [N, C, ...].

    From the mean m_r and variance v_r of each process's equally many values:

        mean = avg(m_r),    var = avg(v_r + (m_r - mean)^2)
    """
    if not layer.training:
        return type(layer).forward(layer, x)  # type: ignore[no-any-return]
    world, axes = ranks.here(), [0, *range(2, x.ndim)]
    values = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    every = world.each(torch.stack([values.mean(axes), values.var(axes, unbiased=False)]))  # [size, 2, C]
    mean = every[:, 0].mean(0)
    var = (every[:, 1] + (every[:, 0] - mean).square()).mean(0)
    if layer.track_running_stats:
        _follow(layer, mean.detach(), var.detach(), world.size * x.numel() // x.shape[1])
    shape = [1, -1, *[1] * (x.ndim - 2)]
    scale = (var + layer.eps).rsqrt() * (layer.weight if layer.affine else 1.0)
    shift = (layer.bias if layer.affine else 0.0) - mean * scale
    return torch.addcmul(shift.view(shape), values, scale.view(shape)).to(x.dtype)


@torch.no_grad()
def _follow(layer: Any, mean: Tensor, var: Tensor, n: int) -> None:
    """Move the running statistics towards those of a joint batch with n values a channel."""
    layer.num_batches_tracked.add_(1)
    momentum = layer.momentum if layer.momentum is not None else 1.0 / float(layer.num_batches_tracked)
    layer.running_mean.lerp_(mean.to(layer.running_mean), momentum)
    layer.running_var.lerp_((var * (n / max(1, n - 1))).to(layer.running_var), momentum)


def share_state(world: World, run: Any, batches: Any) -> None:
    """Every process takes over process 0's weights, optimisers, game, random numbers and place in the data."""
    if world.size > 1:
        state = world.first(lambda: trees.on_cpu(run.state(batches)))
        run.restore(state, batches)


def same_batches(world: World, x: Tensor) -> None:
    """Raise a ValueError if the processes have drawn different joint batches."""
    if world.size == 1:
        return
    seen = world.each(torch.tensor([zlib.crc32(trees.content(x.cpu()))]))
    if not bool((seen == seen[0]).all()):
        raise ValueError(
            "the processes have drawn different joint batches, of which each takes its rows: give their streams one seed, or "
            "pass a DataLoader with a DistributedSampler, which gives each process rows of its own"
        )


def after_hooks(world: World, run: Any) -> None:
    """Hooks ran in process 0 alone: the others take over where its random numbers stand, and the weights must not have moved."""
    if world.size == 1:
        return
    torch.set_rng_state(world.first(torch.get_rng_state))
    if run.gan.device.type == "cuda":  # from which dropout draws the joint mask
        torch.cuda.set_rng_state(world.first(lambda: torch.cuda.get_rng_state(run.gan.device)), run.gan.device)
    players = (run.gan.generator, run.gan.discriminator)
    sums = [parameter.detach().double().sum().cpu() for player in players for parameter in player.parameters()]
    seen = world.each(torch.stack(sums))
    if not torch.allclose(seen, seen[:1].expand_as(seen), rtol=1e-4, atol=1e-6, equal_nan=True):
        raise ValueError(
            f"at step {run.step:,} the processes' weights differ: a hook runs in process 0 alone, so it must not change the "
            "networks; train with one process, or make the change part of the game"
        )
