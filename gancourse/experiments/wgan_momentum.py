"""Momentum of the critic alone, of which the paper speaks; in :mod:`gancourse.experiments.wgan_changes` both players have it.

The same seeds, networks, rate and steps; beta1 is 0.9 for the critic and 0 for the generator.

Source: Arjovsky, Chintala & Bottou 2017, section 4.2: training becomes unstable with a momentum based optimiser such as Adam
(with beta1 > 0) on the critic.
"""

from __future__ import annotations

from dataclasses import replace

from gancourse.experiments import wgan_changes

CRITICS = "momentum, the critic's"

EXPERIMENT = replace(
    wgan_changes.EXPERIMENT,
    name="wgan_momentum",
    title="WGAN with momentum of the critic alone: eight clusters on a ring",
    arms={CRITICS: {"clip": 0.1, "fit": {"betas": [[0.0, 0.99], [0.9, 0.99]]}}},
    paper="Arjovsky et al. 2017, section 4.2",
    expected={
        "C18.momentum_critic": "W over the median W of the five WGANs of wgan_changes: median at least 1.25, by bootstrap, as "
        "C18.momentum; control: C18.seen.  A guess: it ends at 0.4 to 0.8, less harm than in both players",
    },
)
