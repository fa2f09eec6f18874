"""The strength of R1, with the rate, for the four losses that :mod:`gancourse.experiments.six_losses_gamma` left out.

Its grid, its seed and its rule: a loss takes the pair of gamma and rate with which one training ends nearest to unseen faces, and
where that pair has the first or the last gamma or rate of its grid, the grid goes on that way.  Wasserstein's rate in the
contest, 0.01, is that grid's last, and the first search had to go on to a gamma of 30; so this grid has one rate more for
Wasserstein's loss and one gamma more for all, from the start.

Source: beside Lucic et al. 2018, who searched over settings for each loss.
"""

from __future__ import annotations

from typing import Any

from gancourse.experiments import six_losses, six_losses_gamma, six_losses_rates
from gancourse.experiments.experiment import Experiment
from gancourse.experiments.records import Record
from gancourse.experiments.six_losses_gamma import title

SOUGHT = ("saturating", "hinge", "wasserstein", "relativistic")
GAMMAS = (*six_losses_gamma.GAMMAS, 100.0)
RATES: dict[str, tuple[float, ...]] = {name: six_losses_gamma.RATES for name in SOUGHT} | {
    "wasserstein": (*six_losses_gamma.RATES, 3e-2)
}

ARMS: dict[str, dict[str, Any]] = {
    title(name, gamma, rate): {"loss": name, "gamma": gamma, "fit": {"lr": rate}}
    for name in SOUGHT
    for gamma in GAMMAS
    for rate in RATES[name]
}


def chosen(record: Record) -> dict[str, tuple[float, float]]:
    """For each loss gamma and rate of the nearest end."""
    return {loss: (arm["gamma"], arm["fit"]["lr"]) for loss, arm in six_losses_rates.nearest(record, ARMS).items()}


EXPERIMENT = Experiment(
    name="six_losses_gamma_others",
    title="Four more losses with seven strengths of R1 and three rates each: pixel-art faces at 16 px",
    stage=six_losses.Faces,
    arms=ARMS,
    seeds=six_losses_rates.EXPERIMENT.seeds,
    full=six_losses_gamma.EXPERIMENT.full,
    ci=six_losses_gamma.EXPERIMENT.ci,
    fit=six_losses_gamma.EXPERIMENT.fit,
    paper="Lucic et al. 2018, section 5",
    expected={"the rule": "gamma and rate of the least distance at the end go into six_losses_tuned_others"},
)
