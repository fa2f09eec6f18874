"""Progressive growing: a schedule of levels and blends, played through :func:`gancourse.training.fit`.

Training starts at 4 x 4 pixels.  Each doubling is faded in over some steps, then trained for some more.  Real images are
shown at the side in use; while a level fades in they are blended with their own half-sized version by the same alpha, for
otherwise the discriminator would know the fakes by their missing detail.

Source: Karras et al. 2018 (ProGAN), section 2 and figure 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse import losses
from gancourse.base import check
from gancourse.gans.gan import GAN, Batch
from gancourse.losses.penalties import Penalty


@dataclass(frozen=True)
class Schedule:
    """Which level and which alpha belong to a step: ``stable`` steps at level 0, then ``fade`` and ``stable`` steps a level.

    ``fade`` and ``stable`` are numbers, or rows with an entry for each level (fade's first is not used).
    """

    levels: int  # the last one: 4 means 64 px
    fade: int | tuple[int, ...]
    stable: int | tuple[int, ...]

    def __post_init__(self) -> None:
        check.whole("levels", self.levels, 0)
        for name, steps in (("fade", self.fade), ("stable", self.stable)):
            each = steps if check.is_row(steps) else (steps,)
            for number in cast(tuple[int, ...], each):
                check.whole(name, number, 0)
            if len(self._row(steps)) != self.levels + 1:
                raise ValueError(f"{name} must be a number of steps, or one for each of the levels 0..{self.levels}, not {steps}")

    def _row(self, steps: int | tuple[int, ...]) -> tuple[int, ...]:
        return tuple(cast(tuple[int, ...], steps)) if check.is_row(steps) else (cast(int, steps),) * (self.levels + 1)

    def lengths(self) -> list[tuple[int, int]]:
        """(fade, stable) of each level, in steps; nothing fades in at level 0."""
        fade, stable = self._row(self.fade), self._row(self.stable)
        return [(0 if level == 0 else fade[level], stable[level]) for level in range(self.levels + 1)]

    @property
    def steps(self) -> int:
        """The steps of all levels together: what to give to ``fit``."""
        return sum(sum(pair) for pair in self.lengths())

    def starts(self) -> list[int]:
        """The first step of each level."""
        return [sum(sum(pair) for pair in self.lengths()[:level]) for level in range(self.levels + 1)]

    def at(self, step: int) -> tuple[int, float]:
        """(level, alpha) of a step; beyond the last, the whole network."""
        for level, (fade, stable) in enumerate(self.lengths()):
            if step < fade + stable:
                return level, min(1.0, (step + 1) / (fade + 1)) if fade else 1.0
            step -= fade + stable
        return self.levels, 1.0


def at_level(images: Tensor, level: int, alpha: float = 1.0) -> Tensor:
    """Images as a level shows them: means over squares down to 4 * 2^level pixels, faded as the networks are.

    [N, C, H, W] -> [N, C, 4 * 2^level, ...]; with alpha < 1, (1 - alpha) up(down(x)) + alpha x.
    """
    side = 4 * 2**level
    if images.shape[-1] % side:
        raise ValueError(
            f"images of {images.shape[-1]} px cannot be shown at {side} px: take sides that are 4 times a power of two"
        )
    x = F.avg_pool2d(images, images.shape[-1] // side)
    if level and alpha < 1:
        x = F.interpolate(F.avg_pool2d(x, 2), scale_factor=2, mode="nearest").lerp(x, alpha)
    return x


class Grows(Protocol):
    """A network with levels."""

    levels: int

    def grow(self, level: int, alpha: float = 1.0) -> None: ...


def _grows(network: nn.Module) -> Grows:
    if not hasattr(network, "grow"):
        raise ValueError(f"{type(network).__module__}.{type(network).__name__} cannot grow: take a network of models.progan")
    return cast(Grows, network)


class Progressive(GAN):
    """A game whose networks grow: both need ``grow(level, alpha)`` as those of :mod:`gancourse.models.progan` have it.

    >>> schedule = Schedule(levels=3, fade=300, stable=300)                     # 4 to 32 px
    >>> game = Progressive(progan.Generator(32, ...), progan.Discriminator(32, ...), schedule)
    >>> run = fit(game, batches_of_32_px, schedule.steps, betas=(0.0, 0.99), ema=0.999)

    The stage is part of the networks' state, so that the averaged generator and a resumed run have it too.  ``fade_real=False``
    shows real images at full detail during a fade, a mistake for lecture 13.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        schedule: Schedule,
        objective: str | losses.Objective = "non_saturating",
        penalty: Penalty | None = None,
        latent_dim: int | None = None,
        fade_real: bool = True,
    ) -> None:
        super().__init__(generator, discriminator, objective, penalty, latent_dim)
        self.growing = _grows(generator), _grows(discriminator)
        levels = [network.levels for network in self.growing]
        if levels != [schedule.levels] * 2:
            made = f"{levels[0]} and {levels[1]}"
            raise ValueError(f"the schedule ends at level {schedule.levels}, the networks at {made}: build them for one size")
        self.schedule, self.fade_real = schedule, check.flag("fade_real", fade_real)
        self.stage(0)

    def stage(self, step: int) -> tuple[int, float]:
        """Set both networks to the stage of a step, and return it."""
        level, alpha = self.schedule.at(step)
        for network in self.growing:
            network.grow(level, alpha)
        return level, alpha

    def play(self, real: Tensor, source: torch.Generator, labels: Tensor | None = None, step: int = 0) -> Batch:
        """One round at the stage of ``step``: the fakes and the real images have its side."""
        level, alpha = self.stage(step)
        batch = super().play(at_level(real, level, alpha if self.fade_real else 1.0), source, labels, step)
        batch.log["level"], batch.log["alpha"] = torch.tensor(float(level)), torch.tensor(alpha)
        return batch
