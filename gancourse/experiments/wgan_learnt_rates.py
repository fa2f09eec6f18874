"""Smaller rates for the GAN of :mod:`gancourse.experiments.wgan_watched`, and more steps: does it come near to the data?

The search of :mod:`gancourse.experiments.wgan_watched_rates` had 250 steps and rates of 6e-4 and more; its GANs come about
as near as unit noise.  The rule, stated before the runs: that arm is taken with which the three GANs, on seeds that the
comparison does not use and left alone, come nearest to the data, by the mean of W over the looks of the run's second half.  A
GAN has learnt if that mean is at most LEARNT.

Source: beside Arjovsky, Chintala & Bottou 2017, figure 4.
"""

from __future__ import annotations

from gancourse.experiments import wgan_watched, wgan_watched_rates
from gancourse.experiments.experiment import Experiment
from gancourse.experiments.records import Record

LEARNT = 0.35
RATES, TIMES = (1e-4, 2e-4, 4e-4), (1, 4)
"""Of G, and D's over it."""

ARMS = {
    f"G {g:g}, D {g * times:g}": {"begun anew": False, "fit": {"lr": [g, g * times], "k": 1}} for times in TIMES for g in RATES
}


def chosen(record: Record) -> str:
    """The arm that comes nearest."""
    return wgan_watched_rates.chosen(record)


EXPERIMENT = Experiment(
    name="wgan_learnt_rates",
    title="GANs with smaller rates, for longer: eight clusters on a ring",
    stage=wgan_watched.Watching,
    arms=ARMS,
    seeds=(10,),
    full={**wgan_watched.EXPERIMENT.full, "members": 3, "steps": 3000, "measure_every": 100, "checkpoint_every": 1000},
    ci=wgan_watched.EXPERIMENT.ci,
    fit={"betas": wgan_watched.EXPERIMENT.fit["betas"]},
    paper="Arjovsky et al. 2017, figure 4",
    expected={
        "the rule": "the arm with the least mean W over the second half gives wgan_learnt its rates; no row is made of this.  If "
        f"that mean is above {LEARNT}, no GAN has learnt, and it is said",
    },
)
