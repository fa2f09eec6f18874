"""BEGAN at several gammas: pixel-art faces at 16 px, perceptrons with exponential linear units, the published balance.

What is judged is *accepted* pictures alone: grey mush has no variety worth the name.  A picture is accepted when its features
lie as near to some training face's as those of all but 5 % of unseen faces do.  Diversity is the total variance of the accepted
pictures' features, as a share of unseen faces'.  Both errors of the measure M are taken on unseen faces and on the judged sample:

    M = L(x) + |gamma L(x) - L(G(z))|

A sample is three pictures side by side in its channels: what G drew, and how D draws again unseen faces and what G drew.

Source: Berthelot, Schumm & Metz 2017, sections 3.3, 3.4 and 4 (convolutions and 64 px and more there; lambda_k 0.001, rate 1e-4).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gancourse import scale
from gancourse.base import networks
from gancourse.data.batches import Batches
from gancourse.data.images import to_float
from gancourse.experiments import six_losses
from gancourse.experiments.experiment import Experiment
from gancourse.gans.began import BEGAN
from gancourse.metrics import frechet_distance, nearest_distances
from gancourse.models import mlp
from gancourse.training import Run

SIDE, LATENT_DIM, CODE_DIM = six_losses.SIDE, 16, 64
SHAPE, LAMBDA_K = (3, SIDE, SIDE), 0.02
REFUSED = 0.05  # share of unseen faces that lie further from the training faces than the threshold
FEWEST = 20  # accepted pictures below which there is no variance worth taking


def players(gamma: float, width: int, seed: int) -> BEGAN:
    """BEGAN with fresh perceptrons on the scale's device: D squeezes a face through 64 numbers, G draws from 16."""
    hidden, device = (width, width), scale.device()
    with networks.seeded(seed):
        generator = mlp.Generator(LATENT_DIM, SHAPE, hidden, activation="elu").to(device)
        discriminator = mlp.Autoencoder(SHAPE, CODE_DIM, hidden, activation="elu").to(device)
    return BEGAN(generator, discriminator, gamma=gamma, lambda_k=LAMBDA_K)


class Faces(six_losses.Faces):
    """Pixel-art faces, and a judge that says which pictures are faces."""

    def __init__(self, size: Mapping[str, Any], folder: Any) -> None:
        super().__init__(size, folder)
        self.known = self.judge.features(self.faces.images[: size["known"]])
        self.threshold = nearest_distances(self.real, self.known).quantile(1 - REFUSED)

    def game(self, arm: Mapping[str, Any], seed: int) -> tuple[BEGAN, Batches]:
        game = players(arm["gamma"], self.size["width"], seed)
        return game, Batches(self.faces, self.size["batch_size"], seed=seed, device=scale.device())

    def drawn(self, run: Run, final: bool = False) -> Tensor:
        made = super().drawn(run, final)
        with torch.no_grad():
            again = [run.gan.discriminator(x.to(run.gan.device)).cpu() for x in (self._others(len(made)), made)]
        return torch.cat([made, *again], 1)

    def _others(self, n: int) -> Tensor:
        """Unseen faces that the judge's own reference has none of: [n, 3, H, W] in [-1, 1]."""
        return to_float(self.unseen.images[self.size["final_samples"] :][:n])

    def pictures(self, run: Run) -> Tensor:
        return run.sample(10, seed=2)

    def judged(self, sample: Tensor) -> dict[str, float]:
        """The scores of pictures [N, 3, H, W], or of pictures with D's drawings, [N, 9, H, W]."""
        made = sample[:, :3]
        features = self.judge.features(made.clamp(-1, 1))
        accepted = nearest_distances(features, self.known) <= self.threshold
        errors = {"real_error": np.nan, "fake_error": np.nan}
        if sample.shape[1] == 9:
            errors["real_error"] = (self._others(len(made)) - sample[:, 3:6]).abs().mean().item()
            errors["fake_error"] = (made - sample[:, 6:]).abs().mean().item()
        return {
            "accepted": accepted.float().mean().item(),
            "diversity": self._spread(features[accepted]),
            "spread": self._spread(features),
            "frechet": frechet_distance(features, self.real),
            **errors,
        }

    def _spread(self, features: Tensor) -> float:
        """Total variance as a share of unseen faces'; 0 of too few."""
        return (features.var(0).sum() / self.real.var(0).sum()).item() if len(features) >= FEWEST else 0.0

    def nulls(self) -> dict[str, Tensor]:
        untrained = self.game({"gamma": 0.5}, 0)[0]
        made = untrained.sample(self.size["final_samples"], seed=1).cpu()
        faces = self.unseen.images[self.size["final_samples"] :]
        one = to_float(faces[:1]).expand(len(faces), -1, -1, -1)
        return six_losses.worthless(faces) | {"one face": one, "untrained": made}


GAMMAS = (0.5, 0.7, 0.9)

EXPERIMENT = Experiment(
    name="began_gamma",
    title="BEGAN at three gammas: pixel-art faces at 16 px",
    stage=Faces,
    arms={f"gamma {gamma}": {"gamma": gamma} for gamma in GAMMAS},
    seeds=(1, 2, 3, 4, 5),
    full={
        "n": 10_000,
        "known": 4000,
        "width": 256,
        "batch_size": 32,
        "steps": 800,
        "measure_every": 80,
        "checkpoint_every": 200,
        "samples": 300,
        "final_samples": 1000,
    },
    ci={
        "n": 100,
        "known": 60,
        "width": 8,
        "batch_size": 4,
        "steps": 20,
        "measure_every": 10,
        "checkpoint_every": 5,
        "samples": 40,
        "final_samples": 70,
    },
    fit={"lr": 1e-3, "betas": [0.5, 0.999], "schedule": "flat_linear", "precision": "float32"},
    paper="Berthelot et al. 2017, section 4.1 and figure 3",
    expected={},
)
