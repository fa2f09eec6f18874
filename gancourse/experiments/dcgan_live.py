"""Faces while a class waits: the recipe ``faces32_live``, for three minutes of two quiet cores.

What it leaves out of a step is what the clock does not pay for: no layer with weights works at the full side
(:mod:`gancourse.models.subpixel`), the discriminator is narrow, batches are small, so that there are many steps.  What is left is
the course's recipe: pairs, R1 at every eighth step, Adam (0, 0.99), a rate that falls to 0, averaged weights.

Judge: the attribute classifier; Frechet distance to unseen faces in its features, the same to training faces with as many samples
as a model card has, and the rarest value of an attribute, its share over that among the faces.  The shipped network ``faces32``
stands among the baselines.  Processor seconds leave the judge's out.

Sources: Jolicoeur-Martineau 2019; Mescheder et al. 2018; Karras et al. 2018 and 2020; Shi et al. 2016.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse import data, experiments, scale, zoo
from gancourse.data.images import to_float
from gancourse.experiments import growing_race
from gancourse.experiments.dcgan_guidelines import shares, shuffled
from gancourse.experiments.experiment import Experiment, counted
from gancourse.gans.gan import GAN
from gancourse.metrics.attributes import attribute_classifier
from gancourse.metrics.frechet import frechet_distance
from gancourse.training import Run

if TYPE_CHECKING:
    from gancourse.experiments.records import Record

RECIPE, SHIPPED = "faces32_live", "faces32"


class LiveFaces:
    """Faces, unseen ones for the judge, and the players of the recipe."""

    recipe = RECIPE

    def __init__(self, size: Mapping[str, Any], folder: Path) -> None:
        self.size = size
        self.images = shuffled(data.faces(32, size["n"], progress=False).images)
        self.unseen = shuffled(data.faces(32, size["unseen"], "test", progress=False).images)
        self.judge = attribute_classifier("faces")
        self.features = self.judge.features(self.unseen)
        self.learnt = self.judge.features(self.images[: size["final_samples"]])
        self.wanted = shares(self.judge, self.features)
        self._began: float | None = None

    def game(self, arm: Mapping[str, Any], seed: int) -> tuple[GAN, data.Batches]:
        batches = data.Batches(self.images, self.size["batch_size"], seed=seed, device=scale.device())
        return experiments.build(self.recipe, seed), batches

    def drawn(self, run: Run, final: bool = False) -> Tensor:
        self._began = time.process_time()
        return run.sample(self.size["final_samples" if final else "samples"], seed=1).cpu()

    def pictures(self, run: Run) -> Tensor:
        return run.sample(self.size["shown"], seed=2)

    def judged(self, sample: Tensor) -> dict[str, float]:
        """Both distances, the rarest value's share, and the processor seconds that drawing and judging took."""
        features = self.judge.features(sample.clamp(-1, 1))
        found = {
            "frechet": frechet_distance(features, self.features),
            "frechet_card": frechet_distance(features, self.learnt),
            "rarest": (shares(self.judge, features) / self.wanted).min().item(),
        }
        return {**found, "measuring": 0.0 if self._began is None else time.process_time() - self._began}

    def nulls(self) -> dict[str, Tensor]:
        """Training faces, blurred ones, their mean, noise with their pixels' values, untrained players; the shipped network."""
        n, source = self.size["final_samples"], torch.Generator().manual_seed(3)
        true = to_float(self.images[-n:])
        return {
            "training faces": true,
            "faces32, shipped": zoo.load(SHIPPED).sample(n, seed=1).cpu(),
            "blurred faces": F.interpolate(F.avg_pool2d(true, 4), scale_factor=4, mode="bilinear"),
            "mean face": true.mean(0, keepdim=True) + 0.01 * torch.randn(true.shape, generator=source),
            "noise: marginal": true.gather(0, torch.rand(true.shape, generator=source).argsort(0)),
            "untrained": self.game({}, 0)[0].sample(n, seed=1).cpu(),
        }

    def facts(self) -> dict[str, float]:
        return counted(to_float(self.images))


def seconds(record: Record) -> np.ndarray:
    """Processor seconds at the points of the first training's curve, without those of the judge: [points]."""
    ours: np.ndarray = growing_race.seconds(record, RECIPE)[0]
    return ours


EXPERIMENT = Experiment(
    name="dcgan_live",
    title="32 px faces while a class waits",
    stage=LiveFaces,
    arms={RECIPE: {}},
    seeds=(0,),
    full={
        "n": 10_000,
        "unseen": 2000,
        "batch_size": 32,
        "steps": experiments.recipe(RECIPE).steps,
        "measure_every": experiments.recipe(RECIPE).steps // 8,
        "checkpoint_every": experiments.recipe(RECIPE).steps // 8,
        "samples": 1000,
        "final_samples": 5000,
        "shown": 12,
        "frames": [experiments.recipe(RECIPE).steps * k // 8 for k in (0, 1, 2, 4, 8)],
    },
    ci={
        "n": 120,
        "unseen": 100,
        "batch_size": 8,
        "steps": 20,
        "measure_every": 10,
        "checkpoint_every": 10,
        "samples": 80,
        "final_samples": 80,
        "shown": 3,
        "frames": [10, 20],
    },
    fit={**experiments.listed(experiments.recipe(RECIPE).settings), "precision": "bf16"},
    paper="beside Radford et al. 2016",
    expected={
        "S31.live": "the recipe's distance at its end: below 8 and below a tenth of the untrained players' (a question's row)",
    },
)
