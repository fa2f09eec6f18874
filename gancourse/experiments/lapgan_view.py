"""How much of the enlargement must LAPGAN's generator see?  Digits from 8 to 32 px, with 7 x 7 pixels in view and with 15 x 15.

Both arms are one LAPGAN each: a plain game at 8 px and a game of details at 16 and at 32 px, side by side, every one on real
pictures.  The discriminators, which see the whole picture, the weights' number and the 8 px are the same; the taps of the
convolutions that draw the details lie close together ("7 x 7 in view") or 2 and 4 pixels apart ("15 x 15 in view").

The distance is that of samples with their paper put to black (``levelled``), in the features of the judge of digits.  Beside the
pictures drawn from nothing stand, of the same training, their 8 px only enlarged, their 16 px with the last detail of another
picture, and details drawn on 8 px of real training digits.

Source: Denton, Chintala, Szlam & Fergus 2015; the question is ours.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse import scale
from gancourse.base import networks
from gancourse.data.batches import Batches
from gancourse.data.handwritten import handwritten_digits
from gancourse.data.images import to_float
from gancourse.experiments.experiment import Experiment, counted
from gancourse.gans.gan import GAN
from gancourse.gans.lapgan import LAPGAN, DetailGAN, halved
from gancourse.metrics.digits import NOISES, digit_judge, levelled
from gancourse.metrics.frechet import frechet_distance
from gancourse.models import convnet, lapgan
from gancourse.models.layers.resample import enlarged
from gancourse.training import Run

SIDE, LATENT_DIM, COLUMNS = 32, 16, 8
ROWS = ("real", "its 8 px", "details drawn", "and again", "drawn: 8 px", "16 px", "32 px")  # of the pictures in a film


class View:
    """Handwritten digits and their judge, and the LAPGAN of each arm."""

    def __init__(self, size: Mapping[str, Any], folder: Path) -> None:
        self.size = size
        self.images = handwritten_digits("train", SIDE).images[: size["n"]]
        self.judge = digit_judge()
        unseen = handwritten_digits("test", SIDE).images[: size["final_samples"]]
        self.features = self.judge.features(levelled(unseen))

    def game(self, arm: Mapping[str, Any], seed: int) -> tuple[GAN, Batches]:
        device, width, loss = scale.device(), self.size["width"], self.size["objective"]
        with networks.seeded(seed):
            sketch: GAN = GAN(convnet.Generator(8, LATENT_DIM, 16, channels=1), convnet.Discriminator(8, 16, channels=1), loss)
            levels = [
                DetailGAN(lapgan.DetailGenerator(side, LATENT_DIM, width, **arm), lapgan.DetailDiscriminator(side, width), loss)
                for side in (16, SIDE)
            ]
        game: GAN[Any] = LAPGAN(sketch, levels)
        game.generator.to(device)
        game.discriminator.to(device)
        return game, Batches(self.images, self.size["batch_size"], seed=seed, device=device)

    def drawn(self, run: Run, final: bool = False) -> Tensor:
        """[4, N, 1, 32, 32]: drawn from nothing; the same 8 px enlarged; with another's last detail; details on real 8 px."""
        game, n = cast(LAPGAN, run.gan), self.size["final_samples" if final else "samples"]
        tiny, middle, whole = game.sizes(n, 1, run.generator)
        coarse = halved(halved(to_float(self.images[:n])))
        on_real = game.up([coarse.to(game.device)], 1, run.generator)[-1]
        swapped = enlarged(middle) + (whole - enlarged(middle)).roll(1, 0)
        return torch.stack([whole, enlarged(enlarged(tiny)), swapped, on_real[:n]]).clamp(-1, 1).cpu()

    def pictures(self, run: Run) -> Tensor:
        """The rows of ``ROWS``, one after another."""
        game, real = cast(LAPGAN, run.gan), to_float(self.images[:COLUMNS])
        tiny = halved(halved(real)).to(game.device)
        guided = [game.up([tiny], seed, run.generator)[-1] for seed in (2, 3)]
        rows = [real, tiny, *guided, *game.sizes(COLUMNS, 2, run.generator)]
        return torch.cat([F.interpolate(x.cpu(), SIDE, mode="nearest") for x in rows])

    def judged(self, sample: Tensor) -> dict[str, float]:
        parts = sample if sample.ndim == 5 else sample[None]
        far = [frechet_distance(self.judge.features(levelled(x)), self.features) for x in parts]
        read = [self.judge.read(x)[1].double().mean().item() for x in (parts[0], parts[-1])]
        far, read = (far, read) if len(parts) == 4 else (far + [math.nan] * 3, [read[0], math.nan])
        names = ("frechet", "only_enlarged", "another_s_detail", "on_real")
        return dict(zip(names, far, strict=True)) | dict(zip(("accepted", "accepted_on_real"), read, strict=True))

    def nulls(self) -> dict[str, Tensor]:
        n, source = self.size["final_samples"], torch.Generator().manual_seed(3)
        noises = {f"noise: {name}": make(self.images, source)[:n] for name, make in NOISES.items()}
        return {
            "training digits": self.images[-n:],
            **noises,
            "untrained": self.game({}, 0)[0].sample(n, seed=1).clamp(-1, 1).cpu(),
        }

    def facts(self) -> dict[str, float]:
        return counted(to_float(self.images))


NARROW, WIDE = "7 x 7 in view", "15 x 15 in view"

EXPERIMENT = Experiment(
    name="lapgan_view",
    title="LAPGAN on digits: how much of the enlargement the generator of details sees",
    stage=View,
    arms={NARROW: {}, WIDE: {"wide": True}},
    seeds=(0, 1, 2),
    full={
        "n": 4000,
        "width": 16,
        "objective": "relativistic",
        "batch_size": 16,
        "steps": 1000,
        "measure_every": 500,
        "checkpoint_every": 500,
        "frames": [500, 1000],
        "samples": 400,
        "final_samples": 1000,
    },
    ci={
        "n": 120,
        "width": 4,
        "batch_size": 4,
        "steps": 20,
        "measure_every": 10,
        "checkpoint_every": 10,
        "samples": 80,
        "final_samples": 80,
    },
    fit={"lr": 1e-3, "betas": [0.0, 0.99], "ema": 0.99, "precision": "float32"},
    paper="Denton et al. 2015",
    expected={
        "S28": "questions, three trainings each, no tolerance: how far is what is drawn from nothing, with the wider view, and "
        "by how much less than with the narrow one, seed by seed?",
        "null": "nearer than the same 8 px only enlarged and than with another picture's last detail, in every training; else "
        "the details bring nothing",
        "ceiling": "details on real 8 px: what is left of the distance there is not the fault of the 8 px",
        "gate": "every kind of noise and the untrained networks: under 5 % accepted; training digits: over 90 %",
    },
)
