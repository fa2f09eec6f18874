"""Does StyleGAN2's mapping move if it may?  Two small networks for faces at 16 px that differ in how fast their mapping learns.

Weights of the mapping are stored 1 / ``lr_mult`` times as large and multiplied by ``lr_mult`` in use, so both arms begin with the
same function, and Adam moves it ``lr_mult`` times as far.  Everything else is one for both: the other weights, latents, pictures,
settings.  No path length penalty, which acts on W, and no noise.  At ``lr_mult`` 1 Adam can carry a weight about twice its
deviation in 600 steps, which is what it could in the training of ``stylegan2_faces64``.

Measured of the averaged generator, at step 0 as well:

    cosine   of the mapping's weights to those that it began with; 1 at step 0, about 0 to another start's
    moved    root mean square of their difference, in deviations of the first ones
    half     of the directions of w, by the eigenvalues of its covariance, those that hold half of the variance
    frechet  distance to faces that no network was trained on

Source: Karras et al. 2019 and 2020, whose mappings learn a hundredth as fast as the rest.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse import data, latent, scale
from gancourse.base import networks
from gancourse.data.images import to_float
from gancourse.experiments.experiment import Experiment, counted
from gancourse.gans.gan import GAN
from gancourse.gans.stylegan2 import StyleGAN2
from gancourse.losses import penalties
from gancourse.metrics import attribute_classifier, frechet_distance
from gancourse.models import stylegan2
from gancourse.training import Run

SIDE, DIM = 16, 32  # of the pictures; of z and of w
STYLES = 2000  # of which the covariance is taken
NO_MAPPING = {"cosine": math.nan, "moved": math.nan, "half": math.nan}  # of pictures that no network made
SLOW, FAST = "lr_mult 0.05", "lr_mult 1"


def weights(generator: Any) -> Tensor:
    """The mapping's weights as they are stored, 1 / ``lr_mult`` times those in use, in one row: [number of weights]."""
    found = [p.detach().flatten().cpu() for name, p in generator.mapping.named_parameters() if name.endswith("weight")]
    return torch.cat(found)


def half_of_the_variance(w: Tensor) -> int:
    """How many directions of w [N, D], taken by the eigenvalues of its covariance, hold half of the variance."""
    shares = torch.linalg.eigvalsh(torch.cov(w.T.double())).flip(0).cumsum(0)
    return int((shares < shares[-1] / 2).sum()) + 1


class Faces:
    """Faces at 16 px for training, others for judging; it remembers how the mapping of the last game began."""

    def __init__(self, size: Mapping[str, Any], folder: Path) -> None:
        self.size = size
        self.images = data.faces(SIDE, size["n"], progress=False)
        self.truth = to_float(data.faces(SIDE, size["samples"], split="test", progress=False).images)
        self.judge = attribute_classifier("faces", SIDE)
        self.real = self.judge.features(self.truth)
        self.start = torch.zeros(0)
        self._mapping = dict(NO_MAPPING)

    def game(self, arm: Mapping[str, Any], seed: int) -> tuple[GAN[Any], data.Batches]:
        device, widths = scale.device(), {"channel_base": self.size["channel_base"], "channel_max": self.size["channel_max"]}
        with networks.seeded(seed):
            generator = stylegan2.Generator(SIDE, DIM, w_dim=DIM, mapping_layers=2, mapping_lr_mult=arm["lr_mult"], **widths).to(
                device
            )
            discriminator = stylegan2.Discriminator(SIDE, **widths).to(device)
        self.start = weights(generator)
        penalty = penalties.r1(1.0, every=8)
        game = StyleGAN2(generator, discriminator, "relativistic", penalty, mixing=0.3, noise_from=self.size["steps"])
        return game, data.Batches(self.images, self.size["batch_size"], seed=seed, device=device)

    def drawn(self, run: Run, final: bool = False) -> Tensor:
        found = weights(run.generator)
        source = torch.Generator().manual_seed(3)
        self._mapping = {
            "cosine": F.cosine_similarity(found, self.start, dim=0).item(),
            "moved": ((found - self.start).square().mean().sqrt() / self.start.std()).item(),
            "half": half_of_the_variance(latent.styles_of(run.generator, torch.randn(STYLES, DIM, generator=source))),
        }
        return run.sample(len(self.truth), seed=1).cpu()

    def pictures(self, run: Run) -> Tensor:
        return run.sample(8, seed=2)

    def judged(self, sample: Tensor) -> dict[str, float]:
        """What the mapping did until the last ``drawn``, and how far its pictures are from faces."""
        return {**self._mapping, "frechet": frechet_distance(self.judge.features(sample), self.real)}

    def nulls(self) -> dict[str, Tensor]:
        self._mapping = dict(NO_MAPPING)
        others, source = to_float(self.images.images[: len(self.truth)]), torch.Generator().manual_seed(4)
        return {
            "other real faces": others,
            "blurred": F.interpolate(F.avg_pool2d(others, 4), scale_factor=4, mode="bilinear"),
            "noise": 2 * torch.rand(self.truth.shape, generator=source) - 1,
        }

    def facts(self) -> dict[str, float]:
        return counted(self.images.images.float())


EXPERIMENT = Experiment(
    name="mapping_rate",
    title="A mapping that learns a twentieth as fast as the rest, and one that learns as fast: faces at 16 px",
    stage=Faces,
    arms={SLOW: {"lr_mult": 0.05}, FAST: {"lr_mult": 1.0}},
    seeds=(0, 1, 2),
    full={
        "n": 4000,
        "samples": 400,
        "channel_base": 192,
        "channel_max": 24,
        "batch_size": 16,
        "steps": 600,
        "measure_every": 300,
        "checkpoint_every": 300,
    },
    ci={
        "n": 100,
        "samples": 70,
        "channel_base": 64,
        "channel_max": 8,
        "batch_size": 4,
        "steps": 20,
        "measure_every": 10,
        "checkpoint_every": 10,
    },
    fit={"lr": [4e-3, 6e-3], "betas": [0.0, 0.99], "ema": 0.99, "schedule": "flat_linear"},
    paper="Karras et al. 2019 and 2020: lr_mult 0.01",
    expected={
        "S17.mapping_moves": "a question: cosine of the mapping's weights to their start with lr_mult 1; with 0.05 above 0.999.  "
        "A pilot with seed 11 ended at 0.985 and 0.9999; expected between 0.97 and 0.99",
        "half": "fewer directions with lr_mult 1 in all three seeds (pilot: 3 against 4, at step 0 as well 4)",
        "frechet": "whether moving costs or helps: the pilot ended at 17.8 with lr_mult 1, 15.9 with 0.05; step 0 at 25.7.  "
        "A price is shown if the three differences have one sign and the three of lr_mult 1 lie above the three of 0.05",
    },
)
