"""Four arms of :mod:`gancourse.experiments.dcgan_guidelines` and its reference, three times as long, on seeds of their own.

After 2,000 steps some arms were still on their way: without batch normalisation in G the distance had fallen by a third in the
last 500.  A verdict about a guideline should not be one about the step at which the clock was stopped.  Everything but the steps,
the seeds and the arms is as there, the tolerance included, which was written before either run.

Source: Radford, Metz & Chintala 2016, section 3.
"""

from __future__ import annotations

from dataclasses import replace

from gancourse.experiments import dcgan_guidelines
from gancourse.experiments.dcgan_guidelines import ARMS, REFERENCE, SMALL_START

BEFORE = dcgan_guidelines.EXPERIMENT
UNFINISHED = ("no batch norm in G", SMALL_START, "tanh in G", "nearest in G")

EXPERIMENT = replace(
    BEFORE,
    name="dcgan_guidelines_longer",
    title="Four of DCGAN's guidelines, each left out alone, for 6,000 steps: pixel-art faces at 16 px",
    arms={arm: ARMS[arm] for arm in (REFERENCE, *UNFINISHED)},
    seeds=(5, 6, 7, 8, 9),
    full={**BEFORE.full, "steps": 6000, "measure_every": 500, "checkpoint_every": 1000, "frames": [0, 500, 2000, 4000, 6000]},
    expected={
        "known": "dcgan_guidelines, 2,000 steps, other seeds: no norm in G 1.38, small start 1.97, tanh in G 1.02, nearest 1.23",
        "C10": BEFORE.expected["C10"],
        "C10.control_longer": "no batch norm, small start, at 6,000 steps: at least 1.1 in every seed; expected 1.4 to 1.6",
        "C10.batchnorm_G_longer": "no batch norm in G, at 6,000 steps: tolerance at least 1.1; expected 1.0 to 1.15, not met",
        "C10.relu_longer": "tanh in G, at 6,000 steps: tolerance at least 1.1; expected about 1, contradicted",
        "C10.strided_G_longer": "nearest in G, at 6,000 steps: tolerance at least 1.1; expected near 1.2",
        "again": "the four ratios at step 2,000 of these trainings (400 samples a point) lie in the other record's intervals",
    },
)
