"""The four losses that had one gamma in the contest, each with a gamma and a rate of its own: the game and seeds of the contest.

:mod:`gancourse.experiments.six_losses_gamma_others` chose them by the rule that gave least squares and the non-saturating loss
theirs; :mod:`gancourse.experiments.six_losses_tuned` holds those two, on the same seeds.

The rule, stated before the runs, is the contest's: a loss *consistently outperforms* the non-saturating one, both with their own
gamma and rate, if the 99 % interval of the paired difference of their distances lies below zero.

Source: beside Lucic et al. 2018, who searched over settings for each loss.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gancourse.experiments import six_losses
from gancourse.experiments.experiment import Experiment

SETTINGS: dict[str, tuple[float, float]] = {
    "saturating": (10.0, 3e-3),
    "hinge": (10.0, 3e-3),
    "wasserstein": (10.0, 1e-2),
    "relativistic": (10.0, 3e-3),
}
"""Gamma and rate, as six_losses_gamma_others chose them."""


def arms(settings: Mapping[str, tuple[float, float]]) -> dict[str, dict[str, Any]]:
    """An arm for each loss, with its gamma and rate."""
    return {name: {"loss": name, "gamma": gamma, "fit": {"lr": rate}} for name, (gamma, rate) in settings.items()}


EXPERIMENT = Experiment(
    name="six_losses_tuned_others",
    title="Four losses with a gamma of their own: pixel-art faces at 16 px",
    stage=six_losses.Faces,
    arms=arms(SETTINGS),
    seeds=six_losses.EXPERIMENT.seeds,
    full=six_losses.EXPERIMENT.full,
    ci=six_losses.EXPERIMENT.ci,
    fit=six_losses.EXPERIMENT.fit,
    paper="Lucic et al. 2018, abstract",
    expected={
        "S10.tuned": "a question: with own rate and gamma for all six, for how many of five losses the 99 % interval of the "
        "paired difference from the non-saturating one lies below zero; equal losses 0.025; expected 0, ends of 15.5 to 16.5",
        "S10.draws": "a check: these trainings, too, end nearer than nine tenths of a blur's distance",
    },
)
