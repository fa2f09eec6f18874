"""An experiment of half a second: two games on a ring of Gaussians, for the tests of the runner."""

from __future__ import annotations

import torch

from gancourse import data
from gancourse.base import networks
from gancourse.data.toys import ring
from gancourse.experiments.experiment import Experiment
from gancourse.gans.gan import GAN
from gancourse.models import mlp


class Plane:
    def __init__(self, size, folder):
        self.size, self.points = size, ring().sample(256, seed=0)

    def game(self, arm, seed):
        with networks.seeded(seed):
            generator, discriminator = mlp.Generator(2, 2, hidden=(8,)), mlp.Discriminator(2, hidden=(8,))
        discriminator.layers.append(torch.nn.Dropout(0.1))  # so that the global generator matters
        return GAN(generator, discriminator, arm["objective"]), data.Batches(self.points, self.size["batch_size"], seed=seed)

    def drawn(self, run, final=False):
        return run.sample(32, seed=1)

    def judged(self, sample):
        return {"radius": sample.norm(dim=1).mean().item(), "undefined": float("nan")}

    def pictures(self, run):
        return run.sample(2)[:, :, None, None].expand(-1, -1, 4, 4)[:, :1]

    def nulls(self):
        return {"truth": self.points}

    def facts(self):
        return {"points": len(self.points), "mean": self.points.mean()}


EXPERIMENT = Experiment(
    name="plane",
    title="Two games in the plane",
    stage=Plane,
    arms={"saturating": {"objective": "saturating"}, "hinge + decay": {"objective": "hinge", "fit": {"betas": [0.0, 0.9]}}},
    seeds=(0, 1),
    full={"batch_size": 16, "steps": 60, "measure_every": 20, "checkpoint_every": 10},
    ci={"steps": 20, "measure_every": 10},
    fit={"lr": 1e-2, "ema": 0.9},
)
