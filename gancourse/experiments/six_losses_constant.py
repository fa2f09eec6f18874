"""The contest of six without the falling rate: three losses, and two of them with their gamma of 10, at a constant rate.

In :mod:`gancourse.experiments.six_losses` the rate falls to 0 from step 560 on.  Wasserstein's loss is behind until step 700 and
level at the end, for which its rate was chosen; least squares catches up.  Here nothing differs from those runs but the schedule:
the rates and gammas are those that were chosen with the falling rate.

The rules, stated before the runs, on the 99 % interval of the paired difference from the non-saturating loss (Student's t over
the seeds), both with a constant rate: *the fall closed Wasserstein's gap* if it lies above zero; *the end alone closes it* if
not.  Least squares is asked in the same way with gamma 1, and with gamma 10 beside the non-saturating loss with gamma 10.

Source: beside Lucic et al. 2018, who searched over settings for each loss.
"""

from __future__ import annotations

from typing import Any

from gancourse.experiments import six_losses, six_losses_tuned
from gancourse.experiments.experiment import Experiment

ONE_GAMMA = ("non saturating", "least squares", "wasserstein")

ARMS: dict[str, dict[str, Any]] = {name: dict(six_losses.EXPERIMENT.arms[name]) for name in ONE_GAMMA} | {
    f"{name}, gamma {arm['gamma']:g}": dict(arm) for name, arm in six_losses_tuned.ARMS.items()
}

EXPERIMENT = Experiment(
    name="six_losses_constant",
    title="Losses at a constant rate: pixel-art faces at 16 px",
    stage=six_losses.Faces,
    arms=ARMS,
    seeds=six_losses.EXPERIMENT.seeds,
    full=six_losses.EXPERIMENT.full,
    ci=six_losses.EXPERIMENT.ci,
    fit={**six_losses.EXPERIMENT.fit, "schedule": "constant"},
    paper="Lucic et al. 2018, section 5",
    expected={
        "S10.schedule": "a question: Wasserstein's distance less the non-saturating one's after 800 steps at a constant rate, in "
        "pairs; nulls: no difference 0, with the falling rate -0.2; expected 3 to 5",
        "S10.schedule_squares": "a question: the same of least squares with gamma 1; nulls: no difference 0, with the falling "
        "rate 3.2; expected 4 to 6; with gamma 10 on both sides the interval is expected to hold zero",
    },
)
