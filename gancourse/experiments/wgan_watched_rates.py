"""Rates with which the GAN of :mod:`gancourse.experiments.wgan_watched` learns: a small search, three seeds each.

The rule, stated before the runs: that arm is taken with which the three GANs, on seeds that the comparison does not use and left
alone, come nearest to the data, by the mean of W over the looks of the run's second half.

Source: beside Arjovsky, Chintala & Bottou 2017, figure 4.
"""

from __future__ import annotations

from gancourse.experiments import plane, wgan_watched
from gancourse.experiments.experiment import Experiment
from gancourse.experiments.records import Record

RATES_OF_G, RATES_OF_D, STEPS_OF_D = (6e-4, 2e-3), (1e-3, 3e-3), (1, 3)

ARMS = {
    f"G {g:g}, D {d:g}, k = {k}": {"begun anew": False, "fit": {"lr": [g, d], "k": k}}
    for k in STEPS_OF_D
    for g in RATES_OF_G
    for d in RATES_OF_D
}


def nearness(record: Record) -> dict[str, float]:
    """For each arm the mean W over the looks of the second half."""
    return {arm: float(far[:, len(at) // 2 :].mean()) for arm, (at, far) in plane.curves(record, "W").items()}


def chosen(record: Record) -> str:
    """The arm that comes nearest."""
    near = nearness(record)
    return min(near, key=lambda arm: near[arm])


EXPERIMENT = Experiment(
    name="wgan_watched_rates",
    title="GANs with several rates and numbers of D's steps: eight clusters on a ring",
    stage=wgan_watched.Watching,
    arms=ARMS,
    seeds=(9,),
    full={**wgan_watched.EXPERIMENT.full, "members": 3, "steps": 250, "measure_every": 25},
    ci=wgan_watched.EXPERIMENT.ci,
    fit={"betas": wgan_watched.EXPERIMENT.fit["betas"]},
    paper="Arjovsky et al. 2017, figure 4",
    expected={
        "the rule": "the arm with the least mean W over the second half gives wgan_watched its rates; no row is made of this"
    },
)
