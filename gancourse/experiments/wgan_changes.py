"""Each of WGAN's four changes taken back while the others stay: eight clusters on a ring, trained until WGAN no longer improves.

The optimiser of all arms is Adam without momentum, beta1 = 0 and beta2 = 0.99, which is RMSProp with a corrected beginning; so
"momentum" puts back momentum and nothing else.  All arms share networks, initial weights, batches, rates and steps; what other
rates give the two arms that do not learn with this one is tried in :mod:`gancourse.experiments.wgan_changes_rates`.

What is measured: the exact earth mover's distance between 400 samples and 400 points of the data.

Source: Arjovsky, Chintala & Bottou 2017, section 3 and Algorithm 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gancourse import scale
from gancourse.data import toys
from gancourse.experiments import plane
from gancourse.experiments.experiment import Experiment
from gancourse.gans.ensemble import EnsembleBatches
from gancourse.gans.wgan import EnsembleWGAN
from gancourse.losses import Objective
from gancourse.theory import transport
from gancourse.training import Run

HIDDEN, BOUND, N = (64, 64, 64), 2.2, 400
LOSSES: dict[str, str | Objective] = {
    "difference": "wasserstein",
    "probabilities": plane.PROBABILITIES,
    "logarithm": "non_saturating",
}


class Ring:
    """The ring, and the exact distance to it."""

    def __init__(self, size: Mapping[str, Any], folder: Path) -> None:
        self.size = size
        self.ring = toys.ring("wgan_gp")
        self.held_out = self.ring.sample(N, seed=99)

    def seeds(self, seed: int) -> list[int]:
        """The members' seeds of an ensemble."""
        return plane.member_seeds(seed, self.size["members"])

    def game(self, arm: Mapping[str, Any], seed: int) -> tuple[EnsembleWGAN, EnsembleBatches]:
        seeds, device = self.seeds(seed), scale.device()
        generators, critics = plane.generators(seeds, HIDDEN).to(device), plane.critics(seeds, HIDDEN).to(device)
        game = EnsembleWGAN(generators, critics, seeds, LOSSES[arm.get("loss", "difference")], clip=arm.get("clip"))
        return game, EnsembleBatches(self.ring, self.size["batch_size"], seeds, device=device)

    def drawn(self, run: Run, final: bool = False) -> Tensor:
        return run.sample(N, seed=1).cpu()

    def judged(self, sample: Tensor) -> dict[str, float]:
        far = [[transport.wasserstein_samples(points, self.held_out)] for points in sample]
        return plane.named(["W"], torch.tensor(far))

    def nulls(self) -> dict[str, Tensor]:
        members = self.size["members"]
        other = torch.stack([self.ring.sample(N, seed=500 + k) for k in range(members)])
        noise = torch.randn(members, N, 2, generator=torch.Generator().manual_seed(4))
        return {"other data": other, "unit Gaussian noise": noise, "untrained": self.game({}, 0)[0].sample(N, seed=1).cpu()}

    def pictures(self, run: Run) -> Tensor:
        return torch.stack([plane.density(points, BOUND) for points in run.sample(N, seed=1)[:3].cpu()])

    def facts(self) -> dict[str, float]:
        return {"mean": self.held_out.mean().item(), "std": self.held_out.std().item()}


CHANGES: dict[str, dict[str, Any]] = {
    "WGAN": {"clip": 0.1},
    "sigmoid": {"clip": 0.1, "loss": "probabilities"},
    "sigmoid and logarithm": {"clip": 0.1, "loss": "logarithm"},
    "no clipping": {},
    "momentum": {"clip": 0.1, "fit": {"betas": [0.9, 0.99]}},
}

RATE = 5e-4
"""One for all: with it WGAN learns."""


def at_rate(arm: Mapping[str, Any], rate: float) -> dict[str, Any]:
    """An arm that trains with that rate."""
    return {**arm, "fit": {**arm.get("fit", {}), "lr": rate}}


EXPERIMENT = Experiment(
    name="wgan_changes",
    title="WGAN's four changes, each taken back: eight clusters on a ring",
    stage=Ring,
    arms=CHANGES,
    seeds=(1,),
    full={"members": 5, "batch_size": 64, "steps": 1500, "measure_every": 250, "checkpoint_every": 500},
    ci={"members": 2, "batch_size": 8, "steps": 20, "measure_every": 10, "checkpoint_every": 10},
    fit={"lr": RATE, "k": 5, "betas": [0.0, 0.99], "schedule": "flat_linear"},
    paper="Arjovsky et al. 2017, section 3",
    expected={
        "C18.converged": "WGAN's median W at the end over that at two thirds of the steps: at least 0.8",
        "C18.seen": "the control of the four rows below: a WGAN with a third of its way behind it is worse, and is seen to be; "
        "its W after 500 steps over WGAN's median W at the end: at least 1.25, for every training",
        "C18.clip": "W over WGAN's median W, no clipping: median at least 1.25, by bootstrap",
        "C18.sigmoid": "the same, sigmoid",
        "C18.log": "the same, sigmoid and logarithm",
        "C18.momentum": "the same, momentum: beta1 0.9 against 0, one beta2",
    },
)
