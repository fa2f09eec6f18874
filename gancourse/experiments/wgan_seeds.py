"""The deep clipped critics of :mod:`gancourse.experiments.wgan_critics` again, on seven new seeds.

They are here for a row that one clip of untrained weights cannot pass: what *training* adds at c = 0.1, less what it adds at
0.01.

Source: Gulrajani et al. 2017, section 3.2 and figure 1b.
"""

from __future__ import annotations

from gancourse.experiments import wgan_critics
from gancourse.experiments.experiment import Experiment

AGAIN = ("deep, c = 0.1", "deep, c = 0.01", "deep, c = 0.01, thawed")

EXPERIMENT = Experiment(
    name="wgan_seeds",
    title="Deep clipped critics against a generator that stands still, on seven new seeds",
    stage=wgan_critics.Critics,
    arms={name: wgan_critics.ARMS[name] for name in AGAIN},
    seeds=(4,),
    full={**wgan_critics.EXPERIMENT.full, "members": 7, "measure_every": 200},
    ci=wgan_critics.EXPERIMENT.ci,
    fit=wgan_critics.EXPERIMENT.fit,
    paper="Gulrajani et al. 2017, section 3.2",
    expected={
        "C19.vanish": "orders gained since the first clip, deep c = 0.1 less deep c = 0.01: at least 6; nulls: the first clip, "
        "0, and the thawed critics in place of those of c = 0.01",
    },
)
