"""Two of DCGAN's guidelines at the depth of the paper: drawn faces at 64 px, where D has four strided convolutions.

The paper's words are "Remove fully connected hidden layers for deeper architectures", and a network for 16 px, with half of the
paper's layers, does not meet them.  Here are the paper's layers: D halves four times, G doubles four times.  What is not the
paper's is the width (16 channels at the full side's end, not 128 in the authors' code), the batch of 32 and the length.  Arms,
matched starts, rate and the tolerance are those of :mod:`gancourse.experiments.dcgan_guidelines`, and so is the control.

Judge: the attribute classifier of drawn faces, which sees them in 32 x 32 pixels, as in the other experiments at 64 px.

What was known before: the first record, at 16 px, where both rows lie below the tolerance; and one training of the reference at
64 px (seed 90) at each of two rates, 5e-4 and the paper's 2e-4: after 1,600 steps 34 and 57, where untrained players have 90, and
both were falling.  So the rate is the first one, and the steps are what the time pays for.

Source: Radford, Metz & Chintala 2016, section 3.
"""

from __future__ import annotations

from dataclasses import replace

from gancourse.experiments import dcgan_guidelines
from gancourse.experiments.dcgan_guidelines import ARMS, REFERENCE, SMALL_START, PixelFaces

BEFORE = dcgan_guidelines.EXPERIMENT
HIDDEN_D, TANH_G = "hidden linear in D", "tanh in G"


class DrawnFaces(PixelFaces):
    """Drawn faces at 64 px, held-out ones for the judge, and the players of each arm."""

    style, side = "faces", 64


EXPERIMENT = replace(
    BEFORE,
    name="dcgan_guidelines_64",
    title="Two of DCGAN's guidelines, each left out alone, at the paper's depth: drawn faces at 64 px",
    stage=DrawnFaces,
    arms={arm: ARMS[arm] for arm in (REFERENCE, HIDDEN_D, TANH_G, SMALL_START)},
    seeds=(40, 41, 42, 43, 44),
    full={**BEFORE.full, "n": 8000, "steps": 2500, "checkpoint_every": 500},
    fit={**BEFORE.fit, "precision": "bf16"},
    expected={
        "C10": BEFORE.expected["C10"],
        "n": "five trainings of each arm, seeds 40 to 44, which no record and no trial of lecture 04 has used",
        "C10.fc_D_64": "hidden linear in D over all five, by seed: tolerance at least 1.1; expected 0.8 to 1.4, open",
        "C10.relu_64": "tanh in G over all five, by seed: tolerance at least 1.1; expected 1.2 to 2, for tanh is slow at first",
        "C10.control_64": "no batch norm, small start, over all five, by seed: at least 1.1 in every seed, and so its "
        "interval, by which the claims are judged; expected 2 to 4",
        "C10.learns_64": "the reference's distance over that of untrained players: at most 0.4 in every seed (blur has 0.43, "
        "noise 0.51); if one is above, the rows are open",
        "C10.judge_64": "the nearest of blur, mean face, noise, untrained players, over the reference's mean: at least 1",
        "nulls": "the reference over itself, no training over itself, 44 ways: the largest lower end of an interval",
        "rest": "a row outside its tolerance is contradicted only if the control passes and neither the arm's mean distance nor "
        "the reference's fell by more than a tenth in the last 500 steps; else it is open, for the arm was on its way",
    },
)
