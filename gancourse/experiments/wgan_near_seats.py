"""Constraint, first weights or seat: what lets a clipped critic follow less well near the data than the one that looks on?

In :mod:`gancourse.experiments.wgan_near_again` the two critics differ in three things: in the constraint, in the weights they
begin with (PyTorch's, He's), and in that the generator learns from one of them.  Here the first twelve of its seeds are trained
again.  In one arm the clipped critic, which leads, begins with He's weights; in the other the two change seats: the generator
learns from the one-sided critic, and the clipped one looks on.  As there, "said" is what the clipped critic says and "seen" what
the one-sided one says, wherever they sit.

Sources: beside Arjovsky, Chintala & Bottou 2017, figure 3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import torch
from torch import Tensor

from gancourse import scale
from gancourse.experiments import knocks, plane, wgan_changes, wgan_near, wgan_near_again
from gancourse.experiments.wgan_knocked import Knocked
from gancourse.experiments.wgan_watched import WEIGHT, Beside, Watched
from gancourse.gans.ensemble import Ensemble, EnsembleBatches
from gancourse.gans.gan import Batch
from gancourse.losses.penalties import clip_weights
from gancourse.training import Run

STEEP, ASIDE = "clipped from He's weights", "clipped, looks on"


class Aside(Knocked):
    """K WGANs with the one-sided penalty, and a clipped critic beside each, which sees the same batches and has no say."""

    def __init__(
        self,
        generator: Ensemble,
        players: Beside,
        seeds: Sequence[int],
        at: Sequence[Sequence[int]],
        shares: Sequence[Sequence[float]],
        bound: float,
    ) -> None:
        options = {"weight": WEIGHT, "one_sided": True}
        super().__init__(generator, cast(Ensemble, players), seeds, at, shares, objective="wasserstein", **options)
        self.bound, self.lookers = bound, players.critics

    def discriminator_loss(self, batch: Batch) -> Tensor:
        """The leaders' loss and the lookers'; they share no weights, so neither moves the other."""
        looks_on = self.objective.discriminator(self.lookers(batch.real), self.lookers(batch.fake.detach()))
        return super().discriminator_loss(batch) + looks_on

    def after_discriminator_step(self) -> None:
        clip_weights(self.lookers, self.bound)


class Seats(wgan_near.Near):
    """The stage of :mod:`gancourse.experiments.wgan_near`, moved back, with other first weights or other seats."""

    def game(self, arm: Mapping[str, Any], seed: int) -> tuple[Watched | Aside, EnsembleBatches]:  # type: ignore[override]
        seeds, device, sizes = self.seeds(seed), scale.device(), self.size
        generators = plane.generators(seeds, wgan_changes.HIDDEN).to(device)
        clipped, one_sided = (plane.critics(seeds, wgan_changes.HIDDEN, he=he) for he in (arm["he"], True))
        at = [knocks.moments(each, sizes["steps"], sizes["measure_every"]) for each in seeds]
        shares = [wgan_near.shares_of(each) for each in seeds]
        game: Watched | Aside
        if arm["leads"]:
            players = Beside(clipped, one_sided).to(device)
            game = Watched(generators, players, seeds, at, shares, objective="wasserstein", clip=arm["clip"])
        else:
            game = Aside(generators, Beside(one_sided, clipped).to(device), seeds, at, shares, arm["clip"])
        return game, EnsembleBatches(self.ring, sizes["batch_size"], seeds, device=device)

    def drawn(self, run: Run, final: bool = False) -> Tensor:
        """STATISTICS of wgan_near: the clipped critic's word first."""
        found = super().drawn(run, final)
        return found[:, torch.tensor([1, 0, 2])] if isinstance(run.gan, Aside) else found


EXPERIMENT = replace(
    wgan_near_again.EXPERIMENT,
    name="wgan_near_seats",
    title="Near the data: a clipped critic from steeper weights, and one that looks on: eight clusters on a ring",
    stage=Seats,
    arms={STEEP: {"clip": 0.1, "he": True, "leads": True}, ASIDE: {"clip": 0.1, "he": False, "leads": False}},
    full={**wgan_near.EXPERIMENT.full, "members": 12},
    expected={
        "C18.near_he": "a question: the clipped critic's correlation with W over the looks that count, from He's weights less "
        "from PyTorch's (wgan_near_again), seed by seed",
        "C18.near_seat": "a question: the same, where it looks on at a one-sided critic's generator less where it leads.  A "
        "guess for both: it has 0.5 to 0.7 by itself",
    },
)
