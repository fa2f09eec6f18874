"""The critics that C19.surface compares, trained eight times as long under one schedule, on twelve new seeds.

Gulrajani et al. train the critics of their figure 1a "to optimality"; those of :mod:`gancourse.experiments.wgan_critics` have
1,600 steps, after which two-sided ones still change (:mod:`gancourse.experiments.wgan_swapped`).  Here they have 12,800, and
beside the two that are compared stands the one-sided form, with which a critic is known not to be too simple.

Source: Gulrajani et al. 2017, section 3.1 and figure 1a.
"""

from __future__ import annotations

from torch import Tensor

from gancourse.experiments import plane, wgan_critics
from gancourse.experiments.experiment import Experiment


class Longer(wgan_critics.Critics):
    """The stage of :mod:`gancourse.experiments.wgan_critics` without its deep critics."""

    def nulls(self) -> dict[str, Tensor]:
        seeds = plane.member_seeds(EXPERIMENT.seeds[0], self.size["members"])
        critics = plane.critics(seeds, wgan_critics.HIDDEN["shallow"])
        return {"shallow, untrained": self.places["shallow"].statistics(critics, None)}


EXPERIMENT = Experiment(
    name="wgan_optimality",
    title="Critics against a generator that stands still, eight times as long: clipped, two-sided, one-sided",
    stage=Longer,
    arms={name: wgan_critics.ARMS[name] for name in ("clipped", "two-sided", "one-sided")},
    seeds=(22,),
    full={**wgan_critics.EXPERIMENT.full, "members": 12, "steps": 3200, "measure_every": 200, "checkpoint_every": 400},
    ci=wgan_critics.EXPERIMENT.ci,
    fit=wgan_critics.EXPERIMENT.fit,
    paper="Gulrajani et al. 2017, section 3.1 and figure 1a",
    expected={
        "C19.surface": "bound after 12,800 steps, two-sided less clipped, seed by seed, these twelve alone: the interval of the "
        "mean at least 0.1, as before; nulls: no difference, and an untrained critic less the clipped one.  After 1,600 steps "
        "twenty had 0.103 [0.033, 0.172], with a standard deviation of 0.15, with which twelve have a half width of 0.09.  A "
        "guess: 0.25 to 0.4",
        "C19.seen_end": "its control, in the same trainings: one-sided less clipped, at least 0.1 in every one",
        "C19.short": "a question: what C19.surface asked before, the twenty after 1,600 steps",
        "C20.end": "a question: shown by the two-sided critics over the exact W.  A guess: ten of the twelve within 15 % of 1",
    },
)
