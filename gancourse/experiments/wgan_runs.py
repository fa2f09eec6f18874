"""What the critic shows along a run, beside the exact distance of the same points: penalised critics, clipped ones, and a GAN.

At each of 21 looks 200 samples and 200 points of the data are drawn: what the player says of them (the critic E f(x) -
E f(G(z)); the GAN's loss -E log D(G(z))), and their exact earth mover's distance.  All arms share the generator, the latents, the
batches, the rates (G 2e-4, D 1e-3), ten steps of the critic to one of G, and a critic with He's initial weights.

Sources: Arjovsky, Chintala & Bottou 2017, figures 3 and 4; Gulrajani et al. 2017; Petzka et al. 2018.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse import scale
from gancourse.data import toys
from gancourse.experiments import plane
from gancourse.experiments.experiment import Experiment
from gancourse.gans.ensemble import EnsembleBatches
from gancourse.gans.wgan import EnsembleWGAN
from gancourse.theory import transport
from gancourse.training import Run

HIDDEN, BOUND = (64, 64, 64), 2.2


def options(arm: Mapping[str, Any]) -> dict[str, Any]:
    """What an arm says of its game."""
    return {name: arm[name] for name in ("objective", "clip", "weight", "one_sided") if name in arm}


class Runs:
    """The ring, and at each look fresh points of it and as many samples."""

    def __init__(self, size: Mapping[str, Any], folder: Path) -> None:
        self.size = size
        self.ring = toys.ring("wgan_gp")
        self.data = self.ring.sample(size["n"], seed=99)

    def game(self, arm: Mapping[str, Any], seed: int) -> tuple[EnsembleWGAN, EnsembleBatches]:
        seeds, device = plane.member_seeds(seed, self.size["members"]), scale.device()
        players = plane.generators(seeds, HIDDEN).to(device), plane.critics(seeds, HIDDEN, he=True).to(device)
        game = EnsembleWGAN(*players, seeds, **options(arm))
        return game, EnsembleBatches(self.ring, self.size["batch_size"], seeds, device=device)

    def drawn(self, run: Run, final: bool = False) -> Tensor:
        """What each member's critic says, and the exact distance: [K, 2]."""
        samples, f = run.sample(self.size["n"], seed=7).cpu(), run.gan.discriminator
        on_data = plane.values(f, self.data.to(run.gan.device))  # [K, n]
        with torch.no_grad():
            on_samples = f(samples.to(run.gan.device)).double()
        said = on_data.mean(1) - on_samples.mean(1)
        if run.gan.objective.name == "non_saturating":
            said = F.softplus(-on_samples).mean(1)
        far = torch.tensor([transport.wasserstein_samples(points, self.data) for points in samples], dtype=torch.float64)
        return torch.stack([said.cpu(), far], 1)

    def judged(self, sample: Tensor) -> dict[str, float]:
        return plane.named(["said", "W"], sample)

    def nulls(self) -> dict[str, Tensor]:
        n, members = self.size["n"], self.size["members"]
        other = [transport.wasserstein_samples(self.ring.sample(n, seed=500 + k), self.data) for k in range(members)]
        return {"other data": torch.stack([torch.zeros(members), torch.tensor(other)], 1)}

    def pictures(self, run: Run) -> Tensor:
        samples, f = run.sample(self.size["n"], seed=7)[0].cpu(), run.gan.discriminator.member(0).cpu()
        return torch.stack([plane.density(samples, BOUND), plane.surface(f, BOUND)])

    def facts(self) -> dict[str, float]:
        return {"mean": self.data.mean().item(), "std": self.data.std().item()}


ARMS: dict[str, dict[str, Any]] = {
    "one-sided": {"weight": 10.0, "one_sided": True},
    "two-sided": {"weight": 10.0},
    "clipped": {"clip": 0.1},
    "GAN": {"objective": "non_saturating"},
}

EXPERIMENT = Experiment(
    name="wgan_runs",
    title="What the critic shows along a run, and the exact distance: eight clusters on a ring",
    stage=Runs,
    arms=ARMS,
    seeds=(1,),
    full={"members": 5, "n": 200, "batch_size": 64, "steps": 200, "measure_every": 10, "checkpoint_every": 100},
    ci={"members": 2, "n": 40, "batch_size": 8, "steps": 20, "measure_every": 10, "checkpoint_every": 10},
    fit={"lr": [2e-4, 1e-3], "k": 10, "betas": [0.5, 0.9]},
    paper="Arjovsky et al. 2017, figures 3 and 4",
    expected={
        "C18.loss": "Spearman's correlation of said and W over the looks after the first, one-sided: at least 0.8",
        "C18.clipped": "the same, clipped, which is the paper's own critic",
        "C18.two_sided": "the same, two-sided, the paper's penalty",
        "C18.gan_loss": "the one-sided critic's correlation less the GAN's: at least 0.3",
        "C20.along": "a question: mean of said over W after the first look, one-sided",
    },
)
