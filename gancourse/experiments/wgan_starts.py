"""Critics of :mod:`gancourse.experiments.wgan_critics` from two starts, sixteen new seeds of each.

PyTorch's initial weights, whose slope is about 0.04, or He's, whose slope is near 1: nothing else differs between the two arms
with the two-sided penalty.  Protocol, measures and tolerances are those of wgan_critics; seven earlier seeds left C19.surface
open by their spread, which is why there are sixteen now.

Sources: Gulrajani et al. 2017, section 3.1; Petzka et al. 2018 (the one-sided penalty); He et al. 2015.
"""

from __future__ import annotations

from typing import Any

from gancourse.experiments import wgan_critics
from gancourse.experiments.experiment import Experiment


def from_he(name: str) -> dict[str, Any]:
    """An arm of wgan_critics with He's initial weights."""
    return {**wgan_critics.ARMS[name], "he": True}


EXPERIMENT = Experiment(
    name="wgan_starts",
    title="Critics against a generator that stands still, from two starts",
    stage=wgan_critics.Critics,
    arms={
        **{name: wgan_critics.ARMS[name] for name in ("clipped", "two-sided", "one-sided")},
        "two-sided, He": from_he("two-sided"),
    },
    seeds=(7,),
    full={**wgan_critics.EXPERIMENT.full, "members": 16, "measure_every": 200},
    ci=wgan_critics.EXPERIMENT.ci,
    fit=wgan_critics.EXPERIMENT.fit,
    paper="Gulrajani et al. 2017, section 3",
    expected={
        "C19.surface": "bound, two-sided less clipped: at least 0.1, as before",
        "C20.one_sided": "shown, one-sided: within 15 % of 1, for every training, as before; the control of the next",
        "C20.distance": "shown, two-sided: within 15 % of 1, as before",
        "C20.start": "shown, two-sided from He's weights, all else as in C20.distance: within 15 % of 1; the same control",
    },
)
