"""The rate of each loss for the contest of :mod:`gancourse.experiments.six_losses`: the same game with five rates of Adam.

The rule, stated before the runs: a loss goes into the contest with that one of RATES with which one training, on a seed that the
contest does not use, ends nearest to unseen faces.

Source: Lucic et al. 2018, who searched over settings for each loss.
"""

from __future__ import annotations

from typing import Any

from gancourse.experiments import six_losses
from gancourse.experiments.experiment import Experiment
from gancourse.experiments.records import Record

RATES = (3e-4, 1e-3, 3e-3, 1e-2, 3e-2)

ARMS: dict[str, dict[str, Any]] = {
    f"{name.replace('_', ' ')}, {rate:g}": {"loss": name, "fit": {"lr": rate}} for name in six_losses.NAMES for rate in RATES
}


def chosen(record: Record) -> dict[str, float]:
    """The rate of the nearest end for each loss; a training that diverged has none."""
    ends = {arm: float(values[0]) for arm, values in record.final("frechet").items() if len(values)}
    found = {}
    for name in six_losses.NAMES:
        mine = {arm["fit"]["lr"]: ends[title] for title, arm in ARMS.items() if arm["loss"] == name and title in ends}
        found[name] = min(mine, key=lambda rate: mine[rate])
    return found


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
