"""Least squares and the non-saturating loss, each with a gamma of its own: the game and the seeds of the contest of six.

:mod:`gancourse.experiments.six_losses_gamma` chose gamma and rate for both by one rule, so that neither has a search that the
other has not.

The rule, stated before the runs: least squares *falls behind all the same* if the 99 % interval of the paired difference of
their distances (Student's t over the seeds, as in the contest) lies above zero; if it holds zero, or lies below, its place in
the contest was that of one gamma for all.

Source: beside Lucic et al. 2018, who searched over settings for each loss.
"""

from __future__ import annotations

from typing import Any

from gancourse.experiments import six_losses
from gancourse.experiments.experiment import Experiment

SETTINGS: dict[str, tuple[float, float]] = {"non_saturating": (10.0, 3e-3), "least_squares": (10.0, 3e-3)}
"""Gamma and rate, as six_losses_gamma chose them."""

ARMS: dict[str, dict[str, Any]] = {
    name.replace("_", " "): {"loss": name, "gamma": gamma, "fit": {"lr": rate}} for name, (gamma, rate) in SETTINGS.items()
}

EXPERIMENT = Experiment(
    name="six_losses_tuned",
    title="Two losses with a gamma of their own: pixel-art faces at 16 px",
    stage=six_losses.Faces,
    arms=ARMS,
    seeds=six_losses.EXPERIMENT.seeds,
    full=six_losses.EXPERIMENT.full,
    ci=six_losses.EXPERIMENT.ci,
    fit=six_losses.EXPERIMENT.fit,
    paper="Lucic et al. 2018, section 5",
    expected={
        "S10.gamma": "a question: the distance of least squares less the non-saturating one's, in pairs, each with its own "
        "gamma; nulls: no difference 0, with one gamma for all 3.2",
        "S10.draws": "a check: these trainings, too, end nearer than blurred faces",
    },
)
