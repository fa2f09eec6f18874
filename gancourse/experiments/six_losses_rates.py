"""The rate of each loss for the contest of :mod:`gancourse.experiments.six_losses`: the same game with five rates of Adam.

The rule, stated before the runs: a loss goes into the contest with that one of RATES with which one training, on a seed that the
contest does not use, ends nearest to unseen faces.

Source: Lucic et al. 2018, who searched over settings for each loss.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from gancourse.experiments import six_losses
from gancourse.experiments.experiment import Experiment
from gancourse.experiments.records import Record

RATES = (3e-4, 1e-3, 3e-3, 1e-2, 3e-2)

ARMS: dict[str, dict[str, Any]] = {
    f"{name.replace('_', ' ')}, {rate:g}": {"loss": name, "fit": {"lr": rate}} for name in six_losses.NAMES for rate in RATES
}


def nearest(record: Record, arms: Mapping[str, Mapping[str, Any]], of: str = "loss") -> dict[str, Mapping[str, Any]]:
    """For each loss of the arms (or each ``of``) the one whose training ends nearest; a training that diverged has no end."""
    ends = {title: float(values[0]) for title, values in record.final("frechet").items() if not math.isnan(values[0])}
    found: dict[str, str] = {}
    for title in (title for title in arms if title in ends):
        loss = arms[title][of]
        if loss not in found or ends[title] < ends[found[loss]]:
            found[loss] = title
    return {loss: arms[title] for loss, title in found.items()}


def chosen(record: Record) -> dict[str, float]:
    """The rate of the nearest end for each loss."""
    return {loss: arm["fit"]["lr"] for loss, arm in nearest(record, ARMS).items()}


EXPERIMENT = Experiment(
    name="six_losses_rates",
    title="Six losses with five rates each: pixel-art faces at 16 px",
    stage=six_losses.Faces,
    arms=ARMS,
    seeds=(11,),
    full={**six_losses.EXPERIMENT.full, "measure_every": 400},
    ci=six_losses.EXPERIMENT.ci,
    fit=six_losses.EXPERIMENT.fit,
    paper="Lucic et al. 2018, section 5",
    expected={"the rule": "the rate with the least distance at the end goes into six_losses; no row is made of this"},
)
