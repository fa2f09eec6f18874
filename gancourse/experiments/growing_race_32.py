"""The race of :mod:`gancourse.experiments.growing_race` at 32 px and shorter: small enough to be run in half an hour.

The networks are narrower than those of the larger race and lack their last level; the penalty, which goes with the side, has the
same weight at each side.  At 32 px the attribute classifier looks at all pixels, so that the Frechet distance has no blind spot
here.  The generators are averaged over about 100 steps, fewer than a fade has: a longer average holds a new block's random
weights when the block is in use.  The last fade ends 369 steps before the place where the saving is read.

Source: Karras et al. 2018, section 2 and table 1.
"""

from __future__ import annotations

from gancourse.experiments import growing_race
from gancourse.experiments.experiment import Experiment
from gancourse.experiments.growing_race import GROWING

AT_ONCE = "32 px from the start"

EXPERIMENT = Experiment(
    name="growing_race_32",
    title="Growing against full size from the start, faces at 32 px",
    stage=growing_race.Faces,
    arms={
        GROWING: {"fade": [0, 1, 2, 2], "stable": [2, 2, 3, 12]},  # in parts of 100 steps at the full size
        AT_ONCE: {"fade": [0, 0, 0, 0], "stable": [0, 0, 0, 1]},
    },
    seeds=(0, 1, 2),
    full={
        **growing_race.EXPERIMENT.full,
        "side": 32,
        "widths": [48, 40, 32, 24],
        "r1_gamma": growing_race.EXPERIMENT.full["r1_gamma"] / 2,
        "steps": 2400,
        "measure_every": 100,
        "checkpoint_every": 300,
        "frames": [200, 500, 1000, 1100, 1200, 1600, 2400],  # the fade into 32 px lies between 1,000 and 1,200
    },
    ci={**growing_race.EXPERIMENT.ci, "widths": growing_race.EXPERIMENT.ci["widths"][:-1]},
    fit={**growing_race.EXPERIMENT.fit, "lr": [3e-3, 5e-3], "ema": 0.99},
    paper="Karras et al. 2018, section 2 and table 1",
    expected={
        "C27.work32": "a question: operations, 32 px from the start over growing, at the Frechet distance where growing has "
        "spent a third of the work of the other; 3 is the most.  It counts as a saving if each of the three is "
        "above all six pairings of two trainings at full size and above the arms swapped; expected near 1.5",
        "C27.seconds32": "the same in processor seconds, by the same rule: less than in operations, for small layers use a "
        "processor worse",
        "C27.patches32": "the same in operations, where the distance is the mean sliced Wasserstein distance over levels",
        "C27.swd32": "a question: mean sliced Wasserstein distance over levels where growing has spent its work, 32 px from the "
        "start over growing; noise or an untrained network in the place of growing, the arms swapped: below 1, two trainings of "
        "one arm: about 1",
        "C27.frechet32": "the same ratio of Frechet distances",
        "faces": "both arms end below half of the untrained network's Frechet distance, or the race is too short to tell.  "
        "So was one of 960 steps at two thirds of the rates, of which one seed was run before: 29.9 growing, 27.2; untrained 48",
    },
)
