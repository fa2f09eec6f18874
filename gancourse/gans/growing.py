r"""Looking into networks that grow: what a training step costs at each level, and what each level knows of the picture.

A generator of :mod:`gancourse.models.progan` has a colour layer for every side.  Those of the smaller sides are trained only
while their side is the largest in use; afterwards the features below them move on.  :func:`fit_colours` gives each smaller side
the colour layer that comes closest to the half-sized final picture, a least-squares problem with a closed form.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator, Sequence
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from gancourse.base import check
from gancourse.base.networks import evaluating
from gancourse.gans.progressive import Progressive, Schedule
from gancourse.models.progan import Generator, Growing

_CHUNK = 64  # latents at a time


@contextlib.contextmanager
def grown(network: Growing, level: int, alpha: float = 1.0) -> Iterator[Growing]:
    """In this block the network uses ``level`` and ``alpha``; afterwards it stands where it stood."""
    before = _growing(network).level, network.alpha
    network.grow(level, alpha)
    try:
        yield network
    finally:
        network.grow(*before)


def position(t: float, levels: int) -> tuple[int, float]:
    """(level, alpha) of a place t in [0, levels] on the way up: 2.25 means a quarter of level 3, and 2 means all of level 2."""
    if not 0 <= t <= levels:
        raise ValueError(f"the way up has the places 0..{levels}, not {t}")
    below = int(t)
    return (below + 1, t - below) if t > below else (below, 1.0)


def images_at(generator: Growing, z: Tensor, t: float) -> Tensor:
    """Images [N, C, side, side] of latents [N, latent_dim] at a place of the way up (see :func:`position`), cut to [-1, 1]."""
    device = next(generator.parameters()).device
    with grown(generator, *position(t, generator.levels)), evaluating(generator):
        return torch.cat([generator(part.to(device)).float().cpu() for part in z.split(_CHUNK)]).clamp(-1, 1)


def enlarged(images: Sequence[Tensor], side: int) -> Tensor:
    """Images of several sides, all brought to one by repeating pixels, as one batch."""
    return torch.cat([F.interpolate(x, size=side, mode="nearest") for x in images])


def with_newest(network: nn.Module, other: nn.Module) -> Generator:
    r"""A copy of ``network`` whose newest block B_L and colour layer R_L are those of ``other``; both networks stay as they are.

    Both have the same widths.  A block that is not in use yet may be exchanged, too: then the copy draws what ``network`` draws.
    """
    if not (isinstance(network, Generator) and isinstance(other, Generator)):
        raise TypeError("exchange the blocks of two gancourse.models.progan.Generator")
    if (network.widths, network.latent_dim) != (other.widths, other.latent_dim):
        raise ValueError(f"the networks have widths {network.widths} and {other.widths}: exchange blocks of equal networks")
    mixed = copy.deepcopy(network)
    mixed.blocks[-1].load_state_dict(other.blocks[-1].state_dict())
    mixed.to_rgb[-1].load_state_dict(other.to_rgb[-1].state_dict())
    return mixed


def fit_colours(generator: Generator, n: int = 256, seed: int = 0, shift: int = 0) -> tuple[Generator, list[float]]:
    r"""A copy whose colour layers of the smaller sides show the final picture as well as one layer can; and how well.

    Level l's colour layer is a linear map of the features h_l at each pixel.  The best one solves

        min_{A, b}  E || A h_l(z) + b - down(G(z)) ||^2,

    with G(z) halved to level l's side by means over squares, over ``n`` latents.  The second result is the share of the small
    picture's variance that it explains, for each level; the last level, which is left alone, has 1.  With a ``shift`` each
    latent's features are fitted to the picture of the latent so many places before: a null that knows what all pictures share.
    """
    if not isinstance(generator, Generator):
        raise TypeError(f"{type(generator).__name__} is not gancourse.models.progan.Generator")
    n, seed = check.whole("n", n), check.seed(seed)
    fitted, shares = copy.deepcopy(generator), []
    device = next(generator.parameters()).device
    z = torch.randn(n, generator.latent_dim, generator=torch.Generator().manual_seed(seed)).to(device)
    with evaluating(fitted):
        with grown(fitted, fitted.levels):
            final = torch.cat([fitted(part) for part in z.split(_CHUNK)]).roll(shift, 0)
        for level in range(fitted.levels):
            target = F.avg_pool2d(final, final.shape[-1] // (4 * 2**level))
            shares.append(_fit_head(fitted, level, z, target))
    return fitted, [*shares, 1.0]


def _fit_head(generator: Generator, level: int, z: Tensor, target: Tensor) -> float:
    """Set one colour layer by least squares; returns the share of the target's variance that it explains."""
    head = generator.to_rgb[level]
    seen: list[Tensor] = []
    handle = head.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    try:
        with grown(generator, level):
            for part in z.split(_CHUNK):
                generator(part)
    finally:
        handle.remove()
    h = torch.cat(seen).movedim(1, -1).flatten(0, -2).double()  # [N * side^2, features]
    y = target.movedim(1, -1).flatten(0, -2).double()  # [N * side^2, colours]
    h_mean, y_mean = h.mean(0), y.mean(0)
    h, y = h - h_mean, y - y_mean
    gram = h.T @ h
    ridge = 1e-6 * gram.diagonal().mean() * torch.eye(len(gram), dtype=gram.dtype, device=gram.device)
    a = torch.linalg.solve(gram + ridge, h.T @ y)  # [features, colours]
    scale, bias_scale = float(cast(Any, head).scale), float(cast(Any, head).bias_scale)
    head.get_parameter("weight").copy_((a.T / scale)[:, :, None, None])
    head.get_parameter("bias").copy_((y_mean - h_mean @ a) / bias_scale)
    return 1 - float((y - h @ a).square().sum() / y.square().sum())


def work_by_level(game: Progressive) -> list[float]:
    """Floating-point operations of one round (both players' updates) for one image, at each level; no penalty.

    A multiplication and an addition count as two.  Convolutions and matrix products are counted, which is nearly everything.
    """
    levels, stages = game.schedule.levels, (_growing(game.generator), _growing(game.discriminator))
    before = [(network, network.level, network.alpha) for network in stages]
    n, found = 2, []
    try:
        for level in range(levels + 1):
            for network in stages:
                network.grow(level)
            with FlopCounterMode(display=False) as counter:
                z = game.latents(n, torch.Generator().manual_seed(0))
                fake = game.generator(z)
                logits = game.discriminator(torch.zeros_like(fake)).sum() + game.discriminator(fake.detach()).sum()
                torch.autograd.grad(logits, _trained(stages[1], level))
                frozen = [p.detach() for p in game.discriminator.parameters()]  # G's step needs no gradient for D's weights
                names = [name for name, _ in game.discriminator.named_parameters()]
                judged = torch.func.functional_call(game.discriminator, dict(zip(names, frozen, strict=True)), (fake,))
                torch.autograd.grad(judged.sum(), _trained(stages[0], level))
            found.append(counter.get_total_flops() / n)
    finally:
        for network, level, alpha in before:
            network.grow(level, alpha)
    return found


def _growing(network: nn.Module) -> Growing:
    if not isinstance(network, Growing):
        raise TypeError(f"{type(network).__name__} does not grow: take a network of gancourse.models.progan")
    return network


def _trained(network: Growing, level: int) -> list[nn.Parameter]:
    """The parameters in use at a level with alpha 1."""
    heads = "to_rgb" if isinstance(network, Generator) else "from_rgb"

    def used(name: str) -> bool:
        part, _, rest = name.partition(".")
        if part == "blocks":
            return int(rest.split(".")[0]) < level
        return part != heads or int(rest.split(".")[0]) == level

    return [parameter for name, parameter in network.named_parameters() if used(name)]


def work_so_far(schedule: Schedule, work: Sequence[float], batch_size: int) -> list[float]:
    """The work done after 0, 1, ... steps of a schedule: [steps + 1], in the unit of ``work`` (an entry for each level)."""
    if len(work) != schedule.levels + 1:
        raise ValueError(f"work must have an entry for each of the levels 0..{schedule.levels}, not {len(work)} entries")
    total = [0.0]
    for step in range(schedule.steps):
        total.append(total[-1] + batch_size * work[schedule.at(step)[0]])
    return total
