"""The two critics of :mod:`gancourse.experiments.wgan_critics` that are to be compared, from a steeper start and for longer.

He's initial weights, whose slope is near 1, half as many steps again, and ten seeds of their own.  These are two changes; a third
arm begins with PyTorch's weights, so that only the number of steps is another one there.

Sources: Gulrajani et al. 2017, section 3.1; He et al. 2015.
"""

from __future__ import annotations

from typing import Any

from gancourse.experiments import wgan_critics
from gancourse.experiments.experiment import Experiment

ARMS: dict[str, dict[str, Any]] = {
    "clipped": {**wgan_critics.SHALLOW, "clip": 0.1, "he": True},
    "two-sided": {**wgan_critics.SHALLOW, "weight": 10.0, "he": True},
    "two-sided, PyTorch's weights": wgan_critics.ARMS["two-sided"],
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
        "C20.longer": "shown, two-sided from PyTorch's weights, all but the steps as in C20.distance: within 15 % of 1; its "
        "control is C20.one_sided, which shows the distance in fewer steps",
        "C20.both": "a question: shown, two-sided, with both changes",
        "C19.longer": "bound, two-sided less clipped: at least 0.1; a second protocol of C19.surface",
    },
)
