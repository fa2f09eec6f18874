"""BEGAN at three gammas: pixel-art faces at 16 px, perceptrons with exponential linear units, the published balance.

What is judged is *accepted* pictures alone, for grey mush has no variety worth the name: those that a classifier of face or none
takes for faces.  Diversity is the total variance of the accepted pictures' features, as a share of unseen faces'.  Both errors of
the measure M are taken on unseen faces and on the judged sample:

    M = L(x) + |gamma L(x) - L(G(z))|

A sample is three pictures side by side in its channels: what G drew, and how D draws again unseen faces and what G drew.

Source: Berthelot, Schumm & Metz 2017, sections 3.3, 3.4 and 4 (convolutions and 64 px and more there; lambda_k 0.001).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gancourse import scale
from gancourse.base import networks, trees
from gancourse.data.batches import Batches
from gancourse.data.images import to_float
from gancourse.experiments import six_losses
from gancourse.experiments.experiment import Experiment
from gancourse.gans.began import BEGAN
from gancourse.metrics import frechet_distance
from gancourse.metrics.face_judge import NAMES, WIDTH, accepted, train_face_judge
from gancourse.models import mlp
from gancourse.models.classifier import AttributeClassifier
from gancourse.training import Run

SIDE, LATENT_DIM, CODE_DIM = six_losses.SIDE, 16, 64
SHAPE, LAMBDA_K = (3, SIDE, SIDE), 0.02
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

    def __init__(self, size: Mapping[str, Any], folder: Path) -> None:
        super().__init__(size, folder)
        self.doorman = self._doorman(folder / "face_judge.weights")

    def _doorman(self, path: Path) -> AttributeClassifier:
        if path.exists():
            judge = AttributeClassifier(NAMES, width=WIDTH)
            judge.load_state_dict(trees.load(path))
            return judge.eval()
        judge = train_face_judge(self.faces.images[: self.size["taught"]], self.size["judge_steps"])
        trees.save(path, dict(judge.state_dict()))
        return judge

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
        good = accepted(self.doorman, made.clamp(-1, 1))
        errors = {"real_error": math.nan, "fake_error": math.nan}
        if sample.shape[1] == 9:
            errors["real_error"] = (self._others(len(made)) - sample[:, 3:6]).abs().mean().item()
            errors["fake_error"] = (made - sample[:, 6:]).abs().mean().item()
        return {
            "accepted": good.float().mean().item(),
            "diversity": self._spread(features[good]),
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


GAMMAS = (0.5, 0.8, 1.0)

EXPERIMENT = Experiment(
    name="began_gamma",
    title="BEGAN at three gammas: pixel-art faces at 16 px",
    stage=Faces,
    arms={f"gamma {gamma}": {"gamma": gamma} for gamma in GAMMAS},
    seeds=(1, 2, 3, 4, 5),
    full={
        "n": 10_000,
        "taught": 2000,
        "judge_steps": 400,
        "width": 256,
        "batch_size": 16,
        "steps": 600,
        "measure_every": 60,
        "checkpoint_every": 600,
        "samples": 150,
        "final_samples": 400,
    },
    ci={
        "n": 100,
        "taught": 60,
        "judge_steps": 4,
        "width": 8,
        "batch_size": 4,
        "steps": 20,
        "measure_every": 10,
        "checkpoint_every": 5,
        "samples": 40,
        "final_samples": 70,
    },
    fit={"lr": 1e-3, "betas": [0.5, 0.999], "schedule": "flat_linear", "precision": "float32"},
    paper="Berthelot et al. 2017, sections 3.3 and 3.4.1",
    expected={
        "C22.faces": "at least a tenth of what every training of gamma 0.8 draws is accepted; the judge takes 0.9 of unseen "
        "faces and at most a twentieth of noise, blur and mean faces",
        "C22.diversity": "diversity of accepted pictures at gamma 0.8 less that of all pictures at gamma 0.5, seed by seed; a "
        "question, for neither of these games comes nearer to the data than a blur",
        "C22.draws": "a check: with gamma 1 every training ends nearer than a blur (one training on seed 31, made to find such a "
        "gamma, ended at 0.65 of it)",
        "C22.trade": "a question, gamma 1 less gamma 0.8, seed by seed: diversity of accepted pictures",
        "C22.price": "a question, the same of the share that is accepted",
        "C22.measure": "Spearman's correlation of M with the Frechet distance over ten checkpoints, gamma 0.8: at least 0.6",
        "C22.collapsed": "the same at gamma 0.5, where runs collapse: at least 0.6; the row above is the control",
    },
)
