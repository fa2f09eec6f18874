"""The leaky arm of :mod:`gancourse.experiments.few_faces`, 600 steps, on nineteen new seeds.

Five seeds left S16.leak open: one of them painted no hole, and the interval, 0.058 [0.010, 0.107], holds the 0.03 that was asked
for.  By their spread nineteen trainings make Student's half width two thirds of the distance to it.  Everything is as there but
the looks on the way, which change no training and ask nothing of G.

Source: Zhao et al. 2020 (DiffAugment), section 3; Karras et al. 2020a (ADA), section 2.
"""

from __future__ import annotations

from dataclasses import replace

from gancourse.experiments import few_faces
from gancourse.experiments.few_faces import DATA_ALONE, name

BEFORE = few_faces.EXPERIMENT
ARM = name("9,000", DATA_ALONE)

EXPERIMENT = replace(
    BEFORE,
    name="few_faces_leak_seeds",
    title="Nine thousand pixel faces, 16 px, 600 steps, nineteen new seeds: the data alone is augmented",
    arms={ARM: BEFORE.arms[ARM]},
    seeds=tuple(range(211, 230)),
    full={**BEFORE.full, "measure_every": 600, "frames": [600]},
    expected={
        "S16.leak": "holes, 9,000: the data alone, at the end: at least 0.03, block and grey as before; of these seeds alone; "
        "the nulls as before",
    },
)
