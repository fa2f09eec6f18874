"""Without clipping and with momentum, at a rate that suits them better and for longer.

At WGAN's rate both arms of :mod:`gancourse.experiments.wgan_changes` failed; with a smaller one, in the 500 steps of
:mod:`gancourse.experiments.wgan_changes_rates`, they were about twice as far from the data as WGAN.  Are they broken, or slow?
Here they have 5,000 steps with SLOW, beside a WGAN with this rate, five new seeds each.

Source: Arjovsky, Chintala & Bottou 2017, section 3, whose rate is one for all, 5e-5.
"""

from __future__ import annotations

from typing import Any

from gancourse.experiments import wgan_changes
from gancourse.experiments.experiment import Experiment

SLOW = 1.5e-4
ARMS: dict[str, dict[str, Any]] = {
    name: wgan_changes.at_rate(wgan_changes.CHANGES[name], SLOW) for name in ("WGAN", "no clipping", "momentum")
}

EXPERIMENT = Experiment(
    name="wgan_slow",
    title="WGAN, without clipping and with momentum, at a third of the rate for longer: eight clusters on a ring",
    stage=wgan_changes.Ring,
    arms=ARMS,
    seeds=(15,),
    full={**wgan_changes.EXPERIMENT.full, "steps": 5000, "measure_every": 500, "checkpoint_every": 1000},
    ci=wgan_changes.EXPERIMENT.ci,
    fit=wgan_changes.EXPERIMENT.fit,
    paper="Arjovsky et al. 2017, section 3",
    expected={
        "C18.clip_slow": "a question: W over WGAN's median W at the end, no clipping, the median, interval by bootstrap.  "
        "A guess: above 1.25, as at the larger rate",
        "C18.momentum_slow": "a question: the same, momentum.  A guess: it comes under 0.5 from the data, slower and not broken",
    },
)
