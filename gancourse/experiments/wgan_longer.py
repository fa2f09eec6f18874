"""The two critics of :mod:`gancourse.experiments.wgan_critics` that are to be compared, from a steeper start and for longer.

He's initial weights, whose slope is near 1, 2,400 steps, and ten seeds of their own: whatever a short run or a flat start did
to the two-sided penalty there, it does not do here.  Five earlier seeds left C20.longer open by their spread.

Sources: Gulrajani et al. 2017, section 3.1; He et al. 2015.
"""

from __future__ import annotations

from typing import Any

from gancourse.experiments import wgan_critics
from gancourse.experiments.experiment import Experiment

ARMS: dict[str, dict[str, Any]] = {
    "clipped": {**wgan_critics.SHALLOW, "clip": 0.1, "he": True},
    "two-sided": {**wgan_critics.SHALLOW, "weight": 10.0, "he": True},
}

EXPERIMENT = Experiment(
    name="wgan_longer",
    title="Critics against a generator that stands still, from He's weights and for longer",
    stage=wgan_critics.Critics,
    arms=ARMS,
    seeds=(5,),
    full={**wgan_critics.EXPERIMENT.full, "members": 10, "steps": 600, "measure_every": 200},
    ci=wgan_critics.EXPERIMENT.ci,
    fit=wgan_critics.EXPERIMENT.fit,
    paper="Gulrajani et al. 2017, section 3",
    expected={
        "C20.both": "shown, two-sided: within 15 % of 1; a second protocol of C20.distance.  Asked as a question now: it "
        "changes start and length at once, and its ten critics have two kinds of ends",
        "C19.longer": "bound, two-sided less clipped: at least 0.1; a second protocol of C19.surface",
    },
)
