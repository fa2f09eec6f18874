"""What a clipped critic says near the data, and what a critic says that looks on.

The runs of :mod:`gancourse.experiments.wgan_strengths` end about as far from the data as unit noise.  Those of the WGAN of
:mod:`gancourse.experiments.wgan_changes` come to half of that: here they are again, on eight new seeds, looked at every 25 steps.
Beside the clipped critic stands one with the one-sided penalty that sees the same batches and has no say
(:mod:`gancourse.experiments.wgan_watched`): can the order be told from these samples at all?  In one arm the generator is left
alone; in the other it is moved back towards its first weights twice, by SHARES of the way, at moments of each seed's own.

Of 400 samples and 400 points of the data are measured

    said  what the clipped critic says, E f(x) - E f(G(z))
    seen  what the critic says that looks on
    W     the exact earth mover's distance

Sources: Arjovsky, Chintala & Bottou 2017, Algorithm 1 and figure 3; Petzka et al. 2018 (the one-sided penalty).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gancourse import scale
from gancourse.experiments import knocks, plane, wgan_changes
from gancourse.experiments.records import Record
from gancourse.experiments.wgan_watched import Beside, Watched
from gancourse.gans.ensemble import EnsembleBatches
from gancourse.theory import transport
from gancourse.training import Run

STATISTICS = ("said", "seen", "W")
ALONE, MOVED = "left alone", "moved back a little"
FROM = 200  # of 1,500 steps: from here on section 4's curve is flat
SHARES = ((0.25, 0.5), (0.5, 0.25))
"""Of the way back to the first weights, at the two moments: even seeds, odd ones."""


def shares_of(seed: int) -> tuple[float, float]:
    """The two shares of the way back of one seed."""
    first, second = SHARES[seed % 2]
    return first, second


class Near(wgan_changes.Ring):
    """The stage of :mod:`gancourse.experiments.wgan_changes` with a critic that looks on."""

    game_class = Watched

    def game(self, arm: Mapping[str, Any], seed: int) -> tuple[Watched, EnsembleBatches]:
        seeds, device, sizes = self.seeds(seed), scale.device(), self.size
        generators = plane.generators(seeds, wgan_changes.HIDDEN).to(device)
        judges, critics = (plane.critics(seeds, wgan_changes.HIDDEN, he=he) for he in (False, True))
        at = [knocks.moments(each, sizes["steps"], sizes["measure_every"]) if arm["moved"] else () for each in seeds]
        shares = [shares_of(each) if arm["moved"] else () for each in seeds]
        players = Beside(judges, critics).to(device)
        game = self.game_class(generators, players, seeds, at, shares, objective="wasserstein", clip=arm["clip"])
        return game, EnsembleBatches(self.ring, sizes["batch_size"], seeds, device=device)

    def drawn(self, run: Run, final: bool = False) -> Tensor:
        """STATISTICS of each member: [K, 3]."""
        samples, players = run.sample(wgan_changes.N, seed=1).cpu(), run.gan.discriminator
        x, fake = self.held_out.expand(len(samples), -1, -1).to(run.gan.device), samples.to(run.gan.device)
        with torch.no_grad():
            says = [(f(x).double().mean(1) - f(fake).double().mean(1)).cpu() for f in (players.judges, players.critics)]
        far = torch.tensor([transport.wasserstein_samples(points, self.held_out) for points in samples], dtype=torch.float64)
        return torch.stack([*says, far], 1)

    def judged(self, sample: Tensor) -> dict[str, float]:
        return plane.named(STATISTICS, sample)

    def nulls(self) -> dict[str, Tensor]:
        far = [transport.wasserstein_samples(self.ring.sample(wgan_changes.N, seed=500 + k), self.held_out) for k in range(8)]
        return {"other data": torch.stack([*torch.zeros(2, 8, dtype=torch.float64), torch.tensor(far, dtype=torch.float64)], 1)}


def looks(record: Record, arm: str, statistics: Sequence[str] = STATISTICS) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """``statistics`` at the looks from FROM on (left alone) or those that knocks counts, each [K, T], and the steps [T]."""
    sizes = record.content["settings"]["size"]
    curves = {name: plane.curves(record, name)[arm] for name in statistics}
    at = curves["W"][0]
    left_out = int(np.searchsorted(at, FROM)) if arm == ALONE else knocks.counted(sizes["steps"], sizes["measure_every"])
    left_out = min(left_out, len(at) - 2)
    return {name: values[:, left_out:] for name, (_, values) in curves.items()}, at[left_out:]


EXPERIMENT = replace(
    wgan_changes.EXPERIMENT,
    name="wgan_near",
    title="What a clipped critic says near the data, and one that looks on: eight clusters on a ring",
    stage=Near,
    arms={ALONE: {"clip": 0.1, "moved": False}, MOVED: {"clip": 0.1, "moved": True}},
    seeds=(14,),
    full={**wgan_changes.EXPERIMENT.full, "members": 8, "measure_every": 25},
    paper="Arjovsky et al. 2017, figure 3",
    expected={},
)
