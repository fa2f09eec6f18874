"""The rate of each arm of :mod:`gancourse.experiments.wgan_changes`: the same games with three rates of Adam, two
seeds, a third of the steps.

The rule, stated before the runs: an arm goes into the comparison with that one of RATES with which these two trainings, on
seeds that the comparison does not use, end nearest to the data on average.

Source: Arjovsky, Chintala & Bottou 2017, section 3, whose rate is one for all.
"""

from __future__ import annotations

from typing import Any

from gancourse.experiments import plane, wgan_changes
from gancourse.experiments.experiment import Experiment
from gancourse.experiments.records import Record

RATES = (1.5e-4, 5e-4, 1.5e-3)


def title(change: str, rate: float) -> str:
    """The arm's name."""
    return f"{change}, {rate:g}"


ARMS: dict[str, dict[str, Any]] = {
    title(name, rate): wgan_changes.at_rate(arm, rate) for name, arm in wgan_changes.CHANGES.items() for rate in RATES
}


def ends(record: Record) -> dict[str, dict[float, float]]:
    """For each change and each rate the mean W at the end; a training that diverged has none."""
    scores = {arm: rows[0]["scores"] for arm, rows in record.content["arms"].items()}
    found: dict[str, dict[float, float]] = {}
    for name in wgan_changes.CHANGES:
        here = {rate: scores[title(name, rate)] for rate in RATES}
        found[name] = {rate: float(plane.members(row, "W").mean()) for rate, row in here.items() if row}
    return found


def chosen(record: Record) -> dict[str, float]:
    """The rate of the nearest end for each change."""
    return {name: min(far, key=lambda rate: far[rate]) for name, far in ends(record).items()}


EXPERIMENT = Experiment(
    name="wgan_changes_rates",
    title="WGAN and each of its changes taken back, with three rates each: eight clusters on a ring",
    stage=wgan_changes.Ring,
    arms=ARMS,
    seeds=(9,),
    full={**wgan_changes.EXPERIMENT.full, "members": 2, "steps": 500, "measure_every": 250},
    ci=wgan_changes.EXPERIMENT.ci,
    fit=wgan_changes.EXPERIMENT.fit,
    paper="Arjovsky et al. 2017, section 3",
    expected={"the rule": "the rate with the least mean W at the end goes into wgan_changes; no row is made of this"},
)
