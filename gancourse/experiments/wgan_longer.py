"""The critics of :mod:`gancourse.experiments.wgan_starts` trained three times as long, eight new seeds.

The paper trains its critics to optimality.  Against wgan_starts one thing changes, the number of steps; between the two arms with
the two-sided penalty one thing, the start.

Sources: Gulrajani et al. 2017, section 3.1; Petzka et al. 2018 (the one-sided penalty); He et al. 2015.
"""

from __future__ import annotations

from typing import Any

from gancourse.experiments import wgan_critics, wgan_starts
from gancourse.experiments.experiment import Experiment

ARMS: dict[str, dict[str, Any]] = {
    "clipped, He": wgan_starts.from_he("clipped"),
    "two-sided": wgan_critics.ARMS["two-sided"],
    "two-sided, He": wgan_starts.from_he("two-sided"),
}

EXPERIMENT = Experiment(
    name="wgan_longer",
    title="Critics against a generator that stands still, from two starts and three times as long",
    stage=wgan_critics.Critics,
    arms=ARMS,
    seeds=(6,),
    full={**wgan_critics.EXPERIMENT.full, "members": 8, "steps": 1200, "measure_every": 400, "checkpoint_every": 400},
    ci=wgan_critics.EXPERIMENT.ci,
    fit=wgan_critics.EXPERIMENT.fit,
    paper="Gulrajani et al. 2017, section 3",
    expected={
        "C20.longer": "shown, two-sided, all but the steps as in C20.distance: within 15 % of 1; the "
        "control is C20.one_sided, which shows the distance after a third of these steps",
        "C20.both": "shown, two-sided from He's weights: within 15 % of 1; the same control",
        "C19.longer": "bound, two-sided less clipped, both from He's weights: at least 0.1, as before",
    },
)
