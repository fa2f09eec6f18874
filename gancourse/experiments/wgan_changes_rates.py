"""Other rates for the two arms of :mod:`gancourse.experiments.wgan_changes` that do not learn with WGAN's.

Without clipping, and with momentum, two short trainings with each of RATES, on seeds of their own.  Stated before the runs: the
rate whose trainings end nearest to the data on average is the arm's best.

Source: Arjovsky, Chintala & Bottou 2017, section 3, whose rate is one for all.
"""

from __future__ import annotations

from typing import Any

from gancourse.experiments import plane, wgan_changes
from gancourse.experiments.experiment import Experiment
from gancourse.experiments.records import Record

SOUGHT = ("no clipping", "momentum")
RATES = (5e-5, 1.5e-4, 5e-4)


def title(change: str, rate: float) -> str:
    """The arm's name."""
    return f"{change}, {rate:g}"


ARMS: dict[str, dict[str, Any]] = {
    title(name, rate): wgan_changes.at_rate(wgan_changes.CHANGES[name], rate) for name in SOUGHT for rate in RATES
}


def ends(record: Record) -> dict[str, dict[float, float]]:
    """For each change and each rate the mean W at the end; a training that diverged has none."""
    scores = {arm: rows[0]["scores"] for arm, rows in record.content["arms"].items()}
    found: dict[str, dict[float, float]] = {}
    for name in SOUGHT:
        here = {rate: scores[title(name, rate)] for rate in RATES}
        found[name] = {rate: float(plane.members(row, "W").mean()) for rate, row in here.items() if row}
    return found


def chosen(record: Record) -> dict[str, float]:
    """The rate of the nearest end for each change."""
    return {name: min(far, key=lambda rate: far[rate]) for name, far in ends(record).items()}


EXPERIMENT = Experiment(
    name="wgan_changes_rates",
    title="WGAN without clipping and with momentum, three rates each: eight clusters on a ring",
    stage=wgan_changes.Ring,
    arms=ARMS,
    seeds=(9,),
    full={**wgan_changes.EXPERIMENT.full, "members": 2, "steps": 500, "measure_every": 250},
    ci=wgan_changes.EXPERIMENT.ci,
    fit=wgan_changes.EXPERIMENT.fit,
    paper="Arjovsky et al. 2017, section 3",
    expected={"the rule": "the rate with the least mean W at the end is an arm's best; no row is made of this"},
)
