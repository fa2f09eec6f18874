"""DCGAN's own recipe on faces at 32 px, for the seconds that the recipe of :mod:`gancourse.experiments.dcgan_live` takes.

Networks, batches, Adam and the start are those of the recipe ``faces32_dcgan``: transposed 4x4 kernels, batch normalisation in
both players, -log D, Adam 2e-4 (0.5, 0.999), weights from N(0, 0.02^2), no average.  Only the number of steps is another: 3,500.
Timed in turn on one quiet core, both in bfloat16, a step took 40 ms, and one of ``faces32_live`` 35.7 ms; its 4,000 steps cost as
much as 3,570 of these.  (The record of ``dcgan_live`` was made beside other work, so its seconds are longer ones.)

Judge: that of :mod:`gancourse.experiments.dcgan_live`, and the share of the pictures' power at period 2.

Source: Radford, Metz & Chintala 2016.
"""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from gancourse import experiments
from gancourse.experiments import dcgan_live
from gancourse.theory.convolution import at_period_two

RECIPE = "faces32_dcgan"
BEFORE = dcgan_live.EXPERIMENT
STEPS = 3500


class PlainFaces(dcgan_live.LiveFaces):
    """Faces, unseen ones for the judge, and the players of DCGAN's recipe."""

    recipe = RECIPE

    def judged(self, sample: Tensor) -> dict[str, float]:
        return {**super().judged(sample), "period_two": at_period_two(sample)}


EXPERIMENT = replace(
    BEFORE,
    name="dcgan_plain",
    title="A plain DCGAN on 32 px faces, for the seconds of the live recipe",
    stage=PlainFaces,
    arms={RECIPE: {}},
    seeds=(0,),
    full={
        **BEFORE.full,
        "batch_size": experiments.recipe(RECIPE).batch_size,
        "steps": STEPS,
        "measure_every": STEPS // 7,
        "checkpoint_every": STEPS // 7,
        "frames": [0, STEPS // 7, STEPS],
    },
    fit={**experiments.listed(experiments.recipe(RECIPE).settings), "precision": "bf16"},
    expected={
        "S31.plain": "distance from training faces at the end: 12 to 20, where the live recipe has 7.9; a question's row",
        "rarest": "the rarest value's share: below 0.3, where the live recipe has 0.56",
        "period_two": "the share at period 2: 0.02 to 0.04; real faces 0.006, white noise 0.062",
    },
)
