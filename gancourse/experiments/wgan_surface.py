"""The two critics of :mod:`gancourse.experiments.wgan_critics` that C19.surface compares, once more, on twenty new seeds.

Five seeds of :mod:`gancourse.experiments.wgan_critics` and seven of :mod:`gancourse.experiments.wgan_seeds` left the row open by
their spread; protocol, measure and tolerance are what they were, and the row is of the twenty alone.

Source: Gulrajani et al. 2017, section 3.1 and figure 1a.
"""

from __future__ import annotations

from gancourse.experiments import wgan_critics
from gancourse.experiments.experiment import Experiment

EXPERIMENT = Experiment(
    name="wgan_surface",
    title="Critics against a generator that stands still, clipped and two-sided, on twenty new seeds",
    stage=wgan_critics.Critics,
    arms={name: wgan_critics.ARMS[name] for name in ("clipped", "two-sided")},
    seeds=(9,),
    full={**wgan_critics.EXPERIMENT.full, "members": 20, "measure_every": 200},
    ci=wgan_critics.EXPERIMENT.ci,
    fit=wgan_critics.EXPERIMENT.fit,
    paper="Gulrajani et al. 2017, section 3.1",
    expected={
        "C19.surface": "bound, two-sided less clipped, seed by seed, these twenty alone: at least 0.1, as before; nulls: no "
        "difference, and an untrained critic less the clipped one; the control is C20.one_sided, as before.  Before them five "
        "seeds had a mean of 0.08 (-0.14 to 0.20) and seven others 0.16 (0.05 to 0.25)",
    },
)
