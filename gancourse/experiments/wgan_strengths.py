"""What the critic shows where the generator is moved back by different shares of its way, beside the exact distance.

In the games of :mod:`gancourse.experiments.wgan_knocked` the distance after each restart falls along nearly the same curve,
so the steps since the last one tell it, too.  Here a generator goes back a quarter of the way to its first weights, half of
it, or all of it, twice in a run and never the same share twice: a clock that is set back with it does not know how far.
Seven new seeds; of the six orders of two of the three shares each is had by one seed, and one by two.

Sources: Arjovsky, Chintala & Bottou 2017, figure 3; Gulrajani et al. 2017; Petzka et al. 2018.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

from gancourse.experiments import wgan_knocked, wgan_runs
from gancourse.experiments.experiment import Experiment
from gancourse.experiments.records import Record

SHARES = tuple(permutations((0.25, 0.5, 1.0), 2))
"""Of the way back to the first weights: pairs, for the first and the second moment."""


def shares_of(seed: int) -> tuple[float, float]:
    """The two shares of the way back of one seed."""
    first, second = SHARES[seed % len(SHARES)]
    return first, second


class Runs(wgan_knocked.Runs):
    """The stage of :mod:`gancourse.experiments.wgan_knocked` with generators that go back a part of the way."""

    def shares(self, seeds: Sequence[int]) -> list[tuple[float, float]]:
        return [shares_of(seed) for seed in seeds]


def shares(record: Record) -> list[tuple[float, float]]:
    """The shares of each training of a record, K pairs."""
    return [shares_of(seed) for seed in wgan_knocked.members(record)]


EXPERIMENT = Experiment(
    name="wgan_strengths",
    title="What the critic shows where the generator is moved back by different shares: eight clusters on a ring",
    stage=Runs,
    arms={name: wgan_runs.ARMS[name] for name in ("one-sided", "two-sided", "clipped")},
    seeds=(13,),
    full=wgan_knocked.EXPERIMENT.full,
    ci=wgan_knocked.EXPERIMENT.ci,
    fit=wgan_knocked.EXPERIMENT.fit,
    paper="Arjovsky et al. 2017, figure 3",
    expected={
        "C18.loss": "Spearman's correlation of said and W over the looks from three tenths of the run on, one-sided: at least "
        "0.8, as in wgan_knocked; nulls: a clock, a clock set back to 0 whenever the generator goes back, what is said in the "
        "next seed's run.  A clock set back by the same share as the generator knows all that was done, and is told beside them",
        "C18.clipped": "the same, clipped; C18.loss is the control",
        "C18.two_sided": "the same, two-sided; C18.loss is the control",
        "C18.age": "the critic's correlation less that of the clock that is set back to 0, seed by seed, one-sided: the interval "
        "above 0, by at least 0.1.  (Four other seeds, a trial: 0.5 to 0.7)",
    },
)
