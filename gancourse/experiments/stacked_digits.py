"""A thousand modes of stacked real digits at 32 px: how many does each game reach, with a judge that noise does not pass?

Both networks are DCGAN's.  All arms share generator, data, batches, optimiser, steps and judge; they differ in

    DCGAN             the non-saturating game
    packed            the discriminator judges two samples together (PacGAN)
    minibatch         minibatch discrimination before its last layer
    R1 + R2           DCGAN's loss with both zero-centred penalties and, for them, no batch normalisation in D
    relativistic      the same with relativistic pairing: the loss of R3GAN

The penalties are computed at every step: the appendix of Huang et al. reports that lazy ones fail on just these data.

Sources: Metz et al. 2017; Srivastava et al. 2017; Lin et al. 2018 (PacGAN); Salimans et al. 2016; Huang et al. 2024 (R3GAN).
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
from gancourse.data.batches import Batches
from gancourse.data.handwritten import handwritten_digits
from gancourse.data.images import ImageSet, to_float
from gancourse.data.numerals import stacked_digits
from gancourse.experiments.experiment import Experiment
from gancourse.gans.gan import GAN
from gancourse.gans.packed import PackedGAN
from gancourse.losses import penalties
from gancourse.metrics.digits import NOISES, digit_judge
from gancourse.models import dcgan
from gancourse.training import Run

SIDE, LATENT_DIM = 32, 64


class Stacks:
    """Stacked handwritten digits, and the judge that reads and refuses them."""

    def __init__(self, size: Mapping[str, Any], folder: Path) -> None:
        self.size = size
        self.images = stacked_digits(n=size["n"], base=handwritten_digits("train", SIDE))
        self.judge = digit_judge()

    def game(self, arm: Mapping[str, Any], seed: int) -> tuple[GAN, Batches]:
        width, d_width, device = self.size["width"], self.size["d_width"], scale.device()
        m, penalty = arm.get("packed", 1), None
        if "gamma" in arm:
            penalty = penalties.r1_r2(arm["gamma"])
        with networks.seeded(seed):
            generator = dcgan.Generator(SIDE, LATENT_DIM, width, 3).to(device)
            discriminator = dcgan.Discriminator(SIDE, d_width, 3 * m, norm=penalty is None)
            if arm.get("minibatch"):
                discriminator = dcgan.seeing_the_batch(discriminator)
        discriminator = discriminator.to(device)
        options = {"objective": arm.get("objective", "non_saturating"), "penalty": penalty}
        game = PackedGAN(generator, discriminator, m, **options) if m > 1 else GAN(generator, discriminator, **options)
        return game, Batches(self.images.images, self.size["batch_size"], seed=seed, device=device)

    def drawn(self, run: Run, final: bool = False) -> Tensor:
        return run.sample(self.size["final_samples" if final else "samples"], seed=1).cpu()

    def pictures(self, run: Run) -> Tensor:
        return run.sample(6, seed=2)

    def judged(self, sample: Tensor) -> dict[str, float]:
        report = self.judge.report(sample)
        return {
            "modes": report.modes,
            "high_quality": report.high_quality,
            "reverse_kl": report.reverse_kl,
            "total_variation": report.total_variation,
        }

    def nulls(self) -> dict[str, Tensor]:
        n, source = self.size["final_samples"], torch.Generator().manual_seed(3)
        base = handwritten_digits("train", SIDE)

        def of(grey: Tensor) -> Tensor:
            """Three channels drawn independently from grey pictures [M, 1, H, W]: [n, 3, H, W]."""
            return grey[torch.randint(len(grey), (n, 3), generator=source), 0]

        unseen = stacked_digits(n=n, base=handwritten_digits("test", SIDE), split="test")
        again = stacked_digits(n=n, base=base, seed=7)
        soft = F.avg_pool2d(unseen.images.float(), 4)
        return {
            "unseen digits": unseen.images,
            "training digits": again.images,
            "blurred digits": F.interpolate(soft, scale_factor=4, mode="bilinear").round().to(torch.uint8),
            **{f"noise: {name}": of(make(base.images, source)) for name, make in NOISES.items()},
            "a Gaussian for each digit": of(self._gaussians(base, source)),
            "untrained": self.game({}, 0)[0].sample(n, seed=1).cpu(),
        }

    @staticmethod
    def _gaussians(base: ImageSet, source: torch.Generator) -> Tensor:
        return torch.cat([NOISES["Gaussian"](base.images[base.labels == k], source) for k in range(10)])

    def facts(self) -> dict[str, float]:
        pixels = to_float(self.images.images)
        return {"pictures": len(pixels), "mean": pixels.mean().item(), "std": pixels.std().item()}


ARMS: dict[str, dict[str, Any]] = {
    "DCGAN": {},
    "packed": {"packed": 2},
    "minibatch": {"minibatch": True},
    "R1 + R2": {"gamma": 1.0},
    "relativistic": {"objective": "relativistic", "gamma": 1.0},
}

EXPERIMENT = Experiment(
    name="stacked_digits",
    title="A thousand modes: stacked handwritten digits at 32 px",
    stage=Stacks,
    arms=ARMS,
    seeds=(0, 1, 2, 3, 4),
    full={
        "n": 20_000,
        "width": 16,
        "d_width": 16,
        "batch_size": 64,
        "steps": 6000,
        "measure_every": 1500,
        "checkpoint_every": 100,
        "samples": 2560,
        "final_samples": 25_600,
    },
    ci={
        "n": 200,
        "width": 4,
        "d_width": 4,
        "batch_size": 8,
        "steps": 20,
        "measure_every": 10,
        "checkpoint_every": 5,
        "samples": 32,
        "final_samples": 64,
    },
    fit={"lr": 1e-3, "betas": [0.5, 0.99], "ema": 0.995, "precision": "float32"},
    paper="Lin et al. 2018, section 4.2; Huang et al. 2024, table 1",
    expected={
        "C08.packed": "modes, packed less DCGAN: at least 20 (901 in Lin et al. 2018, with other networks)",
        "C08.minibatch": "modes, minibatch less DCGAN: at least 20",
        "S33.relativistic": "modes of the relativistic game with R1 + R2: at least 950 (1,000 in Huang et al. 2024)",
        "S33.kl": "its reverse KL: at most 0.5 nats (0.08 there)",
        "S33.pairing": "modes, relativistic less R1 + R2 without pairing: at least 20 (307 there)",
        "gate": "every kind of noise: under 5 modes; unseen digits: at least 990",
    },
)
