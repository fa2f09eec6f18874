"""Three critics of :mod:`gancourse.experiments.wgan_critics` again, on sixteen new seeds.

Five seeds left two rows open by their spread; protocol, measures and tolerances are what they were.

Sources: Gulrajani et al. 2017, section 3; Petzka et al. 2018 (the one-sided penalty).
"""

from __future__ import annotations

from gancourse.experiments import wgan_critics
from gancourse.experiments.experiment import Experiment

EXPERIMENT = Experiment(
    name="wgan_seeds",
    title="Critics against a generator that stands still, on sixteen new seeds",
    stage=wgan_critics.Critics,
    arms={name: wgan_critics.ARMS[name] for name in ("clipped", "two-sided", "one-sided")},
    seeds=(4,),
    full={**wgan_critics.EXPERIMENT.full, "members": 16, "measure_every": 200},
    ci=wgan_critics.EXPERIMENT.ci,
    fit=wgan_critics.EXPERIMENT.fit,
    paper="Gulrajani et al. 2017, section 3",
    expected={
        "C19.surface": "bound, two-sided less clipped: at least 0.1, as before",
        "C20.one_sided": "shown, one-sided: within 15 % of 1, as before; the control of the next",
        "C20.distance": "shown, two-sided: within 15 % of 1, as before",
    },
)
