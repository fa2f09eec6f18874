"""The strength of R1, with the rate, for two losses of :mod:`gancourse.experiments.six_losses`: least squares, non-saturating.

R1 is measured in logits, and a loss sets their scale: least squares by its codes, 0 and 1.  One gamma for all may suit one of
them.  So both search over the same grid, gamma times rate.

The rule, stated before the runs: a loss takes that pair of GAMMAS and RATES with which one training, on the seed of the rates,
which no contest uses, ends nearest to unseen faces.  If the nearest end has the first or the last gamma or rate of the grid,
the grid of both losses goes on that way by a factor of about three, until it has not.

Source: beside Lucic et al. 2018, who searched over settings for each loss.
"""

from __future__ import annotations

from typing import Any

from gancourse.experiments import six_losses, six_losses_rates
from gancourse.experiments.experiment import Experiment
from gancourse.experiments.records import Record

SOUGHT = ("non_saturating", "least_squares")
GAMMAS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
RATES = (1e-3, 3e-3, 1e-2)


def title(name: str, gamma: float, rate: float) -> str:
    """The arm's name."""
    return f"{name.replace('_', ' ')}, gamma {gamma:g}, {rate:g}"


ARMS: dict[str, dict[str, Any]] = {
    title(name, gamma, rate): {"loss": name, "gamma": gamma, "fit": {"lr": rate}}
    for name in SOUGHT
    for gamma in GAMMAS
    for rate in RATES
}


def chosen(record: Record) -> dict[str, tuple[float, float]]:
    """For each loss gamma and rate of the nearest end."""
    return {loss: (arm["gamma"], arm["fit"]["lr"]) for loss, arm in six_losses_rates.nearest(record, ARMS).items()}


EXPERIMENT = Experiment(
    name="six_losses_gamma",
    title="Two losses with six strengths of R1 and three rates each: pixel-art faces at 16 px",
    stage=six_losses.Faces,
    arms=ARMS,
    seeds=six_losses_rates.EXPERIMENT.seeds,
    full={**six_losses.EXPERIMENT.full, "measure_every": 400},
    ci=six_losses.EXPERIMENT.ci,
    fit=six_losses.EXPERIMENT.fit,
    paper="Lucic et al. 2018, section 5",
    expected={"the rule": "gamma and rate of the least distance at the end go into six_losses_tuned; no row is made of this"},
)
