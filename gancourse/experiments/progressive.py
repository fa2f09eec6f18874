"""Faces that grow from 4 to 64 pixels: a small ProGAN in the authors' configuration.

Both networks have equalised layers, the generator pixel normalisation, the discriminator the batch's standard deviation.  The
game is the course's, relativistic pairing and lazy R1, in place of the paper's WGAN-GP.  An hour of one processor core, most of
it at 64 px: with 2,100 steps there, and not 9,000, dark spots and a grid were left in the faces.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gancourse import data, experiments, scale
from gancourse.base import check, networks
from gancourse.experiments import Weights, listed
from gancourse.gans.progressive import Progressive, Schedule
from gancourse.losses import penalties
from gancourse.models import progan
from gancourse.models.layers import equalised as layers
from gancourse.training import fit

NAMES = ("progan64",)
SIZE, N, BATCH_SIZE = 64, 20_000, 16
LATENT_DIM, WIDTHS = 64, (96, 96, 64, 32, 16)
TIMETABLE = Schedule(4, fade=(0, 200, 400, 600, 1000), stable=(400, 500, 1000, 2000, 8000))
SETTINGS: dict[str, Any] = {"lr": (2e-3, 4e-3), "betas": (0.0, 0.99), "ema": 0.999, "schedule": "flat_linear"}
R1_GAMMA, R1_EVERY = 8.0, 8
CURVE_EVERY = 800


@dataclass(frozen=True)
class SideR1:
    """R1 with gamma in proportion to the side in use: ``gamma`` at ``side`` pixels, half of it at half the side.

    ||grad D||^2 sums over the pixels, so one gamma for all levels is too strong at the small sides or too weak at the large ones.
    """

    gamma: float
    side: int
    every: int = 1

    def __call__(self, discriminator: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor) -> Tensor:
        return penalties.r1(self.gamma * real.shape[-1] / self.side)(discriminator, real, fake)


def timetable(steps: int | None = None) -> Schedule:
    """The recipe's schedule, or one with every part shortened (at least to one step) so that it takes about ``steps`` steps."""
    if steps is None or steps == TIMETABLE.steps:
        return TIMETABLE
    share = check.positive("steps", steps) / TIMETABLE.steps
    fade, stable = (tuple(max(1, round(n * share)) for n in row) for row in zip(*TIMETABLE.lengths(), strict=True))
    return Schedule(TIMETABLE.levels, (0, *fade[1:]), stable)


def asked_for(steps: int | None) -> Schedule:
    """:func:`timetable`, whose last part is longer or shorter so that it takes ``steps`` steps exactly.

    Raises ValueError where there are more parts than steps.
    """
    found = timetable(steps)
    spare = 0 if steps is None else steps - found.steps
    *others, last = [stable for _, stable in found.lengths()]
    if last + spare < 1:
        least = found.steps - last + 1
        side = 4 * 2**found.levels
        raise ValueError(f"growing to {side} px takes {least} steps at least, one for each part, not {steps}: ask for more")
    return Schedule(found.levels, found.fade, (*others, last + spare))


def players(
    size: int = SIZE, latent_dim: int = LATENT_DIM, widths: tuple[int, ...] = WIDTHS, seed: int = 0, **options: Any
) -> tuple[progan.Generator, progan.Discriminator]:
    """The two networks, freshly initialised, on the scale's device; the global random state is left alone.

    Widths are those of 4, 8, ... ``size`` pixels.  ``options`` go to both networks (``equalised=False``, say).
    """
    widths = widths[: len(progan.side_widths(size, 8 * widths[0], widths[0]))]
    with networks.seeded(seed):
        generator = progan.Generator(size, latent_dim, widths=widths, **options)
        discriminator = progan.Discriminator(size, widths=widths, **options)
    return generator.to(scale.device()), discriminator.to(scale.device())


def game(schedule: Schedule = TIMETABLE, size: int = SIZE, seed: int = 0) -> Progressive:
    """The game of the recipe: relativistic pairing, lazy R1, networks that grow by ``schedule``."""
    penalty = SideR1(R1_GAMMA, SIZE, R1_EVERY)
    return Progressive(*players(size, LATENT_DIM, WIDTHS, seed), schedule, "relativistic", penalty=penalty)


def first_steps(equalised: bool, seed: int = 0, lr: float = 2e-3) -> np.ndarray:
    r"""How far Adam's first step moves each layer of both players in use at 64 px: [layers, 3].

    A row holds the layer's constant c = gain / sqrt(fan-in), the number of its weights, and ||W_1 - W_0|| / ||W_0||, where W is
    what is stored: weights of size 1 in ``equalised`` layers, of size c in ordinary ones.  The pictures are noise.

    Source: Karras et al. 2018, section 4.1.
    """
    check.positive("lr", lr)
    batch = torch.rand(4, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    both = players(seed=seed, equalised=equalised)
    constants = [layer.scale for layer in _layers(players(seed=seed))]
    before = [layer.weight.detach().clone() for layer in _layers(both)]
    game = Progressive(*both, Schedule(4, 0, (0, 0, 0, 0, 1)), "relativistic")
    fit(game, [batch.to(scale.device())], 1, lr=lr, betas=(0.0, 0.99), progress=False, precision="float32")
    moved = [float((layer.weight.detach() - w).norm() / w.norm()) for layer, w in zip(_layers(both), before, strict=True)]
    rows = [[c, w.numel(), m] for c, w, m in zip(constants, before, moved, strict=True) if m > 0]
    return np.array(rows)


def _layers(networks: Sequence[nn.Module]) -> list[layers.EqualisedLinear | layers.EqualisedConv2d]:
    """The layers of the networks that are, or could be, equalised."""
    kinds = (layers.EqualisedLinear, layers.EqualisedConv2d)
    return [module for network in networks for module in network.modules() if isinstance(module, kinds)]


def describe(name: str, steps: int | None, seed: int, progress: bool) -> Weights:
    """Faces that grow; the curve's points are measured on smaller samples, enlarged to 64 px by repeating pixels."""
    images, schedule = data.faces(SIZE, N, progress=progress), asked_for(steps)
    return Weights(
        title="64 px faces grown from 4 px",
        game=game(schedule, SIZE, seed),
        batches=data.Batches(images, BATCH_SIZE, seed=seed, device=scale.device()),
        steps=schedule.steps,
        settings=SETTINGS,
        network={"size": SIZE, "latent_dim": LATENT_DIM, "widths": list(WIDTHS)},
        data={"name": "faces", "arguments": {"size": SIZE, "n": N, "seed": 0}},
        arguments={
            "objective": "relativistic",
            "r1_gamma": f"{R1_GAMMA} at {SIZE} px, in proportion to the side",
            "r1_every": R1_EVERY,
            **listed({"fade": schedule.fade, "stable": schedule.stable}),
            "batch_size": BATCH_SIZE,
            **listed(SETTINGS),
        },
        measure=lambda run: experiments.measure(run, images),
        follow=(CURVE_EVERY, experiments.Curve(images, min(1000, len(images)), BATCH_SIZE)),
        licence={"data": f"{images.licence}, adventurer by {images.author}", "weights": "CC BY 4.0"},
        note="The colour layers of the smaller sides are as their levels left them: the blocks below have moved on since.",
    )
