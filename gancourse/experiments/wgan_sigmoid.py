"""WGAN with the sigmoid put back, again, on eight new seeds.

Five seeds of :mod:`gancourse.experiments.wgan_changes` left C18.sigmoid open by their spread; protocol, measure and tolerance are
what they were.

Source: Arjovsky, Chintala & Bottou 2017, section 3.
"""

from __future__ import annotations

from gancourse.experiments import wgan_changes
from gancourse.experiments.experiment import Experiment

EXPERIMENT = Experiment(
    name="wgan_sigmoid",
    title="WGAN with the sigmoid put back, on eight new seeds: eight clusters on a ring",
    stage=wgan_changes.Ring,
    arms={name: wgan_changes.CHANGES[name] for name in ("WGAN", "sigmoid")},
    seeds=(2,),
    full={**wgan_changes.EXPERIMENT.full, "members": 8, "measure_every": 500},
    ci=wgan_changes.EXPERIMENT.ci,
    fit=wgan_changes.EXPERIMENT.fit,
    paper="Arjovsky et al. 2017, section 3",
    expected={
        "C18.sigmoid": "W over WGAN's median W here, sigmoid: median at least 1.25, by bootstrap, as before; the control is "
        "C18.seen: WGAN's W after 500 steps over its median W at the end, at least 1.25 for every training of both records",
    },
)
