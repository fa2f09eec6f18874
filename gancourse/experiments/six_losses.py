"""Six losses on one budget: pixel-art faces at 16 px, the same perceptrons, the same light R1, the same optimiser and steps.

All arms share generator, discriminator, data, batches, penalty, steps and judge; they differ in the loss, and in the rate that
suits it.  :mod:`gancourse.experiments.six_losses_rates` tries five rates for each loss on a seed of its own, and the nearest
end decides; the strength of the penalty is one for all (:mod:`gancourse.experiments.six_losses_tuned` lets two losses choose
it).  One arm more is no entrant: Wasserstein's loss with the rate that suits the five others, which shows what a contest at one
rate would have said, and what difference these seeds can see.

The rule, stated before the runs of twenty seeds: a loss *consistently outperforms* the non-saturating one if the 99 % interval of
the paired difference of their distances (Student's t over the seeds) lies below zero; five comparisons at 1 % are one at 5 %.

Judge: the Frechet distance in the attribute classifier's features, to faces that no network was trained on.

Source: beside Lucic et al. 2018, who searched over settings for each loss.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse import scale
from gancourse.base import networks
from gancourse.data.avatars import pixel_faces
from gancourse.data.batches import Batches
from gancourse.data.images import to_float
from gancourse.experiments.experiment import Experiment
from gancourse.gans.gan import GAN
from gancourse.losses import penalties
from gancourse.metrics import attribute_classifier, frechet_distance
from gancourse.models import mlp
from gancourse.training import Run

SIDE, LATENT_DIM = 16, 32
R1_GAMMA, R1_EVERY = 1.0, 4


class Faces:
    """Pixel-art faces for training, others for judging."""

    def __init__(self, size: Mapping[str, Any], folder: Path) -> None:
        self.size = size
        self.faces = pixel_faces(SIDE, size["n"], progress=False)
        self.unseen = pixel_faces(SIDE, 2 * size["final_samples"], "test", progress=False)
        self.judge = attribute_classifier("pixel_faces", SIDE)
        self.real = self.judge.features(self.unseen.images[: size["final_samples"]])

    def game(self, arm: Mapping[str, Any], seed: int) -> tuple[GAN, Batches]:
        width, device = self.size["width"], scale.device()
        with networks.seeded(seed):
            generator = mlp.Generator(LATENT_DIM, (3, SIDE, SIDE), (width, width), out="tanh").to(device)
            discriminator = mlp.Discriminator((3, SIDE, SIDE), (width, width)).to(device)
        game = GAN(generator, discriminator, arm["loss"], penalty=penalties.r1(arm.get("gamma", R1_GAMMA), every=R1_EVERY))
        return game, Batches(self.faces, self.size["batch_size"], seed=seed, device=device)

    def drawn(self, run: Run, final: bool = False) -> Tensor:
        return run.sample(self.size["final_samples" if final else "samples"], seed=1).cpu()

    def pictures(self, run: Run) -> Tensor:
        return run.sample(6, seed=2)

    def judged(self, sample: Tensor) -> dict[str, float]:
        return {"frechet": frechet_distance(self.judge.features(sample), self.real)}

    def nulls(self) -> dict[str, Tensor]:
        return worthless(self.unseen.images[self.size["final_samples"] :]) | {
            "untrained": self.game({"loss": "non_saturating"}, 0)[0].sample(self.size["final_samples"], seed=1).cpu()
        }

    def facts(self) -> dict[str, float]:
        pixels = to_float(self.faces.images)
        return {"faces": len(pixels), "mean": pixels.mean().item(), "std": pixels.std().item()}


def worthless(faces: Tensor) -> dict[str, Tensor]:
    """Faces uint8 [N, 3, H, W] as they are, and what is no face or always the same one: floats in [-1, 1]."""
    x, source = to_float(faces), torch.Generator().manual_seed(3)
    mean = x.mean(0, keepdim=True)
    rows = torch.rand(len(x), x[0, 0].numel(), generator=source).argsort(1)
    return {
        "unseen faces": x,
        "two faces, averaged": (x + x.roll(1, 0)) / 2,
        "blurred": F.interpolate(F.avg_pool2d(x, 4), scale_factor=4, mode="bilinear"),
        "mean face": mean.expand_as(x),
        "mean face and noise": (mean + 0.3 * torch.randn(x.shape, generator=source)).clamp(-1, 1),
        "pixels shuffled": x.flatten(2).gather(2, rows[:, None].expand(-1, 3, -1)).view_as(x),
        "noise": 2 * torch.rand(x.shape, generator=source) - 1,
    }


NAMES = ("non_saturating", "saturating", "least_squares", "hinge", "wasserstein", "relativistic")
RATES: dict[str, float] = {
    "non_saturating": 0.003,
    "saturating": 0.003,
    "least_squares": 0.003,
    "hinge": 0.003,
    "wasserstein": 0.01,
    "relativistic": 0.003,
}
"""What six_losses_rates chose."""

ONE_RATE = "wasserstein, 0.003"
"""The arm that is no entrant: Wasserstein's loss with the rate of the five others."""

EXPERIMENT = Experiment(
    name="six_losses",
    title="Six losses on one budget: pixel-art faces at 16 px",
    stage=Faces,
    arms={
        **{name.replace("_", " "): {"loss": name, "fit": {"lr": RATES[name]}} for name in NAMES},
        ONE_RATE: {"loss": "wasserstein", "fit": {"lr": RATES["non_saturating"]}},
    },
    seeds=(*range(1, 11), *range(12, 22)),  # 11 is the seed of the rates
    full={
        "n": 10_000,
        "width": 128,
        "batch_size": 16,
        "steps": 800,
        "measure_every": 100,
        "checkpoint_every": 800,
        "samples": 150,
        "final_samples": 400,
    },
    ci={
        "n": 100,
        "width": 8,
        "batch_size": 4,
        "steps": 20,
        "measure_every": 10,
        "checkpoint_every": 5,
        "samples": 40,
        "final_samples": 70,
    },
    fit={"betas": [0.0, 0.99], "ema": 0.98, "schedule": "flat_linear", "precision": "float32"},
    paper="Lucic et al. 2018, abstract",
    expected={
        "S10.equal": "a question: for how many of five losses the 99 % interval of the paired difference from the non-saturating "
        "one lies below zero (equal losses: 0.025); first asked of five seeds, which answered 0",
        "S10.rate": "a question: the distance of Wasserstein's loss with the others' rate less that with its own, in pairs; a "
        "positive interval shows that the contest can see what one rate for all does",
        "S10.draws": "a check: the farthest training of every loss that is to be compared ends nearer than blurred faces",
    },
)
