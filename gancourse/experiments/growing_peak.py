"""Where a peak of the distance comes from when a block enters, and what a fade does to it: faces from 4 to 16 px.

Both arms are the live training of lecture 13: the same networks, first weights, pictures and settings, and a doubling at the same
steps.  In one arm the new block fades in, in the other it has all the weight at once.

At each look four generators draw the same latents: the one that is trained, its average over the steps, the average with the
newest block (and its colour layer) of the trained one, and the trained one with the newest block of the average.  What an
exchange takes or brings was in the block that was exchanged.  The judge is the attribute classifier, which sees faces in 32 x 32
pixels, here enlarged from 16 by repeating pixels.  While the network is smaller its pictures are enlarged more, and an exchange
changes nothing, for the newest block is not in use.

Source: beside Karras et al. 2018, section 2 (the fade) and appendix A.1 (samples are drawn by an average of the generator).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse import data, scale
from gancourse.data.images import to_float
from gancourse.experiments import progressive
from gancourse.experiments.experiment import Experiment, counted
from gancourse.experiments.growing_race import GROWING, schedule
from gancourse.gans import growing
from gancourse.gans.progressive import Progressive
from gancourse.metrics import attribute_classifier, frechet_distance
from gancourse.training import Run

NO_FADE = "growing, no fade"
JUDGED = ("itself", "average", "own newest block", "averaged newest block")
SIDE = 16
BEGINS, ENDS = 300, 420  # the steps at which 16 px begin, and have faded in


class Blocks:
    """Faces at 16 px, and four generators at each look."""

    def __init__(self, size: Mapping[str, Any], folder: Path) -> None:
        self.size = size
        self.images = data.faces(2 * SIDE, size["n"], progress=False)
        self.judge = attribute_classifier("faces", 2 * SIDE)
        self.truth = self._halved(slice(None, size["final_samples"]))
        self.real = self._features(self.truth)

    def _halved(self, which: slice) -> Tensor:
        return F.avg_pool2d(to_float(self.images.images[which]), 2)

    def _features(self, images: Tensor) -> Tensor:
        return self.judge.features(F.interpolate(images.float().clamp(-1, 1).cpu(), size=2 * SIDE))

    def game(self, arm: Mapping[str, Any], seed: int) -> tuple[Progressive, data.Batches]:
        batches = data.Batches(self.images, self.size["batch_size"], seed=seed, device=scale.device())
        players = progressive.players(SIDE, self.size["latent_dim"], tuple(self.size["widths"]), seed=seed)
        penalty = progressive.SideR1(self.size["r1_gamma"], SIDE, self.size["r1_every"])
        return Progressive(*players, schedule(arm, self.size["steps"]), "relativistic", penalty=penalty), batches

    def drawn(self, run: Run, final: bool = False) -> Tensor:
        """The same latents drawn by the four generators of ``JUDGED``, one after another: [4 n, 3, 16, 16]."""
        itself, average = run.gan.generator, run.generator
        mixed = growing.with_newest(average, itself), growing.with_newest(itself, average)
        n = self.size["final_samples" if final else "samples"]
        found = [run.gan.sample(n, 12, generator=generator) for generator in (itself, average, *mixed)]
        return F.interpolate(torch.cat(found).float().clamp(-1, 1).cpu(), size=SIDE)

    def pictures(self, run: Run) -> Tensor:
        return F.interpolate(run.sample(5, seed=4).float().clamp(-1, 1).cpu(), size=SIDE)

    def judged(self, sample: Tensor) -> dict[str, float]:
        """The Frechet distance of each quarter of the sample from as many real faces."""
        parts = (self._features(part) for part in sample.chunk(len(JUDGED)))
        return {name: frechet_distance(part, self.real[: len(part)]) for name, part in zip(JUDGED, parts, strict=True)}

    def nulls(self) -> dict[str, Tensor]:
        n, source = len(self.truth), torch.Generator().manual_seed(2)
        at_once = {"fade": [0, 0, 0], "stable": [0, 0, 1]}
        found = {
            "other real faces": self._halved(slice(-n, None)),
            "real faces at 8 px, enlarged": F.interpolate(F.avg_pool2d(self._halved(slice(-n, None)), 2), size=SIDE),
            "mean face": self.truth.mean(0, keepdim=True).expand_as(self.truth),
            "noise": torch.rand(self.truth.shape, generator=source) * 2 - 1,
            "untrained": self.game(at_once, 0)[0].sample(n, seed=12).float().clamp(-1, 1).cpu(),
        }
        return {name: images.repeat(len(JUDGED), 1, 1, 1) for name, images in found.items()}

    def facts(self) -> dict[str, float]:
        return counted(self.images.images.float())


EXPERIMENT = Experiment(
    name="growing_peak",
    title="A block enters, with a fade and without, faces from 4 to 16 px",
    stage=Blocks,
    arms={
        GROWING: {"fade": [0, 60, 120], "stable": [120, 120, 340]},  # in steps at the full size
        NO_FADE: {"fade": [0, 0, 0], "stable": [120, 180, 460]},
    },
    seeds=(0, 1, 2, 3, 4),
    full={
        "n": 10_000,
        "samples": 300,
        "final_samples": 1000,
        "latent_dim": 32,
        "widths": [48, 40, 32],
        "r1_gamma": 2.0,
        "r1_every": 8,
        "batch_size": 16,
        "steps": 760,
        "measure_every": 30,
        "checkpoint_every": 380,
        "frames": [120, 300, 360, 420, 750],
    },
    ci={
        "n": 200,
        "samples": 80,
        "final_samples": 80,
        "latent_dim": 8,
        "widths": [8, 8, 8],
        "batch_size": 4,
        "steps": 20,
        "measure_every": 10,
        "checkpoint_every": 10,
        "frames": [10, 20],
    },
    fit={"lr": [3e-3, 5e-3], "betas": [0.0, 0.99], "ema": 0.99, "schedule": "flat_linear"},
    paper="beside Karras et al. 2018, section 2",
    expected={
        "S15.newest": "a question: at the fade's end (step 420), the generator with its average's newest block, over the "
        "generator itself.  Null: the average with the generator's newest block, over the generator, which is what the averaged "
        "layers below do.  Seed 0 is known from the lecture: about 44 against 30 or so.  Expected of the others: average 40 to "
        "50, generator with its block 38 to 48, average with the generator's block about 30; so about 1.4 against about 1",
        "C27.helps": "a question: the average's distance at the end, without a fade over with it; null: the largest ratio of two "
        "trainings of one arm.  Expected 0.85 to 1.15, within what two trainings differ by: that a fade does not matter at 16 px "
        "would be no surprise",
        "C27.entry": "a question: the generator's own mean distance over the looks from step 330 to 420, without a fade over "
        "with it.  Expected above 1, about 1.2: the random block is seen at once",
        "peaks": "without a fade the average peaks within 60 steps after the doubling, with it at the fade's end",
    },
)
